"""The table of generators in the READMEs, from what each declares beside its own server of the tests: nothing outside is asked."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from bot.actions import composed
from bot.backends.base import Capabilities, Edit, Operation
from tests.backends.contract import Case, Rig, rigs

SECONDS = 30.0
ALL, SOME, EMULATED, NONE = "✓", "p", "e", "–"
#: What there is in English and in Spanish.
Words = tuple[str, str]
#: Each generator's way there. One that is not named here is said by whether it has an address.
THROUGH: Mapping[str, Words] = {
    "comfyui": ("ComfyUI, its workflows or yours", "ComfyUI, con sus flujos o los tuyos"),
    "deepai": ("DeepAI", "DeepAI"),
    "diffusers": (
        "any diffusers model, in the bot's own process",
        "cualquier modelo de diffusers, dentro del propio bot",
    ),
    "mjproxy": (
        "Midjourney by a proxy of yours; unofficial, against its terms",
        "Midjourney por un proxy tuyo; no oficial, contra sus condiciones",
    ),
    "modelslab": ("ModelsLab, once stablediffusionapi.com", "ModelsLab, antes stablediffusionapi.com"),
    "openai": (
        "GPT Image at OpenAI or Azure; DALL·E and others on compatible servers",
        "GPT Image en OpenAI o Azure; DALL·E y otros en servidores compatibles",
    ),
    "painter": ("procedural art, no AI, in the bot's own process", "arte procedimental, sin IA, dentro del propio bot"),
    "sdwebui": (
        "AUTOMATIC1111, Forge, SD.Next, stable-diffusion.cpp",
        "AUTOMATIC1111, Forge, SD.Next, stable-diffusion.cpp",
    ),
    "stability": ("Stability AI", "Stability AI"),
    "vertex": (
        "Gemini's image models and Imagen, by key or Vertex AI",
        "los modelos de imagen de Gemini e Imagen, con clave o Vertex AI",
    ),
}
ELSEWHERE: Mapping[bool, Words] = {
    True: ("a server", "un servidor"),
    False: ("the bot's process", "el proceso del bot"),
}
OPERATIONS: Mapping[Operation, Words] = {
    Operation.GENERATE: ("words", "palabras"),
    Operation.VARY: ("vary", "variar"),
    Operation.INPAINT: ("region", "región"),
    Operation.OUTPAINT: ("zoom, pan", "zoom, pan"),
    Operation.UPSCALE: ("enlarge", "ampliar"),
    Operation.BLEND: ("blend", "mezclar"),
    Operation.EDIT: ("instruction", "instrucción"),
    Operation.DESCRIBE: ("describe", "describir"),
}
EDITS: Mapping[Edit, Words] = {
    Edit.COLOURISE: ("colourise", "colorear"),
    Edit.RESTYLE: ("restyle", "otro estilo"),
    Edit.REMOVE_BACKGROUND: ("cut out", "quitar el fondo"),
    Edit.REPLACE: ("replace", "reemplazar"),
}
NAME, WAY, OTHERS = ("Generator", "Generador"), ("Through", "A través de"), ("more of `/edit`", "más de `/edit`")
TRAITS: Sequence[Words] = (("preview", "avance"), ("cancel", "cancelar"), ("seed", "semilla"), ("costs", "cuesta"))


@dataclass(frozen=True, slots=True)
class Variant:
    """A generator as one kind of server or model makes it."""

    capabilities: Capabilities
    stops: bool

    @property
    def traits(self) -> Sequence[bool]:
        """In the order of `TRAITS`."""
        c = self.capabilities
        return c.previews, self.stops, "seed" in c.parameters, c.paid


def backend_table(locale: str) -> str:
    language = 1 if locale.startswith("es") else 0
    heads = [NAME, WAY, *OPERATIONS.values(), OTHERS, *TRAITS]
    lines = [[head[language] for head in heads], ["---"] * len(heads)]
    for name, (remote, variants) in _variants().items():
        way = THROUGH.get(name, ELSEWHERE[remote])
        cells = [_operation(operation, variants) for operation in OPERATIONS]
        traits = [_all_or_some(has) for has in zip(*(variant.traits for variant in variants), strict=True)]
        link = f"[`{name}`](docs/backends.md#{name})"
        lines.append([link, way[language], *cells, _edits(variants, language), *traits])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _operation(operation: Operation, variants: Sequence[Variant]) -> str:
    native = _all_or_some(operation in variant.capabilities.operations for variant in variants)
    if native == NONE and any(operation in composed(variant.capabilities) for variant in variants):
        return EMULATED
    return native


def _edits(variants: Sequence[Variant], language: int) -> str:
    """Those with a name that at least one of its models has."""
    having = [words[language] for edit, words in EDITS.items() if any(edit in v.capabilities.edits for v in variants)]
    return ", ".join(having) or NONE


def _all_or_some(values: Iterable[bool]) -> str:
    having = list(values)
    return ALL if all(having) else SOME if any(having) else NONE


@cache
def _variants() -> Mapping[str, tuple[bool, Sequence[Variant]]]:
    """By name, whether it has an address, and its kinds. In a thread, since a loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _asked()).result()


async def _asked() -> dict[str, tuple[bool, Sequence[Variant]]]:
    found: dict[str, tuple[bool, Sequence[Variant]]] = {}
    for name, group in groupby(sorted(rigs(), key=lambda rig: rig.name), key=lambda rig: rig.name):
        kinds = [rig for rig in group if not rig.absent]
        found[name] = bool(kinds[0].url_setting), [await _variant(rig) for rig in kinds]
    return found


async def _variant(rig: Rig) -> Variant:
    """What runs in the process stops when it is told to."""
    async with asyncio.timeout(SECONDS), rig.double() as double:
        backend = rig.backend(double)
        try:
            return Variant(await backend.capabilities(), Case.STOP not in rig.cannot or not rig.url_setting)
        finally:
            await backend.close()
