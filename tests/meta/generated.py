"""The parts of the documents that the code itself writes. `make docs` fills them; a test compares them.

A part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`; NAME is one of `PARTS`.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bot.prompt import parameter_table
from tests.meta.backends import backend_table
from tests.meta.commands import command_table
from tests.meta.workflow import workflow_table

ROOT = Path(__file__).parent.parent.parent
PART = re.compile(r"(?P<begin><!-- begin: (?P<name>[^>]*?) -->\n).*?(?P<end><!-- end: (?P=name) -->)", re.DOTALL)
#: What may stand in a document, by the locale of its reader.
PARTS: Mapping[str, Callable[[str], str]] = {
    "commands": command_table,
    "backends": backend_table,
    "parameters": parameter_table,
    "parameters midjourney": partial(parameter_table, group="midjourney"),
    "parameters lienzo": partial(parameter_table, group="lienzo"),
    "workflow": workflow_table,
}


def documents() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def locale_of(document: Path) -> str:
    """`README.es.md` is read in Spanish, everything without a language in English."""
    return "es-ES" if ".es." in document.name else "en-US"


def filled(text: str, locale: str) -> str:
    """The document as it should be. Raises `KeyError` for a part that nothing writes."""
    return PART.sub(lambda match: match["begin"] + PARTS[match["name"]](locale) + match["end"], text)


def main() -> None:
    for document in documents():
        text = document.read_text("utf-8")
        document.write_text(filled(text, locale_of(document)), "utf-8")


if __name__ == "__main__":
    main()
