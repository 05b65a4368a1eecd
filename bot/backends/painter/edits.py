"""What is done to pictures that exist: new recipes out of old ones, joins without a seam, and words for what is seen. Pictures that the
painter made come with their recipe; of any other it knows only the pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from bot.backends.painter import instructions
from bot.backends.painter.canvas import View, blurred, colour, from_image, to_image
from bot.backends.painter.lexicon import Features, Wanted, edited, merged
from bot.backends.painter.noise import Array, Noise, counted, smoothstep
from bot.backends.painter.palette import COLOURS, LUMA, toned
from bot.backends.painter.render import GRID, Patch, statistics
from bot.backends.painter.scene import Recipe, habitat, places_of, plan
from bot.backends.painter.styles import Manner, apply, saturated
from bot.backends.painter.subjects import SUBJECTS
from bot.backends.painter.words import WORDS

MAX_DRIFT = 6
MAX_PATCHES = 2
MAX_RINGS = 5


@dataclass(frozen=True, slots=True)
class Memory:
    """What a picture of ours remembers of itself."""

    recipe: Recipe
    view: View
    patches: tuple[Patch, ...] = ()
    #: Stands for the words of the request that made it.
    said: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "v": 1,
            "said": self.said,
            "recipe": self.recipe.to_json(),
            "view": self.view.to_json(),
            "patches": [p.to_json() for p in self.patches],
        }

    @classmethod
    def from_json(cls, data: Any) -> "Memory | None":
        """The memory in a memo; None where it is empty or of another kind."""
        if not data or data.get("v") != 1:
            return None
        return cls(
            Recipe.from_json(data["recipe"]),
            View.from_json(data["view"]),
            tuple(Patch.from_json(p) for p in data["patches"]),
            data["said"],
        )


def varied(recipe: Recipe, features: Features | None, seed: int, strength: float) -> Recipe:
    """A recipe near this one. A weak variation lets the same composition drift, a strong one composes anew in the same colours."""
    features = features or recipe.features
    if strength >= 0.6:
        return replace(recipe, features=features, seed=seed, drift=())
    drift = (*recipe.drift, (seed, round(0.15 + 0.55 * strength, 3)))[-MAX_DRIFT:]
    return replace(recipe, features=features, drift=drift)


def instructed(recipe: Recipe, text: str) -> Recipe:
    """A recipe after an instruction: what it does not name stays, and where it was."""
    old = recipe.features
    pinned = old if old.places or recipe.knobs.tile else replace(old, places=places_of(old, Noise(recipe.seed)))
    new, understood = instructions.instructed(pinned, text)
    if not understood:
        return recipe
    crowd = recipe.crowd or sum(s.count for s in old.subjects if s.name not in {"moon", "sun"})
    return replace(recipe, features=new, crowd=crowd)


def blended(recipes: Sequence[Recipe], seed: int, span: tuple[float, float]) -> Recipe:
    """One recipe out of several: the place of one, the hour of another, the subjects of all."""
    first = seed % len(recipes)
    turned = [r.features for r in (*recipes[first:], *recipes[:first])]
    places = tuple(dict.fromkeys(p for f in turned for p in f.places))[:2]
    subjects = merged(s for f in turned for s in f.subjects if s.name not in f.banned)[:5]
    features = Features(
        places=places,
        time=next((f.time for f in reversed(turned) if f.time), ""),
        weather=tuple(dict.fromkeys(w for f in turned for w in f.weather))[:3],
        season=next((f.season for f in turned if f.season), ""),
        styles=next((f.styles for f in reversed(turned) if f.styles), ()),
        moods=tuple(dict.fromkeys(m for f in turned for m in f.moods))[:3],
        tints=tuple(dict.fromkeys(t for f in turned for t in f.tints))[:3],
        subjects=tuple(subjects),
        elements={k: v for f in turned for k, v in f.elements.items()},
        banned=(),
        flavour=sum(f.flavour for f in turned) % 65521,
    )
    return replace(recipes[first], features=features, seed=seed, span=span, drift=())


# --- regions ---------------------------------------------------------------------------------------------------------------------


def cells_of(mask: Array) -> str:
    """A mask as a coarse grid of bits."""
    small = Image.fromarray((mask * 255).astype(np.uint8), "L").resize((GRID, GRID), Image.Resampling.BOX)
    bits = "".join("1" if v > 100 else "0" for v in np.asarray(small).ravel())
    return f"{int(bits, 2):x}"


def repainted(memory: Memory, features: Features | None, mask: Array, seed: int) -> Patch:
    """The patch that repaints a region: what the prompt adds stands in it, what stood there goes, and its details are new."""
    ys, xs = np.nonzero(mask > 0.5)
    view, old = memory.view, memory.recipe
    x0, x1 = (int(v) / view.scale + view.left for v in (xs.min(), xs.max() + 1))
    y0, y1 = (int(v) / view.scale + view.top for v in (ys.min(), ys.max() + 1))
    wanted = features or old.features
    before = {s.name for s in old.features.subjects}
    new = [s for s in wanted.subjects if s.name not in before]
    here = [p.name for p in plan(old).subjects if x0 < p.x < x1 and y0 < p.y - p.height / 2 < y1]
    merged_features = replace(
        edited(old.features, replace(wanted, subjects=())),
        subjects=tuple(s for s in old.features.subjects if s.name not in here),
    )
    recipe = replace(old, features=merged_features, drift=(*old.drift, (seed, 0.3))[-MAX_DRIFT:])
    inside = mask[int(ys.min()) : int(ys.max()) + 1, int(xs.min()) : int(xs.max()) + 1]
    extra = tuple(_standing(recipe, s, i, len(new), (x0, y0, x1, y1)) for i, s in enumerate(new[:3]))
    return Patch((x0, y0, x1, y1), cells_of(inside), recipe, extra)


def _standing(
    recipe: Recipe, subject: Wanted, order: int, count: int, box: tuple[float, float, float, float]
) -> tuple[str, float, float, float, str, str]:
    """A subject fitted into a box."""
    kind, scene = SUBJECTS[subject.name], plan(recipe)
    x0, y0, x1, y1 = box
    height = min((y1 - y0) * 0.8, (x1 - x0) / count * 0.9 / kind.wide, kind.height * 1.8)
    x = x0 + (x1 - x0) * (order + 0.5) / count
    middle = (y0 + y1) / 2 + height / 2
    place = habitat(scene, subject.name)
    if place == "water" and middle < scene.horizon:
        place = "air" if "air" in kind.habitats else "ground"
    y = min(y1 - 0.1 * (y1 - y0), max(middle, scene.horizon + 0.03) if place in {"water", "ground"} else middle)
    return subject.name, round(x, 5), round(y, 5), round(height, 5), place, subject.colour


# --- pictures by others -----------------------------------------------------------------------------------------------------------


def _read(path: Any) -> Image.Image:
    """A picture of any mode in RGB: 16 bits scaled to 8, what is transparent white."""
    with Image.open(path) as image:
        image.load()
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image, np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def opened(path: Any, size: tuple[int, int] | None = None) -> Array:
    """A picture's planes, in this size (width, height) if given."""
    picture = _read(path)
    if size is not None and picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return from_image(picture)


def covering(path: Any, size: tuple[int, int]) -> Array:
    """A picture scaled and cropped around its middle to fill this size."""
    picture = _read(path)
    scale = max(size[0] / picture.width, size[1] / picture.height)
    picture = picture.resize(
        (max(round(picture.width * scale), size[0]), max(round(picture.height * scale), size[1])),
        Image.Resampling.LANCZOS,
    )
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return from_image(picture.crop((left, top, left + size[0], top + size[1])))


def restroked(planes: Array, manner: Manner, features: Features, strength: float) -> Array:
    """Somebody else's picture painted over in its own colours, which the prompt's words may bend."""
    moved = recoloured(planes, features)
    wob = np.float32(0.02 * strength * manner.view.scale)
    h, w = planes.shape[1:]
    rows = np.clip(counted(h)[:, None] + manner.field(2.2, "sway y", 2) * wob, 0, h - 1).astype(np.int32)
    cols = np.clip(counted(w)[None, :] + manner.field(2.2, "sway x", 2) * wob, 0, w - 1).astype(np.int32)
    hue = np.array([manner.noise.number(c, -1, 1) for c in "rgb"], np.float32) * np.float32(0.09 * strength)
    return apply(np.clip(moved[:, rows, cols] + colour(hue - hue.mean()), 0, 1), manner)


def recoloured(planes: Array, features: Features) -> Array:
    """A picture in the light and the colours that words ask for: the hour, tints, a coloured sky."""
    light = {
        "night": (0.4, 0.5, 0.8),
        "dusk": (0.72, 0.64, 0.86),
        "sunset": (1.12, 0.84, 0.66),
        "golden": (1.1, 0.98, 0.78),
        "dawn": (1.05, 0.95, 0.95),
    }
    result = planes * colour(np.array(light.get(features.time, (1, 1, 1)), np.float32))
    for name in features.tints:
        goal = toned(np.array([0.6, 0.6, 0.6], np.float32), COLOURS[name], 1.0)
        result = result + (
            np.tensordot(LUMA, result, axes=1)[None] * colour(goal) / np.float32(0.6) - result
        ) * np.float32(0.45)
    if "sky" in features.elements:
        down = smoothstep(0.62, 0.2, np.linspace(0, 1, planes.shape[1], dtype=np.float32))[:, None]
        tone = np.tensordot(LUMA, result, axes=1)
        sky = down * smoothstep(0.2, 0.5, tone)
        goal = colour(COLOURS[features.elements["sky"]]) * (0.35 + tone)[None] * np.float32(1.1)
        result = result + (goal - result) * (sky * np.float32(0.7))[None]
    for mood, amount in (("vivid", 1.4), ("pastel", 0.7), ("mono", 0.0), ("dark", 0.85)):
        if mood in features.moods:
            result = saturated(result, amount) * np.float32(0.75 if mood == "dark" else 1)
    return np.clip(result, 0, 1)


def mingled(pictures: Sequence[Array], noise: Noise, view: View) -> Array:
    """Several pictures in one: each shows through in regions of its own, in the common colours of all."""
    grade = np.mean([statistics(p, 1.0) for p in pictures], axis=0)
    total = np.zeros_like(pictures[0])
    weight = np.zeros(pictures[0].shape[1:], np.float32)
    for k, picture in enumerate(pictures):
        own = statistics(picture, 1.0)
        even = (picture - colour(np.array(own[:3]))) * colour(
            np.array(grade[3:6]) / np.maximum(own[3:6], 0.02)
        ) + colour(np.array(grade[:3]))
        region = np.exp(noise.field(view.xs, view.ys, 1.5, f"mingle {k}", octaves=3) * np.float32(2.2))
        total += (picture * np.float32(0.5) + even * np.float32(0.5)) * region[None]
        weight += region
    return np.clip(total / weight[None], 0, 1)


def refined(parent: Array, planes: Array) -> Array:
    """An enlarged picture with the finer edges of its repainting; where the two are of different things, the picture stands."""
    h, w = planes.shape[1:]
    apart = np.abs(parent[:, ::4, ::4] - planes[:, ::4, ::4]).max(axis=0)
    doubt = smoothstep(0.07, 0.2, blurred(apart, max(max(h, w) / 1600, 2)))
    share = np.asarray(Image.fromarray(doubt.astype(np.float32)).resize((w, h), Image.Resampling.BILINEAR))
    change = parent - planes
    change *= (share + np.float32(1)) * np.float32(0.5)
    return planes + change


def enlarged(planes: Array, size: tuple[int, int]) -> Image.Image:
    """A picture resampled to a larger size and sharpened a little."""
    return to_image(planes).resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.UnsharpMask(1.6, 55, 2))


# --- words ------------------------------------------------------------------------------------------------------------------------

NUMBERS = ("", "a", "two", "three", "four", "five", "six")


def english(kind: str, name: str) -> str:
    return WORDS[kind][name][0].split(", ")[0]


def _noun(subject: Wanted) -> str:
    word = english("subject", subject.name)
    words = " ".join(w for w in (english("colour", subject.colour) if subject.colour else "", word) if w)
    if subject.count > 1:
        plural = {"wolf": "wolves", "fish": "fish", "sheep": "sheep", "deer": "deer", "person": "people"}.get(
            word, f"{word}es" if word[-1] in "sxh" else f"{word}s"
        )
        return f"{NUMBERS[min(subject.count, 6)]} {words.removesuffix(word)}{plural}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def described(memory: Memory) -> tuple[str, ...]:
    """Four prompts that would give a picture like this one, plain to rich."""
    f = memory.recipe.features
    things = ", ".join(_noun(s) for s in f.subjects if s.name not in f.banned) or "a landscape"
    places = {
        "coast": "on a cliff by the sea",
        "mountains": "in the mountains",
        "forest": "in a forest",
        "city": "in a city",
        "desert": "in a desert",
        "space": "in outer space",
        "lunar": "on the moon",
        "sea": "on the sea",
        "underwater": "under the sea",
        "meadow": "in a meadow",
        "lake": "by a lake",
        "beach": "on a beach",
        "island": "on an island",
        "village": "in a village",
        "roof": "on a rooftop",
        "interior": "still life, on a table",
        "clouds": "above the clouds",
    }
    where = " ".join(places[p] for p in f.places[:2])
    when = {"day": "in daylight", "golden": "at the golden hour", "night": "at night"}.get(
        f.time, f"at {f.time}" if f.time else ""
    )
    weather = ", ".join(english("weather", w) for w in f.weather)
    style = english("style", plan(memory.recipe).style)
    mood = ", ".join(english("mood", m) for m in f.moods) or "calm"
    colours = " and ".join(english("colour", t) for t in f.tints)
    short = " ".join(w for w in (things, where, when) if w)
    full = ", ".join(w for w in (short, weather, f"{colours} tones" if colours else "") if w)
    return (
        short,
        f"{full}, {style}",
        f"{style} of {full}, {mood}",
        f"{full}, {mood}, {style}, vivid colours, dramatic light",
    )


def seen(planes: Array) -> tuple[str, ...]:
    """Four plain prompts for a picture of unknown making: only its colours, light and composition can be told."""
    small = from_image(to_image(planes).resize((48, 48), Image.Resampling.BOX))
    tone = np.tensordot(LUMA, small, axes=1)
    names = [_nearest(c) for c in _chief(small)]
    palette_words = " and ".join(dict.fromkeys(names))
    light = "dark" if tone.mean() < 0.3 else "bright" if tone.mean() > 0.66 else "softly lit"
    contrast = "high contrast" if tone.std() > 0.24 else "soft contrast" if tone.std() < 0.12 else "balanced contrast"
    rows, cols = tone.mean(axis=1), tone.mean(axis=0)
    split = (
        "a light sky above a dark ground"
        if rows[:20].mean() - rows[28:].mean() > 0.12
        else "a dark top and a light base"
        if rows[28:].mean() - rows[:20].mean() > 0.12
        else "an even composition"
    )
    middle = tone[16:32, 16:32].mean() - tone.mean()
    focus = "a light centre" if middle > 0.08 else "a dark subject in the centre" if middle < -0.08 else "a calm centre"
    weight = (
        "weight on the left"
        if cols[:24].mean() < cols[24:].mean() - 0.04
        else "weight on the right"
        if cols[24:].mean() < cols[:24].mean() - 0.04
        else "a balanced layout"
    )
    vivid = "vivid" if (small.max(axis=0) - small.min(axis=0)).mean() > 0.3 else "muted"
    return (
        f"a {light} picture in {vivid} {palette_words}, {split}",
        f"oil painting, {palette_words}, {contrast}, {focus}",
        f"watercolour in {vivid} {palette_words} tones, {split}, {weight}",
        f"flat poster, {names[0]} and {names[-1]}, {contrast}, {focus}, {weight}",
    )


def _chief(small: Array) -> list[Array]:
    """The three commonest colours of a small picture."""
    image = to_image(small).quantize(5, Image.Quantize.MEDIANCUT)
    counts = sorted(image.getcolors() or [], key=lambda entry: -int(entry[0]))
    table = image.getpalette() or []
    picked = [int(index) * 3 for _, index in counts[:3] if isinstance(index, int)]
    return [np.array(table[i : i + 3], np.float32) / np.float32(255) for i in picked]


def _nearest(c: Array) -> str:
    def apart(name: str) -> float:
        other = COLOURS[name]
        return float((((c - c.mean()) - (other - other.mean())) ** 2).sum() * 2.2 + (c.mean() - other.mean()) ** 2)

    return english("colour", min(COLOURS, key=apart))
