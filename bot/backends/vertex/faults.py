"""What Google says when something is wrong: `google.rpc.Status` with its details (cloud.google.com/apis/design/errors)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from bot.backends.vertex.models import CURRENT, is_imagen
from bot.backends.vertex.settings import NAME
from bot.backends.web import Failure, Names, trouble
from bot.errors import BackendError, BackendRefused, BackendRejected, RateLimited
from bot.i18n import T


class Missing(BackendRejected):
    """There is no such model, at this place or any more."""


def gone(model: str, setting: str, error: Missing) -> BackendRejected:
    """For a model that Google does not have, named by a setting."""
    if is_imagen(model):
        text = T(
            "Google no longer serves `{model}`: Imagen is retired. Set `{setting}` to a model of today, such as `{current}`.",
            model=model,
            setting=setting,
            current=CURRENT,
        )
    else:
        text = T(
            "Google has no model `{model}`, or has retired it. Choose another in `{setting}`. It said: {reason}",
            model=model,
            setting=setting,
            reason=error.text.values.get("reason", ""),
        )
    return BackendRejected(text)


def explain(failure: Failure, names: Names) -> BackendError | None:
    """Google's own ways to say no (google.rpc.Status, with its details)."""
    details = _details(failure.data)
    if failure.status == 404:
        return Missing(backend=NAME, reason=failure.reason or "HTTP 404")
    if any(str(one.get("reason", "")).startswith("API_KEY_") for one in details):
        return trouble(replace(failure, status=401), names)
    if failure.status == 429:
        return _limited(failure, details)
    if failure.status == 400 and "support code" in failure.reason.lower():
        return BackendRefused(backend=NAME, reason=failure.reason)
    return None


def _limited(failure: Failure, details: Sequence[Mapping[str, Any]]) -> BackendError:
    """Too much at once, or the day's quota used up."""
    if any("PerDay" in str(one.get("violations")) for one in details):
        return BackendRejected(T("The day's quota at Google is used up. It said: {reason}", reason=failure.reason))
    delays = [str(one["retryDelay"]).removesuffix("s") for one in details if "retryDelay" in one]
    after = next((float(delay) for delay in delays if delay.replace(".", "", 1).isdigit()), failure.retry_after)
    return RateLimited(backend=NAME, retry_after=after)


def _details(data: Any) -> list[Mapping[str, Any]]:
    """The typed details of an error; a stream gives the error as a list of one."""
    found: Any = _field(_field(_first(data), "error"), "details")
    return [one for one in cast("list[Any]", found) if isinstance(one, Mapping)] if isinstance(found, list) else []


def _first(data: Any) -> Any:
    return next(iter(cast("list[Any]", data)), None) if isinstance(data, list) else data


def _field(data: Any, name: str) -> Any:
    return cast("Mapping[str, Any]", data).get(name) if isinstance(data, Mapping) else None
