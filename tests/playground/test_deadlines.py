"""The rules of time: 3 seconds, 15 minutes, one first answer, links that expire; all by the playground's clock."""

import asyncio

import discord
import pytest

from bot.playground import Person, Playground
from tests.playground.conftest import SmallBot


async def start(bot: SmallBot, ana: Person, playground: Playground) -> discord.Interaction:
    """An interaction that reached the bot and was not answered."""
    got: asyncio.Future[discord.Interaction] = asyncio.get_running_loop().create_future()

    async def ask(interaction: discord.Interaction) -> None:
        got.set_result(interaction)

    bot.on_ask = ask
    await ana.slash("ask", "#studio", text="x")
    return await got


def refused(error: pytest.ExceptionInfo[discord.HTTPException]) -> tuple[int, int]:
    return error.value.status, error.value.code


async def test_no_answer_in_three_seconds(bot: SmallBot, ana: Person, playground: Playground) -> None:
    playground.clock.freeze()
    interaction = await start(bot, ana, playground)
    playground.clock.advance(3.0)
    event = await ana.until(lambda: ana.interactions.get(str(interaction.id)))
    assert event["state"] == "failed"
    with pytest.raises(discord.NotFound) as error:
        await interaction.response.defer()
    assert refused(error) == (404, 10062)


async def test_an_answer_just_in_time(bot: SmallBot, ana: Person, playground: Playground) -> None:
    playground.clock.freeze()
    interaction = await start(bot, ana, playground)
    playground.clock.advance(2.99)
    await interaction.response.defer()
    playground.clock.advance(10)
    assert (await ana.until(lambda: ana.interactions.get(str(interaction.id))))["state"] == "acknowledged"


async def test_a_second_answer_is_refused(bot: SmallBot, ana: Person, playground: Playground) -> None:
    interaction = await start(bot, ana, playground)
    await interaction.response.defer()
    interaction.response._response_type = None  # pyright: ignore[reportPrivateUsage] discord.py would not even ask
    with pytest.raises(discord.HTTPException) as error:
        await interaction.response.send_message("again")
    assert refused(error) == (400, 40060)


async def test_the_token_dies_after_fifteen_minutes(bot: SmallBot, ana: Person, playground: Playground) -> None:
    interaction = await start(bot, ana, playground)
    await interaction.response.defer()
    playground.clock.advance(899)
    await interaction.edit_original_response(content="still good")
    playground.clock.advance(2)
    with pytest.raises(discord.HTTPException) as error:
        await interaction.edit_original_response(content="too late")
    assert refused(error) == (401, 50027)
    with pytest.raises(discord.HTTPException) as error:
        await interaction.followup.send("too late")
    assert refused(error) == (401, 50027)


async def test_a_follow_up_before_the_answer_is_unknown(bot: SmallBot, ana: Person, playground: Playground) -> None:
    interaction = await start(bot, ana, playground)
    with pytest.raises(discord.NotFound) as error:
        await interaction.followup.send("early")
    assert refused(error) == (404, 10015)


async def test_a_refused_answer_can_be_tried_again(bot: SmallBot, ana: Person, playground: Playground) -> None:
    interaction = await start(bot, ana, playground)
    with pytest.raises(discord.HTTPException) as error:
        await interaction.response.send_message("x" * 2001)
    assert refused(error) == (400, 50035)
    await interaction.response.send_message("x" * 2000)


async def test_original_can_be_deleted_and_is_then_unknown(bot: SmallBot, ana: Person, playground: Playground) -> None:
    interaction = await start(bot, ana, playground)
    await interaction.response.send_message("x")
    sent = await interaction.original_response()
    await interaction.delete_original_response()
    await ana.until(lambda: str(sent.id) in ana.deleted or None)
    with pytest.raises(discord.NotFound) as error:
        await interaction.edit_original_response(content="y")
    assert refused(error) == (404, 10008)


async def test_links_expire_and_are_renewed_when_read(
    bot: SmallBot, ana: Person, playground: Playground, pixels: bytes
) -> None:
    channel = bot.guilds[0].text_channels[0]
    sent = await channel.send(file=discord.File(__import__("io").BytesIO(pixels), "a.png"))
    url = sent.attachments[0].url
    assert await ana.download(url) == pixels
    playground.clock.advance(25 * 3600)
    with pytest.raises(Exception, match="404"):
        await ana.download(url)
    [again] = await ana.history("#studio")
    assert await ana.download(again["attachments"][0]["url"]) == pixels
    forged = url.replace("hm=", "hm=0")
    with pytest.raises(Exception, match="404"):
        await ana.download(forged)


async def test_the_clock_only_moves_forward(playground: Playground) -> None:
    with pytest.raises(ValueError, match="forward"):
        playground.clock.advance(-1)
    playground.clock.freeze()
    now = playground.clock.now()
    fired: list[int] = []
    playground.clock.call_later(2, lambda: fired.append(2))
    playground.clock.call_later(1, lambda: fired.append(1)).cancel()
    playground.clock.call_later(1.5, lambda: fired.append(1))
    playground.clock.advance(3)
    assert (playground.clock.now(), fired) == (now + 3, [1, 2])
    playground.clock.thaw()
    assert playground.clock.now() >= now + 3
