"""The playground's own time, which tests set: every rule of the playground (3 s, 15 min, expiry) goes by it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Timer:
    """A callback due at `when` (epoch seconds of the playground's clock)."""

    __slots__ = ("callback", "cancelled", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """Runs with the machine's clock until it is frozen or advanced; due timers fire inside `advance`."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._frozen: float | None = None
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")

    def now(self) -> float:
        """Epoch seconds."""
        return self._frozen if self._frozen is not None else time.monotonic() + self._offset

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return int(self.now() * 1000)

    def iso(self) -> str:
        """Now, as Discord writes times."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def freeze(self) -> None:
        """Stop: from here on only `advance` moves the clock."""
        self._frozen = self.now()
        self._disarm()

    def thaw(self) -> None:
        """Run again, from where the clock stands."""
        if self._frozen is not None:
            self._offset = self._frozen - time.monotonic()
            self._frozen = None
            self._arm()

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` (≥ 0) and fire at once, in order, every timer that falls due."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds
        self._fire()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once the clock has moved by `seconds`."""
        timer = Timer(self.now() + seconds, callback)
        heapq.heappush(self._heap, (timer.when, next(self._order), timer))
        if timer.when < self._alarm_at:
            self._arm()
        return timer

    def close(self) -> None:
        """Forget every timer."""
        self._heap.clear()
        self._disarm()

    def _fire(self) -> None:
        self._disarm()
        now = self.now()
        while self._heap and (self._heap[0][2].cancelled or self._heap[0][0] <= now):
            timer = heapq.heappop(self._heap)[2]
            if not timer.cancelled:
                timer.callback()
        self._arm()

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_at = float("inf")

    def _arm(self) -> None:
        self._disarm()
        if self._frozen is None and self._heap:
            self._alarm_at = self._heap[0][0]
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, self._alarm_at - self.now()), self._fire)
