"""The bot in a process of its own, with a backend that asks the test's process when each picture may be finished.

Run as `python -m tests.e2e.child PORT`, with the settings in the environment.
"""

import asyncio
import sys

from bot.app import application
from bot.backends.base import Progress, Request, Result
from bot.catalog import Catalog
from bot.config import Settings
from tests.scripted import Scripted


class Remote(Scripted):
    """Tells the test what it was asked to paint, and waits for a line in return."""

    port = 0

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{request.text}\n".encode())
        try:
            await reader.readline()
        finally:
            writer.close()
        return await super().collect(request, handle, progress)


async def main(port: int) -> None:
    backend = Remote()
    backend.port = port
    async with application(Settings.load(None), catalog=Catalog({backend.name: backend})) as app:
        await app.serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
