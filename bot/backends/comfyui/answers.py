"""What the server answers, as far as it is of use."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

REASON = 300  # characters of what is wrong that are passed on
MODELS = ("ckpt_name:", "unet_name:")  # how a fault begins that is the model's


class Accepted(BaseModel):
    prompt_id: str


class Uploaded(BaseModel):
    """The server may have given the file another name."""

    name: str
    subfolder: str = ""
    type: str = "input"

    @property
    def reference(self) -> str:
        """As a `LoadImage` names a file."""
        path = f"{self.subfolder}/{self.name}" if self.subfolder else self.name
        return path if self.type == "input" else f"{path} [{self.type}]"


class File(BaseModel):
    """A picture that was made."""

    filename: str
    subfolder: str = ""
    type: str = "output"


class Status(BaseModel):
    """`messages` are events as they came over the websocket."""

    status_str: str = ""
    completed: bool = False
    messages: list[tuple[str, dict[str, Any]]] = []

    def said(self, event: str) -> dict[str, Any] | None:
        return next((data for name, data in self.messages if name == event), None)


class Entry(BaseModel):
    """A prompt that is over, in `/history`. Nodes put whatever they like into their outputs."""

    outputs: dict[str, dict[str, Any]] = {}
    status: Status | None = None


class Queue(BaseModel):
    """Each item is `[number, prompt id, graph, …]`."""

    queue_running: list[list[Any]]
    queue_pending: list[list[Any]]

    def runs(self, prompt_id: str) -> bool:
        return any(item[1:2] == [prompt_id] for item in self.queue_running)

    def waits(self, prompt_id: str) -> bool:
        return any(item[1:2] == [prompt_id] for item in self.queue_pending)


class Info(BaseModel):
    """A node's class in `/object_info`."""

    input: dict[str, dict[str, Any]]

    def choices(self, name: str) -> tuple[str, ...]:
        """What an input may be: `[[…], {}]`, or in newer nodes `["COMBO", {"options": […]}]`."""
        declared = cast("list[Any]", self.input.get("required", {}).get(name) or [None])
        options: Any = declared[0]
        if options == "COMBO" and len(declared) > 1:
            options = declared[1].get("options")
        names = cast("list[object]", options) if isinstance(options, list) else []
        return tuple(one for one in names if isinstance(one, str))


class Fault(BaseModel):
    message: str = ""
    details: str = ""

    @property
    def words(self) -> str:
        return ": ".join(filter(None, (self.message, self.details)))


class NodeFaults(BaseModel):
    class_type: str
    errors: list[Fault] = []


class Denied(BaseModel):
    """A graph that was not taken. Where no node is at fault, some versions send a list."""

    error: Fault
    node_errors: dict[str, NodeFaults] | list[Any]

    @property
    def faults(self) -> list[tuple[str, Fault]]:
        """With the class of the node."""
        nodes = self.node_errors.values() if isinstance(self.node_errors, dict) else ()
        return [(node.class_type, fault) for node in nodes for fault in node.errors]

    @property
    def reason(self) -> str:
        said = [f"{node}: {fault.words}" for node, fault in self.faults] or [self.error.words]
        return " ".join("; ".join(dict.fromkeys(said)).split())[:REASON]

    @property
    def of_model(self) -> bool:
        """Whether it lacks the model that was asked for."""
        return any(fault.details.startswith(MODELS) for _, fault in self.faults)


class Event(BaseModel):
    """A text frame of the websocket."""

    type: str
    data: dict[str, Any] = {}


def files(output: Mapping[str, Any]) -> list[File]:
    """The pictures among what a node put out."""
    images: Any = output.get("images")
    found: list[File] = []
    for one in cast("Iterable[object]", images) if isinstance(images, list) else ():
        try:
            found.append(TypeAdapter(File).validate_python(one))
        except ValidationError:
            continue
    return found


def texts(output: Mapping[str, Any]) -> list[str]:
    """The words among what a node put out."""
    found: list[str] = []
    for name in ("text", "string"):
        value: Any = output.get(name)
        values: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
        found += [one for one in values if isinstance(one, str) and one.strip()]
    return found
