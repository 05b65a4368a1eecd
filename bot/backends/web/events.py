"""Server-sent events (WHATWG HTML 9.2) whose data is JSON, read as they arrive."""

from collections.abc import Iterator
from pathlib import Path

from bot.backends.web.spool import Spool

DATA = b"data:"
DONE = b"[DONE]"


class Events:
    """Takes a stream in pieces and gives each event's data as a spool that is ready to `finish`. Names, ids and comments are dropped.

    With `whole`, the stream is no stream but one value.
    """

    def __init__(self, folder: Path) -> None:
        self.whole = False
        self._folder = folder
        self._spool: Spool | None = None
        self._head = b""  # of a line that does not show yet what it is
        self._line: bytes | None = None  # None: at the start of one; else `data:`, or nothing for any other
        self._over = False

    def feed(self, data: bytes) -> list[Spool]:
        """The events that ended in this piece."""
        if self.whole:
            self._open().feed(data)
            return []
        return [spool for line in data.splitlines(keepends=True) for spool in self._take(line)]

    def finish(self) -> list[Spool]:
        """What there is at the end, though no empty line ended it."""
        return list(self._event())

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    def _open(self) -> Spool:
        self._spool = self._spool or Spool(self._folder)
        return self._spool

    def _take(self, piece: bytes) -> Iterator[Spool]:
        """A line, or a part of one."""
        ends = piece.endswith((b"\n", b"\r"))
        if self._line is None:
            piece, self._head = self._head + piece, b""
            if ends and not piece.strip():
                yield from self._event()
                return
            if not ends and len(piece) < len(DATA):
                self._head = piece
                return
            self._line = DATA if piece.startswith(DATA) else b""
            piece = piece.removeprefix(self._line)
        if self._line:
            self._open().feed(piece)
        if ends:
            self._line = None

    def _event(self) -> Iterator[Spool]:
        spool, self._spool = self._spool, None
        if spool is None or self._over:
            return
        self._over = spool.is_text(DONE)
        if not self._over:
            yield spool
