"""The two halves of a gateway connection: the session that can be resumed, and the socket that carries it for now."""

import asyncio
import importlib
import importlib.util
import json
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

MAX_PACKETS, PER_SECONDS = 120, 60.0
BACKLOG = 10_000  # events that a session keeps for a client that comes back
Compressor = Callable[[bytes], bytes]  # one stream's shared context: a packet in, what goes out after a flush


class Session:
    """What a client identified as: it outlives its socket for a while, keeping what it missed."""

    def __init__(self, wanted: int, shard: int = 0, shards: int = 1) -> None:
        self.id = secrets.token_hex(16)
        self.intents = wanted
        self.shard, self.shards = shard, shards
        self.seq = 0
        self.socket: Socket | None = None
        self.backlog: deque[tuple[int, bytes]] = deque(maxlen=BACKLOG)
        self.lost_at = 0.0
        self.resumable = True

    def serves(self, guild_id: str | None) -> bool:
        """Whether this shard hears of a guild; the first hears of DMs."""
        return self.shards == 1 or (int(guild_id or 0) >> 22) % self.shards == self.shard

    def send(self, name: bytes, data: bytes) -> None:
        """Queue an event: its JSON is spliced in, so that it is written only once for all sessions."""
        self.seq += 1
        packet = b'{"t":"%b","s":%d,"op":0,"d":%b}' % (name, self.seq, data)
        self.backlog.append((self.seq, packet))
        if self.socket is not None:
            self.socket.queue(packet)

    def missed(self, seq: int) -> list[bytes] | None:
        """What came after a sequence number; None where it is not kept."""
        if seq > self.seq or (self.backlog and self.backlog[0][0] > seq + 1):
            return None
        return [packet for number, packet in self.backlog if number > seq]


class Socket:
    """One connection with its outgoing queue, so that events keep their order and nobody waits."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.ws = ws
        self.session: Session | None = None
        self._transport = request.transport
        self._compress = _compressor(request.query.get("compress"))
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._end: int | None = None
        self._received: deque[float] = deque(maxlen=MAX_PACKETS)

    def queue(self, packet: bytes) -> None:
        self._waiting.append(packet)
        self._wake.set()

    def put(self, op: int, data: Any = None) -> None:
        """Queue a packet that is no event."""
        self.queue(json.dumps({"op": op, "d": data, "s": None, "t": None}).encode())

    def end(self, code: int) -> None:
        """Close with a code, once what is queued has gone out."""
        self._end = code
        self._wake.set()

    @property
    def ending(self) -> bool:
        """Whether a close with a code is under way."""
        return self._end is not None

    def cut(self) -> None:
        """Drop the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def too_fast(self) -> bool:
        """Note a packet; whether there were more than 120 in a minute."""
        now = time.monotonic()
        full = len(self._received) == MAX_PACKETS and now - self._received[0] < PER_SECONDS
        self._received.append(now)
        return full

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while not self.ws.closed:
            await self._wake.wait()
            self._wake.clear()
            try:
                while self._waiting:
                    packet = self._waiting.popleft()
                    if self._compress is None:
                        await self.ws.send_str(packet.decode())
                    else:
                        await self.ws.send_bytes(self._compress(packet))
                if self._end is not None:
                    await self.ws.close(code=self._end)
            except ConnectionError:
                return


def _compressor(kind: str | None) -> Compressor | None:
    if kind == "zlib-stream":
        stream = zlib.compressobj(level=1)
        return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    return _zstd() if kind == "zstd-stream" else None


def _zstd() -> Compressor | None:
    """What Python 3.14 brings, or the optional package; clients ask for it only where they have it too."""
    if importlib.util.find_spec("compression") and importlib.util.find_spec("compression.zstd"):
        module: Any = importlib.import_module("compression.zstd")
        native = module.ZstdCompressor()
        return lambda data: native.compress(data, native.FLUSH_BLOCK)
    if importlib.util.find_spec("zstandard") is not None:
        package: Any = importlib.import_module("zstandard")
        stream = package.ZstdCompressor().compressobj()
        return lambda data: stream.compress(data) + stream.flush(package.COMPRESSOBJ_FLUSH_BLOCK)
    return None
