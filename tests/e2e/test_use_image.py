"""Use Image…, on any message that shows one, over real sockets."""

from pathlib import Path

import pytest

from bot.backends.base import Capabilities, Operation, Role
from bot.config import Settings
from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.e2e.conftest import serving
from tests.e2e.given import WIDE, Files, files_in, refused, told
from tests.e2e.people import EPHEMERAL, Message, grid, imagine, picture, result
from tests.scripted import Scripted


@pytest.fixture
def offers() -> Capabilities:
    return WIDE


@pytest.fixture
def backend(offers: Capabilities) -> Scripted:
    return Scripted(offers=offers)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


PANEL = ["Upscale (Subtle)", "Upscale (Creative)", "Edit", "As image prompt", "As style"]


@pytest.mark.shows("Use Image…")
@pytest.mark.usefixtures("app")
async def test_somebody_elses_image_is_used(ben: Person, ana: Person, backend: Scripted, files: Files) -> None:
    message = await ana.say("#studio", files=[files("fox.png")])
    panel = await (await ben.menu("Use Image…", message)).message()
    assert panel["flags"] & EPHEMERAL
    assert labels(panel) == PANEL

    await ben.click(panel, "Upscale (Creative)")
    upscaled = await ben.wait("#studio", result("Upscaled (Creative) by"))
    assert (await picture(ben, upscaled)).size == (192, 128)
    assert not upscaled["flags"] & EPHEMERAL
    assert [user["id"] for user in upscaled["mentions"]] == [ben.id]
    assert upscaled["message_reference"]["message_id"] == message["id"]

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
async def test_of_several_images_one_is_chosen(ben: Person, backend: Scripted, files: Files) -> None:
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
async def test_the_image_of_a_description_is_used(ben: Person, backend: Scripted, files: Files) -> None:
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
async def test_an_instruction_must_say_something(ben: Person, files: Files) -> None:
    panel = await (await ben.menu("Use Image…", await ben.say("#studio", files=[files("fox.png")]))).message()
    modal = await (await ben.click(panel, "Edit")).modal()
    await ben.submit(modal, {"instruction": "   "}, "#studio")
    await told(ben, "Say what should change in the picture.")


async def test_a_choice_survives_a_restart(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground, files: Files
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
