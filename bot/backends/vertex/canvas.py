"""Pictures and masks in the form in which these models take them. All of it blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image

from bot.backends.base import Request
from bot.backends.vertex.models import ratio
from bot.errors import BackendRejected
from bot.i18n import T
from bot.imaging.info import Size, open_pixels

EMPTY = (128, 128, 128)  # of what is still to be painted
CLOSE = 0.01  # a shape that is so near needs no border


@dataclass(frozen=True, slots=True)
class Framed:
    """A picture and its mask. `box` is where the picture lies in what comes back, as shares of its width and height; None: everywhere.

    `grown`: parts of it were empty.
    """

    picture: Path
    mask: Path
    box: tuple[float, float, float, float] | None = None
    grown: bool = False


def framed(request: Request, ratios: Sequence[str] = ()) -> Framed:
    """The picture that a request wants repainted, opaque, and its mask.

    With `ratios`, they are given a border of what is left alone up to the nearest of them, so that nothing shifts on the way.
    """
    source, where = request.images[0].path, request.mask
    if where is None:
        raise BackendRejected(T("There is no mask to say what is to be painted anew."))
    image, mask = open_pixels(source), open_pixels(where).convert("L")
    grown = _has_holes(image)
    canvas = _canvas(Size(*image.size), ratios)
    if canvas == image.size and not grown:
        return Framed(source, where)
    left, top = (canvas.width - image.width) // 2, (canvas.height - image.height) // 2
    picture = _saved(_laid(image, canvas, left, top), request.folder / "framed.png")
    border = Image.new("L", canvas, 0)
    border.paste(mask, (left, top))
    box = (
        left / canvas.width,
        top / canvas.height,
        (left + image.width) / canvas.width,
        (top + image.height) / canvas.height,
    )
    bordered = canvas != image.size
    return Framed(picture, _saved(border, request.folder / "framed-mask.png"), box if bordered else None, grown)


def outgrown(request: Request) -> Framed:
    """The picture at its place on a larger canvas, and the mask of what is empty there."""
    frame = request.frame
    if frame is None:
        raise BackendRejected(T("There is no place for the picture on its canvas."))
    size = Size(request.width, request.height)
    image = open_pixels(request.images[0].path).convert("RGBA").resize((frame.width, frame.height))
    mask = Image.new("L", size, 255)
    mask.paste(0, (frame.left, frame.top, frame.left + frame.width, frame.top + frame.height))
    picture = _saved(_laid(image, size, frame.left, frame.top), request.folder / "framed.png")
    return Framed(picture, _saved(mask, request.folder / "framed-mask.png"), grown=True)


def cropped(source: Path, box: tuple[float, float, float, float], target: Path) -> Path:
    """The part of a picture that `Framed.box` tells, as a PNG."""
    image = open_pixels(source)
    left, top, right, bottom = box
    edges = (
        round(left * image.width),
        round(top * image.height),
        round(right * image.width),
        round(bottom * image.height),
    )
    return _saved(image.crop(edges), target)


def _has_holes(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    lowest, _ = cast("tuple[int, int]", image.convert("RGBA").getchannel("A").getextrema())
    return lowest < 255


def _canvas(size: Size, ratios: Sequence[str]) -> Size:
    """The smallest canvas of one of the ratios on which it fits; itself where it has that shape nearly."""
    if not ratios:
        return size
    across, down = map(int, ratio(*size, ratios).split(":"))
    canvas = Size(
        max(size.width, round(size.height * across / down)), max(size.height, round(size.width * down / across))
    )
    near = canvas.width < size.width * (1 + CLOSE) and canvas.height < size.height * (1 + CLOSE)
    return size if near else canvas


def _laid(image: Image.Image, size: Size, left: int, top: int) -> Image.Image:
    canvas = Image.new("RGB", size, EMPTY)
    whole = image.convert("RGBA")
    canvas.paste(whole, (left, top), whole.getchannel("A"))
    return canvas


def _saved(image: Image.Image, target: Path) -> Path:
    with target.open("wb") as file:
        image.save(file, "PNG", compress_level=1)
    return target
