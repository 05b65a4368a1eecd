"""Pictures made from pictures: tiles, grids, previews, and copies that fit a limit. Paths in, paths out; all of it blocks."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from bot.imaging import jpeg, metadata
from bot.imaging.info import MAX_PIXELS, Size, broken_files, open_pixels, sniff

WHITE = (255, 255, 255)
#: What `fit` tries, in order, before it makes the picture smaller.
FIT_QUALITIES = (jpeg.QUALITY, 85, 75)
#: Under this many bytes not even a 16 x 16 JPEG fits.
MIN_LIMIT = 2048
#: A picture whose longer side is over the first has a tile whose longer side is about the second: four make a grid of 2048².
LARGE_TILE, TILE = 1280, 1024


def encode_tile(source: Path, target: Path) -> Size:
    """The picture as a JPEG that can be spliced; what is transparent becomes white, and a large picture smaller. FetchError when it can't
    be read."""
    return _save(_tile(source), target)


def grid(tiles: Sequence[Path], sources: Sequence[Path], target: Path) -> Size:
    """The grid of 1–4 pictures as a JPEG: 1 × 1, 2 × 1 or 2 × 2.

    `tiles` come from `encode_tile` and are spliced; where they don't fit for that, the `sources` are decoded and pasted, each shrunk to
    the first one's shape, and all of them so that the grid stays within the limit on pixels.
    """
    try:
        return jpeg.splice(tiles, target)
    except jpeg.CannotSplice:
        return paste(sources, target)


def _tile(source: Path) -> Image.Image:
    """The picture as it goes into a grid. A large one is shrunk to sides that can be spliced: twice as fast as encoding all of it."""
    full = sniff(source).size
    if max(full) <= LARGE_TILE:
        return flatten(open_pixels(source))
    scale = TILE / max(full)
    size = Size(*(max(jpeg.BLOCK, round(side * scale / jpeg.BLOCK) * jpeg.BLOCK) for side in full))
    return flatten(open_pixels(source, at_least=size)).resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def paste(sources: Sequence[Path], target: Path) -> Size:
    """As `grid`, through the pixels: for sizes that differ or are no multiples of 8."""
    columns, rows = jpeg.layout(len(sources))
    first = _tile(sources[0])
    cell = _shrunk(Size(*first.size), MAX_PIXELS // (columns * rows))
    whole = Image.new("RGB", (cell.width * columns, cell.height * rows), jpeg.DARK)
    for index, source in enumerate(sources):
        picture = first if index == 0 else _tile(source)
        if picture.size != cell:
            picture = ImageOps.contain(picture, cell, Image.Resampling.LANCZOS)
        row, column = divmod(index, columns)
        left = column * cell.width + (cell.width - picture.width) // 2
        whole.paste(picture, (left, row * cell.height + (cell.height - picture.height) // 2))
    return _save(whole, target)


def cut(grid: Path, index: int, columns: int, rows: int, target: Path) -> Size:
    """The picture at `index` (row by row, from 0) out of a grid of `columns` × `rows`, as a JPEG; not a pixel changes if it was spliced."""
    if not 0 <= index < columns * rows:
        raise ValueError(f"no tile {index} in a grid of {columns} x {rows}")
    try:
        return jpeg.cut(grid, index, columns, rows, target)
    except jpeg.CannotSplice:
        whole = flatten(open_pixels(grid))
        width, height = max(1, whole.width // columns), max(1, whole.height // rows)
        row, column = divmod(index, columns)
        box = (column * width, row * height, (column + 1) * width, (row + 1) * height)
        return _save(whole.crop(box), target)


def preview(source: Path, target: Path, side: int = 256) -> Size:
    """A small JPEG that fits into a square of `side`; a picture that is smaller already keeps its size."""
    image = flatten(open_pixels(source, at_least=Size(side, side)))
    image.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=1.0)
    with target.open("wb") as file:
        image.save(file, "JPEG", quality=80)
    return Size(*image.size)


def fit(source: Path, target: Path, limit_bytes: int) -> Path:
    """A copy of at most `limit_bytes` (2048 or more): first at lower quality, then smaller. `source` itself when it fits already.

    `target` is written as a JPEG, so its suffix should be `.jpg`. What `annotate` wrote into the source is kept, if there is room.
    """
    if source.stat().st_size <= limit_bytes:
        return source
    if limit_bytes < MIN_LIMIT:
        raise ValueError(f"no picture fits into {limit_bytes} bytes")
    image = flatten(open_pixels(source))
    info = metadata.read_info(source)
    exif = metadata.exif_block(info) if info else b""
    if len(exif) > min(limit_bytes // 4, metadata.MAX_EXIF):
        exif = b""
    for quality in FIT_QUALITIES:
        if _encoded_size(image, target, quality, exif) <= limit_bytes:
            return target
    while (size := target.stat().st_size) > limit_bytes:
        # Bytes go about with the area; a little less, so that one step mostly does.
        scale = min(0.9, (limit_bytes / size) ** 0.5 * 0.95)
        image = image.resize(
            (max(1, int(image.width * scale)), max(1, int(image.height * scale))), Image.Resampling.LANCZOS
        )
        _encoded_size(image, target, FIT_QUALITIES[-1], exif)
    return target


def normalise(source: Path, target: Path, max_side: int, *, max_pixels: int = MAX_PIXELS) -> Size:
    """A picture from outside as every backend can read it: the first frame, upright, 8 bits, sRGB, no side over `max_side`, no metadata.

    Written as a PNG, with its transparency, where `target` ends in `.png`; else as a JPEG on white.
    """
    image = open_pixels(source, max_pixels=max_pixels, at_least=Size(max_side, max_side))
    with broken_files():  # orientation and profile are the file's own claims
        image = to_srgb(ImageOps.exif_transpose(image))
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    image.info.clear()
    with target.open("wb") as file:
        if target.suffix == ".png":
            # The lowest effort: three times as fast for a tenth more bytes.
            image.save(file, "PNG", compress_level=1)
        else:
            flatten(image).save(file, "JPEG", quality=95, subsampling="4:4:4")
    return Size(*image.size)


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent; through the embedded colour profile, if there is a valid one."""
    if image.mode.startswith("I"):  # 16 bit grey, which Pillow would clip and not scale
        return image.point(lambda value: value / 256).convert("L").convert("RGB")  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]
    profile = image.info.get("icc_profile")
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if image.mode in ("RGBA", "P", "1"):  # a profile can't be applied to these
        image = image.convert("RGB")
    converted = _through_profile(image, profile) if profile else None
    image = converted or image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    return image


def flatten(image: Image.Image) -> Image.Image:
    """RGB, with white where it was transparent."""
    if image.mode == "RGB":
        return image
    image = to_srgb(image)
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, WHITE)
    ground.paste(image, mask=image)
    return ground


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return ImageCms.profileToProfile(image, given, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # a profile for another kind of picture, or a broken one
        return None


def _shrunk(size: Size, max_pixels: int) -> Size:
    scale = min(1.0, (max_pixels / (size.width * size.height)) ** 0.5)
    return Size(max(1, int(size.width * scale)), max(1, int(size.height * scale)))


def _encoded_size(image: Image.Image, target: Path, quality: int, exif: bytes) -> int:
    with target.open("wb") as file:
        image.save(file, "JPEG", quality=quality, exif=exif)
    return target.stat().st_size


def _save(image: Image.Image, target: Path) -> Size:
    with target.open("wb") as file:
        jpeg.save_tile(image, file)
    return Size(*image.size)
