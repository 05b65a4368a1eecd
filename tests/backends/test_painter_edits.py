"""Instructions in plain words: what they name changes, and the rest of the scene stays where it was."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Generated, InputImage, Operation, Part, Request, Role
from bot.backends.painter import Painter, works
from bot.backends.painter.instructions import instructed
from bot.backends.painter.lexicon import Features, understand
from bot.backends.painter.scene import Placed, Recipe, plan

Pixels = npt.NDArray[Any]
OLD = understand([("a lighthouse on a cliff by the sea, two boats, day", 1.0)])


class Deaf:
    """A progress that nobody follows."""

    def update(self, fraction: float, preview: Path | None = None) -> None: ...

    def image(self, index: int, image: Generated) -> None: ...


def changed(text: str, old: Features = OLD) -> dict[str, Any]:
    """What of the features is another after an instruction."""
    new, understood = instructed(old, text)
    assert understood
    before = old.to_json()
    return {name: value for name, value in new.to_json().items() if value != before.get(name)}


@pytest.mark.parametrize(
    ("english", "spanish", "then"),
    [
        ("make the sky red", "haz el cielo rojo", {"elements": {"sky": "red"}}),
        ("Change the sky to red!", "Cambia el cielo a rojo", {"elements": {"sky": "red"}}),
        ("paint the sea green", "pinta el mar de verde", {"elements": {"water": "green"}}),
        ("make it night", "hazlo de noche", {"time": "night"}),
        ("it should be night", "que sea de noche", {"time": "night"}),
        ("turn the day into night", "convierte el día en noche", {"time": "night"}),
        ("night instead of day", "noche en vez de día", {"time": "night"}),
        ("make it darker", "hazlo más oscuro", {"moods": ["dark"]}),
        ("make it black and white", "ponlo en blanco y negro", {"moods": ["mono"]}),
        ("make it a watercolour", "hazlo en acuarela", {"styles": ["watercolour"]}),
        ("add snow", "añade nieve", {"weather": ["snow"]}),
        ("remove the boats", "quita los barcos", {"banned": ["boat"]}),
        ("please take away the boats", "por favor, elimina los barcos", {"banned": ["boat"]}),
        ("no boats", "sin barcos", {"banned": ["boat"]}),
    ],
)
def test_instructions_mean_the_same_in_both_languages(english: str, spanish: str, then: dict[str, Any]) -> None:
    assert changed(english) == then
    assert changed(spanish) == then


def subjects(text: str) -> list[tuple[str, int, str, float]]:
    return [(s.name, s.count, s.colour, s.size) for s in instructed(OLD, text)[0].subjects]


HOUSE, BOATS = ("lighthouse", 1, "", 1.0), ("boat", 2, "", 1.0)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("add a moon", [HOUSE, BOATS, ("moon", 1, "", 1.0)]),
        ("añade tres ballenas azules", [HOUSE, BOATS, ("whale", 3, "blue", 1.0)]),
        ("turn the boats blue", [HOUSE, ("boat", 2, "blue", 1.0)]),
        ("add another boat", [HOUSE, ("boat", 3, "", 1.0)]),
        ("more boats", [HOUSE, ("boat", 4, "", 1.0)]),
        ("fewer boats", [HOUSE, ("boat", 1, "", 1.0)]),
        ("make the lighthouse bigger", [("lighthouse", 1, "", 1.5), BOATS]),
        ("haz los barcos más pequeños", [HOUSE, ("boat", 2, "", 0.62)]),
        ("replace the lighthouse with a castle", [("castle", 1, "", 1.0), BOATS]),
        ("cambia los barcos por ballenas", [HOUSE, ("whale", 2, "", 1.0)]),
        ("a castle instead of the lighthouse", [("castle", 1, "", 1.0), BOATS]),
        ("make the lighthouse green, and add a bird", [("lighthouse", 1, "green", 1.0), BOATS, ("bird", 1, "", 1.0)]),
    ],
)
def test_subjects_come_go_and_change(text: str, then: list[tuple[str, int, str, float]]) -> None:
    assert subjects(text) == then


def test_clauses_are_followed_one_by_one() -> None:
    new = changed("make it night and remove the boats, then add a dragon; paint the sea purple")
    assert new["time"] == "night"
    assert new["banned"] == ["boat"]
    assert new["subjects"][-1][0] == "dragon"
    assert new["elements"] == {"water": "purple"}


def test_what_was_removed_can_be_added_again() -> None:
    without = instructed(OLD, "remove the boats")[0]
    again = instructed(without, "add a boat")[0]
    assert "boat" not in again.banned
    assert "boat" in [s.name for s in again.subjects]


def test_moods_that_contradict_each_other_take_turns() -> None:
    dark = instructed(OLD, "make it darker")[0]
    assert instructed(dark, "make it brighter")[0].moods == ("vivid",)


@pytest.mark.parametrize("text", ["flibber the wobble", "", "please", "remove the zyzzyva", "make it more so"])
def test_what_means_nothing_changes_nothing(text: str) -> None:
    assert instructed(OLD, text) == (OLD, False)


# --- pictures ---------------------------------------------------------------------------------------------------------------------


def made(folder: Path, operation: Operation, text: str, **values: Any) -> Generated:
    return works.make(works.Job(request(folder, operation, text, **values)), 0)


def request(folder: Path, operation: Operation, text: str, **values: Any) -> Request:
    place = folder / f"{len(list(folder.iterdir()))}"
    place.mkdir()
    defaults: dict[str, Any] = {"width": 160, "height": 160, "seeds": (7,), "parts": (Part(text),) if text else ()}
    return Request(job_id="j", operation=operation, folder=place, **(defaults | values))


def initial(picture: Generated) -> tuple[InputImage, ...]:
    return (InputImage(path=picture.path, role=Role.INITIAL, memo=json.loads(json.dumps(picture.memo))),)


def pixels(picture: Generated | Path) -> Pixels:
    with Image.open(picture.path if isinstance(picture, Generated) else picture) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def standing(picture: Generated) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for placed in plan(Recipe.from_json(picture.memo["recipe"])).subjects:
        found.setdefault(placed.name, []).append(placed)
    return found


@pytest.mark.parametrize(
    "text", ["a fox in a forest", "a lighthouse", "a boat, a whale and a bird by the coast", "a castle"]
)
@pytest.mark.parametrize(
    "instruction", ["add a moon", "add a bird", "make it night", "add two sheep", "remove the whale"]
)
def test_an_edit_leaves_the_others_where_they_stand(tmp_path: Path, text: str, instruction: str) -> None:
    parent = made(tmp_path, Operation.GENERATE, text)
    after = made(tmp_path, Operation.EDIT, instruction, images=initial(parent))
    before, now = standing(parent), standing(after)
    for name in set(before) - {"whale", "bird"}:
        assert before[name] == now[name]


def test_a_removed_subject_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    parent = made(tmp_path, Operation.GENERATE, "a lighthouse and a boat, day")
    after = made(tmp_path, Operation.EDIT, "remove the boat", images=initial(parent))
    assert set(standing(after)) == {"lighthouse"}
    same = (np.abs(pixels(parent) - pixels(after)).max(axis=2) < 24).mean()
    assert 0.85 < same < 1


def test_an_added_subject_is_there_and_nothing_else(tmp_path: Path) -> None:
    parent = made(tmp_path, Operation.GENERATE, "the desert, day")
    after = made(tmp_path, Operation.EDIT, "add a balloon", images=initial(parent))
    apart = np.abs(pixels(parent) - pixels(after)).max(axis=2) >= 24
    assert 0.002 < apart.mean() < 0.15


@pytest.mark.parametrize("by_us", [True, False])
@pytest.mark.parametrize("instruction", ["add a moon", "añade un pájaro", "make the sky red", "make it night"])
def test_an_edit_shows_in_any_picture(tmp_path: Path, by_us: bool, instruction: str) -> None:
    parent = made(tmp_path, Operation.GENERATE, "the desert, day, clear sky")
    images = initial(parent) if by_us else (InputImage(path=parent.path, role=Role.INITIAL),)
    after = made(tmp_path, Operation.EDIT, instruction, images=images)
    assert (np.abs(pixels(parent) - pixels(after)).max(axis=2) >= 20).mean() > 0.002


@pytest.mark.parametrize("by_us", [True, False])
async def test_an_instruction_that_is_not_understood_is_told_and_changes_nothing(tmp_path: Path, by_us: bool) -> None:
    parent = made(tmp_path, Operation.GENERATE, "a boat on the sea")
    images = initial(parent) if by_us else (InputImage(path=parent.path, role=Role.INITIAL),)
    painter = Painter()
    try:
        result = await painter.collect(
            request(tmp_path, Operation.EDIT, "flibber the wobble", images=images), None, Deaf()
        )
        assert any("understood nothing" in str(note) for note in result.notes)
        assert np.array_equal(pixels(result.images[0]), pixels(parent))
        known = await painter.collect(
            request(tmp_path, Operation.EDIT, "hazlo más oscuro", images=images), None, Deaf()
        )
        assert not any("understood nothing" in str(note) or "does not know" in str(note) for note in known.notes)
        assert pixels(known.images[0]).mean() < pixels(parent).mean()
    finally:
        await painter.close()


# --- blending and describing any picture ------------------------------------------------------------------------------------------


def foreign(folder: Path) -> list[Path]:
    """Pictures of five sizes and modes."""
    kinds = [("L", (40, 200)), ("RGBA", (300, 90)), ("P", (64, 64)), ("CMYK", (120, 80)), ("I;16", (50, 70))]
    paths: list[Path] = []
    for index, (mode, size) in enumerate(kinds):
        gradient = np.linspace(0, 65535 if mode == "I;16" else 255, size[0] * size[1]).reshape(size[1], size[0])
        if mode == "I;16":
            image = Image.fromarray(gradient.astype(np.uint16))
        else:
            plain = np.dstack([gradient, np.full_like(gradient, 40 * index), gradient[::-1]]).astype(np.uint8)
            image = Image.fromarray(plain).convert(mode)
        paths.append(folder / f"{index}.{'tif' if mode == 'CMYK' else 'png'}")
        image.save(paths[-1])
    return paths


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("with_ours", [True, False])
def test_pictures_of_any_size_and_mode_blend(tmp_path: Path, count: int, with_ours: bool) -> None:
    images = [InputImage(path=path, role=Role.PROMPT) for path in foreign(tmp_path)]
    if with_ours:
        images[0] = initial(made(tmp_path, Operation.GENERATE, "a fox"))[0]
    chosen = tuple(images[-count:]) if not with_ours else tuple(images[:count])
    mixed = made(tmp_path, Operation.BLEND, "", images=chosen, width=144, height=96)
    assert pixels(mixed).shape == (96, 144, 3)
    assert pixels(mixed).std() > 3


def test_sixteen_bits_are_scaled_and_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 32768, np.uint16)).save(tmp_path / "deep.png")
    Image.new("RGBA", (64, 64), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    for name, value in (("deep", 128), ("clear", 255)):
        image = (InputImage(path=tmp_path / f"{name}.png", role=Role.INITIAL),)
        enlarged = pixels(made(tmp_path, Operation.UPSCALE, "", images=image, factor=2.0))
        assert np.abs(enlarged - value).max() <= 2


def test_any_picture_is_described_in_four_ways(tmp_path: Path) -> None:
    for path in foreign(tmp_path):
        texts = works.describe(InputImage(path=path, role=Role.INITIAL))
        assert len(set(texts)) == 4
        assert all(len(text.split()) > 4 for text in texts)


def test_a_description_leaves_out_what_was_removed(tmp_path: Path) -> None:
    parent = made(tmp_path, Operation.GENERATE, "a fox and a boat by a lake")
    after = made(tmp_path, Operation.EDIT, "remove the boat", images=initial(parent))
    texts = works.describe(initial(after)[0])
    assert all("fox" in text and "boat" not in text for text in texts)
