"""From a prompt back to text."""

from collections.abc import Iterator, Sequence

from bot.backends.base import Part
from bot.prompt.model import Prompt
from bot.prompt.table import PARAMETERS, number_text
from bot.prompt.values import LINK, written


def render(prompt: Prompt) -> str:
    """The canonical text of a prompt: long names in the order of the table. `reread(render(p)) == p`, and so does `parse` while the text
    is short enough; give it neither custom options, suffix nor defaults then."""
    return " ".join((*prompt.images, *_parts(prompt.parts), *_parameters(prompt)))


def _parts(parts: Sequence[Part]) -> Iterator[str]:
    last = len(parts) - 1
    for place, part in enumerate(parts):
        if part.weight != 1:
            yield f"{_closed(part.text)}::{number_text(part.weight)}"
        else:
            yield part.text if place == last else f"{_closed(part.text)}::"


def _closed(text: str) -> str:
    """The text, kept apart from the `::` that follows where it would swallow it."""
    return text + " " if text.endswith(":") or LINK.match(text.rpartition(" ")[2]) else text


def _parameters(prompt: Prompt) -> Iterator[str]:
    for row in PARAMETERS:
        if row.name in prompt.parameters:
            for value in written(row, prompt.parameters[row.name]):
                yield f"--{row.name} {value}".rstrip()
