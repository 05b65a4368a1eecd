"""Updates of one thing by one writer, so many and no more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Update = TypeVar("Update")


class Line(Generic[Update]):
    """The one writer of a job's progress message: the latest update wins, and two are at least `interval` seconds apart.

    `write` answers whether it worked; what stands there already is not written again.
    """

    def __init__(
        self, write: Callable[[Update], Awaitable[bool]], interval: float, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._write = write
        self._interval = interval
        self._sleep = sleep
        self._next: Update | None = None
        self._shown: Update | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._closed = False
        self.started = False  # progress was shown: a late queue position is old news

    def put(self, update: Update) -> None:
        if self._closed:
            return
        self._next = update
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="progress")

    async def _run(self) -> None:
        while self._next is not None:
            async with self._writing:
                update, self._next = self._next, None
                if update == self._shown:
                    return
                if await self._write(update):
                    self._shown = update
            await self._sleep(self._interval)

    async def close(self) -> None:
        """Lets an edit that is under way end, and drops what waits."""
        self._closed = True
        self._next = None
        async with self._writing:
            if self._task is not None:
                self._task.cancel()
