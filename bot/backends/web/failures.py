"""What a provider says when something is wrong, in any of the shapes in which providers say it, as one of our errors."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from bot.errors import BackendBroken, BackendError, BackendRejected, BackendTimeout, BackendUnavailable, RateLimited
from bot.i18n import N_, T, Text

DEPTH = 4  # of a body within a body
REASON = 300  # characters of a provider's sentence that are passed on
#: Where a sentence may be, the first that there is: `{"error": {"message"}}` or `{"error"}` (OpenAI and what speaks like it),
#: `{"detail"}` (FastAPI; in A1111's handler beside an `error` that is only a class), `{"errors": []}` (Stability, A1111),
#: `{"message"}` or `{"messege"}` (ModelsLab), `{"err"}` and `{"status"}` (DeepAI), `{"description"}` (the Midjourney proxies).
PLACES = ("detail", "error", "errors", "message", "messege", "msg", "err", "description", "status")


class BackendLost(BackendError):
    """The connection broke, or the time was up, after a paid request was sent. Sent again, it might be paid for twice."""

    message = N_(
        "The {backend} backend did not answer in time, or broke off. It was not asked again, since that may cost twice."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The settings that an operator is pointed to."""

    url: str
    key: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that says no. `data` is its body where that was JSON; `reason` is the sentence in it, without secrets, or empty."""

    backend: str
    status: int
    reason: str
    data: Any = None
    retry_after: float | None = None  # seconds

    def code(self, *path: str) -> str:
        """The text at a place in the body, such as `error.code`; empty where there is none."""
        value: Any = self.data
        for name in path:
            value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None
        return value if isinstance(value, str) else ""


#: A backend's own reading of a failure, asked first: a refusal, most of all. None where it has none.
Explain = Callable[[Failure], BackendError | None]


def trouble(failure: Failure, names: Names) -> BackendError:
    """The error for an HTTP status."""
    status, backend = failure.status, failure.backend
    reason = failure.reason or f"HTTP {status}"
    if status in (401, 403):
        text = T(
            "The {backend} backend does not accept the key. Check `{setting}`. It said: {reason}",
            backend=backend, setting=names.key, reason=reason,
        )  # fmt: skip
        return BackendRejected(text)
    if status == 402:
        return BackendRejected(
            T("The account of the {backend} backend has no credit left: {reason}", backend=backend, reason=reason)
        )
    if status == 404:
        text = T(
            "The {backend} backend does not have what was asked for. Check `{model}` and `{url}`. It said: {reason}",
            backend=backend, model=names.model, url=names.url, reason=reason,
        )  # fmt: skip
        return BackendRejected(text)
    if status == 429:
        return RateLimited(retry_after=failure.retry_after, backend=backend)
    if status in (408, 504):
        return BackendTimeout(backend=backend)
    if status >= 500:
        return BackendUnavailable(T("The {backend} backend failed: {reason}", backend=backend, reason=reason))
    if status < 400:
        text = T(
            "`{url}` leads elsewhere: the address of the {backend} backend is another.", url=names.url, backend=backend
        )
        return BackendRejected(text)
    return BackendRejected(backend=backend, reason=reason)


def broken(backend: str, what: Text) -> BackendBroken:
    """For an answer that can't be used."""
    return BackendBroken(T("The {backend} backend's answer can't be used: {what}", backend=backend, what=what))


def parsed(body: bytes) -> Any:
    """The body's JSON; None where it is none, such as a gateway's HTML."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def sentence(data: Any) -> str:
    """What a body says in words, shortened; empty where it says nothing."""
    return " ".join(_sentence(data, DEPTH).split())[:REASON]


def _sentence(data: Any, depth: int) -> str:
    if isinstance(data, str) or depth == 0:
        return data if isinstance(data, str) else ""
    if isinstance(data, Mapping):
        body = cast("Mapping[str, Any]", data)
        found = next((text for name in PLACES if (text := _sentence(body.get(name), depth - 1))), "")
        return f"{_field(body)}{found}" if found or depth == DEPTH else _fields(body, depth)
    if isinstance(data, Sequence) and not isinstance(data, bytes):
        items = cast("Sequence[Any]", data)
        return "; ".join(text for item in items[:3] if (text := _sentence(item, depth - 1)))
    return ""


def _fields(body: Mapping[str, Any], depth: int) -> str:
    """Fields with what is wrong with them: `{"prompt": ["is required"]}`."""
    items = ((name, _sentence(value, depth - 1)) for name, value in list(body.items())[:3])
    return "; ".join(f"{name}: {text}" for name, text in items if text)


def _field(body: Mapping[str, Any]) -> str:
    """The field that FastAPI complains of: `{"loc": ["body", "steps"], "msg": "…"}`."""
    loc: Any = body.get("loc")
    return f"{cast('list[Any]', loc)[-1]}: " if isinstance(loc, list) and loc else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `Retry-After` (seconds, or a date as in RFC 9110) or `retry-after-ms`."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None or value is None:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None
