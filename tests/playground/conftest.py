"""A playground with a small bot on it: the real client over real sockets."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.playground import Person, Playground
from tests.openapi import VARIABLE, Validator

Ask = Callable[[discord.Interaction], Awaitable[None]]
INTENTS = discord.Intents(
    guilds=True, guild_messages=True, guild_reactions=True, guild_typing=True, dm_messages=True, dm_reactions=True
)


class SmallBot(discord.Client):
    """A client whose one command does what each test says (`on_ask`), and which remembers what it hears."""

    def __init__(self, intents: discord.Intents = INTENTS) -> None:
        connector = aiohttp.TCPConnector(limit=32)
        super().__init__(intents=intents, guild_ready_timeout=0.02, connector=connector)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, Any]] = []
        self.ready = asyncio.Event()
        self.resumed = asyncio.Event()
        self.on_ask: Ask | None = None
        self.errors: list[BaseException] = []
        self._changed = asyncio.Condition()

    async def on_ready(self) -> None:
        self.ready.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        raise AssertionError(event_method)

    async def note(self, kind: str, value: Any) -> None:
        self.heard.append((kind, value))
        async with self._changed:
            self._changed.notify_all()

    async def hear(self, kind: str, count: int = 1) -> list[Any]:
        """Wait until so many of a kind were heard."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: sum(each == kind for each, _ in self.heard) >= count)
        return [value for each, value in self.heard if each == kind]

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id != (self.user.id if self.user else 0):
            await self.note("message", message)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self.note("reaction", event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self.note("unreaction", event)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        await self.note("delete", event)

    async def on_thread_create(self, thread: discord.Thread) -> None:
        await self.note("thread", thread)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await self.note("interaction", interaction)


Connect = Callable[..., Awaitable[SmallBot]]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """discord.py sleeps 1, 3, 5 s after errors: note the sleeps and take none of them."""
    slept: list[float] = []
    real = asyncio.sleep

    class Asyncio:
        """asyncio as discord's modules see it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

        async def sleep(self, delay: float, result: Any = None) -> Any:
            slept.append(delay)
            return await real(0, result)

    for module in ("discord.http", "discord.webhook.async_", "discord.client", "discord.gateway"):
        monkeypatch.setattr(f"{module}.asyncio", Asyncio())
    return slept


@pytest.fixture(scope="session")
def validator() -> Validator | None:
    """Discord's specification, where it is at hand."""
    path = os.environ.get(VARIABLE)
    return Validator(Path(path)) if path else None


@pytest.fixture
async def playground(monkeypatch: pytest.MonkeyPatch, validator: Validator | None) -> AsyncIterator[Playground]:
    """A running playground to which discord.py is pointed; everything said on it must fit the specification."""
    async with Playground(tries={"en-US": [("Lighthouse", "a lighthouse")], "es-ES": [("Faro", "un faro")]}) as started:
        monkeypatch.setattr(Route, "BASE", started.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(started.gateway_url))
        if validator is not None:
            validator.problems.clear()
            started.observers.append(validator)
        yield started
    if validator is not None:
        assert validator.problems == []


@pytest.fixture
async def connect(playground: Playground) -> AsyncIterator[Connect]:
    """Start a client and wait until it is ready; all are closed at the end."""
    running: list[tuple[SmallBot, asyncio.Task[None]]] = []

    async def start(bot: SmallBot | None = None) -> SmallBot:
        bot = bot or SmallBot()
        task = asyncio.create_task(bot.start(playground.token))
        running.append((bot, task))
        ready = asyncio.create_task(bot.ready.wait())
        await asyncio.wait({task, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            task.result()
        await ready
        return bot

    yield start
    for bot, task in running:
        await bot.close()
        await asyncio.wait({task}, timeout=10)


@pytest.fixture
async def bot(connect: Connect, playground: Playground) -> SmallBot:
    """A ready bot with `/ask text: file: number:` synced to the first guild."""
    small = SmallBot()

    @small.tree.command(description="Ask for anything")
    async def ask(  # pyright: ignore[reportUnusedFunction]
        interaction: discord.Interaction,
        text: str = "",
        file: discord.Attachment | None = None,
        number: app_commands.Range[int, 1, 10] | None = None,
    ) -> None:
        assert small.on_ask is not None
        interaction.extras.update(text=text, file=file, number=number)
        try:
            await small.on_ask(interaction)
        except Exception as error:  # noqa: BLE001 - what the test's own function raised
            await small.note("error", error)

    await connect(small)
    guild = discord.Object(next(iter(playground.world.guilds)))
    small.tree.copy_global_to(guild=guild)
    await small.tree.sync(guild=guild)
    return small


@pytest.fixture
async def ana(playground: Playground) -> Person:
    """The first person."""
    person = playground.user("ana")
    await person.connect()
    return person


@pytest.fixture
def pixels() -> bytes:
    """The smallest sensible PNG: 1×1."""
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005"
        "0001ff56c7e2390000000049454e44ae426082"
    )
