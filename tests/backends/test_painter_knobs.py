"""Models and parameters of the painter: each that it declares shows in the picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Frame, Generated, InputImage, Operation, Part, Request, Role
from bot.backends.painter import Painter, works
from bot.backends.painter.scene import Recipe

Pixels = npt.NDArray[Any]
SIDE = 256


class Deaf:
    """A progress that nobody follows."""

    def update(self, fraction: float, preview: Path | None = None) -> None: ...

    def image(self, index: int, image: Generated) -> None: ...


def request(folder: Path, operation: Operation = Operation.GENERATE, **values: Any) -> Request:
    place = folder / f"{len(list(folder.iterdir()))}"
    place.mkdir()
    text = values.pop("text", "a lighthouse on a cliff at sunset")
    defaults: dict[str, Any] = {"width": SIDE, "height": SIDE, "seeds": (7,), "parts": (Part(text),)}
    return Request(job_id="j", operation=operation, folder=place, **(defaults | values))


def made(folder: Path, operation: Operation = Operation.GENERATE, **values: Any) -> Generated:
    return works.make(works.Job(request(folder, operation, **values)), 0)


def pixels(picture: Generated) -> Pixels:
    with Image.open(picture.path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def detail(picture: Pixels) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


def alike(a: Pixels, b: Pixels) -> float:
    """The correlation of two pictures, seen from afar."""
    small = [
        np.asarray(Image.fromarray(p.astype(np.uint8)).resize((16, 16), Image.Resampling.BOX)).ravel() for p in (a, b)
    ]
    return float(np.corrcoef(small)[0, 1])


@pytest.mark.parametrize("asked", [{"model": "sketch"}, {"parameters": {"draft": True}}])
def test_a_sketch_is_the_same_scene_in_fewer_strokes(tmp_path: Path, asked: dict[str, Any]) -> None:
    plain, sketch = made(tmp_path), made(tmp_path, **asked)
    assert pixels(sketch).shape == pixels(plain).shape
    assert np.abs(pixels(sketch) - pixels(plain)).mean() > 3
    assert alike(pixels(sketch), pixels(plain)) > 0.95


def test_a_sketch_is_a_fifth_of_the_work(tmp_path: Path) -> None:
    view = works.View.first(1024, 1024)
    assert works.Job(request(tmp_path)).fineness(view) == 1
    assert works.Job(request(tmp_path, model="sketch")).fineness(view) ** 2 < 0.2


def test_a_sketch_can_be_worked_on(tmp_path: Path) -> None:
    sketch = made(tmp_path, model="sketch")
    initial = (InputImage(path=sketch.path, role=Role.INITIAL, memo=json.loads(json.dumps(sketch.memo))),)
    wide = made(
        tmp_path, Operation.OUTPAINT, model="sketch", images=initial, width=384, frame=Frame(128, 0, SIDE, SIDE)
    )
    assert np.array_equal(pixels(wide)[:, 128:], pixels(sketch))


async def test_the_result_names_the_model_that_was_used(tmp_path: Path) -> None:
    painter = Painter()
    try:
        known = await painter.capabilities()
        assert known.turbo_model in known.models
        for model in known.models:
            assert (await painter.collect(request(tmp_path, model=model), None, Deaf())).model == model
    finally:
        await painter.close()


def test_quality_is_spent_on_finer_strokes(tmp_path: Path) -> None:
    pictures = [pixels(made(tmp_path, parameters={"quality": q})) for q in (0.25, 0.5, 1.0, 2.0, 4.0)]
    for k, picture in enumerate(pictures):
        assert picture.shape == pictures[0].shape
        for other in pictures[:k]:
            assert np.abs(picture - other).mean() > 0.7
        assert alike(picture, pictures[2]) > 0.95


def test_the_finest_painting_stays_within_the_memory_of_the_largest(tmp_path: Path) -> None:
    job = works.Job(request(tmp_path, parameters={"quality": 4.0}))
    view = works.View.first(2048, 2048)
    larger = view.larger(job.fineness(view))
    assert larger.width * larger.height <= works.MAX_PIXELS * 1.01


def test_what_is_stopped_early_is_unfinished_the_more_the_earlier(tmp_path: Path) -> None:
    done = pixels(made(tmp_path))
    apart = [np.abs(pixels(made(tmp_path, parameters={"stop": stop})) - done).mean() for stop in (10, 40, 70, 95, 100)]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 25
    assert apart[3] > 0.2
    assert apart[-1] == 0


def test_an_unfinished_picture_stays_so_when_it_is_widened(tmp_path: Path) -> None:
    half = made(tmp_path, parameters={"stop": 30})
    initial = (InputImage(path=half.path, role=Role.INITIAL, memo=json.loads(json.dumps(half.memo))),)
    wide = pixels(made(tmp_path, Operation.OUTPAINT, images=initial, width=384, frame=Frame(0, 0, SIDE, SIDE)))
    assert np.array_equal(wide[:, :SIDE], pixels(half))
    assert np.abs(wide[:, SIDE + 40 :] - np.array([0xD9, 0xC7, 0xA6])).mean() < 15  # the primed canvas


def test_experimental_detail_shows(tmp_path: Path) -> None:
    plain, half, full = (detail(pixels(made(tmp_path, parameters={"exp": exp}))) for exp in (0, 50, 100))
    assert plain < half < full
    assert full > plain * 1.15


def test_larger_pictures_are_the_same_scene(tmp_path: Path) -> None:
    small, large = (
        pixels(made(tmp_path)),
        pixels(made(tmp_path, width=2 * SIDE, height=2 * SIDE, parameters={"hd": True})),
    )
    assert large.shape == (2 * SIDE, 2 * SIDE, 3)
    assert alike(small, large) > 0.95


def test_what_older_pictures_remember_is_still_read(tmp_path: Path) -> None:
    memo = json.loads(json.dumps(made(tmp_path).memo["recipe"]))
    memo["knobs"] = memo["knobs"][:5]
    knobs = Recipe.from_json(memo).knobs
    assert (knobs.detail, knobs.done) == (0, 1)


@pytest.mark.parametrize("by_us", [True, False])
def test_a_creative_enlargement_has_more_detail_than_a_subtle_one(tmp_path: Path, by_us: bool) -> None:
    small = made(tmp_path)
    memo: dict[str, Any] = json.loads(json.dumps(small.memo)) if by_us else {}
    images = (InputImage(path=small.path, role=Role.INITIAL, memo=memo),)
    subtle, creative = (
        pixels(made(tmp_path, Operation.UPSCALE, images=images, factor=2.0, strength=strength))
        for strength in (0.2, 0.5)
    )
    assert subtle.shape == creative.shape == (2 * SIDE, 2 * SIDE, 3)
    assert detail(creative) > detail(subtle) * 1.03
    assert alike(creative, subtle) > 0.95
