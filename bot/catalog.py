"""Which generators are switched on and what they can do, kept in memory so that deciding needs no I/O."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from bot.backends.base import Backend, Capabilities
from bot.backends.openai import OpenAi, OpenAiSettings
from bot.backends.painter import Painter
from bot.backends.sdwebui import SdWebUi, SdWebUiSettings
from bot.config import Settings
from bot.errors import BackendError, BackendTimeout, BackendUnavailable, ConfigError
from bot.i18n import T

#: Every backend that there is, by the name used in `LIENZO_BACKENDS` and `--backend`.
BACKENDS: Mapping[str, Callable[[Settings], Backend]] = {
    "openai": lambda settings: OpenAi(OpenAiSettings.load(settings.env_file)),
    "painter": lambda _settings: Painter(),
    "sdwebui": lambda settings: SdWebUi(SdWebUiSettings.load(settings.env_file)),
}

REFRESH_SECONDS = 300.0
ASK_SECONDS = 20.0
log = logging.getLogger(__name__)


class Catalog:
    """The backends of one process. The first name is the default."""

    def __init__(self, backends: Mapping[str, Backend]) -> None:
        self._backends = dict(backends)
        self._capabilities: dict[str, Capabilities] = {}
        self._refresher: asyncio.Task[None] | None = None

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
        """From memory. Raises `BackendUnavailable` while the backend has not answered yet."""
        try:
            return self._capabilities[name]
        except KeyError:
            raise BackendUnavailable(backend=name) from None

    def known(self) -> tuple[Capabilities, ...]:
        """What those backends can do that have answered."""
        return tuple(self._capabilities.values())

    async def start(self) -> None:
        """Asks every backend once, then again every few minutes. One that does not answer is asked again, and unavailable until then."""
        await self.refresh()
        self._refresher = asyncio.create_task(self._keep_fresh(), name="catalog")

    async def refresh(self) -> None:
        await asyncio.gather(*(self._ask(name) for name in self._backends))

    async def _ask(self, name: str) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                self._capabilities[name] = await self._backends[name].capabilities()
        except (BackendError, TimeoutError) as error:
            trouble = error if isinstance(error, BackendError) else BackendTimeout(backend=name)
            log.warning("backend %s: %s", name, trouble)

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def close(self) -> None:
        if self._refresher is not None:
            self._refresher.cancel()
            await asyncio.gather(self._refresher, return_exceptions=True)
        await asyncio.gather(*(backend.close() for backend in self._backends.values()))
