"""Buttons, windows, menus and reactions, over real sockets: what each does, and what it answers where it can't."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.app import Application
from bot.backends.base import Operation, Progress, Request, Result
from bot.config import Settings
from bot.errors import NotAllowed, NotFound, UserError
from bot.jobs import Place
from bot.playground import Person, Playground, PlaygroundError
from bot.playground.client import labels, walk
from bot.playground.permissions import SEND_MESSAGES
from bot.studio.making import checked
from tests.e2e.clicking import RANDOM, STUDIO, acting, after, alone, newest, remix, said, single, text_of, thread_on
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import EPHEMERAL, grid, imagine, picture, result, with_button
from tests.scripted import Scripted

running = pytest.mark.usefixtures("app")


@pytest.fixture
async def mod(playground: Playground) -> Person:
    person = playground.user("mod")
    await person.connect()
    return person


def png(mode: str = "L", colour: Any = 255, box: tuple[int, int, int, int] = (0, 0, 32, 32)) -> bytes:
    """A mask of 64 × 64 pixels with one rectangle."""
    image = Image.new(mode, (64, 64), 0 if mode == "L" else (9, 9, 9, 255))
    image.paste(colour, box)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


# Remix mode


@pytest.mark.shows("Remix mode")
@pytest.mark.parametrize(
    ("button", "kind"),
    [
        ("Vary (Subtle)", "Remix (Subtle) by"),
        ("Vary (Strong)", "Remix (Strong) by"),
        ("⬅️", "Pan Left by"),
        ("🔄", ""),
    ],
)
async def test_remix_mode_shows_the_prompt_first(
    ben: Person, app: Application, backend: Scripted, button: str, kind: str
) -> None:
    one = await single(ben, "a fox --seed 7")
    await remix(app, ben)
    modal = await (await ben.click(one, button)).modal()
    assert modal["title"] == "Remix Prompt"
    assert text_of(modal) == "a fox --seed 7"
    await ben.submit(modal, {"prompt0": "a wolf --seed 9"}, "#studio")
    made = await ben.wait("#studio", grid("a wolf"))
    assert kind in made["content"]
    assert made["message_reference"]["message_id"] == one["id"]
    assert (backend.requests[-1].text, backend.requests[-1].seeds[0]) == ("a wolf", 9)


@pytest.mark.shows("Remix mode", "V1–V4")
async def test_remix_of_a_grid_and_a_prompt_left_as_it_is(ben: Person, app: Application) -> None:
    first = await imagine(ben, "a fox")
    await remix(app, ben)
    modal = await (await ben.click(first, "V3")).modal()
    await ben.submit(modal, {}, "#studio")
    same = await ben.wait("#studio", grid("a fox", after=first))
    assert "Variations (Strong) by" in same["content"]
    await ben.click(first, "U1")  # there is nothing to remix in a picture that is only taken out
    await ben.wait("#studio", result("Image #1"))


@pytest.mark.shows("Remix mode")
async def test_a_wrong_prompt_is_mended_in_its_window_whatever_restarts_in_between(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person
) -> None:
    async with serving(settings, backend, playground) as app:
        one = await single(ben, "a fox")
        await remix(app, ben)
    async with serving(settings, backend, playground):
        modal = await (await ben.click(one, "Vary (Subtle)")).modal()
    async with serving(settings, backend, playground):
        refusal = await (await ben.submit(modal, {"prompt0": "a wolf --foo"}, "#studio")).message()
        assert refusal["flags"] & EPHEMERAL
        assert "`--foo`" in said(refusal)
    async with serving(settings, backend, playground):
        again = await (await ben.click(refusal, "Edit the prompt")).modal()
        assert text_of(again) == "a wolf --foo"
    async with serving(settings, backend, playground):
        await ben.submit(again, {"prompt0": "a wolf"}, "#studio")
        made = await ben.wait("#studio", grid("a wolf"))
    assert "Remix (Subtle) by" in made["content"]
    assert made["message_reference"]["message_id"] == one["id"]


@pytest.mark.shows("Remix mode")
async def test_remix_with_nothing_and_with_what_has_no_effect(ben: Person, app: Application, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")
    await remix(app, ben)
    modal = await (await ben.click(first, "🔄")).modal()
    await ben.submit(modal, {"prompt0": "  "}, "#studio")
    await ben.wait("#studio", alone("The prompt is empty."))
    modal = await (await ben.click(first, "V1")).modal()
    await ben.submit(modal, {"prompt0": "https://example.com/a.png a wolf --zoom 2"}, "#studio")
    made = await ben.wait("#studio", lambda m: grid()(m) and "a wolf" in m["content"])
    assert "Links to images count in new prompts only" in made["content"]
    assert "--zoom" not in made["content"]
    assert len(backend.requests) == 2


class Late:
    """A call that waits for the test."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.gate = asyncio.Event()

    async def __call__(self, *arguments: Any) -> Any:
        await self.gate.wait()
        return await self.call(*arguments)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for before the first answer."""
    for module in ("bot.client", "cogs.jobs", "cogs.region"):
        monkeypatch.setattr(f"{module}.LOOKUP_SECONDS", 0.05)


@pytest.mark.shows("Remix mode")
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("late", ["remember", "result"])
async def test_a_store_that_is_late_does_not_keep_the_answer_waiting(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person, late: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async with serving(settings, backend, playground) as app:
        one = await single(ben, "a fox")
        await remix(app, ben)
    async with serving(settings, backend, playground) as app:  # nothing is in memory
        slow = Late(getattr(app.studio, late))
        monkeypatch.setattr(app.studio, late, slow)
        interaction = await ben.click(one, "Vary (Subtle)")
        assert (await interaction.thinking())["flags"] & EPHEMERAL
        slow.gate.set()
        offer = await ben.wait("#studio", with_button("Edit the prompt"))
        monkeypatch.setattr(app.studio, late, slow.call)
        modal = await (await ben.click(offer, "Edit the prompt")).modal()
        await ben.submit(modal, {"prompt0": "a wolf"}, "#studio")
        made = await ben.wait("#studio", grid("a wolf"))
    assert made["message_reference"]["message_id"] == one["id"]
    assert not made["flags"] & EPHEMERAL


@pytest.mark.usefixtures("hasty")
async def test_what_needs_no_window_starts_all_the_same(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, backend, playground):
        first = await imagine(ben, "a fox")
    async with serving(settings, backend, playground) as app:
        slow = Late(app.studio.remember)
        monkeypatch.setattr(app.studio, "remember", slow)
        assert await (await ben.click(first, "U2")).acknowledged()
        slow.gate.set()
        taken = await ben.wait("#studio", result("Image #2"))
    assert taken["message_reference"]["message_id"] == first["id"]
    assert not taken["flags"] & EPHEMERAL


# Custom Zoom


@pytest.mark.shows("Custom Zoom")
@running
async def test_a_zoom_into_another_shape(ben: Person, backend: Scripted) -> None:
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Custom Zoom")).modal()
    await ben.submit(modal, {"factor": "1", "aspect": "2:1"}, "#studio")
    wide = await ben.wait("#studio", grid("a fox --ar 2:1"))
    request = backend.requests[-1]
    assert request.operation is Operation.OUTPAINT
    assert request.width == 2 * request.height
    assert request.frame is not None
    assert (request.frame.width, request.frame.height) == (64, 64)
    assert "Zoom Out by" in wide["content"]

    modal = await (await ben.click(one, "Custom Zoom")).modal()
    await ben.submit(modal, {"prompt0": "a hill --zoom 2 --ar 1:2"}, "#studio")  # as on Midjourney
    await ben.wait("#studio", grid("a hill --ar 1:2"))
    assert (backend.requests[-1].width, backend.requests[-1].height) == (128, 256)


@pytest.mark.shows("Custom Zoom")
@running
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"factor": "1"}, "would change nothing"),
        ({"factor": "1", "aspect": "1:1"}, "would change nothing"),
        ({"factor": "3"}, "`3` is no zoom"),
        ({"factor": "nan"}, "`nan` is no zoom"),
        ({"aspect": "wide"}, "--ar"),
        ({"aspect": "1:0"}, "between"),
        ({"prompt0": "a fox --zoom 4"}, "--zoom"),
    ],
)
async def test_a_zoom_that_cannot_be(ben: Person, backend: Scripted, fields: dict[str, str], words: str) -> None:
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Custom Zoom")).modal()
    await ben.submit(modal, fields, "#studio")
    await ben.wait("#studio", alone(words))
    assert len(backend.requests) == 1


# Edit


@pytest.mark.shows("✏️ Edit")
async def test_an_edit_by_instruction(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person
) -> None:
    async with serving(settings, backend, playground):
        one = await single(ben, "a fox")
        modal = await (await ben.click(one, "Edit")).modal()
    async with serving(settings, backend, playground):
        await ben.submit(modal, {"instruction": "make the sky\nred"}, "#studio")
        made = await ben.wait("#studio", grid("a fox", after=one))
    assert "Edited (make the sky red) by" in made["content"]
    assert made["message_reference"]["message_id"] == one["id"]
    request = backend.requests[-1]
    assert (request.operation, request.text) == (Operation.EDIT, "make the sky red")


@running
async def test_an_edit_that_says_nothing_or_too_much(ben: Person, backend: Scripted) -> None:
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Edit")).modal()
    await ben.submit(modal, {"instruction": "  \n "}, "#studio")
    await ben.wait("#studio", alone("Say what should change"))
    modal = await (await ben.click(one, "Edit")).modal()
    with pytest.raises(PlaygroundError):  # Discord itself takes no more than the window says
        await ben.submit(modal, {"instruction": "x" * 2001}, "#studio")
    with pytest.raises(UserError, match="at most 1000 characters"):
        checked("x" * 2001)
    assert len(backend.requests) == 1


# Vary (Region)


@pytest.mark.shows("Vary (Region)")
async def test_a_region_is_shown_and_then_painted_whatever_restarts_in_between(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person, ana: Person
) -> None:
    async with serving(settings, backend, playground):
        one = await single(ben, "a fox")
    async with serving(settings, backend, playground):
        modal = await (await ben.click(one, "Vary (Region)")).modal()
        assert text_of(modal) == "a fox"
    async with serving(settings, backend, playground):
        asked = await ben.submit(modal, {"prompt0": "a wolf", "areas": ["top left", "top"]}, "#studio")
        question = await asked.message()
        assert question["flags"] & EPHEMERAL
        assert question["attachments"]
        assert labels(question) == ["Paint this", "Choose again", "Cancel"]
    async with serving(settings, backend, playground):
        window = await (await ben.click(question, "Choose again")).modal()
        board = next(field for field in walk(window["components"]) if field["custom_id"] == "areas")
        assert [option["label"] for option in board["options"] if option.get("default")] == ["top left", "top"]
        assert text_of(window) == "a wolf"
    async with serving(settings, backend, playground):
        before = question["attachments"][0]["id"]
        await ben.submit(window, {"areas": ["bottom right"]}, "#studio")
        await ben.wait("#studio", lambda m: m["id"] == question["id"] and m["attachments"][0]["id"] != before)
        assert len(backend.requests) == 1
    async with serving(settings, backend, playground):
        await asyncio.gather(ben.click(question, "Paint this"), ben.click(question, "Paint this"))
        made = await ben.wait("#studio", grid("a wolf"))
        await ben.wait("#studio", lambda m: m["id"] == question["id"] and not m["components"])
        request = backend.requests[-1]
        assert request.mask is not None
        assert len(backend.requests) == 2
    assert "Variations (Region) by" in made["content"]
    assert made["message_reference"]["message_id"] == one["id"]
    assert question["id"] not in ana.messages
    assert request.operation is Operation.INPAINT


@pytest.mark.shows("Vary (Region)")
@running
@pytest.mark.parametrize("mask", [png(), png("RGBA", (0, 0, 0, 0))], ids=["black and white", "see-through"])
async def test_a_mask_of_ones_own(ben: Person, backend: Scripted, mask: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    masks: list[Image.Image] = []
    collect = backend.collect

    async def looking(_: Scripted, request: Request, handle: str | None, progress: Progress) -> Result:
        if request.mask is not None:
            masks.append((await asyncio.to_thread(Image.open, request.mask)).convert("L"))
        return await collect(request, handle, progress)

    monkeypatch.setattr(Scripted, "collect", looking)
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Vary (Region)")).modal()
    question = await (await ben.submit(modal, {"mask": ("mask.png", mask)}, "#studio")).message()
    await ben.click(question, "Paint this")
    await ben.wait("#studio", grid("a fox", after=one))
    (used,) = masks
    assert used.size == (64, 64)
    assert used.getpixel((4, 4)) == 255
    assert used.getpixel((60, 60)) == 0


@pytest.mark.shows("Vary (Region)")
@running
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose at least one of the nine areas"),
        ({"mask": ("mask.png", png(colour=0))}, "marks nothing"),
        ({"mask": ("mask.png", b"no picture at all")}, "not a PNG, JPEG"),
        ({"areas": ["middle"], "prompt0": "a fox --foo"}, "`--foo`"),
    ],
)
async def test_a_region_that_cannot_be_is_said_and_mended(
    ben: Person, backend: Scripted, fields: dict[str, Any], words: str
) -> None:
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Vary (Region)")).modal()
    refusal = await (await ben.submit(modal, fields, "#studio")).message()
    assert words in said(refusal)
    assert labels(refusal) == ["Choose again", "Cancel"]
    again = await (await ben.click(refusal, "Choose again")).modal()
    await ben.submit(again, {"prompt0": "a wolf", "areas": ["middle"]}, "#studio")
    question = await ben.wait("#studio", lambda m: m["id"] == refusal["id"] and "Paint this" in labels(m))
    await ben.click(question, "Paint this")
    await ben.wait("#studio", grid("a wolf"))
    assert len(backend.requests) == 2


@running
async def test_a_region_that_is_not_wanted_or_not_ones_own(ben: Person, ana: Person, app: Application) -> None:
    one = await single(ben, "a fox")
    modal = await (await ben.click(one, "Vary (Region)")).modal()
    question = await (await ben.submit(modal, {"areas": ["left"]}, "#studio")).message()
    draft_id = next(part for part in walk(question["components"]))["custom_id"].split(":")[2]
    with pytest.raises(NotFound):
        await app.studio.region(acting(ana), draft_id, Place(channel_id=int(STUDIO)))
    await ben.click(question, "Cancel")
    dropped = await ben.wait("#studio", lambda m: m["id"] == question["id"] and not m["components"])
    assert dropped["attachments"] == []


@pytest.mark.usefixtures("hasty")
async def test_a_region_whose_prompt_is_late(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings, backend, playground) as app:
        one = await single(ben, "a fox")
        slow = Late(app.studio.result)
        monkeypatch.setattr(app.studio, "result", slow)
        assert (await (await ben.click(one, "Vary (Region)")).thinking())["flags"] & EPHEMERAL
        slow.gate.set()
        offer = await ben.wait("#studio", with_button("Choose again"))
        modal = await (await ben.click(offer, "Choose again")).modal()
        assert text_of(modal) == "a fox"


# Stealth on clicks


@pytest.mark.shows("Stealth")
async def test_the_clickers_visibility_counts(ben: Person, ana: Person, mod: Person, app: Application) -> None:
    first = await imagine(ana, "a fox")
    await app.studio.set_stealth(acting(ben), hidden=True)
    await app.studio.set_log(acting(ben).guild_id or 0, int(RANDOM))
    await ben.click(first, "V1")
    hidden = await ben.wait("#studio", lambda m: grid("a fox", after=first)(m) and "stealth" in m["content"])
    assert hidden["flags"] & EPHEMERAL
    assert "this server's moderators" in hidden["content"]
    logged = await mod.wait("#random", lambda m: "stealth" in m["content"] and m["attachments"])
    assert labels(logged) == ["❌"]
    job_id = await newest(app, ben)
    assert job_id in logged["content"]
    for refused in (
        app.studio.act(acting(ana), "upsample", job_id, 1, "", Place(channel_id=int(STUDIO))),
        app.studio.send(acting(ana), job_id),
        app.studio.favourite(acting(ana), job_id, 1),
        app.studio.send(acting(ana, guild_id=5, moderator=True), job_id),  # of another server
    ):
        with pytest.raises((NotAllowed, NotFound)):
            await refused
    await ben.click(hidden, "U1")  # what is made of it stays as private
    taken = await ben.wait("#studio", after(hidden, result("Image #1")))
    assert taken["flags"] & EPHEMERAL
    assert not {hidden["id"], taken["id"]} & ana.messages.keys()


@pytest.mark.shows("Remix mode", "Stealth")
async def test_a_window_may_ask_for_stealth(ben: Person, app: Application) -> None:
    first = await imagine(ben, "a fox")
    await remix(app, ben)
    modal = await (await ben.click(first, "V1")).modal()
    await ben.submit(modal, {"prompt0": "a wolf --stealth"}, "#studio")
    assert (await ben.wait("#studio", grid("a wolf")))["flags"] & EPHEMERAL


# Whose result it is, and whether it is there


@pytest.mark.shows("Trouble")
@running
async def test_what_was_made_of_a_result_that_is_gone_says_so(ben: Person) -> None:
    one = await single(ben, "a fox")
    zoom = await (await ben.click(one, "Custom Zoom")).modal()
    edit = await (await ben.click(one, "Edit")).modal()
    region = await (await ben.click(one, "Vary (Region)")).modal()
    await ben.click(one, "❌")
    await ben.gone(one)
    await ben.submit(zoom, {}, "#studio")
    first = await ben.wait("#studio", alone(""))
    await ben.submit(edit, {"instruction": "more"}, "#studio")
    second = await ben.wait("#studio", after(first, alone("")))
    await ben.submit(region, {"areas": ["top"]}, "#studio")
    third = await ben.wait("#studio", after(second, lambda m: alone("")(m) and bool(said(m).strip(" …"))))
    assert {embed["title"] for m in (first, second, third) for embed in m["embeds"]} == {"Not found"}


@pytest.mark.shows("Others' results")
async def test_where_only_owners_may_click(playground: Playground, tmp_path: Path, ana: Person, ben: Person) -> None:
    backend = Scripted()
    async with serving(settings_for(playground, tmp_path, clicks="owner"), backend, playground):
        first = await imagine(ana, "a fox")
        await ben.click(first, "U1")
        await ben.wait("#studio", alone("only the owner"))


@pytest.mark.shows("Trouble")
@running
async def test_without_a_right_to_post_the_answer_is_the_result(ben: Person, playground: Playground) -> None:
    first = await imagine(ben, "a fox")
    playground.stage.overwrite("#studio", "bot", deny=SEND_MESSAGES)
    interaction = await ben.click(first, "U1")
    thinking = await interaction.thinking()
    taken = await ben.wait("#studio", result("Image #1"))
    assert taken["id"] == thinking["id"]
    await ben.click(first, "V1")
    varied = await ben.wait("#studio", after(taken, grid("a fox")))
    assert "V1" in labels(varied)


@pytest.mark.shows("Threads")
@running
async def test_in_a_thread(ben: Person, playground: Playground) -> None:
    first = await imagine(ben, "a fox")
    thread = await thread_on(playground, first)
    inside = await imagine(ben, "a wolf", thread)
    await ben.click(inside, "U2")
    taken = await ben.wait(thread, result("Image #2"))
    assert taken["message_reference"]["message_id"] == inside["id"]


@pytest.mark.shows("DMs")
async def test_in_direct_messages(ben: Person, app: Application, backend: Scripted) -> None:
    channel = (await ben.dm())["id"]
    one = await single(ben, "a fox", channel)
    await remix(app, ben)
    modal = await (await ben.click(one, "Vary (Strong)")).modal()
    await ben.submit(modal, {"prompt0": "a wolf"}, channel)
    varied = await ben.wait(channel, grid("a wolf"))
    region = await (await ben.click(one, "Vary (Region)")).modal()
    question = await (await ben.submit(region, {"prompt0": "a bear", "areas": ["top"]}, channel)).message()
    await ben.click(question, "Paint this")
    await ben.wait(channel, grid("a bear"))
    await ben.react(varied, "❌")
    await ben.gone(varied)
    assert len(backend.requests) == 3


@pytest.mark.shows("/show")
async def test_a_copy_does_all_that_the_result_does(ben: Person, app: Application) -> None:
    first = await imagine(ben, "a fox")
    copy = await (await ben.slash("show", "#studio", job_id=await newest(app, ben))).message()
    await ben.click(copy, "U3")
    taken = await ben.wait("#studio", result("Image #3"))
    assert taken["message_reference"]["message_id"] == copy["id"]
    await ben.react(copy, "❌")
    await ben.gone(first)
    await ben.gone(copy)


@pytest.mark.shows("Lineage")
async def test_the_same_again_is_the_same_picture(ben: Person, app: Application) -> None:
    first = await imagine(ben, "a fox --seed 5")
    await ben.click(first, "V2")
    varied = await ben.wait("#studio", after(first, grid("a fox")))
    copy = await (await ben.slash("show", "#studio", job_id=await newest(app, ben))).message()
    await ben.click(copy, "The same again")
    again = await ben.wait("#studio", after(copy, grid("a fox")))
    assert (await picture(ben, again)).tobytes() == (await picture(ben, varied)).tobytes()
    await ben.click(varied, "🔄")
    other = await ben.wait("#studio", after(again, grid("a fox")))
    assert (await picture(ben, other)).tobytes() != (await picture(ben, varied)).tobytes()


@pytest.mark.shows("Lineage")
@running
async def test_a_result_says_where_it_came_from(ben: Person) -> None:
    first = await imagine(ben, "a fox")
    await ben.click(first, "U3")
    taken = await ben.wait("#studio", result("Image #3"))
    await ben.click(taken, "Vary (Strong)")
    varied = await ben.wait("#studio", after(taken, grid("a fox")))
    await ben.click(varied, "U2")
    last = await ben.wait("#studio", result("Image #2"))
    base = f"https://discord.com/channels/1200000000000001000/{STUDIO}"
    assert last["content"].splitlines()[1] == (
        f"-# U2 of [Vary (Strong)](<{base}/{varied['id']}>) of [U3](<{base}/{taken['id']}>) "
        f"of [a grid](<{base}/{first['id']}>)"
    )


@pytest.mark.shows("User-installed contexts")
async def test_where_only_the_user_has_installed_it(
    settings: Settings, backend: Scripted, playground: Playground, ben: Person
) -> None:
    anywhere = settings.model_copy(update={"allow_user_installs": True})
    async with serving(anywhere, backend, playground):
        await ben.install()
        one = await single(ben, "a fox", "#lounge")
        edit = await (await ben.click(one, "Edit")).modal()
        await ben.submit(edit, {"instruction": "more snow"}, "#lounge")
        await ben.wait("#lounge", lambda m: grid("a fox")(m) and "Edited (more snow)" in m["content"])
        region = await (await ben.click(one, "Vary (Region)")).modal()
        question = await (await ben.submit(region, {"prompt0": "a bear", "areas": ["top"]}, "#lounge")).message()
        await ben.click(question, "Paint this")
        made = await ben.wait("#lounge", grid("a bear"))
        await ben.click(made, "❌")
        await ben.gone(made)
