"""The workflows that there are: those built in, and the operator's own in a folder.

A file is called `<name>.<kind>.json`, such as `flux.img2img.json`; `<name>.json` alone makes pictures out of words, and `<kind>.json` takes
the place of the built-in one. The name is chosen as a model is.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.backends.base import Operation
from bot.backends.comfyui.workflow import PREFIX, Unfit, Workflow, parsed
from bot.errors import ConfigError
from bot.i18n import T

BUILT_IN = Path(__file__).parent / "workflows"
#: The kind of workflow for each operation.
KINDS: Mapping[Operation, str] = {
    Operation.GENERATE: "txt2img",
    Operation.VARY: "img2img",
    Operation.INPAINT: "inpaint",
    Operation.OUTPAINT: "outpaint",
    Operation.UPSCALE: "upscale",
    Operation.BLEND: "blend",
    Operation.EDIT: "edit",
    Operation.DESCRIBE: "describe",
}
ENLARGE = "enlarge"  # an upscale where there is no model for it
MAX_BYTES = 4 << 20  # of one file
#: What each kind can't do without.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "txt2img": ("prompt",),
    "img2img": ("image",),
    "inpaint": ("image", "mask"),
    "outpaint": ("image",),
    "upscale": ("image",),
    "blend": ("image", "image2"),
    "edit": ("image", "prompt"),
    "describe": ("image",),
}


class Library:
    """Workflows by name and kind; the built-in ones have the name `""`."""

    def __init__(self, workflows: Mapping[tuple[str, str], Workflow]) -> None:
        self._workflows = dict(workflows)

    @property
    def names(self) -> tuple[str, ...]:
        """The operator's own."""
        return tuple(sorted({name for name, _ in self._workflows if name}))

    def find(self, name: str, kind: str) -> Workflow | None:
        return self._workflows.get((name, kind))

    def family(self, name: str) -> Mapping[Operation, Workflow]:
        """What can be done under one name."""
        found = ((operation, self.find(name, kind)) for operation, kind in KINDS.items())
        return {operation: workflow for operation, workflow in found if workflow is not None}

    def all(self) -> Iterable[Workflow]:
        return self._workflows.values()


def library(folder: Path | None, setting: str) -> Library:
    """The built-in workflows and those in `folder`. Raises `ConfigError` that names the file. Blocks."""
    found = {("", path.stem): parsed(path.stem, path.read_bytes()) for path in sorted(BUILT_IN.glob("*.json"))}
    if folder is None:
        return Library(found)
    if not folder.is_dir():
        raise ConfigError(T("`{setting}` is not a folder: {folder}", setting=setting, folder=folder))
    for path in sorted(folder.glob("*.json")):
        try:
            found[_key(path)] = _read(path)
        except (Unfit, OSError) as error:
            problem = error.text if isinstance(error, Unfit) else T("can't be read")
            raise ConfigError(
                T("The workflow {file} in `{setting}` {problem}.", file=path.name, setting=setting, problem=problem)
            ) from None
    return Library(found)


def _key(path: Path) -> tuple[str, str]:
    kinds = set(KINDS.values())
    name, _, kind = path.stem.rpartition(".")
    if kind in kinds:
        return name, kind
    return path.stem, "txt2img"


def _read(path: Path) -> Workflow:
    if path.stat().st_size > MAX_BYTES:
        raise Unfit(T("is too large"))
    workflow = parsed(path.name, path.read_bytes(), own=True)
    kind = _key(path)[1]
    if missing := [slot for slot in NEEDED[kind] if slot not in workflow.slots]:
        raise Unfit(T("has no node titled `{title}`", title=f"{PREFIX}{missing[0]}"))
    return workflow
