"""Everything that makes pictures but the buttons under them, over real sockets: /imagine's options, /blend, /upscale, Use Image…"""

import asyncio
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.backends.base import Capabilities, Operation, Role
from bot.config import Settings
from bot.playground import Fault, Person, Playground
from bot.playground.client import Interaction, PlaygroundError, labels
from tests.e2e.conftest import serving
from tests.e2e.people import EPHEMERAL, Message, grid, imagine, picture, result
from tests.scripted import EVERYTHING, Scripted, limited

WIDE = replace(
    EVERYTHING,
    parameters=EVERYTHING.parameters
    | {"sref", "sw", "cref", "steps", "cfg", "sampler", "lora", "strength", "quality", "raw", "model", "weird"},
    models=("sketch-1", "sketch-2", "oil-xl"),
    samplers=("Euler a", "DPM++ 2M"),
    loras=("film grain", "paper"),
    max_side=8192,
    max_pixels=8192 * 8192,
)


@pytest.fixture
def offers() -> Capabilities:
    return WIDE


@pytest.fixture
def backend(offers: Capabilities) -> Scripted:
    return Scripted(offers=offers)


def bomb(path: Path) -> None:
    """A PNG of a few bytes that says that it has 900 million pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))


def animated(path: Path) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


FILES: dict[str, Callable[[Path], object]] = {
    "fox.png": lambda path: Image.new("RGB", (96, 64), "orange").save(path),
    "wolf.png": lambda path: Image.new("RGB", (64, 96), "grey").save(path),
    "wide.jpg": lambda path: Image.new("RGB", (300, 40), "teal").save(path),
    "tiny.webp": lambda path: Image.new("RGBA", (9, 7), (0, 0, 255, 90)).save(path),
    "odd.png": lambda path: Image.new("P", (101, 53), 3).save(path),
    "cmyk.jpg": lambda path: Image.new("CMYK", (80, 50), (10, 20, 30, 40)).save(path),
    "deep.png": lambda path: Image.new("I;16", (70, 30), 40_000).save(path),
    "moving.gif": animated,
    "huge.png": lambda path: Image.new("L", (8000, 8000), 200).save(path, compress_level=1),
    "none.png": lambda path: path.write_text("this is no picture"),
    "bomb.png": bomb,
}


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str], Path]:
    """A file by its name, made when it is asked for."""

    def made(name: str) -> Path:
        path = tmp_path / name
        FILES[name](path)
        return path

    return made


async def told(person: Person, words: str) -> Message:
    """What was said to this person alone, in an embed."""

    said: list[str] = []

    def wanted(message: Message) -> bool:
        if message["flags"] & EPHEMERAL and message["embeds"]:
            said.append(message["embeds"][0]["description"])
            return words in said[-1]
        return False

    try:
        return await person.wait("#studio", wanted)
    except TimeoutError:
        raise AssertionError(f"{words!r} was not said, but {set(said)}") from None


async def refused(interaction: Interaction) -> str:
    """What was answered at once and in private: no public answer was begun."""
    message = await interaction.message()
    assert message["flags"] & EPHEMERAL
    return message["embeds"][0]["description"]


def choices(found: list[dict[str, Any]]) -> list[str]:
    return [choice["value"] for choice in found]


# /imagine's options


@pytest.mark.shows("/imagine", "--n", "--width", "--height", "--model", "--steps", "--cfg", "--sampler", "--lora")
@pytest.mark.usefixtures("app")
async def test_every_parameter_has_an_option(ben: Person, backend: Scripted) -> None:
    options: dict[str, Any] = {
        "images": 2, "width": 96, "height": 64, "model": "oil-xl", "steps": 20, "guidance": 7.5, "sampler": "Euler a",
        "lora": "paper:0.8", "quality": "2", "raw": True, "tile": True, "no": "dogs, cats", "seed": 5, "chaos": 20,
        "stylize": 250, "mode": "fast", "visibility": "public", "backend": "scripted",
    }  # fmt: skip
    message = await imagine(ben, "a fox", **options)
    (request,) = backend.requests
    assert (request.width, request.height, request.seeds, request.model) == (96, 64, (5, 6), "oil-xl")
    assert request.negative == ("dogs", "cats")
    given = dict(request.parameters)
    assert given["steps"] == 20
    assert given["cfg"] == 7.5
    assert given["sampler"] == "Euler a"
    assert str(given["lora"][0]) == "paper:0.8"
    assert given["quality"] == 2
    assert given["raw"]
    assert given["tile"]
    assert "--steps 20" in message["content"]
    assert "runs without" not in message["content"]


@pytest.mark.usefixtures("app")
async def test_a_typed_option_wins_over_the_text(ben: Person, backend: Scripted) -> None:
    await imagine(ben, "a fox --steps 50 --tile --relax", steps=9, tile=False, mode="fast")
    (request,) = backend.requests
    assert request.parameters["steps"] == 9
    assert "tile" not in request.parameters
    assert "relax" not in request.parameters


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [EVERYTHING])
async def test_what_the_backend_does_not_honour_is_named_on_the_result(
    ben: Person, files: Callable[[str], Path]
) -> None:
    message = await imagine(ben, "a fox", steps=20, lora="paper", style=files("fox.png"), character=files("wolf.png"))
    note = message["content"].splitlines()[-1]
    assert "runs without" in note
    assert all(f"--{name}" in note for name in ("steps", "lora", "sref", "cref"))


@pytest.mark.shows("--sref", "--cref", "--sw")
@pytest.mark.usefixtures("app")
async def test_images_for_style_and_character_are_attached(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    message = await imagine(ben, "a fox --sw 300", style=files("fox.png"), character=files("wolf.png"))
    (request,) = backend.requests
    assert [image.role for image in request.images] == [Role.STYLE, Role.CHARACTER]
    assert request.parameters["sw"] == 300
    assert "runs without" not in message["content"]
    await ben.click(message, "V1")
    await ben.wait("#studio", grid("a fox", after=message))
    assert {Role.STYLE, Role.CHARACTER} <= {image.role for image in backend.requests[-1].images}


@pytest.mark.shows("--iw", "Image prompts")
@pytest.mark.usefixtures("app")
async def test_an_attached_image_is_an_image_prompt(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    await imagine(ben, "a fox", image=files("fox.png"), strength=0.25)
    (request,) = backend.requests
    assert (request.operation, request.strength) == (Operation.VARY, 0.25)
    assert [image.role for image in request.images] == [Role.INITIAL]


@pytest.mark.usefixtures("app")
async def test_attached_images_survive_the_window_that_mends(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    interaction = await ben.slash(
        "imagine", "#studio", prompt="a fox --foo", style=files("fox.png"), character=files("wolf.png")
    )
    answer = await interaction.message()
    modal = await (await ben.click(answer, "Fix")).modal()
    (field,) = modal["components"]
    text = field["component"]["value"]
    assert "--sref http" in text
    assert "--cref http" in text
    await ben.submit(modal, {"prompt0": text.replace(" --foo", "")}, "#studio")
    await ben.wait("#studio", grid("a fox"))
    assert [image.role for image in backend.requests[0].images] == [Role.STYLE, Role.CHARACTER]


@pytest.mark.usefixtures("app")
async def test_suggestions_come_from_the_chosen_backend(ben: Person) -> None:
    async def suggested(option: str, typed: str, **options: Any) -> list[str]:
        return choices(await ben.autocomplete("imagine", "#studio", option, typed, prompt="a fox", **options))

    assert await suggested("model", "sk") == ["sketch-1", "sketch-2"]
    assert await suggested("sampler", "", backend="scripted") == ["Euler a", "DPM++ 2M"]
    assert await suggested("lora", "grain:0.5") == ["film grain:0.5"]
    assert await suggested("model", "", backend="unknown") == []
    assert await suggested("mode", "") == ["fast", "relax"]
    assert await suggested("backend", "scr") == ["scripted"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "warp"}, "There is no `warp` mode here. There are: `fast`, `relax`."),
        ({"width": 640}, "Cannot use `--width` without a `--height`"),
        ({"model": "oil-xll"}, "`oil-xl`"),
        ({"aspect": "1.39:1"}, "`139:100`"),
        ({"backend": "nobody"}, "There is no `nobody` backend here."),
        ({"lora": "paper:99"}, "between -5 and 5"),
        ({"sampler": "x --seed 3"}, "--seed"),
    ],
)
async def test_options_that_cannot_be_are_answered_in_private(
    ben: Person, backend: Scripted, options: dict[str, Any], words: str
) -> None:
    assert words in await refused(await ben.slash("imagine", "#studio", prompt="a fox", **options))
    assert backend.requests == []


@pytest.mark.shows("--stealth", "--public")
@pytest.mark.usefixtures("app")
async def test_visibility_is_an_option(ben: Person, ana: Person) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt="a fox", visibility="stealth")
    message = await ben.wait("#studio", grid("a fox"))
    assert (await interaction.message())["flags"] & EPHEMERAL
    assert "stealth" in message["content"]
    assert message["id"] not in ana.messages


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("x" * 5996 + " fox", None),
        ("a fox::1 a wolf::-2", "must add up to more than 0"),
        ("http://127.0.0.1:9/fox.png a fox", "public addresses"),
        ("https://user:secret@example.com/fox.png a fox", "http"),
    ],
)
async def test_prompts_at_the_limits(ben: Person, backend: Scripted, prompt: str, words: str | None) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt=prompt)
    assert await interaction.acknowledged()
    if words is not None:
        await told(ben, words)
        assert backend.requests == []
    else:
        message = await ben.wait("#studio", lambda m: grid()(m) and len(m["attachments"]) == 2)
        text = next(each for each in message["attachments"] if each["filename"].endswith(".txt"))
        assert (await ben.download(text["url"])).decode().startswith(prompt)


@pytest.mark.usefixtures("app")
async def test_longer_prompts_are_refused_by_discord_and_by_us_where_two_fields_take_them(ben: Person) -> None:
    with pytest.raises(PlaygroundError):
        await ben.slash("imagine", "#studio", prompt="x" * 6001)
    answer = await (await ben.slash("imagine", "#studio", prompt="x" * 4500 + " --foo")).message()
    modal = await (await ben.click(answer, "Fix")).modal()
    await ben.submit(modal, {"prompt0": "x" * 4000, "prompt1": "x" * 2000}, "#studio")
    await told(ben, "at most 6000 characters; yours has 6001")


# Many jobs at once


async def ask(person: Person, prompt: str, **options: Any) -> Message:
    return await (await person.slash("imagine", "#studio", prompt=prompt, **options)).message()


@pytest.mark.shows("Permutations", "--repeat")
@pytest.mark.usefixtures("app")
async def test_several_jobs_are_asked_about_shown_and_started(ben: Person, backend: Scripted) -> None:
    question = await ask(ben, "a {red, blue} fox --repeat 2")
    assert question["flags"] & EPHEMERAL
    assert "4 jobs" in question["content"]
    assert labels(question) == ["Yes", "No", "Show"]
    shown = await (await ben.click(question, "Show")).message()
    assert shown["flags"] & EPHEMERAL
    assert shown["content"].splitlines() == ["1. a red fox", "2. a red fox", "3. a blue fox", "4. a blue fox"]
    await ben.click(question, "Yes")
    requests = await backend.running(4)
    assert sorted(request.text for request in requests) == ["a blue fox", "a blue fox", "a red fox", "a red fox"]
    done = await ben.wait("#studio", lambda m: m["id"] == question["id"] and "4 jobs were started" in m["content"])
    assert not done["components"]


@pytest.mark.usefixtures("app")
async def test_many_long_prompts_are_shown_as_a_file(ben: Person) -> None:
    words = " ".join(["word"] * 300)
    question = await ask(ben, f"{{a, b, c}} {words}")
    shown = await (await ben.click(question, "Show")).message()
    (file,) = shown["attachments"]
    lines = (await ben.download(file["url"])).decode().splitlines()
    assert lines == [f"{number}. {letter} {words}" for number, letter in enumerate("abc", start=1)]


@pytest.mark.usefixtures("app")
async def test_no_starts_nothing(ben: Person, backend: Scripted) -> None:
    question = await ask(ben, "a {red, blue} fox")
    await ben.click(question, "No")
    closed = await ben.wait("#studio", lambda m: m["id"] == question["id"] and "Nothing was started" in m["content"])
    assert not closed["components"]
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_the_question_is_asked_in_ones_own_language(ana: Person) -> None:
    question = await ask(ana, "un zorro {rojo, azul}")
    assert "2" in question["content"]
    assert "jobs" not in question["content"]
    assert labels(question)[:2] == ["Sí", "No"]


async def test_yes_starts_once_also_after_a_restart(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground, files: Callable[[str], Path]
) -> None:
    async with serving(settings, backend, playground):
        question = await ask(ben, "a {red, blue} fox", image=files("fox.png"), style=files("wolf.png"), steps=9)
    again = Scripted(offers=WIDE)
    async with serving(settings, again, playground):
        await asyncio.gather(ben.click(question, "Yes"), ben.click(question, "Yes"))
        await told(ben, "started already")
        requests = await again.running(2)
        assert sorted(request.text for request in requests) == ["a blue fox", "a red fox"]
        assert all([image.role for image in request.images] == [Role.INITIAL, Role.STYLE] for request in requests)
        assert all(request.parameters["steps"] == 9 for request in requests)
        await ben.wait("#studio", grid("a red fox"))
        await ben.wait("#studio", grid("a blue fox"))
    assert backend.requests == []
    assert len(again.requests) == 2


async def test_yes_is_remembered_where_the_question_could_not_be_closed(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground
) -> None:
    async with serving(settings, backend, playground):
        question = await ask(ben, "a {red, blue} fox")
        fault = playground.faults.add(Fault("PATCH", "/webhooks/*/messages/@original", status=403, times=9))
        await ben.click(question, "Yes")
        await ben.wait("#studio", grid("a red fox"))
        await ben.wait("#studio", grid("a blue fox"))
    playground.faults.clear()
    assert fault.seen == 1
    again = Scripted(offers=WIDE)
    async with serving(settings, again, playground):
        await ben.click(question, "Yes")
        await told(ben, "started already")
    assert len(backend.requests) == 2
    assert again.requests == []


@pytest.mark.usefixtures("app")
async def test_a_stealth_batch_is_shown_to_nobody_else(ben: Person, ana: Person) -> None:
    question = await ask(ben, "a {red, blue} fox", visibility="stealth")
    await ben.click(question, "Yes")
    for colour in ("red", "blue"):
        message = await ben.wait("#studio", grid(f"a {colour} fox"))
        assert message["flags"] & EPHEMERAL
        assert message["id"] not in ana.messages


@pytest.mark.usefixtures("app")
async def test_when_an_image_cannot_be_had_yes_may_be_said_again(
    ben: Person, backend: Scripted, playground: Playground, files: Callable[[str], Path]
) -> None:
    question = await ask(ben, "a {red, blue} fox", image=files("none.png"))
    await ben.click(question, "Yes")
    await told(ben, "not a PNG")
    assert labels(ben.messages[question["id"]]) == ["Yes", "No", "Show"]
    assert backend.requests == []


# /blend


@pytest.mark.shows("/blend")
@pytest.mark.usefixtures("app")
async def test_five_images_of_five_sizes(ben: Person, backend: Scripted, files: Callable[[str], Path]) -> None:
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
async def test_a_blend_takes_words_and_parameters(ben: Person, backend: Scripted, files: Callable[[str], Path]) -> None:
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
    ben: Person, backend: Scripted, files: Callable[[str], Path], prompt: str, words: str
) -> None:
    images = {"image1": files("fox.png"), "image2": files("wolf.png")}
    assert words in await refused(await ben.slash("blend", "#studio", prompt=prompt, **images))
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_a_blend_needs_two_images(ben: Person, files: Callable[[str], Path]) -> None:
    with pytest.raises(PlaygroundError):
        await ben.slash("blend", "#studio", image1=files("fox.png"), prompt="at dusk")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [limited(Operation.GENERATE, Operation.VARY)])
async def test_a_blend_is_composed_where_the_backend_takes_one_image(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    await ben.slash("blend", "#studio", image1=files("fox.png"), image2=files("wolf.png"))
    await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert request.operation is Operation.VARY
    assert len(request.images) == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [limited(Operation.GENERATE)])
async def test_what_a_backend_cannot_do_is_said_plainly(
    ben: Person, ana: Person, backend: Scripted, files: Callable[[str], Path]
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


@pytest.mark.shows("/upscale")
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
    ben: Person, backend: Scripted, files: Callable[[str], Path], name: str, size: tuple[int, int]
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
async def test_a_linked_image_four_times_larger_and_creative(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
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
async def test_one_image_is_wanted(ben: Person, files: Callable[[str], Path], given: tuple[str, ...]) -> None:
    every: dict[str, Any] = {"image": files("fox.png"), "link": "https://example.com/fox.png"}
    interaction = await ben.slash("upscale", "#studio", **{name: every[name] for name in given})
    assert "either an image or a link" in await refused(interaction)


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
    ben: Person, ana: Person, backend: Scripted, files: Callable[[str], Path], given: dict[str, str], words: str
) -> None:
    options = {name: files(value) if name == "image" else value for name, value in given.items()}
    assert await (await ben.slash("upscale", "#studio", **options)).acknowledged()
    answer = await told(ben, words)
    assert answer["id"] not in ana.messages
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_a_link_that_has_expired_is_said_so(
    ben: Person, playground: Playground, files: Callable[[str], Path]
) -> None:
    message = await ben.say("#studio", files=[files("fox.png")])
    playground.clock.advance(25 * 3600)
    await ben.slash("upscale", "#studio", link=message["attachments"][0]["url"])
    await told(ben, "instead of a picture")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [EVERYTHING])
async def test_an_image_that_would_be_too_large_is_said_so(
    ben: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    await ben.slash("upscale", "#studio", image=files("wide.jpg"), factor=2)
    told_so = await told(ben, "300×40")
    assert "512" in told_so["embeds"][0]["description"]
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_in_a_direct_message_and_in_spanish(ana: Person, files: Callable[[str], Path]) -> None:
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


# Use Image…


PANEL = ["Upscale (Subtle)", "Upscale (Creative)", "Edit", "As image prompt", "As style"]


@pytest.mark.shows("Use Image…")
@pytest.mark.usefixtures("app")
async def test_somebody_elses_image_is_used(
    ben: Person, ana: Person, backend: Scripted, files: Callable[[str], Path]
) -> None:
    message = await ana.say("#studio", files=[files("fox.png")])
    panel = await (await ben.menu("Use Image…", message)).message()
    assert panel["flags"] & EPHEMERAL
    assert labels(panel) == PANEL

    await ben.click(panel, "Upscale (Creative)")
    upscaled = await ben.wait("#studio", result("Upscaled (Creative) by"))
    assert (await picture(ben, upscaled)).size == (192, 128)
    assert not upscaled["flags"] & EPHEMERAL
    assert [user["id"] for user in upscaled["mentions"]] == [ben.id]

    modal = await (await ben.click(panel, "Edit")).modal()
    await ben.submit(modal, {"instruction": "make it blue"}, "#studio")
    edited = await ben.wait("#studio", lambda m: grid()(m) and "make it blue" in m["content"])
    assert backend.requests[-1].operation is Operation.EDIT
    assert backend.requests[-1].text == "make it blue"

    modal = await (await ben.click(panel, "As image prompt")).modal()
    (field,) = modal["components"]
    link = field["component"]["value"]
    assert link == f"{message['attachments'][0]['url']} "
    await ben.submit(modal, {"prompt0": f"{link}in the snow"}, "#studio")
    prompted = await ben.wait("#studio", grid("in the snow", after=edited))
    assert [image.role for image in backend.requests[-1].images] == [Role.INITIAL]

    modal = await (await ben.click(panel, "As style")).modal()
    (field,) = modal["components"]
    text = field["component"]["value"]
    assert text.startswith(" --sref http")
    await ben.submit(modal, {"prompt0": f"a bear{text}"}, "#studio")
    await ben.wait("#studio", grid("a bear", after=prompted))
    assert [image.role for image in backend.requests[-1].images] == [Role.STYLE]


@pytest.mark.usefixtures("app")
async def test_one_tile_of_a_grid_is_used(ben: Person, backend: Scripted) -> None:
    message = await imagine(ben, "a fox")
    panel = await (await ben.menu("Use Image…", message)).message()
    assert labels(panel) == ["1", "2", "3", "4"]
    await ben.click(panel, "3")
    shown = await ben.wait("#studio", lambda m: m["id"] == panel["id"] and labels(m) == PANEL)
    assert (await picture(ben, shown)).size == (64, 64)

    await ben.click(shown, "Upscale (Subtle)")
    upscaled = await ben.wait("#studio", result("Upscaled (Subtle) by"))
    assert backend.requests[-1].images[0].memo == {"n": 2}
    assert "a fox" in upscaled["content"]

    modal = await (await ben.click(shown, "As image prompt")).modal()
    (field,) = modal["components"]
    await ben.submit(modal, {"prompt0": field["component"]["value"] + "a wolf"}, "#studio")
    await ben.wait("#studio", grid("a wolf"))
    (image,) = backend.requests[-1].images
    assert image.role is Role.INITIAL

    modal = await (await ben.click(shown, "Edit")).modal()
    await ben.submit(modal, {"instruction": "add a moon"}, "#studio")
    await ben.wait("#studio", lambda m: grid()(m) and "add a moon" in m["content"])
    assert backend.requests[-1].images[0].memo == {"n": 2}


@pytest.mark.usefixtures("app")
async def test_of_several_images_one_is_chosen(ben: Person, backend: Scripted, files: Callable[[str], Path]) -> None:
    message = await ben.say("#studio", files=[files("fox.png"), ("notes.txt", b"no picture"), files("wide.jpg")])
    panel = await (await ben.menu("Use Image…", message)).message()
    assert labels(panel) == ["1", "2"]
    await ben.click(panel, "2")
    shown = await ben.wait("#studio", lambda m: m["id"] == panel["id"] and labels(m) == PANEL)
    assert "wide.jpg" in shown["embeds"][0]["image"]["url"]
    await ben.click(shown, "Upscale (Subtle)")
    await ben.wait("#studio", result("Upscaled (Subtle) by"))
    assert (backend.requests[0].width, backend.requests[0].height) == (600, 80)


@pytest.mark.usefixtures("app")
async def test_a_single_result_is_used_and_an_unfinished_one_is_not(
    ben: Person, ana: Person, backend: Scripted
) -> None:
    message = await imagine(ben, "a fox")
    await ben.click(message, "U2")
    single = await ben.wait("#studio", result("Image #2"))
    panel = await (await ana.menu("Use Image…", single)).message()
    assert labels(panel)[0] != "1"
    modal = await (await ana.click(panel, find_verb(panel, "prompt"))).modal()
    assert single["attachments"][0]["filename"] in str(modal["components"])

    backend.hold()
    progress = await (await ben.slash("imagine", "#studio", prompt="a slow fox")).thinking()
    await ben.wait("#studio", lambda m: m["id"] == progress["id"] and m["content"])
    assert "not finished" in await refused(await ben.menu("Use Image…", progress))


def find_verb(message: Message, extra: str) -> str:
    """The custom id of a button of the panel, whatever its language."""
    ids = [part["custom_id"] for row in message["components"] for part in row["components"]]
    return next(custom_id for custom_id in ids if custom_id.endswith(f":{extra}"))


@pytest.mark.usefixtures("app")
async def test_a_message_without_an_image_is_said_so(ben: Person) -> None:
    message = await ben.say("#studio", "only words", files=[("notes.txt", b"words")])
    assert "no image in that message" in await refused(await ben.menu("Use Image…", message))


@pytest.mark.usefixtures("app")
async def test_the_image_of_a_description_is_used(ben: Person, backend: Scripted, files: Callable[[str], Path]) -> None:
    await ben.slash("describe", "#studio", image=files("fox.png"))
    described = await ben.wait("#studio", lambda m: m["embeds"] and "1️⃣" in labels(m))
    panel = await (await ben.menu("Use Image…", described)).message()
    assert labels(panel) == PANEL
    await ben.click(panel, "Upscale (Subtle)")
    await ben.wait("#studio", result("Upscaled (Subtle) by"))
    assert (backend.requests[-1].width, backend.requests[-1].height) == (192, 128)


@pytest.mark.usefixtures("app")
async def test_a_result_that_was_deleted_meanwhile_is_said_so(ben: Person, backend: Scripted) -> None:
    message = await imagine(ben, "a fox")
    panel = await (await ben.menu("Use Image…", message)).message()
    await ben.click(panel, "2")
    shown = await ben.wait("#studio", lambda m: m["id"] == panel["id"] and labels(m) == PANEL)
    await ben.click(message, "❌")
    await ben.gone(message)
    await ben.click(shown, "Upscale (Subtle)")
    await told(ben, "no longer here")
    assert len(backend.requests) == 1


@pytest.mark.usefixtures("app")
async def test_an_instruction_must_say_something(ben: Person, files: Callable[[str], Path]) -> None:
    panel = await (await ben.menu("Use Image…", await ben.say("#studio", files=[files("fox.png")]))).message()
    modal = await (await ben.click(panel, "Edit")).modal()
    await ben.submit(modal, {"instruction": "   "}, "#studio")
    await told(ben, "Say what should change in the picture.")


async def test_a_choice_survives_a_restart(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground, files: Callable[[str], Path]
) -> None:
    async with serving(settings, backend, playground):
        message = await imagine(ben, "a fox")
        panel = await (await ben.menu("Use Image…", message)).message()
    second = Scripted(offers=WIDE)
    async with serving(settings, second, playground):
        await ben.click(panel, "4")
        shown = await ben.wait("#studio", lambda m: m["id"] == panel["id"] and labels(m) == PANEL)
        modal = await (await ben.click(shown, "Edit")).modal()
    third = Scripted(offers=WIDE)
    async with serving(settings, third, playground):
        await ben.submit(modal, {"instruction": "add a moon"}, "#studio")
        await ben.wait("#studio", lambda m: grid()(m) and "add a moon" in m["content"])
        assert third.requests[0].images[0].memo == {"n": 3}


@pytest.mark.usefixtures("app")
async def test_what_is_made_of_a_stealth_result_stays_so(ben: Person, ana: Person) -> None:
    await ben.slash("imagine", "#studio", prompt="a fox --stealth --n 1")
    hidden = await ben.wait("#studio", result("a fox"))
    panel = await (await ben.menu("Use Image…", hidden)).message()
    await ben.click(panel, "Upscale (Subtle)")
    upscaled = await ben.wait("#studio", result("Upscaled (Subtle) by"))
    assert upscaled["flags"] & EPHEMERAL
    assert upscaled["id"] not in ana.messages
