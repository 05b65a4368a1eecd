"""The page by keyboard alone, on a phone, with many messages, and with hostile words."""

import re

import discord
import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, Place
from tests.browser.easel import buttons
from tests.browser.page import Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNNAMED = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=button], [role=combobox]")]
    .filter((node) => node.checkVisibility() && !node.closest("[aria-hidden=true]") && node.type !== "file")
    .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.length))
    .map((node) => node.outerHTML.slice(0, 200))"""
NO_ALT = "() => [...document.images].filter((image) => image.getAttribute('alt') === null).length"
HOSTILE = "<img src=x onerror=window.hurt=1> <script>window.hurt=1</script> [x](javascript:window.hurt=1)"


async def test_everything_by_keyboard(chat: Chat) -> None:
    keys = chat.page.keyboard
    await expect(chat.box).to_be_focused()
    await keys.type("/imagine a fox")
    await keys.press("Enter")
    await chat.picture("a fox")
    await expect(chat.box).to_be_focused()
    await keys.press("Shift+Tab")
    await expect(chat.page.get_by_role("button", name="More actions")).to_be_focused()
    await keys.press("Escape")
    await keys.press("Shift+Tab")
    await keys.press("ArrowUp")
    for _ in range(20):
        await keys.press("ArrowLeft")
    await expect(chat.message("a fox")).to_be_focused()
    for _ in range(3):
        await keys.press("ArrowRight")
    await expect(chat.page.get_by_role("button", name="U2")).to_be_focused()
    await keys.press("Enter")
    await chat.picture("Image #2")
    await expect(chat.page.get_by_role("button", name="U2")).to_be_focused()
    for _ in range(3):
        await keys.press("ArrowRight")
    await keys.press("Enter")
    await chat.modal.wait_for()
    await keys.type("a blue fox")
    await keys.press("Tab")
    await keys.press("ArrowDown")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await keys.press("Tab")
    await keys.press("Space")
    for _ in range(3):
        await keys.press("Tab")
    await keys.press("Enter")
    await expect(chat.message("prompt=a blue fox")).to_contain_text("style=['ink'] mode=fast")


async def test_words_typed_beside_a_message_go_to_the_box(chat: Chat) -> None:
    await chat.run("hello")
    await chat.message("hello").click()
    await chat.page.keyboard.type("/ima")
    await expect(chat.box).to_have_value("/ima")
    await expect(chat.option("/imagine")).to_be_visible()


async def test_the_context_menu_by_keyboard_gives_the_focus_back(chat: Chat) -> None:
    await chat.run("hello")
    message = chat.message("hello")
    await message.wait_for()
    await message.focus()
    await chat.page.keyboard.press("ContextMenu")
    menu = chat.page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem").first).to_be_focused()
    await chat.page.keyboard.press("End")
    await expect(menu.get_by_role("menuitem", name="Copy message ID")).to_be_focused()
    await chat.page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(message).to_be_focused()


async def test_each_control_has_a_name(chat: Chat) -> None:
    await chat.run("/imagine a fox")
    await chat.click("U1", await chat.picture("a fox"))
    await chat.picture("Image #1")
    await chat.run("/layout")
    await chat.page.keyboard.press("Enter")
    await chat.picture("A container")
    assert await chat.page.evaluate(UNNAMED) == []
    assert await chat.page.evaluate(NO_ALT) == 0
    for button in ("🔄", "V1"):
        await chat.click(button)
        await chat.modal.wait_for()
        assert await chat.page.evaluate(UNNAMED) == []
        await chat.page.keyboard.press("Escape")


async def test_new_messages_are_announced(chat: Chat, place: Place) -> None:
    await place.playground.user("ana").say("#studio", "hi **all**")
    await expect(chat.page.locator("#live")).to_have_text("Ana: hi all")


async def test_pictures_open_large_and_close_where_one_was(chat: Chat) -> None:
    await chat.run("/layout")
    await chat.page.keyboard.press("Enter")
    answer = await chat.picture("A container")
    second = answer.locator(".gallery .picture").nth(1)
    await second.click()
    box = chat.page.locator("dialog.lightbox")
    await expect(box.locator(".lightbox-count")).to_have_text("2 of 2")
    original = box.get_by_role("link", name="Open original")
    await expect(original).to_have_attribute("href", re.compile(r"/cdn/attachments/.*ana_picture_2\.jpg"))
    await chat.page.keyboard.press("ArrowRight")
    await expect(box.locator(".lightbox-name")).to_have_text("One sun")
    await chat.page.keyboard.press("Escape")
    await expect(box).to_have_count(0)
    await expect(second).to_be_focused()


async def test_hostile_words_stay_words(chat: Chat) -> None:
    await chat.run(f"/imagine prompt: {HOSTILE}")
    grid = await chat.picture("onerror")
    await expect(grid).to_contain_text("<img src=x onerror=window.hurt=1> <script>window.hurt=1</script>")
    await expect(grid.locator("script, a[href^=javascript]")).to_have_count(0)
    assert await chat.page.evaluate("() => window.hurt") is None


async def test_a_phone_shows_it_all_without_scrolling_sideways(phone: Chat) -> None:
    page = phone.page
    width = """() => Math.max(
        document.documentElement.scrollWidth,
        ...[...document.querySelectorAll('.scroller, .composer')].map((node) => node.scrollWidth))"""
    await expect(page.locator(".sidebar")).to_be_hidden()
    await page.get_by_role("button", name="Open the channel list").tap()
    await page.locator(".channel", has_text="gallery").tap()
    await expect(page.locator(".sidebar")).to_be_hidden()
    await phone.box.tap()
    await page.keyboard.type("/imagine a very long description of a fox in a forest at night " * 2)
    assert await page.evaluate(width) <= PHONE["width"]
    await page.get_by_role("button", name="Send").tap()
    grid = await phone.picture("a very long")
    for box in (await grid.locator(".picture").bounding_box(), await phone.page.locator(".composer").bounding_box()):
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    assert await page.evaluate(width) <= PHONE["width"]
    await phone.click("🔄", grid)
    dialog = await phone.modal.bounding_box()
    assert dialog
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= PHONE["width"]


SINGLE = (
    ("🔼 Upscale (Subtle)", "🔼 Upscale (Creative)"),
    ("🪄 Vary (Subtle)", "🪄 Vary (Strong)", "🖌️ Vary (Region)"),
    ("🔍 Zoom Out 2x", "🔍 Zoom Out 1.5x", "🔍 Custom Zoom", "↔️ Make Square"),
    ("⬅️", "➡️", "⬆️", "⬇️", "🔄"),
    ("❤️", "✏️ Edit", "🖼️ Original"),
)


async def test_each_row_of_buttons_takes_one_line_on_a_phone(phone: Chat, place: Place) -> None:
    channel = place.bot.get_channel(1200000000000001001)
    assert isinstance(channel, discord.TextChannel)
    view = buttons(*SINGLE)
    for item in view.children:
        assert isinstance(item, discord.ui.Button)
        item.emoji, _, item.label = str(item.label).partition(" ")
    for number in range(4):
        await channel.send(f"single {number}", view=view)
    rows = phone.message("single 3").locator(".row")
    await expect(rows).to_have_count(len(SINGLE))
    for at, row in enumerate(SINGLE):
        tops = await rows.nth(at).locator(".button").evaluate_all("all => all.map((each) => each.offsetTop)")
        assert len(tops) == len(row)
        assert len(set(tops)) == 1
        assert await rows.nth(at).evaluate("(row) => row.scrollWidth <= row.clientWidth")
    await phone.page.locator(".scroller").evaluate("(node) => { node.scrollTop = 0; }")
    jump = await phone.page.locator(".to-bottom").bounding_box()
    scroller = await phone.page.locator(".scroller").bounding_box()
    assert jump
    assert scroller
    assert jump["height"] < 40
    assert jump["y"] >= scroller["y"] + scroller["height"]
    await phone.page.locator(".to-bottom").tap()
    await expect(phone.page.locator(".to-bottom")).to_be_hidden()
    await expect(rows.last).to_be_in_viewport()


async def test_an_update_leaves_focus_and_the_other_messages_alone(chat: Chat) -> None:
    await chat.run("/imagine a fox")
    grid = await chat.picture("a fox")
    button = grid.get_by_role("button", name="U3")
    await button.focus()
    payload = """async (element) => {
        const message = structuredClone(element.message);
        message.content += " (31%)";
        message.components[0].components[0].disabled = true;
        window.picture = element.querySelector("img");
        element.update(message);
        return element.querySelector("img") === window.picture;
    }"""
    assert await grid.evaluate(payload)
    await expect(grid).to_contain_text("(31%)")
    await expect(grid.get_by_role("button", name="U1")).to_be_disabled()
    await expect(button).to_be_focused()


async def test_a_thousand_messages_are_read_in_peace(chat: Chat, place: Place) -> None:
    ana, channel = place.playground.world.users["1200000000000000101"], "1200000000000001001"
    for number in range(1000):
        place.playground.messages.send(place.playground.world.channel(channel), ana, {"content": f"line {number}"}, [])
    await expect(chat.message("line 999")).to_be_in_viewport()
    await expect(chat.messages).to_have_count(200)
    scroller = chat.page.locator(".scroller")
    await scroller.evaluate("(node) => { node.scrollTop = 0; }")
    await expect(chat.page.locator("article.message", has_text="line 760")).to_have_count(1)
    shown = chat.page.locator("article.message", has_text="line 790")
    await shown.scroll_into_view_if_needed()
    before = await shown.bounding_box()
    place.playground.messages.send(place.playground.world.channel(channel), ana, {"content": "a new one"}, [])
    await expect(chat.message("a new one")).to_have_count(1)
    assert await shown.bounding_box() == before
    await chat.page.get_by_role("button", name="Jump to the newest message").click()
    await expect(chat.message("a new one")).to_be_in_viewport()
