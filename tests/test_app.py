"""The application as a whole: what keeps it from starting, and how it ends."""

import asyncio
from pathlib import Path

import pytest
from filelock import FileLock

from bot.app import application
from bot.catalog import Catalog
from bot.errors import ConfigError
from bot.jobs import Status
from tests.recording import Recorder, caller, desk, settings_in
from tests.scripted import Scripted


async def test_a_second_one_on_the_same_data_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    settings, other = settings_in(tmp_path), Scripted()
    async with desk(settings, Scripted()) as at:
        with pytest.raises(ConfigError, match=r"Another process uses this database.*lienzo\.lock"):
            async with application(settings, outlet=lambda _: Recorder(), catalog=Catalog({"scripted": other})):
                raise AssertionError
        assert (await at.made("a cat")).status is Status.DONE
    async with desk(settings, Scripted()) as at:  # the lock was given back
        assert (await at.made("a cat")).status is Status.DONE


async def test_it_ends_while_jobs_run_and_goes_on_with_them(tmp_path: Path) -> None:
    """Warnings are errors here: nothing may be left open or running."""
    settings, backend = settings_in(tmp_path), Scripted()
    backend.hold()
    tasks = asyncio.all_tasks()
    async with desk(settings, backend) as at:
        jobs = [await at.imagine(f"cat {number}", caller(number)) for number in range(5)]
        await backend.running(5)
    assert {task.get_name() for task in asyncio.all_tasks() - tasks} == set()
    async with desk(settings, Scripted()) as at:
        for job in jobs:
            assert (await at.over(job)).status is Status.DONE
    assert len(at.outlet.delivered) == 5


async def test_a_failure_at_the_start_closes_what_was_opened(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(Scripted):
        async def close(self) -> None:
            closed.append(self.name)

    settings, tasks = settings_in(tmp_path), asyncio.all_tasks()
    settings.data.mkdir()
    with FileLock(settings.data / "lienzo.lock"), pytest.raises(ConfigError, match="Another process"):
        async with application(settings, outlet=lambda _: Recorder(), catalog=Catalog({"scripted": Closing()})):
            raise AssertionError
    assert closed == ["scripted"]
    assert asyncio.all_tasks() == tasks


async def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nonsense"):
        async with application(settings_in(tmp_path, backends="nonsense"), outlet=lambda _: Recorder()):
            raise AssertionError


@pytest.mark.parametrize(
    ("changes", "missing"), [({"guilds": "7"}, "LIENZO_TOKEN"), ({"token": "a.b.c"}, "LIENZO_GUILDS")]
)
async def test_it_serves_nobody_without_a_token_and_a_server(
    tmp_path: Path, changes: dict[str, str], missing: str
) -> None:
    async with desk(settings_in(tmp_path, **changes), Scripted()) as at:
        with pytest.raises(ConfigError, match=missing):
            await at.app.serve()
