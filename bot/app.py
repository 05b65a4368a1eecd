"""The factory: builds the whole application from its settings, starts it and stops it in order.

    async with application(settings) as app:      # the bot, delivering to Discord
        await app.serve()

A test, the playground and a host program start it alike. With an `outlet` of one's own the same jobs run without Discord.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from bot import retention
from bot.admission import Admission, capped
from bot.catalog import Catalog, check_caps
from bot.client import build_client
from bot.config import Settings
from bot.delivery import Delivery
from bot.engine import Engine
from bot.errors import BackendError
from bot.fetch import Fetcher, FetchLimits
from bot.imaging import Imaging
from bot.jobs import Limits
from bot.objects import Objects
from bot.outage import Outage
from bot.positions import Positions
from bot.preferences import Preferences
from bot.store import Store
from bot.studio import Studio
from bot.worker import Outlet, Worker

PLACES = 8  # that one of which nothing is known yet may serve, or more than it says today
DISCORD_FILES = frozenset({"cdn.discordapp.com", "media.discordapp.net"})


@dataclass(frozen=True, slots=True)
class Application:
    """What `application` has built and started. Jobs are worked on already; `serve` lets people give new ones."""

    settings: Settings
    store: Store
    catalog: Catalog
    studio: Studio

    async def serve(self) -> None:
        """Connects to Discord and answers, until cancelled or closed. Raises `ConfigError` where the settings forbid it."""
        self.settings.require_discord()
        async with build_client(self.settings, self.studio) as client:
            await client.start(self.settings.token.get_secret_value())


@asynccontextmanager
async def application(
    settings: Settings, *, outlet: Callable[[Store], Outlet] | None = None, catalog: Catalog | None = None
) -> AsyncGenerator[Application]:
    """Everything that one process runs. `catalog` replaces the backends that the settings name. Raises `ConfigError`."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(settings.data.mkdir, parents=True, exist_ok=True)
        store = await Store.open(settings.database)
        stack.push_async_callback(store.close)
        reserve = settings.reserve_mib << 20
        objects = await asyncio.to_thread(Objects, settings.images, settings.data / "cache", reserve=reserve)
        imaging = await stack.enter_async_context(Imaging())
        catalog = catalog or Catalog.from_settings(settings)
        stack.push_async_callback(catalog.close)
        await catalog.start(store)
        check_caps(settings, catalog.paid)
        way = outlet(store) if outlet else await stack.enter_async_context(Delivery(settings, store))

        def finished() -> None:
            admission.wake()

        preferences = Preferences(store)
        for guild_id in settings.guilds:
            await preferences.load_guild(guild_id)
        worker = Worker(
            settings,
            store=store,
            objects=objects,
            catalog=catalog,
            preferences=preferences,
            imaging=imaging,
            outlet=way,
            finished=finished,
        )
        engine = Engine(settings.database, worker.steps, lock=settings.lock)
        outage = Outage(
            settings,
            store=store,
            catalog=catalog,
            inputs=worker.inputs,
            on_failed=partial(worker.repaired, title=BackendError.title),
        )
        admission = Admission(
            store,
            engine,
            partial(_limits, settings, catalog),
            on_positions=Positions(store, way).tell,
            on_repaired=worker.repaired,
            seconds=catalog.seconds,
            tend=outage.tend,
        )
        fetcher = await stack.enter_async_context(_fetcher(settings, imaging))
        studio = Studio(
            settings,
            store=store,
            objects=objects,
            engine=engine,
            admission=admission,
            catalog=catalog,
            preferences=preferences,
            fetcher=fetcher,
            imaging=imaging,
            worker=worker,
            outlet=way,
            limits=settings.limits({}),
        )
        # Admission holds the limits. A place in a queue is taken until the result is posted, so there are some more of them.
        await engine.start({name: 2 * max(number, PLACES) + 2 for name, number in catalog.concurrency.items()})
        stack.push_async_callback(engine.stop)
        stack.callback(worker.end)
        await worker.abandon()
        await admission.start()
        stack.push_async_callback(admission.stop)
        catalog.watch(admission.wake)
        sweeper = asyncio.create_task(retention.run(settings, store, objects, engine), name="retention")
        stack.push_async_callback(_stopped, sweeper)
        yield Application(settings, store, catalog, studio)


def _fetcher(settings: Settings, imaging: Imaging) -> Fetcher:
    return Fetcher(
        imaging,
        FetchLimits(max_bytes=settings.fetch_mib << 20),
        # What was attached lies at Discord, whatever hosts may be linked.
        allowed_hosts=settings.fetch_hosts | DISCORD_FILES if settings.fetch_hosts else None,
        trusted=(settings.discord_url,) if settings.discord_url else (),
    )


def _limits(settings: Settings, catalog: Catalog) -> Limits:
    """As they hold now: backends come and go, and may serve more or less than before."""
    concurrency = catalog.concurrency
    return replace(capped(settings.limits(concurrency), concurrency), offline=frozenset(catalog.offline))


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
