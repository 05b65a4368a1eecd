"""An application that people install: what is offered where, by whose authority, and how little the bot can do there."""

from typing import Any

import discord
import pytest

from bot.playground import Person, Playground, PlaygroundError
from bot.playground.permissions import (
    ATTACH_FILES,
    EMBED_LINKS,
    MENTION_EVERYONE,
    USE_EXTERNAL_APPS,
    USE_EXTERNAL_EMOJIS,
    VIEW_CHANNEL,
)
from tests.playground.conftest import SmallBot
from tests.playground.test_commands import command
from tests.playground.test_rules import refusal

BOOKS, LOUNGE, DUO, GROUP = "1200000000000003000", "#lounge", "@ben", "#Weekend"
ANSWER = EMBED_LINKS | ATTACH_FILES


@pytest.fixture
async def everywhere(bot: SmallBot, playground: Playground) -> SmallBot:
    """Commands for each kind of place, and the first command for all of them."""
    bodies: Any = [
        bot.tree.get_command("ask").to_dict(bot.tree),  # pyright: ignore[reportOptionalMemberAccess]
        command("server", integration_types=[0], contexts=[0]),
        command("mine", integration_types=[1], contexts=[0, 1, 2]),
        command("letters", integration_types=[0, 1], contexts=[1]),
        command("private", integration_types=[1], contexts=[2]),
        {"name": "Look", "type": 3, "integration_types": [1], "contexts": [0, 2]},
    ]
    await bot.http.bulk_upsert_guild_commands(bot.application_id or 0, bot.guilds[0].id, [])
    await bot.http.bulk_upsert_global_commands(bot.application_id or 0, bodies)
    return bot


async def names(person: Person, channel: str) -> set[str]:
    return {each["name"] for each in await person.commands(channel)}


async def test_what_is_offered_depends_on_installation_and_context(everywhere: SmallBot, ana: Person) -> None:
    dm = (await ana.dm())["id"]
    assert await names(ana, "#studio") == {"ask", "server"}
    assert await names(ana, dm) == {"ask", "letters"}
    for channel in (LOUNGE, DUO, GROUP):
        assert await names(ana, channel) == set()
    await ana.install()
    assert await names(ana, "#studio") == {"ask", "server", "mine", "Look"}
    assert await names(ana, dm) == {"ask", "letters", "mine"}
    assert await names(ana, LOUNGE) == {"ask", "mine", "Look"}
    for channel in (DUO, GROUP):
        assert await names(ana, channel) == {"ask", "mine", "private", "Look"}
    await ana.uninstall()
    assert await names(ana, LOUNGE) == set()
    with pytest.raises(LookupError, match="not offered"):
        await ana.slash("ask", LOUNGE)


async def test_others_are_not_offered_what_one_has_installed(
    everywhere: SmallBot, ana: Person, playground: Playground
) -> None:
    await ana.install()
    ben = playground.user("ben")
    assert await names(ben, LOUNGE) == set()
    command_id = next(each["id"] for each in await ana.commands(LOUNGE) if each["name"] == "ask")
    channel = next(key for key, each in ana.channels.items() if each.get("name") == "lounge")
    body: Any = {"user": ben.id, "channel": channel, "type": 2, "data": {"id": command_id, "name": "ask", "type": 1}}
    with pytest.raises(PlaygroundError, match="no such command"):
        await ben.call("POST", "/play/interactions", json_body=body)


@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.parametrize("channel", ["#studio", "dm", LOUNGE, DUO, GROUP])
async def test_the_payload_says_where_and_by_whose_authority(
    everywhere: SmallBot, ana: Person, playground: Playground, channel: str, installed: bool
) -> None:
    place = (await ana.dm())["id"] if channel == "dm" else channel
    if channel in (LOUNGE, DUO, GROUP) and not installed:
        return
    await ana.install(installed=installed)

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("hi")

    everywhere.on_ask = ask
    message = await (await ana.slash("ask", place, text="x")).message()
    [interaction] = await everywhere.hear("interaction")
    user = {1: int(ana.id)} if installed else {}
    guild_owner = {"#studio": {0: everywhere.guilds[0].id}, "dm": {0: 0}}.get(channel, {})
    assert interaction._integration_owners == guild_owner | user
    assert interaction.is_user_integration() == installed
    private = ANSWER | MENTION_EVERYONE
    rights = {"dm": private | USE_EXTERNAL_EMOJIS, DUO: private, GROUP: private}
    if channel in rights:
        assert interaction.app_permissions.value == rights[channel]
        assert (interaction.guild, interaction.user.id) == (None, int(ana.id))
    else:
        assert interaction.app_permissions.attach_files
        assert interaction.user.guild_permissions is not None
    context: Any = interaction.context
    assert (context.guild, context.dm_channel, context.private_channel) == (
        channel in ("#studio", LOUNGE),
        channel == "dm",
        channel in (DUO, GROUP),
    )
    assert interaction.filesize_limit == 10 << 20
    metadata = message["interaction_metadata"]["authorizing_integration_owners"]
    assert metadata == {str(key): str(value) for key, value in (guild_owner | user).items()}


async def test_a_private_channel_is_described(everywhere: SmallBot, ana: Person) -> None:
    await ana.install()

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()

    everywhere.on_ask = ask
    for channel in (DUO, GROUP):
        await ana.slash("ask", channel)
    duo, group = [each.channel for each in await everywhere.hear("interaction", 2)]
    assert isinstance(duo, discord.DMChannel)
    assert [user.name for user in duo.recipients] == ["ana", "ben"]
    assert isinstance(group, discord.GroupChannel)
    assert (group.name, len(group.recipients), group.owner) == ("Weekend", 3, group.recipients[0])


@pytest.mark.parametrize("channel", [LOUNGE, DUO, GROUP])
async def test_the_bot_can_do_nothing_there_but_answer(
    everywhere: SmallBot, ana: Person, playground: Playground, channel: str, pixels: bytes
) -> None:
    await ana.install()

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()

    everywhere.on_ask = ask
    said = await ana.say(channel, "hello")
    asked = await ana.slash("ask", channel)
    [interaction] = await everywhere.hear("interaction")
    assert await asked.acknowledged()
    place = everywhere.get_partial_messageable(int(said["channel_id"]))
    assert await refusal(place.send("x")) == (403, 50001)
    assert await refusal(place.typing()) == (403, 50001)
    assert await refusal(place.fetch_message(int(said["id"]))) == (403, 50001)
    assert await refusal(place.get_partial_message(int(said["id"])).add_reaction("❌")) == (403, 50001)
    assert await refusal(everywhere.fetch_channel(int(said["channel_id"]))) == (403, 50001)
    assert await refusal(everywhere.http.get_guild(int(BOOKS))) == (403, 50001)
    answer = await interaction.edit_original_response(content="done")
    assert (await asked.message())["content"] == "done"
    await answer.delete()
    await ana.gone({"id": str(answer.id)})
    assert not [each for kind, each in everywhere.heard if kind in ("message", "delete")]


async def test_a_message_menu_shows_the_message_that_the_bot_cannot_see(everywhere: SmallBot, ana: Person) -> None:
    await ana.install()
    said = await ana.say(LOUNGE, "look at this")
    await ana.menu("Look", said)
    [interaction] = await everywhere.hear("interaction")
    [message] = interaction.data["resolved"]["messages"].values()
    assert message["content"] == "look at this"


async def test_at_most_five_follow_ups_where_only_a_user_has_it(everywhere: SmallBot, ana: Person) -> None:
    await ana.install()

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("first")

    everywhere.on_ask = ask
    await (await ana.slash("ask", GROUP)).message()
    await (await ana.slash("ask", "#studio")).message()
    abroad, home = await everywhere.hear("interaction", 2)
    for number in range(5):
        await abroad.followup.send(str(number))
        await home.followup.send(str(number))
    assert await refusal(abroad.followup.send("one too many")) == (400, 40094)
    await home.followup.send("as many as one likes")


async def test_without_use_external_apps_answers_are_for_the_user_alone(
    everywhere: SmallBot, ana: Person, playground: Playground
) -> None:
    await ana.install()
    playground.stage.overwrite(LOUNGE, "@everyone", deny=USE_EXTERNAL_APPS)

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.followup.send("first")
        await interaction.followup.send("second")

    everywhere.on_ask = ask
    await ana.slash("ask", LOUNGE)
    second = await ana.wait(LOUNGE, lambda each: each["content"] == "second")
    assert second["flags"] & 64
    ben = playground.user("ben")
    assert await ben.history(LOUNGE) == []


async def test_whoever_presses_the_button_the_installation_stays_its_owners(
    everywhere: SmallBot, ana: Person, playground: Playground
) -> None:
    await ana.install()

    async def ask(interaction: discord.Interaction) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Go", custom_id="go"))
        await interaction.response.send_message("press", view=view)

    everywhere.on_ask = ask
    message = await (await ana.slash("ask", GROUP)).message()
    ben = playground.user("ben")
    shown = await ben.wait(GROUP, lambda each: each["id"] == message["id"])
    await ben.click(shown, "Go")
    pressed = (await everywhere.hear("interaction", 2))[1]
    assert pressed.user.id == int(ben.id)
    assert pressed._integration_owners == {1: int(ana.id)}


async def test_strangers_see_no_private_channel(ana: Person, playground: Playground) -> None:
    mod = playground.user("mod")
    known = [each["type"] for each in (await mod.world())["dms"]]
    assert known == [3]
    duo = next(each["id"] for each in (await ana.world())["dms"] if each["type"] == 1)
    assert await mod.history(duo) == []
    with pytest.raises(PlaygroundError, match="may not write"):
        await mod.say(duo, "x")


async def test_the_bot_hears_nothing_of_channels_that_it_cannot_see(
    bot: SmallBot, ana: Person, playground: Playground
) -> None:
    playground.stage.overwrite("#gallery", "bot", deny=VIEW_CHANNEL)
    said = await ana.say("#gallery", "psst")
    await ana.react(said, "❌")
    await ana.say("#studio", "aloud")
    [heard] = await bot.hear("message")
    assert heard.channel.name == "studio"
    assert not [each for kind, each in bot.heard if kind == "reaction"]
