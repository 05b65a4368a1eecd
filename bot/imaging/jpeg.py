"""Grids put together and taken apart without touching a pixel.

A baseline JPEG with a restart marker after every row of blocks is a list of byte strings that can each be decoded alone (ITU T.81, E.1.4).
Two such pictures with the same tables stand side by side once their rows take turns, the markers are counted anew and the header gives
the new size: the decoded pixels are those of the whole mosaic encoded at once.
"""

import functools
import shutil
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from bot.imaging.info import Size

QUALITY = 92
#: Side of a block, which at 4:4:4 is also the smallest unit that is coded.
BLOCK = 8
MAX_SIDE = 65535
#: What fills the place of a picture that is missing.
DARK = (24, 25, 28)

MARKERS = tuple(bytes((0xFF, 0xD0 + n)) for n in range(8))
END = b"\xff\xd9"


class CannotSplice(ValueError):
    """The tiles don't fit for this; decode and encode them instead."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A JPEG split at its restart markers. `header` is everything before the coded rows; `size_at` is where in it height and width are."""

    header: bytes
    size_at: int
    size: Size
    intervals: list[memoryview]  # left to right, then top to bottom

    def resized(self, size: Size) -> bytes:
        at = self.size_at
        return self.header[:at] + struct.pack(">HH", size.height, size.width) + self.header[at + 4 :]


def save_tile(image: Image.Image, file: IO[bytes]) -> None:
    """Encodes an RGB picture so that it can be spliced. `file` must be a real one: Pillow lets go of the GIL only then."""
    # An empty comment, as Pillow would carry the source's over and the tiles' headers must be alike.
    image.save(file, "JPEG", quality=QUALITY, subsampling="4:4:4", restart_marker_rows=1, comment=b"")


def layout(count: int) -> tuple[int, int]:
    """Columns and rows of the grid of 1–4 pictures."""
    if not 1 <= count <= 4:
        raise ValueError(f"a grid has 1 to 4 pictures, not {count}")
    return (1 if count == 1 else 2), (2 if count > 2 else 1)


def splice(tiles: Sequence[Path], target: Path) -> Size:
    """1–4 tiles of one size, sides multiples of 8, to one JPEG of 1 × 1, 2 × 1 or 2 × 2; the place of a missing fourth is dark.

    CannotSplice when they are otherwise. A single tile is copied as it is.
    """
    columns, rows = layout(len(tiles))
    parts = [parse(path.read_bytes()) for path in tiles]
    first = parts[0]
    if len(tiles) == 1:
        shutil.copyfile(tiles[0], target)
        return first.size
    if len(parts) < columns * rows:
        parts.append(parse(_dark_tile(first.size)))
    size = Size(first.size.width * columns, first.size.height * rows)
    if any(side % BLOCK for side in first.size) or max(size) > MAX_SIDE:
        raise CannotSplice("the sides must be multiples of 8 and stay under 65536")
    if any(part.header != first.header for part in parts):
        raise CannotSplice("the tiles differ in size or tables")
    intervals: list[memoryview] = []
    for row in range(rows):
        for together in zip(*(part.intervals for part in parts[row * columns : (row + 1) * columns]), strict=True):
            intervals += together
    _write(first.resized(size), intervals, target)
    return size


def cut(grid: Path, index: int, columns: int, rows: int, target: Path) -> Size:
    """The tile at `index` (row by row, from 0) of a spliced grid, as it was before. CannotSplice for any other file."""
    whole = parse(grid.read_bytes())
    size = Size(whole.size.width // columns, whole.size.height // rows)
    across, down = size.width // BLOCK, size.height // BLOCK
    if (
        size.width * columns != whole.size.width
        or size.height * rows != whole.size.height
        or any(side % BLOCK for side in size)
    ):
        raise CannotSplice("the grid does not divide into whole blocks")
    if len(whole.intervals) != columns * rows * down or _restart_interval(whole.header) != across:
        raise CannotSplice("the grid's restart markers are not at the tiles' edges")
    row, column = divmod(index, columns)
    start = row * down * columns + column
    _write(whole.resized(size), whole.intervals[start : start + down * columns : columns], target)
    return size


def parse(data: bytes) -> Tile:
    """Splits a file as `save_tile` writes it. CannotSplice for any that is not baseline, 4:4:4 and complete."""
    if not (data.startswith(b"\xff\xd8") and data.endswith(END)):
        raise CannotSplice("not a whole JPEG")
    size_at, start, per_interval = 0, 2, 0
    size = Size(0, 0)
    try:
        while (marker := data[start + 1]) != 0xDA:
            if marker == 0xC0:
                size_at, size = start + 5, _frame_size(data, start)
            elif marker == 0xDD:
                (per_interval,) = struct.unpack_from(">H", data, start + 4)
            start += 2 + int.from_bytes(data[start + 2 : start + 4])
        start += 2 + int.from_bytes(data[start + 2 : start + 4])
    except (IndexError, struct.error) as error:
        raise CannotSplice("its header is damaged") from error
    blocks = -(-size.width // BLOCK) * -(-size.height // BLOCK)
    if not per_interval or not blocks or blocks % per_interval:
        raise CannotSplice("not a baseline JPEG at 4:4:4 with a restart marker for each row")
    return Tile(data[:start], size_at, size, _intervals(data, start, blocks // per_interval))


def _frame_size(data: bytes, at: int) -> Size:
    """Of a baseline frame of three components, none of which is subsampled."""
    height, width, components = struct.unpack_from(">HHB", data, at + 5)
    if components != 3 or data[at + 11 : at + 19 : 3] != b"\x11\x11\x11":
        raise CannotSplice("not 4:4:4")
    return Size(width, height)


def _restart_interval(header: bytes) -> int:
    at = header.index(b"\xff\xdd\x00\x04")
    return int.from_bytes(header[at + 4 : at + 6])


def _intervals(data: bytes, start: int, count: int) -> list[memoryview]:
    """What lies between the restart markers, which must be `count` - 1 and in order."""
    # In coded data an FF is either followed by 00 or it starts a marker.
    scan = np.frombuffer(data, np.uint8)[start:-2]
    found = np.flatnonzero(scan[:-1] == 0xFF)
    found = found[scan[found + 1] & 0xF8 == 0xD0]
    if len(found) != count - 1 or np.any(scan[found + 1] & 7 != np.arange(count - 1) % 8):
        raise CannotSplice("a restart marker is missing")
    starts, ends = [start, *(found + (start + 2)).tolist()], [*(found + start).tolist(), len(data) - 2]
    view = memoryview(data)
    return [view[left:right] for left, right in zip(starts, ends, strict=True)]


def _write(header: bytes, intervals: list[memoryview], target: Path) -> None:
    pieces: list[bytes | memoryview] = [header]
    for number, interval in enumerate(intervals):
        pieces += (interval, MARKERS[number % 8])
    pieces[-1] = END
    target.write_bytes(b"".join(pieces))


@functools.lru_cache(maxsize=8)
def _dark_tile(size: Size) -> bytes:
    with tempfile.TemporaryFile() as file:
        save_tile(Image.new("RGB", size, DARK), file)
        file.seek(0)
        return file.read()
