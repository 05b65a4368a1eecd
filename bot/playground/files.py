"""Files that were sent, in memory, behind signed links that expire as Discord's do."""

import hashlib
import hmac
import io
import mimetypes
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from bot.playground.clock import Clock
from bot.playground.problems import JSON

MIB = 1 << 20
KEPT_BYTES = 1024 * MIB  # the oldest files are forgotten beyond this
LIFETIME = 24 * 3600  # seconds that a link is good for
TIER_LIMITS = (10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB)  # bytes for each file, by the guild's premium tier
REQUEST_LIMIT = 25 * MIB  # bytes of one request


@dataclass(slots=True, frozen=True)
class Upload:
    """One file of a request: the n of its `files[n]`, its name and bytes."""

    index: int
    filename: str
    data: bytes


@dataclass(slots=True, eq=False)
class Stored:
    """A file that was taken in."""

    id: str
    channel_id: str
    filename: str
    data: bytes
    content_type: str | None = None
    size: tuple[int, int] | None = None  # of an image, from its header
    description: str | None = None
    ephemeral: bool = False

    def __post_init__(self) -> None:
        self.content_type = mimetypes.guess_type(self.filename)[0]
        if self.content_type and self.content_type.startswith("image/"):
            self.size = _image_size(self.data)


def clean_name(filename: str) -> str:
    """A file name as Discord keeps it: word characters, dots, dashes."""
    name = re.sub(r"[^\w.\-]", "", filename.replace(" ", "_"), flags=re.ASCII).strip(".")
    return name[-200:] or "unknown"


class Files:
    """The store, and the links of `base` (http://127.0.0.1:port)."""

    def __init__(self, clock: Clock) -> None:
        self.base = ""
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._files: OrderedDict[str, Stored] = OrderedDict()
        self._bytes = 0

    def add(self, stored: Stored) -> Stored:
        """Take a file in, or replace the one with its id."""
        if (earlier := self._files.pop(stored.id, None)) is not None:
            self._bytes -= len(earlier.data)
        self._files[stored.id] = stored
        self._bytes += len(stored.data)
        while self._bytes > KEPT_BYTES and len(self._files) > 1:
            self._bytes -= len(self._files.popitem(last=False)[1].data)
        return stored

    def get(self, file_id: str) -> Stored | None:
        """A file by its id."""
        return self._files.get(file_id)

    def url(self, stored: Stored) -> str:
        """A link that is good for `LIFETIME` from now."""
        now = int(self._clock.now())
        path = f"/cdn/attachments/{stored.channel_id}/{stored.id}/{quote(stored.filename)}"
        expires = f"{now + LIFETIME:x}"
        return f"{self.base}{path}?ex={expires}&is={now:x}&hm={self._sign(stored.id, expires)}&"

    def allowed(self, file_id: str, expires: str, signature: str) -> bool:
        """Whether a link's signature is ours and it has not expired."""
        if not hmac.compare_digest(self._sign(file_id, expires), signature):
            return False
        return int(expires, 16) > self._clock.now()

    def payload(self, stored: Stored) -> JSON:
        """Discord's attachment object, with a fresh link."""
        url = self.url(stored)
        found: JSON = {
            "id": stored.id, "filename": stored.filename, "size": len(stored.data), "url": url, "proxy_url": url,
        }  # fmt: skip
        if stored.content_type:
            found["content_type"] = stored.content_type
        if stored.size:
            found["width"], found["height"] = stored.size
        if stored.description:
            found["description"] = stored.description
        if stored.ephemeral:
            found["ephemeral"] = True
        return found

    def media(self, stored: Stored) -> JSON:
        """What embeds and components carry of a file."""
        url = self.url(stored)
        found: JSON = {"url": url, "proxy_url": url}
        if stored.content_type:
            found["content_type"] = stored.content_type
        if stored.size:
            found["width"], found["height"] = stored.size
        return found

    def renew(self, text: str, file_ids: list[str]) -> str:
        """The same JSON with fresh links to these files."""
        for file_id in file_ids:
            if (stored := self._files.get(file_id)) is not None:
                link = rf"{re.escape(self.base)}/cdn/attachments/\d+/{file_id}/[^\"]*"
                text = re.sub(link, self.url(stored), text)
        return text

    def _sign(self, file_id: str, expires: str) -> str:
        return hmac.new(self._key, f"{file_id}/{expires}".encode(), hashlib.sha256).hexdigest()


def _image_size(data: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
