"""What each of Google's image models can do and costs, as data; one that is not listed is taken for a usual one.

Sizes, ratios and thinking levels: ai.google.dev/gemini-api/docs/image-generation. Prices: ai.google.dev/gemini-api/docs/pricing and
cloud.google.com/vertex-ai/generative-ai/pricing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

CURRENT = "gemini-nano-banana-2.1"
PRICED = "2026-11-23"
Size = Literal["512", "1K", "2K", "4K"]
#: The side of a square picture of each size.
SIDES: Mapping[Size, int] = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
LONG_RATIOS = (*RATIOS, "1:4", "4:1", "1:8", "8:1")
IMAGEN_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """USD for a million tokens, and the tokens of one picture of each size."""

    words_in: float
    words_out: float
    picture: float
    tokens: Mapping[Size, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """`fixed`: it makes the one size and is not to be told. `thinking` are its levels, the least first."""

    ratios: Sequence[str] = RATIOS
    sizes: Sequence[Size] = ("1K", "2K", "4K")
    fixed: bool = False
    thinking: Sequence[str] = ()
    rates: Rates | None = None
    each: Mapping[Size, float] = field(
        default_factory=dict[Size, float]
    )  # USD of one picture, where tokens do not tell it
    negative: bool = False  # it has a field for what is not wanted


GEMINI: Mapping[str, Model] = {
    CURRENT: Model(
        ratios=LONG_RATIOS,
        thinking=("MINIMAL", "MEDIUM", "HIGH"),
        rates=Rates(words_in=1.5, words_out=7.5, picture=30, tokens={"1K": 1120}),
        each={"4K": 0.113},
    ),
    "gemini-3.1-flash-image": Model(
        ratios=LONG_RATIOS,
        sizes=("512", "1K", "2K", "4K"),
        thinking=("MINIMAL", "HIGH"),
        rates=Rates(words_in=0.5, words_out=3, picture=60, tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520}),
    ),
    "gemini-3.1-flash-lite-image": Model(
        sizes=("1K",), fixed=True, rates=Rates(words_in=0.25, words_out=1.5, picture=30, tokens={"1K": 1120})
    ),
    "gemini-3-pro-image": Model(
        rates=Rates(words_in=2, words_out=12, picture=120, tokens={"1K": 1120, "2K": 1120, "4K": 2000})
    ),
    "gemini-2.5-flash-image": Model(
        sizes=("1K",), fixed=True, rates=Rates(words_in=0.3, words_out=2.5, picture=30, tokens={"1K": 1290})
    ),
}
IMAGEN: Mapping[str, Model] = {
    "imagen-4.0-fast": Model(ratios=IMAGEN_RATIOS, sizes=("1K",), fixed=True, each={"1K": 0.02}),
    "imagen-4.0-ultra": Model(ratios=IMAGEN_RATIOS, sizes=("1K", "2K"), each={"1K": 0.06, "2K": 0.06}),
    "imagen-4": Model(ratios=IMAGEN_RATIOS, sizes=("1K", "2K"), each={"1K": 0.04, "2K": 0.04}),
    "imagen-3.0-fast": Model(ratios=IMAGEN_RATIOS, sizes=("1K",), fixed=True, each={"1K": 0.02}, negative=True),
    "imagen-3": Model(ratios=IMAGEN_RATIOS, sizes=("1K",), fixed=True, each={"1K": 0.04}, negative=True),
    "imagen-": Model(ratios=IMAGEN_RATIOS, sizes=("1K",), fixed=True),
}


def is_imagen(name: str) -> bool:
    return name.startswith("imagen-")


def paints(name: str) -> bool:
    """Whether a model of Google's list makes pictures from words, by its name, since the list does not say."""
    if is_imagen(name):
        return "generate" in name
    return name.startswith("gemini") and ("image" in name or "banana" in name)


def known(name: str) -> Model:
    """By the longest beginning of its name that is known."""
    table = IMAGEN if is_imagen(name) else GEMINI
    found = max((start for start in table if name.startswith(start)), key=len, default=None)
    return table[found] if found is not None else Model()


def ratio(width: int, height: int, ratios: Sequence[str]) -> str:
    """The nearest aspect ratio that there is."""

    def distance(text: str) -> float:
        across, down = map(int, text.split(":"))
        return abs(math.log(width * down / (height * across)))

    return min(ratios, key=distance)


def size(width: int, height: int, sizes: Sequence[Size]) -> Size:
    """The size whose area is nearest, in proportion."""
    side = math.sqrt(width * height)
    return min(sizes, key=lambda name: abs(math.log(side / SIDES[name])))


def largest(model: Model) -> int:
    """The side of its largest square picture."""
    return max(SIDES[name] for name in model.sizes)


def price(model: Model, name: Size) -> float | None:
    """USD of one picture; None where it is not known."""
    if name in model.each:
        return model.each[name]
    if model.rates is None or name not in model.rates.tokens:
        return None
    return model.rates.picture * model.rates.tokens[name] / MILLION
