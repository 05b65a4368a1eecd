"""Things that go wrong on demand: errors, slow answers, connections that break."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from bot.playground.problems import JSON


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to the next `times` requests whose method and path match.

    `path` is a glob over the path after /api/v10 (`/webhooks/*/messages/*`); `method` may be `*`. With a `status` that
    answer is given (429 with `retry_after` seconds); with `drop` the connection is cut; with `hold` the request waits until
    `release()`. `done` says that the request takes effect before it fails: the client hears of a failure that was none.
    """

    method: str
    path: str
    status: int | None = None
    times: int = 1
    retry_after: float = 1.0
    code: int = 0
    message: str = ""
    is_global: bool = False
    drop: bool = False
    hold: bool = False
    done: bool = False
    seen: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let the requests that are held go on."""
        self.released.set()

    def headers(self) -> dict[str, str]:
        """The headers of the answer; a 429 without `Via` looks like a ban to clients."""
        if self.status != 429:
            return {}
        scope = "global" if self.is_global else "user"
        found = {"Via": "1.1 google", "Retry-After": str(self.retry_after), "X-RateLimit-Scope": scope}
        return found | ({"X-RateLimit-Global": "true"} if self.is_global else {})

    def payload(self) -> JSON:
        """The body of the answer."""
        if self.status == 429:
            text = "You are being rate limited."
            return {"message": text, "code": 0, "retry_after": self.retry_after, "global": self.is_global}
        found: dict[str, Any] = {"message": self.message or f"{self.status}: injected", "code": self.code}
        return found


class Faults:
    """The faults that are waiting for their requests."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Arm a fault."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm all, and let go what is held."""
        for fault in self._faults:
            fault.release()
        self._faults.clear()

    def match(self, method: str, path: str) -> Fault | None:
        """The first armed fault for a request, counted."""
        for fault in self._faults:
            if fault.seen < fault.times and fault.method in ("*", method) and fnmatchcase(path, fault.path):
                fault.seen += 1
                fault.reached.set()
                return fault
        return None
