"""The pen that subjects are drawn with: smooth shapes on a supersampled picture, and a second one for what gives light.

A subject's own coordinates: its base is the middle of the bottom at (0, 0), y points up, and its height is 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from bot.backends.painter.noise import Array, Noise
from bot.backends.painter.palette import COLOURS, mix, rgb

Point = tuple[float, float]
MARGIN = 0.12  # around a subject's box, as a part of its height


@dataclass(slots=True)
class Pen:
    """Draws one subject. `wide` is its width in heights, `pixels` its height in pixels, `noise` its own chance."""

    wide: float
    pixels: float
    noise: Noise
    chosen: str = ""
    night: float = 0.0
    snow: bool = False
    lamp: Array = field(default_factory=lambda: rgb("ffcf7a"))
    foliage: Array = field(default_factory=lambda: rgb("4c7a3f"))
    sample: int = field(init=False)
    unit: float = field(init=False)
    ink: Image.Image = field(init=False)
    light: Image.Image = field(init=False)
    _ink: ImageDraw.ImageDraw = field(init=False)
    _light: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.sample = 4 if self.pixels < 160 else 3 if self.pixels < 500 else 2
        self.unit = self.pixels * self.sample
        size = (self._even((self.wide + 2 * MARGIN) * self.pixels), self._even((1 + 2 * MARGIN) * self.pixels))
        self.ink = Image.new("RGBA", size)
        self.light = Image.new("L", size)
        self._ink, self._light = ImageDraw.Draw(self.ink), ImageDraw.Draw(self.light)

    def _even(self, pixels: float) -> int:
        return max(math.ceil(pixels), 2) * self.sample

    @property
    def origin(self) -> tuple[float, float]:
        """The base point in pixels of the finished sprite."""
        return self.ink.width / self.sample / 2, self.ink.height / self.sample - MARGIN * self.pixels

    def main(self, code: str) -> Array:
        """The subject's main colour: the one that was asked for, else this one."""
        if not self.chosen:
            return rgb(code)
        return COLOURS[self.chosen]

    def number(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        return self.noise.number(name, low, high)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        middle, bottom = self.ink.width / 2, self.ink.height - MARGIN * self.unit
        return [(middle + x * self.unit, bottom - y * self.unit) for x, y in points]

    def poly(self, points: Sequence[Point], paint: Array) -> None:
        """A polygon with straight sides."""
        self._ink.polygon(self._at(points), fill=_code(paint))

    def cut(self, points: Sequence[Point]) -> None:
        """Takes away what was drawn within a polygon."""
        self._ink.polygon(self._at(points), fill=(0, 0, 0, 0))

    def blob(self, points: Sequence[Point], paint: Array) -> None:
        """A closed smooth shape through the points."""
        self.poly(smooth(points), paint)

    def oval(self, x: float, y: float, rx: float, ry: float, paint: Array) -> None:
        self._ink.ellipse(self._box(x, y, rx, ry), fill=_code(paint))

    def _box(self, x: float, y: float, rx: float, ry: float) -> list[float]:
        ((cx, cy),) = self._at([(x, y)])
        return [cx - rx * self.unit, cy - ry * self.unit, cx + rx * self.unit, cy + ry * self.unit]

    def rect(self, left: float, bottom: float, right: float, top: float, paint: Array) -> None:
        self.poly([(left, bottom), (right, bottom), (right, top), (left, top)], paint)

    def limb(self, points: Sequence[tuple[float, float, float]], paint: Array) -> None:
        """A chain of rounded, tapering segments; each point has its radius."""
        for x, y, r in points:
            self.oval(x, y, r, r, paint)
        for (x0, y0, r0), (x1, y1, r1) in pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0) or 1e-6
            nx, ny = (y0 - y1) / length, (x1 - x0) / length
            self.poly(
                [
                    (x0 + nx * r0, y0 + ny * r0),
                    (x1 + nx * r1, y1 + ny * r1),
                    (x1 - nx * r1, y1 - ny * r1),
                    (x0 - nx * r0, y0 - ny * r0),
                ],
                paint,
            )

    def curve(self, points: Sequence[Point], r0: float, r1: float, paint: Array) -> None:
        """A smooth stroke through the points, its radius going from r0 to r1."""
        line = smooth(points, closed=False)
        last = max(len(line) - 1, 1)
        self.limb([(x, y, r0 + (r1 - r0) * i / last) for i, (x, y) in enumerate(line)], paint)

    def line(self, points: Sequence[Point], width: float, paint: Array) -> None:
        self._ink.line(self._at(points), fill=_code(paint), width=max(round(width * self.unit), 1), joint="curve")

    def lit(self, points: Sequence[Point], paint: Array | None = None) -> None:
        """A window or lamp: dark glass by day, light by night."""
        if self.night < 0.25:
            self.poly(points, mix(rgb("5b6a78"), rgb("2a3440"), 0.5) if paint is None else paint)
            return
        self.poly(points, self.lamp if paint is None else mix(self.lamp, paint, 0.4))
        self._light.polygon(self._at(points), fill=round(255 * self.night))

    def lit_oval(self, x: float, y: float, rx: float, ry: float) -> None:
        """A round lamp that always shines."""
        self._ink.ellipse(self._box(x, y, rx, ry), fill=_code(mix(self.lamp, rgb("ffffff"), 0.4)))
        self._light.ellipse(self._box(x, y, rx, ry), fill=round(255 * max(self.night, 0.35)))

    def sprite(self, flip: bool) -> tuple[Array, Array]:
        """(4, height, width) colour and alpha, and (height, width) light, at the final size. Empty pixels are black, so that the
        reduced colour comes out multiplied by alpha."""
        ink, light = self.ink, self.light
        if flip:
            ink, light = (
                ink.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
                light.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            )
        pixels = np.asarray(ink.reduce(self.sample), np.float32) / np.float32(255)
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
        planes[:3] /= np.maximum(planes[3], np.float32(1 / 255))
        return np.clip(planes, 0, 1), np.asarray(light.reduce(self.sample), np.float32) / np.float32(255)


def _code(paint: Array) -> tuple[int, int, int, int]:
    r, g, b = (int(min(max(float(c), 0), 1) * 255 + 0.5) for c in paint)
    return r, g, b, 255


def smooth(points: Sequence[Point], closed: bool = True, steps: int = 7) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    n = len(points)
    p = np.asarray(points, np.float32)
    indices = np.arange(n if closed else n - 1)
    around = [(indices + k) % n if closed else np.clip(indices + k, 0, n - 1) for k in (-1, 0, 1, 2)]
    a, b, c, d = (p[i][:, None, :] for i in around)
    t = (np.arange(steps, dtype=np.float32) / steps)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    line = [(float(x), float(y)) for x, y in curve.reshape(-1, 2)]
    return line if closed else [*line, (float(p[-1, 0]), float(p[-1, 1]))]


def shade(c: Array, amount: float) -> Array:
    """A colour darker (negative) or lighter (positive)."""
    return mix(c, rgb("ffffff") if amount > 0 else rgb("1a1626"), abs(amount))
