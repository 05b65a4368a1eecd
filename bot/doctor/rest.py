"""Reading Discord's REST API, with a timeout, a cap, and a sentence for everything that can go wrong. The token is never shown."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from bot.i18n import T, Text

DISCORD: Final = "https://discord.com"
TIMEOUT: Final = httpx.Timeout(10.0)
MAX_BYTES: Final = 8 << 20
ATTEMPTS: Final = 3
MAX_WAIT: Final = 5.0  # seconds that one answer may make us wait for the next attempt

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Refusal:
    """No usable answer: what happened, how to mend it, and the HTTP status where there was an answer at all."""

    title: Text
    mend: Text
    status: int | None = None


class Busy(BaseModel):
    """The body of an answer 429: https://docs.discord.com/developers/topics/rate-limits"""

    retry_after: float = 1.0


class Rest:
    """GET requests as the bot. `client` is closed by who made it."""

    def __init__(self, client: httpx.AsyncClient, url: str | None, token: SecretStr) -> None:
        self.host = (url or DISCORD).rstrip("/")
        self._client = client
        self._token = token

    async def get(self, path: str, shape: type[R]) -> R | Refusal:
        """The answer as a `shape`, which says what is read of it; else why there is none."""
        try:
            status, body = await self._ask(path)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return self._no_address()
        except (httpx.HTTPError, TimeoutError) as error:
            return self._unreachable(error)
        if status != HTTPStatus.OK:
            return self._refused(path, status)
        try:
            return TypeAdapter(shape).validate_json(body)
        except ValidationError:
            return self._unreadable(path)

    async def _ask(self, path: str) -> tuple[int, bytes]:
        """Asked again, after the pause that the answer names, while there is too much to do over there."""
        status, body = await self._once(path)
        for _ in range(ATTEMPTS - 1):
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(_pause(body))
            status, body = await self._once(path)
        return status, body

    async def _once(self, path: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bot {self._token.get_secret_value()}", "User-Agent": "DiscordBot (lienzo, 0.1)"}
        url = f"{self.host}/api/v10{path}"
        body = b""
        async with self._client.stream("GET", url, headers=headers, timeout=TIMEOUT) as answer:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise httpx.TransportError("the answer is too large")
        return answer.status_code, body

    def _no_address(self) -> Refusal:
        return Refusal(
            T("`{url}` is not an address.", url=self.host),
            T(
                "Set `LIENZO_DISCORD_URL` to an address that begins with https://, or leave it empty for Discord itself."
            ),
        )

    def _unreachable(self, error: Exception) -> Refusal:
        return Refusal(
            T("{url} can't be reached ({error}).", url=self.host, error=type(error).__name__),
            T(
                "Check this machine's connection, proxy (HTTPS_PROXY) and firewall: it needs to reach {url}.",
                url=self.host,
            ),
        )

    def _refused(self, path: str, status: int) -> Refusal:
        again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        mend = (
            T("Try again in a few minutes; https://discordstatus.com tells of outages.")
            if again
            else T("Check that the token belongs to this application and that the bot is in the server.")
        )
        return Refusal(T("Discord answered {status} to {path}.", status=status, path=path), mend, status)

    def _unreadable(self, path: str) -> Refusal:
        return Refusal(
            T("{url} answered {path} with something that is not Discord's.", url=self.host, path=path),
            T("Check `LIENZO_DISCORD_URL` and any proxy on the way."),
        )


def _pause(body: bytes) -> float:
    try:
        return min(Busy.model_validate_json(body).retry_after, MAX_WAIT)
    except ValidationError:
        return 1.0
