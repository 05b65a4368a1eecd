"""The picture of the README: the real bot and its painter, as they look in a browser. `make picture` takes it."""

import asyncio
import io
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import ViewportSize, async_playwright

from bot.config import Settings
from bot.play import TRIES, BotProcess, environment
from bot.playground import Playground
from tests.browser.launch import ARGUMENTS, chromium
from tests.browser.page import Chat

PICTURE = Path(__file__).parent.parent.parent / "docs" / "playground.png"
PROMPT = "/imagine prompt: a lighthouse on a cliff at sunset --ar 3:2"
WINDOW: ViewportSize = {"width": 1440, "height": 900}
MAX_BYTES = 600_000
WAIT = 120_000.0  # milliseconds


@asynccontextmanager
async def playing(folder: Path) -> AsyncGenerator[Playground]:
    """What `lienzo play` runs, with the painter, keeping its things in `folder`."""
    process = BotProcess()
    async with Playground(tries=TRIES, supervisor=process) as playground:
        settings = Settings(_env_file=None, backends="painter")  # pyright: ignore[reportCallIssue, reportArgumentType]
        process.environment = environment(settings, playground, folder, "painter")
        await process.start()
        try:
            yield playground
        finally:
            await process.stop()


async def take(chat: Chat) -> bytes:
    """A PNG of the grid with its buttons, after a picture was taken out of it."""
    await chat.open("ben")
    await chat.page.locator(".lamp.online").wait_for()
    await chat.run(PROMPT)
    grid = await chat.offering("U1", "a lighthouse")
    await grid.locator(".picture.loaded").wait_for()
    await chat.click("U2", grid)
    await chat.picture("Image #2")
    # The end of the grid's message just above the end of the list.
    await chat.page.locator(".scroller").evaluate(
        """(list, id) => {
            const grid = list.querySelector(`article[data-id="${id}"]`);
            list.scrollTop += grid.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom + 100;
        }""",
        await grid.get_attribute("data-id"),
    )
    await chat.box.focus()  # away from the button, whose message would look as if hovered
    await chat.page.mouse.move(0, 0)
    return await chat.page.screenshot(animations="disabled", caret="hide")


def small(png: bytes) -> bytes:
    """The same in true colour if that fits into `MAX_BYTES`, else in 256 colours."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    few = image.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
    for made in (image, image.quantize(palette=few)):
        buffer = io.BytesIO()
        made.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MAX_BYTES:
            return buffer.getvalue()
    raise ValueError(f"Even in 256 colours the picture has more than {MAX_BYTES} bytes.")


async def main() -> None:
    path = chromium()
    if path is None:
        sys.exit("There is no Chromium on this machine.")
    with TemporaryDirectory(prefix="lienzo-picture-") as folder:
        async with playing(Path(folder)) as playground, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            page = await browser.new_page(viewport=WINDOW, device_scale_factor=1, locale="en-US")
            png = await take(Chat(page, playground.url, wait=WAIT))
            await browser.close()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(small(png))


if __name__ == "__main__":
    asyncio.run(main())
