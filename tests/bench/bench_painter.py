"""The painter: a grid of four pictures of 1024² at once, against one after the other."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.backends.base import Generated, Operation, Part, Request
from bot.backends.painter import Painter
from tests.bench.common import Row, run

PROMPTS = ("a lighthouse on a cliff at sunset", "a fox in a snowy forest", "a neon city at night in the rain")


class Silent:
    def update(self, fraction: float, preview: Path | None = None) -> None: ...

    def image(self, index: int, image: Generated) -> None: ...


async def rows() -> list[Row]:
    painter = Painter()
    try:
        await seconds(painter, PROMPTS[0], (9,))  # what is made once and kept
        together = [await seconds(painter, prompt, (1, 2, 3, 4)) for prompt in PROMPTS]
        apart = [sum([await seconds(painter, prompt, (seed,)) for seed in (1, 2, 3, 4)]) for prompt in PROMPTS]
    finally:
        await painter.close()
    mean, alone = sum(together) / len(PROMPTS), sum(apart) / len(PROMPTS)
    note = (
        f"{mean:.2f} s a grid against {alone:.2f} s, mean of {len(PROMPTS)} prompts; the slowest {max(together):.2f} s"
    )
    return [Row("painter, four at once", sum(apart) / sum(together), "×", note)]


async def seconds(painter: Painter, words: str, seeds: tuple[int, ...]) -> float:
    with TemporaryDirectory() as folder:
        request = Request(
            job_id="bench", operation=Operation.GENERATE, folder=Path(folder), parts=(Part(words),), seeds=seeds
        )
        before = time.perf_counter()
        await painter.collect(request, None, Silent())
        return time.perf_counter() - before


if __name__ == "__main__":
    run(rows)
