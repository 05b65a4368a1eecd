"""/upscale: any image, larger."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.client import Interaction, Lienzo, defer
from bot.i18n import N_
from bot.media import one_of

LINK_LIMIT = 2048  # characters


class Upscale(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot

    @app_commands.command(name="upscale", description=locale_str(N_("Make an image larger")))
    @app_commands.describe(
        image=locale_str(N_("The image to make larger")),
        link=locale_str(N_("A link to the image, instead of a file")),
        factor=locale_str(N_("How many times larger")),
        style=locale_str(N_("Whether it may invent new detail")),
    )
    @app_commands.choices(factor=[Choice(name="2x", value=2), Choice(name="4x", value=4)])
    @app_commands.choices(
        style=[
            Choice(name=locale_str(N_("Subtle: keeps what is there")), value="subtle"),
            Choice(name=locale_str(N_("Creative: adds detail")), value="creative"),
        ]
    )
    async def upscale(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, LINK_LIMIT] | None = None,
        factor: int = 2,
        style: str = "subtle",
    ) -> None:
        source = one_of(image, link)
        asking = await self.bot.remember(interaction)
        where = await defer(interaction, ephemeral=self.bot.studio.stealth(asking))
        await self.bot.studio.upscale(asking, source, where, factor=factor, creative=style == "creative")


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Upscale(bot))
