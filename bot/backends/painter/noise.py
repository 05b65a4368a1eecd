"""Noise that is a function of the place in the world, so that every viewport sees the same clouds and the same mountains.

Lattice values come from an integer hash (the finaliser of MurmurHash3) and are joined by uniform cubic B-splines. A drift mixes a second
lattice into the first by an angle, which turns one landscape gradually into another. With a period the noise repeats without a seam.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MASK = 0xFFFFFFFF


def counted(n: int) -> Array:
    """0 … n-1."""
    return np.arange(n)


def salted(name: str) -> int:
    """A stable number of 32 bits for a name."""
    return zlib.crc32(name.encode())


def hashed(ix: Array, iy: Array, seed: int) -> Array:
    """Values in [0, 1), float32, for integer places; the two arrays are broadcast."""
    h = (ix.astype(np.int64) * 0x9E3779B1 + iy.astype(np.int64) * 0x85EBCA77 + ((seed * 0xC2B2AE3D) & MASK)).astype(
        np.uint32
    )
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(1 / 2**24)


def weights(f: Array) -> tuple[Array, Array, Array, Array]:
    """The four weights of a uniform cubic B-spline at the fraction `f` of a cell."""
    g = 1 - f
    return g**3 / 6, (3 * f**3 - 6 * f**2 + 4) / 6, (3 * g**3 - 6 * g**2 + 4) / 6, f**3 / 6


def smoothstep(low: float, high: float, x: Array) -> Array:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ring:
    """What was painted around a picture: outside of `inner` (left, top, right, bottom, in world units) another seed has its say, the more
    the nearer to `outer`. Inside nothing changes."""

    seed: int
    inner: Box
    outer: Box

    def across(self, xs: Array) -> Array:
        """How far places at `xs` are left to this ring's seed, 0–1."""
        return self._away(xs, 0)

    def down(self, ys: Array) -> Array:
        return self._away(ys, 1)

    def _away(self, at: Array, axis: int) -> Array:
        low, high = self.inner[axis], self.inner[axis + 2]
        before, after = low - self.outer[axis], self.outer[axis + 2] - high
        return np.maximum(
            smoothstep(0, max(before * 0.7, 0.06), low - at), smoothstep(0, max(after * 0.7, 0.06), at - high)
        ).astype(np.float32)

    def to_json(self) -> list[float]:
        return [self.seed, *(round(v, 4) for v in (*self.inner, *self.outer))]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Ring":
        seed, a, b, c, d, e, f, g, h = data
        return cls(int(seed), (a, b, c, d), (e, f, g, h))


@dataclass(frozen=True, slots=True)
class Noise:
    """All randomness of one scene. `drift` lists (seed, amount 0–1) in the order in which they were mixed in; `period` is the size of the
    world (width, height) after which it repeats; `rings` give the surroundings of earlier views a chance of their own."""

    seed: int
    drift: tuple[tuple[int, float], ...] = ()
    period: tuple[float, float] | None = None
    rings: tuple[Ring, ...] = ()

    @property
    def still(self) -> "Noise":
        """The same without rings: for what is not painted in the world's own coordinates."""
        return replace(self, rings=())

    def outlined(self, xs: Array, shape: Callable[[int], Array]) -> Array:
        """A line over `xs` that a seed gives, carried over to the rings' seeds."""
        line = shape(self.seed)
        for ring in self.rings:
            away = ring.across(xs)
            if away.any():
                line = line + (shape(ring.seed) - line) * away
        return line

    def cells(self, index: Array, other: Array, salt: int, xs: Array) -> Array:
        """Values 0–1 for integer places whose middles are at `xs`; those well inside a ring have its values."""
        values = hashed(index, other, self.seed ^ salt)
        for ring in self.rings:
            values = np.where(ring.across(xs) > 0.3, hashed(index, other, ring.seed ^ salt), values)
        return values

    def number(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        """One number between `low` and `high` that belongs to the name; a drift moves it a little."""
        one = np.zeros(1, np.int64)
        salt = salted(name)
        value = float(hashed(one, one + 7, self.seed ^ salt)[0])
        for seed, amount in self.drift:
            value += amount * 0.5 * (float(hashed(one, one + 7, seed ^ salt)[0]) - 0.5)
        return low + (high - low) * min(max(value, 0.0), 0.999999)

    def choice(self, name: str, options: int) -> int:
        """One of 0 … options-1 by name, whatever the drift."""
        return int(Noise(self.seed).number(name) * options)

    def lattice(self, ix: Array, iy: Array, salt: int) -> Array:
        """Values in about [-1, 1] at integer places, shape (len(iy), len(ix))."""
        x, y = ix[None, :], iy[:, None]
        values = hashed(x, y, self.seed ^ salt) * 2 - 1
        for seed, amount in self.drift:
            angle = amount * math.pi / 2
            values = values * math.cos(angle) + (hashed(x, y, seed ^ salt) * 2 - 1) * math.sin(angle)
        return values

    def line(self, xs: Array, frequency: float, name: str, octaves: int = 4, gain: float = 0.5) -> Array:
        """Noise along a line, about [-1, 1], of the shape of `xs` (1-D)."""
        return self.field(xs, np.zeros(1, np.float32), frequency, name, octaves=octaves, gain=gain)[0]

    def field(
        self,
        xs: Array,
        ys: Array,
        fx: float,
        name: str,
        *,
        fy: float | None = None,
        octaves: int = 4,
        gain: float = 0.5,
        heights: Array | None = None,
    ) -> Array:
        """Fractal noise, about [-1, 1], float32 of shape (len(ys), len(xs)). `fx` and `fy` are cells a unit of the first octave; octaves
        that are finer than the pixels are left out, which keeps a far view from flickering. With `heights`, the world's y of each row,
        rings count above and below too."""
        total = self.plain(xs, ys, fx, name, fy, octaves, gain)
        for ring in self.rings:
            away = ring.across(xs)
            if heights is not None:
                away = np.maximum(away[None, :], ring.down(heights)[:, None])
            columns = np.nonzero(away if away.ndim == 1 else away.any(axis=0))[0]
            if len(columns):
                part = away[..., columns] * np.float32(math.pi / 2)
                other = Noise(ring.seed).plain(xs[columns], ys, fx, name, fy, octaves, gain)
                total[:, columns] = total[:, columns] * np.cos(part) + other * np.sin(part)
        return total

    def plain(self, xs: Array, ys: Array, fx: float, name: str, fy: float | None, octaves: int, gain: float) -> Array:
        step = abs(float(xs[1] - xs[0])) if len(xs) > 1 else 0.0
        fy = fx if fy is None else fy
        total = np.zeros((len(ys), len(xs)), np.float32)
        amplitude, norm = 1.0, 0.0
        for octave in range(octaves):
            norm += amplitude * amplitude
            if fx * step <= 0.45:
                total += np.float32(amplitude) * self._octave(xs, ys, fx, fy, salted(name) + octave * 7919)
            fx, fy, amplitude = fx * 2, fy * 2, amplitude * gain
        return total * np.float32(1.9 / math.sqrt(norm))

    def _octave(self, xs: Array, ys: Array, fx: float, fy: float, salt: int) -> Array:
        nx = ny = 0
        if self.period is not None:
            nx, ny = max(round(fx * self.period[0]), 1), max(round(fy * self.period[1]), 1)
            fx, fy = nx / self.period[0], ny / self.period[1]
        columns, across = _spread(xs * fx)
        rows, down = _cells(ys * fy)
        low, high = int(rows.min()) - 1, int(rows.max()) + 3
        iy = np.arange(low, high)
        ix = columns
        values = self.lattice(ix % nx if nx else ix, iy % ny if ny else iy, salt)
        base = rows - low
        part = sum(w[:, None] * values[base + k - 1] for k, w in enumerate(weights(down)))
        return np.asarray(part, np.float32) @ across


def _cells(u: Array) -> tuple[Array, Array]:
    whole = np.floor(u)
    return whole.astype(np.int64), (u - whole).astype(np.float32)


def _spread(u: Array) -> tuple[Array, Array]:
    """The lattice columns that `u` touches, and the matrix (columns, len(u)) that interpolates between them."""
    cells, fraction = _cells(u)
    low = int(cells.min()) - 1
    columns = np.arange(low, int(cells.max()) + 3)
    matrix = np.zeros((len(columns), len(u)), np.float32)
    place = np.arange(len(u))
    for k, w in enumerate(weights(fraction)):
        matrix[cells - low + k - 1, place] += w
    return columns, matrix
