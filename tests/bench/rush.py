"""A bot in its own process, many people, and what comes of what they do: shared by the benchmarks over the wire."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.playground import Playground
from bot.playground.scenery import add_guild, add_person, empty_world
from bot.playground.wire import LoggedRequest, LoggedResponse
from bot.playground.world import User, World

GUILD = 1200000000000001000
#: Discord takes only a few messages a second in one channel.
CHANNELS = 50
CALLBACK = re.compile(r"/interactions/(\d+)/")


@dataclass
class Rush:
    """People who all run /imagine. `answered` and `posted` fill with the times (`perf_counter`) at which Discord heard of it."""

    playground: Playground
    people: Sequence[str]
    process: asyncio.subprocess.Process
    sent: dict[str, float] = field(default_factory=dict[str, float])
    answered: dict[str, float] = field(default_factory=dict[str, float])
    posted: list[float] = field(default_factory=list[float])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def observe(self, request: LoggedRequest, response: LoggedResponse) -> None:
        if response.status >= 300:
            return
        if match := CALLBACK.search(request.path):
            self.answered[match[1]] = time.perf_counter()
        elif request.method == "POST" and request.path.startswith("/channels/") and request.files:
            self.posted.append(time.perf_counter())
        self._changed.set()

    def imagine(self, number: int) -> None:
        """One more command, by the next of the people."""
        person = self.people[number % len(self.people)]
        command = {"name": "imagine", "type": 1, "options": [{"name": "prompt", "type": 3, "value": f"fox {number}"}]}
        channel = str(GUILD + 1 + number % CHANNELS)
        started = self.playground.interact(person, channel, {"type": 2, "data": command})
        self.sent[started.id] = time.perf_counter()

    async def until(self, *, answered: int = 0, posted: int = 0, seconds: float = 120) -> None:
        async with asyncio.timeout(seconds):
            while len(self.answered) < answered or len(self.posted) < posted:
                self._changed.clear()
                await self._changed.wait()

    async def step(self, seconds: float = 0.005) -> None:
        """Lets the loop run for a moment."""
        await asyncio.sleep(seconds)


@asynccontextmanager
async def rush(
    people: int, *, seconds: float = 0.0, pictures: Sequence[Path] = (), **settings: object
) -> AsyncGenerator[Rush]:
    """A bot that is online and has registered its commands. `settings` are the bot's, by their names in lower case."""
    world = crowd(people)
    with TemporaryDirectory() as folder:
        async with Playground(world=world) as playground:
            environment = os.environ | {
                "LIENZO_TOKEN": playground.token,
                "LIENZO_GUILDS": str(GUILD),
                "LIENZO_DISCORD_URL": playground.url,
                "LIENZO_DATA": folder,
                "LIENZO_BACKENDS": "scripted",
                "LIENZO_LOG_LEVEL": "ERROR",
                "LIENZO_RESERVE_MIB": "0",
                **{f"LIENZO_{name.upper()}": str(value) for name, value in settings.items()},
            }
            command = (sys.executable, "-m", "tests.bench.child", str(seconds), *map(str, pictures))
            process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=asyncio.subprocess.DEVNULL)
            try:
                await online(playground)
                made = Rush(playground, world.people, process)
                playground.observers.append(made.observe)
                yield made
            finally:
                process.kill()
                await process.wait()


async def online(playground: Playground) -> None:
    watcher = playground.user(next(iter(playground.world.users[key].username for key in playground.world.people)))
    await watcher.until(lambda: playground.gateway.online or None, timeout=60)
    await watcher.close()


def crowd(people: int) -> World:
    world = empty_world()
    members = [add_person(world, User(str(GUILD + 100000 + n), f"person{n}", f"Person {n}")) for n in range(people)]
    add_guild(world, str(GUILD), "Crowd", [f"studio-{n}" for n in range(CHANNELS)], members=members)
    return world
