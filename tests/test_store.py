"""What is remembered, on SQLite and on PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import migrations
from bot.errors import ConfigError, LimitReached, NotFound, StorageFull
from bot.i18n import T
from bot.jobs import (
    Action,
    Image,
    ImageKind,
    Job,
    Lane,
    Limits,
    Message,
    MessageKind,
    Place,
    Status,
    new_job_id,
    now_ms,
)
from bot.store import Load, SavedDraft, Store, Usage, searchable, tables, words_of, workflow_id
from bot.store.records import DAY_MS

pytest_plugins = ["tests.postgres"]


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def ignore(_connection: AsyncConnection, _job: Job) -> None:
    """Stands for the engine."""


def job(user_id: int = 1, backend: str = "painter", **changes: Any) -> Job:
    place = Place(channel_id=2**63 - 1, guild_id=5, token="secret", reply_to=7)
    return Job(
        id=new_job_id(), action=Action.IMAGINE, user_id=user_id, user_name="Ada", backend=backend, place=place
    ).evolve(**changes)


def image(job_id: str, index: int = 0, kind: ImageKind = ImageKind.OUTPUT, size: int = 10) -> Image:
    return Image(
        job_id=job_id,
        kind=kind,
        index=index,
        key=f"{job_id}/{kind}{index}",
        media_type="image/png",
        width=8,
        height=8,
        size=size,
    )


async def submitted(store: Store, *jobs: Job, images: Sequence[Image] = ()) -> list[Job]:
    return await store.submit(jobs, images, limits=Limits(), batch=True, enqueue=ignore)


async def finished(store: Store, *jobs: Job, images: Sequence[Image] = ()) -> None:
    await submitted(store, *jobs, images=images)
    await store.admit(Limits(running_per_user=0), now_ms(), ignore)
    for one in jobs:
        await store.move(one.id, {Status.ADMITTED}, Status.RUNNING)
        await store.move(one.id, {Status.RUNNING}, Status.DELIVERING)
        await store.move(one.id, {Status.DELIVERING}, Status.DONE)


async def test_a_job_comes_back_as_it_went_in(store: Store) -> None:
    given = job(
        prompt="¿un niño? --ar 3:2",
        lane=Lane.RELAX,
        guild_id=2**62,
        parent_id="p",
        tile=4,
        details={"direction": "left", "nested": {"a": [1, 2.5, None]}},
        seed=2**32 - 1,
        notes=(T("{a} is {b}", a=1, b=T("fine")),),
        error=T("no {thing}", thing="luck"),
        cost_usd=0.04,
    )
    (stored,) = await submitted(store, given)
    assert await store.job(given.id) == stored
    assert stored == given.evolve(created_ms=stored.created_ms)
    assert await store.job("nobody") is None


async def test_a_batch_keeps_its_order(store: Store) -> None:
    jobs = [job() for _ in range(20)]
    await submitted(store, *jobs)
    assert [one.id for one in await store.admit(Limits(running_per_user=0), now_ms(), ignore)] == [
        one.id for one in jobs
    ]


async def test_local_jobs_are_admitted_at_once_and_count_for_nothing(store: Store) -> None:
    handed: list[str] = []

    async def enqueue(_connection: AsyncConnection, given: Job) -> None:
        handed.append(workflow_id(given))

    local = [job(backend="") for _ in range(5)]
    stored = await store.submit(local, limits=Limits(waiting_per_user=1), enqueue=enqueue)
    assert {one.status for one in stored} == {Status.ADMITTED}
    assert handed == [f"{one.id}-1" for one in local]
    assert await store.waiting() == ([], [])
    await submitted(store, job())
    assert len(await store.admit(Limits(running_per_user=1), now_ms(), enqueue)) == 1


async def test_a_local_job_that_waits_again_is_admitted_without_limit(store: Store) -> None:
    (local,) = await submitted(store, job(backend=""))
    await store.move(local.id, {Status.ADMITTED}, Status.RUNNING)
    await store.move(local.id, {Status.RUNNING}, Status.WAITING)
    (again,) = await store.admit(Limits(running_per_user=1), now_ms(), ignore)
    assert (again.id, again.attempts) == (local.id, 2)


async def test_the_limit_on_waiting_holds_under_fifty_at_once(store: Store) -> None:
    async def one() -> bool:
        with contextlib.suppress(LimitReached):
            await store.submit([job()], limits=Limits(waiting_per_user=10), enqueue=ignore)
            return True
        return False

    assert sum(await asyncio.gather(*(one() for _ in range(50)))) == 10
    await store.submit([job(user_id=2)], limits=Limits(waiting_per_user=10), enqueue=ignore)
    with pytest.raises(LimitReached, match="queue is full"):
        await store.submit([job(user_id=2) for _ in range(10)], limits=Limits(waiting_per_user=10), enqueue=ignore)
    await store.submit(
        [job(user_id=2) for _ in range(40)], limits=Limits(waiting_per_user=10), batch=True, enqueue=ignore
    )
    assert len((await store.waiting())[0]) == 51


async def test_the_limits_on_running_hold_for_many_at_once(database_url: str) -> None:
    limits = Limits(running_per_user=3, running_per_guild=7, running_per_backend={"painter": 5}, waiting_per_user=0)
    stores = [await Store.open(database_url) for _ in range(4)]
    jobs = [job(user_id=n % 4, guild_id=n % 2, backend="painter" if n % 3 else "other") for n in range(60)]

    async def one(n: int) -> list[Job]:
        await stores[n % 4].submit([jobs[n]], limits=limits, enqueue=ignore)
        return await stores[n % 4].admit(limits, now_ms(), ignore)

    admitted = [given for some in await asyncio.gather(*(one(n) for n in range(60))) for given in some]
    assert len({given.id for given in admitted}) == len(admitted)
    _, active = await stores[0].waiting()
    assert {ticket.job_id for ticket in active} == {given.id for given in admitted}
    for count, most in (("user_id", 3), ("guild_id", 7)):
        values = [getattr(ticket, count) for ticket in active]
        assert max(values.count(value) for value in values) <= most
    assert sum(ticket.backend == "painter" for ticket in active) == 5
    for opened in stores:
        await opened.close()


async def test_what_fails_to_be_handed_over_is_not_admitted(store: Store) -> None:
    async def broken(_connection: AsyncConnection, _job: Job) -> None:
        raise ConnectionError

    (one,) = await submitted(store, job())
    with pytest.raises(ConnectionError):
        await store.admit(Limits(), now_ms(), broken)
    stored = await store.job(one.id)
    assert stored is not None
    assert (stored.status, stored.attempts) == (Status.WAITING, 0)


async def test_moves_go_along_the_table_and_once(store: Store) -> None:
    (one,) = await submitted(store, job())
    await store.admit(Limits(), now_ms(), ignore)
    moved = await asyncio.gather(*(store.move(one.id, {Status.ADMITTED}, Status.RUNNING, model="m") for _ in range(10)))
    (winner,) = [found for found in moved if found is not None]
    assert (winner.status, winner.model, winner.attempts) == (Status.RUNNING, "m", 1)
    assert winner.started_ms is not None
    with pytest.raises(ValueError, match="no way from running to done"):
        await store.move(one.id, {Status.RUNNING}, Status.DONE)
    assert await store.move("nobody", {Status.WAITING}, Status.CANCELLED) is None


async def test_waiting_again_forgets_the_attempt_but_keeps_the_place(store: Store) -> None:
    (one,) = await submitted(store, job())
    await store.admit(Limits(), now_ms(), ignore)
    await store.move(one.id, {Status.ADMITTED}, Status.RUNNING)
    await store.update(one.id, progress=0.5, handle="h")
    assert (await store.move(one.id, {Status.RUNNING}, Status.WAITING)) == one.evolve(attempts=1)


async def test_updates_change_fields_and_nothing_else(store: Store) -> None:
    (one,) = await submitted(store, job())
    await store.update(one.id, notes=(T("hello"),), place=Place(channel_id=3), error=None)
    assert await store.job(one.id) == one.evolve(notes=(T("hello"),), place=Place(channel_id=3))
    for changes in ({"status": Status.DONE}, {"id": "x"}, {"nonsense": 1}):
        with pytest.raises(ValueError, match=r"id never changes|no such field"):
            await store.update(one.id, **changes)


async def test_history_is_paged_newest_first(store: Store) -> None:
    jobs = await submitted(store, *(job() for _ in range(5)), job(user_id=2))
    newest = await store.jobs_of(1, limit=2)
    assert [one.id for one in newest] == [jobs[4].id, jobs[3].id]
    older = await store.jobs_of(1, limit=9, offset=2)
    assert [one.id for one in older] == [jobs[2].id, jobs[1].id, jobs[0].id]
    assert await store.jobs_of(1, statuses={Status.DONE}) == []
    assert (await store.count_of(1), await store.count_of(1, statuses={Status.DONE})) == (5, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("fox", [0, 1]),
        ("FOX snow", [0]),
        ("nino", [2]),
        ("NIÑO montaña", [2]),
        ("mountain", [2]),
        ("strasse", [3]),
        ("100%", [3]),
        ("_", []),
        ("%", [3]),
        ("\\", []),
        ("fox dog", []),
        ("\0 \ud800", [0, 1, 2, 3]),
    ],
)
async def test_a_history_is_searched_by_words_whatever_their_case_and_accents(
    store: Store, query: str, found: list[int]
) -> None:
    prompts = ["a Fox in the snow", "a red fox", "un niño en la montaña, mountains", "Große Straße, 100%"]
    jobs = await submitted(store, *(job(prompt=prompt) for prompt in prompts), job(user_id=2, prompt="a fox"))
    words = words_of(query)
    assert [one.id for one in await store.jobs_of(1, words=words)] == [jobs[n].id for n in reversed(found)]
    assert await store.count_of(1, words=words) == len(found)


async def test_a_word_may_be_how_an_id_begins(store: Store) -> None:
    one, _, _ = await submitted(store, job(prompt="a fox"), job(prompt="a hen"), job(user_id=2))
    assert await store.jobs_of(1, words=[one.id[:14].upper()]) == [one]
    assert await store.jobs_of(1, words=[one.id, "hen"]) == []
    assert await store.jobs_of(1, words=[one.id[1:]]) == []


async def test_a_search_follows_a_prompt_that_changes(store: Store) -> None:
    (one,) = await submitted(store, job(prompt="a fox"))
    await store.update(one.id, prompt="a HEN")
    assert [found.id for found in await store.jobs_of(1, words=["hen"])] == [one.id]
    assert await store.jobs_of(1, words=["fox"]) == []


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_and_finds_every_word(text: str) -> None:
    folded = searchable(text)
    assert searchable(folded) == folded
    assert all(word in folded for word in words_of(text))
    assert all(word in folded for word in words_of(text.swapcase()) if text.isascii())
    assert "\0" not in folded.encode().decode()


async def test_usage_is_counted_by_lane_and_outlives_the_pictures(store: Store) -> None:
    fast, slow, failed, local, other = job(), job(lane=Lane.RELAX), job(), job(backend=""), job(user_id=2)
    await finished(store, local, other)
    await submitted(store, fast, slow)
    await store.admit(Limits(), now_ms(), ignore)
    for one, images in ((fast, [image(fast.id, 0), image(fast.id, 1)]), (slow, [image(slow.id)])):
        await store.move(one.id, {Status.ADMITTED}, Status.RUNNING)
        await store.collected(one.id, [*images, image(one.id, kind=ImageKind.GRID)])
        await store.move(one.id, {Status.DELIVERING}, Status.DONE)
    await submitted(store, failed)
    await store.move(failed.id, {Status.WAITING}, Status.FAILED, started_ms=0, finished_ms=500)
    for one, cost in ((fast, 0.25), (slow, None)):
        await store.update(one.id, started_ms=1000, finished_ms=3500, cost_usd=cost)
    await store.move(fast.id, {Status.DONE}, Status.DELETED)
    await store.forget_images([found.key for found in await store.images(fast.id)])
    assert await store.usage(1) == {Lane.FAST: Usage(1, 2, 3.0, 0.25), Lane.RELAX: Usage(1, 1, 2.5, None)}
    assert await store.usage(1, since_ms=3000) == {Lane.FAST: Usage(1, 2, 2.5, 0.25), Lane.RELAX: Usage(1, 1, 2.5)}
    assert await store.usage(1, since_ms=4000) == {}


async def test_what_waits_and_runs_is_counted(store: Store) -> None:
    running, *waiting = await submitted(
        store, job(guild_id=5), job(guild_id=5), job(guild_id=5, lane=Lane.RELAX), job(guild_id=6), job(backend="")
    )
    await store.admit(Limits(running_per_user=1), now_ms(), ignore)
    assert await store.load(1) == Load(1, {Lane.FAST: 2, Lane.RELAX: 1})
    assert await store.load(2) == Load()
    assert [one.id for one in await store.unfinished(guild_id=5)] == [running.id, waiting[0].id, waiting[1].id]
    assert len(await store.unfinished(user_id=1)) == 5
    assert await store.unfinished(guild_id=5, user_id=2) == []


async def test_children_are_found(store: Store) -> None:
    parent = job()
    children = [job(parent_id=parent.id), job(parent_id=parent.id)]
    await submitted(store, parent, *children)
    assert [one.id for one in await store.children(parent.id)] == [one.id for one in children]


async def test_the_mean_is_of_the_last_twenty_that_were_done(store: Store) -> None:
    assert await store.mean_seconds("painter") is None
    jobs = [job() for _ in range(25)]
    await finished(store, *jobs)
    for n, one in enumerate(jobs):
        await store.update(one.id, started_ms=10_000 * n, finished_ms=10_000 * n + (9000 if n < 5 else 2500))
    assert await store.mean_seconds("painter") == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("reached", "mended"),
    [(Status.ADMITTED, Status.WAITING), (Status.RUNNING, Status.FAILED), (Status.DELIVERING, Status.HELD)],
)
async def test_jobs_that_nobody_works_on_are_mended(store: Store, reached: Status, mended: Status) -> None:
    lost, kept = await submitted(store, job(), job())
    await store.admit(Limits(), now_ms(), ignore)
    way = [Status.ADMITTED, Status.RUNNING, Status.DELIVERING]
    for source, target in pairwise(way[: way.index(reached) + 1]):
        for one in (lost, kept):
            await store.move(one.id, {source}, target)

    async def alive(_connection: AsyncConnection) -> set[str]:
        return {f"{kept.id}-1"}

    (repaired,) = await store.repair(alive)
    assert (repaired.id, repaired.status) == (lost.id, mended)
    stored = await store.job(lost.id)
    assert stored is not None
    assert stored.status is mended
    assert (stored.error is not None) == (mended is Status.FAILED)
    untouched = await store.job(kept.id)
    assert untouched is not None
    assert untouched.status is reached


async def test_what_was_made_comes_with_the_next_state_or_not_at_all(store: Store) -> None:
    one = job()
    await submitted(store, one, images=[image(one.id, kind=ImageKind.INPUT)])
    assert not await store.collected(one.id, [image(one.id, 0)])
    assert await store.images(one.id, ImageKind.OUTPUT) == []
    await store.admit(Limits(), now_ms(), ignore)
    await store.move(one.id, {Status.ADMITTED}, Status.RUNNING)
    made = replace(image(one.id, 1), memo={"id": "x"}, seed=2**32 - 1)
    assert await store.collected(one.id, [made, image(one.id, 0)], model="m", notes=(T("a note"),))
    assert await store.images(one.id, ImageKind.OUTPUT) == [image(one.id, 0), made]
    assert [found.kind for found in await store.images(one.id)] == [ImageKind.INPUT, ImageKind.OUTPUT, ImageKind.OUTPUT]
    stored = await store.job(one.id)
    assert stored is not None
    assert (stored.status, stored.progress, stored.model) == (Status.DELIVERING, 1.0, "m")
    assert not await store.collected(one.id, [])
    assert len(await store.images(one.id, ImageKind.OUTPUT)) == 2


async def test_jobs_that_share_an_answer_leave_it_to_the_first(store: Store) -> None:
    first, second = job(), job()
    for one in (first, second):
        answer = Message(77, 5, one.id, MessageKind.PROGRESS)
        await store.submit([one], (), [answer], limits=Limits(), enqueue=ignore)
    assert await store.messages(first.id) == [Message(77, 5, first.id, MessageKind.PROGRESS)]
    assert await store.messages(second.id) == []


async def test_images_expire_by_age_and_by_size_a_whole_job_at_a_time(store: Store) -> None:
    old, middle, new, busy = job(), job(), job(), job()
    pictures = [image(one.id, index) for one in (old, middle, new, busy) for index in (0, 1)]
    await finished(store, old, middle, new, images=pictures)
    await submitted(store, busy)
    for age, one in enumerate((old, middle, new), 1):
        await store.update(one.id, finished_ms=age * 1000)

    async def expired(**limits: int) -> list[str]:
        return [found.job_id for found in await store.expired(**limits)]

    assert await expired(before_ms=1500) == [old.id] * 2
    assert await expired(over_bytes=80) == []
    assert await expired(over_bytes=79) == [old.id] * 2
    assert await expired(over_bytes=45) == [old.id] * 2 + [middle.id] * 2
    assert await expired() == []
    assert await expired(over_bytes=0) == [old.id] * 2 + [middle.id] * 2 + [new.id] * 2
    await store.forget_images([found.key for found in await store.expired(over_bytes=0)])
    assert await expired(over_bytes=0) == []
    assert len(await store.images(busy.id)) == 2


async def test_messages_lead_to_their_job(store: Store) -> None:
    await store.add_message(2**62, 5, "job", MessageKind.RESULT)
    await store.add_message(7, 5, "job", MessageKind.PROGRESS)
    progress, result = Message(7, 5, "job", MessageKind.PROGRESS), Message(2**62, 5, "job", MessageKind.RESULT)
    assert await store.messages("job") == [progress, result]
    assert await store.message(7) == progress
    await store.delete_message(7)
    assert await store.message(7) is None


async def test_favourites_count_each_user_once(store: Store) -> None:
    assert await store.favourite("job", 1, 10, on=True) == 1
    assert await store.favourite("job", 1, 10, on=True) == 1
    assert await store.favourite("job", 1, 11, on=True) == 2
    assert await store.favourite("job", 2, 11, on=True) == 1
    assert await store.favourite("job", 1, 10, on=False) == 1
    assert await store.favourites("job", 1) == {11}


async def test_a_draft_that_was_confirmed_starts_once(store: Store) -> None:
    await store.save_draft("a", 1, "{a, b}", now_ms())

    async def confirmed(user_id: int, limit: int = 0) -> list[Job]:
        limits = Limits(waiting_per_user=limit)
        return await store.submit([job(user_id), job(user_id)], limits=limits, draft_id="a", enqueue=ignore)

    with pytest.raises(LimitReached):
        await confirmed(7, limit=1)
    assert await store.draft("a") is not None, "nothing was started, so it stays"
    answers = await asyncio.gather(*(confirmed(number) for number in range(4)), return_exceptions=True)
    assert [isinstance(answer, NotFound) for answer in answers].count(True) == 3
    assert sum([await store.count_of(user_id) for user_id in range(8)]) == 2


async def test_drafts_last_a_day(store: Store) -> None:
    await store.save_draft("a", 1, "--foo", 1000, {"cells": [1, 2]})
    await store.save_draft("b", 1, "--bar", 1000 + DAY_MS)
    assert await store.draft("a") == SavedDraft(user_id=1, text="--foo", created_ms=1000, details={"cells": [1, 2]})
    await store.save_draft("c", 1, "--baz", 1001 + DAY_MS)
    assert await store.draft("a") is None
    assert await store.draft("b") == SavedDraft(user_id=1, text="--bar", created_ms=1000 + DAY_MS)


async def test_settings_are_json_by_scope(store: Store) -> None:
    await store.set_setting("user", 1, "remix", value=True)
    await store.set_setting("user", 1, "custom", value={"a": "b"})
    await store.set_setting("guild", 1, "remix", value=0)
    assert await store.settings("user", 1) == {"remix": True, "custom": {"a": "b"}}
    assert await store.setting("guild", 1, "remix") == 0
    await store.set_setting("user", 1, "remix", value=None)
    assert await store.setting("user", 1, "remix") is None


async def test_meta_is_overwritten(store: Store) -> None:
    assert await store.meta("hash") is None
    await store.set_meta("hash", "1")
    await store.set_meta("hash", "2")
    assert await store.meta("hash") == "2"


async def test_opening_again_keeps_everything_and_migrations_match_the_tables(database_url: str) -> None:
    first = await Store.open(database_url)
    await first.set_meta("kept", "yes")
    await first.close()
    second = await Store.open(database_url)
    assert await second.meta("kept") == "yes"
    await second.close()
    url = make_url(database_url)
    engine = create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        scripts = ScriptDirectory.from_config(migrations.configuration(connection))
    assert scripts.get_heads() == [migrations.HEAD]
    engine.dispose()


async def test_jobs_of_before_there_was_a_search_are_found_and_their_pictures_counted(database_url: str) -> None:
    store = await Store.open(database_url)
    old = job(prompt="Un NIÑO")
    await finished(store, old, images=[image(old.id, 0), image(old.id, 1)])
    await store.save_draft("a", 1, "--foo", now_ms())
    await store.close()
    url = make_url(database_url)
    engine = create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    with engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), "0001")
    engine.dispose()
    store = await Store.open(database_url)
    assert [found.id for found in await store.jobs_of(1, words=["nino"])] == [old.id]
    assert (await store.usage(1))[Lane.FAST].pictures == 2
    draft = await store.draft("a")
    assert draft is not None
    assert draft.details == {}
    await store.close()


async def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(database_url) for _ in range(4)))
    await stores[0].set_meta("a", "b")
    assert await stores[3].meta("a") == "b"
    for opened in stores:
        await opened.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x/y",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "nonsense",
        "postgresql+psycopg://me:hunter2@/no?host=/nowhere",
    ],
)
async def test_a_database_that_cannot_be_is_a_clear_error(url: str) -> None:
    with pytest.raises(ConfigError, match="LIENZO_DATABASE_URL") as caught:
        await Store.open(url)
    assert "hunter2" not in str(caught.value)


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(ConfigError, match="file is not a database"):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/x.db")


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't be created"):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/file/x.db")


async def test_a_full_disk_is_said_in_words_and_loses_nothing(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/jobs.db")
    (kept,) = await submitted(store, job())
    event.listen(Engine, "engine_connect", _leave_no_room)
    try:
        with pytest.raises(StorageFull):
            await submitted(store, job(prompt="x" * 200_000))
        with pytest.raises(StorageFull):
            await store.update(kept.id, prompt="x" * 200_000)
        assert await store.jobs_of(1) == [kept]
    finally:
        event.remove(Engine, "engine_connect", _leave_no_room)
        await store.close()


def _leave_no_room(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA max_page_count=1")  # that is: as many as there are
    cursor.close()


async def test_a_database_that_may_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/jobs.db")
    event.listen(Engine, "engine_connect", _forbid_writing)
    try:
        with pytest.raises(ConfigError, match="readonly database"):
            await store.set_meta("a", "b")
    finally:
        event.remove(Engine, "engine_connect", _forbid_writing)
        await store.close()


def _forbid_writing(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA query_only=1")
    cursor.close()
