"""What people send: checked as Discord's own client would, and completed for the bot (`resolved`)."""

from dataclasses import dataclass, field
from typing import Any, cast

from bot.playground import commands as app
from bot.playground.commands import ATTACHMENT, BOOLEAN, CHANNEL, INTEGER, MENTIONABLE, NUMBER, ROLE, STRING, USER
from bot.playground.components import (
    BUTTON,
    CHANNEL_SELECT,
    FILE_UPLOAD,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    STRING_SELECT,
    USER_SELECT,
    tables,
    walk,
)
from bot.playground.files import Files
from bot.playground.modals import submitted
from bot.playground.permissions import VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON, Check
from bot.playground.world import Channel, Message, User, World

MAX_VALUE = 6000


class Refused(Exception):
    """What a person asked for cannot be; the text says why."""


@dataclass(slots=True, frozen=True)
class Place:
    """Where a person does something, and what they name there."""

    channel: Channel
    user: User
    resolved: JSON = field(default_factory=dict[str, Any])


class Forms:
    """Turns a person's input into an interaction's data. Raises Refused."""

    def __init__(self, world: World, files: Files) -> None:
        self._world = world
        self._files = files

    def command(self, command: JSON, data: JSON, place: Place, *, partial: bool) -> JSON:
        """The data of a command, or of an autocomplete (`partial`: nothing is required, one option is focused)."""
        found: JSON = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command:
            found["guild_id"] = command["guild_id"]
        if command["type"] == app.SLASH:
            found["options"] = self._options(
                command.get("options", []), data.get("options") or [], place, partial=partial
            )
        else:
            found["target_id"] = target = str(data.get("target_id"))
            kind = "messages" if command["type"] == app.MESSAGE_MENU else "users"
            self._resolve(kind, target, place)
        if place.resolved and not partial:
            found["resolved"] = place.resolved
        return found

    def component(self, message: Message, data: JSON, place: Place) -> JSON:
        """The data of a click or a choice."""
        wanted = data.get("custom_id")
        component = next((each for each in walk(message.payload["components"]) if each["custom_id"] == wanted), None)
        if component is None or component.get("disabled"):
            raise Refused(f"The message has no such component that could be used: {wanted}.")
        found: JSON = {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}
        if component["type"] == BUTTON:
            return found
        given: Any = data.get("values") or []
        values = [str(value) for value in cast("list[Any]", given)] if isinstance(given, list) else []
        if not component["min_values"] <= len(values) <= component["max_values"]:
            raise Refused(f"Choose from {component['min_values']} to {component['max_values']} options.")
        if len(set(values)) != len(values):
            raise Refused("An option can be chosen only once.")
        options = {option["value"] for option in component.get("options", [])}
        if component["type"] == STRING_SELECT and not set(values) <= options:
            raise Refused(f"These are not options: {sorted(set(values) - options)}.")
        found["values"] = values
        self._resolve_values(component, values, place)
        if place.resolved:
            found["resolved"] = place.resolved
        return found

    def modal(self, modal: JSON, data: JSON, place: Place) -> JSON:
        """The data of a modal's submit."""
        check = Check()
        components = submitted(modal, data.get("components"), check)
        if check.errors:
            raise Refused(first_error(check.errors))
        shown = {each["custom_id"]: each for each in walk(modal["components"])}
        for component in walk(components):
            self._resolve_values(shown[component["custom_id"]], component.get("values") or [], place)
        found: JSON = {"custom_id": modal["custom_id"], "components": components}
        return found | {"resolved": place.resolved} if place.resolved else found

    def _options(self, schema: list[JSON], given: Any, place: Place, *, partial: bool) -> list[JSON]:
        known = {option["name"]: option for option in schema}
        found: list[JSON] = []
        for item in tables(given):
            option = known.get(str(item.get("name")))
            if option is None:
                raise Refused(f"There is no option {item.get('name')}.")
            found.append(self._option(option, item, place, partial=partial))
        if any(option["type"] in (app.SUBCOMMAND, app.GROUP) for option in schema) and len(found) != 1:
            raise Refused("Choose one of the subcommands.")
        missing = {option["name"] for option in schema if option.get("required")} - {each["name"] for each in found}
        if missing and not partial:
            raise Refused(f"This option is required: {', '.join(sorted(missing))}.")
        return found

    def _option(self, option: JSON, item: JSON, place: Place, *, partial: bool) -> JSON:
        kind = option["type"]
        found: JSON = {"name": option["name"], "type": kind}
        if kind in (app.SUBCOMMAND, app.GROUP):
            inside = self._options(option.get("options", []), item.get("options") or [], place, partial=partial)
            return found | {"options": inside}
        value = item.get("value")
        if partial and item.get("focused"):
            return found | {"value": "" if value is None else str(value), "focused": True}
        found["value"] = _value(option, value)
        where = {USER: "users", CHANNEL: "channels", ROLE: "roles", ATTACHMENT: "attachments"}.get(kind)
        if kind == MENTIONABLE:
            where = "users" if str(value) in self._world.users else "roles"
        if where is not None:
            self._resolve(where, str(value), place, option.get("channel_types"))
        return found

    def _resolve_values(self, component: JSON, values: list[str], place: Place) -> None:
        kind = component["type"]
        where = {
            USER_SELECT: "users",
            ROLE_SELECT: "roles",
            CHANNEL_SELECT: "channels",
            FILE_UPLOAD: "attachments",
        }.get(kind)
        for value in values:
            if kind == MENTIONABLE_SELECT:
                where = "users" if value in self._world.users else "roles"
            if where is not None:
                self._resolve(where, value, place, component.get("channel_types"))

    def _resolve(self, kind: str, key: str, place: Place, channel_types: list[int] | None = None) -> None:
        """Put the object of an id under `resolved`."""
        channel, guild, resolved = place.channel, place.channel.guild, place.resolved
        found: JSON | None = None
        if kind == "users" and key in self._world.users:
            found = self._world.users[key].payload
            if guild is not None and key in guild.members:
                rights = str(in_channel(channel, self._world.users[key]))
                resolved.setdefault("members", {})[key] = guild.members[key].payload() | {"permissions": rights}
        elif kind == "roles" and guild is not None and key in guild.roles:
            found = guild.roles[key].payload()
        elif kind == "channels" and guild is not None and key in guild.channels | guild.threads:
            found = self._channel(self._world.channels[key], place.user, channel_types)
        elif kind == "messages" and key in channel.messages:
            found = channel.messages[key].seen(self._world.bot)
        elif kind == "attachments" and (stored := self._files.get(key)) is not None:
            found = self._files.payload(stored)
        if found is None:
            raise Refused(f"There is no such thing among the {kind}: {key}.")
        resolved.setdefault(kind, {})[key] = found

    def _channel(self, target: Channel, user: User, types: list[int] | None) -> JSON | None:
        """A channel with the rights of the one who named it; None for those that could not be chosen."""
        rights = in_channel(target, user)
        if not rights & VIEW_CHANNEL or (types and target.type not in types):
            return None
        return target.payload(self._world.bot) | {"permissions": str(rights)}


def _value(option: JSON, value: Any) -> Any:
    name, kind = option["name"], option["type"]
    if kind == STRING:
        text = value if isinstance(value, str) else str(value)
        if not option.get("min_length", 0) <= len(text) <= option.get("max_length", MAX_VALUE):
            raise Refused(
                f"{name} must have {option.get('min_length', 0)} to {option.get('max_length', MAX_VALUE)} characters."
            )
        value = text
    elif kind in (INTEGER, NUMBER):
        value = _number(name, kind, value)
        if value < option.get("min_value", value) or value > option.get("max_value", value):
            raise Refused(f"{name} must be from {option.get('min_value')} to {option.get('max_value')}.")
    elif kind == BOOLEAN:
        return bool(value)
    else:
        value = str(value)
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise Refused(f"{name} must be one of the choices.")
    return value


def _number(name: str, kind: int, value: Any) -> int | float:
    try:
        return int(value) if kind == INTEGER else float(value)
    except (TypeError, ValueError):
        raise Refused(f"{name} must be a number.") from None


def first_error(errors: JSON, path: str = "") -> str:
    """The first error of a tree in one line."""
    for key, value in errors.items():
        if key == "_errors":
            return f"{path or 'This form'}: {value[0]['message']}"
        return first_error(value, str(key))
    return ""
