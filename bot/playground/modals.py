"""Modals: what a bot may show, and what a person's submit must look like.

https://docs.discord.com/developers/components/reference#label
"""

from typing import Any

from bot.playground.components import (
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    LABEL,
    RADIO_GROUP,
    ROW,
    SELECTS,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    Reader,
    walk,
)
from bot.playground.problems import JSON, Check, Path

IN_LABEL = SELECTS | {TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX}
MAX_VALUE = 4000


class ModalReader(Reader):
    """Reads the components of a modal."""

    def read_modal(self, data: JSON) -> JSON:
        """The modal as a page shows it."""
        modal: JSON = {
            "custom_id": self.check.text(data.get("custom_id"), ("data", "custom_id"), 1, 100, required=True),
            "title": self.check.text(data.get("title"), ("data", "title"), 1, 45, required=True),
        }
        path: Path = ("data", "components")
        items = self.check.items(data.get("components"), path, 1, 5)
        allowed = frozenset({ROW, LABEL, TEXT_DISPLAY})
        modal["components"] = [self.one(item, (*path, index), allowed) for index, item in enumerate(items)]
        self.number()
        self.check.done()
        return modal

    def _read_kind(self, kind: int, component: JSON, raw: JSON, path: Path) -> None:
        if kind == ROW:
            items = self.check.items(raw.get("components"), (*path, "components"), 1, 1)
            inputs = frozenset({TEXT_INPUT})
            component["components"] = [
                self.one(each, (*path, "components", at), inputs) for at, each in enumerate(items)
            ]
            for at, each in enumerate(component["components"]):
                if not each.get("label"):
                    self.check.fail((*path, "components", at, "label"), "BASE_TYPE_REQUIRED", "This field is required")
        elif kind == LABEL:
            component["label"] = self.check.text(raw.get("label"), (*path, "label"), 1, 45, required=True)
            if description := self.check.text(raw.get("description"), (*path, "description"), 1, 100):
                component["description"] = description
            component["component"] = self.one(raw.get("component"), (*path, "component"), IN_LABEL)
        elif kind == TEXT_INPUT:
            self._text_input(component, raw, path)
        elif kind in (FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX):
            self._choice(kind, component, raw, path)
        else:
            super()._read_kind(kind, component, raw, path)

    def select(self, component: JSON, raw: JSON, path: Path) -> None:
        super().select(component, raw, path)
        component["required"] = raw.get("required") is not False
        if component.get("disabled"):
            self.check.fail(
                (*path, "disabled"), "COMPONENT_DISABLED_IN_MODAL", "A select in a modal cannot be disabled"
            )
        if component["required"] and component["min_values"] == 0:
            self.check.fail(
                (*path, "min_values"), "BASE_TYPE_BAD_VALUE", "min_values must be at least 1 when required."
            )

    def _text_input(self, component: JSON, raw: JSON, path: Path) -> None:
        self.custom_id(component, raw, path)
        component["style"] = self.check.one_of(raw.get("style"), (*path, "style"), (1, 2))
        component["required"] = raw.get("required") is not False
        for key, low, high in (("label", 1, 45), ("placeholder", 0, 100), ("value", 0, MAX_VALUE)):
            if (text := self.check.text(raw.get(key), (*path, key), low, high)) is not None:
                component[key] = text
        low = self.check.integer(raw.get("min_length"), (*path, "min_length"), 0, MAX_VALUE)
        high = self.check.integer(raw.get("max_length"), (*path, "max_length"), 1, MAX_VALUE)
        component["min_length"], component["max_length"] = low or 0, MAX_VALUE if high is None else high
        length = len(component.get("value", ""))
        if length and not component["min_length"] <= length <= component["max_length"]:
            self.check.fail((*path, "value"), "BASE_TYPE_BAD_LENGTH", "The value must fit min_length and max_length.")

    def _choice(self, kind: int, component: JSON, raw: JSON, path: Path) -> None:
        self.custom_id(component, raw, path)
        if kind == CHECKBOX:
            component["default"] = self.check.boolean(raw.get("default"), (*path, "default"))
            return
        component["required"] = raw.get("required") is not False
        if kind == RADIO_GROUP:
            component["options"] = self.options(raw, path, 2, 10)
            self.check_defaults(component["options"], 1, (*path, "options"))
            return
        if kind == CHECKBOX_GROUP:
            component["options"] = self.options(raw, path, 1, 10)
        most = len(component["options"]) if kind == CHECKBOX_GROUP else 1
        low = self.check.integer(raw.get("min_values"), (*path, "min_values"), 0, 10)
        high = self.check.integer(raw.get("max_values"), (*path, "max_values"), 1, 10)
        component["min_values"], component["max_values"] = 1 if low is None else low, most if high is None else high
        self._check_bounds(kind, component, path)

    def _check_bounds(self, kind: int, component: JSON, path: Path) -> None:
        low, high = component["min_values"], component["max_values"]
        if low > high:
            self.check.fail((*path, "min_values"), "BASE_TYPE_BAD_VALUE", "min_values must not exceed max_values.")
        if component["required"] and low == 0:
            code, text = "BASE_TYPE_BAD_VALUE", "min_values must be at least 1 when required."
            self.check.fail((*path, "min_values"), code, text)
        if kind == CHECKBOX_GROUP:
            if high > len(component["options"]):
                code, text = "BASE_TYPE_BAD_VALUE", "max_values must not exceed the number of options."
                self.check.fail((*path, "max_values"), code, text)
            self.check_defaults(component["options"], high, (*path, "options"))


def submitted(modal: JSON, components: Any, check: Check) -> list[JSON]:
    """What INTERACTION_CREATE carries of a person's submit, checked against the modal; components keep its ids."""
    given = {each["custom_id"]: each for each in walk(check.items(components, ("components",), 0, 5))}
    return [_answer(component, given, check) for component in modal["components"]]


def _answer(component: JSON, given: dict[str, JSON], check: Check) -> JSON:
    kind = component["type"]
    base: JSON = {"type": kind, "id": component["id"]}
    if kind == LABEL:
        return base | {"component": _answer(component["component"], given, check)}
    if kind == ROW:
        return base | {"components": [_answer(each, given, check) for each in component["components"]]}
    if kind == TEXT_DISPLAY:
        return base
    custom_id = component["custom_id"]
    base["custom_id"] = custom_id
    answer, path = given.get(custom_id, {}), (custom_id,)
    if kind == TEXT_INPUT:
        base["value"] = _text(component, answer.get("value") or "", path, check)
    elif kind == CHECKBOX:
        base["value"] = check.boolean(answer.get("value"), path)
    elif kind == RADIO_GROUP:
        value = answer.get("value")
        chosen = _chosen(component, [] if value is None else [value], path, check, 1, 1)
        base["value"] = chosen[0] if chosen else None
    else:
        low, high = component["min_values"], component["max_values"]
        base["values"] = _chosen(component, answer.get("values") or [], path, check, low, high)
    return base


def _text(component: JSON, value: Any, path: Path, check: Check) -> str:
    if not value and not component["required"]:
        return ""
    return check.text(value, path, max(1, component["min_length"]), component["max_length"], required=True) or ""


def _chosen(component: JSON, values: Any, path: Path, check: Check, low: int, high: int) -> list[str]:
    found = check.items(values, path, 0, 25)
    if found or component["required"]:
        check.items(values, path, max(low, 1) if component["required"] else low, high)
    if component["type"] in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        for value in found:
            check.one_of(value, path, frozenset(option["value"] for option in component["options"]))
    values = [str(value) for value in found]
    if len(set(values)) != len(values):
        check.fail(path, "SET_TYPE_ALREADY_CONTAINS_VALUE", "Value is already in the set")
    return values
