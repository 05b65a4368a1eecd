"""A workflow: a graph in ComfyUI's API format whose nodes say by their titles what is filled in. Pure.

A title `lienzo:seed,steps` names what the bot puts into that node. `SLOTS` says into which of its inputs: the first that it has. Several
nodes may ask for the same. Beside them, `lienzo:lora` is a LoRA loader that is there once for each LoRA, or not at all, and
`lienzo:output` the node whose pictures count.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.i18n import T, Text

PREFIX = "lienzo:"
VALUE = "value"  # of a node that holds nothing else
TEXT = ("text", "prompt", "string", VALUE)
#: What can be filled in, and the inputs that may take it.
SLOTS: Mapping[str, tuple[str, ...]] = {
    "prompt": TEXT,
    "negative": TEXT,
    "seed": ("seed", "noise_seed", VALUE),
    "steps": ("steps", VALUE),
    "cfg": ("cfg", "guidance", VALUE),
    "sampler": ("sampler_name", VALUE),
    "scheduler": ("scheduler", VALUE),
    "strength": ("denoise", VALUE),
    "width": ("width", VALUE),
    "height": ("height", VALUE),
    "batch": ("batch_size", "amount", VALUE),
    "frame_width": ("width", VALUE),
    "frame_height": ("height", VALUE),
    "left": ("left", VALUE),
    "top": ("top", VALUE),
    "right": ("right", VALUE),
    "bottom": ("bottom", VALUE),
    "model": ("ckpt_name", "unet_name", "model_name", VALUE),
    "upscaler": ("model_name", VALUE),
    "factor": ("scale_by", VALUE),
    "image": ("image",),
    "image2": ("image",),
    "image3": ("image",),
    "image4": ("image",),
    "mask": ("image",),
}
LORA, OUTPUT = "lora", "output"
LORA_INPUTS = ("model", "clip")  # in the order of a LoRA loader's outputs
Graph: TypeAlias = dict[str, dict[str, Any]]


class Meta(BaseModel):
    title: str = ""


class Node(BaseModel):
    class_type: str
    inputs: dict[str, Any]
    meta: Meta = Field(default=Meta(), alias="_meta")

    @property
    def names(self) -> tuple[str, ...]:
        """What its title asks for."""
        title = self.meta.title.strip()
        if not title.lower().startswith(PREFIX):
            return ()
        return tuple(filter(None, re.split(r"[,\s]+", title[len(PREFIX) :].lower())))


@dataclass(frozen=True, slots=True)
class Workflow:
    """`slots` are nodes and their inputs by what they take; `own`: the operator's."""

    name: str
    nodes: Mapping[str, Node]
    slots: Mapping[str, tuple[tuple[str, str], ...]]
    loras: tuple[str, ...]
    outputs: frozenset[str]
    own: bool = False

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(node.class_type for node in self.nodes.values())

    @property
    def images(self) -> int:
        """How many pictures it works on."""
        return sum(name in self.slots for name in ("image", "image2", "image3", "image4"))

    def empty(self, slot: str) -> bool:
        """Whether it leaves this to be filled in."""
        return any(self.nodes[node].inputs[name] == "" for node, name in self.slots.get(slot, ()))


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph to hand in. `places` says of which picture a node is; a node that works for all of them has none. `outputs` are the nodes
    whose pictures count, if the workflow says."""

    graph: Graph
    count: int
    places: Mapping[str, int] = field(default_factory=dict[str, int])
    outputs: frozenset[str] = frozenset()


class Unfit(Exception):
    """A file that is no workflow, or asks for what there is not. `text` says so, without its name."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def parsed(name: str, data: bytes, *, own: bool = False) -> Workflow:
    """Raises `Unfit`."""
    try:
        nodes = TypeAdapter(dict[str, Node]).validate_json(data)
    except ValidationError:
        raise Unfit(T("is not in API format: export it by `Workflow > Export (API)`")) from None
    slots: dict[str, list[tuple[str, str]]] = {}
    for node_id, node in nodes.items():
        for slot in node.names:
            if slot not in (LORA, OUTPUT):
                slots.setdefault(slot, []).append((node_id, _input(node, slot)))
    return Workflow(
        name=name,
        nodes=nodes,
        slots={slot: tuple(places) for slot, places in slots.items()},
        loras=tuple(node_id for node_id, node in nodes.items() if LORA in node.names),
        outputs=frozenset(node_id for node_id, node in nodes.items() if OUTPUT in node.names),
        own=own,
    )


def _input(node: Node, slot: str) -> str:
    if slot not in SLOTS:
        raise Unfit(T("asks for `{title}`, which does not exist", title=f"{PREFIX}{slot}"))
    found = (name for name in SLOTS[slot] if name in node.inputs and link(node.inputs[name]) is None)
    if (name := next(found, None)) is None:
        title = f"{PREFIX}{slot}"
        raise Unfit(T("asks for `{title}` at a {node}, which has no such input", title=title, node=node.class_type))
    return name


def link(value: object) -> tuple[str, int] | None:
    """The node and output that an input is linked to; None where it holds a value."""
    match value:
        case [str() | int() as node, int() as output]:
            return str(node), output
        case _:
            return None


def planned(
    workflow: Workflow, values: Mapping[str, Any], loras: Sequence[tuple[str, float]], seeds: Sequence[int]
) -> Plan:
    """The workflow with these values and LoRAs, and with a part of its own for each seed. Values that it does not ask for are let go."""
    graph: Graph = {
        node_id: {"class_type": node.class_type, "inputs": dict(node.inputs)}
        for node_id, node in workflow.nodes.items()
    }
    for slot, value in values.items():
        for node_id, name in workflow.slots.get(slot, ()):
            graph[node_id]["inputs"][name] = value
    for node_id in workflow.loras:
        _chain(graph, node_id, loras)
    seeded = workflow.slots.get("seed", ())
    if not seeded or "batch" in workflow.slots:
        for node_id, name in seeded:
            graph[node_id]["inputs"][name] = seeds[0]
        return Plan(graph, len(seeds), outputs=workflow.outputs)
    return _unrolled(graph, seeded, seeds, workflow.outputs)


def _free(graph: Mapping[str, object]) -> int:
    """A number above every node's. Some nodes take their id for a number."""
    return 1 + max((int(node_id) for node_id in graph if node_id.isdecimal()), default=0)


def _chain(graph: Graph, at: str, loras: Sequence[tuple[str, float]]) -> None:
    """One loader after the other in place of one. Whoever was linked to it is linked to the last, or past them all."""
    free = _free(graph)
    template = graph.pop(at)
    inputs: dict[str, Any] = template["inputs"]
    ends = {output: inputs[name] for output, name in enumerate(LORA_INPUTS) if name in inputs}
    for number, (name, weight) in enumerate(loras):
        node_id = str(free + number)
        strengths = {key: weight for key in inputs if key.startswith("strength")}
        sources = {LORA_INPUTS[output]: source for output, source in ends.items()}
        graph[node_id] = {**template, "inputs": {**inputs, **strengths, **sources, "lora_name": name}}
        ends = {output: [node_id, output] for output in ends}
    for node in graph.values():
        for name, value in node["inputs"].items():
            if (source := link(value)) and source[0] == at:
                node["inputs"][name] = ends[source[1]]


def _unrolled(graph: Graph, seeded: Iterable[tuple[str, str]], seeds: Sequence[int], outputs: frozenset[str]) -> Plan:
    """What follows from a seed is there once for each seed; the rest is shared."""
    following = _following(graph, {node_id for node_id, _ in seeded})
    whole: Graph = {node_id: node for node_id, node in graph.items() if node_id not in following}
    places: dict[str, int] = {}
    counting: set[str] = set(outputs - following)
    free = _free(graph)
    for index, seed in enumerate(seeds):
        names = {node_id: node_id if index == 0 else str(free + at) for at, node_id in enumerate(sorted(following))}
        free += 0 if index == 0 else len(following)
        for node_id, name in names.items():
            inputs = {key: _renamed(value, names) for key, value in graph[node_id]["inputs"].items()}
            inputs |= {key: seed for seeded_id, key in seeded if seeded_id == node_id}
            whole[name] = {**graph[node_id], "inputs": inputs}
            places[name] = index
            counting |= {name} if node_id in outputs else set()
    return Plan(whole, len(seeds), places, frozenset(counting))


def _following(graph: Graph, start: set[str]) -> set[str]:
    found = set(start)
    while True:
        more = {
            node_id
            for node_id, node in graph.items()
            if node_id not in found and any((source := link(v)) and source[0] in found for v in node["inputs"].values())
        }
        if not more:
            return found
        found |= more


def _renamed(value: object, names: Mapping[str, str]) -> object:
    source = link(value)
    return [names[source[0]], source[1]] if source and source[0] in names else value
