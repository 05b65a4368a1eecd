"""What holds for every text and every prompt."""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PromptError
from bot.prompt import (
    MAX_LENGTH,
    PARAMETERS,
    Kind,
    Lora,
    Parameter,
    Part,
    Prompt,
    Ratio,
    Value,
    escape,
    parse,
    permute,
    render,
    reread,
)

#: Pieces of the language, so that random texts are nearly right.
_PIECES = """
--ar|3:2|--|—|–|---|-|ar|v|c|foo|::|::2|::-1|:| | | | |,|2|5|http://x|https://a/b.png|<http://y>|<lora:a:1>|<lora:a--ar:1>|<lora:|{|}|
\\|--no|--sref random|--lora x|--model|--niji|--p|--tile|--style raw|“|’|\u200b|\x00|é|--s 5|16|x|--mine|_|.|--v7|\u0301|--edit|a|cat
""".replace("\n", "").split("|")
_texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([*_PIECES, "\n", "\ud800"]), max_size=16).map("".join),
    st.lists(st.sampled_from(_PIECES), max_size=16).map(lambda pieces: "cat " + "".join(pieces)),
)
_words = (
    st.text("abcñ -,.'é猫", min_size=1, max_size=20)
    .map(lambda text: " ".join(text.replace("-", " ").split()))
    .filter(bool)
)
_links = st.from_regex(r"https://[a-z]{1,9}/[a-z0-9:-]{0,9}", fullmatch=True)
_decimals = st.integers(-5 * 10**6, 5 * 10**6).map(lambda number: number / 10**6)


def _values(row: Parameter) -> st.SearchStrategy[Value]:
    """Every value that a parameter can have."""
    words = _words.filter(lambda text: "," not in text)
    if row.choices:
        return st.sampled_from([float(choice) if row.kind is Kind.NUMBER else choice for choice in row.choices])
    strategies: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.FLAG: st.just(True),
        Kind.INTEGER: st.integers(int(row.low), int(row.high)),
        Kind.NUMBER: st.integers(int(row.low * 10**6), int(row.high * 10**6)).map(lambda number: number / 10**6),
        Kind.RATIO: st.builds(Ratio, st.integers(1, 10000), st.integers(1, 10000)),
        Kind.VERSION: st.from_regex(r"[0-9](\.[0-9])?", fullmatch=True) | (st.just(True) if row.bare else st.nothing()),
        Kind.WORD: st.from_regex(r"[a-qs-z]{1,9}", fullmatch=True),
        Kind.PHRASE: words,
        Kind.LIST: st.lists(words, min_size=1, max_size=4, unique=True).map(tuple),
        Kind.LINKS: st.lists(_links, min_size=1, max_size=int(row.high) or 1, unique=True).map(tuple),
        Kind.STYLES: st.lists(_links | st.just("random"), min_size=1, max_size=10, unique=True).map(tuple),
        Kind.IDS: st.just(True)
        | st.lists(st.from_regex("[a-z0-9]{1,8}", fullmatch=True), min_size=1, unique=True).map(tuple),
        Kind.LORA: st.lists(
            st.builds(Lora, st.from_regex("[a-z_.]{1,9}", fullmatch=True), _decimals), min_size=1, unique=True
        ).map(tuple),
    }
    return strategies[row.kind]


def _consistent(parameters: dict[str, Value]) -> dict[str, Value]:
    """Without what excludes another one."""
    rows = {row.name: row for row in PARAMETERS}
    kept: dict[str, Value] = {}
    for name, value in parameters.items():
        if not kept.keys() & set(rows[name].excludes):
            kept[name] = value
    return kept


_prompts = st.builds(
    Prompt,
    images=st.lists(_links, max_size=3).map(tuple),
    parts=st.lists(st.builds(Part, _words, _decimals), max_size=4).map(tuple),
    parameters=st.fixed_dictionaries({}, optional={row.name: _values(row) for row in PARAMETERS}).map(_consistent),
)


@given(_texts)
def test_a_text_gives_a_prompt_that_its_canonical_text_gives_again_or_an_error_in_words(text: str) -> None:
    try:
        prompt = parse(text, custom={"mine": "--ar 1:1 --no q"}).prompt
    except PromptError as error:
        assert 0 < len(str(error)) < 1500  # noqa: PT017 - either is right
        return
    canonical = render(prompt)
    assert parse(canonical).prompt == prompt
    assert reread(canonical) == prompt
    assert render(reread(canonical)) == canonical


@given(_prompts)
def test_every_prompt_survives_its_canonical_text(prompt: Prompt) -> None:
    assert reread(render(prompt)) == prompt


@given(_texts, st.integers(1, 40))
def test_permutations_are_at_most_as_many_as_allowed(text: str, limit: int) -> None:
    with suppress(PromptError):
        assert 1 <= len(permute(text, limit)) <= limit


@given(_texts)
def test_an_escaped_text_stands_for_itself(text: str) -> None:
    assert permute(escape(text), 1) == (text,)


@given(_texts, st.dictionaries(st.sampled_from([row.name for row in PARAMETERS]), _texts, max_size=3), _texts, _texts)
def test_options_suffixes_and_custom_options_raise_prompt_errors_only(
    text: str, overrides: dict[str, str], suffix: str, mine: str
) -> None:
    with suppress(PromptError):
        prompt = parse("cat " + text, overrides=overrides, suffix=suffix, custom={"mine": mine}).prompt
        assert parse(render(prompt)).prompt == prompt


def _calls(work: Callable[[], object]) -> int:
    """How many functions are called, those in C included, until the work is done."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with suppress(PromptError):
            work()
    finally:
        sys.setprofile(before)
    return count


#: What a careless parser would scan again and again.
_TRYING = """
-|-- |—|--a |--ar |--tile |--no a |::|::1|a::2 |{|{a}|{a|\\,|,|<lora:a:1>|http://x |::http://x|x--v1x|a--s |--mine |--sref 1 |1.1.
""".strip("\n").split("|")


@pytest.mark.parametrize("start", ["cat ", "cat --no "])
@pytest.mark.parametrize("piece", _TRYING)
def test_twice_the_length_is_about_twice_the_work(start: str, piece: str) -> None:
    def work(length: int) -> None:
        text = (start + piece * length)[:length]
        with suppress(PromptError):
            permute(text, 40)
        parse(text, custom={"mine": "--tile --no x"})

    _calls(lambda: work(MAX_LENGTH))  # what is read once is read now
    half, whole = _calls(lambda: work(MAX_LENGTH // 2)), _calls(lambda: work(MAX_LENGTH))
    # What does not depend on the length (the nearest names of an error) is the same in both.
    assert whole <= 2.1 * half + 200
