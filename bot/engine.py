"""The port to DBOS: durable execution of a job's steps.

A job that is admitted is a row in DBOS's queue from the same transaction on. Its steps run in order; what a step answered is stored, and
a process that was killed goes on with the first step that had not answered. DBOS keeps its tables in the jobs' own database, knows a
workflow by its function's name and this module's `VERSION`, and is one application for each process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar
from zlib import crc32

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatusString
from filelock import FileLock, Timeout
from sqlalchemy import Connection, column, func, select, table
from sqlalchemy import Engine as BlockingEngine
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ConfigError
from bot.i18n import T
from bot.jobs import ACTIVE, Job
from bot.store import tables, workflow_id
from bot.store.database import blocking_engine, parse_url, translated

#: Workflows of another version are left alone: raise it when a step is added, removed or renamed, and let the old ones finish first.
VERSION: Final = "1"
#: The queue of jobs that need no backend.
LOCAL: Final = "local"
_APPLICATION: Final = "lienzo"
_WORKFLOW: Final = "job"
_ATTEMPTS = 10  # a job that took the process down with it this often is not tried again
_THREADS = 4  # for DBOS's statements
_SESSION_LOCK: Final = 0x4C69_0000_0000
_GRACE = 10.0  # seconds for running steps to end when they are cancelled
_UNFINISHED = tuple(
    status.value
    for status in (WorkflowStatusString.ENQUEUED, WorkflowStatusString.PENDING, WorkflowStatusString.DELAYED)
)
_FINISHED = [status.value for status in WorkflowStatusString if status.value not in _UNFINISHED]
_logger = logging.getLogger("dbos")


class Next(StrEnum):
    """What a step answers."""

    CONTINUE = "continue"
    STOP = "stop"


#: A step takes the job's id alone, leaves its results in the store and raises for nothing foreseen. After a crash it may run again.
Step = Callable[[str], Awaitable[Next]]


class _Run:
    """A workflow that runs in this process."""

    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self.task = task
        self.step: asyncio.Future[Next] | None = None
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True
        if self.step is not None:
            self.step.cancel()


_Part = TypeVar("_Part")


class Engine:
    """Runs jobs through `steps`, in order. One may be started in a process at a time."""

    def __init__(
        self,
        database_url: str,
        steps: Mapping[str, Step],
        *,
        lock: Path | None,
        executor_id: str = "lienzo",
        poll_seconds: float = 0.2,
    ) -> None:
        """`lock` is a file that no two processes hold at once: without it two on one SQLite database would run the same jobs.

        On PostgreSQL each process needs an `executor_id` of its own that it keeps over restarts: it takes up what that id left behind.
        """
        self._url = parse_url(database_url)
        self._steps = dict(steps)
        self._lock = None if lock is None else FileLock(lock)
        self._executor_id = executor_id
        self._poll_seconds = poll_seconds
        self._runs: dict[str, _Run] = {}
        #: Handed over by this process and not begun, so that no one can have overtaken them.
        self._fresh: set[str] = set()
        self._stopping = False
        self._database: BlockingEngine | None = None
        self._client: DBOSClient | None = None
        self._session: Connection | None = None

    @property
    def _postgres(self) -> bool:
        return self._url.get_backend_name() != "sqlite"

    async def start(self, queues: Mapping[str, int]) -> None:
        """Takes the lock, makes the queues (name → jobs at once in this process, their delivery included), and takes up what was left.

        The store must have been opened before, once. Raises `ConfigError` when another process holds the lock.
        """
        self._acquire()
        self._stopping = False
        try:
            await asyncio.to_thread(self._prepare, {LOCAL: 8, **queues})
            self._launch()
        except BaseException:
            await self.stop()
            raise

    def _acquire(self) -> None:
        if self._lock is None:
            return
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            message = T(
                "Another process uses this database: it holds the lock {path}. Stop it first.",
                path=str(self._lock.lock_file),
            )
            raise ConfigError(message) from error

    def _prepare(self, queues: Mapping[str, int]) -> None:
        """DBOS's tables, and the queues before anything listens for them. In a thread, since it writes."""
        if not _logger.handlers:
            _logger.addHandler(logging.NullHandler())  # or DBOS would write to the console by itself
        _logger.setLevel(logging.WARNING)
        self._database = blocking_engine(self._url, pool_size=_THREADS)
        with translated():
            if self._postgres:
                self._acquire_session(self._database)
            DBOS.migrate(
                self._url.set(drivername="postgresql" if self._postgres else "sqlite").render_as_string(
                    hide_password=False
                )
            )
            self._client = DBOSClient(
                system_database_engine=self._database,
                serializer=DBOSPortableJSONSerializer(),
                application_name=_APPLICATION,
            )
            for name, concurrency in queues.items():
                self._client.register_queue(
                    name, worker_concurrency=concurrency, polling_interval_sec=self._poll_seconds
                )

    def _acquire_session(self, database: BlockingEngine) -> None:
        """PostgreSQL's own lock on this executor's name: it lasts as long as the session, and so no longer than the process."""
        session = database.connect()
        key = _SESSION_LOCK + crc32(self._executor_id.encode())
        if not session.execute(select(func.pg_try_advisory_lock(key))).scalar_one():
            session.close()
            raise ConfigError(
                T("Another process uses this database under the name {name}. Stop it first.", name=self._executor_id)
            )
        session.commit()
        self._session = session

    def _launch(self) -> None:
        """In the running loop, which DBOS then runs the workflows in."""
        config = DBOSConfig(
            name=_APPLICATION,
            system_database_engine=self._database,
            application_version=VERSION,
            executor_id=self._executor_id,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            run_migrations=False,
            max_executor_threads=_THREADS,
            notification_listener_polling_interval_sec=self._poll_seconds,
        )
        DBOS(config=config)

        async def work(job_id: str) -> str:
            return await self._work(str(DBOS.workflow_id), job_id)

        DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_ATTEMPTS)(work)
        DBOS.launch()

    async def _work(self, workflow: str, job_id: str) -> str:
        task = asyncio.current_task()
        if self._stopping or task is None:
            raise asyncio.CancelledError
        run = self._runs[workflow] = _Run(task)
        try:
            if not await self._is_current(workflow, job_id):
                return Next.STOP.value
            for name, step in self._steps.items():
                if (
                    await DBOS.run_step_async(
                        {"name": name, "preemptible": self._postgres}, self._perform, run, step, job_id
                    )
                    == Next.STOP
                ):
                    return Next.STOP.value
            return Next.CONTINUE.value
        finally:
            del self._runs[workflow]

    async def _perform(self, run: _Run, step: Step, job_id: str) -> str:
        if run.cancelled:
            return Next.STOP.value
        run.step = asyncio.ensure_future(step(job_id))
        try:
            return (await run.step).value
        except asyncio.CancelledError:
            if run.cancelled and not self._stopping:
                return Next.STOP.value
            raise
        finally:
            run.step = None

    async def _is_current(self, workflow: str, job_id: str) -> bool:
        """Whether the job is still active, and in this very attempt. A workflow that is taken up again may have been overtaken:
        what its last step did is in the job's row, but the step's answer was lost."""
        if workflow in self._fresh:
            self._fresh.remove(workflow)
            return True
        return await asyncio.to_thread(self._is_active, workflow, job_id)

    def _is_active(self, workflow: str, job_id: str) -> bool:
        columns = tables.jobs.c
        with self._started(self._database).connect() as connection:
            row = connection.execute(select(columns.status, columns.attempts).where(columns.id == job_id)).first()
        return row is not None and row.status in ACTIVE and workflow == f"{job_id}-{row.attempts}"

    async def enqueue(self, connection: AsyncConnection, job: Job) -> None:
        """Hands an admitted job over, in the transaction on `connection`. An attempt is taken once, however often it is given."""
        workflow = workflow_id(job)
        options = EnqueueOptions(
            workflow_name=_WORKFLOW, queue_name=job.backend or LOCAL, workflow_id=workflow, app_version=VERSION
        )
        client = self._started(self._client)

        def enqueue(sync: Connection) -> None:
            client.enqueue_in_transaction(sync, options, job.id)

        await connection.run_sync(enqueue)
        self._fresh.add(workflow)

    @staticmethod
    def _started(part: "_Part | None") -> "_Part":
        if part is None:
            raise RuntimeError("the engine has not been started")
        return part

    async def cancel(self, job: Job) -> None:
        """Stops the work on a job whose row says already that it is cancelled. A step that runs here is cancelled at once; one that runs in
        another process notices within a second or two."""
        self._fresh.discard(workflow_id(job))
        if (run := self._runs.get(workflow_id(job))) is not None:
            run.cancel()
        else:
            await DBOS.cancel_workflow_async(workflow_id(job))

    async def alive(self, connection: AsyncConnection) -> set[str]:
        """The workflows that wait for a free place or run, for `Store.repair`."""
        status = table(
            "workflow_status", column("workflow_uuid"), column("status"), schema="dbos" if self._postgres else None
        )
        query = select(status.c.workflow_uuid).where(status.c.status.in_(_UNFINISHED))
        return set((await connection.execute(query)).scalars())

    async def prune(self, before_ms: int, *, limit: int = 500) -> int:
        """Deletes the records of workflows that began before a time and have finished; returns how many, at most `limit`."""
        end = datetime.fromtimestamp(before_ms / 1000, UTC).isoformat()
        found = await DBOS.list_workflows_async(
            status=_FINISHED, end_time=end, limit=limit, load_input=False, load_output=False
        )
        if found:
            await DBOS.delete_workflows_async([workflow.workflow_id for workflow in found])
        return len(found)

    async def stop(self) -> None:
        """Stops at once: steps that run are cancelled, and taken up again at the next start."""
        self._stopping = True
        _logger.setLevel(logging.ERROR)  # it warns of each task that ends in this way
        if tasks := [run.task for run in self._runs.values()]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_GRACE)
        # In a thread of our own: DBOS waits for its threads, which may wait for this loop, and takes away the loop's pool.
        with ThreadPoolExecutor(1) as pool:
            try:
                await asyncio.get_running_loop().run_in_executor(pool, self._destroy)
            finally:
                asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        if self._lock is not None:
            self._lock.release()

    def _destroy(self) -> None:
        DBOS.destroy(destroy_registry=True)
        if self._client is not None:
            self._client.destroy()
        if self._session is not None:
            self._session.invalidate()  # closes it, and with it ends the lock
            self._session.close()
        if self._database is not None:
            self._database.dispose()
        self._client = self._database = self._session = None
        self._fresh.clear()
