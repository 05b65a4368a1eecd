"""The painter works in the process: there is no server that could misbehave."""

from typing import Any

from bot.backends.base import Backend, Operation
from bot.backends.painter import Painter
from tests.backends.contract import Case, Rig
from tests.backends.doubles.server import Double, Mischief

IN_PROCESS = "it paints in this process: there is no server"
CANNOT: dict[Case | Mischief, str] = dict.fromkeys([*Mischief, *Case], IN_PROCESS)
CANNOT[Case.HOLD] = "it paints in threads that nobody can hold up; tests/backends/test_painter.py cancels it"


def backend(_double: Double, **_: Any) -> Backend:
    return Painter()


RIGS = (
    Rig(
        name="painter",
        double=Double,
        backend=backend,
        operations=frozenset(Operation),
        cannot={case: why for case, why in CANNOT.items() if case is not Case.PROGRESS},
    ),
)
