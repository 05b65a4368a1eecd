"""Channels, threads, DMs and typing. https://docs.discord.com/developers/resources/channel"""

from bot.playground import events as intents
from bot.playground.clock import Clock
from bot.playground.events import Events, pick
from bot.playground.messages import Messages, find
from bot.playground.permissions import (
    CREATE_PRIVATE_THREADS,
    CREATE_PUBLIC_THREADS,
    MANAGE_CHANNELS,
    MANAGE_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    in_channel,
)
from bot.playground.problems import JSON, ApiError, Check, missing_access, missing_permissions
from bot.playground.snowflake import Snowflakes, is_snowflake
from bot.playground.wire import Answer, Call
from bot.playground.world import PRIVATE_THREAD, PUBLIC_THREAD, TEXT, Channel, User, World

HAS_THREAD = 1 << 5
DURATIONS = (60, 1440, 4320, 10080)  # minutes


class ChannelRoutes:
    """Handlers for what is not about messages."""

    def __init__(self, world: World, clock: Clock, ids: Snowflakes, messages: Messages, events: Events) -> None:
        self._world = world
        self._clock = clock
        self._ids = ids
        self._messages = messages
        self._events = events

    def get(self, call: Call) -> Answer:
        """GET /channels/{id}"""
        return Answer(200, self._visible(call).payload(self._world.bot))

    def change(self, call: Call) -> Answer:
        """PATCH /channels/{id}: name, archived and locked of threads; name and topic of channels."""
        channel, body, check = self._visible(call), call.table(), Check()
        own = channel.is_thread and channel.owner_id == self._world.bot.id
        needed = MANAGE_THREADS if channel.is_thread else MANAGE_CHANNELS
        if channel.guild is None or not (own or self._rights(channel) & needed):
            raise missing_permissions()
        name = check.text(body.get("name"), ("name",), 1, 100)
        changes: JSON = {
            key: check.boolean(body[key], (key,)) for key in ("archived", "locked") if body.get(key) is not None
        }
        check.done()
        channel.name = name or channel.name
        if channel.is_thread:
            channel.thread |= changes | ({"archive_timestamp": self._clock.iso()} if "archived" in changes else {})
        self._announce("THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE", channel)
        return Answer(200, channel.payload(self._world.bot))

    def delete(self, call: Call) -> Answer:
        """DELETE /channels/{id}: a thread, where the bot may manage threads."""
        channel = self._visible(call)
        if channel.guild is None or not channel.is_thread or not self._rights(channel) & MANAGE_THREADS:
            raise missing_permissions()
        payload = channel.payload(self._world.bot)
        del self._world.channels[channel.id], channel.guild.threads[channel.id]
        gone = {key: payload[key] for key in ("id", "guild_id", "parent_id", "type")}
        self._events.bot.dispatch("THREAD_DELETE", gone, intents.GUILDS)
        return Answer(200, payload)

    def open_dm(self, call: Call) -> Answer:
        """POST /users/@me/channels"""
        recipient = call.table().get("recipient_id")
        user = self._world.users.get(str(recipient)) if is_snowflake(recipient) else None
        if user is None or user is self._world.bot:
            raise ApiError(400, 50033, "Invalid Recipient(s)")
        return Answer(200, self.dm(user).payload(self._world.bot))

    def dm(self, user: User) -> Channel:
        """The DM channel of a user with the bot, opened if need be."""
        channel, new = self._world.dm(user, self._ids.next)
        if new:
            self._events.bot.dispatch("CHANNEL_CREATE", channel.payload(self._world.bot), intents.DIRECT_MESSAGES)
            event: JSON = {"type": "channel_create", "channel": channel.payload(user)}
            self._events.people.tell(lambda viewer: viewer is user, event)
        return channel

    def typing(self, call: Call) -> Answer:
        """POST /channels/{id}/typing"""
        channel = self._visible(call)
        if not self._rights(channel) & SEND_MESSAGES:
            raise missing_permissions()
        self.show_typing(channel, self._world.bot)
        return Answer(204)

    def show_typing(self, channel: Channel, user: User) -> None:
        """Tell both sides that someone types."""
        told: JSON = {"channel_id": channel.id, "user_id": user.id, "timestamp": int(self._clock.now())}
        if channel.guild is not None:
            told["guild_id"] = channel.guild.id
            told["member"] = channel.guild.members[user.id].payload() | {"user": user.payload}
        intent = pick(channel, intents.GUILD_TYPING, intents.DIRECT_TYPING)
        self._events.to_bot(channel, "TYPING_START", told, intent)
        event: JSON = {"type": "typing", "channel_id": channel.id, "user_id": user.id}
        self._events.people.tell(lambda viewer: bool(in_channel(channel, viewer) & VIEW_CHANNEL), event)

    def start_thread(self, call: Call) -> Answer:
        """POST /channels/{id}/threads"""
        body, check = call.table(), Check()
        kind = PRIVATE_THREAD if body.get("type") is None else body["type"]
        check.one_of(kind, ("type",), (PUBLIC_THREAD, PRIVATE_THREAD))
        check.done()
        thread = self._thread(self._visible(call), body, self._ids.next(), kind)
        return Answer(201, thread.payload(self._world.bot))

    def start_thread_from_message(self, call: Call) -> Answer:
        """POST /channels/{id}/messages/{id}/threads: the thread has the message's id."""
        channel = self._visible(call)
        message = find(channel, call.params["message_id"])
        if message.id in self._world.channels:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        thread = self._thread(channel, call.table(), message.id, PUBLIC_THREAD)
        payload = thread.payload(self._world.bot)
        self._messages.touch(message, {"flags": message.flags | HAS_THREAD, "thread": payload})
        return Answer(201, payload)

    def join_thread(self, call: Call) -> Answer:
        """PUT /channels/{id}/thread-members/@me"""
        return self._join(self._visible(call), self._world.bot)

    def add_to_thread(self, call: Call) -> Answer:
        """PUT /channels/{id}/thread-members/{user}"""
        return self._join(self._visible(call), self._world.user(call.params["user_id"]))

    def _join(self, thread: Channel, user: User) -> Answer:
        if user.id not in thread.joined:
            thread.joined.append(user.id)
        return Answer(204)

    def _thread(self, parent: Channel, body: JSON, thread_id: str, kind: int) -> Channel:
        needed = CREATE_PUBLIC_THREADS if kind == PUBLIC_THREAD else CREATE_PRIVATE_THREADS
        if parent.guild is None or parent.type != TEXT:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        if not self._rights(parent) & needed:
            raise missing_permissions()
        check = Check()
        name = check.text(body.get("name"), ("name",), 1, 100, required=True) or ""
        duration = check.one_of(body.get("auto_archive_duration") or 4320, ("auto_archive_duration",), DURATIONS)
        check.done()
        bot = self._world.bot
        thread = Channel(thread_id, kind, name, parent.guild, parent=parent, owner_id=bot.id, joined=[bot.id])
        now = self._clock.iso()
        thread.thread = {
            "archived": False, "archive_timestamp": now, "auto_archive_duration": duration, "locked": False,
            "create_timestamp": now,
        }  # fmt: skip
        self._world.channels[thread_id] = parent.guild.threads[thread_id] = thread
        self._announce("THREAD_CREATE", thread)
        return thread

    def _announce(self, name: str, channel: Channel) -> None:
        payload = channel.payload(self._world.bot)
        more = {"newly_created": True} if name == "THREAD_CREATE" else {}
        self._events.bot.dispatch(name, payload | more, intents.GUILDS)
        event: JSON = {"type": "channel_create", "channel": payload}
        self._events.people.tell(lambda viewer: bool(in_channel(channel, viewer) & VIEW_CHANNEL), event)

    def _rights(self, channel: Channel) -> int:
        return in_channel(channel, self._world.bot)

    def _visible(self, call: Call) -> Channel:
        channel = self._world.channel(call.params["channel_id"])
        if not self._rights(channel) & VIEW_CHANNEL:
            raise missing_access()
        return channel
