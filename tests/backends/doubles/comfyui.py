"""A ComfyUI server: one prompt after the other, whoever hands it in; events go to the websocket of the client that did."""

import asyncio
import contextlib
import io
import struct
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from aiohttp import web
from PIL import Image
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from bot.backends.base import Backend, Operation
from bot.backends.comfyui import ComfyUi, ComfyUiSettings
from tests.backends.contract import Rig
from tests.backends.doubles.comfyui_nodes import KINDS, Choice, Kind, Mismatch, Number, Taken
from tests.backends.doubles.server import KEY, Double, Mischief, picture, spoiled

STEPS = 4  # of a sampler that are shown, whatever was asked for
HELD = 2  # the step at which it waits for the gate
CLASSIC = "LoraLoader"  # its choices are told in the older way, the others' in the newer


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class GraphNode(Strict):
    class_type: str
    inputs: dict[str, Any]


class Prompt(Strict):
    prompt: dict[str, GraphNode]
    prompt_id: str
    client_id: str


class Deletion(Strict):
    delete: list[str]


class Interrupt(Strict):
    prompt_id: str


@dataclass(slots=True)
class Item:
    """A prompt. `client` is None for one that came without."""

    id: str
    graph: dict[str, GraphNode]
    client: str | None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])

    def listed(self) -> list[Any]:
        graph = {name: node.model_dump() for name, node in self.graph.items()}
        return [0, self.id, graph, {"client_id": self.client, "create_time": 0}, []]


class Failed(Exception):
    """A node broke."""

    def __init__(self, node: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.node, self.kind, self.message = node, kind, message


class Interrupted(Exception):
    def __init__(self, node: str) -> None:
        super().__init__(node)
        self.node = node


@dataclass(slots=True)
class ComfyUiDouble(Double):
    """`running` and `waiting` are the queue, `history` what is over, `interrupted` and `deleted` ids that were stopped so.

    `fault` (exception type, message) breaks the next samplers. `deaf`: no websocket. `previews`: as with `--preview-method`.
    """

    models: list[str] = field(default_factory=lambda: ["dreamshaper_8.safetensors", "sdxl/sdxl_base.safetensors"])
    samplers: list[str] = field(default_factory=lambda: ["euler", "dpmpp_2m", "lcm"])
    schedulers: list[str] = field(default_factory=lambda: ["normal", "karras"])
    loras: list[str] = field(default_factory=lambda: ["ink.safetensors", "paper.safetensors"])
    upscalers: list[str] = field(default_factory=lambda: ["4x-UltraSharp.pth"])
    missing: set[str] = field(default_factory=set[str])  # classes that it does not have
    fault: tuple[str, str] | None = None
    deaf: bool = False
    previews: bool = True
    open: bool = False  # no key is asked for
    running: Item | None = None
    waiting: list[Item] = field(default_factory=list[Item])
    history: dict[str, Any] = field(default_factory=dict[str, Any])
    handed_in: list[Item] = field(default_factory=list[Item])
    interrupted: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict[tuple[str, str, str], bytes])
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict[str, web.WebSocketResponse])
    connections: int = 0
    _worker: "asyncio.Task[None] | None" = None
    _made: int = 0
    _sampling: str | None = None  # the node that is held up

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/ws", self._ws)
        yield web.get("/object_info/{name}", self._object_info)
        yield web.post("/upload/image", self._upload)
        yield web.post("/prompt", self._prompt)
        yield web.get("/history/{id}", self._history)
        yield web.get("/queue", self._queue)
        yield web.post("/queue", self._delete)
        yield web.post("/interrupt", self._interrupt)
        yield web.get("/view", self._view)

    def is_work(self, request: web.Request) -> bool:
        return request.path == "/prompt"

    def admits(self, request: web.Request) -> bool:
        """By a proxy before it. Whoever comes with an `Origin` is a browser, and is turned away."""
        if "Origin" in request.headers:
            self.wrong("a request with an Origin")
        return self.open or request.headers.get("Authorization") == f"Bearer {self.key}"

    # Its routes

    async def _object_info(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kind = self._kind(name)
        if kind is None:
            return web.json_response({})
        required = {key: self._declared(name, taken) for key, taken in kind.takes.items()}
        info = {"input": {"required": required, "hidden": {}}, "output": kind.gives, "name": name}
        return web.json_response({name: info | {"output_node": kind.output}})

    def _kind(self, name: str) -> Kind | None:
        return None if name in self.missing else KINDS.get(name)

    def _declared(self, name: str, taken: Taken) -> list[Any]:
        if isinstance(taken, Choice):
            names = self._names(taken)
            return [names, {}] if name == CLASSIC else ["COMBO", {"options": names}]
        if isinstance(taken, Number):
            return [taken.kind, {"min": taken.low, "max": taken.high}]
        return [[], {"image_upload": True}] if taken == "FILE" else [taken, {}]

    def _names(self, choice: Choice) -> list[str]:
        return list(getattr(self, choice.names) if isinstance(choice.names, str) else choice.names)

    async def _upload(self, request: web.Request) -> web.Response:
        """It keeps what it has: another file of the same name gets a number."""
        form = await request.post()
        file = form.get("image")
        if set(form) - {"image", "type", "subfolder", "overwrite"} or not isinstance(file, web.FileField):
            self.wrong(f"an upload with {sorted(form)}")
            return web.Response(status=400)
        data = file.file.read()
        Image.open(io.BytesIO(data)).load()
        place = str(form.get("type", "input")), str(form.get("subfolder", ""))
        if place[0] not in ("input", "temp", "output") or ".." in place[1] or not file.filename:
            return web.Response(status=400)
        stem, dot, suffix = file.filename.rpartition(".")
        name, number = file.filename, 0
        while self.files.get((*place, name), data) != data:
            number += 1
            name = f"{stem} ({number}){dot}{suffix}"
        self.files[(*place, name)] = data
        return web.json_response({"name": name, "subfolder": place[1], "type": place[0]})

    async def _prompt(self, request: web.Request) -> web.Response:
        self._works += 1
        await self.changed()
        if self.mischief is Mischief.NO_MODEL:
            self.models[:] = ["another.safetensors"]
        try:
            asked = Prompt.model_validate(await request.json())
        except ValidationError as error:
            self.wrong(str(error))
            return self._denied("invalid_prompt", "Cannot execute", str(error))
        if str(uuid.UUID(asked.prompt_id)) != asked.prompt_id:
            self.wrong(f"an id that is no canonical UUID: {asked.prompt_id}")
            return self._denied("invalid_prompt_id", "prompt_id must be a valid UUID", "")
        if (denied := self._validated(asked.prompt)) is not None:
            return denied
        return web.json_response(self.put(asked.prompt_id, asked.prompt, asked.client_id))

    def put(self, prompt_id: str, graph: dict[str, GraphNode], client: str | None) -> dict[str, Any]:
        item = Item(prompt_id, graph, client)
        self.waiting.append(item)
        self.handed_in.append(item)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run_all())
        return {"prompt_id": prompt_id, "number": len(self.handed_in), "node_errors": {}}

    async def _history(self, request: web.Request) -> web.Response:
        found = self.history.get(request.match_info["id"])
        return web.json_response({} if found is None else {request.match_info["id"]: found})

    async def _queue(self, _: web.Request) -> web.Response:
        running = [self.running.listed()] if self.running else []
        return web.json_response({"queue_running": running, "queue_pending": [one.listed() for one in self.waiting]})

    async def _delete(self, request: web.Request) -> web.Response:
        asked = Deletion.model_validate(await request.json())
        for item in [item for item in self.waiting if item.id in asked.delete]:
            self.waiting.remove(item)
            self.deleted.append(item.id)
            await self.stop()
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        asked = Interrupt.model_validate(await request.json())
        if self.running is not None and self.running.id == asked.prompt_id:
            self.running.stop.set()
            self.interrupted.append(asked.prompt_id)
            await self.stop()
        return web.Response()

    async def _view(self, request: web.Request) -> web.Response:
        query = request.query
        found = self.files.get((query.get("type", "output"), query.get("subfolder", ""), query.get("filename", "")))
        return web.Response(status=404) if found is None else web.Response(body=found, content_type="image/png")

    # Looking at a graph before it is taken

    def _denied(self, kind: str, message: str, details: str, nodes: Any = None) -> web.Response:
        error: dict[str, Any] = {"type": kind, "message": message, "details": details, "extra_info": {}}
        return web.json_response({"error": error, "node_errors": nodes or {}}, status=400)

    def _validated(self, graph: Mapping[str, GraphNode]) -> web.Response | None:
        for name, node in graph.items():
            if self._kind(node.class_type) is None:
                words = f"Node '{node.class_type}' not found. The custom node may not be installed."
                return self._denied("missing_node_type", words, f"Node ID '#{name}'")
        outputs = [name for name, node in graph.items() if KINDS[node.class_type].output]
        if not outputs:
            return self._denied("prompt_no_outputs", "Prompt has no outputs", "")
        used = set[str]()
        for name in outputs:
            used |= reached(graph, name)
        if len(used) < len(graph):
            self.wrong(f"nodes that nothing comes of: {sorted(set(graph) - used)}")
        nodes = {
            name: {"errors": errors, "dependent_outputs": outputs, "class_type": node.class_type}
            for name, node in graph.items()
            if (errors := list(self._faults(graph, node)))
        }
        if nodes:
            return self._denied(
                "prompt_outputs_failed_validation", "Prompt outputs failed validation", "Value not in list", nodes
            )
        return None

    def _faults(self, graph: Mapping[str, GraphNode], node: GraphNode) -> Iterator[dict[str, Any]]:
        kind = KINDS[node.class_type]
        takes = {**kind.takes, **kind.optional}
        if unknown := set(node.inputs) - set(takes):
            self.wrong(f"{node.class_type} has no inputs {sorted(unknown)}")
        for name, taken in takes.items():
            if name in node.inputs:
                yield from self._fault(graph, node, name, taken)
            elif name in kind.takes:
                yield fault("required_input_missing", "Required input is missing", name)

    def _fault(
        self, graph: Mapping[str, GraphNode], node: GraphNode, name: str, taken: Taken
    ) -> Iterator[dict[str, Any]]:
        value = node.inputs[name]
        if isinstance(value, list):
            source, output = cast("list[Any]", value)
            gives = KINDS[graph[source].class_type].gives
            if output >= len(gives) or gives[output] != taken:
                yield fault("return_type_mismatch", "Return type mismatch between linked nodes", f"{name}, {taken}")
        elif isinstance(taken, Number):
            if not isinstance(value, int | float) or isinstance(value, bool):
                self.wrong(f"{node.class_type}.{name} is {value!r}")
            elif value > taken.high:
                yield fault("value_bigger_than_max", f"Value {value} bigger than max of {taken.high}", name)
            elif value < taken.low:
                yield fault("value_smaller_than_min", f"Value {value} smaller than min of {taken.low}", name)
        elif isinstance(taken, Choice):
            if value not in (names := self._names(taken)):
                yield fault("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {names}")
        elif taken == "FILE":
            if located(str(value)) not in self.files:
                details = f"{name} - Invalid image file: {value}"
                yield fault("custom_validation_failed", "Custom validation failed for node", details)
        elif not isinstance(value, {"STRING": str, "BOOLEAN": bool}.get(taken, ())):
            self.wrong(f"{node.class_type}.{name} is {value!r}, not linked to a {taken}")

    # Doing the work

    async def _run_all(self) -> None:
        while self.waiting:
            item = self.running = self.waiting.pop(0)
            await self.changed()
            entry = await self._run(item)
            self.running = None
            self.history[item.id] = entry
            await self.send(item, "executing", {"node": None, "prompt_id": item.id}, noted=False)
            await self.changed()

    async def _run(self, item: Item) -> dict[str, Any]:
        """As in the real one: an interrupt or an error leaves nothing behind."""
        outputs: dict[str, Any] = {}
        error = True
        await self.send(item, "execution_start", {"prompt_id": item.id})
        await self.send(item, "execution_cached", {"nodes": [], "prompt_id": item.id})
        try:
            values: dict[str, tuple[Any, ...]] = {}
            for name in ordered(item.graph):
                await self._execute(item, name, values, outputs)
            await self.send(item, "execution_success", {"prompt_id": item.id})
            error = False
        except Interrupted as stopped:
            outputs = {}
            await self.send(item, "execution_interrupted", self._at(item, stopped.node))
        except Failed as failed:
            outputs = {}
            words = {"exception_type": failed.kind, "exception_message": f"{failed.message}\n", "traceback": ["File"]}
            await self.send(item, "execution_error", self._at(item, failed.node) | words | {"current_inputs": {}})
        status = {"status_str": "error" if error else "success", "completed": not error, "messages": item.messages}
        return {"prompt": item.listed(), "outputs": outputs, "status": status, "meta": {}}

    def _at(self, item: Item, node: str) -> dict[str, Any]:
        return {"prompt_id": item.id, "node_id": node, "node_type": item.graph[node].class_type, "executed": []}

    async def _execute(
        self, item: Item, name: str, values: dict[str, tuple[Any, ...]], outputs: dict[str, Any]
    ) -> None:
        node = item.graph[name]
        if item.stop.is_set():
            raise Interrupted(name)
        await self.send(item, "executing", {"node": name, "display_node": name, "prompt_id": item.id}, noted=False)
        given = {key: self._value(value, values) for key, value in node.inputs.items()}
        if node.class_type.startswith("LoadImage"):
            given["image"] = Image.open(io.BytesIO(self.files[located(given["image"])])).size
        try:
            values[name] = KINDS[node.class_type].run(given)
        except Mismatch as mismatch:
            self.wrong(f"{node.class_type}: {mismatch}")
            raise Failed(name, "RuntimeError", str(mismatch)) from None
        if node.class_type == "KSampler":
            await self._sample(item, name)
        if KINDS[node.class_type].output:
            shown = self._output(item, name, values[name][0])
            if shown is not None:
                outputs[name] = shown
                event = {"node": name, "display_node": name, "output": shown, "prompt_id": item.id}
                await self.send(item, "executed", event, noted=False)

    def _value(self, value: Any, values: Mapping[str, tuple[Any, ...]]) -> Any:
        return values[value[0]][value[1]] if isinstance(value, list) else value

    async def _sample(self, item: Item, name: str) -> None:
        for step in range(1, STEPS + 1):
            await self.step(item, name, step)
            if step == HELD:
                self._sampling = name
                await self._held(item)
                self._sampling = None
            if item.stop.is_set():
                raise Interrupted(name)
        if self.fault is not None:
            raise Failed(name, *self.fault)

    async def step(self, item: Item, name: str, step: int) -> None:
        data = {"value": step, "max": STEPS, "prompt_id": item.id, "node": name}
        await self.send(item, "progress", data, noted=False)
        if self.previews:
            await self._send_bytes(item, struct.pack(">II", 1, 1) + picture(64, 64, step, "JPEG"))

    async def _held(self, item: Item) -> None:
        """Waits for the gate, or to be interrupted."""
        waits = [asyncio.create_task(event.wait()) for event in (self._gate, item.stop)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _output(self, item: Item, name: str, made: Any) -> dict[str, Any] | None:
        node = item.graph[name]
        if isinstance(made, str):
            return {"text": [made]}
        seeds = [
            item.graph[one].inputs["seed"] for one in reached(item.graph, name) if "seed" in item.graph[one].inputs
        ]
        first = not any(file[0] != "input" and file[2].startswith(item.id) for file in self.files)
        if self.mischief is Mischief.NOTHING or (self.mischief is Mischief.FEWER and not first):
            return None
        form = "JPEG" if self.mischief is Mischief.OTHER_FORMAT else "PNG"
        place = "temp" if node.class_type == "PreviewImage" else "output"
        self._made += 1
        file = f"{item.id}_{self._made:05}_.png"
        data = picture(*made, seed=seeds[0] if seeds else 0, form=form)
        self.files[(place, "", file)] = spoiled(data, self.mischief)
        return {"images": [{"filename": file, "subfolder": "", "type": place}]}

    # The websocket

    async def _ws(self, request: web.Request) -> web.StreamResponse:
        if self.deaf or set(request.query) != {"clientId"}:
            return web.Response(status=404)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query["clientId"]
        self.sockets[client] = socket
        self.connections += 1
        await socket.send_json({"type": "status", "data": {"status": self._status(), "sid": client}})
        if self.running is not None and self.running.client == client:
            await socket.send_json({"type": "executing", "data": {"node": next(iter(self.running.graph))}})
            if self._sampling is not None:  # a real one goes on with the next step
                await self.step(self.running, self._sampling, HELD)
        await self.changed()
        async for message in socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                break
        if self.sockets.get(client) is socket:
            del self.sockets[client]
        return socket

    def _status(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": len(self.waiting) + (self.running is not None)}}

    def _listeners(self, item: Item) -> list[web.WebSocketResponse]:
        """What came without a client is told to all."""
        if item.client is None:
            return list(self.sockets.values())
        return [self.sockets[item.client]] if item.client in self.sockets else []

    async def send(self, item: Item, event: str, data: dict[str, Any], *, noted: bool = True) -> None:
        if noted:
            data |= {"timestamp": int(time.time() * 1000)}
            item.messages.append((event, data))
        for socket in self._listeners(item):
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": event, "data": data})

    async def _send_bytes(self, item: Item, data: bytes) -> None:
        for socket in self._listeners(item):
            with contextlib.suppress(ConnectionError):
                await socket.send_bytes(data)

    # What happens to it

    async def cut(self) -> None:
        """Every websocket breaks."""
        for socket in list(self.sockets.values()):
            if (transport := socket._req.transport if socket._req else None) is not None:  # pyright: ignore[reportPrivateUsage]
                transport.abort()
        self.sockets.clear()

    async def forget(self) -> None:
        """It was started anew: nothing of what it had is left, but for its models."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        self.running = self._worker = None
        self.waiting.clear()
        self.history.clear()
        self.files.clear()
        await self.cut()

    async def close(self) -> None:
        self.release()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for socket in list(self.sockets.values()):
            await socket.close()
        await Double.close(self)


def fault(kind: str, message: str, details: str) -> dict[str, Any]:
    return {
        "type": kind,
        "message": message,
        "details": details,
        "extra_info": {"input_name": details.partition(":")[0]},
    }


def located(name: str) -> tuple[str, str, str]:
    """A file as a `LoadImage` names it: `folder/name [temp]`."""
    path, _, place = name.partition(" [") if name.endswith("]") else (name, "", "input]")
    folder, _, file = path.rpartition("/")
    return place.removesuffix("]"), folder, file


def reached(graph: Mapping[str, GraphNode], name: str) -> set[str]:
    """A node and all that it is made from."""
    found = {name}
    for value in graph[name].inputs.values():
        if isinstance(value, list):
            found |= reached(graph, str(cast("list[Any]", value)[0]))
    return found


def ordered(graph: Mapping[str, GraphNode]) -> list[str]:
    """Each output with all that it is made from, one after the other."""
    found: list[str] = []

    def visit(name: str) -> None:
        for value in graph[name].inputs.values():
            if isinstance(value, list):
                visit(str(cast("list[Any]", value)[0]))
        if name not in found:
            found.append(name)

    for name, node in graph.items():
        if KINDS[node.class_type].output:
            visit(name)
    return found


def backend(double: Double, *, key: str = KEY, timeout: float = 30.0, **changes: Any) -> Backend:
    settings = ComfyUiSettings(url=double.url, key=SecretStr(key), timeout=timeout, **changes)
    return ComfyUi(settings, poll_seconds=0.05)


def grow(double: ComfyUiDouble) -> None:
    double.models.append("new.safetensors")


RIGS = (
    Rig(
        name="comfyui",
        double=ComfyUiDouble,
        backend=backend,
        operations=frozenset(
            {Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE}
        ),
        grow=grow,
        url_setting="LIENZO_COMFYUI_URL",
        key_setting="LIENZO_COMFYUI_KEY",
        model_setting="LIENZO_COMFYUI_MODEL",
        model="sdxl/sdxl_base",
        cannot={Mischief.REFUSED: "the server has no filter"},
    ),
)
