"""Channel messages: edits of attachments, replies, history, reactions, typing, threads, DMs."""

import io

import discord
import pytest
from discord.http import Route

from bot.playground import Person, Playground, PlaygroundError
from tests.playground.conftest import SmallBot
from tests.playground.test_rules import refusal


def file(name: str, data: bytes = b"x") -> discord.File:
    return discord.File(io.BytesIO(data), name)


def channel_of(bot: SmallBot) -> discord.TextChannel:
    return bot.guilds[0].text_channels[0]


async def test_an_edit_keeps_what_it_lists_and_adds_what_it_brings(bot: SmallBot, ana: Person) -> None:
    sent = await channel_of(bot).send("x", files=[file("a.txt"), file("b.txt")])
    edited = await sent.edit(attachments=[sent.attachments[1], file("c.txt")])
    assert [each.filename for each in edited.attachments] == ["b.txt", "c.txt"]
    edited = await edited.edit(content="only the text")
    assert [each.filename for each in edited.attachments] == ["b.txt", "c.txt"]
    assert edited.edited_at is not None
    edited = await edited.edit(attachments=[])
    assert edited.attachments == []
    assert await refusal(edited.edit(content=None)) == (400, 50006)
    shown = await ana.wait("#studio", lambda each: each["id"] == str(sent.id) and not each["attachments"])
    assert shown["content"] == "only the text"


async def test_an_edit_can_describe_a_file_anew(bot: SmallBot) -> None:
    sent = await channel_of(bot).send(file=discord.File(io.BytesIO(b"x"), "a.txt", description="old"))
    assert sent.attachments[0].description == "old"
    route = Route(
        "PATCH", "/channels/{channel_id}/messages/{message_id}", channel_id=sent.channel.id, message_id=sent.id
    )
    body = {"attachments": [{"id": str(sent.attachments[0].id), "description": "new"}]}
    edited = await bot.http.request(route, json=body)
    assert edited["attachments"][0]["description"] == "new"


async def test_an_edit_can_keep_the_picture_of_an_embed(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    embed = discord.Embed(title="grid").set_image(url="attachment://a.png")
    sent = await channel_of(bot).send(embed=embed, file=file("a.png", pixels))
    assert sent.attachments == []
    edited = await sent.edit(content="more")
    assert await ana.download(edited.embeds[0].image.url or "") == pixels


async def test_replies_refer_and_ping_once(bot: SmallBot, ana: Person) -> None:
    said = await ana.say("#studio", "hello")
    parent = channel_of(bot).get_partial_message(int(said["id"]))
    quiet = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=False)
    reply = await channel_of(bot).send("hi", reference=parent.to_reference(), allowed_mentions=quiet)
    assert (reply.type, reply.mentions) == (discord.MessageType.reply, [])
    assert reply.reference is not None
    assert reply.reference.message_id == int(said["id"])
    loud = discord.AllowedMentions(everyone=False, users=[discord.Object(int(ana.id))], roles=False, replied_user=False)
    pinged = await channel_of(bot).send(f"<@{ana.id}> done <@{bot.guilds[0].owner_id}>", allowed_mentions=loud)
    assert [user.id for user in pinged.mentions] == [int(ana.id)]
    by_reply = await parent.reply("ping")
    assert [user.id for user in by_reply.mentions] == [int(ana.id)]


async def test_history_in_all_directions(bot: SmallBot, ana: Person) -> None:
    sent = [await channel_of(bot).send(str(number)) for number in range(7)]
    channel, middle = channel_of(bot), sent[3]
    assert [each.content async for each in channel.history(limit=2)] == ["6", "5"]
    assert [each.content async for each in channel.history(limit=2, before=middle)] == ["2", "1"]
    assert [each.content async for each in channel.history(limit=2, after=middle)] == ["4", "5"]
    assert [each.content async for each in channel.history(limit=3, around=middle)] == ["4", "3", "2"]
    assert (await channel.fetch_message(middle.id)).content == "3"
    await middle.delete()
    assert await refusal(channel.fetch_message(middle.id)) == (404, 10008)
    await ana.wait("#studio", lambda each: each["content"] == "6")
    assert str(middle.id) not in ana.messages


async def test_reactions_both_ways(bot: SmallBot, ana: Person, playground: Playground) -> None:
    sent = await channel_of(bot).send("react")
    await sent.add_reaction("❌")
    await sent.add_reaction("❌")
    await sent.add_reaction("#️⃣")
    await sent.remove_reaction("#️⃣", discord.Object(bot.application_id or 0))
    await ana.react(await ana.wait("#studio", lambda each: each["id"] == str(sent.id)), "#️⃣")
    await ana.unreact(ana.messages[str(sent.id)], "#️⃣")
    message = await ana.wait("#studio", lambda each: len(each.get("reactions", ())) == 1)
    assert [(each["emoji"]["name"], each["count"], each["me"]) for each in message["reactions"]] == [("❌", 1, False)]
    await ana.react(message, "❌")
    event = (await bot.hear("reaction", 4))[-1]
    assert (event.user_id, event.message_id, str(event.emoji)) == (int(ana.id), sent.id, "❌")
    assert event.member is not None
    [reaction] = (await channel_of(bot).fetch_message(sent.id)).reactions
    assert (reaction.count, reaction.me, [user.name async for user in reaction.users()]) == (2, True, ["ana", "lienzo"])
    assert (await ana.history("#studio"))[0]["reactions"][0]["me"]
    await ana.unreact(message, "❌")
    await bot.hear("unreaction", 3)
    await sent.remove_reaction("❌", discord.Object(bot.application_id or 0))
    await ana.wait("#studio", lambda each: each["id"] == str(sent.id) and not each.get("reactions"))
    with pytest.raises(PlaygroundError, match="Unknown Emoji"):
        await ana.react(message, "nonsense")


async def test_typing_both_ways(bot: SmallBot, ana: Person) -> None:
    async with channel_of(bot).typing():
        await ana.until(lambda: ana.typing or None)
    assert ana.typing[0]["user_id"] == str(bot.application_id)


async def test_threads(bot: SmallBot, ana: Person) -> None:
    sent = await channel_of(bot).send("start here")
    thread = await sent.create_thread(name="The grid")
    assert (thread.id, thread.parent_id) == (sent.id, channel_of(bot).id)
    await thread.send("inside")
    found = await ana.wait(str(thread.id), lambda each: each["content"] == "inside")
    assert found["channel_id"] == str(thread.id)
    assert ana.messages[str(sent.id)]["thread"]["name"] == "The grid"
    await ana.say(str(thread.id), "me too")
    assert (await bot.hear("message"))[0].channel.id == thread.id

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(str(interaction.channel))

    bot.on_ask = ask
    assert (await (await ana.slash("ask", str(thread.id))).message())["content"] == "The grid"
    assert await refusal(sent.create_thread(name="again")) == (400, 160004)
    await thread.edit(archived=True)
    assert thread.archived or (await bot.fetch_channel(thread.id)).archived  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def test_a_private_thread_is_for_its_members(bot: SmallBot, ana: Person, playground: Playground) -> None:
    playground.world.guilds[str(bot.guilds[0].id)].roles[str(bot.guilds[0].id)].permissions |= 1 << 36
    thread = await channel_of(bot).create_thread(name="secret", type=discord.ChannelType.private_thread)
    await thread.send("inside")
    assert await ana.history(str(thread.id)) == []
    await thread.add_user(discord.Object(int(ana.id)))
    assert [each["content"] for each in await ana.history(str(thread.id))] == ["inside"]


async def test_a_message_of_the_bot_before_anything_else(bot: SmallBot, ana: Person) -> None:
    user = await bot.fetch_user(int(ana.id))
    await user.send("hello")
    await ana.until(lambda: ana.channels or None)
    assert (await ana.wait("@lienzo", lambda each: each["author"]["bot"]))["content"] == "hello"
    await ana.say("#studio", "and the other channels are there too")
    assert (await ana.dm())["id"] == await ana._channel("@lienzo")  # pyright: ignore[reportPrivateUsage]


async def test_dms(bot: SmallBot, ana: Person, playground: Playground) -> None:
    user = await bot.fetch_user(int(ana.id))
    sent = await user.send("hello")
    received = await ana.wait(str(sent.channel.id), lambda each: each["content"] == "hello")
    assert "guild_id" not in received
    assert (await ana.dm())["id"] == str(sent.channel.id)
    await ana.say(str(sent.channel.id), "hi")
    assert (await bot.hear("message"))[0].content == "hi"
    playground.world.users[ana.id].dms_open = False
    assert await refusal(user.send("again")) == (403, 50007)
    ben = playground.user("ben")
    assert await ben.history(str(sent.channel.id)) == []


async def test_people_delete_and_moderators_delete_more(bot: SmallBot, ana: Person, playground: Playground) -> None:
    sent = await channel_of(bot).send("x")
    message = await ana.wait("#studio", lambda each: each["content"] == "x")
    with pytest.raises(PlaygroundError, match="may not delete"):
        await ana.delete(message)
    await playground.user("mod").delete(message)
    [event] = await bot.hear("delete")
    assert event.message_id == sent.id
    own = await ana.say("#studio", "mine")
    await ana.delete(own)
    await bot.hear("delete", 2)


async def test_suppressed_embeds(bot: SmallBot, ana: Person) -> None:
    sent = await channel_of(bot).send(embed=discord.Embed(title="x"), suppress_embeds=False)
    await sent.edit(suppress=True)
    assert (await channel_of(bot).fetch_message(sent.id)).flags.suppress_embeds


async def test_guild_reads(bot: SmallBot) -> None:
    guild = await bot.fetch_guild(bot.guilds[0].id)
    assert [role.name for role in await guild.fetch_roles()] == ["@everyone", "Moderator", "Lienzo", "Administrator"]
    assert [channel.name for channel in await guild.fetch_channels()] == ["studio", "gallery", "random"]
    assert (await guild.fetch_member(bot.application_id or 0)).name == "lienzo"
    assert [each.name async for each in bot.fetch_guilds()] == ["Lienzo Studio", "Other Server"]
    assert await refusal(bot.http.get_members(guild.id, 10, None)) == (403, 50001)
    info = await bot.application_info()
    assert (info.id, info.owner.name) == (bot.application_id, "host")
