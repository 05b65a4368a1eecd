"""A backend whose answers a test decides: when each comes, with what, and with which trouble. Its pictures are real files."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result
from bot.errors import BackendError, BackendUnavailable
from bot.i18n import Text

EVERYTHING = Capabilities(
    operations=frozenset(Operation),
    parameters=frozenset({"seed", "no", "stylize", "chaos", "tile"}),
    max_inputs=5,
    size_step=8,
    min_side=32,
    base_side=64,
    max_side=512,
    max_pixels=512 * 512,
    previews=True,
    repeatable=True,
    concurrency=100,
    seconds=1.0,
)


@dataclass(slots=True)
class Scripted:
    """Answers at once with flat pictures, until told otherwise.

    `hold()` makes calls wait for `release()`; `started` counts calls to `collect`, and `running(n)` waits until that many have begun.
    """

    name: str = "scripted"
    offers: Capabilities = EVERYTHING
    handle: str | None = None
    requests: list[Request] = field(default_factory=list[Request])
    cancelled: list[str] = field(default_factory=list[str])
    troubles: list[BackendError] = field(default_factory=list[BackendError])
    pictures: Sequence[Path] = ()
    previews: bool = False
    #: USD a picture, as estimated and as charged; None: nobody knows.
    price_usd: float | None = 0.0
    charge_usd: float | None = None
    #: It can't be reached.
    down: bool = False
    _gate: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tickets: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self._gate.set()

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        """Everything that waits, and everything from now on."""
        self._gate.set()
        self._tickets.release()

    def release_one(self) -> None:
        """The one that waits longest, or the next that comes."""
        self._tickets.release()

    async def running(self, number: int) -> list[Request]:
        """Waits until `collect` was called `number` times in all."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= number)
        return self.requests

    async def capabilities(self) -> Capabilities:
        if self.down:
            raise BackendUnavailable(backend=self.name)
        return self.offers

    async def submit(self, request: Request) -> str | None:
        return self.handle

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        async with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        if self.down:
            raise BackendUnavailable(backend=self.name)
        if self.troubles:
            raise self.troubles.pop(0)
        if self.previews:
            preview = request.folder / "preview.jpg"
            await asyncio.to_thread(Image.new("RGB", (64, 64), "teal").save, preview)
            progress.update(0.31, preview)
        if not self._gate.is_set():
            await self._tickets.acquire()
            if self._gate.is_set():
                self._tickets.release()
        if request.operation is Operation.DESCRIBE:
            return Result(texts=("one", "two", "three", "four"))
        images: list[Generated] = []
        for index, seed in enumerate(request.seeds):
            path = (
                self.pictures[index % len(self.pictures)]
                if self.pictures
                else await asyncio.to_thread(paint, request, index)
            )
            images.append(Generated(path=path, seed=seed, memo={"n": index}))
            progress.image(index, images[-1])
        charged = None if self.charge_usd is None else self.charge_usd * len(images)
        return Result(images=tuple(images), model="scripted-1", cost_usd=charged)

    async def cancel(self, request: Request, handle: str) -> None:
        self.cancelled.append(handle)

    def price(self, request: Request) -> float | None:
        return None if self.price_usd is None else self.price_usd * len(request.seeds)

    async def check(self) -> Text | None:
        return None

    async def close(self) -> None:
        self.release()


def paint(request: Request, index: int) -> Path:
    """A flat PNG whose colour follows from the prompt and the seed."""
    colour = zlib.crc32(f"{request.text} {request.seeds[index]}".encode()) & 0xFFFFFF
    path = request.folder / f"scripted-{index}.png"
    Image.new("RGB", (request.width, request.height), f"#{colour:06x}").save(path)
    return path


#: What costs money does.
PAID = replace(EVERYTHING, paid=True, priced="2026-11-23", repeatable=False)


def limited(*operations: Operation, **changes: object) -> Capabilities:
    """What `Scripted` offers, but for these operations only."""
    return replace(EVERYTHING, operations=frozenset(operations), **changes)  # pyright: ignore[reportArgumentType]
