"""What is unknown of a picture grown out of what is known: its own textures go on, at their own heights.

After Barnes et al., PatchMatch (2009), and Wexler et al., Space-Time Completion of Video (2007): on a small copy, from coarse to fine, each
unknown patch looks for the known patch that is most like it, and the unknown pixels become the mean of what those patches say. The full
picture is then put together from pixels of its own, moved as the patches were.
"""

from collections.abc import Callable

import numpy as np

from bot.backends.painter.canvas import blurred, never
from bot.backends.painter.joins import halved, membrane, resized
from bot.backends.painter.noise import Array, counted

SIDE = 144  # of the small copy, at most, in pixels
COARSEST = 34
PATCH = 2  # pixels of a patch on each side of its middle
ROUNDS = (12, 9, 6)  # of looking and painting, coarse to fine
LEVEL = 1.2  # what it costs to come from another height, for the whole height of what is known
BAND = 0.07  # of that height costs nothing
ASTRAY = 0.03  # the same across
CROWDED = 0.0012  # what it costs that others come from there too, for each that is too many
THRONG = 0.004  # at most
ALONE = 0.004  # what it costs to come from elsewhere than a neighbour, for each of four
JOINING = 5  # rounds of following the neighbours, at the end
FOREIGN = 2.5  # what it costs to be unlike all that lies along the edge: things that stand alone are not repeated


class _Search:
    """One scale of it. `planes` (3, height, width) are painted on where `hole` is set; `found` (height, width, 2) is where from."""

    def __init__(self, planes: Array, hole: Array, found: Array, chance: np.random.Generator) -> None:
        self.planes, self.hole, self.found, self.chance = planes, hole, found, chance
        self.places = np.argwhere(_widened(self.hole, PATCH))
        self.sources = ~_widened(self.hole, PATCH)
        for axis in (0, 1):  # a patch lies within the picture
            edge = np.moveaxis(self.sources, axis, 0)
            edge[:PATCH] = edge[-PATCH:] = False
        self.valid = np.argwhere(self.sources)
        known = np.argwhere(~self.hole)
        low, high = known.min(axis=0), known.max(axis=0)
        self.extent = np.maximum(high - low, 1)
        self.home = np.clip(self.places, low + PATCH, np.maximum(high - PATCH, low + PATCH))
        self.strange = _strangeness(self.planes, self.hole, self.sources) * np.float32(FOREIGN)
        self.crowd = np.zeros(self.hole.shape, np.float32)
        self.best: Array = np.full(len(self.places), np.inf, np.float32)
        self.at = np.full(self.hole.shape, -1, np.int64)
        self.at[self.places[:, 0], self.places[:, 1]] = counted(len(self.places))

    @property
    def possible(self) -> bool:
        """Whether enough is known for a single patch."""
        return len(self.valid) > 0

    def settle(self) -> None:
        """Places whose source is none take one from near where they are, or by chance."""
        top = np.array(self.hole.shape) - 1
        found = np.clip(self.found[self.places[:, 0], self.places[:, 1]], 0, top)
        lost = ~self.sources[found[:, 0], found[:, 1]]
        near = self.home[lost] + np.rint(self.chance.normal(0, 2, (int(lost.sum()), 2))).astype(np.int64)
        near = np.clip(near, 0, top)
        wrong = ~self.sources[near[:, 0], near[:, 1]]
        near[wrong] = self.valid[self.chance.integers(0, len(self.valid), int(wrong.sum()))]
        found[lost] = near
        self.found[self.places[:, 0], self.places[:, 1]] = found

    def search(self) -> None:
        """Looks for better sources: those of the neighbours, moved along, and others by chance, ever nearer."""
        seen = _patches(self.planes)
        here = seen[self.places[:, 0], self.places[:, 1]]
        mine = self.found[self.places[:, 0], self.places[:, 1]]
        self._count(mine)
        self.best = self._cost(here, seen, mine)
        for move in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            near = np.clip(self.places - move, 0, np.array(self.hole.shape) - 1)
            mine = self._better(here, seen, mine, self.found[near[:, 0], near[:, 1]] + move)
        radius = max(self.hole.shape) / 2
        mine = self._better(here, seen, mine, self.valid[self.chance.integers(0, len(self.valid), len(mine))])
        while radius > 1:
            step = self.chance.uniform(-radius, radius, mine.shape)
            mine = self._better(here, seen, mine, np.rint(mine + step).astype(np.int64))
            radius /= 3
        self.found[self.places[:, 0], self.places[:, 1]] = mine

    def join(self) -> None:
        """Places follow their neighbours where that costs little, so that whole pieces come from one place."""
        seen = _patches(self.planes)
        here = seen[self.places[:, 0], self.places[:, 1]]
        moves = np.array(((0, 1), (1, 0), (0, -1), (-1, 0)))
        around = [np.clip(self.places - move, 0, np.array(self.hole.shape) - 1) for move in moves]
        for turn in range(JOINING * 2):
            mine = self.found[self.places[:, 0], self.places[:, 1]]
            self._count(mine)
            offers = [self.found[a[:, 0], a[:, 1]] + move for a, move in zip(around, moves, strict=True)]
            choices = [mine, *offers]
            costs: list[Array] = []
            for choice in choices:
                inside = np.clip(choice, 0, np.array(self.hole.shape) - 1)
                alone = sum((choice != offer).any(axis=1).astype(np.float32) for offer in offers)
                costs.append(self._cost(here, seen, inside) + np.float32(ALONE) * alone)
            least = np.argmin(costs, axis=0)
            chosen = np.stack(choices)[least, counted(len(mine))]
            # Like a chessboard's, the places take turns: neighbours that change at once would swap for ever.
            turns = (self.places.sum(axis=1) + turn) % 2 == 0
            self.found[self.places[turns, 0], self.places[turns, 1]] = chosen[turns]

    def _count(self, mine: Array) -> None:
        """Notes how many come from each source, and from around it, beyond the usual."""
        counts = np.zeros(self.hole.shape, np.float32)
        np.add.at(counts, (mine[:, 0], mine[:, 1]), 1)
        usual = len(mine) / len(self.valid)
        self.crowd = np.clip((blurred(counts, 1) / usual - 2) * np.float32(CROWDED), 0, THRONG)

    def _better(self, here: Array, seen: Array, mine: Array, other: Array) -> Array:
        other = np.clip(other, 0, np.array(self.hole.shape) - 1)
        cost = self._cost(here, seen, other)
        better = cost < self.best
        self.best = np.where(better, cost, self.best)
        return np.where(better[:, None], other, mine)

    def _cost(self, here: Array, seen: Array, other: Array) -> Array:
        y, x = other[:, 0], other[:, 1]
        apart = seen[y, x]
        apart -= here
        cost = np.einsum("ij,ij->i", apart, apart) / np.float32(apart.shape[1])
        away = np.abs((other - self.home) / self.extent).astype(np.float32)
        cost += np.maximum(away[:, 0] - BAND, 0) ** 2 * np.float32(LEVEL) + away[:, 1] ** 2 * np.float32(ASTRAY)
        cost += self.strange[y, x] + self.crowd[y, x]
        return np.where(self.sources[y, x], cost, np.float32(np.inf))

    def paint(self) -> None:
        """Each unknown pixel becomes what the patches that lie over it say."""
        ys, xs = np.nonzero(self.hole)
        total, count = np.zeros((3, len(ys)), np.float32), np.zeros(len(ys), np.float32)
        for dy in range(-PATCH, PATCH + 1):
            for dx in range(-PATCH, PATCH + 1):
                py, px = np.clip(ys - dy, 0, self.hole.shape[0] - 1), np.clip(xs - dx, 0, self.hole.shape[1] - 1)
                place = self.at[py, px]
                trust = np.where(place >= 0, 1 / (np.float32(0.002) + self.best[place]), 0).astype(np.float32)
                source: Array = self.found[py, px] + np.array((dy, dx))
                total += self.planes[:, source[:, 0], source[:, 1]] * trust
                count += trust
        self.planes[:, ys, xs] = total / np.maximum(count, np.float32(1e-6))


def grown(planes: Array, known: Array, seed: int, check: Callable[[], None] = never) -> Array:
    """Planes (3, height, width) with what is 0 in `known` (0 or 1) filled; the rest stays to the bit. Other seeds grow otherwise."""
    height, width = known.shape
    hole = known < 0.5
    if not hole.any() or hole.all():
        return planes
    step = max(-(-max(height, width) // SIDE), 1)
    small, share = _reduced(planes, known, step)
    chance = np.random.default_rng(seed)
    levels = [(membrane(small, (share > 0.5).astype(np.float32)), share <= 0.5)]
    while len(levels) < len(ROUNDS) and max(levels[-1][1].shape) > COARSEST * 2:
        halves = halved(levels[-1][0]), halved(levels[-1][1][None].astype(np.float32))[0] > 0.5
        levels.append(halves)
    painted, gap = levels[-1]
    search = _Search(painted, gap, np.full((*gap.shape, 2), -1, np.int64), chance)
    if not search.possible:
        return np.where(hole[None], membrane(planes, known), planes)
    found = search.found
    for (picture, gap), rounds in zip(reversed(levels), ROUNDS[-len(levels) :], strict=True):
        start = np.where(gap[None], resized(painted, picture.shape[1:]), picture)
        search = _Search(start.astype(np.float32), gap, _spread(found, gap), chance)
        search.settle()
        for _ in range(rounds):
            check()
            search.search()
            search.paint()
        found, painted = search.found, search.planes
    search.join()
    return _assembled(planes, hole, painted, search.found, step)


def _spread(found: Array, hole: Array) -> Array:
    """The sources of a coarser scale for this one."""
    if found.shape[:2] == hole.shape:
        return found
    height, width = hole.shape
    ys, xs = np.minimum(counted(height) // 2, found.shape[0] - 1), np.minimum(counted(width) // 2, found.shape[1] - 1)
    inside = np.stack(np.broadcast_arrays(counted(height)[:, None] % 2, counted(width)[None, :] % 2), axis=2)
    return found[ys[:, None], xs[None, :]] * 2 + inside


def _reduced(planes: Array, known: Array, step: int) -> tuple[Array, Array]:
    """The means of the known pixels of each cell of step × step, and what part of it is known."""
    height, width = known.shape
    pad = ((0, -height % step), (0, -width % step))
    cells = np.pad(known, pad).reshape((height + pad[0][1]) // step, step, -1, step).mean(axis=(1, 3))
    rows: list[Array] = []
    for plane in planes:
        sums = np.pad(plane * known, pad).reshape((height + pad[0][1]) // step, step, -1, step).mean(axis=(1, 3))
        rows.append(sums / np.maximum(cells, np.float32(1e-6)))
    return np.stack(rows).astype(np.float32), cells


def _patches(planes: Array) -> Array:
    """The patch around each pixel, as a row of numbers: (height, width, 3 × side × side)."""
    side = 2 * PATCH + 1
    padded = np.pad(planes, ((0, 0), (PATCH, PATCH), (PATCH, PATCH)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    height, width = planes.shape[1:]
    return np.ascontiguousarray(windows.transpose(1, 2, 0, 3, 4)).reshape(height, width, -1)


def _widened(mask: Array, by: int) -> Array:
    padded = np.pad(mask, by)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * by + 1, 2 * by + 1))
    return np.asarray(windows.any(axis=(2, 3)))


def _strangeness(planes: Array, hole: Array, sources: Array) -> Array:
    """How unlike each known pixel is to the likest one along the edge of what is known, squared."""
    edge = _widened(hole, PATCH + 1) & ~hole
    samples = planes[:, edge].T
    samples = samples[:: max(len(samples) // 160, 1)]
    result = np.zeros(hole.shape, np.float32)
    if len(samples):
        inside = planes[:, sources].T
        apart = ((inside[:, None, :] - samples[None]) ** 2).mean(axis=2)
        result[sources] = apart.min(axis=1)
    return result


def _assembled(planes: Array, hole: Array, painted: Array, found: Array, step: int) -> Array:
    """The full picture: each cell's pixels from where its patch was found, cells running into one another."""
    ys, xs = np.nonzero(hole)
    height, width = found.shape[:2]
    offsets = found - np.stack(np.broadcast_arrays(counted(height)[:, None], counted(width)[None, :]), axis=2)
    v, u = (ys + 0.5) / step - 0.5, (xs + 0.5) / step - 0.5
    i, j = np.floor(v).astype(np.int64), np.floor(u).astype(np.int64)
    fy, fx = (_steep((v - i).astype(np.float32)), _steep((u - j).astype(np.float32)))
    total, weight = np.zeros((3, len(ys)), np.float32), np.zeros(len(ys), np.float32)
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            a, b = np.clip(i + dy, 0, height - 1), np.clip(j + dx, 0, width - 1)
            move = offsets[a, b] * step
            y, x = np.clip(ys + move[:, 0], 0, hole.shape[0] - 1), np.clip(xs + move[:, 1], 0, hole.shape[1] - 1)
            share = wy * wx * ~hole[y, x] + np.float32(1e-9)
            total += planes[:, y, x] * share
            weight += share
    result = planes.copy()
    result[:, ys, xs] = total / weight
    drift = painted - _reduced(result, np.ones(hole.shape, np.float32), step)[0]
    result[:, ys, xs] += resized(drift, hole.shape)[:, ys, xs]
    return np.clip(result, 0, 1)


def _steep(t: Array) -> Array:
    """0–1 with most of the change around the middle."""
    u = np.clip((t - 0.5) * 2 + 0.5, 0, 1)
    return u * u * (3 - 2 * u)
