"""Messages and their reactions: created, changed and removed, with the events that follow."""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.playground import events as intents
from bot.playground.clock import Clock
from bot.playground.components import is_emoji
from bot.playground.drafts import SUPPRESS_EMBEDS, Draft, Drafts, Frame
from bot.playground.events import Events, pick
from bot.playground.files import LIFETIME, REQUEST_LIMIT, TIER_LIMITS, Files, Upload
from bot.playground.permissions import READ_MESSAGE_HISTORY, VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON, ApiError, Check, invalid, unknown_emoji, unknown_message
from bot.playground.snowflake import Snowflakes, is_snowflake
from bot.playground.world import EPHEMERAL, Channel, Message, User, World, emoji

NONCE_SECONDS = 300  # "the past few minutes", for which enforce_nonce finds the earlier message
MAX_REACTIONS = 20
REPLY = 19


@dataclass(slots=True)
class Extra:
    """What the playground itself puts on a message: its type, the interaction it answers, its addressee."""

    type: int = 0
    fields: JSON = field(default_factory=dict[str, Any])
    seen_by: User | None = None
    flags: int = 0


class Messages:
    """Everything that happens to messages, for the bot and for people alike."""

    def __init__(self, world: World, clock: Clock, ids: Snowflakes, files: Files, events: Events) -> None:
        self._world = world
        self._clock = clock
        self._ids = ids
        self._files = files
        self._events = events
        self._drafts = Drafts(world, ids, files)
        self._nonces: dict[tuple[str, str, str], tuple[float, Message]] = {}

    def limit(self, channel: Channel) -> int:
        """The bytes that one file may have in a channel."""
        return TIER_LIMITS[channel.guild.tier if channel.guild else 0]

    def request_limit(self, channel: Channel) -> int:
        """The bytes that one request may have in a channel."""
        return max(REQUEST_LIMIT, self.limit(channel))

    def send(self, channel: Channel, author: User, body: JSON, uploads: list[Upload]) -> Message:
        """An ordinary message with its nonce, reference and thread rules (permissions are checked before)."""
        nonce = self._nonce(body)
        if (earlier := self._repeated(channel, author, nonce, body)) is not None:
            return earlier
        extra = self._reply(channel, author, body)
        draft = self._drafts.read(body, uploads, Frame(channel, author, self.limit(channel)))
        if extra.fields and _pings_author(body):
            replied = extra.fields["referenced_message"]["author"]
            if replied not in draft.fields["mentions"]:
                draft.fields["mentions"] = [*draft.fields["mentions"], replied]
        return self.add(channel, author, draft, extra, nonce)

    def answer(self, frame: Frame, body: JSON, uploads: list[Upload], extra: Extra) -> Message:
        """An answer to an interaction or a follow-up."""
        draft = self._drafts.read(body, uploads, frame)
        return self.add(frame.channel, frame.author, draft, extra, None)

    def add(self, channel: Channel, author: User, draft: Draft, extra: Extra, nonce: str | None) -> Message:
        """Put a checked draft into a channel and tell everyone."""
        payload: JSON = {
            "id": self._ids.next(), "channel_id": channel.id, "type": extra.type, "author": author.payload,
            "timestamp": self._clock.iso(), "edited_timestamp": None, "tts": False, "pinned": False,
            **draft.fields, **extra.fields,
        }  # fmt: skip
        payload["flags"] |= extra.flags
        if nonce is not None:
            payload["nonce"] = nonce
        message = Message(
            payload, channel, author, extra.seen_by, files=draft.files, embedded=draft.embedded, nonce=nonce
        )
        message.signed_until = self._clock.now() + LIFETIME
        channel.add(message)
        if nonce is not None:
            self._remember(channel, author, nonce, message)
        self._tell("CREATE", message)
        payload.pop("nonce", None)  # it is told to the sender once, and not found again by reading
        return message

    def blank(self, channel: Channel, author: User, extra: Extra) -> Message:
        """The message that a deferred answer shows until it is filled."""
        fields: JSON = {
            "content": "", "embeds": [], "components": [], "attachments": [], "mentions": [], "mention_roles": [],
            "mention_everyone": False, "flags": 0 if extra.seen_by is None else EPHEMERAL,
        }  # fmt: skip
        return self.add(channel, author, Draft(fields), extra, None)

    def edit(
        self,
        message: Message,
        body: JSON,
        uploads: list[Upload],
        limit: int,
        *,
        first: bool = False,
        may_hide: bool = False,
    ) -> Message:
        """Change a message; `first` fills a deferred answer, which does not count as an edit."""
        frame = Frame(message.channel, message.author, limit, old=message, may_hide=may_hide)
        draft = self._drafts.read(body, uploads, frame)
        edited = None if first else self._clock.iso()
        message.payload = message.payload | draft.fields | {"edited_timestamp": edited}
        message.files, message.embedded = draft.files, draft.embedded
        message.signed_until = self._clock.now() + LIFETIME
        self._tell("UPDATE", message)
        return message

    def suppress(self, message: Message, flags: int) -> Message:
        """Hide or show a message's embeds."""
        kept = message.flags & ~SUPPRESS_EMBEDS | flags & SUPPRESS_EMBEDS
        message.payload = message.payload | {"flags": kept}
        self._tell("UPDATE", message)
        return message

    def touch(self, message: Message, fields: JSON) -> None:
        """Set fields of a message from the playground's side (a thread was opened) and tell everyone."""
        message.payload = message.payload | fields
        self._tell("UPDATE", message)

    def delete(self, message: Message) -> None:
        """Remove a message."""
        channel = message.channel
        del channel.messages[message.id]
        if message.seen_by is None:
            gone: JSON = {"id": message.id, "channel_id": channel.id}
            if channel.guild is not None:
                gone["guild_id"] = channel.guild.id
            intent = pick(channel, intents.GUILD_MESSAGES, intents.DIRECT_MESSAGES)
            self._events.to_bot(channel, "MESSAGE_DELETE", gone, intent)
        event: JSON = {"type": "message_delete", "channel_id": channel.id, "id": message.id}
        self._events.people.tell(lambda user: self.visible(message, user), event)

    def fresh(self, message: Message) -> Message:
        """The message, its links renewed if they have expired or soon will."""
        if message.files and message.signed_until < self._clock.now() + LIFETIME / 2:
            message.payload = json.loads(self._files.renew(json.dumps(message.payload), message.files))
            message.signed_until = self._clock.now() + LIFETIME
        return message

    def visible(self, message: Message, user: User) -> bool:
        """Whether a user sees a message."""
        if message.seen_by is not None:
            return user is message.seen_by
        return bool(in_channel(message.channel, user) & VIEW_CHANNEL)

    def react(self, message: Message, user: User, key: str) -> None:
        """Add a user's reaction. The rights to do so are checked before.

        Raises:
            ApiError: 10014, 30010.
        """
        key = _emoji_key(key)
        users = message.reactions.get(key)
        if users is None:
            if len(message.reactions) >= MAX_REACTIONS:
                raise ApiError(400, 30010, f"Maximum number of reactions reached ({MAX_REACTIONS})")
            users = message.reactions[key] = []
        if user.id not in users:
            users.append(user.id)
            self._tell_reaction("ADD", message, user, key)

    def unreact(self, message: Message, user: User, key: str) -> None:
        """Remove a user's reaction.

        Raises:
            ApiError: 10014.
        """
        key = _emoji_key(key)
        users = message.reactions.get(key, [])
        if user.id not in users:
            raise unknown_emoji()
        users.remove(user.id)
        if not users:
            del message.reactions[key]
        self._tell_reaction("REMOVE", message, user, key)

    def _tell(self, kind: str, message: Message) -> None:
        self._events.message(kind, message, lambda user: self.visible(message, user))

    def _tell_reaction(self, kind: str, message: Message, user: User, key: str) -> None:
        channel = message.channel
        event: JSON = {
            "user_id": user.id, "channel_id": channel.id, "message_id": message.id, "emoji": emoji(key),
            "type": 0, "burst": False,
        }  # fmt: skip
        if channel.guild is not None:
            event["guild_id"] = channel.guild.id
        if kind == "ADD":
            event |= {"message_author_id": message.author.id, "burst_colors": []}
            if channel.guild is not None and (member := channel.guild.members.get(user.id)) is not None:
                event["member"] = member.payload() | {"user": user.payload}
        intent = pick(channel, intents.GUILD_REACTIONS, intents.DIRECT_REACTIONS)
        self._events.to_bot(channel, f"MESSAGE_REACTION_{kind}", event, intent)
        self._events.people.tell(
            lambda viewer: self.visible(message, viewer),
            lambda viewer: {"type": "message_update", "message": message.seen(viewer)},
        )

    def _nonce(self, body: JSON) -> str | None:
        given = body.get("nonce")
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int | str) or len(str(given)) > 25:
            raise invalid(("nonce",), "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.")
        return str(given)

    def _repeated(self, channel: Channel, author: User, nonce: str | None, body: JSON) -> Message | None:
        if nonce is None or not body.get("enforce_nonce"):
            return None
        known = self._nonces.get((channel.id, author.id, nonce))
        return known[1] if known is not None and known[0] > self._clock.now() - NONCE_SECONDS else None

    def _remember(self, channel: Channel, author: User, nonce: str, message: Message) -> None:
        now = self._clock.now()
        while self._nonces and (oldest := next(iter(self._nonces.items())))[1][0] < now - NONCE_SECONDS:
            del self._nonces[oldest[0]]
        self._nonces[channel.id, author.id, nonce] = (now, message)

    def _reply(self, channel: Channel, author: User, body: JSON) -> Extra:
        if body.get("message_reference") is None:
            return Extra()
        check, path = Check(), ("message_reference",)
        given = check.table(body["message_reference"], path)
        if not is_snowflake(given.get("message_id")):
            check.fail(
                (*path, "message_id"), "NUMBER_TYPE_COERCE", f'Value "{given.get("message_id")}" is not snowflake.'
            )
        if str(given.get("channel_id") or channel.id) != channel.id:
            check.fail(path, "MESSAGE_REFERENCE_CANNOT_CROSS_CHANNELS", "Cannot reply to a message in another channel")
        check.done()
        if not in_channel(channel, author) & READ_MESSAGE_HISTORY:
            raise ApiError(403, 160002, "Cannot reply without permission to read message history")
        target = channel.messages.get(str(given["message_id"]))
        if target is None or target.seen_by is not None:
            if given.get("fail_if_not_exists") is False:
                return Extra()
            raise invalid(path, "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return Extra(REPLY, reference(target))


def reference(target: Message) -> JSON:
    """What a reply carries of the message that it answers."""
    link: JSON = {"type": 0, "channel_id": target.channel.id, "message_id": target.id}
    if target.channel.guild is not None:
        link["guild_id"] = target.channel.guild.id
    shown = {key: value for key, value in target.payload.items() if key != "referenced_message"}
    return {"message_reference": link, "referenced_message": shown}


def find(channel: Channel, message_id: str) -> Message:
    """A message of a channel that the bot may know of: not an ephemeral one.

    Raises:
        ApiError: 10008.
    """
    message = channel.message(message_id)
    if message.seen_by is not None:
        raise unknown_message()
    return message


def _pings_author(body: JSON) -> bool:
    rules: JSON | None = body.get("allowed_mentions")
    return True if rules is None else bool(rules.get("replied_user"))


def _emoji_key(key: str) -> str:
    name, separator, snowflake = key.partition(":")
    if separator:
        if name and is_snowflake(snowflake):
            return key
    elif is_emoji(key):
        return key
    raise unknown_emoji()
