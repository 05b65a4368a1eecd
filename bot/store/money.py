"""What a day has cost, and what it may.

Nothing is booked: what counts is read from the jobs themselves, and so what fails or is cancelled is given back by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, Select, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LimitReached
from bot.i18n import T
from bot.jobs import DAY_MS, Caps, Job, Status, midnight_ms
from bot.store import tables
from bot.store.database import Database

_jobs = tables.jobs
#: Whatever became of the others, their pictures were made or are to be.
_GIVEN_BACK = [str(Status.FAILED), str(Status.CANCELLED)]
_ROUNDING = 1e-6  # USD


class Spent(NamedTuple):
    """USD of today, by a user and in a server."""

    user: float
    server: float


class MoneyStore:
    """The part of the store that counts money."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, user_id: int, guild_id: int | None, caps: Caps) -> Spent:
        """What counts towards the caps today."""
        row = (await self._database.fetch(_spent(user_id, guild_id, caps)))[0]
        return Spent(row["user"], row["server"])


async def check_caps(connection: AsyncConnection, jobs: Sequence[Job], caps: Caps) -> None:
    """In the transaction that stores these jobs, of one user in one server. Raises `LimitReached` where they go beyond a day's cap."""
    if not any(job.backend in caps.paid for job in jobs):
        return
    more = sum(map(caps.counted, jobs))
    query = _spent(jobs[0].user_id, jobs[0].guild_id, caps)
    spent = Spent(*(await connection.execute(query)).one())
    if spent.user + more > caps.user_usd + _ROUNDING:
        raise LimitReached(
            T(
                "You have used {used} of the {cap} that one user may spend in a day, and this would cost about {more}."
                " What is used is renewed {when}.",
                used=usd(spent.user),
                cap=usd(caps.user_usd),
                more=usd(more),
                when=_renewal(),
            )
        )
    if spent.server + more > caps.server_usd + _ROUNDING:
        raise LimitReached(
            T(
                "This server has used {used} of the {cap} that it may spend in a day, and this would cost about {more}."
                " What is used is renewed {when}.",
                used=usd(spent.server),
                cap=usd(caps.server_usd),
                more=usd(more),
                when=_renewal(),
            )
        )


def usd(amount: float) -> str:
    """In cents; in tenths of them where it is less than ten."""
    exact = f"{amount:.3f}" if amount < 0.1 else f"{amount:.2f}0"
    return "$" + exact.removesuffix("0")


def _renewal() -> str:
    """Discord shows this as the time that is left."""
    return f"<t:{(midnight_ms() + DAY_MS) // 1000}:R>"


def _spent(user_id: int, guild_id: int | None, caps: Caps) -> Select[float, float]:
    counted = func.coalesce(_jobs.c.cost_usd, _jobs.c.estimate_usd, literal(caps.unknown_usd, Float))
    return select(
        _sum(counted, _jobs.c.user_id == user_id).label("user"), _sum(counted, _of(guild_id, caps)).label("server")
    ).where(
        _jobs.c.backend.in_(sorted(caps.paid)),
        _jobs.c.created_ms >= midnight_ms(),
        _jobs.c.status.not_in(_GIVEN_BACK),
    )


def _sum(counted: ColumnElement[float], concerned: ColumnElement[bool]) -> ColumnElement[float]:
    return func.coalesce(func.sum(case((concerned, counted), else_=0.0)), 0.0)


def _of(guild_id: int | None, caps: Caps) -> ColumnElement[bool]:
    server = caps.server(guild_id)
    if server is not None:
        return _jobs.c.guild_id == server
    return or_(_jobs.c.guild_id.is_(None), _jobs.c.guild_id.not_in(sorted(caps.guilds)))
