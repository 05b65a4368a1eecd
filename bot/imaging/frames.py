"""Larger canvases and masks, from which zoom, pan and region are composed for backends that can only inpaint."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

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


class Limits(NamedTuple):
    """What sizes a canvas may have, in pixels: both sides multiples of `step`."""

    step: int = 16
    min_side: int = 64
    max_side: int = 2048
    max_pixels: int = 2048 * 2048


USUAL = Limits()


def frame_for_zoom(
    width: int,
    height: int,
    factor: float,
    *,
    aspect: tuple[float, float] | None = None,
    limits: Limits = USUAL,
) -> tuple[Size, Frame]:
    """The canvas of a zoom out and where the picture of `width` × `height` lies on it: centred and, where the limits allow, unscaled.

    The canvas is the picture's size times `factor` (1 or more), or with `aspect` the smallest of that shape which holds as much: factor
    1 and a square shape is "Make Square". Where it would be too large, or too small, for the limits, all of it is scaled with the
    picture on it; in shapes that the limits can't hold, the picture keeps its own shape.
    """
    if factor < 1:
        raise ValueError(f"a zoom out is by 1 or more, not {factor}")
    wide, high = width * factor, height * factor
    if aspect is not None:
        shape = aspect[0] / aspect[1]
        wide, high = max(wide, high * shape), max(high, wide / shape)
    return _framed(Size(width, height), wide, high, (0.5, 0.5), limits)


def frame_for_pan(
    width: int,
    height: int,
    direction: Direction,
    *,
    by: float = 0.5,
    limits: Limits = USUAL,
) -> tuple[Size, Frame]:
    """The canvas of a pan and where the picture lies on it: longer by the fraction `by` towards `direction`, the picture at the other end.

    Limits and scaling as for a zoom. Across, the picture spans the canvas but for what rounding adds.
    """
    along = direction in ("left", "right")
    wide, high = (width * (1 + by), height) if along else (width, height * (1 + by))
    at = {"left": (1.0, 0.5), "right": (0.0, 0.5), "up": (0.5, 1.0), "down": (0.5, 0.0)}[direction]
    return _framed(Size(width, height), wide, high, at, limits)


def _framed(picture: Size, wide: float, high: float, at: tuple[float, float], limits: Limits) -> tuple[Size, Frame]:
    """The canvas nearest to `wide` × `high`, and the picture on it at a fraction of the room that is left."""
    step, lowest = limits.step, -(-limits.min_side // limits.step) * limits.step
    highest = max(limits.max_side // step * step, lowest, step)
    small = max(1.0, limits.min_side / min(wide, high))
    large = min(1.0, limits.max_side / max(wide, high), math.sqrt(limits.max_pixels / (wide * high)))
    scale = large if large < 1 else small

    def side(value: float, kept: int) -> int:
        rounded = round(value * scale / step) * step
        # Of an unscaled picture not a row is lost to rounding.
        held = -(-kept // step) * step if scale == 1 else 0
        return min(highest, max(lowest, step, rounded, held))

    across, down = side(wide, picture.width), side(high, picture.height)
    while across * down > limits.max_pixels and max(across, down) > step:
        across, down = (across - step, down) if across >= down else (across, down - step)
    if scale == 1 and across >= picture.width and down >= picture.height:
        inner = picture
    else:
        # Of the same room as on the canvas that was wanted; what rounding left over is no margin worth painting.
        fit = min(across / wide, down / high)
        inner = Size(
            *(
                total if total - kept < step else kept
                for total, kept in zip((across, down), (max(1, round(kept * fit)) for kept in picture), strict=True)
            )
        )
    left, top = (int((total - kept) * part) for total, kept, part in zip((across, down), inner, at, strict=True))
    return Size(across, down), Frame(left, top, *inner)


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
