"""What the doctor finds: a sentence, how grave it is, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.i18n import T, Text


class Mark(StrEnum):
    """How grave a finding is; the value is the sign it is printed with."""

    GOOD = "✓"
    HINT = "·"  # nothing is wrong; worth knowing
    WARNING = "!"  # the bot runs, but not all of it
    TROUBLE = "✗"  # the bot does not run until this is mended


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    mark: Mark
    title: Text
    mend: Text | None = None


def good(title: Text) -> Finding:
    return Finding(Mark.GOOD, title)


def hint(title: Text) -> Finding:
    return Finding(Mark.HINT, title)


def warning(title: Text, mend: Text) -> Finding:
    return Finding(Mark.WARNING, title, mend)


def trouble(title: Text, mend: Text) -> Finding:
    return Finding(Mark.TROUBLE, title, mend)


def listed(texts: Sequence[Text]) -> Text:
    """`a, b, c` of at least one text, none of which is translated yet."""
    found = texts[0]
    for text in texts[1:]:
        found = T("{first}, {second}", first=found, second=text)
    return found
