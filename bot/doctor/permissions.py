"""What a bot may do in a channel, and what it needs. Pure.

Bits and algorithm: https://docs.discord.com/developers/topics/permissions
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from urllib.parse import urlencode

from bot.i18n import N_


class Permission(IntFlag):
    """Those that decide about what the bot does."""

    ADMINISTRATOR = 1 << 3
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    SEND_MESSAGES_IN_THREADS = 1 << 38


#: Everything that the bot needs, by the name that Discord's own settings show.
NEEDED: Mapping[Permission, str] = {
    Permission.VIEW_CHANNEL: N_("View Channels"),
    Permission.SEND_MESSAGES: N_("Send Messages"),
    Permission.SEND_MESSAGES_IN_THREADS: N_("Send Messages in Threads"),
    Permission.EMBED_LINKS: N_("Embed Links"),
    Permission.ATTACH_FILES: N_("Attach Files"),
    Permission.READ_MESSAGE_HISTORY: N_("Read Message History"),
}
INVITE_PERMISSIONS = sum(NEEDED)
_ALL = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A channel's exception for one role or member: bits taken away, then bits given."""

    allow: int
    deny: int


def invite_link(application_id: int) -> str:
    """Where an administrator adds the bot to a server, with no more permissions than it needs."""
    query = {"client_id": application_id, "scope": "bot applications.commands", "permissions": INVITE_PERMISSIONS}
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def in_guild(everyone: int, roles: Collection[int]) -> int:
    """The bits that a member has before any channel's exceptions: `everyone`'s and those of its other `roles`."""
    bits = _union((everyone, *roles))
    return _ALL if bits & Permission.ADMINISTRATOR else bits


def in_channel(
    bits: int, overwrites: Mapping[int, Overwrite], *, guild_id: int, role_ids: Collection[int], member_id: int
) -> int:
    """`bits` of the guild after a channel's exceptions: for everyone, then for the member's roles together, then for the member."""
    if bits == _ALL:
        return bits
    roles = [overwrites[role] for role in role_ids if role in overwrites and role != guild_id]
    together = Overwrite(_union(o.allow for o in roles), _union(o.deny for o in roles))
    for exception in (overwrites.get(guild_id), together, overwrites.get(member_id)):
        if exception is not None:
            bits = bits & ~exception.deny | exception.allow
    return bits


def lacking(bits: int) -> tuple[str, ...]:
    """The names of what the bot needs and has not; only the most telling one where the others follow from it."""
    if not bits & Permission.VIEW_CHANNEL:
        return (NEEDED[Permission.VIEW_CHANNEL],)
    return tuple(name for permission, name in NEEDED.items() if not bits & permission)


def _union(flags: Iterable[int]) -> int:
    bits = 0
    for flag in flags:
        bits |= flag
    return bits
