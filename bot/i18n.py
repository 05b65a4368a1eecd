"""Texts for users, and their languages.

A text is written once, in English, where it is used: ``T("{count} jobs wait", count=3)``. It stays a value until somebody reads it, and is
put into that reader's language then, so that it can be stored with a job, cross processes and be read by two people in two languages.
The catalogues are `bot/locale/<language>/LC_MESSAGES/lienzo.po`.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DOMAIN = "lienzo"
LOCALE_FOLDER = Path(__file__).parent / "locale"
#: Discord's locale codes that have a catalogue, and the catalogue. Every other one reads English.
LANGUAGES = {"es-ES": "es", "es-419": "es", "es": "es"}


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Marks a message for the catalogues without making a `Text` of it."""
    return message


@dataclass(frozen=True, slots=True)
class Text:
    """A message in no language yet. `values` fill the `{names}` in it and may be texts themselves."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    plural: str | None = None
    count: int | None = None

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, locale: str) -> str:
        """The text for a reader with this Discord locale (`en-US`, `es-419`, …); English where there is no catalogue."""
        catalogue = translations(LANGUAGES.get(locale))
        if self.plural is not None and self.count is not None:
            message = catalogue.ngettext(self.message, self.plural, self.count)
        else:
            message = catalogue.gettext(self.message)
        if not self.values:
            return message
        values = {name: v.in_language(locale) if isinstance(v, Text) else v for name, v in self.values.items()}
        return message.format_map(values)

    def to_json(self) -> dict[str, Any]:
        values = {n: {"text": v.to_json()} if isinstance(v, Text) else v for n, v in self.values.items()}
        return {"message": self.message, "values": values, "plural": self.plural, "count": self.count}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        values = {
            n: cls.from_json(v["text"]) if isinstance(v, Mapping) else v  # pyright: ignore[reportUnknownArgumentType]
            for n, v in data["values"].items()
        }
        return cls(data["message"], values, data["plural"], data["count"])


def T(message: str, /, **values: Any) -> Text:  # noqa: N802 - short, since it stands everywhere
    """A text to be translated when read. The message must be a literal, so that the catalogues can be extracted."""
    return Text(message, values)


def TN(singular: str, plural: str, count: int, /, **values: Any) -> Text:  # noqa: N802
    """As `T`, with a plural form. `{count}` is filled in."""
    return Text(singular, {"count": count, **values}, plural, count)


@cache
def translations(language: str | None) -> gettext.NullTranslations:
    """The catalogue of one language, compiled in memory on first use; the empty one for None."""
    if language is None:
        return gettext.NullTranslations()
    path = LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
