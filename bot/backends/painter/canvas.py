"""The canvas: planes of colour over a viewport of the world."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from bot.backends.painter.noise import Array, Box, counted


@dataclass(frozen=True, slots=True)
class View:
    """A window on the world. The world's y points down; `left` and `top` are in its units, `scale` is pixels a unit."""

    left: float
    top: float
    scale: float
    width: int
    height: int

    @classmethod
    def first(cls, width: int, height: int) -> "View":
        """The view of a new picture: of area 1, around the origin."""
        scale = math.sqrt(width * height)
        return cls(-width / scale / 2, -height / scale / 2, scale, width, height)

    def larger(self, factor: float) -> "View":
        """The same window with more pixels."""
        width, height = round(self.width * factor), round(self.height * factor)
        return View(self.left, self.top, self.scale * width / self.width, width, height)

    def around(self, left: int, top: int, frame_width: int, width: int, height: int) -> "View":
        """The window of a canvas of width × height in which this one appears at (left, top), `frame_width` pixels wide."""
        scale = self.scale * frame_width / self.width
        return View(self.left - left / scale, self.top - top / scale, scale, width, height)

    def part(self, left: int, top: int, right: int, bottom: int) -> "View":
        """The window of some of its pixels."""
        return View(self.left + left / self.scale, self.top + top / self.scale, self.scale, right - left, bottom - top)

    @property
    def box(self) -> Box:
        """Its edges in the world."""
        return self.left, self.top, self.left + self.width / self.scale, self.top + self.height / self.scale

    @property
    def xs(self) -> Array:
        return ((np.arange(self.width) + 0.5) / self.scale + self.left).astype(np.float32)

    @property
    def ys(self) -> Array:
        return ((np.arange(self.height) + 0.5) / self.scale + self.top).astype(np.float32)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * self.scale, (y - self.top) * self.scale

    def to_json(self) -> list[float]:
        return [round(self.left, 6), round(self.top, 6), round(self.scale, 4), self.width, self.height]

    @classmethod
    def from_json(cls, data: list[Any]) -> "View":
        left, top, scale, width, height = data
        return cls(float(left), float(top), float(scale), int(width), int(height))


def never() -> None:
    """The check of a painting that nobody cancels."""


def colour(value: Array) -> Array:
    """A colour of three numbers as planes that broadcast over a canvas."""
    return np.asarray(value, np.float32).reshape(3, 1, 1)


@dataclass(slots=True)
class Canvas:
    """Float32 planes (3, height, width), 0–1 in sRGB, painted back to front. `check` raises when the painting was cancelled."""

    view: View
    check: Callable[[], None] = never
    rgb: Array = field(init=False)
    xs: Array = field(init=False)
    ys: Array = field(init=False)
    #: Light that is added at the end: lamps, windows, the sun.
    bloom: Array | None = None

    def __post_init__(self) -> None:
        self.rgb = np.zeros((3, self.view.height, self.view.width), np.float32)
        self.xs, self.ys = self.view.xs, self.view.ys

    def rows(self, top: float, bottom: float = 1e9) -> slice:
        """The rows of pixels between two heights of the world."""
        first = int(np.clip(math.floor((top - self.view.top) * self.view.scale), 0, self.view.height))
        last = int(np.clip(math.ceil(min((bottom - self.view.top) * self.view.scale, 1e7)), 0, self.view.height))
        return slice(first, max(last, first))

    def lay(self, paint: Array, mask: Array, rows: slice | None = None) -> None:
        """Paints a colour (3,) or planes (3, rows, width) where `mask` (rows, width) is above 0."""
        self.check()
        region = self.rgb if rows is None else self.rgb[:, rows]
        if paint.ndim == 1:
            paint = colour(paint)
        change = paint - region
        change *= mask
        region += change

    def shine(self, paint: Array, amount: Array, rows: slice | None = None) -> None:
        """Adds light that also glows beyond its place."""
        if self.bloom is None:
            self.bloom = np.zeros_like(self.rgb)
        target = self.bloom if rows is None else self.bloom[:, rows]
        target += colour(paint) * amount

    def paste(self, sprite: Array, left: int, top: int) -> None:
        """Paints a sprite (4, height, width) of straight colour and alpha with its top left corner at a pixel."""
        self.check()
        clip = clipped(sprite.shape[1:], left, top, self.rgb.shape[1:])
        if clip is None:
            return
        here, there = clip
        region = self.rgb[(slice(None), *there)]
        piece = sprite[(slice(None), *here)]
        region += (piece[:3] - region) * piece[3]


def clipped(
    size: tuple[int, ...], left: int, top: int, into: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Where a rectangle (height, width) placed at (left, top) overlaps another: slices of the first and of the second."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + size[1], into[1]), min(top + size[0], into[0])
    if x0 >= x1 or y0 >= y1:
        return None
    return (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)), (slice(y0, y1), slice(x0, x1))


def to_image(rgb: Array) -> Image.Image:
    """Planes to an RGB picture."""
    pixels = (np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)), "RGB")


def from_image(image: Image.Image) -> Array:
    """An RGB picture to planes."""
    pixels = np.asarray(image.convert("RGB"), np.uint8)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def blurred(plane: Array, radius: float) -> Array:
    """A plane (height, width), or several, blurred by two box filters; edges are repeated."""
    if radius > 14:
        return _coarsely(plane, radius)
    size = max(int(radius), 1)
    for _ in range(2):
        for axis in (-1, -2):
            plane = boxed(plane, min(size, plane.shape[axis] - 1), axis)
    return plane


def _coarsely(plane: Array, radius: float) -> Array:
    """A wide blur, done on a smaller copy."""
    step = int(radius / 5)
    height, width = plane.shape[-2:]
    flat = plane.reshape(-1, height, width)
    size = max(width // step, 2), max(height // step, 2)
    done: list[Array] = []
    for one in flat:
        small = Image.fromarray(np.ascontiguousarray(one, np.float32)).resize(size, Image.Resampling.BOX)
        soft = blurred(np.asarray(small), radius / step)
        done.append(np.asarray(Image.fromarray(soft).resize((width, height), Image.Resampling.BILINEAR)))
    return np.stack(done).reshape(plane.shape)


def boxed(plane: Array, radius: int, axis: int) -> Array:
    """Means of 2 × radius + 1 values along an axis; edges are repeated."""
    if radius < 1:
        return plane
    pad = [(0, 0)] * plane.ndim
    pad[axis] = (radius + 1, radius)
    sums = np.cumsum(
        np.pad(plane, pad, mode="edge"), axis=axis, dtype=np.float64 if plane.shape[axis] > 4096 else np.float32
    )
    width = 2 * radius + 1
    ahead = np.take(sums, counted(sums.shape[axis] - width) + width, axis=axis)
    behind = np.take(sums, counted(sums.shape[axis] - width), axis=axis)
    return ((ahead - behind) / width).astype(np.float32)
