"""What is checked of the generators that are switched on: whether each is there, takes the key and has its model, what it can do, and what
may be spent on it. Keys are shown nowhere."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from bot.actions import composed
from bot.backends.base import Backend, Capabilities, Edit, Operation
from bot.catalog import Catalog, check_caps
from bot.config import Settings
from bot.doctor.findings import Finding, good, hint, listed, trouble
from bot.errors import BackendError, ConfigError
from bot.i18n import T, Text
from bot.store import usd

SECONDS: Final = 30.0
ABILITIES: Mapping[Operation | Edit, Text] = {
    Operation.GENERATE: T("pictures from words"),
    Operation.VARY: T("variations"),
    Operation.INPAINT: T("painting a part anew"),
    Operation.OUTPAINT: T("zoom and pan"),
    Operation.UPSCALE: T("enlarging"),
    Operation.BLEND: T("blending"),
    Operation.EDIT: T("editing by instruction"),
    Operation.DESCRIBE: T("describing"),
    Edit.COLOURISE: T("colourising"),
    Edit.RESTYLE: T("restyling"),
    Edit.REMOVE_BACKGROUND: T("removing backgrounds"),
    Edit.REPLACE: T("search and replace"),
}


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every generator that the settings name, in their order; all are asked at once."""
    tasks = [asyncio.create_task(_examined(settings, name)) for name in settings.backends]
    try:
        for task in tasks:
            for finding in await task:
                yield finding
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _examined(settings: Settings, name: str) -> list[Finding]:
    try:
        catalog = Catalog.from_settings(settings.model_copy(update={"backends": (name,)}))
    except ConfigError as error:
        mend = T("Correct it in `.env`, or take `{name}` out of `LIENZO_BACKENDS`.", name=name)
        return [trouble(T("Generator {name}: {problem}", name=name, problem=error.text), mend)]
    try:
        return await _asked(settings, catalog.backend(name))
    finally:
        await catalog.close()


async def _asked(settings: Settings, backend: Backend) -> list[Finding]:
    name = backend.name
    try:
        async with asyncio.timeout(SECONDS):
            complaint = await backend.check()
            if complaint is not None:
                return [trouble(T("Generator {name} is not ready.", name=name), complaint)]
            able = await backend.capabilities()
    except BackendError as error:
        mend = T("Check its settings in `.env`.")
        return [trouble(T("Generator {name}: {problem}", name=name, problem=error.text), mend)]
    except TimeoutError:
        title = T("Generator {name}: no answer within {seconds} seconds.", name=name, seconds=int(SECONDS))
        return [trouble(title, T("Check that it runs and that its address in `.env` is right."))]
    return [_ready(settings, name, able), *_able(name, able)]


def _ready(settings: Settings, name: str, able: Capabilities) -> Finding:
    """That it is, and what it costs."""
    if not able.paid:
        return good(T("Generator {name}: ready, costs nothing", name=name))
    try:
        check_caps(settings, [name])
    except ConfigError as error:
        return trouble(error.text, T("Correct it in `.env`, or take `{name}` out of `LIENZO_BACKENDS`.", name=name))
    return good(
        T(
            "Generator {name}: ready, costs money (prices of {day}; a day at most {user} for each user, {server} for the server)",
            name=name,
            day=able.priced,
            user=usd(settings.user_daily_usd),
            server=usd(settings.server_daily_usd),
        )
    )


def _able(name: str, able: Capabilities) -> list[Finding]:
    """What it can do by itself, and what it is helped to."""
    native = [text for what, text in ABILITIES.items() if what in able.operations or what in able.edits]
    helped = [text for what, text in ABILITIES.items() if what in composed(able)]
    found = [hint(T("Generator {name} can do: {abilities}", name=name, abilities=listed(native)))] if native else []
    if helped:
        found.append(hint(T("Lienzo composes for {name}: {abilities}", name=name, abilities=listed(helped))))
    return found
