"""The commands, one file for each family. They parse, answer and call one use case; they never import each other."""

from bot.client import Lienzo

EXTENSIONS = ("cogs.imagine", "cogs.jobs")


async def setup(bot: Lienzo) -> None:
    for name in EXTENSIONS:
        await bot.load_extension(name)
