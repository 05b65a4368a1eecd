"""The pictures of docs/tour.md: a walk through the real bot and its painter in a browser. `make picture` takes them."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Locator, ViewportSize, async_playwright

from tests.browser.launch import ARGUMENTS, chromium
from tests.browser.page import Chat
from tests.browser.picture import playing, small

FOLDER = Path(__file__).parent.parent.parent / "docs" / "tour"
WINDOW: ViewportSize = {"width": 1100, "height": 800}
#: Pictures are decoded and fade in.
DRAWN = """async (shown) => {
    const pictures = [...shown.querySelectorAll('.picture img')];
    await Promise.all(pictures.map((picture) => picture.decode()));
    await Promise.all(shown.getAnimations({ subtree: true }).map((animation) => animation.finished));
}"""
WAIT = 120_000.0  # milliseconds
PROMPT = "a red fox in a snowy forest at dusk"
Stop = Callable[[Chat], Awaitable[Locator]]


async def region_window(chat: Chat) -> Locator:
    """The window of Vary (Region), filled in."""
    await chat.run(f"/imagine prompt: {PROMPT} --ar 3:2")
    await chat.click("U2", await chat.offering("U1", PROMPT))
    single = await chat.offering("🖌️ Vary (Region)", "Image #2")
    await chat.click("🖌️ Vary (Region)", single)
    await chat.modal.wait_for()
    await chat.fill({"prompt0": f"{PROMPT}, a full moon --ar 3:2", "areas": ["top left", "top right"]})
    return chat.modal


async def region_shown(chat: Chat) -> Locator:
    """The chosen region on the picture, before it is painted."""
    await chat.submit()
    shown = await chat.offering("🖌️ Paint this")
    await shown.locator(".picture.loaded").wait_for()
    return shown


async def region_painted(chat: Chat) -> Locator:
    await chat.click("🖌️ Paint this")
    made = await chat.offering("U1", "Variations (Region)")
    await made.locator(".picture.loaded").wait_for()
    return made


async def edited(chat: Chat) -> Locator:
    """An instruction in words, and what came of it."""
    await chat.click("✏️ Edit", await chat.offering("✏️ Edit", "Image #2"))
    await chat.submit({"instruction": "make it night and add a moon"})
    made = await chat.offering("U1", "Edited")
    await made.locator(".picture.loaded").wait_for()
    return made


async def described(chat: Chat) -> Locator:
    single = await chat.offering("✏️ Edit", "Image #2")
    await single.click(button="right", position={"x": 200, "y": 20})
    await chat.page.get_by_role("menuitem", name="Describe").click()
    made = await chat.offering("🎉 Imagine all")
    await made.locator(".picture.loaded").wait_for()
    return made


async def shortened(chat: Chat) -> Locator:
    await chat.run(
        "/shorten prompt: an award winning, highly detailed photo of an old fisherman with a red beard in a small boat, 8k"
    )
    return await chat.offering("Show Details")


async def settings(chat: Chat) -> Locator:
    await chat.run("/settings")
    return await chat.offering("🎛️ Remix Mode")


async def history(chat: Chat) -> Locator:
    await chat.run("/history")
    await chat.message("Your jobs").locator(".picture, img").first.wait_for()
    return chat.message("Your jobs")


STOPS: dict[str, Stop] = {
    "region-window": region_window,
    "region-shown": region_shown,
    "region-painted": region_painted,
    "edited": edited,
    "described": described,
    "shortened": shortened,
    "settings": settings,
    "history": history,
}


async def main() -> None:
    path = chromium()
    if path is None:
        sys.exit("There is no Chromium on this machine.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="lienzo-tour-") as folder:
        async with playing(Path(folder)) as playground, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            page = await browser.new_page(viewport=WINDOW, device_scale_factor=1, locale="en-US")
            chat = Chat(page, playground.url, wait=WAIT)
            await chat.open("ben")
            await page.locator(".lamp.online").wait_for()
            for name, stop in STOPS.items():
                shown = await stop(chat)
                await page.mouse.move(0, 0)
                await shown.evaluate(DRAWN)
                png = await shown.screenshot(animations="disabled", caret="hide")
                (FOLDER / f"{name}.png").write_bytes(small(png))
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
