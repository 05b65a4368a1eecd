"""An outlet that remembers what jobs were told, and the application around it, with backends that a test decides over."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import Application, application
from bot.catalog import Catalog
from bot.config import Settings
from bot.engine import Engine
from bot.i18n import Text
from bot.jobs import FINISHED, Job, MessageKind, Place, Position
from bot.store import Store
from bot.studio import Caller
from bot.worker import Parcel, Worker
from tests.scripted import Scripted

GUILD, CHANNEL = 7, 70
PLACE = Place(channel_id=CHANNEL, guild_id=GUILD)


def caller(user_id: int = 1, **changes: Any) -> Caller:
    """Somebody in the one server."""
    values: dict[str, Any] = {"user_name": f"user{user_id}", "guild_id": GUILD, "channel_id": CHANNEL}
    return Caller(user_id=user_id, **(values | changes))


@dataclass(frozen=True, slots=True)
class Delivered:
    """A parcel with its files' bytes, since they are gone when the job is over."""

    job: Job
    parcel: Parcel
    files: tuple[bytes, ...]


@dataclass(slots=True)
class Recorder:
    """Implements `bot.worker.Outlet`. `reachable` is what `deliver` answers; `naps` are the seconds between tries."""

    reachable: bool = True
    waits: list[tuple[Job, Position | None]] = field(default_factory=list[tuple[Job, Position | None]])
    fractions: list[tuple[str, float, Path | None]] = field(default_factory=list[tuple[str, float, Path | None]])
    delivered: dict[str, Delivered] = field(default_factory=dict[str, Delivered])
    failures: dict[str, tuple[Text, Text]] = field(default_factory=dict[str, tuple[Text, Text]])
    cancelled_ids: list[str] = field(default_factory=list[str])
    deleted_ids: list[str] = field(default_factory=list[str])
    naps: list[float] = field(default_factory=list[float])
    closed: int = 0
    reposts: bool = True
    reposted: list[tuple[Job, Parcel, MessageKind, Text | None]] = field(
        default_factory=list[tuple[Job, Parcel, MessageKind, Text | None]]
    )
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def waiting(self, job: Job, position: Position | None) -> None:
        self.waits.append((job, position))
        self.change()

    def progress(self, job: Job, fraction: float, preview: Path | None) -> None:
        self.fractions.append((job.id, fraction, preview))

    async def deliver(self, job: Job, parcel: Parcel) -> bool:
        files = [await asyncio.to_thread(upload.path.read_bytes) for upload in parcel.uploads]
        self.delivered[job.id] = Delivered(job, parcel, tuple(files))
        return self.reachable

    async def repost(self, job: Job, parcel: Parcel, kind: MessageKind, *, headline: Text | None = None) -> bool:
        self.reposted.append((job, parcel, kind, headline))
        return self.reposts

    async def failed(self, job: Job, error: Text, title: Text) -> None:
        self.failures[job.id] = error, title
        self.change()

    async def cancelled(self, job: Job) -> None:
        self.cancelled_ids.append(job.id)

    async def deleted(self, job: Job) -> None:
        self.deleted_ids.append(job.id)

    def change(self) -> None:
        """Lets everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Waits until it is so; looks again whenever a job was over or was told its place."""
        while True:
            changed = self._changed
            if await ready():
                return
            await changed.wait()


@dataclass(frozen=True, slots=True)
class Desk:
    """An application at work and what it told."""

    app: Application
    outlet: Recorder

    @property
    def store(self) -> Store:
        return self.app.store

    async def imagine(self, text: str, who: Caller | None = None, place: Place = PLACE) -> Job:
        """Starts a prompt that makes one job."""
        who = who or caller()
        (job,) = await self.app.studio.imagine(who, self.app.studio.check(who, text), place)
        return job

    async def over(self, job: Job) -> Job:
        """The job when it is over."""

        async def ended() -> bool:
            return (await self.job(job)).status in FINISHED

        await self.outlet.until(ended)
        return await self.job(job)

    async def closed(self, number: int) -> None:
        """Waits until `number` jobs in all have been tidied up after."""

        async def enough() -> bool:
            return self.outlet.closed >= number

        await self.outlet.until(enough)

    async def job(self, job: Job) -> Job:
        found = await self.store.job(job.id)
        assert found is not None
        return found

    async def made(self, text: str, who: Caller | None = None) -> Job:
        """A prompt's job with its pictures delivered."""
        job = await self.over(await self.imagine(text, who))
        assert job.id in self.outlet.delivered, job.error
        return job

    def error(self, job: Job) -> str:
        """What the job's user read of its failure."""
        return str(self.outlet.failures[job.id][0])


def settings_in(folder: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {"data": folder / "data", "backends": "scripted", "reserve_mib": 0}
    return Settings(_env_file=None, **(values | changes))  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def desk(settings: Settings, *backends: Scripted) -> AsyncGenerator[Desk]:
    """The application, hurried: no wait between tries, and an engine that looks often.

    What runs at the end breaks off, as when a process ends.
    """
    outlet = Recorder()

    async def nap(seconds: float) -> None:
        outlet.naps.append(seconds)

    def worker(settings: Settings, *, finished: Callable[[], None], **parts: Any) -> Worker:
        def closed() -> None:
            finished()
            outlet.closed += 1
            outlet.change()

        return Worker(settings, finished=closed, sleep=nap, **parts)

    catalog = Catalog({backend.name: backend for backend in backends})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.app.Worker", worker)
        patch.setattr("bot.app.Engine", partial(Engine, poll_seconds=0.01))
        async with application(settings, outlet=lambda _: outlet, catalog=catalog) as app:
            yield Desk(app, outlet)
