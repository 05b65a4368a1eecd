"""A person of the playground in Python: what tests use to type, click and wait, over HTTP and a websocket alone."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from bot.playground.components import walk
from bot.playground.outcomes import TIMEOUT, Interaction, PlaygroundError
from bot.playground.problems import JSON

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ATTACHMENT, GROUPS, NAMED = 11, (1, 2), (6, 7, 8, 9)  # types of options; the last are users, channels and roles
UPLOAD = 19
BOT = "@lienzo"  # the DM with the bot, opened if need be
File = Path | tuple[str, bytes]  # a file, or its name and bytes


class Person:
    """Acts as one user. Channels are named by id; like `#studio` by the name of the first such channel or group; like `@ben`
    or `@lienzo`, the bot, by the one with whom one has a DM.
    """

    def __init__(self, url: str, user_id: str) -> None:
        self.id = user_id
        self.messages: dict[str, JSON] = {}  # all that were seen, by id; deleted ones are removed
        self.deleted: set[str] = set()
        self.interactions: dict[str, JSON] = {}  # the event of each, by id
        self.typing: list[JSON] = []
        self.channels: dict[str, JSON] = {}
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._commands: dict[str, list[JSON]] = {}
        self._loaded: set[str] = set()
        self._oriented = False

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Open the event socket; done by the first call that needs it."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        try:
            socket = await self._session.ws_connect(
                f"{self._url}/play/events", params={"user": self.id}, max_msg_size=0
            )
        except aiohttp.WSServerHandshakeError as error:
            await self.close()
            raise PlaygroundError(error.status, f"{self.id} is nobody here") from None
        self._reader = asyncio.create_task(self._read(socket))

    async def close(self) -> None:
        """End the connections."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._session = self._reader = None

    async def world(self) -> JSON:
        """What `GET /play/world` says."""
        return await self.call("GET", "/play/world", user=self.id)

    async def commands(self, channel: str) -> list[JSON]:
        """The commands offered in a channel."""
        channel_id = await self._channel(channel)
        if channel_id not in self._commands:
            self._commands[channel_id] = await self.call("GET", f"/play/channels/{channel_id}/commands", user=self.id)
        return self._commands[channel_id]

    async def history(self, channel: str, limit: int = 50) -> list[JSON]:
        """The last messages of a channel, oldest first."""
        channel_id = await self._channel(channel)
        found: list[JSON] = await self.call("GET", f"/play/channels/{channel_id}/messages", user=self.id, limit=limit)
        return found

    async def slash(self, name: str, channel: str, /, **options: Any) -> Interaction:
        """Run a slash command (`prefer option set` for a subcommand of a group). A Path or (name, bytes) is attached; users,
        channels and roles are named by id, a Person, `#channel` or `@Role`.
        """
        data = await self._command_data(name, channel, options)
        return await self._interact(channel, COMMAND, data)

    async def autocomplete(self, name: str, channel: str, /, option: str, value: str, **options: Any) -> list[JSON]:
        """The bot's suggestions while `option` is being typed."""
        data = await self._command_data(name, channel, {**options, option: value}, focused=option)
        body: JSON = {"user": self.id, "channel": await self._channel(channel), "type": AUTOCOMPLETE, "data": data}
        found = await self.call("POST", "/play/interactions", json_body=body)
        return found["choices"]

    async def menu(self, name: str, target: JSON, channel: str | None = None) -> Interaction:
        """Run a context menu command on a message, or with `channel` on a user."""
        kind, where = (2, channel) if channel is not None else (3, target["channel_id"])
        data: JSON = {"name": name, "type": kind, "target_id": target["id"]}
        return await self._interact(where, COMMAND, data)

    async def click(self, message: JSON, button: str) -> Interaction:
        """Press a button by label, emoji or custom_id.

        Raises:
            LookupError: there is no such button.
        """
        found = find_component(self.messages.get(message["id"], message), button)
        data: JSON = {"custom_id": found["custom_id"], "component_type": found["type"]}
        return await self._interact(message["channel_id"], COMPONENT, data, message_id=message["id"])

    async def select(self, message: JSON, select: str, *values: "str | Person") -> Interaction:
        """Choose in a select by custom_id or placeholder: values, labels, people, `#channels`."""
        found = find_component(self.messages.get(message["id"], message), select)
        chosen = [await self._chosen(found, each) for each in values]
        data: JSON = {"custom_id": found["custom_id"], "component_type": found["type"], "values": chosen}
        return await self._interact(message["channel_id"], COMPONENT, data, message_id=message["id"])

    async def submit(self, modal: JSON, values: Mapping[str, Any], channel: str | None = None) -> Interaction:
        """Submit a modal with values by custom_id (a list where there are several); what is left out keeps its default.
        Files are uploaded.
        """
        components: list[JSON] = []
        for field in walk(modal["components"]):
            given = values.get(field["custom_id"], _default(field))
            components.append({"type": 18, "component": await self._filled(field, given)})
        data: JSON = {"custom_id": modal["custom_id"], "components": components}
        return await self._interact(channel, MODAL, data, modal_id=modal["id"])

    async def say(self, channel: str, content: str = "", *, files: Sequence[File] = ()) -> JSON:
        """Write an ordinary message, with up to ten files."""
        ids = [(await self.upload(file))["id"] for file in files]
        body: JSON = {"user": self.id, "content": content, "attachments": ids}
        return await self.call("POST", f"/play/channels/{await self._channel(channel)}/messages", json_body=body)

    async def react(self, message: JSON, emoji: str) -> None:
        """Add a reaction."""
        await self.call("PUT", f"{self._path(message)}/reactions/{quote(emoji, safe='')}", user=self.id)

    async def unreact(self, message: JSON, emoji: str) -> None:
        """Take a reaction back."""
        await self.call("DELETE", f"{self._path(message)}/reactions/{quote(emoji, safe='')}", user=self.id)

    async def delete(self, message: JSON) -> None:
        """Delete one's own message or, as a moderator, anyone's; dismiss an ephemeral one."""
        await self.call("DELETE", self._path(message), user=self.id)

    async def dm(self) -> JSON:
        """Open the DM channel with the bot."""
        return await self.call("POST", "/play/dms", json_body={"user": self.id})

    async def install(self, *, installed: bool = True) -> None:
        """Add the application to one's account, so that its commands are there in every guild and private channel."""
        await self.call("POST", f"/play/users/{self.id}/app", json_body={"installed": installed})
        self._commands.clear()

    async def uninstall(self) -> None:
        """Take the application off one's account."""
        await self.install(installed=False)

    async def close_dms(self, *, closed: bool = True) -> None:
        """Take no direct messages from the bot (50007), or take them again."""
        await self.call("POST", f"/play/users/{self.id}/app", json_body={"dms_open": not closed})

    async def locale(self, locale: str) -> None:
        """Change one's language."""
        await self.call("POST", f"/play/users/{self.id}/locale", json_body={"locale": locale})

    async def bot(self, verb: str) -> JSON:
        """kill, start or restart the bot's process."""
        return await self.call("POST", "/play/bot", json_body={"do": verb})

    async def upload(self, file: File) -> JSON:
        """Upload a file, to be an option's or a field's value by its id."""
        name, data = (file.name, await asyncio.to_thread(file.read_bytes)) if isinstance(file, Path) else file
        return await self.call("POST", "/play/attachments", data=data, user=self.id, filename=name)

    async def download(self, url: str) -> bytes:
        """The bytes of an attachment."""
        session = await self._connected()
        async with session.get(url) as response:
            if response.status != 200:
                raise PlaygroundError(response.status, await response.text())
            return await response.read()

    async def wait(self, channel: str, wanted: Callable[[JSON], Any], timeout: float = TIMEOUT) -> JSON:  # noqa: ASYNC109
        """Wait for a message of a channel, there already or still to come; the newest that is wanted."""
        channel_id = await self._channel(channel)
        await self._load(channel_id)

        def found() -> JSON | None:
            newest_first = sorted(self.messages.values(), key=lambda message: int(message["id"]), reverse=True)
            return next((each for each in newest_first if each["channel_id"] == channel_id and wanted(each)), None)

        return await self.until(found, timeout)

    async def gone(self, message: JSON) -> None:
        """Wait until a message is deleted."""
        await self.until(lambda: message["id"] in self.deleted or None)

    async def until(self, check: Callable[[], Any], timeout: float = TIMEOUT) -> Any:  # noqa: ASYNC109
        """Wait until an event makes `check` give something other than None.

        Raises:
            TimeoutError: it did not in time.
        """
        await self.connect()
        async with asyncio.timeout(timeout), self._changed:
            while (found := check()) is None:
                await self._changed.wait()
        return found

    async def call(
        self, method: str, path: str, *, json_body: JSON | None = None, data: bytes | None = None, **query: Any
    ) -> Any:
        """One call of the people's API.

        Raises:
            PlaygroundError: it was refused.
        """
        session = await self._connected()
        body = None if data is None else io.BytesIO(data)
        async with session.request(method, self._url + path, json=json_body, data=body, params=query) as response:
            text = await response.text()
            if response.status >= 400:
                raise PlaygroundError(response.status, json.loads(text)["message"] if text.startswith("{") else text)
            return json.loads(text) if text else None

    async def _connected(self) -> aiohttp.ClientSession:
        await self.connect()
        if self._session is None:
            raise RuntimeError("the person is closed")
        return self._session

    async def _interact(self, channel: str | None, kind: int, data: JSON, **more: str) -> Interaction:
        body: JSON = {"user": self.id, "type": kind, "data": data, **more}
        body["channel"] = await self._channel(channel) if channel is not None else next(iter(await self._known()))
        await self.connect()
        found = await self.call("POST", "/play/interactions", json_body=body)
        return Interaction(self, found["id"])

    async def _command_data(self, name: str, channel: str, options: Mapping[str, Any], *, focused: str = "") -> JSON:
        first, *rest = name.split(" ")
        offered = await self.commands(channel)
        command = next((each for each in offered if each["type"] == 1 and each["name"] == first), None)
        if command is None:
            raise LookupError(f"/{first} is not offered here, only {[each['name'] for each in offered]}")
        schema: list[JSON] = command.get("options", [])
        path: list[JSON] = []
        for part in rest:
            step = next(each for each in schema if each["type"] in GROUPS and each["name"] == part)
            path.append({"name": part, "type": step["type"]})
            schema = step.get("options", [])
        inner = [await self._option(schema, key, value, focused=key == focused) for key, value in options.items()]
        for step in reversed(path):
            inner = [{**step, "options": inner}]
        return {"id": command["id"], "name": first, "type": 1, "options": inner}

    async def _option(self, schema: list[JSON], name: str, value: Any, *, focused: bool) -> JSON:
        kind = next((each["type"] for each in schema if each["name"] == name), 3)
        if kind == ATTACHMENT and not isinstance(value, str):
            value = (await self.upload(value))["id"]
        elif kind in NAMED:
            value = await self._named(value)
        option: JSON = {"name": name, "type": kind, "value": value}
        return option | {"focused": True} if focused else option

    async def _filled(self, field: JSON, value: Any) -> JSON:
        answer: JSON = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
        if field["type"] in (4, 21, 23):
            return answer | {"value": value}
        values: list[Any] = [value] if isinstance(value, (str, Path, tuple, Person)) else list(value or ())
        if field["type"] == UPLOAD:
            values = [each if isinstance(each, str) else (await self.upload(each))["id"] for each in values]
        return answer | {"values": [await self._chosen(field, each) for each in values]}

    async def _chosen(self, field: JSON, value: Any) -> str:
        """The value of what a select or group offers under a value or a label."""
        if "options" not in field:
            return await self._named(value)
        offered = {option["label"]: option["value"] for option in field["options"]}
        return value if value in offered.values() else offered.get(value, value)

    async def _named(self, value: Any) -> str:
        """The id of a Person, a `#channel` or a `@Role`."""
        if isinstance(value, Person):
            return value.id
        if value.startswith("#"):
            return await self._channel(value)
        if value.startswith("@"):
            roles = [role for guild in (await self.world())["guilds"] for role in guild["roles"]]
            found = [role["id"] for role in roles if role["name"].removeprefix("@") == value[1:]]
            if not found:
                raise LookupError(f"there is no role {value}")
            return found[0]
        return value

    async def _known(self) -> dict[str, JSON]:
        if not self._oriented:
            world = await self.world()
            known = [each for guild in world["guilds"] for each in guild["channels"]] + world["dms"]
            self.channels = {each["id"]: each for each in known} | self.channels
            self._oriented = True
        return self.channels

    async def _channel(self, channel: str) -> str:
        if channel.isdigit():
            return channel
        known = await self._known()
        if channel.startswith("@"):
            found = [key for key, each in known.items() if _other(each) == channel[1:]]
        else:
            found = [key for key, each in known.items() if each.get("name") == channel.removeprefix("#")]
        if not found and channel == BOT:
            return (await self.dm())["id"]
        if not found:
            raise LookupError(f"there is no channel {channel}")
        return found[0]

    async def _load(self, channel_id: str) -> None:
        """Know what was written before; what came since stays as it is."""
        await self.connect()
        if channel_id not in self._loaded:
            self._loaded.add(channel_id)
            for message in await self.history(channel_id, limit=200):
                if message["id"] not in self.deleted:
                    self.messages.setdefault(message["id"], message)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async with socket:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(frame.data))
                    async with self._changed:
                        self._changed.notify_all()

    def _take(self, event: JSON) -> None:
        kind = event["type"]
        if kind in ("message_create", "message_update"):
            self.messages[event["message"]["id"]] = event["message"]
        elif kind == "message_delete":
            self.deleted.add(event["id"])
            self.messages.pop(event["id"], None)
        elif kind == "interaction":
            self.interactions[event["id"]] = event
        elif kind == "channel_create":
            self.channels[event["channel"]["id"]] = event["channel"]
        elif kind == "channel_delete":
            self.channels.pop(event["id"], None)
        elif kind == "commands":
            self._commands.clear()
        elif kind == "typing":
            self.typing.append(event)

    @staticmethod
    def _path(message: JSON) -> str:
        return f"/play/channels/{message['channel_id']}/messages/{message['id']}"


def find_component(message: JSON, wanted: str) -> JSON:
    """A usable button or select of a message by custom_id, label, emoji or placeholder.

    Raises:
        LookupError: there is none, or it is disabled.
    """
    every = walk(message["components"])
    for component in every:
        emoji: JSON = component.get("emoji") or {}
        names = (component["custom_id"], component.get("label"), component.get("placeholder"), emoji.get("name"))
        if wanted in names and not component.get("disabled"):
            return component
    raise LookupError(f"{wanted} is not among {[each.get('label') or each['custom_id'] for each in every]}")


def _other(channel: JSON) -> str | None:
    """With whom one has a DM."""
    return channel["recipients"][0]["username"] if channel["type"] == 1 else None


def labels(message: JSON) -> list[str]:
    """What the buttons of a message say: label, or emoji."""
    buttons = [each for each in walk(message["components"]) if each["type"] == 2]
    return [each.get("label") or each["emoji"]["name"] for each in buttons]


def _default(field: JSON) -> Any:
    if field["type"] == 23:
        return field.get("default", False)
    chosen = [option["value"] for option in field.get("options", []) if option.get("default")]
    if field["type"] == 21:
        return chosen[0] if chosen else None
    if field["type"] == 4:
        return field.get("value", "")
    return [each["id"] for each in field["default_values"]] if field.get("default_values") else chosen
