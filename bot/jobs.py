"""A job: what somebody asked for, on its way from the queue to the channel. Pure.

waiting ──▶ admitted ──▶ running ──▶ delivering ──▶ done ──▶ deleted
   │            │           │             └──▶ held ──▶ done
   └────────────┴───────────┴──▶ failed, cancelled
"""

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import heappop, heappush
from typing import Any, Literal, NamedTuple

from bot.i18n import Text

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter that reads as a digit


class Status(StrEnum):
    WAITING = "waiting"  # in our ranking
    ADMITTED = "admitted"  # handed to the engine, counts against the limits
    RUNNING = "running"  # with the backend
    DELIVERING = "delivering"  # pictures exist, the message does not yet
    DONE = "done"
    HELD = "held"  # every way to deliver failed; the pictures are kept
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.ADMITTED, Status.CANCELLED, Status.FAILED}),
    Status.ADMITTED: frozenset({Status.RUNNING, Status.WAITING, Status.CANCELLED, Status.FAILED}),
    Status.RUNNING: frozenset({Status.DELIVERING, Status.WAITING, Status.CANCELLED, Status.FAILED}),
    Status.DELIVERING: frozenset({Status.DONE, Status.HELD, Status.FAILED}),
    Status.HELD: frozenset({Status.DONE, Status.DELETED}),
    Status.DONE: frozenset({Status.DELETED}),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.DELETED: frozenset(),
}
#: Counted as running by the limits on users and servers.
ACTIVE = frozenset({Status.ADMITTED, Status.RUNNING, Status.DELIVERING})
#: May still be cancelled.
CANCELLABLE = frozenset({Status.WAITING, Status.ADMITTED, Status.RUNNING})
FINISHED = frozenset({Status.DONE, Status.HELD, Status.FAILED, Status.CANCELLED, Status.DELETED})


class Lane(StrEnum):
    FAST = "fast"
    RELAX = "relax"
    TURBO = "turbo"


class Action(StrEnum):
    """What a job does. The values stand in buttons' custom ids: never rename one."""

    IMAGINE = "imagine"
    UPSAMPLE = "upsample"  # U1-U4: one picture of a grid on its own
    VARIATION = "variation"  # V1-V4
    VARY_SUBTLE = "vary_subtle"
    VARY_STRONG = "vary_strong"
    UPSCALE_SUBTLE = "upscale_subtle"
    UPSCALE_CREATIVE = "upscale_creative"
    ZOOM = "zoom"
    PAN = "pan"
    SQUARE = "square"
    REGION = "region"
    EDIT = "edit"
    BLEND = "blend"
    DESCRIBE = "describe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job's messages go. Ids are Discord's; `token` is the interaction's, good until `token_until_ms`."""

    channel_id: int
    guild_id: int | None = None
    locale: str = "en-US"
    ephemeral: bool = False
    #: Whether the bot may post in the channel itself. Without that, the interaction's own response is edited.
    may_post: bool = True
    application_id: int = 0
    token: str = field(default="", repr=False)
    token_until_ms: int = 0
    #: The message that shows progress: the interaction's original response.
    progress_message_id: int | None = None
    #: The message that the result replies to.
    reply_to: int | None = None
    upload_limit: int = 10 * 1024 * 1024  # bytes a file
    #: Straight to the user as a direct message, whatever the channel.
    direct: bool = False
    #: The user wants a copy of the result as a direct message.
    copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as it stands in the store. Times are milliseconds since the epoch."""

    id: str
    action: Action
    user_id: int
    user_name: str
    backend: str
    place: Place
    #: The prompt in its canonical form, parameters included: parsing it gives everything that was asked.
    prompt: str = ""
    status: Status = Status.WAITING
    lane: Lane = Lane.FAST
    guild_id: int | None = None
    parent_id: str | None = None
    tile: int | None = None  # 1-4: the parent's picture that this one works on
    #: The action's own arguments (`factor`, `direction`, `instruction`, ...).
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seed: int = 0
    model: str | None = None
    created_ms: int = 0
    admitted_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    progress: float = 0.0
    attempts: int = 0
    handle: str | None = None  # the provider's, by which a running request is found again
    notes: tuple[Text, ...] = ()
    error: Text | None = None
    #: What its backend was thought to charge when it was submitted; None where that can't be told.
    estimate_usd: float | None = None
    #: What it did charge.
    cost_usd: float | None = None

    def evolve(self, **changes: Any) -> "Job":
        return replace(self, **changes)


class ImageKind(StrEnum):
    INPUT = "input"  # given by the user
    OUTPUT = "output"  # made by the backend, byte for byte
    GRID = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture in the object store. `index` counts from 0 within its job and kind."""

    job_id: str
    kind: ImageKind
    index: int
    key: str
    media_type: str
    width: int
    height: int
    size: int  # bytes
    seed: int | None = None
    #: For outputs what the backend wants to hear again, for inputs `{"role": ..., "weight": ...}`, and of a
    #: picture of ours what was noted of it (`made`) and by which backend (`by`).
    memo: Mapping[str, Any] = field(default_factory=dict[str, Any])


class MessageKind(StrEnum):
    """What a message shows of a job."""

    PROGRESS = "progress"
    RESULT = "result"
    COPY = "copy"  # shown once more, or sent by direct message
    GALLERY = "gallery"
    LOG = "log"  # for moderators; stays when the job is deleted
    REPORT = "report"  # by a user, for moderators; stays too


#: What goes when a job is deleted.
DELETABLE = frozenset({MessageKind.PROGRESS, MessageKind.RESULT, MessageKind.COPY, MessageKind.GALLERY})


@dataclass(frozen=True, slots=True)
class Message:
    """A message on Discord that belongs to a job."""

    message_id: int
    channel_id: int
    job_id: str
    kind: MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much at once. Zero means no limit of that kind."""

    running_per_user: int = 3
    waiting_per_user: int = 10
    running_per_guild: int = 0
    running_per_backend: Mapping[str, int] = field(default_factory=dict[str, int])
    #: Backends that get no jobs at all.
    offline: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What jobs on `paid` backends may cost in a day (UTC), in USD.

    A job whose cost nobody knows counts for `unknown_usd`. Each of `guilds` is a server; everything outside of them together is one more.
    """

    user_usd: float
    server_usd: float
    unknown_usd: float = 0.0
    paid: frozenset[str] = frozenset()
    guilds: frozenset[int] = frozenset()

    def counted(self, job: Job) -> float:
        """What a new job takes of the caps."""
        if job.backend not in self.paid:
            return 0.0
        return self.unknown_usd if job.estimate_usd is None else job.estimate_usd

    def server(self, guild_id: int | None) -> int | None:
        return guild_id if guild_id in self.guilds else None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What ranking needs to know of a job that waits or is active."""

    job_id: str
    user_id: int
    guild_id: int | None
    backend: str
    lane: Lane
    created_ms: int
    #: Its backend is busy with it or will be; no longer so while its message is on the way.
    generating: bool = True
    #: When it was handed to its backend; for active jobs only.
    started_ms: int | None = None
    #: When a job of this user's was last admitted; 0 for never.
    served_ms: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """A waiting job's place (1 is next) and when it will likely start. Nobody knows that of one that waits for a backend that is
    `offline`, which is named here."""

    place: int
    seconds: float
    offline: str | None = None


def midnight_ms() -> int:
    """When the day began, in UTC. Caps on spending begin anew a day later."""
    now = now_ms()
    return now - now % DAY_MS


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_job_id() -> str:
    """16 characters, rising with time: 45 bits of milliseconds and 35 random ones."""
    value = now_ms() << 35 | secrets.randbits(35)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(75, -1, -5))


def may_move(source: Status, target: Status) -> bool:
    return target in TRANSITIONS[source]


def effective_lane(ticket: Ticket, now_ms: int) -> Lane:
    """Relax never starves: after an hour it counts as fast. Turbo is fast on a faster model."""
    if ticket.lane is Lane.RELAX and now_ms - ticket.created_ms < HOUR_MS:
        return Lane.RELAX
    return Lane.FAST


class Line:
    """The waiting jobs as a queue that is fair to users, under the limits.

    The next is the first by lane, then by how many jobs its user has active, then by how long ago its user was last served, then by age.
    (Where only one job runs at a time nobody has any active when the next is chosen: taking turns is what is fair then.) A job that a
    limit holds back is passed over and does not count. What is taken counts as active until it is given to `finish`. Taking one costs
    O(log n).
    """

    def __init__(self, waiting: Iterable[Ticket], active: Iterable[Ticket], limits: Limits, now_ms: int) -> None:
        self._limits = limits
        self._users = Counter[int]()
        self._guilds = Counter[int]()
        self._backends = Counter[str]()
        waiting = list(waiting)
        self._served = {ticket.user_id: ticket.served_ms for ticket in waiting}
        self._turn = max(self._served.values(), default=0)
        for ticket in active:
            self._count(ticket, 1)
        # Jobs alike in lane, user, server and backend wait in one row, so that only its first one needs to be looked at.
        self._rows: dict[_Row, list[Ticket]] = {}
        self._rows_of: dict[int, list[_Row]] = {}
        for ticket in sorted(waiting, key=_age, reverse=True):
            row = _Row(effective_lane(ticket, now_ms), ticket.user_id, ticket.guild_id, ticket.backend)
            if row not in self._rows:
                self._rows_of.setdefault(row.user_id, []).append(row)
            self._rows.setdefault(row, []).append(ticket)
        # A row lies in the heap of those that may be next, or in that of the limit which holds it back; outdated entries are passed over.
        self._heaps: dict[_Limit | None, list[tuple[_Key, _Row]]] = {}
        self._lies: dict[_Row, tuple[_Limit | None, _Key]] = {}
        for row in self._rows:
            self._put(row, None)

    def take(self) -> Ticket | None:
        """The next job that may start; None when there is none or the limits hold all of them back."""
        while (row := self._first(None)) is not None:
            limit = next((limit for limit in _limits_on(row) if self._reached(limit)), None)
            ticket = None if limit else self._rows[row].pop()
            if ticket:
                self._count(ticket, 1)
                self._turn += 1
                self._served[row.user_id] = self._turn
                self._refresh(row.user_id)
            if self._rows[row]:
                self._put(row, limit)
            self._release(_limits_on(row))
            if ticket:
                return ticket
        return None

    def finish(self, ticket: Ticket) -> None:
        """An active job ended, which may let others pass."""
        self._count(ticket, -1)
        self._refresh(ticket.user_id)
        self._release(_limits_on(ticket))

    def _count(self, ticket: Ticket, change: int) -> None:
        self._users[ticket.user_id] += change
        if ticket.guild_id is not None:
            self._guilds[ticket.guild_id] += change
        if ticket.generating:
            self._backends[ticket.backend] += change

    def _put(self, row: "_Row", limit: "_Limit | None") -> None:
        key = (row.lane is Lane.RELAX, self._users[row.user_id], self._served[row.user_id], *_age(self._rows[row][-1]))
        self._lies[row] = limit, key
        heappush(self._heaps.setdefault(limit, []), (key, row))

    def _first(self, limit: "_Limit | None") -> "_Row | None":
        """Takes the first row out of a heap."""
        heap = self._heaps.get(limit, [])
        while heap:
            key, row = heappop(heap)
            if self._lies.get(row) == (limit, key):
                del self._lies[row]
                return row
        return None

    def _refresh(self, user_id: int) -> None:
        """The user's number of active jobs changed, and with it the place of all that the user has waiting."""
        for row in self._rows_of.get(user_id, ()):
            if row in self._lies:
                self._put(row, self._lies[row][0])

    def _release(self, limits: Iterable["_Limit"]) -> None:
        """Lets the first row behind each limit that is not reached try its luck. When it was served or held elsewhere, the next may."""
        for limit in limits:
            if not self._reached(limit) and (row := self._first(limit)) is not None:
                self._put(row, None)

    def _reached(self, limit: "_Limit") -> bool:
        match limit:
            case ("user", user_id):
                return not _below(self._users[user_id], self._limits.running_per_user)
            case ("guild", guild_id):
                return not _below(self._guilds[guild_id], self._limits.running_per_guild)
            case (_, backend):
                if backend in self._limits.offline:
                    return True
                return not _below(self._backends[backend], self._limits.running_per_backend.get(backend, 0))


class _Row(NamedTuple):
    lane: Lane
    user_id: int
    guild_id: int | None
    backend: str


_Key = tuple[bool, int, int, int, str]
_Limit = tuple[Literal["user", "guild"], int] | tuple[Literal["backend"], str]


def _limits_on(job: Ticket | _Row) -> tuple[_Limit, ...]:
    either: tuple[_Limit, ...] = ("user", job.user_id), ("backend", job.backend)
    return either if job.guild_id is None else (*either, ("guild", job.guild_id))


def _age(ticket: Ticket) -> tuple[int, str]:
    return ticket.created_ms, ticket.job_id


def rank(waiting: Iterable[Ticket], active: Iterable[Ticket], now_ms: int) -> Iterator[Ticket]:
    """Waiting jobs in the order in which they start: by lane, then round-robin over users, then by age.

    Each one that is yielded counts as active for those after it, so that the order is the one that admission will follow as long as
    nothing finishes. Lazy.
    """
    line = Line(waiting, active, Limits(running_per_user=0), now_ms)
    while (ticket := line.take()) is not None:
        yield ticket


def admissible(waiting: Iterable[Ticket], active: Iterable[Ticket], limits: Limits, now_ms: int) -> list[Ticket]:
    """Those that may start now, in order. A job that a limit holds back does not hold back the ones behind it."""
    line = Line(waiting, active, limits, now_ms)
    return list(iter(line.take, None))


def _below(count: int, limit: int) -> bool:
    return limit == 0 or count < limit
