"""Which words of a prompt matter, and shorter prompts that keep those. Pure: word lists and the shape of phrases, in English and Spanish.

A prompt is read as weighted parts (`::`), those as segments (between commas and full stops), those as phrases: a noun with what goes with
it, or what a preposition, a participle or a relative pronoun begins. A shorter prompt leaves out whole phrases, and adjectives beside their
noun, so that it still reads well. The first phrase of a segment carries the others and goes last; each part keeps one phrase, so that its
weight keeps something to weigh. Links, `<lora:…>` and everything from the first parameter on stay as they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise

from bot.shorten.phrases import Phrase, main_word, medium_of, phrases_of, runs, spare_of
from bot.shorten.reading import Token, read
from bot.shorten.words import CONTENT, Sort

__all__ = ["LEAVING", "LOW", "Shortening", "Word", "shorten"]

#: How much of the words each shorter prompt leaves, roughly, where there is more than this choice of them.
LEAVING = (0.85, 0.65, 0.5, 0.35, 0.2)
#: Words of less weight matter little.
LOW = 0.2


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, its weight from 0 to 1, and what stands between it and the next one."""

    text: str
    weight: float
    after: str


@dataclass(frozen=True, slots=True)
class Shortening:
    """The words of a prompt in order, and up to five shorter prompts, from mild to strong."""

    words: tuple[Word, ...]
    prompts: tuple[str, ...]


_WORTH = {
    Sort.FIXED: 0.0,
    Sort.DETERMINER: 0.0,
    Sort.CONJUNCTION: 0.02,
    Sort.PREPOSITION: 0.04,
    Sort.RELATIVE: 0.02,
    Sort.FUNCTION: 0.02,
    Sort.INTENSIFIER: 0.05,
    Sort.QUALITY: 0.12,
    Sort.MODIFIER: 0.5,
    Sort.NOUN: 0.8,
}
# What the main noun of a phrase is worth, a word such as "photo", and what a word keeps of its worth where it stands again.
_MAIN, _MEDIUM, _AGAIN = 1.0, 0.35, 0.3
# What each segment of a part and each phrase of a segment is worth less than the one before it, and the least.
_PER_SEGMENT, _LEAST_SEGMENT = 0.05, 0.5
_PER_PHRASE, _LEAST_PHRASE = 0.15, 0.55

_VOWELS = frozenset("aeiou")


@dataclass(frozen=True, slots=True)
class _Unit:
    """What may be left out at once. `rank`: how much it would be missed."""

    rank: float
    tokens: Sequence[Token]


def shorten(text: str) -> Shortening:
    """Weighs the words of any text and shortens it; never raises. Each prompt is a subsequence of the text (with single spaces and plain
    quotes) and shorter than the one before it. A prompt of which nothing can be spared has none. Time grows as n log n."""
    reading = read(text)
    units = _weigh(reading.tokens, reading.weights, spanish=reading.spanish)
    prompts = _shorter(reading.tokens, units)
    words = (token for token in reading.tokens if token.sort is not Sort.FIXED)
    return Shortening(
        tuple(Word(token.text, token.weight, token.after) for token in words),
        tuple(f"{reading.before}{prompt}{reading.tail}" for prompt in prompts),
    )


# From phrases to weights


def _weigh(tokens: Sequence[Token], weights: Sequence[float], *, spanish: bool) -> list[_Unit]:
    """Sets the weight of each word, the greatest being 1, and finds what can be left out."""
    seen: set[str] = set()
    largest = max(weights[token.part] for token in tokens) if tokens else 0.0
    parts: list[list[list[Phrase]]] = []
    for part, group in groupby(tokens, key=lambda token: token.part):
        segments = [phrases_of(list(segment)) for _, segment in groupby(group, key=lambda token: token.segment)]
        standing = weights[part] / largest if largest else 1.0
        for number, phrases in enumerate(segments):
            worth = standing * max(_LEAST_SEGMENT, 1 - _PER_SEGMENT * number)
            aside = len(segments) > 1 and phrases[0][0].sort is Sort.PREPOSITION  # in the background, a cabin
            for rest, phrase in enumerate(phrases, 2 if aside else 0):
                _weigh_phrase(phrase, worth * max(_LEAST_PHRASE, 1 - _PER_PHRASE * rest), seen, spanish=spanish)
        parts.append(segments)
    greatest = max((token.weight for token in tokens), default=0.0) or 1.0
    for token in tokens:
        token.weight = round(token.weight / greatest, 3)
    return [unit for segments in parts for unit in _units(segments, spanish=spanish)]


def _weigh_phrase(phrase: Phrase, worth: float, seen: set[str], *, spanish: bool) -> None:
    mains = {id(main_word(phrase[start:end], spanish=spanish)) for start, end in runs(phrase)}
    medium = len(medium_of(phrase))
    for place, token in enumerate(phrase):
        own = _MAIN if id(token) in mains and token.sort is Sort.NOUN else _WORTH[token.sort]
        if place < medium:
            own = min(own, _MEDIUM)
        if token.sort in CONTENT:
            key = token.key.removesuffix("s")
            own *= _AGAIN if key in seen else 1
            seen.add(key)
        token.weight = own * worth


def _units(segments: Sequence[Sequence[Phrase]], *, spanish: bool) -> Iterator[_Unit]:
    """What can be left out of one part: all but the first phrase of what weighs most in it."""
    worded = [[phrase for phrase in phrases if phrase[0].sort is not Sort.FIXED] for phrases in segments]
    ranked = [(max(map(_weight, phrases)), phrases) for phrases in worded if phrases]
    best = max((rank for rank, _ in ranked), default=0.0)
    spared = False
    for number, (rank, (first, *others)) in enumerate(ranked):
        tied = 1 if number and len(first) == 1 else 0  # oil on canvas
        if rank < best or spared:
            yield _Unit(rank, [*first, *chain(*others[:tied])])
        spared = spared or rank >= best
        yield from (_Unit(_weight(phrase), phrase) for phrase in _whole(others[tied:]))
        for phrase in (first, *others):
            yield from _parts_of(phrase, spanish=spanish)


def _whole(phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """The phrases, where `jumping` is one with the `over the dog` that follows it."""
    verb: Phrase = []
    for phrase in phrases:
        if verb and phrase[0].sort is Sort.PREPOSITION:
            yield [*verb, *phrase]
            verb = []
            continue
        if verb:
            yield verb
        bare = sum(token.sort in CONTENT for token in phrase) == 1
        verb = phrase if bare and phrase[0].sort in {Sort.MODIFIER, Sort.RELATIVE} else []
        if not verb:
            yield phrase
    if verb:
        yield verb


def _parts_of(phrase: Phrase, *, spanish: bool) -> Iterator[_Unit]:
    """What can be left out of a phrase that stays."""
    if medium := medium_of(phrase):
        yield _Unit(_weight(medium), medium)
    if any(token.sort is Sort.NOUN for token in phrase):
        yield from (_Unit(spare[-1].weight, spare) for spare in spare_of(phrase, spanish=spanish))


def _weight(phrase: Phrase) -> float:
    return max(token.weight for token in phrase)


# From weights to shorter prompts


def _shorter(tokens: Sequence[Token], units: Sequence[_Unit]) -> Iterator[str]:
    """What is left after leaving out ever more, the least important first, and of equals the last."""
    left = [sum(token.sort is not Sort.FIXED for token in tokens)]
    for unit in sorted(units, key=lambda unit: (unit.rank, -unit.tokens[0].place)):
        going = [token for token in unit.tokens if token.gone is None]
        for token in going:
            token.gone = len(left)
        if going:
            left.append(left[-1] - len(going))
    last = len(left) - 1
    steps = range(1, last + 1)
    if last > len(LEAVING):
        aims = (share * left[0] for share in LEAVING)
        steps = sorted({next((step for step in steps if left[step] <= aim), last) for aim in aims})
    shortest = sum(len(token.text) + len(token.after) for token in tokens)
    for step in steps:
        text = _written(tokens, step)
        if len(text) < shortest:
            yield text
            shortest = len(text)


def _written(tokens: Sequence[Token], step: int) -> str:
    kept = _fitting([token for token in tokens if token.gone is None or token.gone > step])
    ends = {token.segment: token.after for token in tokens} | {-1 - token.part: token.after for token in tokens}
    text = "".join(token.text + _between(tokens, token, following, ends) for token, following in pairwise(kept))
    last = kept[-1]
    closes = last.segment == tokens[-1].segment or "::" in tokens[-1].after
    return (text + last.text + (_closed(last, tokens[-1].after) if closes else "")).rstrip()


def _fitting(kept: Sequence[Token]) -> list[Token]:
    """Without articles and conjunctions that do not fit what is left around them."""
    fitting: list[Token] = []
    for token, following in zip(kept, [*kept[1:], None], strict=False):
        if following is not None and following.segment == token.segment:
            before = fitting[-1] if fitting else None
            if _misfits(token, following) or _dangles(before, token):
                continue
        fitting.append(token)
    return fitting


def _misfits(article: Token, following: Token) -> bool:
    """Whether `an` now stands before a consonant, or `a` before a vowel."""
    if article.sort is not Sort.DETERMINER or article.key not in {"a", "an"} or following.place == article.place + 1:
        return False
    return (article.key == "an") != (following.key[0] in _VOWELS)


def _dangles(before: Token | None, token: Token) -> bool:
    """Whether a conjunction joins its phrase to nothing any more."""
    joins = token.sort is Sort.CONJUNCTION and token.place > 0
    return joins and (before is None or before.part != token.part or before.sort is Sort.FIXED)


def _between(tokens: Sequence[Token], token: Token, following: Token, ends: Mapping[int, str]) -> str:
    """What stands between two words that are kept: as typed, or as it ended the first one's segment or part."""
    if token.part != following.part:
        return _closed(token, ends[-1 - token.part])
    if token.segment != following.segment:
        return _closed(token, ends[token.segment])
    return token.after or tokens[following.place - 1].after


def _closed(token: Token, end: str) -> str:
    """What ends a segment or a part, where its last words may be gone: kept apart from a link, which would swallow it."""
    if "://" in token.text and token.after.isspace():
        return f" {end}" if "::" in end else " "
    return end
