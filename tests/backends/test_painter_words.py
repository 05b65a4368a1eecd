"""What the painter understands, in two languages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backends.painter.lexicon import Features, edited, understand, unknown
from bot.backends.painter.subjects import SUBJECTS
from bot.backends.painter.words import WORDS


def features(text: str) -> Features:
    return understand([(text, 1.0)])


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("a lighthouse on a cliff at sunset", "un faro en un acantilado al atardecer"),
        ("three foxes in a snowy forest", "tres zorros en un bosque nevado"),
        ("a red boat on the lake at night", "un barco rojo en el lago de noche"),
        ("a castle in the mountains at dawn, watercolour", "un castillo en las montañas al amanecer, acuarela"),
        ("an astronaut on the moon", "un astronauta en la luna"),
        ("two cats on a roof in the rain", "dos gatos en un tejado bajo la lluvia"),
        ("hot air balloons over the desert", "globos aerostáticos sobre el desierto"),
        ("a black dog in the fog", "un perro negro en la niebla"),
        ("remove the trees", "quita los árboles"),
    ],
)
def test_both_languages_mean_the_same(english: str, spanish: str) -> None:
    assert features(english) == features(spanish)
    assert unknown([english, spanish]) == []


def test_accents_and_enye_are_letters() -> None:
    assert features("una montaña").places == ("mountains",)
    assert unknown(["una montana"]) == ["montana"]
    assert unknown(["el año"]) == ["año"]
    assert features("un dragon y un arbol") == features("un dragón y un árbol")


def test_only_whole_words_count() -> None:
    assert features("category foxglove carpet").subjects == ()
    assert unknown(["category foxglove carpet"]) == ["category", "foxglove", "carpet"]


def test_colours_go_to_what_they_stand_beside() -> None:
    found = features("a red boat and a blue house under a green sky")
    assert {s.name: s.colour for s in found.subjects} == {"boat": "red", "house": "blue"}
    assert found.elements == {"sky": "green"}


def test_numbers_and_plurals_count() -> None:
    assert [(s.name, s.count) for s in features("two wolves, birds and a horse").subjects] == [
        ("wolf", 2),
        ("bird", 3),
        ("horse", 1),
    ]


def test_negative_words_and_weights_leave_out() -> None:
    found = understand([("a fox and a boat in a forest", 1.0), ("rain", -0.5)], ["boats"])
    assert [s.name for s in found.subjects] == ["fox"]
    assert set(found.banned) == {"boat", "rain"}


def test_a_lighter_part_paints_smaller() -> None:
    sizes = {s.name: s.size for s in understand([("a fox", 2.0), ("a dog", 0.5)]).subjects}
    assert sizes["dog"] < sizes["fox"]


@pytest.mark.parametrize("name", WORDS["subject"])
def test_every_subject_is_drawn(name: str) -> None:
    assert name in SUBJECTS
    for terms in WORDS["subject"][name]:
        assert [s.name for s in features(terms.split(", ")[0]).subjects] == [name]


@pytest.mark.parametrize("kind", ["place", "style", "time", "weather"])
def test_every_entry_is_known_in_both_languages(kind: str) -> None:
    for terms in WORDS[kind].values():
        first, second = (features(t.split(", ")[0]) for t in terms)
        assert first == second


def test_an_instruction_changes_only_what_it_names() -> None:
    old = features("a lighthouse on a cliff at sunset, watercolour")
    new = edited(old, features("make it night and add a red balloon, without the lighthouse"))
    assert (new.time, new.styles, new.places) == ("night", ("watercolour",), ("coast",))
    assert [(s.name, s.colour) for s in new.subjects] == [("balloon", "red")]
    assert edited(old, features("haz el cielo verde")).elements == {"sky": "green"}


@given(st.text(max_size=300))
def test_any_text_gives_features_that_survive_json(text: str) -> None:
    found = features(text)
    assert Features.from_json(json.loads(json.dumps(found.to_json()))) == found
