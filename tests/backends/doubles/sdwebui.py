"""A Stable Diffusion web server: AUTOMATIC1111's, SD.Next's or stable-diffusion.cpp's. One job at a time, whoever asks."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.backends.base import Backend, Operation
from bot.backends.sdwebui import SdWebUi, SdWebUiSettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, decoded_picture, encoded, picture, spoiled

USER = "painter"


class Flavour(StrEnum):
    A1111 = "AUTOMATIC1111"
    SDNEXT = "SD.Next"
    SDCPP = "sd-server"


class Strict(BaseModel):
    """Fields that the real ones drop in silence are an error here, and so is a number in quotes."""

    model_config = ConfigDict(extra="forbid", strict=True)


class LoraFile(Strict):
    path: str
    multiplier: float


class Override(Strict):
    sd_model_checkpoint: str


class Txt2Img(Strict):
    prompt: str = ""
    negative_prompt: str = ""
    styles: list[str] = []
    seed: int = Field(default=-1, ge=-1, le=2**32 - 1)
    sampler_name: str | None = None
    batch_size: int = Field(default=1, ge=1, le=8)
    n_iter: int = Field(default=1, ge=1)
    steps: int = Field(default=50, ge=1, le=150)
    cfg_scale: float = Field(default=7.0, ge=0, le=30)
    width: int = Field(default=512, ge=64, le=2048, multiple_of=8)
    height: int = Field(default=512, ge=64, le=2048, multiple_of=8)
    tiling: bool = False
    override_settings: Override | None = None
    override_settings_restore_afterwards: bool = True
    send_images: Literal[True] = True
    save_images: bool = False
    force_task_id: str | None = None
    lora: list[LoraFile] = []


class Img2Img(Txt2Img):
    init_images: list[str] = Field(min_length=1, max_length=1)
    denoising_strength: float = Field(default=0.75, ge=0, le=1)
    resize_mode: int = Field(default=0, ge=0, le=3)
    include_init_images: Literal[False] = False
    mask: str | None = None
    mask_blur: int = Field(default=4, ge=0, le=64)
    inpainting_fill: int = Field(default=0, ge=0, le=3)
    inpaint_full_res: bool = True
    inpainting_mask_invert: int = Field(default=0, ge=0, le=1)


class Extra(Strict):
    image: str
    resize_mode: int = Field(default=0, ge=0, le=1)
    upscaling_resize: float = Field(default=2, ge=1, le=8)
    upscaler_1: str = "None"


class Interrogate(Strict):
    image: str
    model: Literal["clip", "deepdanbooru"] = "clip"


class OpenClip(Strict):
    image: str
    mode: Literal["best", "fast", "classic", "caption", "negative"] = "best"


class Following(Strict):
    id_task: str
    id_live_preview: int = -1
    live_preview: bool = True


@dataclass(slots=True)
class SdWebUiDouble(Double):
    """`running` is the task that is being worked on; `interrupted` lists those that were interrupted."""

    flavour: Flavour = Flavour.A1111
    models: list[str] = field(default_factory=lambda: ["dreamshaper", "sdxl_base"])
    samplers: list[str] = field(default_factory=lambda: ["Euler a", "DPM++ 2M"])
    loras: list[str] = field(default_factory=lambda: ["ink"])
    styles: list[str] = field(default_factory=lambda: ["Cinematic"])
    upscalers: list[str] = field(default_factory=lambda: ["None", "Lanczos", "R-ESRGAN 4x+"])
    running: str | None = None
    waiting: list[str] = field(default_factory=list[str])
    interrupted: list[str] = field(default_factory=list[str])
    stopped_last: bool = False  # the job that runs, or ran last, was interrupted
    deaf: bool = False  # nothing of how far it is can be had
    open: bool = False  # no key is asked for
    _polls: int = 0
    _finish: asyncio.Event = field(default_factory=asyncio.Event)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self) -> Iterable[web.RouteDef]:
        lists = {"samplers": self.samplers, "upscalers": self.upscalers}
        yield web.get("/sdapi/v1/loras", self._loras)
        for name, names in lists.items():
            yield web.get(f"/sdapi/v1/{name}", self._names(names))
        yield web.get("/sdapi/v1/sd-models", self._models)
        yield web.post("/sdapi/v1/txt2img", self._txt2img)
        yield web.post("/sdapi/v1/img2img", self._img2img)
        if self.flavour is Flavour.SDCPP:
            return
        yield web.get("/sdapi/v1/prompt-styles", self._names(self.styles))
        yield web.post("/sdapi/v1/extra-single-image", self._extra)
        yield web.get("/sdapi/v1/progress", self._progress)
        yield web.post("/sdapi/v1/interrupt", self._interrupt)
        yield web.post("/internal/progress", self._internal)
        if self.flavour is Flavour.SDNEXT:
            yield web.get("/sdapi/v1/openclip", self._names([]))
            yield web.post("/sdapi/v1/openclip", self._openclip)
        else:
            yield web.post("/sdapi/v1/interrogate", self._interrogate)

    def is_work(self, request: web.Request) -> bool:
        return request.path.endswith(("2img", "extra-single-image", "interrogate", "openclip"))

    def admits(self, request: web.Request) -> bool:
        name = base64.b64encode(f"{USER}:{self.key}".encode()).decode()
        return self.open or request.headers.get("Authorization") == f"Basic {name}"

    def error(self, status: int, message: str) -> web.Response:
        """The handler of AUTOMATIC1111; SD.Next adds the code."""
        body: dict[str, Any] = {"error": "HTTPException", "detail": message, "body": "", "errors": ""}
        body |= {"code": status} if self.flavour is Flavour.SDNEXT else {}
        return web.json_response({"error": message} if self.flavour is Flavour.SDCPP else body, status=status)

    # Somebody else at the same server

    async def occupy(self, task: str = "somebody else's") -> asyncio.Task[None]:
        """Another user's job is being worked on, until it is interrupted, or `finish` or `release` is called."""
        begun = asyncio.Event()

        async def job() -> None:
            async with self._turn(task):
                begun.set()
                waits = [asyncio.create_task(event.wait()) for event in (self._finish, self._stop, self._gate)]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()

        running = asyncio.create_task(job())
        await begun.wait()
        return running

    def finish(self) -> None:
        """The other user's job is done."""
        self._finish.set()

    async def polled(self, number: int) -> None:
        """Waits until it has been asked so many times more how far it is."""
        goal = self._polls + number
        await self.until(lambda: self._polls >= goal)

    # Its routes

    def _names(self, names: list[str]) -> Any:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response([{"name": name} for name in names])

        return answer

    async def _loras(self, _: web.Request) -> web.Response:
        return web.json_response([{"name": name, "path": f"{name}.safetensors", "metadata": {}} for name in self.loras])

    async def _models(self, _: web.Request) -> web.Response:
        titles = [{"title": f"{name}.safetensors [0123456789]", "model_name": name} for name in self.models]
        return web.json_response([model | {"filename": f"/models/{model['model_name']}"} for model in titles])

    async def _txt2img(self, request: web.Request) -> web.Response:
        return await self._generate(await request.json(), Txt2Img)

    async def _img2img(self, request: web.Request) -> web.Response:
        return await self._generate(await request.json(), Img2Img)

    async def _generate(self, body: Any, shape: type[Txt2Img]) -> web.Response:
        try:
            asked = shape.model_validate(body)
            if isinstance(asked, Img2Img):
                self._check_pictures(asked)
        except ValidationError as error:
            return self._unprocessable(error)
        if asked.sampler_name is not None and asked.sampler_name not in self.samplers:
            return self.error(404, "Sampler not found")
        if asked.override_settings and asked.override_settings.sd_model_checkpoint not in self.models:
            self.wrong(f"no checkpoint called {asked.override_settings.sd_model_checkpoint}")
        if "<lora:" in asked.prompt and self.flavour is Flavour.SDCPP:
            self.wrong("a LoRA in the prompt, where it is not looked for")
        if asked.lora and self.flavour is not Flavour.SDCPP:
            self.wrong("a field for LoRAs, where there is none")
        if not asked.prompt and self.flavour is Flavour.SDCPP:
            return self.error(400, "prompt required")
        if asked.force_task_id and self.flavour is not Flavour.A1111:
            self.wrong("force_task_id, where there is no such thing")
        async with self._turn(asked.force_task_id or "one without a name"):
            await self.work(self._stop)
        return self._answer(asked)

    @asynccontextmanager
    async def _turn(self, task: str) -> AsyncGenerator[None]:
        """A task waits for its turn, and has it."""
        self.waiting.append(task)
        await self.changed()
        async with self._lock:
            self.waiting.remove(task)
            self.running = task
            self.stopped_last = False
            await self.changed()
            try:
                yield
            finally:
                self.running = None
                self._stop.clear()

    def _check_pictures(self, asked: Img2Img) -> None:
        image = decoded_picture(asked.init_images[0])
        if asked.mask is not None:
            mask = decoded_picture(asked.mask)
            if mask.size != image.size or mask.mode != "L":
                self.wrong(f"a mask of {mask.size} {mask.mode} on a picture of {image.size}")

    def _unprocessable(self, error: ValidationError) -> web.Response:
        self.wrong(str(error))
        return web.json_response({"detail": json.loads(error.json(include_url=False))}, status=422)

    def _answer(self, asked: Txt2Img) -> web.Response:
        count = asked.batch_size * asked.n_iter
        seeds = [asked.seed + index for index in range(count)]
        made = 0 if self.mischief is Mischief.NOTHING else max(1, count - (self.mischief is Mischief.FEWER))
        jpeg = self.flavour is Flavour.SDNEXT or self.mischief is Mischief.OTHER_FORMAT
        images = [picture(asked.width, asked.height, seed, "JPEG" if jpeg else "PNG") for seed in seeds[:made]]
        info = {"all_seeds": seeds, "seed": asked.seed, "index_of_first_image": 0, "sd_model_name": self.models[0]}
        info |= {"infotexts": ["word " * 2000] * count}
        return web.json_response(
            {
                "images": [encoded(spoiled(image, self.mischief)) for image in images],
                "parameters": asked.model_dump(exclude={"init_images", "mask"}),
                "info": "" if self.flavour is Flavour.SDCPP else json.dumps(info),
            }
        )

    async def _extra(self, request: web.Request) -> web.Response:
        try:
            asked = Extra.model_validate(await request.json())
        except ValidationError as error:
            return self._unprocessable(error)
        if asked.upscaler_1 not in self.upscalers or asked.upscaler_1 == "None":
            return self.error(400, f"Invalid upscaler {asked.upscaler_1}")
        image = decoded_picture(asked.image)
        await self.work()
        if self.flavour is Flavour.SDNEXT:  # as seen at 058a7f0
            body = {"error": "ValidationError", "detail": "", "body": "", "errors": "html_info: none is not allowed"}
            return web.json_response(body, status=500)
        size = [round(side * asked.upscaling_resize) for side in image.size]
        return web.json_response({"image": encoded(picture(*size, seed=0)), "html_info": ""})

    async def _interrogate(self, request: web.Request) -> web.Response:
        return await self._caption(await request.json(), Interrogate)

    async def _openclip(self, request: web.Request) -> web.Response:
        return await self._caption(await request.json(), OpenClip)

    async def _caption(self, body: Any, shape: type[Interrogate] | type[OpenClip]) -> web.Response:
        try:
            decoded_picture(shape.model_validate(body).image)
        except ValidationError as error:
            return self._unprocessable(error)
        await self.work()
        return web.json_response({"caption": "a lighthouse at dusk, oil on canvas"})

    async def _poll(self) -> None:
        self._polls += 1
        await self.changed()
        if self.deaf:
            raise web.HTTPInternalServerError

    async def _progress(self, request: web.Request) -> web.Response:
        await self._poll()
        busy = self.running is not None
        hide = request.query.get("skip_current_image") == "true"
        # -1 before the number is known; SD.Next gives each stage of a job a timestamp of its own.
        state = {"job_count": -1 if busy else 0, "job_timestamp": str(self._polls), "interrupted": self.stopped_last}
        image = encoded(picture(64, 64, 0, "JPEG")) if busy and not hide else None
        return web.json_response({"progress": 0.25 * busy, "state": state, "current_image": image, "textinfo": None})

    async def _internal(self, request: web.Request) -> web.Response:
        try:
            asked = Following.model_validate(await request.json())
        except ValidationError as error:
            return self._unprocessable(error)
        await self._poll()
        active = asked.id_task == self.running and self.flavour is Flavour.A1111
        answer: dict[str, Any] = {"active": active, "queued": asked.id_task in self.waiting, "completed": False}
        if active and asked.live_preview and asked.id_live_preview != 3:
            url = f"data:image/jpeg;base64,{encoded(picture(64, 64, 0, 'JPEG'))}"
            answer |= {"progress": 0.25, "live_preview": url, "id_live_preview": 3}
        return web.json_response(answer)

    async def _interrupt(self, _: web.Request) -> web.Response:
        await self.interrupt()
        return web.Response(status=204) if self.flavour is Flavour.SDNEXT else web.json_response({})

    async def interrupt(self) -> None:
        """Stops whatever runs; its own request is then answered with the half-done picture."""
        if self.running is not None:
            self.interrupted.append(self.running)
            self.stopped_last = True
            self._stop.set()
        await self.stop()


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings = SdWebUiSettings(url=double.url, user=USER, password=SecretStr(key), timeout=timeout, **changes)
    return SdWebUi(settings, poll_seconds=0.01)


def grow(double: SdWebUiDouble) -> None:
    double.models.append("new")


OPEN = "these servers have no filter"
ANY = "they take any name of a model, and paint with what is loaded: the backend looks it up before it asks"


def rig(flavour: Flavour, operations: Iterable[Operation], **cannot: str) -> Rig:
    return Rig(
        name="sdwebui",
        variant=flavour,
        double=lambda: SdWebUiDouble(flavour=flavour),
        backend=backend,
        operations=frozenset(operations),
        grow=grow,
        url_setting="LIENZO_SDWEBUI_URL",
        key_setting="LIENZO_SDWEBUI_PASSWORD",
        model_setting="LIENZO_SDWEBUI_MODEL",
        model="sdxl_base",
        cannot={Mischief.REFUSED: OPEN, Mischief.NO_MODEL: ANY} | {Case[name]: why for name, why in cannot.items()},
    )


PAINTS = {Operation.GENERATE, Operation.VARY, Operation.INPAINT}
RIGS = (
    rig(Flavour.A1111, PAINTS | {Operation.UPSCALE, Operation.DESCRIBE}),
    rig(Flavour.SDNEXT, PAINTS | {Operation.UPSCALE, Operation.DESCRIBE}),
    rig(
        Flavour.SDCPP,
        PAINTS,
        STOP="sd-server can't be told to stop",
        PROGRESS="sd-server does not say how far it is",
    ),
)
