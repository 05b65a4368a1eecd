"""Tells those who wait their place in the queue, no more often than it helps."""

from collections.abc import Mapping

from bot.jobs import Job, Position
from bot.store import Store
from bot.worker import Outlet

#: How many people are told of a change at once. The rest follow in the next rounds, those who are next first.
CHANGES = 20


class Positions:
    """Remembers what each waiting job was told."""

    def __init__(self, store: Store, outlet: Outlet) -> None:
        self._store = store
        self._outlet = outlet
        self._jobs: dict[str, Job] = {}
        self._told: dict[str, Position] = {}

    async def tell(self, positions: Mapping[str, Position]) -> None:
        """Everyone who has not been told anything yet, and some of those for whom something changed."""
        self._jobs = {job_id: job for job_id, job in self._jobs.items() if job_id in positions}
        self._told = {job_id: told for job_id, told in self._told.items() if job_id in positions}
        new = [job_id for job_id in positions if job_id not in self._told]
        changed = [job_id for job_id, told in self._told.items() if told != positions[job_id]]
        changed.sort(key=lambda job_id: positions[job_id].place)
        for job_id in new + changed[:CHANGES]:
            job = self._jobs.get(job_id) or await self._store.job(job_id)
            if job is not None:
                self._jobs[job_id] = job
                self._told[job_id] = positions[job_id]
                self._outlet.waiting(job, positions[job_id])
