"""What jobs may cost in a day, on both databases and under a rush, and what is asked and told about it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.actions import outline, plan
from bot.backends.base import Operation, Request, Role
from bot.errors import BackendRefused, ConfigError, LimitReached
from bot.jobs import DAY_MS, Action, Caps, Image, ImageKind, Job, Limits, Place, Status, midnight_ms, new_job_id, now_ms
from bot.prompt import parse
from bot.store import Spent, Store, usd
from tests.recording import Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, PAID, Scripted, limited

pytest_plugins = ["tests.postgres"]

CAPS = Caps(user_usd=1.0, server_usd=3.0, unknown_usd=0.05, paid=frozenset({"dear"}), guilds=frozenset({5, 6}))


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def ignore(_connection: AsyncConnection, _job: Job) -> None:
    """Stands for the engine."""


def job(user_id: int = 1, estimate: float | None = 0.25, guild_id: int | None = 5, **changes: Any) -> Job:
    made = Job(
        id=new_job_id(),
        action=Action.IMAGINE,
        user_id=user_id,
        user_name="Ada",
        backend="dear",
        place=Place(channel_id=1),
        guild_id=guild_id,
        estimate_usd=estimate,
    )
    return made.evolve(**changes)


async def submit(store: Store, *jobs: Job, caps: Caps = CAPS) -> None:
    await store.submit(jobs, limits=Limits(), caps=caps, batch=True, enqueue=ignore)


async def end(store: Store, one: Job, status: Status) -> None:
    """Brings a job that waits to an end, by the states before it."""
    if status in (Status.FAILED, Status.CANCELLED):
        await store.move(one.id, {Status.WAITING}, status)
        return
    await store.admit(Limits(running_per_user=0), now_ms(), ignore)
    for source, target in (
        (Status.ADMITTED, Status.RUNNING),
        (Status.RUNNING, Status.DELIVERING),
        (Status.DELIVERING, Status.HELD if status is Status.HELD else Status.DONE),
    ):
        await store.move(one.id, {source}, target)
    if status is Status.DELETED:
        await store.move(one.id, {Status.DONE}, Status.DELETED)


# The caps


async def test_a_rush_of_one_user_stays_within_the_cap(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(3)]

    async def submitted(number: int) -> bool:
        try:
            await submit(stores[number % 3], job(estimate=0.3))
        except LimitReached:
            return False
        return True

    done = await asyncio.gather(*(submitted(number) for number in range(20)))
    assert sum(done) == 3
    assert (await stores[0].spent(1, 5, CAPS)).user == pytest.approx(0.9)
    for opened in stores:
        await opened.close()


async def test_a_rush_of_many_users_stays_within_the_servers_cap(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(3)]

    async def submitted(user: int) -> bool:
        try:
            await submit(stores[user % 3], job(user, estimate=1.0))
        except LimitReached:
            return False
        return True

    assert sum(await asyncio.gather(*(submitted(user) for user in range(1, 13)))) == 3
    await submit(stores[0], job(99, guild_id=6))  # another server has its own
    for opened in stores:
        await opened.close()


async def test_whoever_is_over_reads_how_much_and_when_it_renews(store: Store) -> None:
    await submit(store, job(estimate=0.8))
    with pytest.raises(LimitReached) as caught:
        await submit(store, job(estimate=0.25))
    told = str(caught.value)
    assert "You have used $0.80 of the $1.00" in told
    assert "about $0.25" in told
    assert f"<t:{(midnight_ms() + DAY_MS) // 1000}:R>" in told
    for user in (2, 3):
        await submit(store, job(user, estimate=1.0))
    with pytest.raises(LimitReached, match=r"This server has used \$2\.80 of the \$3\.00"):
        await submit(store, job(4))
    assert await store.count_of(4) == 0


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (Status.FAILED, False),
        (Status.CANCELLED, False),
        (Status.DONE, True),
        (Status.HELD, True),
        (Status.DELETED, True),
    ],
)
async def test_what_comes_to_nothing_is_given_back(store: Store, status: Status, *, counts: bool) -> None:
    one = job(estimate=0.9)
    await submit(store, one)
    await end(store, one, status)
    assert (await store.spent(1, 5, CAPS)).user == pytest.approx(0.9 if counts else 0.0)
    if counts:
        with pytest.raises(LimitReached):
            await submit(store, job(estimate=0.2))
    else:
        await submit(store, job(estimate=0.2))


async def test_what_was_charged_counts_in_the_place_of_the_estimate(store: Store) -> None:
    one = job(estimate=0.9)
    await submit(store, one)
    await store.update(one.id, cost_usd=0.1)
    assert await store.spent(1, 5, CAPS) == pytest.approx(Spent(0.1, 0.1))
    await submit(store, job(estimate=0.9))


async def test_what_nobody_knows_counts_for_the_operators_figure(store: Store) -> None:
    await submit(store, *(job(estimate=None) for _ in range(20)))
    with pytest.raises(LimitReached, match="cost about"):
        await submit(store, job(estimate=None))


async def test_what_costs_nothing_is_never_held_up(store: Store) -> None:
    await submit(store, job(estimate=1.0))
    await submit(store, *(job(estimate=None, backend="painter") for _ in range(5)), job(backend="", estimate=None))
    assert (await store.spent(1, 5, CAPS)).user == pytest.approx(1.0)


async def test_a_batch_is_checked_as_a_whole(store: Store) -> None:
    with pytest.raises(LimitReached):
        await submit(store, *(job(estimate=0.25) for _ in range(5)))
    assert await store.count_of(1) == 0
    await submit(store, *(job(estimate=0.25) for _ in range(4)))


async def test_a_cap_of_nothing_lets_nothing_through(store: Store) -> None:
    with pytest.raises(LimitReached, match=r"\$0\.00 of the \$0\.00"):
        await submit(store, job(estimate=0.01), caps=replace(CAPS, user_usd=0.0))


async def test_yesterday_does_not_count(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    today = midnight_ms()
    monkeypatch.setattr("bot.store.jobs.now_ms", lambda: today - 1)
    await submit(store, job(estimate=1.0))
    assert (await store.spent(1, 5, CAPS)).user == 0
    monkeypatch.setattr("bot.store.jobs.now_ms", lambda: today)
    await submit(store, job(estimate=1.0))
    assert (await store.spent(1, 5, CAPS)).user == 1.0


async def test_everything_outside_of_the_servers_is_one_more(store: Store) -> None:
    caps = replace(CAPS, server_usd=1.0)
    await submit(store, job(1, 0.5, guild_id=None), caps=caps)
    await submit(store, job(2, 0.5, guild_id=999), caps=caps)  # installed by a user, used somewhere else
    assert [(await store.spent(3, guild, caps)).server for guild in (None, 999, 777, 5)] == [1.0, 1.0, 1.0, 0.0]
    with pytest.raises(LimitReached, match="This server"):
        await submit(store, job(3, 0.5, guild_id=777), caps=caps)
    await submit(store, job(3, 0.5, guild_id=5), caps=caps)


async def test_a_job_that_is_handed_on_is_counted_anew_and_once(store: Store) -> None:
    caps = replace(CAPS, paid=frozenset({"dear", "dearer"}))
    one = job(estimate=0.9)
    await submit(store, one, caps=caps)
    assert not await store.reassign(one.evolve(backend="dearer"), "elsewhere", caps)
    assert await store.reassign(one.evolve(backend="dearer", estimate_usd=1.0), "dear", caps)
    with pytest.raises(LimitReached):
        await store.reassign(one.evolve(backend="dear", estimate_usd=1.1), "dearer", caps)
    found = await store.job(one.id)
    assert found is not None
    assert (found.backend, found.estimate_usd, found.status) == ("dearer", 1.0, Status.WAITING)


@given(st.floats(min_value=0, max_value=1000))
def test_money_is_short_and_about_right(amount: float) -> None:
    shown = usd(amount)
    assert shown[0] == "$"
    assert abs(float(shown[1:]) - amount) <= (0.0051 if amount >= 0.1 else 0.00051)


# Estimates


def picture(role: Role | None = None) -> Image:
    return Image(
        job_id="p",
        kind=ImageKind.OUTPUT,
        index=0,
        key="k",
        media_type="image/png",
        width=64,
        height=48,
        size=9,
        memo={} if role is None else {"role": role},
    )


@pytest.mark.parametrize("mixed", [False, True])
def test_an_outline_has_all_that_a_price_hangs_on(*, mixed: bool) -> None:
    prompt = parse("a fox --n 3 --ar 2:1", attached=2).prompt
    offers = limited(Operation.GENERATE, Operation.VARY, *([] if mixed else [Operation.BLEND]))
    one, roles = job(prompt="a fox"), (Role.PROMPT, Role.PROMPT)
    made: Request = outline(plan(one, prompt, offers, None, roles), one, prompt, roles, None)
    assert made.operation is (Operation.VARY if mixed else Operation.BLEND)
    assert len(made.images) == (1 if mixed else 2)
    assert len(made.seeds) == 3
    assert made.width > made.height


def test_an_outline_of_what_is_painted_in_has_a_picture_and_a_mask() -> None:
    one = job(action=Action.ZOOM, details={"factor": 2.0})
    offers = limited(Operation.GENERATE, Operation.INPAINT)
    prompt = parse("a fox").prompt
    made = outline(plan(one, prompt, offers, picture(), ()), one, prompt, (), picture())
    assert made.operation is Operation.INPAINT
    assert [image.role for image in made.images] == [Role.INITIAL]
    assert made.mask is not None


# In the bot


def dear(price: float | None = 0.02, **changes: Any) -> Scripted:
    return Scripted(offers=replace(PAID, **changes), price_usd=price, charge_usd=price)


async def test_a_job_knows_what_it_will_cost_and_what_it_did(tmp_path: Path) -> None:
    backend = dear()
    backend.charge_usd = 0.03
    async with desk(settings_in(tmp_path), backend) as at:
        grid = await at.made("a fox")
        assert (grid.estimate_usd, grid.cost_usd) == pytest.approx((0.08, 0.12))
        single = await at.over(await at.app.studio.act(caller(), "upsample", grid.id, 1, "", grid.place))
        assert (single.status, single.estimate_usd) == (Status.DONE, None)
        larger = await at.over(await at.app.studio.act(caller(), "upscale_subtle", single.id, 1, "", grid.place))
        assert larger.estimate_usd == pytest.approx(0.02)
        info = await at.app.studio.info(caller())
        assert info.budget is not None
        assert info.budget.user_left == pytest.approx(1.0 - 0.12 - 0.03)
        assert info.budget.server_left == pytest.approx(10.0 - 0.12 - 0.03)


async def test_where_nothing_costs_money_there_is_no_budget(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path, user_daily_usd=0), Scripted()) as at:
        await at.made("a fox")
        assert (await at.app.studio.info(caller())).budget is None


async def spent(at: Desk) -> float:
    return (await at.store.spent(1, 7, at.app.settings.caps(frozenset({"scripted"})))).user


async def test_a_refusal_is_given_back(tmp_path: Path) -> None:
    backend = dear(0.2)
    backend.troubles = [BackendRefused(backend="scripted", reason="no foxes")]
    async with desk(settings_in(tmp_path), backend) as at:
        await at.over(await at.imagine("a fox"))
        assert await spent(at) == 0
        await at.made("a wolf")
        assert await spent(at) == pytest.approx(0.8)
        with pytest.raises(LimitReached, match=r"used \$0\.80 of the \$1\.00"):
            await at.imagine("a bear")


async def test_a_cancelled_job_is_given_back(tmp_path: Path) -> None:
    backend = dear(0.2)
    backend.hold()
    async with desk(settings_in(tmp_path), backend) as at:
        one = await at.imagine("a fox")
        await backend.running(1)
        assert await spent(at) == pytest.approx(0.8)
        await at.app.studio.cancel(caller(), one.id)
        assert await spent(at) == 0
        backend.release()


@pytest.mark.parametrize("name", ["user_daily_usd", "server_daily_usd"])
async def test_what_costs_money_does_not_start_without_caps(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"LIENZO_USER_DAILY_USD.*LIENZO_SERVER_DAILY_USD"):
        async with desk(settings_in(tmp_path, **{name: 0}), dear()):
            raise AssertionError


@pytest.mark.parametrize(
    ("price", "text", "limit", "asked"),
    [
        (0.02, "a fox", 0.25, False),
        (0.0625, "a fox", 0.25, True),
        (0.0625, "a fox --n 3", 0.25, False),
        (0.0625, "a {fox, bear} --n 2", 0.25, True),
        (5.0, "a fox", 0, False),
        (None, "a {fox, bear}", 0.1, True),
        (None, "a fox", 0.1, False),
    ],
)
async def test_what_is_dear_is_asked_about(
    tmp_path: Path, price: float | None, text: str, limit: float, *, asked: bool
) -> None:
    async with desk(settings_in(tmp_path, confirm_usd=limit), dear(price)) as at:
        assert at.app.studio.check(caller(), text).costly is asked


async def test_what_is_free_is_not_asked_about(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path), Scripted(offers=EVERYTHING, price_usd=None)) as at:
        draft = at.app.studio.check(caller(), "a fox")
        assert (draft.costly, draft.cost_usd) == (False, 0.0)


async def test_images_that_come_along_are_in_the_estimate(tmp_path: Path) -> None:
    """Several are mixed before: the request that is priced is the one that will be made."""
    seen: list[Request] = []

    class Pricing(Scripted):
        def price(self, request: Request) -> float | None:
            seen.append(request)
            return 0.1 * len(request.images)

    backend = Pricing(offers=replace(PAID, operations=frozenset({Operation.GENERATE, Operation.BLEND})))
    async with desk(settings_in(tmp_path), backend) as at:
        draft = at.app.studio.check(caller(), "a fox", attached=3)
        assert draft.cost_usd == pytest.approx(0.3)
    assert [request.operation for request in seen] == [Operation.BLEND]
