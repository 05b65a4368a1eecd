"""Application commands: what a bot may register, where they show, and for whom.

https://docs.discord.com/developers/interactions/application-commands
"""

import re
from collections.abc import Callable
from typing import Any

from bot.playground.permissions import ADMINISTRATOR, USE_APPLICATION_COMMANDS, in_channel
from bot.playground.problems import JSON, Check, Path, unknown_command
from bot.playground.snowflake import Snowflakes, is_snowflake
from bot.playground.world import Channel, User, World

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
MOST = {SLASH: 100, USER_MENU: 5, MESSAGE_MENU: 5}
MAX_CHARACTERS = 8000  # names, descriptions and choices of one command
SAFE = 2**53 - 1
CONTEXTS, INSTALLS = (0, 1, 2), (0, 1)  # guild, DM with the bot, private channel; of a guild, of a user


class Commands:
    """What is registered: globally (scope None) and for each guild."""

    def __init__(self, world: World, ids: Snowflakes, changed: Callable[[], None]) -> None:
        self._world = world
        self._ids = ids
        self._changed = changed
        self._scopes: dict[str | None, dict[str, JSON]] = {}

    def all(self, scope: str | None) -> list[JSON]:
        """The commands of a scope."""
        return list(self._scopes.get(scope, {}).values())

    def get(self, scope: str | None, command_id: str) -> JSON:
        """One command.

        Raises:
            ApiError: 10063.
        """
        found = self._scopes.get(scope, {}).get(command_id)
        if found is None:
            raise unknown_command()
        return found

    def replace(self, scope: str | None, bodies: Any) -> list[JSON]:
        """Set all commands of a scope; those of the same name and type keep their id."""
        check = Check()
        read = [
            _command(check.table(body, (at,)), (at,), check) for at, body in enumerate(check.items(bodies, (), 0, 130))
        ]
        names = [(command["type"], command["name"]) for command in read]
        for at, key in enumerate(names):
            if key in names[:at]:
                check.fail((at,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        for kind, most in MOST.items():
            if sum(key[0] == kind for key in names) > most:
                check.fail((), "BASE_TYPE_MAX_LENGTH", f"Maximum number of application commands reached ({most})")
        check.done()
        known = {(old["type"], old["name"]): old for old in self.all(scope)}
        self._scopes[scope] = {}
        for command in read:
            self._store(scope, command, known.get((command["type"], command["name"])))
        self._changed()
        return self.all(scope)

    def create(self, scope: str | None, body: Any) -> tuple[JSON, bool]:
        """Add or overwrite one command by name and type; whether it is new."""
        check = Check()
        command = _command(check.table(body, ()), (), check)
        check.done()
        same = [old for old in self.all(scope) if (old["type"], old["name"]) == (command["type"], command["name"])]
        stored = self._store(scope, command, same[0] if same else None)
        self._changed()
        return stored, not same

    def change(self, scope: str | None, command_id: str, body: Any) -> JSON:
        """Change one command."""
        check, old = Check(), self.get(scope, command_id)
        given = check.table(body, ())
        command = _command({key: old[key] for key in old if key not in ("id", "version")} | given, (), check)
        check.done()
        stored = self._store(scope, command, old)
        self._changed()
        return stored

    def delete(self, scope: str | None, command_id: str) -> None:
        """Remove one command."""
        self.get(scope, command_id)
        del self._scopes[scope][command_id]
        self._changed()

    def usable(self, channel: Channel, user: User) -> list[JSON]:
        """The commands that a user is offered in a channel."""
        rights, guild = in_channel(channel, user), channel.guild
        if not rights & USE_APPLICATION_COMMANDS:
            return []
        found = self.all(None) if guild is None else self.all(guild.id) + self.all(None)
        return [
            each
            for each in found
            if self.owners(each, channel, user)
            and (guild is None or _permitted(each["default_member_permissions"], rights))
        ]

    def owners(self, command: JSON, channel: Channel, user: User) -> JSON:
        """By which installations a user has a command in a channel: `authorizing_integration_owners`; empty for none.

        https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object
        """
        context = self._world.context(channel)
        if context not in (command["contexts"] or CONTEXTS):
            return {}
        here = self._world.installations(channel, user)
        return {key: owner for key, owner in here.items() if int(key) in command["integration_types"]}

    def _store(self, scope: str | None, command: JSON, old: JSON | None) -> JSON:
        stored: JSON = {
            "id": old["id"] if old else self._ids.next(), "application_id": self._world.application.id,
            "version": self._ids.next(), **command,
        }  # fmt: skip
        if scope is not None:
            stored |= {"guild_id": scope, "integration_types": [0], "contexts": [0]}
        if old and {**stored, "version": old["version"]} == old:
            stored["version"] = old["version"]
        self._scopes.setdefault(scope, {})[stored["id"]] = stored
        return stored


def localized(item: JSON, locale: str) -> JSON:
    """A command, option or choice with `name_localized` and its description in a locale."""
    found = dict(item)
    names: JSON = item.get("name_localizations") or {}
    found["name_localized"] = names.get(locale, item["name"])
    if "description" in item:
        texts: JSON = item.get("description_localizations") or {}
        found["description"] = found["description_localized"] = texts.get(locale, item["description"])
    for key in ("options", "choices"):
        if item.get(key):
            found[key] = [localized(each, locale) for each in item[key]]
    return found


def _permitted(required: str | None, rights: int) -> bool:
    if required is None or rights & ADMINISTRATOR:
        return True
    return required != "0" and rights & int(required) == int(required)


def _command(raw: JSON, path: Path, check: Check) -> JSON:
    kind = check.one_of(raw.get("type") or SLASH, (*path, "type"), (SLASH, USER_MENU, MESSAGE_MENU))
    command: JSON = {"type": kind, "name": _name(raw, path, check, slash=kind == SLASH), "nsfw": bool(raw.get("nsfw"))}
    command["name_localizations"] = _localizations(
        raw.get("name_localizations"), (*path, "name_localizations"), 32, check
    )
    if kind == SLASH:
        command["description"] = check.text(raw.get("description"), (*path, "description"), 1, 100, required=True)
        key = "description_localizations"
        command[key] = _localizations(raw.get(key), (*path, key), 100, check)
        command["options"] = _options(raw.get("options"), (*path, "options"), check, depth=0)
    else:
        command["description"] = ""
        if raw.get("options") or raw.get("description"):
            check.fail(
                (*path, "description"),
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
                "Context menu commands cannot have one",
            )
    needed = raw.get("default_member_permissions")
    if needed is not None and not is_snowflake(needed):
        check.fail((*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", f'Value "{needed}" is not int.')
    command["default_member_permissions"] = None if needed is None else str(needed)
    command["contexts"] = _kinds(raw.get("contexts"), (*path, "contexts"), check, CONTEXTS)
    installs = _kinds(raw.get("integration_types"), (*path, "integration_types"), check, INSTALLS)
    command["integration_types"] = list(INSTALLS) if installs is None else installs  # by default the application's own
    if _characters(command) > MAX_CHARACTERS:
        check.fail(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_CHARACTERS})")
    return command


def _kinds(value: Any, path: Path, check: Check, known: tuple[int, ...]) -> list[int] | None:
    """A list of some of the known kinds, each once; None where there is none."""
    if value is None:
        return None
    found = check.items(value, path, 1, len(known))
    for index, each in enumerate(found):
        check.one_of(each, (*path, index), known)
        if each in found[:index]:
            check.fail((*path, index), "SET_TYPE_ALREADY_CONTAINS_VALUE", "Value is already in the set")
    return found


def _name(raw: JSON, path: Path, check: Check, *, slash: bool) -> str:
    name = check.text(raw.get("name"), (*path, "name"), 1, 32, required=True) or ""
    if slash and name and (not re.fullmatch(r"[-_'\w]{1,32}", name) or name != name.lower()):
        check.fail((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    return name


def _localizations(value: Any, path: Path, high: int, check: Check) -> JSON | None:
    if value is None:
        return None
    found = check.table(value, path)
    for locale, text in found.items():
        check.text(text, (*path, locale), 1, high, required=True)
    return found


def _options(value: Any, path: Path, check: Check, *, depth: int) -> list[JSON]:
    found: list[JSON] = []
    for index, item in enumerate(check.items(value, path, 0, 25)):
        option = _option(check.table(item, (*path, index)), (*path, index), check, depth)
        if any(option["name"] == other["name"] for other in found):
            check.fail(
                (*path, index, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
            )
        if option.get("required") and any(not other.get("required") for other in found):
            check.fail(
                (*path, index),
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        found.append(option)
    kinds = {option["type"] in (SUBCOMMAND, GROUP) for option in found}
    if len(kinds) > 1:
        check.fail(
            path,
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and other option types are mutually exclusive",
        )
    return found


def _option(raw: JSON, path: Path, check: Check, depth: int) -> JSON:
    kinds = range(1, 12) if depth == 0 else range(1 if depth == 1 else 3, 12)
    kind = check.one_of(raw.get("type"), (*path, "type"), tuple(kinds))
    option: JSON = {"type": kind, "name": _name(raw, path, check, slash=True)}
    option["description"] = check.text(raw.get("description"), (*path, "description"), 1, 100, required=True) or ""
    for key, high in (("name_localizations", 32), ("description_localizations", 100)):
        if raw.get(key):
            option[key] = _localizations(raw[key], (*path, key), high, check)
    if kind in (SUBCOMMAND, GROUP):
        deeper = 2 if kind == SUBCOMMAND else 1
        option["options"] = _options(raw.get("options"), (*path, "options"), check, depth=deeper)
        return option
    option["required"] = check.boolean(raw.get("required"), (*path, "required"))
    if check.boolean(raw.get("autocomplete"), (*path, "autocomplete")):
        option["autocomplete"] = True
    if raw.get("choices"):
        option["choices"] = _choices(raw["choices"], (*path, "choices"), check, kind)
        if option.get("autocomplete"):
            check.fail(
                (*path, "autocomplete"),
                "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
                "Choices and autocomplete are mutually exclusive",
            )
    for key, bound in (("min_length", 6000), ("max_length", 6000)):
        if raw.get(key) is not None:
            option[key] = check.integer(raw[key], (*path, key), 0, bound)
    for key in ("min_value", "max_value"):
        if raw.get(key) is not None:
            option[key] = _bound(raw[key], (*path, key), check)
    if kind == CHANNEL and raw.get("channel_types"):
        option["channel_types"] = check.items(raw["channel_types"], (*path, "channel_types"), 0, 20)
    return option


def _bound(value: Any, path: Path, check: Check) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        check.fail(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not number.')
        return 0
    return value


def _choices(value: Any, path: Path, check: Check, kind: int) -> list[JSON]:
    found: list[JSON] = []
    for index, item in enumerate(check.items(value, path, 0, 25)):
        at = (*path, index)
        found.append(choice(check.table(item, at), at, check, kind))
    return found


def choice(raw: JSON, path: Path, check: Check, kind: int) -> JSON:
    """One choice of an option of a kind, as registered or as autocomplete gives it."""
    found: JSON = {"name": check.text(raw.get("name"), (*path, "name"), 1, 100, required=True)}
    if raw.get("name_localizations"):
        found["name_localizations"] = _localizations(
            raw["name_localizations"], (*path, "name_localizations"), 100, check
        )
    value = raw.get("value")
    if kind == STRING:
        check.text(value, (*path, "value"), 0, 100, required=True)
    elif kind == INTEGER:
        check.integer(value, (*path, "value"), -SAFE, SAFE, required=True)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        check.fail((*path, "value"), "NUMBER_TYPE_COERCE", f'Value "{value}" is not number.')
    found["value"] = value
    return found


def _characters(item: JSON) -> int:
    texts = [item.get("name") or "", item.get("description") or ""]
    value = item.get("value")
    if isinstance(value, str):
        texts.append(value)
    inside = [*(item.get("options") or ()), *(item.get("choices") or ())]
    return sum(map(len, texts)) + sum(map(_characters, inside))
