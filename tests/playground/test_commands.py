"""Registering commands: replaced, kept, changed, and refused."""

from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground import Person, Playground
from bot.playground.clock import Clock
from bot.playground.commands import Commands
from bot.playground.problems import JSON, ApiError
from bot.playground.scenery import default_world
from bot.playground.snowflake import Snowflakes
from tests.playground.conftest import SmallBot
from tests.playground.test_rules import leaf, refusal

SCOPE = "1200000000000001000"


def made() -> tuple[Commands, list[int]]:
    changes: list[int] = []
    return Commands(default_world(), Snowflakes(Clock()), lambda: changes.append(1)), changes


def command(name: str = "imagine", **more: Any) -> JSON:
    return {"name": name, "description": "Paint", "type": 1, "options": [], **more}


def option(name: str = "prompt", kind: int = 3, **more: Any) -> JSON:
    return {"name": name, "description": "What", "type": kind, **more}


def test_a_command_keeps_its_id_and_gets_a_new_version_only_when_it_changed() -> None:
    commands, changes = made()
    [first, gone] = commands.replace(SCOPE, [command(), command("old")])
    [same] = commands.replace(SCOPE, [command()])
    [changed] = commands.replace(SCOPE, [command(description="Draw")])
    assert (same["id"], same["version"]) == (first["id"], first["version"])
    assert changed["id"] == first["id"]
    assert changed["version"] != first["version"]
    assert len(changes) == 3
    with pytest.raises(ApiError) as error:
        commands.get(SCOPE, gone["id"])
    assert error.value.code == 10063


A = {"name": "a", "value": "a"}
BOTH = "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE"
LARGE = [option(str(n), choices=[{"name": "n" * 99, "value": f"{m}" * 50} for m in range(9)]) for n in range(9)]
REFUSED: list[tuple[JSON, str, str]] = [
    (command("Imagine"), "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
    (command("two words"), "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
    (command("x" * 33), "0.name", "BASE_TYPE_BAD_LENGTH"),
    (command(description="x" * 101), "0.description", "BASE_TYPE_BAD_LENGTH"),
    (command(description=None), "0.description", "BASE_TYPE_REQUIRED"),
    (command(options=[option(str(n)) for n in range(26)]), "0.options", "BASE_TYPE_BAD_LENGTH"),
    (command(options=[option(), option()]), "0.options.1.name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"),
    (
        command(options=[option("a"), option("b", required=True)]),
        "0.options.1",
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (command(options=[option(kind=12)]), "0.options.0.type", "BASE_TYPE_CHOICES"),
    (command(options=[option("a"), option("b", 1)]), "0.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
    (command(options=[option(choices=[A] * 26)]), "0.options.0.choices", "BASE_TYPE_BAD_LENGTH"),
    (
        command(options=[option(choices=[{"name": "a", "value": 1}])]),
        "0.options.0.choices.0.value",
        "STRING_TYPE_CONVERT",
    ),
    (command(options=[option(choices=[A], autocomplete=True)]), "0.options.0.autocomplete", BOTH),
    (command(contexts=[3]), "0.contexts.0", "BASE_TYPE_CHOICES"),
    (
        command(description_localizations={"es-ES": "x" * 101}),
        "0.description_localizations.es-ES",
        "BASE_TYPE_BAD_LENGTH",
    ),
    ({"name": "Menu", "type": 3, "description": "x"}, "0.description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION"),
    (command(options=LARGE), "0", "APPLICATION_COMMAND_TOO_LARGE"),
]


@pytest.mark.parametrize(("body", "path", "code"), REFUSED)
def test_refused(body: JSON, path: str, code: str) -> None:
    with pytest.raises(ApiError) as error:
        made()[0].replace(None, [body])
    assert leaf(error.value.errors) == (path, code)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
WORDS = ("name", "description", "type", "options", "choices", "value", "min_value", "contexts", "channel_types")
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_any_command_is_taken_or_refused_in_words(value: Any) -> None:
    for body in (value, [command(options=[value])], [command(default_member_permissions=value)]):
        try:
            made()[0].replace(None, body)
        except ApiError as error:
            assert error.code == 50035  # noqa: PT017


def test_names_are_unique_and_numbers_limited() -> None:
    commands = made()[0]
    with pytest.raises(ApiError):
        commands.replace(None, [command(), command()])
    with pytest.raises(ApiError):
        commands.replace(None, [{"name": f"Menu {number}", "type": 3} for number in range(6)])
    assert len(commands.replace(None, [command("x"), {"name": "x", "type": 3}])) == 2


async def test_one_by_one_on_the_wire(bot: SmallBot, ana: Person, playground: Playground) -> None:
    guild = bot.guilds[0]
    http, application = bot.http, bot.application_id or 0
    created: Any = await http.upsert_guild_command(application, guild.id, command("one"))  # pyright: ignore[reportArgumentType]
    await ana.until(lambda: None if ana._commands else True)  # pyright: ignore[reportPrivateUsage]
    assert {each["name"] for each in await ana.commands("#studio")} == {"ask", "one"}
    edited: Any = await http.edit_guild_command(application, guild.id, created["id"], {"description": "Other"})  # pyright: ignore[reportArgumentType]
    assert (edited["name"], edited["description"]) == ("one", "Other")
    fetched = await bot.tree.fetch_command(int(created["id"]), guild=guild)
    assert fetched.description == "Other"
    await http.delete_guild_command(application, guild.id, created["id"])
    assert await refusal(bot.tree.fetch_command(int(created["id"]), guild=guild)) == (404, 10063)
    assert [each.name for each in await bot.tree.fetch_commands(guild=guild)] == ["ask"]
    assert await refusal(http.get_guild_commands(application, 5)) == (403, 50001)
    assert await refusal(http.get_global_commands(5)) == (403, 20012)


async def test_global_commands_show_where_their_contexts_say(bot: SmallBot, ana: Person) -> None:
    guild, dm = {"contexts": [0]}, {"contexts": [1, 2]}
    bodies: Any = [command("here", **guild), command("there", **dm), command("everywhere")]
    await bot.http.bulk_upsert_global_commands(bot.application_id or 0, bodies)
    channel = (await ana.dm())["id"]
    await ana.until(lambda: None if ana._commands else True)  # pyright: ignore[reportPrivateUsage]
    assert {each["name"] for each in await ana.commands("#general")} == {"here", "everywhere"}
    assert {each["name"] for each in await ana.commands(channel)} == {"there", "everywhere"}


async def test_commands_for_moderators(bot: SmallBot, ana: Person, playground: Playground) -> None:
    body: Any = command("clear", default_member_permissions=discord.Permissions(manage_messages=True).value)
    await bot.http.bulk_upsert_guild_commands(bot.application_id or 0, bot.guilds[0].id, [body])
    assert await playground.user("ana").commands("#studio") == []
    assert [each["name"] for each in await playground.user("mod").commands("#studio")] == ["clear"]
