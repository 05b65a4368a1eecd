"""What goes through the model at once: its shape, its pieces, and what a machine is that makes it."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from bot.backends.base import Operation

LEAST_STRENGTH = 0.05  # of changing a picture: below it not one step of twenty is made


class Stopped(Exception):
    """Nobody wants the pass any more. Never leaves this package."""


class OutOfMemory(Exception):
    """The pass does not fit. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What all pieces of a pass have in common. None stands for the model's own. `unwanted`: they have negative prompts, as to some models
    an empty one is not the same as none."""

    source: str  # of the model
    operation: Operation
    width: int
    height: int
    steps: int
    guidance: float | None = None
    strength: float | None = None
    sampler: str = ""
    loras: tuple[tuple[str, float], ...] = ()
    unwanted: bool = False

    @property
    def footprint(self) -> Hashable:
        """What the memory that a picture takes depends on."""
        return self.source, self.operation, self.width, self.height


@dataclass(frozen=True, slots=True)
class Piece:
    """One picture to make. `image` and `mask` are there as the operation wants them."""

    prompt: str
    negative: str
    seed: int
    image: Path | None = None
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Painted:
    """What became of a piece. `image` is None where the model's safety filter withheld it; `cut`: its prompt was longer than the model
    reads."""

    image: Image.Image | None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a model can do, known before it is loaded. `steps` and `side` are its own. `joins`: with what operations several people's
    requests can go through it at once. `follows`: it says how far it is, and can be stopped."""

    operations: frozenset[Operation]
    samplers: tuple[str, ...] = ()
    steps: int = 50
    side: int = 1024
    negative: bool = True
    guidance: bool = True
    loras: bool = True
    joins: frozenset[Operation] = frozenset()
    follows: bool = True


#: Small pictures of all pieces as they are now.
Look = Callable[[], Sequence[Image.Image]]


class Watch(Protocol):
    def __call__(self, fraction: float, look: Look | None) -> None:
        """Called in the machine's thread after each step. Raises `Stopped` when nobody wants the pass any more."""
        ...


class Machine(Protocol):
    """What owns the model. Everything blocks."""

    def missing(self) -> Sequence[str]:
        """Packages that it needs and that are not installed."""
        ...

    def device(self) -> str:
        """Where it works, as `cuda`. Raises `BackendRejected` where that is not to be had."""
        ...

    def traits(self, source: str) -> Traits:
        """Of the model of this source, in any thread. Raises `BackendError` where it can't be had."""
        ...

    def paint(self, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        """Makes the pieces, in their order, in the one thread that calls this. Raises `Stopped`, `OutOfMemory` or `BackendError`."""
        ...

    def close(self) -> None:
        """Lets go of the model, in that same thread."""
        ...


def strong(strength: float) -> float:
    """A strength at which something happens."""
    return min(1.0, max(LEAST_STRENGTH, strength))


def enough(steps: int, strength: float | None) -> int:
    """So many steps that at least one is made: of a picture that is changed, only the share `strength` of them is."""
    if strength is None:
        return steps
    least = math.ceil(1 / strength)
    return max(steps, least if least * strength >= 1 else least + 1)  # as 1 / strength is rounded
