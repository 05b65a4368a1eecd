"""What becomes of jobs whose generator is away: another one does them where that is wanted, or they wait, for hours but not for ever."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.actions import outline, plan
from bot.backends.base import Role
from bot.catalog import Catalog
from bot.config import Settings
from bot.errors import BackendError, LimitReached, NotFound, NotPossible
from bot.i18n import T
from bot.jobs import HOUR_MS, Image, Job, Lane, Status, now_ms
from bot.prompt import Prompt, reread
from bot.store import Store

#: Whoever writes one of these into a prompt wants no other.
NAMING = ("backend", "model", "version", "niji")
#: What a job works on: the picture itself, the user's other images, and the user's mask.
Inputs = tuple[Image | None, list[Image], Image | None]
log = logging.getLogger(__name__)


def names_its_backend(prompt: Prompt) -> bool:
    return any(prompt.get(name) is not None for name in NAMING)


def estimated(job: Job, prompt: Prompt, catalog: Catalog, source: Image | None, inputs: Sequence[Role]) -> Job:
    """The job with what it will likely cost. Raises `NotPossible`, and `BackendUnavailable` while nothing is known of its backend."""
    chosen = plan(job, prompt, catalog.capabilities(job.backend), source, inputs)
    price = catalog.backend(job.backend).price(outline(chosen, job, prompt, inputs, source))
    return job.evolve(estimate_usd=price)


def moved(job: Job, name: str, catalog: Catalog) -> Job:
    """The job with another backend, which is said on its result. A model is its own backend's: the other one takes its usual."""
    turbo = catalog.capabilities(name).turbo_model if job.lane is Lane.TURBO else None
    lane = Lane.FAST if job.lane is Lane.TURBO and turbo is None else job.lane
    note = T("The {backend} backend is offline: {other} made this instead.", backend=job.backend, other=name)
    return job.evolve(backend=name, model=turbo, lane=lane, notes=(*job.notes, note))


def stand_ins(
    job: Job, prompt: Prompt, catalog: Catalog, settings: Settings, source: Image | None, inputs: Sequence[Role]
) -> list[Job]:
    """The job as each of the others would do it that are there and can, in the operator's order; none where its prompt names a backend.

    The job's own estimate is known. What costs more, and so much that its writer would be asked, nobody does unasked.
    """
    found: list[Job] = []
    caps, away = settings.caps(catalog.paid), catalog.offline
    for name in catalog.names if not names_its_backend(prompt) else ():
        if name == job.backend or name in away:
            continue
        try:
            other = estimated(moved(job, name, catalog), prompt, catalog, source, inputs)
        except (NotPossible, BackendError):
            continue
        if not (caps.counted(job) < caps.counted(other) and settings.asks(caps.counted(other))):
            found.append(other)
    return found


class Outage:
    """Looks after the jobs that wait for a generator that is away."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        catalog: Catalog,
        inputs: Callable[[Job], Awaitable[Inputs]],
        on_failed: Callable[[Sequence[Job]], Awaitable[None]],
    ) -> None:
        """`on_failed` tells of jobs that have failed; it does not raise."""
        self._settings = settings
        self._store = store
        self._catalog = catalog
        self._inputs = inputs
        self._on_failed = on_failed

    async def tend(self) -> None:
        """Called before jobs are admitted."""
        for name, since_ms in self._catalog.offline.items():
            for job in await self._store.waiting_for(name):
                waited = now_ms() - max(job.created_ms, since_ms)
                # What the provider took already is not bought a second time elsewhere.
                if self._settings.failover and job.handle is None and await self._handed_on(job):
                    continue
                if waited >= self._settings.offline_hours * HOUR_MS:
                    await self._give_up(job)

    async def _handed_on(self, job: Job) -> bool:
        prompt = reread(job.prompt)
        try:
            source, guests, _ = await self._inputs(job)
        except NotFound:
            return False
        caps = self._settings.caps(self._catalog.paid)
        roles = [Role(image.memo["role"]) for image in guests]
        for other in stand_ins(job, prompt, self._catalog, self._settings, source, roles):
            try:
                if await self._store.reassign(other, job.backend, caps):
                    log.info("job %s: %s is offline, %s does it", job.id, job.backend, other.backend)
                return True
            except LimitReached:
                continue
        return False

    async def _give_up(self, job: Job) -> None:
        error = T(
            "The {backend} generator has been offline for {hours} hours, so this job was given up. It costs you nothing.",
            backend=job.backend,
            hours=f"{self._settings.offline_hours:g}",
        )
        failed = await self._store.move(job.id, {Status.WAITING}, Status.FAILED, error=error)
        if failed is not None:
            await self._on_failed([failed])
