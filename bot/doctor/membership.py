"""What is checked on Discord's side: the token, the application, the servers, the bot's permissions and its commands."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from bot.config import Settings
from bot.doctor.findings import Finding, good, hint, listed, trouble, warning
from bot.doctor.permissions import Overwrite, in_channel, in_guild, invite_link, lacking
from bot.doctor.rest import Refusal, Rest
from bot.i18n import T, Text

PORTAL: Final = "https://discord.com/developers/applications"
TEXT_CHANNELS: Final = frozenset({0, 5})  # ordinary and announcement channels
USER_INSTALL: Final = (
    "1"  # https://docs.discord.com/developers/resources/application#application-object-application-integration-types
)
#: Presence, members and message content; each also as it is granted to bots in few servers.
PRIVILEGED: Final = 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 18 | 1 << 19
TOKEN: Final = re.compile(r"[\w.-]+", re.ASCII)
SHOWN: Final = 12  # channels named in one line


class User(BaseModel):
    id: int
    username: str


class Application(BaseModel):
    id: int
    name: str
    flags: int = 0
    bot_public: bool = True
    bot_require_code_grant: bool = False
    interactions_endpoint_url: str | None = None
    integration_types_config: Mapping[str, Any] | None = None


class Role(BaseModel):
    id: int
    permissions: int


class Guild(BaseModel):
    id: int
    name: str
    roles: Sequence[Role]


class Member(BaseModel):
    roles: Sequence[int]


class ChannelOverwrite(BaseModel):
    id: int
    allow: int
    deny: int


class Channel(BaseModel):
    id: int
    type: int
    name: str = ""
    permission_overwrites: Sequence[ChannelOverwrite] = ()


class Command(BaseModel):
    type: int = 1
    name: str


async def examine(settings: Settings, rest: Rest) -> AsyncIterator[Finding]:
    """From the token to the last channel; stops where nothing further can be known."""
    token = settings.token.get_secret_value()
    if not token:
        yield trouble(
            T("Discord: `LIENZO_TOKEN` is empty."),
            T(
                "Put the bot's token from {portal} (Bot, Reset Token) into `.env`. `lienzo play` needs none.",
                portal=PORTAL,
            ),
        )
        return
    if not TOKEN.fullmatch(token):  # nor could it be sent
        yield _token_refused()
        return
    user = await rest.get("/users/@me", User)
    if isinstance(user, Refusal):
        yield _token_refused() if user.status == HTTPStatus.UNAUTHORIZED else trouble(user.title, user.mend)
        return
    yield good(T("Token: it is {name}'s", name=user.username))
    application = await rest.get("/oauth2/applications/@me", Application)
    if isinstance(application, Refusal):
        yield trouble(application.title, application.mend)
        return
    for finding in _application(application, settings):
        yield finding
    async for finding in _servers(settings, rest, user, application):
        yield finding
    async for finding in _commands(settings, rest, application):
        yield finding


def _token_refused() -> Finding:
    return trouble(
        T("Token: Discord does not accept it."),
        T(
            "Copy the token anew from {portal} (Bot, Reset Token; not the public key and not the client secret) into"
            " `LIENZO_TOKEN`.",
            portal=PORTAL,
        ),
    )


def _application(application: Application, settings: Settings) -> Iterator[Finding]:
    yield good(T("Application: {name}", name=application.name))
    if application.flags & PRIVILEGED:
        yield hint(T("Privileged intents are on in the portal; Lienzo needs none of them."))
    else:
        yield good(T("Intents: no privileged intent is needed, and none is on"))
    if application.interactions_endpoint_url:
        yield trouble(
            T("An interactions endpoint URL is set, so Discord sends every command there and none to the bot."),
            T("Clear it in the portal under General Information."),
        )
    if application.bot_require_code_grant:
        yield trouble(
            T("“Requires OAuth2 Code Grant” is on, so the invite link ends in an error."),
            T("Switch it off in the portal under Bot."),
        )
    if not application.bot_public:
        yield hint(
            T(
                "The application is private: only its owner can invite the bot. If the portal says that a private application"
                " cannot have a default authorization link, set Installation, Install Link to None; the link below still works."
            )
        )
    installs = application.integration_types_config
    if settings.allow_user_installs and installs is not None and USER_INSTALL not in installs:
        yield warning(
            T("`LIENZO_ALLOW_USER_INSTALLS` is on, but the application cannot be installed by users."),
            T("Tick User Install in the portal under Installation, or switch the setting off."),
        )


async def _servers(settings: Settings, rest: Rest, user: User, application: Application) -> AsyncIterator[Finding]:
    if not settings.guilds:
        yield trouble(
            T("Servers: `LIENZO_GUILDS` is empty."),
            T(
                "List the ids of the servers that may use the bot (right-click on a server, Copy Server ID, in developer mode)."
            ),
        )
    for guild_id in sorted(settings.guilds):
        async for finding in _server(guild_id, rest, user, application):
            yield finding
    yield hint(T("Invite link: {link}", link=invite_link(application.id)))


async def _server(guild_id: int, rest: Rest, user: User, application: Application) -> AsyncIterator[Finding]:
    guild = await rest.get(f"/guilds/{guild_id}", Guild)
    if isinstance(guild, Refusal):
        yield _not_a_member(guild_id, guild, application)
        return
    member = await rest.get(f"/guilds/{guild_id}/members/{user.id}", Member)
    if isinstance(member, Refusal):
        yield trouble(member.title, member.mend)
        return
    channels = await rest.get(f"/guilds/{guild_id}/channels", list[Channel])
    if isinstance(channels, Refusal):
        yield trouble(channels.title, channels.mend)
        return
    for finding in permissions(guild, member, channels, user.id, application.id):
        yield finding


def _not_a_member(guild_id: int, refusal: Refusal, application: Application) -> Finding:
    if refusal.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        return trouble(refusal.title, refusal.mend)
    return trouble(
        T("Server {id}: the bot is not in it, or there is no such server.", id=guild_id),
        T("Invite it: {link}", link=invite_link(application.id)),
    )


def permissions(
    guild: Guild, member: Member, channels: Sequence[Channel], user_id: int, application_id: int
) -> Iterator[Finding]:
    """What the bot lacks in a server, and where. The ids of a server and of its role for everyone are the same."""
    bits = {role.id: role.permissions for role in guild.roles}
    given = in_guild(bits.get(guild.id, 0), [bits.get(role, 0) for role in member.roles])
    everywhere = lacking(given)
    if everywhere:
        yield trouble(
            T(
                "Server {server}: the bot's roles lack {permissions}.",
                server=guild.name,
                permissions=listed([Text(name) for name in everywhere]),
            ),
            T("Invite it again, its roles are then set right: {link}", link=invite_link(application_id)),
        )
        return
    places: dict[tuple[str, ...], list[str]] = {}
    texts = [channel for channel in channels if channel.type in TEXT_CHANNELS]
    for channel in texts:
        overwrites = {o.id: Overwrite(o.allow, o.deny) for o in channel.permission_overwrites}
        here = in_channel(given, overwrites, guild_id=guild.id, role_ids=member.roles, member_id=user_id)
        places.setdefault(lacking(here), []).append(f"#{channel.name}")
    ready = len(places.pop((), []))
    yield good(
        T(
            "Server {server}: all permissions in {ready} of {all} text channels",
            server=guild.name,
            ready=ready,
            all=len(texts),
        )
    )
    for names, where in places.items():
        yield warning(
            T(
                "Server {server}: the bot lacks {permissions} in {channels}.",
                server=guild.name,
                permissions=listed([Text(name) for name in names]),
                channels=_shortened(where),
            ),
            T("If it should work there: channel settings, Permissions, add the bot's role and allow them."),
        )


async def _commands(settings: Settings, rest: Rest, application: Application) -> AsyncIterator[Finding]:
    everywhere = await rest.get(f"/applications/{application.id}/commands", list[Command])
    if isinstance(everywhere, Refusal):
        yield trouble(everywhere.title, everywhere.mend)
        return
    known = {(command.type, command.name) for command in everywhere}
    number = len(known)
    for guild_id in sorted(settings.guilds):
        here = await rest.get(f"/applications/{application.id}/guilds/{guild_id}/commands", list[Command])
        if isinstance(here, Refusal):
            continue  # the bot is not there, which has been said
        number += len(here)
        twice = sorted({command.name for command in here if (command.type, command.name) in known})
        if twice:
            yield warning(
                T("Server {id} shows these commands twice: {names}.", id=guild_id, names=_shortened(twice)),
                T(
                    "They are registered for the server and for everywhere. Start the bot once: it removes the stale ones."
                ),
            )
    if number:
        yield good(T("Commands: {number} are registered", number=number))
    else:
        yield hint(T("Commands: none yet, the bot registers them when it starts"))
    yield hint(T("If somebody does not see new commands: reload Discord (Ctrl+R, on a Mac ⌘R)."))


def _shortened(names: Sequence[str]) -> str:
    more = f" (+{len(names) - SHOWN})" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
