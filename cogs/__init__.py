"""The commands, one file for each family. They parse, answer and call one use case; they never import each other."""

import pkgutil

from bot.client import Lienzo

EXTENSIONS = tuple(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__))


async def setup(bot: Lienzo) -> None:
    for name in EXTENSIONS:
        await bot.load_extension(name)
