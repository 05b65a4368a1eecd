"""OpenAI's API for pictures, Azure's, and a compatible server that still has the older models, ignores `stream` and sends links."""

import asyncio
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from aiohttp import web
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.backends.base import Backend, Edit, Operation
from bot.backends.openai import OpenAi, OpenAiSettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.openai_spec import MULTIPART, answer_problems, error_problems, request_problems
from tests.backends.doubles.server import KEY, Double, Mischief, decoded_picture, encoded, picture, spoiled

MODEL, TURBO, VISION = "gpt-image-2.6-sunburst", "gpt-image-2.6-flare", "gpt-5.4-mini"
VERSION = "2025-04-01-preview"
MASK_BYTES, IMAGE_BYTES = 4 << 20, 50 << 20
SPEC_SIZES = ("1024x1024", "1024x1536", "1536x1024")
INTEGERS, BOOLEANS = ("n", "partial_images", "output_compression"), ("stream",)
PREFIX = "/v1"


class Flavour(StrEnum):
    OPENAI = "OpenAI"
    AZURE = "Azure"
    COMPATIBLE = "compatible"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Gpt(Strict):
    """What the GPT image models take, of both routes."""

    prompt: str = Field(min_length=1, max_length=32000)
    model: str
    n: int = Field(default=1, ge=1, le=10)
    size: str = "auto"
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] = "auto"
    output_format: Literal["png", "jpeg", "webp"] = "png"
    output_compression: int | None = Field(default=None, ge=0, le=100)
    background: Literal["auto", "opaque", "transparent"] = "auto"
    moderation: Literal["auto", "low"] = "auto"
    stream: bool = False
    partial_images: int | None = Field(default=None, ge=0, le=3)

    @model_validator(mode="after")
    def _fits(self) -> "Gpt":
        modern = not self.model.startswith(("gpt-image-1", "chatgpt"))
        if self.size != "auto":
            check_size(self.size, SPEC_SIZES if not modern else None)
        if self.quality in ("xhigh", "max") and not self.model.startswith("gpt-image-2."):
            raise ValueError(f"{self.model} has no quality {self.quality}")
        if self.background == "transparent" and self.output_format == "jpeg":
            raise ValueError("Transparent background is not supported for jpeg output format")
        if self.partial_images is not None and not self.stream:
            raise ValueError("partial_images without stream")
        return self


class Old(Strict):
    """What a compatible server takes for the models before."""

    prompt: str = Field(min_length=1)
    model: str
    n: int = Field(default=1, ge=1, le=10)
    size: str = "1024x1024"
    quality: Literal["standard", "hd"] = "standard"
    style: Literal["vivid", "natural"] = "vivid"
    response_format: Literal["url", "b64_json"] = "url"

    @model_validator(mode="after")
    def _fits(self) -> "Old":
        if self.model == "dall-e-3":
            check_size(self.size, ("1024x1024", "1792x1024", "1024x1792"))
            if self.n != 1 or len(self.prompt) > 4000:
                raise ValueError("dall-e-3 makes one picture of 4000 characters at most")
            return self
        if self.model_fields_set & {"quality", "style"}:
            raise ValueError(f"{self.model} has neither quality nor style")
        if self.model == "dall-e-2":
            check_size(self.size, ("256x256", "512x512", "1024x1024"))
            if len(self.prompt) > 1000:
                raise ValueError("dall-e-2 takes 1000 characters")
        return self


class Variation(Strict):
    model: Literal["dall-e-2"]
    n: int = Field(default=1, ge=1, le=10)
    size: Literal["256x256", "512x512", "1024x1024"] = "1024x1024"
    response_format: Literal["url", "b64_json"] = "url"


class Address(Strict):
    url: str


class Part(Strict):
    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: Address | None = None


class Said(Strict):
    role: Literal["user"]
    content: list[Part]


class Chat(Strict):
    model: str
    messages: list[Said] = Field(min_length=1)


def check_size(size: str, allowed: tuple[str, ...] | None) -> None:
    if allowed is not None:
        if size not in allowed:
            raise ValueError(f"Invalid value: '{size}'. Supported values are: {allowed}")
        return
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size)
    if match is None:
        raise ValueError(f"Invalid size '{size}'")
    width, height = int(match[1]), int(match[2])
    longer, shorter = max(width, height), min(width, height)
    if width % 16 or height % 16 or longer > 3 * shorter or longer > 3840:
        raise ValueError(f"Invalid size '{size}': its sides")
    if not 655_360 <= width * height <= 8_294_400:
        raise ValueError(f"Invalid size '{size}': its pixels")


@dataclass(slots=True)
class OpenAiDouble(Double):
    """`parted` counts the streams that were sent half-done pictures. `silent`: a stream ends without an event; `halting`: after a
    half-done picture. `refusing` many requests are refused, and the rest are not."""

    flavour: Flavour = Flavour.OPENAI
    models: list[str] = field(default_factory=lambda: [MODEL, TURBO, "gpt-image-2", VISION, "text-embedding-3-large"])
    shutdowns: dict[str, str] = field(default_factory=dict[str, str])
    listing: bool = True
    silent: bool = False
    halting: bool = False
    extra: int = 0  # pictures more than asked
    refusing: int = 0
    trouble: dict[str, Any] | None = None  # an error's body, within the answer
    said: str = "1. a lighthouse at dusk\n2. a tower by the sea\n3. fog over rocks\n4. oil on canvas"
    refusal: str | None = None
    usage: Any = field(
        default_factory=lambda: {
            "total_tokens": 1867,
            "input_tokens": 100,
            "output_tokens": 1767,
            "input_tokens_details": {"text_tokens": 60, "image_tokens": 40},
        }
    )
    forms: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    dropped: asyncio.Event = field(default_factory=asyncio.Event)  # a client went away while it was being served
    _files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def routes(self) -> Iterable[web.RouteDef]:
        prefix, works = (PREFIX, PREFIX) if self.flavour is not Flavour.AZURE else AZURE_PATHS
        if self.listing:
            yield web.get(f"{prefix}/models", self._list)
        yield web.post(f"{works}/images/generations", self._generate)
        yield web.post(f"{works}/images/edits", self._edit)
        yield web.post(f"{works}/chat/completions", self._chat)
        if self.flavour is Flavour.COMPATIBLE:
            yield web.post(f"{works}/images/variations", self._vary)
            yield web.get("/files/{name}", self._file)

    @property
    def base(self) -> str:
        """The address that an operator sets."""
        return self.url if self.flavour is Flavour.AZURE else f"{self.url}{PREFIX}"

    def is_work(self, request: web.Request) -> bool:
        return "/images/" in request.path

    def admits(self, request: web.Request) -> bool:
        if request.path.startswith("/files/"):
            if "Authorization" in request.headers:
                self.wrong("a key sent along to a link")
            return True
        if self.flavour is Flavour.AZURE:
            if request.query.get("api-version") != VERSION:
                self.wrong("no api-version")
            return request.headers.get("api-key") == self.key
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def error(self, status: int, message: str, code: str | None = None, type_: str = "invalid_request_error") -> Any:
        body = {"error": {"message": message, "type": type_, "param": None, "code": code}}
        self.problems += error_problems(body)
        return web.json_response(body, status=status)

    # Its routes

    async def _list(self, _: web.Request) -> web.Response:
        one = {"object": "model", "created": 1, "owned_by": "system"}
        data = [one | {"id": name, "shutdown_date": self.shutdowns.get(name)} for name in self.models]
        return web.json_response({"object": "list", "data": data})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._paint(request, "/images/generations", "application/json", body)

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        body, files = await self._form(request)
        self._check_images(files, body.get("model", ""))
        shown = body | {name: "binary" for name in ("mask",) if name in files}
        images = files.get("image", []) + files.get("image[]", [])
        if not images:
            return self.error(400, "Missing required parameter: 'image'.")
        self.forms.append(body | {"images": images, "mask": files.get("mask", [None])[0]})
        shown["image"] = "binary" if len(images) == 1 else ["binary"] * len(images)
        return await self._paint(request, "/images/edits", MULTIPART, body, shown)

    async def _vary(self, request: web.Request) -> web.StreamResponse:
        body, files = await self._form(request)
        self._check_images(files, "dall-e-2")
        self.forms.append(body | {"images": files.get("image", [])})
        shown = body | {"image": "binary"}
        self.problems += request_problems("/images/variations", MULTIPART, shown)
        try:
            asked = Variation.model_validate(body)
        except ValidationError as error:
            return self._invalid(error)
        return await self._answer(
            request, "/images/variations", asked.n, asked.size, asked.response_format, asked.model
        )

    async def _form(self, request: web.Request) -> tuple[dict[str, Any], dict[str, list[bytes]]]:
        """Its fields, with their types, and its files by the name of their part."""
        body: dict[str, Any] = {}
        files: dict[str, list[bytes]] = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                data = value.file.read()
                if value.content_type != f"image/{(Image.open(io.BytesIO(data)).format or '').lower()}":
                    self.wrong(f"{name} says it is {value.content_type}")
                files.setdefault(name, []).append(data)
                continue
            if name in body:
                self.wrong(f"{name} twice")
            text = str(value)
            body[name] = int(text) if name in INTEGERS else text == "true" if name in BOOLEANS else text
        return body, files

    def _check_images(self, files: dict[str, list[bytes]], model: str) -> None:
        one, many, masks = (files.get(name, []) for name in ("image", "image[]", "mask"))
        if bool(one) == bool(many) or len(one) > 1 or len(many) == 1 or len(many) > 16:
            self.wrong(f"{len(one)} parts called image and {len(many)} called image[]")
        old = model.startswith("dall-e")
        for data in (*one, *many):
            image = decoded_picture(encoded(data))
            if image.format not in (("PNG",) if old else ("PNG", "JPEG", "WEBP")):
                self.wrong(f"an image that is {image.format}")
            if len(data) >= (MASK_BYTES if old else IMAGE_BYTES) or (old and image.width != image.height):
                self.wrong(f"an image of {len(data)} bytes and {image.size}")
        for data in masks:
            mask, image = decoded_picture(encoded(data)), decoded_picture(encoded((*one, *many)[0]))
            if mask.format != "PNG" or "A" not in mask.getbands() or mask.size != image.size or len(data) >= MASK_BYTES:
                self.wrong(f"a mask that is {mask.format} {mask.mode} of {mask.size} on {image.size}")

    async def _paint(
        self, request: web.Request, path: str, media_type: str, body: Any, shown: Any = None
    ) -> web.StreamResponse:
        self.problems += request_problems(path, media_type, body if shown is None else shown)
        model = str(request.match_info.get("deployment") or body.get("model", ""))
        if self.mischief is Mischief.NO_MODEL or model not in self.models:
            return await self._unknown(model)
        shape = Gpt if self._is_gpt(model) else Old
        try:
            asked = shape.model_validate(body)
        except ValidationError as error:
            return self._invalid(error)
        streams = isinstance(asked, Gpt) and asked.stream and self.flavour is not Flavour.COMPATIBLE
        if self.mischief is Mischief.REFUSED or self.refusing > 0:
            return await self._refuse()
        if streams and isinstance(asked, Gpt):
            if asked.n != 1:
                self.wrong("several pictures in one stream, of which nobody knows which is which")
            return await self._stream_out(request, path, asked)
        wanted = asked.response_format if isinstance(asked, Old) else "b64_json"
        return await self._answer(request, path, asked.n, asked.size, wanted, model)

    def _is_gpt(self, model: str) -> bool:
        return self.flavour is Flavour.AZURE or model.startswith("gpt-image")

    def _invalid(self, error: ValidationError) -> web.Response:
        self.wrong(str(error))
        return self.error(400, error.errors()[0]["msg"])

    async def _unknown(self, model: str) -> web.Response:
        await self.work()
        if self.flavour is Flavour.AZURE:
            return self.error(404, "The API deployment for this resource does not exist.", "DeploymentNotFound")
        return self.error(
            404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found"
        )

    async def _refuse(self) -> web.Response:
        self.refusing -= 1
        await self.work()
        said = "Your request was rejected by the safety system. safety_violations=[violence]."
        code = "content_policy_violation" if self.flavour is Flavour.AZURE else "moderation_blocked"
        return self.error(400, said, code, "image_generation_user_error")

    async def _answer(
        self, request: web.Request, path: str, count: int, size: str, form: str, model: str
    ) -> web.StreamResponse:
        """An answer in one piece."""
        await self._worked(request)
        if self.trouble is not None:
            return web.json_response({"error": self.trouble})
        made = 0 if self.mischief is Mischief.NOTHING else max(1, count - (self.mischief is Mischief.FEWER))
        items = [self._item(self._picture(size, seed), form) for seed in range(made + self.extra)]
        body: dict[str, Any] = {"created": 1, "data": items}
        if self._is_gpt(model):
            body |= {"usage": self.usage, "output_format": "png", "background": "opaque", "quality": "medium"}
            body |= {"size": size} if size in SPEC_SIZES else {}
        self.problems += answer_problems(path, "application/json", body)
        return web.json_response(body)

    async def _worked(self, request: web.Request) -> None:
        try:
            await self.work()
        finally:
            if request.transport is None or request.transport.is_closing():
                self.dropped.set()

    def _picture(self, size: str, seed: int) -> bytes:
        width, height = map(int, ("64x64" if size == "auto" else size).split("x"))
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        return spoiled(picture(width // 4, height // 4, seed, form), self.mischief)

    def _item(self, data: bytes, form: str) -> dict[str, Any]:
        if form == "b64_json" and self.flavour is not Flavour.COMPATIBLE:
            return {"b64_json": encoded(data)}
        name = f"{len(self._files)}.png"
        self._files[name] = data
        return {"url": f"{self.url}/files/{name}"}

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self._files[request.match_info["name"]], content_type="image/png")

    async def _stream_out(self, request: web.Request, path: str, asked: Gpt) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        if self.silent or self.mischief is Mischief.NOTHING:
            self._works += 1
            return response
        word = "image_edit" if path.endswith("edits") else "image_generation"
        about = {
            "created_at": 1,
            "size": asked.size if asked.size in SPEC_SIZES else "auto",
            "quality": asked.quality if asked.quality in ("low", "medium", "high", "auto") else "high",
            "background": asked.background,
            "output_format": asked.output_format,
        }
        for index in range(asked.partial_images or 0):
            half = {"type": f"{word}.partial_image", "b64_json": encoded(picture(64, 64, index)), **about}
            await self._send(response, path, half | {"partial_image_index": index})
        if self.halting:
            return response
        await self._worked(request)
        if self.trouble is not None:
            await self._write(response, "error", {"type": "error", "error": self.trouble})
            return response
        whole = {"type": f"{word}.completed", "b64_json": encoded(self._picture(asked.size, self._works)), **about}
        await self._send(response, path, whole | {"usage": self.usage})
        return response

    async def _send(self, response: web.StreamResponse, path: str, event: dict[str, Any]) -> None:
        self.problems += answer_problems(path, "text/event-stream", event)
        await self._write(response, event["type"], event)

    async def _write(self, response: web.StreamResponse, name: str, event: dict[str, Any]) -> None:
        await response.write(f"event: {name}\ndata: {json.dumps(event)}\n\n".encode())

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = Chat.model_validate(await request.json())
        except ValidationError as error:
            return self._invalid(error)
        if request.match_info.get("deployment", asked.model) not in self.models:
            return await self._unknown(asked.model)
        parts = [part for message in asked.messages for part in message.content]
        for part in parts:
            if (part.type == "text") is (part.text is None) or (part.type == "image_url") is (part.image_url is None):
                self.wrong(f"a part that is {part}")
            if part.image_url is not None and max(decoded_picture(part.image_url.url).size) > 2048:
                self.wrong("a picture to look at that is too large")
        await self.work()
        message = {"role": "assistant", "content": self.said or None, "refusal": self.refusal}
        choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
        return web.json_response(
            {"id": "1", "object": "chat.completion", "created": 1, "model": asked.model, "choices": [choice]}
        )


AZURE_PATHS = ("/openai", "/openai/deployments/{deployment}")


def backend(double: OpenAiDouble, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings: dict[str, Any] = {"paid": True} | changes
    return OpenAi(OpenAiSettings(url=double.base, key=SecretStr(key), timeout=timeout, **settings))


def grow(double: OpenAiDouble) -> None:
    double.models.append("gpt-image-3")


GPT = frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.BLEND, Operation.EDIT})
DROPS = "the connection is dropped, and nothing else can be"
ONE_EACH = "each picture is a request of its own: another test shows that one of them can fail"
WHOLE = "the answer comes in one piece"


def rig(
    variant: str,
    operations: frozenset[Operation],
    *,
    flavour: Flavour = Flavour.OPENAI,
    models: tuple[str, ...] = (),
    named: frozenset[Edit] = frozenset(),
    cannot: dict[Case | Mischief, str] | None = None,
    **settings: Any,
) -> Rig:
    def double() -> OpenAiDouble:
        return OpenAiDouble(flavour=flavour, models=list(models)) if models else OpenAiDouble(flavour=flavour)

    def made(double: OpenAiDouble, **changes: Any) -> Backend:
        return backend(double, **(settings | changes))

    return Rig(
        name="openai",
        variant=variant,
        double=double,
        backend=made,
        operations=operations,
        edits=named,
        grow=grow,
        url_setting="LIENZO_OPENAI_URL",
        key_setting="LIENZO_OPENAI_KEY",
        model_setting="LIENZO_OPENAI_MODEL",
        model=settings.get("model", TURBO),
        cannot={Case.STOP: DROPS} | (cannot or {}),
    )


SEEN = frozenset({Operation.DESCRIBE})
QUIET: dict[Case | Mischief, str] = {Case.PROGRESS: WHOLE}
RIGS = (
    rig("", GPT | SEEN, named=frozenset(Edit), cannot={Mischief.FEWER: ONE_EACH}),
    rig("whole", GPT | SEEN, named=frozenset(Edit), previews=0, cannot=QUIET),
    rig(
        "deaf",
        GPT,
        named=frozenset(Edit),
        flavour=Flavour.COMPATIBLE,
        models=("gpt-image-2",),
        model="gpt-image-2",
        paid=False,
        cannot=QUIET | {Mischief.FEWER: ONE_EACH},
    ),
    rig(
        "azure",
        GPT | SEEN,
        named=frozenset(Edit),
        flavour=Flavour.AZURE,
        models=("pictures", "eyes"),
        model="pictures",
        vision_model="eyes",
        like="gpt-image-2",
        api_version=VERSION,
        cannot={
            Mischief.FEWER: ONE_EACH,
            Case.REFRESH: "Azure lists models, not the deployments that they are asked by",
        },
    ),
    rig(
        "dall-e-2",
        frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT}),
        flavour=Flavour.COMPATIBLE,
        models=("dall-e-2",),
        model="dall-e-2",
        paid=False,
        cannot=QUIET,
    ),
    rig(
        "dall-e-3",
        frozenset({Operation.GENERATE}),
        flavour=Flavour.COMPATIBLE,
        models=("dall-e-3",),
        model="dall-e-3",
        paid=False,
        cannot=QUIET | {Mischief.FEWER: ONE_EACH},
    ),
    rig(
        "plain",
        frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.EDIT}),
        flavour=Flavour.COMPATIBLE,
        models=("flux-schnell",),
        model="flux-schnell",
        edits=True,
        paid=False,
        cannot=QUIET,
    ),
)
