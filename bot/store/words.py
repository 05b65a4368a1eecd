"""Words as they are searched by: whatever their case and accents."""

import unicodedata

MAX_WORDS = 10


def searchable(text: str) -> str:
    """Folded: no case, no accents, no control characters, single spaces. Folding twice changes nothing."""
    if text.isascii():
        return " ".join("".join(letter if letter.isprintable() else " " for letter in text.lower()).split())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).casefold()
    kept = (" " if _is_blank(letter) else letter for letter in folded if unicodedata.category(letter) != "Mn")
    return " ".join("".join(kept).split())


def words_of(query: str) -> tuple[str, ...]:
    """What to look for, at most `MAX_WORDS` different words."""
    return tuple(dict.fromkeys(searchable(query).split()))[:MAX_WORDS]


def _is_blank(letter: str) -> bool:
    """What separates words, and what a database would not take: control characters and halves of surrogate pairs."""
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cs")
