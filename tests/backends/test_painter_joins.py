"""What is painted around a picture, or into a part of it: the picture stays to the bit, and nobody can see where it ends."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Frame, Generated, InputImage, Operation, Part, Request, Role
from bot.backends.painter import works
from bot.backends.painter.filling import grown
from bot.backends.painter.joins import membrane

Pixels = npt.NDArray[Any]
SIDE = 192
#: How far from the border its neighbours are that it is compared with, in pixels.
NEAR = 20


def made(folder: Path, operation: Operation, text: str, **values: Any) -> Generated:
    place = folder / f"{len(list(folder.iterdir()))}"
    place.mkdir()
    defaults: dict[str, Any] = {"width": SIDE, "height": SIDE, "seeds": (7,), "parts": (Part(text),) if text else ()}
    return works.make(works.Job(Request(job_id="j", operation=operation, folder=place, **(defaults | values))), 0)


def ours(picture: Generated) -> tuple[InputImage, ...]:
    return (InputImage(path=picture.path, role=Role.INITIAL, memo=json.loads(json.dumps(picture.memo))),)


def pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def photo(path: Path, size: tuple[int, int] = (SIDE, SIDE)) -> tuple[InputImage, ...]:
    """A picture with the statistics of a photograph: a sky, a ragged skyline, ground, and noise at every scale."""
    rng = np.random.default_rng(5)
    width, height = size
    canvas = np.zeros((height, width, 3))
    line = (height * 0.45 + np.cumsum(rng.normal(0, 1.2, width))).astype(int)
    down = np.arange(height)[:, None]
    sky = down < line[None, :]
    canvas[:] = np.array([[[90, 130, 200]]]) + down[..., None] * 0.4
    canvas[~sky] = (96, 110, 60)
    for scale in (3, 9, 40):
        coarse = rng.normal(0, 9, (height // scale + 2, width // scale + 2))
        soft = Image.fromarray(coarse.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
        canvas += np.asarray(soft)[..., None] * np.where(sky, 0.35, 1.0)[..., None]
    Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).save(path, quality=92)
    return (InputImage(path=path, role=Role.INITIAL),)


def visible(picture: Pixels, frame: Frame) -> float:
    """How much a frame's border stands out: the largest, over its sides, of the step across it against those across the lines beside it
    (pixel by pixel, and of the means of 4 lines), in multiples of what is usual there. About 1 where there is nothing to see."""
    sides = [
        (picture.swapaxes(0, 1), frame.left, frame.top, frame.height),
        (picture.swapaxes(0, 1), frame.left + frame.width, frame.top, frame.height),
        (picture, frame.top, frame.left, frame.width),
        (picture, frame.top + frame.height, frame.left, frame.width),
    ]
    return max(
        _stands_out(lines[:, start : start + length].astype(float), at)
        for lines, at, start, length in sides
        if 0 < at < len(lines)
    )


def _stands_out(lines: Pixels, at: int) -> float:
    fine = np.abs(np.diff(lines, axis=0)).mean(axis=(1, 2))
    # Over 8 places at a time along the border, so that texture does not hide a step of tone.
    runs = lines[:, : lines.shape[1] // 8 * 8].reshape(len(lines), -1, 8, 3).mean(axis=2)
    sums = np.cumsum(np.pad(runs, ((1, 0), (0, 0), (0, 0))), axis=0)
    blocks = (sums[4:] - sums[:-4]) / 4
    broad = np.abs(blocks[4:] - blocks[:-4]).mean(axis=(1, 2))  # at index i: across the line i + 4
    return max(_against(fine, at - 1), _against(broad, at - 4))


def _against(steps: Pixels, at: int) -> float:
    beside = [i for i in range(at - NEAR, at + NEAR + 1) if abs(i - at) > 4 and 0 <= i < len(steps)]
    return float(steps[at] / (np.percentile(steps[beside], 85) + 0.6))


FRAMES = {
    "zoom": (Frame(96, 96, SIDE, SIDE), 384, 384),
    "left": (Frame(96, 0, SIDE, SIDE), 288, 192),
    "right": (Frame(0, 0, SIDE, SIDE), 288, 192),
    "up": (Frame(0, 96, SIDE, SIDE), 192, 288),
    "down": (Frame(0, 0, SIDE, SIDE), 192, 288),
}
LIMIT = 1.9  # for what is grown; paintings go on in the same strokes
STRICT = 1.3


@pytest.mark.parametrize("where", FRAMES)
@pytest.mark.parametrize(
    "text", ["a lighthouse on a cliff at sunset", "a boat on a lake, watercolour", "a fox in a snowy forest, ink"]
)
def test_nothing_shows_where_a_painting_was_widened(tmp_path: Path, text: str, where: str) -> None:
    frame, width, height = FRAMES[where]
    parent = made(tmp_path, Operation.GENERATE, text)
    wide = made(tmp_path, Operation.OUTPAINT, text, images=ours(parent), frame=frame, width=width, height=height)
    canvas = pixels(wide.path)
    inside = canvas[frame.top : frame.top + SIDE, frame.left : frame.left + SIDE]
    assert np.array_equal(inside, pixels(parent.path))
    assert visible(canvas, frame) < STRICT


@pytest.mark.parametrize("where", FRAMES)
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_nothing_shows_where_a_photograph_was_widened(tmp_path: Path, where: str, suffix: str) -> None:
    frame, width, height = FRAMES[where]
    images = photo(tmp_path / f"photo{suffix}")
    wide = made(tmp_path, Operation.OUTPAINT, "", images=images, frame=frame, width=width, height=height)
    canvas = pixels(wide.path)
    inside = canvas[frame.top : frame.top + SIDE, frame.left : frame.left + SIDE]
    assert np.array_equal(inside, pixels(images[0].path))
    assert visible(canvas, frame) < LIMIT


def test_a_seam_would_be_noticed(tmp_path: Path) -> None:
    frame, width, height = FRAMES["zoom"]
    wide = made(
        tmp_path, Operation.OUTPAINT, "", images=photo(tmp_path / "p.png"), frame=frame, width=width, height=height
    )
    canvas = pixels(wide.path).astype(int)
    lighter = np.clip(canvas + 9, 0, 255)
    inside = np.s_[frame.top : frame.top + SIDE, frame.left : frame.left + SIDE]
    lighter[inside] = canvas[inside]
    assert visible(lighter, frame) > LIMIT
    mirrored = np.roll(canvas, 60, axis=0)
    mirrored[inside] = canvas[inside]
    assert visible(mirrored, frame) > LIMIT


@pytest.mark.parametrize("text", ["", "a whale"])
@pytest.mark.parametrize("by_us", [True, False])
def test_a_region_is_repainted_inside_its_mask_alone(tmp_path: Path, by_us: bool, text: str) -> None:
    images = ours(made(tmp_path, Operation.GENERATE, "the sea, day")) if by_us else photo(tmp_path / "photo.jpg")
    before = pixels(images[0].path)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[60:140, 40:150] = 255
    mask[90:100, 150:170] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    again = made(tmp_path, Operation.INPAINT, text, images=images, mask=tmp_path / "mask.png", seeds=(3,))
    after = pixels(again.path)
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert np.abs(after[80:120, 60:130].astype(int) - before[80:120, 60:130]).mean() > 1
    if not text:
        assert visible(after, Frame(40, 60, 110, 80)) < LIMIT


def test_a_flat_picture_grows_flat(tmp_path: Path) -> None:
    planes, known = np.full((3, 60, 80), 0.4, np.float32), np.zeros((60, 80), np.float32)
    known[20:40, 30:60] = 1
    planes[:, known == 0] = 0
    assert np.allclose(grown(planes, known, 1), 0.4, atol=0.01)


@pytest.mark.parametrize("kept", [1, 3, 9])
def test_too_little_to_grow_from_is_spread(kept: int) -> None:
    planes, known = np.zeros((3, 40, 40), np.float32), np.zeros((40, 40), np.float32)
    planes[:, :kept, :kept], known[:kept, :kept] = 0.7, 1
    done = grown(planes, known, 1)
    assert done.shape == planes.shape
    assert np.abs(done - 0.7).max() < 0.02


def test_other_seeds_grow_otherwise_and_the_same_alike(tmp_path: Path) -> None:
    image = photo(tmp_path / "p.png")
    planes = np.zeros((3, 96, SIDE + 96), np.float32)
    planes[:, :, :SIDE] = pixels(image[0].path)[60:156].transpose(2, 0, 1) / 255
    known = (np.arange(SIDE + 96) < SIDE)[None].repeat(96, axis=0).astype(np.float32)
    one, two = grown(planes, known, 1), grown(planes, known, 2)
    assert np.array_equal(one, grown(planes, known, 1))
    assert np.abs(one - two)[:, :, SIDE:].mean() > 0.004
    assert one[:, :, SIDE:].std() > 0.5 * planes[:, :, :SIDE].std()


def test_a_membrane_keeps_what_is_known_and_lies_between() -> None:
    values, known = np.zeros((1, 33, 47), np.float32), np.zeros((33, 47), np.float32)
    values[0, :, 0], values[0, :, -1] = 0.2, 0.8
    known[:, 0] = known[:, -1] = 1
    filled = membrane(values, known)
    assert np.array_equal(filled[:, known > 0], values[:, known > 0])
    assert 0.19 < filled.min() <= filled.max() < 0.81
    assert abs(float(filled[0, 16, 23]) - 0.5) < 0.1
