"""What a picture lends to the composition of another: where it is light and dark, and how high its horizon is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bot.backends.painter.canvas import View, from_image, to_image
from bot.backends.painter.noise import Array, weights
from bot.backends.painter.palette import LUMA

ACROSS, DOWN = 8, 8  # cells of light that are kept
LEVELS = 15  # one hexadecimal digit each
ROWS = 64  # a horizon is looked for among so many
BAND = 10  # rows above and below that are compared
STEP = 0.09  # the least difference of colour that is a horizon
SOFT = 0.06  # keeps dark cells from taking all light


@dataclass(frozen=True, slots=True)
class Guide:
    """`light` is lightness in cells, row by row, a hexadecimal digit each; `horizon` the part of the height above it, 0 for none;
    `weight` 0–1 how closely it is followed."""

    light: str
    horizon: float
    weight: float

    @classmethod
    def of(cls, planes: Array, weight: float) -> "Guide":
        cells = np.rint(lightness(planes) * LEVELS).astype(int).ravel()
        return cls("".join(f"{v:x}" for v in cells), round(_horizon(planes), 3), round(weight, 3))

    def to_json(self) -> list[Any]:
        return [self.light, self.horizon, self.weight]

    def lit(self, planes: Array, own: Array, view: View, span: tuple[float, float]) -> Array:
        """Planes with the light drawn towards the guide's. `own` is the lightness of the first view, of size `span`, in cells."""
        wanted = np.array([int(c, 16) for c in self.light], np.float32).reshape(DOWN, ACROSS) / np.float32(LEVELS)
        gain = np.clip(((_even(wanted) + SOFT) / (_even(own) + SOFT)) ** (0.8 * self.weight), 0.4, 2.2)
        across, down = _between(view.xs, span[0], ACROSS), _between(view.ys, span[1], DOWN)
        return np.clip(planes * (down @ gain @ across.T).astype(np.float32)[None], 0, 1)


def _between(at: Array, span: float, cells: int) -> Array:
    """The weights (len(at), cells) of cells at places in the world; smooth, and level beyond the ends."""
    u = (at / np.float32(span) + 0.5) * cells - 0.5
    low = np.floor(u)
    table = np.zeros((len(at), cells), np.float32)
    for k, share in enumerate(weights(u - low)):
        np.add.at(table, (np.arange(len(at)), np.clip(low + k - 1, 0, cells - 1).astype(int)), share)
    return table


def _even(cells: Array) -> Array:
    """Cells with some of their neighbours' light across: a mass of light counts, not each thing in it."""
    wide = np.pad(cells, ((0, 0), (1, 1)), mode="edge")
    return (wide[:, :-2] + wide[:, 2:]) * np.float32(0.3) + cells * np.float32(0.4)


def lightness(planes: Array) -> Array:
    """The lightness (DOWN, ACROSS) of a picture in cells, 0–1."""
    small = from_image(to_image(planes).resize((ACROSS, DOWN), Image.Resampling.BOX))
    return np.tensordot(LUMA, small, axes=1)


def _horizon(planes: Array) -> float:
    """Where the colours of the rows change most; 0 where they hardly do."""
    rows = from_image(to_image(planes).resize((8, ROWS), Image.Resampling.BOX)).mean(axis=2)
    places = range(ROWS // 4, ROWS * 4 // 5)
    steps = [
        float(np.abs(rows[:, y - BAND : y].mean(axis=1) - rows[:, y : y + BAND].mean(axis=1)).mean()) for y in places
    ]
    best = int(np.argmax(steps))
    return places[best] / ROWS if steps[best] > STEP else 0.0
