"""What tests hand over: image files of every kind. And what they are told in return."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from bot.playground import Person
from bot.playground.client import Interaction
from tests.e2e.people import EPHEMERAL, Message
from tests.scripted import EVERYTHING

Files: TypeAlias = Callable[[str], Path]
#: A backend with lists to choose from, and room for large pictures.
WIDE = replace(
    EVERYTHING,
    parameters=EVERYTHING.parameters
    | {"sref", "sw", "cref", "steps", "cfg", "sampler", "lora", "strength", "quality", "raw", "model", "weird"},
    models=("sketch-1", "sketch-2", "oil-xl"),
    samplers=("Euler a", "DPM++ 2M"),
    loras=("film grain", "paper"),
    max_side=8192,
    max_pixels=8192 * 8192,
)


def bomb(path: Path) -> None:
    """A PNG of a few bytes that says that it has 900 million pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))


def animated(path: Path) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


FILES: dict[str, Callable[[Path], object]] = {
    "fox.png": lambda path: Image.new("RGB", (96, 64), "orange").save(path),
    "wolf.png": lambda path: Image.new("RGB", (64, 96), "grey").save(path),
    "wide.jpg": lambda path: Image.new("RGB", (300, 40), "teal").save(path),
    "tiny.webp": lambda path: Image.new("RGBA", (9, 7), (0, 0, 255, 90)).save(path),
    "odd.png": lambda path: Image.new("P", (101, 53), 3).save(path),
    "cmyk.jpg": lambda path: Image.new("CMYK", (80, 50), (10, 20, 30, 40)).save(path),
    "deep.png": lambda path: Image.new("I;16", (70, 30), 40_000).save(path),
    "moving.gif": animated,
    "huge.png": lambda path: Image.new("L", (8000, 8000), 200).save(path, compress_level=1),
    "none.png": lambda path: path.write_text("this is no picture"),
    "bomb.png": bomb,
}


def files_in(folder: Path) -> Files:
    """Gives a file by its name, made when it is asked for."""

    def made(name: str) -> Path:
        path = folder / name
        FILES[name](path)
        return path

    return made


async def told(person: Person, words: str) -> Message:
    """What was said to this person alone, in an embed."""

    said: list[str] = []

    def wanted(message: Message) -> bool:
        if message["flags"] & EPHEMERAL and message["embeds"]:
            said.append(message["embeds"][0].get("description", ""))
            return words in said[-1]
        return False

    try:
        return await person.wait("#studio", wanted)
    except TimeoutError:
        raise AssertionError(f"{words!r} was not said, but {set(said)}") from None


async def refused(interaction: Interaction) -> str:
    """What was answered at once and in private: no public answer was begun."""
    message = await interaction.message()
    assert message["flags"] & EPHEMERAL
    return message["embeds"][0]["description"]
