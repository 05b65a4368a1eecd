"""The images that people hand to a command, or point at: what Discord says of them, as the use cases know them."""

from pathlib import PurePosixPath

import discord

from bot.errors import UserError
from bot.i18n import T
from bot.studio import Attachment

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})


def attached(file: discord.Attachment) -> Attachment:
    """A file that was given to a command."""
    return Attachment(file.url, file.filename, file.size)


def one_of(image: discord.Attachment | None, link: str | None) -> Attachment:
    """The image that was given, as a file or by a link. Raises `UserError` for none and for two."""
    if (image is None) == (link is None):
        raise UserError(T("Give either an image or a link to one."))
    return attached(image) if image else Attachment((link or "").strip().removeprefix("<").removesuffix(">"))


def picture_links(message: discord.Message) -> list[str]:
    """Every picture that a message shows, as a file or embedded, each once; of a forwarded one too."""
    links: list[str] = []
    for part in (message, *message.message_snapshots):
        links += [file.url for file in part.attachments if is_picture(file)]
        for embed in part.embeds:
            links += [url for url in (embed.image.url, embed.thumbnail.url) if url]
    return list(dict.fromkeys(links))


def is_picture(file: discord.Attachment) -> bool:
    """By its type, or by its name where Discord does not know the type."""
    if file.content_type:
        return file.content_type.startswith("image/")
    return PurePosixPath(file.filename.lower()).suffix in SUFFIXES
