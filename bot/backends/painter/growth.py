"""What grows in a landscape of its own accord: woods, meadows' flowers, trunks in front."""

import math

import numpy as np

from bot.backends.painter.canvas import Canvas, colour
from bot.backends.painter.figures import plants
from bot.backends.painter.land import below, between, spikes
from bot.backends.painter.noise import Array, salted, smoothstep
from bot.backends.painter.palette import mix, rgb
from bot.backends.painter.scene import Scene, bank_top

Spot = tuple[float, float, float, float]


def cells(canvas: Canvas, scene: Scene, name: str, step: float, margin: float = 0.3) -> tuple[Array, Array]:
    """The cells of a line that the view touches, and a number 0–1 for each."""
    right = canvas.view.left + canvas.view.width / canvas.view.scale
    i = np.arange(math.floor((canvas.view.left - margin) / step), math.ceil((right + margin) / step))
    return i, scene.noise.cells(i, i * 0 + 3, salted(name), (i + 0.5) * step)


def paint_middle(canvas: Canvas, scene: Scene) -> None:
    """Trees on the plain, behind the subjects."""
    if scene.front == "flowers" and scene.shows("flower") and not scene.weather("snow"):
        _flowers(canvas, scene)
    if scene.front == "trunks" and scene.shows("tree"):
        _trunks(canvas, scene)
    usual = ("pine", "tree") if scene.back in {"mountains", "treeline"} or scene.ground == "floor" else ("tree", "pine")
    kind = next((k for k in usual if scene.shows(k)), "")
    if kind and scene.ground == "grass" and scene.front != "cliff":
        _copses(canvas, scene, kind)
    elif kind and scene.ground == "floor" and scene.front != "trunks":
        _copses(canvas, scene, kind, dense=True)
    elif scene.back == "island" and scene.shows("palm"):
        spots = [
            (scene.side * (-0.02 - 0.05 * k), scene.horizon + 0.02 + 0.004 * k, 0.1 + 0.02 * k, 0.25) for k in range(3)
        ]
        plants(canvas, scene, "palm", spots)


def _copses(canvas: Canvas, scene: Scene, kind: str, dense: bool = False) -> None:
    floor = scene.bottom - scene.horizon
    spots: list[Spot] = []
    for row, t in enumerate((0.03, 0.07, 0.13, 0.24) if dense else (0.035, 0.08, 0.17)):
        size = (0.12 + 0.8 * t) * (1.5 if dense else 0.8)
        step = size * (0.45 if dense else 0.8)
        i, h = cells(canvas, scene, f"copse {row}", step)
        x = (i + 0.2 + 0.6 * h) * step
        chance = scene.noise.line(x.astype(np.float32), 2.0, f"copse {row}", 2)
        keep = (chance > (-0.3 if dense else 0.25)) & (np.abs(x) > (0.12 if row < 3 or not dense else 0.3) * (row > 0))
        for xx, hh in zip(x[keep], h[keep], strict=True):
            spots.append(
                (
                    float(xx),
                    scene.horizon + floor * t + 0.012 * float(hh),
                    size * (0.75 + 0.5 * float(hh * 7 % 1)),
                    0.62 * (1 - t * 3),
                )
            )
    plants(canvas, scene, kind, spots)


def paint_growth(canvas: Canvas, scene: Scene) -> None:
    """What stands nearer than the subjects, at the sides and the bottom."""
    match scene.front:
        case "pines" if scene.shows("pine"):
            _sides(canvas, scene, "pine")
        case "bank" if scene.back == "mountains" and scene.shows("pine"):
            _sides(canvas, scene, "pine")
        case "sand" if scene.shows("palm"):
            x = scene.side * scene.recipe.span[0] * 0.42
            plants(
                canvas,
                scene,
                "palm",
                [(x, scene.horizon + 0.24, 0.44, 0.08), (x - scene.side * 0.1, scene.horizon + 0.28, 0.36, 0.05)],
            )
        case _:
            pass
    if scene.ground in {"grass", "floor"} and scene.shows("grass") and not scene.weather("snow"):
        _blades(canvas, scene)


def _sides(canvas: Canvas, scene: Scene, kind: str) -> None:
    half = scene.recipe.span[0] / 2
    spots: list[Spot] = []
    for k in range(9):
        side = scene.side if k % 3 else -scene.side
        x = side * half * scene.noise.number(f"side {k}", 0.62, 1.9)
        t = 0.35 + 0.07 * k
        low = scene.horizon + (scene.bottom - scene.horizon) * t
        if scene.front == "bank":
            low = max(low, float(bank_top(scene, np.array([x], np.float32))[0]) + 0.02)
        spots.append(
            (
                x,
                low,
                (0.2 + 0.3 * t) * scene.noise.number(f"tall {k}", 0.8, 1.25),
                0.2 * (1 - t),
            )
        )
    plants(canvas, scene, kind, spots)


def _trunks(canvas: Canvas, scene: Scene) -> None:
    """Trunks in rows, the nearest dark and out of the frame above, with a canopy."""
    p, floor = scene.palette, scene.bottom - scene.horizon
    for row, t in enumerate((0.1, 0.26, 0.55)):
        width = 0.008 + 0.04 * t
        step = 0.07 + 0.3 * t
        i, h = cells(canvas, scene, f"trunk {row}", step)
        foot = scene.horizon + floor * t
        rows = canvas.rows(-1e6, foot + 0.03)
        if rows.stop <= rows.start:
            continue
        y = canvas.ys[rows]
        haze = 0.62 * (1 - t) ** 2
        for k, hh in zip(i, h, strict=True):
            x0 = (float(k) + 0.15 + 0.7 * float(hh)) * step
            clear = 0.16 if row < 2 else 0.3 * scene.recipe.span[0]
            if float(hh * 13 % 1) < 0.35 or (row and abs(x0) < clear):
                continue
            lean = (float(hh * 29 % 1) - 0.5) * 0.12
            middle = x0 + lean * (y - foot) + 0.008 * np.sin(y * 9 + float(hh) * 20)
            half = (
                width
                * (0.7 + 0.5 * float(hh * 5 % 1))
                * (1 + 0.5 * np.exp((y - foot) * 22))
                * np.clip(1 + (y - foot) * 0.35, 0.5, 1)
            )
            a = int(np.clip((x0 - 0.3 - canvas.view.left) * canvas.view.scale, 0, canvas.view.width))
            b = int(np.clip((x0 + 0.3 - canvas.view.left) * canvas.view.scale, 0, canvas.view.width))
            if a >= b:
                continue
            d = (canvas.xs[None, a:b] - middle[:, None].astype(np.float32)) / half[:, None].astype(np.float32)
            bark = scene.noise.field(canvas.xs[a:b], y, 40, "bark", fy=9, octaves=2)
            lit = np.clip(0.42 + (0.5 if scene.sun[0] < x0 else -0.5) * -d + 0.2 * bark, 0, 1)
            mask = np.clip((1 - np.abs(d)) * half[:, None] * canvas.view.scale + 0.5, 0, 1) * np.clip(
                (foot - y[:, None]) * canvas.view.scale + 0.5, 0, 1
            )
            body = between(p.local(rgb("4c3c34"), 0.05, haze), p.local(rgb("8a705c"), 0.85, haze), lit)
            region = canvas.rgb[:, rows, a:b]
            region += (body - region) * mask.astype(np.float32)
        canvas.check()
        _canopy(canvas, scene, row, t, haze)


def _canopy(canvas: Canvas, scene: Scene, row: int, t: float, haze: float) -> None:
    if scene.weather("snow") and row == 0:
        return
    p = scene.palette
    low = -scene.bottom * (0.35 + 0.22 * row)
    rows = canvas.rows(-1e6, low + 0.25)
    if rows.stop <= rows.start:
        return
    n = scene.noise.field(canvas.xs, canvas.ys[rows], 7 / (0.6 + t), f"canopy {row}", octaves=5, gain=0.62)
    mask = smoothstep(-0.15, 0.1, n * 0.6 + (low - canvas.ys[rows, None]) * 5)
    tone = scene.noise.field(canvas.xs, canvas.ys[rows], 18, f"leaves {row}", octaves=3)
    canvas.lay(
        between(
            p.local(p.foliage, 0.05, haze),
            p.local(mix(p.foliage, rgb("d8d870"), 0.2), 0.95, haze),
            np.clip(0.45 + 0.4 * tone, 0, 1),
        ),
        mask,
        rows,
    )


def _flowers(canvas: Canvas, scene: Scene) -> None:
    """Dots of two colours that grow larger towards the viewer."""
    p, view = scene.palette, canvas.view
    petals = [rgb(c) for c in ("d8453c", "f0c848", "e58ab0", "f4efe4", "8a62c0", "e8843a")]
    first = scene.noise.choice("petals", 6)
    floor = scene.bottom - scene.horizon
    for row in range(26):
        t = 0.1 + 0.9 * (row / 25) ** 1.5
        size = (0.0016 + 0.0085 * t * t) * view.scale
        step = 0.012 + 0.03 * t
        i, h = cells(canvas, scene, f"flower {row}", step, 0.05)
        x = (i + h) * step
        keep = scene.noise.line(x.astype(np.float32), 3, "flower patches", 2) + 0.35 * t > h * 1.1 - 0.1
        for xx, hh in zip(x[keep], h[keep], strict=True):
            px, py = view.pixel(float(xx), scene.horizon + floor * t + 0.03 * t * (float(hh * 17 % 1) - 0.5))
            paint = petals[(first + (2 if float(hh * 31 % 1) < 0.3 else 0)) % 6]
            _dot(canvas, px, py, size * (0.7 + 0.6 * float(hh * 7 % 1)), p.local(paint, 0.9, 0.4 * (1 - t) ** 2))


def _dot(canvas: Canvas, px: float, py: float, size: float, paint: Array) -> None:
    reach = math.ceil(size + 1)
    x0, y0 = max(int(px) - reach, 0), max(int(py) - reach, 0)
    x1, y1 = min(int(px) + reach + 1, canvas.view.width), min(int(py) + reach + 1, canvas.view.height)
    if x0 >= x1 or y0 >= y1:
        return
    dx = np.arange(x0, x1, dtype=np.float32)[None, :] + 0.5 - np.float32(px)
    dy = (np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5 - np.float32(py)) * np.float32(1.35)
    d = np.hypot(dx, dy)
    mask = np.clip(size - d + 0.5, 0, 1)
    region = canvas.rgb[:, y0:y1, x0:x1]
    region += (colour(paint) * (1.12 - 0.3 * (d / max(size, 1)))[None] - region) * mask


def _blades(canvas: Canvas, scene: Scene) -> None:
    """Grass along the bottom edge of the first view."""
    p = scene.palette
    for k, (up, tone) in enumerate(((0.055, 0.45), (0.02, 0.15))):
        line = (
            scene.bottom
            - up
            - spikes(scene, canvas.xs, 0.006 + 0.003 * k, f"blade {k}", 0.045)
            - spikes(scene, canvas.xs, 0.02, f"tall blade {k}", 0.06) * 0.8
        )
        line = line + 0.03 * scene.noise.line(canvas.xs, 3, f"blades {k}", 2) + 0.02
        rows = canvas.rows(float(line.min()), scene.bottom + 0.5)
        if rows.stop > rows.start:
            fade = np.exp(-np.maximum(canvas.ys[rows, None] - line[None, :], 0) * np.float32(11))
            canvas.lay(
                p.local(mix(p.foliage, p.grass, 0.35), tone), below(canvas, line, rows) * fade * np.float32(0.9), rows
            )
