"""What is let go of, and what never is."""

import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import retention
from bot.config import Settings
from bot.engine import Engine
from bot.jobs import Job, Status, now_ms
from bot.objects import Objects
from bot.retention import DAY_MS, GIB, sweep
from tests.recording import Desk, desk, settings_in
from tests.scripted import Scripted


@dataclass(slots=True)
class Sweeping:
    """A sweep in a running application, at a time that the test chooses."""

    at: Desk
    engine: Engine
    folder: Path

    async def sweep(self, days: float = 0, **changes: Any) -> int:
        settings = settings_in(self.folder, **({"keep_days": 0, "keep_gib": 0} | changes))
        objects = Objects(settings.images, settings.data / "cache", reserve=0)
        return await sweep(settings, self.at.store, objects, self.engine, now_ms() + int(days * DAY_MS))

    def files(self, job: Job) -> list[str]:
        folder = self.folder / "data" / "images" / "jobs" / job.id
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


@pytest.fixture
async def sweeping(tmp_path: Path, backend: Scripted, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sweeping]:
    engines: list[Engine] = []

    async def run(_: Settings, __: object, ___: object, engine: Engine) -> None:
        engines.append(engine)

    monkeypatch.setattr(retention, "run", run)  # the application's own would sweep beside the test
    async with desk(settings_in(tmp_path), backend) as at:
        await at.made("warm up")
        yield Sweeping(at, engines[0], tmp_path)


ALL = ["0.png", "1.png", "2.png", "3.png", "grid.jpg"]


async def test_by_age(sweeping: Sweeping) -> None:
    job = await sweeping.at.made("a cat")
    await sweeping.sweep(29, keep_days=30)
    assert sweeping.files(job) == ALL
    assert await sweeping.sweep(31, keep_days=30) == 10
    assert sweeping.files(job) == []
    assert await sweeping.at.store.images(job.id) == []
    assert (await sweeping.at.job(job)).status is Status.DONE  # what was asked is still known


async def test_zero_keeps_everything(sweeping: Sweeping) -> None:
    job = await sweeping.at.made("a cat")
    assert await sweeping.sweep(10_000) == 0
    assert sweeping.files(job) == ALL


async def test_by_size_the_oldest_go_first(sweeping: Sweeping) -> None:
    old, new = await sweeping.at.made("old"), await sweeping.at.made("new")
    size = sum(image.size for image in await sweeping.at.store.images(new.id))
    assert await sweeping.sweep(keep_gib=size / GIB) == 10
    assert (sweeping.files(old), sweeping.files(new)) == ([], ALL)


async def test_never_an_unfinished_job(sweeping: Sweeping, backend: Scripted) -> None:
    backend.hold()
    job = await sweeping.at.imagine("a cat")
    await backend.running(2)
    work = sweeping.folder / "data" / "work" / job.id
    aged(work)
    await sweeping.sweep(10_000, keep_days=1, keep_gib=1 / GIB)
    assert work.is_dir()
    backend.release()
    assert (await sweeping.at.over(job)).status is Status.DONE
    assert sweeping.files(job) == ALL


def aged(folder: Path) -> None:
    """As if nothing had been written there for two hours."""
    then = time.time() - 7200
    os.utime(folder, (then, then))


async def test_leftovers_in_the_work_folder(sweeping: Sweeping) -> None:
    done = await sweeping.at.made("a cat")
    await sweeping.at.closed(2)
    work = sweeping.folder / "data" / "work"
    names = ("intake-1", "original-1", done.id, "young")
    for name in names:
        (work / name / "deep").mkdir(parents=True)
        (work / name / "deep" / "file.png").write_bytes(b"x")
        aged(work / name)
    os.utime(work / "young")
    await sweeping.sweep()
    assert [path.name for path in work.iterdir()] == ["young"]


async def test_no_work_folder_is_no_trouble(sweeping: Sweeping) -> None:
    shutil.rmtree(sweeping.folder / "data" / "work")
    assert await sweeping.sweep() == 0


async def test_objects_that_are_gone_already_are_forgotten(sweeping: Sweeping) -> None:
    job = await sweeping.at.made("a cat")
    shutil.rmtree(sweeping.folder / "data" / "images" / "jobs" / job.id)
    assert await sweeping.sweep(2, keep_days=1) == 10
    assert await sweeping.at.store.images(job.id) == []


async def test_masks_that_nobody_came_back_for_go_after_a_day(sweeping: Sweeping) -> None:
    settings = settings_in(sweeping.folder)
    objects = Objects(settings.images, settings.data / "cache", reserve=0)
    mask = sweeping.folder / "mask.png"
    mask.write_bytes(b"a mask")
    await objects.put("drafts/01jv0example0000.png", mask)
    await sweeping.sweep(days=0.9)
    assert await objects.exists("drafts/01jv0example0000.png")
    await sweeping.sweep(days=1.1)
    assert not await objects.exists("drafts/01jv0example0000.png")
