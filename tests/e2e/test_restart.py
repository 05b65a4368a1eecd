"""The bot is killed, and nothing is lost."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground import Person, Playground
from tests.e2e.people import grid, result


class Gate:
    """The other end of `tests.e2e.child`: sees what is being painted and says when it may be finished."""

    def __init__(self) -> None:
        self.painting: list[str] = []
        self._open = asyncio.Event()
        self._changed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        text = (await reader.readline()).decode().strip()
        async with self._changed:
            self.painting.append(text)
            self._changed.notify_all()
        opened = asyncio.create_task(self._open.wait())
        gone = asyncio.create_task(reader.read())
        await asyncio.wait({opened, gone}, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        gone.cancel()
        writer.write(b"go\n")
        writer.close()

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._open.clear()

    async def seen(self, number: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.painting) >= number)


@asynccontextmanager
async def bot(playground: Playground, folder: Path, port: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A bot process that is online; killed at the end as `kill -9` does."""
    environment = os.environ | {
        "LIENZO_TOKEN": playground.token,
        "LIENZO_GUILDS": next(iter(playground.world.guilds)),
        "LIENZO_DISCORD_URL": playground.url,
        "LIENZO_DATA": str(folder),
        "LIENZO_BACKENDS": "scripted",
        "LIENZO_RUNNING_PER_USER": "1",
        "LIENZO_RESERVE_MIB": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.child", str(port), env=environment, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        watcher = playground.user("mod")
        await watcher.until(lambda: playground.gateway.online or None, timeout=60)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.shows("Restart")
async def test_killed_with_one_job_running_and_three_waiting(
    playground: Playground, tmp_path: Path, ana: Person, ben: Person
) -> None:
    gate = Gate()
    server = await asyncio.start_server(gate.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with bot(playground, tmp_path, port):
            gate.open()
            assert await (await ben.slash("imagine", "#studio", prompt="before")).acknowledged()
            old = await ben.wait("#studio", grid("before"))
            gate.close()
            for number in range(4):
                interaction = await ana.slash("imagine", "#studio", prompt=f"fox {number}")
                progress = await interaction.thinking()
                await ana.wait("#studio", lambda m, p=progress: m["id"] == p["id"] and m["content"])
            await gate.seen(2)
        await ben.until(lambda: True if not playground.gateway.online else None)
        gate.open()
        async with bot(playground, tmp_path, port):
            for number in range(4):
                await ana.wait("#studio", grid(f"fox {number}"), timeout=30)
            posted = [m for m in await ana.history("#studio", limit=100) if m["attachments"]]
            assert sorted(m["content"].split("**")[1] for m in posted) == ["before", *(f"fox {n}" for n in range(4))]
            assert all("thinking" not in str(m) and not m["flags"] & 128 for m in await ana.history("#studio"))
            await ben.click(old, "U2")
            single = await ben.wait("#studio", result("Image #2"))
            assert single["message_reference"]["message_id"] == old["id"]
