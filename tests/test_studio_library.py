"""What the studio says of jobs that were made before and that wait, on a real store, engine and disk."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from bot.errors import NotAllowed, NotFound, NotPossible, UserError
from bot.jobs import Job, Lane, MessageKind, Place, Status
from bot.store import Usage
from bot.studio import Studio
from bot.studio.library import PAGE, SUGGESTIONS
from tests.recording import CHANNEL, GUILD, PLACE, Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, Scripted

OWNER, OTHER = caller(1), caller(2)
MODERATOR = caller(3, moderator=True)
STRANGER = caller(4, moderator=True, guild_id=8)  # a moderator of another server
IN_DM = caller(3, moderator=True, guild_id=None)
ELSEWHERE = Place(channel_id=99, guild_id=GUILD, locale="es-ES", token="t", progress_message_id=5)


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


@pytest.fixture
async def at(tmp_path: Path, backend: Scripted) -> AsyncIterator[Desk]:
    async with desk(settings_in(tmp_path), backend) as made:
        yield made


@pytest.fixture
def studio(at: Desk) -> Studio:
    return at.app.studio


async def held(at: Desk, text: str) -> Job:
    """A job that could not be delivered."""
    at.outlet.reachable = False
    job = await at.over(await at.imagine(text))
    at.outlet.reachable = True
    assert job.status is Status.HELD
    return job


# Showing


async def test_a_result_is_posted_again_where_it_is_asked_for(at: Desk, studio: Studio) -> None:
    job = await at.made("a cat")
    await studio.show(OWNER, f"ana_a_cat_{job.id.upper()}_2.png", ELSEWHERE)
    ((shown, parcel, kind, _),) = at.outlet.reposted
    assert (shown.id, shown.place, kind) == (job.id, ELSEWHERE, MessageKind.COPY)
    assert parcel.rows
    assert (await at.job(job)).place == job.place


@pytest.mark.parametrize(("who", "error"), [(OTHER, NotAllowed), (STRANGER, NotAllowed), (IN_DM, NotAllowed)])
async def test_others_jobs_are_not_shown(at: Desk, studio: Studio, who: Any, error: type[UserError]) -> None:
    job = await at.made("a cat")
    with pytest.raises(error):
        await studio.show(who, job.id, PLACE)
    assert not at.outlet.reposted
    await studio.show(MODERATOR, job.id, PLACE)
    assert at.outlet.reposted


async def test_showing_delivers_what_was_held_to_its_owner(at: Desk, studio: Studio) -> None:
    job = await held(at, "a cat")
    await studio.show(MODERATOR, job.id, PLACE)
    assert (await at.job(job)).status is Status.HELD
    at.outlet.reposts = False
    with pytest.raises(NotPossible):
        await studio.show(OWNER, job.id, PLACE)
    assert (await at.job(job)).status is Status.HELD
    at.outlet.reposts = True
    await studio.show(OWNER, job.id, PLACE)
    assert (await at.job(job)).status is Status.DONE


async def test_there_is_a_reason_for_each_that_cannot_be_shown(at: Desk, studio: Studio, backend: Scripted) -> None:
    deleted = await at.made("a cat")
    await studio.cancel(OWNER, deleted.id)
    backend.hold()
    running = await at.imagine("a dog")
    await backend.running(2)
    for job_id, reason in ((deleted.id, "was deleted"), (running.id, "isn't finished"), ("", "no job with that id")):
        with pytest.raises(NotFound, match=reason):
            await studio.showable(OWNER, job_id)
    await studio.stop(OWNER, running.id)
    with pytest.raises(NotFound, match="was cancelled"):
        await studio.showable(OWNER, running.id)


# Suggestions and the history


async def test_suggestions_are_ones_own_results_and_no_more_than_discord_takes(at: Desk, studio: Studio) -> None:
    jobs = [await at.made(f"a cat {number}") for number in range(SUGGESTIONS + 1)]
    await at.made("a cat", OTHER)
    found = await studio.suggestions(OWNER, "CAT")
    assert len(found) == SUGGESTIONS
    assert {job.id for job in found} < {job.id for job in jobs}
    assert [job.created_ms for job in found] == sorted((job.created_ms for job in found), reverse=True)


async def test_no_suggestions_where_the_store_is_late(
    at: Desk, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: Any, **__: Any) -> list[Job]:
        return await asyncio.Future[list[Job]]()

    await at.made("a cat")
    monkeypatch.setattr("bot.studio.library.SUGGEST_SECONDS", 0.0)
    monkeypatch.setattr(at.store, "jobs_of", late)
    assert await studio.suggestions(OWNER, "") == []


async def test_a_page_has_thumbnails_as_long_as_it_is_open(at: Desk, studio: Studio, tmp_path: Path) -> None:
    grid = await at.made("a cat --ar 2:1")
    single = await at.over(await studio.act(OWNER, "upsample", grid.id, 3, "", PLACE))
    async with studio.history(OWNER) as page:
        assert [entry.job.id for entry in page.entries] == [single.id, grid.id]
        assert [entry.pictures for entry in page.entries] == [1, 4]
        assert [ancestor.job.id for ancestor in page.entries[0].origin] == [grid.id]
        for entry in page.entries:
            assert entry.thumbnail is not None
            with Pillow.open(entry.thumbnail) as thumbnail:
                assert thumbnail.format == "JPEG"
                assert max(thumbnail.size) <= 256
    assert not list((tmp_path / "data" / "work").glob("history-*"))


async def test_pages_beyond_the_last_are_the_last(at: Desk, studio: Studio) -> None:
    for number in range(PAGE + 1):
        await at.made(f"a cat {number}")
    for asked, number, entries in ((0, 0, PAGE), (1, 1, 1), (99, 1, 1), (-3, 0, PAGE)):
        async with studio.history(OWNER, "cat", asked) as page:
            assert (page.number, page.pages, page.total, len(page.entries)) == (number, 2, PAGE + 1, entries)
    async with studio.history(OTHER) as page:
        assert (page.entries, page.pages, page.total) == ((), 1, 0)


async def test_a_history_has_no_jump_to_what_others_cannot_see(at: Desk, studio: Studio) -> None:
    hidden = await at.over(await at.imagine("a cat --stealth", place=replace(PLACE, ephemeral=True)))
    await at.store.add_message(1, CHANNEL, hidden.id, MessageKind.RESULT)
    child = await at.over(await studio.act(OWNER, "upsample", hidden.id, 1, "", PLACE))
    await at.store.add_message(2, CHANNEL, child.id, MessageKind.RESULT)
    await at.store.add_message(3, CHANNEL, child.id, MessageKind.COPY)
    async with studio.history(OWNER) as page:
        first, second = page.entries
        assert first.message is not None
        assert first.message.message_id == 2
        assert first.origin[0].message is None
        assert second.message is None


async def test_pictures_that_are_gone_leave_a_history_without_them(at: Desk, studio: Studio, tmp_path: Path) -> None:
    job = await at.made("a cat")
    for path in (tmp_path / "data" / "images" / "jobs" / job.id).iterdir():
        await asyncio.to_thread(path.unlink)
    async with studio.history(OWNER) as page:
        assert page.entries[0].thumbnail is None


# What waits


async def test_the_queue_is_of_ones_server_or_ones_own(at: Desk, studio: Studio, backend: Scripted) -> None:
    backend.hold()
    jobs = [await at.imagine(f"a cat {number}") for number in range(4)]
    await backend.running(3)
    there = await at.imagine("a dog", caller(9, guild_id=8), Place(channel_id=1, guild_id=8))
    hidden = await at.imagine("a bird --stealth", OTHER, replace(PLACE, ephemeral=True))
    await backend.running(5)

    queue = await studio.queue(OWNER)
    assert {queued.job.id for queued in queue} == {job.id for job in jobs} | {hidden.id}
    assert queue[-1].job.id == jobs[3].id
    assert [queued.position is None for queued in queue] == [True] * 4 + [False]
    assert {queued.job.id for queued in queue if queued.hidden} == {hidden.id}
    assert {queued.job.id for queued in queue if queued.may_cancel} == {job.id for job in jobs}
    assert all(queued.may_cancel for queued in await studio.queue(MODERATOR))
    assert not any(queued.hidden for queued in await studio.queue(OTHER))
    outside = await studio.queue(replace(OWNER, guild_id=None))
    assert {queued.job.id for queued in outside} == {job.id for job in jobs}
    assert [queued.job.id for queued in await studio.queue(STRANGER)] == [there.id]


async def test_stopping_is_for_owners_and_moderators_and_deletes_nothing(
    at: Desk, studio: Studio, backend: Scripted
) -> None:
    done = await at.made("a cat")
    with pytest.raises(NotFound, match="over already"):
        await studio.stop(OWNER, done.id)
    assert (await at.job(done)).status is Status.DONE
    backend.hold()
    one, other = await at.imagine("a dog"), await at.imagine("a bird")
    for who in (OTHER, STRANGER):
        with pytest.raises(NotAllowed):
            await studio.stop(who, one.id)
    await studio.stop(OWNER, one.id)
    await studio.stop(MODERATOR, other.id)
    assert set(at.outlet.cancelled_ids) == {one.id, other.id}
    with pytest.raises(NotFound):
        await studio.stop(OWNER, one.id)
    with pytest.raises(NotFound):
        await studio.stop(OWNER, "0000000000000000")


# What was used


async def test_info_is_of_what_was_set_used_and_queued(tmp_path: Path) -> None:
    first, second = Scripted(), Scripted("second", offers=replace(EVERYTHING, models=("big", "small")))
    async with desk(settings_in(tmp_path), first, second) as at:
        studio = at.app.studio
        await at.made("a cat --n 2")
        old = await at.made("a dog --relax")
        await at.store.update(old.id, finished_ms=1, cost_usd=0.5)
        await at.store.set_setting("user", OWNER.user_id, "backend", "second")
        await at.store.set_setting("user", OWNER.user_id, "lane", "relax")
        await at.store.set_setting("user", OWNER.user_id, "stealth", value=True)
        first.hold()
        running = await at.imagine("a bird")
        await first.running(3)
        await at.app.studio.remember(OWNER)

        info = await studio.info(OWNER)
        assert (info.lane, info.stealth, info.backend, info.model) == (Lane.RELAX, True, "second", "big")
        assert {lane: (usage.jobs, usage.pictures) for lane, usage in info.today.items()} == {Lane.FAST: (1, 2)}
        assert {lane: (usage.jobs, usage.pictures) for lane, usage in info.lifetime.items()} == {
            Lane.FAST: (1, 2),
            Lane.RELAX: (1, 4),
        }
        assert info.lifetime[Lane.RELAX].cost_usd == 0.5
        assert info.lifetime[Lane.FAST].cost_usd is None
        assert info.load.running == 1
        nobody = await studio.info(OTHER)
        assert (nobody.lifetime, nobody.backend, nobody.model) == ({}, "scripted", None)
        assert sum((usage.jobs for usage in nobody.today.values()), Usage().jobs) == 0
        await studio.stop(OWNER, running.id)
