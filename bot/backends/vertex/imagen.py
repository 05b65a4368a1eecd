"""Imagen's `:predict` on Vertex AI: pictures from words, repainting by a mask, a larger canvas, enlarging. Google has announced its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.backends.base import Request
from bot.backends.vertex.canvas import Framed
from bot.backends.vertex.models import Model, ratio, size
from bot.backends.web import Encoded, media_type

#: Between the two that it enlarges by.
FOURFOLD = 3


def generation(request: Request, model: Model, safety: str) -> dict[str, Any]:
    """All pictures in one call. A seed would need its watermark to be left out, and is not sent."""
    parameters = _parameters(request, safety) | {"aspectRatio": ratio(request.width, request.height, model.ratios)}
    parameters |= {} if model.fixed else {"sampleImageSize": size(request.width, request.height, model.sizes)}
    if model.negative and (unwanted := _unwanted(request)):
        parameters["negativePrompt"] = unwanted
    return _body({"prompt": request.text}, parameters)


def edition(request: Request, framed: Framed, safety: str) -> dict[str, Any]:
    """Repaints what the mask marks; without words, as if nothing had been there."""
    mode = "OUTPAINT" if framed.grown else "INPAINT_INSERTION" if request.text else "INPAINT_REMOVAL"
    references = [
        {"referenceType": "REFERENCE_TYPE_RAW", "referenceId": 1, "referenceImage": _image(framed.picture)},
        {
            "referenceType": "REFERENCE_TYPE_MASK",
            "referenceId": 2,
            "referenceImage": _image(framed.mask),
            "maskImageConfig": {"maskMode": "MASK_MODE_USER_PROVIDED"},
        },
    ]
    instance = {"prompt": request.text, "referenceImages": references}
    return _body(instance, _parameters(request, safety) | {"editMode": f"EDIT_MODE_{mode}"})


def enlargement(request: Request) -> dict[str, Any]:
    config = {"upscaleFactor": "x4" if request.factor >= FOURFOLD else "x2"}
    parameters = {"mode": "upscale", "sampleCount": 1, "upscaleConfig": config}
    return _body({"prompt": request.text, "image": _image(request.images[0].path)}, parameters)


def _parameters(request: Request, safety: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"sampleCount": len(request.seeds), "includeRaiReason": True}
    return parameters | ({"safetySetting": safety.lower()} if safety not in ("", "OFF") else {})


def _body(instance: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"instances": [instance], "parameters": parameters}


def _image(path: Path) -> dict[str, Any]:
    return {"bytesBase64Encoded": Encoded(path), "mimeType": media_type(path)}


def _unwanted(request: Request) -> str:
    return ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])
