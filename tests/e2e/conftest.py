"""The whole bot, with a backend that the test decides over, on a Discord on the wire."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import Application, application
from bot.catalog import Catalog
from bot.config import Settings
from bot.playground import Person, Playground
from tests.openapi import VARIABLE, Validator
from tests.scripted import Scripted


@pytest.fixture(scope="session")
def specification() -> Validator | None:
    """Discord's official one, where it is at hand: it takes a second to read."""
    path = os.environ.get(VARIABLE)
    return Validator(Path(path)) if path else None


@pytest.fixture
async def playground(specification: Validator | None) -> AsyncIterator[Playground]:
    """Every request of the bot and every answer to it is held against the official specification."""
    async with Playground() as made:
        if specification is not None:
            specification.problems.clear()
            made.observers.append(specification)
        yield made
        assert specification is None or not specification.problems, "\n".join(specification.problems)


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


@pytest.fixture
def settings(playground: Playground, tmp_path: Path) -> Settings:
    return settings_for(playground, tmp_path)


def settings_for(playground: Playground, folder: Path, **changes: Any) -> Settings:
    """A bot that serves the first guild, and DMs."""
    values: dict[str, Any] = {
        "token": playground.token,
        "guilds": next(iter(playground.world.guilds)),
        "discord_url": playground.url,
        "data": folder / "data",
        "backends": "scripted",
        "allow_dms": True,
        "reserve_mib": 0,
    }
    return Settings(_env_file=None, **(values | changes))  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def serving(
    settings: Settings, backend: Scripted, playground: Playground, *others: Scripted
) -> AsyncGenerator[Application]:
    """The bot, until it has registered its commands and for as long as the context lasts."""
    async with application(settings, catalog=Catalog({one.name: one for one in (backend, *others)})) as app:
        serving = asyncio.create_task(app.serve())
        try:
            await ready(playground, serving)
            yield app
        finally:
            backend.release()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def ready(playground: Playground, serving: "asyncio.Task[None]") -> None:
    """Waits until the bot is online; raises what ended it before that."""
    watcher = playground.user("ben")
    waiting = asyncio.create_task(watcher.until(lambda: playground.gateway.online or None))
    done, _ = await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving in done:
        waiting.cancel()
        await serving
    await waiting


@pytest.fixture
async def app(settings: Settings, backend: Scripted, playground: Playground) -> AsyncIterator[Application]:
    async with serving(settings, backend, playground) as made:
        yield made


@pytest.fixture
async def ana(playground: Playground) -> Person:
    person = playground.user("ana")
    await person.connect()
    return person


@pytest.fixture
async def ben(playground: Playground) -> Person:
    person = playground.user("ben")
    await person.connect()
    return person
