"""What people and servers set for themselves: the panel, the same in words, and help."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from discord import Permissions

from bot.actions import Menu, buttons
from bot.app import Application
from bot.backends.base import Capabilities, Operation
from bot.client import Interaction, Lienzo
from bot.config import Settings
from bot.errors import NotAllowed
from bot.jobs import Image, ImageKind, Lane
from bot.playground import Person, Playground
from bot.playground.client import find_component, labels
from bot.playground.components import walk
from bot.playground.permissions import ATTACH_FILES, SEND_MESSAGES
from bot.preferences import UserPreferences
from bot.prompt import PARAMETERS
from bot.studio.choices import Generator, Panel
from cogs.help import BUTTONS, REACTIONS
from cogs.server import managed
from cogs.settings import panel_embed, panel_rows
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import EPHEMERAL, Message, grid, imagine
from tests.scripted import EVERYTHING, Scripted

GREEN, PRIMARY_SELECT = 3, 3
MODELS = replace(
    EVERYTHING, models=("small", "large"), turbo_model="small", parameters=EVERYTHING.parameters | {"model", "raw"}
)


async def said(person: Person, command: str, channel: str = "#studio", /, **options: Any) -> str:
    """What a command answers, to this person alone."""
    message = await answered(person, command, channel, **options)
    assert message["flags"] & EPHEMERAL
    return message["content"] or message["embeds"][0]["description"]


async def answered(person: Person, command: str, channel: str = "#studio", /, **options: Any) -> Message:
    return await (await person.slash(command, channel, **options)).message()


async def panel(person: Person, channel: str = "#studio") -> Message:
    message = await answered(person, "settings", channel)
    assert message["flags"] & EPHEMERAL
    assert len(message["components"]) <= 5
    return message


def on(message: Message) -> set[str]:
    """What is green, and what is chosen in a select."""
    found = {each["label"] for each in walk(message["components"]) if each["type"] == 2 and each["style"] == GREEN}
    selects = [each for each in walk(message["components"]) if each["type"] == PRIMARY_SELECT]
    return found | {option["label"] for each in selects for option in each["options"] if option.get("default")}


def text(message: Message) -> str:
    return message["embeds"][0]["description"]


async def press(person: Person, message: Message, button: str, *, then: str) -> Message:
    """A click on the panel, and the panel when `then` is on."""
    await person.click(message, button)
    return await person.until(lambda: shown if then in on(shown := person.messages[message["id"]]) else None)


async def choose(person: Person, message: Message, select: str, value: str) -> Message:
    await person.select(message, select, value)
    return await person.until(lambda: shown if value in on(shown := person.messages[message["id"]]) else None)


async def refusal(person: Person, words: str, channel: str = "#studio") -> Message:
    """What a click that was refused was answered."""

    def says(message: Message) -> bool:
        return words in message["content"] or any(words in each["description"] for each in message["embeds"])

    return await person.wait(channel, lambda message: message["flags"] & EPHEMERAL and says(message))


@asynccontextmanager
async def bot(playground: Playground, folder: Path, backend: Scripted, **changes: Any) -> AsyncGenerator[Application]:
    async with serving(settings_for(playground, folder, **changes), backend, playground) as app:
        yield app


# The panel


@pytest.mark.shows("/settings")
async def test_every_click_changes_the_panel_and_the_next_prompt(
    playground: Playground, tmp_path: Path, ben: Person
) -> None:
    backend = Scripted(offers=MODELS)
    async with bot(playground, tmp_path, backend, lanes="fast,relax,turbo"):
        message = await panel(ben)
        usual = {"Default: scripted", "Stylize: as the generator does", "High Variation", "Public Mode", "Fast Mode"}
        assert on(message) == usual
        assert "**Suffix:** none" in text(message)

        message = await choose(ben, message, "Generator", "scripted · large")
        message = await choose(ben, message, "Stylize", "Stylize: very high (750)")
        message = await press(ben, message, "RAW Mode", then="RAW Mode")
        message = await press(ben, message, "Remix Mode", then="Remix Mode")
        message = await press(ben, message, "Low Variation", then="Low Variation")
        message = await press(ben, message, "Sticky Style", then="Sticky Style")
        message = await press(ben, message, "Relax Mode", then="Relax Mode")
        message = await press(ben, message, "Auto DM", then="Auto DM")
        assert on(message) == {
            "scripted · large", "Stylize: very high (750)", "RAW Mode", "Remix Mode", "Low Variation", "Sticky Style",
            "Public Mode", "Relax Mode", "Auto DM",
        }  # fmt: skip
        made = await imagine(ben, "a fox")
        assert "(relaxed)" in made["content"]
        assert all(part in made["content"] for part in ("--stylize 750", "--raw", "--model large"))
        request = backend.requests[0]
        assert (request.model, request.parameters["stylize"], request.parameters["raw"]) == ("large", 750, True)

        await ben.click(message, "Reset")
        await ben.until(lambda: on(ben.messages[message["id"]]) == usual or None)


@pytest.mark.shows("Restart")
async def test_the_panel_works_after_a_restart(playground: Playground, tmp_path: Path, ben: Person) -> None:
    async with bot(playground, tmp_path, Scripted()):
        message = await panel(ben)
        await press(ben, message, "Remix Mode", then="Remix Mode")
        modal = await (await ben.click(message, "Suffix")).modal()
    async with bot(playground, tmp_path, Scripted()):
        await ben.submit(modal, {"suffix": "--ar 3:2"}, "#studio")
        await ben.until(lambda: "`--ar 3:2`" in text(ben.messages[message["id"]]) or None)
        message = await press(ben, message, "Low Variation", then="Low Variation")
        assert {"Remix Mode", "Low Variation", "Suffix"} <= on(message)


@pytest.mark.shows("/settings", "/prefer suffix", "/prefer option set")
@pytest.mark.usefixtures("app")
async def test_suffix_and_options_from_the_panel(ben: Person) -> None:
    message = await panel(ben)
    modal = await (await ben.click(message, "Custom Options")).modal()
    await ben.submit(modal, {"name": "--mine", "value": "--ar 3:2 --tile"}, "#studio")
    message = await ben.until(lambda: shown if "`--mine` → " in text(shown := ben.messages[message["id"]]) else None)
    modal = await (await ben.click(message, "Suffix")).modal()
    await ben.submit(modal, {"suffix": "--mine"}, "#studio")
    message = await ben.until(lambda: shown if "Suffix" in on(shown := ben.messages[message["id"]]) else None)
    assert "--ar 3:2" in (await imagine(ben, "a fox"))["content"]

    modal = await (await ben.click(message, "Suffix")).modal()
    assert find_component(modal, "suffix")["value"] == "--mine"
    await ben.submit(modal, {"suffix": "in the snow"}, "#studio")
    await refusal(ben, "Only parameters can stand here")
    modal = await (await ben.click(message, "Custom Options")).modal()
    await ben.submit(modal, {"name": "mine", "value": ""}, "#studio")
    await refusal(ben, "Your suffix uses `--mine`")
    modal = await (await ben.click(message, "Suffix")).modal()
    await ben.submit(modal, {"suffix": ""}, "#studio")
    await ben.until(lambda: "**Suffix:** none" in text(ben.messages[message["id"]]) or None)


@pytest.mark.shows("/settings", "Where")
@pytest.mark.usefixtures("app")
async def test_settings_are_ones_own_and_go_everywhere(ana: Person, ben: Person) -> None:
    direct = (await ben.dm())["id"]
    message = await panel(ben, direct)
    message = await press(ben, message, "RAW Mode", then="RAW Mode")
    assert "The scripted backend runs without `--raw`." in text(message)
    await press(ben, message, "Remix Mode", then="Remix Mode")
    assert "Remix Mode" in on(await panel(ben))
    assert message["id"] not in ana.messages
    assert not {"Remix Mode", "Modo Remix"} & on(await panel(ana))


@pytest.mark.shows("/settings", "/fast, /relax, /turbo", "/stealth, /public")
async def test_what_one_may_not_choose_is_not_there(playground: Playground, tmp_path: Path, ben: Person) -> None:
    role = playground.stage.role("Patron", 0)
    changes = {"lanes": "fast,relax", "fast_roles": role.id, "stealth_roles": role.id}
    async with bot(playground, tmp_path, Scripted(), **changes):
        message = await panel(ben)
        assert not {"Stealth Mode", "Public Mode", "Fast Mode", "Relax Mode"} & set(labels(message))
        assert "You can't use `--fast` mode here" in await said(ben, "fast")
        assert "You can't use stealth here" in await said(ben, "stealth")
        playground.stage.grant("ben", "Patron")
        message = await panel(ben)
        message = await press(ben, message, "Stealth Mode", then="Stealth Mode")
        await press(ben, message, "Fast Mode", then="Fast Mode")
        assert "Stealth mode" in await said(ben, "stealth")
        playground.stage.revoke("ben", "Patron")
        await ben.click(message, "Stealth Mode")
        await refusal(ben, "You can't use stealth here")
        made = await imagine(ben, "a fox")
        assert "(relaxed)" in made["content"]


async def test_a_model_that_is_gone_does_not_stop_prompts(playground: Playground, tmp_path: Path, ben: Person) -> None:
    backend = Scripted(offers=MODELS)
    async with bot(playground, tmp_path, backend) as app:
        message = await panel(ben)
        await choose(ben, message, "Generator", "scripted · large")
        backend.offers = replace(MODELS, models=("small", "medium"))
        await app.catalog.refresh()
        made = await imagine(ben, "a fox")
        assert "`large`, which you chose in `/settings`, is not there any more." in made["content"]
        await ben.select(message, "Generator", "scripted · large")
        await refusal(ben, "has no model `large` any more")


@pytest.mark.shows("/settings")
async def test_a_style_stays_until_it_is_switched_off(playground: Playground, tmp_path: Path, ben: Person) -> None:
    backend = Scripted(offers=replace(EVERYTHING, parameters=frozenset({"sref"})))
    async with bot(playground, tmp_path, backend):
        message = await panel(ben)
        message = await press(ben, message, "Sticky Style", then="Sticky Style")
        await imagine(ben, "a fox --sref 123")
        assert "--sref 123" in (await imagine(ben, "a wolf"))["content"]
        await ben.click(message, "Sticky Style")
        await ben.until(lambda: "Sticky Style" not in on(ben.messages[message["id"]]) or None)
        assert "--sref" not in (await imagine(ben, "a bear"))["content"]


# The same in words


@pytest.mark.shows("/prefer option set", "/prefer option list")
@pytest.mark.usefixtures("app")
async def test_options_of_ones_own(ben: Person) -> None:
    assert "You have no options yet" in await said(ben, "prefer option list")
    assert "`--mine` stands for `--ar 3:2 --tile` now" in await said(
        ben, "prefer option set", option="--Mine", value="--ar 3:2 --tile"
    )
    listed = await answered(ben, "prefer option list")
    assert listed["content"] == "You have 1 option:"
    assert "`--mine` → `--ar 3:2 --tile`" in text(listed)
    made = await imagine(ben, "a fox --mine")
    assert "--ar 3:2 --tile" in made["content"]
    assert await ben.autocomplete("prefer option set", "#studio", "option", "mi") == [
        {"name": "--mine", "value": "mine"}
    ]
    assert "`--mine` is deleted" in await said(ben, "prefer option set", option="mine")
    assert "You have no option `--mine`" in await said(ben, "prefer option set", option="mine")


@pytest.mark.shows("/prefer option set")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("stylize", "--raw", "`--stylize` is a parameter already"),
        ("s", "--raw", "`--s` is a parameter already"),
        ("my option", "--raw", "begins with a letter"),
        ("mine", "a red fox", "Only parameters can stand here"),
        ("mine", "--stylize 2000", "must be between 0 and 1000"),
        ("mine", "--stylize 20 fox", "Unrecognized parameter(s): `fox`"),
        ("mine", "--foo", "Unrecognized parameter(s): `--foo`"),
        ("mine", "--no " + "x" * 500, "at most 500 characters"),
    ],
)
@pytest.mark.usefixtures("app")
async def test_options_that_are_none(ben: Person, name: str, value: str, words: str) -> None:
    assert words in await said(ben, "prefer option set", option=name, value=value)
    assert "You have no options yet" in await said(ben, "prefer option list")


@pytest.mark.shows("/prefer option set")
@pytest.mark.usefixtures("app")
async def test_a_twenty_first_option_is_refused(ben: Person) -> None:
    for number in range(20):
        await said(ben, "prefer option set", option=f"o{number}", value="--raw")
    assert "You have 20 options already" in await said(ben, "prefer option set", option="more", value="--raw")
    assert len(text(await answered(ben, "prefer option list")).splitlines()) == 20


@pytest.mark.shows("/prefer suffix")
@pytest.mark.usefixtures("app")
async def test_a_suffix(ben: Person) -> None:
    assert "ends with `--ar 3:2` now" in await said(ben, "prefer suffix", new_value="--ar 3:2")
    assert "--ar 3:2" in (await imagine(ben, "a fox"))["content"]
    assert "Only parameters can stand here" in await said(ben, "prefer suffix", new_value="in the snow")
    assert "`--ar 3:2`" in text(await panel(ben))
    assert "no suffix any more" in await said(ben, "prefer suffix")
    assert "--ar" not in (await imagine(ben, "a wolf"))["content"]


@pytest.mark.shows("/prefer remix", "/prefer variability", "/prefer auto_dm")
@pytest.mark.usefixtures("app")
async def test_switches_are_confirmed_in_words(ben: Person) -> None:
    assert "Remix mode is on" in await said(ben, "prefer remix")
    assert "Remix mode is off" in await said(ben, "prefer remix")
    assert "Low variation" in await said(ben, "prefer variability")
    assert "High variation" in await said(ben, "prefer variability")
    assert "come to you as direct messages from now on" in await said(ben, "prefer auto_dm")
    assert "no longer come as direct messages" in await said(ben, "prefer auto_dm")


# Modes


@pytest.mark.shows("/fast, /relax, /turbo", "Turbo")
async def test_modes_are_confirmed_in_words(playground: Playground, tmp_path: Path, ben: Person) -> None:
    backend = Scripted(offers=MODELS)
    async with bot(playground, tmp_path, backend, lanes="fast,relax,turbo"):
        assert "Relax mode" in await said(ben, "relax")
        assert "(relaxed)" in (await imagine(ben, "a fox"))["content"]
        assert "Turbo mode" in await said(ben, "turbo")
        assert "(turbo)" in (await imagine(ben, "a wolf"))["content"]
        assert backend.requests[-1].model == "small"
        assert "Fast mode" in await said(ben, "fast")
        assert "(fast)" in (await imagine(ben, "a bear"))["content"]


@pytest.mark.shows("Leaving out commands", "/fast, /relax, /turbo")
async def test_only_what_there_is_is_offered(playground: Playground, tmp_path: Path, ben: Person) -> None:
    async with bot(playground, tmp_path, Scripted(), lanes="fast,relax,turbo"):
        assert {"fast", "relax"} <= await offered(ben)
        assert "turbo" not in await offered(ben)  # no backend has a faster model
    async with bot(playground, tmp_path, Scripted(), lanes="relax", leave_out="settings,/help"):
        assert not {"fast", "turbo", "settings", "help"} & await offered(ben)
        assert {"relax", "prefer", "stealth", "public"} <= await offered(ben)


async def offered(person: Person) -> set[str]:
    return {command["name"] for command in await person.commands("#studio")}


@pytest.mark.shows("/stealth, /public", "Stealth")
@pytest.mark.usefixtures("app")
async def test_stealth_and_public(ben: Person, ana: Person, playground: Playground) -> None:
    answer = await said(ben, "stealth")
    assert "only you see your results" in answer
    assert "`/history`" in answer
    assert "moderators" not in answer
    made = await imagine(ben, "a hidden fox")
    assert made["flags"] & EPHEMERAL
    assert made["id"] not in ana.messages
    await said(playground.user("admin"), "server log", channel="#random")
    assert "moderators of this server see them in their log" in await said(ben, "stealth")
    assert "everyone sees your results" in await said(ben, "public")
    assert not (await imagine(ben, "a fox for all"))["flags"] & EPHEMERAL


# Help


async def pages(person: Person, channel: str = "#studio") -> dict[str, str]:
    """Every page of the help, by title, gone through in one message."""
    message = await answered(person, "help", channel)
    assert message["flags"] & EPHEMERAL
    (menu,) = walk(message["components"])
    found: dict[str, str] = {}
    for option in menu["options"]:
        await person.select(message, menu["custom_id"], option["value"])
        await person.until(
            lambda title=option["label"]: person.messages[message["id"]]["embeds"][0]["title"] == title or None
        )
        found[option["label"]] = text(person.messages[message["id"]])
    return found


@pytest.mark.shows("/help")
@pytest.mark.usefixtures("app")
async def test_help_names_everything_that_there_is(ben: Person) -> None:
    found = await pages(ben)
    commands = " ".join(page for title, page in found.items() if title.startswith("Commands"))
    for command in await ben.commands("#studio"):
        assert f"**/{command['name']}" in commands or f"**{command['name']}**" in commands
    assert "**/prefer option set**" in commands
    assert "/server" not in commands  # ben does not manage the server
    parameters = "\n".join(page for title, page in found.items() if "arameters" in title)
    for row in PARAMETERS:
        assert f"`--{row.name}`" in parameters
    assert "✅ `--stylize`, `--s` (0–1000, default: 100): Strength of the house style" in parameters
    assert "▫️ `--weird`" in parameters
    assert "🚫 `--motion`" in parameters
    assert "U1" in found["Buttons"]
    assert "✉️" in found["Reactions"]


@pytest.mark.shows("/help", "Where")
@pytest.mark.usefixtures("app")
async def test_help_in_spanish_and_in_a_direct_message(ana: Person) -> None:
    found = await pages(ana, (await ana.dm())["id"])
    assert "Fuerza del estilo" in " ".join(found.values())
    assert "**/imagine**: Crea imágenes" in " ".join(found.values())


@pytest.mark.shows("/help", "Restart")
async def test_help_works_after_a_restart(playground: Playground, tmp_path: Path, ben: Person) -> None:
    async with bot(playground, tmp_path, Scripted()):
        message = await answered(ben, "help")
    async with bot(playground, tmp_path, Scripted()):
        await ben.select(message, "More help", "Reactions")
        await ben.until(lambda: ben.messages[message["id"]]["embeds"][0]["title"] == "Reactions" or None)


def test_help_knows_every_button_and_reaction() -> None:
    everything = Capabilities(operations=frozenset(Operation), max_side=8192, max_pixels=8192 * 8192)
    under = [*buttons(pictures(1), everything), *buttons(pictures(4), everything)]
    explained = {(button.verb, button.extra) for some, _ in BUTTONS for button in some}
    assert {(button.verb, button.extra) for row in under for button in row} <= explained


@pytest.mark.shows("/help")
@pytest.mark.usefixtures("app")
async def test_help_knows_every_reaction(ben: Person) -> None:
    assert set((await pages(ben))["Reactions"].splitlines()) == {f"{emoji} {what}" for emoji, what in REACTIONS.items()}


def test_a_panel_is_what_discord_takes() -> None:
    """Twenty long options, hundreds of models, everything on."""
    many = tuple(Generator("scripted", f"model {'x' * number}") for number in range(200))
    mine = UserPreferences(
        custom={f"{'n' * 30}{number}": "--no " + "🦊" * 490 for number in range(20)},
        suffix="--no " + "x" * 990,
        sticky=True,
        style={"sref": ("https://example.com/" + "a" * 2000,)},
    )
    shown = Panel(
        preferences=mine, generators=many, chosen=many[0], generator=many[0], usual="scripted",
        lanes=tuple(Lane), lane=Lane.FAST, may_hide=True, stealth=True,
    )  # fmt: skip
    rows = panel_rows(shown)
    assert len(rows) == 5
    menu = rows[0]
    assert isinstance(menu, Menu)
    assert len(menu.options) == 25
    assert all(len(option.value) <= 100 for option in menu.options)
    assert [option.value for option in menu.options if option.on] == ["scripted/model "]
    made = panel_embed(shown, (), "es-419")
    assert made.description
    assert len(made.description.encode("utf-16-le")) <= 2 * 4096


@pytest.mark.parametrize(
    ("guild_id", "may", "words"),
    [(None, True, "for servers"), (2, True, "for servers"), (1, False, "manage this server"), (1, True, None)],
)
def test_what_managers_set_is_theirs_whatever_discord_was_told(
    guild_id: int | None, may: bool, words: str | None
) -> None:
    interaction = cast("Interaction", SimpleNamespace(guild_id=guild_id, permissions=Permissions(manage_guild=may)))
    client = cast("Lienzo", SimpleNamespace(settings=Settings(guilds=frozenset({1}))))
    if words is None:
        assert managed(interaction, client) == 1
        return
    with pytest.raises(NotAllowed, match=words):
        managed(interaction, client)


def pictures(count: int) -> list[Image]:
    """Not square, so that they can be made so."""
    return [
        Image(
            job_id="j", kind=ImageKind.OUTPUT, index=index, key="k", media_type="image/png",
            width=1024, height=768, size=1,
        )
        for index in range(count)
    ]  # fmt: skip


# A server's own


@pytest.mark.shows("/server")
@pytest.mark.usefixtures("app")
async def test_what_managers_set(playground: Playground) -> None:
    admin = playground.user("admin")
    gallery = playground.stage.channel("#gallery").id
    answer = await said(admin, "server gallery", channel="#gallery", hearts=2)
    assert answer == f"Pictures with 2 ❤️ go to <#{gallery}>."
    await admin.wait("#gallery", lambda message: "get 2 ❤️" in message["content"])
    assert f"Pictures with 5 ❤️ go to <#{gallery}>" in await said(admin, "server gallery", hearts=5)
    assert "The log is in" in await said(admin, "server log", channel="#random")
    await admin.wait("#random", lambda message: "stealth ones too" in message["content"])
    assert "`scripted`" in await said(admin, "server backend", name="scripted")
    assert "There is no `other` backend" in await said(admin, "server backend", name="other")
    assert await admin.autocomplete("server backend", "#studio", "name", "scr") == [
        {"name": "scripted", "value": "scripted"}
    ]
    shown = await said(admin, "server show")
    assert f"<#{gallery}>" in shown
    assert "5" in shown
    assert "no gallery any more" in await said(admin, "server gallery")
    assert "no log any more" in await said(admin, "server log")
    assert "**Gallery:** none" in await said(admin, "server show")


@pytest.mark.shows("/server")
@pytest.mark.parametrize(("denied", "words"), [(SEND_MESSAGES, "Send Messages"), (ATTACH_FILES, "Attach Files")])
@pytest.mark.usefixtures("app")
async def test_a_closed_channel_is_named_at_once(playground: Playground, denied: int, words: str) -> None:
    admin = playground.user("admin")
    playground.stage.overwrite("#gallery", "bot", deny=denied)
    answer = await said(admin, "server gallery", channel="#gallery")
    assert "I may not post in" in answer
    assert words in answer
    assert "**Gallery:** none" in await said(admin, "server show")
    assert not [message for message in await admin.history("#gallery") if "❤️" in message["content"]]


@pytest.mark.shows("/server")
@pytest.mark.usefixtures("app")
async def test_others_are_not_offered_it(playground: Playground, ben: Person) -> None:
    for person in (ben, playground.user("mod")):
        assert "server" not in await offered(person)
    assert "server" not in {each["name"] for each in await ben.commands((await ben.dm())["id"])}


@pytest.mark.shows("/settings")
@pytest.mark.usefixtures("app")
async def test_the_panel_in_spanish(ana: Person) -> None:
    message = await panel(ana)
    label = next(each["label"] for each in walk(message["components"]) if each.get("custom_id", "").endswith(":remix"))
    await ana.click(message, label)
    await ana.until(lambda: label in on(ana.messages[message["id"]]) or None)


@pytest.mark.shows("Moderators' log", "Restart")
async def test_the_log_outlives_a_restart(playground: Playground, tmp_path: Path, ben: Person) -> None:
    admin = playground.user("admin")
    async with bot(playground, tmp_path, Scripted()):
        await said(admin, "server log", channel="#random")
    async with bot(playground, tmp_path, Scripted()):
        await imagine(ben, "a fox")
        await admin.wait("#random", lambda message: bool(message["attachments"]) and "a fox" in message["content"])
        await ben.wait("#studio", grid("a fox"))
