"""Pictures and masks as Midjourney's windows take them. All of it blocks."""

from pathlib import Path

from PIL import Image, ImageChops

from bot.backends.base import Operation, Request
from bot.errors import BackendRejected
from bot.i18n import T
from bot.imaging import canvas
from bot.imaging.info import open_pixels

FEATHER = 24  # pixels of a picture that are painted over where it is extended


def hard_mask(mask: Path, target: Path) -> Path:
    """White where anything is to be painted anew, black elsewhere."""
    image = open_pixels(mask).convert("L").point([0] + [255] * 255)
    return _saved(image, target)


def holed(request: Request, target: Path) -> Path:
    """The picture, with what is to be painted anew transparent: what the editor takes."""
    source, mask = request.images[0].path, request.mask
    if request.operation is Operation.OUTPAINT and request.frame is not None:
        mask = request.folder / "holed-mask.png"
        width, height, frame = request.width, request.height, request.frame
        canvas(source, target, mask, width=width, height=height, frame=frame, feather=FEATHER)
        source = target
    if mask is None:
        raise BackendRejected(T("There is no mask to say what is to be painted anew."))
    image = open_pixels(source).convert("RGBA")
    keep = ImageChops.invert(open_pixels(mask).convert("L").resize(image.size))
    image.putalpha(ImageChops.darker(image.getchannel("A"), keep.point([0] * 255 + [255])))
    return _saved(image, target)


def enlarged(request: Request, target: Path) -> Path:
    """The picture at the size that was asked for, without new detail."""
    image = open_pixels(request.images[0].path)
    image = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGB")
    return _saved(image.resize((request.width, request.height), Image.Resampling.LANCZOS), target)


def _saved(image: Image.Image, target: Path) -> Path:
    with target.open("wb") as file:
        image.save(file, "PNG", compress_level=1)
    return target
