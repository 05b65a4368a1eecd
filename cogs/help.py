"""/help: what there is, read out of the tables that the bot itself works by."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import discord
from discord import AppCommandType, app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import captions
from bot.actions import DIRECTIONS, ZOOMS, Button, Menu, Option, notes_for
from bot.backends.base import Capabilities
from bot.client import ANSWER_SECONDS, VARIATION, Interaction, Lienzo
from bot.i18n import N_, T, Text
from bot.jobs import Action
from bot.prompt import PARAMETERS, Parameter, Prompt
from bot.views import Click, face, rows_view

VERB = "help"
NO_ID = "-"
CHOICES = 25  # Discord's limit
VIDEO = "video"  # what nothing here makes: the studio refuses it
#: Every button under a result, and what it does.
BUTTONS: Sequence[tuple[tuple[Button, ...], Text]] = (
    (tuple(Button(Action.UPSAMPLE, tile) for tile in range(1, 5)), T("That picture of the grid by itself")),
    (tuple(Button(Action.VARIATION, tile) for tile in range(1, 5)), T("Variations of that picture")),
    ((Button("reroll"),), T("The same prompt again, with another seed")),
    ((Button(Action.UPSCALE_SUBTLE),), T("Twice the size, as it is")),
    ((Button(Action.UPSCALE_CREATIVE),), T("Twice the size, with new detail")),
    ((Button(Action.VARY_SUBTLE),), T("Variations that stay near it")),
    ((Button(Action.VARY_STRONG),), T("Variations that go further")),
    ((Button(Action.REGION),), T("Paint a part of it anew")),
    (tuple(Button(Action.ZOOM, 1, f"{factor:g}") for factor in ZOOMS), T("More of what is around it")),
    ((Button(Action.ZOOM, 1, "custom"),), T("As far out and in the shape that you say")),
    (tuple(Button(Action.PAN, 1, direction) for direction in DIRECTIONS), T("Go on in this direction")),
    ((Button(Action.SQUARE),), T("Fill it up to a square")),
    ((Button(Action.EDIT),), T("Say in words what should change")),
    ((Button("favourite"),), T("Among your favourites, and perhaps into the server's gallery")),
    ((Button("original"),), T("The file as the generator made it, for you alone")),
    ((Button("cancel"),), T("Stop a job that waits or runs")),
    ((Button("delete"),), T("Delete a result of yours")),
    ((Button("described", emoji="1️⃣"),), T("Imagine this prompt of a description, after a last look at it")),
    ((Button("imagine_all"),), T("Imagine all prompts of a description")),
    ((Button("fix"),), T("Mend a prompt that was not understood")),
)
REACTIONS: Mapping[str, Text] = {
    "✉️": T("The pictures one by one as direct messages, with seed and job id"),
    "❌": T("Cancel the job, or delete the result, if it is yours"),
    "⭐": T("Among your favourites"),
}
MENU = T("In a message's own menu, under Apps: {names}")


@dataclass(frozen=True, slots=True)
class HelpPage:
    key: str
    title: Text
    text: str


class Help(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons[VERB] = self.turn

    @app_commands.command(name="help", description=locale_str(N_("Commands, parameters, buttons and reactions")))
    async def show(self, interaction: Interaction) -> None:
        made, view = await self._page(interaction, "")
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_message(embed=made, view=view or discord.utils.MISSING, ephemeral=True)

    async def turn(self, interaction: Interaction, click: Click) -> None:
        made, view = await self._page(interaction, next(iter(click.values), ""))
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.edit_message(embed=made, view=view)

    async def _page(self, interaction: Interaction, key: str) -> tuple[discord.Embed, discord.ui.View | None]:
        """A page by its key; the first one where there is none."""
        asking, locale = await self.bot.remember(interaction), interaction.locale.value
        studio = self.bot.studio
        pages = (
            *commands_pages(self._commands(interaction), locale),
            *parameter_pages(studio.backend_of(asking), studio.capabilities_of(asking), locale),
            *_pages("buttons", T("Buttons"), button_lines(locale)),
            *_pages("reactions", T("Reactions"), reaction_lines(self.bot.reactions, locale)),
        )
        page = next((page for page in pages if page.key == key), pages[0])
        options = tuple(Option(one.title, one.key, on=one is page) for one in pages)
        made = discord.Embed(title=page.title.in_language(locale), description=page.text, colour=captions.BLURPLE)
        return made, rows_view((Menu(VERB, options[:CHOICES], T("More help")),), NO_ID, locale)

    def _commands(self, interaction: Interaction) -> "list[AnyCommand]":
        """Those that are registered here, and that the reader may use."""
        tree = self.bot.tree
        guild = discord.Object(interaction.guild_id) if interaction.guild_id is not None else None
        here = tree.get_commands(guild=guild) or tree.get_commands()
        return [
            one for one in here if one.default_permissions is None or one.default_permissions <= interaction.permissions
        ]


AnyCommand = app_commands.Command[commands.Cog, ..., object] | app_commands.Group | app_commands.ContextMenu


def commands_pages(every: Sequence[AnyCommand], locale: str) -> Iterator[HelpPage]:
    slashes = sorted(leaf_commands(every), key=lambda command: command.qualified_name)
    lines = [f"**/{one.qualified_name}**: {Text(one.description).in_language(locale)}" for one in slashes]
    menus = [
        f"**{Text(one.name).in_language(locale)}**"
        for one in every
        if isinstance(one, app_commands.ContextMenu) and _on_message(one)
    ]
    if menus:
        lines += ["", Text(MENU.message, {"names": ", ".join(menus)}).in_language(locale)]
    return _pages("commands", T("Commands"), lines)


def leaf_commands(every: Iterable[AnyCommand]) -> "Iterator[app_commands.Command[commands.Cog, ..., object]]":
    """What can be run: subcommands in place of their groups."""
    for one in every:
        if isinstance(one, app_commands.Group):
            yield from (leaf for leaf in one.walk_commands() if isinstance(leaf, app_commands.Command))
        elif isinstance(one, app_commands.Command):
            yield one


def _on_message(menu: app_commands.ContextMenu) -> bool:
    return menu.type is AppCommandType.message


def parameter_pages(backend: str, capabilities: Capabilities | None, locale: str) -> Iterator[HelpPage]:
    """Midjourney's and ours. Which of them the reader's generator honours is marked, if it is known."""
    legend = T("✅: the {backend} backend knows it. ▫️: it runs without. 🚫: no backend here can.", backend=backend)
    head = [legend.in_language(locale), ""]
    titles = {"midjourney": T("Parameters"), "lienzo": T("More parameters, of our own")}
    for group, title in titles.items():
        rows = [row for row in PARAMETERS if row.group == group]
        lines = [parameter_line(row, backend, capabilities, locale) for row in rows]
        yield from _pages(f"parameters-{group}", title, lines, head if capabilities else ())


def parameter_line(row: Parameter, backend: str, capabilities: Capabilities | None, locale: str) -> str:
    names = ", ".join(f"`--{name}`" for name in (row.name, *row.aliases))
    details = [row.allowed.in_language(locale)]
    if row.default:
        details.append(T("default: {default}", default=T(row.default)).in_language(locale))
    line = f"{names} ({', '.join(details)}): {Text(row.summary).in_language(locale)}"
    if capabilities is None:
        return line
    if VIDEO in (row.name, row.partner):
        return f"🚫 {line}"
    idle = notes_for(Prompt(parameters={row.name: True}), backend, capabilities)
    return f"{'▫️' if idle else '✅'} {line}"


def button_lines(locale: str) -> list[str]:
    return [f"**{' '.join(_face(one, locale) for one in some)}**: {text.in_language(locale)}" for some, text in BUTTONS]


def _face(button: Button, locale: str) -> str:
    looks = face(button)
    label = looks.label.in_language(locale) if isinstance(looks.label, Text) else looks.label
    return " ".join(filter(None, (looks.emoji, label)))


def reaction_lines(handled: Iterable[str], locale: str) -> list[str]:
    known = set(handled)
    return [
        f"{emoji} {text.in_language(locale)}" for emoji, text in REACTIONS.items() if emoji.strip(VARIATION) in known
    ]


def _pages(key: str, title: Text, lines: Sequence[str], head: Sequence[str] = ()) -> Iterator[HelpPage]:
    """As many as it takes, each with the head and none over Discord's limit."""
    parts = list(_parts(lines, captions.DESCRIPTION_LIMIT - captions.units("\n".join([*head, ""]))))
    for number, part in enumerate(parts, start=1):
        numbered = T("{title} ({number} of {count})", title=title, number=number, count=len(parts))
        yield HelpPage(f"{key}-{number}", numbered if len(parts) > 1 else title, "\n".join([*head, *part]))


def _parts(lines: Sequence[str], limit: int) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if part and captions.units("\n".join([*part, line])) > limit:
            yield part
            part = []
        part.append(line)
    yield part


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Help(bot))
