"""What tests look for in a channel."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from bot.playground import Person
from bot.playground.client import labels

Message = dict[str, Any]
EPHEMERAL = 1 << 6


def with_button(*names: str) -> Callable[[Message], bool]:
    """A message that has all of these buttons."""
    return lambda message: set(names) <= set(labels(message))


def result(of: str = "", *, button: str = "❤️") -> Callable[[Message], bool]:
    """A finished single picture (or with another button something else) whose content has `of` in it."""
    return lambda message: bool(message["attachments"]) and button in labels(message) and of in message["content"]


def grid(of: str = "", after: Message | None = None) -> Callable[[Message], bool]:
    """A finished grid."""
    floor = int(after["id"]) if after else 0
    finished = result(of, button="V1")
    return lambda message: finished(message) and int(message["id"]) > floor


async def imagine(person: Person, prompt: str, channel: str = "#studio", **options: Any) -> Message:
    """Runs /imagine and waits for its grid."""
    interaction = await person.slash("imagine", channel, prompt=prompt, **options)
    assert await interaction.acknowledged()
    return await person.wait(channel, grid(prompt.split(" --", maxsplit=1)[0]))


async def picture(person: Person, message: Message, index: int = 0) -> Image.Image:
    """The picture that a message carries."""
    image = Image.open(BytesIO(await person.download(message["attachments"][index]["url"])))
    image.load()
    return image
