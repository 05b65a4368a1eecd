"""What is asked of jobs that were submitted once: whose they are, what they were about, and what they took."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, case, func, or_, select

from bot.jobs import ACTIVE, Job, Lane, Status
from bot.store import codec, tables
from bot.store.database import Database
from bot.store.words import searchable

_jobs = tables.jobs
_UNFINISHED = [str(status) for status in (Status.WAITING, *sorted(ACTIVE))]
#: A job that came to something, whatever became of that later.
_MADE = [str(status) for status in (Status.DONE, Status.HELD, Status.DELETED)]


@dataclass(frozen=True, slots=True)
class Usage:
    """What was made by generators: `jobs` and `pictures` that came to something, and the time and money that all took.

    `cost_usd` is None where no generator named a price.
    """

    jobs: int = 0
    pictures: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A user's jobs for generators that are not over: how many wait in each lane, and how many run."""

    running: int = 0
    waiting: Mapping[Lane, int] = field(default_factory=dict[Lane, int])


class HistoryStore:
    """The part of the store that looks back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def jobs_of(
        self,
        user_id: int,
        *,
        words: Sequence[str] = (),
        statuses: Collection[Status] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Job]:
        """A user's jobs, newest first, whose prompts have all of `words` in them, whatever the case and accents. One word alone may also
        be how the job's id begins.
        """
        query = (
            select(*tables.job_columns)
            .where(*_matching(user_id, words, statuses))
            .order_by(_jobs.c.created_ms.desc(), _jobs.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return codec.jobs_from_rows(await self._database.fetch(query))

    async def count_of(
        self, user_id: int, *, words: Sequence[str] = (), statuses: Collection[Status] | None = None
    ) -> int:
        """How many there are of what `jobs_of` finds."""
        query = select(func.count().label("count")).where(*_matching(user_id, words, statuses))
        return (await self._database.fetch(query))[0]["count"]

    async def unfinished(self, *, guild_id: int | None = None, user_id: int | None = None) -> list[Job]:
        """What waits and runs, of a server or a user, oldest first."""
        query = select(*tables.job_columns).where(_jobs.c.status.in_(_UNFINISHED))
        if guild_id is not None:
            query = query.where(_jobs.c.guild_id == guild_id)
        if user_id is not None:
            query = query.where(_jobs.c.user_id == user_id)
        return codec.jobs_from_rows(await self._database.fetch(query.order_by(_jobs.c.created_ms, _jobs.c.id)))

    async def children(self, job_id: str) -> list[Job]:
        """The jobs made from this one's pictures, oldest first."""
        query = select(*tables.job_columns).where(_jobs.c.parent_id == job_id).order_by(_jobs.c.created_ms, _jobs.c.id)
        return codec.jobs_from_rows(await self._database.fetch(query))

    async def usage(self, user_id: int, *, since_ms: int = 0) -> dict[Lane, Usage]:
        """What a user's jobs that finished since then were and took, by lane. Lanes without any are absent."""
        made = _jobs.c.status.in_(_MADE)
        query = (
            select(
                _jobs.c.lane,
                func.sum(case((made, 1), else_=0)).label("jobs"),
                func.sum(case((made, _jobs.c.pictures), else_=0)).label("pictures"),
                func.sum(_jobs.c.finished_ms - _jobs.c.started_ms).label("ms"),
                func.sum(_jobs.c.cost_usd).label("cost"),
            )
            .where(_jobs.c.user_id == user_id, _jobs.c.backend != "", _jobs.c.finished_ms >= since_ms)
            .group_by(_jobs.c.lane)
        )
        return {
            Lane(row["lane"]): Usage(int(row["jobs"]), int(row["pictures"]), float(row["ms"] or 0) / 1000, row["cost"])
            for row in await self._database.fetch(query)
        }

    async def load(self, user_id: int) -> Load:
        query = (
            select(_jobs.c.status, _jobs.c.lane, func.count().label("count"))
            .where(_jobs.c.user_id == user_id, _jobs.c.status.in_(_UNFINISHED), _jobs.c.backend != "")
            .group_by(_jobs.c.status, _jobs.c.lane)
        )
        rows = await self._database.fetch(query)
        waiting = {Lane(row["lane"]): int(row["count"]) for row in rows if row["status"] == Status.WAITING}
        return Load(sum(row["count"] for row in rows if row["status"] != Status.WAITING), waiting)


def _matching(user_id: int, words: Iterable[str], statuses: Collection[Status] | None) -> Iterable[ColumnElement[bool]]:
    yield _jobs.c.user_id == user_id
    if statuses is not None:
        yield _jobs.c.status.in_([str(status) for status in statuses])
    folded = [word for word in map(searchable, words) if word]
    if len(folded) == 1:
        yield or_(_has(folded[0]), _jobs.c.id.startswith(folded[0], autoescape=True))
    else:
        yield from map(_has, folded)


def _has(word: str) -> ColumnElement[bool]:
    return _jobs.c.search.contains(word, autoescape=True)
