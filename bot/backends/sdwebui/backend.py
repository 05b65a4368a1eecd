"""The backend: looks at its server, asks it, follows and stops what it does."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result
from bot.backends.sdwebui.answers import Caption, Checkpoint, Enlarged, Named, Pictures, Task, Whole
from bot.backends.sdwebui.payload import alike, enlarged, lora_files, picture, tags, together, unwanted, weighted
from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.web import Account, Encoded, Failure, Names, Web, broken, json_body
from bot.errors import BackendBroken, BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from bot.i18n import T, Text

NAME = "sdwebui"
LOOK_SECONDS = 15.0  # for a question that is answered at once
POLL_SECONDS = 1.0
CHASE_SECONDS = 600.0  # how long a cancelled task that still waits its turn is watched
MAX_TEXT = 32 << 20  # a list of LoRAs comes with all that was noted in training them
UPSCALERS = ("r-esrgan", "esrgan", "swinir", "dat", "lanczos")  # the first that there is, by a part of its name
A = TypeVar("A")
Tell = Callable[[], None]


class SdWebUiSettings(BackendSettings):
    """`LIENZO_SDWEBUI_…`"""

    model_config = prefixed(NAME)

    url: Address = "http://127.0.0.1:7860"
    user: str = ""
    password: SecretStr = SecretStr("")
    model: str = ""
    sampler: str = ""
    upscaler: str = ""
    steps: int = Field(default=25, ge=1, le=150)
    cfg: float = Field(default=7.0, ge=0, le=30)
    side: int = Field(default=1024, ge=256, le=2048, multiple_of=8)
    batch: int = Field(default=4, ge=1, le=4)
    timeout: float = Field(default=900, gt=0)


@dataclass(frozen=True, slots=True)
class Server:
    """What one server turned out to be able to. `tasks`: it follows one task by id; `whole`: it shows what it does. `loras` are names
    with their paths."""

    tasks: bool
    whole: bool
    captions: str | None
    enlarges: bool
    models: tuple[str, ...]
    samplers: tuple[str, ...]
    loras: Mapping[str, str]
    styles: tuple[str, ...]
    upscalers: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """`sd-server`."""
        return not (self.tasks or self.whole)


@dataclass(slots=True)
class Call:
    """One request to the server while it runs, and how far it is.

    A server that did nothing when it came works on nothing else until it is answered.
    """

    task: str
    idle_before: bool = False
    preview: int = -1
    fraction: float = 0.0
    picture: Path | None = None


class Missing(BackendRejected):
    """The server has no such route, or nothing of the name that was asked for."""


class Unfit(BackendUnavailable):
    """The server could not put its own answer into words, as SD.Next can't for an enlarged picture."""


class SdWebUi:
    """One server. Its requests run one after the other, as that is how it serves them."""

    name = NAME

    def __init__(self, settings: SdWebUiSettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._settings = settings
        self._poll_seconds = poll_seconds
        self._server: Server | None = None
        self._chases: set[asyncio.Task[None]] = set()
        names = Names(url=settings.setting("url"), key=settings.setting("password"), model=settings.setting("model"))
        basic = (settings.user, settings.password) if settings.user else None
        self._web = Web(
            Account(backend=NAME, url=settings.url, names=names, basic=basic, max_text=MAX_TEXT, explain=explain)
        )

    async def close(self) -> None:
        for chase in self._chases:
            chase.cancel()
        await asyncio.gather(*self._chases, return_exceptions=True)
        await self._web.close()

    # What it can do

    async def capabilities(self) -> Capabilities:
        server = self._server = await self._look()
        operations = {Operation.GENERATE, Operation.VARY, Operation.INPAINT}
        operations |= {Operation.UPSCALE} if server.enlarges else set()
        operations |= {Operation.DESCRIBE} if server.captions else set()
        parameters = {"seed", "no", "steps", "cfg", "sampler", "strength", "quality"}
        parameters |= set() if server.plain else {"tile"}
        parameters |= {"lora"} if server.loras else set()
        parameters |= {"style"} if server.styles else set()
        side = self._settings.side
        return Capabilities(
            operations=frozenset(operations),
            parameters=frozenset(parameters),
            models=server.models,
            samplers=server.samplers,
            loras=tuple(server.loras),
            styles=server.styles,
            upscalers=server.upscalers,
            size_step=8,
            base_side=side,
            max_side=2 * side,
            max_pixels=2 * side * side,
            max_upscaled=16 * side * side,
            previews=not server.plain,
        )

    async def _look(self) -> Server:
        """Asks what there is. Raises `BackendError` where the server is not to be had at all."""
        checkpoints = await self._get(list[Checkpoint], "/sdapi/v1/sd-models")
        names = ("samplers", "loras", "prompt-styles", "upscalers")
        samplers, loras, styles, upscalers = await asyncio.gather(*(self._list(name) for name in names))
        captions, tasks, whole, enlarges, sdnext = await asyncio.gather(
            self._has("/sdapi/v1/interrogate"),
            self._has("/internal/progress"),
            self._has("/sdapi/v1/progress"),
            self._has("/sdapi/v1/extra-single-image"),
            self._has("/sdapi/v1/openclip"),
        )
        return Server(
            tasks=tasks and not sdnext,
            whole=whole,
            captions="/sdapi/v1/openclip" if sdnext else "/sdapi/v1/interrogate" if captions else None,
            enlarges=enlarges and bool(upscalers),
            models=tuple(dict.fromkeys(one.model_name or one.title for one in checkpoints)),
            samplers=tuple(samplers),
            loras=loras,
            styles=tuple(styles),
            upscalers=tuple(name for name in upscalers if name != "None"),
        )

    async def _list(self, what: str) -> dict[str, str]:
        """The names in one of its lists, with paths; none where it has no such list, or one that can't be read."""
        try:
            return {one.name: one.path or "" for one in await self._get(list[Named], f"/sdapi/v1/{what}")}
        except (Missing, BackendBroken):
            return {}

    async def _has(self, path: str) -> bool:
        """A route that wants a POST answers 405 to a GET."""
        return await self._web.status("GET", path, seconds=LOOK_SECONDS) != 404

    async def _get(self, shape: type[A], path: str) -> A:
        return await self._web.ask(shape, "GET", path, seconds=LOOK_SECONDS)

    async def check(self) -> Text | None:
        try:
            server = self._server = await self._look()
        except Missing:
            return T("The server answers, but has no API. AUTOMATIC1111 and Forge want to be started with `--api`.")
        except BackendError as error:
            return self._web.advice(error)
        if not server.models:
            return T("The server has no model. Put a checkpoint into its folder of models.")
        wanted = self._settings.model
        if wanted and wanted not in server.models:
            setting = self._settings.setting("model")
            return T("`{setting}` names `{model}`, which the server does not have.", setting=setting, model=wanted)
        return None

    # What it is asked

    def price(self, request: Request) -> float | None:
        return 0.0

    async def submit(self, request: Request) -> str | None:
        return None

    async def cancel(self, request: Request, handle: str) -> None:
        """Nothing is ever handed in: `collect` is cancelled itself."""

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        server = self._server = self._server or await self._look()
        if request.operation is Operation.DESCRIBE:
            return await self._describe(request, server)
        if request.operation is Operation.UPSCALE:
            return await self._enlarge(request, server)
        return await self._paint(request, server, progress)

    async def _describe(self, request: Request, server: Server) -> Result:
        if server.captions is None:
            raise Missing(backend=NAME, reason="/sdapi/v1/interrogate")
        payload: dict[str, Any] = {"image": Encoded(request.images[0].path)}
        payload |= {"model": "clip"} if server.captions.endswith("interrogate") else {"mode": "fast"}
        answer = await self._post(Caption, server.captions, payload)
        return Result(texts=(answer.caption,), cost_usd=0.0)

    async def _enlarge(self, request: Request, server: Server) -> Result:
        payload = {
            "image": Encoded(request.images[0].path),
            "resize_mode": 0,
            "upscaling_resize": request.factor,
            "upscaler_1": self._upscaler(server.upscalers),
        }
        target = request.folder / "sdwebui-0"
        try:
            answer = await self._post(Enlarged, "/sdapi/v1/extra-single-image", payload, request.folder)
        except Unfit:
            path = await asyncio.to_thread(enlarged, request, target.with_suffix(".png"))
            note = T("The server failed to enlarge this, so it was enlarged here, without new detail.")
            return Result(images=(Generated(path=path, seed=request.seeds[0]),), notes=(note,), cost_usd=0.0)
        path = await self._web.named(answer.image, target)
        image = Generated(path=path, seed=request.seeds[0])
        return Result(images=(image,), model=str(payload["upscaler_1"]), cost_usd=0.0)

    def _upscaler(self, upscalers: Sequence[str]) -> str:
        if self._settings.upscaler:
            return self._settings.upscaler
        found = (name for part in UPSCALERS for name in upscalers if part in name.lower())
        return next(found, upscalers[0] if upscalers else "Lanczos")

    async def _paint(self, request: Request, server: Server, progress: Progress) -> Result:
        """Seeds that follow each other are made at once; what did not come is asked for again, for as long as something comes."""
        images: list[Generated] = []
        model = request.model or self._settings.model or None
        path = "/sdapi/v1/img2img" if request.images else "/sdapi/v1/txt2img"
        while (done := len(images)) < len(request.seeds):
            group = together(request.seeds[done:], self._settings.batch)
            call = Call(f"lienzo-{request.job_id}-{secrets.token_hex(4)}")
            payload = self._payload(request, server, group) | ({"force_task_id": call.task} if server.tasks else {})

            def tell(call: Call = call, size: int = len(group), done: int = done) -> None:
                progress.update((done + call.fraction * size) / len(request.seeds), call.picture)

            answer = await self._followed(call, server, path, payload, request.folder, tell)
            known = answer.known
            files = (answer.images or [])[known.index_of_first_image :][: len(group)]
            if not files:
                raise broken(NAME, T("no picture came. Is a model loaded there?"))
            for index, file in enumerate(files):
                named = await self._web.named(file, request.folder / f"sdwebui-{len(images)}")
                seed = known.all_seeds[index] if index < len(known.all_seeds) else group[index]
                images.append(Generated(path=named, seed=seed % (1 << 32)))
                progress.image(len(images) - 1, images[-1])
            model = known.sd_model_name or model
            progress.update(len(images) / len(request.seeds))
        return Result(images=tuple(images), model=model, notes=await self._notes(server), cost_usd=0.0)

    def _payload(self, request: Request, server: Server, group: Sequence[int]) -> dict[str, Any]:
        given = request.parameters
        sampler = str(given.get("sampler") or self._settings.sampler)
        steps = given.get("steps") or max(1, min(150, round(self._settings.steps * float(given.get("quality") or 1))))
        payload: dict[str, Any] = {
            "prompt": weighted(request) if server.plain else " ".join([weighted(request), *tags(request)]).strip(),
            "negative_prompt": unwanted(request),
            "seed": group[0],
            "batch_size": len(group),
            "n_iter": 1,
            "steps": steps,
            "cfg_scale": float(given.get("cfg", self._settings.cfg)),
            "width": request.width,
            "height": request.height,
            "send_images": True,
            "save_images": False,
        }
        payload |= {"sampler_name": sampler} if sampler else {}
        payload |= {"lora": files} if server.plain and (files := lora_files(request, server.loras)) else {}
        payload |= {"tiling": True} if given.get("tile") else {}
        payload |= {"styles": styles} if (styles := alike(given.get("style"), server.styles)) else {}
        return payload | self._model(request, server) | (picture(request) if request.images else {})

    def _model(self, request: Request, server: Server) -> dict[str, Any]:
        """With a model of ours the server stays at the one that was used last; else it goes back to its owner's choice.

        One that the server does not have it would pass over in silence.
        """
        own = self._settings.model
        if not (model := request.model or own):
            return {}
        if model not in server.models:
            raise BackendRejected(
                T(
                    "The {backend} backend has no model called {model}. Check `{setting}`.",
                    backend=NAME,
                    model=model,
                    setting=self._settings.setting("model"),
                )
            )
        settings = {"sd_model_checkpoint": model}
        return {"override_settings": settings, "override_settings_restore_afterwards": not own}

    async def _post(self, shape: type[A], path: str, payload: Mapping[str, Any], folder: Path | None = None) -> A:
        body = json_body(payload)
        return await self._web.ask(shape, "POST", path, body=body, folder=folder, seconds=self._settings.timeout)

    # While it works

    async def _followed(
        self, call: Call, server: Server, path: str, payload: Mapping[str, Any], folder: Path, tell: Tell
    ) -> Pictures:
        """The answer; `tell` is called as its making goes on. When cancelled, the server is told, if it is ours that it makes."""
        if server.plain:
            return await self._post(Pictures, path, payload, folder)
        if not server.tasks:
            call.idle_before = (state := await self._state()) is not None and state.idle
        follower = asyncio.create_task(self._follow(call, server, folder, tell))
        try:
            return await self._post(Pictures, path, payload, folder)
        except (asyncio.CancelledError, BackendTimeout):
            self._chase(call, server)
            raise
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)

    async def _state(self) -> Whole | None:
        """What the server does now; None where it does not say. What it makes is more important than how far it is."""
        with contextlib.suppress(BackendError):
            return await self._get(Whole, "/sdapi/v1/progress?skip_current_image=true")
        return None

    async def _notes(self, server: Server) -> tuple[Text, ...]:
        """A server answers with what there is when somebody stops it there, and does not say so."""
        state = await self._state() if server.whole else None
        stopped = state is not None and state.idle and state.state.interrupted
        return (T("Somebody stopped this at the server before it was finished."),) if stopped else ()

    async def _follow(self, call: Call, server: Server, folder: Path, tell: Tell) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            with contextlib.suppress(BackendError):
                if await self._working(call, server, folder):
                    tell()

    def _chase(self, call: Call, server: Server) -> None:
        chase = asyncio.create_task(self._stop(call, server))
        self._chases.add(chase)
        chase.add_done_callback(self._chases.discard)

    async def _stop(self, call: Call, server: Server) -> None:
        """Interrupts the task, if need be when its turn comes. What is not known to be ours is let alone."""
        with contextlib.suppress(BackendError, TimeoutError):
            async with asyncio.timeout(CHASE_SECONDS):
                while True:
                    working = await self._working(call, server, None)
                    if working is not None:
                        break
                    await asyncio.sleep(self._poll_seconds)
                if working:
                    await self._web.status("POST", "/sdapi/v1/interrupt", seconds=LOOK_SECONDS)

    async def _working(self, call: Call, server: Server, folder: Path | None) -> bool | None:
        """Whether it is ours that the server works on; None while ours still waits. Keeps how far it is, and with a folder its preview."""
        if server.tasks:
            return await self._task(call, folder)
        query = "false" if folder else "true"
        path = f"/sdapi/v1/progress?skip_current_image={query}"
        whole = await self._web.ask(Whole, "GET", path, folder=folder, seconds=LOOK_SECONDS)
        if not call.idle_before or whole.idle:
            return False
        await self._seen(call, whole.progress, whole.current_image, folder)
        return True

    async def _task(self, call: Call, folder: Path | None) -> bool | None:
        payload = {"id_task": call.task, "id_live_preview": call.preview, "live_preview": folder is not None}
        body = json_body(payload)
        task = await self._web.ask(Task, "POST", "/internal/progress", body=body, folder=folder, seconds=LOOK_SECONDS)
        if task.active:
            call.preview = task.id_live_preview if task.id_live_preview is not None else -1
            await self._seen(call, task.progress or 0.0, task.live_preview, folder)
        return None if task.queued else task.active

    async def _seen(self, call: Call, fraction: float, picture: Path | None, folder: Path | None) -> None:
        call.fraction = min(1.0, max(0.0, fraction))
        if picture is not None and folder is not None:
            call.picture = await self._web.named(picture, folder / "preview")


def explain(failure: Failure) -> BackendError | None:
    """What these servers say in their own way."""
    if failure.status in (404, 405):
        return Missing(backend=NAME, reason=failure.reason or f"HTTP {failure.status}")
    if failure.code("error").endswith("ValidationError") and failure.status >= 500:
        return Unfit(backend=NAME)
    if "OutOfMemory" in failure.code("error"):
        return BackendRejected(
            T("The graphics card ran out of memory. Ask for a smaller picture, or for fewer at once.")
        )
    return None
