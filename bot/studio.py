"""The use cases: what a command or a click does. Knows the store, the queue and the generators, and nothing of Discord."""

import asyncio
import logging
import random
import secrets
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.actions import DIRECTIONS, SEEDS, plan
from bot.admission import Admission
from bot.backends.base import Role
from bot.catalog import Catalog
from bot.config import Settings
from bot.engine import Engine
from bot.errors import BackendError, LienzoError, LimitReached, NotAllowed, NotFound, PromptError, UserError
from bot.fetch import Fetcher
from bot.i18n import T, Text
from bot.imaging import Imaging
from bot.jobs import (
    CANCELLABLE,
    Action,
    Image,
    ImageKind,
    Job,
    Lane,
    Limits,
    Message,
    MessageKind,
    Place,
    Status,
    new_job_id,
    now_ms,
)
from bot.objects import Objects
from bot.preferences import Preferences
from bot.prompt import Parsed, Prompt, parse, permute, render, replaced
from bot.store import Store
from bot.worker import Outlet, Upload, Worker, maker, parsed

MAX_INPUTS = 5
MAX_LINKS = 20  # for all jobs of one command
SUBMITS_AT_ONCE = 2
#: What gives a picture another shape than its prompt asked for.
RESHAPING = frozenset({Action.PAN, Action.SQUARE})
#: Parameters that link images, and what those are for.
REFERENCES = {"sref": Role.STYLE, "cref": Role.CHARACTER, "oref": Role.OBJECT}
#: A result may be worked on while its pictures are kept.
WITH_PICTURES = frozenset({Status.DONE, Status.HELD, Status.DELIVERING})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and where. `moderator`: may cancel and delete others' jobs here."""

    user_id: int
    user_name: str
    guild_id: int | None
    channel_id: int
    locale: str = "en-US"
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that the caller handed over with the command, at the chat service."""

    url: str
    filename: str
    size: int


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


class Studio:
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
        # In a rush what has been answered already waits, so that answers to others do not.
        self._submitting = asyncio.Semaphore(SUBMITS_AT_ONCE)

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def check(
        self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None, *, attached: int = 0
    ) -> Draft:
        """Everything that can be said of a prompt without waiting for anything; `attached` images come with it. Raises `UserError`."""
        mine = self._preferences.peek(caller.user_id)
        variants = permute(text, self._settings.batch_limit)
        read = [
            parse(
                variant,
                custom=mine.custom,
                suffix=mine.suffix,
                defaults=mine.defaults,
                overrides=overrides or {},
                attached=attached,
            )
            for variant in variants
        ]
        prompts = [one.prompt for one in read for _ in range(one.prompt.repeat)]
        if len(prompts) > self._settings.batch_limit:
            raise LimitReached(
                T(
                    "That would be {count} jobs at once; at most {limit} may be started together.",
                    count=len(prompts),
                    limit=self._settings.batch_limit,
                )
            )
        for prompt in prompts:
            self._check_size(prompt, self._backend(prompt, mine.backend))
        return Draft(
            text=text,
            prompts=tuple(replaced(prompt, repeat=None) for prompt in prompts),
            warnings=_distinct(read),
            backend=mine.backend,
            lane=mine.lane,
            ephemeral=any(visibility(prompt, stealth=mine.stealth) for prompt in prompts),
        )

    async def imagine(
        self, caller: Caller, draft: Draft, place: Place, attachments: Sequence[Attachment] = ()
    ) -> list[Job]:
        """Starts a draft. Images that it names are taken in first. Raises `UserError`."""
        jobs = [
            self._new(caller, Action.IMAGINE, self._backend(prompt, draft.backend), prompt, draft.lane, place)
            for prompt in draft.prompts
        ]
        jobs = [job.evolve(notes=draft.warnings) for job in jobs]
        return await self._submit(jobs, await self._take_in(jobs, attachments))

    async def act(
        self, caller: Caller, verb: str, job_id: str, tile: int, extra: str, place: Place, *, text: str | None = None
    ) -> Job:
        """A click under a result: `verb` is an `Action`'s value or `reroll`. `text` replaces the prompt. Raises `UserError`."""
        parent = await self.result(job_id)
        if self._settings.clicks == "owner" and parent.user_id != caller.user_id and not caller.moderator:
            raise NotAllowed(T("On this server only the owner of a picture may work on it."))
        mine = await self._preferences.load(caller.user_id)
        prompt = parse(text, custom=mine.custom, allow=("zoom",)).prompt if text is not None else parsed(parent)
        chosen = mine.lane
        if verb == "reroll":
            return await self._reroll(caller, parent, prompt, chosen, place)
        try:
            action = Action(verb)
        except ValueError:
            raise NotFound(T("This button does nothing any more.")) from None
        if not 1 <= tile <= len(await self._store.images(job_id, ImageKind.OUTPUT)):
            raise NotFound
        if action in RESHAPING:
            prompt = replaced(prompt, ar=None, width=None, height=None)
        local = action is Action.UPSAMPLE
        job = self._new(caller, action, "" if local else maker(parent), prompt, chosen, place).evolve(
            parent_id=parent.id,
            tile=tile,
            model=parent.model,
            details=_details(action, extra, mine.variability) | ({"backend": maker(parent)} if local else {}),
        )
        if local:
            job = job.evolve(seed=parent.seed)
        else:
            await self._check_possible(job, prompt)
        return (await self._submit([job], ()))[0]

    async def _reroll(self, caller: Caller, parent: Job, prompt: Prompt, chosen: Lane, place: Place) -> Job:
        """The same again with another seed, whatever it was: a prompt, a variation, a zoom."""
        origin = parent
        if not parent.backend and parent.parent_id:  # a single picture: what made its grid
            origin = await self._store.job(parent.parent_id) or parent
        fresh = replaced(prompt, seed=None)
        job = self._new(caller, origin.action, maker(origin), fresh, chosen, place).evolve(
            parent_id=origin.parent_id,
            tile=origin.tile,
            model=origin.model,
            details={**origin.details, "reroll": parent.id},
        )
        inputs = await self._store.images(origin.id, ImageKind.INPUT)
        await self._check_possible(job, fresh, inputs)
        copies = [await self._copy(image, job) for image in inputs]
        return (await self._submit([job], copies))[0]

    async def cancel(self, caller: Caller, job_id: str) -> bool:
        """Stops a job (True), or deletes its result when it is finished (False). The owner and moderators may."""
        job = await self._store.job(job_id)
        if job is None or job.status in (Status.DELETED, Status.CANCELLED, Status.FAILED):
            raise NotFound(T("That job is over already."))
        if job.user_id != caller.user_id and not (caller.moderator and job.guild_id == caller.guild_id):
            raise NotAllowed(T("Only the owner of a job and moderators may cancel or delete it."))
        stopped = await self._store.move(job_id, CANCELLABLE, Status.CANCELLED)
        if stopped is not None:
            await self._stop(stopped)
            return True
        deleted = await self._store.move(job_id, {Status.DONE, Status.HELD}, Status.DELETED)
        if deleted is None:
            raise NotAllowed(T("That job is being delivered right now. Try again in a moment."))
        await self._outlet.deleted(deleted)
        images = await self._store.images(job_id)
        await self._objects.delete([image.key for image in images])
        await self._store.forget_images([image.key for image in images])
        return False

    async def _stop(self, job: Job) -> None:
        await self._engine.cancel(job)
        if job.handle is not None:
            try:
                await self._worker.cancel(job)
            except BackendError as error:
                log.warning("job %s could not be cancelled at its backend: %s", job.id, error)
        await self._outlet.cancelled(job)
        self._admission.wake()

    async def favourite(self, caller: Caller, job_id: str, tile: int) -> tuple[bool, int]:
        """Toggles the caller's ❤️ on a picture: whether it is on now, and how many have it on."""
        await self.result(job_id)
        if not 1 <= tile <= len(await self._store.images(job_id, ImageKind.OUTPUT)):
            raise NotFound
        on = caller.user_id not in await self._store.favourites(job_id, tile)
        return on, await self._store.favourite(job_id, tile, caller.user_id, on)

    @asynccontextmanager
    async def original(self, job_id: str, tile: int) -> AsyncGenerator[Upload]:
        """A picture as it was made, with its origin written in; the copy lives as long as the context. Raises `NotFound`."""
        job = await self.result(job_id)
        images = await self._store.images(job_id, ImageKind.OUTPUT)
        if not 1 <= tile <= len(images):
            raise NotFound
        folder = self._settings.data / "work" / f"original-{secrets.token_hex(8)}"
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            yield await self._worker.original(job, images[tile - 1], folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def result(self, job_id: str) -> Job:
        """A job whose pictures are there. Raises `NotFound`."""
        job = await self._store.job(job_id)
        if job is None or job.status not in WITH_PICTURES:
            raise NotFound
        return job

    async def job(self, job_id: str) -> Job | None:
        return await self._store.job(job_id)

    async def job_of_message(self, message_id: int) -> Job | None:
        message = await self._store.message(message_id)
        return await self._store.job(message.job_id) if message else None

    async def remember(self, caller: Caller) -> None:
        """Brings the caller's settings into memory, so that the next `check` knows them. At once where they are there already."""
        if not self._preferences.knows(caller.user_id):
            await self._preferences.load(caller.user_id)

    async def save_draft(self, caller: Caller, text: str) -> str:
        """Keeps a prompt that was refused or waits for a confirmation, for a day; returns the id to ask for it by."""
        draft_id = new_job_id()
        await self._store.save_draft(draft_id, caller.user_id, text, now_ms())
        return draft_id

    async def draft(self, draft_id: str) -> str | None:
        return await self._store.draft(draft_id)

    async def synced(self) -> str | None:
        """The fingerprint of the commands that were last registered."""
        return await self._store.meta("commands")

    async def set_synced(self, fingerprint: str) -> None:
        await self._store.set_meta("commands", fingerprint)

    # How jobs are made

    def _new(self, caller: Caller, action: Action, backend: str, prompt: Prompt, chosen: Lane, place: Place) -> Job:
        return Job(
            id=new_job_id(),
            action=action,
            user_id=caller.user_id,
            user_name=caller.user_name,
            guild_id=caller.guild_id,
            backend=backend,
            place=place,
            prompt=render(prompt),
            lane=lane(prompt, chosen),
            seed=prompt.seed if prompt.seed is not None else random.randrange(SEEDS),
            model=_text_of(prompt.get("model")),
            created_ms=now_ms(),
        )

    async def _submit(self, jobs: Sequence[Job], images: Sequence[Image]) -> list[Job]:
        try:
            async with self._submitting:
                await self._objects.check_room()
                stored = await self._store.submit(
                    jobs,
                    images,
                    _answers(jobs[0]),
                    limits=self._limits,
                    batch=len(jobs) > 1,
                    enqueue=self._engine.enqueue,
                )
        except LienzoError:
            await self._objects.delete([image.key for image in images])
            raise
        self._admission.wake()
        return stored

    def _backend(self, prompt: Prompt, preferred: str | None) -> str:
        name = _text_of(prompt.get("backend")) or preferred or self._catalog.default
        if name not in self._catalog.names:
            raise PromptError(
                T(
                    "There is no `{name}` backend here. There are: {names}.",
                    name=name,
                    names=", ".join(self._catalog.names),
                )
            )
        return name

    def _check_size(self, prompt: Prompt, backend: str) -> None:
        allowed = self._catalog.capabilities(backend).max_prompt
        if len(prompt.text) > allowed:
            raise PromptError(
                T(
                    "The {backend} backend takes prompts of at most {allowed} characters; this one has {length}.",
                    backend=backend,
                    allowed=allowed,
                    length=len(prompt.text),
                )
            )

    async def _check_possible(self, job: Job, prompt: Prompt, inputs: Sequence[Image] = ()) -> None:
        """Plans the job once before it is queued, so that what cannot be done is said at once. Raises `NotFound` where the picture that it
        works on is gone, and `BackendUnavailable` where its backend is."""
        source = None
        if job.parent_id and job.tile:
            outputs = await self._store.images(job.parent_id, ImageKind.OUTPUT)
            if len(outputs) < job.tile:
                raise NotFound
            source = outputs[job.tile - 1]
        roles = [Role(image.memo["role"]) for image in inputs]
        plan(job, prompt, self._catalog.capabilities(job.backend), source, roles)

    async def _take_in(self, jobs: Sequence[Job], attachments: Sequence[Attachment]) -> list[Image]:
        """Fetches what the prompts link and what was attached, each once, and stores it under each job."""
        given = [(attachment.url, Role.PROMPT) for attachment in attachments]
        wanted = {job.id: self._links(job) + given for job in jobs}
        urls = list(dict.fromkeys(url for sources in wanted.values() for url, _ in sources))
        if any(len(sources) > MAX_INPUTS for sources in wanted.values()) or len(urls) > MAX_LINKS:
            raise UserError(T("At most {limit} images can be used in one prompt.", limit=MAX_INPUTS))
        if not urls:
            return []
        folder = self._settings.data / "work" / f"intake-{secrets.token_hex(8)}"
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            paths = await asyncio.gather(*(self._fetcher.fetch(url, folder) for url in urls))
            fetched = dict(zip(urls, paths, strict=True))
            return [
                await self._input(job, index, fetched[url], role)
                for job in jobs
                for index, (url, role) in enumerate(wanted[job.id])
            ]
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _links(self, job: Job) -> list[tuple[str, Role]]:
        """The images that a prompt links, as far as its backend honours them."""
        prompt = parsed(job)
        honoured = self._catalog.capabilities(job.backend).parameters
        links = [(url, Role.PROMPT) for url in prompt.images]
        for name, role in REFERENCES.items():
            values = prompt.get(name)
            if name in honoured and isinstance(values, tuple):
                links += [(value, role) for value in values if isinstance(value, str) and "://" in value]
        return links

    async def _input(self, job: Job, index: int, path: Path, role: Role) -> Image:
        info = await self._imaging.sniff(path)
        key = f"jobs/{job.id}/input-{index}{info.suffix}"
        return Image(
            job_id=job.id,
            kind=ImageKind.INPUT,
            index=index,
            key=key,
            media_type=info.media_type,
            width=info.width,
            height=info.height,
            size=await self._objects.put(key, path),
            memo={"role": role},
        )

    async def _copy(self, image: Image, job: Job) -> Image:
        key = f"jobs/{job.id}/{image.key.rpartition('/')[2]}"
        await self._objects.put(key, await self._objects.local(image.key))
        return replace(image, job_id=job.id, key=key)


def _answers(job: Job) -> list[Message]:
    """The message that shows the job already: the answer to its command."""
    place = job.place
    if place.progress_message_id is None:
        return []
    return [Message(place.progress_message_id, place.channel_id, job.id, MessageKind.PROGRESS)]


def lane(prompt: Prompt, preferred: Lane) -> Lane:
    """The prompt's own `--fast`, `--relax` or `--turbo`, else the preferred one."""
    return next((candidate for candidate in Lane if prompt.get(candidate.value)), preferred)


def visibility(prompt: Prompt, *, stealth: bool) -> bool:
    """Whether only the caller is to see it: the prompt's own `--stealth` or `--public`, else the caller's setting."""
    return bool(prompt.get("stealth")) or (stealth and not prompt.get("public"))


def _details(action: Action, extra: str, variability: str) -> dict[str, Any]:
    """The action's own arguments out of a button's custom id. Raises `NotFound` for what no button of ours says."""
    match action:
        case Action.ZOOM:
            try:
                factor = float(extra)
            except ValueError:
                raise NotFound from None
            if not 1 < factor <= 2:
                raise NotFound
            return {"factor": factor}
        case Action.PAN:
            if extra not in DIRECTIONS:
                raise NotFound
            return {"direction": extra}
        case Action.VARIATION:
            return {"strength": variability}
        case _:
            return {}


def _distinct(read: Sequence[Parsed]) -> tuple[Text, ...]:
    return tuple({str(warning): warning for one in read for warning in one.warnings}.values())


def _text_of(value: object) -> str | None:
    return str(value) if value is not None else None
