"""What goes wrong on the way, and that nothing is lost by it."""

import asyncio
import random
from pathlib import Path

import pytest
from PIL import Image

from bot.app import Application
from bot.errors import BackendRefused, BackendUnavailable
from bot.playground import Fault, Person, Playground
from bot.playground.client import labels
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import EPHEMERAL, grid, imagine, picture, result
from tests.scripted import Scripted

RED = 16711680


@pytest.mark.shows("Errors")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a fox --foo 3", "Unrecognized parameter(s): `--foo`"),
        ("a fox --stylize 2000", "`--stylize` must be between 0 and 1000"),
        ("a fox --sw 100", "Cannot use `--sw` without a `--sref`"),
        ("a {red fox", "brace"),
    ],
)
@pytest.mark.usefixtures("app")
async def test_an_invalid_prompt_is_answered_in_private_and_can_be_mended(
    ben: Person, ana: Person, prompt: str, words: str
) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt=prompt)
    answer = await interaction.message()
    assert answer["flags"] & EPHEMERAL
    (embed,) = answer["embeds"]
    assert embed["color"] == RED
    assert words in embed["description"]
    assert prompt in embed["footer"]["text"]
    modal = await (await ben.click(answer, "Fix")).modal()
    assert prompt in str(modal["components"])
    await ben.submit(modal, {"prompt0": "a mended fox"}, "#studio")
    await ben.wait("#studio", grid("a mended fox"))
    assert answer["id"] not in ana.messages


@pytest.mark.usefixtures("app")
async def test_a_job_is_cancelled_while_it_runs(ben: Person, backend: Scripted) -> None:
    backend.hold()
    interaction = await ben.slash("imagine", "#studio", prompt="a fox")
    progress = await interaction.thinking()
    await backend.running(1)
    shown = await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "Cancel" in labels(m))
    await ben.click(shown, "Cancel")
    await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "(Stopped)" in m["content"])
    backend.release()
    after = await imagine(ben, "a wolf")
    assert "a wolf" in after["content"]


@pytest.mark.shows("❌")
@pytest.mark.usefixtures("app")
async def test_a_job_is_cancelled_while_it_waits(ben: Person, backend: Scripted) -> None:
    backend.hold()
    for number in range(3):
        await (await ben.slash("imagine", "#studio", prompt=f"fox {number}")).acknowledged()
    await backend.running(3)
    interaction = await ben.slash("imagine", "#studio", prompt="a waiting fox")
    progress = await interaction.thinking()
    shown = await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "Waiting to start" in m["content"])
    await ben.react(shown, "❌")
    await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "(Stopped)" in m["content"])
    backend.release()
    for number in range(3):
        await ben.wait("#studio", grid(f"fox {number}"))
    assert len(backend.requests) == 3


@pytest.mark.shows("Others' results", "❌")
@pytest.mark.usefixtures("app")
async def test_only_the_owner_and_moderators_cancel_and_delete(
    ana: Person, ben: Person, playground: Playground, backend: Scripted
) -> None:
    message = await imagine(ana, "a fox")
    refused = await (await ben.click(message, "❌")).acknowledged()
    assert refused
    await ben.wait("#studio", lambda m: m["flags"] & EPHEMERAL and "Only the owner" in m["content"])
    assert message["id"] not in ana.deleted
    moderator = playground.user("mod")
    await moderator.react(message, "❌")
    await ana.gone(message)


@pytest.mark.shows("Queue limits")
@pytest.mark.usefixtures("app")
async def test_the_eleventh_waiting_job_is_refused_in_words(ben: Person, backend: Scripted) -> None:
    backend.hold()
    for number in range(3):
        assert await (await ben.slash("imagine", "#studio", prompt=f"fox {number}")).acknowledged()
    await backend.running(3)
    for number in range(10):
        interaction = await ben.slash("imagine", "#studio", prompt=f"waiting {number}")
        progress = await interaction.thinking()
        await ben.wait("#studio", lambda m, p=progress: m["id"] == p["id"] and "Waiting" in m["content"])
    await ben.slash("imagine", "#studio", prompt="one too many")
    refusal = await ben.wait("#studio", lambda m: m["flags"] & EPHEMERAL and m["embeds"])
    assert "queue" in refusal["embeds"][0]["description"].lower()


@pytest.mark.shows("Trouble")
async def test_a_refusal_and_a_fault_are_told_apart(ben: Person, app: Application, backend: Scripted) -> None:
    backend.troubles = [BackendRefused(backend="scripted", reason="no foxes")]
    await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
    refused = await ben.wait("#studio", lambda m: m["embeds"] and "no foxes" in m["embeds"][0]["description"])
    assert "a fox" in refused["content"]
    assert len(backend.requests) == 1


@pytest.mark.shows("Trouble")
async def test_what_may_help_is_tried_again(
    playground: Playground, tmp_path: Path, ben: Person, backend: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.worker.FIRST_WAIT", 0.0)
    backend.troubles = [BackendUnavailable(backend="scripted"), BackendUnavailable(backend="scripted")]
    async with serving(settings_for(playground, tmp_path), backend, playground):
        await imagine(ben, "a fox")
    assert len(backend.requests) == 3


@pytest.mark.shows("Trouble")
@pytest.mark.usefixtures("app")
async def test_when_the_token_is_refused_the_channel_message_is_edited(
    ben: Person, backend: Scripted, playground: Playground
) -> None:
    backend.hold()
    interaction = await ben.slash("imagine", "#studio", prompt="a fox")
    progress = await interaction.thinking()
    await backend.running(1)
    playground.clock.advance(16 * 60)
    second = await ben.slash("imagine", "#studio", prompt="a wolf")
    assert await second.acknowledged()
    shown = await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "Cancel" in labels(m))
    await ben.click(shown, "Cancel")
    await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "(Stopped)" in m["content"])
    edits = [e for e in playground.log if e.method == "PATCH" and e.path.startswith("/channels/") and e.status == 200]
    assert any(progress["id"] in entry.path for entry in edits)
    backend.release()
    await ben.wait("#studio", grid("a wolf"))


@pytest.mark.shows("Trouble")
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("status", [429, 500])
async def test_discord_stumbles_while_a_result_is_posted(
    ben: Person, backend: Scripted, playground: Playground, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant(monkeypatch)
    fault = playground.faults.add(Fault("POST", "/channels/*/messages", status=status, times=2, retry_after=0.01))
    message = await imagine(ben, "a fox")
    assert fault.seen >= 2
    assert message["attachments"]
    posted = [m for m in await ben.history("#studio") if m["attachments"]]
    assert len(posted) == 1


@pytest.mark.shows("Trouble")
@pytest.mark.usefixtures("app")
async def test_a_post_that_failed_after_it_succeeded_is_there_once(
    ben: Person, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant(monkeypatch)
    playground.faults.add(Fault("POST", "/channels/*/messages", status=502, done=True))
    await imagine(ben, "a fox")
    assert len([m for m in await ben.history("#studio") if m["attachments"]]) == 1


@pytest.mark.shows("Trouble")
@pytest.mark.usefixtures("app")
async def test_the_gateway_drops_in_the_middle_of_a_job(ben: Person, backend: Scripted, playground: Playground) -> None:
    backend.hold()
    await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
    await backend.running(1)
    playground.drop_gateway()
    backend.release()
    message = await ben.wait("#studio", grid("a fox"))
    await ben.until(lambda: playground.gateway.online or None)
    await ben.click(message, "U1")
    await ben.wait("#studio", result("Image #1"))


@pytest.mark.shows("Trouble")
@pytest.mark.usefixtures("app")
async def test_a_picture_over_the_limit_is_posted_smaller(ben: Person, backend: Scripted, tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    Image.frombytes("RGB", (2400, 2400), random.Random(1).randbytes(2400 * 2400 * 3)).save(noise)
    assert noise.stat().st_size > 10 * 2**20
    backend.pictures = [noise]
    await (await ben.slash("imagine", "#studio", prompt="noise --n 1")).acknowledged()
    message = await ben.wait("#studio", result("noise"))
    assert message["attachments"][0]["size"] <= 10 * 2**20
    assert (await picture(ben, message)).size[0] > 1000


@pytest.mark.shows("Where")
@pytest.mark.usefixtures("app")
async def test_other_servers_are_refused(ben: Person, backend: Scripted, playground: Playground) -> None:
    with pytest.raises(LookupError):
        await ben.slash("imagine", "#general", prompt="a fox")
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_a_hundred_commands_are_acknowledged_while_the_backend_is_slow(
    playground: Playground, backend: Scripted
) -> None:
    backend.hold()
    people = [playground.user(name) for name in ("ana", "ben", "mod")]
    interactions = await asyncio.gather(
        *(people[n % 3].slash("imagine", "#studio", prompt=f"fox number {n}") for n in range(100))
    )
    assert all(await asyncio.gather(*(interaction.acknowledged() for interaction in interactions)))


class Hasty:
    """asyncio, but its `sleep` only yields."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py sleeps for seconds between its tries: not here."""
    for module in ("discord.http", "discord.webhook.async_"):
        monkeypatch.setattr(f"{module}.asyncio", Hasty())
