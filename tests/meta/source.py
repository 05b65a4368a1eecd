"""The project's own source, as the tests of its conventions read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Module:
    """One file: its dotted name (a package's has no `__init__`), its path below the root, its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Where a finding is, to be clicked in an editor."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def within(self, *prefixes: str) -> bool:
        return any(is_within(self.name, prefix) for prefix in prefixes)


def is_within(name: str, prefix: str) -> bool:
    """Whether `name` is the package or module `prefix`, or a part of it."""
    return name == prefix or name.startswith(prefix + ".")


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module of these top-level folders; of the shipped ones by default."""
    return tuple(_read(path) for folder in folders or ("bot", "cogs") for path in sorted((ROOT / folder).rglob("*.py")))


def _read(path: Path) -> Module:
    relative = path.relative_to(ROOT)
    parts = relative.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, relative, ast.parse(path.read_text("utf-8"), str(relative)))


def imports(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """Every module that this one imports, as a dotted name: `from bot import doctor` is `bot.doctor`."""
    ours = {m.name for m in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in ours else node.module), node


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the last part of what is called: `a.b.send(…)` is `send`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node
                case _:
                    pass
