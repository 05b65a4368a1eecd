"""/blend: one grid out of several images."""

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.client import DRAFT, Interaction, Lienzo, defer
from bot.i18n import N_
from bot.media import attached
from bot.prompt import MAX_LENGTH
from bot.studio import Attachment
from bot.studio.making import SHAPES


class Blend(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot

    @app_commands.command(name="blend", description=locale_str(N_("Blend two to five images into new ones")))
    @app_commands.describe(
        image1=locale_str(N_("The first image")),
        image2=locale_str(N_("The second image")),
        image3=locale_str(N_("A third image")),
        image4=locale_str(N_("A fourth image")),
        image5=locale_str(N_("A fifth image")),
        dimensions=locale_str(N_("Shape of the result")),
        prompt=locale_str(N_("Words to go with the images. Parameters may follow")),
    )
    @app_commands.choices(
        dimensions=[
            Choice(name=locale_str(N_("Portrait (2:3)")), value="portrait"),
            Choice(name=locale_str(N_("Square (1:1)")), value="square"),
            Choice(name=locale_str(N_("Landscape (3:2)")), value="landscape"),
        ]
    )
    async def blend(
        self,
        interaction: Interaction,
        image1: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
        dimensions: str = "",
        prompt: app_commands.Range[str, 1, MAX_LENGTH] = "",
    ) -> None:
        images = [attached(image) for image in (image1, image2, image3, image4, image5) if image is not None]
        interaction.extras[DRAFT] = as_prompt(images, prompt, dimensions)
        asking = await self.bot.remember(interaction)
        checked = self.bot.studio.blended(asking, len(images), dimensions=dimensions, text=prompt)
        where = await defer(interaction, ephemeral=self.bot.studio.stealth(asking, checked))
        await self.bot.studio.blend(asking, images, where, dimensions=dimensions, text=prompt)


def as_prompt(images: Sequence[Attachment], text: str, dimensions: str) -> str:
    """The same as a prompt for /imagine, so that it can be mended."""
    shape = f"--ar {SHAPES[dimensions]}" if dimensions in SHAPES else ""
    return " ".join(filter(None, (*(image.url for image in images), text, shape)))


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Blend(bot))
