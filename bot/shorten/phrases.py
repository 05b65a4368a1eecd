"""From words to phrases: where one ends, what its noun is, and what it can spare."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from bot.shorten.reading import Token
from bot.shorten.words import CONTENT, DOING, LEAVABLE, MEDIA, SHOWING, Sort

Phrase: TypeAlias = list[Token]


def phrases_of(segment: Sequence[Token]) -> list[Phrase]:
    """A segment cut before prepositions, relative pronouns, participles, and conjunctions that a determiner follows."""
    whole = _is_praise(segment)
    phrases: list[Phrase] = [[]]
    worded = False  # whether the last phrase has anything to say yet
    for token, following in zip(segment, [*segment[1:], None], strict=False):
        phrase = phrases[-1]
        if _stands_alone(phrase, token) or (worded and not whole and _begins(phrase[-1], token, following)):
            phrases.append([])
            worded = False
        phrases[-1].append(token)
        worded = worded or token.sort in CONTENT
    return [phrase for phrase in phrases if phrase]


def _is_praise(segment: Sequence[Token]) -> bool:
    """Whether a segment asks for a good picture and nothing else: `trending on artstation`, `award-winning photo`, `high quality`.
    Its words are all of that sort then."""
    content = [token for token in segment if token.sort in CONTENT]
    sorts = {token.sort for token in content if token.key not in MEDIA}
    if Sort.NOUN in sorts or Sort.QUALITY not in sorts:
        return False
    if Sort.MODIFIER in sorts and content[-1].sort is not Sort.QUALITY:
        return False
    for token in content:
        token.sort = Sort.QUALITY
    return True


def _stands_alone(phrase: Phrase, token: Token) -> bool:
    return token.sort is Sort.FIXED or bool(phrase and phrase[-1].sort is Sort.FIXED)


def _begins(before: Token, token: Token, following: Token | None) -> bool:
    """Whether another phrase begins with this word."""
    if following is None and token.sort not in CONTENT:
        return False
    if token.sort is Sort.CONJUNCTION:
        return following is not None and following.sort is Sort.DETERMINER
    if token.sort in {Sort.PREPOSITION, Sort.RELATIVE}:
        return before.sort in CONTENT
    # a fox | jumping over it; but: a running fox, an oil painting
    return before.sort is Sort.NOUN and token.sort is Sort.MODIFIER and token.key.endswith(DOING)


def medium_of(phrase: Phrase) -> Phrase:
    """The words that say only that this is a picture: `a beautiful photo of`, `the image shows`. Empty where there are none."""
    for place, token in enumerate(phrase[:-2]):
        if token.key in MEDIA and phrase[place + 1].key in SHOWING:
            worded = any(word.sort in CONTENT for word in phrase[place + 2 :])
            return phrase[: place + 2] if worded else []
        if token.sort is Sort.NOUN:
            break
    return []


def runs(phrase: Phrase) -> Iterator[tuple[int, int]]:
    """The words of a phrase with no function word between them, those of `photo of` apart: from and to."""
    medium = len(medium_of(phrase))
    for (_, content), group in groupby(range(len(phrase)), key=lambda n: (n < medium, phrase[n].sort in CONTENT)):
        places = list(group)
        if content:
            yield places[0], places[-1] + 1


def main_word(run: Sequence[Token], *, spanish: bool) -> Token:
    """The noun of a run: the last word, in Spanish the first noun."""
    if not spanish:
        return run[-1]
    return next((token for token in run if token.sort is Sort.NOUN), run[0])


def spare_of(phrase: Phrase, *, spanish: bool) -> Iterator[Phrase]:
    """The adjectives and adverbs that can go alone, each with the `very` before it: none that a conjunction joins to another, and none that
    makes a term with the only other word (`cinematic lighting`)."""
    content = [token for token in phrase if token.sort in CONTENT]
    term = len(content) == 2 and len(phrase) == 2
    for start, end in runs(phrase):
        main = main_word(phrase[start:end], spanish=spanish)
        first = start + (start > 0 and phrase[start - 1].sort is Sort.CONJUNCTION)
        last = end - (end < len(phrase) and phrase[end].sort is Sort.CONJUNCTION)
        very: Phrase = []
        for token in phrase[first:last]:
            if token is main or token.sort not in LEAVABLE or (term and token.sort is Sort.MODIFIER):
                very = []
                continue
            yield [*very, token]
            very = [*very[-1:], token] if token.sort is Sort.INTENSIFIER else []
