"""What `--no` names is not in the picture: also what a place brings along of its own accord."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bot.backends.painter import growth, sky
from bot.backends.painter.canvas import Canvas, View, to_image
from bot.backends.painter.lexicon import understand
from bot.backends.painter.render import paint
from bot.backends.painter.scene import Recipe, Scene, plan

Pixels = npt.NDArray[Any]


def picture(text: str, *no: str, seed: int = 5) -> Pixels:
    recipe = Recipe(features=understand([(text, 1.0)], no), seed=seed)
    return np.asarray(to_image(paint(recipe, View.first(96, 96)))).astype(int)


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of plants that are painted."""
    kinds: list[str] = []

    def plants(_canvas: Canvas, _scene: Scene, name: str, _spots: list[growth.Spot], **_: bool) -> None:
        kinds.append(name)

    def trunks(_canvas: Canvas, _scene: Scene) -> None:
        kinds.append("trunks")

    monkeypatch.setattr(growth, "plants", plants)
    monkeypatch.setattr(growth, "_trunks", trunks)
    return kinds


@pytest.mark.parametrize("word", ["tree", "trees", "árbol", "árboles", "foliage"])
@pytest.mark.parametrize(
    "text", ["a meadow", "mountains", "a forest", "a fox in a forest, snow", "an island", "a lake", "a beach"]
)
def test_no_trees_anywhere(grown: list[str], text: str, word: str) -> None:
    picture(text)
    assert grown
    grown.clear()
    picture(text, word)
    assert grown == []


@pytest.mark.parametrize("word", ["pines", "pine", "pinos", "pino"])
def test_no_pines_leaves_other_trees(grown: list[str], word: str) -> None:
    picture("mountains", word)
    assert set(grown) == {"tree"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a meadow", ("flowers", "flower", "flores", "flor")),
        ("a meadow", ("sun", "sol")),
        ("mountains at night", ("moon", "luna")),
        ("the desert at night", ("stars", "estrella", "star")),
        ("a cloudy sea", ("clouds", "cloud", "nubes", "nube")),
        ("a meadow", ("clouds", "nubes")),
        ("the sea", ("water", "agua")),
        ("a lake", ("mountains", "montañas")),
        ("a village", ("houses", "casas", "house")),
        ("a house at night", ("lights", "luces")),
        ("a still life", ("vases", "jarrones", "fruit")),
        ("mountains", ("snow", "nieve")),
        ("a fox on a cliff", ("people, cliff", "acantilado")),
        ("a city", ("buildings", "edificios")),
        ("a meadow", ("grass", "hierba")),
    ],
)  # fmt: skip
def test_what_is_refused_changes_the_picture(text: str, words: tuple[str, ...]) -> None:
    plain = picture(text)
    for word in words:
        assert np.abs(picture(text, word) - plain).mean() > 0.02, word


def test_no_clouds_paints_none(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[int] = []

    def clouds(_canvas: Canvas, _scene: Scene) -> None:
        painted.append(1)

    monkeypatch.setattr(sky, "_clouds", clouds)
    picture("a stormy sea", "clouds")
    assert painted == []


@pytest.mark.parametrize("no", ["people", "person", "gente", "personas"])
def test_people_do_not_come(no: str) -> None:
    recipe = Recipe(features=understand([("three people and a fox in a meadow", 1.0)], (no,)), seed=1)
    assert [p.name for p in plan(recipe).subjects] == ["fox"]


@pytest.mark.parametrize("seed", range(8))
def test_chance_does_not_pick_a_refused_place(seed: int) -> None:
    assert plan(Recipe(features=understand([("zyx", 1.0)], ("sea", "coast", "lake")), seed=seed)).ground != "water"
