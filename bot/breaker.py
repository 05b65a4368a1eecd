"""Whether a generator is asked at all: one that did not answer several times in a row is left alone for a while. Pure.

closed ──failures──▶ open ──it answers a question──▶ half-open ──a job succeeds──▶ closed
                      ▲                                  └──────── a job fails ──────────┘ (open again, for longer)
"""

import random
from collections.abc import Callable
from enum import StrEnum

#: In a row, by any job. As many as one job makes tries, so that a job which met nothing else finds the breaker open.
FAILURES = 3
#: Seconds until it is asked again: twice as long each time, up to the second figure.
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 600.0


class State(StrEnum):
    CLOSED = "closed"  # all is well
    OPEN = "open"  # offline: no job is given to it
    HALF_OPEN = "half-open"  # it answers again; one job at a time, as a probe


class Breaker:
    """One generator's. `spread` gives a random number between two, so that several processes do not ask in step."""

    def __init__(self, *, spread: Callable[[float, float], float] = random.uniform) -> None:
        self._spread = spread
        self._failures = 0
        self._openings = 0
        self.state = State.CLOSED

    def failed(self) -> None:
        """It could not be reached, or took too long."""
        self._failures += 1
        if self.state is State.HALF_OPEN or (self.state is State.CLOSED and self._failures >= FAILURES):
            self.open()

    def open(self) -> None:
        """It is known to be away, or still is. The next pause is longer."""
        self.state = State.OPEN
        self._openings += 1

    def answered(self) -> None:
        """It answers questions again. Whether it works, a job has to show."""
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN

    def succeeded(self) -> None:
        """It did a job, or said no to one. What comes late, from a job begun before it went away, is as good a sign."""
        self.state = State.CLOSED
        self._failures = self._openings = 0

    def pause(self) -> float:
        """Seconds until it is asked again, while it is open."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._openings - 1, 10)) * self._spread(0.75, 1.0)
