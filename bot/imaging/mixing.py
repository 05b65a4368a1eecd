"""Pictures laid over each other: a blend to start from, what a mask keeps, and the mask shown on its picture. All of it blocks."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from bot.imaging.compose import flatten, to_srgb
from bot.imaging.info import Size, open_pixels

#: How a chosen region is marked: this colour, half transparent, with an edge.
MARK = (88, 101, 242)
MARK_OPACITY = 0.45
SHOWN_SIDE = 768
_PIL_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}


def mix(sources: Sequence[Path], target: Path, size: Size) -> None:
    """The mean of the pictures, each filling `size`, as a PNG: what a generator that takes one image can blend from."""
    whole = _filling(sources[0], size)
    for number, source in enumerate(sources[1:], start=2):
        whole = Image.blend(whole, _filling(source, size), 1 / number)
    _save(whole, target)


def scaled(source: Path, target: Path, size: Size) -> None:
    """The picture in exactly `size`, as a PNG with its transparency."""
    _save(to_srgb(open_pixels(source)).resize(size, Image.Resampling.LANCZOS), target)


def restore(picture: Path, original: Path, mask: Path, target: Path) -> None:
    """The picture, but for where the L `mask` is black: there the pixels are the `original`'s. Both have the mask's size, or are brought
    to it. Written as a PNG."""
    where = Image.open(mask).convert("L")
    made = _sized(flatten(open_pixels(picture)), where.size)
    before = _sized(flatten(open_pixels(original)), where.size)
    _save(Image.composite(made, before, where), target)


def soften(mask: Path, target: Path, radius: float) -> None:
    """The L mask with its edge faded inwards over about `radius` pixels, so that what was black stays black."""
    hard = Image.open(mask).convert("L")
    faded = hard.filter(ImageFilter.MinFilter(2 * max(1, round(radius / 2)) + 1)).filter(
        ImageFilter.GaussianBlur(radius / 3)
    )
    black = Image.new("L", hard.size, 0)
    _save(Image.composite(faded, black, hard.point([0] * 128 + [255] * 128)), target)


def marked(picture: Path, mask: Path, target: Path) -> Size:
    """A small JPEG of the picture with what the L mask marks tinted and outlined, to be looked at."""
    image = flatten(open_pixels(picture, at_least=Size(SHOWN_SIDE, SHOWN_SIDE)))
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    where = Image.open(mask).convert("L").resize(image.size, Image.Resampling.BILINEAR)
    tint = Image.composite(Image.new("RGB", image.size, MARK), image, where.point(lambda v: int(v * MARK_OPACITY)))
    hard = where.point([0] * 128 + [255] * 128)
    edge = Image.composite(hard, Image.new("L", hard.size, 0), ImageOps.invert(hard.filter(ImageFilter.MinFilter(5))))
    tint.paste((255, 255, 255), mask=edge)
    with target.open("wb") as file:
        tint.save(file, "JPEG", quality=88)
    return Size(*tint.size)


def converted(source: Path, target: Path) -> None:
    """The picture in the format that `target`'s suffix names (`.png`, `.jpg` or `.webp`), as good as that format is used for originals."""
    image = to_srgb(open_pixels(source))
    kind = _PIL_FORMATS[target.suffix]
    with target.open("wb") as file:
        if kind == "PNG":
            image.save(file, kind, compress_level=1)
        elif kind == "JPEG":
            flatten(image).save(file, kind, quality=95, subsampling="4:4:4")
        else:
            image.save(file, kind, quality=95, method=2)


def _filling(source: Path, size: Size) -> Image.Image:
    return ImageOps.fit(flatten(open_pixels(source)), size, Image.Resampling.LANCZOS)


def _sized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _save(image: Image.Image, target: Path) -> None:
    with target.open("wb") as file:
        image.save(file, "PNG", compress_level=1)
