"""The geometry of zoom and pan, canvases and masks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from bot import imaging
from bot.backends.base import Frame
from bot.errors import FetchError
from bot.imaging import Direction, Limits, Size

sides = st.integers(64, 4096)
DIRECTIONS: tuple[Direction, ...] = ("left", "right", "up", "down")


def read(path: Path) -> NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


limits = st.builds(
    Limits,
    step=st.sampled_from([8, 16, 64]),
    min_side=st.sampled_from([64, 256, 512]),
    max_side=st.sampled_from([2048, 3072]),
    max_pixels=st.sampled_from([2048 * 1024, 2048 * 2048]),
)


def within(size: Size, frame: Frame, allowed: Limits) -> bool:
    inside = frame.left >= 0 and frame.top >= 0
    inside = inside and frame.left + frame.width <= size.width and frame.top + frame.height <= size.height
    allowed_sides = all(allowed.min_side <= side <= allowed.max_side and side % allowed.step == 0 for side in size)
    return inside and allowed_sides and size.width * size.height <= allowed.max_pixels


@given(width=sides, height=sides, factor=st.floats(1, 2), allowed=limits)
def test_a_zoom_keeps_the_pixels_where_the_size_allows(width: int, height: int, factor: float, allowed: Limits) -> None:
    size, frame = imaging.frame_for_zoom(width, height, factor, limits=allowed)
    assert within(size, frame, allowed)
    assert abs(frame.left - (size.width - frame.width - frame.left)) <= 1
    assert abs(frame.top - (size.height - frame.height - frame.top)) <= 1
    exact = (frame.width, frame.height) == (width, height)
    wide, high = width * factor, height * factor
    if min(wide, high) >= allowed.min_side and (wide + allowed.step) * (high + allowed.step) <= allowed.max_pixels:
        assert exact or max(wide, high) + allowed.step > allowed.max_side
    if exact:
        assert abs(size.width - wide) <= allowed.step
        assert abs(size.height - high) <= allowed.step
    else:
        bound = (allowed.step + 2) / min(width, height, frame.width, frame.height)
        assert abs(frame.width / width - frame.height / height) <= bound


def test_zooms_by_example() -> None:
    wide = Limits(16, 64, 3072, 2048 * 3072)
    assert imaging.frame_for_zoom(1024, 1024, 2) == ((2048, 2048), Frame(512, 512, 1024, 1024))
    assert imaging.frame_for_zoom(1024, 1024, 1.5) == ((1536, 1536), Frame(256, 256, 1024, 1024))
    assert imaging.frame_for_zoom(2048, 2048, 2) == ((2048, 2048), Frame(512, 512, 1024, 1024))
    assert imaging.frame_for_zoom(1344, 768, 2, limits=wide) == ((2688, 1536), Frame(672, 384, 1344, 768))
    assert imaging.frame_for_zoom(1344, 768, 1, aspect=(1, 1)) == ((1344, 1344), Frame(0, 288, 1344, 768))
    assert imaging.frame_for_zoom(1024, 1024, 1.5, aspect=(4, 3)) == ((2048, 1536), Frame(512, 256, 1024, 1024))
    assert imaging.frame_for_zoom(1000, 700, 1) == ((1008, 704), Frame(4, 2, 1000, 700))
    assert imaging.frame_for_zoom(100, 100, 1.5, limits=Limits(min_side=256)) == ((256, 256), Frame(42, 42, 171, 171))
    with pytest.raises(ValueError, match="1 or more"):
        imaging.frame_for_zoom(1024, 1024, 0.5)


@given(width=sides, height=sides, direction=st.sampled_from(DIRECTIONS), by=st.floats(0.1, 1), allowed=limits)
def test_a_pan_stays_within_limits_and_touches_the_other_edge(
    width: int, height: int, direction: Direction, by: float, allowed: Limits
) -> None:
    size, frame = imaging.frame_for_pan(width, height, direction, by=by, limits=allowed)
    assert within(size, frame, allowed)
    right, bottom = size.width - frame.left - frame.width, size.height - frame.top - frame.height
    margins = {"left": frame.left, "right": right, "up": frame.top, "down": bottom}
    opposite = {"left": "right", "right": "left", "up": "down", "down": "up"}[direction]
    assert margins.pop(opposite) == 0
    if size.width * size.height == width * height:
        return
    large = min(width, height) >= allowed.min_side and max(width, height) * (1 + by) <= allowed.max_side
    if large and width * height * (1 + by) < allowed.max_pixels and (frame.width, frame.height) == (width, height):
        margins.pop(direction)
        assert sum(margins.values()) < allowed.step


def test_pans_by_example() -> None:
    assert imaging.frame_for_pan(1024, 1024, "left") == ((1536, 1024), Frame(512, 0, 1024, 1024))
    assert imaging.frame_for_pan(1024, 1024, "down") == ((1024, 1536), Frame(0, 0, 1024, 1024))
    assert imaging.frame_for_pan(1000, 700, "right") == ((1504, 704), Frame(0, 2, 1000, 700))
    assert imaging.frame_for_pan(2048, 1024, "right") == ((2048, 688), Frame(0, 0, 1365, 688))


def test_a_canvas_holds_the_picture_and_its_mask_the_rest(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), "red").save(tmp_path / "in.png")
    frame = Frame(16, 0, 48, 40)
    imaging.canvas(tmp_path / "in.png", tmp_path / "c.png", tmp_path / "m.png", width=64, height=64, frame=frame)
    canvas, mask = read(tmp_path / "c.png"), read(tmp_path / "m.png")
    assert canvas.shape == (64, 64, 4)
    assert mask.shape == (64, 64)
    inside = np.zeros((64, 64), bool)
    inside[0:40, 16:64] = True
    assert np.array_equal(mask, np.where(inside, 0, 255))
    assert np.array_equal(canvas[..., 3], np.where(inside, 255, 0))
    assert (canvas[inside] == (255, 0, 0, 255)).all()


def test_a_feathered_mask_fades_inside_the_frame_but_not_at_the_canvas_edge(tmp_path: Path) -> None:
    Image.new("RGB", (48, 40), "red").save(tmp_path / "in.png")
    frame = Frame(16, 0, 48, 40)
    imaging.canvas(
        tmp_path / "in.png", tmp_path / "c.png", tmp_path / "m.png", width=64, height=64, frame=frame, feather=8
    )
    row = read(tmp_path / "m.png")[5].astype(int)
    assert (row[:16] == 255).all()
    assert (np.diff(row[15:25]) < 0).all()
    assert (row[24:] == 0).all()


@settings(deadline=None)
@given(width=st.integers(6, 70), height=st.integers(6, 70), cells=st.sets(st.integers(0, 8), min_size=1))
def test_regions_tile_the_picture(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, cells: set[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "region.png"
    imaging.region_mask(path, Size(width, height), cells)
    mask = read(path)
    rest = set(range(9)) - cells
    assert mask.shape == (height, width)
    assert set(np.unique(mask)) <= {0, 255}
    for cell in range(9):
        row, column = divmod(cell, 3)
        y, x = (2 * row + 1) * height // 6, (2 * column + 1) * width // 6
        assert mask[y, x] == (255 if cell in cells else 0)
    if rest:
        imaging.region_mask(path, Size(width, height), rest)
        assert np.array_equal(read(path), 255 - mask)


@pytest.mark.parametrize("cells", [set[int](), {9}, {-1, 2}])
def test_cells_off_the_board_are_a_mistake(tmp_path: Path, cells: set[int]) -> None:
    with pytest.raises(ValueError, match="cells are"):
        imaging.region_mask(tmp_path / "m.png", Size(9, 9), cells)


def test_masks_are_read_from_white_or_from_what_is_erased(tmp_path: Path) -> None:
    drawn = Image.new("RGB", (20, 20), "black")
    drawn.paste("white", (0, 0, 10, 20))
    drawn.save(tmp_path / "drawn.png")
    drawn.convert("RGBA").save(tmp_path / "opaque.png")
    erased = Image.new("RGBA", (20, 20), (200, 100, 50, 255))
    erased.paste((0, 0, 0, 0), (0, 0, 10, 20))
    erased.save(tmp_path / "erased.png")
    for name in ("drawn", "opaque", "erased"):
        imaging.load_mask(tmp_path / f"{name}.png", tmp_path / "mask.png", Size(40, 40))
        mask = read(tmp_path / "mask.png")
        assert mask.shape == (40, 40)
        assert mask[:, :18].min() == 255
        assert mask[:, 22:].max() == 0


def test_a_mask_that_marks_nothing_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "black").save(tmp_path / "black.png")
    with pytest.raises(FetchError, match="marks nothing"):
        imaging.load_mask(tmp_path / "black.png", tmp_path / "mask.png", Size(20, 20))
