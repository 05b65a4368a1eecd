"""What a generator is: the protocol, what it declares, what it is given and what it gives back.

To add one, write a module beside this one with a class that fits `Backend`, and name it in `bot/catalog.py`. A backend raises only
`BackendError`s; it never retries (the worker does), never imports another backend, and knows nothing of jobs, users or Discord.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from bot.i18n import Text


class Operation(StrEnum):
    """What can be asked of a generator."""

    GENERATE = "generate"  # text to image
    VARY = "vary"  # image to image, by `strength`
    INPAINT = "inpaint"  # repaint where the mask is white
    OUTPAINT = "outpaint"  # a larger canvas around the image, at `frame`
    UPSCALE = "upscale"  # the same picture, `factor` times larger
    BLEND = "blend"  # one picture out of several
    EDIT = "edit"  # an instruction in words
    DESCRIBE = "describe"  # image to prompts


class Edit(StrEnum):
    """Edits with a name of their own, beside an instruction in words."""

    COLOURISE = "colourise"
    RESTYLE = "restyle"  # the same picture in the style that the prompt describes
    REMOVE_BACKGROUND = "remove-background"
    REPLACE = "replace"  # what `Request.search` describes, by what the prompt describes


class Role(StrEnum):
    """What an input image is for."""

    INITIAL = "initial"  # the picture that is worked on
    PROMPT = "prompt"  # an image prompt
    STYLE = "style"
    CHARACTER = "character"
    OBJECT = "object"
    MASK = "mask"  # where to paint; the bot makes `Request.mask` of it, so no backend ever sees one


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do. Published as data, so that a process without the backend can decide by it.

    `parameters` are the long names of the prompt parameters that it honours (see `bot.prompt.PARAMETERS`); the result names the others.
    Sizes are in pixels; each side is a multiple of `size_step`, between `min_side` and `max_side`, and the area at most `max_pixels`.
    """

    operations: frozenset[Operation]
    edits: frozenset[Edit] = frozenset()
    parameters: frozenset[str] = frozenset()
    style_codes: bool = False  # it knows Midjourney's codes for `--sref`, not only links
    models: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    turbo_model: str | None = None  # the faster one of them, for turbo mode
    max_images: int = 4  # in one request
    max_inputs: int = 1  # images that one request may carry
    size_step: int = 16
    min_side: int = 256
    max_side: int = 2048
    max_ratio: float = math.inf  # of the longer side to the shorter one
    max_pixels: int = 2048 * 2048
    max_upscaled: int = 0  # pixels of an enlarged picture, whatever its sides, where that is more than `max_pixels`
    base_side: int = 1024  # the side of a square picture when no size was asked for
    max_prompt: int = 6000  # characters
    #: What a mask leaves out stays as it was to the pixel. Where not, the bot puts it back afterwards.
    exact_masks: bool = True
    previews: bool = False
    #: `submit` returns a handle by which `collect` finds the same job again after a crash.
    resumable: bool = False
    #: Running the same request again costs nothing and gives the same picture.
    repeatable: bool = False
    #: Somebody is charged for what it makes; `priced` is the day (ISO 8601) of the prices that `Backend.price` goes by.
    paid: bool = False
    priced: str | None = None
    concurrency: int = 1  # requests that it serves at once
    seconds: float = 30.0  # a first guess at the time of one request, for the ETA


@dataclass(frozen=True, slots=True, kw_only=True)
class InputImage:
    """A picture handed to the backend. `memo` is what this same backend said of it when it made it, else empty."""

    path: Path
    role: Role
    weight: float = 1.0
    memo: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Part:
    """A weighted part of the prompt's text. Weights are as written; they may be negative, and their sum is positive."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the initial image lies on a larger canvas, in pixels from the top left."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call on a backend. Everything in it is checked already; paths exist.

    One picture is made for each of `seeds` (0–4294967295). `parameters` holds the prompt's other parameters by long name, typed as
    `bot.prompt` says. `strength` is how far to leave the initial image: 0 keeps it, 1 ignores it. `mask` is an L-mode PNG of the size of
    the initial image, white where to repaint. With the operation `EDIT`, `edit` is one of the backend's `edits`, or None for an
    instruction in words, which is then the prompt. Files are written into `folder`, which exists.
    """

    job_id: str
    operation: Operation
    folder: Path
    parts: tuple[Part, ...] = ()
    negative: tuple[str, ...] = ()
    width: int = 1024
    height: int = 1024
    seeds: tuple[int, ...] = (0,)
    images: tuple[InputImage, ...] = ()
    mask: Path | None = None
    frame: Frame | None = None
    strength: float = 0.6
    factor: float = 2.0
    edit: Edit | None = None
    search: str | None = None
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def text(self) -> str:
        """The prompt's words without weights, for backends that know none."""
        return " ".join(part.text for part in self.parts if part.weight > 0)

    def only(self, role: Role) -> tuple[InputImage, ...]:
        return tuple(image for image in self.images if image.role is role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A finished picture: the file as the provider sent it, and what the backend wants to be told when it is worked on again."""

    path: Path
    seed: int | None = None
    memo: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a request. `images` are in the order of `Request.seeds`, fewer only if the provider gave fewer; `texts` are a
    description's prompts; `notes` are told to the user."""

    images: tuple[Generated, ...] = ()
    texts: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    model: str | None = None
    cost_usd: float | None = None


class Progress(Protocol):
    """Where a backend says how far it is. Both calls return at once and are made on the event loop."""

    def update(self, fraction: float, preview: Path | None = None) -> None:
        """`fraction` of the whole request is done (0–1); `preview` is a small picture of all its images as they are now."""
        ...

    def image(self, index: int, image: Generated) -> None:
        """Picture `index` is finished while others are not, so that work on it can begin."""
        ...


class Backend(Protocol):
    """A generator. One instance serves all requests; every method may be called concurrently."""

    @property
    def name(self) -> str: ...

    async def capabilities(self) -> Capabilities:
        """What it can do now. May ask the provider; called at start and then every few minutes."""
        ...

    async def submit(self, request: Request) -> str | None:
        """Hands the request in and returns the provider's handle; None where the answer comes in the same call, which `collect` makes."""
        ...

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        """Waits for the result and writes its files. Cancelling the task that awaits this stops the work as far as the provider lets it."""
        ...

    async def cancel(self, request: Request, handle: str) -> None:
        """Tells the provider to drop what `submit` handed in."""
        ...

    def price(self, request: Request) -> float | None:
        """What the request will cost about, in USD; 0 where nobody is charged, None where it can't be told. From memory."""
        ...

    async def check(self) -> Text | None:
        """For the doctor: None when all is well, else what is wrong and how to mend it."""
        ...

    async def close(self) -> None: ...
