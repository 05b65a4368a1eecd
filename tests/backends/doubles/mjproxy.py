"""A Midjourney proxy, of the kind that has the buttons and of the older kind, with a Midjourney behind it that reads prompts."""

import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from aiohttp import web
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.backends.base import Backend, Operation
from bot.backends.mjproxy import MjProxy, MjProxySettings
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import KEY, Double, Mischief, decoded_picture, picture, spoiled

PREFIXES = ("/mj", "/mj-fast/mj", "/mj-turbo/mj", "/mj-relax/mj")
WORK = ("imagine", "blend", "describe", "modal", "edits", "change")
VERSIONS = ("5.2", "6", "6.1", "7")
SIDE = 128  # of a square picture
#: What each of Midjourney's parameters may be worth.
PARAMETERS: Mapping[str, str] = {
    "ar": r"\d+:\d+",
    "chaos": r"\d{1,3}",
    "stylize": r"\d{1,4}",
    "weird": r"\d{1,4}",
    "seed": r"\d{1,10}",
    "sameseed": r"\d{1,10}",
    "no": r".+",
    "quality": r"[\d.]+",
    "iw": r"[\d.]+",
    "tile": "",
    "stop": r"\d{2,3}",
    "v": r"[\d.]+",
    "niji": r"\d?",
    "raw": "",
    "style": r"\w+",
    "sref": r"\S+( \S+)*",
    "sw": r"\d+",
    "sv": r"\d",
    "cref": r"\S+( \S+)*",
    "cw": r"\d+",
    "oref": r"\S+",
    "ow": r"\d+",
    "profile": r".*",
    "exp": r"\d+",
    "draft": "",
    "hd": "",
    "zoom": r"1(\.\d+)?|2",
}


class Kind(StrEnum):
    PLUS = "plus"  # has the buttons
    PARTNER = "partner"  # and the pictures one by one
    PLAIN = "plain"  # the older ones


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Imagine(Strict):
    prompt: str = Field(min_length=1)
    base64Array: list[str] = []  # noqa: N815
    botType: Literal["MID_JOURNEY", "NIJI_JOURNEY"] = "MID_JOURNEY"  # noqa: N815


class Blend(Strict):
    base64Array: list[str] = Field(min_length=2, max_length=5)  # noqa: N815
    dimensions: Literal["PORTRAIT", "SQUARE", "LANDSCAPE"]
    botType: Literal["MID_JOURNEY", "NIJI_JOURNEY"] = "MID_JOURNEY"  # noqa: N815


class Describe(Strict):
    base64: str
    botType: Literal["MID_JOURNEY", "NIJI_JOURNEY"] = "MID_JOURNEY"  # noqa: N815


class Edits(Strict):
    prompt: str = Field(min_length=1)
    image: str
    botType: Literal["MID_JOURNEY", "NIJI_JOURNEY"] = "MID_JOURNEY"  # noqa: N815


class Change(Strict):
    taskId: str  # noqa: N815
    action: Literal["UPSCALE", "VARIATION", "REROLL"]
    index: int = Field(ge=1, le=4)


class Action(Strict):
    taskId: str  # noqa: N815
    customId: str  # noqa: N815
    enableRemix: bool = False  # noqa: N815


class Modal(Strict):
    taskId: str  # noqa: N815
    prompt: str = Field(min_length=1)
    maskBase64: str | None = None  # noqa: N815


SHAPES: Mapping[str, type[Strict]] = {
    "imagine": Imagine,
    "blend": Blend,
    "describe": Describe,
    "edits": Edits,
    "change": Change,
    "action": Action,
    "modal": Modal,
}


@dataclass(slots=True)
class Work:
    """One task. `size` is that of one picture; `pictures` is how many there are, none for a description."""

    id: str
    action: str
    size: tuple[int, int]
    pictures: int
    prompt: str = ""
    window: str | None = None  # the button whose window waits
    cancelled: bool = False
    large: bool = False

    @property
    def buttons(self) -> list[str]:
        key = f"{int(self.id):08x}-7c18-4762-bf03-8e428fee1860"
        if self.pictures > 1:
            pairs = [f"MJ::JOB::{what}::{n}::{key}" for what in ("upsample", "variation") for n in range(1, 5)]
            return [*pairs, f"MJ::JOB::reroll::0::{key}::SOLO"]
        if not self.pictures:
            return [f"MJ::Job::PicReader::{n}" for n in range(1, 5)]
        varied = [f"MJ::JOB::{what}_variation::1::{key}::SOLO" for what in ("low", "high")]
        if self.large:
            return varied
        scaled = [f"MJ::JOB::upsample_v7_2x_{what}::1::{key}::SOLO" for what in ("subtle", "creative")]
        zooms = [f"MJ::Outpaint::{share}::1::{key}::SOLO" for share in (50, 75)]
        square = [] if self.size[0] == self.size[1] else [f"MJ::Outpaint::100::1::{key}::SOLO"]
        pans = [f"MJ::JOB::pan_{way}::1::{key}::SOLO" for way in ("left", "right", "up", "down")]
        return [*scaled, *varied, f"MJ::Inpaint::1::{key}::SOLO", *zooms, *square, f"MJ::CustomZoom::{key}", *pans]


@dataclass(slots=True)
class MjProxyDouble(Double):
    """`pressed` lists the buttons, `windows` what was written into those that open, `asked_for` the rest. `code` is said to all that comes,
    with `description`. `fails`: what tasks end with. `remix`: the account opens a window for each variation. `forgetful`: no task is
    known any more."""

    kind: Kind = Kind.PLUS
    tasks: dict[str, Work] = field(default_factory=dict[str, Work])
    pressed: list[str] = field(default_factory=list[str])
    windows: list[Modal] = field(default_factory=list[Modal])
    asked_for: list[Strict] = field(default_factory=list[Strict])
    code: int | None = None
    description: str = "提交成功"
    fails: str | None = None
    remix: bool = False
    forgetful: bool = False
    losing: int = 0
    prefixes: list[str] = field(default_factory=list[str])

    def routes(self) -> Iterable[web.RouteDef]:
        names = ["imagine", "blend", "describe"]
        names += ["change"] if self.kind is Kind.PLAIN else ["action", "modal", "edits"]
        for prefix in PREFIXES:
            for name in names:
                yield web.post(f"{prefix}/submit/{name}", self._submit)
            yield web.get(f"{prefix}/task/{{id}}/fetch", self._fetch)
            if self.kind is Kind.PLAIN:
                yield web.get(f"{prefix}/task/queue", self._queue)
            else:
                yield web.post(f"{prefix}/task/{{id}}/cancel", self._cancel)
        yield web.get("/cdn/{name}", self._file)

    def is_work(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path.rpartition("/")[2] in WORK

    def admits(self, request: web.Request) -> bool:
        return request.path.startswith("/cdn/") or request.headers.get("mj-api-secret") == self.key

    def error(self, status: int, message: str) -> web.Response:
        return web.json_response({"code": 9, "description": message}, status=status)

    def _no(self, code: int, description: str, **properties: Any) -> web.Response:
        return web.json_response({"code": code, "description": description, "result": None, "properties": properties})

    async def lost(self) -> None:
        """Waits until all that is to be lost was asked for."""
        await self.until(lambda: self.losing == 0)

    # What comes in

    async def _submit(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        body = await request.json()
        if body == {"taskId": "", "customId": ""}:
            return self._no(4, "参数错误")
        self.prefixes.append(request.path.partition("/submit")[0])
        try:
            asked = SHAPES[name].model_validate(body)
            self._check(asked)
        except (ValidationError, ValueError, OSError) as error:
            self.wrong(f"{name}: {error}")
            return self._no(4, "参数错误")
        if self.mischief is Mischief.REFUSED:
            return self._no(24, "可能包含敏感词", promptEn="", bannedWord="gore")
        if self.code is not None:
            return self._no(self.code, self.description)
        return await self._begun(asked)

    def _check(self, asked: Strict) -> None:
        if isinstance(asked, Imagine | Edits):
            given = read(asked.prompt)
            if "zoom" in given:
                raise ValueError("--zoom outside of its window")
            if "iw" in given and not (isinstance(asked, Imagine) and asked.base64Array):
                raise ValueError("--iw without a picture")
            if ("niji" in given) is not (asked.botType == "NIJI_JOURNEY"):
                raise ValueError(f"{asked.botType} for {asked.prompt}")
        for text in getattr(asked, "base64Array", []):
            opened(text)
        if isinstance(asked, Describe):
            opened(asked.base64)
        if isinstance(asked, Edits) and opened(asked.image).getchannel("A").getextrema()[0] != 0:
            raise ValueError("nothing is transparent, so nothing is to be painted")

    async def _begun(self, asked: Strict) -> web.Response:
        self.asked_for.append(asked)
        match asked:
            case Action():
                return await self._press(asked)
            case Modal():
                return await self._filled(asked)
            case Change():
                parent = self.tasks.get(asked.taskId)
                if parent is None or self.forgetful:
                    return self._no(3, "关联任务不存在或已失效")
                return await self._new(asked.action, parent.size, 1 if asked.action == "UPSCALE" else 4, parent.prompt)
            case Describe():
                return await self._new("DESCRIBE", (SIDE, SIDE), 0)
            case Blend():
                sizes = {"PORTRAIT": (96, 144), "SQUARE": (SIDE, SIDE), "LANDSCAPE": (144, 96)}
                return await self._new("BLEND", sizes[asked.dimensions], 4)
            case Edits():
                return await self._new("EDIT", opened(asked.image).size, 4, asked.prompt)
            case Imagine():
                return await self._new("IMAGINE", shape(asked.prompt), 4, asked.prompt)
            case _:
                raise AssertionError(asked)

    async def _new(
        self, action: str, size: tuple[int, int], pictures: int, prompt: str = "", **more: Any
    ) -> web.Response:
        task = Work(str(1320098173412546 + len(self.tasks)), action, size, pictures, prompt, **more)
        self.tasks[task.id] = task
        if task.window is None:
            self._works += 1
            await self.changed()
            waits = len(self.tasks) % 2 == 0
            return self._accepted(22 if waits else 1, task, numberOfQueues=1)
        return self._accepted(21, task, description="Waiting for window confirm", remix=True, finalPrompt=prompt)

    def _accepted(self, code: int, task: Work, description: str = "提交成功", **properties: Any) -> web.Response:
        body = {"code": code, "description": description, "result": task.id, "properties": properties}
        return web.json_response(body)

    async def _press(self, asked: Action) -> web.Response:
        parent = self.tasks.get(asked.taskId)
        if parent is None or self.forgetful:
            return web.json_response({"code": 3, "description": "关联任务不存在或已失效"}, status=404)
        if asked.customId not in parent.buttons:
            self.wrong(f"{parent.action} has no button {asked.customId}")
            return self._no(4, "参数错误")
        button = re.sub(r"::[0-9a-f]{8,}-.*", "", asked.customId).removeprefix("MJ::").removeprefix("JOB::")
        button = button if button.startswith(("upsample::", "variation::")) else button.removesuffix("::1")
        self.pressed.append(button)
        varied = "variation" in button
        if button.startswith(("Inpaint", "CustomZoom")) or (varied and (self.remix or asked.enableRemix)):
            return await self._new("ACTION", parent.size, 4, parent.prompt, window=button)
        if button.startswith("upsample::"):
            return await self._new("UPSCALE", parent.size, 1, parent.prompt)
        if button.startswith("upsample_"):
            size = (2 * parent.size[0], 2 * parent.size[1])
            return await self._new("ACTION", size, 1, parent.prompt, large=True)
        return await self._new("ACTION", grown(parent.size, button), 4, parent.prompt)

    async def _filled(self, asked: Modal) -> web.Response:
        task = self.tasks.get(asked.taskId)
        if task is None or task.window is None:
            self.wrong(f"no window waits at {asked.taskId}")
            return self._no(3, "关联任务不存在或已失效")
        try:
            given = read(asked.prompt)
            if ("zoom" in given) is not task.window.startswith("CustomZoom"):
                raise ValueError(f"{task.window}: {asked.prompt}")
            if task.window.startswith("Inpaint") is not (asked.maskBase64 is not None):
                raise ValueError(f"{task.window} with a mask, or without one")
            if asked.maskBase64 is not None:
                mask = opened(asked.maskBase64)
                if mask.mode != "L" or not {255} <= {*np.unique(np.asarray(mask)).tolist()} <= {0, 255}:
                    raise ValueError(f"a mask of mode {mask.mode} with other values than black and white")
        except (ValueError, OSError) as error:
            self.wrong(str(error))
            return self._no(4, "参数错误")
        self.windows.append(asked)
        task.window, task.prompt = None, asked.prompt
        self._works += 1
        await self.changed()
        return self._accepted(1, task)

    # What goes out

    async def _queue(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _fetch(self, request: web.Request) -> web.Response:
        task = self.tasks[request.match_info["id"]]
        body: dict[str, Any] = {"id": task.id, "action": task.action, "prompt": task.prompt, "failReason": None}
        if (reason := self._failure(task)) is not None:
            return web.json_response(body | {"status": "FAILURE", "failReason": reason, "progress": "100%"})
        if task.window is not None:
            return web.json_response(body | {"status": "MODAL", "progress": ""})
        if not self._gate.is_set():
            link = f"{self.url}/cdn/{task.id}.preview.webp"
            return web.json_response(body | {"status": "IN_PROGRESS", "progress": "47%", "imageUrl": link})
        return web.json_response(body | {"status": "SUCCESS", "progress": "100%"} | self._result(task))

    def _failure(self, task: Work) -> str | None:
        if task.cancelled:
            return "取消任务"
        version = re.search(r"--v ([\d.]+)", task.prompt)
        if self.mischief is Mischief.NO_MODEL or (version and version.group(1) not in VERSIONS):
            return "Invalid parameter: `--v 99` is no valid version"
        return self.fails

    def _result(self, task: Work) -> dict[str, Any]:
        if not task.pictures:
            final = "" if self.mischief is Mischief.NOTHING else DESCRIPTION
            return {"properties": {"finalPrompt": final}, "imageUrl": f"{self.url}/cdn/{task.id}.0.png"}
        result: dict[str, Any] = {"properties": {"finalPrompt": task.prompt}}
        if self.kind is not Kind.PLAIN:
            result["buttons"] = [
                {"customId": one, "emoji": "", "label": "", "type": 2, "style": 2} for one in task.buttons
            ]
        if self.mischief is Mischief.NOTHING:
            return result
        result["imageUrl"] = f"{self.url}/cdn/{task.id}.0.png"
        if self.kind is Kind.PARTNER:
            count = task.pictures - (self.mischief is Mischief.FEWER and task.pictures > 1) * 3
            count = max(count, 2) if task.pictures > 1 else 1
            links = [f"{self.url}/cdn/{task.id}.{index + 1}.png" for index in range(count)]
            result["imageUrls"] = [{"url": link, "thumbnail": link} for link in links]
        return result

    async def _cancel(self, request: web.Request) -> web.Response:
        self.tasks[request.match_info["id"]].cancelled = True
        await self.stop()
        return web.Response()

    async def _file(self, request: web.Request) -> web.Response:
        if "mj-api-secret" in request.headers:
            self.wrong("the secret goes along with a link")
        if self.losing:
            self.losing -= 1
            await self.changed()
            raise web.HTTPNotFound
        handle, which = request.match_info["name"].split(".")[:2]
        task = self.tasks[handle]
        if which == "preview":
            return web.Response(body=picture(64, 64, 0, "WEBP"), content_type="image/webp")
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        grid = which == "0" and task.pictures > 1
        data = gridded(task.size, form) if grid else grey(task.size, max(0, int(which) - 1), form)
        return web.Response(body=spoiled(data, self.mischief), content_type="image/png")


DESCRIPTION = "1️⃣ a lighthouse at dusk --ar 3:2\n\n2️⃣ a tower by the sea\n\n3️⃣ fog, oil on canvas\n\n4️⃣ waves, by a painter"


def read(prompt: str) -> dict[str, str]:
    """A prompt's parameters, as Midjourney reads them. Raises `ValueError` for what it would not take."""
    given: dict[str, str] = {}
    words, *rest = re.split(r"\s--(?=[a-z])", f" {prompt}")
    if not words.strip():
        raise ValueError(f"no words: {prompt}")
    for one in rest:
        name, _, value = one.partition(" ")
        if name in given or name not in PARAMETERS or not re.fullmatch(PARAMETERS[name], value.strip()):
            raise ValueError(f"--{one} of {prompt}")
        given[name] = value.strip()
    if "v" in given and "niji" in given:
        raise ValueError(prompt)
    return given


def shape(prompt: str) -> tuple[int, int]:
    """One picture's size."""
    across, down = map(int, read(prompt).get("ar", "1:1").split(":"))
    side = SIDE / math.sqrt(across * down)
    return max(8, round(across * side / 8) * 8), max(8, round(down * side / 8) * 8)


def grown(size: tuple[int, int], button: str) -> tuple[int, int]:
    width, height = size
    if button.startswith(("pan_left", "pan_right")):
        return width * 3 // 2, height
    if button.startswith("pan_"):
        return width, height * 3 // 2
    return (max(size), max(size)) if button.startswith("Outpaint::100") else size


def opened(text: str) -> Image.Image:
    if not text.startswith("data:image/"):
        raise ValueError("base64格式错误")
    return decoded_picture(text)


def gridded(size: tuple[int, int], form: str) -> bytes:
    """Four pictures in one, each of a grey of its own."""
    whole = Image.new("RGB", (2 * size[0], 2 * size[1]))
    for index in range(4):
        row, column = divmod(index, 2)
        whole.paste(Image.open(io.BytesIO(grey(size, index, "PNG"))), (column * size[0], row * size[1]))
    buffer = io.BytesIO()
    whole.save(buffer, form)
    return buffer.getvalue()


def grey(size: tuple[int, int], index: int, form: str) -> bytes:
    """A grey of its own for each picture of a task, with noise, so that it is no small file."""
    random = np.random.default_rng(index)
    pixels = random.integers(0, 16, (size[1], size[0], 3), dtype=np.uint8) + np.uint8(40 + 50 * index)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, form)
    return buffer.getvalue()


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings = MjProxySettings(url=double.url, secret=SecretStr(key), timeout=timeout, **changes)
    return MjProxy(settings, poll_seconds=0.01)


WITHOUT_BUTTONS = {Operation.GENERATE, Operation.VARY, Operation.BLEND, Operation.DESCRIBE, Operation.UPSCALE}
WITH_BUTTONS = WITHOUT_BUTTONS | {Operation.INPAINT, Operation.OUTPAINT}
FIXED = "its versions are a setting: a proxy lists none"
WHOLE = "a grid always holds four pictures"


def rig(kind: Kind, operations: Iterable[Operation], cannot: Mapping[Case | Mischief, str]) -> Rig:
    return Rig(
        name="mjproxy",
        variant=kind,
        double=lambda: MjProxyDouble(kind=kind),
        backend=backend,
        operations=frozenset(operations),
        url_setting="LIENZO_MJPROXY_URL",
        key_setting="LIENZO_MJPROXY_SECRET",
        model_setting="LIENZO_MJPROXY_MODEL",
        model="6.1",
        cannot={Case.REFRESH: FIXED, **cannot},
    )


RIGS = (
    rig(Kind.PLUS, WITH_BUTTONS, {Mischief.FEWER: WHOLE}),
    rig(Kind.PARTNER, WITH_BUTTONS, {}),
    rig(Kind.PLAIN, WITHOUT_BUTTONS, {Mischief.FEWER: WHOLE, Case.STOP: "the older proxies can't stop a task"}),
)
