"""Pictures from outside, by URL: links in prompts and Discord's attachments. All that comes in here is somebody else's.

Each hop's host is resolved by us, its addresses are checked, and the connection is made to the address that was checked, so that a name
can't point elsewhere a moment later. The name still goes into `Host` and into TLS, where the certificate is verified against it.
"""

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import httpx

from bot.errors import FetchError
from bot.i18n import T
from bot.imaging import Imaging, full_disk

#: Gives a host's addresses, as texts, in the order in which to try them.
Resolve = Callable[[str, int], Awaitable[list[str]]]

MAX_URL = 2048
CHUNK = 256 * 1024
PORTS = {"http": 80, "https": 443}
HEADERS = {"User-Agent": "Lienzo", "Accept": "image/png,image/jpeg,image/webp,image/gif", "Accept-Encoding": "identity"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: IPv6 ranges that lead to an IPv4 address inside of them: NAT64 (RFC 6052, RFC 8215). 6to4 and Teredo are refused whole.
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one picture may cost. Pixels are limited by `Imaging`; of an animation only the first frame is ever decoded."""

    max_bytes: int = 25 * 1024 * 1024
    max_redirects: int = 3
    seconds: float = 20.0  # for all hops and the download together
    max_side: int = 2048  # pixels; larger pictures are shrunk


class Fetcher:
    """Takes pictures in. Owns its connections: use with `async with`, or close.

    `allowed_hosts` limits links to these hosts and what is under them; None allows every public one. `trusted` are origins
    (`https://host:port`) exempt from that and from the check of addresses, for a Discord on one's own machine.
    """

    def __init__(
        self,
        imaging: Imaging,
        limits: FetchLimits | None = None,
        *,
        allowed_hosts: Collection[str] | None = None,
        trusted: Collection[str] = (),
        resolve: Resolve | None = None,
    ) -> None:
        self._imaging = imaging
        self._limits = limits or FetchLimits()
        self._allowed = None if allowed_hosts is None else tuple(host.lower().lstrip("*.") for host in allowed_hosts)
        self._trusted = frozenset(_origin(httpx.URL(origin)) for origin in trusted)
        self._resolve = resolve or _addresses
        self._timeouts = httpx.Timeout(self._limits.seconds, connect=self._limits.seconds / 4).as_dict()
        # The transport alone: a client would read redirects and cookies by itself, and ask a proxy to resolve the names.
        # No connection is kept, as those are told apart by their address and not by the name that was verified.
        self._transport = httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_connections=16, max_keepalive_connections=0)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.aclose()

    async def fetch(self, url: str, folder: Path) -> Path:
        """Downloads the picture and writes it into `folder` as `imaging.normalise` does: a JPEG if it came as one, else a PNG.

        FetchError says why it can't be had; StorageFull when the disk is.
        """
        name = secrets.token_hex(8)
        raw = folder / f"{name}.part"
        try:
            with full_disk():
                await self._download(url, raw)
            info = await self._imaging.sniff(raw)
            target = folder / f"{name}{'.jpg' if info.format == 'JPEG' else '.png'}"
            await self._imaging.normalise(raw, target, self._limits.max_side)
            return target
        finally:
            await asyncio.to_thread(raw.unlink, missing_ok=True)

    async def _download(self, url: str, target: Path) -> None:
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._follow(_parse(url), target)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise FetchError(T("The picture took too long to load.")) from error
        except httpx.HTTPError as error:
            raise FetchError(T("The picture could not be loaded from that link.")) from error

    async def _follow(self, url: httpx.URL, target: Path) -> None:
        for _ in range(self._limits.max_redirects + 1):
            response = await self._open(url)
            try:
                if response.status_code not in REDIRECTS:
                    await self._save(response, url, target)
                    return
                url = _parse(response.headers.get("Location", ""), base=url)
            finally:
                await response.aclose()
        raise FetchError(T("That link leads on to other places too often."))

    async def _open(self, url: httpx.URL) -> httpx.Response:
        """The response's head, from the first of the host's addresses that lets us connect."""
        addresses = await self._checked(url)
        for address in addresses[:-1]:
            try:
                return await self._send(url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(url, addresses[-1])

    async def _send(self, url: httpx.URL, address: str) -> httpx.Response:
        request = httpx.Request(
            "GET",
            url.copy_with(host=address, fragment=None),
            headers={"Host": url.netloc.decode("ascii"), **HEADERS},
            extensions={"sni_hostname": url.raw_host.decode("ascii"), "timeout": self._timeouts},
        )
        return await self._transport.handle_async_request(request)

    async def _checked(self, url: httpx.URL) -> list[str]:
        """The addresses of the URL's host, none of which leads into a network of our own."""
        trusted = _origin(url) in self._trusted
        if not trusted and not self._may_link(url.host.lower()):
            raise FetchError(T("Pictures can't be linked from {host} here.", host=url.host))
        try:
            addresses = await self._resolve(url.raw_host.decode("ascii"), url.port or PORTS[url.scheme])
        except (OSError, UnicodeError) as error:
            raise FetchError(T("There is no host called {host}.", host=url.host)) from error
        if not addresses:
            raise FetchError(T("There is no host called {host}.", host=url.host))
        if not trusted and not all(is_public(address) for address in addresses):
            raise FetchError(T("Pictures can only be linked from public addresses."))
        return addresses

    def _may_link(self, host: str) -> bool:
        return self._allowed is None or any(
            host == allowed or host.endswith(f".{allowed}") for allowed in self._allowed
        )

    async def _save(self, response: httpx.Response, url: httpx.URL, target: Path) -> None:
        if response.status_code != 200:
            raise FetchError(
                T("{host} answered {status} instead of a picture.", host=url.host, status=response.status_code)
            )
        self._check_bytes(int(length) if (length := response.headers.get("Content-Length", "")).isdecimal() else 0)
        file = await asyncio.to_thread(target.open, "wb")
        try:
            await self._copy(response, file)
        finally:
            await asyncio.to_thread(file.close)

    async def _copy(self, response: httpx.Response, file: BinaryIO) -> None:
        """Raw bytes, since a compressed body could grow a thousandfold in one chunk. What the length was said to be counts for nothing."""
        received = 0
        async for chunk in response.aiter_raw(CHUNK):
            received += len(chunk)
            self._check_bytes(received)
            await asyncio.to_thread(file.write, chunk)

    def _check_bytes(self, count: int) -> None:
        if count > self._limits.max_bytes:
            raise FetchError(
                T("That picture is larger than {limit} MB.", limit=f"{self._limits.max_bytes / 1024**2:.3g}")
            )


def is_public(address: str) -> bool:
    """Whether the address is one of the open internet: no private, loopback, link-local, shared, reserved, multicast or disguised one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo:
            return False
        if any(ip in network for network in NAT64):
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    special = (
        ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_reserved or ip.is_multicast or ip.is_unspecified
    )
    return ip.is_global and not special


def _parse(text: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = httpx.URL(text) if base is None else base.join(text)
        usable = len(text) <= MAX_URL and url.scheme in PORTS and url.raw_host and not url.userinfo
        # An escape in a host was no letter of a name.
        usable = usable and "%" not in url.host and (url.port is None or 0 < url.port < 65536)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(T("That is not a link to a picture.")) from error
    if not usable:
        raise FetchError(T("Only links that begin with http:// or https:// can be read."))
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or PORTS.get(url.scheme, 0)


async def _addresses(host: str, port: int) -> list[str]:
    """IPv4 first, as many a container has no IPv6 to speak of."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
