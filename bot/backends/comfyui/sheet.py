"""The pictures of a prompt as they are now, on one small sheet."""

import asyncio
import contextlib
import secrets
from pathlib import Path

from PIL import Image

from bot.errors import FetchError
from bot.imaging import full_disk
from bot.imaging.info import open_pixels

SIDE = 256  # pixels of the longer side of one picture
GREY = "#2b2d31"


class Sheet:
    """`count` places, two in a row. It holds each picture's latest thumbnail."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._found: dict[int, Image.Image] = {}

    async def shown(self, index: int, picture: bytes | Path) -> Path | None:
        """The sheet with this picture on it; None where that is no picture."""
        with full_disk():
            return await asyncio.to_thread(self._draw, index, picture)

    def _draw(self, index: int, picture: bytes | Path) -> Path | None:
        fresh = self._folder / f"preview-{secrets.token_hex(4)}.part"
        if isinstance(picture, bytes):
            fresh.write_bytes(picture)
        with contextlib.suppress(FetchError):
            image = open_pixels(fresh if isinstance(picture, bytes) else picture).convert("RGB")
            image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=1.0)
            self._found[index] = image
            with fresh.open("wb") as file:
                self._board().save(file, "JPEG", quality=80)
            return fresh.replace(self._folder / "preview.jpg")
        fresh.unlink(missing_ok=True)
        return None

    def _board(self) -> Image.Image:
        width, height = next(iter(self._found.values())).size
        board = Image.new("RGB", (width * min(2, self._count), height * ((self._count + 1) // 2)), GREY)
        for index, image in self._found.items():
            board.paste(image, (width * (index % 2), height * (index // 2)))
        return board
