"""Who is next: lets waiting jobs start as the limits allow, and tells everyone else their place and when they will likely start."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from time import monotonic
from typing import Protocol

from bot.errors import LienzoError
from bot.jobs import Job, Limits, Line, Position, Ticket, now_ms
from bot.store import Alive, DatabaseFailed, Enqueue, Store

_SOON = 0.1  # seconds that a job lasts at least; one that is overdue is always about to end
_POLL = 5.0  # seconds: another process may have freed a place
_TELL = 2.0  # seconds between two tellings of positions: a message is not edited more often anyway
_REPAIR_SECONDS = 60.0
_MEANS_FOR_MS = 10_000
_SECONDS = 30.0  # of a job of which nothing is known
_logger = logging.getLogger(__name__)


class _Engine(Protocol):
    """What admission needs of `bot.engine.Engine`."""

    @property
    def enqueue(self) -> Enqueue: ...

    @property
    def alive(self) -> Alive: ...


def forecast(
    waiting: Sequence[Ticket], active: Sequence[Ticket], limits: Limits, seconds: Mapping[str, float], now: int
) -> dict[str, Position]:
    """The waiting jobs' places and the seconds until each starts, by playing the queue forward. Those of offline backends come last, with
    no time.

    Each job is taken to last its backend's mean `seconds`; of what runs now the time that it has run is taken off. Jobs that no other's
    end will ever let start get the last places, at the time when everything else is done.
    """
    line = Line(waiting, active, limits, now)
    ends: list[tuple[float, str, Ticket]] = []
    for ticket in active:
        ran = 0.0 if ticket.started_ms is None else (now - ticket.started_ms) / 1000
        left = seconds.get(ticket.backend, 0.0) - ran if ticket.generating else 0.0
        heappush(ends, (max(left, _SOON), ticket.job_id, ticket))
    starts: dict[str, Position] = {}
    time = 0.0
    while True:
        while (ticket := line.take()) is not None:
            starts[ticket.job_id] = Position(len(starts) + 1, time)
            heappush(ends, (time + max(seconds.get(ticket.backend, 0.0), _SOON), ticket.job_id, ticket))
        if not ends:
            break
        time, _, ended = heappop(ends)
        line.finish(ended)
    for ticket in sorted(waiting, key=lambda ticket: ticket.backend in limits.offline):
        away = ticket.backend if ticket.backend in limits.offline else None
        starts.setdefault(ticket.job_id, Position(len(starts) + 1, 0.0 if away else time, away))
    return starts


def capped(limits: Limits, concurrency: Mapping[str, int]) -> Limits:
    """The limits with no more on a backend at once than it serves: what waits there cannot be ranked any more."""
    backends = {name: min(limits.running_per_backend.get(name) or count, count) for name, count in concurrency.items()}
    return replace(limits, running_per_backend={**limits.running_per_backend, **backends})


class Admission:
    """The one who calls the next. Runs in every process; the store makes sure that they never let in too many together."""

    def __init__(
        self,
        store: Store,
        engine: _Engine,
        limits: Callable[[], Limits],
        *,
        on_positions: Callable[[Mapping[str, Position]], Awaitable[None]],
        seconds: Callable[[str], float] = lambda _: _SECONDS,
        tend: Callable[[], Awaitable[None]] | None = None,
        on_repaired: Callable[[Sequence[Job]], Awaitable[None]] | None = None,
        poll_seconds: float = _POLL,
        tell_seconds: float = _TELL,
    ) -> None:
        """`limits` says what holds now, `seconds` how long a backend takes until there is a mean to go by. `tend` is called each time
        before jobs are let in.

        `on_positions` hears the positions of all waiting jobs whenever they may have changed, `on_repaired` of jobs whose work broke off
        and that have failed, are held, or wait again for that reason. Neither may raise.
        """
        self._store = store
        self._engine = engine
        self._limits = limits
        self._guess = seconds
        self._tend = tend
        self._on_positions = on_positions
        self._on_repaired = on_repaired
        self._poll_seconds = poll_seconds
        self._tell_seconds = tell_seconds
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._means: dict[str, tuple[int, float]] = {}

    async def start(self) -> None:
        """Mends what a killed process left, and begins. The engine must have been started."""
        await self._repair()
        self._awake.set()
        self._task = asyncio.create_task(self._loop(), name="admission")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def wake(self) -> None:
        """Something was submitted, ended or was cancelled."""
        self._awake.set()

    async def position(self, job_id: str) -> Position | None:
        """The place of one waiting job; None when it does not wait."""
        return (await self.positions()).get(job_id)

    async def positions(self) -> dict[str, Position]:
        """The places of all waiting jobs, by job."""
        waiting, active = await self._store.waiting()
        if not waiting:
            return {}
        seconds = {
            backend: await self._seconds(backend) for backend in {ticket.backend for ticket in (*waiting, *active)}
        }
        return await asyncio.to_thread(forecast, waiting, active, self._limits(), seconds, now_ms())

    async def _loop(self) -> None:
        repair_at = monotonic() + _REPAIR_SECONDS
        tell_at, untold = 0.0, False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(tell_at - monotonic() if untold else self._poll_seconds):
                    await self._awake.wait()
            self._awake.clear()
            try:
                if monotonic() >= repair_at:
                    repair_at = monotonic() + _REPAIR_SECONDS
                    await self._repair()
                if self._tend is not None:
                    await self._tend()
                await self._store.admit(self._limits(), now_ms(), self._engine.enqueue)
                if not (untold := monotonic() < tell_at):
                    tell_at = monotonic() + self._tell_seconds
                    await self._tell()
            except (LienzoError, DatabaseFailed):
                _logger.exception("admission failed; it will be tried again")

    async def _tell(self) -> None:
        if positions := await self.positions():
            await self._on_positions(positions)

    async def _repair(self) -> None:
        repaired = await self._store.repair(self._engine.alive)
        if repaired and self._on_repaired is not None:
            await self._on_repaired(repaired)

    async def _seconds(self, backend: str) -> float:
        asked, mean = self._means.get(backend, (0, 0.0))
        if now_ms() - asked > _MEANS_FOR_MS:
            mean = await self._store.mean_seconds(backend) or self._guess(backend)
            self._means[backend] = now_ms(), mean
        return mean
