"""What a user has made before and has waiting: shown again, searched, listed and counted."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.actions import Button
from bot.backends.base import Role
from bot.captions import Ancestor
from bot.errors import BackendError, FetchError, NotAllowed, NotFound, NotPossible
from bot.i18n import T, Text
from bot.jobs import (
    CANCELLABLE,
    Caps,
    Image,
    ImageKind,
    Job,
    Lane,
    Limits,
    Message,
    MessageKind,
    Place,
    Position,
    Status,
    midnight_ms,
)
from bot.store import Load, Spent, Usage, words_of
from bot.studio.choices import Choices
from bot.studio.desk import WITH_PICTURES, Caller
from bot.studio.results import Results
from bot.worker import Parcel

PAGE = 5  # jobs
ROW = 5  # buttons
SUGGESTIONS = 25  # Discord takes no more
SUGGEST_SECONDS = 1.0
THUMBNAIL = 256  # pixels a side
#: What a history lists: everything but what was deleted.
LISTED = frozenset(Status) - {Status.DELETED}
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{16}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One job of a history. `thumbnail` is None where no pictures are kept, `message` where none stands that one could jump to."""

    job: Job
    pictures: int
    thumbnail: Path | None = None
    message: Message | None = None
    origin: tuple[Ancestor, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of a history, newest first. `number` counts from 0; `total` is of jobs."""

    entries: tuple[Entry, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that waits, at its `position`, or runs (None). `hidden`: its prompt is nobody's business here."""

    job: Job
    position: Position | None
    mine: bool
    may_cancel: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """What a day's caps are, and what counts towards them already."""

    caps: Caps
    spent: Spent

    @property
    def user_left(self) -> float:
        return max(0.0, self.caps.user_usd - self.spent.user)

    @property
    def server_left(self) -> float:
        return max(0.0, self.caps.server_usd - self.spent.server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What a user has set, used and waiting. `today` began at midnight UTC."""

    lane: Lane
    stealth: bool
    backend: str
    model: str | None
    load: Load
    limits: Limits
    today: Mapping[Lane, Usage] = field(default_factory=dict[Lane, Usage])
    lifetime: Mapping[Lane, Usage] = field(default_factory=dict[Lane, Usage])
    budget: Budget | None = None  # where a generator costs money


class Library(Choices, Results):
    """The part of the studio that looks at jobs."""

    async def showable(self, caller: Caller, job_id: str) -> Job:
        """A job of the caller's that can be shown again; a moderator may show all of the server's.

        `job_id` may be a file's name with the id in it. Raises `NotFound` and `NotAllowed`, each with the reason.
        """
        found = _ID.findall(job_id.lower())
        job = await self._store.job(found[-1]) if found else None
        if job is None:
            raise NotFound(T("There is no job with that id. Type some words of its prompt and choose from the list."))
        if not _concerns(caller, job):
            raise NotAllowed(T("You can only show jobs of your own."))
        if job.status not in WITH_PICTURES:
            raise NotFound(_missing(job))
        if not job.details.get("texts") and not await self.pictures(job.id):
            raise NotFound(T("The pictures of that job are no longer kept."))
        return job

    async def show(self, caller: Caller, job_id: str, place: Place) -> None:
        """Posts a result once more at `place`, with its buttons and one to make it exactly so again.

        One that could not be delivered before is delivered by this.

        Raises `UserError`.
        """
        job = await self.showable(caller, job_id)
        async with self._worker.parcel(job) as parcel:
            again = replace(parcel, rows=_with_replay(parcel))
            shown = await self._outlet.repost(job.evolve(place=place), again, MessageKind.COPY)
        if not shown:
            raise NotPossible(T("The result could not be posted here. Try again in a moment, or in another channel."))
        if job.status is Status.HELD and job.user_id == caller.user_id:
            await self._store.move(job.id, {Status.HELD}, Status.DONE)

    async def suggestions(self, caller: Caller, typed: str) -> list[Job]:
        """The caller's results, newest first, by words of their prompts or how the id begins. None where the store is late."""
        try:
            async with asyncio.timeout(SUGGEST_SECONDS):
                return await self._store.jobs_of(
                    caller.user_id,
                    words=words_of(typed),
                    statuses={Status.DONE, Status.HELD},
                    limit=SUGGESTIONS,
                )
        except TimeoutError:
            return []

    @asynccontextmanager
    async def history(self, caller: Caller, query: str = "", number: int = 0) -> AsyncGenerator[Page]:
        """A page of the caller's jobs whose prompts have all words of `query`; the last page for a number beyond it.

        Thumbnails live as long as the context.
        """
        words = words_of(query)
        total = await self._store.count_of(caller.user_id, words=words, statuses=LISTED)
        pages = max(1, -(-total // PAGE))
        number = min(max(0, number), pages - 1)
        jobs = await self._store.jobs_of(caller.user_id, words=words, statuses=LISTED, limit=PAGE, offset=number * PAGE)
        async with self._folder("history") as folder:
            entries = await asyncio.gather(*(self._entry(job, folder) for job in jobs))
            yield Page(tuple(entries), number, pages, total)

    async def queue(self, caller: Caller) -> list[Queued]:
        """What runs and waits on the caller's server, or outside of servers the caller's own; what runs comes first, then by place."""
        if caller.guild_id is not None:
            jobs = await self._store.unfinished(guild_id=caller.guild_id)
        else:
            jobs = await self._store.unfinished(user_id=caller.user_id)
        positions = await self._admission.positions()
        last = len(positions) + 1

        def turn(job: Job) -> tuple[int, int]:
            known = positions.get(job.id)
            waits = job.status is Status.WAITING
            return (known.place if known else last if waits else 0), job.created_ms

        return [_queued(caller, job, positions.get(job.id)) for job in sorted(jobs, key=turn)]

    async def stop(self, caller: Caller, job_id: str) -> None:
        """Cancels a job that is not over, and never deletes one that is. Raises `NotFound` and `NotAllowed`."""
        job = await self._store.job(job_id)
        if job is None or job.status not in CANCELLABLE:
            raise NotFound(T("That job is over already."))
        if not _concerns(caller, job):
            raise NotAllowed(T("Only the owner of a job and moderators may cancel or delete it."))
        stopped = await self._store.move(job_id, CANCELLABLE, Status.CANCELLED)
        if stopped is None:
            raise NotFound(T("That job is over already."))
        await self._stop(stopped)

    async def info(self, caller: Caller) -> Info:
        await self.remember(caller)
        backend = self.backend_of(caller)
        load, today, lifetime = await asyncio.gather(
            self._store.load(caller.user_id),
            self._store.usage(caller.user_id, since_ms=midnight_ms()),
            self._store.usage(caller.user_id),
        )
        return Info(
            lane=self.lane(caller),
            stealth=self.stealth(caller),
            backend=backend,
            model=self._model(caller, backend),
            load=load,
            limits=self._limits,
            today=today,
            lifetime=lifetime,
            budget=await self._budget(caller),
        )

    async def _budget(self, caller: Caller) -> Budget | None:
        caps = self._caps
        return Budget(caps, await self._store.spent(caller.user_id, caller.guild_id, caps)) if caps.paid else None

    def _model(self, caller: Caller, backend: str) -> str | None:
        """The one that a prompt without a model gets, as far as that is known."""
        chosen = self._preferences.peek(caller.user_id).defaults.get("model")
        if chosen is not None:
            return str(chosen)
        try:
            return next(iter(self._catalog.capabilities(backend).models), None)
        except BackendError:
            return None

    async def _entry(self, job: Job, folder: Path) -> Entry:
        images, messages = await asyncio.gather(self._store.images(job.id), self._store.messages(job.id))
        outputs = [image for image in images if image.kind is ImageKind.OUTPUT]
        return Entry(
            job=job,
            pictures=len(outputs),
            thumbnail=await self._thumbnail(job, images, folder),
            message=None if job.place.ephemeral else _latest(messages),
            origin=await self._origin(job),
        )

    async def _thumbnail(self, job: Job, images: list[Image], folder: Path) -> Path | None:
        """A small JPEG of the grid, the picture, or what was described."""
        fitting = sorted(
            (image for image in images if image.kind in _SHOWN), key=lambda image: _SHOWN.index(image.kind)
        )
        if not fitting and job.details.get("texts"):
            fitting = [image for image in images if image.memo.get("role") == Role.INITIAL]
        if not fitting:
            return None
        target = folder / f"{job.id}.jpg"
        try:
            await self._imaging.preview(await self._objects.local(fitting[0].key), target, THUMBNAIL)
        except (NotFound, FetchError):  # removed in this moment
            return None
        return target

    async def _origin(self, job: Job) -> tuple[Ancestor, ...]:
        """What it was made from."""
        parent = await self._store.job(job.parent_id) if job.parent_id else None
        if parent is None:
            return ()
        hidden = parent.place.ephemeral or parent.status is Status.DELETED
        return (Ancestor(parent, None if hidden else _latest(await self._store.messages(parent.id))),)


_SHOWN = (ImageKind.GRID, ImageKind.OUTPUT)


def _concerns(caller: Caller, job: Job) -> bool:
    """Whether it is the caller's, or the caller moderates where it was made."""
    return job.user_id == caller.user_id or (caller.moderator and job.guild_id == caller.guild_id)


def _with_replay(parcel: Parcel) -> tuple[tuple[Button, ...], ...]:
    """Where there is a button to make another of the kind, one more to make the same."""
    if parcel.texts or not any(button.verb == "reroll" for row in parcel.rows for button in row):
        return parcel.rows
    *rows, last = parcel.rows
    replay = Button("replay")
    return (*rows, (*last, replay)) if len(last) < ROW else (*parcel.rows, (replay,))


def _missing(job: Job) -> Text:
    """Why there is nothing to show of it."""
    match job.status:
        case Status.DELETED:
            return T("That job was deleted.")
        case Status.CANCELLED:
            return T("That job was cancelled.")
        case Status.FAILED if job.error is not None:
            return T("That job failed: {reason}", reason=job.error)
        case Status.FAILED:
            return T("That job failed.")
        case _:
            return T("That job isn't finished yet. `/queue` tells where it stands.")


def _latest(messages: list[Message]) -> Message | None:
    return next((message for message in reversed(messages) if message.kind is MessageKind.RESULT), None)


def _queued(caller: Caller, job: Job, position: Position | None) -> Queued:
    mine = job.user_id == caller.user_id
    return Queued(
        job=job,
        position=position,
        mine=mine,
        may_cancel=job.status in CANCELLABLE and _concerns(caller, job),
        hidden=job.place.ephemeral and not mine,
    )
