"""What a picture takes over from another: colours and composition of image prompts, the strokes of its parent when it is enlarged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Generated, InputImage, Operation, Part, Request, Role
from bot.backends.painter import works
from bot.backends.painter.canvas import View, from_image
from bot.backends.painter.edits import refined
from bot.backends.painter.guide import Guide
from bot.backends.painter.lexicon import understand
from bot.backends.painter.render import compose
from bot.backends.painter.scene import Recipe, cliff_top, plan

Pixels = npt.NDArray[Any]


def made(folder: Path, text: str, operation: Operation = Operation.GENERATE, **values: Any) -> Generated:
    place = folder / f"job{len(list(folder.iterdir()))}"
    place.mkdir()
    defaults: dict[str, Any] = {"width": 128, "height": 128, "seeds": (7,), "parts": (Part(text),)}
    request = Request(job_id="j", operation=operation, folder=place, **(defaults | values))
    return works.make(works.Job(request), 0)


def pixels(picture: Generated) -> Pixels:
    with Image.open(picture.path) as image:
        return np.asarray(image.convert("RGB")).astype(float)


def banded(folder: Path, share: float, top: tuple[int, int, int], low: tuple[int, int, int]) -> Path:
    """A picture of two colours, the upper one over this share of the height."""
    image = Image.new("RGB", (96, 96), low)
    image.paste(top, (0, 0, 96, round(96 * share)))
    path = folder / f"{share}{top}.png"
    image.save(path)
    return path


def prompted(folder: Path, path: Path, iw: float | None, **values: Any) -> Generated:
    parameters = {} if iw is None else {"iw": iw}
    return made(
        folder, "a boat on the sea", images=(InputImage(path=path, role=Role.PROMPT),), parameters=parameters, **values
    )


def test_more_image_weight_comes_nearer_to_the_image(tmp_path: Path) -> None:
    path = banded(tmp_path, 0.35, (30, 20, 60), (240, 190, 120))
    goal = np.asarray(Image.open(path).resize((128, 128))).astype(float)
    far = [np.abs(pixels(prompted(tmp_path, path, iw)) - goal).mean() for iw in (0.0, 1.0, 2.0, 3.0)]
    assert far == sorted(far, reverse=True)
    assert far[0] > far[-1] * 1.5


def test_the_usual_weight_is_one(tmp_path: Path) -> None:
    path = banded(tmp_path, 0.5, (200, 60, 40), (60, 30, 20))
    assert np.array_equal(pixels(prompted(tmp_path, path, None)), pixels(prompted(tmp_path, path, 1.0)))


def test_the_words_still_paint_the_scene(tmp_path: Path) -> None:
    path = banded(tmp_path, 0.5, (200, 60, 40), (60, 30, 20))
    one = prompted(tmp_path, path, 3.0)
    assert one.memo["recipe"]["features"]["subjects"][0][0] == "boat"
    assert np.abs(pixels(one) - pixels(prompted(tmp_path, path, 3.0, parts=(Part("a forest"),)))).mean() > 2


@pytest.mark.parametrize("share", [0.35, 0.7])
def test_the_horizon_follows_the_image(share: float) -> None:
    planes = np.zeros((3, 96, 96), np.float32)
    planes[:, : round(96 * share)] = 0.8
    guide = Guide.of(planes, 1.0)
    assert guide.horizon == pytest.approx(share, abs=0.03)
    scene = plan(Recipe(features=understand([("the sea", 1.0)]), seed=2, guide=guide))
    assert scene.horizon + 0.5 == pytest.approx(share, abs=0.03)
    assert Guide.of(planes * 0 + 0.5, 1.0).horizon == 0
    recipe = Recipe(features=understand([("the sea", 1.0)]), seed=2, guide=guide)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_a_guided_picture_can_be_widened(tmp_path: Path) -> None:
    parent = prompted(tmp_path, banded(tmp_path, 0.5, (200, 60, 40), (60, 30, 20)), 2.0)
    image = InputImage(path=parent.path, role=Role.INITIAL, memo=json.loads(json.dumps(parent.memo)))
    large = made(tmp_path, "a boat on the sea", Operation.UPSCALE, images=(image,))
    small = np.asarray(Image.open(large.path).resize((128, 128), Image.Resampling.BOX)).astype(float)
    assert np.abs(small - pixels(parent)).mean() < 6
    assert len(json.dumps(large.memo)) < 4096


def test_enlarging_keeps_the_strokes(tmp_path: Path) -> None:
    parent = made(tmp_path, "a lighthouse on a cliff at sunset", width=512, height=512)
    image = InputImage(path=parent.path, role=Role.INITIAL, memo=json.loads(json.dumps(parent.memo)))
    large = pixels(made(tmp_path, "a lighthouse on a cliff at sunset", Operation.UPSCALE, images=(image,)))
    enlarged = np.asarray(Image.open(parent.path).resize((1024, 1024), Image.Resampling.LANCZOS)).astype(float)
    assert 0.3 < np.abs(large - enlarged).mean() < 4
    rough = [float(np.abs(np.diff(p, axis=1)).mean()) for p in (enlarged, large)]
    assert rough[1] < rough[0] * 1.35


def test_where_the_repainting_is_of_something_else_the_picture_stands() -> None:
    parent = from_image(Image.new("RGB", (80, 80), (10, 200, 10)))
    other = parent.copy()
    other[:, 20:60, 20:60] = 0.9
    assert np.abs(refined(parent, other) - parent)[:, 30:50, 30:50].max() < 0.01


def test_the_surf_does_not_go_on_below_the_first_view() -> None:
    scene = plan(Recipe(features=understand([("a cliff by the sea at sunset", 1.0)]), seed=3, span=(1.25, 0.8)))
    view = View(-0.6, -0.6, 320, 384, 512)
    foam = compose(scene, view)
    line = ((cliff_top(scene, view.xs) - view.top) * view.scale).astype(int)
    low = int((scene.bottom + 0.25 - view.top) * view.scale)
    foot = [x for x in range(384) if low < line[x] < 508]
    assert foot
    light = np.array([foam[:, line[x] - 4 : line[x] + 4, x].mean() for x in foot])
    water = np.array([foam[:, max(line[x] - 40, 0) : line[x] - 30, x].mean() for x in foot])
    assert np.median(light) < np.median(water) + 0.15
