"""Which service does what, what it takes and what it costs.

Fields, limits and credits are those of the provider's OpenAPI description of 2026-09-22; a credit is 0.01 USD.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from bot.backends.base import Edit, Operation, Request, Role
from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.web import FormFile

NAME = "stability"
PRICED = "2026-11-23"
CREDIT = 0.01  # USD
CORE, ULTRA = "core", "ultra"
#: By model, whatever it makes them from. A name that is not here is sent all the same, at a price that is not known.
MODELS: Mapping[str, float] = {
    CORE: 3,
    ULTRA: 8,
    "sd3.5-large": 6.5,
    "sd3.5-large-turbo": 4,
    "sd3.5-medium": 3.5,
    "sd3.5-flash": 2.5,
}
TURBO = "sd3.5-large-turbo"
STYLES = (
    *("3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance", "fantasy-art"),
    *("isometric", "line-art", "low-poly", "modeling-compound", "neon-punk", "origami", "photographic", "pixel-art"),
    "tile-texture",
)
ASPECTS = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
SEEDS = (1 << 32) - 1  # 0 to 4294967294, of which 0 is a random one
MAX_PROMPT = 10_000  # characters
#: For a picture that came without words, where the service wants some.
UNSAID = "the same picture, in sharp and fine detail"
#: From this strength on an upscale may invent.
CREATIVE = 0.35
MEGAPIXEL = 1 << 20
Upscaler = Literal["fast", "conservative", "creative"]


class StabilitySettings(BackendSettings):
    """`LIENZO_STABILITY_…`"""

    model_config = prefixed(NAME)

    url: Address = "https://api.stability.ai"
    key: SecretStr = SecretStr("")
    model: str = CORE
    vary_model: str = "sd3.5-large"
    upscale_subtle: Upscaler = "fast"
    upscale_creative: Upscaler = "creative"
    timeout: float = Field(default=300, gt=0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service takes of a picture. `ratio` is the longer side by the shorter one."""

    pixels: int = 9 * MEGAPIXEL
    side: int = 16_383
    ratio: float = math.inf


@dataclass(frozen=True, slots=True)
class Service:
    """`takes` are the names of its fields. One that is `slow` answers with an id, under which the picture is there later."""

    path: str
    credits: float | None
    takes: frozenset[str]
    limits: Limits = Limits()
    slow: bool = False


def _service(path: str, price: float | None, takes: str, limits: Limits = Limits(), *, slow: bool = False) -> Service:
    return Service(f"/v2beta/stable-image/{path}", price, frozenset(takes.split()) | {"output_format"}, limits, slow)


LONGISH = Limits(ratio=2.5)
WORDS = "prompt negative_prompt seed style_preset"
GENERATE: Mapping[str, Service] = {
    CORE: _service("generate/core", MODELS[CORE], f"{WORDS} aspect_ratio"),
    ULTRA: _service("generate/ultra", MODELS[ULTRA], f"{WORDS} aspect_ratio image strength"),
}
SD3 = f"{WORDS} aspect_ratio model mode image strength cfg_scale"
UPSCALE: Mapping[Upscaler, Service] = {
    "fast": _service("upscale/fast", 2, "image", Limits(pixels=MEGAPIXEL, side=1536)),
    "conservative": _service("upscale/conservative", 40, "image prompt negative_prompt seed creativity", LONGISH),
    "creative": _service("upscale/creative", 60, f"image {WORDS}", Limits(pixels=MEGAPIXEL), slow=True),
}
INPAINT = _service("edit/inpaint", 5, f"image mask {WORDS}")
OUTPAINT = _service("edit/outpaint", 4, "image left right up down prompt seed style_preset", LONGISH)
EDITS: Mapping[Edit, Service] = {
    Edit.REPLACE: _service("edit/search-and-replace", 5, f"image search_prompt {WORDS}", LONGISH),
    Edit.REMOVE_BACKGROUND: _service("edit/remove-background", 5, "image", Limits(pixels=4 * MEGAPIXEL)),
    Edit.RESTYLE: _service("control/structure", 5, f"image {WORDS}", LONGISH),
}


@dataclass(frozen=True, slots=True)
class Order:
    """The service for a request; `model` is what the result is said to be made by."""

    service: Service
    model: str

    @property
    def price(self) -> float | None:
        """USD for one picture."""
        return None if self.service.credits is None else self.service.credits * CREDIT


def order_for(request: Request, settings: StabilitySettings) -> Order:
    """The service that does it, as the request and the settings say."""
    match request.operation:
        case Operation.UPSCALE:
            creative = request.strength >= CREATIVE
            return _by_itself(UPSCALE[settings.upscale_creative if creative else settings.upscale_subtle])
        case Operation.INPAINT:
            return _by_itself(INPAINT)
        case Operation.OUTPAINT:
            return _by_itself(OUTPAINT)
        case Operation.EDIT if request.edit is not None and request.edit in EDITS:
            return _by_itself(EDITS[request.edit])
        case _:
            return _painted(request, settings)


def _by_itself(service: Service) -> Order:
    return Order(service, service.path.rpartition("/")[2])


def _painted(request: Request, settings: StabilitySettings) -> Order:
    """A new picture, or one made of another, which `core` can't."""
    model = request.model or settings.model
    if initial(request) and model == CORE:
        model = settings.vary_model
    return Order(GENERATE.get(model) or _service("generate/sd3", MODELS.get(model), SD3), model)


def initial(request: Request) -> Path | None:
    """The picture that is worked on."""
    return next((image.path for image in request.only(Role.INITIAL)), None)


def fields(order: Order, request: Request, seed: int, image: Path | None) -> list[tuple[str, str | FormFile]]:
    """The form: of all that could be said what this service takes. `image` is the picture as it takes it."""
    margins = _margins(request)
    cfg = request.parameters.get("cfg")
    values: dict[str, str | FormFile | None] = {
        "prompt": (_words(request, weighted="model" not in order.service.takes) or UNSAID)[:MAX_PROMPT],
        "negative_prompt": _unwanted(request)[:MAX_PROMPT] or None,
        "search_prompt": request.search,
        "aspect_ratio": None if image else nearest(request.width, request.height),
        "seed": str(seed % SEEDS),
        "style_preset": style(request),
        "model": order.model,
        "cfg_scale": f"{min(10.0, max(1.0, float(cfg))):g}" if cfg is not None else None,
        "mode": "image-to-image" if image else None,
        "strength": f"{request.strength:g}" if image else None,
        "creativity": f"{min(0.5, max(0.2, request.strength)):g}",
        **{side: str(pixels) for side, pixels in margins.items() if pixels},
        "image": FormFile(image) if image else None,
        "mask": FormFile(request.mask) if request.mask else None,
        "output_format": "png",
    }
    return [(name, value) for name, value in values.items() if name in order.service.takes and value is not None]


def nearest(width: int, height: int) -> str:
    """The shape that comes nearest."""
    return min(ASPECTS, key=lambda aspect: abs(math.log(width / height / shape(aspect))))


def shape(aspect: str) -> float:
    across, _, down = aspect.partition(":")
    return int(across) / int(down)


def style(request: Request) -> str | None:
    """The preset of the name that was given, in any case."""
    wanted = str(request.parameters.get("style") or "").lower()
    return wanted if wanted in STYLES else None


def _words(request: Request, *, weighted: bool) -> str:
    """The prompt. A weight is between 0 and 1 here: `(words:0.5)`; the heaviest part has none."""
    parts = [part for part in request.parts if part.weight > 0]
    most = max((part.weight for part in parts), default=1.0)
    if not weighted or all(part.weight == most for part in parts):
        return request.text
    return " ".join(p.text if p.weight == most else f"({p.text}:{p.weight / most:.2g})" for p in parts)


def _unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])


def _margins(request: Request) -> dict[str, int]:
    """How many pixels are wanted beyond each side of the picture."""
    frame = request.frame
    if frame is None:
        return {}
    return {
        "left": frame.left,
        "right": request.width - frame.left - frame.width,
        "up": frame.top,
        "down": request.height - frame.top - frame.height,
    }
