"""Instructions in plain words, English or Spanish: "make the sky red", "quita el árbol", "replace the boat with a whale". Pure.

An instruction is read clause by clause; each says what goes, what takes the place of what, what there is to be more or less of, or what is
added or changed. What it does not name stays.
"""

import re
from dataclasses import replace

from bot.backends.painter.lexicon import Features, Hit, Wanted, edited, read, refusals, understand

MAX_COUNT = 6
VERBS = (
    "add|remove|delete|erase|make|turn|change|replace|put|place|give|paint|take|get|swap|draw|drop|hide|colou?r|set|let|insert|include|"
    "añade|añadir|agrega|agregar|quita|quitar|elimina|eliminar|borra|borrar|haz|hacer|hazlo|hazla|pon|poner|ponle|cambia|cambiar|"
    "sustituye|sustituir|reemplaza|reemplazar|convierte|convertir|transforma|pinta|pintar|dibuja|mete|incluye|saca|que"
)
CLAUSES = re.compile(rf"[.;,!\n]+|\b(?:and|then|y|e|luego)\s+(?=(?:then\s+|luego\s+)?(?:{VERBS})\b)", re.IGNORECASE)
#: Said before the point, and nothing of it.
PREAMBLE = re.compile(
    r"^\s*(?:(?:please|now|could you|can you|i want|i would like|let'?s|por favor|ahora|puedes|quiero|me gustaría)\s+)+",
    re.IGNORECASE,
)
#: Phrases that the lexicon would read as something else: "que sea" is no sea.
PASSED_OVER = re.compile(
    r"\b(?:que (?:sea|sean|esté|estén|haya|se vea)|hazl[oa]s?|ponl[oae]s?|vuélvel[oa]|conviértel[oa] en|(?:make|turn|paint|colou?r) it|"
    r"it should be|should be|paint|pinta|píntal[oa])\b",
    re.IGNORECASE,
)
GONE = re.compile(
    r"^(?:remove|delete|erase|take (?:away|out|off)|get rid of|drop|hide|lose|without|no more|no|"
    r"quit[ae]r?|elimin[ae]r?|borr[ae]r?|saca|sin|no quiero|fuera)\b(?P<what>.*)",
    re.IGNORECASE,
)
SWAPPED = (
    re.compile(
        r"^(?:replace|swap|exchange|substitute|change|turn|transform|convert)\s+(?P<old>.+?)\s+(?:with|by|for|in ?to|to)\s+(?P<new>.+)",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:cambi[ae]r?|sustituy[ae]|sustituir|reemplaz[ae]r?)\s+(?P<old>.+?)\s+(?:por|con|a)\s+(?P<new>.+)", re.IGNORECASE),
    re.compile(r"^(?:conviert[ae]|convertir|transform[ae]r?)\s+(?P<old>.+?)\s+en\s+(?P<new>.+)", re.IGNORECASE),
    re.compile(r"^(?P<new>.+?)\s+(?:instead of|rather than|en vez de|en lugar de)\s+(?P<old>.+)", re.IGNORECASE),
)  # fmt: skip
ADDING = re.compile(
    r"\b(?:add|put|place|insert|include|draw|another|give|with|añad[ae]|añadir|agreg[ae]|agregar|pon|poner|mete|dibuja|incluye|otr[oa]s?|con)\b",
    re.IGNORECASE,
)
MORE = re.compile(
    r"\b(?:more|additional|extra|más)\s+(?!\w*(?:grande|pequeñ|oscur|clar|brillant|cálid|frí))", re.IGNORECASE
)
LESS = re.compile(r"\b(?:fewer|less|menos)\b", re.IGNORECASE)
LARGER = re.compile(r"\b(?:bigger|larger|taller|huger|enlarge|más (?:grandes?|alt[oa]s?)|agranda)\b", re.IGNORECASE)
SMALLER = re.compile(
    r"\b(?:smaller|tinier|shorter|shrink|más (?:pequeñ[oa]s?|baj[oa]s?)|achica|encoge)\b", re.IGNORECASE
)
ALL = re.compile(
    r"\b(?:everything|everyone|all (?:of )?(?:them|things|subjects|figures)|todo|todos|todas)\b", re.IGNORECASE
)
COLOURS = re.compile(r"\b(?:colou?rs?|colores|color)\b", re.IGNORECASE)
#: Comparatives in the lexicon's words.
PLAIN = {
    "darker": "dark", "brighter": "bright", "lighter": "bright", "softer": "soft", "calmer": "calm", "warmer": "orange", "cooler": "blue",
    "colder": "blue", "stormier": "stormy", "foggier": "foggy", "mistier": "misty", "snowier": "snowy", "rainier": "rainy",
    "cloudier": "cloudy", "redder": "red", "greener": "green", "bluer": "blue", "moodier": "moody", "spookier": "spooky",
    "cálido": "naranja", "cálida": "naranja", "frío": "azul", "fría": "azul", "claro": "brillante", "clara": "brillante",
    "luminoso": "brillante", "luminosa": "brillante", "colourless": "monochrome", "colorless": "monochrome",
}  # fmt: skip
COMPARED = re.compile(rf"\b(?:{'|'.join(PLAIN)})\b", re.IGNORECASE)
#: A mood that ends another.
AGAINST = {"dark": {"vivid", "pastel"}, "vivid": {"dark", "pastel", "mono", "sepia"}, "pastel": {"dark", "vivid"}}


def instructed(old: Features, text: str) -> tuple[Features, bool]:
    """What there is after an instruction, and whether anything of it was understood."""
    understood = False
    for part in CLAUSES.split(text):
        clause = PREAMBLE.sub("", part).strip()
        new = _after(old, clause) if clause else None
        if new is not None:
            old, understood = new, True
    return old, understood


def _after(old: Features, clause: str) -> Features | None:
    """The features after one clause; None where nothing in it is known."""
    gone = GONE.match(clause)
    if gone:
        return _without(old, gone["what"])
    for pattern in SWAPPED:
        swap = pattern.match(clause)
        if swap:
            return _swapped(old, swap["old"], swap["new"])
    return _changed(old, clause)


def _known(text: str) -> list[Hit]:
    return [hit for hit in read(text) if hit.kind not in {"function", "unknown"}]


def _without(old: Features, what: str) -> Features | None:
    if COLOURS.search(what) and not _known(what):
        return edited(old, Features(moods=("mono",)))
    names = tuple(s.name for s in old.subjects) if ALL.search(what) else ()
    names += tuple(
        name for hit in _known(what) if hit.kind not in {"count", "size", "colour"} for name in refusals(hit)
    )
    return _banned(old, names) if names else None


def _banned(old: Features, names: tuple[str, ...]) -> Features:
    """Without these. Subjects stay on the list, so that what is left keeps its place."""
    left = edited(old, Features(banned=names))
    return replace(left, subjects=old.subjects)


def _swapped(old: Features, before: str, after: str) -> Features | None:
    gone = [hit.name for hit in _known(before) if hit.kind == "subject"]
    new = understand([(after, 1.0)])
    there = [s for s in _shown(old) if s.name in gone]
    if not there or not new.subjects:
        # "the sky to red" gives a colour, "day into night" another hour.
        only_colour = all(hit.kind == "colour" for hit in _known(after))
        return _changed(old, f"{before} {after}" if only_colour and _known(before) else after)
    first, *others = new.subjects
    kept = there[0]
    count = first.count if any(hit.kind == "count" for hit in _known(after)) else kept.count
    taken = replace(first, count=count, size=kept.size)
    subjects = [taken if s.name == kept.name else s for s in old.subjects if s.name not in gone[1:]]
    return replace(
        edited(replace(old, subjects=tuple(subjects)), Features(subjects=tuple(others))), banned=_unbanned(old, first)
    )


def _unbanned(old: Features, *subjects: Wanted) -> tuple[str, ...]:
    names = {s.name for s in subjects}
    return tuple(b for b in old.banned if b not in names)


def _shown(features: Features) -> list[Wanted]:
    return [s for s in features.subjects if s.name not in features.banned]


def _changed(old: Features, clause: str) -> Features | None:
    clause = COMPARED.sub(lambda found: PLAIN[found[0].casefold()], PASSED_OVER.sub(" ", clause))
    known = _known(clause)
    new = understand([(clause, 1.0)])
    size = 1.5 if LARGER.search(clause) else 0.62 if SMALLER.search(clause) else 1.0
    if size != 1.0:
        return _sized(old, {s.name for s in new.subjects}, size)
    if not known:
        return None
    counted = any(hit.kind == "count" for hit in known)
    subjects = tuple(_meant(old, wanted, clause, counted) for wanted in new.subjects)
    adding = bool(subjects) and bool(ADDING.search(clause) or MORE.search(clause))
    places = () if adding and old.places else new.places
    gone = {mood for name in new.moods for mood in AGAINST.get(name, ())}
    start = replace(old, moods=tuple(m for m in old.moods if m not in gone))
    done = edited(
        start, replace(new, subjects=(), places=places, moods=(*start.moods, *new.moods) if new.moods else ())
    )
    return replace(done, subjects=_joined(done.subjects, subjects), banned=_unbanned(done, *subjects))


def _meant(old: Features, wanted: Wanted, clause: str, counted: bool) -> Wanted:
    """A subject of a clause as it is to be: added to what there is of it, or only changed."""
    there = next((s for s in _shown(old) if s.name == wanted.name), None)
    if there is None:
        return wanted
    colour, count = wanted.colour or there.colour, there.count
    if LESS.search(clause):
        count = max(there.count - 1, 1)
    elif MORE.search(clause):
        count = there.count + (wanted.count if counted else 2)
    elif ADDING.search(clause):
        count = there.count + wanted.count
    elif counted:
        count = wanted.count
    return replace(there, colour=colour, count=min(count, MAX_COUNT))


def _joined(old: tuple[Wanted, ...], new: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    changed = {s.name: s for s in new}
    kept = tuple(changed.pop(s.name, s) for s in old)
    return (*kept, *changed.values())[-8:]


def _sized(old: Features, names: set[str], size: float) -> Features | None:
    """Those subjects, or where none was named the first, at another size."""
    shown = _shown(old)
    chosen = {s.name for s in shown if s.name in names} or {s.name for s in shown[:1] if not names}
    if not chosen:
        return None
    subjects = (
        replace(s, size=round(min(max(s.size * size, 0.3), 2.6), 3)) if s.name in chosen else s for s in old.subjects
    )
    return replace(old, subjects=tuple(subjects))
