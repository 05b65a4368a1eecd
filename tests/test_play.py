"""`lienzo play`: the real bot in a process of its own, on a Discord of this machine alone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest
from aiohttp import web

from bot.config import Settings
from bot.doctor import nearby
from bot.doctor.nearby import Nearby
from bot.errors import UserError
from bot.play import BotProcess, announced, environment, keyed, listening, play
from bot.playground import Playground
from bot.playground.scenery import default_world
from tests.backends.doubles.comfyui import ComfyUiDouble
from tests.backends.doubles.sdwebui import USER, Flavour, SdWebUiDouble
from tests.backends.doubles.server import KEY, Double
from tests.recording import settings_in

ROOT = Path(__file__).parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

# The bot's own process


@pytest.fixture
def stand_in(tmp_path: Path) -> dict[str, str]:
    """An environment in which `python -m bot run` says that it is there, and then waits to be told to end."""
    package = tmp_path / "stand-in" / "bot"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import os, signal, sys, time\n"
        "if os.environ.get('STUBBORN'): signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "with open(os.environ['FIFO'], 'w') as fifo: fifo.write(sys.argv[1])\n"
        "while True: time.sleep(60)\n"
    )
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    return {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONSAFEPATH": "1", "FIFO": str(fifo)}


@asynccontextmanager
async def started(environment: dict[str, str]) -> AsyncGenerator[tuple[BotProcess, psutil.Process]]:
    """The bot's process once it runs, which is killed at the end."""
    process = BotProcess()
    process.environment = environment
    try:
        yield process, await born(process)
    finally:
        await process.kill()


async def born(process: BotProcess) -> psutil.Process:
    """Starts it, and waits until it says so."""
    before = set(children())
    await process.start()
    assert await asyncio.to_thread(Path(process.environment["FIFO"]).read_text) == "run"
    (child,) = set(children()) - before
    return child


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@POSIX
async def test_the_bot_is_killed_as_by_a_power_cut_and_started_again(stand_in: dict[str, str]) -> None:
    async with started(stand_in) as (process, child):
        assert process.status == "starting"
        await process.start()  # it runs already
        assert child in children()
        await process.kill()
        assert process.status == "stopped"
        assert not child.is_running()
        await process.kill()  # no trouble
        again = await born(process)
        assert again.pid != child.pid
        assert process.status == "starting"


@POSIX
async def test_the_bot_is_asked_to_end(stand_in: dict[str, str]) -> None:
    async with started(stand_in) as (process, child):
        await process.stop()
        assert process.status == "stopped"
        assert not child.is_running()
        await process.stop()


@POSIX
async def test_a_bot_that_does_not_end_is_killed(stand_in: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.play.STOP_SECONDS", 0.05)
    async with started(stand_in | {"STUBBORN": "1"}) as (process, child):
        await process.stop()
        assert not child.is_running()


async def test_a_bot_that_never_ran_is_stopped() -> None:
    process = BotProcess()
    assert process.status == "stopped"
    await process.stop()
    await process.kill()


# What it is told


def test_its_settings_are_the_operators_but_for_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LIENZO_")]:
        monkeypatch.delenv(name)
    elsewhere = {
        "TOKEN": "the.real.one",
        "GUILDS": "5",
        "DATABASE_URL": "postgresql://far/away",
        "IMAGES_URL": "s3://b",
    }
    for name, value in (elsewhere | {"BATCH_LIMIT": "3"}).items():
        monkeypatch.setenv(f"LIENZO_{name}", value)
    playground = Playground(port=4321)
    values = environment(settings_in(tmp_path, backends="one,two"), playground, tmp_path / "here", "two")
    with monkeypatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        found = Settings.load(None)
    assert found.token.get_secret_value() == playground.token
    assert found.discord_url == "http://127.0.0.1:4321"
    assert {str(guild) for guild in found.guilds} == {guild.id for guild in playground.world.joined()}
    assert found.allow_user_installs
    assert (found.data, found.database_url, found.images_url) == (tmp_path / "here", None, None)
    assert (found.backends, found.batch_limit, found.allow_dms) == (("two", "one"), 3, True)


def test_without_a_choice_its_backends_are_the_settings(tmp_path: Path) -> None:
    values = environment(settings_in(tmp_path, backends="one,two"), Playground(), tmp_path, None)
    assert values["LIENZO_BACKENDS"] == "one,two"


# What it finds


@asynccontextmanager
async def found_at(
    *doubles: Double, settings: Settings, ports: Mapping[str, Sequence[int]]
) -> AsyncGenerator[list[Nearby]]:
    """What is found of these kinds of servers on these ports, in place of the usual ones."""
    kinds = {name: replace(nearby.KINDS[name], ports=numbers) for name, numbers in ports.items()}
    yield await nearby.find(settings, kinds)
    assert [problem for double in doubles for problem in double.problems] == []


def port(double: Double) -> int:
    number = urlsplit(double.url).port
    assert number
    return number


async def free_port() -> int:
    async with Double() as double:
        return port(double)


class Gradio(Double):
    """Something else that listens there, and answers whatever it is asked."""

    answer = '{"error": "Unexpected endpoint"}'

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/{path:.*}", self._anything)

    def admits(self, request: web.Request) -> bool:
        return True

    async def _anything(self, _: web.Request) -> web.Response:
        return web.Response(text=self.answer, content_type="application/json")


class Silent(Gradio):
    """Something that takes the connection and says nothing."""

    async def _anything(self, _: web.Request) -> web.Response:
        self.hold()
        await self.work()
        return web.Response()


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing of ours is set but what the test sets."""
    for name in [name for name in os.environ if name.startswith("LIENZO_")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def open_door(unset: pytest.MonkeyPatch) -> None:
    """The keys that the doubles want."""
    unset.setenv("LIENZO_SDWEBUI_USER", USER)
    unset.setenv("LIENZO_SDWEBUI_PASSWORD", KEY)
    unset.setenv("LIENZO_COMFYUI_KEY", KEY)


@pytest.mark.usefixtures("open_door")
@pytest.mark.parametrize("flavour", list(Flavour))
async def test_servers_on_their_usual_ports_are_found(tmp_path: Path, flavour: Flavour) -> None:
    async with SdWebUiDouble(flavour=flavour) as webui, ComfyUiDouble() as comfy:
        ports = {"sdwebui": (await free_port(), port(webui)), "comfyui": (port(comfy),)}
        async with found_at(webui, comfy, settings=settings_in(tmp_path), ports=ports) as found:
            assert found == [Nearby("sdwebui", webui.url), Nearby("comfyui", comfy.url)]


@pytest.mark.usefixtures("open_door")
async def test_of_several_the_first_is_taken_and_what_is_switched_on_is_left(tmp_path: Path) -> None:
    async with SdWebUiDouble() as one, SdWebUiDouble() as other, ComfyUiDouble() as comfy:
        ports = {"sdwebui": (port(one), port(other)), "comfyui": (port(comfy),)}
        settings = settings_in(tmp_path, backends="painter,comfyui")
        async with found_at(one, other, comfy, settings=settings, ports=ports) as found:
            assert found == [Nearby("sdwebui", one.url)]
        assert comfy.asked == []


@pytest.mark.usefixtures("open_door")
async def test_the_operators_own_address_comes_first_where_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SdWebUiDouble() as own, SdWebUiDouble() as usual:
        monkeypatch.setenv("LIENZO_SDWEBUI_URL", own.url)
        async with found_at(settings=settings_in(tmp_path), ports={"sdwebui": (port(usual),)}) as found:
            assert found == [Nearby("sdwebui", own.url)]
        monkeypatch.setenv("LIENZO_SDWEBUI_URL", "http://gpu.example:7860")
        async with found_at(settings=settings_in(tmp_path), ports={"sdwebui": (port(usual),)}) as found:
            assert found == [Nearby("sdwebui", usual.url)]


@pytest.mark.usefixtures("unset")
async def test_what_listens_there_and_is_something_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearby, "SECONDS", 0.2)
    async with Gradio() as other, Silent() as silent, SdWebUiDouble() as locked:
        ports = {"sdwebui": [port(one) for one in (other, silent, locked)], "comfyui": [port(other), port(silent)]}
        async with found_at(settings=settings_in(tmp_path), ports=ports) as found:
            assert found == []


def test_a_found_server_is_switched_on_after_the_painter(tmp_path: Path) -> None:
    offers = [Nearby("comfyui", "http://127.0.0.1:8188"), Nearby("openai", "")]
    values = environment(settings_in(tmp_path, backends="painter"), Playground(), tmp_path, None, offers)
    assert values["LIENZO_BACKENDS"] == "painter,comfyui,openai"
    assert values["LIENZO_COMFYUI_URL"] == "http://127.0.0.1:8188"
    assert "LIENZO_OPENAI_URL" not in values
    values = environment(settings_in(tmp_path, backends="painter"), Playground(), tmp_path, "comfyui", offers)
    assert values["LIENZO_BACKENDS"] == "comfyui,painter,openai"
    assert [str(announced(offer)) for offer in offers] == [
        "Found a server for comfyui at http://127.0.0.1:8188: /imagine backend:comfyui uses it",
        "openai has a key, and may cost money: /imagine backend:openai uses it",
    ]


async def test_generators_with_a_key_are_offered(tmp_path: Path, unset: pytest.MonkeyPatch) -> None:
    assert await keyed(settings_in(tmp_path)) == []
    unset.setenv("LIENZO_OPENAI_KEY", KEY)
    (tmp_path / ".env").write_text(f"LIENZO_STABILITY_KEY={KEY}\nLIENZO_DEEPAI_KEY=\n")
    unset.setenv("LIENZO_BACKENDS", "painter")
    assert [offer.backend for offer in await keyed(Settings.load(tmp_path / ".env"))] == ["openai", "stability"]
    unset.setenv("LIENZO_BACKENDS", "openai")
    assert [offer.backend for offer in await keyed(Settings.load(tmp_path / ".env"))] == ["stability"]
    unset.setenv("LIENZO_STABILITY_TIMEOUT", "soon")  # what is wrong is no offer
    assert await keyed(Settings.load(tmp_path / ".env")) == []
    unset.setenv("LIENZO_BACKENDS", "painter")
    unset.setenv("LIENZO_USER_DAILY_USD", "0")
    assert await keyed(Settings.load(tmp_path / ".env")) == []


async def test_a_port_that_is_taken_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Playground() as other:
        with pytest.raises(UserError, match=f"Port {other.port} can't be had"):
            await play(backend=None, port=other.port, browser=False, locale="en-US")


async def test_another_port_is_taken_where_none_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Playground() as other:
        monkeypatch.setattr("bot.play.PORT", other.port)
        async with listening(None, BotProcess()) as playground:
            assert playground.port not in (0, other.port)


# The whole


@dataclass(slots=True)
class Played:
    """`python -m bot play` in a process, and where it says that it is."""

    process: asyncio.subprocess.Process
    url: str

    async def online(self) -> None:
        """Waits until the bot is."""
        user = next(iter(default_world().people))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/play/events", params={"user": user}) as events,
        ):
            async with session.get(f"{self.url}/play/world", params={"user": user}) as answer:
                state = (await answer.json())["bot"]
            while state["status"] != "online":
                event = await events.receive_json()
                state = event if event["type"] == "bot" else state


@asynccontextmanager
async def playing(folder: Path) -> AsyncGenerator[Played]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIENZO_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "play", "--no-browser", "--port", "0"),
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        while "Lienzo is at" not in line:  # what runs on this machine is said before
            assert line, await process.communicate()
            line = (await process.stdout.readline()).decode()
        yield Played(process, next(word for word in line.split() if word.startswith("http")))
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@POSIX
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_it_plays_until_it_is_ended_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    async with playing(tmp_path) as played:
        async with aiohttp.ClientSession() as session, session.get(played.url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        await played.online()
        (bot,) = psutil.Process(played.process.pid).children()
        if number is signal.SIGINT:  # Ctrl+C is for all that runs in a terminal
            os.killpg(played.process.pid, number)
        else:
            played.process.send_signal(number)
        out, error = await played.process.communicate()
        assert (played.process.returncode, out, error.decode()) == (status, b"", "")
        assert not bot.is_running()
        assert list(tmp_path.iterdir()) == []
