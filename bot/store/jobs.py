"""Jobs in the store: what is submitted, admitted, moved and looked up."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Float, RowMapping, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LimitReached, NotFound
from bot.i18n import T
from bot.jobs import (
    ACTIVE,
    FINISHED,
    Caps,
    Image,
    ImageKind,
    Job,
    Limits,
    Message,
    Status,
    Ticket,
    admissible,
    may_move,
    now_ms,
)
from bot.store import codec, tables
from bot.store.database import Database
from bot.store.money import check_caps

#: Hands a job to the engine, in the transaction that admits it.
Enqueue = Callable[[AsyncConnection, Job], Awaitable[None]]
#: The ids of the workflows that are queued or run, as seen in the transaction that is given.
Alive = Callable[[AsyncConnection], Awaitable[Collection[str]]]

_jobs = tables.jobs
_earlier = _jobs.alias("earlier")
_SERVED = select(func.max(_earlier.c.admitted_ms)).where(_earlier.c.user_id == _jobs.c.user_id).scalar_subquery()
_TICKETS = select(
    _jobs.c.id,
    _jobs.c.user_id,
    _jobs.c.guild_id,
    _jobs.c.backend,
    _jobs.c.lane,
    _jobs.c.created_ms,
    _jobs.c.status,
    _jobs.c.started_ms,
    _SERVED.label("served_ms"),
).where(
    or_(
        _jobs.c.status == str(Status.WAITING),
        and_(_jobs.c.status.in_([str(status) for status in ACTIVE]), _jobs.c.backend != ""),
    )
)
_MEAN_OF = 20  # jobs
_BATCH = 500  # rows named in one statement


def workflow_id(job: Job) -> str:
    """Each attempt is a workflow of its own."""
    return f"{job.id}-{job.attempts}"


class JobStore:
    """The part of the store that is about jobs on their way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(
        self,
        jobs: Sequence[Job],
        images: Sequence[Image] = (),
        messages: Sequence[Message] = (),
        *,
        limits: Limits,
        caps: Caps | None = None,
        batch: bool = False,
        draft_id: str | None = None,
        enqueue: Enqueue,
    ) -> list[Job]:
        """Stores new jobs, their input images and what shows them already, all or none. Jobs for a backend wait; local ones (no backend)
        are admitted at once. The draft that they were confirmed from goes with it, so that it starts once.

        Raises `LimitReached` when more than `limits.waiting_per_user` of a user's jobs would wait; a `batch` was confirmed and has a limit
        of its own. So it does when a day's `caps` on money would be passed by all of them together; jobs for what is paid are of one user
        in one server. Raises `NotFound` when the draft is gone.
        """
        ready = _stamped(jobs)
        async with self._database.serialised() as connection:
            if draft_id is not None:
                await _use_up(connection, draft_id)
            if not batch and limits.waiting_per_user:
                await _check_waiting(connection, ready, limits.waiting_per_user)
            if caps is not None:
                await check_caps(connection, ready, caps)
            await connection.execute(insert(_jobs), [codec.job_row(job) for job in ready])
            if images:
                await connection.execute(insert(tables.images), [codec.image_row(image) for image in images])
            for message in messages:
                await _claim(connection, message)
            for job in ready:
                if job.status is Status.ADMITTED:
                    await enqueue(connection, job)
        return ready

    async def admit(self, limits: Limits, now_ms: int, enqueue: Enqueue) -> list[Job]:
        """Moves everything that may start now to `ADMITTED` and hands it to the engine, in the order of the ranking."""
        if not await self._any_waiting():
            return []
        async with self._database.serialised() as connection:
            waiting, active = _tickets((await connection.execute(_TICKETS)).mappings())
            local = [ticket for ticket in waiting if not ticket.backend]
            chosen = local + admissible([ticket for ticket in waiting if ticket.backend], active, limits, now_ms)
            jobs = await _admit(connection, [ticket.job_id for ticket in chosen], now_ms)
            for job in jobs:
                await enqueue(connection, job)
        return jobs

    async def _any_waiting(self) -> bool:
        return bool(
            await self._database.fetch(select(_jobs.c.id).where(_jobs.c.status == str(Status.WAITING)).limit(1))
        )

    async def job(self, job_id: str) -> Job | None:
        rows = await self._database.fetch(select(*tables.job_columns).where(_jobs.c.id == job_id))
        return codec.job_from_row(rows[0]) if rows else None

    async def move(self, job_id: str, source: Collection[Status], target: Status, **changes: Any) -> Job | None:
        """Changes the status and other fields if the job has one of the `source` statuses now; None if it has not.

        Stamps the times by itself; going back to `WAITING` forgets the attempt. Raises ValueError for a way that is not in `TRANSITIONS`.
        """
        if illegal := [status for status in source if not may_move(status, target)]:
            raise ValueError(f"no way from {', '.join(illegal)} to {target}")
        values = _checked({**_stamps(target), **changes})
        statement = update(_jobs).where(_jobs.c.id == job_id, _jobs.c.status.in_([str(status) for status in source]))
        rows = await self._database.change(
            statement.values(**values, status=str(target)).returning(*tables.job_columns)
        )
        return codec.job_from_row(rows[0]) if len(rows) == 1 else None

    async def collected(self, job_id: str, images: Sequence[Image], **changes: Any) -> bool:
        """Adds what was made and moves the job on to `DELIVERING`, both or neither. False when it does not run any more."""
        made = sum(image.kind is ImageKind.OUTPUT for image in images)
        values = _checked({"progress": 1.0, **changes}) | {"pictures": made}
        statement = (
            update(_jobs)
            .where(_jobs.c.id == job_id, _jobs.c.status == str(Status.RUNNING))
            .values(**values, status=str(Status.DELIVERING))
        )
        async with self._database.serialised() as connection:
            moved = (await connection.execute(statement)).rowcount == 1
            if moved:
                await connection.execute(
                    delete(tables.images).where(
                        tables.images.c.job_id == job_id, tables.images.c.kind != str(ImageKind.INPUT)
                    )
                )
                if images:
                    await connection.execute(insert(tables.images), [codec.image_row(image) for image in images])
        return moved

    async def update(self, job_id: str, **changes: Any) -> None:
        """Changes fields other than the status."""
        await self._database.change(update(_jobs).where(_jobs.c.id == job_id).values(**_checked(changes)))

    async def waiting(self) -> tuple[list[Ticket], list[Ticket]]:
        """What waits for a backend and what is active on one, for positions."""
        waiting, active = _tickets(await self._database.fetch(_TICKETS))
        return [ticket for ticket in waiting if ticket.backend], active

    async def waiting_for(self, backend: str) -> list[Job]:
        """The jobs that wait for a backend, oldest first."""
        query = select(*tables.job_columns).where(_jobs.c.status == str(Status.WAITING), _jobs.c.backend == backend)
        return codec.jobs_from_rows(await self._database.fetch(query.order_by(_jobs.c.created_ms, _jobs.c.id)))

    async def reassign(self, job: Job, source: str, caps: Caps) -> bool:
        """Gives a job that waits for the backend `source` to the one that it names now. False where it does not wait there any more.

        Raises `LimitReached` where it would go beyond a day's `caps`.
        """
        changed = ("backend", "model", "lane", "estimate_usd", "notes")
        values = codec.job_values({name: getattr(job, name) for name in changed})
        statement = update(_jobs).where(
            _jobs.c.id == job.id, _jobs.c.status == str(Status.WAITING), _jobs.c.backend == source
        )
        async with self._database.serialised() as connection:
            # Nobody's for the moment, so that what it took before is not counted beside what it takes now.
            if (await connection.execute(statement.values(backend=""))).rowcount != 1:
                return False
            await check_caps(connection, [job], caps)
            await connection.execute(update(_jobs).where(_jobs.c.id == job.id).values(**values))
        return True

    async def mean_seconds(self, backend: str) -> float | None:
        """How long this backend's last jobs took; None before the first."""
        last = (
            select((_jobs.c.finished_ms - _jobs.c.started_ms).label("ms"))
            .where(_jobs.c.backend == backend, _jobs.c.status == str(Status.DONE), _jobs.c.started_ms.is_not(None))
            .order_by(_jobs.c.finished_ms.desc())
            .limit(_MEAN_OF)
            .subquery()
        )
        rows = await self._database.fetch(select(func.avg(last.c.ms, type_=Float).label("ms")))
        return None if rows[0]["ms"] is None else float(rows[0]["ms"]) / 1000

    async def repair(self, alive: Alive) -> list[Job]:
        """Mends active jobs that no workflow works on any more, and returns them as they are now.

        That happens when a workflow broke off by an error that nobody foresaw. Not begun: it waits again. Begun: it failed, since to begin
        again might be paid for twice. With pictures: it is held.
        """
        async with self._database.serialised() as connection:
            living = set(await alive(connection))
            query = select(*tables.job_columns).where(_jobs.c.status.in_([str(status) for status in ACTIVE]))
            active = codec.jobs_from_rows((await connection.execute(query)).mappings())
            return [await _mend(connection, job) for job in active if workflow_id(job) not in living]


def _stamped(jobs: Iterable[Job]) -> list[Job]:
    """A millisecond apart, so that a batch keeps its order. A local job is no turn of its user's, so it has no time of admission."""
    now = now_ms()
    return [
        job.evolve(created_ms=now + index, status=Status.WAITING)
        if job.backend
        else job.evolve(created_ms=now + index, status=Status.ADMITTED, attempts=1)
        for index, job in enumerate(jobs)
    ]


async def _claim(connection: AsyncConnection, message: Message) -> None:
    """Of the jobs that share an answer, the first has it."""
    taken = select(tables.messages.c.message_id).where(tables.messages.c.message_id == message.message_id)
    if (await connection.execute(taken)).first() is None:
        await connection.execute(insert(tables.messages), [codec.message_row(message)])


async def _check_waiting(connection: AsyncConnection, jobs: Iterable[Job], limit: int) -> None:
    for user_id, more in Counter(job.user_id for job in jobs if job.backend).items():
        query = select(func.count()).where(
            _jobs.c.user_id == user_id, _jobs.c.status == str(Status.WAITING), _jobs.c.backend != ""
        )
        waiting = (await connection.execute(query)).scalar_one()
        if waiting + more > limit:
            raise LimitReached(
                T(
                    "Your job queue is full: {limit} jobs may wait. Please wait for a job to finish first, then resubmit this one.",
                    limit=limit,
                )
            )


def _tickets(rows: Iterable[RowMapping]) -> tuple[list[Ticket], list[Ticket]]:
    """What waits, and what is active on a backend."""
    waiting: list[Ticket] = []
    active: list[Ticket] = []
    for row in rows:
        (waiting if row["status"] == Status.WAITING else active).append(codec.ticket_from_row(row))
    return waiting, active


async def _admit(connection: AsyncConnection, job_ids: Sequence[str], now: int) -> list[Job]:
    admitted: dict[str, Job] = {}
    for start in range(0, len(job_ids), _BATCH):
        statement = update(_jobs).where(
            _jobs.c.id.in_(job_ids[start : start + _BATCH]), _jobs.c.status == str(Status.WAITING)
        )
        values = {"status": str(Status.ADMITTED), "admitted_ms": now, "attempts": _jobs.c.attempts + 1}
        rows = (await connection.execute(statement.values(**values).returning(*tables.job_columns))).mappings()
        admitted.update((job.id, job) for job in codec.jobs_from_rows(rows))
    return [admitted[job_id] for job_id in job_ids if job_id in admitted]


async def _use_up(connection: AsyncConnection, draft_id: str) -> None:
    gone = await connection.execute(delete(tables.drafts).where(tables.drafts.c.id == draft_id))
    if gone.rowcount != 1:
        raise NotFound(T("These jobs were started already, or their prompts are no longer kept."))


async def _mend(connection: AsyncConnection, job: Job) -> Job:
    error = T("The bot lost track of this job. Please submit it again.")
    match job.status:
        case Status.ADMITTED:
            changes = {"status": Status.WAITING, **_stamps(Status.WAITING)}
        case Status.DELIVERING:
            changes = {"status": Status.HELD, **_stamps(Status.HELD)}
        case _:
            changes = {"status": Status.FAILED, "error": error, **_stamps(Status.FAILED)}
    await connection.execute(update(_jobs).where(_jobs.c.id == job.id).values(**codec.job_values(changes)))
    return job.evolve(**changes)


def _stamps(target: Status) -> dict[str, Any]:
    """What a new status changes by itself."""
    if target is Status.RUNNING:
        return {"started_ms": now_ms()}
    if target is Status.WAITING:
        return {"admitted_ms": None, "started_ms": None, "progress": 0.0, "handle": None}
    if target in FINISHED and target is not Status.DELETED:
        return {"finished_ms": now_ms()}
    return {}


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    if "id" in changes or "status" in changes:
        raise ValueError("the id never changes, and the status only by move()")
    return codec.job_values(changes)
