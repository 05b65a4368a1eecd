"""Whole jobs: how many a second, from the command to the message with the grid, and what eight at once need in memory."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.bench.bench_grid import painting
from tests.bench.common import Row, run
from tests.bench.rush import rush

JOBS = 300
AT_ONCE = 8
MIB = 1 << 20


async def rows() -> list[Row]:
    return [await throughput(), *await memory()]


async def throughput() -> Row:
    async with rush(100, running_per_user=0, waiting_per_user=0) as crowd:
        started = time.perf_counter()
        for number in range(JOBS):
            crowd.imagine(number)
        await crowd.until(posted=JOBS)
        rate = JOBS / (crowd.posted[-1] - started)
    return Row(
        "whole jobs with an instant backend",
        rate,
        "jobs/s",
        f"{JOBS} jobs from the command to the post, on SQLite; the bot on one core",
    )


async def memory() -> list[Row]:
    """Pictures as large as the real ones, posted by eight jobs at the same time."""
    with TemporaryDirectory() as folder:
        pictures = [Path(folder) / f"{index}.png" for index in range(4)]
        for index, path in enumerate(pictures):
            painting(index).save(path)
        async with rush(AT_ONCE, pictures=pictures) as crowd:
            crowd.imagine(0)
            await crowd.until(posted=1)
            process = psutil.Process(crowd.process.pid)
            before = process.memory_info().rss
            peak = before
            for number in range(AT_ONCE):
                crowd.imagine(number)
            while len(crowd.posted) < 1 + AT_ONCE:
                await crowd.step()
                peak = max(peak, process.memory_info().rss)
    note = f"{AT_ONCE} jobs of 4 × 1024² at once, on top of {before / MIB:.0f} MiB"
    return [Row("memory for 8 jobs in flight", (peak - before) / MIB, "MiB", note)]


if __name__ == "__main__":
    run(rows)
