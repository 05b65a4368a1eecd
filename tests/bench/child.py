"""The bot in a process of its own for the benchmarks, with a backend that hands out pictures it already has.

Run as `python -m tests.bench.child SECONDS [PICTURE ...]`, with the settings in the environment: each request takes SECONDS.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.app import application
from bot.backends.base import Progress, Request, Result
from bot.catalog import Catalog
from bot.config import Settings
from tests.scripted import EVERYTHING, Scripted

CONCURRENCY = 24


class Paced(Scripted):
    """Answers after a fixed time, as a generator elsewhere would."""

    seconds = 0.0

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        await asyncio.sleep(self.seconds)
        return await super().collect(request, handle, progress)


async def main(seconds: float, pictures: Sequence[Path]) -> None:
    backend = Paced(offers=replace(EVERYTHING, concurrency=CONCURRENCY, seconds=seconds), pictures=pictures)
    backend.seconds = seconds
    async with application(Settings.load(None), catalog=Catalog({backend.name: backend})) as app:
        await app.serve()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
