"""What all use cases stand on: who asks, what they hand over, and the parts of the bot that they call."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.admission import Admission
from bot.backends.base import Role
from bot.catalog import Catalog
from bot.config import Settings
from bot.engine import Engine
from bot.errors import NotFound
from bot.fetch import Fetcher
from bot.i18n import Text
from bot.imaging import Imaging
from bot.jobs import Caps, Image, ImageKind, Job, Lane, Limits, Status, new_job_id, now_ms
from bot.objects import Objects
from bot.preferences import Preferences
from bot.prompt import Prompt
from bot.store import SavedDraft, Store
from bot.worker import Outlet, Worker

WRITTEN_SECONDS = 0.15
#: A result may be worked on while its pictures are kept.
WITH_PICTURES = frozenset({Status.DONE, Status.HELD, Status.DELIVERING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and where. `moderator`: may cancel and delete others' jobs here. `roles`: the ids of the caller's roles in this server."""

    user_id: int
    user_name: str
    guild_id: int | None
    channel_id: int
    locale: str = "en-US"
    moderator: bool = False
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image that lies somewhere else: handed over with the command, linked, or shown in a message. `size` is in bytes, 0 if unknown."""

    url: str
    filename: str = ""
    size: int = 0
    role: Role = Role.PROMPT


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a result of ours. `tile` counts from 1."""

    job_id: str
    tile: int = 1


#: An image to work on.
Source = Attachment | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A prompt that was checked and not yet started: one job for each of `prompts`.

    `backend` and `lane` are what its writer prefers; a prompt's own parameters go before them.
    """

    text: str
    prompts: tuple[Prompt, ...]
    warnings: tuple[Text, ...]
    backend: str | None = None
    lane: Lane = Lane.FAST
    ephemeral: bool = False
    #: What all of it will cost about, in USD; what nobody can tell is put at what it counts for.
    cost_usd: float = 0.0
    #: That is so much that its writer is asked first.
    costly: bool = False


class Desk:
    """One for a process. Every method that takes a `Caller` raises `UserError`s, each with a sentence for that caller."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        objects: Objects,
        engine: Engine,
        admission: Admission,
        catalog: Catalog,
        preferences: Preferences,
        fetcher: Fetcher,
        imaging: Imaging,
        worker: Worker,
        outlet: Outlet,
        limits: Limits,
    ) -> None:
        self._settings = settings
        self._store = store
        self._objects = objects
        self._engine = engine
        self._admission = admission
        self._catalog = catalog
        self._preferences = preferences
        self._fetcher = fetcher
        self._imaging = imaging
        self._worker = worker
        self._outlet = outlet
        self._limits = limits

    @property
    def _caps(self) -> Caps:
        """What may be spent in a day, on the generators that cost money."""
        return self._settings.caps(self._catalog.paid)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    async def result(self, job_id: str) -> Job:
        """A job whose pictures are there. Raises `NotFound`."""
        job = await self._store.job(job_id)
        if job is None or job.status not in WITH_PICTURES:
            raise NotFound
        return job

    async def job(self, job_id: str) -> Job | None:
        return await self._store.job(job_id)

    async def job_of_message(self, message_id: int) -> Job | None:
        """The job that a message shows. A result can be seen a moment before it is written down, so what is unknown is looked up twice."""
        message = await self._store.message(message_id)
        if message is None:
            await asyncio.sleep(WRITTEN_SECONDS)
            message = await self._store.message(message_id)
        return await self._store.job(message.job_id) if message else None

    async def pictures(self, job_id: str) -> list[Image]:
        """What a job has made, in order."""
        return await self._store.images(job_id, ImageKind.OUTPUT)

    async def remember(self, caller: Caller) -> None:
        """Brings the caller's settings into memory, so that the next `check` knows them. At once where they are there already."""
        if not self._preferences.knows(caller.user_id):
            await self._preferences.load(caller.user_id)

    async def save_draft(self, caller: Caller, text: str, details: Mapping[str, Any] | None = None) -> str:
        """Keeps a prompt that was refused or waits for a confirmation, for a day; returns the id to ask for it by."""
        draft_id = new_job_id()
        await self._store.save_draft(draft_id, caller.user_id, text, now_ms(), details or {})
        return draft_id

    async def draft(self, draft_id: str) -> SavedDraft | None:
        return await self._store.draft(draft_id)

    async def synced(self) -> str | None:
        """The fingerprint of the commands that were last registered."""
        return await self._store.meta("commands")

    async def set_synced(self, fingerprint: str) -> None:
        await self._store.set_meta("commands", fingerprint)

    @asynccontextmanager
    async def _folder(self, purpose: str) -> AsyncGenerator[Path]:
        """A folder for the time of the context."""
        folder = self._settings.data / "work" / f"{purpose}-{secrets.token_hex(8)}"
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
