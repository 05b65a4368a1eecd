"""The backend: takes requests, joins those that wait into passes, and hands the pictures out."""

import asyncio
import contextlib
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result, Role
from bot.backends.diffusers.library import install
from bot.backends.diffusers.machine import TorchMachine
from bot.backends.diffusers.passes import Machine, OutOfMemory, Painted, Piece, Shape, Stopped, Traits, enough, strong
from bot.backends.diffusers.settings import NAME, DiffusersSettings
from bot.backends.diffusers.tickets import Follower, Place, Ticket, by_ticket, joined
from bot.errors import BackendBroken, BackendError, BackendRefused, BackendRejected, BackendTimeout, BackendUnavailable
from bot.i18n import T, Text
from bot.imaging import full_disk

PREVIEW_SECONDS = 1.0
CLOSE_SECONDS = 5.0
MOST_STEPS = 150


class Diffusers:
    """One machine with one model. What comes while it works waits here, and goes together where it can."""

    name = NAME

    def __init__(
        self,
        settings: DiffusersSettings,
        *,
        machine: Machine | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
    ) -> None:
        self._settings = settings
        self._machine = machine or TorchMachine(settings)
        self._preview_seconds = preview_seconds
        self._sources = settings.sources
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=NAME)
        self._traits: dict[str, asyncio.Task[Traits]] = {}
        self._loras: Mapping[str, Path] = {}
        self._queue: list[Ticket] = []
        self._most: dict[Hashable, int] = {}  # pictures of a footprint that fit in memory at once, where that is known
        self._working: asyncio.Task[None] | None = None
        self._handing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """A pass that runs ends with its step."""
        self._fail(list(self._queue), BackendUnavailable(backend=NAME))
        tasks: list[asyncio.Task[Any]] = [*self._handing, *self._traits.values()]
        tasks += [self._working] if self._working is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(self._thread.submit(self._machine.close)), CLOSE_SECONDS)
        self._thread.shutdown(wait=False, cancel_futures=True)

    # What it can do

    async def capabilities(self) -> Capabilities:
        """Of the first model. Only its small files are read."""
        traits = await self._known(self._settings.model)
        self._loras = await asyncio.to_thread(found, self._settings.loras) if traits.loras else {}
        side = self._settings.side or traits.side
        return Capabilities(
            operations=traits.operations,
            parameters=frozenset(self._parameters(traits)),
            models=tuple(self._sources),
            samplers=traits.samplers,
            loras=tuple(self._loras),
            min_side=min(256, side // 2),
            base_side=side,
            max_side=2 * side,
            max_pixels=2 * side * side,
            exact_masks=False,
            previews=traits.follows,
            repeatable=True,
            concurrency=self._settings.batch,
        )

    def _parameters(self, traits: Traits) -> set[str]:
        named = {"seed", "steps", "quality"}
        named |= {"strength"} if traits.operations > {Operation.GENERATE} else set()
        named |= {"no"} if traits.negative else set()
        named |= {"cfg"} if traits.guidance else set()
        named |= {"sampler"} if traits.samplers else set()
        return named | ({"lora"} if self._loras else set())

    async def _known(self, source: str) -> Traits:
        """Asked for once. Importing the packages may take longer than who asks will wait, and goes on then."""
        if source not in self._traits:
            self._traits[source] = asyncio.create_task(asyncio.to_thread(self._machine.traits, source))
        task = self._traits[source]
        try:
            return await asyncio.shield(task)
        except BackendError:
            if self._traits.get(source) is task:
                del self._traits[source]
            raise

    async def check(self) -> Text | None:
        if names := self._machine.missing():
            return install(names)
        try:
            await asyncio.to_thread(self._machine.device)
            for source in self._sources.values():
                await self._known(source)
        except BackendError as error:
            return error.text
        return None

    # What is asked of it

    def price(self, request: Request) -> float | None:
        return 0.0

    async def submit(self, request: Request) -> str | None:
        return None

    async def cancel(self, request: Request, handle: str) -> None:
        """Nothing is ever handed in: `collect` is cancelled itself."""

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        shape = await self._shape(request)
        joins = shape.operation in (await self._known(shape.source)).joins
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ticket = Ticket(request, shape, pieces(request), progress, joins, done)
        self._queue.append(ticket)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        try:
            await ticket.begun.wait()
            async with asyncio.timeout(self._settings.timeout):
                await ticket.done
        except TimeoutError:
            raise BackendTimeout(backend=NAME) from None
        finally:
            ticket.stop.set()
            if ticket in self._queue:
                self._queue.remove(ticket)
        return self._result(ticket)

    async def _shape(self, request: Request) -> Shape:
        """Raises `BackendRejected` for names that there is nothing of."""
        name = request.model or next(iter(self._sources))
        if (source := self._sources.get(name)) is None:
            raise self._unknown(
                T("There is no model called {name}. Check `{setting}`.", name=name, setting=self._setting("model"))
            )
        traits, given, settings = await self._known(source), request.parameters, self._settings
        if request.operation not in traits.operations:
            raise self._unknown(T("The model {name} can't do that.", name=name))
        strength = None if request.operation is Operation.GENERATE else strong(request.strength)
        quality = float(given.get("quality") or 1)
        steps = given.get("steps") or max(1, min(MOST_STEPS, round((settings.steps or traits.steps) * quality)))
        return Shape(
            source=source,
            operation=request.operation,
            width=request.width,
            height=request.height,
            steps=enough(steps, strength),
            guidance=given.get("cfg", settings.cfg),
            strength=strength,
            sampler=self._sampler(str(given.get("sampler") or settings.sampler), traits),
            loras=tuple(self._lora(name, weight) for name, weight in given.get("lora", ())),
            unwanted=bool(unwanted(request)),
        )

    def _setting(self, field: str) -> str:
        return self._settings.setting(field)

    def _unknown(self, reason: Text) -> BackendRejected:
        return BackendRejected(backend=NAME, reason=reason)

    def _sampler(self, wanted: str, traits: Traits) -> str:
        if not wanted:
            return ""
        named = next((name for name in traits.samplers if name.lower() == wanted.lower()), None)
        if named is None:
            raise self._unknown(T("There is no sampler called {name} for this model.", name=wanted))
        return named

    def _lora(self, wanted: str, weight: float) -> tuple[str, float]:
        named = next((name for name in self._loras if name.lower() == wanted.lower()), None)
        if named is None:
            raise self._unknown(T("There is no LoRA called {name}.", name=wanted))
        return str(self._loras[named]), weight

    def _result(self, ticket: Ticket) -> Result:
        """Raises `BackendRefused` where the model's safety filter left nothing."""
        if not ticket.images:
            raise BackendRefused(
                backend=NAME, reason=T("the model's safety filter found something indecent in every picture.")
            )
        images = tuple(ticket.images[index] for index in sorted(ticket.images))
        model = next(name for name, source in self._sources.items() if source == ticket.shape.source)
        return Result(images=images, notes=tuple(notes(ticket)), model=model, cost_usd=0.0)

    # The passes

    async def _work(self) -> None:
        """Until nothing waits. What goes wrong in a pass is the matter of those who are in it."""
        while self._queue:
            shape = self._queue[0].shape
            most = min(self._settings.batch, self._most.get(shape.footprint, self._settings.batch))
            places = joined(self._queue, most)
            outcome = await self._pass(shape, places)
            if isinstance(outcome, OutOfMemory):
                self._split(shape, places)
            elif isinstance(outcome, BaseException) and not isinstance(outcome, Stopped):
                self._fail(by_ticket(places), outcome)
            elif not isinstance(outcome, BaseException):
                self._take(places, outcome)

    async def _pass(self, shape: Shape, places: Sequence[Place]) -> Sequence[Painted] | BaseException:
        """What came of it, be it an error of any kind."""
        loop = asyncio.get_running_loop()
        follower = Follower(loop, places, self._preview_seconds)
        work = [ticket.pieces[index] for ticket, index in places]
        run = loop.run_in_executor(self._thread, self._machine.paint, shape, work, follower)
        return (await asyncio.gather(run, return_exceptions=True))[0]

    def _split(self, shape: Shape, places: Sequence[Place]) -> None:
        """The next pass of this size is half as large. Who has been through that already gets no third try."""
        self._most[shape.footprint] = max(1, len(places) // 2)
        tickets = list(by_ticket(places))
        reason = T("There was not enough memory for this. Ask for a smaller picture, or for fewer at once.")
        self._fail([one for one in tickets if one.split or len(places) == 1], BackendRejected(reason))
        for ticket in tickets:
            ticket.split = True

    def _fail(self, tickets: Sequence[Ticket] | Mapping[Ticket, object], error: BaseException) -> None:
        for ticket in tickets:
            ticket.fail(error)
            ticket.stop.set()
            if ticket in self._queue:
                self._queue.remove(ticket)

    def _take(self, places: Sequence[Place], painted: Sequence[Painted]) -> None:
        """What is finished is written down while the next pass runs."""
        for ticket, positions in by_ticket(places).items():
            made = {places[position][1]: painted[position] for position in positions}
            ticket.waiting = [index for index in ticket.waiting if index not in made]
            if not ticket.waiting and ticket in self._queue:
                self._queue.remove(ticket)
            if not ticket.stop.is_set():
                task = asyncio.create_task(self._hand_out(ticket, made))
                self._handing.add(task)
                task.add_done_callback(self._handing.discard)

    async def _hand_out(self, ticket: Ticket, made: Mapping[int, Painted]) -> None:
        outcomes = await asyncio.gather(
            *(self._keep(ticket, i, one) for i, one in made.items()), return_exceptions=True
        )
        wrong = next((one for one in outcomes if isinstance(one, BaseException)), None)
        if wrong is not None:
            self._fail([ticket], wrong)
        elif ticket.finished == len(ticket.pieces) and not ticket.done.done():
            ticket.progress.update(1.0, ticket.preview)
            ticket.done.set_result(None)

    async def _keep(self, ticket: Ticket, index: int, painted: Painted) -> None:
        """Raises `StorageFull` or `BackendBroken` where it can't be written."""
        ticket.cut = ticket.cut or painted.cut
        if painted.image is None:
            ticket.withheld += 1
            return
        path = ticket.request.folder / f"{NAME}-{index}.png"
        try:
            with full_disk():
                await asyncio.to_thread(write, painted.image, path)
        except OSError as error:
            raise BackendBroken(backend=NAME) from error
        ticket.images[index] = Generated(path=path, seed=ticket.request.seeds[index])
        if not ticket.stop.is_set():
            ticket.progress.image(index, ticket.images[index])


def pieces(request: Request) -> list[Piece]:
    """A piece for each seed. Such models know no weights: what is worth less than nothing goes where nothing of it is wanted."""
    initial = next((image.path for image in request.images if image.role is Role.INITIAL), None)
    return [Piece(request.text, unwanted(request), seed, initial, request.mask) for seed in request.seeds]


def unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])


def notes(ticket: Ticket) -> list[Text]:
    told: list[Text] = []
    if ticket.withheld:
        told.append(T("The model's safety filter withheld {count} of the pictures.", count=ticket.withheld))
    if ticket.cut:
        told.append(T("The prompt is longer than this model reads: its end was left out."))
    if ticket.split:
        told.append(T("There was not enough memory for all pictures at once, so they were made in turn."))
    return told


def found(folder: Path | None) -> dict[str, Path]:
    """The LoRAs in a folder, by name. Only files that hold nothing but numbers. Blocks."""
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


def write(image: Image.Image, path: Path) -> None:
    """Blocks. Packed lightly: it is the fastest that keeps every pixel."""
    with path.open("wb") as file:
        image.save(file, "PNG", compress_level=1)
