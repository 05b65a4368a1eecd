"""Two people and one queue."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.playground import Person, Playground
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import grid
from tests.scripted import EVERYTHING, Scripted


@pytest.mark.shows("Queue limits")
async def test_one_queues_thirty_and_the_other_waits_for_one_round_at_most(
    playground: Playground, tmp_path: Path, ana: Person, ben: Person
) -> None:
    backend = Scripted(offers=replace(EVERYTHING, concurrency=1))
    backend.hold()
    async with serving(settings_for(playground, tmp_path, waiting_per_user=40), backend, playground):
        for number in range(30):
            assert await (await ana.slash("imagine", "#studio", prompt=f"hers {number}")).acknowledged()
        await ana.wait("#studio", lambda m: "hers 29" in m["content"] and "30" in m["content"])
        interaction = await ben.slash("imagine", "#studio", prompt="his only one")
        progress = await interaction.thinking()
        told = await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "Waiting to start" in m["content"])
        assert "1st" in told["content"] or "next" in told["content"]
        backend.release_one()
        requests = await backend.running(2)
        assert [request.text for request in requests] == ["hers 0", "his only one"]
        backend.release()
        await ben.wait("#studio", grid("his only one"))


@pytest.mark.shows("Fast, relaxed and turbo")
async def test_relaxed_jobs_start_when_no_fast_one_waits(
    playground: Playground, tmp_path: Path, ana: Person, ben: Person
) -> None:
    backend = Scripted(offers=replace(EVERYTHING, concurrency=1))
    backend.hold()
    async with serving(settings_for(playground, tmp_path), backend, playground):
        for person, prompt in [(ana, "first"), (ana, "relaxed --relax"), (ben, "fast one"), (ben, "fast two")]:
            interaction = await person.slash("imagine", "#studio", prompt=prompt)
            progress = await interaction.thinking()
            await person.wait("#studio", lambda m, p=progress: m["id"] == p["id"] and m["content"])
        backend.release()
        requests = await backend.running(4)
        assert [request.text for request in requests] == ["first", "fast one", "fast two", "relaxed"]
        message = await ana.wait("#studio", grid("relaxed"))
        assert "relajado" in message["content"] or "relaxed)" in message["content"]


@pytest.mark.shows("Queue limits")
@pytest.mark.parametrize("limit", [1, 3])
async def test_no_more_of_one_persons_jobs_run_than_the_limit(
    playground: Playground, tmp_path: Path, ana: Person, limit: int
) -> None:
    backend = Scripted()
    backend.hold()
    async with serving(settings_for(playground, tmp_path, running_per_user=limit), backend, playground):
        for number in range(limit + 2):
            interaction = await ana.slash("imagine", "#studio", prompt=f"fox {number}")
            progress = await interaction.thinking()
            await ana.wait("#studio", lambda m, p=progress: m["id"] == p["id"] and m["content"])
        assert len(await backend.running(limit)) == limit
        backend.release()
        for number in range(limit + 2):
            await ana.wait("#studio", grid(f"fox {number}"))
