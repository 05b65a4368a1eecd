"""How far a painting has come: pictures that are stopped early, and the extra detail of those that are taken further."""

import numpy as np

from bot.backends.painter.canvas import View, blurred, colour
from bot.backends.painter.noise import Array, Noise, smoothstep
from bot.backends.painter.palette import LUMA, rgb

GROUND = "d9c7a6"  # the primed canvas
SEPIA = "5a4630"


def detailed(planes: Array, view: View, amount: float) -> Array:
    """Planes with more made of every small difference; `amount` 0–1."""
    if amount <= 0:
        return planes
    fine = planes - blurred(planes, max(view.scale * 0.003, 1))
    broad = planes - blurred(planes, max(view.scale * 0.02, 2))
    return np.clip(planes + fine * np.float32(1.1 * amount) + broad * np.float32(0.45 * amount), 0, 1)


def unfinished(planes: Array, view: View, noise: Noise, done: float) -> Array:
    """A painting as it stands when the part `done` (0–1) of the work is done: a drawing on the primed canvas, washes of colour on it,
    and the finished strokes only in places, which grow from the middle."""
    if done >= 1:
        return planes
    ground = (
        colour(rgb(GROUND)) * (1 + noise.field(view.xs, view.ys, 150, "primed", octaves=2) * np.float32(0.02))[None]
    )
    wash = blurred(planes, max(view.scale * 0.03 * (1.2 - done), 2))
    order = _order(view, noise)
    washed = _reached(order, done * 1.9)
    result = ground + (wash - ground) * (washed * np.float32(0.82))[None]
    tone = np.tensordot(LUMA, planes, axes=1)
    line = smoothstep(0.012, 0.06, blurred(tone, max(view.scale * 0.004, 2)) - blurred(tone, 1))
    result = result + (colour(rgb(SEPIA)) - result) * (line * np.float32(0.65))[None]
    finished = _reached(order, done * 0.98 - 0.1)
    return np.clip(result + (planes - result) * finished[None], 0, 1)


def _order(view: View, noise: Noise) -> Array:
    """When each place is painted, 0–1: the middle first, in ragged steps."""
    away = np.hypot(view.xs[None, :], view.ys[:, None]).astype(np.float32) / np.float32(0.75)
    ragged = noise.field(view.xs, view.ys, 4, "order", fy=9, octaves=5, gain=0.6)
    return np.clip(away * np.float32(0.72) + np.float32(0.14) + ragged * np.float32(0.16), 0, 1)


def _reached(order: Array, time: float) -> Array:
    return smoothstep(0.03, -0.03, order - np.float32(time))
