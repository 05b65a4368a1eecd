"""Shorter prompts: what goes first, what stays, and that any text will do."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import PromptError
from bot.prompt import parse
from bot.prompt.lexer import normalised
from bot.shorten import LEAVING, LOW, Shortening, shorten

FOX = (
    "a very beautiful old red fox jumping over the lazy dog in the snow, masterpiece, highly detailed, 8k,"
    " trending on artstation --ar 3:2 --no dogs"
)
WORDS = (
    "a an the fox hare castle old red beautiful very highly in of with and on jumping holding that masterpiece 8k detailed un una zorro"
    " niña rojo grande muy de en la con y que obra maestra image photo shows"
).split()
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
TEXTS = st.lists(PHRASES, min_size=1, max_size=6).flatmap(
    lambda found: st.lists(
        st.sampled_from([", ", ". ", "; ", ",", " - ", "::", "::2 ", ":: ", "::-0.1 "]),
        min_size=len(found),
        max_size=len(found),
    ).map(lambda stops: "".join(map("".join, zip(found, stops, strict=True))))
)
TAILS = st.sampled_from(
    ["", " --ar 3:2", ", --no dogs, cats --seed 5", " —ar 1:2", " --sref https://a.example/b.png --sw 5"]
)
HEADS = st.sampled_from(["", "https://a.example/a.png ", "<https://a.example/a.png> ", "<lora:ink:0.5> "])
PROMPTS = st.tuples(HEADS, TEXTS, TAILS).map("".join)
#: What means something to the reader, in any order.
SCRAPS = st.lists(
    st.sampled_from(
        [
            *"(){}[]<>\"'\\:,.;!-—–| \t\n",
            "::",
            "--",
            "--ar",
            " --no ",
            "a",
            "an ",
            "fox",
            " and ",
            "https://x.example/y",
            "<lora:a:1>",
            "1,000",
            "é",
        ]
    )
).map("".join)


def is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(letter in rest for letter in short)


def weights(text: str) -> dict[str, float]:
    return {word.text: word.weight for word in shorten(text).words}


def check(text: str) -> Shortening:
    found = shorten(text)
    whole = normalised(text)
    assert all(is_subsequence(short, whole) for short in found.prompts)
    assert all(len(shorter) < len(longer) for longer, shorter in pairwise([whole, *found.prompts]))
    assert len(found.prompts) <= len(LEAVING)
    assert all(0 <= word.weight <= 1 for word in found.words)
    return found


@settings(deadline=None)
@given(st.one_of(st.text(), SCRAPS))
@example("\ud800")
@example("::" + "9" * 400 + " a fox")
@example("a fox::0 in the snow::0")
def test_any_text_will_do(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(PROMPTS)
def test_what_is_no_word_stays(text: str) -> None:
    """A prompt that can be read can be read when shortened: with the same images, weights and parameters, in any order of words."""
    found = check(text)
    try:
        whole = parse(text).prompt
    except PromptError:
        return
    for short in found.prompts:
        prompt = parse(short).prompt
        assert prompt.images == whole.images
        assert prompt.parameters == whole.parameters
        assert [part.weight for part in prompt.parts] == [part.weight for part in whole.parts]


@settings(deadline=None)
@given(PROMPTS)
def test_nothing_is_repeated_or_cut_in_two(text: str) -> None:
    found = shorten(text)
    assert len(set(found.prompts)) == len(found.prompts)
    known = {word.text for word in found.words}
    for short in found.prompts:
        assert {word.text for word in shorten(short).words} <= known


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fox",
        "a fox",
        "red fox",
        "zorro rojo",
        "un zorro",
        "https://a.example/a.png https://a.example/b.png",
        "--ar 3:2",
    ],
)
def test_what_is_short_stays(text: str) -> None:
    assert shorten(text).prompts == ()


def test_from_mild_to_strong() -> None:
    prompts = shorten(FOX).prompts
    assert prompts[0].startswith("a beautiful old red fox")
    assert "a fox jumping over the lazy dog in the snow --ar 3:2 --no dogs" in prompts
    assert prompts[-1] == "a fox --ar 3:2 --no dogs"


@pytest.mark.parametrize(
    ("text", "strongest"),
    [
        ("a photo of a fox in the snow", "a fox"),
        ("an old wizard in the mist", "wizard"),
        ("I want you to create an image of two cats playing chess on a table", "two cats"),
        ("a fisherman, oil on canvas, high quality", "a fisherman"),
        ("un astronauta montando a caballo sobre la luna", "un astronauta"),
        ("a red and blue fox and a hare", "a red and blue fox"),
        ("in the background, a small cabin by a lake", "a cabin"),
        ('a sign that says "open, all night", masterpiece', "a sign"),
        ("a {red, blue} fox, 8k", "a {red, blue} fox"),
        ("una niña pequeña con un paraguas azul bajo la lluvia", "una niña"),
        ("un zorro muy rojo y grande en la nieve, obra maestra", "un zorro rojo y grande"),
        ("una imagen de una casa de madera al atardecer", "una casa de madera"),
        ("hot dog::1.5 very red fox in the snow::2 animal::-0.5 --raw", "hot dog::1.5 fox::2 animal::-0.5 --raw"),
        ("a fox <lora:ink:0.5> in the snow", "a fox <lora:ink:0.5>"),
        ("snow, a fox—ar 3:2", "snow—ar 3:2"),
    ],
)
def test_it_reads_well_to_the_end(text: str, strongest: str) -> None:
    assert shorten(text).prompts[-1] == strongest


def test_nouns_weigh_more_than_adjectives_and_those_more_than_the_rest() -> None:
    found = weights("a very old fox and masterpiece")
    assert found["fox"] > found["old"] > found["very"] > found["and"] >= found["a"] == 0
    assert weights(FOX)["fox"] == 1
    assert weights("una niña pequeña")["niña"] > weights("una niña pequeña")["pequeña"]


def test_praise_weighs_little_in_whatever_words() -> None:
    found = weights(
        "a fox, masterpiece, highly detailed, award-winning photograph, high quality, 8k uhd, trending on artstation"
    )
    assert all(weight < LOW for word, weight in found.items() if word != "fox")
    assert all(
        weight < LOW for word, weight in weights("un zorro, alta calidad, obra maestra").items() if word != "zorro"
    )


def test_what_comes_first_or_is_weighted_weighs_more() -> None:
    assert weights("fox, hare")["fox"] > weights("fox, hare")["hare"]
    assert weights("fox::1 hare::3")["fox"] < weights("fox::1 hare::3")["hare"]
    first, again = (word.weight for word in shorten("fox, fox").words)
    assert again < first / 2


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "scrap",
    [
        "a fox, ",
        "(",
        '"a ',
        "{a,",
        "::2 ",
        "--",
        "— a",
        "<lora:",
        "http://",
        "a:",
        "and a ",
        "an a ",
        "very ",
        "red ",
        "photo of ",
        ")(",
    ],
)
def test_time_does_not_grow_with_the_square_of_the_length(scrap: str) -> None:
    """It would take more than a minute."""
    shorten(scrap * (100_000 // len(scrap)) + "fox")
