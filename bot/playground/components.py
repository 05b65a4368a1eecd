"""Components of messages, versions 1 and 2: checked as Discord does, and made into what a message carries.

https://docs.discord.com/developers/components/reference
"""

import unicodedata
from typing import Any, cast

from bot.playground.embeds import Media
from bot.playground.problems import JSON, Check, Path
from bot.playground.snowflake import is_snowflake

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = range(1, 9)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, FILE_UPLOAD = (
    9,
    10,
    11,
    12,
    13,
    14,
    17,
    18,
    19,
)
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23
SELECTS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT})
IN_CONTAINER = frozenset({ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR})
LINK, PREMIUM = 5, 6
TYPES = frozenset({0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16})  # of channels
DEFAULTS = {
    USER_SELECT: ("user",), ROLE_SELECT: ("role",), MENTIONABLE_SELECT: ("user", "role"), CHANNEL_SELECT: ("channel",),
}  # fmt: skip
MAX_TOTAL, MAX_TEXT = 40, 4000  # of a version 2 message: components counted nested, characters in sum


class Reader:
    """Reads one body's components; knows the ids used so far and what was counted."""

    def __init__(self, check: Check, media: Media) -> None:
        self.check = check
        self.media = media
        self.shown: set[str] = set()  # attachment:// links that were used
        self._custom_ids: set[str] = set()
        self._ids: set[int] = set()
        self._bare: list[JSON] = []
        self._total = 0
        self._text = 0

    def read(self, value: Any, path: Path, *, v2: bool) -> list[JSON]:
        """The components at the top of a message."""
        allowed = IN_CONTAINER | {CONTAINER} if v2 else frozenset({ROW})
        items = self.check.items(value, path, 0, MAX_TOTAL if v2 else 5)
        found = [self.one(item, (*path, index), allowed) for index, item in enumerate(items)]
        if v2 and self._total > MAX_TOTAL:
            self.check.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must have {MAX_TOTAL} or fewer components in total.")
        if v2 and self._text > MAX_TEXT:
            self.check.fail(
                path, "BASE_TYPE_MAX_LENGTH", f"Displayed text must be {MAX_TEXT} or fewer characters in total."
            )
        self.number()
        return found

    def number(self) -> None:
        """Give the components that came without an id the lowest free ones, as Discord does."""
        free = 0
        for component in self._bare:
            free += 1
            while free in self._ids:
                free += 1
            component["id"] = free
        self._bare.clear()

    def one(self, value: Any, path: Path, allowed: frozenset[int]) -> JSON:
        """One component of the allowed types, with what is inside it."""
        raw = self.check.table(value, path)
        kind = raw.get("type")
        if not isinstance(kind, int) or isinstance(kind, bool) or kind not in allowed:
            self.check.one_of(kind, (*path, "type"), allowed)
            return {}
        self._total += 1
        component: JSON = {"type": kind, "id": 0}
        self._identify(component, raw.get("id"), (*path, "id"))
        if kind in SELECTS:
            self.select(component, raw, path)
        else:
            self._read_kind(kind, component, raw, path)
        return component

    def _read_kind(self, kind: int, component: JSON, raw: JSON, path: Path) -> None:
        if kind == ROW:
            self._row(component, raw, path)
        elif kind == BUTTON:
            self._button(component, raw, path)
        elif kind == TEXT_DISPLAY:
            component["content"] = (
                self.check.text(raw.get("content"), (*path, "content"), 1, MAX_TEXT, required=True) or ""
            )
            self._text += len(component["content"])
        elif kind == SECTION:
            self._section(component, raw, path)
        elif kind == THUMBNAIL:
            self._medium(component, "media", raw, path)
        elif kind == GALLERY:
            self._gallery(component, raw, path)
        elif kind == FILE:
            self._medium(component, "file", raw, path)
        elif kind == SEPARATOR:
            component["divider"] = raw.get("divider") is not False
            component["spacing"] = self.check.one_of(raw.get("spacing") or 1, (*path, "spacing"), (1, 2))
        elif kind == CONTAINER:
            self._container(component, raw, path)

    def _identify(self, component: JSON, given: Any, path: Path) -> None:
        number = self.check.integer(given, path, 0, 2**31 - 1)
        if not number:
            self._bare.append(component)
            return
        if number in self._ids:
            self.check.fail(path, "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        self._ids.add(number)
        component["id"] = number

    def custom_id(self, component: JSON, raw: JSON, path: Path) -> None:
        """A component's custom_id, unique over the message."""
        custom_id = self.check.text(raw.get("custom_id"), (*path, "custom_id"), 1, 100, required=True)
        if custom_id in self._custom_ids:
            self.check.fail(
                (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        if custom_id is not None:
            self._custom_ids.add(custom_id)
            component["custom_id"] = custom_id

    def _row(self, component: JSON, raw: JSON, path: Path) -> None:
        items = self.check.items(raw.get("components"), (*path, "components"), 1, 5)
        inside = [self.one(item, (*path, "components", index), SELECTS | {BUTTON}) for index, item in enumerate(items)]
        if len(inside) > 1 and any(item.get("type") in SELECTS for item in inside):
            self.check.fail(
                (*path, "components"),
                "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                "The specified component exceeds the maximum width",
            )
        component["components"] = inside

    def _button(self, component: JSON, raw: JSON, path: Path) -> None:
        style = self.check.one_of(raw.get("style"), (*path, "style"), (1, 2, 3, 4, 5, 6))
        component["style"] = style
        label = self.check.text(raw.get("label"), (*path, "label"), 0, 80)
        if label:
            component["label"] = label
        self.emoji(component, raw, path)
        if raw.get("disabled") is not None:
            component["disabled"] = self.check.boolean(raw["disabled"], (*path, "disabled"))
        if style == LINK:
            self._link_button(component, raw, path)
        elif style != PREMIUM:
            self.custom_id(component, raw, path)
            if raw.get("url") is not None:
                self.check.fail(path, "BUTTON_COMPONENT_INVALID_URL", "A custom id and url cannot both be specified")
        if style != PREMIUM and not label and "emoji" not in component:
            self.check.fail(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or an emoji")

    def _link_button(self, component: JSON, raw: JSON, path: Path) -> None:
        url = self.check.text(raw.get("url"), (*path, "url"), 1, 512, required=True)
        if raw.get("custom_id") is not None:
            self.check.fail(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
        if url is not None and not url.startswith(("http://", "https://", "discord://")):
            self.check.fail(
                (*path, "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('discord', 'http', 'https')."
            )
        component["url"] = url

    def emoji(self, component: JSON, raw: JSON, path: Path) -> None:
        """An optional emoji: a character, or a custom one by id."""
        if raw.get("emoji") is None:
            return
        given = self.check.table(raw["emoji"], (*path, "emoji"))
        name = self.check.text(given.get("name"), (*path, "emoji", "name"), 1, 32, required=True) or ""
        found: JSON = {"name": name}
        if given.get("id") is not None:
            found["id"] = str(given["id"])
        if not (is_snowflake(given["id"]) if given.get("id") is not None else is_emoji(name)):
            self.check.fail((*path, "emoji", "name"), "COMPONENT_INVALID_EMOJI", "Invalid emoji")
        if given.get("animated"):
            found["animated"] = True
        component["emoji"] = found

    def select(self, component: JSON, raw: JSON, path: Path) -> None:
        """A select of any type."""
        self.custom_id(component, raw, path)
        if placeholder := self.check.text(raw.get("placeholder"), (*path, "placeholder"), 0, 150):
            component["placeholder"] = placeholder
        low = self.check.integer(raw.get("min_values"), (*path, "min_values"), 0, 25)
        high = self.check.integer(raw.get("max_values"), (*path, "max_values"), 1, 25)
        component["min_values"], component["max_values"] = 1 if low is None else low, 1 if high is None else high
        if component["min_values"] > component["max_values"]:
            self.check.fail((*path, "min_values"), "BASE_TYPE_BAD_VALUE", "min_values must not exceed max_values.")
        if raw.get("disabled") is not None:
            component["disabled"] = self.check.boolean(raw["disabled"], (*path, "disabled"))
        if component["type"] == STRING_SELECT:
            component["options"] = self.options(raw, path, 1, 25)
            if component["max_values"] > len(component["options"]):
                self.check.fail(
                    (*path, "max_values"), "BASE_TYPE_BAD_VALUE", "max_values must not exceed the number of options."
                )
            self.check_defaults(component["options"], component["max_values"], (*path, "options"))
        elif raw.get("default_values"):
            component["default_values"] = self._default_values(component, raw, (*path, "default_values"))
        if component["type"] == CHANNEL_SELECT and raw.get("channel_types"):
            types = self.check.items(raw["channel_types"], (*path, "channel_types"), 0, 20)
            at = (*path, "channel_types")
            component["channel_types"] = [self.check.one_of(each, (*at, n), TYPES) for n, each in enumerate(types)]

    def check_defaults(self, options: list[JSON], most: int, path: Path) -> None:
        """No more options are chosen at first than may be."""
        if sum(1 for option in options if option.get("default")) > most:
            self.check.fail(path, "SELECT_COMPONENT_TOO_MANY_DEFAULTS", f"At most {most} options can be the default.")

    def _default_values(self, component: JSON, raw: JSON, path: Path) -> list[JSON]:
        low, high = component["min_values"], component["max_values"]
        found: list[JSON] = []
        for index, item in enumerate(self.check.items(raw["default_values"], path, low, high)):
            at = (*path, index)
            given = self.check.table(item, at)
            kind = self.check.one_of(given.get("type"), (*at, "type"), DEFAULTS[component["type"]])
            if not is_snowflake(given.get("id")):
                self.check.fail((*at, "id"), "NUMBER_TYPE_COERCE", f'Value "{given.get("id")}" is not snowflake.')
            found.append({"type": kind, "id": str(given.get("id"))})
        return found

    def options(self, raw: JSON, path: Path, low: int, high: int) -> list[JSON]:
        """The options of a select, radio group or checkbox group, with values unique among them."""
        found: list[JSON] = []
        seen: set[str] = set()
        for index, item in enumerate(self.check.items(raw.get("options"), (*path, "options"), low, high)):
            at = (*path, "options", index)
            given = self.check.table(item, at)
            label = self.check.text(given.get("label"), (*at, "label"), 1, 100, required=True)
            value = self.check.text(given.get("value"), (*at, "value"), 1, 100, required=True) or ""
            option: JSON = {"label": label, "value": value}
            if description := self.check.text(given.get("description"), (*at, "description"), 0, 100):
                option["description"] = description
            self.emoji(option, given, at)
            if self.check.boolean(given.get("default"), (*at, "default")):
                option["default"] = True
            if value in seen:
                self.check.fail(
                    (*at, "value"),
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "The specified option value is already used",
                )
            seen.add(value)
            found.append(option)
        return found

    def _section(self, component: JSON, raw: JSON, path: Path) -> None:
        items = self.check.items(raw.get("components"), (*path, "components"), 1, 3)
        texts = frozenset({TEXT_DISPLAY})
        component["components"] = [self.one(item, (*path, "components", at), texts) for at, item in enumerate(items)]
        component["accessory"] = self.one(raw.get("accessory"), (*path, "accessory"), frozenset({BUTTON, THUMBNAIL}))

    def _container(self, component: JSON, raw: JSON, path: Path) -> None:
        component["accent_color"] = self.check.integer(raw.get("accent_color"), (*path, "accent_color"), 0, 0xFFFFFF)
        component["spoiler"] = self.check.boolean(raw.get("spoiler"), (*path, "spoiler"))
        items = self.check.items(raw.get("components"), (*path, "components"), 1, MAX_TOTAL)
        component["components"] = [
            self.one(item, (*path, "components", at), IN_CONTAINER) for at, item in enumerate(items)
        ]

    def _gallery(self, component: JSON, raw: JSON, path: Path) -> None:
        found: list[JSON] = []
        for index, item in enumerate(self.check.items(raw.get("items"), (*path, "items"), 1, 10)):
            entry: JSON = {}
            self._medium(entry, "media", self.check.table(item, (*path, "items", index)), (*path, "items", index))
            found.append(entry)
        component["items"] = found

    def _medium(self, component: JSON, key: str, raw: JSON, path: Path) -> None:
        given = self.check.table(raw.get(key), (*path, key))
        url = self.check.text(given.get("url"), (*path, key, "url"), 1, 2048, required=True) or ""
        component["spoiler"] = self.check.boolean(raw.get("spoiler"), (*path, "spoiler"))
        medium = self._resolve(url, (*path, key, "url"), files_only=key == "file")
        if key == "file":
            component["name"], component["size"] = medium.pop("name", None), medium.pop("size", None)
        else:
            medium = {name: value for name, value in medium.items() if name not in ("name", "size")}
            component["description"] = self.check.text(raw.get("description"), (*path, "description"), 1, 1024)
        component[key] = medium

    def _resolve(self, url: str, path: Path, *, files_only: bool) -> JSON:
        schemes = ("attachment://",) if files_only else ("attachment://", "http://", "https://")
        if url and not url.startswith(schemes):
            self.check.fail(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")
            return {}
        found = self.media(url) if url else {}
        if found is None:
            self.check.fail(
                path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", "The referenced attachment was not found."
            )
            return {}
        self.shown.add(url)
        return {"id": found.get("attachment_id", "0"), "loading_state": 2, **found}


def is_emoji(name: str) -> bool:
    """Whether a string looks like one Unicode emoji (a sequence of symbols, never letters)."""
    if not name:
        return False
    if name[0] in "0123456789#*":
        return name.endswith("\u20e3")
    if name[0] in "ℹ〰㊗㊙Ⓜ":
        return True
    return ord(name[0]) >= 0xA9 and all(
        unicodedata.category(char) in {"So", "Sk", "Sm", "Po", "Mn", "Me", "Cf"} for char in name
    )


def walk(components: Any) -> list[JSON]:
    """Every component with a custom_id, however nested and whoever sent them."""
    found: list[JSON] = []
    for component in tables(components):
        if isinstance(component.get("custom_id"), str):
            found.append(component)
        found += walk(component.get("components"))
        found += walk([component.get("accessory"), component.get("component")])
    return found


def tables(value: Any) -> list[JSON]:
    """The objects in a list; nothing where it is none."""
    items: list[Any] = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("JSON", item) for item in items if isinstance(item, dict)]
