"""What OpenAI's models can do and what they cost, as data, as of 2026-11-23.

Sources: the pages of the models at https://developers.openai.com/api/docs/models, the official SDK 3.54 and the OpenAPI file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bot.backends.base import Edit, Operation

PRICED = "2026-11-23"
STEP = 16
RANKS: Mapping[str, int] = MappingProxyType({"low": 0, "medium": 1, "auto": 1, "high": 2, "xhigh": 3, "max": 4})
NEAR = 0.02  # of a ratio: sides that are multiples of 16 can't be nearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models that are asked in the same way. `sizes` are all that they have, or none where any will do within the other limits.

    `qualities` stand in the order of `RANKS`, as far as they go. `batch` pictures come of one call; `inputs` go into one. `gpt`: they
    take the fields that only the GPT image models know, and none of the older ones.
    """

    operations: frozenset[Operation]
    edits: frozenset[Edit] = frozenset()
    sizes: tuple[tuple[int, int], ...] = ()
    min_side: int = 1024
    max_side: int = 1024
    min_pixels: int = 0
    max_pixels: int = 1024 * 1024
    ratio: float = 100.0  # of the longer side to the shorter
    qualities: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    gpt: bool = False
    batch: int = 10
    inputs: int = 1
    max_prompt: int = 32000


GPT_OPERATIONS = frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.BLEND, Operation.EDIT})
GPT_1 = Family(
    operations=GPT_OPERATIONS,
    edits=frozenset(Edit),
    sizes=((1024, 1024), (1536, 1024), (1024, 1536)),
    max_side=1536,
    max_pixels=1536 * 1024,
    qualities=("low", "medium", "high"),
    gpt=True,
    inputs=16,
)
#: Any size from 2 on. Sides below 592 could only be those of pictures longer than 3:1, or of too few pixels.
GPT_2 = Family(
    operations=GPT_OPERATIONS,
    edits=frozenset(Edit),
    min_side=592,
    max_side=3840,
    min_pixels=655_360,
    max_pixels=8_294_400,
    ratio=3.0,
    qualities=("low", "medium", "high"),
    gpt=True,
    inputs=16,
)
GPT_2_5 = replace(GPT_2, qualities=("low", "medium", "high", "xhigh", "max"))
#: Retired by OpenAI on 2026-05-12; some compatible servers still answer to the names.
DALL_E_3 = Family(
    operations=frozenset({Operation.GENERATE}),
    sizes=((1024, 1024), (1792, 1024), (1024, 1792)),
    max_side=1792,
    max_pixels=1792 * 1024,
    qualities=("standard", "standard", "hd"),
    styles=("vivid", "natural"),
    batch=1,
    max_prompt=4000,
)
DALL_E_2 = Family(
    operations=frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT}),
    sizes=((1024, 1024),),
    max_prompt=1000,
)
PLAIN = Family(operations=frozenset({Operation.GENERATE}), min_side=256, max_side=2048, max_pixels=2048 * 2048, batch=4)
PLAIN_WITH_EDITS = replace(
    PLAIN, operations=frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.EDIT})
)
#: By the beginning of the name, the first that fits. What OpenAI brings out later is taken to be like its newest.
FAMILIES: tuple[tuple[str, Family], ...] = (
    ("gpt-image-1", GPT_1),
    ("chatgpt-image", GPT_1),
    ("gpt-image-2.", GPT_2_5),
    ("gpt-image-2", GPT_2),
    ("gpt-image", GPT_2_5),
    ("dall-e-3", DALL_E_3),
    ("dall-e-2", DALL_E_2),
)
#: USD for a million tokens: words in, pictures in, pictures out.
TOKENS: Mapping[str, tuple[float, float, float]] = MappingProxyType({"gpt-image-2": (5.0, 8.0, 30.0)})
#: USD of one picture of 1024 × 1024 and of one of 3840 × 2160, by quality: those of gpt-image-2, whose tokens cost the same as its
#: successors'. What was really used is told with the answer.
PICTURES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"low": (0.006, 0.012), "medium": (0.053, 0.101), "high": (0.211, 0.401), "auto": (0.211, 0.401)}
)
SMALL, LARGE = 1024 * 1024, 3840 * 2160


def bare(model: str) -> str:
    """A model's name without a gateway's prefix, such as `openai/`."""
    return model.rpartition("/")[2].lower()


def draws(model: str) -> bool:
    """Whether a name is that of one of OpenAI's models for pictures."""
    return any(bare(model).startswith(start) for start, _ in FAMILIES)


def family_of(model: str, like: str = "", *, edits: bool = False) -> Family:
    """How a model is asked; `like` is another that those of unknown names are like, `edits` whether those can work on pictures."""
    for name in (model, like):
        for start, family in FAMILIES:
            if bare(name).startswith(start):
                return family
    return PLAIN_WITH_EDITS if edits else PLAIN


def size_for(family: Family, width: int, height: int) -> tuple[int, int]:
    """The nearest size that the models of a family make: of the same shape, if they can."""
    if family.sizes:
        return min(family.sizes, key=lambda size: abs(math.log(size[0] / size[1] * height / width)))
    longer = max(width, height)
    shorter = max(min(width, height), longer / family.ratio)
    least, most = (math.sqrt(pixels / (longer * shorter)) for pixels in (family.min_pixels, family.max_pixels))
    scale = max(least, min(1.0, most, family.max_side / longer))
    short = _stepped(shorter * scale)
    long = min(_stepped(longer * scale), int(short * family.ratio) // STEP * STEP)
    while long > family.max_side or long * short > family.max_pixels:  # rounding up went over
        long -= STEP
    return (long, short) if width >= height else (short, long)


def _stepped(side: float) -> int:
    return math.ceil(round(side / STEP, 6)) * STEP


def alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes are of the same shape."""
    return abs(one[0] / one[1] * other[1] / other[0] - 1) <= NEAR


def quality_for(family: Family, usual: str, parameters: Mapping[str, Any]) -> str | None:
    """The quality for `--quality` 0.25–4, so many steps below or above the `usual` one, and for `--draft`; None where the models know
    none."""
    if not family.qualities:
        return None
    share, draft = float(parameters.get("quality") or 1), bool(parameters.get("draft"))
    if usual == "auto" and share == 1 and family.gpt and not draft:
        return usual
    rank = 0 if draft else RANKS[usual] + round(math.log2(share))
    return family.qualities[max(0, min(len(family.qualities) - 1, rank))]


def picture_price(model: str, like: str, quality: str | None, size: tuple[int, int]) -> float | None:
    """USD of one picture, about; None where it is not known."""
    prices = PICTURES.get(quality or "") if _rate(model, like) else None
    if prices is None:
        return None
    share = max(0.0, (size[0] * size[1] - SMALL) / (LARGE - SMALL))
    return prices[0] + (prices[1] - prices[0]) * share


def token_price(model: str, like: str, words: int, pictures: int, made: int) -> float | None:
    """USD of so many tokens of words and pictures that went in, and of pictures that came out."""
    rate = _rate(model, like)
    if rate is None or made == 0:
        return None
    return (words * rate[0] + pictures * rate[1] + made * rate[2]) / 1e6


def _rate(model: str, like: str) -> tuple[float, float, float] | None:
    name = bare(model) if draws(model) else bare(like)
    return next((rate for start, rate in TOKENS.items() if name.startswith(start)), None)
