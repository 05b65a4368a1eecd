"""Which generators are switched on and what they can do, kept in memory so that deciding needs no I/O."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from bot.backends.base import Backend, Capabilities
from bot.backends.comfyui import ComfyUi, ComfyUiSettings
from bot.backends.deepai import DeepAi, DeepAiSettings
from bot.backends.diffusers import Diffusers, DiffusersSettings
from bot.backends.mjproxy import MjProxy, MjProxySettings
from bot.backends.modelslab import ModelsLab, ModelsLabSettings
from bot.backends.openai import OpenAi, OpenAiSettings
from bot.backends.painter import Painter
from bot.backends.sdwebui import SdWebUi, SdWebUiSettings
from bot.backends.stability import Stability, StabilitySettings
from bot.backends.vertex import Vertex, VertexSettings
from bot.breaker import Breaker, State
from bot.config import Settings
from bot.errors import (
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    LienzoError,
)
from bot.i18n import T
from bot.jobs import now_ms
from bot.store import DatabaseFailed

#: Every backend that there is, by the name used in `LIENZO_BACKENDS` and `--backend`.
BACKENDS: Mapping[str, Callable[[Settings], Backend]] = {
    "comfyui": lambda settings: ComfyUi(ComfyUiSettings.load(settings.env_file)),
    "deepai": lambda settings: DeepAi(DeepAiSettings.load(settings.env_file)),
    "diffusers": lambda settings: Diffusers(DiffusersSettings.load(settings.env_file)),
    "mjproxy": lambda settings: MjProxy(MjProxySettings.load(settings.env_file)),
    "modelslab": lambda settings: ModelsLab(ModelsLabSettings.load(settings.env_file)),
    "openai": lambda settings: OpenAi(OpenAiSettings.load(settings.env_file)),
    "painter": lambda _settings: Painter(),
    "sdwebui": lambda settings: SdWebUi(SdWebUiSettings.load(settings.env_file)),
    "stability": lambda settings: Stability(StabilitySettings.load(settings.env_file)),
    "vertex": lambda settings: Vertex(VertexSettings.load(settings.env_file)),
}

REFRESH_SECONDS = 300.0
ASK_SECONDS = 20.0
USUAL_SECONDS = 30.0  # of a request, where nothing better is known
_KNOWN = TypeAdapter(Capabilities)
log = logging.getLogger(__name__)


class Memory(Protocol):
    """Where what a backend said of itself outlives the process: the store."""

    async def meta(self, key: str) -> str | None: ...

    async def set_meta(self, key: str, value: str) -> None: ...


class Catalog:
    """The backends of one process. The first name is the default.

    One that does not answer is offline: it gets no jobs until it answers again, and then one at a time until one succeeds.
    """

    def __init__(self, backends: Mapping[str, Backend]) -> None:
        self._backends = dict(backends)
        self._capabilities: dict[str, Capabilities] = {}
        self._breakers = {name: Breaker() for name in self._backends}
        self._heard: set[str] = set()  # those that have answered this process
        self._states = dict.fromkeys(self._backends, State.CLOSED)
        self._since: dict[str, int] = {}
        self._turned = {name: asyncio.Event() for name in self._backends}
        self._memory: Memory | None = None
        self._changed: Callable[[], None] = lambda: None
        self._refreshers: list[asyncio.Task[None]] = []

    @classmethod
    def from_settings(cls, settings: Settings) -> "Catalog":
        """Raises `ConfigError` for a name that there is no backend for."""
        for name in settings.backends:
            if name not in BACKENDS:
                raise ConfigError(
                    T(
                        "`LIENZO_BACKENDS` names `{name}`, which does not exist. There are: {names}.",
                        name=name,
                        names=", ".join(sorted(BACKENDS)),
                    )
                )
        return cls({name: BACKENDS[name](settings) for name in settings.backends})

    @property
    def default(self) -> str:
        return next(iter(self._backends))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._backends)

    def backend(self, name: str) -> Backend:
        """Raises `BackendUnavailable` for one that is not switched on (any more)."""
        try:
            return self._backends[name]
        except KeyError:
            raise BackendUnavailable(backend=name) from None

    def capabilities(self, name: str) -> Capabilities:
        """From memory. Raises `BackendUnavailable` while the backend has never answered."""
        try:
            return self._capabilities[name]
        except KeyError:
            raise BackendUnavailable(backend=name) from None

    def known(self) -> tuple[Capabilities, ...]:
        """What those backends can do that have answered, now or before."""
        return tuple(self._capabilities.values())

    @property
    def paid(self) -> frozenset[str]:
        """Those that cost money."""
        return frozenset(name for name, known in self._capabilities.items() if known.paid)

    def seconds(self, name: str) -> float:
        """How long a request takes, by the backend's own guess."""
        known = self._capabilities.get(name)
        return known.seconds if known else USUAL_SECONDS

    # Whether they are there

    @property
    def offline(self) -> Mapping[str, int]:
        """Those that get no jobs now, and since when (milliseconds since the epoch)."""
        return {name: self._since[name] for name, one in self._breakers.items() if one.state is State.OPEN}

    @property
    def concurrency(self) -> dict[str, int]:
        """How many requests each serves at once: one while nothing is known of it, or while it has to show that it is back."""
        closed = {name for name, one in self._breakers.items() if one.state is State.CLOSED}
        return {
            name: self._capabilities[name].concurrency if name in closed & self._capabilities.keys() else 1
            for name in self._backends
        }

    def succeeded(self, name: str) -> None:
        """A job was done."""
        if name in self._breakers:
            self._breakers[name].succeeded()
            self._note(name)

    def failed(self, name: str, error: BackendError) -> None:
        """A try of a job's failed. A backend that says no is there."""
        if name not in self._breakers:
            return
        if isinstance(error, BackendUnavailable | BackendTimeout):
            self._breakers[name].failed()
        elif isinstance(error, BackendRefused | BackendRejected):
            self._breakers[name].succeeded()
        self._note(name)

    def _note(self, name: str) -> None:
        """Passes on what the last event has changed. Until a job has succeeded, it has been away since it went."""
        state, before = self._breakers[name].state, self._states[name]
        if state is before:
            return
        self._states[name] = state
        if state is State.CLOSED:
            del self._since[name]
        else:
            self._since.setdefault(name, now_ms())
        log.warning("backend %s: %s, was %s", name, state, before)
        self._turned[name].set()
        self._changed()

    def watch(self, changed: Callable[[], None]) -> None:
        """Calls this whenever a backend goes away or comes back."""
        self._changed = changed

    # Asking them

    async def start(self, memory: Memory | None = None) -> None:
        """Asks every backend once, then again every few minutes, and those that are offline sooner.

        What one said before is taken from `memory`, so that a restart while it is away changes nothing.
        """
        self._memory = memory
        if memory is not None:
            await self._recall(memory)
        await self.refresh()
        self._refreshers = [asyncio.create_task(self._keep_fresh(name), name="catalog") for name in self._backends]

    async def _recall(self, memory: Memory) -> None:
        for name in self._backends:
            if (said := await memory.meta(_key(name))) is not None:
                try:
                    self._capabilities[name] = _KNOWN.validate_json(said)
                except ValidationError:  # of another version
                    log.info("backend %s: what it said before can't be read any more", name)

    async def refresh(self) -> None:
        await asyncio.gather(*(self._ask(name) for name in self._backends))

    async def _ask(self, name: str) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                said = await self._backends[name].capabilities()
        except (BackendError, TimeoutError) as error:
            trouble = error if isinstance(error, BackendError) else BackendTimeout(backend=name)
            log.warning("backend %s: %s", name, trouble)
            if name not in self._heard or self._breakers[name].state is State.OPEN:
                self._breakers[name].open()
                self._note(name)
            elif isinstance(trouble, BackendUnavailable | BackendTimeout):
                self.failed(name, trouble)
        else:
            self._heard.add(name)
            await self._learn(name, said)
            self._breakers[name].answered()
            self._note(name)

    async def _learn(self, name: str, said: Capabilities) -> None:
        before, self._capabilities[name] = self._capabilities.get(name), said
        if self._memory is None or said == before:
            return
        try:
            await self._memory.set_meta(_key(name), to_json(said, inf_nan_mode="constants").decode())
        except (LienzoError, DatabaseFailed):
            log.exception("backend %s: what it can do is not remembered", name)

    async def _keep_fresh(self, name: str) -> None:
        breaker, turned = self._breakers[name], self._turned[name]
        while True:
            turned.clear()
            try:
                async with asyncio.timeout(breaker.pause() if breaker.state is State.OPEN else REFRESH_SECONDS):
                    await turned.wait()
            except TimeoutError:
                await self._ask(name)

    async def close(self) -> None:
        for refresher in self._refreshers:
            refresher.cancel()
        await asyncio.gather(*self._refreshers, return_exceptions=True)
        await asyncio.gather(*(backend.close() for backend in self._backends.values()))


def check_caps(settings: Settings, paid: Iterable[str]) -> None:
    """Raises `ConfigError` where a backend costs money and a day's spending has no limit."""
    for name in sorted(paid):
        if settings.user_daily_usd <= 0 or settings.server_daily_usd <= 0:
            raise ConfigError(
                T(
                    "The {backend} backend costs money: set `LIENZO_USER_DAILY_USD` and `LIENZO_SERVER_DAILY_USD` to what may be"
                    " spent in a day, more than 0.",
                    backend=name,
                )
            )


def _key(name: str) -> str:
    return f"capabilities:{name}"
