"""Generators that go away and come back: their jobs wait, are handed on where that is wanted, or are given up after hours."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.admission import forecast
from bot.backends.base import Capabilities, Operation, Progress, Request, Result
from bot.backends.web import BackendLost
from bot.catalog import Catalog
from bot.errors import BackendRefused, BackendTimeout, BackendUnavailable, LimitReached
from bot.jobs import HOUR_MS, Action, Job, Lane, Limits, Position, Status, Ticket, admissible, now_ms
from bot.studio import Picture
from bot.worker import ATTEMPTS, TRIES
from tests.recording import PLACE, Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, PAID, Scripted, limited

AWAY = BackendUnavailable(backend="scripted")


def two(folder: Path, **changes: Any) -> Any:
    return settings_in(folder, backends="scripted,other", **changes)


async def waiting_again(at: Desk, job: Job) -> Job:
    """The job when it has been told that its generator is offline."""

    async def told() -> bool:
        return any(one.id == job.id and position and position.offline for one, position in at.outlet.waits)

    await at.outlet.until(told)
    found = await at.job(job)
    assert found.status is Status.WAITING
    return found


# Who is there


async def test_it_is_offline_after_failures_in_a_row_and_back_after_a_job(tmp_path: Path) -> None:
    backend = Scripted()
    catalog = Catalog({"scripted": backend})
    await catalog.refresh()
    changes: list[int] = []
    catalog.watch(lambda: changes.append(len(catalog.offline)))
    catalog.failed("scripted", AWAY)
    catalog.failed("scripted", BackendRefused(backend="scripted", reason="no"))  # it is there
    for _ in range(3):
        assert not catalog.offline
        catalog.failed("scripted", BackendTimeout(backend="scripted"))
    assert now_ms() - catalog.offline["scripted"] < HOUR_MS
    assert catalog.concurrency == {"scripted": 1}
    await catalog.refresh()
    assert (dict(catalog.offline), catalog.concurrency) == ({}, {"scripted": 1})
    catalog.succeeded("scripted")
    assert catalog.concurrency == {"scripted": EVERYTHING.concurrency}
    assert changes == [1, 0, 0]


@pytest.mark.parametrize("error", [BackendLost(backend="scripted"), BackendRefused(backend="scripted", reason="")])
async def test_what_is_no_outage_does_not_count(error: Any) -> None:
    catalog = Catalog({"scripted": Scripted()})
    await catalog.refresh()
    for _ in range(10):
        catalog.failed("scripted", error)
    assert not catalog.offline


async def test_since_when_it_is_away_outlasts_answers_that_lead_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some say what they can do without being asked: that alone does not make them work."""
    catalog = Catalog({"scripted": Scripted()})
    await catalog.refresh()
    monkeypatch.setattr("bot.catalog.now_ms", lambda: 1000)
    for _ in range(TRIES):
        catalog.failed("scripted", AWAY)
    monkeypatch.setattr("bot.catalog.now_ms", lambda: 9000)
    await catalog.refresh()
    assert not catalog.offline
    catalog.failed("scripted", AWAY)
    assert catalog.offline == {"scripted": 1000}


async def test_one_that_has_never_answered_is_offline_until_it_does() -> None:
    backend = Scripted(down=True)
    catalog = Catalog({"scripted": backend})
    await catalog.refresh()
    assert set(catalog.offline) == {"scripted"}
    with pytest.raises(BackendUnavailable):
        catalog.capabilities("scripted")
    backend.down = False
    await catalog.refresh()
    assert not catalog.offline
    assert catalog.capabilities("scripted") == EVERYTHING


class Notebook(dict[str, str]):
    async def meta(self, key: str) -> str | None:
        return self.get(key)

    async def set_meta(self, key: str, value: str) -> None:
        self[key] = value


async def test_what_it_said_before_is_known_after_a_restart() -> None:
    memory = Notebook()
    for backend in (Scripted(offers=PAID), Scripted(down=True)):
        catalog = Catalog({"scripted": backend})
        await catalog.start(memory)
        await catalog.close()
        assert catalog.capabilities("scripted") == PAID
    assert set(catalog.offline) == {"scripted"}
    assert catalog.paid == {"scripted"}


async def test_what_another_version_wrote_is_passed_over() -> None:
    catalog = Catalog({"scripted": Scripted(down=True)})
    await catalog.start(Notebook({"capabilities:scripted": '{"operations": ["teleport"]}'}))
    await catalog.close()
    with pytest.raises(BackendUnavailable):
        catalog.capabilities("scripted")


# The queue


def ticket(name: str, backend: str) -> Ticket:
    return Ticket(name, 1, None, backend, Lane.FAST, 0)


def test_jobs_of_an_offline_backend_start_not_and_hold_up_nobody() -> None:
    limits = Limits(running_per_user=2, offline=frozenset({"away"}))
    waiting = [ticket("1", "away"), ticket("2", "away"), ticket("3", "there"), ticket("4", "there")]
    assert [one.job_id for one in admissible(waiting, [], limits, 0)] == ["3", "4"]
    assert forecast(waiting, [], limits, {"there": 5.0}, 0) == {
        "3": Position(1, 0.0),
        "4": Position(2, 0.0),
        "1": Position(3, 0.0, "away"),
        "2": Position(4, 0.0, "away"),
    }


# Jobs of one that goes away


async def test_a_job_waits_for_its_generator_and_is_done_when_it_is_back(tmp_path: Path) -> None:
    backend = Scripted()
    async with desk(settings_in(tmp_path), backend) as at:
        backend.down = True
        job = await at.imagine("a fox")
        again = await waiting_again(at, job)
        assert (again.created_ms, again.attempts, len(backend.requests)) == (job.created_ms, 1, TRIES)
        later = await at.imagine("a wolf")  # what can be done is known: it may be queued
        await waiting_again(at, later)
        assert len(backend.requests) == TRIES
        backend.down = False
        await at.app.catalog.refresh()
        assert (await at.over(job)).status is Status.DONE
        assert (await at.over(later)).status is Status.DONE
        assert at.app.catalog.concurrency == {"scripted": EVERYTHING.concurrency}
        assert [request.job_id for request in backend.requests[TRIES:]] == [job.id, later.id]


async def test_one_job_probes_while_the_others_wait(tmp_path: Path) -> None:
    backend = Scripted()
    async with desk(settings_in(tmp_path), backend) as at:
        backend.down = True
        jobs = [await at.imagine(f"fox {number}", caller(number)) for number in range(4)]
        for job in jobs:
            await waiting_again(at, job)
        before = len(backend.requests)
        backend.down = False
        backend.hold()
        await at.app.catalog.refresh()
        await backend.running(before + 1)
        statuses = sorted([(await at.job(job)).status for job in jobs])
        assert statuses == [Status.RUNNING, *[Status.WAITING] * 3]
        backend.release()
        for job in jobs:
            assert (await at.over(job)).status is Status.DONE


async def test_a_probe_that_fails_waits_again_after_one_try(tmp_path: Path) -> None:
    backend = Scripted()
    async with desk(settings_in(tmp_path), backend) as at:
        backend.troubles = [AWAY] * (TRIES + 1)
        job = await at.imagine("a fox")
        await waiting_again(at, job)
        at.outlet.waits.clear()
        await at.app.catalog.refresh()
        again = await waiting_again(at, job)
        assert (again.attempts, len(backend.requests)) == (2, TRIES + 1)
        await at.app.catalog.refresh()
        assert (await at.over(job)).status is Status.DONE


async def test_others_are_not_held_up(tmp_path: Path) -> None:
    away, other = Scripted(), Scripted("other")
    async with desk(two(tmp_path, running_per_user=1), away, other) as at:
        away.down = True
        await waiting_again(at, await at.imagine("a fox"))
        await at.made("a wolf --backend other")


@pytest.mark.parametrize("trouble", [BackendUnavailable, BackendTimeout])
async def test_what_fails_again_and_again_may_be_the_job_itself(tmp_path: Path, trouble: Any) -> None:
    backend = Scripted()
    backend.troubles = [trouble(backend="scripted")] * (TRIES * 20)
    async with desk(settings_in(tmp_path), backend) as at:
        job = await at.imagine("a fox")
        for attempt in range(1, ATTEMPTS[trouble]):
            assert (await waiting_again(at, job)).attempts == attempt
            at.outlet.waits.clear()
            await at.app.catalog.refresh()
        assert (await at.over(job)).status is Status.FAILED
        assert at.error(job) == str(trouble(backend="scripted"))


async def test_what_may_have_been_bought_fails(tmp_path: Path) -> None:
    backend = Scripted(offers=PAID)
    async with desk(settings_in(tmp_path), backend) as at:
        backend.troubles = [BackendLost(backend="scripted")]
        job = await at.over(await at.imagine("a fox"))
        assert (job.status, len(backend.requests)) == (Status.FAILED, 1)


class Buying(Scripted):
    """A provider that gives a handle. It notes what was asked for by which."""

    bought: list[str]
    fetched: list[str | None]

    async def submit(self, request: Request) -> str | None:
        self.bought.append(f"order-{len(self.bought)}")
        return self.bought[-1]

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        self.fetched.append(handle)
        return await Scripted.collect(self, request, handle, progress)


@pytest.mark.parametrize("offers", [PAID, EVERYTHING], ids=["paid", "free"])
async def test_what_was_bought_is_fetched_and_not_bought_again(tmp_path: Path, offers: Capabilities) -> None:
    backend = Buying(offers=replace(offers, resumable=True))
    backend.bought, backend.fetched = [], []
    async with desk(settings_in(tmp_path, failover=True), backend) as at:
        backend.troubles = [AWAY] * TRIES
        job = await at.imagine("a fox")
        again = await waiting_again(at, job)
        assert again.handle == ("order-0" if offers.paid else None)
        await at.app.catalog.refresh()
        assert (await at.over(job)).status is Status.DONE
        assert len(backend.bought) == (1 if offers.paid else 2)
        assert backend.fetched[-1] == backend.bought[-1]


async def test_a_job_that_waits_for_what_is_away_can_be_cancelled(tmp_path: Path) -> None:
    backend = Scripted()
    async with desk(settings_in(tmp_path), backend) as at:
        backend.down = True
        job = await at.imagine("a fox")
        await waiting_again(at, job)
        assert await at.app.studio.cancel(caller(), job.id)
        assert (await at.job(job)).status is Status.CANCELLED


async def test_after_hours_it_is_given_up_and_costs_nothing(tmp_path: Path) -> None:
    backend = Scripted(offers=PAID, price_usd=0.1)
    settings = settings_in(tmp_path, offline_hours=2)
    async with desk(settings, backend) as at:
        backend.down = True
        job = await at.imagine("a fox")
        await waiting_again(at, job)
        caps = settings.caps(at.app.catalog.paid)
        assert (await at.store.spent(1, 7, caps)).user == pytest.approx(0.4)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.outage.now_ms", lambda: now_ms() + 2 * HOUR_MS)
            await at.imagine("a wolf", caller(2))  # wakes the one who looks
            await at.outlet.until(lambda: failed(at, job))
        assert at.error(job) == (
            "The scripted generator has been offline for 2 hours, so this job was given up. It costs you nothing."
        )
        assert (await at.store.spent(1, 7, caps)).user == 0


async def failed(at: Desk, job: Job) -> bool:
    return job.id in at.outlet.failures


async def test_jobs_wait_over_a_restart_while_it_is_away(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path), Scripted()) as at:
        await at.made("a fox")
    away = Scripted(down=True)
    async with desk(settings_in(tmp_path), away) as at:
        job = await at.imagine("a wolf")
        await waiting_again(at, job)
    back = Scripted()
    async with desk(settings_in(tmp_path), back) as at:
        assert (await at.over(job)).status is Status.DONE


async def test_one_that_runs_at_the_end_waits_when_it_is_away_at_the_start(tmp_path: Path) -> None:
    backend = Scripted()
    backend.hold()
    async with desk(settings_in(tmp_path), backend) as at:
        job = await at.imagine("a fox")
        await backend.running(1)
    away = Scripted(down=True)
    async with desk(settings_in(tmp_path), away) as at:
        await waiting_again(at, job)
        away.down = False
        await at.app.catalog.refresh()
        assert (await at.over(job)).status is Status.DONE


async def test_one_that_has_never_answered_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path), Scripted(down=True)) as at:
        with pytest.raises(BackendUnavailable, match="can't be reached right now"):
            await at.imagine("a fox")


async def test_how_much_it_serves_is_known_when_it_comes_back(tmp_path: Path) -> None:
    backend = Scripted(down=True)
    async with desk(settings_in(tmp_path, running_per_user=9), backend) as at:
        backend.down = False
        await at.app.catalog.refresh()
        await at.made("a probe")
        backend.hold()
        for number in range(5):
            await at.imagine(f"fox {number}")
        await backend.running(6)
        backend.release()


# Handing on


async def test_a_job_that_waits_is_handed_on_and_says_so(tmp_path: Path) -> None:
    away, other = Scripted(), Scripted("other")
    async with desk(two(tmp_path, failover=True), away, other) as at:
        away.down = True
        job = await at.over(await at.imagine("a fox"))
        assert (job.status, job.backend) == (Status.DONE, "other")
        assert "The scripted backend is offline: other made this instead." in [str(note) for note in job.notes]
        new = await at.made("a wolf")  # at once
        assert (new.backend, new.attempts) == ("other", 1)
        assert "The scripted backend is offline: other made this instead." in [str(note) for note in new.notes]


@pytest.mark.parametrize("text", ["a fox --backend scripted", "a fox --model sketch-1"])
async def test_whoever_names_a_generator_wants_no_other(tmp_path: Path, text: str) -> None:
    away = Scripted(offers=replace(EVERYTHING, models=("sketch-1",), parameters=EVERYTHING.parameters | {"model"}))
    other = Scripted("other")
    async with desk(two(tmp_path, failover=True), away, other) as at:
        away.down = True
        await waiting_again(at, await at.imagine(text))
        assert other.requests == []


async def test_without_the_setting_nothing_is_handed_on(tmp_path: Path) -> None:
    away, other = Scripted(), Scripted("other")
    async with desk(two(tmp_path), away, other) as at:
        away.down = True
        await waiting_again(at, await at.imagine("a fox"))
        assert other.requests == []


async def test_only_one_that_can_do_it_gets_it(tmp_path: Path) -> None:
    away, cannot = Scripted(), Scripted("other", offers=limited(Operation.GENERATE))
    can = Scripted("third")
    settings = settings_in(tmp_path, backends="scripted,other,third", failover=True)
    async with desk(settings, away, cannot, can) as at:
        grid = await at.made("a fox")
        single = await at.over(await at.app.studio.act(caller(), "upsample", grid.id, 1, "", grid.place))
        away.down = True
        job = await at.app.studio.act(caller(), Action.ZOOM, single.id, 1, "2", grid.place)
        job = await at.over(job)
        assert (job.status, job.backend) == (Status.DONE, "third")
        (request,) = can.requests
        assert request.images[0].memo == {}  # what the first one noted means nothing to it


async def test_what_would_have_been_asked_about_is_not_done_unasked(tmp_path: Path) -> None:
    away, dear, cheap = Scripted(), Scripted("other", offers=PAID, price_usd=0.1), Scripted("third", offers=PAID)
    cheap.price_usd = 0.01
    settings = settings_in(tmp_path, backends="scripted,other,third", failover=True)
    async with desk(settings, away, dear, cheap) as at:
        away.down = True
        assert (await at.over(await at.imagine("a fox"))).backend == "third"
        assert (await at.made("a wolf")).backend == "third"


async def test_what_is_over_the_cap_is_not_handed_on(tmp_path: Path) -> None:
    away, dear = Scripted(), Scripted("other", offers=PAID, price_usd=9.0)
    async with desk(two(tmp_path, failover=True, confirm_usd=0), away, dear) as at:
        away.down = True
        await waiting_again(at, await at.imagine("a fox"))
        assert dear.requests == []
        with pytest.raises(LimitReached):
            await at.imagine("a wolf")


async def test_what_one_noted_of_its_picture_is_not_told_to_its_stand_in(tmp_path: Path) -> None:
    first, other = Scripted(), Scripted(name="other")
    async with desk(two(tmp_path, failover=True), first, other) as at:
        grid = await at.made("a cat")
        described = await at.app.studio.describe(caller(), Picture(grid.id, 2), PLACE)
        await at.over(described)
        for _ in range(TRIES):
            at.app.catalog.failed("scripted", AWAY)
        handed_on = await at.app.studio.describe(caller(), Picture(grid.id, 2), PLACE)
        await at.over(handed_on)
    assert handed_on.backend == "other"
    assert dict(first.requests[-1].images[0].memo) == {"n": 1}
    assert dict(other.requests[-1].images[0].memo) == {}
