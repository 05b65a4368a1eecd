r"""Permutations: `{a, b}` anywhere in a prompt makes a prompt of each alternative.

input    = { template } ;
template = lit | "\" any | group ;
group    = "{" alt { "," alt } "}" ;      alt = { template } ;
"""

import re
from dataclasses import dataclass, field

from bot.errors import PromptError
from bot.i18n import TN, T

#: The most characters that a prompt may have, as typed.
MAX_LENGTH = 6000

_PIECE = re.compile(r"\\[\s\S]|[{},]|[^\\{},]++|\\")
# Commas need no escape where there are no groups, nor backslashes before what is never escaped.
_ESCAPED = re.compile(r"\\(?=[\\{},])|[{}]")


def permute(text: str, limit: int) -> tuple[str, ...]:
    r"""Every prompt that the text stands for, the leftmost group varying slowest, with `\{`, `\}`, `\,` and `\\` unescaped.

    Raises PromptError where a brace has no partner, where there would be more than `limit` prompts (which are not made first), or where
    the text has more than 6000 characters. Takes time linear in the length times the limit.
    """
    check_length(text)
    groups: list[_Group] = []
    here = _Alternative()
    for piece in _PIECE.findall(text):
        if piece == "{":
            groups.append(_Group(outer=here))
            here = _Alternative()
        elif piece == "," and groups:
            groups[-1].close(here, limit)
            here = _Alternative()
        elif piece == "}":
            if not groups:
                raise _unbalanced("}")
            group = groups.pop()
            group.close(here, limit)
            here = group.outer
            here.multiply(group.choices, limit)
        else:
            here.literal.append(piece[1:] if piece in {"\\{", "\\}", "\\,", "\\\\"} else piece)
    if groups:
        raise _unbalanced("{")
    return tuple(here.finished())


def escape(text: str) -> str:
    """The text such that `permute` gives it back as it is, for a window that shows a prompt to be edited."""
    return _ESCAPED.sub(r"\\\g<0>", text)


def check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise PromptError(
            T("A prompt has at most {limit} characters; yours has {count}.", limit=MAX_LENGTH, count=len(text))
        )


@dataclass(slots=True)
class _Alternative:
    """What one alternative (or the whole text) has come to so far: each of `ways`, followed by `literal`.

    Literal text is held back and a group of one choice is literal too, so that long texts are copied few times only.
    """

    ways: list[str] = field(default_factory=lambda: [""])
    literal: list[str] = field(default_factory=list[str])

    def multiply(self, choices: list[str], limit: int) -> None:
        if len(choices) == 1:
            self.literal += choices
            return
        if len(self.ways) * len(choices) > limit:
            raise _too_many(limit)
        self.ways = [way + choice for way in self.finished() for choice in choices]
        self.literal = []

    def finished(self) -> list[str]:
        tail = "".join(self.literal)
        return [way + tail for way in self.ways]


@dataclass(slots=True)
class _Group:
    """A group being read: what stands before it, and the choices that it offers so far."""

    outer: _Alternative
    choices: list[str] = field(default_factory=list[str])

    def close(self, alternative: _Alternative, limit: int) -> None:
        # Every other part of the text can only multiply this number, by one at least.
        if len(self.choices) + len(alternative.ways) > limit:
            raise _too_many(limit)
        self.choices += [way.strip() for way in alternative.finished()]


def _too_many(limit: int) -> PromptError:
    return PromptError(
        TN(
            "This makes more than one prompt, and you may start {count} job at once.",
            "This makes more than {count} prompts, and you may start {count} jobs at once.",
            limit,
        )
    )


def _unbalanced(brace: str) -> PromptError:
    return PromptError(
        T("A `{brace}` has no partner. For a brace that is only a character write `\\{brace}`.", brace=brace)
    )
