"""Stability AI's v2beta, as its OpenAPI description of 2026-09-22 has it.

New pictures come in the real shapes, at an eighth of the real size.
"""

import hashlib
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from aiohttp import web
from aiohttp.web_request import FileField
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.backends.base import Backend, Edit, Operation
from bot.backends.stability import Stability, StabilitySettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, picture, spoiled

SERVICES = "/v2beta/stable-image/"
MAX_REQUEST = 10 << 20
RANDOM_SEED = 343940597
SD3 = ("sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash")
SIZES = {
    "21:9": (1536, 640),
    "16:9": (1344, 768),
    "3:2": (1216, 832),
    "5:4": (1152, 896),
    "1:1": (1024, 1024),
    "4:5": (896, 1152),
    "2:3": (832, 1216),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
Aspect = Literal["21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21"]
Preset = Literal[
    "enhance",
    "anime",
    "photographic",
    "digital-art",
    "comic-book",
    "fantasy-art",
    "line-art",
    "analog-film",
    "neon-punk",
    "isometric",
    "low-poly",
    "origami",
    "modeling-compound",
    "cinematic",
    "3d-model",
    "pixel-art",
    "tile-texture",
]
Prompt = Annotated[str, Field(min_length=1, max_length=10000)]
Text = Annotated[str, Field(max_length=10000)]
Seed = Annotated[int, Field(ge=0, le=4294967294)]
Share = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[int, Field(ge=0, le=2000)]


class Form(BaseModel):
    """The texts of a form; its files are looked at by themselves."""

    model_config = ConfigDict(extra="forbid")
    output_format: Literal["png", "jpeg", "webp"] = "png"


class Seeded(Form):
    seed: Seed = 0


class Words(Seeded):
    prompt: Prompt
    negative_prompt: Text = ""
    style_preset: Preset | None = None


class Core(Words):
    aspect_ratio: Aspect = "1:1"


class Ultra(Core):
    strength: Share | None = None


class Sd3(Ultra):
    model: str = "sd3.5-large"
    mode: Literal["text-to-image", "image-to-image"] = "text-to-image"
    cfg_scale: float | None = Field(default=None, ge=1, le=10)


class Conservative(Seeded):
    prompt: Prompt
    negative_prompt: Text = ""
    creativity: float = Field(default=0.35, ge=0.2, le=0.5)


class Creative(Words):
    creativity: float = Field(default=0.3, ge=0.1, le=0.5)


class Inpaint(Words):
    grow_mask: float = Field(default=5, ge=0, le=100)


class Outpaint(Seeded):
    prompt: Text = ""
    style_preset: Preset | None = None
    left: Margin = 0
    right: Margin = 0
    up: Margin = 0
    down: Margin = 0
    creativity: Share = 0.5


class Replace(Words):
    search_prompt: Prompt
    grow_mask: float = Field(default=3, ge=0, le=20)


class Structure(Words):
    control_strength: Share = 0.7


class Cut(BaseModel):
    model_config = ConfigDict(extra="forbid")
    output_format: Literal["png", "webp"] = "png"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a service wants. `image`: it has to have one; `masks`: it may have a mask."""

    form: type[BaseModel]
    image: bool | None = True  # None: it may have one; False: it may not
    masks: bool = False
    sides: tuple[int, int] = (64, 16384)
    pixels: tuple[int, int] = (4096, 9437184)
    ratio: float = math.inf


RULES: Mapping[str, Rule] = {
    "generate/core": Rule(Core, image=False),
    "generate/ultra": Rule(Ultra, image=None),
    "generate/sd3": Rule(Sd3, image=None),
    "upscale/fast": Rule(Form, sides=(32, 1536), pixels=(1024, 1048576)),
    "upscale/conservative": Rule(Conservative, ratio=2.5),
    "upscale/creative": Rule(Creative, pixels=(4096, 1048576)),
    "edit/inpaint": Rule(Inpaint, masks=True),
    "edit/outpaint": Rule(Outpaint, ratio=2.5),
    "edit/search-and-replace": Rule(Replace, ratio=2.5),
    "edit/remove-background": Rule(Cut, pixels=(4096, 4194304)),
    "control/structure": Rule(Structure, ratio=2.5),
}


@dataclass(frozen=True, slots=True)
class Bought:
    """One call: the service, the texts of its form, and the size of its picture."""

    service: str
    texts: Mapping[str, str]
    size: tuple[int, int] | None


class Wrong(ValueError):
    """What the provider would not take."""


@dataclass(slots=True)
class StabilityDouble(Double):
    """`bought` lists the calls. `blurring` many of those that come next are made, and not shown. `polls` counts how often results were
    asked for."""

    credits: float = 866.5
    bought: list[Bought] = field(default_factory=list[Bought])
    blurring: int = 0
    polls: int = 0
    _slow: dict[str, Bought] = field(default_factory=dict[str, Bought])

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/v1/user/balance", self._balance)
        yield web.get("/v2beta/results/{id}", self._result)
        for name in RULES:
            yield web.post(f"{SERVICES}{name}", self._service)

    def is_work(self, request: web.Request) -> bool:
        return request.path.startswith(SERVICES)

    def error(self, status: int, message: str) -> web.Response:
        names = {400: "bad_request", 401: "unauthorized", 404: "not_found", 429: "rate_limit_exceeded"}
        return self._no(status, names.get(status, "internal_error"), message)

    def _no(self, status: int, name: str, *errors: str) -> web.Response:
        return web.json_response({"id": "a1b2c3d4", "name": name, "errors": list(errors)}, status=status)

    async def polled(self, number: int) -> None:
        """Waits until results have been asked for so many times more."""
        goal = self.polls + number
        await self.until(lambda: self.polls >= goal)

    # Its routes

    async def _balance(self, _: web.Request) -> web.Response:
        return web.json_response({"credits": self.credits})

    async def _service(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix(SERVICES)
        if (request.content_length or 0) > MAX_REQUEST:
            self.wrong(f"a request of {request.content_length} bytes")
            return self._no(413, "payload_too_large", "body: payloads cannot be larger than 10MiB in size")
        try:
            bought = await self._read(request, name)
        except ValidationError as error:
            errors = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            self.wrong(f"{name}: {errors}")
            return self._no(400, "bad_request", *errors)
        except Wrong as error:
            self.wrong(f"{name}: {error}")
            return self._no(400, "bad_request", str(error))
        if (no := self._refusal(bought)) is not None:
            return no
        self.bought.append(bought)
        failing = self.mischief is Mischief.FEWER and len(self.bought) % 2 == 1
        if name == "upscale/creative":
            return await self._start(bought)
        await self.work()
        if failing:
            return self.error(500, "An unexpected server error has occurred, please try again later.")
        return self._answer(bought)

    async def _read(self, request: web.Request, name: str) -> Bought:
        if request.content_type != "multipart/form-data":
            raise Wrong(f"content-type: {request.content_type}")
        if name != "upscale/creative" and request.headers.get("Accept") not in ("image/*", "application/json"):
            raise Wrong(f"accept: {request.headers.get('Accept')}")
        form = await request.post()
        if len(form) != len(set(form)):
            raise Wrong("a field that comes twice")
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        files = {key: value for key, value in form.items() if isinstance(value, FileField)}
        rule = RULES[name]
        asked = rule.form.model_validate(texts)
        image = self._checked(rule, files)
        self._fit_together(asked, image)
        return Bought(name, texts, image.size if image else None)

    def _checked(self, rule: Rule, files: Mapping[str, FileField]) -> Image.Image | None:
        """The picture, after its rules."""
        allowed = ({"image"} if rule.image is not False else set[str]()) | ({"mask"} if rule.masks else set[str]())
        if not set(files) <= allowed:
            raise Wrong(f"{set(files) - allowed}: not a field of this service")
        if "image" not in files:
            if rule.image:
                raise Wrong("image: is required")
            return None
        image = opened(files["image"])
        if not all(rule.sides[0] <= side <= rule.sides[1] for side in image.size):
            raise Wrong(f"image: sides of {image.size}")
        if not rule.pixels[0] <= image.width * image.height <= rule.pixels[1]:
            raise Wrong(f"image: {image.width * image.height} pixels")
        if max(image.size) > rule.ratio * min(image.size):
            raise Wrong(f"image: aspect ratio of {image.size}")
        if "mask" in files and (mask := opened(files["mask"])).size != image.size:
            self.wrong(f"a mask of {mask.size} on a picture of {image.size}, which would be stretched")
        return image

    def _fit_together(self, asked: BaseModel, image: Image.Image | None) -> None:
        """What one field means for another."""
        if isinstance(asked, Outpaint) and not asked.left + asked.right + asked.up + asked.down:
            raise Wrong("at least one outpaint direction must be supplied with a non-zero value")
        if isinstance(asked, Ultra) and (asked.strength is None) is not (image is None):
            raise Wrong("strength: goes with an image, and only with one")
        if isinstance(asked, Sd3):
            if (asked.mode == "image-to-image") is (image is None):
                raise Wrong(f"mode: {asked.mode}")
            if image is not None and "aspect_ratio" in asked.model_fields_set:
                raise Wrong("aspect_ratio: only valid for text-to-image requests")

    def _refusal(self, bought: Bought) -> web.Response | None:
        model = bought.texts.get("model")
        if self.mischief is Mischief.REFUSED:
            return self._no(403, "content_moderation", "Your request was flagged by our content moderation system.")
        if model is not None and (model not in SD3 or self.mischief is Mischief.NO_MODEL):
            return self._no(400, "bad_request", f"model: must be one of {SD3}")
        if self.mischief is Mischief.NO_MODEL:
            return self._no(404, "not_found", "There is no such service.")
        return None

    async def _start(self, bought: Bought) -> web.Response:
        handle = hashlib.sha256(str(len(self.bought)).encode()).hexdigest()
        self._slow[handle] = bought
        self._works += 1
        await self.changed()
        return web.json_response({"id": handle})

    async def _result(self, request: web.Request) -> web.Response:
        self.polls += 1
        await self.changed()
        if request.headers.get("Accept") not in ("*/*", "application/json"):
            self.wrong(f"results: accept {request.headers.get('Accept')}")
        handle = request.match_info["id"]
        if handle not in self._slow:
            return self._no(404, "generation_not_found", "id: the generation either does not exist or has expired.")
        if not self._gate.is_set():
            return web.json_response({"id": handle, "status": "in-progress"}, status=202)
        return self._answer(self._slow[handle])

    def _answer(self, bought: Bought) -> web.Response:
        if self.mischief is Mischief.NOTHING:
            return web.json_response({"id": "0" * 64})
        seed = int(bought.texts.get("seed", 0)) or RANDOM_SEED
        jpeg = self.mischief is Mischief.OTHER_FORMAT
        data = picture(*self._size(bought), seed, "JPEG" if jpeg else "PNG")
        blurred, self.blurring = self.blurring > 0, max(0, self.blurring - 1)
        reason = "CONTENT_FILTERED" if blurred else "SUCCESS"
        headers = {"finish-reason": reason, "seed": str(seed)}
        return web.Response(body=spoiled(data, self.mischief), content_type="image/png", headers=headers)

    def _size(self, bought: Bought) -> tuple[int, int]:
        kind, _, name = bought.service.partition("/")
        width, height = bought.size or SIZES[bought.texts.get("aspect_ratio", "1:1")]
        if kind == "generate":
            scale = math.sqrt((1.5 if name == "core" else 1.0) * 2**20 / (width * height)) / 8
            return round(width * scale), round(height * scale)
        if kind == "upscale":
            factor = {"fast": 4, "conservative": 3.04, "creative": 3.08}[name]
            return round(width * factor), round(height * factor)
        margins = {side: int(bought.texts.get(side, 0)) for side in ("left", "right", "up", "down")}
        return width + margins["left"] + margins["right"], height + margins["up"] + margins["down"]


def opened(part: FileField) -> Image.Image:
    """A picture of a form, read whole."""
    data = part.file.read()
    try:
        image = Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"])
        image.load()
    except (UnidentifiedImageError, OSError):
        raise Wrong(f"{part.name}: is no jpeg, png or webp") from None
    if Image.MIME[image.format or ""] != part.content_type:
        raise Wrong(f"{part.name}: a {image.format} sent as {part.content_type}")
    return image


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings = StabilitySettings(url=double.url, key=SecretStr(key), timeout=timeout, **changes)
    return Stability(settings, poll_seconds=0.01)


def without_ids(double: Double, **changes: Any) -> Backend:
    """Only the creative upscaler hands out ids, and where it is used the contract wants one for a new picture, too. See test_stability."""
    return backend(double, upscale_creative="conservative", **changes)


FINAL = "what is begun is finished and paid for: it can't be called back"
RIGS = (
    Rig(
        name="stability",
        double=StabilityDouble,
        backend=without_ids,
        operations=frozenset(
            {Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE}
        ),
        edits=frozenset({Edit.REPLACE, Edit.REMOVE_BACKGROUND, Edit.RESTYLE}),
        url_setting="LIENZO_STABILITY_URL",
        key_setting="LIENZO_STABILITY_KEY",
        model_setting="LIENZO_STABILITY_MODEL",
        model="sd3.5-medium",
        cannot={
            Case.STOP: FINAL,
            Case.PROGRESS: "it says nothing before the picture is done",
            Case.REFRESH: "its services are in its manual, and nowhere listed",
        },
    ),
)
