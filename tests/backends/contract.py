"""What every backend is held to, and the rigs on which it is tried: a backend beside the small server that it talks to.

The rigs of a backend live in `tests/backends/doubles/<name>.py`, in `RIGS`, and are found there by themselves.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from PIL import Image

from bot.backends.base import (
    Backend,
    Capabilities,
    Edit,
    Frame,
    Generated,
    InputImage,
    Operation,
    Part,
    Request,
    Result,
    Role,
)
from bot.imaging import ImageInfo, encode_tile, sniff
from tests.backends.doubles.server import Double, Mischief


class Case(StrEnum):
    """What a rig may be unable to show, beside each kind of mischief. It says why in `Rig.cannot`."""

    HOLD = "its work can be held up in the middle"
    STOP = "its server is told to stop when a request is cancelled"
    TIMEOUT = "it gives up after a time of its own"
    KEY = "a wrong key is said to be wrong"
    DOWN = "a server that is down is said to be down"
    REFRESH = "its capabilities follow what the server has"
    PROGRESS = "it says how far it is, with a preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A backend and its server.

    `backend(double, key=…, timeout=…)` builds one that talks to the double: `key` is another than the double's, `timeout` seconds after
    which it gives up. `operations` and `edits` are what it declares with a double that has everything. `grow` gives the double something
    more that the capabilities show. `settings` are the names of its settings for the address, the key and the model. `absent` is why it
    can't be tried here at all.
    """

    name: str  # the backend's
    variant: str = ""  # of its server, where there are several
    double: Callable[[], Double]
    backend: Callable[..., Backend]
    operations: frozenset[Operation]
    edits: frozenset[Edit] = frozenset()
    grow: Callable[[Any], object] | None = None
    url_setting: str = ""
    key_setting: str = ""
    model_setting: str = ""
    model: str | None = None  # one that the double has
    cannot: Mapping[Case | Mischief, str] = field(default_factory=dict[Case | Mischief, str])
    absent: str | None = None


def rigs() -> list[Rig]:
    """Every rig that there is, by name."""
    folder = Path(__file__).parent / "doubles"
    names = sorted(module.name for module in pkgutil.iter_modules([str(folder)]))
    modules = [importlib.import_module(f"tests.backends.doubles.{name}") for name in names]
    return [rig for module in modules for rig in getattr(module, "RIGS", ())]


@dataclass(slots=True)
class Listener:
    """What a backend said while it worked."""

    fractions: list[float] = field(default_factory=list[float])
    previews: list[Path] = field(default_factory=list[Path])
    images: dict[int, Generated] = field(default_factory=dict[int, Generated])
    shown: asyncio.Event = field(default_factory=asyncio.Event)

    def update(self, fraction: float, preview: Path | None = None) -> None:
        self.fractions.append(fraction)
        if preview is not None:
            self.previews.append(preview)
            self.shown.set()

    def image(self, index: int, image: Generated) -> None:
        self.images[index] = image


async def run(backend: Backend, request: Request, listener: Listener | None = None) -> Result:
    """Submits and collects, and takes each picture as the worker does: it must be one, whole. Raises what they raise."""
    handle = await backend.submit(request)
    result = await backend.collect(request, handle, listener or Listener())
    for image in result.images:
        await asyncio.to_thread(encode_tile, image.path, image.path.with_suffix(".tile.jpg"))
    return result


def infos(result: Result) -> list[ImageInfo]:
    return [sniff(image.path) for image in result.images]


def request_for(
    operation: Operation, capabilities: Capabilities, folder: Path, *, edit: Edit | None = None, **changes: Any
) -> Request:
    """A request such as `actions` makes it: sizes that the backend can do, its inputs on the disk, two pictures where it can do two."""
    side = max(capabilities.min_side, 64)
    side = -(-side // capabilities.size_step) * capabilities.size_step
    count = (
        1 if operation in (Operation.UPSCALE, Operation.DESCRIBE, Operation.EDIT) else min(2, capabilities.max_images)
    )
    inner = side // 2
    values: dict[str, Any] = {
        "job_id": "job1",
        "operation": operation,
        "folder": folder,
        "parts": (Part("a lighthouse at dusk", 2), Part("fog", 1)),
        "negative": ("people",),
        "width": side,
        "height": side,
        "seeds": tuple(range(7, 7 + count)),
        "edit": edit,
        "images": _inputs(operation, capabilities, folder, side, inner),
    }
    if operation is Operation.INPAINT:
        values["mask"] = _saved(Image.linear_gradient("L").resize((side, side)), folder / "mask.png")
    if operation is Operation.OUTPAINT:
        values["frame"] = Frame((side - inner) // 2, (side - inner) // 2, inner, inner)
    if operation is Operation.UPSCALE:
        values |= {"width": 2 * side, "height": 2 * side, "factor": 2.0}
    if edit is Edit.REPLACE:
        values |= {"search": "the lighthouse"}
    return Request(**(values | changes))


def _inputs(
    operation: Operation, capabilities: Capabilities, folder: Path, side: int, inner: int
) -> tuple[InputImage, ...]:
    if operation is Operation.GENERATE:
        return ()
    size = inner if operation is Operation.OUTPAINT else side
    number, role = (min(3, capabilities.max_inputs), Role.PROMPT) if operation is Operation.BLEND else (1, Role.INITIAL)
    colours = ("teal", "orange", "navy")
    return tuple(
        InputImage(
            path=_saved(Image.new("RGB", (size, size), colours[index]), folder / f"input-{index}.png"), role=role
        )
        for index in range(number)
    )


def _saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path
