"""What turns up in the surroundings of a picture that is widened: figures of the scene's kind, chosen by the ring's seed, that stand in
the new area alone. Pure."""

from dataclasses import replace

from bot.backends.painter.noise import Noise, Ring
from bot.backends.painter.scene import Placed, Scene, footing
from bot.backends.painter.subjects import SUBJECTS

MAX_GUESTS = 4
TRIES = 14
MARGIN = 0.03  # of a unit, between a guest and the old picture
WHOLE = {
    "space": (("planet", "space"), ("rocket", "space"), ("planet", "space")),
    "underwater": (("fish", "deep"), ("jellyfish", "deep"), ("turtle", "deep"), ("fish", "deep")),
}
GROUND = {
    "water": (("boat", "water"), ("ship", "water"), ("boat", "water")),
    "grass": (("tree", "ground"), ("pine", "ground"), ("sheep", "ground"), ("deer", "ground")),
    "floor": (("deer", "ground"), ("mushroom", "ground"), ("rabbit", "ground")),
    "dunes": (("cactus", "ground"), ("camel", "ground"), ("palm", "ground")),
    "street": (("lantern", "ground"), ("car", "ground")),
}


def guests(scene: Scene) -> tuple[Placed, ...]:
    """All guests of all rings, far ones first."""
    found = [placed for ring in scene.recipe.rings for placed in _invited(scene, ring)]
    return tuple(sorted(found, key=lambda p: -p.depth))


def _invited(scene: Scene, ring: Ring) -> list[Placed]:
    kinds = [(name, place) for name, place in _kinds(scene) if scene.shows(name)]
    chance = Noise(ring.seed)
    there: list[Placed] = []
    if not kinds:
        return there
    for k in range(TRIES):
        name, place = kinds[chance.choice(f"guest {k}", len(kinds))]
        placed = _placed(scene, ring, chance, k, name, place)
        if placed is not None and all(_apart(placed, other) for other in there):
            there.append(placed)
        if len(there) > chance.choice("guests", MAX_GUESTS):
            break
    return there


def _kinds(scene: Scene) -> tuple[tuple[str, str], ...]:
    if scene.whole:
        return WHOLE.get(scene.whole, ())
    ground = GROUND.get(scene.ground, ())
    if scene.front == "cliff":
        ground = (*ground, ("tree", "ground"), ("pine", "ground"))
    elif scene.front or scene.back == "skyline":
        ground = tuple(g for g in ground if g[1] == "water" or scene.front in {"pines", "flowers"})
    return (*ground, ("bird", "air"), ("bird", "air"))


def _placed(scene: Scene, ring: Ring, chance: Noise, k: int, name: str, place: str) -> Placed | None:
    """One guest at a place by chance; None where there is no room for it."""
    left, top, right, bottom = ring.outer
    kind, draw = SUBJECTS[name], chance.number
    x = draw(f"x {k}", left, right)
    size = kind.height * draw(f"size {k}", 0.6, 0.95)
    depth = 0.3
    if place == "air":
        y, size = draw(f"y {k}", top, scene.horizon - 0.1), size * 0.7
    elif place in {"space", "deep"}:
        y, size = draw(f"y {k}", top, bottom), size * 0.7
    elif place == "water":
        t = draw(f"y {k}", 0.06, 0.3)
        y, depth, size = scene.horizon + (scene.bottom - scene.horizon) * t, 0.45 * (1 - t), size * (0.5 + t)
    else:
        y, depth, size = footing(scene, x, draw(f"y {k}", 0.1, 0.75), size)
    tone = Placed(name, x, y, size, depth, place, bool(chance.choice(f"flip {k}", 2)), "", (ring.seed + k) & 0xFFFFFFFF)
    return tone if _fits(scene, ring, tone) else None


def _fits(scene: Scene, ring: Ring, placed: Placed) -> bool:
    """Whether a guest is whole in the new area, and in its element."""
    half = placed.height * max(SUBJECTS[placed.name].wide, 0.4) * 0.6 + MARGIN
    low = placed.y + (0.6 * placed.height if placed.habitat == "water" else 0) + MARGIN
    high = placed.y - 1.15 * placed.height - MARGIN
    left, top, right, bottom = ring.inner
    outside = placed.x + half < left or placed.x - half > right or low < top or high > bottom
    o_left, o_top, o_right, o_bottom = ring.outer
    inside = placed.x - half > o_left and placed.x + half < o_right and high > o_top and placed.y < o_bottom
    return outside and inside and _at_home(scene, placed, half)


def _at_home(scene: Scene, placed: Placed, half: float) -> bool:
    if placed.habitat == "water":
        # the land's side is left to the land
        return scene.front == "" or (scene.side * placed.x < -0.05 - half)
    if placed.habitat == "air":
        return placed.y < scene.horizon - 0.05
    return scene.front != "cliff" or (scene.side * placed.x > 0.2 and placed.y < scene.horizon)


def _apart(one: Placed, other: Placed) -> bool:
    return abs(one.x - other.x) + abs(one.y - other.y) > (one.height + other.height) * 0.6


def with_guests(scene: Scene) -> Scene:
    """The scene, and who turned up around it."""
    if not scene.recipe.rings:
        return scene
    return replace(scene, subjects=(*scene.subjects, *guests(scene)))
