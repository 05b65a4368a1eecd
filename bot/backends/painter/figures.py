"""Subjects and plants on the canvas: lit by the scene's light, faded by distance, with their shadow, reflection and glow."""

import math

import numpy as np

from bot.backends.painter.canvas import Canvas, blurred, clipped, colour
from bot.backends.painter.noise import Array, Noise, counted, smoothstep
from bot.backends.painter.palette import Palette, mix, rgb
from bot.backends.painter.scene import Placed, Scene
from bot.backends.painter.subjects import SUBJECTS
from bot.backends.painter.subjects.pen import Pen

MAX_PIXELS = 2600  # of a sprite's side, drawn once


def drawn(scene: Scene, placed: Placed, pixels: float) -> tuple[Array, Array, tuple[float, float]]:
    """The sprite (4, h, w), its lights (h, w) and its base point, unlit."""
    kind = SUBJECTS[placed.name]
    pixels = min(max(pixels, 6), MAX_PIXELS)
    p = scene.palette
    dark = max(p.night, 0.6 if scene.whole == "lunar" else 0.0)
    pen = Pen(
        kind.wide,
        pixels,
        Noise(placed.seed),
        placed.colour,
        dark if scene.shows("windows") else 0.0,
        scene.weather("snow"),
        p.lamp,
        p.foliage,
    )
    kind.draw(pen)
    sprite, light = pen.sprite(placed.flip)
    return sprite, light, pen.origin


def lit(sprite: Array, palette: Palette, depth: float, sun_left: bool, amount: float = 1.0) -> Array:
    """A sprite in the scene's light: rounded by the blurred outline, brighter towards the sun, faded by its depth."""
    alpha = sprite[3]
    soft = blurred(alpha, max(alpha.shape[0] * 0.035, 1))
    gy, gx = np.gradient(soft)
    toward = (gx if sun_left else -gx) * np.float32(0.8) + gy * np.float32(0.8)
    light = (
        np.clip(0.66 + toward * np.float32(alpha.shape[0] * 0.11), 0.05, 1.25) * np.float32(amount)
        + np.float32(1 - amount) * 0.8
    )
    shade = colour(mix(palette.shade, np.full(3, 0.5, np.float32), 0.15))
    tone = shade + (colour(mix(palette.light, np.ones(3, np.float32), 0.2)) - shade) * light[None]
    result = sprite.copy()
    result[:3] *= tone
    result[:3] += (colour(palette.haze) - result[:3]) * np.float32(depth)
    return np.clip(result, 0, 1)


def paint_subject(canvas: Canvas, scene: Scene, placed: Placed) -> None:
    """One subject in its place."""
    canvas.check()
    pixels = placed.height * canvas.view.scale
    x, y = canvas.view.pixel(placed.x, placed.y)
    reach = pixels * (SUBJECTS[placed.name].wide + 1)
    if pixels < 2 or not (-reach < x < canvas.view.width + reach and -reach < y < canvas.view.height + 2 * reach):
        return
    sprite, light, origin = drawn(scene, placed, pixels)
    near = placed.depth * (0.55 if not scene.weather("fog") else 1.0)
    deep = 0.2 if placed.habitat == "deep" else 0.0
    flat = 0.5 if placed.habitat in {"table", "pattern"} else 1.0
    shown = lit(sprite, scene.palette, min(near * 0.75 + deep, 0.85), scene.sun[0] < placed.x, flat)
    shown[:3] += (colour(sprite_light(scene)) - shown[:3]) * (light * np.float32(0.6))[None]
    sunk = 0.3 * pixels if placed.habitat == "water" and SUBJECTS[placed.name].habitats[0] == "deep" else 0.0
    left, top = round(x - origin[0]), round(y - origin[1] + sunk)
    if placed.habitat in {"ground", "table"} and placed.name != "bridge":
        _shadow(canvas, scene, placed, x, y, pixels)
    if placed.habitat == "water":
        _mirror(canvas, scene, shown, left, y, pixels)
        shown[3] *= _waterline(shown.shape[1:], y - top, pixels, scene.noise.still)
    canvas.paste(shown, left, top)
    if scene.palette.night > 0.2 or placed.name in {"candle", "robot", "ufo", "rocket"}:
        _glow(canvas, scene, light, left, top)
    if placed.name == "lighthouse" and scene.palette.night > 0.3:
        _beam(canvas, scene, x + 0, y - pixels * 0.815)


def sprite_light(scene: Scene) -> Array:
    return mix(scene.palette.lamp, rgb("ffffff"), 0.25)


def _shadow(canvas: Canvas, scene: Scene, placed: Placed, x: float, y: float, pixels: float) -> None:
    """A soft pool of shade under what stands on the ground, drawn away from the sun."""
    wide = pixels * SUBJECTS[placed.name].wide * 0.5
    flat = max(pixels * (0.035 if placed.habitat == "ground" else 0.06), 1.5)
    away = (0.35 if scene.sun[0] < placed.x else -0.35) * wide
    top, bottom = max(int(y - flat * 3), 0), min(int(y + flat * 4) + 1, canvas.view.height)
    if top >= bottom:
        return
    rows = slice(top, bottom)
    dy = (np.arange(top, bottom)[:, None] + 0.5 - y) / flat
    dx = (np.arange(canvas.view.width)[None, :] + 0.5 - x - away * 0.6) / wide
    pool = np.exp(-(dx * dx * 1.6 + dy * dy * 0.5)).astype(np.float32)
    canvas.lay(scene.palette.shade * np.float32(0.35), pool * np.float32(0.5), rows)


def _mirror(canvas: Canvas, scene: Scene, shown: Array, left: int, y: float, pixels: float) -> None:
    """The reflection of what floats: upside down, flattened and broken by waves."""
    rows = max(int(pixels * 0.6), 1)
    height = shown.shape[1]
    base = height - round(0.12 * pixels)
    source = np.clip(base - (np.arange(rows) * (base / rows)).astype(int) - 1, 0, height - 1)
    flipped = shown[:, source].copy()
    wobble = (
        scene.noise.still.line(np.arange(rows, dtype=np.float32) / np.float32(max(pixels, 1)), 22, "wobble", 2)
        * pixels
        * 0.025
    )
    columns = counted(shown.shape[2])[None, :] + (wobble * np.linspace(0.3, 1.6, rows))[:, None]
    columns = np.clip(columns.astype(int), 0, shown.shape[2] - 1)
    flipped = np.take_along_axis(flipped, np.broadcast_to(columns[None], flipped.shape), axis=2)
    flipped[3] *= np.linspace(0.55, 0.05, rows, dtype=np.float32)[:, None]
    flipped[:3] *= np.float32(0.8)
    canvas.paste(flipped, left, round(y))


def _waterline(shape: tuple[int, ...], base: float, pixels: float, noise: Noise) -> Array:
    """Alpha that ends at the water's uneven surface."""
    xs = np.arange(shape[1], dtype=np.float32) / np.float32(pixels)
    edge = base + noise.line(xs, 9, "waterline", 3) * pixels * 0.012 + 0.01 * pixels
    return np.clip(edge[None, :] - np.arange(shape[0], dtype=np.float32)[:, None], 0, 1)


def _glow(canvas: Canvas, scene: Scene, light: Array, left: int, top: int) -> None:
    """Lights go into the bloom."""
    clip = clipped(light.shape, left, top, canvas.rgb.shape[1:])
    if clip is None:
        return
    here, there = clip
    if canvas.bloom is None:
        canvas.bloom = np.zeros_like(canvas.rgb)
    canvas.bloom[(slice(None), *there)] += colour(sprite_light(scene)) * light[here] * np.float32(0.9)


def _beam(canvas: Canvas, scene: Scene, x: float, y: float) -> None:
    """The two arms of a lighthouse's light, fading with distance."""
    wx, wy = x / canvas.view.scale + canvas.view.left, y / canvas.view.scale + canvas.view.top
    dx, dy = canvas.xs[None, :] - np.float32(wx), canvas.ys[:, None] - np.float32(wy)
    tilt = np.float32(scene.noise.number("beam", -0.16, 0.02) * -scene.side)
    across = np.abs(dy - tilt * dx) / (np.float32(0.004) + np.abs(dx) * np.float32(0.085))
    far = np.exp(-np.abs(dx) * np.float32(2.4))
    arm = np.where(dx * -scene.side > 0, np.float32(1), np.float32(0.45))
    canvas.lay(
        sprite_light(scene), smoothstep(1.0, 0.1, across) * far * arm * np.float32(0.25 + 0.35 * scene.palette.night)
    )


def plants(
    canvas: Canvas, scene: Scene, name: str, spots: list[tuple[float, float, float, float]], kinds: int = 4
) -> None:
    """Many plants of a few kinds. A spot is (x, y, height, depth); far ones must come first."""
    made: dict[tuple[int, int], tuple[Array, tuple[float, float]]] = {}
    for x, y, height, depth in spots:
        pixels = height * canvas.view.scale
        px, py = canvas.view.pixel(x, y)
        if (
            pixels < 3
            or px < -pixels
            or px > canvas.view.width + pixels
            or py < -1
            or py - 1.2 * pixels > canvas.view.height
        ):
            continue
        step = max(round(math.log(pixels) * 5), 1)
        kind = round(x * 977) % kinds
        if (kind, step) not in made:
            placed = Placed(
                name, x, y, height, depth, "ground", bool(kind % 2), "", (scene.recipe.seed + kind * 77) & 0xFFFFFFFF
            )
            sprite, _, origin = drawn(scene, placed, math.exp(step / 5))
            made[kind, step] = lit(sprite, scene.palette, 0.0, scene.sun[0] < 0), origin
        sprite, origin = made[kind, step]
        faded = sprite.copy()
        faded[:3] += (colour(scene.palette.haze) - faded[:3]) * np.float32(min(depth, 0.9))
        canvas.paste(faded, round(px - origin[0]), round(py - origin[1]))
