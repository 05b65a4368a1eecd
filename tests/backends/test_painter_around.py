"""What is painted around a picture: other things for other seeds, and none of it inside the old frame."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Frame, Generated, InputImage, Operation, Part, Request, Role
from bot.backends.painter import works
from bot.backends.painter.canvas import View
from bot.backends.painter.guests import guests
from bot.backends.painter.lexicon import understand
from bot.backends.painter.noise import Noise, Ring
from bot.backends.painter.scene import Recipe, plan

Pixels = npt.NDArray[Any]
INNER, OUTER = (-0.5, -0.5, 0.5, 0.5), (-1.0, -1.0, 1.0, 1.0)


def made(folder: Path, operation: Operation, text: str, **values: Any) -> list[Generated]:
    place = folder / f"{len(list(folder.iterdir()))}"
    place.mkdir()
    defaults: dict[str, Any] = {"width": 128, "height": 128, "seeds": (7,), "parts": (Part(text),)}
    request = Request(job_id="j", operation=operation, folder=place, **(defaults | values))
    return [works.make(works.Job(request), index) for index in range(len(request.seeds))]


def initial(picture: Generated) -> tuple[InputImage, ...]:
    return (InputImage(path=picture.path, role=Role.INITIAL, memo=json.loads(json.dumps(picture.memo))),)


def pixels(picture: Generated) -> Pixels:
    with Image.open(picture.path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize(
    "text", ["a lighthouse on a cliff, day", "a meadow", "mountains", "space", "the desert", "a city"]
)
def test_the_surroundings_differ_by_seed_and_the_parent_stays(tmp_path: Path, text: str) -> None:
    parent = made(tmp_path, Operation.GENERATE, text)[0]
    wide: dict[str, Any] = {"width": 256, "height": 256, "frame": Frame(64, 64, 128, 128)}
    one, two = made(tmp_path, Operation.OUTPAINT, text, images=initial(parent), seeds=(1, 2), **wide)
    a, b = pixels(one), pixels(two)
    assert np.array_equal(a[64:192, 64:192], pixels(parent))
    assert np.array_equal(b[64:192, 64:192], pixels(parent))
    assert np.abs(a - b).mean() > 0.5
    again = made(
        tmp_path,
        Operation.OUTPAINT,
        text,
        images=initial(one),
        seeds=(3, 4),
        **(wide | {"frame": Frame(64, 64, 128, 128)}),
    )
    shrunk = Image.fromarray(a.astype(np.uint8)).resize((128, 128), Image.Resampling.LANCZOS)
    assert np.abs(pixels(again[0])[64:192, 64:192] - np.asarray(shrunk).astype(int)).mean() < 1
    assert np.abs(pixels(again[0]) - pixels(again[1])).mean() > 0.5
    assert len(again[0].memo["recipe"]["rings"]) == 2


def test_a_ring_changes_nothing_inside() -> None:
    ring = Ring(5, INNER, OUTER)
    view = View(-1, -1, 64, 128, 128)
    plain = Noise(1).field(view.xs, view.ys, 2.0, "n")
    ringed = Noise(1, rings=(ring,)).field(view.xs, view.ys, 2.0, "n", heights=view.ys)
    assert np.array_equal(plain[32:96, 32:96], ringed[32:96, 32:96])
    assert np.abs(plain[:20] - ringed[:20]).mean() > 0.1
    assert np.abs(np.diff(ringed, axis=0)).max() < 0.4  # no jump, of values between -1.5 and 1.5
    assert Ring.from_json(json.loads(json.dumps(ring.to_json()))) == ring


@pytest.mark.parametrize(
    "text", ["the sea", "a meadow", "a lighthouse on a cliff", "underwater", "space", "the desert"]
)
def test_guests_keep_out_of_the_old_frame(text: str) -> None:
    count = 0
    for seed in range(20):
        scene = plan(Recipe(features=understand([(text, 1.0)]), seed=3, rings=(Ring(seed, INNER, OUTER),)))
        for guest in guests(scene):
            count += 1
            assert not (-0.5 < guest.x < 0.5 and -0.5 < guest.y < 0.5 + guest.height)
            assert -1 < guest.x < 1
            assert -1 < guest.y < 1
    assert count > 10


def test_no_guest_that_was_refused() -> None:
    for seed in range(20):
        recipe = Recipe(features=understand([("the sea", 1.0)], ("birds",)), seed=3, rings=(Ring(seed, INNER, OUTER),))
        assert "bird" not in {guest.name for guest in guests(plan(recipe))}
