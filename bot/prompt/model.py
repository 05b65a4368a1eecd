"""What a prompt is once it has been read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

from bot.backends.base import Part
from bot.i18n import Text
from bot.prompt.table import HOUSE, ORDER, PARAMETERS, Ratio, Value

_EXCLUDES = {row.name: row.excludes for row in PARAMETERS}


@dataclass(frozen=True, slots=True)
class Prompt:
    """`images` are the links of the image prompts, `parts` the weighted text (none if there are images only), `parameters` the values
    by long name, in the order of the table, only those that were given. Immutable and hashable."""

    images: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    parameters: Mapping[str, Value] = field(default_factory=dict[str, Value], hash=False)

    def __post_init__(self) -> None:
        ordered = {name: self.parameters[name] for name in sorted(self.parameters, key=ORDER.__getitem__)}
        object.__setattr__(self, "parameters", MappingProxyType(ordered))

    def get(self, name: str) -> Value | None:
        """The value of the parameter with this long name, None where it was not given."""
        return self.parameters.get(name)

    @property
    def text(self) -> str:
        """The words of all parts, without weights."""
        return " ".join(part.text for part in self.parts)

    @property
    def aspect(self) -> tuple[int, int]:
        """Width and height of the shape asked for; 1, 1 where none was."""
        width, height = self._integer("width"), self._integer("height")
        if width and height:
            return width, height
        ratio = self.get("ar")
        return (ratio.width, ratio.height) if isinstance(ratio, Ratio) else (1, 1)

    @property
    def count(self) -> int:
        """How many pictures one job makes."""
        return self._integer("n") or 4

    @property
    def seed(self) -> int | None:
        return self._integer("seed")

    @property
    def negative(self) -> tuple[str, ...]:
        """What should not be in the picture."""
        return cast("tuple[str, ...]", self.get("no") or ())

    @property
    def repeat(self) -> int:
        """How many jobs to make of this prompt."""
        return self._integer("repeat") or 1

    def _integer(self, name: str) -> int | None:
        value = self.get(name)
        return value if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt, and what its writer should know about how it was read."""

    prompt: Prompt
    warnings: tuple[Text, ...] = ()


def replaced(prompt: Prompt, **changes: Value | None) -> Prompt:
    """The prompt with parameters set, by long name, or removed by None. Those that a new one excludes go."""
    gone = {other for name, value in changes.items() if value is not None for other in _EXCLUDES[name]}
    kept = {name: value for name, value in prompt.parameters.items() if name not in gone}
    merged = {**kept, **changes}
    return replace(prompt, parameters={name: value for name, value in merged.items() if value is not None})


def unhonoured(prompt: Prompt, honoured: Collection[str]) -> tuple[str, ...]:
    """The parameters given that neither the backend (`Capabilities.parameters`) nor the house sees to, by long name.

    One seed for all pictures is the house's work, wherever the backend honours seeds.
    """
    seen = HOUSE.union(honoured, ("sameseed",) if "seed" in honoured else ())
    return tuple(name for name in prompt.parameters if name not in seen)
