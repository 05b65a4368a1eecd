"""What a test changes in the world while a bot is running: rights, roles, channels. The bot is told as Discord tells it."""

from bot.playground import events as intents
from bot.playground.events import Events
from bot.playground.permissions import VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON
from bot.playground.snowflake import Snowflakes
from bot.playground.world import Channel, Guild, Member, Overwrite, Role, User, World

BOT = "bot"


class Stage:
    """Channels are named by id or like `#studio`, users by user name (the bot is `bot`), roles by name; where several guilds
    have such a one, the first. Raises LookupError for what is not there.
    """

    def __init__(self, world: World, ids: Snowflakes, events: Events) -> None:
        self._world = world
        self._ids = ids
        self._events = events

    def overwrite(self, channel: str, who: str, *, allow: int = 0, deny: int = 0) -> None:
        """Set a channel's own rule for a user or role as permission bits; without bits the rule is removed."""
        place = self.channel(channel)
        if place.guild is None:
            raise LookupError(f"{channel} is in no guild")
        role = next((role for role in place.guild.roles.values() if role.name == who), None)
        key = self._user(who) if role is None else role.id
        place.overwrites.pop(key, None)
        if allow or deny:
            place.overwrites[key] = Overwrite(1 if role is None else 0, allow, deny)
        self._changed(place)

    def role(self, name: str, permissions: int, *, guild: str | None = None) -> Role:
        """Add a role to a guild (by id; the first)."""
        here = self.guild(guild)
        role = Role(self._ids.next(), name, permissions, len(here.roles))
        here.roles[role.id] = role
        self._tell("GUILD_ROLE_CREATE", {"guild_id": here.id, "role": role.payload()})
        return role

    def grant(self, user: str, role: str, *, guild: str | None = None) -> None:
        """Give a role to a member."""
        here, member = self._member(user, guild)
        member.roles.append(next(each.id for each in here.roles.values() if each.name == role))
        self._told(here, member)

    def revoke(self, user: str, role: str, *, guild: str | None = None) -> None:
        """Take a role from a member."""
        here, member = self._member(user, guild)
        member.roles = [each for each in member.roles if here.roles[each].name != role]
        self._told(here, member)

    def delete(self, channel: str) -> None:
        """Delete a channel of a guild, with its messages."""
        place = self.channel(channel)
        if place.guild is None:
            raise LookupError(f"{channel} is in no guild")
        payload = place.payload(self._world.bot)
        del self._world.channels[place.id]
        (place.guild.threads if place.is_thread else place.guild.channels).pop(place.id)
        self._tell("THREAD_DELETE" if place.is_thread else "CHANNEL_DELETE", payload)
        self._events.people.tell(lambda _: True, {"type": "channel_delete", "id": place.id})

    def remove_bot(self, *, guild: str | None = None) -> None:
        """Put the bot out of a guild."""
        here = self.guild(guild)
        del here.members[self._world.bot.id]
        self._events.bot.dispatch("GUILD_DELETE", {"id": here.id}, intents.GUILDS)
        self._events.people.tell(lambda _: True, {"type": "commands"})

    def guild(self, guild: str | None) -> Guild:
        """A guild by id; None is the first."""
        return next(iter(self._world.guilds.values())) if guild is None else self._world.guilds[guild]

    def channel(self, channel: str) -> Channel:
        """A channel by id, or the first of a name."""
        if channel in self._world.channels:
            return self._world.channels[channel]
        name = channel.removeprefix("#")
        found = next((each for each in self._world.channels.values() if each.name == name), None)
        if found is None:
            raise LookupError(f"there is no channel {channel}")
        return found

    def _user(self, name: str) -> str:
        users = self._world.users.values()
        found = next((user.id for user in users if user.username == name), self._world.bot.id if name == BOT else None)
        if found is None:
            raise LookupError(f"{name} is nobody, and no role")
        return found

    def _member(self, user: str, guild: str | None) -> tuple[Guild, Member]:
        here = self.guild(guild)
        return here, here.members[self._user(user)]

    def _changed(self, channel: Channel) -> None:
        payload = channel.payload(self._world.bot)
        self._tell("THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE", payload)
        people = self._events.people
        people.tell(lambda user: _sees(channel, user), {"type": "channel_create", "channel": payload})
        people.tell(lambda user: not _sees(channel, user), {"type": "channel_delete", "id": channel.id})
        people.tell(lambda _: True, {"type": "commands"})

    def _told(self, guild: Guild, member: Member) -> None:
        """A bot always hears of its own roles, and of others' with the intent."""
        payload = member.payload() | {"guild_id": guild.id, "user": member.user.payload}
        own = member.user is self._world.bot
        self._events.bot.dispatch("GUILD_MEMBER_UPDATE", payload, 0 if own else intents.GUILD_MEMBERS)
        self._events.people.tell(lambda _: True, {"type": "commands"})

    def _tell(self, name: str, payload: JSON) -> None:
        guild = self._world.guilds[payload["guild_id"]]
        if self._world.bot.id in guild.members:
            self._events.bot.dispatch(name, payload, intents.GUILDS)


def _sees(channel: Channel, user: User) -> bool:
    return bool(in_channel(channel, user) & VIEW_CHANNEL)
