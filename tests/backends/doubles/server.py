"""What every double has: a socket on this machine, a key, a gate, mischief, and a list of what was wrong with what it was asked."""

import asyncio
import base64
import io
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
from aiohttp import web
from PIL import Image

KEY = "sk-not-a-real-key-0123456789abcdef"
MAX_BODY = 64 << 20


class Mischief(StrEnum):
    """What can be wrong with an answer. The first are the same everywhere; the last only the double itself can do."""

    EMPTY = "a 200 with an empty body"
    HTML = "a gateway's page with a 200"
    HTML_502 = "a gateway's page with a 502"
    FAILED = "a 500 that repeats the key"
    LIMITED = "a 429 with Retry-After: 7"
    DROPPED = "a connection that breaks in the middle of the body"
    ENDLESS = "a body without end"
    # By the double, in its own shape
    REFUSED = "a refusal by the filter"
    NO_MODEL = "no such model"
    NOTHING = "a good answer without a picture"
    FEWER = "one picture less than asked"
    CUT = "a picture that is cut short"
    OTHER_FORMAT = "a JPEG under the name of a PNG"
    NO_PICTURE = "bytes that are no picture"


OWN = frozenset(list(Mischief)[list(Mischief).index(Mischief.REFUSED) :])


@dataclass(slots=True)
class Asked:
    """A request as it came: `json` is its body, where that was JSON."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any = None


@dataclass(slots=True)
class Double:
    """A server. Use it with `async with`; then `url` is its address.

    `hold()` makes work wait for `release()`; `begun(n)` waits until so many pieces of work have come, `stopped(n)` until it was told to
    stop so many. `mischief` is what every piece of work meets from now on. `problems` says what a strict provider would not have taken.
    """

    key: str = KEY
    mischief: Mischief | None = None
    asked: list[Asked] = field(default_factory=list[Asked])
    problems: list[str] = field(default_factory=list[str])
    url: str = ""
    _works: int = 0
    _stops: int = 0
    _gate: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    # What a double of a provider says

    def routes(self) -> Iterable[web.RouteDef]:
        return ()

    def is_work(self, request: web.Request) -> bool:
        """Whether this is what the provider is paid for: what mischief happens to."""
        return False

    def admits(self, request: web.Request) -> bool:
        """Whether the key is right."""
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def error(self, status: int, message: str) -> web.Response:
        """An error in the provider's shape."""
        return web.json_response({"error": {"message": message}}, status=status)

    # What it does for them

    def hold(self) -> None:
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    async def work(self, stop: asyncio.Event | None = None) -> None:
        """One piece of work has come. Waits for the gate, or to be stopped."""
        self._works += 1
        await self.changed()
        waits = [asyncio.create_task(event.wait()) for event in (self._gate, stop) if event is not None]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def stop(self) -> None:
        """It was told to stop one."""
        self._stops += 1
        await self.changed()

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(ready)

    async def begun(self, number: int = 1) -> None:
        await self.until(lambda: self._works >= number)

    async def stopped(self, number: int = 1) -> None:
        await self.until(lambda: self._stops >= number)

    @property
    def works(self) -> int:
        return self._works

    @property
    def stops(self) -> int:
        return self._stops

    def wrong(self, problem: str) -> None:
        self.problems.append(problem)

    async def __aenter__(self) -> Self:
        self._gate.set()
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """From now on nobody answers at its address."""
        self.release()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked = Asked(request.method, request.path, dict(request.headers))
        self.asked.append(asked)
        if request.content_type == "application/json" and request.can_read_body:
            asked.json = await request.json()
        if not self.admits(request):
            return self.error(401, f"Wrong key: {request.headers.get('Authorization', '')}")
        if self.mischief is not None and self.mischief not in OWN and self.is_work(request):
            self._works += 1
            return await self._misbehave(request, self.mischief)
        return await handler(request)

    async def _misbehave(self, request: web.Request, mischief: Mischief) -> web.StreamResponse:
        await request.read()
        match mischief:
            case Mischief.EMPTY:
                return web.Response()
            case Mischief.HTML:
                return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
            case Mischief.HTML_502:
                return web.Response(text="<html><h1>502</h1></html>", content_type="text/html", status=502)
            case Mischief.LIMITED:
                refused = self.error(429, "Slow down")
                refused.headers["Retry-After"] = "7"
                return refused
            case Mischief.DROPPED | Mischief.ENDLESS:
                return await self._stream(request, mischief is Mischief.ENDLESS)
            case _:
                return self.error(500, f"It broke, with {self.key} in hand")

    async def _stream(self, request: web.Request, endless: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"images": ["' + base64.b64encode(picture(64, 64, 0)))
        while endless:
            try:
                await response.write(b"A" * (1 << 20))
            except ConnectionError:
                break
        if request.transport is not None:
            request.transport.abort()
        return response


def picture(width: int, height: int, seed: int, form: str = "PNG") -> bytes:
    """A real picture: noise under a colour that follows from the seed, so that it is no small file."""
    random = np.random.default_rng(zlib.crc32(str(seed).encode()))
    pixels = random.integers(0, 64, (height, width, 3), dtype=np.uint8) + random.integers(0, 192, 3, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, form)
    return buffer.getvalue()


def spoiled(data: bytes, mischief: Mischief | None) -> bytes:
    """A picture's bytes after what is done to a single one."""
    if mischief is Mischief.CUT:
        return data[: len(data) // 2]
    return b"This is not a picture at all. " * 20 if mischief is Mischief.NO_PICTURE else data


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded_picture(text: Any) -> Image.Image:
    """A picture in base64, perhaps as a data URL, read whole. Raises `ValueError` or `OSError` if it is none."""
    if not isinstance(text, str):
        raise TypeError("a picture is a text")
    image = Image.open(io.BytesIO(base64.b64decode(text.rpartition(",")[2], validate=True)))
    image.load()
    return image
