"""A request in OpenAI's words: which route, which fields, which files."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from PIL import Image

from bot.backends.base import Edit, Operation, Request, Role
from bot.backends.openai.families import DALL_E_2, Family, alike, quality_for, size_for
from bot.backends.openai.settings import OpenAiSettings
from bot.errors import BackendRejected
from bot.i18n import T, Text
from bot.imaging.info import open_pixels

FORMATS = {"png": "png", "jpg": "jpeg", "webp": "webp"}
FILE_BYTES = 4 << 20  # of a mask, and of any file for dall-e-2
SUBTLE = 0.5  # strengths up to this keep the composition
LOOSE, CLOSE = 0.75, 1.5  # weights of image prompts
EDITS: Mapping[Edit, str] = {
    Edit.COLOURISE: "Colourise this picture in natural colours. Change nothing else.",
    Edit.RESTYLE: "Render this very picture in another style, with the same subjects, composition and proportions.",
    Edit.REMOVE_BACKGROUND: "Cut out the main subject and make its background transparent. Change nothing else.",
    Edit.REPLACE: "Replace what is named below as said below. Keep everything else exactly as it is.",
}
ROLES: Mapping[Role, str] = {
    Role.INITIAL: "is the one to work on",
    Role.STYLE: "is there for its style alone: its palette, light and technique",
    Role.CHARACTER: "shows a character who is to appear",
    Role.OBJECT: "shows an object that is to appear",
}


class Route(StrEnum):
    GENERATIONS = "/images/generations"
    EDITS = "/images/edits"
    VARIATIONS = "/images/variations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. `fields` go along beside prompt, model and files; `notes` are what was changed about it."""

    route: Route
    model: str
    prompt: str
    quality: str | None
    size: tuple[int, int]
    fields: Mapping[str, Any]
    images: tuple[Path, ...] = ()
    mask: Path | None = None
    notes: tuple[Text, ...] = field(default=())


async def order(request: Request, family: Family, model: str, settings: OpenAiSettings) -> Order:
    """Raises `BackendRejected` for what the model can't do."""
    size = size_for(family, request.width, request.height)
    notes = _size_notes(request, size, model)
    given = request.parameters
    quality = quality_for(family, settings.quality, given)
    fields: dict[str, Any] = {"size": f"{size[0]}x{size[1]}"}
    fields |= {"quality": quality} if quality else {}
    fields |= _gpt_fields(request, settings) if family.gpt else {"response_format": "b64_json"}
    fields |= {"style": style} if (style := str(given.get("style", "")).lower()) in family.styles else {}
    route, images, mask = await _files(request, family)
    if route is Route.VARIATIONS:
        fields.pop("quality", None)
    return Order(
        route=route,
        model=model,
        prompt=prompt(request)[: family.max_prompt],
        quality=quality,
        size=size,
        fields=fields,
        images=images,
        mask=mask,
        notes=notes,
    )


def _size_notes(request: Request, size: tuple[int, int], model: str) -> tuple[Text, ...]:
    wanted = (request.width, request.height)
    if size == wanted:
        return ()
    values = {"model": model, "width": size[0], "height": size[1]}
    if request.operation is Operation.INPAINT and not alike(size, wanted):
        raise BackendRejected(
            T(
                "{model} makes no pictures of this shape; the nearest that it makes is {width}×{height}.",
                **values,
            )
        )
    return (T("Made in {width}×{height}, the nearest size that {model} has.", **values),)


def _gpt_fields(request: Request, settings: OpenAiSettings) -> dict[str, Any]:
    cut = request.edit is Edit.REMOVE_BACKGROUND
    made = FORMATS.get(str(request.parameters.get("format")), settings.format)
    made = "png" if cut and made == "jpeg" else made
    background = "transparent" if cut else settings.background
    fields = {"output_format": made, "moderation": settings.moderation}
    if background != "auto" and (background != "transparent" or made != "jpeg"):
        fields["background"] = background
    return fields


async def _files(request: Request, family: Family) -> tuple[Route, tuple[Path, ...], Path | None]:
    if not request.images:
        return Route.GENERATIONS, (), None
    if family is DALL_E_2:
        return await asyncio.to_thread(_small, request)
    images = tuple(image.path for image in request.images[: family.inputs])
    mask = await asyncio.to_thread(_alpha, request.mask, request.folder / "alpha.png") if request.mask else None
    return Route.EDITS, images, mask


def _alpha(mask: Path, target: Path) -> Path:
    """OpenAI's idea of a mask: transparent where to paint, also where ours fades. Blocks."""
    keep = Image.open(mask).convert("L").point([255] + [0] * 255)
    picture = Image.merge("LA", (Image.new("L", keep.size), keep)).convert("RGBA")
    picture.save(target, "PNG")
    return target


def _small(request: Request) -> tuple[Route, tuple[Path, ...], Path | None]:
    """For dall-e-2: one square PNG of at most 4 MB, and the mask in its size. Blocks."""
    image, path = open_pixels(request.images[0].path).convert("RGBA"), request.folder / "square.png"
    side = 1024
    image.resize((side, side), Image.Resampling.LANCZOS).save(path, "PNG")
    if path.stat().st_size >= FILE_BYTES:
        side = 512
        image.resize((side, side), Image.Resampling.LANCZOS).save(path, "PNG")
    if request.mask is None:
        return Route.VARIATIONS, (path,), None
    mask = request.folder / "mask-square.png"
    Image.open(request.mask).convert("L").resize((side, side), Image.Resampling.NEAREST).save(mask, "PNG")
    return Route.EDITS, (path,), _alpha(mask, request.folder / "alpha.png")


def prompt(request: Request) -> str:
    """The prompt with all that these models want to be told in words."""
    lines = [_task(request), request.text, _emphasis(request), *_roles(request), _unwanted(request)]
    return "\n".join(line for line in lines if line) or "A picture of your choice."


def _task(request: Request) -> str:
    if request.edit is not None:
        searched = f" What to replace: {request.search}. By what:" if request.search else ""
        return EDITS[request.edit] + searched
    match request.operation:
        case Operation.VARY if request.strength <= SUBTLE:
            return "Make a variation of this picture that keeps its subject, composition, style and colours, and differs in details alone."
        case Operation.VARY:
            return "Make a variation of this picture with the same subject and style, but freely different in composition and details."
        case Operation.INPAINT:
            return (
                "Paint anew only what the mask leaves transparent, so that it continues the rest without a seam. Keep the rest exactly"
                " as it is. What the picture shows:"
            )
        case Operation.BLEND:
            count, shares = len(request.images), _shares(request)
            return f"Blend these {count} pictures into one new picture that unites their subjects and styles{shares}."
        case _:
            return ""


def _shares(request: Request) -> str:
    weights = [max(0.0, image.weight) for image in request.images]
    if len(set(weights)) < 2:
        return ""
    return f", in the proportions {' : '.join(f'{weight / sum(weights):.0%}' for weight in weights)}"


def _emphasis(request: Request) -> str:
    """Weights as shares, where they differ."""
    parts = [part for part in request.parts if part.weight > 0 and part.text]
    if len({part.weight for part in parts}) < 2:
        return ""
    total = sum(part.weight for part in parts)
    return f"Emphasis: {'; '.join(f'{part.text} {part.weight / total:.0%}' for part in parts)}."


def _roles(request: Request) -> list[str]:
    """What each picture is for, where there are several or one is no picture to work on."""
    if all(image.role is Role.INITIAL for image in request.images) or request.operation is Operation.BLEND:
        return []
    weight = float(request.parameters.get("iw") or 1)
    how = "loosely" if weight < LOOSE else "closely" if weight > CLOSE else ""
    follow = f"is to be followed {how}".rstrip() + " in subject and composition"
    return [f"Picture {place} {ROLES.get(i.role, follow)}." for place, i in enumerate(request.images, start=1)]


def _unwanted(request: Request) -> str:
    names = [*request.negative, *(part.text for part in request.parts if part.weight < 0)]
    return f"Do not show: {', '.join(names)}." if names else ""
