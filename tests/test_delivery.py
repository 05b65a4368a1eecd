"""Delivery over real sockets, against the playground: one message, by the way that is open, whatever breaks in between."""

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from PIL import Image

from bot.actions import Button
from bot.client import build_client
from bot.config import Settings
from bot.delivery import Delivery
from bot.delivery.outlet import INTERVAL, PAUSES
from bot.i18n import T
from bot.jobs import Job, MessageKind, Place, Position
from bot.playground.client import Person, labels
from bot.playground.faults import Fault
from bot.playground.server import Playground
from bot.store import Store
from bot.worker import Parcel, Upload
from tests.fake_studio import FakeStudio, job_in

HOME = 1200000000000001000
ANA = 1200000000000000101
EPHEMERAL = 64
QUARTER = 15 * 60


@dataclass(slots=True)
class Pace:
    """Sleeps that last until the test says so."""

    slept: list[float] = field(default_factory=list[float])
    _sleepers: list[asyncio.Event] = field(default_factory=list[asyncio.Event])
    _asleep: asyncio.Condition = field(default_factory=asyncio.Condition)
    awake: bool = False  # sleeps last no time at all

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.awake:
            return
        event = asyncio.Event()
        async with self._asleep:
            self._sleepers.append(event)
            self._asleep.notify_all()
        await event.wait()

    async def asleep(self, count: int) -> None:
        """Waits until that many sleeps have begun in all."""
        async with self._asleep:
            await self._asleep.wait_for(lambda: len(self._sleepers) >= count)

    def release(self) -> None:
        for event in self._sleepers:
            event.set()


@dataclass(slots=True)
class Scene:
    """Ana has typed /imagine, and waits."""

    playground: Playground
    store: Store
    settings: Settings
    delivery: Delivery
    ana: Person
    pace: Pace
    job: Job
    folder: Path

    @property
    def channel(self) -> str:
        return str(self.job.place.channel_id)

    @property
    def progress_id(self) -> str:
        return str(self.job.place.progress_message_id)

    def calls(self, method: str, part: str) -> list[Any]:
        """The bot's requests since the scene began."""
        return [entry for entry in self.playground.log if entry.method == method and part in entry.path]

    async def history(self) -> list[dict[str, Any]]:
        return await self.ana.history(self.channel)

    def picture(self, side: int = 96) -> Path:
        """Noise, which no coder makes small."""
        path = self.folder / f"noise-{side}.jpg"
        noise = random.Random(1).randbytes(side * side * 3)
        Image.frombytes("RGB", (side, side), noise).save(path, quality=95)
        return path

    def parcel(self, side: int = 96) -> Parcel:
        upload = Upload(self.picture(side), f"ana_a_lighthouse_{self.job.id}.jpg", "A grid")
        rows = ((Button("upsample", 1), Button("upsample", 2)), (Button("reroll"),))
        return Parcel((upload,), rows, (T("A note."),))


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[tuple[Playground, Settings, FakeStudio, Person]]:
    """The bot's client is connected, and Ana sits in #studio."""
    studio = FakeStudio()
    async with Playground() as playground, playground.user("ana") as ana:
        values: dict[str, Any] = {
            "token": playground.token,
            "guilds": frozenset({HOME}),
            "discord_url": playground.url,
            "data": tmp_path,
        }
        settings = Settings(**values)
        await ana.locale("en-US")
        async with build_client(settings, studio.real) as client:
            connected = asyncio.create_task(client.wait_for("connect", timeout=20))
            serving = asyncio.create_task(client.start(playground.token))
            await connected
            yield playground, settings, studio, ana
        await asyncio.gather(serving, return_exceptions=True)


async def typed(playground: Playground, studio: FakeStudio, ana: Person, *, stealth: bool) -> Place:
    reply = await ana.slash("imagine", "#studio", prompt="a lighthouse" + (" --stealth" if stealth else ""))
    await reply.thinking()
    await ana.until(lambda: studio.imagined or None)
    return studio.imagined[-1][2]


@pytest.fixture
async def scene(
    stage: tuple[Playground, Settings, FakeStudio, Person], tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncGenerator[Scene]:
    playground, settings, studio, ana = stage
    place = await typed(playground, studio, ana, stealth=getattr(request, "param", "") == "stealth")
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'db'}")
    pace = Pace()
    async with Delivery(settings, store, clock=playground.clock.now, sleep=pace) as delivery:
        job = job_in(place, created_ms=playground.clock.now_ms(), started_ms=playground.clock.now_ms())
        playground.log.clear()
        yield Scene(playground, store, settings, delivery, ana, pace, job, tmp_path)
    await store.close()


async def progressed(scene: Scene, text: str, message_id: str | None = None) -> dict[str, Any]:
    wanted = message_id or scene.progress_id
    return await scene.ana.wait(scene.channel, lambda each: each["id"] == wanted and text in each["content"])


stealth = pytest.mark.parametrize("scene", ["stealth"], indirect=True)

# Progress


async def test_progress_is_shown_at_most_every_two_seconds_and_the_latest_wins(scene: Scene) -> None:
    scene.delivery.waiting(scene.job, Position(3, 41))
    message = await progressed(scene, "(Waiting to start, 3rd in line, about 40 s)")
    assert labels(message) == ["Cancel"]
    await scene.pace.asleep(1)
    for percent in range(1, 60):
        scene.delivery.progress(scene.job, percent / 100, None)
    assert len(scene.calls("PATCH", "/webhooks/")) == 1
    scene.pace.release()
    await progressed(scene, "(59%) (fast)")
    await scene.pace.asleep(2)
    assert len(scene.calls("PATCH", "/webhooks/")) == 2
    assert scene.pace.slept == [INTERVAL, INTERVAL]
    (known,) = await scene.store.messages(scene.job.id)
    assert (str(known.message_id), known.kind) == (scene.progress_id, MessageKind.PROGRESS)


async def test_what_stands_there_already_is_not_written_again(scene: Scene) -> None:
    scene.delivery.waiting(scene.job, Position(3, 41))
    await scene.pace.asleep(1)
    scene.delivery.waiting(scene.job, Position(3, 39))  # about 40 s as well
    scene.pace.release()
    scene.delivery.waiting(scene.job, Position(2, 30))
    await progressed(scene, "2nd in line")
    scene.delivery.waiting(scene.job, Position(2, 30))
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert len(scene.calls("PATCH", "/webhooks/")) == 2


async def test_a_late_queue_position_does_not_undo_progress(scene: Scene) -> None:
    scene.delivery.progress(scene.job, 0.5, None)
    await progressed(scene, "(50%)")
    await scene.pace.asleep(1)
    scene.delivery.waiting(scene.job, Position(1, 1))
    scene.pace.release()
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert len(scene.calls("PATCH", "/webhooks/")) == 1


async def test_previews_replace_one_another(scene: Scene) -> None:
    scene.pace.awake = True
    scene.delivery.progress(scene.job, 0.25, scene.picture())
    first = await progressed(scene, "(25%)")
    scene.delivery.progress(scene.job, 0.5, scene.picture())
    second = await progressed(scene, "(50%)")
    scene.delivery.progress(scene.job, 0.75, None)  # no newer picture: the last one stays
    third = await progressed(scene, "(75%)")
    ids = [[each["id"] for each in message["attachments"]] for message in (first, second, third)]
    assert [len(each) for each in ids] == [1, 1, 1]
    assert ids[0] != ids[1] == ids[2]


async def test_a_preview_that_is_gone_is_no_harm(scene: Scene) -> None:
    scene.pace.awake = True
    scene.delivery.progress(scene.job, 0.25, scene.folder / "gone.jpg")
    scene.delivery.progress(scene.job, 0.5, None)
    assert await scene.delivery.deliver(scene.job, scene.parcel())


@pytest.mark.parametrize("known", [True, False], ids=["by our clock", "by the refusal alone"])
async def test_after_15_minutes_the_channel_message_is_edited(scene: Scene, known: bool) -> None:
    scene.pace.awake = True
    if not known:
        scene.job = scene.job.evolve(place=replace(scene.job.place, token_until_ms=1 << 62))
    scene.playground.clock.advance(QUARTER + 1)
    scene.delivery.progress(scene.job, 0.7, None)
    await progressed(scene, "(70%)")
    assert len(scene.calls("PATCH", "/webhooks/")) == (0 if known else 1)
    assert len(scene.calls("PATCH", f"/channels/{scene.channel}/messages/")) == 1
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    (result,) = await scene.history()
    assert result["id"] != scene.progress_id


async def test_jobs_of_one_command_have_a_message_each(scene: Scene) -> None:
    scene.pace.awake = True
    other = scene.job.evolve(id="01jv0another0000")
    scene.delivery.progress(scene.job, 0.1, None)
    scene.delivery.progress(other, 0.2, None)
    mine = await scene.ana.wait(scene.channel, lambda each: "(10%)" in each["content"])
    theirs = await scene.ana.wait(scene.channel, lambda each: "(20%)" in each["content"])
    assert mine["id"] != theirs["id"]
    scene.delivery.progress(other, 0.3, None)
    await progressed(scene, "(30%)", theirs["id"])
    for job in (scene.job, other):
        assert await scene.delivery.deliver(job, scene.parcel())
    assert len(await scene.history()) == 2


# The result


async def test_the_result_is_a_new_message_that_pings_once(scene: Scene) -> None:
    before = await scene.ana.say("#studio", "look at this")
    job = scene.job.evolve(place=replace(scene.job.place, reply_to=int(before["id"])))
    assert await scene.delivery.deliver(job, scene.parcel())
    result = (await scene.history())[-1]
    assert result["content"] == f"**a lighthouse --ar 3:2** - <@{ANA}> (fast)\n-# A note."
    assert [user["id"] for user in result["mentions"]] == [str(ANA)]
    assert result["message_reference"]["message_id"] == before["id"]
    assert [each["filename"] for each in result["attachments"]] == [f"ana_a_lighthouse_{job.id}.jpg"]
    assert result["attachments"][0]["description"] == "A grid"
    assert labels(result) == ["U1", "U2", "🔄"]
    assert scene.progress_id not in {message["id"] for message in await scene.history()}
    (known,) = await scene.store.messages(job.id)
    assert (str(known.message_id), known.kind) == (result["id"], MessageKind.RESULT)
    (post,) = scene.calls("POST", f"/channels/{scene.channel}/messages")
    assert (post.body["nonce"], post.body["enforce_nonce"]) == (job.id, True)
    assert post.body["allowed_mentions"] == {"parse": [], "users": [ANA]}


async def test_a_parent_that_was_deleted_is_no_obstacle(scene: Scene) -> None:
    job = scene.job.evolve(place=replace(scene.job.place, reply_to=int(scene.progress_id) + 1))
    assert await scene.delivery.deliver(job, scene.parcel())


async def test_a_long_prompt_comes_along_as_text(scene: Scene) -> None:
    job = scene.job.evolve(prompt="lighthouse " * 500)
    assert await scene.delivery.deliver(job, scene.parcel())
    (result,) = await scene.history()
    by_name = {each["filename"]: each["url"] for each in result["attachments"]}
    assert (await scene.ana.download(by_name["prompt.txt"])).decode() == job.prompt
    assert len(result["content"]) <= 2000


async def test_delivered_twice_is_posted_once(scene: Scene) -> None:
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert len(await scene.history()) == 1


async def test_a_post_whose_answer_was_lost_is_not_repeated(scene: Scene) -> None:
    scene.pace.awake = True
    fault = Fault("POST", f"/channels/{scene.channel}/messages", drop=True, done=True)
    scene.playground.faults.add(fault)
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert fault.seen == 1
    assert len(await scene.history()) == 1
    assert scene.pace.slept == [PAUSES[0]]


async def test_after_a_crash_the_file_in_the_channel_is_found(scene: Scene, tmp_path: Path) -> None:
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    (result,) = await scene.history()
    scene.playground.clock.advance(QUARTER + 1)  # Discord has forgotten the nonce
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'as-before-the-post'}")
    async with Delivery(scene.settings, store, clock=scene.playground.clock.now, sleep=scene.pace) as delivery:
        assert await delivery.deliver(scene.job, scene.parcel())
        assert [message["id"] for message in await scene.history()] == [result["id"]]
        assert [str(known.message_id) for known in await store.messages(scene.job.id)] == [result["id"]]
    await store.close()


@pytest.mark.parametrize("status", [503, 429])
async def test_discord_in_trouble_is_asked_again(scene: Scene, status: int) -> None:
    scene.pace.awake = True
    scene.playground.faults.add(
        Fault("POST", f"/channels/{scene.channel}/messages", status=status, retry_after=0.01, times=2)
    )
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    assert len(await scene.history()) == 1


async def test_discord_down_for_long_holds_the_job(scene: Scene) -> None:
    scene.pace.awake = True
    scene.playground.faults.add(Fault("POST", "/channels/*/messages", status=503, times=100))
    assert not await scene.delivery.deliver(scene.job, scene.parcel())
    assert scene.pace.slept == list(PAUSES)


async def test_what_is_too_large_is_made_smaller(scene: Scene) -> None:
    parcel = scene.parcel(side=256)
    size = parcel.uploads[0].path.stat().st_size
    job = scene.job.evolve(place=replace(scene.job.place, upload_limit=size))
    fault = Fault("POST", f"/channels/{scene.channel}/messages", status=413, code=40005)
    scene.playground.faults.add(fault)
    assert await scene.delivery.deliver(job, parcel)
    (result,) = await scene.history()
    assert fault.seen == 1
    assert 0 < result["attachments"][0]["size"] <= size // 2
    assert parcel.uploads[0].path.stat().st_size == size


async def test_the_limit_is_kept_without_being_told(scene: Scene) -> None:
    job = scene.job.evolve(place=replace(scene.job.place, upload_limit=20_000))
    png = scene.folder / "noise.png"
    Image.open(scene.picture(256)).save(png)
    upload = Upload(png, f"ana_{job.id}.png", "")
    assert await scene.delivery.deliver(job, Parcel((upload,), ((Button("original", 1),),), ()))
    (result,) = await scene.history()
    assert result["attachments"][0]["size"] <= 20_000
    assert result["attachments"][0]["filename"] == f"ana_{job.id}.jpg"


# Other ways


async def test_where_the_bot_may_not_post_the_answer_is_edited(scene: Scene) -> None:
    job = scene.job.evolve(place=replace(scene.job.place, may_post=False))
    assert await scene.delivery.deliver(job, scene.parcel())
    (result,) = await scene.history()
    assert result["id"] == scene.progress_id
    assert result["attachments"]
    assert labels(result) == ["U1", "U2", "🔄"]
    (known,) = await scene.store.messages(job.id)
    assert known.kind is MessageKind.RESULT


async def test_permission_lost_in_the_meantime(scene: Scene) -> None:
    scene.playground.faults.add(Fault("POST", f"/channels/{scene.channel}/messages", status=403, code=50013))
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    (result,) = await scene.history()
    assert result["id"] == scene.progress_id


@stealth
async def test_what_is_private_stays_private(scene: Scene) -> None:
    scene.delivery.progress(scene.job, 0.4, scene.picture())
    await progressed(scene, "(40%) (fast, stealth)")
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    (result,) = await scene.history()
    assert result["id"] == scene.progress_id
    assert result["flags"] & EPHEMERAL
    assert [each["filename"] for each in result["attachments"]] == [f"ana_a_lighthouse_{scene.job.id}.jpg"]
    assert not scene.calls("POST", "/channels/")


@stealth
async def test_what_is_private_and_late_comes_as_a_direct_message(scene: Scene) -> None:
    scene.playground.clock.advance(QUARTER + 1)
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    channel = (await scene.ana.dm())["id"]
    letter = await scene.ana.wait(channel, lambda each: each["attachments"])
    assert labels(letter) == ["U1", "U2", "🔄"]
    assert not scene.calls("POST", f"/channels/{scene.channel}/")


@stealth
async def test_with_every_way_closed_the_job_is_held(scene: Scene) -> None:
    scene.playground.clock.advance(QUARTER + 1)
    scene.playground.faults.add(Fault("POST", "/channels/*/messages", status=403, code=50007))
    assert not await scene.delivery.deliver(scene.job, scene.parcel())
    assert not any(m.kind is MessageKind.RESULT for m in await scene.store.messages(scene.job.id))


# Endings without a result


async def test_failure_is_said_in_the_progress_message(scene: Scene) -> None:
    scene.pace.awake = True
    scene.delivery.progress(scene.job, 0.4, scene.picture())
    await progressed(scene, "(40%)")
    await scene.delivery.failed(scene.job, T("The {backend} backend took too long.", backend="painter"), T("Oh"))
    message = await progressed(scene, "(Failed)")
    assert message["embeds"][0]["title"] == "Oh"
    assert message["embeds"][0]["description"] == "The painter backend took too long."
    assert message["attachments"] == []
    assert message["components"] == []


async def test_failure_is_told_even_when_the_progress_message_is_gone(scene: Scene) -> None:
    scene.playground.faults.add(Fault("PATCH", "*", status=404, code=10008, times=2))
    await scene.delivery.failed(scene.job, T("No."), T("Oh"))
    message = await scene.ana.wait(scene.channel, lambda each: each["embeds"])
    assert [user["id"] for user in message["mentions"]] == [str(ANA)]


async def test_cancelled_and_nothing_after_it(scene: Scene) -> None:
    scene.delivery.progress(scene.job, 0.4, None)
    await progressed(scene, "(40%)")
    await scene.pace.asleep(1)
    await scene.delivery.cancelled(scene.job)
    scene.delivery.progress(scene.job, 0.9, None)
    scene.pace.release()
    message = await progressed(scene, "(Stopped)")
    assert message["components"] == []
    assert [user["id"] for user in message["mentions"]] == []
    assert len(scene.calls("PATCH", "/messages/")) == 2


async def test_deleted_results_go(scene: Scene) -> None:
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    await scene.delivery.deleted(scene.job)
    assert await scene.history() == []
    assert await scene.store.messages(scene.job.id) == []


# A result once more


async def test_a_copy_fills_the_answer_of_a_young_interaction(scene: Scene) -> None:
    assert await scene.delivery.repost(scene.job, scene.parcel(), MessageKind.COPY)
    (copy,) = await scene.history()
    assert copy["id"] == scene.progress_id
    assert labels(copy) == ["U1", "U2", "🔄"]
    (known,) = await scene.store.messages(scene.job.id)
    assert (str(known.message_id), known.kind) == (copy["id"], MessageKind.COPY)


@pytest.mark.parametrize("kind", [MessageKind.GALLERY, MessageKind.LOG, MessageKind.REPORT])
async def test_a_copy_elsewhere_is_a_message_that_pings_nobody(scene: Scene, kind: MessageKind) -> None:
    gallery = HOME + 2
    job = scene.job.evolve(place=Place(channel_id=gallery, guild_id=HOME))
    assert await scene.delivery.repost(job, scene.parcel(), kind, headline=T("Look at *this*"))
    (copy,) = await scene.ana.history(str(gallery))
    assert copy["content"].startswith("Look at *this*\n**a lighthouse --ar 3:2** - ")
    assert copy["mentions"] == []
    assert [(m.channel_id, m.kind) for m in await scene.store.messages(job.id)] == [(gallery, kind)]
    await scene.delivery.deleted(scene.job)
    kept = kind is not MessageKind.GALLERY
    assert bool(await scene.ana.history(str(gallery))) is kept


async def test_a_copy_whose_answer_was_lost_is_not_repeated(scene: Scene) -> None:
    scene.pace.awake = True
    job = scene.job.evolve(place=Place(channel_id=HOME + 2, guild_id=HOME))
    scene.playground.faults.add(Fault("POST", f"/channels/{HOME + 2}/messages", drop=True, done=True))
    assert await scene.delivery.repost(job, scene.parcel(), MessageKind.GALLERY)
    assert await scene.delivery.repost(job, scene.parcel(), MessageKind.GALLERY, headline=T("Two at once"))
    assert len(await scene.ana.history(str(HOME + 2))) == 1


async def test_every_report_is_a_message_of_its_own(scene: Scene) -> None:
    job = scene.job.evolve(place=Place(channel_id=HOME + 2, guild_id=HOME))
    for reason in ("one", "two"):
        assert await scene.delivery.repost(job, scene.parcel(), MessageKind.REPORT, headline=T("{why}", why=reason))
    assert len(await scene.ana.history(str(HOME + 2))) == 2


async def test_a_copy_by_direct_message_goes_to_each_who_wants_it(scene: Scene) -> None:
    for name in ("ana", "ben"):
        person = scene.playground.user(name)
        place = Place(channel_id=scene.job.place.channel_id, direct=True)
        copy = scene.job.evolve(user_id=int(person.id), place=place)
        assert await scene.delivery.repost(copy, scene.parcel(), MessageKind.COPY)
        (letter,) = await person.history((await person.dm())["id"])
        assert letter["attachments"]


async def test_where_a_copy_cannot_go_is_said(scene: Scene) -> None:
    await scene.ana.close_dms()
    direct = scene.job.evolve(place=replace(scene.job.place, direct=True))
    assert not await scene.delivery.repost(direct, scene.parcel(), MessageKind.COPY)
    nowhere = scene.job.evolve(place=Place(channel_id=42, guild_id=HOME))
    assert not await scene.delivery.repost(nowhere, scene.parcel(), MessageKind.GALLERY)
    late = scene.job.evolve(place=replace(scene.job.place, token_until_ms=1))
    assert not await scene.delivery.repost(late, scene.parcel(), MessageKind.COPY)
    private = scene.job.evolve(place=replace(scene.job.place, token="", ephemeral=True))
    assert not await scene.delivery.repost(private, scene.parcel(), MessageKind.COPY)
    assert await scene.store.messages(scene.job.id) == []


async def test_the_delivery_client_stays_off_the_gateway_and_keeps_no_views(scene: Scene) -> None:
    assert await scene.delivery.deliver(scene.job, scene.parcel())
    client: discord.Client = scene.delivery._rest.client  # pyright: ignore[reportPrivateUsage]
    store: Any = client._connection._view_store  # pyright: ignore[reportPrivateUsage]
    assert (store._views, store._synced_message_views) == ({}, {})
    assert client.ws is None
