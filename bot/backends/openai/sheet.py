"""Half-done pictures on one small sheet, as they are shown while the rest is made."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from bot.errors import FetchError
from bot.imaging.info import open_pixels

SIDE = 256  # pixels of the longer side of one picture


def sheet(pictures: Mapping[int, Path], count: int, target: Path) -> Path | None:
    """A JPEG with `count` places, two in a row, each with its picture, if there is one; None while there is none. Blocks."""
    found: dict[int, Image.Image] = {}
    for index, path in pictures.items():
        with contextlib.suppress(FetchError):
            found[index] = _thumbnail(path)
    if not found:
        return None
    width, height = next(iter(found.values())).size
    board = Image.new("RGB", (width * min(2, count), height * ((count + 1) // 2)), "#2b2d31")
    for index, image in found.items():
        board.paste(image, (width * (index % 2), height * (index // 2)))
    fresh = target.with_suffix(".new")
    with fresh.open("wb") as file:
        board.save(file, "JPEG", quality=80)
    return fresh.replace(target)


def _thumbnail(path: Path) -> Image.Image:
    image = open_pixels(path).convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=1.0)
    return image


class Sheet:
    """The sheet of one request. One at a time is drawn; it shows each picture's latest."""

    def __init__(self, folder: Path, count: int) -> None:
        self._target = folder / "preview.jpg"
        self._count = count
        self._pictures: dict[int, Path] = {}
        self._lock = asyncio.Lock()

    async def shown(self, index: int, picture: Path) -> Path | None:
        self._pictures[index] = picture
        async with self._lock:
            return await asyncio.to_thread(sheet, dict(self._pictures), self._count, self._target)
