"""A request in these servers' words: the fields of `/txt2img` and `/img2img`."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from PIL import Image

from bot.backends.base import Request
from bot.backends.web import Encoded
from bot.imaging.info import open_pixels

MASK_BLUR = 8  # pixels
REPAINT = 0.95  # from this strength on, nothing of what lies under the mask is to be seen


def together(seeds: Sequence[int], most: int) -> tuple[int, ...]:
    """The first seeds, as far as they follow each other: those that one batch makes, at most so many."""
    first = seeds[0]
    return tuple(seed for _, seed in takewhile(lambda pair: pair[1] == first + pair[0], enumerate(seeds[:most])))


def weighted(request: Request) -> str:
    """The prompt in these servers' own language: `(words:1.2)` for a weight, as a share of the mean."""
    parts = [part for part in request.parts if part.weight > 0]
    mean = sum(part.weight for part in parts) / max(1, len(parts))
    return ", ".join(p.text if p.weight == mean else f"({p.text}:{p.weight / mean:.3g})" for p in parts)


def tags(request: Request) -> list[str]:
    """LoRAs as words of the prompt."""
    return [f"<lora:{name}:{weight:g}>" for name, weight in request.parameters.get("lora", ())]


def lora_files(request: Request, known: Mapping[str, str]) -> list[dict[str, Any]]:
    """LoRAs as `sd-server` wants them, which has no ear for words in the prompt."""
    asked: Sequence[tuple[str, float]] = request.parameters.get("lora", ())
    return [{"path": known.get(name, name), "multiplier": weight} for name, weight in asked]


def unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])


def alike(wanted: object, names: Sequence[str]) -> list[str]:
    """The one of this name, in any case; none where there is none."""
    return [name for name in names if name.lower() == str(wanted).lower()][:1]


def picture(request: Request) -> dict[str, Any]:
    """The fields of `/img2img`. What is to be painted anew begins from its surroundings' colours, what is changed from itself."""
    payload: dict[str, Any] = {
        "init_images": [Encoded(request.images[0].path)],
        "denoising_strength": request.strength,
        "resize_mode": 0,
        "include_init_images": False,
    }
    if request.mask is None:
        return payload
    return payload | {
        "mask": Encoded(request.mask),
        "mask_blur": MASK_BLUR,
        "inpainting_fill": 0 if request.strength >= REPAINT else 1,
        "inpaint_full_res": False,
        "inpainting_mask_invert": 0,
    }


def enlarged(request: Request, target: Path) -> Path:
    """The picture at the size that was asked for, as a PNG. Blocks."""
    image = open_pixels(request.images[0].path)
    image = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGB")
    with target.open("wb") as file:
        image.resize((request.width, request.height), Image.Resampling.LANCZOS).save(file, "PNG", compress_level=1)
    return target
