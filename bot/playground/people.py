"""The people's face: the page and what it calls, for whoever sits at this machine (see `client.py` for the Python side)."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from aiohttp import web

from bot.playground.clock import Clock
from bot.playground.commands import Commands, localized
from bot.playground.files import REQUEST_LIMIT, Files, Stored, Upload, clean_name
from bot.playground.forms import Forms, Place, Refused, first_error
from bot.playground.gateway import Gateway
from bot.playground.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL, Interaction, Interactions
from bot.playground.messages import Messages
from bot.playground.permissions import ATTACH_FILES, MANAGE_MESSAGES, SEND_MESSAGES, VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON, ApiError
from bot.playground.rest_channels import ChannelRoutes
from bot.playground.snowflake import Snowflakes
from bot.playground.watchers import Watchers
from bot.playground.world import Channel, Message, User, World

LOCALES = ("en-US", "es-ES", "es-419")
Tries = Mapping[str, Sequence[tuple[str, str]]]


class Supervisor(Protocol):
    """Whoever started the bot's process, and can end it."""

    @property
    def status(self) -> str:
        """`starting`, `running` or `stopped`."""
        ...

    async def start(self) -> None: ...

    async def kill(self) -> None:
        """End the process at once (kill -9)."""
        ...


class People:
    """Handlers of `/play`."""

    def __init__(
        self, world: World, clock: Clock, ids: Snowflakes, files: Files, messages: Messages, commands: Commands,
        interactions: Interactions, channels: ChannelRoutes, gateway: Gateway, watchers: Watchers,
        supervisor: Supervisor | None, tries: Tries,
    ) -> None:  # fmt: skip
        self._world = world
        self._clock = clock
        self._ids = ids
        self._files = files
        self._messages = messages
        self._commands = commands
        self._interactions = interactions
        self._channels = channels
        self._gateway = gateway
        self._watchers = watchers
        self._supervisor = supervisor
        self._tries = tries
        self._forms = Forms(world, files)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register every route."""
        table: list[tuple[str, str, Callable[[web.Request], Awaitable[Any]]]] = [
            ("GET", "/play/world", self._show_world),
            ("GET", "/play/channels/{channel}/commands", self._list_commands),
            ("GET", "/play/channels/{channel}/messages", self._history),
            ("POST", "/play/channels/{channel}/messages", self._say),
            ("DELETE", "/play/channels/{channel}/messages/{message}", self._remove),
            ("PUT", "/play/channels/{channel}/messages/{message}/reactions/{emoji}", self._react),
            ("DELETE", "/play/channels/{channel}/messages/{message}/reactions/{emoji}", self._unreact),
            ("POST", "/play/channels/{channel}/typing", self._type),
            ("POST", "/play/attachments", self._upload),
            ("POST", "/play/interactions", self._interact),
            ("POST", "/play/users/{user}/locale", self._set_locale),
            ("POST", "/play/users/{user}/app", self._set_app),
            ("POST", "/play/dms", self._open_dm),
            ("POST", "/play/bot", self._bot),
        ]
        for method, path, handler in table:
            router.add_route(method, path, self._guarded(handler))
        router.add_get("/play/events", self._events)

    def bot_state(self) -> JSON:
        """`{status, can_restart}`"""
        status = "online" if self._gateway.online else "offline"
        if status == "offline" and self._supervisor is not None and self._supervisor.status == "starting":
            status = "starting"
        return {"status": status, "can_restart": self._supervisor is not None}

    def announce_bot(self) -> None:
        """Tell the pages whether the bot is there."""
        self._watchers.tell(lambda _: True, {"type": "bot", **self.bot_state()})

    def announce_commands(self) -> None:
        """Tell the pages that the list of commands changed."""
        self._watchers.tell(lambda _: True, {"type": "commands"})

    def start(self, user: User, channel: Channel, body: JSON) -> Interaction:
        """Check what a person does and give it to the bot.

        Raises:
            Refused, ApiError.
        """
        kind, data = body.get("type"), body.get("data")
        if kind not in (COMMAND, COMPONENT, AUTOCOMPLETE, MODAL) or not isinstance(data, dict):
            raise Refused("An interaction has a type (2, 3, 4 or 5) and data.")
        given = cast("JSON", data)
        if kind == COMPONENT:
            message = self._seen(channel, user, str(body.get("message_id")))
            data = self._forms.component(message, given, Place(channel, user))
            return self._interactions.start(user, channel, kind, data, self._origin(message, user), message=message)
        if kind == MODAL:
            parent = self._interactions.get(str(body.get("modal_id")))
            if parent is None or parent.modal is None or parent.user is not user:
                raise Refused("This modal is not open.")
            data = self._forms.modal(parent.modal, given, Place(parent.channel, user))
            return self._interactions.start(
                user, parent.channel, kind, data, parent.owners, message=parent.message, parent=parent
            )
        command = self._find_command(channel, user, given)
        data = self._forms.command(command, given, Place(channel, user), partial=kind == AUTOCOMPLETE)
        return self._interactions.start(user, channel, kind, data, self._commands.owners(command, channel, user))

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                found = await handler(request)
            except Refused as error:
                return _json({"message": str(error)}, 400)
            except ApiError as error:
                return _json({"message": first_error(error.errors or {}) or error.message}, error.status)
            return web.Response(status=204) if found is None else _json(found)

        return serve

    async def _show_world(self, request: web.Request) -> JSON:
        me, bot = self._user(request.query.get("user")), self._world.bot
        guilds = [guild for guild in self._world.guilds.values() if me.id in guild.members]
        shown = [
            {
                "id": guild.id, "name": guild.name, "has_bot": bot.id in guild.members,
                "roles": [role.payload() for role in guild.roles.values()],
                "channels": [
                    channel.payload(bot) for channel in (*guild.channels.values(), *guild.threads.values())
                    if in_channel(channel, me) & VIEW_CHANNEL
                ],
            }
            for guild in guilds
        ]  # fmt: skip
        dms = [each for each in self._world.channels.values() if each.guild is None and me in each.recipients]
        users = [self._world.users[key] for key in self._world.people] + [bot]
        return {
            "me": _person(me), "users": [_person(user) for user in users], "guilds": shown,
            "dms": [each.payload(me) for each in dms], "application": self._world.application.payload(),
            "bot": self.bot_state(), "now_ms": self._clock.now_ms(),
            "tries": [{"label": label, "text": text} for label, text in self._prompts(me.locale)],
        }  # fmt: skip

    def _prompts(self, locale: str) -> Sequence[tuple[str, str]]:
        for key in (locale, locale.partition("-")[0]):
            if key in self._tries:
                return self._tries[key]
        same = [key for key in self._tries if key.partition("-")[0] == locale.partition("-")[0]]
        return self._tries[same[0]] if same else self._tries.get("en-US", ())

    async def _list_commands(self, request: web.Request) -> list[JSON]:
        user, channel = self._user(request.query.get("user")), self._channel(request)
        return [localized(each, user.locale) for each in self._commands.usable(channel, user)]

    async def _history(self, request: web.Request) -> list[JSON]:
        user, channel = self._user(request.query.get("user")), self._channel(request)
        before = int(request.query.get("before") or 2**64)
        limit = min(int(request.query.get("limit") or 50), 200)
        found = [
            each for each in channel.messages.values() if int(each.id) < before and self._messages.visible(each, user)
        ]
        return [self._messages.fresh(each).seen(user) for each in found[-limit:]]

    async def _say(self, request: web.Request) -> JSON:
        body = await _body(request)
        user, channel = self._user(body.get("user")), self._channel(request)
        if not in_channel(channel, user) & SEND_MESSAGES:
            raise Refused("You may not write here.")
        uploads = self._attached(body.get("attachments"))
        if uploads and not in_channel(channel, user) & ATTACH_FILES:
            raise Refused("You may not attach files here.")
        return self._messages.send(channel, user, {"content": body.get("content")}, uploads).payload

    def _attached(self, ids: Any) -> list[Upload]:
        """Files that were uploaded before, as a message takes them."""
        keys: list[Any] = cast("list[Any]", ids) if isinstance(ids, list) else []
        found = [self._files.get(str(key)) for key in keys]
        if None in found:
            raise Refused("A file of this message is not here any more.")
        return [Upload(index, each.filename, each.data) for index, each in enumerate(found) if each is not None]

    async def _remove(self, request: web.Request) -> None:
        user, channel = self._user(request.query.get("user")), self._channel(request)
        message = self._seen(channel, user, request.match_info["message"])
        own = message.author is user or message.seen_by is user
        if not own and not in_channel(channel, user) & MANAGE_MESSAGES:
            raise Refused("You may not delete this message.")
        self._messages.delete(message)

    async def _react(self, request: web.Request) -> None:
        user, channel = self._user(request.query.get("user")), self._channel(request)
        message = self._seen(channel, user, request.match_info["message"])
        if message.seen_by is not None:
            raise Refused("A message that only you see takes no reactions.")
        self._messages.react(message, user, request.match_info["emoji"])

    async def _unreact(self, request: web.Request) -> None:
        user, channel = self._user(request.query.get("user")), self._channel(request)
        self._messages.unreact(
            self._seen(channel, user, request.match_info["message"]), user, request.match_info["emoji"]
        )

    async def _type(self, request: web.Request) -> None:
        self._channels.show_typing(self._channel(request), self._user((await _body(request)).get("user")))

    async def _upload(self, request: web.Request) -> JSON:
        self._user(request.query.get("user"))
        data = bytearray()
        async for chunk in request.content.iter_chunked(1 << 16):
            data += chunk
            if len(data) > REQUEST_LIMIT:
                raise Refused("A file may have at most 25 MiB.")
        name = clean_name(request.query.get("filename") or "file")
        stored = Stored(self._ids.next(), self._world.application.id, name, bytes(data), ephemeral=True)
        return self._files.payload(self._files.add(stored))

    async def _interact(self, request: web.Request) -> JSON:
        body = await _body(request)
        channel = self._world.channel(str(body.get("channel")))
        interaction = self.start(self._user(body.get("user")), channel, body)
        if interaction.choices is None:
            return {"id": interaction.id}
        user_locale = interaction.user.locale
        choices = [_choice(each, user_locale) for each in await interaction.choices]
        return {"id": interaction.id, "choices": choices}

    async def _set_locale(self, request: web.Request) -> JSON:
        user, locale = self._user(request.match_info["user"]), (await _body(request)).get("locale")
        if locale not in LOCALES:
            raise Refused(f"The locale must be one of {', '.join(LOCALES)}.")
        user.locale = locale
        self._watchers.tell(lambda _: True, {"type": "user", "user": _person(user)})
        self._watchers.tell(lambda viewer: viewer is user, {"type": "commands"})
        return _person(user)

    async def _set_app(self, request: web.Request) -> JSON:
        """`installed`: the application is added to one's account; `dms_open`: it may write to one."""
        user, body = self._user(request.match_info["user"]), await _body(request)
        user.installed = bool(body.get("installed", user.installed))
        user.dms_open = bool(body.get("dms_open", user.dms_open))
        self._watchers.tell(lambda _: True, {"type": "user", "user": _person(user)})
        self._watchers.tell(lambda viewer: viewer is user, {"type": "commands"})
        return _person(user)

    async def _open_dm(self, request: web.Request) -> JSON:
        user = self._user((await _body(request)).get("user"))
        return self._channels.dm(user).payload(user)

    async def _bot(self, request: web.Request) -> web.Response | JSON:
        verb, supervisor = (await _body(request)).get("do"), self._supervisor
        if verb not in ("kill", "start", "restart"):
            raise Refused("do must be kill, start or restart.")
        if supervisor is None:
            raise ApiError(409, 0, "The bot was not started by this playground.")
        if verb in ("kill", "restart"):
            await supervisor.kill()
            self.announce_bot()
        if verb in ("start", "restart"):
            await supervisor.start()
            self.announce_bot()
        return self.bot_state()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            user = self._user(request.query.get("user"))
        except ApiError as error:
            return _json({"message": error.message}, error.status)
        return await self._watchers.watch(request, user)

    def _user(self, user_id: Any) -> User:
        if not user_id:
            return self._world.users[self._world.people[0]]
        user = self._world.user(str(user_id))
        if user.id not in self._world.people:
            raise Refused("One cannot act as this user.")
        return user

    def _channel(self, request: web.Request) -> Channel:
        return self._world.channel(request.match_info["channel"])

    def _seen(self, channel: Channel, user: User, message_id: str) -> Message:
        message = channel.message(message_id)
        if not self._messages.visible(message, user):
            raise Refused("You cannot see this message.")
        return message

    def _origin(self, message: Message, user: User) -> JSON:
        """The installations by which a message of the application came here, whoever presses its buttons."""
        metadata: JSON = message.payload.get("interaction_metadata") or {}
        return metadata.get("authorizing_integration_owners") or self._world.installations(message.channel, user)

    def _find_command(self, channel: Channel, user: User, data: JSON) -> JSON:
        wanted, kind = data.get("id"), data.get("type") or 1
        for command in self._commands.usable(channel, user):
            if command["id"] == wanted or (
                wanted is None and (command["name"], command["type"]) == (data.get("name"), kind)
            ):
                return command
        raise Refused(f"There is no such command here: {data.get('name') or wanted}.")


async def _body(request: web.Request) -> JSON:
    try:
        found: Any = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("The body must be a JSON object.")
    return cast("JSON", found)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")


def _person(user: User) -> JSON:
    own: JSON = {"locale": user.locale, "color": user.color, "installed": user.installed, "dms_open": user.dms_open}
    return user.payload | own


def _choice(found: JSON, locale: str) -> JSON:
    names: JSON = found.get("name_localizations") or {}
    name = names.get(locale, found["name"])
    return {"name": name, "value": found["value"]}
