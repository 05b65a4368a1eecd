"""A grid of four 1024² pictures: spliced, against decoding, pasting and encoding them."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bot import imaging
from tests.bench.common import Row, best, ratio, run

SIDE = 1024


def painting(seed: int) -> Image.Image:
    """Soft shapes with a grain, which compress about as generated pictures do."""
    rng = np.random.default_rng(seed)
    shapes = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).resize(
        (SIDE, SIDE), Image.Resampling.BICUBIC
    )
    grain = np.asarray(shapes).astype(int) + rng.integers(-4, 5, (SIDE, SIDE, 1))
    return Image.fromarray(grain.clip(0, 255).astype(np.uint8))


def naive(sources: Sequence[Path], target: Path) -> None:
    """What one writes first: decode all, paste, encode; the suffix says as what."""
    whole = Image.new("RGB", (2 * SIDE, 2 * SIDE))
    for index, source in enumerate(sources):
        with Image.open(source) as picture:
            whole.paste(picture, (index % 2 * SIDE, index // 2 * SIDE))
    whole.save(target, quality=90)  # which a PNG does not heed


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        return measure(Path(name))


def measure(folder: Path) -> list[Row]:
    pngs = [folder / f"{index}.png" for index in range(4)]
    tiles = [folder / f"{index}.jpg" for index in range(4)]
    for index, (png, tile) in enumerate(zip(pngs, tiles, strict=True)):
        painting(index).save(png)
        imaging.encode_tile(png, tile)
    grid, cut = folder / "grid.jpg", folder / "cut.jpg"

    def spliced() -> None:
        grid.unlink(
            missing_ok=True
        )  # a bot writes each grid anew; to truncate a file just written takes longer than the splice
        imaging.grid(tiles, pngs, grid)

    def last_then_splice() -> None:
        imaging.encode_tile(pngs[3], tiles[3])
        spliced()

    def cut_out() -> None:
        cut.unlink(missing_ok=True)
        imaging.cut(grid, 3, 2, 2, cut)

    baseline = best(lambda: naive(pngs, folder / "naive.png"), repeats=3)
    size = (folder / "naive.png").stat().st_size
    measured: list[tuple[str, Callable[[], object]]] = [
        ("4 PNG, pasted, as a JPEG", lambda: naive(pngs, grid)),
        ("the last PNG to a tile, then splice", last_then_splice),
        ("4 JPEG, pasted, as a JPEG", lambda: naive(tiles, grid)),
        ("4 tiles, spliced", spliced),
        ("one tile cut out of a grid", cut_out),
    ]
    note = f"{baseline * 1000:.0f} ms, {size / 1e6:.1f} MB: what the others are compared with"
    first = Row("grid: 4 PNG, pasted, as a PNG", 1.0, "×", note)
    found = [first, *(ratio(f"grid: {name}", baseline, best(function)) for name, function in measured)]
    return [*found, preview_row(grid, folder / "preview.jpg")]


def preview_row(grid: Path, target: Path) -> Row:
    """A progress picture of 256² out of the grid's file."""

    def plain() -> None:
        with Image.open(grid) as picture:
            picture.resize((256, 256), Image.Resampling.LANCZOS).save(target, quality=80)

    return ratio(
        "preview: decoded at an eighth",
        best(plain),
        best(lambda: imaging.preview(grid, target)),
        "of decoding the whole grid",
    )


if __name__ == "__main__":
    run(rows)
