"""The gateway: sessions over websockets, compressed, with heartbeat, resume and all the ways to end.

https://docs.discord.com/developers/events/gateway
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.playground import events as intents
from bot.playground.clock import Clock
from bot.playground.permissions import VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON
from bot.playground.sockets import Session, Socket
from bot.playground.world import Guild, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    0,
    1,
    2,
    3,
    4,
    6,
    7,
    8,
    9,
    10,
    11,
)
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, BAD_TOKEN, ALREADY_AUTHENTICATED = 4001, 4002, 4003, 4004, 4005
RATE_LIMITED, TIMED_OUT, INVALID_SHARD, BAD_VERSION, BAD_INTENTS, DISALLOWED_INTENTS = (
    4008,
    4009,
    4010,
    4012,
    4013,
    4014,
)
INTERVAL = 41.25  # seconds between heartbeats
ACK_SECONDS = 0.1  # a network's round trip: a client that notes the time only after sending would else note it too late
MAX_PACKET = 4096  # bytes of what a client sends at once
SESSION_SECONDS = 180.0  # for which a dropped session can be resumed
ALL_INTENTS = (1 << 26) - 1


class Gateway:
    """The bot's sessions. `dispatch` tells them what happens."""

    def __init__(self, world: World, clock: Clock, token: str, *, changed: Callable[[], None]) -> None:
        self.url = ""
        self.interval = INTERVAL
        self._world = world
        self._clock = clock
        self._token = token
        self._changed = changed
        self._sessions: dict[str, Session] = {}
        self._sockets: set[Socket] = set()

    @property
    def online(self) -> bool:
        """Whether a bot is connected and identified."""
        return any(session.socket is not None for session in self._sessions.values())

    def dispatch(self, name: str, data: JSON, intent: int = 0, redacted: JSON | None = None) -> None:
        """Tell every session that has the intent."""
        encoded: bytes | None = None
        for session in self._sessions.values():
            if (intent and not session.intents & intent) or not session.serves(data.get("guild_id")):
                continue
            if redacted is not None and not session.intents & intents.MESSAGE_CONTENT:
                session.send(name.encode(), json.dumps(redacted).encode())
                continue
            if encoded is None:
                encoded = json.dumps(data).encode()
            session.send(name.encode(), encoded)

    def drop(self) -> None:
        """Cut every connection; the sessions can be resumed."""
        for socket in list(self._sockets):
            self._lose(socket)
            socket.cut()

    def reconnect(self) -> None:
        """Ask every client to reconnect and resume (op 7)."""
        for socket in list(self._sockets):
            socket.put(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Tell every client that its session is invalid (op 9)."""
        for socket in list(self._sockets):
            if socket.session is not None and not resumable:
                socket.session.resumable = False
                self._sessions.pop(socket.session.id, None)
            socket.put(INVALID, resumable)

    async def close(self) -> None:
        """End every connection."""
        for socket in list(self._sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        ws = web.WebSocketResponse(max_msg_size=0, compress=False, autoping=True)
        await ws.prepare(request)
        socket = Socket(ws, request)
        self._sockets.add(socket)
        writer = asyncio.create_task(socket.write())
        try:
            socket.put(HELLO, {"heartbeat_interval": int(self.interval * 1000), "_trace": []})
            if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
                socket.end(BAD_VERSION)
            await self._listen(socket)
        finally:
            self._sockets.discard(socket)
            self._lose(socket, code=ws.close_code)
            if not socket.ending:
                writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    async def _listen(self, socket: Socket) -> None:
        while True:
            try:
                message = await socket.ws.receive(timeout=self.interval * 1.5)
            except TimeoutError:
                await socket.ws.close(code=TIMED_OUT)
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            code = self._receive(socket, message)
            if code is not None:
                socket.end(code)

    def _receive(self, socket: Socket, message: WSMessage) -> int | None:
        """Handle one packet; the code to close with, if it is refused."""
        if len(message.data) > MAX_PACKET:
            return DECODE_ERROR
        if socket.too_fast():
            return RATE_LIMITED
        try:
            packet: Any = json.loads(message.data)
            op, data = packet["op"], cast("JSON", packet.get("d"))
        except (ValueError, KeyError, TypeError):
            return DECODE_ERROR
        if op == HEARTBEAT:
            self._clock.call_later(ACK_SECONDS, lambda: socket.put(ACK))
            return None
        if op in (IDENTIFY, RESUME, MEMBERS) and not _is_table(data):
            return DECODE_ERROR
        if op == IDENTIFY:
            return self._identify(socket, data)
        if op == RESUME:
            return self._resume(socket, data)
        if op not in (PRESENCE, VOICE, MEMBERS):
            return UNKNOWN_OPCODE
        if socket.session is None:
            return NOT_AUTHENTICATED
        if op == MEMBERS:
            self._members(socket.session, data)
        return None

    def _identify(self, socket: Socket, data: JSON) -> int | None:
        if socket.session is not None:
            return ALREADY_AUTHENTICATED
        if data.get("token") != self._token:
            return BAD_TOKEN
        wanted = data.get("intents")
        if not isinstance(wanted, int) or not 0 <= wanted <= ALL_INTENTS:
            return BAD_INTENTS
        privileged = intents.GUILD_MEMBERS | intents.PRESENCES | intents.MESSAGE_CONTENT
        if wanted & privileged & ~self._world.application.privileged:
            return DISALLOWED_INTENTS
        shard: list[int] = data.get("shard") or [0, 1]
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return INVALID_SHARD
        session = Session(wanted, shard[0], shard[1])
        self._forget()
        self._sessions[session.id] = session
        self._attach(socket, session)
        self._ready(session)
        return None

    def _resume(self, socket: Socket, data: JSON) -> int | None:
        if socket.session is not None:
            return ALREADY_AUTHENTICATED
        if data.get("token") != self._token:
            return BAD_TOKEN
        self._forget()
        session = self._sessions.get(str(data.get("session_id")))
        seq = data.get("seq") or 0
        known = session is not None and session.resumable and isinstance(seq, int)
        missed = session.missed(seq) if session is not None and known else None
        if session is None or missed is None:
            socket.put(INVALID, data=False)
            return None
        self._attach(socket, session)
        for packet in missed:
            socket.queue(packet)
        session.send(b"RESUMED", b'{"_trace":[]}')
        return None

    def _attach(self, socket: Socket, session: Session) -> None:
        if session.socket is not None:
            session.socket.cut()
        session.socket, socket.session = socket, session
        self._changed()

    def _lose(self, socket: Socket, code: int | None = None) -> None:
        session = socket.session
        if session is None or session.socket is not socket:
            return
        session.socket = None
        session.lost_at = self._clock.now()
        if code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):  # a client's goodbye ends the session
            self._sessions.pop(session.id, None)
        self._changed()

    def _forget(self) -> None:
        horizon = self._clock.now() - SESSION_SECONDS
        for session in list(self._sessions.values()):
            if session.socket is None and session.lost_at < horizon:
                del self._sessions[session.id]

    def _ready(self, session: Session) -> None:
        world = self._world
        guilds = [guild for guild in world.joined() if session.serves(guild.id)]
        ready: JSON = {
            "v": 10, "user": world.bot.payload | {"verified": True, "mfa_enabled": False, "email": None},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds], "session_id": session.id,
            "resume_gateway_url": self.url, "application": {"id": world.application.id, "flags": 0},
            "shard": [session.shard, session.shards],
            "private_channels": [], "session_type": "normal",
        }  # fmt: skip
        session.send(b"READY", json.dumps(ready).encode())
        for guild in guilds if session.intents & intents.GUILDS else ():
            session.send(b"GUILD_CREATE", json.dumps(self._guild(guild)).encode())

    def _guild(self, guild: Guild) -> JSON:
        bot = self._world.bot
        members = [guild.members[bot.id]]
        shown = [thread for thread in guild.threads.values() if in_channel(thread, bot) & VIEW_CHANNEL]
        return guild.payload() | {
            "joined_at": guild.members[bot.id].joined_at, "large": False, "unavailable": False,
            "member_count": len(guild.members), "voice_states": [], "presences": [], "stage_instances": [],
            "guild_scheduled_events": [], "soundboard_sounds": [],
            "members": [member.payload() | {"user": member.user.payload} for member in members],
            "channels": [channel.payload(bot) for channel in guild.channels.values()],
            "threads": [thread.payload(bot) for thread in shown],
        }  # fmt: skip

    def _members(self, session: Session, data: JSON) -> None:
        guild = self._world.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        wanted: Any = data.get("user_ids")
        listed: list[Any] = cast("list[Any]", wanted) if isinstance(wanted, list) else [wanted]
        ids = None if wanted is None else {str(each) for each in listed}
        query = str(data.get("query") or "")
        found = [
            member.payload() | {"user": member.user.payload}
            for key, member in guild.members.items()
            if (key in ids if ids is not None else member.user.username.startswith(query))
        ]
        chunk: JSON = {
            "guild_id": guild.id,
            "members": found[: data.get("limit") or None],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.send(b"GUILD_MEMBERS_CHUNK", json.dumps(chunk).encode())


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
