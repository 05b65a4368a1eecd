"""ModelsLab, by the pages of its documentation and the fields of its own client."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from aiohttp import web
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.backends.base import Backend, Operation
from bot.backends.modelslab import ModelsLab, ModelsLabSettings
from bot.backends.modelslab.payload import SCHEDULERS, UPSCALERS
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, decoded_picture, encoded, picture, spoiled

API = "/api/v6"
MAX_UPLOAD = 5 << 20
MODELS = ("flux", "realistic-vision-51", "sdxl")
YesNo = Literal["yes", "no"]
Side = Annotated[int, Field(ge=64, le=1024, multiple_of=8)]


class Keyed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    key: str


class Text2Img(Keyed):
    model_id: str
    prompt: str = Field(min_length=1)
    negative_prompt: str = ""
    width: Side
    height: Side
    samples: int = Field(ge=1, le=4)
    num_inference_steps: int = Field(ge=1, le=50)
    guidance_scale: float = Field(ge=1, le=20)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    safety_checker: YesNo = "yes"
    enhance_prompt: YesNo = "yes"
    scheduler: str | None = None
    lora_model: str | None = Field(default=None, min_length=1)
    lora_strength: float | str | None = None


class Img2Img(Text2Img):
    init_image: str
    base64: Literal[True]
    strength: float = Field(ge=0, le=1)


class Inpaint(Img2Img):
    mask_image: str


class Outpaint(Keyed):
    image: str
    base64: Literal[True]
    prompt: str
    negative_prompt: str = ""
    width: Side
    height: Side
    overlap_width: int = Field(ge=0)
    num_inference_steps: int = Field(ge=1, le=50)
    guidance_scale: float = Field(ge=1, le=20)
    seed: int | None = None


class SuperResolution(Keyed):
    init_image: str
    base64: Literal[True]
    model_id: str = "ultra_resolution"
    scale: int = Field(default=4, ge=1, le=4)
    face_enhance: bool = False


class Caption(Keyed):
    init_image: str
    base64: Literal[True]
    length: Literal["short", "normal", "long"] = "normal"


SHAPES: Mapping[str, type[Keyed]] = {
    "images/text2img": Text2Img,
    "images/img2img": Img2Img,
    "images/inpaint": Inpaint,
    "image_editing/outpaint": Outpaint,
    "image_editing/super_resolution": SuperResolution,
    "image_editing/caption": Caption,
}


@dataclass(frozen=True, slots=True)
class Job:
    """One call: its family and name, and what it asked for."""

    path: str
    asked: Keyed


@dataclass(slots=True)
class ModelsLabDouble(Double):
    """`slow`: nothing is done at once. `polite`: a no comes with a 200. `legacy`: and under its old spelling. `textual`: pictures come as
    texts in base64. `flags` is what the filter says, in `meta`. `black`: pictures come black. `failing`: what was taken fails, and why.
    `losing` many of the files that are fetched next are not there. `fetch_result` stands in for its own."""

    jobs: dict[int, Job] = field(default_factory=dict[int, Job])
    slow: bool = False
    polite: bool = False
    legacy: bool = False
    textual: bool = False
    black: bool = False
    failing: str | None = None
    flags: Any = None
    losing: int = 0
    fetch_result: str | None = None
    polls: int = 0
    _files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.post("/api/wallet_balance", self._balance)
        for path in SHAPES:
            yield web.post(f"{API}/{path}", self._buy)
        for family in ("images", "image_editing"):
            yield web.post(f"{API}/{family}/fetch/{{id}}", self._fetch)
        yield web.get("/generations/{name}", self._file)

    def is_work(self, request: web.Request) -> bool:
        return request.path.removeprefix(f"{API}/") in SHAPES

    def admits(self, request: web.Request) -> bool:
        """Their key is in the body: see `_body`."""
        return "Authorization" not in request.headers

    def error(self, status: int, message: str) -> web.Response:
        body = {"status": "error", "messege" if self.legacy else "message": message}
        return web.json_response(body, status=200 if self.polite else status)

    async def polled(self, number: int) -> None:
        await self.until(lambda: self.polls >= number)

    @property
    def bought(self) -> list[Job]:
        return list(self.jobs.values())

    # Its routes

    async def _body(self, request: web.Request) -> dict[str, Any] | web.Response:
        body: dict[str, Any] = await request.json()
        if body.get("key") != self.key:
            return self.error(401, "Invalid API Key")
        if str(request.url).find(self.key) >= 0:
            self.wrong("the key is in the address")
        return body

    async def _balance(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        return web.json_response({"status": "success", "data": {"balance": 43.6, "currency": "USD"}})

    async def _buy(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        path = request.path.removeprefix(f"{API}/")
        try:
            asked = SHAPES[path].model_validate(body)
            self._look(asked)
        except (ValidationError, ValueError, OSError) as error:
            self.wrong(f"{path}: {error}")
            return self.error(400, "The request is not valid")
        if (no := self._refusal(asked)) is not None:
            return no
        number = len(self.jobs) + 1
        self.jobs[number] = Job(path, asked)
        self._works += 1
        await self.changed()
        return self._waiting(number) if self.slow or not self._gate.is_set() else self._done(number)

    def _look(self, asked: Keyed) -> None:
        if isinstance(asked, Text2Img):
            if asked.scheduler is not None and asked.scheduler not in SCHEDULERS:
                raise ValueError(f"scheduler {asked.scheduler}")
            if (asked.lora_model is None) is not (asked.lora_strength is None):
                raise ValueError("a LoRA without its strength")
        if isinstance(asked, SuperResolution) and asked.model_id not in UPSCALERS:
            raise ValueError(f"upscaler {asked.model_id}")
        image = given(asked)
        if isinstance(asked, Inpaint) and image is not None:
            mask = opened(asked.mask_image)
            if mask.size != image.size or mask.mode != "L":
                raise ValueError(f"a mask of {mask.size} {mask.mode} on a picture of {image.size}")

    def _refusal(self, asked: Keyed) -> web.Response | None:
        if self.mischief is Mischief.REFUSED:
            return self.error(400, "NSFW content detected in the prompt")
        model = asked.model_id if isinstance(asked, Text2Img) else "flux"
        if self.mischief is Mischief.NO_MODEL or model not in MODELS:
            return self.error(400, "Model not found, please check model_id")
        return None

    def _waiting(self, number: int) -> web.Response:
        family = self.jobs[number].path.partition("/")[0]
        link = self.fetch_result or f"{self.url}{API}/{family}/fetch/{number}"
        body = {"status": "processing", "tip": "Get image using fetch", "eta": 4.5, "fetch_result": link, "id": number}
        return web.json_response(body | {"message": "Try to fetch request after seconds estimated", "output": []})

    async def _fetch(self, request: web.Request) -> web.Response:
        self.polls += 1
        await self.changed()
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        if set(body) != {"key"}:
            self.wrong(f"fetch: {set(body)}")
        number = int(request.match_info["id"])
        if number not in self.jobs:
            return self.error(404, "Request not found")
        if self.failing is not None:
            return web.json_response({"status": "failed", "id": number, "message": self.failing, "output": ""})
        return self._done(number) if self._gate.is_set() else self._waiting(number)

    def _done(self, number: int) -> web.Response:
        job = self.jobs[number]
        if isinstance(job.asked, Caption):
            output = [] if self.mischief is Mischief.NOTHING else ["a lighthouse at dusk, oil on canvas"]
            return web.json_response({"status": "success", "id": number, "output": output})
        count = job.asked.samples if isinstance(job.asked, Text2Img) else 1
        count = 0 if self.mischief is Mischief.NOTHING else max(1, count - (self.mischief is Mischief.FEWER))
        links = [self._link(number, index, job.asked) for index in range(count)]
        meta = job.asked.model_dump(exclude={"key", "init_image", "mask_image", "image"})
        meta |= {} if self.flags is None else {"nsfw_content_detected": self.flags}
        body = {"status": "success", "generationTime": 2.4, "id": number, "output": links, "meta": meta}
        return web.json_response(body | {"proxy_links": links, "nsfw_content_detected": None})

    def _link(self, number: int, index: int, asked: Keyed) -> str:
        name = f"{number}-{index}.png"
        size = self._size(asked)
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        data = blank(size) if self.black else picture(*size, 10 * number + index, form)
        data = spoiled(data, self.mischief)
        self._files[name] = encoded(data).encode() if self.textual else data
        return f"{self.url}/generations/{name}"

    def _size(self, asked: Keyed) -> tuple[int, int]:
        if isinstance(asked, SuperResolution):
            image = opened(asked.init_image)
            return image.width * asked.scale, image.height * asked.scale
        assert isinstance(asked, Text2Img | Outpaint)
        return asked.width, asked.height

    async def _file(self, request: web.Request) -> web.Response:
        if self.key in f"{request.url}{dict(request.headers)}{await request.text()}":
            self.wrong("the key goes along with a link")
        if self.losing:
            self.losing -= 1
            raise web.HTTPNotFound
        return web.Response(body=self._files[request.match_info["name"]], content_type="image/png")


def given(asked: Keyed) -> Image.Image | None:
    """The picture that is worked on, if there is one."""
    text = getattr(asked, "init_image", None) or getattr(asked, "image", None)
    return None if text is None else opened(text)


def opened(text: str) -> Image.Image:
    """As they take it: PNG or JPEG by its name, not too large, with nothing transparent."""
    kind = text.partition(";")[0].removeprefix("data:image/")
    if kind not in ("png", "jpeg") or len(text) * 3 / 4 > MAX_UPLOAD:
        raise ValueError(f"a picture as {kind} of {len(text)} characters")
    image = decoded_picture(text)
    if (image.format or "").lower() != kind or image.mode not in ("RGB", "L"):
        raise ValueError(f"a {image.format} of mode {image.mode} sent as {kind}")
    return image


def blank(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "PNG")
    return buffer.getvalue()


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    values: dict[str, Any] = {"models": "sdxl"} | changes
    settings = ModelsLabSettings(url=f"{double.url}/api", key=SecretStr(key), timeout=timeout, **values)
    return ModelsLab(settings, poll_seconds=0.01)


RIGS = (
    Rig(
        name="modelslab",
        double=ModelsLabDouble,
        backend=backend,
        operations=frozenset(
            {
                Operation.GENERATE,
                Operation.VARY,
                Operation.INPAINT,
                Operation.OUTPAINT,
                Operation.UPSCALE,
                Operation.DESCRIBE,
            }
        ),
        url_setting="LIENZO_MODELSLAB_URL",
        key_setting="LIENZO_MODELSLAB_KEY",
        model_setting="LIENZO_MODELSLAB_MODEL",
        model="sdxl",
        cannot={
            Case.STOP: "what is begun is finished and paid for: it can't be called back",
            Case.PROGRESS: "it guesses how long it will take, and shows nothing before the picture is done",
            Case.REFRESH: "its models are a setting: there are thousands, and a list of them is no answer",
        },
    ),
)
