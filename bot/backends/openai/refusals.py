"""What OpenAI, Azure and the gateways say when they say no.

The codes: https://developers.openai.com/api/docs/guides/error-codes and the enumeration of the Responses API.
"""

from bot.backends.openai.settings import NAME, OpenAiSettings
from bot.backends.web import Failure
from bot.errors import BackendError, BackendRefused, BackendRejected
from bot.i18n import T

REFUSALS = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "image_content_policy_violation",
        "content_filter",
        "responsibleaipolicyviolation",
    }
)
#: In the message of gateways that pass a refusal on under another code, or none.
REFUSED = ("safety system", "content policy", "content_policy", "moderation_blocked", "content management policy")
NO_MODEL = frozenset({"model_not_found", "model_deprecated", "deploymentnotfound"})
SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


class Missing(BackendRejected):
    """The server has no such route, or no such model."""


def explain(failure: Failure) -> BackendError | None:
    codes = {failure.code("error", "code").lower(), failure.code("error", "type").lower(), failure.code("code").lower()}
    reason = failure.reason or f"HTTP {failure.status}"
    if codes & REFUSALS or any(words in reason.lower() for words in REFUSED):
        return BackendRefused(backend=NAME, reason=reason)
    if codes & SPENT:
        return BackendRejected(
            T("The account of the {backend} backend has no credit left: {reason}", backend=NAME, reason=reason)
        )
    if codes & NO_MODEL or failure.status in (404, 405):
        text = T(
            "The {backend} backend does not have what was asked for. Check `{model}` and `{url}`. It said: {reason}",
            backend=NAME,
            model=OpenAiSettings.setting("model"),
            url=OpenAiSettings.setting("url"),
            reason=reason,
        )
        return Missing(text)
    return None
