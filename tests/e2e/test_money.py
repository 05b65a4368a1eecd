"""What costs money, and what is away: asked about, refused, waited for and handed on, as people see it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BackendRefused
from bot.jobs import DAY_MS, midnight_ms
from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.e2e.conftest import serving, settings_for
from tests.e2e.given import told
from tests.e2e.people import EPHEMERAL, grid, imagine
from tests.scripted import PAID, Scripted

Message = dict[str, Any]


@pytest.fixture
def dear() -> Scripted:
    """Two cents a picture."""
    return Scripted(offers=PAID, price_usd=0.02, charge_usd=0.02)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait between tries, nor between two edits of a message."""
    monkeypatch.setattr("bot.worker.FIRST_WAIT", 0.0)
    monkeypatch.setattr("bot.delivery.outlet.INTERVAL", 0.0)


def asking(words: str) -> Callable[[Message], bool]:
    return lambda message: words in message["content"] and "Show" in " ".join(labels(message))


def fields(message: Message) -> dict[str, str]:
    """What an embed says by name."""
    return {field["name"]: field["value"] for field in message["embeds"][0]["fields"]}


async def test_what_is_dear_is_asked_about_and_started_once(
    ben: Person, dear: Scripted, playground: Playground, tmp_path: Path
) -> None:
    dear.price_usd = 0.075
    async with serving(settings_for(playground, tmp_path), dear, playground):
        question = await (await ben.slash("imagine", "#studio", prompt="a fox")).message()
        assert question["content"] == "This will start 1 job and cost about $0.30. Go on?"
        assert question["flags"] & EPHEMERAL
        assert dear.requests == []
        yes, no, _ = labels(question)
        await (await ben.click(question, yes)).acknowledged()
        await ben.wait("#studio", grid("a fox"))
        await (await ben.slash("imagine", "#studio", prompt="a {wolf, bear}")).acknowledged()
        other = await ben.wait("#studio", asking("This will start 2 jobs and cost about $0.60. Go on?"))
        await ben.click(other, no)
        await ben.wait("#studio", lambda message: message["content"] == "Nothing was started.")
        assert len(dear.requests) == 1


async def test_the_cap_is_told_with_when_it_renews_and_refusals_are_given_back(
    ben: Person, dear: Scripted, playground: Playground, tmp_path: Path
) -> None:
    settings = settings_for(playground, tmp_path, user_daily_usd=0.2, server_daily_usd=0.3)
    async with serving(settings, dear, playground):
        dear.troubles = [BackendRefused(backend="scripted", reason="no foxes")]
        await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
        await ben.wait("#studio", lambda m: m["embeds"] and "no foxes" in m["embeds"][0]["description"])
        await imagine(ben, "a wolf")
        shown = fields(await (await ben.slash("info", "#studio")).message())
        assert shown["Left today"] == "$0.12 of $0.20"
        assert shown["Left today on this server"] == "$0.22 of $0.30"
        await imagine(ben, "a bear")
        await ben.slash("imagine", "#studio", prompt="an owl")
        refusal = await told(ben, "You have used $0.16 of the $0.20")
        assert f"<t:{(midnight_ms() + DAY_MS) // 1000}:R>" in refusal["embeds"][0]["description"]
        other = playground.user("mod")
        await other.connect()
        await imagine(other, "a hare")
        await other.slash("imagine", "#studio", prompt="a crow")
        await told(other, "This server has used $0.24 of the $0.30")


async def test_a_variation_counts_and_is_not_asked_about(
    ben: Person, dear: Scripted, playground: Playground, tmp_path: Path
) -> None:
    async with serving(settings_for(playground, tmp_path, user_daily_usd=0.1), dear, playground):
        first = await imagine(ben, "a fox")
        await ben.click(first, "V1")
        await told(ben, "You have used $0.08 of the $0.10")


async def test_those_who_wait_read_that_the_generator_is_offline(
    ben: Person, playground: Playground, tmp_path: Path
) -> None:
    backend = Scripted()
    async with serving(settings_for(playground, tmp_path), backend, playground) as app:
        backend.down = True
        begun = await (await ben.slash("imagine", "#studio", prompt="a fox")).thinking()
        words = "The scripted generator is offline; your job keeps its place"
        await ben.wait("#studio", lambda m: m["id"] == begun["id"] and words in m["content"] and "Cancel" in labels(m))
        queue = await (await ben.slash("queue", "#studio")).message()
        assert "waits for scripted, which is offline" in queue["embeds"][0]["description"]
        second = await (await ben.slash("imagine", "#studio", prompt="a wolf")).thinking()
        await ben.wait("#studio", lambda m: m["id"] == second["id"] and words in m["content"])
        backend.down = False
        await app.catalog.refresh()
        await ben.wait("#studio", grid("a fox"))
        await ben.wait("#studio", grid("a wolf"))


async def test_one_that_has_never_answered_is_said_so(ben: Person, playground: Playground, tmp_path: Path) -> None:
    async with serving(settings_for(playground, tmp_path), Scripted(down=True), playground):
        answer = await (await ben.slash("imagine", "#studio", prompt="a fox")).message()
        assert "The scripted backend can't be reached right now." in answer["embeds"][0]["description"]


async def test_another_generator_does_it_and_says_so(ben: Person, playground: Playground, tmp_path: Path) -> None:
    away, other = Scripted(), Scripted("other")
    settings = settings_for(playground, tmp_path, backends="scripted,other", failover=True)
    async with serving(settings, away, playground, other):
        away.down = True
        message = await imagine(ben, "a fox")
        assert "The scripted backend is offline: other made this instead." in str(message)
        await ben.click(message, "V1")  # what is made of it stays with the one that made it
        await ben.wait("#studio", grid("a fox", after=message))
        assert [request.operation for request in other.requests] == ["generate", "vary"]
