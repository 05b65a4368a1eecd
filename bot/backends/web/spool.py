"""JSON that carries pictures, read as it arrives: each base64 text is decoded into a file on the way, so that no picture is ever held
in memory. What is left is small, and is read by the standard parser."""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

#: Characters of a text after which it is taken for a picture, if it could be base64 so far.
HEAD = 4096
#: A text in base64, perhaps of a data URL, perhaps in lines, as JSON writes it: `\/` is a slash, `=` may be `\u003d`.
BASE64 = re.compile(rb"(?:data:[\w.+/\\;=-]{0,100},)?(?:[A-Za-z0-9+/=_-]++|\\[/nr]|\\u00[0-7][0-9A-Fa-f])*+\Z")
SPECIAL = re.compile(rb'["\\]')
URL_SAFE = bytes.maketrans(b"-_", b"+/")
SHORT = 65536  # characters of a picture that came without being spooled


class Unreadable(ValueError):
    """The answer is no JSON, is damaged, or is too long."""


class _Decoder:
    """Base64 in any pieces, into a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._rest = b""

    def write(self, text: bytes) -> None:
        text = self._rest + text.translate(URL_SAFE, b" \t\r\n")
        whole = len(text) // 4 * 4
        self._rest = text[whole:]
        self._file.write(_decoded(text[:whole]))

    def finish(self) -> None:
        """Padding may be missing."""
        self._file.write(_decoded(self._rest + b"=" * (-len(self._rest) % 4)))
        self.close()

    def close(self) -> None:
        self._file.close()


class Spool:
    """Takes JSON in pieces; `finish` gives its value. Blocks on the disk: call it in a thread.

    Long base64 texts are decoded into files in `folder`; in the value a token stands in their place, which `Picture` turns into the path.
    Without a folder none are. What is not spooled may be `max_text` bytes long. Raises `Unreadable`.
    """

    def __init__(self, folder: Path | None, *, max_text: int = 8 << 20) -> None:
        self._folder = folder
        self._max_text = max_text
        self._text = bytearray()
        self._held = b""  # an escape of which the rest is still to come
        self._start: int | None = None  # of the string that is being read, in `_text`
        self._decided = False
        self._decoder: _Decoder | None = None
        self.files: dict[str, Path] = {}

    def feed(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        at = 0
        while at < len(data):
            at = self._outside(data, at) if self._start is None else self._inside(data, at)
        if len(self._text) > self._max_text:
            raise Unreadable("too long")

    def finish(self) -> Any:
        try:
            return json.loads(self._text)
        except (ValueError, RecursionError):
            raise Unreadable("no JSON") from None
        finally:
            self.close()

    def close(self) -> None:
        if self._decoder is not None:
            self._decoder.close()

    def is_text(self, text: bytes) -> bool:
        """Whether all that came is this."""
        return bytes(self._text).strip() == text

    def _outside(self, data: bytes, at: int) -> int:
        quote = data.find(b'"', at)
        end = len(data) if quote < 0 else quote + 1
        self._text += data[at:end]
        if quote >= 0:
            self._start, self._decided = len(self._text), self._folder is None
        return end

    def _inside(self, data: bytes, at: int) -> int:
        special = SPECIAL.search(data, at)
        end = special.start() if special else len(data)
        self._append(data[at:end])
        if special is None:
            return end
        if data[end] == ord('"'):
            self._end_string()
            return end + 1
        length = 6 if data[end + 1 : end + 2] == b"u" else 2
        if len(data) - end < length:
            self._held = data[end:]
            return len(data)
        self._append(data[end : end + length])
        return end + length

    def _append(self, piece: bytes) -> None:
        if self._decoder is not None:
            self._decoder.write(_unescaped(piece))
            return
        self._text += piece
        if not self._decided and self._start is not None and len(self._text) - self._start > HEAD:
            self._decide(self._start)

    def _decide(self, start: int) -> None:
        """Now that some of a string is here: is it a picture?"""
        self._decided = True
        if self._folder is not None and BASE64.match(self._text, start):
            token = secrets.token_hex(16)
            self._decoder = _Decoder(self._folder / f"{token}.part")
            self.files[token] = self._decoder.path
            self._decoder.write(_bare(_unescaped(bytes(self._text[start:]))))
            self._text[start:] = token.encode()

    def _end_string(self) -> None:
        if self._decoder is not None:
            self._decoder.finish()
            self._decoder = None
        self._text += b'"'
        self._start = None


def _unescaped(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    try:
        return json.loads(b'"' + text + b'"').encode("ascii")
    except ValueError:
        raise Unreadable("no base64") from None


def _bare(text: bytes) -> bytes:
    """Without the `data:image/png;base64,` of a data URL."""
    return text.partition(b",")[2] if text.startswith(b"data:") else text


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Unreadable("no base64") from None


def _picture(value: object, info: ValidationInfo) -> Path:
    """The file that a text was spooled into, or that a short one is written into now."""
    context: Mapping[str, Any] = info.context or {}
    files: Mapping[str, Path] = context.get("files", {})
    folder: Path | None = context.get("folder")
    if not isinstance(value, str) or folder is None:
        raise ValueError("no picture")
    if value in files:
        return files[value]
    if not 0 < len(value) <= SHORT:
        raise ValueError("no picture")
    decoder = _Decoder(folder / f"{secrets.token_hex(16)}.part")
    try:
        decoder.write(_bare(value.encode("ascii")))
        decoder.finish()
    finally:
        decoder.close()
    return decoder.path


#: In the shape of an answer: a picture in base64, as the path of a file with its bytes. Only where the request named a folder.
Picture = Annotated[Path, BeforeValidator(_picture)]
