"""One provider's HTTP: every call has a time limit and a cap on its bytes, every trouble becomes a `BackendError`, no secret gets out."""

import asyncio
import base64
import ipaddress
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

import httpx
from pydantic import SecretStr, TypeAdapter, ValidationError

from bot.backends.web.bodies import Body
from bot.backends.web.events import Events
from bot.backends.web.failures import (
    BackendLost,
    Explain,
    Failure,
    Names,
    broken,
    parsed,
    retry_after,
    sentence,
    trouble,
)
from bot.backends.web.spool import Spool, Unreadable
from bot.errors import BackendBroken, BackendError, BackendTimeout, BackendUnavailable, FetchError
from bot.i18n import T, Text
from bot.imaging import ImageInfo, full_disk, sniff

MAX_BYTES = 256 << 20  # ten pictures of 4096 × 2304, as PNG in base64
ERROR_BYTES = 64 * 1024
CONNECT_SECONDS = 10.0
#: Before the request left: whatever it costs, it was not asked for.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
log = logging.getLogger(__name__)
P = ParamSpec("P")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a backend lives, and who asks. `headers` go to its own address alone, never to a link in one of its answers."""

    backend: str
    url: str
    names: Names
    headers: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    basic: tuple[str, SecretStr] | None = None
    secrets: Collection[SecretStr] = ()  # those that it must not repeat, beside `headers`' and `basic`'s
    paid: bool = False  # a request that was sent is not sent again
    max_bytes: int | None = None  # of one answer; None is `MAX_BYTES`
    max_text: int = 8 << 20  # of one answer's JSON, pictures not counted
    explain: Explain | None = None


class Head(NamedTuple):
    """What came before a body. Names of headers are in any case."""

    status: int
    headers: Mapping[str, str]


class Web:
    """Asks one provider. Nothing is tried again here: the worker does that."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._base = httpx.URL(account.url)
        basic = account.basic
        self._auth = httpx.BasicAuth(basic[0], basic[1].get_secret_value()) if basic else None
        hidden = [*account.secrets, *account.headers.values(), *([basic[1]] if basic else [])]
        self._hidden: set[str] = _coded(basic)
        for secret in hidden:
            self.hide(secret)
        self._client = httpx.AsyncClient(
            headers={"User-Agent": "Lienzo", "Accept-Encoding": "identity"},
            # What is on this machine or in this house is never behind a proxy.
            trust_env=not is_near(self._base.host),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=8),
        )

    async def close(self) -> None:
        await self._client.aclose()

    def hide(self, secret: SecretStr) -> None:
        """From now on this is not repeated either, such as a token that was fetched."""
        words = secret.get_secret_value().split()
        self._hidden |= {word for word in words if len(word) > 3 and word != "Bearer"}

    async def ask(
        self,
        shape: type[V],
        method: str,
        path: str,
        *,
        seconds: float,
        body: Body | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> V:
        """The answer's JSON as a value of `shape` (a pydantic model, or what pydantic makes of a type).

        With a `folder`, pictures in it go there on the way: declare them as `Picture`, and `named` them. Raises `BackendError`.
        """
        spool = Spool(folder, max_text=self._account.max_text)
        try:
            async with self._open(method, path, seconds, body, params, headers) as response:
                async for chunk in self._chunks(response):
                    await self._in_thread(spool.feed, chunk)
            return await self._in_thread(_shaped, shape, spool, folder)
        except Unreadable:
            log.warning("%s: %s %s answered with no JSON, or damaged", self._account.backend, method, path)
            raise self.broken() from None
        except ValidationError as error:
            where = {".".join(map(str, problem["loc"])): problem["type"] for problem in error.errors()}
            log.warning("%s: %s %s answered in another shape: %s", self._account.backend, method, path, where)
            raise self.broken() from None
        finally:
            spool.close()

    async def status(self, method: str, path: str, *, seconds: float) -> int:
        """The status alone, to learn whether there is such a route: 404 and 405 are answers, too."""
        async with self._open(method, path, seconds, None, None, None, allowed=(404, 405)) as response:
            return response.status_code

    async def save(
        self,
        method: str,
        path: str,
        target: Path,
        *,
        seconds: float,
        body: Body | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Head:
        """The answer's bytes into a file. `path` may be a whole URL from an answer; then no secret goes along.

        Gives the status, which may be another good one than 200, and the headers.
        """
        async with self._open(method, path, seconds, body, params, headers) as response:
            await self._copy(response, target)
            return Head(response.status_code, response.headers)

    async def events(
        self,
        shape: type[V],
        method: str,
        path: str,
        *,
        seconds: float,
        folder: Path,
        body: Body | None = None,
        params: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[V]:
        """The `data:` of each server-sent event, as `ask` gives an answer; `[DONE]` ends them. Use it with `aclosing`.

        A server that answers with plain JSON instead gives that one value. One that ends without an event gives none: look out for it.
        """
        reader = Events(folder)
        try:
            async with self._open(method, path, seconds, body, params, {"Accept": "text/event-stream"}) as response:
                reader.whole = not response.headers.get("content-type", "").startswith("text/event-stream")
                async for chunk in self._chunks(response):
                    for spool in await self._in_thread(reader.feed, chunk):
                        yield await self._in_thread(_shaped, shape, spool, folder)
            for spool in reader.finish():
                yield await self._in_thread(_shaped, shape, spool, folder)
        except (Unreadable, ValidationError):
            raise self.broken() from None
        finally:
            reader.close()

    async def named(self, path: Path, target: Path) -> Path:
        """A picture's file under the name of `target`, with the suffix that its bytes tell. Raises `BackendBroken` if it is none."""
        info = await self.sniffed(path)
        return await asyncio.to_thread(path.replace, target.with_suffix(info.suffix))

    async def sniffed(self, path: Path) -> ImageInfo:
        """What a picture's first bytes say it is. Raises `BackendBroken` if it is none, or of more pixels than are ever decoded."""
        try:
            return await asyncio.to_thread(sniff, path)
        except FetchError as error:
            raise broken(self._account.backend, error.text) from None

    def broken(self) -> BackendError:
        return BackendBroken(backend=self._account.backend)

    def advice(self, error: BackendError) -> Text:
        """For the doctor: the error, and what to look at. Names the address, so not for users."""
        if not isinstance(error, BackendUnavailable | BackendTimeout):
            return error.text
        url, setting = self._account.url, self._account.names.url
        return T(
            "{problem} Check that it runs, and that `{setting}` is its address: {url}",
            problem=error.text,
            setting=setting,
            url=url,
        )

    def failure(self, status: int, data: Any, headers: Mapping[str, str] | None = None) -> BackendError:
        """The error for an answer that says no in its body, whatever its status says."""
        account = self._account
        reason = self._clean(sentence(data))
        after = retry_after(headers or {})
        failure = Failure(backend=account.backend, status=status, reason=reason, data=data, retry_after=after)
        return (account.explain and account.explain(failure)) or trouble(failure, account.names)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        seconds: float,
        body: Body | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        allowed: Collection[int] = (),
    ) -> AsyncGenerator[httpx.Response]:
        """The answer, once its head says that it is a good one. All that happens in the context is within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                request = await self._request(method, path, seconds, body, params, headers)
                away = "://" in path
                response = await self._client.send(
                    request, stream=True, auth=None if away else self._auth, follow_redirects=away
                )
                try:
                    if not response.is_success and response.status_code not in allowed:
                        raise await self._refusal(response)
                    yield response
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            log.info("%s: %s %s: %s", self._account.backend, method, path.partition("?")[0], type(error).__name__)
            raise self._lost(method, error) from None

    async def _request(
        self,
        method: str,
        path: str,
        seconds: float,
        body: Body | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        sent = dict(headers or {})
        away = "://" in path
        if not away:
            sent |= {name: secret.get_secret_value() for name, secret in self._account.headers.items()}
        if body is not None:
            sent |= {"Content-Type": body.media_type, "Content-Length": str(await body.length())}
        return self._client.build_request(
            method,
            path if away else f"{self._account.url}{path}",
            params=params,
            headers=sent,
            content=body.chunks() if body else None,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        )

    def _lost(self, method: str, error: Exception) -> BackendError:
        backend = self._account.backend
        if self._account.paid and method == "POST" and not isinstance(error, UNSENT):
            return BackendLost(backend=backend)
        late = isinstance(error, TimeoutError | httpx.TimeoutException) and not isinstance(error, UNSENT)
        return BackendTimeout(backend=backend) if late else BackendUnavailable(backend=backend)

    async def _refusal(self, response: httpx.Response) -> BackendError:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > ERROR_BYTES:
                break
        return self.failure(response.status_code, parsed(bytes(body)), response.headers)

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[bytes]:
        """Raw bytes: a compressed body could grow a thousandfold in one piece, and was not asked for."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self.broken()
        received, limit = 0, self._account.max_bytes or MAX_BYTES
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if received > limit:
                raise broken(self._account.backend, T("it is larger than {limit} MB.", limit=limit >> 20))
            yield chunk

    async def _copy(self, response: httpx.Response, target: Path) -> None:
        file = await asyncio.to_thread(target.open, "wb")
        try:
            async for chunk in self._chunks(response):
                await self._in_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)

    async def _in_thread(self, function: Callable[P, V], *args: P.args, **kwargs: P.kwargs) -> V:
        with full_disk():
            return await asyncio.to_thread(function, *args, **kwargs)

    def _clean(self, reason: str) -> str:
        for secret in sorted(self._hidden, key=len, reverse=True):
            reason = reason.replace(secret, "***")
        return reason


def _coded(basic: tuple[str, SecretStr] | None) -> set[str]:
    """What HTTP's basic authentication makes of a name and a password (RFC 7617)."""
    if basic is None:
        return set()
    return {base64.b64encode(f"{basic[0]}:{basic[1].get_secret_value()}".encode()).decode()}


def is_near(host: str) -> bool:
    """Whether a host is this machine or one beside it, by its name alone."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." not in host or host.endswith(".local")


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _shaped(shape: type[V], spool: Spool, folder: Path | None) -> V:
    return _adapter(shape).validate_python(spool.finish(), context={"files": spool.files, "folder": folder})
