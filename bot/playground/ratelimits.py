"""Rate limits by route and major parameter, told in headers always and enforced when switched on.

https://docs.discord.com/developers/topics/rate-limits
"""

import hashlib
from dataclasses import dataclass

from bot.playground.clock import Clock

GENEROUS = 1000  # what the headers say while nothing is enforced
KEPT_WINDOWS, LONGEST = 10_000, 60.0  # beyond so many, windows older than so many seconds are forgotten
GLOBAL = 50  # requests a second over all routes but interactions


@dataclass(slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


DEFAULT = Limit(50, 1.0)
LIMITS = {
    "POST /channels/{channel_id}/messages": Limit(5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": Limit(5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": Limit(5, 1.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": Limit(1, 0.25),
    "POST /channels/{channel_id}/typing": Limit(5, 5.0),
    "POST /users/@me/channels": Limit(10, 10.0),
    "POST /webhooks/{webhook_id}/{webhook_token}": Limit(5, 2.0),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": Limit(5, 2.0),
}


@dataclass(slots=True)
class Verdict:
    """The headers of an answer, and for a refusal the seconds to wait."""

    headers: dict[str, str]
    retry_after: float | None = None
    is_global: bool = False


class RateLimits:
    """Counts requests by the playground's clock. `enabled` makes it answer 429."""

    def __init__(self, clock: Clock) -> None:
        self.enabled = False
        self.limits = dict(LIMITS)
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._buckets: dict[str, str] = {}

    def take(self, route: str, major: str, *, counts_globally: bool) -> Verdict:
        """Count one request of a route with its major parameter."""
        now = self._clock.now()
        bucket = self._buckets.get(route) or self._buckets.setdefault(
            route, hashlib.sha256(route.encode()).hexdigest()[:32]
        )
        if not self.enabled:
            return Verdict(_headers(GENEROUS, GENEROUS - 1, now + 1, 1.0, bucket))
        if counts_globally and (wait := self._count(("global", ""), Limit(GLOBAL, 1.0), now)[1]) is not None:
            return Verdict({"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, wait, is_global=True)
        limit = self.limits.get(route, DEFAULT)
        used, wait = self._count((bucket, major), limit, now)
        start = self._windows[bucket, major][0]
        headers = _headers(
            limit.requests, max(0, limit.requests - used), start + limit.seconds, start + limit.seconds - now, bucket
        )
        if wait is not None:
            headers["X-RateLimit-Scope"] = "user"
        return Verdict(headers, wait)

    def _count(self, key: tuple[str, str], limit: Limit, now: float) -> tuple[int, float | None]:
        if len(self._windows) > KEPT_WINDOWS:
            self._windows = {each: window for each, window in self._windows.items() if window[0] > now - LONGEST}
        start, used = self._windows.get(key, (now, 0))
        if now >= start + limit.seconds:
            start, used = now, 0
        if used >= limit.requests:
            return used, start + limit.seconds - now
        self._windows[key] = (start, used + 1)
        return used + 1, None


def _headers(limit: int, remaining: int, reset: float, after: float, bucket: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": f"{reset:.3f}",
        "X-RateLimit-Reset-After": f"{after:.3f}", "X-RateLimit-Bucket": bucket,
    }  # fmt: skip
