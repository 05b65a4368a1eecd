"""A request in ModelsLab's words: which address, and which fields. The key is put in when it is sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr

from bot.backends.base import Operation, Request, Role
from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.web import Encoded
from bot.errors import BackendRejected
from bot.i18n import T
from bot.imaging import canvas, fit
from bot.imaging.compose import flatten
from bot.imaging.info import open_pixels

NAME = "modelslab"
SCHEDULERS = (
    "DDIMScheduler",
    "DDPMScheduler",
    "DEISMultistepScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "IPNDMScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "LCMScheduler",
    "LMSDiscreteScheduler",
    "PNDMScheduler",
    "UniPCMultistepScheduler",
)
UPSCALERS = (
    "RealESRGAN_x2plus",
    "RealESRGAN_x4plus",
    "RealESRGAN_x4plus_anime_6B",
    "realesr-general-x4v3",
    "ultra_resolution",
)
STEP, MAX_SIDE = 8, 1024
MAX_UPLOAD = 5 << 20  # bytes of a picture
OVERLAP = 32  # pixels of the picture that outpainting paints over, so that no seam shows
FEATHER = 24
IMAGES, EDITING = "/v6/images", "/v6/image_editing"


class ModelsLabSettings(BackendSettings):
    """`LIENZO_MODELSLAB_…`. `price` is USD for one picture, or for one description; `models` are more names, between commas."""

    model_config = prefixed(NAME)

    url: Address = "https://modelslab.com/api"
    key: SecretStr = SecretStr("")
    model: str = "flux"
    models: str = ""
    picture_model: str = ""
    upscaler: str = "realesr-general-x4v3"
    scheduler: str = ""
    steps: int = Field(default=30, ge=1, le=50)
    cfg: float = Field(default=7.5, ge=1, le=20)
    safety: bool = True
    price: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=300, gt=0)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the address, its fields without the key, and where its pictures are fetched that take longer."""

    path: str
    fields: dict[str, Any]
    fetch: str


async def calls_for(request: Request, settings: ModelsLabSettings) -> list[Call]:
    """Most addresses make up to four pictures in one call; outpainting makes one."""
    match request.operation:
        case Operation.DESCRIBE:
            image = await _image(request, request.images[0].path, "given")
            return [_editing("caption", {"init_image": image, "length": "long", "base64": True})]
        case Operation.UPSCALE:
            fields = {
                "init_image": await _image(request, request.images[0].path, "given"),
                "base64": True,
                "model_id": settings.upscaler,
                "scale": min(4, max(2, round(request.factor))),
                "face_enhance": False,
            }
            return [_editing("super_resolution", fields)]
        case Operation.OUTPAINT if is_wider_only(request):
            image = await _image(request, request.images[0].path, "given")
            return [_editing("outpaint", _outpainting(request, settings, image, seed)) for seed in request.seeds]
        case _:
            return [await _painting(request, settings)]


def is_wider_only(request: Request) -> bool:
    """Whether the picture stays in the middle of a canvas that grows one way: all that their outpainting knows."""
    frame = request.frame
    if frame is None:
        return False
    across, down = request.width - frame.width, request.height - frame.height
    one_way = (across < STEP) is not (down < STEP)
    return one_way and abs(2 * frame.left - across) <= STEP and abs(2 * frame.top - down) <= STEP


def _editing(name: str, fields: dict[str, Any]) -> Call:
    return Call(f"{EDITING}/{name}", fields, f"{EDITING}/fetch")


def _outpainting(request: Request, settings: ModelsLabSettings, image: Encoded, seed: int) -> dict[str, Any]:
    return {
        "image": image,
        "base64": True,
        "prompt": request.text,
        "negative_prompt": unwanted(request),
        "width": request.width,
        "height": request.height,
        "overlap_width": OVERLAP,
        "num_inference_steps": _steps(request, settings),
        "guidance_scale": float(request.parameters.get("cfg", settings.cfg)),
        "seed": seed,
    }


async def _painting(request: Request, settings: ModelsLabSettings) -> Call:
    fields: dict[str, Any] = {
        "model_id": model_of(request, settings),
        "prompt": request.text,
        "negative_prompt": unwanted(request),
        "width": request.width,
        "height": request.height,
        "samples": len(request.seeds),
        "num_inference_steps": _steps(request, settings),
        "guidance_scale": float(request.parameters.get("cfg", settings.cfg)),
        "seed": request.seeds[0],
        "safety_checker": "yes" if settings.safety else "no",
        "enhance_prompt": "no",
    }
    scheduler = str(request.parameters.get("sampler") or settings.scheduler)
    fields |= {"scheduler": scheduler} if scheduler else {}
    fields |= _loras(request.parameters.get("lora", ()))
    if request.operation is Operation.GENERATE:
        return Call(f"{IMAGES}/text2img", fields, f"{IMAGES}/fetch")
    source, mask = await asyncio.to_thread(ground, request)
    fields |= {"init_image": await _image(request, source, "given"), "base64": True, "strength": request.strength}
    if mask is None:
        return Call(f"{IMAGES}/img2img", fields, f"{IMAGES}/fetch")
    fields |= {"mask_image": await _image(request, mask, "given-mask")}
    return Call(f"{IMAGES}/inpaint", fields, f"{IMAGES}/fetch")


def ground(request: Request) -> tuple[Path, Path | None]:
    """The picture that is painted on, and the mask of what is painted anew, if only a part is. Blocks."""
    source, frame = request.images[0].path, request.frame
    if request.operation is not Operation.OUTPAINT:
        return source, request.mask
    if frame is None:
        raise BackendRejected(T("There is no place for the picture on its canvas."))
    whole, mask = request.folder / "outpaint.png", request.folder / "outpaint-mask.png"
    canvas(source, whole, mask, width=request.width, height=request.height, frame=frame, feather=FEATHER)
    return whole, mask


def model_of(request: Request, settings: ModelsLabSettings) -> str:
    works_on_one = bool(request.only(Role.INITIAL))
    return request.model or (works_on_one and settings.picture_model) or settings.model


def unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])


def _steps(request: Request, settings: ModelsLabSettings) -> int:
    quality = float(request.parameters.get("quality") or 1)
    return max(1, min(50, int(request.parameters.get("steps") or round(settings.steps * quality))))


def _loras(asked: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """One, or several between commas, and as many strengths."""
    if not asked:
        return {}
    strengths = [f"{weight:g}" for _, weight in asked]
    strength = asked[0][1] if len(asked) == 1 else ",".join(strengths)
    return {"lora_model": ",".join(name for name, _ in asked), "lora_strength": strength}


async def _image(request: Request, source: Path, name: str) -> Encoded:
    return Encoded(await asyncio.to_thread(_prepared, source, request.folder / f"{NAME}-{name}.png"), data_url=True)


def _prepared(source: Path, target: Path) -> Path:
    """The picture as they take it, PNG or JPEG and opaque: itself where it will do. Blocks."""
    image = open_pixels(source)
    if image.mode == "RGB" and source.suffix in (".png", ".jpg") and source.stat().st_size <= MAX_UPLOAD:
        return source
    with target.open("wb") as file:
        (image if image.mode == "L" else flatten(image)).save(file, "PNG", compress_level=1)
    return fit(target, target.with_suffix(".jpg"), MAX_UPLOAD)
