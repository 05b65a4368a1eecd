"""The table of commands in the READMEs, from the commands that the bot registers."""

import asyncio
from functools import cache

from discord.app_commands import ContextMenu

from bot.client import Lienzo
from bot.config import Settings
from bot.i18n import Text
from cogs.help import AnyCommand, leaf_commands
from tests.fake_studio import FakeStudio

HEADS = {
    "en": ("Command", "What it does", "in a message's own menu, under *Apps*"),
    "es": ("Comando", "Qué hace", "en el menú de un mensaje, en *Aplicaciones*"),
}


@cache
def registered() -> tuple[AnyCommand, ...]:
    """Every command and menu that the bot has with its usual settings."""
    return asyncio.run(_registered())


async def _registered() -> tuple[AnyCommand, ...]:
    settings = Settings(token="x", guilds=frozenset({1}))  # pyright: ignore[reportArgumentType]
    client = Lienzo(settings, FakeStudio().real)
    try:
        await client.load_extension("cogs")
        return tuple(client.tree.get_commands())
    finally:
        await client.close()


def command_table(locale: str) -> str:
    """Slash commands by name, then the entries of a message's menu."""
    every = registered()
    command, does, where = HEADS[locale[:2]]
    slashes = sorted(leaf_commands(every), key=lambda command: command.qualified_name)
    lines = [f"| {command} | {does} |", "|---|---|"]
    lines += [f"| `/{one.qualified_name}` | {Text(one.description).in_language(locale)} |" for one in slashes]
    menus = [Text(one.name).in_language(locale) for one in every if isinstance(one, ContextMenu)]
    lines.append(f"| *{', '.join(menus)}* | {where} |")
    return "\n".join(lines) + "\n"
