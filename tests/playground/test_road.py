"""The main road: log in, be asked, answer, be clicked."""

import io

import discord

from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.openapi import Validator, openapi_path
from tests.playground.conftest import SmallBot


def png(pixels: bytes, name: str = "grid.png") -> discord.File:
    return discord.File(io.BytesIO(pixels), name)


async def test_login_and_guilds(bot: SmallBot) -> None:
    assert [guild.name for guild in bot.guilds] == ["Lienzo Studio", "Other Server"]
    assert [channel.name for channel in bot.guilds[0].text_channels] == ["studio", "gallery", "random"]
    assert bot.guilds[0].me.guild_permissions.attach_files
    assert not bot.guilds[0].me.guild_permissions.manage_messages


async def test_slash_defer_edit_and_follow_up(
    bot: SmallBot, ana: Person, playground: Playground, pixels: bytes
) -> None:
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=interaction.extras["text"], attachments=[png(pixels)])
        await interaction.followup.send("more", files=[png(pixels, "a b.png"), png(pixels, "b.png")])

    bot.on_ask = ask
    asked = await ana.slash("ask", "#studio", text="a fox")
    message = await asked.message()
    assert (message["content"], message["flags"], message["type"]) == ("a fox", 0, 20)
    assert message["interaction_metadata"]["user"]["username"] == "ana"
    attachment = message["attachments"][0]
    assert (attachment["filename"], attachment["width"], attachment["content_type"]) == ("grid.png", 1, "image/png")
    assert await ana.download(attachment["url"]) == pixels
    more = await ana.wait("#studio", lambda each: each["content"] == "more")
    assert [each["filename"] for each in more["attachments"]] == ["a_b.png", "b.png"]
    assert more["message_reference"]["message_id"] == message["id"]
    sent = [(logged.method, logged.route, logged.status, logged.files) for logged in playground.log][-3:]
    assert sent == [
        ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", 200, []),
        ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", 200, [("grid.png", len(pixels))]),
        ("POST", "/webhooks/{webhook_id}/{webhook_token}", 200, [("a b.png", len(pixels)), ("b.png", len(pixels))]),
    ]


async def test_thinking_shows_until_it_is_filled_by_the_first_follow_up(bot: SmallBot, ana: Person) -> None:
    go = discord.utils.MISSING

    async def ask(interaction: discord.Interaction) -> None:
        nonlocal go
        await interaction.response.defer(ephemeral=True)
        go = interaction

    bot.on_ask = ask
    asked = await ana.slash("ask", "#studio")
    thinking = await asked.thinking()
    assert thinking["flags"] == 128 | 64
    filled = await go.followup.send("done", wait=True)
    message = await asked.message()
    assert (message["id"], message["content"], message["flags"]) == (str(filled.id), "done", 64)
    assert message["edited_timestamp"] is None


async def test_an_attachment_option_reaches_the_bot(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    async def ask(interaction: discord.Interaction) -> None:
        file: discord.Attachment = interaction.extras["file"]
        await interaction.response.send_message(f"{file.filename} {file.width} {await file.read() == pixels}")

    bot.on_ask = ask
    asked = await ana.slash("ask", "#studio", file=("cat.png", pixels))
    assert (await asked.message())["content"] == "cat.png 1 True"


async def test_buttons_answer_update_and_defer(bot: SmallBot, ana: Person) -> None:
    class View(discord.ui.View):
        @discord.ui.button(label="U1", custom_id="up:1")
        async def up(self, interaction: discord.Interaction, _: discord.ui.Button["View"]) -> None:
            await interaction.response.send_message("up", ephemeral=True)

        @discord.ui.button(emoji="🔄", custom_id="again")
        async def again(self, interaction: discord.Interaction, _: discord.ui.Button["View"]) -> None:
            await interaction.response.edit_message(content="changed")

        @discord.ui.button(label="Later", custom_id="later")
        async def later(self, interaction: discord.Interaction, _: discord.ui.Button["View"]) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(content="later", view=None)

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("grid", view=View(timeout=None))

    bot.on_ask = ask
    message = await (await ana.slash("ask", "#studio")).message()
    assert labels(message) == ["U1", "🔄", "Later"]
    answer = await (await ana.click(message, "U1")).message()
    assert (answer["content"], answer["flags"], answer["message_reference"]["message_id"]) == ("up", 64, message["id"])
    changed = await (await ana.click(message, "🔄")).message()
    assert (changed["id"], changed["content"]) == (message["id"], "changed")
    await ana.click(message, "later")
    await ana.wait("#studio", lambda each: each["id"] == message["id"] and each["content"] == "later")
    assert ana.messages[message["id"]]["components"] == []


async def test_others_see_messages_but_not_ephemeral_ones(bot: SmallBot, ana: Person, playground: Playground) -> None:
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(interaction.extras["text"], ephemeral=True)
        await interaction.followup.send("public")

    bot.on_ask = ask
    ben = playground.user("ben")
    secret = await (await ana.slash("ask", "#studio", text="secret")).message()
    await ben.wait("#studio", lambda each: each["content"] == "public")
    assert secret["id"] not in ben.messages
    assert secret["id"] not in [each["id"] for each in await ben.history("#studio")]
    assert secret["id"] in [each["id"] for each in await ana.history("#studio")]
    await ana.delete(secret)
    await ana.gone(secret)


async def test_everything_on_the_road_fits_the_specification(
    bot: SmallBot, ana: Person, playground: Playground, validator: Validator, pixels: bytes
) -> None:
    openapi_path()

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="x", attachments=[png(pixels)])

    bot.on_ask = ask
    await (await ana.slash("ask", "#studio")).message()
    assert "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original" in validator.seen
    assert validator.problems == []
