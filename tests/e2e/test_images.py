"""What is made of images that people hand over, over real sockets: /blend and /upscale."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Capabilities, Operation
from bot.playground import Person, Playground
from bot.playground.client import PlaygroundError, labels
from tests.e2e.given import WIDE, Files, files_in, refused, told
from tests.e2e.people import EPHEMERAL, grid, picture, result
from tests.scripted import EVERYTHING, Scripted, limited


@pytest.fixture
def offers() -> Capabilities:
    return WIDE


@pytest.fixture
def backend(offers: Capabilities) -> Scripted:
    return Scripted(offers=offers)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


# /blend


@pytest.mark.shows("/blend")
@pytest.mark.usefixtures("app")
async def test_five_images_of_five_sizes(ben: Person, backend: Scripted, files: Files) -> None:
    names = ("fox.png", "wide.jpg", "tiny.webp", "odd.png", "deep.png")
    images = {f"image{number}": files(name) for number, name in enumerate(names, start=1)}
    await ben.slash("blend", "#studio", dimensions="landscape", **images)
    message = await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert request.operation is Operation.BLEND
    assert len(request.images) == 5
    assert request.width / request.height == pytest.approx(1.5, rel=0.1)
    assert "Blend by" in message["content"]
    await ben.click(message, "🔄")
    await ben.wait("#studio", grid(after=message))
    assert [len(each.images) for each in backend.requests] == [5, 5]


@pytest.mark.usefixtures("app")
async def test_a_blend_takes_words_and_parameters(ben: Person, backend: Scripted, files: Files) -> None:
    await ben.slash(
        "blend", "#studio", image1=files("fox.png"), image2=files("wolf.png"), prompt="at dusk --seed 7 --n 1",
    )  # fmt: skip
    await ben.wait("#studio", result("at dusk"))
    (request,) = backend.requests
    assert (request.text, request.seeds) == ("at dusk", (7,))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("dusk::-1", "must add up to more than 0"),
        ("dusk --repeat 3", "`--repeat` can't be used"),
        ("dusk --foo", "Unrecognized parameter(s): `--foo`"),
    ],
)
async def test_a_blend_that_cannot_be_is_refused_at_once(
    ben: Person, backend: Scripted, files: Files, prompt: str, words: str
) -> None:
    images = {"image1": files("fox.png"), "image2": files("wolf.png")}
    answer = await (await ben.slash("blend", "#studio", prompt=prompt, **images)).message()
    assert answer["flags"] & EPHEMERAL
    assert words in answer["embeds"][0]["description"]
    assert backend.requests == []
    modal = await (await ben.click(answer, "Fix")).modal()
    (field,) = modal["components"]
    mended = field["component"]["value"].replace(prompt, "dusk")
    await ben.submit(modal, {"prompt0": mended}, "#studio")
    await ben.wait("#studio", grid("dusk"))
    assert len(backend.requests[0].images) == 2


@pytest.mark.usefixtures("app")
async def test_a_blend_needs_two_images(ben: Person, files: Files) -> None:
    with pytest.raises(PlaygroundError):
        await ben.slash("blend", "#studio", image1=files("fox.png"), prompt="at dusk")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [limited(Operation.GENERATE, Operation.VARY)])
async def test_a_blend_is_composed_where_the_backend_takes_one_image(
    ben: Person, backend: Scripted, files: Files
) -> None:
    await ben.slash("blend", "#studio", image1=files("fox.png"), image2=files("wolf.png"))
    await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert request.operation is Operation.VARY
    assert len(request.images) == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [limited(Operation.GENERATE)])
async def test_what_a_backend_cannot_do_is_said_plainly(
    ben: Person, ana: Person, backend: Scripted, files: Files
) -> None:
    await ben.slash("blend", "#studio", image1=files("fox.png"), image2=files("wolf.png"))
    await told(ben, "The scripted backend takes no images.")
    await ben.slash("upscale", "#studio", image=files("fox.png"))
    await told(ben, "The scripted backend can't make")
    message = await ben.say("#studio", files=[files("fox.png")])
    panel = await (await ben.menu("Use Image…", message)).message()
    modal = await (await ben.click(panel, "Edit")).modal()
    await ben.submit(modal, {"instruction": "make it red"}, "#studio")
    await told(ben, "The scripted backend can't edit pictures.")
    assert backend.requests == []
    assert not [m for m in await ana.history("#studio") if m["author"]["id"] not in (ben.id, ana.id)]


# /upscale


@pytest.mark.shows("/upscale", "Bad images")
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("fox.png", (192, 128)),
        ("tiny.webp", (18, 14)),
        ("odd.png", (202, 106)),
        ("cmyk.jpg", (160, 100)),
        ("deep.png", (140, 60)),
        ("moving.gif", (120, 80)),
        ("huge.png", (4096, 4096)),
    ],
)
async def test_any_image_is_made_larger(
    ben: Person, backend: Scripted, files: Files, name: str, size: tuple[int, int]
) -> None:
    path = await asyncio.to_thread(files, name)
    interaction = await ben.slash("upscale", "#studio", image=path)
    assert await interaction.acknowledged()
    message = await ben.wait("#studio", result("Upscaled (Subtle) by"), timeout=40)
    (request,) = backend.requests
    assert (request.operation, request.width, request.height) == (Operation.UPSCALE, *size)
    assert [user["id"] for user in message["mentions"]] == [ben.id]
    assert not message["flags"] & EPHEMERAL


@pytest.mark.usefixtures("app")
async def test_a_linked_image_four_times_larger_and_creative(ben: Person, backend: Scripted, files: Files) -> None:
    message = await ben.say("#studio", files=[files("fox.png")])
    link = f"<{message['attachments'][0]['url']}>"
    await ben.slash("upscale", "#studio", link=link, factor=4, style="creative")
    upscaled = await ben.wait("#studio", result("Upscaled (Creative) by"))
    assert (await picture(ben, upscaled)).size == (384, 256)
    subtle = backend.requests[0].strength
    await ben.slash("upscale", "#studio", link=link, style="subtle")
    await ben.wait("#studio", result("Upscaled (Subtle) by"))
    assert backend.requests[1].strength < subtle


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("given", [(), ("image", "link")])
async def test_one_image_is_wanted(ben: Person, files: Files, given: tuple[str, ...]) -> None:
    every: dict[str, Any] = {"image": files("fox.png"), "link": "https://example.com/fox.png"}
    interaction = await ben.slash("upscale", "#studio", **{name: every[name] for name in given})
    assert "either an image or a link" in await refused(interaction)


@pytest.mark.shows("Bad images")
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image": "none.png"}, "not a PNG"),
        ({"image": "bomb.png"}, "pixels"),
        ({"link": "http://127.0.0.1:9/fox.png"}, "public addresses"),
        ({"link": "http://169.254.169.254/latest/meta-data"}, "public addresses"),
        ({"link": "file:///etc/passwd"}, "http://"),
        ({"link": "a fox"}, "link"),
    ],
)
async def test_what_is_no_image_is_said_so(
    ben: Person, ana: Person, backend: Scripted, files: Files, given: dict[str, str], words: str
) -> None:
    options = {name: files(value) if name == "image" else value for name, value in given.items()}
    assert await (await ben.slash("upscale", "#studio", **options)).acknowledged()
    answer = await told(ben, words)
    assert answer["id"] not in ana.messages
    assert backend.requests == []


@pytest.mark.shows("Bad images")
@pytest.mark.usefixtures("app")
async def test_a_link_that_has_expired_is_said_so(ben: Person, playground: Playground, files: Files) -> None:
    message = await ben.say("#studio", files=[files("fox.png")])
    playground.clock.advance(25 * 3600)
    await ben.slash("upscale", "#studio", link=message["attachments"][0]["url"])
    await told(ben, "instead of a picture")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [EVERYTHING])
async def test_an_image_that_would_be_too_large_is_said_so(ben: Person, backend: Scripted, files: Files) -> None:
    await ben.slash("upscale", "#studio", image=files("wide.jpg"), factor=2)
    told_so = await told(ben, "300×40")
    assert "512" in told_so["embeds"][0]["description"]
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_in_a_direct_message_and_in_spanish(ana: Person, files: Files) -> None:
    channel = (await ana.dm())["id"]
    await ana.slash("upscale", channel, image=files("fox.png"))
    message = await ana.wait(channel, lambda m: m["attachments"] and "❤️" in labels(m))
    assert (await picture(ana, message)).size == (192, 128)
    await ana.slash("blend", channel, image1=files("fox.png"), image2=files("wolf.png"))
    await ana.wait(channel, grid())
    await ana.slash("upscale", channel, image=files("none.png"))
    answer = await ana.wait(channel, lambda m: m["embeds"])
    assert "not" not in answer["embeds"][0]["description"].split()
    assert "PNG" in answer["embeds"][0]["description"]
