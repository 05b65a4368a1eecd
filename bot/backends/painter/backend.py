"""The painter as a backend: its own two threads, progress and previews, notes."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result, Role
from bot.backends.painter import works
from bot.backends.painter.instructions import instructed
from bot.backends.painter.lexicon import Features, unknown
from bot.backends.painter.noise import Array
from bot.errors import BackendBroken
from bot.i18n import T, Text

THREADS = 2
PREVIEW = 224  # the longer side of one picture in a preview
SHOWN_WORDS = 8

CAPABILITIES = Capabilities(
    operations=frozenset(Operation),
    parameters=frozenset({
        "chaos", "stylize", "weird", "tile", "no", "iw", "sref", "sw", "seed", "sameseed", "raw", "strength", "model", "draft",
        "hd", "quality", "stop", "exp",
    }),
    models=(works.NAME, works.SKETCH), turbo_model=works.SKETCH,
    max_inputs=5, size_step=16, min_side=64, max_side=works.MAX_SIDE, max_pixels=works.MAX_PIXELS, previews=True, repeatable=True,
    concurrency=THREADS, seconds=4.0,
)  # fmt: skip


class Stopped(Exception):
    """Ends a painting that nobody wants any more. Never leaves this module."""


class Easel:
    """The pictures of one request while they are painted. Threads report here; what is heard goes to the event loop."""

    def __init__(self, request: Request, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._fractions = [0.0] * len(request.seeds)
        self._thumbnails: list[Image.Image | None] = [None] * len(request.seeds)

    def stop(self) -> None:
        self._stop.set()

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def paint(self, index: int) -> Generated:
        """Paints one picture; in a thread."""
        self.check()
        job = works.Job(self._request, self.check, lambda fraction, planes: self._step(index, fraction, planes))
        image = works.make(job, index)
        self._show(index, 1.0, works.small(image.path, PREVIEW))
        return image

    def _step(self, index: int, fraction: float, planes: Array) -> None:
        self.check()
        self._show(index, fraction, works.thumbnail(planes, PREVIEW))

    def _show(self, index: int, fraction: float, picture: Image.Image) -> None:
        with self._lock:
            self._fractions[index] = fraction
            self._thumbnails[index] = picture
            preview = self._mosaic(picture.size)
            total = sum(self._fractions) / len(self._fractions)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._tell, total, preview)

    def _tell(self, fraction: float, preview: Path) -> None:
        if not self._stop.is_set():
            self._progress.update(fraction, preview)

    def _mosaic(self, size: tuple[int, int]) -> Path:
        """All pictures as they are now, in one small file that is replaced at once."""
        columns = 1 if len(self._thumbnails) == 1 else 2
        rows = -(-len(self._thumbnails) // columns)
        sheet = Image.new("RGB", (size[0] * columns, size[1] * rows), (43, 45, 49))
        for place, picture in enumerate(self._thumbnails):
            if picture is not None:
                sheet.paste(
                    picture.resize(size) if picture.size != size else picture,
                    (place % columns * size[0], place // columns * size[1]),
                )
        path, draft = self._request.folder / "preview.jpg", self._request.folder / "preview.part.jpg"
        sheet.save(draft, quality=82)
        return draft.replace(path)


class Painter:
    """Procedural art composed from the prompt's words: needs no key, no GPU and no network, and is deterministic by seed."""

    name = works.NAME

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="painter")

    async def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def submit(self, request: Request) -> str | None:
        return None

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        """Paints the request's pictures. Raises `BackendRejected` for input that cannot be read,
        `BackendBroken` if no file can be written."""
        try:
            if request.operation is Operation.DESCRIBE:
                return await self._described(request)
            images = await self._painted(request, progress)
        except OSError as error:
            raise BackendBroken(backend=self.name) from error
        return Result(
            images=images,
            notes=notes(request),
            model=works.SKETCH if works.Job(request).sketched else self.name,
            cost_usd=0.0,
        )

    async def _described(self, request: Request) -> Result:
        image = works.Job(request).initial
        texts = await asyncio.get_running_loop().run_in_executor(self._pool, works.describe, image)
        return Result(texts=texts, notes=notes(request), model=self.name, cost_usd=0.0)

    async def _painted(self, request: Request, progress: Progress) -> tuple[Generated, ...]:
        easel = Easel(request, progress)
        loop = asyncio.get_running_loop()

        async def one(index: int) -> Generated:
            image = await loop.run_in_executor(self._pool, easel.paint, index)
            progress.image(index, image)
            return image

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(index)) for index in range(len(request.seeds))]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            easel.stop()
        return tuple(task.result() for task in tasks)

    async def cancel(self, request: Request, handle: str) -> None:
        """Nothing is ever handed in: `collect` is cancelled itself."""

    def price(self, request: Request) -> float | None:
        return 0.0

    async def check(self) -> Text | None:
        return None

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def notes(request: Request) -> tuple[Text, ...]:
    """What the user should know: unknown words, pictures by others, and what this is."""
    told: list[Text] = []
    words = unknown([part.text for part in request.parts] + list(request.negative))
    instruction = request.operation is Operation.EDIT
    followed = instruction and instructed(Features(), request.text)[1]
    if words and not followed:
        shown = ", ".join(word[:40] for word in words[:SHOWN_WORDS])
        rest = len(words) - SHOWN_WORDS
        told.append(
            T("The painter does not know these words: {words}, and {count} more.", words=shown, count=rest)
            if rest > 0
            else T("The painter does not know these words: {words}.", words=shown)
        )
    if instruction and not followed:
        told.append(
            T(
                "The painter understood nothing in that instruction, so the picture stays as it was. "
                "Try “make the sky red”, “add a moon” or “remove the boat”."
            )
        )
    if request.only(Role.PROMPT) or request.only(Role.STYLE):
        told.append(T("Images lend the painter their colours, and with a larger `--iw` their light and horizon too."))
    if any(works.remembered(image) is None for image in request.images if image.role is Role.INITIAL):
        told.append(T("The painter did not make this picture, so it works from its colours and shapes alone."))
    told.append(T("This is procedural art, drawn by rules from the words it knows. No AI is involved."))
    return tuple(told)
