"""What an image file is, told by its first bytes alone, and its pixels, decoded only once it is known how many there are.

Layouts: PNG (W3C, IHDR), JPEG (ITU T.81, annex B), GIF89a (logical screen descriptor), WebP (RFC 9649).
"""

import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

from bot.errors import FetchError
from bot.i18n import T

#: The most pixels that are ever decoded: 8192 x 8192. Under the limit at which Pillow itself warns.
MAX_PIXELS = 64 * 1024 * 1024

#: JPEG markers that start a frame and carry its size; C4, C8 and CC mean other things.
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Size(NamedTuple):
    """In pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a file says of itself. `suffix` has its dot. Width and height are as stored, before any EXIF orientation."""

    format: str
    media_type: str
    suffix: str
    width: int
    height: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)


def sniff(path: Path, *, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Reads the header and no pixels. FetchError when it is no PNG, JPEG, WebP or GIF, is broken, or has more than `max_pixels`."""
    with path.open("rb") as file:
        info = _read_header(file)
    if info is None or info.width < 1 or info.height < 1:
        raise FetchError(T("That file is not a PNG, JPEG, WebP or GIF picture, or it is damaged."))
    _check_pixels(info.size, max_pixels)
    return info


def open_pixels(path: Path, *, max_pixels: int = MAX_PIXELS, at_least: Size | None = None) -> Image.Image:
    """The first frame, decoded; the file is closed. Errors as `sniff`, and for a file that is cut short.

    A JPEG may come out smaller, though not below `at_least` on either side, since it can be decoded at 1/2, 1/4 and 1/8 for less.
    """
    info = sniff(path, max_pixels=max_pixels)
    with path.open("rb") as file, broken_files():
        image = Image.open(file, formats=[info.format])
        # A crafted file may tell its two readers two sizes.
        _check_pixels(Size(*image.size), max_pixels)
        if at_least is not None:
            image.draft(None, at_least)
        image.load()
        return image


@contextmanager
def broken_files() -> Generator[None]:
    """Turns what Pillow raises over damaged files into a FetchError. Only for reading: a full disk is an OSError too."""
    try:
        yield
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        LookupError,
        TypeError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise FetchError(T("That picture is damaged or cut short.")) from error


def _check_pixels(size: Size, max_pixels: int) -> None:
    if size.width * size.height > max_pixels:
        raise FetchError(
            T(
                "That picture is too large: {width} × {height} pixels, where at most {limit} megapixels are taken.",
                width=size.width,
                height=size.height,
                limit=max_pixels // 1_000_000,
            )
        )


def _read_header(file: BinaryIO) -> ImageInfo | None:
    start = file.read(30)
    try:
        if start.startswith(b"\x89PNG\r\n\x1a\n") and start[12:16] == b"IHDR":
            return ImageInfo("PNG", "image/png", ".png", *struct.unpack(">II", start[16:24]))
        if start.startswith(b"\xff\xd8\xff"):
            size = _jpeg_size(file)
            return size and ImageInfo("JPEG", "image/jpeg", ".jpg", *size)
        if start[:6] in (b"GIF87a", b"GIF89a"):
            return ImageInfo("GIF", "image/gif", ".gif", *struct.unpack("<HH", start[6:10]))
        if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            size = _webp_size(start)
            return size and ImageInfo("WEBP", "image/webp", ".webp", *size)
    except struct.error:  # the header itself is cut short
        pass
    return None


def _jpeg_size(file: BinaryIO) -> Size | None:
    """Walks the segments, however long, up to the frame header. A frame of no height (which DNL would tell later) is refused."""
    file.seek(2)
    while (head := file.read(4))[:1] == b"\xff" and len(head) == 4:
        marker, length = struct.unpack(">xBH", head)
        if marker == 0xFF:  # fill bytes may precede a marker
            file.seek(-3, 1)
        elif marker in FRAME_MARKERS:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return Size(width, height)
        elif marker in (0xD9, 0xDA) or length < 2:
            return None
        else:
            file.seek(length - 2, 1)
    return None


def _webp_size(start: bytes) -> Size | None:
    kind = start[12:16]
    if kind == b"VP8X":
        return Size(1 + int.from_bytes(start[24:27], "little"), 1 + int.from_bytes(start[27:30], "little"))
    if kind == b"VP8L" and start[20:21] == b"\x2f":
        bits = int.from_bytes(start[21:25], "little")
        return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 " and start[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", start[26:30])
        return Size(width & 0x3FFF, height & 0x3FFF)
    return None
