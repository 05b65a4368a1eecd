"""What every REST call goes through: token, faults, rate limit, body, answer, log."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from bot.playground.clock import Clock
from bot.playground.faults import Fault, Faults
from bot.playground.files import REQUEST_LIMIT, Upload
from bot.playground.problems import JSON, ApiError, Check, invalid, too_large, unauthorized
from bot.playground.ratelimits import RateLimits

BASE = "/api/v10"
KEPT_REQUESTS = 20_000
CHUNK = 1 << 16
MAX_JSON = 1 << 20  # bytes of a body without files
HARD_LIMIT = 128 << 20  # bytes after which a request is cut off instead of read to its end


@dataclass(slots=True)
class Call:
    """One request as handlers see it."""

    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    uploads: list[Upload] = field(default_factory=list[Upload])

    def table(self) -> JSON:
        """The body, an object.

        Raises:
            ApiError: 50035.
        """
        if self.body is None:
            return {}
        check = Check()
        found = check.table(self.body, ())
        check.done()
        return found

    def flag(self, name: str) -> bool:
        """A boolean of the query."""
        return self.query.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """An integer of the query within bounds.

        Raises:
            ApiError: 50035.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isdigit() or not low <= int(text) <= high:
            raise invalid((name,), "NUMBER_TYPE_RANGE", f"int value should be between {low} and {high}.")
        return int(text)


@dataclass(slots=True)
class Answer:
    """Status and JSON; no body with 204."""

    status: int
    body: Any = None


@dataclass(slots=True)
class LoggedRequest:
    """What the bot asked. `files` are names and sizes; `route` is the path's template."""

    method: str
    path: str
    route: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    files: list[tuple[str, int]]
    at: float
    status: int = 0


@dataclass(slots=True)
class LoggedResponse:
    """What it was answered."""

    status: int
    headers: dict[str, str]
    body: Any


Handler = Callable[[Call], Answer]
Observer = Callable[[LoggedRequest, LoggedResponse], None]


class Wire:
    """Registers handlers and runs each call through the same steps."""

    def __init__(self, clock: Clock, token: str, faults: Faults, limits: RateLimits) -> None:
        self.log: deque[LoggedRequest] = deque(maxlen=KEPT_REQUESTS)
        self.observers: list[Observer] = []
        self.request_limit: Callable[[Call], int] = lambda _: REQUEST_LIMIT
        self._clock = clock
        self._authorization = f"Bot {token}"
        self._faults = faults
        self._limits = limits

    def add(self, router: web.UrlDispatcher, method: str, path: str, handler: Handler, *, auth: bool = True) -> None:
        """Serve a path below /api/v10. Without `auth` a token in the path stands for the bot's own."""
        route = f"{method} {path}"
        major = next(
            (
                name
                for name in ("channel_id", "guild_id", "webhook_token", "interaction_token")
                if f"{{{name}}}" in path
            ),
            "",
        )

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, route, major, handler, auth=auth)

        router.add_route(method, BASE + path, serve)

    async def _serve(
        self, request: web.Request, route: str, major: str, handler: Handler, *, auth: bool
    ) -> web.StreamResponse:
        call = Call(dict(request.match_info), dict(request.query))
        path = request.path.removeprefix(BASE)
        logged = LoggedRequest(
            request.method,
            path,
            route.partition(" ")[2],
            call.query,
            dict(request.headers),
            None,
            [],
            self._clock.now(),
        )
        self.log.append(logged)
        fault = self._faults.match(request.method, path)
        if fault is not None and fault.hold:
            await fault.released.wait()
        if auth and request.headers.get("Authorization") != self._authorization:
            answer, headers = _refusal(unauthorized()), {}
        else:
            verdict = self._limits.take(route, call.params.get(major, ""), counts_globally=auth)
            headers = verdict.headers
            if verdict.retry_after is not None:
                throttled = Fault("*", "*", 429, retry_after=verdict.retry_after, is_global=verdict.is_global)
                answer, headers = Answer(429, throttled.payload()), headers | throttled.headers()
                await _drain(request)
            else:
                answer = await self._answer(request, call, handler, fault, logged)
        if fault is not None and fault.drop:
            request.protocol.force_close()
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault is not None and fault.status is not None:
            answer, headers = Answer(fault.status, fault.payload()), headers | fault.headers()
        return self._respond(answer, headers, logged)

    async def _answer(
        self, request: web.Request, call: Call, handler: Handler, fault: Fault | None, logged: LoggedRequest
    ) -> Answer:
        try:
            await self._read(request, call)
            logged.body, logged.files = call.body, [(each.filename, len(each.data)) for each in call.uploads]
            if fault is not None and not fault.done and (fault.status is not None or fault.drop):
                return Answer(204)
            return handler(call)
        except ApiError as error:
            return _refusal(error)

    def _respond(self, answer: Answer, headers: dict[str, str], logged: LoggedRequest) -> web.Response:
        logged.status = answer.status
        for observer in self.observers:
            observer(logged, LoggedResponse(answer.status, headers, answer.body))
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        # Clients want this exact content type, without a charset.
        body = json.dumps(answer.body).encode()
        return web.Response(status=answer.status, headers=headers, body=body, content_type="application/json")

    async def _read(self, request: web.Request, call: Call) -> None:
        if request.content_type == "multipart/form-data":
            try:
                call.body, call.uploads = await _read_parts(request, self.request_limit(call))
            except ValueError:
                raise ApiError(400, 50035, "The multipart body could not be read.") from None
        elif request.can_read_body:
            raw = await request.read()
            if not raw:
                return
            if request.content_type != "application/json":
                raise ApiError(400, 50035, "Expected \"Content-Type\" header to be one of {'application/json'}.")
            if len(raw) > MAX_JSON:
                raise too_large()
            call.body = _parse(raw)


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, error.payload())


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


async def _drain(request: web.Request) -> None:
    async for _ in request.content.iter_chunked(CHUNK):
        pass


async def _read_parts(request: web.Request, limit: int) -> tuple[Any, list[Upload]]:
    """payload_json and files[n]. What is too large is read to its end, so that the client hears the answer."""
    body: Any = {}
    uploads: list[Upload] = []
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise invalid((), "MULTIPART_NESTED", "Nested multipart bodies are not allowed.")
        data = bytearray()
        while chunk := await part.read_chunk(CHUNK):
            total += len(chunk)
            if total <= limit:
                data += chunk
            if total > HARD_LIMIT:
                raise too_large()
        name = part.name or ""
        if name == "payload_json":
            body = _parse(bytes(data))
        elif name.startswith("files[") and name[6:-1].isdigit() and part.filename:
            uploads.append(Upload(int(name[6:-1]), part.filename, bytes(data)))
        else:
            raise invalid((), "MULTIPART_FIELD_UNKNOWN", f"The part {name!r} is neither payload_json nor files[n].")
    if total > limit:
        raise too_large()
    if len({upload.index for upload in uploads}) != len(uploads) or len(uploads) > 10:
        raise invalid(("attachments",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    return body, uploads
