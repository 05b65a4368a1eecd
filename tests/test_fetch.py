"""Pictures by URL: what comes in, and everything that must not."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.errors import FetchError, StorageFull
from bot.fetch import Fetcher, FetchLimits, Resolve, is_public
from bot.imaging import Imaging, sniff

LIMITS = FetchLimits(max_bytes=100_000, seconds=20, max_side=64)


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 16)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def resolving(**hosts: list[str]) -> Resolve:
    async def resolve(host: str, port: int) -> list[str]:
        return hosts[host.partition(".")[0]]

    return resolve


class Site:
    """A web server on this machine, with pages that a test sets, and what was asked of it."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.pages: dict[str, Callable[[web.Request], Any]] = {}
        app = web.Application()
        app.router.add_get("/{name:.*}", self._answer)
        self.server = TestServer(app)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.pages[request.path](request)
        return await answer if asyncio.iscoroutine(answer) else answer

    @property
    def port(self) -> int:
        return self.server.make_url("/").port or 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def body(self, path: str, data: bytes, **options: Any) -> None:
        self.pages[path] = lambda _: web.Response(body=data, **options)

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.pages[path] = lambda _: web.Response(status=status, headers={"Location": to})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.server.start_server()
    yield site
    await site.server.close()


@pytest.fixture
async def imaging() -> AsyncIterator[Imaging]:
    async with Imaging() as imaging:
        yield imaging


async def take(
    imaging: Imaging,
    url: str,
    folder: Path,
    *,
    trusted: Collection[str] = (),
    limits: FetchLimits = LIMITS,
    allowed_hosts: Collection[str] | None = None,
    resolve: Resolve | None = None,
) -> Path:
    async with Fetcher(imaging, limits, trusted=trusted, allowed_hosts=allowed_hosts, resolve=resolve) as fetcher:
        return await fetcher.fetch(url, folder)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".png"), ("GIF", ".png")])
async def test_a_picture_comes_in_normalised(
    site: Site, imaging: Imaging, tmp_path: Path, kind: str, suffix: str
) -> None:
    site.body("/a", picture(kind, (128, 64)), content_type="text/plain")
    path = await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])
    assert path.suffix == suffix
    assert sniff(path).size == (64, 32)
    assert files(tmp_path) == [path]


async def test_the_connection_goes_to_the_checked_address_under_the_hosts_own_name(
    site: Site, imaging: Imaging, tmp_path: Path
) -> None:
    site.body("/a", picture())
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    origin = f"http://pictures.test:{site.port}"
    await take(imaging, f"{origin}/a?b=c#d", tmp_path, trusted=[origin], resolve=resolve)
    assert asked == [("pictures.test", site.port)]
    assert site.requests[0].host == f"pictures.test:{site.port}"
    assert site.requests[0].path_qs == "/a?b=c"
    assert site.requests[0].headers["Accept-Encoding"] == "identity"


async def test_tls_is_verified_against_the_name_and_not_the_address(
    imaging: Imaging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[httpx.Request] = []

    async def handle(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(picture()))

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    await take(
        imaging, "https://ñandú.example/a", tmp_path, resolve=resolving(**{"xn--and-6ma2c": ["2606:4700::1111"]})
    )
    assert sent[0].url.host == "2606:4700::1111"
    assert sent[0].headers["Host"] == sent[0].extensions["sni_hostname"] == "xn--and-6ma2c.example"


async def test_the_next_address_is_tried_when_one_does_not_connect(
    site: Site, imaging: Imaging, tmp_path: Path
) -> None:
    site.body("/a", picture())
    origin = f"http://pictures.test:{site.port}"
    # Nothing listens on the other loopback address at this port.
    resolve = resolving(pictures=["127.0.0.77", "127.0.0.1"])
    assert await take(imaging, f"{origin}/a", tmp_path, trusted=[origin], resolve=resolve)


# addresses


IPV4 = "127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 255.255.255.255"
IPV4_ODD = "192.0.2.1 198.18.0.1"
IPV6 = ":: ::1 fe80::1 fe80::1%1 fc00::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 2002:7f00:1:: 2001:0:4136:e378:8000::1"
NAT64 = "64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::192.168.0.1"


@pytest.mark.parametrize("address", f"{IPV4} {IPV4_ODD} {IPV6} {NAT64}".split())
async def test_no_address_of_a_network_of_our_own_is_asked(imaging: Imaging, tmp_path: Path, address: str) -> None:
    assert not is_public(address)
    for answers in ([address], ["1.1.1.1", address]):
        with pytest.raises(FetchError, match="public addresses"):
            await take(imaging, "http://pictures.test/a", tmp_path, resolve=resolving(pictures=answers))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::1.1.1.1"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_every_address_has_a_verdict(address: Any) -> None:
    if is_public(str(address)):
        assert address.is_global


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "0", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_reached_however_it_is_written(
    site: Site, imaging: Imaging, tmp_path: Path, host: str
) -> None:
    with pytest.raises(FetchError):
        await take(imaging, f"http://{host}:{site.port}/a", tmp_path)
    assert site.requests == []


async def test_a_redirect_to_a_private_address_is_not_followed(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    site.redirect("/a", f"http://localhost:{site.port}/secret")
    with pytest.raises(FetchError, match="public addresses"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])
    assert [request.path for request in site.requests] == ["/a"]


async def test_a_name_that_changes_its_address_between_hops_is_checked_again(
    site: Site, imaging: Imaging, tmp_path: Path
) -> None:
    site.redirect("/a", f"http://other.test:{site.port}/b")
    origin = f"http://pictures.test:{site.port}"
    resolve = resolving(pictures=["127.0.0.1"], other=["127.0.0.1"])
    with pytest.raises(FetchError, match="public addresses"):
        await take(imaging, f"{origin}/a", tmp_path, trusted=[origin], resolve=resolve)
    assert len(site.requests) == 1


async def test_trust_is_in_scheme_host_and_port_together(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    site.body("/a", picture())
    for origin in (f"https://127.0.0.1:{site.port}", "http://127.0.0.1:1", "http://127.0.0.1"):
        with pytest.raises(FetchError, match="public addresses"):
            await take(imaging, f"{site.origin}/a", tmp_path, trusted=[origin])
    assert site.requests == []


# links


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_up_to_the_limit(
    site: Site, imaging: Imaging, tmp_path: Path, status: int
) -> None:
    for number in range(3):
        site.redirect(f"/{number}", f"{number + 1}", status)
    site.body("/3", picture())
    assert await take(imaging, f"{site.origin}/0", tmp_path, trusted=[site.origin])
    with pytest.raises(FetchError, match="too often"):
        await take(
            imaging, f"{site.origin}/0", tmp_path, trusted=[site.origin], limits=replace(LIMITS, max_redirects=2)
        )


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://a.test/", "http://", "//", "http://[", "javascript:1", "http://a:b@a.test/"]
)
async def test_only_plain_http_links_are_read_also_after_a_redirect(
    site: Site, imaging: Imaging, tmp_path: Path, target: str
) -> None:
    with pytest.raises(FetchError):
        await take(imaging, target, tmp_path, resolve=nobody)
    site.redirect("/a", target)
    with pytest.raises(FetchError):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])


async def nobody(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


PORTS = ["http://a.test:99999/", "http://a.test:65536/", "http://a.test:0/", "http://a.test:x/"]


@pytest.mark.parametrize("url", ["", "cat", "http://a.test/" + "a" * 3000, "http://\0/", *PORTS])
async def test_what_is_no_link_is_said_to_be_none(imaging: Imaging, tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError):
        await take(imaging, url, tmp_path, resolve=nobody)


async def test_a_name_that_no_host_can_have_is_said_not_to_exist(imaging: Imaging, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no host called"):
        await take(imaging, f"http://{'a' * 70}.test/", tmp_path)


async def test_only_allowed_hosts_and_what_is_under_them_may_be_linked(imaging: Imaging, tmp_path: Path) -> None:
    private = resolving(cdn=["10.0.0.1"], good=["10.0.0.1"], evilgood=["10.0.0.1"])
    for host, match in [
        ("good.test", "public"),
        ("cdn.GOOD.test", "public"),
        ("evilgood.test", "linked from evilgood"),
    ]:
        with pytest.raises(FetchError, match=match):
            await take(imaging, f"http://{host}/a", tmp_path, allowed_hosts=["*.good.test"], resolve=private)


async def test_a_host_that_does_not_exist_is_named(imaging: Imaging, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(FetchError, match=r"no host called pictures\.test"):
        await take(imaging, "http://pictures.test/a", tmp_path, resolve=resolve)


# answers


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500])
async def test_an_answer_that_is_no_picture_is_told_with_its_status(
    site: Site, imaging: Imaging, tmp_path: Path, status: int
) -> None:
    site.pages["/a"] = lambda _: web.Response(status=status)
    with pytest.raises(FetchError, match=f"answered {status}"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])


async def test_a_page_is_no_picture(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    site.body("/a.png", b"<html></html>", content_type="image/png")
    with pytest.raises(FetchError, match="not a PNG"):
        await take(imaging, f"{site.origin}/a.png", tmp_path, trusted=[site.origin])
    assert files(tmp_path) == []


async def test_a_file_said_to_be_too_large_is_not_read(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    site.body("/a", bytes(LIMITS.max_bytes + 1))
    with pytest.raises(FetchError, match=r"larger than 0\.0954 MB"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])


async def test_an_endless_file_is_left_at_the_limit(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    hung_up = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(65536))
        except (ConnectionError, asyncio.CancelledError):
            hung_up.set()
            raise

    site.pages["/a"] = endless
    with pytest.raises(FetchError, match="larger than"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])
    await asyncio.wait_for(hung_up.wait(), 30)
    assert files(tmp_path) == []


async def test_a_compressed_answer_is_not_inflated(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    def zipped(_: web.Request) -> web.Response:
        response = web.Response(body=picture())
        response.enable_compression(web.ContentCoding.gzip)
        return response

    site.pages["/a"] = zipped
    with pytest.raises(FetchError, match="not a PNG"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])


@pytest.mark.parametrize(
    ("declared", "match"), [(20, "not a PNG|damaged"), (90_000, "could not be loaded"), (-5, "could not be loaded")]
)
async def test_a_length_that_is_a_lie_gives_no_picture(
    imaging: Imaging, tmp_path: Path, declared: int, match: str
) -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % declared + picture())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(lie, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(FetchError, match=match):
        await take(imaging, f"{origin}/a", tmp_path, trusted=[origin])
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("head_first", [True, False])
async def test_a_server_that_dawdles_is_left_in_time(
    site: Site, imaging: Imaging, tmp_path: Path, head_first: bool
) -> None:
    over = asyncio.Event()

    async def dawdle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if head_first:
            await response.prepare(request)
            await response.write(picture()[:20])
        await over.wait()
        return response

    site.pages["/a"] = dawdle
    with pytest.raises(FetchError, match="too long"):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin], limits=replace(LIMITS, seconds=0.3))
    over.set()
    assert files(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_is_said_to_be_full(
    site: Site, imaging: Imaging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.body("/a", picture())

    def full(*_: Any) -> Any:
        return open("/dev/full", "wb")  # noqa: PTH123

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageFull):
        await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])


async def test_a_bomb_is_refused_by_its_pixels(site: Site, tmp_path: Path) -> None:
    site.body("/a", picture(size=(300, 300)))
    async with Imaging(max_pixels=300 * 299) as imaging:
        with pytest.raises(FetchError, match="too large"):
            await take(imaging, f"{site.origin}/a", tmp_path, trusted=[site.origin])
    assert files(tmp_path) == []


async def test_cookies_of_one_answer_are_not_sent_with_the_next(site: Site, imaging: Imaging, tmp_path: Path) -> None:
    site.body("/a", picture(), headers={"Set-Cookie": "a=b"})
    async with Fetcher(imaging, LIMITS, trusted=[site.origin]) as fetcher:
        await fetcher.fetch(f"{site.origin}/a", tmp_path)
        await fetcher.fetch(f"{site.origin}/a", tmp_path)
    assert [request.headers.get("Cookie") for request in site.requests] == [None, None]
