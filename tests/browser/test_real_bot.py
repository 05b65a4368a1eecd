"""The real bot, clicked through in a browser: with a backend of the test's, and with the painter in a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from bot.play import TRIES
from bot.playground import Playground
from tests.browser.page import WAIT, Chat
from tests.browser.picture import playing
from tests.e2e.conftest import serving, settings_for
from tests.scripted import Scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: The colours of the middles of the four pictures of a grid, as the browser shows them.
MIDDLES = """(image) => {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const at = [1, 3].flatMap((row) => [1, 3].map((column) => [column * canvas.width / 4, row * canvas.height / 4]));
    return at.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].join());
}"""
#: How many colours a picture has, among 64 × 64 of its points.
COLOURS = """(image) => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 64, 64);
    return new Set(new Uint32Array(context.getImageData(0, 0, 64, 64).data.buffer)).size;
}"""


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


@pytest_asyncio.fixture(loop_scope="session")
async def studio(browser: Browser, backend: Scripted, tmp_path: Path) -> AsyncIterator[Chat]:
    """The page as Ben sees it, with the whole bot behind it."""
    async with (
        Playground(tries=TRIES) as playground,
        serving(settings_for(playground, tmp_path, allow_user_installs=True), backend, playground),
        await browser.new_context(viewport={"width": 1280, "height": 860}) as context,
    ):
        chat = Chat(await context.new_page(), playground.url)
        await chat.open("ben")
        yield chat
        assert chat.errors == []


def shown(message: Locator) -> Locator:
    return message.locator(".picture.loaded img")


async def width(message: Locator) -> int:
    """In pixels of the file."""
    return await shown(message).evaluate("(image) => image.naturalWidth")


async def test_the_conversation_of_clicks(studio: Chat, backend: Scripted) -> None:
    await studio.box.press_sequentially("/imagine a fox in the snow aspect:")
    await studio.page.keyboard.type("3")
    await studio.option("3:2").click()
    await studio.page.keyboard.press("Enter")
    grid = await studio.offering("U1", "a fox in the snow")
    await expect(grid).to_contain_text("a fox in the snow --ar 3:2 - @Ben (fast)")
    assert len(set(await shown(grid).evaluate(MIDDLES))) == 4
    assert backend.requests[0].width > backend.requests[0].height

    await studio.click("U2", grid)
    single = await studio.offering("🪄 Vary (Subtle)", "Image #2")
    await single.locator("button.reply").click()
    await expect(grid).to_be_focused()
    assert await width(single) * 2 == await width(grid)

    await studio.click("V3", grid)
    varied = await studio.offering("V1", "Variations")
    assert await varied.get_attribute("data-id") != await grid.get_attribute("data-id")
    await studio.click("🔄", varied)
    grids = studio.messages.filter(has=studio.page.get_by_role("button", name="V1", exact=True))
    await expect(grids).to_have_count(3, timeout=WAIT)


async def test_an_invalid_prompt_is_mended_in_its_modal(studio: Chat) -> None:
    await studio.run("/imagine prompt: a fox --stylize 2000")
    error = studio.message("Invalid parameter")
    await expect(error).to_contain_text("--stylize must be between 0 and 1000")
    await expect(error.locator(".embed")).to_have_css("border-left-color", "rgb(255, 0, 0)")
    await studio.choose_user("Ana")
    await expect(studio.page.locator(".welcome")).to_be_visible()
    await expect(studio.messages).to_have_count(0)
    await studio.choose_user("Ben")
    await studio.click("🔧 Fix", error)
    await expect(studio.modal.locator(".field-input")).to_have_value("a fox --stylize 2000")
    await studio.submit({"prompt0": "a red fox --stylize 200"})
    await expect(await studio.offering("U1", "a red fox")).to_contain_text("a red fox --stylize 200 - @Ben (fast)")


async def test_someone_else_takes_a_picture_out_of_the_grid(studio: Chat) -> None:
    await studio.run("/imagine prompt: a fox")
    await studio.offering("U1", "a fox")
    await studio.choose_user("Ana")
    await studio.click("U1", await studio.offering("U1", "a fox"))
    single = await studio.offering("🪄 Variar (sutil)", "n.º 1")
    await expect(single).to_contain_text("a fox - Imagen n.º 1 @Ana")


@pytest.mark.parametrize("channel", ["lounge", "Ana", "Weekend"])
async def test_a_picture_where_the_bot_is_not(studio: Chat, channel: str) -> None:
    await studio.page.get_by_role("switch", name="Lienzo on this account").click()
    await expect(studio.page.get_by_role("switch", name="Lienzo on this account")).to_be_checked()
    await studio.choose_channel(channel)
    await studio.run("/imagine prompt: a fox")
    grid = await studio.offering("U1", "a fox")
    await studio.click("U2", grid)
    await studio.offering("🪄 Vary (Subtle)", "Image #2")


async def test_the_painter_in_a_process_of_its_own(browser: Browser, tmp_path: Path) -> None:
    async with playing(tmp_path) as playground, await browser.new_context(locale="es-MX") as context:
        chat = Chat(await context.new_page(), playground.url, wait=60_000)
        await chat.page.goto(playground.url)
        await chat.page.locator(".lamp.online").wait_for()
        await expect(chat.page.locator(".try").first).to_contain_text("Un faro")
        await chat.run("/imagine prompt: un faro en un acantilado al atardecer --width 256 --height 192 --seed 7")
        grid = await chat.offering("U4", "un faro")
        await expect(grid).to_contain_text("@Ana (rápido)")
        assert await width(grid) == 512
        assert await shown(grid).evaluate(COLOURS) > 500
        assert len(set(await shown(grid).evaluate(MIDDLES))) == 4
        await chat.click("U4", grid)
        assert await width(await chat.offering("❤️", "n.º 4")) == 256
        assert chat.errors == []


async def test_a_command_without_options_is_sent_by_enter(studio: Chat) -> None:
    """Pasted at once, and typed with a blank after it: the form that opens has no field to be in."""
    await studio.run("/prefer remix")
    await expect(studio.message("Remix mode is on")).to_be_visible()
    await studio.box.press_sequentially("/prefer remix ")
    await studio.page.keyboard.press("Enter")
    await expect(studio.message("Remix mode is off")).to_be_visible()
    await expect(studio.message("Remix mode is off")).to_contain_text("/prefer remix")
