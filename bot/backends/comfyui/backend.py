"""The backend: looks at its server, hands prompts in and follows them."""

import asyncio
import base64
import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr, ValidationError

from bot.backends.base import Capabilities, Operation, Progress, Request, Result
from bot.backends.comfyui.answers import Accepted, Denied, Info, Uploaded, texts
from bot.backends.comfyui.following import LOOK_SECONDS, Watch, drop
from bot.backends.comfyui.library import ENLARGE, KINDS, library
from bot.backends.comfyui.payload import matching, sampled, shown, usual, values
from bot.backends.comfyui.settings import NAME, ComfyUiSettings
from bot.backends.comfyui.socket import Socket
from bot.backends.comfyui.workflow import Plan, Workflow, planned
from bot.backends.web import Account, Failure, FormFile, Names, Web, broken, form_body, is_near, json_body
from bot.errors import BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from bot.i18n import T, Text

POLL_SECONDS = 5.0  # between two looks at a prompt of which there is no news
STOP_SECONDS = 3.0  # that are given, at the end, to what was still to be stopped
CREATIVE = 0.4  # the strength from which an upscale paints
MAX_TEXT = 64 << 20  # the queue carries everybody's graphs
FOLDER = "lienzo"  # of uploads, on the server
#: By a part of its name: the first upscaler that there is.
UPSCALERS = ("ultrasharp", "realesrgan", "esrgan", "4x", "swinir", "dat")
#: The parameters of the prompt that go into each slot.
HONOURED: Mapping[str, tuple[str, ...]] = {
    "seed": ("seed",),
    "negative": ("no",),
    "steps": ("steps",),
    "cfg": ("cfg",),
    "sampler": ("sampler",),
    "strength": ("strength",),
}
A = TypeVar("A")


class TooLong(BackendTimeout):
    """It was stopped at the server, after a time that the operator set."""

    retry = False


@dataclass(frozen=True, slots=True)
class Server:
    """What there is on one server, by its own names."""

    models: tuple[str, ...]
    samplers: tuple[str, ...]
    schedulers: tuple[str, ...]
    loras: tuple[str, ...]
    upscalers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The workflow for a request, and what else it goes by. `model` is what the user is told."""

    workflow: Workflow
    values: Mapping[str, Any]
    loras: tuple[tuple[str, float], ...] = ()
    model: str | None = None
    notes: tuple[Text, ...] = ()


class ComfyUi:
    """One server. It does one prompt at a time, for whomever."""

    name = NAME

    def __init__(self, settings: ComfyUiSettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._settings = settings
        self._poll_seconds = poll_seconds
        self._library = library(settings.workflows, settings.setting("workflows"))
        self._server: Server | None = None
        self._session: aiohttp.ClientSession | None = None
        self._chases: set[asyncio.Task[None]] = set()
        self._headers = _headers(settings)
        names = Names(
            url=settings.setting("url"),
            key=settings.setting("password" if settings.user else "key"),
            model=settings.setting("model"),
        )
        hidden = (settings.key, settings.password)
        self._web = Web(
            Account(
                backend=NAME,
                url=settings.url,
                names=names,
                headers=self._headers,
                secrets=hidden,
                max_text=MAX_TEXT,
                explain=explain,
            )
        )

    async def close(self) -> None:
        if self._chases:
            await asyncio.wait(self._chases, timeout=STOP_SECONDS)
        for chase in self._chases:
            chase.cancel()
        await asyncio.gather(*self._chases, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        await self._web.close()

    # What it can do

    async def capabilities(self) -> Capabilities:
        server = self._server = await self._look()
        default = self._library.family(self._family(self._settings.model))
        slots = {slot for workflow in default.values() for slot in workflow.slots}
        parameters = {name for slot in slots for name in HONOURED.get(slot, ())}
        parameters |= {"quality"} if any(not w.own and "steps" in w.slots for w in default.values()) else set()
        parameters |= {"lora"} if server.loras and any(w.loras for w in default.values()) else set()
        side = self._settings.side
        return Capabilities(
            operations=frozenset(default),
            parameters=frozenset(parameters),
            models=(*self._library.names, *map(shown, server.models)),
            samplers=server.samplers,
            loras=tuple(map(shown, server.loras)),
            upscalers=tuple(map(shown, server.upscalers)),
            max_inputs=max((workflow.images for workflow in default.values()), default=1),
            size_step=8,
            base_side=side,
            max_side=2 * side,
            max_pixels=2 * side * side,
            max_upscaled=16 * side * side,
            previews=True,
            resumable=True,
        )

    async def _look(self) -> Server:
        """Asks what there is. Raises `BackendError`."""
        names = ("CheckpointLoaderSimple", "KSampler", "LoraLoader", "UpscaleModelLoader")
        models, sampler, loras, upscalers = [await self._info(name) for name in names]
        return Server(
            models=models.choices("ckpt_name") if models else (),
            samplers=sampler.choices("sampler_name") if sampler else (),
            schedulers=sampler.choices("scheduler") if sampler else (),
            loras=loras.choices("lora_name") if loras else (),
            upscalers=upscalers.choices("model_name") if upscalers else (),
        )

    async def _info(self, node: str) -> Info | None:
        """A node's class; None where the server has no such node."""
        return (await self._get(dict[str, Info], f"/object_info/{node}")).get(node)

    async def _get(self, shape: type[A], path: str) -> A:
        return await self._web.ask(shape, "GET", path, seconds=LOOK_SECONDS)

    async def check(self) -> Text | None:
        try:
            server = self._server = await self._look()
            return self._complaint(server) or await self._missing_nodes()
        except BackendError as error:
            return self._web.advice(error)

    def _complaint(self, server: Server) -> Text | None:
        wanted, setting = self._settings.model, self._settings.setting("model")
        if wanted and not self._family(wanted) and matching(wanted, server.models) is None:
            return T("`{setting}` names `{model}`, which the server does not have.", setting=setting, model=wanted)
        default = self._library.find(self._family(wanted), KINDS[Operation.GENERATE])
        if default is not None and default.empty("model") and not server.models:
            return T("The server has no model. Put a checkpoint into its folder of models.")
        return None

    async def _missing_nodes(self) -> Text | None:
        """A node that the operator's workflows are made of, and the server does not have."""
        for workflow in self._library.all():
            for node in sorted(workflow.classes) if workflow.own else ():
                if await self._info(node) is None:
                    return T(
                        "The workflow {file} needs the node {node}, which the server does not have.",
                        file=workflow.name,
                        node=node,
                    )
        return None

    # What it is asked

    def price(self, request: Request) -> float | None:
        return 0.0

    async def submit(self, request: Request) -> str | None:
        return await self._hand_in(request, str(uuid.uuid4()))

    async def cancel(self, request: Request, handle: str) -> None:
        await drop(self._web, handle)

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        prompt_id = handle or await self._hand_in(request, str(uuid.uuid4()))
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._follow(request, prompt_id, progress)
        except TimeoutError:
            self._chase(prompt_id)
            raise TooLong(backend=NAME) from None
        except asyncio.CancelledError:
            self._chase(prompt_id)
            raise

    async def _follow(self, request: Request, prompt_id: str, progress: Progress) -> Result:
        chosen = await self._chosen(request)

        async def again() -> None:
            await self._hand_in(request, prompt_id)

        async with Socket(self._connections(), self._settings.url, prompt_id, self._headers) as socket:
            plan = _plan(chosen, request)
            watch = Watch(self._web, socket, prompt_id, plan, request, progress, again, self._poll_seconds)
            entry = await watch.over()
            if request.operation is Operation.DESCRIBE:
                return self._described(entry.outputs)
            images = await watch.rest(entry)
        if not images:
            raise broken(NAME, T("no picture came. Does the workflow save one?"))
        return Result(images=images, model=chosen.model, notes=chosen.notes, cost_usd=0.0)

    def _described(self, outputs: Mapping[str, Mapping[str, Any]]) -> Result:
        found = tuple(dict.fromkeys(text for output in outputs.values() for text in texts(output)))
        if not found:
            raise broken(NAME, T("no words came. Does the workflow show them?"))
        return Result(texts=found[:4], cost_usd=0.0)

    async def _hand_in(self, request: Request, prompt_id: str) -> str:
        """The id under which the server knows it: ours, but for old ones, which give their own."""
        chosen = await self._chosen(request)
        plan = _plan(chosen, request, await self._uploaded(request, chosen.workflow))
        body = json_body({"prompt": plan.graph, "prompt_id": prompt_id, "client_id": prompt_id})
        try:
            answer = await self._web.ask(Accepted, "POST", "/prompt", body=body, seconds=LOOK_SECONDS)
        except (asyncio.CancelledError, BackendTimeout, BackendUnavailable):
            self._chase(prompt_id)  # it may have arrived
            raise
        return answer.prompt_id

    async def _uploaded(self, request: Request, workflow: Workflow) -> dict[str, str]:
        """The request's pictures on the server, by slot: those that the workflow asks for."""
        slots = {"image" if at == 0 else f"image{at + 1}": image.path for at, image in enumerate(request.images)}
        slots |= {"mask": request.mask} if request.mask is not None else {}
        return {slot: await self._upload(request, slot, path) for slot, path in slots.items() if slot in workflow.slots}

    async def _upload(self, request: Request, slot: str, path: Path) -> str:
        file = FormFile(path, f"{request.job_id}-{slot}{path.suffix}")
        body = form_body([("image", file), ("type", "temp"), ("subfolder", FOLDER)])
        answer = await self._web.ask(Uploaded, "POST", "/upload/image", body=body, seconds=LOOK_SECONDS * 8)
        return answer.reference

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            near = is_near(urlsplit(self._settings.url).hostname or "")
            self._session = aiohttp.ClientSession(trust_env=not near)
        return self._session

    def _chase(self, prompt_id: str) -> None:
        chase = asyncio.create_task(self._stop(prompt_id))
        self._chases.add(chase)
        chase.add_done_callback(self._chases.discard)

    async def _stop(self, prompt_id: str) -> None:
        with contextlib.suppress(BackendError):
            await drop(self._web, prompt_id)

    # Which workflow

    def _family(self, model: str) -> str:
        """The operator's workflows of this name; the built-in ones where it is no such name."""
        return matching(model, self._library.names) or ""

    async def _chosen(self, request: Request) -> Chosen:
        """Raises `BackendRejected` where there is nothing of a name that was asked for."""
        server = self._server = self._server or await self._look()
        wanted = request.model or self._settings.model
        family = self._family(wanted)
        workflow, notes = self._workflow(request, family, server)
        found = values(request, {} if workflow.own else usual(self._settings))
        if sampler := request.parameters.get("sampler"):
            if (known := sampled(str(sampler), server.samplers, server.schedulers)) is None:
                raise BackendRejected(
                    T("The {backend} backend has no sampler called {sampler}.", backend=NAME, sampler=sampler)
                )
            found |= known
        model = None
        if not family and "model" in workflow.slots and (wanted or workflow.empty("model")):
            model = found["model"] = self._model(wanted, server)
        if "upscaler" in workflow.slots and server.upscalers:
            upscaler = found["upscaler"] = self._upscaler(server)
            model = model or upscaler
        name = family or (shown(model) if model else None)
        return Chosen(workflow, found, self._loras(request, server), name, notes)

    def _workflow(self, request: Request, family: str, server: Server) -> tuple[Workflow, tuple[Text, ...]]:
        kind = KINDS[request.operation]
        workflow = self._library.find(family, kind)
        if workflow is None:
            raise BackendRejected(
                T(
                    "The workflow {name} can't do that: there is no `{file}` in `{setting}`.",
                    name=family or kind,
                    file=f"{family}.{kind}.json".lstrip("."),
                    setting=self._settings.setting("workflows"),
                )
            )
        if workflow.own or request.operation is not Operation.UPSCALE:
            return workflow, ()
        paints = self._library.find(family, KINDS[Operation.VARY])
        small = request.width * request.height <= (2 * self._settings.side) ** 2
        if request.strength >= CREATIVE and paints is not None and small:
            return paints, ()
        plain = self._library.find("", ENLARGE)
        if server.upscalers or plain is None:
            return workflow, ()
        return plain, (T("The server has no upscaler, so this was enlarged without new detail."),)

    def _model(self, wanted: str, server: Server) -> str:
        if not wanted and server.models:
            return server.models[0]
        if (model := matching(wanted, server.models)) is None:
            raise BackendRejected(
                T(
                    "The {backend} backend has no model called {model}. Check `{setting}`.",
                    backend=NAME,
                    model=wanted or "?",
                    setting=self._settings.setting("model"),
                )
            )
        return model

    def _upscaler(self, server: Server) -> str:
        """The one of the settings, else the first good one."""
        if self._settings.upscaler:
            return matching(self._settings.upscaler, server.upscalers) or self._settings.upscaler
        found = (name for part in UPSCALERS for name in server.upscalers if part in name.lower())
        return next(found, server.upscalers[0])

    def _loras(self, request: Request, server: Server) -> tuple[tuple[str, float], ...]:
        found: list[tuple[str, float]] = []
        for name, weight in request.parameters.get("lora", ()):
            if (lora := matching(name, server.loras)) is None:
                raise BackendRejected(T("The {backend} backend has no LoRA called {name}.", backend=NAME, name=name))
            found.append((lora, weight))
        return tuple(found)


def _plan(chosen: Chosen, request: Request, uploaded: Mapping[str, str] | None = None) -> Plan:
    return planned(chosen.workflow, {**chosen.values, **(uploaded or {})}, chosen.loras, request.seeds)


def _headers(settings: ComfyUiSettings) -> dict[str, SecretStr]:
    """What a proxy before the server wants; the websocket needs the same."""
    if settings.user:
        login = f"{settings.user}:{settings.password.get_secret_value()}".encode()
        return {"Authorization": SecretStr(f"Basic {base64.b64encode(login).decode()}")}
    key = settings.key.get_secret_value()
    return {"Authorization": SecretStr(f"Bearer {key}")} if key else {}


def explain(failure: Failure) -> BackendError | None:
    """The server looks at every node before it takes a graph, and says of each what is wrong with it."""
    try:
        denied = Denied.model_validate(failure.data)
    except ValidationError:
        return None
    if denied.of_model:
        setting = ComfyUiSettings.setting("model")
        return BackendRejected(
            T(
                "The {backend} backend does not have this model any more. Check `{setting}`. It said: {reason}",
                backend=NAME,
                setting=setting,
                reason=denied.reason,
            )
        )
    return BackendRejected(backend=NAME, reason=denied.reason)
