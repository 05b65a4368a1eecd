"""Gemini's `generateContent`: the body for one picture, what an answer holds, and what it cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.backends.base import Request
from bot.backends.vertex.answers import Answer, Part, Usage
from bot.backends.vertex.models import MILLION, SIDES, Model, Size, ratio, size
from bot.backends.vertex.settings import NAME
from bot.backends.vertex.words import DESCRIBE, DESCRIPTIONS, Told
from bot.backends.web import Encoded, broken, media_type
from bot.errors import BackendRefused
from bot.i18n import N_, T, Text

REASON = 300  # characters of what a model says that are passed on
CATEGORIES = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
UNSAFE, PROTECTED, UNTOLD = (
    N_("it was judged to be unsafe."),
    N_("it is too close to what somebody else made."),
    N_("it did not say why."),
)
#: `promptFeedback.blockReason` and `finishReason` that are a refusal (ai.google.dev/api/generate-content).
REFUSALS: Mapping[str, str] = {
    "SAFETY": UNSAFE,
    "IMAGE_SAFETY": UNSAFE,
    "PROHIBITED_CONTENT": N_("it is of a kind that is never made."),
    "IMAGE_PROHIBITED_CONTENT": N_("it is of a kind that is never made."),
    "BLOCKLIST": N_("it has a word that is not allowed."),
    "SPII": N_("it has somebody's personal data."),
    "RECITATION": PROTECTED,
    "IMAGE_RECITATION": PROTECTED,
    "MODEL_ARMOR": N_("the Google Cloud project's own rules forbid it."),
    "JAILBREAK": N_("it tries to get around the rules."),
    "IMAGE_OTHER": UNTOLD,
}


def body(told: Told, request: Request, seed: int, model: Model, safety: str) -> dict[str, Any]:
    """For one picture. A seed has 31 bits there."""
    shape: dict[str, Any] = {"aspectRatio": ratio(request.width, request.height, model.ratios)}
    shape |= {} if model.fixed else {"imageSize": size_of(request, model)}
    config: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"], "seed": seed & 0x7FFFFFFF, "imageConfig": shape}
    if level := _thinking(request.parameters, model):
        config["thinkingConfig"] = {"thinkingLevel": level}
    return {"contents": _contents(told), "generationConfig": config} | _safe(safety)


def description(picture: Path, safety: str) -> dict[str, Any]:
    """For prompts that describe a picture, as a list in JSON."""
    texts = {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": DESCRIPTIONS, "maxItems": DESCRIPTIONS}
    config = {"responseModalities": ["TEXT"], "responseMimeType": "application/json", "responseSchema": texts}
    return {"contents": _contents(Told((picture,), DESCRIBE)), "generationConfig": config} | _safe(safety)


def outcome(answer: Answer) -> Path:
    """The picture in an answer, the last that is no draft. Raises `BackendRefused` with the reason, or `BackendBroken`."""
    refused(answer)
    blobs = [part.inline_data for part in answer.said if part.inline_data is not None]
    if blobs:
        return blobs[-1].data
    if answer.text:
        raise BackendRefused(backend=NAME, reason=_short(answer.text))
    raise broken(NAME, T("no picture came."))


def texts(answer: Answer) -> tuple[str, ...]:
    """The prompts in a description. Raises as `outcome`."""
    refused(answer)
    try:
        found = TypeAdapter(list[str]).validate_json(answer.text)
    except ValidationError:
        found = answer.text.splitlines()
    prompts = tuple(text for text in (" ".join(one.split()) for one in found) if text)[:DESCRIPTIONS]
    if not prompts:
        raise broken(NAME, T("no description came."))
    return prompts


def refused(answer: Answer) -> None:
    """Raises `BackendRefused` where the prompt was blocked, or no part that could be used came and a filter says why."""
    feedback = answer.prompt_feedback
    if feedback.block_reason:
        raise BackendRefused(backend=NAME, reason=_reason(feedback.block_reason, feedback.block_reason_message))
    last = answer.candidates[0] if answer.candidates else None
    if last is not None and last.finish_reason in REFUSALS and not any(_shows(part) for part in answer.said):
        raise BackendRefused(backend=NAME, reason=_reason(last.finish_reason, last.finish_message))


def cost(usage: Usage, model: Model) -> float | None:
    """USD, from the tokens that were charged; None where they or their prices are not known."""
    pictures = sum(one.token_count for one in usage.candidates_tokens_details if one.modality == "IMAGE")
    if model.rates is None or not pictures:
        return None
    rates, words = model.rates, max(0, usage.candidates_token_count - pictures) + usage.thoughts_token_count
    return (usage.prompt_token_count * rates.words_in + words * rates.words_out + pictures * rates.picture) / MILLION


def size_of(request: Request, model: Model) -> Size:
    """The size that a request gets."""
    return size(*_wanted(request), model.sizes)


def falls_short(request: Request, model: Model) -> bool:
    """Whether that is not nearly as large as what was asked for."""
    across, down = _wanted(request)
    return across * down > 2 * SIDES[size_of(request, model)] ** 2


def _wanted(request: Request) -> tuple[int, int]:
    """Width and height; a draft is as small as can be."""
    return (64, 64) if request.parameters.get("draft") else (request.width, request.height)


def _thinking(parameters: Mapping[str, Any], model: Model) -> str | None:
    """`--quality` as a level of thought, and the least of it for a draft; None: as the model likes."""
    if not model.thinking:
        return None
    quality = float(parameters.get("quality", 1))
    if parameters.get("draft") or quality < 1:
        return model.thinking[0]
    return model.thinking[-1] if quality > 1 else None


def _contents(told: Told) -> list[dict[str, Any]]:
    blobs = [{"mimeType": media_type(path), "data": Encoded(path)} for path in told.images]
    parts = [*({"inlineData": blob} for blob in blobs), {"text": told.text}]
    return [{"role": "user", "parts": parts}]


def _safe(threshold: str) -> dict[str, Any]:
    if not threshold:
        return {}
    return {"safetySettings": [{"category": f"HARM_CATEGORY_{one}", "threshold": threshold} for one in CATEGORIES]}


def _shows(part: Part) -> bool:
    return part.inline_data is not None or bool(part.text.strip())


def _reason(code: str, said: str) -> str | Text:
    return _short(said) if said else Text(REFUSALS.get(code, UNTOLD))


def _short(text: str) -> str:
    return " ".join(text.split())[:REASON]
