"""What the documents and the texts name is there: files, headings, settings, commands."""

import re
from pathlib import Path

import pytest

from bot.catalog import BACKENDS
from bot.config import PREFIX
from bot.doctor.house import known_settings
from tests.meta.generated import ROOT, documents
from tests.meta.test_texts import used

SETTING = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
KNOWN = known_settings()
#: Of the tests alone.
FOR_TESTS = {"LIENZO_DISCORD_OPENAPI"}
LINK = re.compile(r"\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)

EVERY = pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)


@EVERY
def test_settings_exist(document: Path) -> None:
    assert set(SETTING.findall(document.read_text("utf-8"))) <= KNOWN | FOR_TESTS


def test_every_generator_has_a_section_that_says_how_what_and_what_not() -> None:
    _, *sections = (ROOT / "docs" / "backends.md").read_text("utf-8").split("\n## ")
    named = {section.split("\n", 1)[0]: section for section in sections}
    assert list(named) == sorted(BACKENDS)
    for name, section in named.items():
        leads = re.findall(r"^- \*\*(.+?)\.\*\*", section, re.MULTILINE)
        assert leads == ["Set up", "Costs", "Can't"], name
        assert len(re.findall(r"^- ", section, re.MULTILINE)) >= 4, name
        assert name == "painter" or f"LIENZO_{name.upper()}_" in section


def test_settings_in_texts_exist() -> None:
    texts = [text for message in used() for text in ([message] if isinstance(message, str) else message)]
    assert {(name, text) for text in texts for name in SETTING.findall(text) if name not in KNOWN} == set()


@EVERY
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.finditer(document.read_text("utf-8")):
        target = document.parent / link["path"] if link["path"] else document
        assert target.exists(), f"{document.name} links {link['path']}"
        if link["anchor"]:
            assert link["anchor"] in {_anchor(heading) for heading in HEADING.findall(target.read_text("utf-8"))}


def _anchor(heading: str) -> str:
    """As GitHub makes it: lower case, spaces to hyphens, other signs dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@EVERY
def test_what_make_is_asked_for_can_be_made(document: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    code = re.findall(r"^make ([a-z]+)|`make ([a-z]+)", document.read_text("utf-8"), re.MULTILINE)
    assert {first or second for first, second in code} <= targets
