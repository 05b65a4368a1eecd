"""Pictures for the small bot to send."""

import io

import discord
from PIL import Image, ImageDraw

COLORS = ("#c8703f", "#3f7f8c", "#8a9a5b", "#5b5f97")


def picture(size: tuple[int, int], tiles: int) -> discord.File:
    """A picture made of `tiles` squared fields, each with a sun over a horizon."""
    image = Image.new("RGB", size, "#14110f")
    draw = ImageDraw.Draw(image)
    width, height = size[0] // tiles, size[1] // tiles
    for index in range(tiles * tiles):
        left, top = index % tiles * width, index // tiles * height
        draw.rectangle((left + 2, top + 2, left + width - 3, top + height - 3), fill=COLORS[index % len(COLORS)])
        draw.ellipse(
            (left + width * 0.55, top + height * 0.2, left + width * 0.75, top + height * 0.45), fill="#f4d58d"
        )
        draw.rectangle((left + 2, top + height * 0.62, left + width - 3, top + height - 3), fill="#2b2a33")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    buffer.seek(0)
    return discord.File(buffer, f"ana_picture_{tiles}.jpg")
