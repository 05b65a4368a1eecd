"""`lienzo doctor`: looks at the settings and at everything around the bot, and says in a line each what is wrong and how to mend it.

It talks to Discord and to the generators by requests that only read, never starts the bot or its job engine, and changes nothing but for
one small file that it writes where the pictures are kept, and removes.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import httpx
from dotenv import dotenv_values
from rich.console import Console
from rich.text import Text as Styled

from bot.config import Settings
from bot.doctor import generators, house, membership, nearby
from bot.doctor.findings import Finding, Mark, good, hint, trouble
from bot.doctor.permissions import INVITE_PERMISSIONS, invite_link
from bot.doctor.rest import Rest
from bot.errors import ConfigError
from bot.i18n import TN, T

__all__ = ["INVITE_PERMISSIONS", "Finding", "Mark", "examine", "invite_link", "run"]

ENV_FILE = Path(".env")
STYLES = {Mark.GOOD: "green", Mark.HINT: "dim", Mark.WARNING: "yellow", Mark.TROUBLE: "bold red"}


async def examine(
    settings: Settings | ConfigError, *, names: Collection[str] = (), client: httpx.AsyncClient | None = None
) -> AsyncIterator[Finding]:
    """Every check in order, each finding as soon as it is known. `names` are the variables that were set, to find misspelled ones."""
    for finding in house.unknown_settings(names):
        yield finding
    if isinstance(settings, ConfigError):
        yield trouble(settings.text, T("Correct it in `.env`; `.env.example` shows every setting with its default."))
        return
    yield good(T("Settings: they can be read"))
    yield await asyncio.to_thread(house.data_folder, settings)
    yield await house.database(settings)
    yield await house.pictures(settings)
    async for finding in generators.examine(settings):
        yield finding
    for found in await nearby.find(settings):
        yield hint(
            T(
                "A server for {name} runs at {url}: with `{name}` in `LIENZO_BACKENDS` and `{setting}={url}` it can be used.",
                name=found.backend,
                url=found.url,
                setting=f"LIENZO_{found.backend.upper()}_URL",
            )
        )
    async with client or httpx.AsyncClient() as connected:
        async for finding in membership.examine(settings, Rest(connected, settings.discord_url, settings.token)):
            yield finding
    yield house.outbound()


async def run(locale: str = "en-US", *, console: Console | None = None, env_file: Path = ENV_FILE) -> int:
    """Prints the report in the reader's language. 0, or 1 where something keeps the bot from running."""
    console = console or Console(highlight=False)
    names = {*os.environ, *await asyncio.to_thread(dotenv_values, env_file)}
    troubles = 0
    async for finding in examine(_settings(env_file), names=names):
        show(console, finding, locale)
        troubles += finding.mark is Mark.TROUBLE
    end = TN("{count} thing to mend.", "{count} things to mend.", troubles) if troubles else T("All is well.")
    console.print(Styled(end.in_language(locale), "bold"))
    return 1 if troubles else 0


def show(console: Console, finding: Finding, locale: str) -> None:
    """One line, and one for the mend. Long lines wrap at words but links stay whole, so that they can be clicked."""
    console.print(
        Styled.assemble((f"{finding.mark} ", STYLES[finding.mark]), finding.title.in_language(locale)), soft_wrap=True
    )
    if finding.mend is not None:
        console.print(Styled(f"  → {finding.mend.in_language(locale)}"), soft_wrap=True)


def _settings(env_file: Path) -> Settings | ConfigError:
    try:
        return Settings.load(env_file)
    except ConfigError as error:
        return error
