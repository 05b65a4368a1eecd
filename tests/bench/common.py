"""What the benchmarks share. A benchmark is a module `tests/bench/bench_*.py` with one function

    def rows() -> list[Row]: ...          # or: async def rows() -> list[Row]: ...

that measures for a few seconds and needs no network, and with `if __name__ == "__main__": run(rows)` at its end, so that
`python -m tests.bench.bench_grid` runs it alone. A runner imports each module, calls `measure(name)` and prints `table(…)`.

Times say more of the machine than of the code, so what is claimed anywhere is a ratio of two things measured in the same run.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

Rows = Callable[[], "list[Row] | Awaitable[list[Row]]"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, its value and unit, and what that is to be compared with."""

    name: str
    value: float
    unit: str
    note: str = ""


def best(function: Callable[[], object], *, repeats: int = 5, seconds: float = 0.2) -> float:
    """The shortest time of `function` in seconds: at least `repeats` runs and `seconds` altogether. The others were disturbed."""
    shortest, runs, started = float("inf"), 0, time.perf_counter()
    while runs < repeats or time.perf_counter() - started < seconds:
        before = time.perf_counter()
        function()
        shortest = min(shortest, time.perf_counter() - before)
        runs += 1
    return shortest


def ratio(name: str, baseline: float, measured: float, note: str = "") -> Row:
    """How many times faster than the baseline, both in seconds and of the same run; the bare times go into the note."""
    times = f"{measured * 1000:.2f} ms against {baseline * 1000:.0f} ms"
    return Row(name, baseline / measured, "×", f"{times}; {note}" if note else times)


def collect(rows: Rows) -> list[Row]:
    """Calls a benchmark's `rows`, in an event loop of its own if it is a coroutine function."""
    found = rows()
    if not inspect.isawaitable(found):
        return found

    async def wait() -> list[Row]:
        return await found

    return asyncio.run(wait())


def measure(name: str) -> list[Row]:
    """The rows of the benchmark module of this name."""
    return collect(import_module(f"tests.bench.{name}").rows)


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [f"| {row.name} | {row.value:,.{1 if row.value < 100 else 0}f} {row.unit} | {row.note} |" for row in rows]
    return "\n".join(["| Measured | Value | Note |", "|---|---|---|", *lines])


def run(rows: Rows) -> None:
    """Runs one benchmark alone and prints its table."""
    print(table(collect(rows)))
