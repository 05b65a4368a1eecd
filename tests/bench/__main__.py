"""`make bench`: runs every benchmark, prints the table and writes it into `docs/benchmarks.md`, with the machine's size beside it."""

import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil

from tests.bench.common import Row, measure, table

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Written by `make bench`, which measures all of this on your own machine in a few minutes and needs no network. Times tell of the machine as
much as of the code; ratios are of two things that were measured in the same run.
"""


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("bench_*.py"))


def measure_apart(name: str) -> list[Row]:
    """In a new process, so that no benchmark inherits another's memory or caches."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, name).result()


def machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return f"{cores} cores, {memory:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}"


def page(rows: list[Row]) -> str:
    return f"{INTRODUCTION}\nMeasured on a machine with {machine()}.\n\n{table(rows)}\n"


def main() -> None:
    rows: list[Row] = []
    for name in names():
        sys.stderr.write(f"{name} …\n")
        rows += measure_apart(name)
    print(f"{machine()}\n\n{table(rows)}")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
