"""A picture as a service takes it: not too large, not too long, not of too many bytes. All of it blocks."""

import math
from pathlib import Path

from PIL import Image

from bot.backends.base import Request
from bot.backends.stability.services import NAME, Limits
from bot.errors import BackendRejected
from bot.i18n import T
from bot.imaging import Size, fit
from bot.imaging.compose import to_srgb
from bot.imaging.info import open_pixels, sniff

MAX_BYTES = 9 << 20  # of a request, which a mask may be in, too, it takes 10 MiB
MIN_SIDE = 64


def prepared(request: Request, source: Path, limits: Limits) -> Path:
    """The picture that is worked on: itself where it will do, else a copy in the request's folder. Raises `BackendRejected`."""
    info = sniff(source)
    frame = request.frame
    wanted = within(Size(frame.width, frame.height) if frame else info.size, limits)
    if max(wanted) > limits.ratio * min(wanted):
        raise BackendRejected(
            T(
                "The {backend} backend works on no picture that is more than {ratio} times as long one way as the other.",
                backend=NAME,
                ratio=f"{limits.ratio:g}",
            )
        )
    if wanted == info.size and info.format != "GIF" and source.stat().st_size <= MAX_BYTES:
        return source
    image = to_srgb(open_pixels(source))
    image = image if image.size == wanted else image.resize(wanted, Image.Resampling.LANCZOS)
    target = request.folder / f"{NAME}-given.png"
    with target.open("wb") as file:
        image.save(file, "PNG", compress_level=1)
    return fit(target, target.with_suffix(".jpg"), MAX_BYTES)


def within(size: Size, limits: Limits) -> Size:
    """The size of the same shape that is within the limits."""
    scale = min(1.0, math.sqrt(limits.pixels / (size.width * size.height)), limits.side / max(size))
    scale = max(scale, MIN_SIDE / min(size))
    return size if scale == 1 else Size(*(max(MIN_SIDE, math.floor(side * scale)) for side in size))
