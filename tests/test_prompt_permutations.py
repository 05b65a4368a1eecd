"""Permutations: what braces stand for."""

import pytest

from bot.errors import PromptError
from bot.prompt import escape, parse, permute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cat", ["a cat"]),
        ("a {red, green} bird", ["a red bird", "a green bird"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a, {b, c} d} e", ["a e", "b d e", "c d e"]),
        ("cat --{v 5, niji}", ["cat --v 5", "cat --niji"]),
        ("cat --ar {3:2, 1:1} --s {1, 2}", [f"cat --ar {ar} --s {s}" for ar in ("3:2", "1:1") for s in (1, 2)]),
        (r"{red\, pastel, gold} bird", ["red, pastel bird", "gold bird"]),
        (r"a \{b, c\} \\ \d", r"a {b, c} \ \d".splitlines()),
        ("a, b", ["a, b"]),
        ("{, big }cat", ["cat", "bigcat"]),
        ("{}cat{a}", ["cata"]),
        ("{a, a}", ["a", "a"]),
        ("{{{x}}}", ["x"]),
        ("trailing \\", ["trailing \\"]),
    ],
)
def test_expansion(text: str, expected: list[str]) -> None:
    assert list(permute(text, 40)) == expected


@pytest.mark.parametrize(
    ("text", "brace"), [("a {b", "{"), ("a b}", "}"), ("{a}}", "}"), ("{a,{b}", "{"), (r"{a\}", "{")]
)
def test_a_brace_without_partner(text: str, brace: str) -> None:
    with pytest.raises(PromptError, match="has no partner") as caught:
        permute(text, 40)
    assert str(caught.value).startswith(f"A `{brace}`")


def test_the_limit_is_exact() -> None:
    assert len(permute("{a,b}{c,d}{e,f,g}", 12)) == 12
    for limit in (1, 4, 11):
        with pytest.raises(PromptError, match="This makes more than"):
            permute("{a,b}{c,d}{e,f,g}", limit)


@pytest.mark.parametrize("text", ["{a,b}" * 1200, "{" + "," * 5998 + "}", "{a,{" * 1000 + "}}" * 1000])
def test_what_would_make_very_many_is_refused_without_making_them(text: str) -> None:
    with pytest.raises(PromptError, match="This makes more than 40 prompts"):
        permute(text, 40)


def test_depth_has_no_limit_of_its_own() -> None:
    assert permute("{" * 3000 + "}" * 3000, 1) == ("",)


def test_the_longest_text() -> None:
    assert permute("a" * 6000, 1) == ("a" * 6000,)
    with pytest.raises(PromptError, match="at most 6000 characters; yours has 6001"):
        permute("a" * 6001, 1)


@pytest.mark.parametrize("text", ["{a, b}", r"\{", r"\\,", "a, b", r"¯\_(ツ)_/¯", "\\", r"\\\x"])
def test_escaped_text_stands_for_itself(text: str) -> None:
    assert permute(escape(text), 1) == (text,)
    assert escape("a, b") == "a, b"


def test_braces_that_were_escaped_are_text() -> None:
    (text,) = permute(r"a \{b\} --tile", 1)
    assert parse(text).prompt.text == "a {b}"
