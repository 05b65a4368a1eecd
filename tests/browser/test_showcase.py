"""Everything that a message, a command or an account of the page offers besides the main road."""

import discord
import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.browser.conftest import Place
from tests.browser.page import Chat
from tests.browser.showcase import MENUS

pytestmark = pytest.mark.asyncio(loop_scope="session")

GALLERY = "https://discord.com/channels/1200000000000001000/1200000000000001002"
SELECTS = {
    "People": (["Ana", "Mod"], "people=['1200000000000000101', '1200000000000000103']"),
    "Roles": (["Moderator"], "roles=['1200000000000001101']"),
    "Rooms": (["gallery"], "rooms=['1200000000000001002']"),
    "Anyone": (["Administrator"], "anyone=['1200000000000001103']"),
}


def payload(name: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": b"x"}


async def shown(chat: Chat, kind: str, text: str) -> Locator:
    """A message of the showcase."""
    await chat.run(f"/show kind: {kind}")
    return await chat.offering("More actions", text)


async def test_several_of_a_select_are_chosen_within_its_bounds(chat: Chat) -> None:
    message = await shown(chat, "selects", "choose")
    trigger = message.locator(".select").first
    await expect(trigger).to_have_text("🦊 Alpha, Bravo")
    await trigger.click()
    for word in ("Charlie", "Delta"):
        await chat.option(word).click()
    await expect(trigger).to_have_text("🦊 Alpha, Bravo, Charlie")
    await chat.option("Alpha").click()
    await chat.page.get_by_role("button", name="Done").click()
    await expect(chat.message("letters=")).to_contain_text("letters=['bravo', 'charlie']")
    await trigger.click()
    for word in ("Bravo", "Charlie"):
        await chat.option(word).click()
    await chat.page.keyboard.press("Escape")
    await expect(trigger).to_have_text("Bravo, Charlie")
    await expect(chat.messages.filter(has_text="letters=")).to_have_count(1)


async def test_people_roles_and_channels_are_chosen_in_messages(chat: Chat) -> None:
    message = await shown(chat, "selects", "choose")
    for name, (labels, answer) in SELECTS.items():
        trigger = message.locator(".select", has_text=name)
        await trigger.click()
        for label in labels:
            await chat.option(label).click()
        if len(labels) > 1:
            await chat.page.get_by_role("button", name="Done").click()
        await expect(chat.message(answer)).to_be_visible()


async def test_a_select_that_is_left_as_it_was_does_nothing_and_an_edit_takes_choices_back(
    chat: Chat, place: Place
) -> None:
    channel = place.bot.get_channel(1200000000000001001)
    assert isinstance(channel, discord.TextChannel)
    view = discord.ui.View(timeout=None)
    options = [discord.SelectOption(label=each, value=each, default=each == "A") for each in "AB"]
    view.add_item(discord.ui.Select(custom_id="letters", options=options))
    sent = await channel.send("one of two", view=view)
    trigger = chat.page.locator(f"article[data-id='{sent.id}'] .select")
    await trigger.click()
    await chat.page.keyboard.press("Escape")
    await trigger.click()
    await chat.option("B").click()
    await expect(chat.message("letters=['B']")).to_be_visible()
    await expect(trigger).to_have_text("B")
    await expect(chat.messages.filter(has_text="letters=")).to_have_count(1)
    await sent.edit(content="one of two, again")
    await expect(trigger).to_have_text("A")


async def test_buttons_of_every_style(chat: Chat) -> None:
    message = await shown(chat, "buttons", "press")
    for style in ("primary", "secondary", "success", "danger"):
        button = message.get_by_role("button", name=style, exact=True)
        await expect(button).to_have_class(f"button {style}")
        await button.click()
        await expect(chat.message(f"{style}=None")).to_be_visible()
    await expect(message.get_by_role("button", name="off")).to_be_disabled()
    await expect(message.get_by_role("link", name="Web")).to_have_attribute("target", "_blank")
    await message.get_by_role("link", name="There").click()
    await expect(chat.page.locator(".top h2")).to_have_text("gallery")


async def test_several_embeds_with_fields_and_pictures_of_the_message(chat: Chat) -> None:
    message = await shown(chat, "embeds", "Job")
    first, second = message.locator(".embed").first, message.locator(".embed").last
    await expect(first.locator(".field dt")).to_have_text(["Seed", "Model"])
    await expect(first.locator(".field dd")).to_have_text(["42", "painter"])
    await expect(first.locator(".md-small")).to_have_text("small")
    await expect(first.get_by_role("link", name="Job")).to_have_attribute("href", "https://example.org/job")
    for picture in (first.locator(".embed-thumbnail.loaded"), second.locator(".picture.loaded")):
        await expect(picture).to_have_count(1)
    await expect(message.locator(".attachments .picture")).to_have_count(0)


async def test_an_ephemeral_message_is_edited_with_its_picture(chat: Chat) -> None:
    message = await shown(chat, "edit", "before")
    before = await message.locator(".picture.loaded img").get_attribute("src")
    await chat.click("Swap", message)
    await expect(message).to_contain_text("after")
    await expect(message.get_by_role("button", name="Swapped")).to_be_disabled()
    await expect(message).to_contain_text("Only you can see this")
    await expect(message.locator(".picture.loaded")).to_have_count(1)
    assert await message.locator(".picture img").get_attribute("src") != before


async def test_five_menus_on_a_message_with_a_file(chat: Chat) -> None:
    await chat.box.fill("look at this")
    await chat.page.locator(".composer input[type=file]").set_input_files([payload("a.txt"), payload("b.txt")])
    await expect(chat.page.locator(".composer .picked")).to_have_count(2)
    await chat.page.keyboard.press("Enter")
    message = chat.messages.filter(has_text="look at this").first
    await expect(message.locator(".file-chip")).to_have_count(2)
    await expect(chat.page.locator(".composer .picked")).to_have_count(0)
    for name in MENUS:
        await message.click(button="right", position={"x": 60, "y": 10})
        await expect(chat.page.get_by_role("menuitem", name="Describe this")).to_be_visible()
        await chat.page.get_by_role("menuitem", name=name).click()
        await expect(chat.message(f"{name}: look at this 2")).to_be_visible()


async def test_links_to_messages_jump_to_them_in_other_channels(chat: Chat, place: Place) -> None:
    ana = place.playground.user("ana")
    target = await ana.say("#gallery", "the first of many")
    for number in range(70):
        await ana.say("#gallery", f"line {number}")
    address = f"{GALLERY}/{target['id']}"
    await chat.run(f"see {address} or [*that one*]({address})\n-# and <{address}>")
    message = chat.message("see")
    link = message.get_by_role("link", name="Go to a message in #gallery")
    await expect(link).to_have_text(["#gallery › 💬"] * 2)
    await expect(message.locator(".md-small a")).to_have_count(1)
    await message.get_by_role("link", name="that one").click()
    found = chat.message("the first of many")
    await expect(found).to_be_in_viewport()
    await expect(found).to_be_focused()
    await expect(chat.page.locator(".top h2")).to_have_text("gallery")
    await ana.say("#gallery", f"{GALLERY}/1")
    await chat.page.get_by_role("link", name="Go to a message in #gallery").click()
    await expect(chat.page.locator(".toast")).to_contain_text("not here any more")


async def test_options_of_every_type_and_suggested_numbers(chat: Chat) -> None:
    page = chat.page
    await chat.box.press_sequentially("/kinds ")
    for typed in ("gal", "Mod", "An", "tr", "1.5", ""):
        await page.keyboard.type(typed)
        await chat.option("" if typed else "two").click()
    await page.keyboard.press("Enter")
    await expect(chat.message("gallery")).to_contain_text("gallery Moderator ana True 1.5 2")


async def test_five_files_in_one_command(chat: Chat) -> None:
    page = chat.page
    await chat.box.press_sequentially("/pile ")
    for name in ("third", "fourth", "fifth"):
        await page.get_by_role("button", name="Options (").click()
        await page.get_by_role("menuitem", name=name).click()
    for name in ("first", "second", "third", "fourth", "fifth"):
        await page.locator(f".chip[data-option={name}] input[type=file]").set_input_files(payload(f"{name}.txt"))
    await expect(page.locator(".picked:not(.uploading)")).to_have_count(5)
    await page.get_by_role("button", name="Send").click()
    await expect(chat.message("first.txt")).to_contain_text("first.txt second.txt third.txt fourth.txt fifth.txt")


async def test_a_subcommand_of_a_group(chat: Chat) -> None:
    await chat.box.press_sequentially("/prefer opt")
    await expect(chat.option("/prefer option set")).to_be_visible()
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator(".command-name")).to_have_text("/prefer option set")
    await chat.page.keyboard.type("mine")
    await chat.page.keyboard.press("Enter")
    await expect(chat.message("set mine to")).to_be_visible()
    await chat.run("/prefer option set option: mine value: --ar 3:2")
    await expect(chat.message("set mine to --ar 3:2")).to_be_visible()
