"""The server's websocket, for one client id: what happens to a prompt, as it happens. It may break; then it is opened again."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from pydantic import SecretStr, ValidationError

from bot.backends.comfyui.answers import Event

CONNECT_SECONDS = 10.0
HEARTBEAT = 20.0  # seconds between two pings
MAX_MESSAGE = 16 << 20  # bytes
PREVIEW = 1  # the kind of binary frame that is a preview
HEADER = 8  # bytes: its kind, and JPEG or PNG, which the picture's own bytes tell, too


@dataclass(frozen=True, slots=True)
class Preview:
    """The picture of a half-done sampling, as a JPEG or PNG."""

    data: bytes


class Socket:
    """Use it with `async with`. Without a connection there is no news, and that is all: the prompt can be asked after otherwise."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, client_id: str, headers: Mapping[str, SecretStr]
    ) -> None:
        self._session = session
        self._url = f"{url}/ws"
        self._client_id = client_id
        self._headers = {name: secret.get_secret_value() for name, secret in headers.items()}
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._drop()

    async def connect(self) -> bool:
        """Whether there is a connection now."""
        if self._socket is None:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._socket = await self._session.ws_connect(
                        self._url,
                        params={"clientId": self._client_id},
                        headers=self._headers,
                        max_msg_size=MAX_MESSAGE,
                        heartbeat=HEARTBEAT,
                    )
        return self._socket is not None

    async def next(self, seconds: float) -> Event | Preview | None:
        """The next news; None when there is none in this time, or what came is of no use. Raises `ConnectionError` when it broke."""
        if self._socket is None:
            raise ConnectionError
        try:
            message = await self._socket.receive(timeout=seconds)
        except TimeoutError:
            return None
        match message.type, message.data:
            case aiohttp.WSMsgType.TEXT, str() as text:
                return _event(text)
            case aiohttp.WSMsgType.BINARY, bytes() as data:
                is_preview = len(data) > HEADER and int.from_bytes(data[:4], "big") == PREVIEW
                return Preview(data[HEADER:]) if is_preview else None
            case _:
                await self._drop()
                raise ConnectionError

    async def _drop(self) -> None:
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()


def _event(text: str) -> Event | None:
    try:
        return Event.model_validate_json(text)
    except ValidationError:
        return None
