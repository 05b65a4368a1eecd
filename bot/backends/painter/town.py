"""The town at the back: rows of buildings with lit windows."""

import numpy as np

from bot.backends.painter.canvas import Canvas, colour
from bot.backends.painter.land import below, between
from bot.backends.painter.noise import Array, hashed, salted
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.scene import Scene

NEON = ("ff3fa4", "31e6ff", "b14cff", "ffd23f", "3fff9f", "ff6a3f")
FLOOR = 0.0135  # height of a storey, in units
PANE = 0.0105  # distance of windows


def paint_town(canvas: Canvas, scene: Scene) -> None:
    """Four rows; on a roof's level the town begins lower."""
    foot = scene.horizon + 0.02
    tall = 0.75 + 0.5 * scene.noise.number("tall")
    for k, (distance, cell, high) in enumerate(
        ((0.72, 0.06, 0.46), (0.5, 0.085, 0.4), (0.26, 0.12, 0.3), (0.06, 0.17, 0.17))
    ):
        _row(
            canvas,
            scene,
            k,
            distance,
            cell,
            high * (0.6 if scene.front == "roof" else 1) * tall * scene.recipe.span[1],
            foot + 0.012 * k,
        )


def _row(canvas: Canvas, scene: Scene, k: int, distance: float, cell: float, high: float, foot: float) -> None:
    xs, p = canvas.xs, scene.palette
    u = xs / np.float32(cell) + np.float32(0.12) * np.sin(xs * np.float32(9 + k))
    building = np.floor(u).astype(np.int64)
    within = u - building
    middles = (building + 0.5) * cell
    h, shape, tone = (scene.noise.cells(building, building * 0 + q, salted(f"town {k}"), middles) for q in (0, 1, 2))
    bulk = 1 - 0.5 * np.clip(np.abs(xs - scene.side * 0.12) / (0.7 * scene.recipe.span[0]), 0, 1)
    top = high * (0.35 + 0.9 * h**1.6) * bulk
    middle = np.abs(within - 0.5) * 2
    top = np.where((shape > 0.55) & (middle > 0.62), top * 0.82, top)
    top = np.where((shape > 0.8) & (middle < 0.3), top * 1.14, top)
    top = np.where((shape < 0.16), top + (1 - middle) * cell * 0.55, top)
    top = np.where((shape > 0.3) & (shape < 0.5) & (middle < 0.035), top + cell * 0.5, top)
    line = (foot - top).astype(np.float32)
    rows = canvas.rows(float(line.min()) - 0.005, foot + 0.05 + 0.6 * (scene.front == "roof"))
    if rows.stop <= rows.start:
        return
    y = canvas.ys[rows, None]
    wall = _walls(scene, tone, within, distance)
    body = wall[:, None, :] * (1 - np.float32(0.22) * np.clip((y - line[None, :]) / 0.3, 0, 1))[None]
    body += (colour(p.haze) - body) * (np.float32(0.45) * np.clip(1 - (foot - y) / 0.16, 0, 1) * (0.35 + distance))[
        None
    ]
    mask = below(canvas, line, rows)
    canvas.lay(body, mask, rows)
    if scene.shows("windows"):
        _windows(canvas, scene, k, rows, line, building, within, mask * np.float32(1 - 0.55 * distance))
    if "neon" in scene.features.moods and k >= 2:
        _signs(canvas, scene, k, rows, line, building, within)


def _walls(scene: Scene, tone: Array, within: Array, distance: float) -> Array:
    """Each building's colour (3, width), its sunless side darker."""
    p = scene.palette
    codes = ("b8a898", "9aa0a8", "c8b49a", "a88878", "8a96a4", "d0c4b0")
    table = np.stack([p.local(rgb(c), 0.55, distance) for c in codes])
    paint = table[(tone * 6).astype(int)].T
    side = (within > 0.62) if scene.sun[0] < 0 else (within < 0.38)
    return paint * np.where(side, np.float32(0.84), np.float32(1.04))[None]


def _windows(
    canvas: Canvas, scene: Scene, k: int, rows: slice, line: Array, building: Array, within: Array, mask: Array
) -> None:
    p, y = scene.palette, canvas.ys[rows, None]
    size = 1 + 0.35 * k
    if canvas.view.scale * PANE * size < 2.5:
        return
    drop = (y - line[None, :]) / np.float32(FLOOR * size) - np.float32(0.6)
    storey = np.floor(drop)
    across = canvas.xs / np.float32(PANE * size)
    pane = np.floor(across)
    inside = (
        ((across - pane > 0.24) & (across - pane < 0.8) & (within > 0.1) & (within < 0.9))[None, :]
        & (drop - storey > 0.28)
        & (drop - storey < 0.78)
        & (drop > 0)
    )
    chance = hashed(
        (pane + building * 977).astype(np.int64)[None, :], storey.astype(np.int64), scene.recipe.seed ^ (k + 71)
    )
    glass = p.local(rgb("6a7c8e"), 0.4)
    canvas.lay(mix(glass, p.sky[2], 0.35), inside * mask * np.float32(0.45 * (1 - p.night)), rows)
    share = p.night * 0.62 if p.night > 0.1 else 0.0
    on = (inside & (chance < share)) * mask * (np.float32(0.55) + np.float32(0.45) * (chance * 37 % 1))
    lamp = (
        between(p.lamp, rgb("fff0d0"), chance * 91 % 1)
        if "neon" not in scene.features.moods
        else between(rgb("ff9fd0"), rgb("9fe8ff"), (chance * 91 % 1 > 0.5).astype(np.float32))
    )
    canvas.lay(lamp, on, rows)
    canvas.shine(p.lamp, on * np.float32(0.22), rows)


def _signs(canvas: Canvas, scene: Scene, k: int, rows: slice, line: Array, building: Array, within: Array) -> None:
    """Glowing signs, upright, on some of the near buildings."""
    seed = scene.recipe.seed ^ salted(f"signs {k}")
    h, place, tall, hue = (hashed(building, building * 0 + q, seed) for q in range(4))
    width = np.float32(0.1)
    at = np.abs(within - (0.18 + 0.6 * place)) < width
    y = canvas.ys[rows, None]
    top = line + 0.02 + 0.03 * tall
    box = (at & (h < 0.7))[None, :] & (y > top[None, :]) & (y < (top + 0.03 + 0.07 * hue)[None, :])
    local = (y - top[None, :]) / np.float32(0.014)
    glyph = (np.abs(local - np.floor(local) - 0.5) < 0.36) & (
        hashed((canvas.xs * 500).astype(np.int64)[None, :], np.floor(local * 3).astype(np.int64), seed) < 0.72
    )
    table = np.stack([rgb(c) for c in NEON])
    paint = table[(hue * 6).astype(int)].T[:, None, :]
    canvas.lay(np.broadcast_to(paint * np.float32(0.35), (3, *box.shape)), box.astype(np.float32), rows)
    light = (box & glyph).astype(np.float32)
    canvas.lay(np.broadcast_to(paint, (3, *box.shape)), light, rows)
    if canvas.bloom is None:
        canvas.bloom = np.zeros_like(canvas.rgb)
    canvas.bloom[:, rows] += paint * light * np.float32(0.9)
