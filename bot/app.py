"""The factory: builds the whole application from its settings, starts it and stops it in order.

    async with Application(settings) as app:      # the bot, delivering to Discord
        await app.serve()

A test, the playground and a host program start it alike. With an `outlet` of one's own the same jobs run without Discord.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Self

from bot import retention
from bot.admission import Admission
from bot.catalog import Catalog
from bot.client import build_client
from bot.config import Settings
from bot.delivery import Delivery
from bot.engine import Engine
from bot.errors import BackendError
from bot.fetch import Fetcher, FetchLimits
from bot.imaging import Imaging
from bot.jobs import Position
from bot.objects import Objects
from bot.preferences import Preferences
from bot.store import Store
from bot.studio import Studio
from bot.worker import Outlet, Worker

LOCAL_QUEUE = "local"
LOCAL_CONCURRENCY = 8
DISCORD_FILES = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
log = logging.getLogger(__name__)


class Application:
    """Everything that one process runs. `catalog` replaces the backends that the settings name."""

    studio: Studio
    store: Store
    catalog: Catalog

    def __init__(
        self, settings: Settings, *, outlet: Callable[[Store], Outlet] | None = None, catalog: Catalog | None = None
    ) -> None:
        self.settings = settings
        self._outlet_factory = outlet
        self.catalog = catalog or Catalog.from_settings(settings)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        await asyncio.to_thread(settings.data.mkdir, parents=True, exist_ok=True)
        self.store = await Store.open(settings.database)
        stack.push_async_callback(self.store.close)
        reserve = settings.reserve_mib << 20
        objects = await asyncio.to_thread(Objects, settings.images, settings.data / "cache", reserve=reserve)
        imaging = await stack.enter_async_context(Imaging())
        stack.push_async_callback(self.catalog.close)
        await self.catalog.start()
        outlet = await self._outlet(stack)

        def finished() -> None:
            admission.wake()

        worker = Worker(
            settings,
            store=self.store,
            objects=objects,
            catalog=self.catalog,
            imaging=imaging,
            outlet=outlet,
            finished=finished,
        )
        engine = Engine(settings.database, worker.steps, lock=settings.lock)
        concurrency = self._concurrency()
        limits = settings.limits(concurrency)

        async def tell(positions: Mapping[str, Position]) -> None:
            for job_id, position in positions.items():
                job = await self.store.job(job_id)
                if job is not None:
                    outlet.waiting(job, position)

        admission = Admission(self.store, engine, limits, on_positions=tell, seconds=self._seconds())
        fetcher = await stack.enter_async_context(self._fetcher(imaging))
        self.studio = Studio(
            settings,
            store=self.store,
            objects=objects,
            engine=engine,
            admission=admission,
            catalog=self.catalog,
            preferences=Preferences(self.store),
            fetcher=fetcher,
            imaging=imaging,
            worker=worker,
            outlet=outlet,
            limits=limits,
        )
        await engine.start({**limits.running_per_backend, LOCAL_QUEUE: LOCAL_CONCURRENCY})
        stack.push_async_callback(engine.stop)
        await admission.start()
        stack.push_async_callback(admission.stop)
        sweeper = asyncio.create_task(retention.run(settings, self.store, objects), name="retention")
        stack.push_async_callback(_stopped, sweeper)

    async def _outlet(self, stack: AsyncExitStack) -> Outlet:
        if self._outlet_factory is not None:
            return self._outlet_factory(self.store)
        return await stack.enter_async_context(Delivery(self.settings, self.store))

    async def serve(self) -> None:
        """Connects to Discord and answers, until cancelled or closed. Raises `ConfigError` where the settings forbid it."""
        self.settings.require_discord()
        async with build_client(self.settings, self.studio) as client:
            await client.start(self.settings.token.get_secret_value())

    def _concurrency(self) -> dict[str, int]:
        """How many requests each backend serves at once; one for those that have not answered yet."""
        numbers: dict[str, int] = {}
        for name in self.catalog.names:
            numbers[name] = 1
            with contextlib.suppress(BackendError):
                numbers[name] = self.catalog.capabilities(name).concurrency
        return numbers

    def _seconds(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in self.catalog.names:
            with contextlib.suppress(BackendError):
                found[name] = self.catalog.capabilities(name).seconds
        return found

    def _fetcher(self, imaging: Imaging) -> Fetcher:
        settings = self.settings
        return Fetcher(
            imaging,
            FetchLimits(max_bytes=settings.fetch_mib << 20),
            # What was attached lies at Discord, whatever hosts may be linked.
            allowed_hosts=settings.fetch_hosts | DISCORD_FILES if settings.fetch_hosts else None,
            trusted=(settings.discord_url,) if settings.discord_url else (),
        )


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
