"""Tiles, grids and what is cut, shrunk and fitted out of them."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from bot import imaging
from bot.errors import FetchError, StorageFull
from bot.imaging import Size, jpeg

Pixels = NDArray[Any]


def noise(path: Path, width: int, height: int, seed: int = 0, mode: str = "RGB") -> Path:
    """A picture with detail at every scale, so that no two blocks are alike."""
    rng = np.random.default_rng(seed)
    bands = len(mode)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    fine = np.asarray(coarse).astype(int)[..., [0, 1, 2, 0][:bands]] + rng.integers(-20, 21, (height, width, bands))
    Image.fromarray(fine.clip(0, 255).astype(np.uint8)).save(path)
    return path


def pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image)


def tiles_of(folder: Path, count: int, width: int, height: int) -> tuple[list[Path], list[Path]]:
    sources = [noise(folder / f"{i}.png", width, height, seed=i) for i in range(count)]
    tiles = [folder / f"{i}.jpg" for i in range(count)]
    for source, tile in zip(sources, tiles, strict=True):
        assert imaging.encode_tile(source, tile) == (width, height)
    return sources, tiles


def nearest(path: Path, candidates: Sequence[Path]) -> int:
    """Which of the candidates a lossy copy was made from."""
    copy = pixels(path).astype(int)
    return int(np.argmin([np.abs(copy - pixels(candidate)).mean() for candidate in candidates]))


def mosaic(sources: Sequence[Path], target: Path) -> None:
    """The plain way: every pixel pasted, then encoded at once with the same tables."""
    columns, rows = imaging.layout(len(sources))
    with Image.open(sources[0]) as first:
        width, height = first.size
    whole = Image.new("RGB", (columns * width, rows * height), jpeg.DARK)
    for index, source in enumerate(sources):
        with Image.open(source) as picture:
            whole.paste(picture, (index % columns * width, index // columns * height))
    whole.save(target, "JPEG", quality=jpeg.QUALITY, subsampling="4:4:4")


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 4), across=st.integers(1, 40), down=st.integers(1, 40))
def test_a_spliced_grid_has_the_pixels_of_the_whole_encoded_at_once(count: int, across: int, down: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources, tiles = tiles_of(folder, count, across * 8, down * 8)
        columns, rows = imaging.layout(count)
        assert imaging.splice(tiles, folder / "grid.jpg") == (columns * across * 8, rows * down * 8)
        mosaic(sources, folder / "mosaic.jpg")
        assert np.array_equal(pixels(folder / "grid.jpg"), pixels(folder / "mosaic.jpg"))
        assert imaging.sniff(folder / "grid.jpg").size == (columns * across * 8, rows * down * 8)
        for index, tile in enumerate(tiles):
            imaging.cut(folder / "grid.jpg", index, columns, rows, folder / "cut.jpg")
            assert (folder / "cut.jpg").read_bytes() == tile.read_bytes()


def test_the_place_of_a_missing_fourth_is_dark(tmp_path: Path) -> None:
    _, tiles = tiles_of(tmp_path, 3, 64, 48)
    imaging.splice(tiles, tmp_path / "grid.jpg")
    corner = pixels(tmp_path / "grid.jpg")[48:, 64:]
    assert np.abs(corner.astype(int) - jpeg.DARK).max() <= 2


def test_what_a_source_says_of_itself_does_not_keep_tiles_apart(tmp_path: Path) -> None:
    sources = [tmp_path / "0.jpg", noise(tmp_path / "1.png", 32, 32, seed=1)]
    with Image.open(noise(tmp_path / "0.png", 32, 32)) as image:
        image.save(sources[0], comment=b"made elsewhere", dpi=(300, 300))
    tiles = [tmp_path / "t0.jpg", tmp_path / "t1.jpg"]
    for source, tile in zip(sources, tiles, strict=True):
        imaging.encode_tile(source, tile)
    assert imaging.splice(tiles, tmp_path / "grid.jpg") == (64, 32)


@pytest.mark.parametrize("size", [(60, 64), (64, 60), (61, 59)])
def test_sides_that_are_no_multiples_of_8_fall_back_to_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    sources, tiles = tiles_of(tmp_path, 4, *size)
    with pytest.raises(imaging.CannotSplice):
        imaging.splice(tiles, tmp_path / "grid.jpg")
    assert imaging.grid(tiles, sources, tmp_path / "grid.jpg") == (size[0] * 2, size[1] * 2)
    mosaic(sources, tmp_path / "mosaic.jpg")
    assert np.array_equal(pixels(tmp_path / "grid.jpg"), pixels(tmp_path / "mosaic.jpg"))
    assert imaging.cut(tmp_path / "grid.jpg", 3, 2, 2, tmp_path / "cut.jpg") == size
    assert nearest(tmp_path / "cut.jpg", sources) == 3


def test_pictures_of_different_sizes_keep_their_shape_in_the_cell_of_the_first(tmp_path: Path) -> None:
    sources = [noise(tmp_path / "wide.png", 64, 64), tmp_path / "tall.png"]
    Image.new("RGB", (64, 128), "red").save(sources[1])
    tiles = [tmp_path / "0.jpg", tmp_path / "1.jpg"]
    for source, tile in zip(sources, tiles, strict=True):
        imaging.encode_tile(source, tile)
    assert imaging.grid(tiles, sources, tmp_path / "grid.jpg") == (128, 64)
    row = pixels(tmp_path / "grid.jpg")[32, 64:].astype(int)
    red = np.flatnonzero(row[:, 0] > 200)
    assert (red[0], red[-1]) == (16, 47)


def test_the_grid_of_huge_pictures_stays_within_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.imaging.compose.MAX_PIXELS", 4 * 50 * 50)
    sources, tiles = tiles_of(tmp_path, 4, 100, 100)
    assert imaging.grid(tiles, sources, tmp_path / "grid.jpg") == (100, 100)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_large_pictures_make_a_grid_of_the_usual_size(tmp_path: Path, count: int, suffix: str) -> None:
    sources = [tmp_path / f"{index}{suffix}" for index in range(count)]
    for index, source in enumerate(sources):
        Image.new("RGB", (2048, 1360), ("red", "lime", "blue", "white")[index]).save(source)
    before = [source.read_bytes() for source in sources]
    tiles = [tmp_path / f"t{index}.jpg" for index in range(count)]
    assert [imaging.encode_tile(*pair) for pair in zip(sources, tiles, strict=True)] == [(1024, 680)] * count
    columns, rows = imaging.layout(count)
    assert imaging.splice(tiles, tmp_path / "grid.jpg") == (1024 * columns, 680 * rows)
    for index, source in enumerate(sources):
        imaging.cut(tmp_path / "grid.jpg", index, columns, rows, tmp_path / "cut.jpg")
        assert (tmp_path / "cut.jpg").read_bytes() == tiles[index].read_bytes()
        assert np.abs(pixels(tiles[index])[0, 0].astype(int) - pixels(source)[0, 0]).max() <= 2
    assert [source.read_bytes() for source in sources] == before


def test_a_tile_is_shrunk_only_where_it_is_large(tmp_path: Path) -> None:
    sources, tiles = tiles_of(tmp_path, 1, 1280, 64)
    assert imaging.sniff(tiles[0]).size == (1280, 64)
    Image.new("RGB", (1296, 61)).save(sources[0])
    assert imaging.encode_tile(sources[0], tiles[0]) == (1024, 48)


def test_a_grid_through_the_pixels_is_of_the_usual_size_too(tmp_path: Path) -> None:
    sources = [tmp_path / "0.png", tmp_path / "1.png"]
    Image.new("RGB", (2048, 2048)).save(sources[0])
    Image.new("RGB", (2048, 1024)).save(sources[1])
    assert imaging.paste(sources, tmp_path / "grid.jpg") == (2048, 1024)


def test_a_grid_that_was_not_spliced_is_cropped(tmp_path: Path) -> None:
    sources, _ = tiles_of(tmp_path, 4, 32, 32)
    mosaic(sources, tmp_path / "mosaic.jpg")
    assert imaging.cut(tmp_path / "mosaic.jpg", 2, 2, 2, tmp_path / "cut.jpg") == (32, 32)
    assert nearest(tmp_path / "cut.jpg", sources) == 2
    with pytest.raises(ValueError, match="no tile 4"):
        imaging.cut(tmp_path / "mosaic.jpg", 4, 2, 2, tmp_path / "cut.jpg")


def test_a_grid_cut_at_other_columns_is_cropped_where_markers_do_not_fit(tmp_path: Path) -> None:
    _, tiles = tiles_of(tmp_path, 4, 32, 32)
    imaging.splice(tiles, tmp_path / "grid.jpg")
    assert imaging.cut(tmp_path / "grid.jpg", 1, 4, 1, tmp_path / "cut.jpg") == (16, 64)
    with pytest.raises(jpeg.CannotSplice):
        jpeg.cut(tmp_path / "grid.jpg", 1, 4, 1, tmp_path / "cut.jpg")


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def test_files_that_are_no_tiles_are_not_spliced(tmp_path: Path) -> None:
    sources, tiles = tiles_of(tmp_path, 1, 32, 32)
    good = tiles[0].read_bytes()
    with Image.open(sources[0]) as image:
        image.save(tmp_path / "plain.jpg")
        image.save(tmp_path / "progressive.jpg", progressive=True, subsampling="4:4:4", restart_marker_rows=1)
        image.convert("L").save(tmp_path / "grey.jpg", restart_marker_rows=1)
    bad = [(tmp_path / f"{kind}.jpg").read_bytes() for kind in ("plain", "progressive", "grey")]
    bad += [b"", b"\xff\xd8\xff\xd9", good[:-2], good[:200] + b"\xff\xd9", sources[0].read_bytes()]
    bad += [changed(good, good.index(b"\xff\xd1"), b"\xff\xd3"), changed(good, good.index(b"\xff\xd1"), b"\xff\x00")]
    for data in bad:
        with pytest.raises(jpeg.CannotSplice):
            jpeg.parse(data)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_tile_is_refused_or_still_parsed_but_nothing_else_happens(data: st.DataObject) -> None:
    with tempfile.TemporaryFile() as file:
        jpeg.save_tile(Image.new("RGB", (16, 16), "green"), file)
        file.seek(0)
        good = file.read()
    damaged = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=4)):
        if damaged:
            damaged[at] = data.draw(st.integers(0, 255))
    try:
        jpeg.parse(bytes(damaged))
    except jpeg.CannotSplice:
        return


@pytest.mark.parametrize("count", [0, 5])
def test_grids_have_one_to_four_pictures(count: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        imaging.splice([tmp_path / "x"] * count, tmp_path / "grid.jpg")


def test_transparency_becomes_white_in_a_tile(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 16), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    imaging.encode_tile(tmp_path / "clear.png", tmp_path / "tile.jpg")
    assert pixels(tmp_path / "tile.jpg").min() == 255


@pytest.mark.parametrize(
    ("size", "expected"), [((1024, 512), (256, 128)), ((300, 900), (85, 256)), ((100, 80), (100, 80))]
)
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_preview_fits_into_its_square(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int], suffix: str
) -> None:
    source = noise(tmp_path / f"source{suffix}", *size)
    assert imaging.preview(source, tmp_path / "preview.jpg") == expected
    assert imaging.sniff(tmp_path / "preview.jpg").size == expected


def test_what_fits_is_given_back_untouched(tmp_path: Path) -> None:
    source = noise(tmp_path / "source.png", 64, 64)
    before = source.read_bytes()
    assert imaging.fit(source, tmp_path / "small.jpg", source.stat().st_size) == source
    assert source.read_bytes() == before
    assert not (tmp_path / "small.jpg").exists()


@pytest.mark.parametrize("limit", [100_000, 30_000, 5_000, 2_048])
def test_what_does_not_fit_is_made_to(tmp_path: Path, limit: int) -> None:
    source = noise(tmp_path / "source.png", 512, 384)
    small = imaging.fit(source, tmp_path / "small.jpg", limit)
    assert small == tmp_path / "small.jpg"
    assert small.stat().st_size <= limit
    info = imaging.sniff(small)
    assert info.format == "JPEG"
    assert abs(info.width / info.height - 4 / 3) < 0.1
    if limit == 100_000:  # quality goes first
        assert info.size == (512, 384)


def test_what_was_written_into_a_picture_is_kept_when_it_is_made_to_fit(tmp_path: Path) -> None:
    source, info = tmp_path / "source.png", {"prompt": "a cat " * 60, "seed": "7"}
    imaging.annotate(noise(tmp_path / "plain.png", 512, 384), source, info)
    for limit, kept in [(30_000, info), (2_048, {})]:
        small = imaging.fit(source, tmp_path / "small.jpg", limit)
        assert small.stat().st_size <= limit
        assert imaging.read_info(small) == kept


def test_a_limit_that_nothing_fits_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture fits"):
        imaging.fit(noise(tmp_path / "source.png", 64, 64), tmp_path / "small.jpg", 100)


async def test_the_pool_runs_the_same_functions_and_passes_their_errors_on(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    async with imaging.Imaging(max_pixels=64 * 64) as pool:
        source = noise(tmp_path / "source.png", 64, 64)
        tile, grid = tmp_path / "tile.jpg", tmp_path / "grid.jpg"
        assert await pool.encode_tile(source, tile) == (64, 64)
        assert await pool.grid([tile] * 4, [source] * 4, grid) == (128, 128)
        assert await pool.cut(grid, 3, 2, 2, tmp_path / "cut.jpg") == (64, 64)
        assert await pool.preview(grid, tmp_path / "preview.jpg", 32) == (32, 32)
        assert await pool.fit(source, tmp_path / "fit.jpg", 4096) == tmp_path / "fit.jpg"
        await pool.annotate(source, tmp_path / "named.png", {"prompt": "a cat"})
        assert await pool.read_info(tmp_path / "named.png") == {"prompt": "a cat"}
        assert await pool.normalise(source, tmp_path / "in.jpg", 32) == (32, 32)
        await pool.region_mask(tmp_path / "mask.png", Size(64, 64), {4})
        await pool.load_mask(tmp_path / "mask.png", tmp_path / "mask2.png", Size(32, 32))
        size, frame = imaging.frame_for_zoom(64, 64, 2)
        await pool.canvas(
            source, tmp_path / "c.png", tmp_path / "m.png", width=size.width, height=size.height, frame=frame
        )
        with pytest.raises(FetchError, match="not a PNG"):
            await pool.sniff(tmp_path / "broken.png")
        with pytest.raises(FetchError, match="too large"):
            await pool.sniff(grid)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    async with imaging.Imaging() as pool:
        source = noise(tmp_path / "source.png", 64, 64)
        with pytest.raises(StorageFull):
            await pool.encode_tile(source, Path("/dev/full"))
        with pytest.raises(FileNotFoundError):
            await pool.encode_tile(tmp_path / "nowhere.png", tmp_path / "tile.jpg")
