"""Faults on demand, rate limits, and how the real client takes them."""

import asyncio

import aiohttp
import discord
import pytest

from bot.playground import Fault, Person, Playground
from tests.playground.conftest import SmallBot

MESSAGES = "/channels/*/messages"


async def test_500_is_retried_by_the_client(bot: SmallBot, playground: Playground, no_waiting: list[float]) -> None:
    fault = playground.faults.add(Fault("POST", MESSAGES, status=500, times=2))
    sent = await bot.guilds[0].text_channels[0].send("hello")
    assert (sent.content, fault.seen) == ("hello", 2)
    assert no_waiting[-2:] == [1, 3]
    assert [logged.status for logged in playground.log][-3:] == [500, 500, 200]


async def test_429_is_waited_for(bot: SmallBot, playground: Playground, no_waiting: list[float]) -> None:
    playground.faults.add(Fault("POST", MESSAGES, status=429, retry_after=0.75))
    await bot.guilds[0].text_channels[0].send("hello")
    assert 0.75 in no_waiting


async def test_a_fault_on_an_interactions_webhook(
    bot: SmallBot, ana: Person, playground: Playground, no_waiting: list[float]
) -> None:
    playground.faults.add(Fault("PATCH", "/webhooks/*/messages/@original", status=429, retry_after=2.5))
    playground.faults.add(Fault("PATCH", "/webhooks/*/messages/@original", status=503))

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="done")

    bot.on_ask = ask
    asked = await ana.slash("ask", "#studio")
    assert (await asked.message())["content"] == "done"
    assert 2.5 in no_waiting


async def test_a_chosen_refusal(bot: SmallBot, playground: Playground) -> None:
    playground.faults.add(Fault("POST", MESSAGES, status=403, code=50013, message="Missing Permissions"))
    with pytest.raises(discord.Forbidden) as error:
        await bot.guilds[0].text_channels[0].send("hello")
    assert error.value.code == 50013


async def test_a_failure_that_was_none_and_the_nonce_that_saves_it(
    bot: SmallBot, ana: Person, playground: Playground
) -> None:
    playground.faults.add(Fault("POST", MESSAGES, status=502, done=True))
    sent = await bot.guilds[0].text_channels[0].send("once", nonce="job-1")
    assert sent.nonce == "job-1"
    assert (await sent.channel.fetch_message(sent.id)).nonce is None
    assert [each["content"] for each in await ana.history("#studio")] == ["once"]
    playground.clock.advance(301)
    await bot.guilds[0].text_channels[0].send("twice", nonce="job-1")
    assert [each["content"] for each in await ana.history("#studio")] == ["once", "twice"]


async def test_a_request_is_held_until_it_is_released(bot: SmallBot, ana: Person, playground: Playground) -> None:
    fault = playground.faults.add(Fault("POST", MESSAGES, hold=True))
    sending = asyncio.create_task(bot.guilds[0].text_channels[0].send("slow"))
    await asyncio.wait_for(fault.reached.wait(), 10)
    assert await ana.history("#studio") == []
    fault.release()
    await sending
    assert [each["content"] for each in await ana.history("#studio")] == ["slow"]


async def test_a_dropped_connection(bot: SmallBot, playground: Playground) -> None:
    playground.faults.add(Fault("POST", MESSAGES, drop=True))
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.guilds[0].text_channels[0].send("hello")
    assert playground.log[-1].status == 0


async def test_rate_limits_when_switched_on(bot: SmallBot, playground: Playground) -> None:
    playground.clock.freeze()
    playground.rate_limits.enabled = True
    channel = bot.guilds[0].text_channels[0]
    url = f"{playground.api_url}/channels/{channel.id}/messages"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {playground.token}"}) as session:
        for left in (4, 3, 2, 1, 0):
            async with session.post(url, json={"content": "x"}) as passed:
                assert (passed.status, passed.headers["X-RateLimit-Remaining"]) == (200, str(left))
        async with session.post(url, json={"content": "x"}) as refused:
            assert (refused.status, refused.headers["X-RateLimit-Scope"]) == (429, "user")
            assert refused.headers["Via"]
            assert (await refused.json())["retry_after"] == 5.0
        playground.clock.advance(5)
        async with session.post(url, json={"content": "x"}) as passed:
            assert (passed.status, passed.headers["X-RateLimit-Remaining"]) == (200, "4")


async def test_the_global_limit_spares_interactions(
    bot: SmallBot, ana: Person, playground: Playground, no_waiting: list[float]
) -> None:
    playground.clock.freeze()
    playground.rate_limits.enabled = True
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {playground.token}"}) as session:
        statuses: list[int] = []
        scope: str | None = None
        for number in range(51):
            path = ("/users/@me", "/users/@me/guilds")[number % 2]
            async with session.get(playground.api_url + path) as answer:
                statuses.append(answer.status)
                scope = answer.headers.get("X-RateLimit-Scope")
        assert (statuses.count(200), statuses[-1], scope) == (50, 429, "global")

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("not limited")

    bot.on_ask = ask
    assert (await (await ana.slash("ask", "#studio")).message())["content"] == "not limited"
