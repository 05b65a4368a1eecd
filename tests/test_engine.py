"""Durable execution, in this process and over the death of others."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest
from dbos import DBOS, PortableWorkflowError, WorkflowHandleAsync, error
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.engine import Engine, Next, Step
from bot.errors import ConfigError
from bot.jobs import Action, Job, Limits, Place, Status, new_job_id, now_ms
from bot.store import Store
from bot.store.database import blocking_engine, parse_url

pytest_plugins = ["tests.postgres"]
NO_LIMITS = Limits(running_per_user=0)
PATIENCE = 60.0  # seconds until a test gives up


def job(backend: str = "painter") -> Job:
    return Job(
        id=new_job_id(), action=Action.IMAGINE, user_id=1, user_name="Ada", backend=backend, place=Place(channel_id=1)
    )


class Script:
    """Steps that do what a worker's do, and write down that they did."""

    def __init__(self, store: Store, **instead: Callable[[str], Awaitable[Next]]) -> None:
        self.store = store
        self.done: list[tuple[str, str]] = []
        self.finished = asyncio.Event()
        self.steps: dict[str, Step] = {
            "submit": self.submit,
            "collect": self.collect,
            "deliver": self.deliver,
            **instead,
        }

    async def submit(self, job_id: str) -> Next:
        self.done.append(("submit", job_id))
        return Next.CONTINUE if await self.store.move(job_id, {Status.ADMITTED}, Status.RUNNING) else Next.STOP

    async def collect(self, job_id: str) -> Next:
        self.done.append(("collect", job_id))
        return Next.CONTINUE if await self.store.move(job_id, {Status.RUNNING}, Status.DELIVERING) else Next.STOP

    async def deliver(self, job_id: str) -> Next:
        self.done.append(("deliver", job_id))
        moved = await self.store.move(job_id, {Status.DELIVERING}, Status.DONE)
        self.finished.set()
        return Next.CONTINUE if moved else Next.STOP


class OpenStore(Store):
    """A store that lets its transactions be used."""

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.serialised()


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[OpenStore]:
    opened = await OpenStore.open(database_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def engine_of(database_url: str, steps: dict[str, Step], lock: Path | None = None) -> AsyncGenerator[Engine]:
    engine = Engine(database_url, steps, lock=lock, poll_seconds=0.02)
    await engine.start({"painter": 4})
    try:
        yield engine
    finally:
        await engine.stop()


async def begin(store: Store, engine: Engine, *jobs: Job) -> None:
    await store.submit(jobs, limits=NO_LIMITS, batch=True, enqueue=engine.enqueue)
    await store.admit(NO_LIMITS, now_ms(), engine.enqueue)


async def status(store: Store, job_id: str) -> Status | None:
    found = await store.job(job_id)
    return None if found is None else found.status


async def alive(store: OpenStore, engine: Engine) -> set[str]:
    async with store.transaction() as connection:
        return await engine.alive(connection)


async def ended(store: OpenStore, engine: Engine) -> None:
    """Waits until no workflow is left."""
    for workflow in await alive(store, engine):
        handle: WorkflowHandleAsync[str] = await DBOS.retrieve_workflow_async(workflow)
        with suppress(PortableWorkflowError, error.DBOSAwaitedWorkflowCancelledError):
            await asyncio.wait_for(handle.get_result(polling_interval_sec=0.02), PATIENCE)


async def test_a_job_goes_through_its_steps_in_order(
    store: OpenStore, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script(store)
    async with engine_of(database_url, script.steps) as engine:
        one = job()
        await begin(store, engine, one)
        await ended(store, engine)
        assert script.done == [("submit", one.id), ("collect", one.id), ("deliver", one.id)]
        assert await status(store, one.id) is Status.DONE
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_local_jobs_run_without_being_admitted(store: OpenStore, database_url: str) -> None:
    script = Script(store)
    async with engine_of(database_url, script.steps) as engine:
        one = job(backend="")
        await store.submit([one], limits=NO_LIMITS, enqueue=engine.enqueue)
        await ended(store, engine)
    assert await status(store, one.id) is Status.DONE


async def test_a_step_that_stops_is_the_last_one(store: OpenStore, database_url: str) -> None:
    async def stop(_job_id: str) -> Next:
        return Next.STOP

    script = Script(store, collect=stop)
    async with engine_of(database_url, script.steps) as engine:
        await begin(store, engine, job())
        await ended(store, engine)
    assert [name for name, _ in script.done] == ["submit"]


async def test_a_transaction_that_is_rolled_back_enqueues_nothing(store: OpenStore, database_url: str) -> None:
    async with engine_of(database_url, Script(store).steps) as engine:
        with pytest.raises(ConnectionError):
            await _enqueue_and_break(store, engine, job().evolve(attempts=1))
        assert await alive(store, engine) == set()


async def _enqueue_and_break(store: OpenStore, engine: Engine, one: Job) -> None:
    async with store.transaction() as connection:
        await engine.enqueue(connection, one)
        raise ConnectionError


async def test_cancelling_stops_a_running_step_at_once(
    store: OpenStore, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def forever(_job_id: str) -> Next:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return Next.CONTINUE

    script = Script(store, collect=forever)
    async with engine_of(database_url, script.steps) as engine:
        await begin(store, engine, job())
        await asyncio.wait_for(begun.wait(), PATIENCE)
        (running,) = await store.jobs_of(1)
        await store.move(running.id, {Status.RUNNING}, Status.CANCELLED)
        await engine.cancel(running)
        await asyncio.wait_for(stopped.wait(), PATIENCE)
        await ended(store, engine)
    assert [name for name, _ in script.done] == ["submit"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_cancelled_job_in_the_queue_never_starts(store: OpenStore, database_url: str) -> None:
    gate = asyncio.Event()

    async def wait(_job_id: str) -> Next:
        await gate.wait()
        return Next.CONTINUE

    script = Script(store, collect=wait)
    async with engine_of(database_url, script.steps) as engine:
        jobs = [job() for _ in range(5)]  # one more than run at once
        await begin(store, engine, *jobs)
        last = await store.move(jobs[-1].id, {Status.ADMITTED}, Status.CANCELLED)
        assert last is not None
        await engine.cancel(last)
        gate.set()
        await ended(store, engine)
    assert jobs[-1].id not in {job_id for _, job_id in script.done}


async def test_stopping_interrupts_and_the_next_start_goes_on(store: OpenStore, database_url: str) -> None:
    begun = asyncio.Event()

    async def forever(_job_id: str) -> Next:
        begun.set()
        await asyncio.Event().wait()
        return Next.STOP

    first, second = Script(store, collect=forever), Script(store)
    async with engine_of(database_url, first.steps) as engine:
        one = job()
        await begin(store, engine, one)
        await asyncio.wait_for(begun.wait(), PATIENCE)
    assert await asyncio.to_thread(str, "threads still work") == "threads still work"
    async with engine_of(database_url, second.steps) as engine:
        await ended(store, engine)
    assert second.done == [("collect", one.id), ("deliver", one.id)]
    assert await status(store, one.id) is Status.DONE


async def test_an_attempt_that_was_overtaken_is_not_taken_up(store: OpenStore, database_url: str) -> None:
    begun = asyncio.Event()

    async def retry_and_hang(job_id: str) -> Next:
        await store.move(job_id, {Status.RUNNING}, Status.WAITING)
        begun.set()
        await asyncio.Event().wait()
        return Next.STOP

    script = Script(store)
    async with engine_of(database_url, Script(store, collect=retry_and_hang).steps) as engine:
        one = job()
        await begin(store, engine, one)
        await asyncio.wait_for(begun.wait(), PATIENCE)
    async with engine_of(database_url, script.steps) as engine:
        await ended(store, engine)
        assert script.done == []
        await store.admit(NO_LIMITS, now_ms(), engine.enqueue)
        await ended(store, engine)
    assert [name for name, _ in script.done] == ["submit", "collect", "deliver"]


async def test_a_step_that_breaks_leaves_its_job_to_be_repaired(store: OpenStore, database_url: str) -> None:
    async def broken(_job_id: str) -> Next:
        raise ZeroDivisionError

    async with engine_of(database_url, Script(store, collect=broken).steps) as engine:
        one = job()
        await begin(store, engine, one)
        await ended(store, engine)
        (repaired,) = await store.repair(engine.alive)
    assert (repaired.id, repaired.status) == (one.id, Status.FAILED)


async def test_old_records_are_pruned(store: OpenStore, database_url: str) -> None:
    async with engine_of(database_url, Script(store).steps) as engine:
        await begin(store, engine, job(), job())
        await ended(store, engine)
        assert await engine.prune(0) == 0
        assert await engine.prune(now_ms() + 60_000) == 2
        assert await engine.prune(now_ms() + 60_000) == 0


async def test_a_name_is_taken_once_on_postgresql(store: OpenStore, database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has the file's lock")
    async with engine_of(database_url, Script(store).steps):
        database = blocking_engine(parse_url(database_url))
        with pytest.raises(ConfigError, match="under the name lienzo"):
            Engine(database_url, {}, lock=None)._acquire_session(database)  # pyright: ignore[reportPrivateUsage]
        database.dispose()
    async with engine_of(database_url, Script(store).steps):
        pass


async def test_the_lock_keeps_a_second_engine_out(store: OpenStore, database_url: str, tmp_path: Path) -> None:
    async with engine_of(database_url, Script(store).steps, tmp_path / "lock"):
        second = Engine(database_url, {}, lock=tmp_path / "lock")
        with pytest.raises(ConfigError, match="Another process uses this database"):
            await second.start({})
    async with engine_of(database_url, Script(store).steps, tmp_path / "lock"):
        pass


class Process:
    """Another process with an engine, which says what it does and waits to be told to go on."""

    def __init__(self, database_url: str, folder: Path, *, hang_in: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine_process", database_url, str(folder), hang_in],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )

    def read(self) -> list[str]:
        """The next line that it wrote."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def submit(self, count: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n".encode())
        self._process.stdin.flush()

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@pytest.mark.parametrize("hang_in", ["submit", "collect", "deliver"])
async def test_what_a_killed_process_had_begun_goes_on_after_its_last_step(
    store: OpenStore, database_url: str, tmp_path: Path, hang_in: str
) -> None:
    names = ["submit", "collect", "deliver"]
    process = Process(database_url, tmp_path, hang_in=hang_in)
    try:
        process.submit(1)
        seen = [(await asyncio.to_thread(process.read))[0] for _ in names[: names.index(hang_in) + 1]]
        assert seen == names[: names.index(hang_in) + 1]
    finally:
        process.kill()
    script = Script(store)
    async with engine_of(database_url, script.steps, tmp_path / "lock") as engine:
        await ended(store, engine)
    assert [name for name, _ in script.done] == names[names.index(hang_in) :]
    (one,) = await store.jobs_of(1)
    assert (one.status, one.attempts) == (Status.DONE, 1)


async def test_what_a_killed_process_had_not_begun_runs_too(
    store: OpenStore, database_url: str, tmp_path: Path
) -> None:
    process = Process(database_url, tmp_path, hang_in="submit")
    try:
        process.submit(6)  # of which it runs two at once
        begun = {(await asyncio.to_thread(process.read))[1] for _ in range(2)}
    finally:
        process.kill()
    script = Script(store)
    async with engine_of(database_url, script.steps, tmp_path / "lock") as engine:
        await ended(store, engine)
        assert await store.repair(engine.alive) == []
    jobs = await store.jobs_of(1)
    assert len(jobs) == 6
    assert begun < {one.id for one in jobs}
    assert {one.status for one in jobs} == {Status.DONE}
    assert len(script.done) == 18  # each step of each job once


async def test_a_running_process_keeps_others_out(store: OpenStore, database_url: str, tmp_path: Path) -> None:
    process = Process(database_url, tmp_path, hang_in="submit")
    try:
        process.submit(1)
        await asyncio.to_thread(process.read)
        with pytest.raises(ConfigError, match="lock"):
            await Engine(database_url, {}, lock=tmp_path / "lock").start({})
    finally:
        process.kill()
