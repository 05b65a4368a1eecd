"""Rules of this code that no linter knows."""

import ast
from collections.abc import Iterator

import pytest

from tests.meta.source import Module, calls, modules

#: Where everything that can go wrong must end in a log and an answer: the worker's loop and the client's handler. One place each.
CATCH_ALL = {"bot.worker": 1, "bot.client": 1}
#: Extras: imported where they are used, as they may be absent.
OPTIONAL = {"orjson", "psycopg", "uvloop", "zstandard"}
#: Where a person sits at a terminal.
TERMINALS = ("bot.__main__", "bot.terminal", "bot.play", "bot.doctor")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

SHIPPED = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
WRITTEN = pytest.mark.parametrize("module", modules("bot", "cogs", "tests"), ids=lambda module: module.name)


@WRITTEN
def test_every_module_says_what_it_is(module: Module) -> None:
    assert not module.tree.body or ast.get_docstring(module.tree), f"{module.path} has no docstring"


@SHIPPED
def test_everything_is_caught_in_few_places_only(module: Module) -> None:
    found = [module.at(handler) for handler in ast.walk(module.tree) if _catches_all(handler)]
    assert len(found) <= CATCH_ALL.get(module.name, 0), found


def _catches_all(node: ast.AST) -> bool:
    """Whether it ends an exception of any kind; what tidies up and raises it again does not."""
    if not isinstance(node, ast.ExceptHandler) or (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None):
        return False
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(c is None or (isinstance(c, ast.Name) and c.id in {"Exception", "BaseException"}) for c in caught)


@SHIPPED
def test_nothing_is_suppressed_wholesale(module: Module) -> None:
    wrong = [
        module.at(call)
        for name, call in calls(module)
        if name == "suppress"
        for argument in call.args
        if isinstance(argument, ast.Name) and argument.id in {"Exception", "BaseException"}
    ]
    assert wrong == []


@SHIPPED
def test_imports_stand_at_the_top(module: Module) -> None:
    wrong = [
        module.at(node)
        for function in ast.walk(module.tree)
        if isinstance(function, FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not _roots(node) <= OPTIONAL
    ]
    assert wrong == []


def _roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return {name.split(".")[0] for name in names}


@WRITTEN
def test_nobody_sleeps_on_the_event_loop(module: Module) -> None:
    wrong = [
        module.at(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and ast.unparse(node.value) == "time"
    ]
    wrong += [
        module.at(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        if any(alias.name == "sleep" for alias in node.names)
    ]
    assert wrong == []


@SHIPPED
def test_only_terminals_are_printed_to(module: Module) -> None:
    wrong = [module.at(call) for call in _prints(module)]
    assert module.within(*TERMINALS) or wrong == []


def _prints(module: Module) -> Iterator[ast.Call]:
    return (call for name, call in calls(module) if name == "print" and isinstance(call.func, ast.Name))


@SHIPPED
def test_no_setting_is_read_at_import(module: Module) -> None:
    """Nothing outside of a function looks at the environment or builds settings."""
    inside = {id(n) for f in ast.walk(module.tree) if isinstance(f, FUNCTIONS) for n in ast.walk(f)}
    wrong = [
        module.at(node)
        for node in ast.walk(module.tree)
        if id(node) not in inside
        if (isinstance(node, ast.Attribute) and node.attr == "environ")
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in {"Settings", "Settings.load", "os.getenv"})
    ]
    assert wrong == []
