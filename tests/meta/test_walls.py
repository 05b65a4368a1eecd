"""Who may import whom. Imports run from the outside to the pure parts and never back, and each outside library has its few places."""

import sys

import pytest

from bot.catalog import BACKENDS
from tests.meta.source import Module, imports, is_within, modules

#: From the inside to the outside. A module imports from the lines above its own, and from its own package; a line's modules don't know
#: each other. The innermost package that names a module counts.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("bot.i18n",),
    ("bot.errors",),
    ("bot.backends.base", "bot.jobs"),
    ("bot.breaker", "bot.config", "bot.prompt", "bot.captions", "bot.policy", "bot.imaging"),
    ("bot.actions", "bot.fetch", "bot.objects", "bot.shorten", "bot.store bot.migrations"),
    ("bot.backends.settings",),
    ("bot.backends.web",),
    tuple(f"bot.backends.{name}" for name in BACKENDS),
    ("bot.catalog", "bot.preferences", "bot.engine"),
    ("bot.admission", "bot.outage", "bot.worker", "bot.views", "bot.retention"),
    ("bot.studio", "bot.delivery", "bot.doctor", "bot.positions"),
    ("bot.client", "bot.media"),
    ("bot.app", "cogs", "bot.playground"),
    ("bot.terminal", "bot.play"),
    ("bot.__main__",),
)
#: Packages that only hold others.
HOLDERS = {"bot", "bot.backends"}
SHARED = {"bot.backends.base", "bot.backends.settings", "bot.backends.web"}
PURE = (
    "bot.i18n",
    "bot.errors",
    "bot.backends.base",
    "bot.jobs",
    "bot.prompt",
    "bot.captions",
    "bot.policy",
    "bot.breaker",
    "bot.shorten",
)
#: Libraries, and the only places that may know them.
PLACES = {
    "discord": ("bot.views", "bot.client", "bot.media", "bot.delivery", "cogs"),
    "sqlalchemy": ("bot.store", "bot.migrations", "bot.engine"),
    "alembic": ("bot.migrations",),
    "sqlite3": (),
    "dbos": ("bot.engine",),
    "obstore": ("bot.objects", "bot.doctor"),
    "openai": ("bot.backends",),
    "httpx": ("bot.backends", "bot.fetch", "bot.doctor"),
    "aiohttp": ("bot.client", "bot.delivery", "bot.playground", "bot.backends.comfyui"),
    "PIL": ("bot.imaging", "bot.backends", "bot.playground", "bot.terminal"),
    "numpy": ("bot.imaging", "bot.backends"),
    "pydantic_settings": ("bot.config", "bot.backends"),
    "rich": ("bot.terminal", "bot.doctor"),
    "babel": ("bot.i18n",),
}
#: What would let a pure part touch the world.
WORLDLY = {
    "asyncio",
    "http",
    "os",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "urllib.request",
}

ALL = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def unit(name: str) -> tuple[int, str]:
    """A module's layer, and the part of it that holds together. The longest prefix wins."""
    found = [
        (len(prefix), layer, part)
        for layer, parts in enumerate(LAYERS)
        for part in parts
        for prefix in part.split()
        if is_within(name, prefix)
    ]
    assert found, f"{name} has no place in LAYERS yet: give it one"
    _, layer, part = max(found)
    return layer, part


@ALL
def test_imports_run_inwards(module: Module) -> None:
    if module.name in HOLDERS:
        return
    layer, part = unit(module.name)
    wrong = [
        f"{module.at(node)} imports {name}"
        for name, node in imports(module)
        if is_within(name, "bot") or is_within(name, "cogs")
        if unit(name)[1] != part and unit(name)[0] >= layer
    ]
    assert wrong == []


@ALL
def test_libraries_stay_in_their_places(module: Module) -> None:
    wrong = [
        f"{module.at(node)} imports {name}"
        for name, node in imports(module)
        if not module.within(*PLACES.get(name.split(".")[0], (module.name,)))
    ]
    assert wrong == []


@pytest.mark.parametrize("module", [m for m in modules() if m.within(*PURE)], ids=lambda module: module.name)
def test_pure_parts_touch_nothing(module: Module) -> None:
    allowed = {"bot", "babel"} | (sys.stdlib_module_names - WORLDLY)
    wrong = [
        f"{module.at(node)} imports {name}"
        for name, node in imports(module)
        if name.split(".")[0] not in allowed or name in WORLDLY
    ]
    assert wrong == []


@pytest.mark.parametrize("module", [m for m in modules() if m.within("bot.playground")], ids=lambda module: module.name)
def test_the_playground_knows_nothing_of_the_bot(module: Module) -> None:
    wrong = [
        f"{module.at(node)} imports {name}"
        for name, node in imports(module)
        if is_within(name, "cogs") or (is_within(name, "bot") and not is_within(name, "bot.playground"))
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ["bot.backends", "cogs"])
def test_neighbours_do_not_know_each_other(package: str) -> None:
    """Two backends, or two families of commands; what backends share is `SHARED`."""
    depth = package.count(".") + 2
    own = {".".join(m.name.split(".")[:depth]) for m in modules() if m.within(package)} - {package, *SHARED}
    assert own
    wrong = [
        f"{module.at(node)} imports {name}"
        for module in modules()
        for name, node in imports(module)
        for neighbour in own
        if module.within(*own) and is_within(name, neighbour) and not module.within(neighbour)
    ]
    assert wrong == []


def test_the_walls_would_hold() -> None:
    """That the rules above find something where something is wrong."""
    assert unit("bot.backends.base") < unit("bot.backends.painter") < unit("bot.studio")
    assert unit("bot.store.jobs")[1] == unit("bot.migrations.env")[1]
    with pytest.raises(AssertionError, match="no place"):
        unit("bot.unheard_of")
