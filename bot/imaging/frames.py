"""Larger canvases and masks, from which zoom, pan and region are composed for backends that can only inpaint."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bot.backends.base import Frame
from bot.errors import FetchError
from bot.i18n import T
from bot.imaging.compose import to_srgb
from bot.imaging.info import Size, open_pixels

Direction = Literal["left", "right", "up", "down"]

#: Regions are chosen on a board of 3 x 3 cells, numbered row by row from 0.
BOARD = 3


def frame_for_zoom(
    width: int, height: int, factor: float, *, canvas: Size | None = None, step: int = 16
) -> tuple[Size, Frame]:
    """The canvas of a zoom out and where the picture of `width` × `height` lies on it: centred, `factor` (1 or more) times smaller.

    The canvas has the picture's own size unless `canvas` says otherwise (then the picture fits into it before it shrinks: factor 1 on a
    square canvas is "Make Square"). Its sides are rounded to `step`; the picture keeps its shape.
    """
    if factor < 1:
        raise ValueError(f"a zoom out is by 1 or more, not {factor}")
    wanted = canvas or Size(width, height)
    size = Size(_round(wanted.width, step), _round(wanted.height, step))
    scale = min(size.width / width, size.height / height) / factor
    inner = Size(max(1, round(width * scale)), max(1, round(height * scale)))
    if factor == 1:  # what rounding the canvas left over is no margin worth painting
        inner = Size(*(side if side - kept < step else kept for side, kept in zip(size, inner, strict=True)))
    return size, Frame((size.width - inner.width) // 2, (size.height - inner.height) // 2, *inner)


def frame_for_pan(
    width: int,
    height: int,
    direction: Direction,
    *,
    by: float = 0.5,
    step: int = 16,
    max_side: int = 2048,
    max_pixels: int = 2048 * 2048,
) -> tuple[Size, Frame]:
    """The canvas of a pan and where the picture lies on it: longer by the fraction `by` towards `direction`, the picture at the other end.

    All of it shrinks where it would pass `max_side` or `max_pixels`. The canvas's sides are multiples of `step`, and the picture spans
    the whole of the side that doesn't grow.
    """
    along = direction in ("left", "right")
    long = (width if along else height) * (1 + by)
    across = height if along else width
    scale = min(1.0, max_side / max(long, across), (max_pixels / (long * across)) ** 0.5)
    rounding = _round if scale == 1.0 else _round_down
    canvas_long, canvas_across = rounding(long * scale, step), rounding(across * scale, step)
    kept = max(1, min(canvas_long - 1, round((width if along else height) * scale)))
    start = canvas_long - kept if direction in ("left", "up") else 0
    if along:
        return Size(canvas_long, canvas_across), Frame(start, 0, kept, canvas_across)
    return Size(canvas_across, canvas_long), Frame(0, start, canvas_across, kept)


def canvas(
    source: Path, target: Path, mask_target: Path, *, width: int, height: int, frame: Frame, feather: int = 0
) -> None:
    """The source at `frame` on a transparent PNG of `width` × `height`, and an L mask of the same size, white where there is no picture.

    `feather` pixels inside the frame, along those of its edges that are not the canvas's, fade from white to black, so that what is
    painted around blends in.
    """
    picture = to_srgb(open_pixels(source))
    if picture.size != (frame.width, frame.height):
        picture = picture.resize((frame.width, frame.height), Image.Resampling.LANCZOS)
    whole = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    whole.paste(picture, (frame.left, frame.top))
    _save_png(whole, target)
    across = _ramp(width, frame.left, frame.width, feather)
    down = _ramp(height, frame.top, frame.height, feather)
    _save_png(Image.fromarray(np.maximum(across[None, :], down[:, None])), mask_target)


def region_mask(target: Path, size: Size, cells: Collection[int]) -> None:
    """A mask of `size`, white in those of the 3 × 3 `cells` (0–8, row by row) that were chosen."""
    if not cells or not set(cells) <= set(range(BOARD * BOARD)):
        raise ValueError(f"cells are 0 to {BOARD * BOARD - 1}, at least one: {sorted(cells)}")
    mask = Image.new("L", size, 0)
    for cell in cells:
        row, column = divmod(cell, BOARD)
        left, top = column * size.width // BOARD, row * size.height // BOARD
        mask.paste(255, (left, top, (column + 1) * size.width // BOARD, (row + 1) * size.height // BOARD))
    _save_png(mask, target)


def load_mask(source: Path, target: Path, size: Size) -> None:
    """A drawn mask as an L PNG of `size`, white where to repaint: what is transparent in it, or, in an opaque one, what is white.

    FetchError when it marks nothing.
    """
    image = to_srgb(open_pixels(source))
    alpha = image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)
    erased = alpha.getextrema() != (255, 255)
    mask = ImageOps.invert(alpha) if erased else image.convert("L")
    mask = mask.resize(size, Image.Resampling.BILINEAR)
    if mask.getextrema()[1] < 128:  # pyright: ignore[reportOperatorIssue] - one band, so a pair of numbers
        raise FetchError(T("The mask marks nothing. Paint white, or erase, what is to be painted again."))
    _save_png(mask, target)


def _ramp(length: int, start: int, extent: int, feather: int) -> NDArray[np.uint8]:
    """Along one axis: 255 outside of the frame, falling to 0 over `feather` pixels inside of each edge that is not the canvas's."""
    at = np.arange(length) + 0.5
    inside = np.full(length, np.inf)
    if start > 0:
        inside = np.minimum(inside, at - start)
    if start + extent < length:
        inside = np.minimum(inside, start + extent - at)
    faded = np.where(inside < 0, 255.0, 255.0 * (1 - inside / feather) if feather else 0.0)
    return np.clip(np.rint(faded), 0, 255).astype(np.uint8)


def _save_png(image: Image.Image, target: Path) -> None:
    with target.open("wb") as file:
        image.save(file, "PNG", compress_level=1)


def _round(side: float, step: int) -> int:
    return max(step, round(side / step) * step)


def _round_down(side: float, step: int) -> int:
    return max(step, int(side / step) * step)
