"""What one's own account has to do with the application: adding it, using it where the bot is not, refusing its messages."""

import discord
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Place
from tests.browser.page import USERS, Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("channel", ["lounge", "Ana", "Weekend"])
async def test_an_application_on_ones_account_is_used_where_the_bot_is_not(chat: Chat, channel: str) -> None:
    await chat.choose_channel(channel)
    bar = chat.page.locator(".install-bar")
    await expect(bar).to_contain_text("Lienzo is not here")
    await chat.run("/imagine a fox")
    await expect(chat.page.locator(".composer-problem")).to_have_text("No command is called that")
    await chat.box.fill("")
    await bar.get_by_role("button", name="Add Lienzo").click()
    await expect(bar).to_have_count(0)
    await expect(chat.page.get_by_role("switch", name="Lienzo on this account")).to_have_attribute(
        "aria-checked", "true"
    )
    await chat.run("/imagine a fox")
    await chat.offering("U1", "a fox")


async def test_others_see_the_answer_and_are_offered_nothing(chat: Chat) -> None:
    await chat.page.get_by_role("switch", name="Lienzo on this account").click()
    await expect(chat.page.get_by_role("switch", name="Lienzo on this account")).to_be_checked()
    await chat.choose_channel("Weekend")
    await chat.run("/imagine a fox")
    await chat.picture("a fox")
    await chat.choose_user("Mod")
    await expect(chat.message("a fox")).to_be_visible()
    await expect(chat.page.locator(".install-bar")).to_be_visible()
    await expect(chat.page.get_by_role("switch", name="Lienzo on this account")).not_to_be_checked()


async def test_the_switches_keep_the_focus_and_work_by_keyboard(chat: Chat, place: Place) -> None:
    switch = chat.page.get_by_role("switch", name="Takes messages from Lienzo")
    await switch.focus()
    await chat.page.keyboard.press("Space")
    await expect(switch).not_to_be_checked()
    await expect(switch).to_be_focused()
    user = await place.bot.fetch_user(int(USERS["ben"]))
    with pytest.raises(discord.Forbidden) as error:
        await user.send("hello")
    assert error.value.code == 50007
    await chat.page.keyboard.press("Space")
    await expect(switch).to_be_checked()
    await user.send("hello")
    await expect(chat.page.locator(".channel", has_text="Lienzo").locator(".badge")).to_have_text("1")
    installed = chat.page.get_by_role("switch", name="Lienzo on this account")
    await installed.focus()
    await chat.page.keyboard.press("Space")
    await expect(installed).to_be_checked()
    await expect(installed).to_be_focused()


async def test_a_command_for_moderators_is_hidden_from_others(chat: Chat, place: Place) -> None:
    guild = place.bot.guilds[0]
    place.bot.tree.command(name="clear", guild=guild, description="For moderators")(clear)
    command = place.bot.tree.get_command("clear", guild=guild)
    assert isinstance(command, discord.app_commands.Command)
    command.default_permissions = discord.Permissions(manage_messages=True)
    await place.bot.tree.sync(guild=guild)
    await chat.box.press_sequentially("/cl")
    await expect(chat.page.locator(".suggest-heading")).to_have_text("No command is called that")
    place.playground.stage.grant("ben", "Moderator")
    await expect(chat.option("/clear")).to_be_visible()


async def clear(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("cleared")


async def test_a_lost_channel_goes_from_the_list(chat: Chat, place: Place) -> None:
    await chat.choose_channel("gallery")
    place.playground.stage.overwrite("#gallery", "ben", deny=1 << 10)
    await expect(chat.page.locator(".top h2")).to_have_text("studio")
    place.playground.stage.overwrite("#gallery", "ben")
    await chat.choose_channel("gallery")
    place.playground.stage.delete("#gallery")
    await expect(chat.page.locator(".top h2")).to_have_text("studio")
    await expect(chat.page.locator(".channel", has_text="gallery")).to_have_count(0)
