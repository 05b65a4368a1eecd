"""Every text that a user reads is in the catalogues, translated, with the same values in it; and none is written past them."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.i18n import DOMAIN, LANGUAGES, LOCALE_FOLDER
from tests.meta.source import ROOT, Module, calls, modules

KEYWORDS = {"T": None, "TN": (1, 2), "N_": None}
PYTHON = [("bot/**.py", "python"), ("cogs/**.py", "python")]
MARKERS = {"T": 1, "TN": 2, "N_": 1}  # and how many messages each takes
CATALOGUES = sorted(set(LANGUAGES.values()))
REFRESH = "run `make messages` and translate what is new in bot/locale"
#: What of a call ends on somebody's screen.
SHOWN = {"content", "title", "description", "label", "placeholder", "text", "footer", "url_label"}
SENDERS = {"send", "send_message", "edit_message", "reply"}
FACES = [m for m in modules() if m.within("bot.views", "bot.client", "bot.delivery", "bot.captions", "cogs")]
WORD = re.compile(r"[^\W\d_]{2}")

Id = str | tuple[str, ...]


@cache
def used() -> frozenset[Id]:
    """Every message of the code, as the catalogues name it."""
    found = extract_from_dir(ROOT, PYTHON, keywords=KEYWORDS)  # pyright: ignore[reportArgumentType] - as its documents say
    return frozenset(_id(message) for _, _, message, _, _ in found)


def _id(message: "str | Iterable[str]") -> Id:
    return message if isinstance(message, str) else tuple(message)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def forms(message: Message) -> Iterator[tuple[str, str]]:
    """Each original with its translation; for plurals each with each. Nothing translated is an empty text."""
    return ((original, translated) for original in _texts(message.id) for translated in _texts(message.string))


def _texts(given: "str | Iterable[str | None] | None") -> list[str]:
    return [given or ""] if given is None or isinstance(given, str) else [text or "" for text in given]


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_template_holds_all_that_the_code_says() -> None:
    template = {_id(message.id) for message in messages(read(LOCALE_FOLDER / f"{DOMAIN}.pot"))}
    assert used()
    assert template == used(), REFRESH


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_is_complete(language: str) -> None:
    catalog = read(LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po")
    assert {_id(message.id) for message in messages(catalog)} == used(), REFRESH
    assert [m.id for m in messages(catalog) if m.fuzzy or not all(translated for _, translated in forms(m))] == []
    assert not catalog.obsolete


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_same_values(language: str) -> None:
    catalog = read(LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po")
    wrong = [
        (original, translated)
        for message in messages(catalog)
        for original, translated in forms(message)
        if values(original) | {"count"} != values(translated) | {"count"}
        or ("count" in values(translated)) > ("count" in values(original))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_keeps_what_is_no_language(language: str) -> None:
    """Settings' names, links and commands in backticks stand in both alike, and so do spaces at the ends."""
    catalog = read(LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po")
    fixed = re.compile(r"LIENZO_\w+|https?://\S*[\w/]|--[a-z]+|/[a-z]{3,}\b(?=`)")
    wrong = [
        (original, translated)
        for message in messages(catalog)
        for original, translated in forms(message)
        if sorted(fixed.findall(original)) != sorted(fixed.findall(translated))
        or (original.strip() == original) != (translated.strip() == translated)
    ]
    assert wrong == []


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_messages_are_literals_and_get_their_values(module: Module) -> None:
    wrong = [f"{module.at(call)} {trouble}" for name, call in calls(module) for trouble in _troubles(name, call)]
    assert wrong == []


def _troubles(name: str, call: ast.Call) -> Iterator[str]:
    for argument in call.args[: MARKERS.get(name, 0)]:
        if isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Call) or not _is_ours(argument):
            yield "is given a text that is put together: the catalogues cannot know it"
        elif isinstance(argument, ast.Constant) and name != "N_":
            given = {keyword.arg for keyword in call.keywords}
            wanted = values(str(argument.value)) - ({"count"} if name == "TN" else set())
            if None not in given and (given or name == "TN" or call.keywords) and not wanted <= given:
                yield f"lacks {sorted(wanted - given)}"
            if None not in given and name == "T" and given - wanted:
                yield f"is given {sorted(map(str, given - wanted))}, which its text does not use"


def _is_ours(argument: ast.expr) -> bool:
    return not isinstance(argument, ast.Constant) or isinstance(argument.value, str)


@pytest.mark.parametrize("module", FACES, ids=lambda module: module.name)
def test_nothing_is_said_past_the_catalogues(module: Module) -> None:
    wrong = [
        f"{module.at(call)} says {ast.unparse(argument)}"
        for name, call in calls(module)
        if name not in MARKERS
        for argument in _shown(name, call)
        if WORD.search(_words(argument))
    ]
    assert wrong == []


def _shown(name: str, call: ast.Call) -> Iterator[ast.expr]:
    if name in SENDERS:
        yield from call.args[:1]
    yield from (keyword.value for keyword in call.keywords if keyword.arg in SHOWN)


def _words(argument: ast.expr) -> str:
    """What of an expression is written out in the source: a literal, or the fixed parts of an f-string."""
    if isinstance(argument, ast.Constant):
        return argument.value if isinstance(argument.value, str) else ""
    if isinstance(argument, ast.JoinedStr):
        return " ".join(_words(part) for part in argument.values)
    return ""


def test_the_rules_would_find_something() -> None:
    tree = ast.parse(
        'send_message(f"Hello {name}"); edit(content="ok then"); Embed(title=T("x").in_language(l)); send("❤️")'
    )
    module = Module("somewhere", Path("somewhere.py"), tree)
    found = [ast.unparse(a) for name, call in calls(module) for a in _shown(name, call) if WORD.search(_words(a))]
    assert found == ["f'Hello {name}'", "'ok then'"]
    broken = ast.parse('T(f"a {b}"); T("a {b}", c=1); T("a" + b)')
    assert len([t for name, call in calls(Module("x", Path("x"), broken)) for t in _troubles(name, call)]) == 4
