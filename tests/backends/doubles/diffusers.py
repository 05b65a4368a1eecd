"""Diffusers work in the process: there is no server, so what stands in for one is the machine itself.

Once it is scripted, and paints patches of one colour, so that all but the model is tried where torch is not installed; once it is the real
one, with a tiny model. Either can be held up between two steps.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from PIL import Image

from bot.backends.base import Backend, Operation
from bot.backends.diffusers import Diffusers, DiffusersSettings
from bot.backends.diffusers.machine import TorchMachine
from bot.backends.diffusers.passes import Look, Machine, OutOfMemory, Painted, Piece, Shape, Stopped, Traits, Watch
from bot.errors import BackendRejected, BackendUnavailable
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import Double, Mischief
from tests.backends.tiny_diffusion import ABSENT, tiny

OPERATIONS = frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT})
TRAITS = Traits(operations=OPERATIONS, samplers=("Euler", "DDIM"), steps=4, side=256, joins=OPERATIONS)
TICK = 0.01  # seconds between two looks at the gate


@dataclass(slots=True)
class DiffusersDouble(Double):
    """`passes` are what the machine was given; `room` is how many pictures fit in its memory. `open` is the gate, for threads."""

    passes: list[tuple[Shape, tuple[Piece, ...]]] = field(default_factory=list[tuple[Shape, tuple[Piece, ...]]])
    room: int = 100
    packages: Sequence[str] = ()
    traits: Traits = TRAITS
    open: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop | None = None
    folder: Any = None

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.open.set()
        return self

    async def close(self) -> None:
        self.release()
        self.folder.cleanup()

    def hold(self) -> None:
        self.open.clear()

    def release(self) -> None:
        self.open.set()

    @property
    def loras(self) -> Path:
        return Path(self.folder.name)

    def says(self, what: Callable[[], Any]) -> None:
        """From the machine's thread."""
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(what(), self.loop).result()

    async def began(self) -> None:
        self._works += 1
        await self.changed()


@dataclass(slots=True)
class Held:
    """A machine that stops between two steps while the double holds it."""

    double: DiffusersDouble
    inner: Machine

    def missing(self) -> Sequence[str]:
        return self.double.packages or self.inner.missing()

    def device(self) -> str:
        return self.inner.device()

    def traits(self, source: str) -> Traits:
        return self.inner.traits(source)

    def paint(self, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        self.double.passes.append((shape, tuple(pieces)))
        if len(pieces) > self.double.room:
            raise OutOfMemory
        try:
            return self.inner.paint(shape, pieces, partial(self._step, watch))
        except Stopped:
            self.double.says(self.double.stop)
            raise

    def _step(self, watch: Watch, fraction: float, look: Look | None) -> None:
        watch(fraction, look)
        if fraction == 0:
            self.double.says(self.double.began)
        elif not self.double.open.is_set():
            while not self.double.open.wait(TICK):
                watch(fraction, None)

    def close(self) -> None:
        self.inner.close()


@dataclass(slots=True)
class Scripted:
    """A machine without a model: a picture's colour follows from its seed."""

    double: DiffusersDouble

    def missing(self) -> Sequence[str]:
        return ()

    def device(self) -> str:
        return "cpu"

    def traits(self, source: str) -> Traits:
        match self.double.mischief:
            case Mischief.FAILED:
                raise BackendUnavailable(backend="diffusers")
            case Mischief.NO_MODEL:
                raise BackendRejected(backend="diffusers", reason=f"no {source}: LIENZO_DIFFUSERS_MODEL")
            case _:
                return self.double.traits

    def paint(self, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        pictures = [Image.new("RGB", (shape.width, shape.height), (piece.seed % 256, 128, 64)) for piece in pieces]
        watch(0.0, None)
        for step in range(shape.steps):
            watch((step + 1) / shape.steps, lambda: [one.resize((8, 8)) for one in pictures])
        withheld = {Mischief.REFUSED: len(pieces), Mischief.FEWER: 1}.get(self.double.mischief or Mischief.CUT, 0)
        return [Painted(None if place < withheld else one) for place, one in enumerate(pictures)]

    def close(self) -> None:
        pass


def scripted(double: DiffusersDouble, *, timeout: float = 30.0, **changes: Any) -> Diffusers:
    settings = _settings(double, {"model": "somebody/scripted", "models": "somebody/other"} | changes, timeout)
    return Diffusers(settings, machine=Held(double, Scripted(double)), preview_seconds=0)


def real(double: DiffusersDouble, *, timeout: float = 60.0, **changes: Any) -> Diffusers:
    """With the tiny model."""
    settings = _settings(double, {"model": str(tiny()), "steps": 4, "device": "cpu"} | changes, timeout)
    return Diffusers(settings, machine=Held(double, TorchMachine(settings)), preview_seconds=0)


def _settings(double: DiffusersDouble, changes: dict[str, Any], timeout: float) -> DiffusersSettings:
    changes.pop("key", None)
    values: dict[str, Any] = {"loras": double.loras, "timeout": timeout, **changes}
    return DiffusersSettings(**values)


def grow(double: DiffusersDouble) -> None:
    (double.loras / "ink.safetensors").touch()


IN_PROCESS = "it works in this process: there is no server"
OWN: tuple[Mischief, ...] = (Mischief.REFUSED, Mischief.NO_MODEL, Mischief.FEWER)
CANNOT: dict[Case | Mischief, str] = {
    **dict.fromkeys([mischief for mischief in Mischief if mischief not in OWN], IN_PROCESS),
    **dict.fromkeys([Case.KEY, Case.DOWN], IN_PROCESS),
}
NOISE: dict[Case | Mischief, str] = dict.fromkeys(
    OWN, "the tiny model does as it is told; tests/backends/test_diffusers.py"
)


def backends(
    kinds: Iterable[tuple[str, Callable[..., Backend], dict[Case | Mischief, str], str | None]],
) -> tuple[Rig, ...]:
    return tuple(
        Rig(
            name="diffusers",
            variant=variant,
            double=DiffusersDouble,
            backend=backend,
            operations=OPERATIONS,
            grow=grow,
            model_setting="LIENZO_DIFFUSERS_MODEL",
            model="other" if variant == "scripted" else "tiny",
            cannot=cannot,
            absent=absent,
        )
        for variant, backend, cannot, absent in kinds
    )


RIGS = backends([("scripted", scripted, CANNOT, None), ("torch", real, CANNOT | NOISE, ABSENT)])
