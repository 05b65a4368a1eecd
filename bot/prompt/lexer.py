"""From characters to a text and parameters.

    prompt = { url ws } [ text ] { ws param } ;
    text   = part { "::" [ weight ] ws part } [ "::" [ weight ] ] ;
    param  = dash name [ ws value ] ;

A parameter begins at a dash and ends where the next one begins, so that finding the openings is all the lexing there is. A link hides
whatever is in it. Every pattern is possessive and none can begin twice in the same run, so the time is linear in the length.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.backends.base import Part
from bot.errors import PromptError
from bot.i18n import T, Text
from bot.prompt.values import LINK, quoted, read_link, read_weight

#: Whether a name (in lower case) is a parameter, an alias or a custom option.
Known = Callable[[str], bool]

_DASHES = "-–—"
_NAME = r"[^\W\d_]\w*+"
_WEIGHT = r"-?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)"
_LINK = LINK.pattern

_LORA = re.compile(r"<lora:([^<>\s]*+)>", re.IGNORECASE)
_OPENING = re.compile(
    rf"""
      (?: (?<!\S) | (?<=(?<!:)::) ) {_LINK}
    | (?: (?P<mark> :: (?:{_WEIGHT})? ) | (?<![{_DASHES}]) ) (?P<dash> [{_DASHES}]++ ) (?P<name> {_NAME} )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SPACED = re.compile(
    rf"(?: (?<![^\s,]) | (?<=::) ) (?P<dash> --|— ) \s (?P<name> {_NAME} ) (?= \s | :: | --|— | $ ) (?P<number> \s [0-9] )?",
    re.VERBOSE,
)
_TEXT = re.compile(
    rf"(?P<link> {_LINK} ) | (?P<mark> :: ) (?: (?P<weight> {_WEIGHT} ) (?= \s | :: | $ ) )? | (?P<word> (?: [^\s:] | :(?!:) )++ )",
    re.VERBOSE | re.IGNORECASE,
)
#: Quotes as phones type them, and what no text has use for: marks of width zero, and what databases refuse.
_NORMAL = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("“”„‟", '"'),
        **dict.fromkeys("\u200b\u2060\ufeff"),
        **{chr(code): " " for code in (*range(32), *range(127, 160))},
    }
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter as it was written: its name in lower case, without dashes, and the words that follow it."""

    name: str
    words: list[str]


@dataclass(frozen=True, slots=True)
class Lexed:
    """`text` is what stands before the first parameter."""

    text: str
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a prompt: the links that begin it, and its weighted parts."""

    images: tuple[str, ...]
    parts: tuple[Part, ...]
    warnings: tuple[Text, ...]


def normalised(text: str) -> str:
    """The text with plain quotes, single spaces for all white space, and nothing invisible."""
    return " ".join(_SURROGATES.sub("", text.translate(_NORMAL)).split())


def lex(text: str, known: Known) -> Lexed:
    """Reads a text into its parameters and what stands before them. `<lora:…>` tags, wherever they are, become parameters."""
    text = normalised(text)
    loras = [Option("lora", [body]) for body in _LORA.findall(text)]
    if loras:
        text = " ".join(_LORA.sub(" ", text).split())
    _check_spaced(text, known)
    options: list[Option] = []
    end = len(text)
    # From the last to the first, so that each knows where it ends.
    for found in reversed(list(_OPENING.finditer(text))):
        if found["dash"] and _opens(found, end, known):
            options.append(_option(found, text[found.end() : end], known))
            end = found.start("dash")
    return Lexed(text[:end].strip(), loras + options[::-1])


def _opens(found: re.Match[str], end: int, known: Known) -> bool:
    """Whether a parameter begins at this dash, and ends at `end`.

    `--` or `—` before a letter begins one wherever a word may begin. Glued to a word, or as `–` or `---`, they are typography
    unless the name of a parameter follows, as a word or with a number glued to it.
    """
    before = found.string[found.start("dash") - 1] if found.start("dash") else " "
    dash, regular, begins = found["dash"], found["dash"] in {"--", "—"}, before in " ," or found["mark"] is not None
    if dash == "-":
        return False
    if regular and begins:
        return True
    if not (regular or begins):
        return False
    name, number = _split_number(found["name"].lower(), known)
    after = found.string[found.end() : min(found.end() + 2, end)]
    return known(name) and bool(number or not after or after[0] == " " or after == "::")


def _split_number(name: str, known: Known) -> tuple[str, str]:
    """`ar16` as `ar` and `16`, unless it is a name itself."""
    letters = name.rstrip("0123456789x")
    return (letters, name[len(letters) :]) if not known(name) and name[len(letters) :].strip("x") else (name, "")


def _option(found: re.Match[str], rest: str, known: Known) -> Option:
    """The parameter that begins here, where a space stands between its name and its value."""
    glued = rest[: rest.find(" ")] if " " in rest else rest
    name, number = _split_number(found["name"].lower(), known)
    value = number + glued
    if not value:
        return Option(name, rest.split())
    if known(name) and value[0] in ":=0123456789.":
        right = f"--{name} {value.lstrip(':=')}".rstrip()
        raise PromptError(
            T("{given} needs a space: write {right}.", given=quoted(f"--{name}{value}"), right=quoted(right))
        )
    return Option(name + value, rest[len(glued) :].split())


def _check_spaced(text: str, known: Known) -> None:
    """Refuses `-- ar`. A lone `—` is common in prose and becomes suspect only when a number follows too."""
    for found in _SPACED.finditer(text):
        if known(found["name"].lower()) and (found["dash"] == "--" or found["number"]):
            given, right = f"{found['dash']} {found['name']}", f"--{found['name'].lower()}"
            raise PromptError(
                T("{given} has a space too many: write {right}.", given=quoted(given), right=quoted(right))
            )


def read_text(text: str) -> Words:
    """Reads the part of a prompt before its parameters: links first, then words, weighted by `::`. Raises PromptError."""
    images: list[str] = []
    parts: list[Part] = []
    late: list[Text] = []
    words: list[str] = []
    for found in _TEXT.finditer(text):
        if found["mark"]:
            parts += _part(words, found["weight"])
            words = []
        elif found["link"] and not (parts or words):
            images.append(read_link(found["link"]))
        else:
            words.append(found[0])
            late += _late(found["link"])
    parts += _part(words, None)
    return Words(tuple(images), tuple(parts), tuple(late))


def _part(words: list[str], weight: str | None) -> Iterator[Part]:
    if words:
        yield Part(" ".join(words), 1.0 if weight is None else read_weight(weight))


def _late(link: str | None) -> Iterator[Text]:
    if link:
        yield T("{link} was read as words: links to images come before the text.", link=quoted(link))
