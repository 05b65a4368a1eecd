"""A process to be killed: takes jobs from standard input, says each step that it begins, and never ends one of them."""

import asyncio
import json
import sys
from pathlib import Path

from bot.engine import Engine, Next, Step
from bot.jobs import Action, Job, Limits, Place, Status, new_job_id, now_ms
from bot.store import Store

MOVES = {
    "submit": (Status.ADMITTED, Status.RUNNING),
    "collect": (Status.RUNNING, Status.DELIVERING),
    "deliver": (Status.DELIVERING, Status.DONE),
}


def step(store: Store, name: str, hang_in: str) -> Step:
    source, target = MOVES[name]

    async def run(job_id: str) -> Next:
        print(json.dumps([name, job_id]), flush=True)
        if name == hang_in:
            await asyncio.Event().wait()
        await store.move(job_id, {source}, target)
        return Next.CONTINUE

    return run


async def main(database_url: str, folder: Path, hang_in: str) -> None:
    store = await Store.open(database_url)
    steps = {name: step(store, name, hang_in) for name in MOVES}
    engine = Engine(database_url, steps, lock=folder / "lock", poll_seconds=0.02)
    await engine.start({"painter": 2})
    limits = Limits(running_per_user=0)
    while line := await asyncio.to_thread(sys.stdin.readline):
        jobs = [
            Job(
                id=new_job_id(),
                action=Action.IMAGINE,
                user_id=1,
                user_name="Ada",
                backend="painter",
                place=Place(channel_id=1),
            )
            for _ in range(int(line))
        ]
        await store.submit(jobs, limits=limits, batch=True, enqueue=engine.enqueue)
        await store.admit(limits, now_ms(), engine.enqueue)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
