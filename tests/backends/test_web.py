"""What remote generators share: pictures go to the disk as they come, trouble becomes an error in words, and no secret gets out."""

import asyncio
import base64
import json
import logging
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiohttp import BodyPartReader, web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.web import (
    Account,
    BackendLost,
    Encoded,
    Failure,
    FormFile,
    Names,
    Picture,
    Spool,
    Unreadable,
    Web,
    form_body,
    is_near,
    json_body,
    retry_after,
    sentence,
)
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from tests.backends.doubles.server import KEY, Double, encoded, picture

NAMES = Names(url="LIENZO_TOY_URL", key="LIENZO_TOY_KEY", model="LIENZO_TOY_MODEL")
PNG = picture(48, 32, 1)
JPEG = picture(32, 48, 2, "JPEG")
PNG_LARGE = picture(200, 200, 3)

# JSON in pieces


def spooled(data: bytes, folder: Path, cuts: Iterable[int] = (), **limits: int) -> tuple[Any, dict[str, bytes]]:
    """The value, and what was written, by token."""
    spool, start = Spool(folder, **limits), 0
    try:
        for cut in [*sorted(set(cuts)), len(data)]:
            spool.feed(data[start:cut])
            start = cut
        return spool.finish(), {token: path.read_bytes() for token, path in spool.files.items()}
    finally:
        spool.close()


TEXTS = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(VALUES, st.lists(st.binary(min_size=3100, max_size=9000), max_size=3), st.booleans(), st.data())
def test_any_json_is_read_the_same_in_any_pieces(
    tmp_path_factory: pytest.TempPathFactory, value: Any, pictures: list[bytes], ascii_only: bool, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    texts = [base64.b64encode(one).decode() for one in pictures]
    body = json.dumps({"value": value, "pictures": texts}, ensure_ascii=ascii_only).encode()
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=8))
    found, files = spooled(body, folder, cuts)
    assert found["value"] == value
    assert [files[token] for token in found["pictures"]] == pictures


def in_lines(text: str) -> str:
    return "\\r\\n".join(text[at : at + 76] for at in range(0, len(text), 76))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "data URL": lambda text: "data:image/png;base64," + text,
    "no padding": lambda text: text.rstrip("="),
    "escaped slashes": lambda text: text.replace("/", "\\/"),
    "unicode escapes": lambda text: text.replace("=", "\\u003d").replace("+", "\\u002B"),
    "url-safe": lambda text: text.replace("+", "-").replace("/", "_"),
    "lines": in_lines,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_base64_in_every_spelling(tmp_path: Path, spelling: str, step: int) -> None:
    text = base64.b64encode(PNG + b"?>").decode()
    body = b'{"a": "' + SPELLINGS[spelling](text).encode() + b'", "b": 1}'
    value, files = spooled(body, tmp_path, range(0, len(body), step))
    assert files[value["a"]] == PNG + b"?>"
    assert value["b"] == 1


def test_long_texts_that_are_no_pictures_stay(tmp_path: Path) -> None:
    texts = ["word " * 3000, '{"seed": 1}' * 1000, "é" * 5000, "a" * 4000]
    value, files = spooled(json.dumps(texts).encode(), tmp_path)
    assert (value, files) == (texts, {})


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    spool = Spool(None)
    spool.feed(json.dumps(encoded(PNG)).encode())
    assert spool.finish() == encoded(PNG)
    assert spool.files == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"a": "b',
        b'{"a": "' + b"A" * 5000,
        b'{"a": "' + b"A" * 5001 + b'"}',  # one letter too many for base64
        b'{"a": "' + b"A" * 5000 + b'!"}',
        b'{"a": "' + b"A" * 5000 + b'\\x"}',
        b"[" * 200_000,
        b'{"a": "\\u12',
    ],
    ids=range(9),
)
def test_damaged_json_is_unreadable(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(Unreadable):
        spooled(body, tmp_path, range(0, min(len(body), 6000), 1000))


def test_text_has_a_cap(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        spooled(json.dumps(["word " * 400]).encode(), tmp_path, max_text=1000)
    assert spooled(json.dumps([encoded(PNG)]).encode(), tmp_path, max_text=5000)[1]


def test_a_large_picture_is_never_in_memory(tmp_path: Path) -> None:
    spool, piece = Spool(tmp_path), base64.b64encode(bytes(range(256)) * 768)
    tracemalloc.start()
    spool.feed(b'{"images": ["')
    for _ in range(100):
        spool.feed(piece)
    spool.feed(b'"]}')
    value = spool.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = spool.files[value["images"][0]].stat().st_size
    assert size == 100 * 256 * 768
    assert peak < size / 5


# A server of one's own


class Answer(BaseModel):
    picture: Picture
    note: str = ""


class Piece(BaseModel):
    kind: str = ""
    picture: Picture | None = None


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Toy(Double):
    """Answers with whatever the test wants."""

    answer: Handler | None = None
    bodies: list[bytes] = field(default_factory=list[bytes])

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.route("*", "/{path:.*}", self._handle)

    def admits(self, request: web.Request) -> bool:
        return True

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.answer is None:
            return web.json_response({"picture": encoded(PNG), "note": request.path})
        return await self.answer(request)


@pytest.fixture
async def toy() -> AsyncGenerator[Toy]:
    async with Toy() as double:
        yield double


def account(toy: Toy, **changes: Any) -> Account:
    headers = {"Authorization": SecretStr(f"Bearer {KEY}")}
    values: dict[str, Any] = {"backend": "toy", "url": toy.url, "names": NAMES, "headers": headers}
    return Account(**(values | changes))


@pytest.fixture
async def client(toy: Toy) -> AsyncGenerator[Web]:
    made = Web(account(toy))
    yield made
    await made.close()


def saying(response: Callable[[], web.StreamResponse]) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return response()

    return answer


@pytest.mark.parametrize("data", [PNG, PNG_LARGE, JPEG], ids=["png", "larger", "jpeg"])
async def test_a_picture_of_any_size_becomes_a_file(toy: Toy, client: Web, tmp_path: Path, data: bytes) -> None:
    toy.answer = saying(lambda: web.json_response({"picture": encoded(data), "other": [1]}))
    answer = await client.ask(Answer, "GET", "/picture", seconds=5, folder=tmp_path)
    assert await asyncio.to_thread(answer.picture.read_bytes) == data
    named = await client.named(answer.picture, tmp_path / "toy-0")
    assert named.name == ("toy-0.jpg" if data is JPEG else "toy-0.png")


@pytest.mark.parametrize(
    "body", [{}, {"picture": None}, {"picture": ""}, {"picture": "no base64!"}, {"picture": 3}, []]
)
async def test_another_shape_is_broken(toy: Toy, client: Web, tmp_path: Path, body: Any) -> None:
    toy.answer = saying(lambda: web.json_response(body))
    with pytest.raises(BackendBroken):
        await client.ask(Answer, "GET", "/", seconds=5, folder=tmp_path)


async def test_a_file_that_is_no_picture_is_broken(client: Web, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"hello")
    with pytest.raises(BackendBroken, match="not a PNG, JPEG"):
        await client.named(path, tmp_path / "toy-0")


async def test_a_claim_of_too_many_pixels_is_broken(client: Web, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(PNG[:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:])
    with pytest.raises(BackendBroken, match="too large"):
        await client.sniffed(path)


async def test_a_token_that_a_server_makes_up_leads_nowhere(toy: Toy, client: Web, tmp_path: Path) -> None:
    """A short text is decoded, whatever it looks like: no path of the server's choice is ever read."""
    (tmp_path / "secret").write_text("mine")
    toy.answer = saying(lambda: web.json_response({"picture": "secret"}))
    answer = await client.ask(Answer, "GET", "/", seconds=5, folder=tmp_path)
    assert answer.picture != tmp_path / "secret"
    with pytest.raises(BackendBroken):
        await client.named(answer.picture, tmp_path / "toy-0")


async def test_json_goes_out_with_files_in_it(toy: Toy, client: Web, tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(PNG_LARGE * 8)  # more than one piece
    value = {"prompt": "ñandú", "images": [Encoded(path), {"url": Encoded(path, data_url=True)}], "n": 2}
    await client.ask(Answer, "POST", "/", seconds=5, body=json_body(value), folder=tmp_path)
    sent, text = toy.asked[0], encoded(PNG_LARGE * 8)
    assert sent.json == {"prompt": "ñandú", "images": [text, {"url": f"data:image/png;base64,{text}"}], "n": 2}
    assert "Transfer-Encoding" not in sent.headers
    assert int(sent.headers["Content-Length"]) > 2 * len(text)


async def test_forms_go_out_with_files_in_them(toy: Toy, client: Web, tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(PNG_LARGE)
    parts: list[tuple[str | None, str | None, str | None, bytes]] = []

    async def read(request: web.Request) -> web.StreamResponse:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            parts.append((part.name, part.filename, part.headers.get("Content-Type"), bytes(await part.read())))
        return web.json_response({"picture": encoded(PNG)})

    toy.answer = read
    fields: list[tuple[str, str | FormFile]] = [
        ("prompt", "ñandú\r\n--x"),
        ("image[]", FormFile(path)),
        ("image[]", FormFile(path, "b.png")),
    ]
    await client.ask(Answer, "POST", "/", seconds=5, body=form_body(fields), folder=tmp_path)
    assert parts == [
        ("prompt", None, None, "ñandú\r\n--x".encode()),
        ("image[]", "in.png", "image/png", PNG_LARGE),
        ("image[]", "b.png", "image/png", PNG_LARGE),
    ]


async def test_a_binary_answer_goes_to_a_file(toy: Toy, client: Web, tmp_path: Path) -> None:
    toy.answer = saying(lambda: web.Response(body=PNG, headers={"seed": "7"}, content_type="image/png"))
    head = await client.save("POST", "/", tmp_path / "out", seconds=5, body=form_body({"none": ""}))
    assert (head.status, head.headers["Seed"]) == (200, "7")
    assert (tmp_path / "out").read_bytes() == PNG


async def test_the_key_goes_to_its_own_address_alone(toy: Toy, client: Web, tmp_path: Path) -> None:
    async with Toy() as other:
        other.answer = saying(lambda: web.Response(body=PNG))
        await client.save("GET", f"{other.url}/picture?token=1", tmp_path / "out", seconds=5)
        assert "Authorization" not in other.asked[0].headers
        toy.answer = saying(lambda: web.Response(status=307, headers={"Location": f"{other.url}/stolen"}))
        with pytest.raises(BackendRejected, match="LIENZO_TOY_URL"):
            await client.ask(Answer, "POST", "/", seconds=5, body=json_body({}))
        assert toy.asked[0].headers["Authorization"] == f"Bearer {KEY}"
        assert len(other.asked) == 1


async def test_basic_authentication(toy: Toy) -> None:
    made = Web(account(toy, headers={}, basic=("ana", SecretStr("p:ñ"))))
    await made.status("GET", "/", seconds=5)
    await made.close()
    assert base64.b64decode(toy.asked[0].headers["Authorization"].removeprefix("Basic ")) == "ana:p:ñ".encode()


# Events


def streaming(*pieces: bytes) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return answer


async def events(client: Web, folder: Path) -> list[Piece]:
    found = client.events(Piece, "POST", "/", seconds=5, folder=folder, body=json_body({}))
    async with aclosing(found):
        return [piece async for piece in found]


def event(kind: str, data: bytes | None = None) -> bytes:
    return json.dumps({"kind": kind} | ({"picture": encoded(data)} if data else {})).encode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("step", [1, 10_000])
async def test_events_come_with_their_pictures(toy: Toy, client: Web, tmp_path: Path, end: bytes, step: int) -> None:
    head = [b": hello", b"event: partial", b"data: " + event("partial", PNG), b"", b"id: 3"]
    lines = [*head, b"data:" + event("done", JPEG), b"", b"data: [DONE]", b"", b"data: {}", b"", b""]
    stream = end.join(lines)
    toy.answer = streaming(*(stream[at : at + step] for at in range(0, len(stream), step)))
    found = await events(client, tmp_path)
    assert [piece.kind for piece in found] == ["partial", "done"]
    assert [piece.picture.read_bytes() for piece in found if piece.picture] == [PNG, JPEG]


async def test_data_over_several_lines_is_one_event(toy: Toy, client: Web, tmp_path: Path) -> None:
    toy.answer = streaming(b'data: {"kind":\ndata: "both"}\n\n')
    assert [piece.kind for piece in await events(client, tmp_path)] == ["both"]


async def test_a_stream_without_an_event_gives_none(toy: Toy, client: Web, tmp_path: Path) -> None:
    toy.answer = streaming(b": nothing\n\n", b"\n")
    assert await events(client, tmp_path) == []


async def test_a_server_that_does_not_stream_gives_its_one_answer(toy: Toy, client: Web, tmp_path: Path) -> None:
    toy.answer = saying(lambda: web.Response(body=event("whole", PNG), content_type="application/json"))
    (piece,) = await events(client, tmp_path)
    assert (piece.kind, piece.picture and piece.picture.read_bytes()) == ("whole", PNG)


@pytest.mark.parametrize(
    "stream", [b"data: {\n\n", b"data: <html>\n\n", b'data: {"kind": 3}\n\n', b'data: {"kind": "x']
)
async def test_a_broken_event_is_broken(toy: Toy, client: Web, tmp_path: Path, stream: bytes) -> None:
    toy.answer = streaming(stream)
    with pytest.raises(BackendBroken):
        await events(client, tmp_path)


# What goes wrong


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "No such model", "type": "invalid_request_error", "param": None, "code": "x"}}, "No such model"),
        ({"error": "prompt required"}, "prompt required"),
        ({"detail": "Not here"}, "Not here"),
        ({"detail": [{"loc": ["body", "steps"], "msg": "too many", "type": "int"}]}, "steps: too many"),
        ({"error": "HTTPException", "detail": "Sampler not found", "body": "", "errors": ""}, "Sampler not found"),
        ({"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA"}, "OutOfMemoryError"),
        ({"id": "1", "name": "bad_request", "errors": ["width: no", "height: no"]}, "width: no; height: no"),
        ({"status": "error", "messege": "Out of credits"}, "Out of credits"),
        ({"status": "failed", "message": {"prompt": ["is required"]}}, "prompt: is required"),
        ({"status": "Out of API credits"}, "Out of API credits"),
        ({"err": "Something\n broke"}, "Something broke"),
        ({"code": 24, "description": "banned word"}, "banned word"),
        ([{"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}], "Quota"),
        ("plain", "plain"),
        (None, ""),
        (7, ""),
        ({"error": {"error": {"error": {"error": {"error": "deep"}}}}}, ""),
        ({"detail": "x" * 1000}, "x" * 300),
    ],
)  # fmt: skip
def test_every_shape_of_error_is_a_sentence(body: Any, said: str) -> None:
    assert sentence(body) == said


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    ],
)
def test_when_to_come_again(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_when_to_come_again_as_a_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=100)
    seconds = retry_after({"retry-after": format_datetime(at, usegmt=True)})
    assert seconds is not None
    assert 60 < seconds <= 100


@pytest.mark.parametrize(
    ("status", "kind", "names"),
    [
        (301, BackendRejected, "LIENZO_TOY_URL"),
        (400, BackendRejected, "the reason"),
        (401, BackendRejected, "LIENZO_TOY_KEY"),
        (402, BackendRejected, "credit"),
        (403, BackendRejected, "LIENZO_TOY_KEY"),
        (404, BackendRejected, "LIENZO_TOY_MODEL"),
        (408, BackendTimeout, "took too long"),
        (413, BackendRejected, "the reason"),
        (422, BackendRejected, "the reason"),
        (429, RateLimited, "too much to do"),
        (500, BackendUnavailable, "the reason"),
        (503, BackendUnavailable, "the reason"),
        (504, BackendTimeout, "took too long"),
    ],
)
async def test_every_status_is_an_error(
    toy: Toy, client: Web, status: int, kind: type[BackendError], names: str
) -> None:
    toy.answer = saying(lambda: web.json_response({"error": "the reason"}, status=status, headers={"Retry-After": "3"}))
    with pytest.raises(kind, match=names) as caught:
        await client.ask(Answer, "POST", "/", seconds=5, body=json_body({}))
    assert not isinstance(caught.value, RateLimited) or caught.value.retry_after == 3


async def test_a_backend_may_read_a_failure_its_own_way(toy: Toy) -> None:
    def explain(failure: Failure) -> BackendError | None:
        refused = failure.code("error", "code") == "moderation_blocked"
        return BackendRefused(backend=failure.backend, reason=failure.reason) if refused else None

    made = Web(account(toy, explain=explain))
    body = {"error": {"message": f"no {KEY}", "code": "moderation_blocked"}}
    toy.answer = saying(lambda: web.json_response(body, status=400))
    with pytest.raises(BackendRefused, match=r"no \*\*\*"):
        await made.ask(Answer, "POST", "/", seconds=5)
    assert isinstance(made.failure(200, body), BackendRefused)
    assert isinstance(made.failure(429, {"error": "slow"}), RateLimited)
    await made.close()


async def test_a_routes_absence_is_an_answer(toy: Toy, client: Web) -> None:
    for status in (200, 404, 405):
        toy.answer = saying(lambda status=status: web.Response(status=status))
        assert await client.status("GET", "/", seconds=5) == status
    toy.answer = saying(lambda: web.Response(status=401))
    with pytest.raises(BackendRejected):
        await client.status("GET", "/", seconds=5)


@pytest.mark.parametrize("paid", [False, True])
async def test_what_was_paid_for_is_not_sent_again(toy: Toy, paid: bool) -> None:
    """A lost answer to what costs money is final; a question, or what never left, may be tried again."""
    made = Web(account(toy, paid=paid))
    toy.hold()

    async def never(_: web.Request) -> web.StreamResponse:
        await toy.work()
        return web.Response()

    toy.answer = never
    with pytest.raises(BackendLost if paid else BackendTimeout) as caught:
        await made.ask(Answer, "POST", "/", seconds=0.05, body=json_body({}))
    assert caught.value.retry is not paid
    with pytest.raises(BackendTimeout):
        await made.ask(Answer, "GET", "/", seconds=0.05)
    await toy.close()
    with pytest.raises(BackendUnavailable):
        await made.ask(Answer, "POST", "/", seconds=5, body=json_body({}))
    await made.close()


async def test_one_byte_at_a_time_does_not_outwit_the_clock(toy: Toy, client: Web) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.005)
        return response

    toy.answer = drip
    with pytest.raises(BackendTimeout):
        await client.ask(Answer, "GET", "/", seconds=0.1)


async def test_a_compressed_answer_is_not_unpacked(toy: Toy, client: Web) -> None:
    def squeezed() -> web.StreamResponse:
        response = web.json_response({"picture": encoded(PNG)}, headers={"Content-Encoding": "gzip"})
        response.body = b"\x1f\x8b" + bytes(40)
        return response

    toy.answer = saying(squeezed)
    with pytest.raises(BackendBroken):
        await client.ask(Answer, "GET", "/", seconds=5)
    assert toy.asked[0].headers["Accept-Encoding"] == "identity"


async def test_an_answer_has_a_cap(toy: Toy, tmp_path: Path) -> None:
    made = Web(account(toy, max_bytes=1 << 20))
    toy.answer = saying(lambda: web.Response(body=bytes((1 << 20) + 1)))
    with pytest.raises(BackendBroken, match="larger than 1 MB"):
        await made.save("GET", "/", tmp_path / "out", seconds=5)
    await made.close()


async def test_no_secret_is_shown(toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = account(toy, secrets=[SecretStr("in-the-body-1234")], basic=("ana", SecretStr("pass-word")), headers={})
    made = Web(secret)
    made.hide(SecretStr(KEY))
    leak = f"{KEY} in-the-body-1234 pass-word {base64.b64encode(b'ana:pass-word').decode()}"
    toy.answer = saying(lambda: web.json_response({"error": leak}, status=400))
    with pytest.raises(BackendRejected) as caught:
        await made.ask(Answer, "POST", "/", seconds=5, body=json_body({"key": "in-the-body-1234"}))
    await made.close()
    assert str(caught.value).count("***") == 4
    shown = f"{caught.value!r}{secret!r}{made!r}{vars(made)['_account']!r}{caplog.text}"
    for word in (KEY, "in-the-body-1234", "pass-word", "YW5hOnBhc3Mtd29yZA"):
        assert word not in shown


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("sdwebui", True),
        ("[::1]", True),
        ("192.168.1.4", True),
        ("gpu.local", True),
        ("api.example.com", False),
        ("8.8.8.8", False),
    ],
)
def test_what_is_near_needs_no_proxy(host: str, near: bool) -> None:
    assert is_near(host) is near


# Settings


class ToySettings(BackendSettings):
    model_config = prefixed("toy")

    url: Address = "https://api.example.com"
    key: SecretStr = SecretStr("")
    number: Annotated[int, Field(ge=1)] = 3


def test_settings_come_from_the_file_and_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"LIENZO_TOY_KEY={KEY}\nLIENZO_TOY_URL=http://host:1/\nLIENZO_TOY_NUMBER=\nLIENZO_OTHER=1\n")
    monkeypatch.setenv("LIENZO_TOY_URL", "http://other:2")
    settings = ToySettings.load(file)
    assert (settings.url, settings.key.get_secret_value(), settings.number) == ("http://other:2", KEY, 3)
    assert KEY not in f"{settings!r}{settings.model_dump()}"
    assert ToySettings.setting("key") == "LIENZO_TOY_KEY"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "api.example.com"),
        ("URL", "ftp://host"),
        ("URL", f"https://ana:{KEY}@host"),
        ("URL", f"https://host/?key={KEY}"),
        ("NUMBER", "0"),
        ("NUMBER", KEY),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"LIENZO_TOY_{name}", value)
    with pytest.raises(ConfigError, match=f"LIENZO_TOY_{name}") as caught:
        ToySettings.load(None)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
