"""Permission bits and how a member's permissions in a channel come about.

https://docs.discord.com/developers/topics/permissions#permission-overwrites
"""

from bot.playground.world import IN_BOT_DM, PRIVATE_THREAD, Channel, Guild, User, World

ADD_REACTIONS = 1 << 6
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
USE_EXTERNAL_APPS = 1 << 50

ALL = (1 << 53) - 1
TALK = (
    ADD_REACTIONS | VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY
    | CREATE_PUBLIC_THREADS | SEND_MESSAGES_IN_THREADS
)  # fmt: skip
EVERYONE = TALK | USE_EXTERNAL_EMOJIS | USE_APPLICATION_COMMANDS | USE_EXTERNAL_APPS
DM = TALK | USE_EXTERNAL_EMOJIS | USE_APPLICATION_COMMANDS | USE_EXTERNAL_APPS
ANSWER = EMBED_LINKS | ATTACH_FILES  # what an application has in its answers wherever it is used


def in_guild(guild: Guild, user: User) -> int:
    """The permissions that a member's roles give, before any channel's overwrites; 0 for strangers."""
    member = guild.members.get(user.id)
    if member is None:
        return 0
    if guild.owner_id == user.id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role in member.roles:
        bits |= guild.roles[role].permissions
    return ALL if bits & ADMINISTRATOR else bits


def in_channel(channel: Channel, user: User) -> int:
    """The permissions of a user in a channel, thread (its parent's) or DM."""
    if channel.guild is None:
        return DM if user in channel.recipients else 0
    bits = in_guild(channel.guild, user)
    if bits == ALL or not bits:
        return bits
    bits = _overwritten(bits, channel.parent or channel, channel.guild, user)
    hidden = channel.type == PRIVATE_THREAD and user.id not in channel.joined and not bits & MANAGE_THREADS
    if hidden or not bits & VIEW_CHANNEL:
        return 0
    if channel.is_thread and not bits & SEND_MESSAGES_IN_THREADS:
        bits &= ~SEND_MESSAGES
    elif channel.is_thread:
        bits |= SEND_MESSAGES
    if not bits & SEND_MESSAGES:
        bits &= ~(MENTION_EVERYONE | EMBED_LINKS | ATTACH_FILES)
    return bits


def of_app(world: World, channel: Channel) -> int:
    """The `app_permissions` of an interaction in a channel. Where the bot is no member of the guild these are everyone's,
    of which it can use no more than its answers need.

    https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-structure
    """
    guild, context = channel.guild, world.context(channel)
    if guild is None:
        return ANSWER | MENTION_EVERYONE | (USE_EXTERNAL_EMOJIS if context == IN_BOT_DM else 0)
    if world.bot.id in guild.members:
        return in_channel(channel, world.bot)
    everyone = (channel.parent or channel).overwrites.get(guild.id)
    bits = guild.roles[guild.id].permissions
    return ANSWER | (bits if everyone is None else bits & ~everyone.deny | everyone.allow)


def _overwritten(bits: int, channel: Channel, guild: Guild, user: User) -> int:
    overwrites = channel.overwrites
    everyone = overwrites.get(guild.id)
    if everyone is not None:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role in guild.members[user.id].roles:
        overwrite = overwrites.get(role)
        if overwrite is not None:
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    own = overwrites.get(user.id)
    return bits if own is None else bits & ~own.deny | own.allow
