"""From words to features: what a prompt asks for, in the painter's own terms. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Self

from bot.backends.painter.words import FUNCTION_WORDS, PLURALS, REMOVERS, WORDS

TOKEN = re.compile(r"[^\W\d_]+|\d+")
LONGEST = 4  # words in one term
PLAIN = str.maketrans("áéíóúü", "aeiouu")
ADJECTIVES = {"colour", "mood", "weather", "size", "count", "style", "season", "time", "place"}
#: What a colour can be given to, beside subjects: kind and name → element.
ELEMENTS = {
    ("place", "clouds"): "sky", ("element", "sky"): "sky", ("place", "sea"): "water", ("place", "lake"): "water",
    ("element", "water"): "water", ("element", "grass"): "ground", ("place", "meadow"): "ground", ("place", "desert"): "ground",
    ("element", "trees"): "trees", ("place", "forest"): "trees", ("place", "mountains"): "hills", ("weather", "cloudy"): "clouds",
    ("place", "coast"): "hills", ("element", "windows"): "lamps",
}  # fmt: skip
MAX_SUBJECTS = 8
#: What else goes when something is refused.
IMPLIED = {
    "tree": ("pine", "palm"), "forest": ("tree", "pine", "palm"), "flower": ("sunflower",), "water": ("sea", "lake"),
    "sea": ("water",), "lake": ("water",), "cloudy": ("clouds",), "clouds": ("cloudy",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subject that was asked for."""

    name: str
    count: int = 1
    colour: str = ""
    size: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a prompt means to the painter. `elements` gives parts of the picture a colour; `banned` names anything left out."""

    places: tuple[str, ...] = ()
    time: str = ""
    weather: tuple[str, ...] = ()
    season: str = ""
    styles: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    tints: tuple[str, ...] = ()
    subjects: tuple[Wanted, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict[str, str])
    banned: tuple[str, ...] = ()
    #: Stands for the words that were not known, so that they too decide what is painted.
    flavour: int = 0

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {name: getattr(self, name) for name in ("time", "season", "flavour")}
        data |= {
            name: list(getattr(self, name)) for name in ("places", "weather", "styles", "moods", "tints", "banned")
        }
        data["subjects"] = [[s.name, s.count, s.colour, s.size] for s in self.subjects]
        data["elements"] = dict(self.elements)
        return {name: value for name, value in data.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        values: dict[str, Any] = dict(data)
        values |= {
            name: tuple(data.get(name, ())) for name in ("places", "weather", "styles", "moods", "tints", "banned")
        }
        values["subjects"] = tuple(Wanted(*subject) for subject in data.get("subjects", ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Hit:
    """One term found in a text."""

    kind: str  # of the table, or "unknown", "function"
    name: str
    words: str
    plural: bool = False


def tokens(text: str) -> list[str]:
    """The words of a text in lower case; hyphens part words."""
    return TOKEN.findall(text.casefold())


@cache
def index() -> dict[str, Hit]:
    """Every form of every term. Where two meanings share a form, the table's earlier entry keeps it, but for whole terms over plurals."""
    forms: dict[str, Hit] = {}
    derived: dict[str, Hit] = {}
    for kind, entries in WORDS.items():
        for name, languages in entries.items():
            for spanish, terms in enumerate(languages):
                for term in terms.split(", "):
                    written = " ".join(tokens(term))
                    forms.setdefault(written, Hit(kind, name, written, PLURALS.get(written) == name))
                    for form, plural in _inflected(written, kind, bool(spanish)):
                        derived.setdefault(form, Hit(kind, name, form, plural))
    forms = derived | forms
    for form, hit in list(forms.items()):
        forms.setdefault(form.translate(PLAIN), hit)
    return forms


def _inflected(term: str, kind: str, spanish: bool) -> Iterator[tuple[str, bool]]:
    """Plural and feminine forms, and whether each means several."""
    if not spanish:
        yield _english_plural(term), True
        return
    head, _, rest = term.partition(" ")
    tail = f" {rest}" if rest else ""
    if kind in ADJECTIVES and head.endswith("o"):
        yield f"{head[:-1]}a{tail}", False
        yield f"{head[:-1]}as{tail}", True
    yield f"{_spanish_plural(head)}{tail}", True
    if rest and not {"de", "en", "a", "al", "del"} & set(rest.split()):
        yield " ".join(_spanish_plural(word) for word in term.split()), True


def _english_plural(term: str) -> str:
    if re.search(r"[^aeiou]y$", term):
        return term[:-1] + "ies"
    return term + ("es" if re.search(r"(s|x|z|ch|sh)$", term) else "s")


def _spanish_plural(word: str) -> str:
    if word[-1] in "aeiouáéó":
        return word + "s"
    if word.endswith("z"):
        return word[:-1] + "ces"
    bare = word[:-2] + word[-2:].translate(PLAIN) if word[-1] in "ns" else word
    return bare + "es"


def read(text: str) -> list[Hit]:
    """The text as known terms, longest first, and words that are not known."""
    words, forms = tokens(text), index()
    hits: list[Hit] = []
    place = 0
    while place < len(words):
        for length in range(min(LONGEST, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            hit = forms.get(phrase)
            if hit is not None:
                break
        else:
            length, phrase = 1, words[place]
            hit = Hit(
                "function" if phrase in FUNCTION_WORDS or phrase.isdigit() or len(phrase) < 2 else "unknown",
                phrase,
                phrase,
            )
        hits.append(hit)
        place += length
    return hits


def unknown(texts: Iterable[str]) -> list[str]:
    """The words, each once, that mean nothing to the painter."""
    return list(dict.fromkeys(hit.words for text in texts for hit in read(text) if hit.kind == "unknown"))


@dataclass(slots=True)
class _Reader:
    """Gathers features hit by hit."""

    places: list[str] = field(default_factory=list[str])
    weather: list[str] = field(default_factory=list[str])
    styles: list[str] = field(default_factory=list[str])
    moods: list[str] = field(default_factory=list[str])
    tints: list[str] = field(default_factory=list[str])
    banned: list[str] = field(default_factory=list[str])
    subjects: list[Wanted] = field(default_factory=list[Wanted])
    elements: dict[str, str] = field(default_factory=dict[str, str])
    time: str = ""
    season: str = ""
    flavour: int = 0
    colour: str = ""  # said, and not given to anything yet
    count: int = 0
    scale: float = 1.0
    removing: bool = False
    last: str = ""  # the thing that was named just before

    def take(self, hit: Hit, size: float) -> None:
        if hit.kind == "function":
            self._function(hit.words)
            return
        if self.removing and hit.kind not in {"count", "size", "unknown"}:
            self.banned.extend(refusals(hit))
            return
        match hit.kind:
            case "subject":
                self._subject(hit, size)
            case "colour":
                self._colour(hit.name)
            case "count":
                self.count = int(hit.name)
            case "size":
                self.scale = 1.6 if hit.name == "big" else 0.55
            case "unknown":
                self.flavour = (self.flavour * 31 + sum(hit.words.encode())) % 65521
                self.last = ""
            case _:
                self._setting(hit, size)

    def _function(self, word: str) -> None:
        if word in REMOVERS:
            self.removing = True
        elif self.removing and word in {"with", "but", "add", "make", "con", "pero", "añade", "pon", "haz"}:
            self.removing = False
        if word in {"and", "y", "with", "con", "in", "en"}:
            self.last = ""

    def _subject(self, hit: Hit, size: float) -> None:
        count = self.count or (3 if hit.plural else 1)
        self.subjects.append(Wanted(hit.name, min(count, 6), self.colour, round(size * self.scale, 3)))
        self.colour, self.count, self.scale, self.last = "", 0, 1.0, f"subject {hit.name}"

    def _colour(self, name: str) -> None:
        """A colour belongs to what was named just before it (Spanish), else to what comes next (English)."""
        kind, _, thing = self.last.partition(" ")
        if kind == "subject" and not self.subjects[-1].colour:
            self.subjects[-1] = replace(self.subjects[-1], colour=name)
        elif kind == "element":
            self.elements.setdefault(thing, name)
        else:
            if self.colour:
                self.tints.append(self.colour)
            self.colour = name
            return
        self.last = ""

    def _setting(self, hit: Hit, size: float) -> None:
        element = ELEMENTS.get((hit.kind, hit.name))
        if element and self.colour:
            self.elements[element] = self.colour
            self.colour = ""
        self.last = f"element {element}" if element else ""
        match hit.kind:
            case "place" if hit.name != "clouds" or not self.places:
                self.places.append(hit.name)
            case "time":
                self.time = self.time or hit.name
            case "season":
                self.season = hit.name
            case "weather":
                self.weather.append(hit.name)
            case "style":
                self.styles.append(hit.name)
            case "mood":
                self.moods.append(hit.name)
            case "element" if hit.name in {"trees", "birds"}:
                self._subject(Hit("subject", hit.name[:-1], hit.words, True), size)
                self.last = f"element {element}" if element else self.last
            case _:
                pass
        self.count, self.scale = 0, 1.0

    def features(self) -> Features:
        if self.colour:
            self.tints.append(self.colour)
        gone = set(self.banned)
        keep = [s for s in merged(self.subjects) if s.name not in gone]
        return Features(
            places=_once(p for p in self.places if p not in gone),
            time=self.time if self.time not in gone else "",
            weather=_once(w for w in self.weather if w not in gone),
            season=self.season,
            styles=_once(s for s in self.styles if s not in gone),
            moods=_once(m for m in self.moods if m not in gone),
            tints=_once(t for t in self.tints if t not in gone)[:4],
            subjects=tuple(keep[:MAX_SUBJECTS]),
            elements=self.elements,
            banned=_once(self.banned),
            flavour=self.flavour,
        )


def target(hit: Hit) -> str:
    """What a negative word bans."""
    if hit.kind == "element":
        return {"birds": "bird", "trees": "tree"}.get(hit.name, hit.name)
    return hit.name


def refusals(hit: Hit) -> tuple[str, ...]:
    """All that a negative word bans."""
    name = target(hit)
    return name, *IMPLIED.get(name, ())


def merged(subjects: Iterable[Wanted]) -> list[Wanted]:
    """Each subject once: said twice, the higher count and the first colour stand."""
    found: dict[str, Wanted] = {}
    for subject in subjects:
        known = found.get(subject.name)
        found[subject.name] = (
            subject
            if known is None
            else replace(known, count=max(known.count, subject.count), colour=known.colour or subject.colour)
        )
    return list(found.values())


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def understand(parts: Iterable[tuple[str, float]], negative: Iterable[str] = ()) -> Features:
    """The features of weighted texts; what is in `negative` or in a part of negative weight is left out."""
    known = list(parts)
    top = max((weight for _, weight in known if weight > 0), default=1.0)
    reader = _Reader()
    refused = [*negative, *(text for text, weight in known if weight < 0)]
    hits = [hit for text in refused for hit in read(text) if hit.kind not in {"function", "unknown"}]
    reader.banned = [name for hit in hits for name in refusals(hit)]
    for text, weight in sorted(known, key=lambda part: -part[1]):
        if weight > 0:
            size = max(weight / top, 0.2) ** 0.5
            reader.removing, reader.last = False, ""
            for hit in read(text):
                reader.take(hit, size)
    return reader.features()


def edited(old: Features, new: Features) -> Features:
    """`old` after an instruction: what it names is added or takes the place of what was there, what it removes is gone."""
    gone = set(new.banned)
    subjects = {s.name: s for s in (*old.subjects, *new.subjects) if s.name not in gone}
    for subject in new.subjects:
        before = next((s for s in old.subjects if s.name == subject.name), None)
        if before is not None:
            subjects[subject.name] = replace(
                before, colour=subject.colour or before.colour, count=max(before.count, subject.count)
            )
    weather = new.weather or tuple(w for w in old.weather if w not in gone)
    elements = {name: value for name, value in {**old.elements, **new.elements}.items() if name not in gone}
    elementary = set(new.elements) & {"sky", "water", "ground", "hills", "trees"}
    places = tuple(p for p in new.places if not elementary) or tuple(p for p in old.places if p not in gone)
    return replace(
        old,
        places=places,
        time=new.time or ("" if old.time in gone else old.time),
        weather=weather,
        season=new.season or old.season,
        styles=new.styles or tuple(s for s in old.styles if s not in gone),
        moods=new.moods or tuple(m for m in old.moods if m not in gone),
        tints=new.tints or tuple(t for t in old.tints if t not in gone),
        subjects=tuple(subjects.values())[-MAX_SUBJECTS:],
        elements=elements,
        banned=_once([b for b in old.banned if b not in {s.name for s in new.subjects}] + list(new.banned)),
    )
