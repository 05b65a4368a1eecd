"""What a picture was made with, written into the file itself, without decoding a pixel of it.

PNG: text chunks `parameters` (prompt, "Negative prompt:", "Steps: …, Seed: …", the form that other tools read) and `lienzo` (JSON).
JPEG and WebP: EXIF ImageDescription (the prompt), UserComment (the same text as `parameters`) and MakerNote (our JSON).
"""

import json
import shutil
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from PIL import ExifTags, Image

from bot.imaging.info import ImageInfo, broken_files, sniff

#: How other tools spell what stands in the last line. Those not named here keep their own name, capitalised.
LABELS = {"cfg": "CFG scale", "guidance": "CFG scale", "negative_prompt": "Negative prompt"}
#: An EXIF segment of a JPEG holds no more than this, so longer texts are cut.
MAX_EXIF = 65533
MAX_TEXT = 12_000
MAKER = b"lienzo\0"
UNICODE = b"UNICODE\0"
PNG_START = 8  # bytes of signature


def annotate(source: Path, target: Path, info: Mapping[str, str]) -> None:
    """Copies the picture and writes `info` into the copy: `prompt`, `negative_prompt`, `seed`, `job`, … by name. A GIF is only copied."""
    kind = sniff(source)
    match kind.format:
        case "PNG":
            _annotate_png(source, target, info)
        case "JPEG":
            _annotate_jpeg(source, target, info)
        case "WEBP":
            _annotate_webp(source, target, kind, info)
        case _:
            shutil.copyfile(source, target)


def read_info(path: Path) -> dict[str, str]:
    """What `annotate` wrote; empty when nothing was, or it can't be understood."""
    kind = sniff(path)
    with path.open("rb") as file, broken_files():
        image = Image.open(file, formats=[kind.format])
        if kind.format == "PNG":
            text: Any = image.info.get("lienzo", "{}")
        else:
            note = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.MakerNote, b"")
            text = note.removeprefix(MAKER) if isinstance(note, bytes) and note.startswith(MAKER) else "{}"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in cast("dict[Any, Any]", found).items()} if isinstance(found, dict) else {}


def parameters_text(info: Mapping[str, str]) -> str:
    """The de-facto text form: the prompt, `Negative prompt: …`, and one line of `Name: value` pairs."""
    lines = [info.get("prompt", "")]
    if negative := info.get("negative_prompt"):
        lines.append(f"{LABELS['negative_prompt']}: {negative}")
    rest = [
        f"{_label(name)}: {_quoted(value)}" for name, value in info.items() if name not in ("prompt", "negative_prompt")
    ]
    if rest:
        lines.append(", ".join(rest))
    return "\n".join(lines)


def _label(name: str) -> str:
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(c in value for c in ',:"\n') else value


def _annotate_png(source: Path, target: Path, info: Mapping[str, str]) -> None:
    texts = {"parameters": parameters_text(info), "lienzo": json.dumps(info, ensure_ascii=False)}
    with source.open("rb") as old, target.open("wb") as new:
        new.write(old.read(PNG_START))
        for kind, chunk in _png_chunks(old):
            if kind in (b"tEXt", b"zTXt", b"iTXt") and chunk[8:].split(b"\0", 1)[0].decode("latin-1") in texts:
                continue
            new.write(chunk)
            if kind == b"IHDR":
                for key, text in texts.items():
                    new.write(_png_text(key, text))
        shutil.copyfileobj(old, new)


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the pixels, whole, with their types; the file is left at the first one that is not before them."""
    while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        yield head[4:], head + file.read(int.from_bytes(head[:4]) + 4)
    file.seek(-len(head), 1)


def _png_text(key: str, text: str) -> bytes:
    """A chunk of text; the plain kind where it will do, since more tools read it."""
    try:
        body = b"tEXt" + key.encode() + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        body = b"iTXt" + key.encode() + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def exif_block(info: Mapping[str, str], exif: Image.Exif | None = None) -> bytes:
    """EXIF with `info` in it, added to `exif` if given, as `Exif\\0\\0` and a TIFF block."""
    exif = Image.Exif() if exif is None else exif
    exif[ExifTags.Base.ImageDescription] = info.get("prompt", "")[:MAX_TEXT].encode()
    fields = exif.get_ifd(ExifTags.IFD.Exif)
    fields[ExifTags.Base.UserComment] = UNICODE + parameters_text(info)[:MAX_TEXT].encode("utf-16-be")
    fields[ExifTags.Base.MakerNote] = (
        MAKER + json.dumps({k: v[:MAX_TEXT] for k, v in info.items()}, ensure_ascii=False).encode()
    )
    block = exif.tobytes()
    return block if block.startswith(b"Exif\0\0") else b"Exif\0\0" + block


def _exif(source: Path, info: Mapping[str, str]) -> bytes:
    """The file's own EXIF with ours in it."""
    with source.open("rb") as file, broken_files():
        return exif_block(info, Image.open(file, formats=["JPEG", "WEBP"]).getexif())


def _annotate_jpeg(source: Path, target: Path, info: Mapping[str, str]) -> None:
    exif = _exif(source, info)
    if len(exif) > MAX_EXIF - 2:
        shutil.copyfile(source, target)
        return
    with source.open("rb") as old, target.open("wb") as new:
        new.write(old.read(2))
        written = False
        while (head := old.read(4))[:1] == b"\xff" and 0xE0 <= head[1] <= 0xEF:
            segment = head + old.read(int.from_bytes(head[2:]) - 2)
            if head[1] != 0xE0 and not written:  # JFIF's own segment has to come first
                new.write(_app1(exif))
                written = True
            if not (head[1] == 0xE1 and segment[4:10] == b"Exif\0\0"):
                new.write(segment)
        if not written:
            new.write(_app1(exif))
        new.write(head)
        shutil.copyfileobj(old, new)


def _app1(exif: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif


def _annotate_webp(source: Path, target: Path, kind: ImageInfo, info: Mapping[str, str]) -> None:
    """Rebuilds the container around the untouched picture: VP8X first, its EXIF flag set, and EXIF last (RFC 9649, 2.7)."""
    exif = _exif(source, info).removeprefix(b"Exif\0\0")
    chunks = [chunk for chunk in _riff_chunks(source.read_bytes()) if chunk[0] != b"EXIF"]
    if chunks[0][0] == b"VP8X":
        header = bytearray(chunks.pop(0)[1])
    else:
        header = bytearray(4) + struct.pack("<I", kind.width - 1)[:3] + struct.pack("<I", kind.height - 1)[:3]
        if chunks[0][0] == b"VP8L" and chunks[0][1][4] & 0x10:
            header[0] |= 0x10
    header[0] |= 0x08
    body = b"WEBP" + b"".join(_riff_chunk(*chunk) for chunk in [(b"VP8X", bytes(header)), *chunks, (b"EXIF", exif)])
    target.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _riff_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
