"""What exists: users, guilds, channels, messages. State alone; the rules are elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.problems import JSON, unknown_channel, unknown_guild, unknown_message, unknown_user

TEXT, DIRECT, GROUP, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 3, 11, 12
IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2  # the contexts of an interaction
EPHEMERAL = 1 << 6
KEPT_MESSAGES = 5000  # of each channel; older ones are forgotten, as the state lives in memory


@dataclass(slots=True, eq=False)
class User:
    """A person or the bot. `locale` is a Discord locale, `color` is for a drawn avatar.

    `dms_open`: takes direct messages of the bot; `installed`: has added the application to the account.
    """

    id: str
    username: str
    global_name: str
    locale: str = "en-US"
    color: str = "#7a8cff"
    bot: bool = False
    dms_open: bool = True
    installed: bool = False
    payload: JSON = field(init=False)

    def __post_init__(self) -> None:
        self.payload = {
            "id": self.id, "username": self.username, "global_name": self.global_name, "avatar": None,
            "discriminator": "0000" if self.bot else "0", "public_flags": 0, "flags": 0, "bot": self.bot,
            "primary_guild": None, "avatar_decoration_data": None, "collectibles": None,
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild; `roles` are ids, without the role that everyone has."""

    user: User
    roles: list[str] = field(default_factory=list[str])
    joined_at: str = "2024-01-01T00:00:00+00:00"

    def payload(self) -> JSON:
        """The member without its user, as messages and interactions carry it."""
        return {
            "avatar": None, "banner": None, "communication_disabled_until": None, "flags": 0, "joined_at": self.joined_at,
            "nick": None, "pending": False, "premium_since": None, "roles": self.roles, "mute": False, "deaf": False,
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Role:
    """A role; the one whose id is the guild's is everyone's."""

    id: str
    name: str
    permissions: int
    position: int = 0
    bot_id: str | None = None

    def payload(self) -> JSON:
        role: JSON = {
            "id": self.id, "name": self.name, "permissions": str(self.permissions), "position": self.position, "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
            "managed": self.bot_id is not None, "mentionable": False, "icon": None, "unicode_emoji": None, "flags": 0,
        }  # fmt: skip
        if self.bot_id is not None:
            role["tags"] = {"bot_id": self.bot_id}
        return role


@dataclass(slots=True, frozen=True)
class Overwrite:
    """A channel's own rule for a role (type 0) or member (type 1), as permission bits."""

    type: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """A message. `payload` is Discord's object without reactions; it is replaced, never changed, once sent."""

    payload: JSON
    channel: "Channel"
    author: User
    seen_by: User | None = None  # the addressee, where ephemeral
    reactions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: list[str] = field(default_factory=list[str])  # ids of every file it shows
    embedded: set[str] = field(default_factory=set[str])  # files that only its embeds show
    signed_until: float = 0.0
    nonce: str | None = None

    @property
    def id(self) -> str:
        return self.payload["id"]

    @property
    def flags(self) -> int:
        return self.payload["flags"]

    def seen(self, viewer: User) -> JSON:
        """The payload for a viewer, with the reactions as that user sees them."""
        if not self.reactions:
            return self.payload
        return self.payload | {"reactions": [_reaction(key, users, viewer) for key, users in self.reactions.items()]}


def emoji(key: str) -> JSON:
    """The emoji object of a reaction's key: a character, or name:id."""
    name, _, snowflake = key.partition(":")
    return {"id": snowflake or None, "name": name}


def _reaction(key: str, users: list[str], viewer: User) -> JSON:
    return {
        "emoji": emoji(key), "count": len(users), "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [], "me_burst": False, "me": viewer.id in users,
    }  # fmt: skip


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, thread, DM or group DM with its messages, oldest first."""

    id: str
    type: int
    name: str = ""
    guild: "Guild | None" = None
    position: int = 0
    topic: str | None = None
    overwrites: dict[str, Overwrite] = field(default_factory=dict[str, Overwrite])
    parent: "Channel | None" = None
    recipients: tuple[User, ...] = ()
    owner_id: str = ""
    thread: JSON = field(default_factory=dict[str, object])  # thread_metadata
    joined: list[str] = field(default_factory=list[str])  # a thread's members
    sent: int = 0
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    last_message_id: str | None = None

    @property
    def is_thread(self) -> bool:
        return self.type in (PUBLIC_THREAD, PRIVATE_THREAD)

    def add(self, message: Message) -> None:
        """Append a message, and forget the oldest of very many."""
        self.messages[message.id] = message
        self.last_message_id = message.id
        self.sent += 1
        if len(self.messages) > KEPT_MESSAGES:
            del self.messages[next(iter(self.messages))]

    def message(self, message_id: str) -> Message:
        """A message by id.

        Raises:
            ApiError: 10008.
        """
        found = self.messages.get(message_id)
        if found is None:
            raise unknown_message()
        return found

    def payload(self, viewer: User) -> JSON:
        """Discord's channel object; a DM's recipients are those other than the viewer."""
        channel: JSON = {"id": self.id, "type": self.type, "flags": 0, "last_message_id": self.last_message_id}
        if self.guild is None:
            channel["recipients"] = [user.payload for user in self.recipients if user is not viewer]
            group: JSON = {"name": self.name or None, "icon": None, "owner_id": self.owner_id}
            return channel | group if self.type == GROUP else channel
        channel |= {"guild_id": self.guild.id, "name": self.name, "rate_limit_per_user": 0}
        channel["parent_id"] = self.parent.id if self.parent else None
        if self.is_thread:
            return channel | self._thread_payload()
        overwrites = [
            {"id": key, "type": rule.type, "allow": str(rule.allow), "deny": str(rule.deny)}
            for key, rule in self.overwrites.items()
        ]
        return channel | {
            "position": self.position, "topic": self.topic, "nsfw": False, "permission_overwrites": overwrites,
        }  # fmt: skip

    def _thread_payload(self) -> JSON:
        return {
            "owner_id": self.owner_id, "thread_metadata": self.thread, "message_count": max(0, self.sent - 1),
            "member_count": len(self.joined), "total_message_sent": max(0, self.sent - 1),
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Guild:
    """A server. `tier` is its premium tier, which sets the size of files."""

    id: str
    name: str
    owner_id: str
    locale: str = "en-US"
    tier: int = 0
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])
    threads: dict[str, Channel] = field(default_factory=dict[str, Channel])

    def payload(self) -> JSON:
        """Discord's guild object, without members and channels."""
        return {
            "id": self.id, "name": self.name, "icon": None, "description": None, "home_header": None, "splash": None,
            "discovery_splash": None, "features": [], "banner": None, "owner_id": self.owner_id, "application_id": None,
            "region": "us-east", "afk_channel_id": None, "afk_timeout": 300, "system_channel_id": None,
            "system_channel_flags": 0, "widget_enabled": False, "widget_channel_id": None, "verification_level": 0,
            "roles": [role.payload() for role in self.roles.values()], "default_message_notifications": 0,
            "mfa_level": 0, "explicit_content_filter": 0, "max_presences": None, "max_members": 500000,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": None,
            "premium_tier": self.tier, "premium_subscription_count": 0, "preferred_locale": self.locale,
            "rules_channel_id": None, "safety_alerts_channel_id": None, "public_updates_channel_id": None,
            "premium_progress_bar_enabled": False, "nsfw": False, "nsfw_level": 0, "emojis": [], "stickers": [],
            "incidents_data": None,
        }  # fmt: skip


@dataclass(slots=True, eq=False)
class Application:
    """The bot's application; `privileged` are the gateway intents that it was granted beyond the usual."""

    id: str
    name: str
    owner: User
    privileged: int = 0

    def payload(self) -> JSON:
        """What READY and messages carry."""
        return {"id": self.id, "name": self.name, "icon": None, "description": "", "type": None}


@dataclass(slots=True, eq=False)
class World:
    """Everything there is. `people` are the ids of the users that one can act as."""

    bot: User
    application: Application
    users: dict[str, User] = field(default_factory=dict[str, User])
    people: list[str] = field(default_factory=list[str])
    guilds: dict[str, Guild] = field(default_factory=dict[str, Guild])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])  # of guilds, threads, DMs

    def channel(self, channel_id: str) -> Channel:
        """A channel, thread or DM by id.

        Raises:
            ApiError: 10003.
        """
        found = self.channels.get(channel_id)
        if found is None:
            raise unknown_channel()
        return found

    def guild(self, guild_id: str) -> Guild:
        """A guild by id.

        Raises:
            ApiError: 10004.
        """
        found = self.guilds.get(guild_id)
        if found is None:
            raise unknown_guild()
        return found

    def user(self, user_id: str) -> User:
        """A user by id.

        Raises:
            ApiError: 10013.
        """
        found = self.users.get(user_id)
        if found is None:
            raise unknown_user()
        return found

    def context(self, channel: Channel) -> int:
        """Where an interaction in a channel takes place."""
        if channel.guild is not None:
            return IN_GUILD
        return IN_BOT_DM if self.bot in channel.recipients else IN_PRIVATE

    def installations(self, channel: Channel, user: User) -> JSON:
        """The installations of the application that count in a channel for a user: of the guild ("0"), of the user ("1")."""
        found: JSON = {}
        if channel.guild is not None and self.bot.id in channel.guild.members:
            found["0"] = channel.guild.id
        elif self.context(channel) == IN_BOT_DM:
            found["0"] = "0"
        return found | ({"1": user.id} if user.installed else {})

    def joined(self) -> list[Guild]:
        """The guilds that the bot is a member of."""
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]

    def dm(self, user: User, new_id: Callable[[], str]) -> tuple[Channel, bool]:
        """The DM channel of a user with the bot, and whether it is new."""
        for channel in self.channels.values():
            if channel.type == DIRECT and user in channel.recipients and self.bot in channel.recipients:
                return channel, False
        channel = Channel(new_id(), DIRECT, recipients=(user, self.bot))
        self.channels[channel.id] = channel
        return channel, True
