"""From a text to a prompt: lex, expand custom options, and lay what was typed over the suffix over the settings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import fsum
from typing import cast

from bot.errors import PromptError
from bot.i18n import T, Text
from bot.prompt.lexer import Option, lex, read_text
from bot.prompt.model import Parsed, Prompt
from bot.prompt.permutation import check_length
from bot.prompt.table import IMAGE, ORDER, Kind, Parameter, Value, names, parameter
from bot.prompt.values import quoted, read, unique, within, written

#: Image prompts in one prompt.
MAX_IMAGES = 10

_Values = dict[str, Value]
_NOTHING = 1e-9  # sums of decimal fractions come out a little beside 0
_SHOWN = 5  # unrecognised things in one message
_LONGEST_NAME = 40  # that is compared with known ones


def parse(
    text: str,
    *,
    custom: Mapping[str, str] = {},
    suffix: str = "",
    defaults: Mapping[str, Value] = {},
    overrides: Mapping[str, str] = {},
    allow: Collection[str] = (),
    attached: int = 0,
) -> Parsed:
    """Reads one prompt, after `permute`; braces are characters here.

    `custom` maps the user's own options (names without dashes) to the parameters that they stand for. `overrides` maps long names to values
    as typed into options of the command; "true" and "false" set and clear flags. What is given there wins over the text, the text over
    `suffix` (parameters only), and that over `defaults` (values by long name); of those that may repeat, the suffix adds to the text.
    `allow` names parameters that only special windows take (`zoom`). `attached` is how many images come along as files: they count as
    image prompts.

    Raises PromptError with a sentence that names the parameter, what was given and what is allowed. Takes time linear in the length.
    """
    check_length(text)
    reading = _Reading({name.lower(): value for name, value in custom.items()}, frozenset(allow))
    head, typed = reading.layer(text)
    words = read_text(head)
    explicit = _over(reading.overrides(overrides), _without(typed, overrides))
    warnings = tuple(reading.warnings.values())
    parameters = _over(explicit, _without(reading.parameters_only(suffix), overrides), accumulate=True)
    # Settings are stored, perhaps by a version that had more parameters.
    parameters = _over(parameters, {name: v for name, v in _without(defaults, overrides).items() if name in ORDER})
    prompt = Prompt(words.images, words.parts, _checked_partners(explicit, parameters, bool(words.images or attached)))
    _check_text(prompt, len(words.images) + attached)
    return Parsed(prompt, words.warnings + warnings)


def reread(text: str) -> Prompt:
    """What `render` wrote, such as a stored job's prompt: of any length, with any parameter, and without the checks of what people type."""
    reading = _Reading({}, frozenset(names()))
    head, parameters = reading.layer(text)
    words = read_text(head)
    return Prompt(words.images, words.parts, parameters)


def check_options(text: str, custom: Mapping[str, str] = {}) -> None:
    """Raises PromptError unless the text is one for a suffix (where `custom` options may stand too) or for a custom option: parameters
    only, all of them right."""
    check_length(text)
    _Reading({name.lower(): value for name, value in custom.items()}, frozenset()).parameters_only(text)


@dataclass(slots=True)
class _Reading:
    """Reads texts into layers of values, and keeps one warning for each parameter on the way."""

    custom: Mapping[str, str]
    allow: frozenset[str]
    warnings: dict[str, Text] = field(default_factory=dict[str, Text])

    def layer(self, text: str) -> tuple[str, _Values]:
        """What stands before the first parameter, and the values of all parameters."""
        lexed = lex(text, self.known)
        return lexed.text, self.values(lexed.options)

    def parameters_only(self, text: str) -> _Values:
        """The values of a suffix."""
        head, values = self.layer(text)
        if head:
            raise _unrecognised([], [head], self.custom)
        return values

    def overrides(self, overrides: Mapping[str, str]) -> _Values:
        """The values of the command's options, without flags that are off."""
        return self.values([option for name, given in overrides.items() for option in self.override(name, given)])

    def override(self, name: str, given: str) -> list[Option]:
        if _row(name).kind is Kind.FLAG and given.strip().lower() in {"true", "false"}:
            return [Option(name, [])] if given.strip().lower() == "true" else []
        first, *more = lex(f"--{name} {given}", self.known).options
        if more:
            raise _unrecognised([option.name for option in more], [], {})
        return [first]

    def known(self, name: str) -> bool:
        return _is_parameter(name) or name in self.custom

    def values(self, options: list[Option]) -> _Values:
        """The values of these parameters, custom options expanded. What may repeat accumulates; of the rest the last one stands."""
        values: _Values = {}
        repeated: dict[str, list[Value]] = {}
        unknown: list[str] = []
        stray: list[str] = []
        for option in self.expanded(options, stray):
            row = parameter(option.name)
            if row is None:
                unknown.append(option.name)
                continue
            value, taken = self.read(row, option.words)
            stray += filter(None, [" ".join(option.words[taken:])])
            if row.repeats:
                repeated.setdefault(row.name, []).append(value)
            else:
                self.put(values, row, value)
        if unknown or stray:
            raise _unrecognised(unknown, stray, self.custom)
        return values | {name: _joined(name, several) for name, several in repeated.items()}

    def expanded(self, options: list[Option], stray: list[str]) -> list[Option]:
        """The options, with custom ones replaced by what they stand for, in which no others are. Words around go to `stray`.

        Of a custom option given often, the last one alone is expanded: the others could change nothing, and might be thousands.
        """
        last = {option.name: place for place, option in enumerate(options)}
        result: list[Option] = []
        for place, option in enumerate(options):
            if _is_parameter(option.name) or option.name not in self.custom:
                result.append(option)
                continue
            stray += filter(None, [" ".join(option.words)])
            if place == last[option.name]:
                lexed = lex(self.custom[option.name], _is_parameter)
                stray += filter(None, [lexed.text])
                result += lexed.options
        return result

    def read(self, row: Parameter, words: list[str]) -> tuple[Value, int]:
        if row.restricted and row.name not in self.allow:
            raise PromptError(T("{name} can only be used in the Custom Zoom window.", name=quoted("--" + row.name)))
        return read(row, words)

    def put(self, values: _Values, row: Parameter, value: Value) -> None:
        if row.name == "style" and str(value).lower() == "raw":
            row, value = _row("raw"), True
        # As texts, since backticks in a note's values are somebody's own, and tamed.
        name = T("`--{name}`", name=row.name)
        for other in row.excludes:
            if values.pop(other, None) is not None:
                text = T("{name} replaces {other}.", name=name, other=T("`--{name}`", name=other))
                self.warnings[f"{row.name} {other}"] = text
        if row.name in values:
            given = T("`--{name}`", name=quoted(f"{row.name} {written(row, value)[0]}".rstrip())[1:-1])
            self.warnings[row.name] = T(
                "{name} was given more than once; the last one counts: {given}", name=name, given=given
            )
        values[row.name] = value


def _is_parameter(name: str) -> bool:
    return parameter(name) is not None


def _row(name: str) -> Parameter:
    row = parameter(name)
    if row is None:
        raise _unrecognised([name], [], {})
    return row


def _joined(name: str, several: list[Value]) -> Value:
    """The values of a parameter that may repeat, as one."""
    row = _row(name)
    return within(row, unique(item for value in several for item in cast("tuple[str, ...]", value)))


def _without(layer: Mapping[str, Value], names: Collection[str]) -> _Values:
    return {name: value for name, value in layer.items() if name not in names}


def _over(upper: Mapping[str, Value], lower: Mapping[str, Value], *, accumulate: bool = False) -> _Values:
    """Two layers as one. The upper one wins, over what its parameters exclude too, but for what accumulates."""
    gone = {other for name in upper for other in _row(name).excludes}
    result = {name: value for name, value in lower.items() if name not in gone} | dict(upper)
    if accumulate:
        both = [name for name in upper if name in lower and _row(name).repeats]
        result |= {name: _joined(name, [upper[name], lower[name]]) for name in both}
    return result


def _checked_partners(explicit: Collection[str], parameters: _Values, images: bool) -> _Values:
    """Refuses parameters that were given without their partner, and drops those that only a suffix or the settings brought along."""
    kept: _Values = {}
    for name, value in parameters.items():
        partner = _row(name).partner
        if partner is None or (images if partner == IMAGE else partner in parameters):
            kept[name] = value
        elif name in explicit:
            raise _alone(name, partner)
    return kept


def _alone(name: str, partner: str) -> PromptError:
    if partner == IMAGE:
        return PromptError(T("Cannot use {name} without an image prompt", name=quoted("--" + name)))
    return PromptError(
        T("Cannot use {name} without a {partner}", name=quoted("--" + name), partner=quoted("--" + partner))
    )


def _check_text(prompt: Prompt, images: int) -> None:
    """Some text there must be, unless images say enough; and not only unwanted text."""
    if prompt.parts and fsum(part.weight for part in prompt.parts) <= _NOTHING:
        raise PromptError(T("The weights of a prompt must add up to more than 0."))
    if images > MAX_IMAGES:
        raise PromptError(T("A prompt takes at most {limit} images (given: {count})", limit=MAX_IMAGES, count=images))
    if prompt.parts or images > 1 or (images and "video" in prompt.parameters):
        return
    if images:
        raise PromptError(T("One image alone is no prompt: write some words after it, or add a second image."))
    raise PromptError(T("The prompt has no words: say what the picture should show, before any parameters."))


def _unrecognised(unknown: list[str], stray: list[str], custom: Collection[str]) -> PromptError:
    """The error for unknown names, with the nearest known ones, and for words where none may stand."""
    shown = [*(f"--{name}" for name in unknown), *stray][:_SHOWN]
    listed = ", ".join(map(quoted, shown))
    candidates = (*names(restricted=False), *custom)
    strange = [name[:_LONGEST_NAME] for name in unknown[:_SHOWN] if name not in candidates]
    near = [match for name in strange for match in get_close_matches(name, candidates, 1)]
    if near:
        nearest = ", ".join(quoted(f"--{name}") for name in dict.fromkeys(near))
        return PromptError(
            T("Unrecognized parameter(s): {names}. Did you mean {nearest}?", names=listed, nearest=nearest)
        )
    if stray:
        return PromptError(
            T("Unrecognized parameter(s): {names}. Words belong before the first parameter.", names=listed)
        )
    return PromptError(T("Unrecognized parameter(s): {names}", names=listed))
