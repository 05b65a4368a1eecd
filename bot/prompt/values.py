"""Values of parameters: how each kind is read from words, and written."""

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import takewhile
from types import MappingProxyType
from typing import cast

from bot.errors import PromptError
from bot.i18n import T
from bot.prompt.table import Kind, Lora, Parameter, Ratio, Value, number_text

#: Weights of text parts lie between minus and plus this.
MAX_WEIGHT = 1000

#: A link to an image, as a word. Discord's own `<…>` around a link, which stops its preview, is not part of it.
LINK = re.compile(r"<?https?://[^\s<>,]\S*+", re.IGNORECASE)

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)")
_RATIO = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_NEARLY_RATIO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)[:xX×/]([0-9]{1,9}(?:\.[0-9]{1,9})?)")
_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_WORD = re.compile(r"\w[\w.:/+-]*")
_STYLE = re.compile(rf"{LINK.pattern}|[0-9]{{1,12}}|random", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_LORA_NAME = re.compile(r"(?!-)(?:[^\s:<>,–—-]|-(?!-))+")
_DASHED = re.compile(r"--|—")
_DIGITS = 30  # more than any value needs

#: A value, and how many of the words it took.
_Read = tuple[Value, int]


def read(row: Parameter, words: list[str]) -> _Read:
    """Reads the value of a parameter from the words that follow it, and says how many of them it took. Raises PromptError."""
    if not words and row.kind is not Kind.FLAG and not row.bare:
        raise PromptError(T("{name} needs a value: {allowed}.", name=quoted("--" + row.name), allowed=row.allowed))
    return _READERS[row.kind](row, words)


def written(row: Parameter, value: Value) -> tuple[str, ...]:
    """The value as text, once for each time that the parameter has to be written; empty text for a flag."""
    if value is True:
        return ("",)
    if row.kind is Kind.LORA:
        return tuple(str(lora) for lora in cast("tuple[Lora, ...]", value))
    if isinstance(value, Ratio):
        return (str(value),)
    if isinstance(value, tuple):
        items = [str(item) for item in value]
        return (_listed(items) if row.kind is Kind.LIST else " ".join(items),)
    return (number_text(value) if isinstance(value, float) else str(value),)


def _listed(items: list[str]) -> str:
    """The items between commas; a last one keeps words such as `rock—c` from being read as a parameter."""
    text = ", ".join(items)
    return text + "," if _DASHED.search(items[-1]) else text


def quoted(text: str) -> str:
    """What somebody typed, to stand in a message: short, as code, and unable to end it."""
    shown = text if len(text) <= 100 else text[:99] + "…"
    return "`" + shown.replace("`", "'") + "`"


def read_link(word: str) -> str:
    """The link in a word that `LINK` matches."""
    return word.removeprefix("<").rstrip(">,")


def read_weight(word: str) -> float:
    """The weight of a part, to six decimal places. Raises PromptError."""
    weight = _number(word)
    if weight is None or abs(weight) > MAX_WEIGHT:
        raise PromptError(
            T(
                "A weight must be between {low} and {high} (given: {given})",
                low=-MAX_WEIGHT,
                high=MAX_WEIGHT,
                given=quoted(word),
            )
        )
    return weight


def _number(word: str) -> float | None:
    # Adding 0 turns -0 into 0.
    return round(float(word), 6) + 0.0 if len(word) <= _DIGITS and _NUMBER.fullmatch(word) else None


def _wrong(row: Parameter, given: str) -> PromptError:
    """The value is of another kind."""
    name, given = quoted("--" + row.name), quoted(given)
    if row.choices:
        return PromptError(
            T("{name} must be one of {choices} (given: {given})", name=name, choices=row.allowed, given=given)
        )
    return PromptError(T("{name} must be {allowed} (given: {given})", name=name, allowed=row.allowed, given=given))


def _outside(row: Parameter, given: str) -> PromptError:
    low, high = number_text(row.low), number_text(row.high)
    whole = _INTEGER.fullmatch(given)
    name, given = quoted("--" + row.name), quoted(given)
    if row.kind is Kind.INTEGER and not whole:
        return PromptError(
            T(
                "{name} must be a whole number between {low} and {high} (given: {given})",
                name=name,
                low=low,
                high=high,
                given=given,
            )
        )
    return PromptError(
        T("{name} must be between {low} and {high} (given: {given})", name=name, low=low, high=high, given=given)
    )


def _flag(_row: Parameter, _words: list[str]) -> _Read:
    return True, 0


def _integer(row: Parameter, words: list[str]) -> _Read:
    word = words[0]
    if len(word) > _DIGITS or not _INTEGER.fullmatch(word) or not row.low <= int(word) <= row.high:
        raise _outside(row, word)
    return int(word), 1


def _decimal(row: Parameter, words: list[str]) -> _Read:
    value = _number(words[0])
    if row.choices:
        if value is None or value not in map(float, row.choices):
            raise _wrong(row, words[0])
    elif value is None or not row.low <= value <= row.high:
        raise _outside(row, words[0])
    return value, 1


def _ratio(row: Parameter, words: list[str]) -> _Read:
    found = _RATIO.fullmatch(words[0])
    if not found:
        raise _wrong_ratio(row, words[0])
    ratio = Ratio(int(found[1]), int(found[2]))
    if not all(row.low <= side <= row.high for side in ratio):
        raise PromptError(
            T(
                "Both sides of {name} must be between {low} and {high} (given: {given})",
                name=quoted("--" + row.name),
                low=number_text(row.low),
                high=number_text(row.high),
                given=quoted(words[0]),
            )
        )
    return ratio, 1


def _wrong_ratio(row: Parameter, given: str) -> PromptError:
    """Names the right form of `1.39:1` and `16x9`."""
    nearly = _NEARLY_RATIO.fullmatch(given)
    if nearly and float(nearly[2]):
        ratio = Fraction(nearly[1]) / Fraction(nearly[2])
        right = quoted(f"{ratio.numerator}:{ratio.denominator}")
        return PromptError(
            T(
                "{name} must be two whole numbers: write {right} for {given}",
                name=quoted("--" + row.name),
                right=right,
                given=quoted(given),
            )
        )
    return _wrong(row, given)


def _choice(row: Parameter, words: list[str]) -> _Read:
    word = words[0].lower()
    word = "jpg" if word == "jpeg" else word
    if word not in row.choices:
        raise _wrong(row, words[0])
    return word, 1


def _version(row: Parameter, words: list[str]) -> _Read:
    if words and _VERSION.fullmatch(words[0]):
        return words[0], 1
    if row.bare:
        return True, 0
    raise _wrong(row, words[0])


def _word(row: Parameter, words: list[str]) -> _Read:
    if not _WORD.fullmatch(words[0]):
        raise _wrong(row, words[0])
    return words[0], 1


def _phrase(_row: Parameter, words: list[str]) -> _Read:
    return " ".join(words), len(words)


def _list(row: Parameter, words: list[str]) -> _Read:
    # A comma inside a link belongs to the link.
    spread = " ".join(word if LINK.match(word) else word.replace(",", ", ") for word in words)
    items = unique(" ".join(item.split()) for item in f"{spread} ".split(", "))
    if not items:
        raise _wrong(row, " ".join(words))
    return items, len(words)


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """The items in their order, without empty ones and repetitions."""
    return tuple(dict.fromkeys(item for item in items if item))


def _links(row: Parameter, words: list[str]) -> _Read:
    return _several(row, [read_link(word) for word in _leading(LINK, words)], words)


def _styles(row: Parameter, words: list[str]) -> _Read:
    leading = _leading(_STYLE, words)
    return _several(row, [read_link(word) if LINK.match(word) else word.lower() for word in leading], words)


def _ids(row: Parameter, words: list[str]) -> _Read:
    ids = _leading(_ID, words)
    return (unique(ids), len(ids)) if ids or not row.bare else (True, 0)


def _leading(pattern: re.Pattern[str], words: list[str]) -> list[str]:
    return list(takewhile(pattern.fullmatch, words))


def _several(row: Parameter, items: list[str], words: list[str]) -> _Read:
    if not items:
        raise _wrong(row, words[0])
    return within(row, unique(items)), len(items)


def within(row: Parameter, items: tuple[str, ...]) -> tuple[str, ...]:
    """The items, where they are not more links than the parameter takes. Raises PromptError."""
    if row.kind in {Kind.LINKS, Kind.STYLES} and len(items) > row.high:
        name, high = quoted("--" + row.name), number_text(row.high)
        raise PromptError(T("{name} takes at most {high} (given: {count})", name=name, high=high, count=len(items)))
    return items


def _lora(row: Parameter, words: list[str]) -> _Read:
    name, _, weight = words[0].partition(":")
    if not _LORA_NAME.fullmatch(name):
        raise _wrong(row, words[0])
    value = _number(weight) if weight else 1.0
    if value is None or not row.low <= value <= row.high:
        raise PromptError(
            T(
                "The weight of a {name} must be between {low} and {high} (given: {given})",
                name=quoted("--" + row.name),
                low=number_text(row.low),
                high=number_text(row.high),
                given=quoted(words[0]),
            )
        )
    return (Lora(name, value),), 1


_READERS: Mapping[Kind, Callable[[Parameter, list[str]], _Read]] = MappingProxyType(
    {
        Kind.FLAG: _flag,
        Kind.INTEGER: _integer,
        Kind.NUMBER: _decimal,
        Kind.RATIO: _ratio,
        Kind.CHOICE: _choice,
        Kind.VERSION: _version,
        Kind.WORD: _word,
        Kind.PHRASE: _phrase,
        Kind.LIST: _list,
        Kind.LINKS: _links,
        Kind.STYLES: _styles,
        Kind.IDS: _ids,
        Kind.LORA: _lora,
    }
)
