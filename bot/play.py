"""`lienzo play`: the real bot, in a process of its own, on a Discord that lives on this machine alone."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from bot.backends.settings import BackendSettings
from bot.catalog import BACKENDS, Catalog
from bot.config import PREFIX, Settings
from bot.doctor import nearby
from bot.doctor.nearby import Nearby
from bot.errors import ConfigError, UserError
from bot.i18n import T, Text
from bot.playground import Playground

#: What to try first, by the language of the one who looks: a label and a command.
TRIES = {
    "en-US": [
        ("A lighthouse", "/imagine prompt: a lighthouse on a cliff at sunset --ar 3:2"),
        ("A fox in the snow", "/imagine prompt: a fox in a snowy forest, watercolour"),
        ("A city at night", "/imagine prompt: a neon city at night in the rain --ar 16:9 --chaos 30"),
        ("A pattern", "/imagine prompt: flowers and birds --tile"),
    ],
    "es": [
        ("Un faro", "/imagine prompt: un faro en un acantilado al atardecer --ar 3:2"),
        ("Un zorro en la nieve", "/imagine prompt: un zorro en un bosque nevado, acuarela"),
        ("Una ciudad de noche", "/imagine prompt: una ciudad de neón de noche bajo la lluvia --ar 16:9 --chaos 30"),
        ("Un patrón", "/imagine prompt: flores y pájaros --tile"),
    ],
}
STOP_SECONDS = 10.0
PORT = 8321


class BotProcess:
    """The bot as a child process, so that it can really be killed and started again."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def status(self) -> str:
        return "starting" if self._running else "stopped"  # whether it is online the playground sees by itself

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        if not self._running:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, stdin=asyncio.subprocess.DEVNULL
            )

    async def kill(self) -> None:
        """As a power cut would: no chance to tidy up."""
        if self._process is not None and self._running:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        process = self._process
        if process is None or not self._running:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            await self.kill()


async def play(*, backend: str | None, port: int | None, browser: bool, locale: str) -> int:
    """Serves the page until interrupted. Raises `UserError` where the port is not to be had; None takes the usual one, or any."""
    settings = Settings.load()
    with TemporaryDirectory(prefix="lienzo-play-") as folder:
        process = BotProcess()
        async with listening(port, process) as playground:
            offers = [*await nearby.find(settings), *await keyed(settings)]
            process.environment = environment(settings, playground, Path(folder), backend, offers)
            await process.start()
            try:
                for offer in offers:
                    sys.stdout.write(f"{announced(offer).in_language(locale)}\n")
                sys.stdout.write(
                    T("Lienzo is at {url} (Ctrl+C ends it)", url=playground.url).in_language(locale) + "\n"
                )
                sys.stdout.flush()
                if browser:
                    await asyncio.to_thread(webbrowser.open, playground.url)
                await asyncio.Event().wait()
            finally:
                await process.stop()
    return 0


@asynccontextmanager
async def listening(port: int | None, process: BotProcess) -> AsyncGenerator[Playground]:
    """A playground on this port; None takes the usual one, or any where that is taken. Raises `UserError`."""
    playground = Playground(port=PORT if port is None else port, tries=TRIES, supervisor=process)
    try:
        await playground.start()
    except (OSError, OverflowError) as error:  # the latter for a number that is no port
        if port is not None:
            problem = T("Port {port} can't be had. Choose another with `--port`; 0 takes any.", port=port)
            raise UserError(problem) from error
        playground = Playground(tries=TRIES, supervisor=process)
        await playground.start()
    try:
        yield playground
    finally:
        await playground.stop()


async def keyed(settings: Settings) -> list[Nearby]:
    """The generators that are switched off and have all that they need, with a key among it; none where nothing may be spent."""
    if settings.user_daily_usd <= 0 or settings.server_daily_usd <= 0:
        return []
    found: list[Nearby] = []
    for name in BACKENDS:
        if name in settings.backends or name in nearby.KINDS:
            continue
        with suppress(ConfigError):  # something is missing or wrong
            if _has_key(settings, name):
                catalog = Catalog.from_settings(settings.model_copy(update={"backends": (name,)}))
                await catalog.close()
                found.append(Nearby(name, ""))
    return found


def _has_key(settings: Settings, name: str) -> bool:
    """Whether a secret of this generator's is set."""
    for made in BackendSettings.__subclasses__():
        if made.setting("") == f"{PREFIX}{name}_".upper():
            values = dict(made.load(settings.env_file)).values()
            return any(isinstance(value, SecretStr) and value.get_secret_value() for value in values)
    return False


def announced(offer: Nearby) -> Text:
    """What is said of a generator that can be chosen."""
    if offer.url:
        return T(
            "Found a server for {name} at {url}: /imagine backend:{name} uses it", name=offer.backend, url=offer.url
        )
    return T("{name} has a key, and may cost money: /imagine backend:{name} uses it", name=offer.backend)


def environment(
    settings: Settings, playground: Playground, folder: Path, backend: str | None, offers: Sequence[Nearby] = ()
) -> dict[str, str]:
    """The bot's own settings, but for where Discord is and where it keeps things, and with what was found switched on as well."""
    chosen = (backend,) if backend else ()
    names = dict.fromkeys((*chosen, *settings.backends, *(offer.backend for offer in offers)))
    urls = {f"{PREFIX}{offer.backend.upper()}_URL": offer.url for offer in offers if offer.url}
    return (
        os.environ
        | urls
        | {
            f"{PREFIX}TOKEN": playground.token,
            f"{PREFIX}GUILDS": ",".join(guild.id for guild in playground.world.joined()),
            f"{PREFIX}ALLOW_DMS": "true",
            f"{PREFIX}ALLOW_USER_INSTALLS": "true",
            f"{PREFIX}DISCORD_URL": playground.url,
            f"{PREFIX}DATA": str(folder),
            f"{PREFIX}DATABASE_URL": "",
            f"{PREFIX}IMAGES_URL": "",
            f"{PREFIX}BACKENDS": ",".join(names),
            f"{PREFIX}LOG_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
    )
