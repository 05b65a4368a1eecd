"""From the start of the process to the first command that is answered, against the import of discord.py alone."""

import asyncio
import sys
import time

from tests.bench.common import Row, run
from tests.bench.rush import rush

REPEATS = 3


async def rows() -> list[Row]:
    starts: list[float] = []
    imports: list[float] = []
    for _ in range(REPEATS):
        before = time.perf_counter()
        async with rush(1):
            starts.append(time.perf_counter() - before)
        before = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import discord")
        await process.wait()
        imports.append(time.perf_counter() - before)
    note = f"{min(starts):.2f} s to online with commands registered, against {min(imports):.2f} s for `import discord`"
    return [Row("start-up, in imports of discord.py", min(starts) / min(imports), "×", note)]


if __name__ == "__main__":
    run(rows)
