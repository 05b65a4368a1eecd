"""Texts: written once in English, read in the reader's language, and the same after a journey through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LimitReached
from bot.i18n import LANGUAGES, TN, T, Text, translations

VALUES = st.dictionaries(
    st.sampled_from(["name", "problem", "count"]), st.text() | st.integers() | st.floats(allow_nan=False) | st.none()
)
TEXTS = st.recursive(
    st.builds(Text, st.text(), VALUES),
    lambda inner: st.builds(Text, st.text(), st.dictionaries(st.sampled_from(["a", "b"]), inner)),
    max_leaves=5,
)


@given(TEXTS)
def test_a_text_survives_json(text: Text) -> None:
    assert Text.from_json(json.loads(json.dumps(text.to_json()))) == text


def test_a_plural_survives_json() -> None:
    text = TN("{count} thing to mend.", "{count} things to mend.", 2)
    again = Text.from_json(json.loads(json.dumps(text.to_json())))
    assert again == text
    assert str(again) == "2 things to mend."


@pytest.mark.parametrize("locale", sorted(LANGUAGES))
def test_a_reader_of_spanish_reads_spanish(locale: str) -> None:
    assert LimitReached().text.in_language(locale) == (
        "Se alcanzó un límite. Espera a que terminen algunos de tus trabajos."
    )


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "de", "", "no such"])
def test_everybody_else_reads_english(locale: str) -> None:
    assert LimitReached().text.in_language(locale) == (
        "A limit was reached. Please wait for some of your jobs to finish."
    )


@pytest.mark.parametrize(
    ("count", "english", "spanish"),
    [
        (0, "0 things to mend.", "0 cosas por arreglar."),
        (1, "1 thing to mend.", "1 cosa por arreglar."),
        (2, "2 things to mend.", "2 cosas por arreglar."),
    ],
)
def test_plurals(count: int, english: str, spanish: str) -> None:
    text = TN("{count} thing to mend.", "{count} things to mend.", count)
    assert (text.in_language("en-US"), text.in_language("es-419")) == (english, spanish)


def test_a_text_within_a_text_is_in_the_same_language() -> None:
    inner = T("Not found")
    assert T("{problem}!", problem=inner).in_language("es-ES") == "No encontrado!"


def test_braces_in_values_are_left_alone() -> None:
    assert str(T("`{name}` {problem}", name="{0} {name}", problem="{")) == "`{0} {name}` {"


def test_a_message_without_values_may_hold_braces() -> None:
    assert str(T("{a, b} makes two")) == "{a, b} makes two"


def test_a_message_that_nobody_translated_stays_english() -> None:
    assert T("this is in no catalogue").in_language("es-ES") == "this is in no catalogue"


def test_a_catalogue_is_compiled_once() -> None:
    assert translations("es") is translations("es")
