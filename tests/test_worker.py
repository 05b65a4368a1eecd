"""One job's way, from the queue to the parcel, on a real store, engine and disk."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow

from bot.backends.base import Generated, Operation, Progress, Request, Result
from bot.errors import (
    BackendBroken,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    LienzoError,
    RateLimited,
    StorageFull,
)
from bot.i18n import T
from bot.imaging.metadata import read_info
from bot.jobs import Action, Image, ImageKind, Job, Limits, Status, new_job_id, now_ms
from bot.objects import Objects
from bot.store import Store
from tests.recording import PLACE, Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, Scripted, limited

Answer = Callable[[Request, Progress], Awaitable[Result]]


class Bespoke(Scripted):
    """Answers with `instead` of its own script, where a test has one."""

    instead: Answer | None = None

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        if self.instead is not None:
            return await self.instead(request, progress)
        return await self.script(request, progress, handle)

    async def script(self, request: Request, progress: Progress, handle: str | None = None) -> Result:
        return await Scripted.collect(self, request, handle, progress)


class Silent:
    """Progress that nobody sees."""

    def update(self, fraction: float, preview: Path | None = None) -> None: ...

    def image(self, index: int, image: Generated) -> None: ...


@pytest.fixture
def backend() -> Bespoke:
    return Bespoke()


@pytest.fixture
async def at(tmp_path: Path, backend: Bespoke) -> AsyncIterator[Desk]:
    async with desk(settings_in(tmp_path), backend) as made:
        yield made


def picture(path: Path, size: tuple[int, int] = (64, 64), colour: str = "teal") -> Path:
    Pillow.new("RGB", size, colour).save(path)
    return path


def opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


async def outputs(at: Desk, job: Job) -> list[Image]:
    return await at.store.images(job.id, ImageKind.OUTPUT)


def stored(tmp_path: Path, image: Image) -> bytes:
    return (tmp_path / "data" / "images" / image.key).read_bytes()


# What is kept and what is told


async def test_pictures_are_kept_byte_for_byte(at: Desk, backend: Bespoke, tmp_path: Path) -> None:
    backend.pictures = [
        picture(tmp_path / name, colour=colour)
        for name, colour in {"a.png": "red", "b.jpg": "lime", "c.webp": "blue", "d.png": "white"}.items()
    ]
    job = await at.made("four colours --seed 4294967294")
    kept = await outputs(at, job)
    assert [stored(tmp_path, image) for image in kept] == [path.read_bytes() for path in backend.pictures]
    assert [image.media_type for image in kept] == ["image/png", "image/jpeg", "image/webp", "image/png"]
    assert [image.seed for image in kept] == [4294967294, 4294967295, 0, 1]
    assert [image.memo for image in kept] == [{"n": index} for index in range(4)]
    assert (job.status, job.model, job.progress) == (Status.DONE, "scripted-1", 1.0)
    assert [image.size for image in kept] == [path.stat().st_size for path in backend.pictures]


async def test_a_picture_is_kept_while_others_are_still_being_made(tmp_path: Path, backend: Bespoke) -> None:
    async def slowly(request: Request, progress: Progress) -> Result:
        result = await backend.script(request, progress)
        await asyncio.Event().wait()
        return result

    class Seen(Objects):
        async def put(self, key: str, path: Path) -> int:
            size = await Objects.put(self, key, path)
            keys.put_nowait(key)
            return size

    keys = asyncio.Queue[str]()
    backend.instead = slowly
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.app.Objects", Seen)
        async with desk(settings_in(tmp_path), backend) as at:
            job = await at.imagine("a cat")
            arrived = {await keys.get() for _ in range(4)}
            assert arrived == {f"jobs/{job.id}/{index}.png" for index in range(4)}
            assert (await at.job(job)).status is Status.RUNNING


async def test_the_grid_shows_every_picture_in_its_place(at: Desk, backend: Bespoke, tmp_path: Path) -> None:
    colours = ["red", "lime", "blue", "white"]
    backend.pictures = [picture(tmp_path / f"{colour}.png", colour=colour) for colour in colours]
    job = await at.made("four colours")
    (file,) = at.outlet.delivered[job.id].files
    grid = opened(file).convert("RGB")
    assert grid.size == (128, 128)
    for colour, corner in zip(colours, [(32, 32), (96, 32), (32, 96), (96, 96)], strict=True):
        expected = Pillow.new("RGB", (1, 1), colour).getpixel((0, 0))
        assert max(abs(a - b) for a, b in zip(pixel(grid, corner), pixel_of(expected), strict=True)) < 12
    (kept,) = await at.store.images(job.id, ImageKind.GRID)
    assert (kept.width, kept.height, kept.size) == (128, 128, len(file))
    assert stored(tmp_path, kept) == file


def pixel(image: Pillow.Image, place: tuple[int, int]) -> tuple[int, ...]:
    return pixel_of(image.getpixel(place))


def pixel_of(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return value  # pyright: ignore[reportUnknownVariableType]


async def test_pictures_of_different_sizes_still_make_a_grid(at: Desk, backend: Bespoke, tmp_path: Path) -> None:
    backend.pictures = [
        picture(tmp_path / "wide.png", (70, 50)),
        picture(tmp_path / "tall.png", (31, 90)),
        picture(tmp_path / "small.jpg", (33, 33)),
    ]
    job = await at.made("all kinds --n 3")
    assert opened(at.outlet.delivered[job.id].files[0]).size == (140, 100)


async def test_one_picture_is_posted_as_it_was_made_with_its_origin(at: Desk, backend: Bespoke, tmp_path: Path) -> None:
    backend.pictures = [picture(tmp_path / "one.png")]
    job = await at.made("a lone cat --no dogs --n 1 --seed 9")
    (posted,) = at.outlet.delivered[job.id].files
    image = opened(posted)
    assert image.convert("RGB").tobytes() == Pillow.open(backend.pictures[0]).tobytes()
    copy = tmp_path / "posted.png"
    copy.write_bytes(posted)
    info = read_info(copy)
    assert "a lone cat" in info.pop("prompt")
    assert info == {
        "seed": "9",
        "negative_prompt": "dogs",
        "size": "64x64",
        "backend": "scripted",
        "job": job.id,
        "action": "imagine",
        "tile": "1",
        "grid_seed": "9",
        "model": "scripted-1",
    }
    assert await at.store.images(job.id, ImageKind.GRID) == []
    assert [button.verb for row in at.outlet.delivered[job.id].parcel.rows for button in row][:1] == ["upscale_subtle"]


async def test_the_alternative_text_is_in_the_readers_language(at: Desk) -> None:
    job = await at.imagine("un gato", place=replace(PLACE, locale="es-ES"))
    await at.over(job)
    (upload,) = at.outlet.delivered[job.id].parcel.uploads
    assert "un gato" in upload.description
    assert not upload.description.startswith("A grid")


async def test_the_alternative_text_fits_however_long_the_prompt(at: Desk) -> None:
    job = await at.made("cat " * 1000)
    (upload,) = at.outlet.delivered[job.id].parcel.uploads
    assert 900 < len(upload.description) <= 1024


async def test_a_picture_that_was_announced_is_kept_once(at: Desk, backend: Bespoke) -> None:
    """Two were filtered after the third was announced."""

    async def with_gaps(request: Request, progress: Progress) -> Result:
        quiet = await backend.script(request, Silent())
        progress.image(2, quiet.images[2])
        return replace(quiet, images=(quiet.images[0], quiet.images[2]))

    backend.instead = with_gaps
    job = await at.made("a cat --seed 1")
    assert [image.seed for image in await outputs(at, job)] == [1, 3]


async def test_a_provider_that_hangs_when_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Bespoke
) -> None:
    class Hanging(Bespoke):
        async def submit(self, request: Request) -> str | None:
            return await asyncio.Event().wait() and None

    monkeypatch.setattr("bot.worker.SUBMIT_SECONDS", 0.01)
    hanging = Hanging(offers=replace(EVERYTHING, resumable=True))
    async with desk(settings_in(tmp_path), hanging) as at:
        job = await at.over(await at.imagine("a cat"))
        assert "took too long" in at.error(job)


async def test_fewer_pictures_than_asked_for_are_what_there_is(at: Desk, backend: Bespoke) -> None:
    async def stingily(request: Request, progress: Progress) -> Result:
        result = await backend.script(replace(request, seeds=request.seeds[:3]), progress)
        return replace(result, notes=(T("One was filtered."),), cost_usd=0.25)

    backend.instead = stingily
    job = await at.made("a cat --weird 5")
    assert len(await outputs(at, job)) == 3
    parcel = at.outlet.delivered[job.id].parcel
    assert [button.tile for button in parcel.rows[0]] == [1, 2, 3, 0]
    notes = [str(note) for note in parcel.notes]
    assert any("--weird" in note for note in notes)  # the plan's
    assert notes[-1] == "One was filtered."  # the result's
    assert job.cost_usd == 0.25


async def test_no_picture_at_all_is_said(at: Desk, backend: Bespoke) -> None:
    async def with_nothing(request: Request, progress: Progress) -> Result:
        return Result()

    backend.instead = with_nothing
    job = await at.over(await at.imagine("a cat"))
    assert job.status is Status.FAILED
    assert at.error(job) == str(BackendBroken(backend="scripted"))


@pytest.mark.parametrize("content", [b"", b"<html>503</html>", b"\x89PNG\r\n\x1a\nnot really"])
async def test_what_is_no_picture_is_told_as_such(at: Desk, backend: Bespoke, tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    backend.pictures = [broken]
    job = await at.over(await at.imagine("a cat"))
    assert (job.status, at.error(job)) == (Status.FAILED, str(BackendBroken(backend="scripted")))
    assert str(at.outlet.failures[job.id][1]) == BackendBroken.title
    assert str(job.error) == at.error(job)
    assert await outputs(at, job) == []
    assert len(backend.requests) == 3  # it may have been bad luck


async def test_progress_and_previews_are_passed_on_and_kept_within_bounds(at: Desk, backend: Bespoke) -> None:
    async def eagerly(request: Request, progress: Progress) -> Result:
        progress.update(-3)
        progress.update(7.5)
        return await backend.script(request, progress)

    backend.previews, backend.instead = True, eagerly
    job = await at.made("a cat")
    told = [(fraction, preview is not None) for name, fraction, preview in at.outlet.fractions if name == job.id]
    assert told == [(0.0, False), (0.0, False), (1.0, False), (0.31, True)]


async def test_an_unreachable_user_finds_the_job_held_with_its_pictures(at: Desk) -> None:
    at.outlet.reachable = False
    job = await at.over(await at.imagine("a cat"))
    assert job.status is Status.HELD
    assert len(await outputs(at, job)) == 4


@pytest.mark.parametrize("fails", [False, True])
async def test_the_work_folder_is_gone_afterwards(at: Desk, backend: Bespoke, tmp_path: Path, *, fails: bool) -> None:
    if fails:
        backend.troubles = [BackendRefused(backend="scripted", reason="no")]
    await at.imagine("a cat")
    await at.closed(1)
    assert list((tmp_path / "data" / "work").iterdir()) == []


async def test_the_same_job_asks_for_the_same_pictures_again(at: Desk, backend: Bespoke) -> None:
    backend.troubles = [BackendBroken(backend="scripted")]
    await at.made("a cat")
    first, second = backend.requests
    assert first == second
    assert len(set(first.seeds)) == 4


# Trouble


@pytest.mark.parametrize("trouble", [BackendUnavailable, BackendBroken, BackendTimeout, RateLimited])
async def test_what_may_pass_is_tried_again(at: Desk, backend: Bespoke, trouble: type[LienzoError]) -> None:
    error = trouble(backend="scripted")
    backend.troubles = [error, error]  # pyright: ignore[reportAttributeAccessIssue]
    job = await at.over(await at.imagine("a cat"))
    assert (job.status, len(backend.requests)) == (Status.DONE, 3)
    first, second = at.outlet.naps
    assert 0 < first <= 2 < second + 1e-9 <= 4 + 1e-9


async def test_it_is_given_up_after_three_tries(at: Desk, backend: Bespoke) -> None:
    backend.troubles = [RateLimited(backend="scripted")] * 4
    job = await at.over(await at.imagine("a cat"))
    assert (job.status, len(backend.requests), len(at.outlet.naps)) == (Status.FAILED, 3, 2)
    assert at.error(job) == "The scripted backend has too much to do right now."


@pytest.mark.parametrize(
    "error", [BackendRefused(backend="scripted", reason="no cats"), BackendRejected(backend="scripted", reason="size")]
)
async def test_what_will_not_pass_is_not_tried_again(
    at: Desk, backend: Bespoke, error: BackendRefused | BackendRejected
) -> None:
    backend.troubles = [error]
    job = await at.over(await at.imagine("a cat"))
    assert (job.status, len(backend.requests), at.outlet.naps) == (Status.FAILED, 1, [])
    assert at.error(job) == str(error)


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (17.5, 17.5), (86400.0, 60.0)])
async def test_the_provider_says_when_to_come_back(at: Desk, backend: Bespoke, asked: float, waited: float) -> None:
    backend.troubles = [RateLimited(backend="scripted", retry_after=asked)]
    assert (await at.made("a cat")).status is Status.DONE
    assert at.outlet.naps == [waited]


async def test_what_nobody_foresaw_fails_the_job_and_says_nothing_of_itself(at: Desk, backend: Bespoke) -> None:
    async def wrongly(request: Request, progress: Progress) -> Result:
        raise RuntimeError("secret detail")

    backend.instead = wrongly
    job = await at.over(await at.imagine("a cat"))
    assert (job.status, at.error(job)) == (Status.FAILED, LienzoError.message)


async def test_a_backend_that_never_answers_is_given_up(tmp_path: Path, backend: Bespoke) -> None:
    backend.hold()
    async with desk(settings_in(tmp_path, job_timeout=0.02), backend) as at:
        job = await at.over(await at.imagine("a cat"))
    assert (job.status, at.error(job)) == (Status.FAILED, str(BackendTimeout(backend="scripted")))


async def test_a_full_disk_is_said(tmp_path: Path, backend: Bespoke) -> None:
    """Found at the latest when there are pictures; asking again would cost again and help nothing."""
    async with desk(settings_in(tmp_path), backend) as at:
        job = await at.imagine("a cat")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.objects.shutil.disk_usage", full)
            job = await at.over(job)
    assert (job.status, at.error(job)) == (Status.FAILED, StorageFull.message)
    assert len(backend.requests) == 1
    assert list((tmp_path / "data" / "images").rglob("*.png")) == []


class Usage:
    free = -1


def full(folder: Path) -> Usage:
    return Usage()


async def test_a_parent_whose_pictures_went_away_is_not_found(tmp_path: Path, backend: Bespoke) -> None:
    async with desk(settings_in(tmp_path, running_per_user=1), backend) as at:
        parent = await at.made("a cat")
        backend.hold()
        await at.imagine("a dog")
        await backend.running(2)
        child = await at.app.studio.act(caller(), Action.VARIATION, parent.id, 2, "", PLACE)
        await at.store.forget_images([image.key for image in await outputs(at, parent)])
        backend.release()
        child = await at.over(child)
    assert (child.status, at.error(child)) == (Status.FAILED, "That picture is no longer here.")


# Composed requests


async def test_a_variation_works_on_the_parents_own_picture(at: Desk, backend: Bespoke, tmp_path: Path) -> None:
    backend.pictures = [picture(tmp_path / f"{n}.png", colour=c) for n, c in enumerate(["red", "lime", "blue", "tan"])]
    parent = await at.made("a cat")
    child = await at.app.studio.act(caller(), Action.VARIATION, parent.id, 3, "", PLACE)
    assert (await at.over(child)).status is Status.DONE
    request = backend.requests[-1]
    assert request.operation is Operation.VARY
    (initial,) = request.images
    assert (initial.path.read_bytes(), initial.memo) == (backend.pictures[2].read_bytes(), {"n": 2})


async def test_a_zoom_is_composed_where_there_is_no_outpainting(tmp_path: Path) -> None:
    backend = Scripted(offers=limited(Operation.GENERATE, Operation.INPAINT))
    async with desk(settings_in(tmp_path), backend) as at:
        parent = await at.made("a cat --n 1")
        child = await at.app.studio.act(caller(), Action.ZOOM, parent.id, 1, "2", PLACE)
        assert (await at.over(child)).status is Status.DONE
    request = backend.requests[-1]
    assert (request.operation, request.frame, request.mask is not None) == (Operation.INPAINT, None, True)


# After a crash


async def broken_off(folder: Path, backend: Scripted) -> Job:
    """A job that was being made when the process ended."""
    backend.hold()
    async with desk(settings_in(folder), backend) as at:
        job = await at.imagine("a cat --weird 3")
        await backend.running(1)
    return job


async def test_what_costs_nothing_is_simply_made_again(tmp_path: Path) -> None:
    job = await broken_off(tmp_path, Scripted())
    backend = Scripted()
    async with desk(settings_in(tmp_path, after_crash="fail"), backend) as at:
        assert (await at.over(job)).status is Status.DONE
    assert len(backend.requests) == 1
    assert [str(note) for note in at.outlet.delivered[job.id].parcel.notes] == [
        "The scripted backend runs without `--weird`."
    ]


async def test_what_costs_again_is_made_again_and_said(tmp_path: Path) -> None:
    costly = replace(EVERYTHING, repeatable=False)
    job = await broken_off(tmp_path, Scripted(offers=costly))
    async with desk(settings_in(tmp_path), Scripted(offers=costly)) as at:
        assert (await at.over(job)).status is Status.DONE
    notes = [str(note) for note in at.outlet.delivered[job.id].parcel.notes]
    assert notes.count("Made a second time, since the bot was restarted in between.") == 1
    assert len(notes) == 2


async def test_what_costs_again_is_not_made_again_where_the_operator_says_so(tmp_path: Path) -> None:
    costly = replace(EVERYTHING, repeatable=False)
    job = await broken_off(tmp_path, Scripted(offers=costly))
    backend = Scripted(offers=costly)
    async with desk(settings_in(tmp_path, after_crash="fail"), backend) as at:
        assert (await at.over(job)).status is Status.FAILED
    assert backend.requests == []
    assert "It was not asked for a second time" in at.error(job)


async def test_what_the_provider_still_has_is_fetched_by_its_handle(tmp_path: Path) -> None:
    offers = replace(EVERYTHING, repeatable=False, resumable=True)
    job = await broken_off(tmp_path, Scripted(offers=offers, handle="h-1"))
    handles: list[str | None] = []

    class Resumed(Scripted):
        async def submit(self, request: Request) -> str | None:
            raise AssertionError

        async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
            handles.append(handle)
            return await Scripted.collect(self, request, handle, progress)

    async with desk(settings_in(tmp_path, after_crash="fail"), Resumed(offers=offers)) as at:
        assert (await at.over(job)).status is Status.DONE
    assert handles == ["h-1"]


@pytest.mark.parametrize(("handle", "stopped"), [("h-1", False), (None, True)])
async def test_the_end_of_the_process_leaves_a_handles_work_to_the_provider(
    tmp_path: Path, handle: str | None, stopped: bool
) -> None:
    told: list[str] = []

    class Watched(Scripted):
        async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
            try:
                return await Scripted.collect(self, request, handle, progress)
            except asyncio.CancelledError:
                told.append("stop")
                raise

        async def close(self) -> None:
            told.append("closed")
            await Scripted.close(self)

    await broken_off(tmp_path, Watched(offers=replace(EVERYTHING, resumable=handle is not None), handle=handle))
    assert told == (["stop", "closed"] if stopped else ["closed"])


async def test_a_job_that_waits_for_a_broken_queue_is_told(tmp_path: Path) -> None:
    """A running job of which the engine knows nothing failed, and its user reads that at the next start."""
    job = Job(id=new_job_id(), action=Action.IMAGINE, user_id=1, user_name="user1", backend="scripted", place=PLACE)

    async def lost(_: object, __: Job) -> None:
        """The engine never hears of it."""

    settings = settings_in(tmp_path)
    settings.data.mkdir()
    store = await Store.open(settings.database)
    await store.submit([job], limits=Limits(), enqueue=lost)
    await store.admit(Limits(), now_ms(), lost)
    await store.move(job.id, {Status.ADMITTED}, Status.RUNNING, started_ms=now_ms())
    await store.close()
    async with desk(settings, Scripted()) as at:
        assert (await at.job(job)).status is Status.FAILED
        assert at.error(job) == "The bot lost track of this job. Please submit it again."


# Positions


async def test_those_who_wait_hear_their_place(tmp_path: Path, backend: Bespoke) -> None:
    backend.hold()
    async with desk(settings_in(tmp_path, running_per_user=1), backend) as at:
        await at.imagine("first")
        await backend.running(1)
        second = await at.imagine("second")

        async def told() -> bool:
            return any(job.id == second.id and position is not None for job, position in at.outlet.waits)

        await at.outlet.until(told)
        place = next(position for job, position in at.outlet.waits if job.id == second.id)
        assert place is not None
        assert place.place == 1


async def test_jobs_of_a_backend_that_was_switched_off_end_in_words(tmp_path: Path) -> None:
    other = Scripted("other")
    other.hold()
    settings = settings_in(tmp_path, backends="scripted,other", running_per_user=1)
    async with desk(settings, Scripted(), other) as at:
        jobs = [await at.imagine(f"cat {number} --backend other") for number in range(2)]
        await other.running(1)
    async with desk(settings_in(tmp_path, running_per_user=1), Scripted()) as at:
        for job in jobs:
            assert (await at.job(job)).status is Status.FAILED
            assert "other backend can't be reached" in at.error(job)
        await at.made("a dog")
