"""Connections: one database for the jobs and for the engine, SQLite in one process or PostgreSQL with many.

SQLite's driver begins transactions by itself, but late: two that count first and write then would both see the old count. So
`Database.serialised` begins with the write lock in hand.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, Protocol, Self

from sqlalchemy import Connection, Engine, Executable, RowMapping, create_engine, event, make_url
from sqlalchemy import text as sql
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import ConfigError, LienzoError, StorageFull
from bot.i18n import T, Text
from bot.migrations import upgrade

#: What the driver may raise that is nobody's setting: a server that went away, a statement that took too long.
DatabaseFailed = SQLAlchemyError
BUSY_MS: Final = 30_000
#: A new file's change to write-ahead logging waits for nobody, whatever the timeout: of several processes that begin at once, all but
#: one have to come again.
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_THREADS: Final = (
    2  # for statements on SQLite: one that waits for another process to write, and one that reads meanwhile
)
#: PostgreSQL's lock under which jobs are counted, admitted and repaired; any number that nobody else uses on this database.
_COUNTING_LOCK: Final = 0x4C69656E
_FULL = ("SQLITE_FULL", "53100")
_UNUSABLE = (
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "25006",
    "28",
    "3D000",
    "42501",
    "08",
)


def parse_url(url: str) -> URL:
    """The address of a database, checked. Raises `ConfigError`; a password never gets into its text."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unusable(T("is not an address of a database")) from error
    if parsed.drivername not in {"sqlite+aiosqlite", "postgresql+psycopg"}:
        raise _unusable(T("must begin with sqlite+aiosqlite:/// or postgresql+psycopg://"))
    if not parsed.database or parsed.database == ":memory:":
        raise _unusable(T("must name a database that outlives the process"))
    return parsed


def blocking_engine(url: URL, *, pool_size: int = 2) -> Engine:
    """An engine for threads: the migrations' and the job engine's."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=pool_size, max_overflow=2, pool_pre_ping=True)
    engine = create_engine(url.set(drivername="sqlite"), pool_size=pool_size, max_overflow=2)
    event.listen(engine, "connect", _prepare_blocking)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    _set_pragmas(connection)


def _prepare_blocking(connection: Any, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # as DBOS wants it: the driver begins before the first write
    _set_pragmas(connection)


def _set_pragmas(connection: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _pool(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


class Database:
    """What the store's statements run on."""

    def __init__(self, url: URL) -> None:
        self._transactions = _pool(url)
        self._single: _Single
        if url.get_backend_name() == "sqlite":
            self._single = _Threaded(url)
            # SQLite has one writer at a time, and waits for its turn by sleeping: within the process a lock is quicker.
            self._turn = asyncio.Lock()
            event.listen(self._transactions.sync_engine, "begin", _begin_immediate)
        else:
            self._single = _Pooled(self._transactions)
            self._turn = None

    @classmethod
    async def open(cls, url: str) -> Self:
        """Brings the tables up to date and connects. Raises `ConfigError` when the database cannot be used."""
        parsed = parse_url(url)
        for pause in _PAUSES:
            try:
                await asyncio.to_thread(_migrate, parsed)
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_BUSY":
                    raise
                await asyncio.sleep(pause)
            else:
                return cls(parsed)
        raise _unusable(T("can't be used: {reason}", reason="SQLITE_BUSY"))

    async def close(self) -> None:
        await self._single.close()
        await self._transactions.dispose()

    @property
    def dialect(self) -> str:
        return self._transactions.dialect.name

    async def fetch(self, query: Executable) -> Sequence[RowMapping]:
        """The rows of one query."""
        with translated():
            return await self._single.run(query, None)

    async def change(self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None) -> Sequence[RowMapping]:
        """One statement that writes, on each of `rows` where they are given, and commits; what it returns."""
        async with self._turn or nullcontext():
            with translated():
                return await self._single.run(statement, rows)

    @asynccontextmanager
    async def serialised(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction at a time over all processes: for what counts first and writes then."""
        async with self._turn or nullcontext():
            with translated():
                async with self._transactions.begin() as connection:
                    if self._turn is None:
                        await connection.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNTING_LOCK})
                    yield connection


class _Single(Protocol):
    """How statements that are a transaction by themselves are run."""

    async def run(self, statement: Executable, rows: Sequence[dict[str, Any]] | None) -> Sequence[RowMapping]: ...

    async def close(self) -> None: ...


class _Pooled:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, statement: Executable, rows: Sequence[dict[str, Any]] | None) -> Sequence[RowMapping]:
        async with self._engine.begin() as connection:
            result = await connection.execute(statement, rows)
            return result.mappings().all() if result.returns_rows else ()

    async def close(self) -> None:
        """The engine is closed by the one who gave it."""


class _Threaded:
    """The asynchronous driver goes to its thread and back for each of its calls, five times a statement; this goes once."""

    def __init__(self, url: URL) -> None:
        self._engine = blocking_engine(url, pool_size=_THREADS)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")

    async def run(self, statement: Executable, rows: Sequence[dict[str, Any]] | None) -> Sequence[RowMapping]:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, statement, rows)

    def _run(self, statement: Executable, rows: Sequence[dict[str, Any]] | None) -> Sequence[RowMapping]:
        with self._engine.begin() as connection:
            result = connection.execute(statement, rows)
            return result.mappings().all() if result.returns_rows else ()

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        self._engine.dispose()


def _migrate(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(T("can't be created: {reason}", reason=error.strerror or "")) from error
    engine = blocking_engine(url)
    try:
        with translated():
            upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def translated() -> Generator[None]:
    """The driver's errors of an operator's concern as ours; the others pass."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error) or error from error


def _translate(error: DBAPIError) -> LienzoError | None:
    original: Any = error.orig
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or ""
    if code.startswith(_FULL):
        return StorageFull()
    if code.startswith(_UNUSABLE):
        return _unusable(T("can't be used: {reason}", reason=str(original).strip()))
    if not code and error.statement is None:  # a statement is known of every error but those of connecting
        return _unusable(T("can't be reached"))
    return None


def _unusable(problem: Text) -> ConfigError:
    return ConfigError(name="LIENZO_DATABASE_URL", problem=problem)
