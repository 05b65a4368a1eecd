"""Who is next, and when."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.admission import Admission, capped, forecast
from bot.jobs import Action, Job, Lane, Limits, Place, Position, Status, Ticket, admissible, new_job_id, rank
from bot.store import Store, workflow_id

pytest_plugins = ["tests.postgres"]
NOW = 1_000_000_000
PATIENCE = 60.0


def ticket(
    name: str, user: int = 1, *, backend: str = "a", started_ms: int | None = None, generating: bool = True
) -> Ticket:
    return Ticket(name, user, None, backend, Lane.FAST, NOW, generating=generating, started_ms=started_ms)


def places(positions: Mapping[str, Position]) -> list[str]:
    return sorted(positions, key=lambda name: positions[name].place)


def test_what_may_start_starts_now() -> None:
    assert forecast([ticket("x")], [], Limits(), {"a": 10.0}, NOW) == {"x": Position(1, 0.0)}


def test_what_runs_has_run_for_a_while() -> None:
    limits = Limits(running_per_backend={"a": 1})
    running = ticket("r", user=2, started_ms=NOW - 4000)
    found = forecast([ticket("x"), ticket("y", user=3)], [running], limits, {"a": 10.0}, NOW)
    assert found == {"x": Position(1, 6.0), "y": Position(2, 16.0)}


def test_what_is_overdue_is_about_to_end() -> None:
    limits = Limits(running_per_backend={"a": 1})
    overdue = ticket("r", user=2, started_ms=NOW - 60_000)
    assert forecast([ticket("x")], [overdue], limits, {"a": 10.0}, NOW)["x"].seconds == pytest.approx(0.1)


def test_two_servers_serve_twice_as_fast() -> None:
    waiting = [ticket(name, user) for user, name in enumerate("uvwx", 1)]
    one, two = (
        forecast(waiting, [], Limits(running_per_backend={"a": servers}), {"a": 10.0}, NOW) for servers in (1, 2)
    )
    assert [one[name].seconds for name in places(one)] == [0, 10, 20, 30]
    assert [two[name].seconds for name in places(two)] == [0, 0, 10, 10]


def test_a_busy_backend_delays_only_its_own() -> None:
    limits = Limits(running_per_backend={"slow": 1, "quick": 1})
    running = ticket("r", user=9, backend="slow", started_ms=NOW)
    found = forecast(
        [ticket("s", backend="slow"), ticket("q", 2, backend="quick")], [running], limits, {"slow": 60.0}, NOW
    )
    assert found == {"q": Position(1, 0.0), "s": Position(2, 60.0)}


def test_a_limit_of_zero_servers_is_none_and_an_endless_wait_is_not_endless() -> None:
    assert forecast([ticket("x")], [], Limits(running_per_user=0), {}, NOW)["x"] == Position(1, 0.0)


def test_a_backend_takes_no_more_than_it_serves() -> None:
    limits = Limits(running_per_backend={"a": 8, "b": 2, "c": 4})
    assert capped(limits, {"a": 2, "b": 5, "d": 3}).running_per_backend == {"a": 2, "b": 2, "c": 4, "d": 3}


many = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("ab")), max_size=20).map(
    lambda given: [ticket(f"{n:03}", user, backend=backend) for n, (user, backend) in enumerate(given)]
)


@given(many, st.integers(0, 3), st.integers(0, 3))
def test_the_forecast_is_whole_and_in_order(waiting: list[Ticket], per_user: int, per_backend: int) -> None:
    limits = Limits(running_per_user=per_user, running_per_backend={"a": per_backend})
    found = forecast(waiting, [], limits, {"a": 5.0, "b": 7.0}, NOW)
    order = places(found)
    assert sorted(order) == [one.job_id for one in waiting]
    assert [found[name].place for name in order] == list(range(1, len(waiting) + 1))
    assert all(found[one].seconds <= found[other].seconds for one, other in pairwise(order))
    # What would be admitted now comes first, in that order, and at once.
    now = [one.job_id for one in admissible(waiting, [], limits, NOW)]
    assert order[: len(now)] == now
    assert [name for name in order if found[name].seconds == 0] == now


@given(many)
def test_with_one_server_the_places_are_the_ranking(waiting: list[Ticket]) -> None:
    """Where a job ends before the next begins nobody has anything active, and users take turns all the same."""
    limits = Limits(running_per_user=0, running_per_backend={"a": 1, "b": 1})
    only = [one for one in waiting if one.backend == "a"]
    found = forecast(only, [], limits, {"a": 5.0}, NOW)
    assert places(found) == [one.job_id for one in rank(only, [], NOW)]


class FakeEngine:
    """Takes jobs and does nothing with them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    async def enqueue(self, connection: AsyncConnection, job: Job) -> None:
        self.jobs[workflow_id(job)] = job

    async def alive(self, connection: AsyncConnection) -> set[str]:
        return set(self.jobs)


class Listener:
    """Hears positions, and waits for those that it is told to expect."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[Mapping[str, Position]] = asyncio.Queue()
        self.repaired: list[Job] = []

    async def on_positions(self, positions: Mapping[str, Position]) -> None:
        self._heard.put_nowait(positions)

    async def on_repaired(self, jobs: Sequence[Job]) -> None:
        self.repaired.extend(jobs)

    async def anything(self) -> None:
        await asyncio.wait_for(self._heard.get(), PATIENCE)

    async def waiting_are(self, *job_ids: str) -> Mapping[str, Position]:
        async with asyncio.timeout(PATIENCE):
            while True:
                heard = await self._heard.get()
                if set(heard) == set(job_ids):
                    return heard


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


def job(user_id: int) -> Job:
    place = Place(channel_id=1)
    return Job(id=new_job_id(), action=Action.IMAGINE, user_id=user_id, user_name="Ada", backend="painter", place=place)


async def finish(store: Store, job_id: str) -> None:
    for source, target in pairwise((Status.ADMITTED, Status.RUNNING, Status.DELIVERING, Status.DONE)):
        assert await store.move(job_id, {source}, target)


async def test_one_who_queues_thirty_lets_another_in_after_one_round(store: Store) -> None:
    engine, listener = FakeEngine(), Listener()
    limits = Limits(running_per_user=3, waiting_per_user=100, running_per_backend={"painter": 3})
    admission = Admission(store, engine, lambda: limits, on_positions=listener.on_positions, tell_seconds=0)
    greedy, patient = [job(1) for _ in range(30)], job(2)
    await store.submit(greedy, limits=limits, enqueue=engine.enqueue)
    await admission.start()
    try:
        await listener.waiting_are(*(one.id for one in greedy[3:]))
        await store.submit([patient], limits=limits, enqueue=engine.enqueue)
        admission.wake()
        heard = await listener.waiting_are(patient.id, *(one.id for one in greedy[3:]))
        assert heard[patient.id].place == 1
        assert await admission.position(patient.id) == heard[patient.id]
        await finish(store, greedy[0].id)
        admission.wake()
        await listener.waiting_are(*(one.id for one in greedy[3:]))
        assert f"{patient.id}-1" in engine.jobs
        assert await admission.position(patient.id) is None
    finally:
        await admission.stop()


async def test_the_estimate_takes_the_mean_of_what_was_measured(store: Store) -> None:
    engine, listener = FakeEngine(), Listener()
    admission = Admission(
        store,
        engine,
        lambda: Limits(running_per_backend={"painter": 1}),
        on_positions=listener.on_positions,
        seconds=lambda _: 12.0,
    )
    await store.submit([job(1), job(2), job(3)], limits=Limits(), enqueue=engine.enqueue)
    found = sorted((await admission.positions()).values(), key=lambda position: position.place)
    assert [position.seconds for position in found] == [0, 12, 24]


async def test_admissions_side_by_side_keep_the_limit(store: Store, database_url: str) -> None:
    limits = Limits(running_per_user=4, waiting_per_user=0, running_per_backend={"painter": 5})
    other = await Store.open(database_url)
    engine = FakeEngine()
    jobs = [job(user_id) for user_id in (1, 2) for _ in range(20)]
    await store.submit(jobs, limits=limits, enqueue=engine.enqueue)
    listeners = [Listener() for _ in range(4)]
    admissions = [
        Admission(some, engine, lambda: limits, on_positions=heard.on_positions)
        for some, heard in zip((store, other, store, other), listeners, strict=True)
    ]
    await asyncio.gather(*(one.start() for one in admissions))
    for heard in listeners:
        await heard.anything()
    await asyncio.gather(*(one.stop() for one in admissions))
    await other.close()
    assert len(engine.jobs) == 5
    assert sorted(len([one for one in engine.jobs.values() if one.user_id == user]) for user in (1, 2)) == [2, 3]


async def test_starting_mends_what_was_lost_and_says_so(store: Store) -> None:
    engine, listener = FakeEngine(), Listener()
    lost = job(1)
    await store.submit([lost], limits=Limits(), enqueue=engine.enqueue)
    (admitted,) = await store.admit(Limits(), NOW, engine.enqueue)
    await store.move(admitted.id, {Status.ADMITTED}, Status.RUNNING)
    engine.jobs.clear()
    admission = Admission(
        store,
        engine,
        Limits,
        on_positions=listener.on_positions,
        on_repaired=listener.on_repaired,
    )
    await admission.start()
    await admission.stop()
    assert [(one.id, one.status) for one in listener.repaired] == [(lost.id, Status.FAILED)]
