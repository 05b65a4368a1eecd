"""A job: what somebody asked for, on its way from the queue to the channel. Pure.

waiting ──▶ admitted ──▶ running ──▶ delivering ──▶ done ──▶ deleted
   │            │           │             └──▶ held ──▶ done
   └────────────┴───────────┴──▶ failed, cancelled
"""

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.i18n import Text

HOUR_MS = 3_600_000
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
#: Counted as running by the limits.
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
    REROLL = "reroll"
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
    #: For outputs what the backend wants to hear again, for inputs `{"role": ..., "weight": ...}`.
    memo: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much at once. Zero means no limit of that kind."""

    running_per_user: int = 3
    waiting_per_user: int = 10
    running_per_guild: int = 0
    running_per_backend: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Ticket:
    """What ranking needs to know of a job that waits or is active."""

    job_id: str
    user_id: int
    guild_id: int | None
    backend: str
    lane: Lane
    created_ms: int


@dataclass(frozen=True, slots=True)
class Position:
    """A waiting job's place (1 is next) and when it will likely start."""

    place: int
    seconds: float


def new_job_id() -> str:
    """16 characters, rising with time: 45 bits of milliseconds and 35 random ones."""
    value = (time.time_ns() // 1_000_000) << 35 | secrets.randbits(35)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(75, -1, -5))


def may_move(source: Status, target: Status) -> bool:
    return target in TRANSITIONS[source]


def effective_lane(ticket: Ticket, now_ms: int) -> Lane:
    """Relax never starves: after an hour it counts as fast. Turbo is fast on a faster model."""
    if ticket.lane is Lane.RELAX and now_ms - ticket.created_ms < HOUR_MS:
        return Lane.RELAX
    return Lane.FAST


def rank(waiting: Iterable[Ticket], active: Iterable[Ticket], now_ms: int) -> Iterator[Ticket]:
    """Waiting jobs in the order in which they start: by lane, then round-robin over users by how many they have active, then by age.

    Each one that is yielded counts as active for those after it, so that the order is the one that admission will follow as long as
    nothing finishes. Lazy: who needs only the first pays only for the first.
    """
    counts = Counter(ticket.user_id for ticket in active)
    lanes: dict[Lane, dict[int, list[Ticket]]] = {Lane.FAST: {}, Lane.RELAX: {}}
    for ticket in sorted(waiting, key=lambda t: (t.created_ms, t.job_id), reverse=True):
        lanes[effective_lane(ticket, now_ms)].setdefault(ticket.user_id, []).append(ticket)
    for users in lanes.values():
        while users:
            user_id = min(users, key=lambda u: (counts[u], users[u][-1].created_ms, users[u][-1].job_id))
            yield users[user_id].pop()
            counts[user_id] += 1
            if not users[user_id]:
                del users[user_id]


def admissible(waiting: Sequence[Ticket], active: Sequence[Ticket], limits: Limits, now_ms: int) -> list[Ticket]:
    """Those that may start now, in order. A job that a limit holds back does not hold back the ones behind it."""
    users = Counter(t.user_id for t in active)
    guilds = Counter(t.guild_id for t in active if t.guild_id is not None)
    backends = Counter(t.backend for t in active)
    chosen: list[Ticket] = []
    remaining = list(waiting)
    while remaining:
        ticket = next(
            (
                t
                for t in rank(remaining, [*active, *chosen], now_ms)
                if _below(users[t.user_id], limits.running_per_user)
                and (t.guild_id is None or _below(guilds[t.guild_id], limits.running_per_guild))
                and _below(backends[t.backend], limits.running_per_backend.get(t.backend, 0))
            ),
            None,
        )
        if ticket is None:
            break
        chosen.append(ticket)
        remaining.remove(ticket)
        users[ticket.user_id] += 1
        backends[ticket.backend] += 1
        if ticket.guild_id is not None:
            guilds[ticket.guild_id] += 1
    return chosen


def _below(count: int, limit: int) -> bool:
    return limit == 0 or count < limit
