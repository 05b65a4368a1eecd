"""DeepAI, as its documentation has it, and where that says nothing, as its clients found it."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from aiohttp import web
from aiohttp.web_request import FileField
from PIL import Image, UnidentifiedImageError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.backends.base import Backend, Edit, Operation
from bot.backends.deepai import DeepAi, DeepAiSettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, picture, spoiled

API, FILES = "/api/", "/job-view-file/"
VERSIONS = ("standard", "hd", "genius", "super_genius")
STYLES = tuple(
    f"{name}-generator"
    for name in (
        "3d-objects",
        "anime-portrait",
        "cyberpunk",
        "fantasy-world",
        "logo",
        "old-style",
        "pixel-art",
        "watercolor-painting",
    )
)
#: What has no words: only a picture goes there.
TOOLS = ("torch-srgan", "colorizer", "background-remover")


def side(text: str) -> str:
    if not text.isdecimal() or not 128 <= int(text) <= 1536 or int(text) % 32:
        raise ValueError("a side is 128 to 1536, a multiple of 32")
    return text


Side = Annotated[str, AfterValidator(side)]


class Painting(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1)
    width: Side = "512"
    height: Side = "512"
    image_generator_version: str = "standard"
    resolution: Literal["2k", "4k"] | None = None
    genius_preference: Literal["anime", "photography", "graphic", "cinematic"] | None = None
    negative_prompt: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _used(self) -> "Painting":
        if self.resolution and self.image_generator_version != "super_genius":
            raise ValueError("resolution is of the super genius alone")
        if self.genius_preference and self.image_generator_version != "genius":
            raise ValueError("a preference is of the genius alone")
        return self


class Editing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1)
    image_generator_version: str = "standard"


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Bought:
    """One call: where it went, the texts of its form, and the size of its picture."""

    name: str
    texts: Mapping[str, str]
    size: tuple[int, int] | None


@dataclass(slots=True)
class DeepAiDouble(Double):
    """`grids`: four pictures come in one file, of twice the size. `polite`: a no comes with a 200. `styled`: styles have addresses.
    `losing` many of the files that are fetched next are not to be had. `spent`: there is no credit left."""

    bought: list[Bought] = field(default_factory=list[Bought])
    grids: bool = False
    polite: bool = False
    styled: bool = True
    spent: bool = False
    losing: int = 0
    link: str | None = None
    _files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def routes(self) -> Iterable[web.RouteDef]:
        for name in ("text2img", "image-editor", *STYLES, *TOOLS):
            yield web.post(f"{API}{name}", self._call)
        yield web.get(f"{FILES}{{id}}/outputs/output.jpg", self._file)

    def is_work(self, request: web.Request) -> bool:
        return request.method == "POST"

    def admits(self, request: web.Request) -> bool:
        return request.path.startswith(FILES) or request.headers.get("api-key") == self.key

    def error(self, status: int, message: str) -> web.Response:
        return web.json_response({"err" if status == 401 else "status": message}, status=200 if self.polite else status)

    async def _call(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix(API)
        if name in STYLES and not self.styled:
            raise web.HTTPNotFound
        if self.spent:
            return self.error(401, "Out of API credits - please visit your dashboard to add more")
        form = await request.post()
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        files = {key: value for key, value in form.items() if isinstance(value, FileField)}
        if texts == {"width": "512"} and not files:
            return self.error(400, "text is required")  # the doctor's question
        try:
            asked, size = self._checked(name, texts, files)
        except ValueError as error:
            self.wrong(f"{name}: {error}")
            return self.error(400, str(error))
        if self.mischief is Mischief.NO_MODEL or texts.get("image_generator_version", "hd") not in VERSIONS:
            return self.error(400, f"image_generator_version must be one of {VERSIONS}")
        if self.mischief is Mischief.REFUSED:
            return self.error(400, "This text was flagged by our moderation")
        self.bought.append(Bought(name, texts, size))
        number = len(self.bought)
        await self.work()
        if self.mischief is Mischief.FEWER and number % 2 == 0:
            return self.error(500, "Something went wrong")
        return self._answer(number, name, asked, size)

    def _checked(
        self, name: str, texts: Mapping[str, str], files: Mapping[str, FileField]
    ) -> tuple[BaseModel, tuple[int, int] | None]:
        paints = name == "text2img" or name in STYLES
        shape = Painting if paints else Editing if name == "image-editor" else Nothing
        try:
            asked = shape.model_validate(dict(texts))
        except ValidationError as error:
            raise ValueError(str(error)) from None
        if set(files) != (set[str]() if paints else {"image"}):
            raise ValueError(f"files: {set(files)}")
        return asked, opened(files["image"]).size if files else None

    def _answer(self, number: int, name: str, asked: BaseModel, size: tuple[int, int] | None) -> web.Response:
        handle = f"00000000-0000-4000-8000-{number:012}"
        if self.mischief is Mischief.NOTHING:
            return web.json_response({"id": handle})
        self._files[handle] = self._made(number, name, asked, size)
        link = f"{self.url}{FILES}{handle}/outputs/output.jpg"
        return web.json_response({"id": handle, "output_url": link if self.link is None else self.link})

    def _made(self, seed: int, name: str, asked: BaseModel, size: tuple[int, int] | None) -> bytes:
        if isinstance(asked, Painting):
            width, height = int(asked.width), int(asked.height)
            if asked.image_generator_version == "super_genius":
                return picture(2 * width, 2 * height, seed, "JPEG")
            return gridded(width, height, seed) if self.grids else picture(width, height, seed, "JPEG")
        width, height = size or (512, 512)
        factor = 4 if name == "torch-srgan" else 1
        return picture(factor * width, factor * height, seed, "PNG" if name == "background-remover" else "JPEG")

    async def _file(self, request: web.Request) -> web.Response:
        if "api-key" in request.headers:
            self.wrong("the key goes along with a link")
        if self.losing:
            self.losing -= 1
            raise web.HTTPServiceUnavailable
        data = self._files.get(request.match_info["id"])
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=spoiled(data, self.mischief), content_type="image/png")


def opened(part: FileField) -> Image.Image:
    """A picture of a form, read whole."""
    try:
        image = Image.open(io.BytesIO(part.file.read()))
        image.load()
    except (UnidentifiedImageError, OSError):
        raise ValueError(f"{part.name} is no picture") from None
    return image


def gridded(width: int, height: int, seed: int) -> bytes:
    """Four pictures in one, each of a grey of its own."""
    whole = np.zeros((2 * height, 2 * width, 3), dtype=np.uint8)
    for index in range(4):
        row, column = divmod(index, 2)
        whole[row * height : (row + 1) * height, column * width : (column + 1) * width] = 40 + 50 * index + seed % 5
    buffer = io.BytesIO()
    Image.fromarray(whole).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings = DeepAiSettings(url=double.url, key=SecretStr(key), timeout=timeout, **changes)
    return DeepAi(settings)


RIGS = (
    Rig(
        name="deepai",
        double=DeepAiDouble,
        backend=backend,
        operations=frozenset({Operation.GENERATE, Operation.EDIT, Operation.UPSCALE}),
        edits=frozenset({Edit.COLOURISE, Edit.REMOVE_BACKGROUND}),
        url_setting="LIENZO_DEEPAI_URL",
        key_setting="LIENZO_DEEPAI_KEY",
        model_setting="LIENZO_DEEPAI_MODEL",
        model="genius",
        cannot={
            Case.STOP: "what is begun is finished and paid for: it can't be called back",
            Case.PROGRESS: "it says nothing before the picture is done",
            Case.REFRESH: "what it can do is in its manual, and nowhere listed",
        },
    ),
)
