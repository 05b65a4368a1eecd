"""A request as values for a workflow."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bot.backends.base import Operation, Request
from bot.backends.comfyui.settings import ComfyUiSettings

SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".sft", ".gguf")
MOST_STEPS = 150


def shown(name: str) -> str:
    """A model's file as people call it."""
    path = PurePosixPath(name)
    return name[: -len(path.suffix)] if path.suffix.lower() in SUFFIXES else name


def matching(wanted: str, names: Sequence[str]) -> str | None:
    """The server's own name for what somebody calls so, in any case, with or without its folder and suffix."""
    wanted = wanted.casefold()
    for alike in (str, shown, _bare):
        for name in names:
            if alike(name).casefold() == wanted:
                return name
    return None


def _bare(name: str) -> str:
    return shown(name).replace("\\", "/").rpartition("/")[2]


def weighted(request: Request) -> str:
    """The prompt in the server's own language: `(words:1.2)` for a weight, as a share of the mean."""
    parts = [part for part in request.parts if part.weight > 0]
    mean = sum(part.weight for part in parts) / max(1, len(parts))
    return ", ".join(p.text if p.weight == mean else f"({p.text}:{p.weight / mean:.3g})" for p in parts)


def unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])


def usual(settings: ComfyUiSettings) -> dict[str, Any]:
    """How the built-in workflows sample. The operator's own say it themselves."""
    return {
        "steps": settings.steps,
        "cfg": settings.cfg,
        "sampler": settings.sampler,
        "scheduler": settings.scheduler,
    }


def values(request: Request, usual: Mapping[str, Any]) -> dict[str, Any]:
    """What the request says, by slot. `usual` holds where it says nothing."""
    given = request.parameters
    found: dict[str, Any] = {
        **usual,
        "prompt": weighted(request),
        "negative": unwanted(request),
        "width": request.width,
        "height": request.height,
        "batch": len(request.seeds),
        "strength": request.strength,
        "factor": request.factor,
    }
    found |= {name: given[name] for name in ("steps", "cfg") if given.get(name) is not None}
    if "steps" in usual and given.get("steps") is None:
        found["steps"] = max(1, min(MOST_STEPS, round(usual["steps"] * float(given.get("quality") or 1))))
    return found | (_around(request) if request.operation is Operation.OUTPAINT else {})


def sampled(wanted: str, samplers: Sequence[str], schedulers: Sequence[str]) -> dict[str, str] | None:
    """A sampler, perhaps with a scheduler after it: `dpmpp_2m karras`. None where there is no such thing."""
    if sampler := matching(wanted.strip(), samplers):
        return {"sampler": sampler}
    first, _, last = wanted.strip().rpartition(" ")
    sampler, scheduler = matching(first.strip(), samplers), matching(last, schedulers)
    return {"sampler": sampler, "scheduler": scheduler} if sampler and scheduler else None


def _around(request: Request) -> dict[str, int]:
    """How far the canvas goes beyond the picture on each side, and how large the picture is on it."""
    if (frame := request.frame) is None:
        return {}
    return {
        "frame_width": frame.width,
        "frame_height": frame.height,
        "left": frame.left,
        "top": frame.top,
        "right": request.width - frame.left - frame.width,
        "bottom": request.height - frame.top - frame.height,
    }
