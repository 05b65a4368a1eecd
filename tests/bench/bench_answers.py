"""How soon people are answered while jobs run, and how many of them too late."""

import asyncio
import time

from tests.bench.common import Row, run
from tests.bench.rush import Rush, rush

RATES = (50, 200, 800)  # interactions a second
SECONDS = 5.0
PEOPLE = 400
DEADLINE = 3.0  # seconds, Discord's


async def rows() -> list[Row]:
    found: list[Row] = []
    for rate in RATES:
        async with rush(PEOPLE, seconds=0.5) as crowd:
            await send(crowd, 8, rate=1000)
            await crowd.until(answered=8)
            count = int(rate * SECONDS)
            await send(crowd, count, rate=rate, first=8)
            await crowd.until(answered=0)
            await asyncio.sleep(DEADLINE + 1)
            found += report(crowd, rate)
    return found


async def send(crowd: Rush, count: int, *, rate: float, first: int = 0) -> None:
    """`count` commands, evenly over time; what falls behind is sent at once, so that the rate holds on average."""
    started = time.perf_counter()
    for number in range(count):
        crowd.imagine(first + number)
        ahead = started + (number + 1) / rate - time.perf_counter()
        await asyncio.sleep(max(0.0, ahead))


def report(crowd: Rush, rate: int) -> list[Row]:
    waits = sorted(crowd.answered[key] - sent for key, sent in crowd.sent.items() if key in crowd.answered)
    late = len(crowd.sent) - sum(wait <= DEADLINE for wait in waits)
    share = 100 * late / len(crowd.sent)
    note = f"p99 {waits[int(len(waits) * 0.99) - 1] * 1000:.1f} ms; {len(crowd.sent)} sent while 8 jobs run"
    return [
        Row(f"answer at {rate}/s, p50", waits[len(waits) // 2] * 1000, "ms", note),
        Row(f"late at {rate}/s", share, "%", "after 3 s, or never"),
    ]


if __name__ == "__main__":
    run(rows)
