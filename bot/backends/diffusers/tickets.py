"""Requests on their way through the passes: what still waits, what goes together, and what its user sees meanwhile."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from bot.backends.base import Generated, Progress, Request
from bot.backends.diffusers.passes import Look, Piece, Shape, Stopped

PREVIEW = 224  # pixels, the longer side of one picture
GROUND = (43, 45, 49)


@dataclass(slots=True, eq=False)
class Ticket:
    """A request. `joins`: it may go with others. `begun` is set when the model is ready for its first pass, or when there will be none;
    `stop` when nobody wants it any more. `split`: it did not fit in memory at once. Of its pictures, `waiting` are those not begun;
    `seen` is how each looks by now, and `preview` the last file of it."""

    request: Request
    shape: Shape
    pieces: Sequence[Piece]
    progress: Progress
    joins: bool
    done: asyncio.Future[None]
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    split: bool = False
    cut: bool = False
    withheld: int = 0
    images: dict[int, Generated] = field(default_factory=dict[int, Generated])
    waiting: list[int] = field(default_factory=list[int])
    seen: list[Image.Image | None] = field(default_factory=list[Image.Image | None])
    preview: Path | None = None

    def __post_init__(self) -> None:
        self.waiting = list(range(len(self.pieces)))
        self.seen = [None] * len(self.pieces)

    @property
    def finished(self) -> int:
        return len(self.images) + self.withheld

    def fail(self, error: BaseException) -> None:
        """Nothing more will come of it."""
        self.waiting.clear()
        self.begun.set()
        if not self.done.done() and not self.stop.is_set():
            self.done.set_exception(error)


#: A picture of a request in a pass.
Place = tuple[Ticket, int]


def joined(queue: Sequence[Ticket], most: int) -> list[Place]:
    """The next pass: what waits longest, and behind it all of the same shape, as far as `most` pictures go."""
    first = queue[0]
    company = queue if first.joins else queue[:1]
    alike = [ticket for ticket in company if ticket.shape == first.shape]
    return [(ticket, index) for ticket in alike for index in ticket.waiting][:most]


def by_ticket(places: Sequence[Place]) -> Mapping[Ticket, list[int]]:
    """Where in the pass each ticket's pictures are."""
    found: dict[Ticket, list[int]] = {}
    for position, (ticket, _) in enumerate(places):
        found.setdefault(ticket, []).append(position)
    return found


#: The preview of each ticket's pictures.
Sheets = Mapping[Ticket, Path]
NO_SHEETS: Sheets = {}


class Follower:
    """A `Watch` for one pass: tells the loop, at most every so often with pictures, and ends the pass when nobody is left."""

    def __init__(self, loop: asyncio.AbstractEventLoop, places: Sequence[Place], preview_seconds: float) -> None:
        self._loop = loop
        self._places = places
        self._tickets = by_ticket(places)
        self._before = {ticket: len(ticket.pieces) - len(ticket.waiting) for ticket in self._tickets}
        self._preview_seconds = preview_seconds
        self._shown = -preview_seconds

    def __call__(self, fraction: float, look: Look | None) -> None:
        wanted = [ticket for ticket in self._tickets if not ticket.stop.is_set()]
        if not wanted:
            raise Stopped
        sheets = self._sheets(look, wanted) if look is not None and self._due() else NO_SHEETS
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._tell, fraction, sheets)

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._shown < self._preview_seconds:
            return False
        self._shown = now
        return True

    def _sheets(self, look: Look, wanted: Sequence[Ticket]) -> Sheets:
        pictures = look()
        for picture, (ticket, index) in zip(pictures, self._places, strict=False):
            ticket.seen[index] = picture
        return {ticket: mosaic(ticket.seen, ticket.request.folder) for ticket in wanted} if pictures else NO_SHEETS

    def _tell(self, fraction: float, sheets: Sheets) -> None:
        for ticket, positions in self._tickets.items():
            ticket.begun.set()
            if not ticket.stop.is_set():
                share = (self._before[ticket] + fraction * len(positions)) / len(ticket.pieces)
                ticket.preview = sheets.get(ticket, ticket.preview)
                ticket.progress.update(min(1.0, share), ticket.preview)


def mosaic(pictures: Sequence[Image.Image | None], folder: Path) -> Path:
    """All of a request's pictures as they are now, in one small file that is replaced at once."""
    first = next(one for one in pictures if one is not None)
    scale = PREVIEW / max(first.size)
    size = (max(1, round(first.width * scale)), max(1, round(first.height * scale)))
    columns = 1 if len(pictures) == 1 else 2
    sheet = Image.new("RGB", (size[0] * columns, size[1] * -(-len(pictures) // columns)), GROUND)
    for place, picture in enumerate(pictures):
        if picture is not None:
            sheet.paste(picture.resize(size), (place % columns * size[0], place // columns * size[1]))
    path, draft = folder / "preview.jpg", folder / "preview.part.jpg"
    sheet.save(draft, quality=82)
    return draft.replace(path)
