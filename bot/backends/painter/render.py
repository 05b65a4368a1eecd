"""From a recipe and a viewport to a picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bot.backends.painter.canvas import Canvas, View, blurred, colour, never
from bot.backends.painter.figures import paint_subject
from bot.backends.painter.growth import paint_growth, paint_middle
from bot.backends.painter.guests import with_guests
from bot.backends.painter.guide import lightness
from bot.backends.painter.land import paint_back, paint_front, paint_ground
from bot.backends.painter.noise import Array, smoothstep
from bot.backends.painter.palette import LUMA
from bot.backends.painter.scene import Placed, Recipe, Scene, plan
from bot.backends.painter.sky import paint_sky, paint_weather
from bot.backends.painter.stages import detailed, unfinished
from bot.backends.painter.styles import Manner, apply, saturated
from bot.backends.painter.subjects import SUBJECTS
from bot.backends.painter.town import paint_town
from bot.backends.painter.whole import paint_whole

Step = Callable[[float, Array], None]
GRID = 20  # a patch's mask is kept as so many cells a side


@dataclass(frozen=True, slots=True)
class Patch:
    """A region that was painted anew: its box in world units (left, top, right, bottom), which cells of it, and from what."""

    box: tuple[float, float, float, float]
    cells: str  # GRID × GRID bits in hexadecimal
    recipe: Recipe
    #: Subjects that stand in the region: name, x, y, height, habitat, colour.
    extra: tuple[tuple[str, float, float, float, str, str], ...] = ()

    def mask(self, view: View) -> Array:
        """Where the patch shows, 0–1, with a soft edge."""
        bits = np.array([int(c) for c in f"{int(self.cells, 16):0{GRID * GRID}b}"], np.uint8).reshape(GRID, GRID) * 255
        left, top = view.pixel(self.box[0], self.box[1])
        right, bottom = view.pixel(self.box[2], self.box[3])
        width, height = max(round(right - left), 1), max(round(bottom - top), 1)
        soft = Image.fromarray(np.pad(bits, 1), "L").resize(
            (round(width * (GRID + 2) / GRID), round(height * (GRID + 2) / GRID)), Image.Resampling.BICUBIC
        )
        whole = Image.new("L", (view.width, view.height))
        whole.paste(soft, (round(left - width / GRID), round(top - height / GRID)))
        return smoothstep(0.25, 0.75, np.asarray(whole, np.float32) / np.float32(255))

    def to_json(self) -> dict[str, Any]:
        return {
            "box": [round(b, 5) for b in self.box],
            "cells": self.cells,
            "recipe": self.recipe.to_json(),
            "extra": [list(e) for e in self.extra],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Patch":
        left, top, right, bottom = data["box"]
        extra = tuple(
            (str(n), float(x), float(y), float(h), str(place), str(c)) for n, x, y, h, place, c in data["extra"]
        )
        return cls((left, top, right, bottom), data["cells"], Recipe.from_json(data["recipe"]), extra)

    def subjects(self) -> list[Placed]:
        return [
            Placed(name, x, y, height, 0.12, place, x > 0, tone, (self.recipe.seed + i * 13) & 0xFFFFFFFF)
            for i, (name, x, y, height, place, tone) in enumerate(self.extra)
        ]


def nothing(_fraction: float, _planes: Array) -> None:
    """The step of a painting that nobody watches."""


def compose(
    scene: Scene, view: View, check: Callable[[], None] = never, step: Step = nothing, extra: list[Placed] | None = None
) -> Array:
    """The scene's picture before any style, float32 planes (3, height, width)."""
    canvas = Canvas(view, check)
    subjects = with_guests(scene).subjects
    if scene.whole:
        paint_whole(canvas, scene)
        step(0.45, canvas.rgb)
        if scene.whole == "pattern":
            _scatter(canvas, scene)
        else:
            for placed in subjects:
                paint_subject(canvas, scene, placed)
    else:
        _landscape(canvas, scene, subjects, step)
    for placed in extra or ():
        paint_subject(canvas, scene, placed)
    return glowing(canvas)


def _landscape(canvas: Canvas, scene: Scene, subjects: tuple[Placed, ...], step: Step) -> None:
    paint_sky(canvas, scene)
    step(0.2, canvas.rgb)
    if scene.back == "skyline":
        paint_town(canvas, scene)
    else:
        paint_back(canvas, scene)
    paint_ground(canvas, scene)
    step(0.45, canvas.rgb)
    paint_middle(canvas, scene)
    for placed in subjects:
        if placed.habitat != "ground":
            paint_subject(canvas, scene, placed)
    paint_front(canvas, scene)
    for placed in subjects:
        if placed.habitat == "ground":
            paint_subject(canvas, scene, placed)
    paint_growth(canvas, scene)
    paint_weather(canvas, scene)
    step(0.6, canvas.rgb)


def _scatter(canvas: Canvas, scene: Scene) -> None:
    """Motifs on a jittered grid, each drawn wherever the period brings it."""
    names = [s.name for s in scene.features.subjects] or _motifs(scene)
    w, h = scene.recipe.span
    across, down = max(round(4.4 * w), 2), max(round(4.4 * h), 2)
    cell = min(w / across, h / down)
    for j in range(down):
        for i in range(across):
            name = names[(i + j * 2 + (j // 2)) % len(names)]
            size = cell * scene.noise.number(f"motif size {i} {j}", 0.62, 0.86) / max(SUBJECTS[name].wide ** 0.75, 0.8)
            x = -w / 2 + (i + 0.5 + 0.5 * (j % 2) + scene.noise.number(f"motif x {i} {j}", -0.12, 0.12)) * w / across
            y = -h / 2 + (j + 0.5 + scene.noise.number(f"motif y {i} {j}", -0.12, 0.12)) * h / down + size / 2
            wanted = next((s for s in scene.features.subjects if s.name == name), None)
            flip = scene.noise.number(f"motif flip {i} {j}", 0, 1) > 0.5
            for ox in (-w, 0, w):
                for oy in (-h, 0, h):
                    seed = (scene.recipe.seed + (i * 7 + j * 31)) & 0xFFFFFFFF
                    paint_subject(
                        canvas,
                        scene,
                        Placed(name, x + ox, y + oy, size, 0.0, "pattern", flip, wanted.colour if wanted else "", seed),
                    )


def _motifs(scene: Scene) -> list[str]:
    by_place = {
        "sea": ["fish", "boat", "whale"],
        "coast": ["lighthouse", "boat", "bird"],
        "underwater": ["fish", "jellyfish", "turtle"],
        "forest": ["pine", "mushroom", "fox"],
        "meadow": ["flower", "butterfly", "sunflower"],
        "space": ["planet", "rocket", "astronaut"],
        "lunar": ["astronaut", "rocket", "planet"],
        "city": ["house", "car", "lantern"],
        "desert": ["cactus", "camel", "pyramid"],
        "mountains": ["pine", "deer", "tent"],
        "beach": ["palm", "umbrella", "fish"],
        "interior": ["vase", "fruit", "cup"],
    }
    place = scene.features.places[0] if scene.features.places else ""
    sets = list(by_place.values())
    return by_place.get(place) or sets[(scene.noise.choice("motifs", len(sets)) + scene.features.flavour) % len(sets)]


def glowing(canvas: Canvas) -> Array:
    """The canvas with its lights shining over their surroundings."""
    if canvas.bloom is None:
        return np.clip(canvas.rgb, 0, 1)
    canvas.check()
    small = canvas.bloom[:, ::2, ::2]
    halo = blurred(small, 0.004 * canvas.view.scale) * np.float32(0.7) + blurred(
        small, 0.018 * canvas.view.scale
    ) * np.float32(0.9)
    if canvas.rgb.shape[1:] == (canvas.view.height, canvas.view.width):
        halo = np.repeat(np.repeat(halo, 2, axis=1), 2, axis=2)[:, : canvas.view.height, : canvas.view.width]
    halo = np.clip(halo, 0, 1)
    return np.clip(canvas.rgb + halo * (1 - canvas.rgb * np.float32(0.6)), 0, 1)


def paint(
    recipe: Recipe, view: View, patches: tuple[Patch, ...] = (), check: Callable[[], None] = never, step: Step = nothing
) -> Array:
    """The finished picture of a recipe in a window, float32 planes (3, height, width) 0–1. The same arguments give the same picture."""
    scene = plan(recipe)
    planes = compose(scene, view, check, step)
    for patch in patches:
        planes = (
            planes
            + (compose(plan(patch.recipe), view, check, extra=patch.subjects()) - planes) * patch.mask(view)[None]
        )
    return finish(planes, scene, view, check)


def finish(planes: Array, scene: Scene, view: View, check: Callable[[], None] = never) -> Array:
    """Style, mood and borrowed colours."""
    recipe = scene.recipe
    planes = graded(planes, recipe.grade)
    if recipe.guide is not None:
        own = lightness(graded(_sketch(scene), recipe.grade))
        planes = recipe.guide.lit(planes, own, view, recipe.span)
    amount = 0.0 if recipe.knobs.raw else math.sqrt(recipe.knobs.stylize)
    planes = saturated(planes, 1.0 + 0.16 * amount)
    planes = np.clip(0.5 + (planes - 0.5) * np.float32(1.02 + 0.1 * amount), 0, 1)
    planes = detailed(planes, view, recipe.knobs.detail)
    exposure = _exposure(scene) if scene.style in {"ink", "pencil"} else None
    painted = apply(planes, Manner(scene.style, amount, view, scene.noise.still, check, exposure))
    for mood in scene.features.moods:
        if mood in {"mono", "sepia"}:
            tone = np.tensordot(LUMA, painted, axes=1)[None]
            painted = tone * colour(
                np.array([1.04, 0.94, 0.78], np.float32) if mood == "sepia" else np.ones(3, np.float32)
            )
    return np.clip(unfinished(painted, view, scene.noise.still, recipe.knobs.done), 0, 1)


def _exposure(scene: Scene) -> tuple[float, float]:
    """Mean and spread of the lightness of the scene's first view, from a tiny sketch of it: the same for every window on the scene."""
    tone = np.tensordot(LUMA, _sketch(scene), axes=1)
    return float(tone.mean()), float(tone.std())


def _sketch(scene: Scene) -> Array:
    """The scene's first view, tiny."""
    span = scene.recipe.span
    return compose(
        scene, View(-span[0] / 2, -span[1] / 2, 80, max(round(80 * span[0]), 8), max(round(80 * span[1]), 8))
    )


def graded(planes: Array, grade: tuple[float, ...]) -> Array:
    """Colours drawn towards a mean and spread of each channel (Reinhard et al., Color Transfer between Images, 2001, in RGB)."""
    if not grade:
        return planes
    mean, spread, weight = np.array(grade[:3], np.float32), np.array(grade[3:6], np.float32), grade[6]
    own, wide = planes.mean(axis=(1, 2)), planes.std(axis=(1, 2)) + np.float32(1e-3)
    moved = (planes - colour(own)) * colour(np.clip(spread / wide, 0.4, 1.8)) + colour(mean)
    return np.clip(planes + (moved - planes) * np.float32(weight), 0, 1)


def statistics(planes: Array, weight: float) -> tuple[float, ...]:
    """A grade out of a picture."""
    return (*(float(v) for v in planes.mean(axis=(1, 2))), *(float(v) for v in planes.std(axis=(1, 2))), weight)
