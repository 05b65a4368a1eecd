"""The world that a playground begins with, built with fixed ids so that everything can be repeated."""

from collections.abc import Iterable
from typing import Any

from bot.playground.permissions import ADMINISTRATOR, EVERYONE, MANAGE_MESSAGES, MANAGE_THREADS, TALK
from bot.playground.world import DIRECT, GROUP, TEXT, Application, Channel, Guild, Member, Overwrite, Role, User, World

APPLICATION_ID = "1200000000000000001"
HOST_ID = "1200000000000000100"


def empty_world() -> World:
    """The bot, its application and the owner of all guilds, who takes no part."""
    host = User(HOST_ID, "host", "Host")
    bot = User(APPLICATION_ID, "lienzo", "Lienzo", color="#e9a23b", bot=True)
    return World(bot, Application(APPLICATION_ID, "Lienzo", host), users={bot.id: bot, host.id: host})


def add_person(world: World, user: User) -> User:
    """A user that one can act as."""
    world.users[user.id] = user
    world.people.append(user.id)
    return user


def add_guild(
    world: World,
    guild_id: str,
    name: str,
    channels: Iterable[str],
    *,
    members: Iterable[User],
    moderators: Iterable[User] = (),
    administrators: Iterable[User] = (),
    with_bot: bool = True,
) -> Guild:
    """A guild with text channels; their ids and the roles' follow the guild's own."""
    guild = world.guilds[guild_id] = Guild(guild_id, name, world.application.owner.id)
    base = int(guild_id)
    guild.roles[guild_id] = Role(guild_id, "@everyone", EVERYONE)
    moderator = Role(str(base + 101), "Moderator", EVERYONE | MANAGE_MESSAGES | MANAGE_THREADS, 2)
    administrator = Role(str(base + 103), "Administrator", EVERYONE | ADMINISTRATOR, 3)
    own = Role(str(base + 102), world.application.name, TALK, 1, bot_id=world.bot.id)
    guild.roles |= {moderator.id: moderator, own.id: own, administrator.id: administrator}
    guild.members = {user.id: Member(user) for user in (world.application.owner, *members)}
    for user in moderators:
        guild.members[user.id] = Member(user, [moderator.id])
    for user in administrators:
        guild.members[user.id] = Member(user, [administrator.id])
    if with_bot:
        guild.members[world.bot.id] = Member(world.bot, [own.id])
    for name_of_channel in channels:
        add_channel(world, guild, name_of_channel)
    return guild


def add_channel(world: World, guild: Guild, name: str, overwrites: dict[str, Overwrite] | None = None) -> Channel:
    """A text channel at the end of a guild's list."""
    count = len(guild.channels)
    channel = Channel(str(int(guild.id) + 1 + count), TEXT, name, guild, count, overwrites=overwrites or {})
    guild.channels[channel.id] = world.channels[channel.id] = channel
    return channel


def add_private(world: World, channel_id: str, *people: User, name: str = "") -> Channel:
    """A channel without the bot: the DM of two people, or with a name a group."""
    kind = GROUP if name else DIRECT
    channel = world.channels[channel_id] = Channel(channel_id, kind, name, recipients=people, owner_id=people[0].id)
    return channel


def default_world() -> World:
    """Two guilds with the bot and one without; Ana (es-419), Ben (en-US), a moderator and an administrator; Ana's DM with
    Ben, and a group of three.
    """
    world = empty_world()
    ana = add_person(world, User("1200000000000000101", "ana", "Ana", "es-419", "#d95f8c"))
    ben = add_person(world, User("1200000000000000102", "ben", "Ben", "en-US", "#4f9dde"))
    mod = add_person(world, User("1200000000000000103", "mod", "Mod", "en-US", "#58b368"))
    admin = add_person(world, User("1200000000000000104", "admin", "Admin", "en-US", "#b07cc6"))
    everyone: dict[str, Any] = {"members": (ana, ben), "moderators": (mod,), "administrators": (admin,)}
    studio = ("studio", "gallery", "random")
    add_guild(world, "1200000000000001000", "Lienzo Studio", studio, **everyone)
    add_guild(world, "1200000000000002000", "Other Server", ("general",), **everyone)
    add_guild(world, "1200000000000003000", "Book Club", ("lounge",), with_bot=False, **everyone)
    add_private(world, "1200000000000004001", ana, ben)
    add_private(world, "1200000000000004002", ben, ana, mod, name="Weekend")
    return world
