"""Where things that happen are told: to the bot over the gateway, and to the people's pages."""

from collections.abc import Callable
from typing import Protocol

from bot.playground.permissions import VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON
from bot.playground.world import Channel, Message, User

# https://docs.discord.com/developers/events/gateway#list-of-intents
GUILDS, GUILD_MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 9, 1 << 10, 1 << 11
DIRECT_MESSAGES, DIRECT_REACTIONS, DIRECT_TYPING = 1 << 12, 1 << 13, 1 << 14
MESSAGE_CONTENT = 1 << 15


class BotSink(Protocol):
    """The gateway."""

    def dispatch(self, name: str, data: JSON, intent: int = 0, redacted: JSON | None = None) -> None:
        """Send an event to sessions with the intent (0: all); `redacted` is for those without MESSAGE_CONTENT."""
        ...


class PeopleSink(Protocol):
    """The people's event sockets."""

    def tell(self, sees: Callable[[User], bool], event: Callable[[User], JSON] | JSON) -> None:
        """Send an event, the same for all or made for each, to the users that may see it."""
        ...


class Events:
    """Tells what happened to both sides; the sinks are put in when the playground is built."""

    bot: BotSink
    people: PeopleSink

    def __init__(self, bot_user: User) -> None:
        self._bot_user = bot_user

    def to_bot(self, channel: Channel, name: str, data: JSON, intent: int = 0, redacted: JSON | None = None) -> None:
        """Tell the bot of something in a channel, if it can see that channel: nothing where it is no member."""
        if in_channel(channel, self._bot_user) & VIEW_CHANNEL:
            self.bot.dispatch(name, data, intent, redacted)

    def message(self, kind: str, message: Message, sees: Callable[[User], bool]) -> None:
        """A message was created or updated (`kind`: CREATE, UPDATE). Ephemeral ones never go to the gateway."""
        if message.seen_by is None:
            payload = message.seen(self._bot_user)
            self.to_bot(message.channel, f"MESSAGE_{kind}", *_for_bot(message, payload, self._bot_user))
        name = f"message_{kind.lower()}"
        if message.reactions:
            self.people.tell(sees, lambda user: {"type": name, "message": message.seen(user)})
        else:
            self.people.tell(sees, {"type": name, "message": message.payload})


def _for_bot(message: Message, payload: JSON, bot_user: User) -> tuple[JSON, int, JSON | None]:
    guild = message.channel.guild
    if guild is None:
        return payload, DIRECT_MESSAGES, None
    member = guild.members.get(message.author.id)
    payload = payload | {"guild_id": guild.id}
    if member is not None:
        payload["member"] = member.payload()
    hidden = without_content(message, payload, bot_user)
    return payload, GUILD_MESSAGES, None if hidden is payload else hidden


def without_content(message: Message, payload: JSON, bot_user: User) -> JSON:
    """What a bot without the intent MESSAGE_CONTENT gets of a message: nothing that a person wrote in a guild without
    mentioning it. https://docs.discord.com/developers/events/gateway#message-content-intent
    """
    mentioned = any(user["id"] == bot_user.id for user in payload["mentions"])
    if message.channel.guild is None or message.author is bot_user or mentioned:
        return payload
    return payload | {"content": "", "embeds": [], "attachments": [], "components": []}


def pick(channel: Channel, guild_intent: int, direct_intent: int) -> int:
    """The intent that an event of a channel needs."""
    return direct_intent if channel.guild is None else guild_intent
