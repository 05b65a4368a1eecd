"""Calls through OpenAI's own SDK, whose answers are read as they stream in, and whose troubles become `BackendError`s."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncAPIResponse, AsyncAzureOpenAI, AsyncOpenAI
from pydantic import TypeAdapter, ValidationError

from bot.backends.openai.settings import NAME, OpenAiSettings
from bot.backends.web import BackendLost, Spool, Unreadable, Web, broken, client, is_near
from bot.backends.web.events import Events
from bot.backends.web.failures import parsed
from bot.errors import BackendError, BackendTimeout, BackendUnavailable
from bot.i18n import T
from bot.imaging import full_disk

#: Before the request left: whatever it costs, it was not asked for.
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
#: One call through the SDK, which is made when its context is entered.
Call: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncAPIResponse[Any]]]
log = logging.getLogger(__name__)
P = ParamSpec("P")
V = TypeVar("V")


class Head(httpx2.AsyncByteStream):
    """The first bytes of an error's body, which the SDK would read to its end."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        async for chunk in self._stream:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()


def sdk(settings: OpenAiSettings) -> AsyncOpenAI:
    """The SDK's client. It never tries again, follows no redirect, and takes nothing from the environment but a proxy."""
    near = is_near(httpx2.URL(settings.url).host)
    http = httpx2.AsyncClient(
        timeout=httpx2.Timeout(settings.timeout, connect=client.CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=64, max_keepalive_connections=8),
        trust_env=not near,
        event_hooks={"response": [_shorten]},
    )
    key, headers = settings.key.get_secret_value() or "none", {"Accept-Encoding": "identity"}
    if settings.api_version:
        made: AsyncOpenAI = AsyncAzureOpenAI(
            azure_endpoint=settings.url,
            api_version=settings.api_version,
            api_key=key,
            max_retries=0,
            default_headers=headers,
            http_client=http,
        )
    else:
        made = AsyncOpenAI(api_key=key, base_url=settings.url, max_retries=0, default_headers=headers, http_client=http)
    made.organization = settings.organization or None
    made.project = settings.project or None
    return made


async def _shorten(response: httpx2.Response) -> None:
    if not response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = Head(response.stream, client.ERROR_BYTES)


class Wire:
    """Makes calls on `sdk`. With `paid`, one that was sent and got lost is not sent again."""

    def __init__(self, sdk: AsyncOpenAI, web: Web, *, paid: bool) -> None:
        self.sdk = sdk
        self._web = web
        self._paid = paid

    async def close(self) -> None:
        await self.sdk.close()

    async def ask(
        self, shape: type[V], call: Call, *, seconds: float, folder: Path | None = None, free: bool = False
    ) -> V:
        """The answer's JSON as a value of `shape`; its pictures go into `folder`. `free`: a question that costs nothing."""
        spool = Spool(folder)
        try:
            async with self._answer(call, seconds, paid=self._paid and not free) as response:
                async for chunk in self._chunks(response):
                    await _in_thread(spool.feed, chunk)
            return await self._shaped(shape, spool, folder)
        except Unreadable:
            raise self._web.broken() from None
        finally:
            spool.close()

    async def events(self, shape: type[V], call: Call, *, seconds: float, folder: Path) -> AsyncGenerator[V]:
        """The data of each event; of an answer that is no stream, itself, if it has a body. Use it with `aclosing`."""
        reader = Events(folder)
        try:
            async with self._answer(call, seconds, paid=self._paid) as response:
                reader.whole = not response.headers.get("content-type", "").startswith("text/event-stream")
                async for chunk in self._chunks(response):
                    for spool in await _in_thread(reader.feed, chunk):
                        yield await self._shaped(shape, spool, folder)
            for spool in reader.finish():
                yield await self._shaped(shape, spool, folder)
        except Unreadable:
            raise self._web.broken() from None
        finally:
            reader.close()

    @asynccontextmanager
    async def _answer(self, call: Call, seconds: float, *, paid: bool) -> AsyncGenerator[httpx2.Response]:
        try:
            async with asyncio.timeout(seconds), call() as response:
                yield response.http_response
        except APIStatusError as error:
            answer = error.response
            raise self._web.failure(answer.status_code, parsed(answer.content), answer.headers) from None
        except (TimeoutError, APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            cause = error.__cause__ if isinstance(error, APIConnectionError) else None
            raise _lost(cause or error, paid=paid) from None

    async def _chunks(self, response: httpx2.Response) -> AsyncGenerator[bytes]:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._web.broken()
        received = 0
        async for (
            chunk
        ) in response.aiter_raw():  # as they come: with a size of their own, they would be held back until then
            received += len(chunk)
            if received > client.MAX_BYTES:
                raise broken(NAME, T("it is larger than {limit} MB.", limit=client.MAX_BYTES >> 20))
            yield chunk

    async def _shaped(self, shape: type[V], spool: Spool, folder: Path | None) -> V:
        try:
            return await _in_thread(_value, shape, spool, folder)
        except ValidationError as error:
            log.warning("%s: an answer of another shape: %s", NAME, [problem["loc"] for problem in error.errors()])
            raise self._web.broken() from None


def _lost(error: BaseException, *, paid: bool) -> BackendError:
    if isinstance(error, UNSENT):
        return BackendUnavailable(backend=NAME)
    if paid:
        return BackendLost(backend=NAME)
    late = isinstance(error, TimeoutError | httpx2.TimeoutException)
    return BackendTimeout(backend=NAME) if late else BackendUnavailable(backend=NAME)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _value(shape: type[V], spool: Spool, folder: Path | None) -> V:
    return _adapter(shape).validate_python(spool.finish(), context={"files": spool.files, "folder": folder})


async def _in_thread(function: Callable[P, V], *args: P.args, **kwargs: P.kwargs) -> V:
    with full_disk():
        return await asyncio.to_thread(function, *args, **kwargs)
