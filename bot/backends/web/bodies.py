"""Request bodies that carry files: JSON with base64 in it, and forms. Files are read as they are sent, never whole."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHUNK = 192 * 1024  # a multiple of three, so that pieces of base64 fit together
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A file's bytes as base64: a value within JSON. `data_url` puts `data:image/png;base64,` in front."""

    path: Path
    data_url: bool = False

    @property
    def prefix(self) -> bytes:
        return f"data:{media_type(self.path)};base64,".encode() if self.data_url else b""


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file within a form."""

    path: Path
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, piece by piece, with its length known before."""

    media_type: str
    pieces: tuple[bytes | Encoded | FormFile, ...]

    async def length(self) -> int:
        return sum([await _length(piece) for piece in self.pieces])

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            if isinstance(piece, Encoded):
                yield piece.prefix
            async for data in _read(piece.path):
                yield base64.b64encode(data) if isinstance(piece, Encoded) else data


def json_body(value: Any) -> Body:
    """JSON; an `Encoded` in it, however deep, becomes the file's base64."""
    found: list[Encoded] = []
    mark = secrets.token_hex(16)

    def token(item: object) -> str:
        if not isinstance(item, Encoded):
            raise TypeError(f"{type(item).__name__} is not JSON")
        found.append(item)
        return mark

    texts = json.dumps(value, default=token, ensure_ascii=False, allow_nan=False).encode().split(mark.encode())
    pieces: list[bytes | Encoded] = [texts[0]]
    for file, text in zip(found, texts[1:], strict=True):
        pieces += [file, text]
    return Body("application/json", tuple(pieces))


def form_body(fields: Sequence[tuple[str, str | FormFile]] | Mapping[str, str | FormFile]) -> Body:
    """A `multipart/form-data` form, also where it has no file. A name may come more than once."""
    boundary = secrets.token_hex(16)
    pieces: list[bytes | FormFile] = []
    for name, value in fields.items() if isinstance(fields, Mapping) else fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, str):
            pieces.append(f"{head}\r\n\r\n{value}\r\n".encode())
        else:
            filename = value.filename or value.path.name
            pieces.append(f'{head}; filename="{filename}"\r\nContent-Type: {media_type(value.path)}\r\n\r\n'.encode())
            pieces += [value, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", tuple(pieces))


def media_type(path: Path) -> str:
    """By the suffix, which is right for every file that the bot hands to a backend."""
    return MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")


async def _length(piece: bytes | Encoded | FormFile) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    size = (await asyncio.to_thread(piece.path.stat)).st_size
    return len(piece.prefix) + (size + 2) // 3 * 4 if isinstance(piece, Encoded) else size


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while data := await asyncio.to_thread(file.read, CHUNK):
            yield data
    finally:
        await asyncio.to_thread(file.close)
