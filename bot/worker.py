"""The workflow of one job: submit, collect, deliver.

The engine runs these three in order and remembers each that was finished, so that a process that was killed goes on where it stopped. A
step takes the job's id only, is safe to run again, and writes what it made to the store and the object store.
"""

import asyncio
import errno
import itertools
import json
import logging
import random
import secrets
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.actions import MASK, Button, Plan, buttons, described, plan, realise
from bot.backends.base import Backend, Capabilities, Generated, InputImage, Operation, Request, Result, Role
from bot.captions import Ancestor, file_name
from bot.catalog import Catalog
from bot.config import Settings
from bot.engine import Next
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendTimeout,
    BackendUnavailable,
    FetchError,
    LienzoError,
    NotFound,
    RateLimited,
    StorageFull,
)
from bot.i18n import T, Text
from bot.imaging import ImageInfo, Imaging
from bot.jobs import CANCELLABLE, Action, Image, ImageKind, Job, MessageKind, Place, Position, Status, now_ms
from bot.objects import Objects
from bot.preferences import Preferences
from bot.prompt import Prompt, reread
from bot.store import Store

TRIES = 3
#: How often a job is given to a backend that does not answer it: what takes too long may be the job itself.
ATTEMPTS: Mapping[type[BackendError], int] = {BackendUnavailable: 12, BackendTimeout: 3}
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds between two tries
CANCEL_SECONDS = 10.0
SUBMIT_SECONDS = 120.0
ANCESTORS = 6  # that a result names
ALT_TEXT = 1000  # characters; Discord takes 1024
log = logging.getLogger(__name__)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to post. `description` is the alternative text."""

    path: Path
    filename: str
    description: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A finished job as it is to be posted."""

    uploads: tuple[Upload, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    notes: tuple[Text, ...] = ()
    #: A description's prompts.
    texts: tuple[str, ...] = ()
    #: What it was made from, the nearest first.
    origin: tuple[Ancestor, ...] = ()


class Outlet(Protocol):
    """Through which a job's people are told of it. `waiting` and `progress` return at once: the latest wins, what is late is dropped."""

    def waiting(self, job: Job, position: Position | None) -> None: ...

    def progress(self, job: Job, fraction: float, preview: Path | None) -> None: ...

    async def deliver(self, job: Job, parcel: Parcel) -> bool:
        """Posts the result, once however often it is called. False when every way to the user is closed."""
        ...

    async def repost(self, job: Job, parcel: Parcel, kind: MessageKind, *, headline: Text | None = None) -> bool:
        """Shows a finished result once more, at the job's place as given. Whether that was possible."""
        ...

    async def failed(self, job: Job, error: Text, title: Text) -> None: ...

    async def cancelled(self, job: Job) -> None: ...

    async def deleted(self, job: Job) -> None:
        """Removes the job's messages."""
        ...


@dataclass(slots=True)
class _Collecting:
    """What a backend says while it works: passes progress on and keeps each picture as it arrives."""

    job: Job
    outlet: Outlet
    keep: Callable[[int, Generated], Coroutine[Any, Any, Image]]
    arrived: dict[int, Generated] = field(default_factory=dict[int, Generated])
    tasks: dict[int, asyncio.Task[Image]] = field(default_factory=dict[int, "asyncio.Task[Image]"])

    def update(self, fraction: float, preview: Path | None = None) -> None:
        self.outlet.progress(self.job, min(1.0, max(0.0, fraction)), preview)

    def image(self, index: int, image: Generated) -> None:
        if index not in self.tasks:
            self.arrived[index] = image
            self.tasks[index] = asyncio.create_task(self.keep(index, image))

    async def all(self, result: Result) -> list[Image]:
        """Those of the result, in its order. Some were announced before, under the index of their seed."""
        early = dict(self.arrived)
        free = (index for index in itertools.count() if index not in self.tasks)
        indices: list[int] = []
        for generated in result.images:
            index = next((known for known, image in early.items() if image == generated), None)
            if index is None:
                index = next(free)
                self.image(index, generated)
            early.pop(index, None)
            indices.append(index)
        return list(await asyncio.gather(*(self.tasks[index] for index in indices)))

    async def drop(self) -> None:
        """Ends what is still being kept."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


class OutOfTime(BackendTimeout):
    """The time that the operator gives a job is over. It has failed, wherever the fault is."""


class _Keeping:
    """What was put into the object store for a job that may yet come to nothing."""

    def __init__(self, job_id: str, objects: Objects) -> None:
        self._job_id = job_id
        self._objects = objects
        self._keys: set[str] = set()

    async def put(self, name: str, path: Path) -> tuple[str, int]:
        """The key and the bytes."""
        key = f"jobs/{self._job_id}/{name}"
        self._keys.add(key)
        return key, await self._objects.put(key, path)

    async def drop(self) -> None:
        await self._objects.delete(self._keys)


class Worker:
    """Runs jobs. `finished` is called when a job has given its place free."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        objects: Objects,
        catalog: Catalog,
        preferences: Preferences,
        imaging: Imaging,
        outlet: Outlet,
        finished: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._store = store
        self._objects = objects
        self._catalog = catalog
        self._preferences = preferences
        self._imaging = imaging
        self._outlet = outlet
        self._finished = finished
        self._sleep = sleep
        self._since_ms = now_ms()
        self._ending = False

    @property
    def steps(self) -> Mapping[str, Callable[[str], Awaitable[Next]]]:
        """In the order in which the engine runs them."""
        steps = {"submit": self.submit, "collect": self.collect, "deliver": self.deliver}
        return {name: partial(self._guarded, step) for name, step in steps.items()}

    async def _guarded(self, step: Callable[[Job], Awaitable[None]], job_id: str) -> Next:
        """Runs a step for a job that still wants it. Whatever goes wrong fails the job, and its user reads why."""
        job = await self._store.job(job_id)
        if job is None or job.status in (Status.CANCELLED, Status.FAILED, Status.DELETED, Status.DONE):
            return Next.STOP
        try:
            await step(job)
        except LienzoError as error:
            if isinstance(error, BackendError) and await self._waits_again(job, error):
                return Next.STOP
            log.warning("job %s failed: %s", job_id, error)
            await self._fail(job, error)
        except OSError as error:
            log.exception("job %s", job_id)
            await self._fail(job, StorageFull() if error.errno == errno.ENOSPC else LienzoError())
        except Exception:
            log.exception("job %s", job_id)
            await self._fail(job, LienzoError())
        else:
            return Next.CONTINUE
        return Next.STOP

    async def _fail(self, job: Job, error: LienzoError) -> None:
        # Told first and written down then: a kill between the two tells it again, by editing the same message.
        await self._outlet.failed(job, error.text, Text(error.title))
        states = CANCELLABLE | {Status.DELIVERING}
        await self._store.move(job.id, states, Status.FAILED, error=error.text)
        await self._close(job)

    async def _waits_again(self, job: Job, error: BackendError) -> bool:
        """A job whose backend is away goes back to where it waited; what was bought already is kept to be fetched."""
        if isinstance(error, OutOfTime):
            return False
        allowed = next((times for kind, times in ATTEMPTS.items() if isinstance(error, kind)), 0)
        current = await self._store.job(job.id)
        if current is None or job.backend not in self._catalog.offline or current.attempts >= allowed:
            return False
        bought = current.handle if job.backend in self._catalog.paid else None
        moved = await self._store.move(job.id, {Status.ADMITTED, Status.RUNNING}, Status.WAITING, handle=bought)
        if moved is None:
            return False
        log.info("job %s waits again: %s", job.id, error)
        self._outlet.waiting(moved, Position(1, 0.0, job.backend))
        await self._close(job)
        return True

    async def repaired(self, jobs: Sequence[Job], *, title: str = LienzoError.title) -> None:
        """Tells of jobs whose work broke off for good, which were failed in the store."""
        for job in jobs:
            if job.status is Status.FAILED:
                await self._outlet.failed(job, job.error or Text(LienzoError.message), Text(title))

    async def abandon(self) -> None:
        """Ends, in words, what was begun on a backend that has been switched off since: nothing would ever take it up."""
        for ticket in itertools.chain(*await self._store.waiting()):
            job = await self._store.job(ticket.job_id) if ticket.backend not in self._catalog.names else None
            if job is not None and job.status in CANCELLABLE:
                await self._fail(job, BackendUnavailable(backend=job.backend))

    async def _close(self, job: Job) -> None:
        await asyncio.to_thread(shutil.rmtree, self._folder(job), ignore_errors=True)
        self._finished()

    # The three steps

    async def submit(self, job: Job) -> None:
        """Hands the request to the provider, where it takes requests without answering them in the same call."""
        if job.status is Status.ADMITTED:
            await self._store.move(job.id, {Status.ADMITTED}, Status.RUNNING)  # the intent, before anything is bought
        if not job.backend:
            return
        self._outlet.progress(job, 0.0, None)
        if self._catalog.capabilities(job.backend).resumable and job.handle is None:
            backend, request, _ = await self._request(job)
            async with self._in_time(job, SUBMIT_SECONDS):
                handle = await self._trying(job, lambda: backend.submit(request))
            await self._store.update(job.id, handle=handle)

    async def collect(self, job: Job) -> None:
        """Waits for the pictures, keeps them and composes the grid. Tiles are encoded while others are still being made."""
        if job.status is not Status.RUNNING:
            return  # this was done before a restart
        keeping = _Keeping(job.id, self._objects)
        try:
            images, changes = await (self._generate(job, keeping) if job.backend else self._copy(job, keeping))
            if len(images) > 1:
                images.append(await self._compose(job, images, keeping))
            if not await self._store.collected(job.id, images, **changes):
                await keeping.drop()
        except BaseException:
            await asyncio.shield(keeping.drop())
            raise

    async def deliver(self, job: Job) -> None:
        """Posts the result."""
        parcel = await self._parcel(job, await self._made_folder(job))
        arrived = await self._outlet.deliver(job, parcel)
        await self._copies(job, parcel)
        target = Status.DONE if arrived else Status.HELD
        await self._store.move(job.id, {Status.DELIVERING}, target)
        await self._close(job)

    # What they are made of

    async def _generate(self, job: Job, keeping: "_Keeping") -> tuple[list[Image], dict[str, Any]]:
        """What the backend makes of the job: its pictures, and what else the job's row is to say."""
        notes = (*job.notes, *self._restarted(job))
        async with self._in_time(job, self._settings.job_timeout):
            images, result, chosen = await self._trying(job, partial(self._collect, job, keeping))
        wanted = result.texts if chosen.operation is Operation.DESCRIBE else images
        if not wanted:
            raise BackendBroken(backend=job.backend)
        changes: dict[str, Any] = {"model": result.model or job.model, "cost_usd": result.cost_usd}
        changes["notes"] = (*notes, *chosen.notes, *result.notes)
        if result.texts:
            changes["details"] = {**job.details, "texts": list(result.texts)}
        return images, changes

    def _restarted(self, job: Job) -> list[Text]:
        """Where the bot was restarted after the backend was asked, a setting decides whether it is asked again."""
        before = (job.started_ms or 0) < self._since_ms
        if not before or job.handle is not None or self._catalog.capabilities(job.backend).repeatable:
            return []
        if self._settings.after_crash == "fail":
            raise LienzoError(
                T("The bot was restarted while this was being made. It was not asked for a second time; try again.")
            )
        return [T("Made a second time, since the bot was restarted in between.")]

    async def _collect(self, job: Job, keeping: "_Keeping") -> tuple[list[Image], Result, Plan]:
        backend, request, chosen = await self._request(job)
        collecting = _Collecting(job, self._outlet, partial(self._keep, job, request, chosen, keeping))
        task = asyncio.create_task(backend.collect(request, job.handle, collecting), name=f"collect {job.id}")
        try:
            result = await asyncio.shield(task)
            return await collecting.all(result), result, chosen
        except asyncio.CancelledError:
            # A backend that is cancelled stops the provider's work. At the end of this process that is taken up again by the next.
            if self._ending and job.handle is not None:
                task.add_done_callback(_forget)
            else:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            raise
        finally:
            await collecting.drop()

    def end(self) -> None:
        """The process ends: what providers work on under a handle is left to them."""
        self._ending = True

    @asynccontextmanager
    async def _in_time(self, job: Job, seconds: float) -> AsyncGenerator[None]:
        """All tries together. Raises `OutOfTime`."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self._catalog.failed(job.backend, BackendTimeout(backend=job.backend))
            raise OutOfTime(backend=job.backend) from None

    async def _request(self, job: Job) -> tuple[Backend, Request, Plan]:
        """The same request each time that it is asked for: everything in it comes from the store."""
        prompt = parsed(job)
        capabilities = self._catalog.capabilities(job.backend)
        source, guests, mask = await self.inputs(job)
        chosen = plan(job, prompt, capabilities, source, [role_of(image) for image in guests])
        parent = await self._store.job(job.parent_id) if job.parent_id else None
        foreign = parent is not None and maker(parent) != job.backend
        images = [
            await self._input(job, image, Role.INITIAL, foreign=foreign) for image in ([source] if source else [])
        ]
        images += [await self._input(job, image, role_of(image)) for image in guests]
        drawn = await self._objects.local(mask.key) if mask else None
        folder = await self._made_folder(job)
        request = await realise(chosen, job, prompt, images, self._imaging, folder, drawn)
        return self._catalog.backend(job.backend), request, chosen

    async def inputs(self, job: Job) -> tuple[Image | None, list[Image], Image | None]:
        """What a job works on: the picture itself, the user's other images, and the user's mask. Raises `NotFound` for a picture that is
        gone."""
        given = await self._store.images(job.id, ImageKind.INPUT)
        mask = next((image for image in given if role_of(image) is Role.MASK), None)
        source = await self._tile_of_parent(job) or next((i for i in given if role_of(i) is Role.INITIAL), None)
        return source, [image for image in given if image not in (mask, source)], mask

    async def _tile_of_parent(self, job: Job) -> Image | None:
        if job.parent_id is None or job.tile is None:
            return None
        outputs = await self._store.images(job.parent_id, ImageKind.OUTPUT)
        if len(outputs) < job.tile:
            raise NotFound
        return outputs[job.tile - 1]

    async def _input(self, job: Job, image: Image, role: Role, *, foreign: bool = False) -> InputImage:
        """What another backend noted of a picture means nothing to this one; a `foreign` one is a parent's by another."""
        path = await self._objects.local(image.key)
        if image.kind is ImageKind.OUTPUT:
            return InputImage(path=path, role=role, memo={} if foreign else image.memo)
        noted: dict[str, Any] = image.memo.get("made", {}) if image.memo.get("by") == job.backend else {}
        return InputImage(path=path, role=role, weight=float(image.memo.get("weight", 1.0)), memo=noted)

    async def _keep(
        self, job: Job, request: Request, chosen: Plan, keeping: "_Keeping", index: int, generated: Generated
    ) -> Image:
        """Stores a picture byte for byte as the backend sent it, unless a part of it or another format was asked for. Raises
        `BackendBroken` when it is none."""
        try:
            path, info = await self._finish(job, request, chosen, index, generated.path)
            await self._imaging.encode_tile(path, self._tile(job, index))
        except FetchError:
            raise BackendBroken(backend=job.backend) from None
        key, size = await keeping.put(f"{index}{info.suffix}", path)
        return Image(
            job_id=job.id,
            kind=ImageKind.OUTPUT,
            index=index,
            key=key,
            media_type=info.media_type,
            width=info.width,
            height=info.height,
            size=size,
            seed=generated.seed,
            memo=generated.memo,
        )

    async def _finish(self, job: Job, request: Request, chosen: Plan, index: int, path: Path) -> tuple[Path, ImageInfo]:
        """The picture with what was to stay put back, in the format that was asked for."""
        info = await self._imaging.sniff(path)
        if chosen.restored:
            restored = request.folder / f"restored-{index}.png"
            await self._imaging.restore(path, request.images[0].path, request.folder / MASK, restored)
            path, info = restored, await self._imaging.sniff(restored)
        wanted = parsed(job).get("format")
        if wanted is not None and info.suffix != f".{wanted}":
            converted = request.folder / f"converted-{index}.{wanted}"
            await self._imaging.converted(path, converted)
            path, info = converted, await self._imaging.sniff(converted)
        return path, info

    async def _compose(self, job: Job, outputs: Sequence[Image], keeping: "_Keeping") -> Image:
        """The grid of what was made."""
        sources = [await self._objects.local(image.key) for image in outputs]
        target = await self._made_folder(job) / "grid.jpg"
        size = await self._imaging.grid([self._tile(job, image.index) for image in outputs], sources, target)
        key, stored = await keeping.put(target.name, target)
        return Image(
            job_id=job.id,
            kind=ImageKind.GRID,
            index=0,
            key=key,
            media_type="image/jpeg",
            width=size.width,
            height=size.height,
            size=stored,
        )

    async def _copy(self, job: Job, keeping: "_Keeping") -> tuple[list[Image], dict[str, Any]]:
        """U1–U4: one picture of a grid becomes a result of its own, with its own bytes, so that either can be deleted."""
        source = await self._tile_of_parent(job)
        if source is None:
            raise NotFound
        key, _ = await keeping.put(f"0{Path(source.key).suffix}", await self._objects.local(source.key))
        return [replace(source, job_id=job.id, index=0, key=key)], {}

    async def _trying(self, job: Job, call: Callable[[], Awaitable[R]]) -> R:
        """Again where the error says that it may help, later each time, or when the provider says."""
        for attempt in range(1, TRIES + 1):
            try:
                done = await call()
            except BackendError as error:
                self._catalog.failed(job.backend, error)
                # A broken answer of a paid backend has been paid for: no second one is bought unasked.
                bought = isinstance(error, BackendBroken) and self._catalog.capabilities(job.backend).paid
                if not error.retry or bought or attempt == TRIES or job.backend in self._catalog.offline:
                    raise
                asked = error.retry_after if isinstance(error, RateLimited) else None
                wait = asked if asked is not None else FIRST_WAIT * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)
                log.info("job %s: try %d failed (%s), again in %.1f s", job.id, attempt, error, wait)
                await self._sleep(min(wait, LONGEST_WAIT))
            else:
                self._catalog.succeeded(job.backend)
                return done
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def parcel(self, job: Job, *, split: bool = False) -> AsyncGenerator[Parcel]:
        """A finished job as it is to be posted, for the time of the context; with `split` a grid's originals one by one instead."""
        folder = self._settings.data / "work" / f"parcel-{secrets.token_hex(8)}"
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            parcel = await self._parcel(job, folder)
            if split:
                outputs = await self._store.images(job.id, ImageKind.OUTPUT)
                parcel = replace(parcel, uploads=tuple([await self._numbered(job, image, folder) for image in outputs]))
            yield parcel
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _parcel(self, job: Job, folder: Path) -> Parcel:
        outputs = await self._store.images(job.id, ImageKind.OUTPUT)
        origin = tuple([ancestor async for ancestor in self._origin(job)])
        texts = tuple(job.details.get("texts", ()))
        if texts:
            source, _, _ = await self.inputs(job)
            shown = (await self._plain(job, source),) if source else ()
            return Parcel(shown, described(texts), job.notes, texts=texts, origin=origin)
        if not outputs:
            raise NotFound
        rows = buttons(outputs, self._capabilities(job))
        if len(outputs) == 1:
            return Parcel((await self.original(job, outputs[0], folder),), rows, job.notes, origin=origin)
        grid = (await self._store.images(job.id, ImageKind.GRID))[0]
        path = await self._objects.local(grid.key)
        alt = T("A grid of {count} pictures: {prompt}", count=len(outputs), prompt=_words(job)).in_language(
            job.place.locale
        )
        upload = Upload(path, file_name(job, path.suffix), alt[:ALT_TEXT])
        return Parcel((upload,), rows, job.notes, origin=origin)

    async def _plain(self, job: Job, image: Image) -> Upload:
        path = await self._objects.local(image.key)
        return Upload(path, file_name(job, path.suffix), "")

    async def _origin(self, job: Job) -> AsyncGenerator[Ancestor]:
        """The results that it was made from, one after the other, and where they stand."""
        seen = 0
        parent_id = job.parent_id
        while parent_id is not None and seen < ANCESTORS:
            parent = await self._store.job(parent_id)
            if parent is None:
                return
            seen += 1
            shown = [m for m in await self._store.messages(parent.id) if m.kind is MessageKind.RESULT]
            hidden = parent.place.ephemeral or parent.status is Status.DELETED
            yield Ancestor(parent, None if hidden or not shown else shown[-1])
            parent_id = parent.parent_id

    async def _copies(self, job: Job, parcel: Parcel) -> None:
        """What else is to be told of a result: a direct message where the user wants one, and the moderators' log."""
        told = {message.kind for message in await self._store.messages(job.id)}
        if job.place.copy and job.backend and MessageKind.COPY not in told:
            direct = job.evolve(place=replace(job.place, direct=True, token="", ephemeral=False, reply_to=None))
            await self._outlet.repost(direct, parcel, MessageKind.COPY)
        guild = await self._preferences.load_guild(job.guild_id) if job.guild_id else None
        if guild is not None and guild.log is not None and job.backend and MessageKind.LOG not in told:
            place = Place(channel_id=guild.log, guild_id=job.guild_id, locale=job.place.locale)
            headline = T("Job `{job}`", job=job.id)
            if job.place.ephemeral:
                headline = T("Job `{job}`, stealth", job=job.id)
            logged = replace(parcel, rows=((Button("delete"),),), notes=())
            await self._outlet.repost(job.evolve(place=place), logged, MessageKind.LOG, headline=headline)

    def _capabilities(self, job: Job) -> Capabilities | None:
        try:
            return self._catalog.capabilities(maker(job))
        except BackendError:
            return None

    async def original(self, job: Job, image: Image, folder: Path) -> Upload:
        """A copy of a picture as it was made, in `folder`, with the prompt, the parameters, the seed and the job written in."""
        source = await self._objects.local(image.key)
        target = folder / f"original-{image.index}{source.suffix}"
        await self._imaging.annotate(source, target, _info(job, parsed(job), image))
        alt = T("A picture: {prompt}", prompt=_words(job)).in_language(job.place.locale)
        return Upload(target, file_name(job, target.suffix), alt[:ALT_TEXT])

    async def _numbered(self, job: Job, image: Image, folder: Path) -> Upload:
        """An original whose name tells it apart from the others of its job."""
        upload = await self.original(job, image, folder)
        return replace(upload, filename=file_name(job, upload.path.suffix, image.index + 1))

    async def cancel(self, job: Job) -> None:
        """Tells the provider to drop what `submit` handed in. Raises `BackendError`."""
        if job.handle is None:
            return
        backend, request, _ = await self._request(job)
        async with asyncio.timeout(CANCEL_SECONDS):
            await backend.cancel(request, job.handle)

    def _tile(self, job: Job, index: int) -> Path:
        return self._folder(job) / f"tile-{index}.jpg"

    def _folder(self, job: Job) -> Path:
        return self._settings.data / "work" / job.id

    async def _made_folder(self, job: Job) -> Path:
        folder = self._folder(job)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        return folder


def _forget(task: "asyncio.Task[Result]") -> None:
    """Whatever came of it: nobody waits any more."""
    if not task.cancelled():
        task.exception()


def role_of(image: Image) -> Role:
    """What an input image is for."""
    return Role(image.memo["role"])


def parsed(job: Job) -> Prompt:
    """A job's prompt as a value."""
    return reread(job.prompt)


def maker(job: Job) -> str:
    """The backend that made a job's pictures: its own, or for a local job its parent's."""
    return job.backend or str(job.details.get("backend", ""))


def _words(job: Job) -> str:
    return parsed(job).text or T("images").in_language(job.place.locale)


def _info(job: Job, prompt: Prompt, image: Image) -> dict[str, str]:
    """All that is needed to make the picture again."""
    info = {"prompt": job.prompt, "seed": str(image.seed if image.seed is not None else job.seed)}
    if prompt.negative:
        info["negative_prompt"] = ", ".join(prompt.negative)
    info |= {"size": f"{image.width}x{image.height}", "backend": maker(job), "job": job.id, "action": str(job.action)}
    info |= {"model": job.model} if job.model else {}
    # The tile of a grid, and the seed of the first one, from which the others are counted.
    info |= {"tile": str(job.tile if job.action is Action.UPSAMPLE else image.index + 1), "grid_seed": str(job.seed)}
    if job.parent_id:
        info["parent"] = f"{job.parent_id} {job.tile}"
    if details := {name: value for name, value in job.details.items() if name not in ("backend", "texts")}:
        info["details"] = json.dumps(details, ensure_ascii=False)
    return info
