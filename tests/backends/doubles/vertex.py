"""Google's image models: the Gemini API by a key, or Vertex AI by a token that a service account's signature buys."""

import base64
import importlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from aiohttp import web
from PIL import Image
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from bot.backends.base import Backend, Edit, Operation
from bot.backends.vertex import Vertex, VertexSettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, decoded_picture, encoded, picture, spoiled

PROJECT = "a-project"
SHRINK = 8  # its pictures are so much smaller than Google's
CLASSIC = frozenset("1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9".split())
ALL = CLASSIC | frozenset("1:4 4:1 1:8 8:1".split())
MODALITIES = Literal["TEXT", "IMAGE"]
LEVELS = Literal["MINIMAL", "LOW", "MEDIUM", "HIGH"]
CATEGORY = Literal[
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
]
THRESHOLD = Literal["OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"]
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True)
class Makes:
    """What a model of Gemini takes. One without sizes is not to be told any."""

    ratios: frozenset[str]
    sizes: frozenset[str]
    levels: frozenset[str]


GEMINI = {
    "gemini-nano-banana-2.1": Makes(ALL, frozenset({"1K", "2K", "4K"}), frozenset({"MINIMAL", "MEDIUM", "HIGH"})),
    "gemini-3.1-flash-image": Makes(ALL, frozenset({"512", "1K", "2K", "4K"}), frozenset({"MINIMAL", "HIGH"})),
    "gemini-3-pro-image": Makes(CLASSIC, frozenset({"1K", "2K", "4K"}), frozenset()),
    "gemini-2.5-flash-image": Makes(CLASSIC, frozenset(), frozenset()),
}
WRITERS = ("gemini-3.8-flash",)
IMAGEN = ("imagen-4.0-generate-001", "imagen-4.0-fast-generate-001", "imagen-3.0-generate-002")
EDITOR, UPSCALER = "imagen-3.0-capability-001", "imagen-4.0-upscale-preview"


class Strict(BaseModel):
    """Fields under both spellings that Google takes."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Blob(Strict):
    mime_type: Literal["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]
    data: str


class Part(Strict):
    text: str | None = None
    inline_data: Blob | None = None


class Content(Strict):
    role: Literal["user", "model"] = "user"
    parts: list[Part] = Field(min_length=1)


class OutputOptions(Strict):
    mime_type: Literal["image/png", "image/jpeg"] | None = None
    compression_quality: int | None = Field(default=None, ge=0, le=100)


class ImageConfig(Strict):
    aspect_ratio: str | None = None
    image_size: str | None = None
    person_generation: Literal["ALLOW_ALL", "ALLOW_ADULT", "ALLOW_NONE"] | None = None
    prominent_people: Literal["ALLOW_PROMINENT_PEOPLE", "BLOCK_PROMINENT_PEOPLE"] | None = None
    image_output_options: OutputOptions | None = None


class ThinkingConfig(Strict):
    thinking_level: LEVELS


class GenerationConfig(Strict):
    response_modalities: list[MODALITIES] = ["TEXT"]
    response_mime_type: Literal["text/plain", "application/json"] = "text/plain"
    response_schema: dict[str, Any] | None = None
    candidate_count: Literal[1] = 1
    temperature: float | None = Field(default=None, ge=0, le=2)
    seed: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    image_config: ImageConfig | None = None
    thinking_config: ThinkingConfig | None = None


class SafetySetting(Strict):
    category: CATEGORY
    threshold: THRESHOLD


class Ask(Strict):
    contents: list[Content] = Field(min_length=1)
    generation_config: GenerationConfig = GenerationConfig()
    safety_settings: list[SafetySetting] = []

    @property
    def parts(self) -> list[Part]:
        return [part for content in self.contents for part in content.parts]


class Encoded(Strict):
    bytes_base64_encoded: str
    mime_type: Literal["image/png", "image/jpeg"]


class MaskConfig(Strict):
    mask_mode: Literal["MASK_MODE_USER_PROVIDED", "MASK_MODE_BACKGROUND", "MASK_MODE_FOREGROUND", "MASK_MODE_SEMANTIC"]
    dilation: float | None = Field(default=None, ge=0, le=1)
    mask_classes: list[int] = Field(default=[], max_length=5)


class Reference(Strict):
    reference_id: int
    reference_type: Literal["REFERENCE_TYPE_RAW", "REFERENCE_TYPE_MASK"]
    reference_image: Encoded
    mask_image_config: MaskConfig | None = None


class Instance(Strict):
    prompt: str = ""
    image: Encoded | None = None
    reference_images: list[Reference] = []


class UpscaleConfig(Strict):
    upscale_factor: Literal["x2", "x3", "x4"]
    enhance_input_image: bool | None = None
    image_preservation_factor: float | None = Field(default=None, ge=0, le=1)


class EditConfig(Strict):
    base_steps: int = Field(ge=1)


class Parameters(Strict):
    sample_count: int = Field(default=4, ge=1, le=4)
    aspect_ratio: Literal["1:1", "3:4", "4:3", "9:16", "16:9"] | None = None
    sample_image_size: Literal["1K", "2K"] | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    add_watermark: bool = True
    include_rai_reason: bool = False
    safety_setting: Annotated[
        Literal["block_low_and_above", "block_medium_and_above", "block_only_high", "block_none"] | None, Lower
    ] = None
    person_generation: Annotated[Literal["dont_allow", "allow_adult", "allow_all"] | None, Lower] = None
    output_options: OutputOptions | None = None
    edit_mode: (
        Literal["EDIT_MODE_INPAINT_INSERTION", "EDIT_MODE_INPAINT_REMOVAL", "EDIT_MODE_OUTPAINT", "EDIT_MODE_DEFAULT"]
        | None
    ) = None
    edit_config: EditConfig | None = None
    mode: Literal["upscale"] | None = None
    upscale_config: UpscaleConfig | None = None


class Predict(Strict):
    instances: list[Instance] = Field(min_length=1, max_length=1)
    parameters: Parameters = Parameters()


class Invalid(ValueError):
    """Google would not take it."""


@dataclass(slots=True)
class VertexDouble(Double):
    """`cloud`: Vertex AI, else the Gemini API. `refusal` is how it refuses, `fault` an error that it answers work with."""

    cloud: bool = False
    express: bool = False
    models: list[str] = field(default_factory=lambda: [*GEMINI, *WRITERS, *IMAGEN, EDITOR, UPSCALER])
    page: int = 5
    listed: bool = True
    refusal: dict[str, Any] = field(default_factory=lambda: {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    fault: tuple[int, str, list[dict[str, Any]]] | None = None
    description: str = '["one lighthouse", "two lighthouses", "three lighthouses", "four lighthouses"]'
    tokens: int = 0  # that were bought
    seconds: int = 3600  # that one of them lasts
    _missed: bool = False
    _folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        if self._folder is not None:
            self._folder.cleanup()

    def account(self, key: str) -> Path:
        """A service account's file. It is good with the double's own key."""
        from tests.backends import google_login  # noqa: PLC0415 - google-auth is an extra

        self._folder = self._folder or tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / f"account-{len(key)}.json"
        path.write_text(google_login.account(key, f"{self.url}/token"))
        return path

    def routes(self) -> Iterable[web.RouteDef]:
        publishers = "/v1beta1/publishers/google/models"
        roots = [publishers] if self.cloud else ["/v1/models", "/v1beta/models"]
        for root in roots:
            yield web.get(root, self._list)
            yield web.get(f"{root}/{{model}}", self._look)
        if self.cloud and not self.express:
            roots = [f"/v1beta1/projects/{PROJECT}/locations/{{location}}/publishers/google/models"]
        for root in roots:
            yield web.post(f"{root}/{{call}}", self._call)
        yield web.post("/token", self._token)

    def is_work(self, request: web.Request) -> bool:
        return request.path.endswith((":generateContent", ":predict"))

    def admits(self, request: web.Request) -> bool:
        if request.path == "/token":
            return True
        if self.cloud and not self.express:
            return request.headers.get("Authorization") == f"Bearer {self.key}"
        return request.headers.get("x-goog-api-key") == self.key

    def error(self, status: int, message: str, details: Sequence[Mapping[str, Any]] = ()) -> web.Response:
        """A wrong key is a 400 at Google, told apart by its details."""
        if status == 401 and not (self.cloud and not self.express):
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            return self.error(400, "API key not valid. Please pass a valid API key.", [info])
        body: dict[str, Any] = {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}
        return web.json_response({"error": body | ({"details": list(details)} if details else {})}, status=status)

    # Its routes

    async def _token(self, request: web.Request) -> web.Response:
        from tests.backends import google_login  # noqa: PLC0415 - google-auth is an extra

        form = await request.post()
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            self.wrong(f"a grant of type {form['grant_type']}")
        if google_login.key_of(str(form["assertion"])) != self.key:
            body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return web.json_response(body, status=400)
        self.tokens += 1
        return web.json_response({"access_token": self.key, "expires_in": self.seconds, "token_type": "Bearer"})

    async def _list(self, request: web.Request) -> web.Response:
        if not self.listed:
            return self.error(404, "Not found.")
        start, size = int(request.query.get("pageToken", 0)), min(self.page, int(request.query.get("pageSize", 50)))
        shown = self.models[start : start + size]
        root, key = ("publishers/google/models", "publisherModels") if self.cloud else ("models", "models")
        more = {"nextPageToken": str(start + size)} if start + size < len(self.models) else {}
        return web.json_response({key: [{"name": f"{root}/{name}", "versionId": "1"} for name in shown]} | more)

    async def _look(self, request: web.Request) -> web.Response:
        name = request.match_info["model"]
        if name not in self.models:
            return self._unknown(name)
        return web.json_response({"name": f"publishers/google/models/{name}" if self.cloud else f"models/{name}"})

    def _unknown(self, name: str) -> web.Response:
        return self.error(404, f"models/{name} is not found for API version v1beta.")

    async def _call(self, request: web.Request) -> web.Response:
        name, _, verb = request.match_info["call"].rpartition(":")
        if self.mischief is Mischief.NO_MODEL or name not in self.models:
            return self._unknown(name)
        if self.fault is not None:
            return self.error(*self.fault)
        body = await request.json()
        try:
            if verb == "predict" and name.startswith("imagen-"):
                return await self._predict(name, body)
            if verb == "generateContent" and name.startswith("gemini-"):
                return await self._generate(name, body)
        except (ValidationError, Invalid) as error:
            self.wrong(f"{name}: {error}")
            return self.error(400, str(error))
        self.wrong(f"{name} has no {verb}")
        return self.error(404, f"{name} has no {verb}")

    # Gemini

    async def _generate(self, name: str, body: Any) -> web.Response:
        ask = Ask.model_validate(body)
        self._check_parts(ask)
        if name in WRITERS:
            self._check_writing(ask.generation_config)
            await self.work()
            return web.json_response(self._written())
        shape = self._check_painting(ask.generation_config, GEMINI[name])
        await self.work()
        return web.json_response(self._painted(shape, ask.generation_config.seed or 0, name))

    def _check_parts(self, ask: Ask) -> None:
        blobs = [part.inline_data for part in ask.parts if part.inline_data is not None]
        _demand(all((part.text is None) != (part.inline_data is None) for part in ask.parts), "a part is one thing")
        _demand(any(part.text for part in ask.parts), "no text")
        _demand(len(blobs) <= 14, f"{len(blobs)} images")
        for blob in blobs:
            _read(blob.data, blob.mime_type)

    def _check_writing(self, config: GenerationConfig) -> None:
        _demand(config.response_modalities == ["TEXT"], "a model of words makes no pictures")
        _demand(config.image_config is None, "imageConfig for words")
        _demand(config.response_schema is None or config.response_mime_type == "application/json", "a schema, no JSON")

    def _check_painting(self, config: GenerationConfig, makes: Makes) -> tuple[int, int]:
        """The width and height of the picture."""
        _demand("IMAGE" in config.response_modalities, "no picture asked for")
        _demand(config.response_mime_type == "text/plain", "no JSON from this model")
        image = config.image_config or ImageConfig()
        ratio, size = image.aspect_ratio or "1:1", image.image_size
        _demand(ratio in makes.ratios, f"no ratio {ratio}")
        _demand(size is None or size in makes.sizes, f"no size {size}")
        if not self.cloud:
            extra = (image.person_generation, image.prominent_people, image.image_output_options)
            _demand(extra == (None, None, None), "only on Vertex AI")
        thinking = config.thinking_config
        _demand(thinking is None or thinking.thinking_level in makes.levels, f"no thinking level {thinking}")
        return _pixels(ratio, size or "1K")

    def _painted(self, shape: tuple[int, int], seed: int, name: str) -> dict[str, Any]:
        if self.mischief is Mischief.REFUSED:
            return self.refusal
        nothing = self.mischief is Mischief.NOTHING or (self.mischief is Mischief.FEWER and not self._missed)
        self._missed = True
        if nothing:
            return {"candidates": [{"content": {"role": "model"}, "finishReason": "NO_IMAGE", "index": 0}]}
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        drawn = encoded(spoiled(picture(*shape, seed, form), self.mischief))
        draft = {"mimeType": "image/png", "data": encoded(picture(64, 64, 0))}
        parts: list[dict[str, Any]] = [
            {"text": "A lighthouse it is.", "thought": True},
            {"inlineData": draft, "thought": True},
            {"text": "Here it is."},
            {"inlineData": {"mimeType": "image/png", "data": drawn}, "thoughtSignature": SIGNATURE},
        ]
        return _answered(parts, name) | {"usageMetadata": USAGE}

    def _written(self) -> dict[str, Any]:
        return (
            self.refusal if self.mischief is Mischief.REFUSED else _answered([{"text": self.description}], WRITERS[0])
        )

    # Imagen

    async def _predict(self, name: str, body: Any) -> web.Response:
        ask = Predict.model_validate(body)
        sizes = self._check_prediction(name, ask.instances[0], ask.parameters)
        await self.work()
        return web.json_response(self._predicted(sizes, ask.parameters))

    def _check_prediction(self, name: str, instance: Instance, parameters: Parameters) -> tuple[int, int]:
        """The width and height of the pictures."""
        _demand(parameters.seed is None or not parameters.add_watermark, "a seed with a watermark")
        if name == UPSCALER:
            return self._check_enlarging(instance, parameters)
        _demand((instance.image, parameters.mode, parameters.upscale_config) == (None, None, None), "no upscaler")
        if name == EDITOR:
            return self._check_editing(instance, parameters)
        _demand(not instance.reference_images and parameters.edit_mode is None, "no editor")
        _demand(bool(instance.prompt), "no prompt")
        _demand(parameters.negative_prompt is None or name.startswith("imagen-3"), "negativePrompt is Imagen 3's")
        _demand(parameters.sample_image_size is None or name == IMAGEN[0], "sampleImageSize is Imagen 4's")
        return _pixels(parameters.aspect_ratio or "1:1", parameters.sample_image_size or "1K")

    def _check_enlarging(self, instance: Instance, parameters: Parameters) -> tuple[int, int]:
        _demand(instance.image is not None and not instance.reference_images, "one image")
        _demand(parameters.mode == "upscale" and parameters.upscale_config is not None, "mode upscale")
        _demand(parameters.sample_count == 1, "one at a time")
        assert instance.image is not None
        assert parameters.upscale_config is not None
        width, height = _read(instance.image.bytes_base64_encoded, instance.image.mime_type).size
        factor = int(parameters.upscale_config.upscale_factor[1:])
        return width * factor, height * factor

    def _check_editing(self, instance: Instance, parameters: Parameters) -> tuple[int, int]:
        _demand(parameters.edit_mode is not None, "no editMode")
        _demand(parameters.aspect_ratio is None, "an edit keeps its shape")
        references = {one.reference_type: one for one in instance.reference_images}
        _demand(len({one.reference_id for one in instance.reference_images}) == len(instance.reference_images), "ids")
        raw, mask = references.get("REFERENCE_TYPE_RAW"), references.get("REFERENCE_TYPE_MASK")
        _demand(raw is not None and raw.mask_image_config is None, "no raw image")
        _demand(mask is not None and mask.mask_image_config is not None, "no mask")
        assert raw is not None
        assert mask is not None
        image = _read(raw.reference_image.bytes_base64_encoded, raw.reference_image.mime_type)
        where = _read(mask.reference_image.bytes_base64_encoded, mask.reference_image.mime_type)
        _demand(where.size == image.size, f"a mask of {where.size} on a picture of {image.size}")
        _demand("A" not in image.getbands(), "a transparent picture")
        return image.size

    def _predicted(self, shape: tuple[int, int], parameters: Parameters) -> dict[str, Any]:
        count = parameters.sample_count - (self.mischief is Mischief.FEWER)
        filtered = {"raiFilteredReason": "Unable to show generated images. Support codes: 58061214"}
        if self.mischief is Mischief.REFUSED:
            return {"predictions": [filtered]} if parameters.include_rai_reason else {}
        if self.mischief is Mischief.NOTHING:
            return {}
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        drawn = [encoded(spoiled(picture(*shape, index, form), self.mischief)) for index in range(count)]
        predictions = [{"mimeType": "image/png", "bytesBase64Encoded": one} for one in drawn]
        return {"predictions": [*predictions, *([filtered] if self.mischief is Mischief.FEWER else [])]}


SIGNATURE = base64.b64encode(b"what it thought " * 1000).decode()
USAGE: dict[str, Any] = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 1220,
    "thoughtsTokenCount": 100,
    "totalTokenCount": 2320,
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
}


def _demand(good: bool, otherwise: str) -> None:
    if not good:
        raise Invalid(otherwise)


def _read(data: str, media_type: str) -> Image.Image:
    image = decoded_picture(data)
    _demand(Image.MIME[image.format or ""] == media_type, f"{image.format} as {media_type}")
    return image


def _pixels(ratio: str, size: str) -> tuple[int, int]:
    across, down = map(int, ratio.split(":"))
    side = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}[size] / SHRINK
    return round(side * (across / down) ** 0.5), round(side * (down / across) ** 0.5)


def _answered(parts: list[dict[str, Any]], name: str) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "modelVersion": name, "responseId": "r1"}


def backend(double: VertexDouble, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    values: dict[str, Any] = {"url": double.url, "timeout": timeout, "express": double.express}
    if double.cloud and not double.express:
        values |= {"project": PROJECT, "credentials": double.account(key)}
    else:
        values |= {"key": SecretStr(key)}
    return Vertex(VertexSettings(**(values | changes)))


def imagen(double: VertexDouble, **changes: Any) -> Backend:
    values: dict[str, Any] = {"model": IMAGEN[0], **changes}
    return backend(double, **values)


def grow(double: VertexDouble) -> None:
    double.models += ["gemini-nano-banana-3", "imagen-5.0-generate-001"]


def _absent() -> str | None:
    """Why nobody can be logged in here, if so."""
    try:
        importlib.import_module("google.auth")
    except ImportError:
        return "google-auth is not installed"
    return None


ABSENT = _absent()
PAINTS = frozenset(
    {
        Operation.GENERATE,
        Operation.VARY,
        Operation.INPAINT,
        Operation.BLEND,
        Operation.EDIT,
        Operation.DESCRIBE,
    }
)
PREDICTS = frozenset({Operation.GENERATE, Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE, Operation.DESCRIBE})
CANNOT: Mapping[Case | Mischief, str] = {
    Case.STOP: "Google can't be told to stop: the connection is dropped, and what it was at is charged",
    Case.PROGRESS: "Google shows nothing of a picture before it is finished",
}


def rig(variant: str, **changes: Any) -> Rig:
    values: dict[str, Any] = {
        "name": "vertex",
        "variant": variant,
        "double": lambda: VertexDouble(cloud=True),
        "backend": backend,
        "operations": PAINTS,
        "edits": frozenset({Edit.COLOURISE, Edit.RESTYLE, Edit.REPLACE}),
        "grow": grow,
        "url_setting": "LIENZO_VERTEX_URL",
        "key_setting": "LIENZO_VERTEX_CREDENTIALS",
        "model_setting": "LIENZO_VERTEX_MODEL",
        "model": "gemini-3.1-flash-image",
        "cannot": CANNOT,
        "absent": ABSENT,
    }
    return Rig(**(values | changes))


RIGS = (
    rig("Gemini API", double=VertexDouble, key_setting="LIENZO_VERTEX_KEY", absent=None),
    rig("Vertex AI"),
    rig("Imagen", backend=imagen, operations=PREDICTS, edits=frozenset(), model=IMAGEN[1]),
)
