"""The event sockets of the people: everyone hears, in order, of what they may see."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from aiohttp import WSCloseCode, web

from bot.playground.problems import JSON
from bot.playground.world import User


class Watchers:
    """The event sockets of the people."""

    def __init__(self) -> None:
        self._watching: dict[web.WebSocketResponse, tuple[User, deque[str], asyncio.Event]] = {}

    def tell(self, sees: Callable[[User], bool], event: Callable[[User], JSON] | JSON) -> None:
        """Queue an event for everyone who may see it."""
        text = "" if callable(event) else None
        for user, queue, wake in self._watching.values():
            if not sees(user):
                continue
            if callable(event):
                queue.append(json.dumps(event(user)))
            else:
                text = text or json.dumps(event)
                queue.append(text)
            wake.set()

    async def watch(self, request: web.Request, user: User) -> web.WebSocketResponse:
        """Serve one socket until it ends."""
        ws = web.WebSocketResponse(heartbeat=30)
        await ws.prepare(request)
        queue, wake = deque[str](), asyncio.Event()
        self._watching[ws] = (user, queue, wake)
        writer = asyncio.create_task(_write(ws, queue, wake))
        try:
            async for _ in ws:
                pass
        finally:
            del self._watching[ws]
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    async def close(self) -> None:
        """End every socket."""
        for ws in list(self._watching):
            await ws.close(code=WSCloseCode.GOING_AWAY)


async def _write(ws: web.WebSocketResponse, queue: deque[str], wake: asyncio.Event) -> None:
    while True:
        await wake.wait()
        wake.clear()
        while queue:
            try:
                await ws.send_str(queue.popleft())
            except ConnectionError:
                return
