"""A browser, a playground with a small bot in it, and the page opened on it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import discord.gateway
import discord.http
import pytest
import pytest_asyncio
import yarl
from playwright.async_api import Browser, async_playwright

from bot.playground.server import Playground
from tests.browser.easel import Easel
from tests.browser.launch import ARGUMENTS, chromium
from tests.browser.page import Chat

PHONE = {"width": 390, "height": 844}
TRIES = {
    "en": [("A lighthouse", "/imagine prompt: a lighthouse on a cliff")],
    "es": [("Un faro", "/imagine prompt: un faro en un acantilado")],
}


class Supervisor:
    """Stands for whoever started the bot; remembers what was asked of it."""

    def __init__(self) -> None:
        self.status = "running"
        self.asked: list[str] = []

    async def start(self) -> None:
        """As if the process were started."""
        self.asked.append("start")

    async def kill(self) -> None:
        """As if the process were killed."""
        self.asked.append("kill")


@dataclass(slots=True)
class Place:
    """The playground, the bot in it, and what the page's buttons asked of its supervisor."""

    playground: Playground
    bot: Easel
    supervisor: Supervisor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests; skipped with a reason where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """A playground with the small bot online."""
    supervisor = Supervisor()
    async with Playground(tries=TRIES, supervisor=supervisor) as playground:
        monkeypatch.setattr(discord.http.Route, "BASE", playground.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))
        async with Easel() as bot:
            running = asyncio.create_task(bot.start(playground.token))
            await asyncio.wait_for(bot.online.wait(), 20)
            yield Place(playground, bot, supervisor)
            await bot.close()
            await running


@pytest_asyncio.fixture(loop_scope="session")
async def chat(browser: Browser, place: Place) -> AsyncIterator[Chat]:
    """The page as Ben sees it, in a window of a desk; nothing may be written to its console as an error."""
    async with await browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        opened = Chat(await context.new_page(), place.playground.url)
        await opened.open("ben")
        yield opened
        assert opened.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, place: Place) -> AsyncIterator[Chat]:
    """The page as Ben sees it on a phone."""
    async with await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, has_touch=True, is_mobile=True
    ) as context:
        opened = Chat(await context.new_page(), place.playground.url)
        await opened.open("ben")
        yield opened
        assert opened.errors == []
