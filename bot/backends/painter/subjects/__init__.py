"""What the painter can draw, and where each thing belongs."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.backends.painter.subjects import animals, buildings, things, water
from bot.backends.painter.subjects.pen import Pen


@dataclass(frozen=True, slots=True)
class Subject:
    """`wide` is its width in heights; `height` its usual height in a picture of area 1; `habitats` where it can be, best first; `home` the
    place that it brings along when none is named; `near` how far in front it stands (0–1); `faces` whether it looks to one side."""

    draw: Callable[[Pen], None]
    wide: float
    height: float
    habitats: tuple[str, ...] = ("ground",)
    home: str = "meadow"
    near: float = 0.6
    faces: bool = False


def _beast(draw: Callable[[Pen], None], wide: float, height: float, home: str) -> Subject:
    return Subject(draw, wide, height, ("ground", "table"), home, 0.68, True)


def _building(draw: Callable[[Pen], None], wide: float, height: float, home: str, near: float = 0.25) -> Subject:
    return Subject(draw, wide, height, ("ground",), home, near)


def _thing(draw: Callable[[Pen], None], wide: float, height: float, near: float = 0.75) -> Subject:
    return Subject(draw, wide, height, ("table", "ground"), "interior", near)


SUBJECTS: dict[str, Subject] = {
    "lighthouse": _building(buildings.lighthouse, 0.75, 0.42, "coast"),
    "house": _building(buildings.house, 1.35, 0.22, "meadow", 0.4),
    "castle": _building(buildings.castle, 1.3, 0.42, "mountains", 0.2),
    "tower": _building(buildings.tower, 0.42, 0.46, "mountains"),
    "church": _building(buildings.church, 1.1, 0.32, "village", 0.3),
    "windmill": _building(buildings.windmill, 0.95, 0.42, "meadow", 0.3),
    "bridge": Subject(buildings.bridge, 3.3, 0.17, ("water", "ground"), "lake", 0.3),
    "temple": _building(buildings.temple, 1.15, 0.4, "mountains", 0.3),
    "pyramid": _building(buildings.pyramid, 1.95, 0.27, "desert", 0.1),
    "tent": _building(buildings.tent, 1.8, 0.17, "forest", 0.6),
    "boat": Subject(things.boat, 1.1, 0.24, ("water", "ground"), "sea", 0.5, True),
    "ship": Subject(things.ship, 1.5, 0.34, ("water", "ground"), "sea", 0.5, True),
    "car": Subject(things.car, 2.3, 0.13, ("ground",), "city", 0.72, True),
    "train": Subject(things.train, 5.0, 0.16, ("ground",), "meadow", 0.45),
    "balloon": Subject(things.balloon, 0.75, 0.3, ("air", "space"), "meadow"),
    "airplane": Subject(things.airplane, 2.4, 0.13, ("air", "space"), "clouds", 0.6, True),
    "rocket": Subject(things.rocket, 0.62, 0.4, ("space", "air"), "space"),
    "ufo": Subject(things.ufo, 2.05, 0.13, ("air", "space"), "meadow"),
    "tree": _building(things.tree, 0.85, 0.5, "meadow", 0.5),
    "pine": _building(things.pine, 0.66, 0.46, "mountains", 0.5),
    "palm": _building(things.palm, 0.95, 0.46, "beach", 0.5),
    "flower": Subject(things.flower, 0.62, 0.3, ("table", "ground"), "meadow", 0.85),
    "sunflower": Subject(things.sunflower, 0.56, 0.42, ("ground", "table"), "meadow", 0.85),
    "mushroom": Subject(things.mushroom, 1.05, 0.24, ("ground", "table"), "forest", 0.75),
    "cactus": _building(things.cactus, 0.75, 0.3, "desert", 0.6),
    "person": Subject(things.person, 0.5, 0.28, ("ground",), "mountains", 0.7),
    "wizard": Subject(things.wizard, 0.62, 0.34, ("ground",), "forest", 0.65),
    "astronaut": Subject(things.astronaut, 0.8, 0.36, ("ground", "space"), "space", 0.7),
    "robot": Subject(things.robot, 0.76, 0.4, ("ground", "table"), "city", 0.7),
    "ghost": Subject(things.ghost, 0.6, 0.32, ("ground", "air"), "forest", 0.6),
    "fox": _beast(animals.fox, 1.7, 0.26, "forest"),
    "wolf": _beast(animals.wolf, 1.35, 0.3, "forest"),
    "dog": _beast(animals.dog, 1.3, 0.27, "meadow"),
    "cat": _beast(animals.cat, 1.0, 0.3, "roof"),
    "horse": _beast(animals.horse, 1.25, 0.36, "meadow"),
    "deer": _beast(animals.deer, 0.95, 0.4, "forest"),
    "bear": _beast(animals.bear, 1.75, 0.32, "forest"),
    "camel": _beast(animals.camel, 1.5, 0.33, "desert"),
    "elephant": _beast(animals.elephant, 1.95, 0.38, "meadow"),
    "rabbit": _beast(animals.rabbit, 0.95, 0.2, "meadow"),
    "cow": _beast(animals.cow, 1.6, 0.27, "meadow"),
    "sheep": _beast(animals.sheep, 1.25, 0.2, "meadow"),
    "lion": _beast(animals.lion, 1.55, 0.31, "desert"),
    "bird": Subject(animals.bird, 1.35, 0.12, ("air", "ground"), "sea", 0.6, True),
    "owl": Subject(animals.owl, 0.8, 0.26, ("ground", "air"), "forest", 0.7),
    "swan": Subject(animals.swan, 1.3, 0.2, ("water", "ground"), "lake", 0.6, True),
    "butterfly": Subject(animals.butterfly, 1.25, 0.15, ("air", "table"), "meadow"),
    "whale": Subject(water.whale, 2.65, 0.26, ("deep", "water", "air"), "underwater", 0.5, True),
    "fish": Subject(water.fish, 1.75, 0.15, ("deep", "water", "table"), "underwater", 0.5, True),
    "dolphin": Subject(water.dolphin, 2.3, 0.19, ("deep", "water", "air"), "sea", 0.5, True),
    "shark": Subject(water.shark, 2.4, 0.2, ("deep", "water"), "underwater", 0.5, True),
    "octopus": Subject(water.octopus, 1.5, 0.34, ("deep", "water", "ground"), "underwater"),
    "jellyfish": Subject(water.jellyfish, 0.85, 0.3, ("deep", "air"), "underwater"),
    "turtle": Subject(water.turtle, 2.0, 0.17, ("deep", "ground", "water"), "underwater", 0.6, True),
    "dragon": Subject(water.dragon, 2.4, 0.34, ("air", "space", "ground"), "mountains", 0.5, True),
    "planet": Subject(things.planet, 1.85, 0.4, ("space", "air"), "space"),
    "moon": Subject(things.orb, 1.05, 0.2, ("space", "air"), "sea"),
    "sun": Subject(things.orb, 1.05, 0.2, ("space", "air"), "meadow"),
    "vase": _thing(things.vase, 0.85, 0.5),
    "fruit": _thing(things.fruit, 1.0, 0.13),
    "bottle": _thing(things.bottle, 0.34, 0.38),
    "candle": _thing(things.candle, 0.56, 0.26),
    "book": _thing(things.book, 1.75, 0.15),
    "cup": _thing(things.cup, 1.2, 0.15),
    "lantern": Subject(things.lantern, 0.24, 0.38, ("ground", "table"), "city", 0.6),
    "umbrella": Subject(things.umbrella, 1.05, 0.26, ("ground", "table"), "beach", 0.7),
    "heart": _thing(things.heart, 1.05, 0.26),
    "crystal": _thing(things.crystal, 0.85, 0.3),
}  # fmt: skip
