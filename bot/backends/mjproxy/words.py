"""A request as a prompt in Midjourney's own language, which most of it was written in."""

import math
from collections.abc import Iterator
from typing import Any

from bot.backends.base import Operation, Request
from bot.prompt.table import PARAMETERS, number_text
from bot.prompt.values import written

#: Handed on as they are. What is missing here is said in another way: `ar`, `no`, `seed` and the model.
NATIVE = frozenset(
    "chaos stylize weird sameseed quality iw tile stop raw style sref sw sv cref cw oref ow profile exp draft hd".split()
)
#: All that it honours.
HONOURED = NATIVE | {"seed", "no", "version", "niji", "strength"}
BARE = "a variation of this picture"


def prompt(request: Request, model: str) -> str:
    """The words, and after them the parameters. Weights of parts are Midjourney's own `::`."""
    return " ".join([*_again(request, model), *_new(request)])


def again(request: Request, model: str) -> str:
    """The same for a picture that is worked on, which has its shape and its seed."""
    return " ".join(_again(request, model))


def words(request: Request) -> str:
    parts = request.parts
    if len(parts) < 2:
        return request.text
    return " ".join(f"{part.text}::{number_text(part.weight)}" for part in parts)


def _again(request: Request, model: str) -> Iterator[str]:
    given = request.parameters
    yield words(request) or BARE
    yield from _version(given, model)
    if request.negative:
        yield f"--no {', '.join(request.negative)}"
    for row in PARAMETERS:
        if row.name in NATIVE and row.name in given:
            for value in written(row, given[row.name]):
                yield f"--{row.name} {value}".rstrip()


def _new(request: Request) -> Iterator[str]:
    yield from _shape(request)
    if "sameseed" not in request.parameters:
        yield f"--seed {request.seeds[0]}"
    if request.operation is Operation.VARY and "iw" not in request.parameters:
        yield f"--iw {number_text(round(3 * (1 - request.strength), 2))}"


def _shape(request: Request) -> Iterator[str]:
    shape = request.parameters.get("ar") or ratio(request.width, request.height)
    if str(shape) != "1:1":
        yield f"--ar {shape}"


def ratio(width: int, height: int) -> str:
    divisor = math.gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def version(request: Request, model: str) -> str | None:
    """The model, for the record."""
    flag = next(_version(request.parameters, model), None)
    return flag.removeprefix("--v ").replace("--niji", "niji") if flag else None


def _version(given: Any, model: str) -> Iterator[str]:
    if "version" in given:
        yield f"--v {given['version']}"
    elif "niji" in given:
        yield "--niji" if given["niji"] is True else f"--niji {given['niji']}"
    elif model.lower().startswith("niji"):
        yield f"--niji {model[4:].strip()}".rstrip()
    elif model:
        yield f"--v {model.lower().removeprefix('v').strip()}"


def is_niji(request: Request, model: str) -> bool:
    return (version(request, model) or "").startswith("niji")


def dimensions(request: Request) -> str:
    """The three shapes of a blend."""
    shape = request.width / request.height
    return "PORTRAIT" if shape < 0.9 else "LANDSCAPE" if shape > 1.1 else "SQUARE"
