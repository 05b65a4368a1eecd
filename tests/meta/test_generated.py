"""What the code writes into the documents is what stands in them."""

from pathlib import Path

import pytest

from bot.catalog import BACKENDS
from tests.meta.generated import PART, ROOT, documents, filled, locale_of

READMES = ("README.md", "README.es.md")


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_a_document_is_up_to_date(document: Path) -> None:
    text = document.read_text("utf-8")
    assert filled(text, locale_of(document)) == text, "run `make docs`"


@pytest.mark.parametrize("name", READMES)
def test_a_readme_lists_the_parameters(name: str) -> None:
    parts = {match["name"] for match in PART.finditer((ROOT / name).read_text("utf-8"))}
    assert any(part.startswith("parameters") for part in parts)


@pytest.mark.parametrize("name", READMES)
def test_a_readme_lists_the_generators(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    table = filled("<!-- begin: backends -->\n<!-- end: backends -->", locale_of(ROOT / name))
    assert table in text
    assert all(f"[`{backend}`](docs/backends.md#{backend})" in table for backend in BACKENDS)


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_every_part_that_begins_also_ends(document: Path) -> None:
    text = document.read_text("utf-8")
    assert text.count("<!-- begin: ") == text.count("<!-- end: ") == len(PART.findall(text))


def test_a_part_is_filled_in_the_readers_language() -> None:
    empty = "before\n<!-- begin: parameters -->\n<!-- end: parameters -->\nafter\n"
    english, spanish = filled(empty, "en-US"), filled(empty, "es-ES")
    assert "| Parameter |" in english
    assert "| Parámetro |" in spanish
    assert filled(english, "en-US") == english
    assert english.startswith("before\n")
    assert english.endswith("<!-- end: parameters -->\nafter\n")


def test_a_part_that_nothing_writes_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled("<!-- begin: nonsense -->\n<!-- end: nonsense -->", "en-US")
