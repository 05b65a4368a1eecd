"""The plan of a picture: features and a seed become a `Scene`, which is all that the renderer needs. Pure.

The world's origin is the middle of the first view, whose area is 1. A landscape is put together from three slots: what closes it at the
back, what the ground is, and what stands in front.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from bot.backends.painter.guide import Guide
from bot.backends.painter.lexicon import Features, Wanted
from bot.backends.painter.noise import Array, Noise, Ring, smoothstep
from bot.backends.painter.palette import Palette, palette
from bot.backends.painter.subjects import SUBJECTS


@dataclass(frozen=True, slots=True)
class Slots:
    """The three slots of a landscape; `firm` names the one that makes the place what it is."""

    back: str
    ground: str
    front: str
    firm: str


PLACES = {
    "coast": Slots("headlands", "water", "cliff", "front"),
    "mountains": Slots("mountains", "grass", "pines", "back"),
    "forest": Slots("treeline", "floor", "trunks", "front"),
    "city": Slots("skyline", "street", "", "back"),
    "desert": Slots("mesas", "dunes", "", "ground"),
    "sea": Slots("", "water", "", "ground"),
    "meadow": Slots("hills", "grass", "flowers", "ground"),
    "lake": Slots("mountains", "water", "bank", "ground"),
    "beach": Slots("headlands", "water", "sand", "front"),
    "island": Slots("island", "water", "", "back"),
    "village": Slots("hills", "grass", "", "ground"),
    "roof": Slots("skyline", "", "roof", "front"),
    "clouds": Slots("", "cloudsea", "", "ground"),
}
#: Where no place is named, chance picks one of these.
USUAL = ("coast", "mountains", "meadow", "lake", "desert", "forest", "sea")
#: Places with a renderer of their own.
WHOLE = frozenset({"space", "lunar", "underwater", "interior", "pattern"})
LANDMARKS = frozenset({"lighthouse", "castle", "tower", "church", "temple", "windmill"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """The numbers of the prompt: chaos, stylize and weird as 0–1 (stylize 0.1 is usual), whether the picture tiles, extra detail and the
    part of the work that is done, both 0–1."""

    chaos: float = 0.0
    stylize: float = 0.1
    weird: float = 0.0
    tile: bool = False
    raw: bool = False
    detail: float = 0.0
    done: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a picture is made from, and all that is remembered of it. `span` is the first view's size in world units; `grade` the
    mean and spread of colours lent by other images, with their weight."""

    features: Features
    seed: int
    span: tuple[float, float] = (1.0, 1.0)
    drift: tuple[tuple[int, float], ...] = ()
    knobs: Knobs = field(default_factory=Knobs)
    grade: tuple[float, ...] = ()
    #: What was painted around the first view later, the oldest first.
    rings: tuple[Ring, ...] = ()
    #: The composition that image prompts lend.
    guide: Guide | None = None
    #: How many subjects there were before an instruction added some, so that the first keep their places; 0 for as many as there are.
    crowd: int = 0

    def to_json(self) -> dict[str, Any]:
        k = self.knobs
        return {
            "features": self.features.to_json(), "seed": self.seed, "span": [round(s, 5) for s in self.span],
            "drift": [[seed, round(amount, 4)] for seed, amount in self.drift],
            "knobs": [k.chaos, k.stylize, k.weird, k.tile, k.raw, k.detail, k.done],
            "grade": [round(g, 4) for g in self.grade],
            "rings": [ring.to_json() for ring in self.rings],
            "guide": self.guide.to_json() if self.guide else None, "crowd": self.crowd,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        chaos, stylize, weird, tile, raw, *more = data["knobs"]
        detail, done = more or (0.0, 1.0)
        return cls(
            features=Features.from_json(data["features"]), seed=data["seed"], span=(data["span"][0], data["span"][1]),
            drift=tuple((int(seed), float(amount)) for seed, amount in data["drift"]),
            knobs=Knobs(chaos=chaos, stylize=stylize, weird=weird, tile=tile, raw=raw, detail=detail, done=done),
            grade=tuple(data["grade"]),
            rings=tuple(Ring.from_json(r) for r in data.get("rings", ())),
            guide=Guide(*data["guide"]) if data.get("guide") else None, crowd=int(data.get("crowd", 0)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A subject in the world: (x, y) is the middle of its base, `height` in units, `depth` 0 near to 1 far."""

    name: str
    x: float
    y: float
    height: float
    depth: float
    habitat: str
    flip: bool
    colour: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that is decided about a picture before a pixel is painted."""

    recipe: Recipe
    noise: Noise
    palette: Palette
    whole: str
    back: str
    ground: str
    front: str
    horizon: float
    side: int  # where the land is: -1 left, 1 right
    sun: tuple[float, float]
    style: str
    subjects: tuple[Placed, ...] = ()

    @property
    def features(self) -> Features:
        return self.recipe.features

    @property
    def bottom(self) -> float:
        return self.recipe.span[1] / 2

    def weather(self, name: str) -> bool:
        return name in self.features.weather

    def shows(self, name: str) -> bool:
        """Whether something may be in the picture."""
        return name not in self.features.banned


def plan(recipe: Recipe) -> Scene:
    """The scene of a recipe. Every decision hangs on its own name, so that one more subject leaves the others where they are."""
    f, knobs = recipe.features, recipe.knobs
    noise = Noise(recipe.seed, recipe.drift, recipe.span if knobs.tile else None, recipe.rings)
    slots = _slots(f, knobs.tile, noise)
    colours = palette(f, noise, knobs.chaos, knobs.weird)
    wide = 0.05 + 0.1 * knobs.chaos
    horizon = {"street": 0.14, "floor": 0.17, "dunes": 0.02, "cloudsea": 0.1}.get(slots.ground, 0.07)
    if slots.front == "roof":
        horizon = 0.2
    horizon = (horizon + noise.number("horizon", -wide, wide)) * recipe.span[1]
    if recipe.guide and recipe.guide.horizon:
        horizon += ((recipe.guide.horizon - 0.5) * recipe.span[1] - horizon) * recipe.guide.weight
    side = 1 if noise.choice("side", 2) else -1
    sun_x = -side * noise.number("sun", 0.06, 0.3) * recipe.span[0]
    scene = Scene(
        recipe=recipe,
        noise=noise,
        palette=colours,
        whole=slots.firm if slots.firm in WHOLE else "",
        back=slots.back,
        ground=slots.ground,
        front=slots.front,
        horizon=horizon,
        side=side,
        sun=(sun_x, horizon - colours.sun_height * recipe.span[1]),
        style=_style(f, knobs, noise),
    )
    return replace(scene, subjects=tuple(_placed(scene)))


def _style(features: Features, knobs: Knobs, noise: Noise) -> str:
    if features.styles:
        return features.styles[0]
    if knobs.raw or knobs.stylize == 0:
        return "smooth"
    return ("oil", "flat", "watercolour", "impressionist")[noise.choice("style", 4)] if knobs.chaos > 0.6 else "oil"


def _slots(features: Features, tile: bool, noise: Noise) -> Slots:
    """The slots of the places that were named, of the subjects' home where none was, of chance where nothing was said."""
    if tile:
        return Slots("", "", "", "pattern")
    names = list(places_of(features, noise))
    for name in names:
        if name in WHOLE:
            return Slots("", "", "", name)
    names = [n for n in names if n != "clouds"] or names
    slots = PLACES[names[0]]
    for name in names[1:]:
        other = PLACES[name]
        slots = replace(slots, **{other.firm: getattr(other, other.firm)})
    return _suited(slots, features)


def places_of(features: Features, noise: Noise) -> tuple[str, ...]:
    """The places that a picture shows: those that were named, else the subjects' home, else one by chance."""
    names = list(features.places)
    homes = [SUBJECTS[s.name].home for s in features.subjects]
    if names == ["clouds"] and homes and "air" not in SUBJECTS[features.subjects[0].name].habitats:
        names = []
    if not names:
        usual = [p for p in USUAL if p not in features.banned] or ["meadow"]
        names = homes[:1] or [usual[(noise.choice("place", len(usual)) + features.flavour) % len(usual)]]
    return tuple(names)


def _suited(slots: Slots, features: Features) -> Slots:
    """Land where the subjects need it, and nothing that was refused."""
    landed = [s.name for s in features.subjects if SUBJECTS[s.name].habitats[0] == "ground"]
    if slots.ground == "water" and landed and slots.front == "" and slots.back != "island":
        slots = replace(slots, front="cliff" if LANDMARKS & set(landed) else "bank")
    if slots.ground == "water" and slots.front in {"pines", "flowers"}:
        slots = replace(slots, front="bank")
    if slots.ground == "cloudsea" and landed:
        slots = replace(slots, front="cliff")
    if (
        slots.ground == "grass"
        and slots.front != "cliff"
        and any(SUBJECTS[s.name].habitats == ("water",) for s in features.subjects)
    ):
        slots = replace(slots, ground="water", front=slots.front or "bank")
    return _without(slots, features.banned)


#: What each refusal takes out of a landscape: part of the slots, what is taken, what comes in its place.
GONE = {
    "pine": (("front", "pines", ""),),
    "flower": (("front", "flowers", ""),),
    "tree": (("front", "trunks", ""), ("back", "treeline", "hills")),
    "coast": (("front", "cliff", "bank"), ("back", "headlands", "")),
    "mountains": (("back", "mountains", "hills"), ("back", "mesas", "")),
    "meadow": (("back", "hills", ""),),
    "city": (("back", "skyline", ""), ("ground", "street", "grass")),
    "beach": (("front", "sand", "bank"),),
    "island": (("back", "island", ""),),
    "roof": (("front", "roof", ""), ("ground", "", "grass")),
    "water": (("ground", "water", "grass"), ("front", "bank", ""), ("front", "sand", "")),
    "desert": (("ground", "dunes", "grass"),),
    "cloudy": (("ground", "cloudsea", "water"),),
}


def _without(slots: Slots, banned: tuple[str, ...]) -> Slots:
    """The slots without what was refused."""
    for name in banned:
        for part, old, new in GONE.get(name, ()):
            if getattr(slots, part) == old:
                slots = replace(slots, **{part: new})
    return slots


# --- where things stand ---------------------------------------------------------------------------------------------------------


def cliff_edge(scene: Scene) -> float:
    """Where the headland ends, in x."""
    return scene.side * scene.noise.number("edge", 0.03, 0.15) * scene.recipe.span[0]


def cliff_top(scene: Scene, xs: Array) -> Array:
    """The height of the cliff's outline at `xs`: the plateau, and the fall into the sea."""
    u = scene.side * (xs - cliff_edge(scene))
    height = scene.noise.number("cliff", 0.1, 0.2) * scene.recipe.span[1]
    rough = scene.noise.line(xs, 7, "cliff top", 5, 0.55)
    fall = smoothstep(-0.17, 0.02, u + 0.022 * scene.noise.line(xs, 22, "cliff fall", 3))
    plateau = height * (0.85 + 0.3 * smoothstep(0, 0.6, u)) + 0.012 * rough * smoothstep(
        0.25, 0.4, np.abs(u - 0.13) + 0.18
    )
    sea = 2.3 * np.maximum(-u - 0.13 + 0.02 * scene.noise.line(xs, 11, "shore", 4, 0.6), 0) ** 1.15
    return scene.horizon + 0.035 - (plateau + 0.035) * fall + sea


def bank_top(scene: Scene, xs: Array) -> Array:
    """The outline of the land in front at `xs`: a bank or a beach."""
    slope = 0.22 if scene.front == "sand" else 0.1
    base = scene.horizon + (scene.bottom - scene.horizon) * (0.5 if scene.front == "sand" else 0.62)
    return base - slope * scene.side * xs + 0.022 * scene.noise.line(xs, 1.6, "bank", 3)


def roof_top(scene: Scene, xs: Array) -> Array:
    """The ridge and the slope of the roof in front."""
    peak = scene.side * 0.12
    ridge = scene.bottom - 0.3 * scene.recipe.span[1]
    return (
        ridge
        + 0.42 * np.maximum(scene.side * (peak - xs) - 0.18, 0)
        + 0.42 * np.maximum(scene.side * (xs - peak) - 0.34, 0)
    )


def _foothold(scene: Scene, x: float, near: float) -> tuple[float, float]:
    """(y, depth) for something that stands at x; `near` 0–1 from far to near."""
    at = np.array([x], np.float32)
    floor = scene.bottom - scene.horizon
    match scene.front:
        case "cliff":
            return float(cliff_top(scene, at)[0]) + 0.012, 0.3
        case "bank" | "sand":
            top = float(bank_top(scene, at)[0])
            return top + 0.03 + max(scene.bottom - top, 0.05) * 0.5 * near, 0.1
        case "roof":
            return float(roof_top(scene, at)[0]) + 0.006, 0.05
        case _:
            pass
    if scene.back == "island" and scene.ground == "water":
        return scene.horizon + 0.012, 0.35
    return scene.horizon + floor * (0.16 + 0.66 * near), 0.75 * (1 - near)


def footing(scene: Scene, x: float, near: float, size: float) -> tuple[float, float, float]:
    """(y, depth, height) of something of this height on the ground at x, far (0) or near (1)."""
    y, depth = _foothold(scene, x, near)
    return y, depth, size * (0.8 if scene.front == "cliff" else 0.55 + 0.6 * near)


def habitat(scene: Scene, name: str) -> str:
    """Where in this scene a subject lives, from its own list; the last one if nothing fits."""
    here = {
        "space": ("space", "air"),
        "lunar": ("ground", "space"),
        "underwater": ("deep", "ground"),
        "interior": ("table", "ground"),
        "pattern": ("pattern",),
    }.get(scene.whole)
    if here is None:
        here = ("water", "ground", "air") if scene.ground == "water" else ("ground", "air", "water")
    wanted = SUBJECTS[name].habitats
    return next(
        (h for h in wanted if h in here), here[0] if here[0] in {"space", "deep", "table", "pattern"} else wanted[0]
    )


def _placed(scene: Scene) -> list[Placed]:
    """All subjects, each several times if several were asked for, far ones first."""
    wanted = [s for s in scene.features.subjects if s.name not in {"moon", "sun"} or scene.whole == "pattern"]
    if "village" in scene.features.places and scene.shows("house") and "house" not in {s.name for s in wanted}:
        wanted = [*wanted, Wanted("house", 5, size=1.15)]
    if scene.whole == "interior" and not wanted and scene.shows("vase"):
        wanted = [Wanted("vase")]
    if scene.whole == "interior":
        wanted = _arranged(scene, wanted)
    crowd = scene.recipe.crowd or sum(s.count for s in wanted)
    slots: dict[str, int] = {}
    placed: list[Placed] = []
    for order, subject in enumerate(wanted):
        place = habitat(scene, subject.name)
        for copy in range(subject.count):
            slot = slots.get(place, 0)
            slots[place] = slot + 1
            placed.append(_one(scene, subject, place, order, copy, slot, crowd))
    return sorted((p for p in placed if scene.shows(p.name)), key=lambda p: -p.depth)


def _arranged(scene: Scene, wanted: list[Wanted]) -> list[Wanted]:
    """A still life: flowers go into a vase, and a lonely thing gets company."""
    result = [
        replace(w, name="vase", count=1) if w.name in {"flower", "sunflower"} and scene.shows("vase") else w
        for w in wanted
    ]
    company = [Wanted("fruit", 3), Wanted(("bottle", "cup", "book", "candle")[scene.noise.choice("company", 4)])]
    names = {w.name for w in result}
    if len(result) < 3:
        result += [w for w in company if w.name not in names and scene.shows(w.name)]
    return result


#: Where the first, second … subject of a habitat goes, as a part of half the width, from the scene's side.
SPOTS = (0.36, -0.42, -0.04, 0.72, -0.78, 0.16, -0.22, 0.55, -0.6, 0.9)


def _one(scene: Scene, subject: Wanted, place: str, order: int, copy: int, slot: int, crowd: int) -> Placed:
    kind, knobs = SUBJECTS[subject.name], scene.recipe.knobs
    name = f"{subject.name} {copy}"
    draw = scene.noise.number
    half = scene.recipe.span[0] / 2
    spot = SPOTS[slot % len(SPOTS)] if crowd > 1 or slot else draw(f"{name} spot", -0.3, 0.42)
    x = scene.side * (spot + draw(f"{name} x", -0.09, 0.09) * (1 + knobs.chaos)) * half
    size = (
        kind.height
        * subject.size
        * (1.12 if crowd == 1 else 0.92 if crowd < 4 else 0.72)
        * draw(f"{name} size", 0.9, 1.12)
    )
    size *= (
        (1 - 0.13 * min(copy, 3))
        * (1 + knobs.weird * draw(f"{name} weird", 0, 1.2))
        * min(1.0, math.sqrt(scene.recipe.span[0]) + 0.1)
    )
    near = max(kind.near - 0.12 * copy * draw(f"{name} near", 0.4, 1), 0.08)
    x, y, depth, size = _spot(scene, place, x, near, size, name, slot)
    size = min(size, (y + scene.bottom) * 0.92) if place == "ground" and y > 0.15 - scene.bottom else size
    flip = x * (1 if kind.faces else 0) > 0 if kind.faces else bool(scene.noise.choice(f"{name} flip", 2))
    return Placed(
        subject.name,
        x,
        y,
        size,
        depth,
        place,
        flip,
        subject.colour,
        (scene.recipe.seed * 31 + order * 7 + copy * 101) & 0xFFFFFFFF,
    )


def _spot(
    scene: Scene, place: str, x: float, near: float, size: float, name: str, slot: int
) -> tuple[float, float, float, float]:
    """(x, y, depth, height) of a subject by where it lives."""
    draw, half = scene.noise.number, scene.recipe.span[0] / 2
    match place:
        case "water":
            t = draw(f"{name} reach", 0.12, 0.34) + 0.1 * min(slot, 3) * draw(f"{name} more", 0.3, 1)
            if scene.front in {"cliff", "sand", "bank"}:
                x = -scene.side * (0.24 + 0.28 * draw(f"{name} out", 0, 1) + 0.3 * slot) * half * 1.3
                t = min(t, 0.3)
            return x, scene.horizon + (scene.bottom - scene.horizon) * t, 0.45 * (1 - t), size * (0.62 + 1.0 * t)
        case "air":
            high = scene.horizon + scene.bottom
            y = scene.horizon - high * (0.36 + 0.2 * draw(f"{name} y", -1, 1) + 0.1 * ((slot * 2) % 3 - 1))
            if scene.front in {"cliff", "pines"}:
                x = x - scene.side * 0.1
            return x, max(y, size * 0.95 - scene.bottom), 0.3 + 0.1 * min(slot, 3), size
        case "space" | "deep":
            y = size / 2 + scene.recipe.span[1] * (
                0.02 + 0.2 * draw(f"{name} y", -1, 1) * (1 if slot else 0.5) + 0.12 * ((slot + 1) % 3 - 1) * (slot > 0)
            )
            return x, y, 0.1 + 0.12 * min(slot, 4), size * 1.15
        case "table":
            return (
                x * 0.8,
                scene.bottom * (0.5 + 0.14 * draw(f"{name} y", 0, 1) + 0.2 * (size < 0.2)),
                0.1 * (size > 0.2),
                size * 1.25,
            )
        case _:
            pass
    return _grounded(scene, x, near, size, name, slot)


def _grounded(
    scene: Scene, x: float, near: float, size: float, name: str, slot: int
) -> tuple[float, float, float, float]:
    half = scene.recipe.span[0] / 2
    if scene.whole == "lunar":
        y = scene.horizon + (scene.bottom - scene.horizon) * (0.2 + 0.6 * near)
        return x, y, 0.3 * (1 - near), size * (0.7 + 0.5 * near)
    if scene.whole == "underwater":
        return x, scene.bottom * 0.84, 0.2, size * 0.8
    if scene.front == "cliff":
        room = half + scene.side * -cliff_edge(scene)
        x = cliff_edge(scene) + scene.side * room * (0.2 + 0.27 * slot + scene.noise.number(f"{name} in", -0.03, 0.08))
        size *= 0.8
    elif scene.front == "roof":
        x = scene.side * (0.02 + 0.16 * slot)
    elif scene.back == "island" and scene.ground == "water":
        x, size = scene.side * (0.04 + 0.07 * slot), size * 0.5
    y, depth = _foothold(scene, x, near)
    if scene.front not in {"cliff", "roof", "bank", "sand"}:
        size *= 0.55 + 0.6 * near
    return x, y, depth, size
