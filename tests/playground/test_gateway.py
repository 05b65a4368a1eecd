"""The gateway: drops, resumes, invalid sessions, refused identifies; nothing is lost and nothing comes twice."""

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from bot.playground import Person, Playground
from bot.playground.gateway import ACK_SECONDS
from tests.playground.conftest import INTENTS, Connect, SmallBot

QUERY = "?v=10&encoding=json"


async def test_resume_after_a_drop_loses_nothing(bot: SmallBot, ana: Person, playground: Playground) -> None:
    await ana.say("#studio", "before")
    await bot.hear("message")
    playground.drop_gateway()
    await ana.until(lambda: None if playground.gateway.online else True)
    for number in range(3):
        await ana.say("#studio", f"while away {number}")
    await bot.hear("message", 4)
    assert bot.resumed.is_set()
    await ana.say("#studio", "after")
    assert len(await bot.hear("message", 5)) == 5


async def test_reconnect_resumes(bot: SmallBot, ana: Person, playground: Playground) -> None:
    playground.reconnect()
    await asyncio.wait_for(bot.resumed.wait(), 10)
    await ana.say("#studio", "hello")
    await bot.hear("message")


@pytest.mark.parametrize("resumable", [True, False])
async def test_invalid_session(bot: SmallBot, ana: Person, playground: Playground, resumable: bool) -> None:
    bot.ready.clear()
    playground.invalidate_session(resumable=resumable)
    await asyncio.wait_for((bot.resumed if resumable else bot.ready).wait(), 10)
    await ana.say("#studio", "hello")
    await bot.hear("message")


async def test_an_old_session_cannot_be_resumed(bot: SmallBot, ana: Person, playground: Playground) -> None:
    bot.ready.clear()
    playground.clock.freeze()
    playground.gateway.drop()
    playground.clock.advance(181)
    await asyncio.wait_for(bot.ready.wait(), 10)
    assert not bot.resumed.is_set()


async def test_wrong_token(playground: Playground) -> None:
    client = discord.Client(intents=INTENTS)
    with pytest.raises(discord.LoginFailure):
        await client.start("wrong")
    await client.close()


async def test_privileged_intents_must_be_granted(connect: Connect, playground: Playground) -> None:
    wanted = discord.Intents(guilds=True, guild_messages=True, message_content=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await connect(SmallBot(wanted))
    playground.world.application.privileged = wanted.value
    granted = await connect(SmallBot(wanted))
    ana = playground.user("ana")
    await ana.say("#studio", "readable")
    assert (await granted.hear("message"))[0].content == "readable"


async def test_without_message_content_texts_are_empty_but_for_mentions_and_dms(bot: SmallBot, ana: Person) -> None:
    assert bot.user is not None
    await ana.say("#studio", "hidden")
    await ana.say("#studio", f"<@{bot.user.id}> shown")
    dm = await ana.dm()
    await ana.say(dm["id"], "shown too")
    contents = [message.content for message in await bot.hear("message", 3)]
    assert contents == ["", f"<@{bot.user.id}> shown", "shown too"]
    history = [message.content async for message in bot.guilds[0].text_channels[0].history()]
    assert history == [f"<@{bot.user.id}> shown", ""]


async def talk(playground: Playground, *packets: Any, query: str = QUERY) -> tuple[list[Any], int | None]:
    """What a raw client hears, until the gateway closes, and the code that it closes with."""
    async with aiohttp.ClientSession() as session, session.ws_connect(playground.gateway_url + query) as socket:
        for packet in packets:
            await socket.send_str(packet if isinstance(packet, str) else json.dumps(packet))
        async with asyncio.timeout(10):
            heard = [frame.json() async for frame in socket]
        return heard, socket.close_code


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        ("not json", 4002),
        ("x" * 5000, 4002),
        ({"op": 99}, 4001),
        ({"op": 2, "d": "x"}, 4002),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "wrong", "intents": 1, "properties": {}}}, 4004),
        ({"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 0}}, 4004),
        ({"op": 2, "d": {"token": "TOKEN", "intents": -1, "properties": {}}}, 4013),
        ({"op": 2, "d": {"token": "TOKEN", "intents": 1 << 1, "properties": {}}}, 4014),
        ({"op": 2, "d": {"token": "TOKEN", "intents": 1, "shard": [2, 1], "properties": {}}}, 4010),
    ],
)
async def test_close_codes(playground: Playground, packet: Any, code: int) -> None:
    text = (packet if isinstance(packet, str) else json.dumps(packet)).replace("TOKEN", playground.token)
    heard, closed = await talk(playground, text)
    assert (heard[0]["op"], closed) == (10, code)


async def test_more_close_codes(playground: Playground) -> None:
    identify: Any = {"op": 2, "d": {"token": playground.token, "intents": 1, "properties": {}}}
    assert (await talk(playground, identify, identify))[1] == 4005
    assert (await talk(playground, query="?v=9&encoding=json"))[1] == 4012


async def test_120_packets_a_minute_are_answered_and_one_more_is_too_many(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(playground.gateway_url + QUERY) as socket:
        for _ in range(120):
            await socket.send_json({"op": 1, "d": None})
        async with asyncio.timeout(10):
            assert [(await socket.receive_json())["op"] for _ in range(121)] == [10] + [11] * 120
            await socket.send_json({"op": 1, "d": None})
            await socket.receive()
        assert socket.close_code == 4008


async def test_a_heartbeat_is_acknowledged_a_round_trip_later(playground: Playground) -> None:
    playground.clock.freeze()
    resume = {"token": playground.token, "session_id": "unknown", "seq": 0}
    async with aiohttp.ClientSession() as session, session.ws_connect(playground.gateway_url + QUERY) as socket:
        await socket.send_json({"op": 1, "d": None})
        await socket.send_json({"op": 6, "d": resume})
        assert [(await socket.receive_json())["op"] for _ in range(2)] == [10, 9]
        playground.clock.advance(ACK_SECONDS)
        assert (await socket.receive_json())["op"] == 11


async def test_silence_ends_the_connection(playground: Playground) -> None:
    playground.gateway.interval = 0.02
    assert (await talk(playground))[1] == 4009


async def test_zlib_stream_is_one_context_flushed_after_each_packet(playground: Playground) -> None:
    url = playground.gateway_url + "?v=10&encoding=json&compress=zlib-stream"
    inflate = zlib.decompressobj()
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.send_json({"op": 1, "d": None})
        for expected in (10, 11):
            data = (await socket.receive()).data
            assert data.endswith(b"\x00\x00\xff\xff")
            assert json.loads(inflate.decompress(data))["op"] == expected


async def test_each_shard_hears_of_its_own_guilds(playground: Playground, ana: Person) -> None:
    ids = [int(guild.id) for guild in playground.world.joined()]
    for shard in (0, 1):
        identify: Any = {"token": playground.token, "intents": 1, "shard": [shard, 2], "properties": {}}
        heard, _ = await talk(playground, {"op": 2, "d": identify}, {"op": 99})
        ready = next(each["d"] for each in heard if each["t"] == "READY")
        assert ready["shard"] == [shard, 2]
        assert [int(guild["id"]) for guild in ready["guilds"]] == [each for each in ids if (each >> 22) % 2 == shard]


async def test_members_are_chunked_on_request(bot: SmallBot) -> None:
    members = await bot.guilds[0].query_members(user_ids=[int(member) for member in (bot.guilds[0].owner_id or 0,)])
    assert [member.name for member in members] == ["host"]
