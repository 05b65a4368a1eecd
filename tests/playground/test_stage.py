"""Rights that come and go while the bot is running, roles, closed DMs, and who may use a command at all."""

from typing import Any

import discord
import pytest

from bot.playground import Person, Playground, PlaygroundError
from bot.playground.permissions import ATTACH_FILES, MANAGE_MESSAGES, SEND_MESSAGES, VIEW_CHANNEL
from tests.playground.conftest import SmallBot
from tests.playground.test_commands import command
from tests.playground.test_rules import refusal


async def test_a_channels_rules_change_under_the_bot(bot: SmallBot, ana: Person, playground: Playground) -> None:
    channel = bot.guilds[0].text_channels[0]
    stage = playground.stage

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(str(interaction.app_permissions.send_messages))

    bot.on_ask = ask
    for who in ("bot", "Lienzo", "@everyone"):
        stage.overwrite("#studio", who, deny=SEND_MESSAGES)
        assert await refusal(channel.send("x")) == (403, 50013)
        assert (await (await ana.slash("ask", "#studio")).message())["content"] == "False"
        stage.overwrite("#studio", who)
        await channel.send("x")
    stage.overwrite("#studio", "bot", deny=ATTACH_FILES)
    assert not (await bot.fetch_channel(channel.id)).permissions_for(channel.guild.me).attach_files  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
    stage.overwrite("#studio", "bot", deny=VIEW_CHANNEL)
    assert await refusal(channel.send("x")) == (403, 50001)
    with pytest.raises(LookupError):
        stage.overwrite("#studio", "nobody", deny=1)
    with pytest.raises(LookupError):
        stage.overwrite("#nowhere", "bot", deny=1)
    with pytest.raises(LookupError):
        stage.overwrite("#Weekend", "bot", deny=1)


async def test_the_bot_hears_of_changed_rules(bot: SmallBot, ana: Person, playground: Playground) -> None:
    playground.stage.overwrite("#studio", "bot", deny=SEND_MESSAGES)
    await ana.say("#studio", "after that")
    await bot.hear("message")
    channel = bot.guilds[0].text_channels[0]
    assert channel.overwrites_for(bot.guilds[0].me).send_messages is False


async def test_roles_are_given_and_taken(bot: SmallBot, ana: Person, playground: Playground) -> None:
    got: list[list[str]] = []

    async def ask(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.user, discord.Member)
        got.append([role.name for role in interaction.user.roles])
        assert interaction.permissions.manage_messages == (len(got) == 2)
        await interaction.response.defer()

    bot.on_ask = ask
    role = playground.stage.role("Painters", MANAGE_MESSAGES)
    for change in (None, playground.stage.grant, playground.stage.revoke):
        if change is not None:
            change("ana", "Painters")
        await (await ana.slash("ask", "#studio")).acknowledged()
    assert got == [["@everyone"], ["@everyone", "Painters"], ["@everyone"]]
    assert bot.guilds[0].get_role(int(role.id)) is not None


async def test_an_administrator_may_do_everything(bot: SmallBot, playground: Playground) -> None:
    body: Any = [
        command("nobody", default_member_permissions=0),
        command("keepers", default_member_permissions=MANAGE_MESSAGES),
        command("all"),
    ]
    await bot.http.bulk_upsert_guild_commands(bot.application_id or 0, bot.guilds[0].id, body)
    offered = {
        name: {each["name"] for each in await playground.user(name).commands("#studio")}
        for name in ("ana", "mod", "admin")
    }
    assert offered == {"ana": {"all"}, "mod": {"all", "keepers"}, "admin": {"all", "keepers", "nobody"}}
    found = playground.commands.all(str(bot.guilds[0].id))
    hidden = next(each["id"] for each in found if each["name"] == "keepers")
    ana = playground.user("ana")
    await ana.commands("#studio")
    body = {"user": ana.id, "channel": await ana._channel("#studio"), "type": 2, "data": {"id": hidden, "type": 1}}  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(PlaygroundError, match="no such command"):
        await ana.call("POST", "/play/interactions", json_body=body)
    playground.stage.grant("ana", "Moderator")
    await ana.until(lambda: None if ana._commands else True)  # pyright: ignore[reportPrivateUsage]
    assert {each["name"] for each in await ana.commands("#studio")} == {"all", "keepers"}


async def test_closed_dms_take_no_messages_of_the_bot(bot: SmallBot, ana: Person) -> None:
    user = await bot.fetch_user(int(ana.id))
    await ana.close_dms()
    assert await refusal(user.send("hello")) == (403, 50007)
    await ana.close_dms(closed=False)
    await user.send("hello")
    assert not (await ana.world())["me"]["installed"]


async def test_a_channel_and_a_guild_are_lost(bot: SmallBot, ana: Person, playground: Playground) -> None:
    channel = bot.guilds[0].text_channels[1]
    await ana.commands("#gallery")
    playground.stage.delete("#gallery")
    assert await refusal(channel.send("x")) == (404, 10003)
    assert [each["name"] for each in (await ana.world())["guilds"][0]["channels"]] == ["studio", "random"]
    playground.stage.remove_bot()
    assert await refusal(bot.get_partial_messageable(1200000000000001001).send("x")) == (403, 50001)
    await ana.say("#general", "still here")
    await bot.hear("message")
    assert [guild.name for guild in bot.guilds] == ["Other Server"]
    assert await ana.commands("#studio") == []
