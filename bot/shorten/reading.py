"""From a prompt to words, each with its sort, its segment (between stops) and its part (between `::`)."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.prompt import PARAMETERS
from bot.prompt.lexer import normalised
from bot.prompt.values import LINK, MAX_WEIGHT
from bot.shorten.words import (
    CONTENT,
    ENDINGS,
    ENGLISH,
    MODIFIERS,
    NOT_MODIFIERS,
    NOUN_ENDINGS,
    QUALITY,
    SPANISH,
    SPANISH_MODIFIERS,
    Sort,
)

_LETTERS = re.compile(r"\w+(?:'\w+)*+|&")
_COMPOUND = re.compile(r"\w+(?:-\w+)++")
_PLAIN = str.maketrans("áéíóúü", "aeiouu")
_NAMES = "|".join(re.escape(name) for row in PARAMETERS for name in (row.name, *row.aliases))
_LINKED = rf"(?: (?<!\S) | (?<=(?<!:)::) ) {LINK.pattern}"
#: A parameter: `--name` or `—name` where a word begins; `-- name`, `–name`, or glued to a word, where a known name follows.
_PARAMETER = re.compile(
    rf"""
      {_LINKED}
    | (?P<dash>
          (?: (?<![^\s,>]) | (?<=::) ) (?: --|— ) (?= [^\W\d_] )
        | (?: (?<![-–—]) --\s? | [–—] ) (?= (?:{_NAMES}) (?![^\W\d_]) )
      )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WEIGHT = r"-?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)"
_PIECE = re.compile(
    rf"""
      (?P<fixed> {_LINKED} | <lora:[^<>\s]*+> )
    | (?P<mark> :: (?: {_WEIGHT} (?= \s | :: | $ ) )? )
    | (?P<plain> \\\S | (?<=\d),(?=\d) | [^\s\\,;|.!?…:()\[\]{{}}"<–—-]++ )
    | (?P<stop> [,;|]++ | [.!?…]++ (?= \s | $ ) | (?<!\S) [-–—]++ (?!\S) )
    | (?P<space> \s++ )
    | (?P<open> [(\[{{] )
    | (?P<close> [)\]}}] )
    | (?P<quote> " )
    | .
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_APART = frozenset({"fixed", "mark", "stop", "space"})


@dataclass(slots=True)
class Token:
    """A word. `after` is all that stands between it and the next one, `gone` the step at which it is left out, if it is."""

    text: str
    sort: Sort
    place: int
    part: int
    segment: int
    key: str = ""
    after: str = ""
    weight: float = 0.0
    gone: int | None = None


@dataclass(slots=True)
class Reading:
    """A prompt taken apart. `before` stands before its words, `tail` (the parameters) after them; `weights` are those of the parts.

    What is unwanted matters as much as what is wanted, so a weight counts without its sign.
    """

    tokens: list[Token] = field(default_factory=list[Token])
    weights: list[float] = field(default_factory=lambda: [1.0])
    before: str = ""
    tail: str = ""
    spanish: bool = False
    _segment: int = 0
    _glued: bool = False  # whether the next piece belongs to the same word

    def take(self, kind: str, piece: str) -> None:
        if kind == "plain" and self._glued:
            self.tokens[-1].text += piece
        elif kind in {"plain", "fixed"}:
            sort = Sort.FIXED if kind == "fixed" else Sort.NOUN
            self.tokens.append(Token(piece, sort, len(self.tokens), len(self.weights) - 1, self._segment))
        else:
            self._take_gap(kind, piece)
        self._glued = kind == "plain"

    def _take_gap(self, kind: str, piece: str) -> None:
        if self.tokens:
            self.tokens[-1].after += piece
        else:
            self.before += piece
        if kind != "space":
            self._segment += 1
        if kind == "mark":
            self.weights[-1] = min(abs(float(piece[2:] or 1)), MAX_WEIGHT)
            self.weights.append(1.0)


def read(text: str) -> Reading:
    """Takes any text apart and gives each word its sort."""
    text = normalised(text)
    found = next((match for match in _PARAMETER.finditer(text) if match["dash"]), None)
    head = text[: found.start()].rstrip(" ,;.") if found else text
    reading = Reading(tail=text[len(head) :])
    for kind, piece in _pieces(head):
        reading.take(kind, piece)
    reading.spanish = _classify(reading.tokens)
    return reading


def _pieces(head: str) -> Iterator[tuple[str, str]]:
    """The pieces of a text, where what stands in brackets or quotes that have a partner is plain."""
    pieces = [(match.lastgroup or "plain", match[0]) for match in _PIECE.finditer(head)]
    depth = 0
    for (kind, text), step in zip(pieces, _steps(pieces), strict=True):
        outside = depth == 0
        depth += step
        yield (kind if outside and kind in _APART else "plain"), text


def _steps(pieces: Sequence[tuple[str, str]]) -> list[int]:
    """For each piece 1 where a group begins, -1 where it ends; brackets without a partner are characters."""
    steps = [0] * len(pieces)
    opened: list[tuple[str, int]] = []
    quote: int | None = None
    for place, (kind, text) in enumerate(pieces):
        if kind == "quote" and quote is not None:
            steps[quote], steps[place], quote = 1, -1, None
        elif kind == "quote":
            quote = place
        elif kind == "open":
            opened.append((text, place))
        elif kind == "close" and opened and opened[-1][0] == _PAIRS[text]:
            steps[opened.pop()[1]], steps[place] = 1, -1
    return steps


def _classify(tokens: Sequence[Token]) -> bool:
    """Gives each word its sort and the key that it is known by; says whether they are Spanish."""
    found = [_LETTERS.findall(_plain(token.text)) for token in tokens]
    spanish = _is_spanish([word for words in found for word in words])
    for token, words in zip(tokens, found, strict=True):
        token.key = " ".join(words) or token.text
        if "::" in token.text:
            token.sort = Sort.FIXED  # in brackets, but a weight all the same
        elif token.sort is not Sort.FIXED:
            token.sort = _sort(token.text, words, spanish=spanish)
    return spanish


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().translate(_PLAIN)


_ALL_ENGLISH, _ALL_SPANISH = (frozenset[str]().union(*lexicon.values()) for lexicon in (ENGLISH, SPANISH))


def _is_spanish(words: Sequence[str]) -> bool:
    english = sum(word in _ALL_ENGLISH and word not in _ALL_SPANISH for word in words)
    spanish = sum(
        (word in _ALL_SPANISH and word not in _ALL_ENGLISH) or word in SPANISH_MODIFIERS or "ñ" in word
        for word in words
    )
    return spanish > english


def _sort(text: str, words: Sequence[str], *, spanish: bool) -> Sort:
    """The sort of one word, or of a group or compound of several."""
    sorts = [_sort_of_word(word, spanish=spanish) for word in words if len(words) == 1 or not word.isdecimal()]
    if len(sorts) == 1:
        return sorts[0]
    content = {sort for sort in sorts if sort in CONTENT}
    if Sort.QUALITY in content and Sort.NOUN not in content:
        return Sort.QUALITY  # award-winning, (masterpiece, best quality)
    if sorts and sorts[-1] is Sort.MODIFIER and _COMPOUND.fullmatch(text):
        return Sort.MODIFIER  # red-haired
    return Sort.NOUN


def _sort_of_word(word: str, *, spanish: bool) -> Sort:
    own, other = (SPANISH, ENGLISH) if spanish else (ENGLISH, SPANISH)
    for sort, listed in own.items():
        if word in listed:
            return sort
    single = word.removesuffix("s")
    if word in QUALITY or single in QUALITY:
        return Sort.QUALITY
    if word in MODIFIERS or single in MODIFIERS:
        return Sort.MODIFIER
    for sort, listed in other.items():
        if len(word) > 2 and word in listed:  # short words mean different things
            return sort
    named = word in NOT_MODIFIERS or single in NOT_MODIFIERS or word.endswith(NOUN_ENDINGS)
    return Sort.MODIFIER if len(word) > 5 and word.endswith(ENDINGS) and not named else Sort.NOUN
