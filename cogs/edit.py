"""/edit: any image, changed as the words say or by what the generator has a name for."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.actions import EDITS, INSTRUCTION_LIMIT, can_edit
from bot.backends.base import Edit
from bot.client import Interaction, Lienzo, caller, defer
from bot.errors import UserError
from bot.i18n import N_, T
from bot.media import one_of

LINK_LIMIT = 2048  # characters
NAME_LIMIT = 100
INSTRUCTED = "instruction"


class EditImage(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot

    @app_commands.command(name="edit", description=locale_str(N_("Change an image as you say")))
    @app_commands.describe(
        image=locale_str(N_("The image to change")),
        link=locale_str(N_("A link to the image, instead of a file")),
        instruction=locale_str(N_("What should change, such as: make the sky red")),
        operation=locale_str(N_("How to change it")),
        search=locale_str(N_("What to replace; the instruction says by what")),
    )
    async def edit(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, LINK_LIMIT] | None = None,
        instruction: app_commands.Range[str, 1, INSTRUCTION_LIMIT] = "",
        operation: app_commands.Range[str, 1, NAME_LIMIT] = INSTRUCTED,
        search: app_commands.Range[str, 1, INSTRUCTION_LIMIT] = "",
    ) -> None:
        source = one_of(image, link)
        edit = edit_named(operation, interaction.locale.value)
        asking = await self.bot.remember(interaction)
        self.bot.studio.check_edit(asking, instruction=instruction, edit=edit, search=search)
        where = await defer(interaction, ephemeral=self.bot.studio.stealth(asking))
        await self.bot.studio.edit(asking, source, where, instruction=instruction, edit=edit, search=search)

    @edit.autocomplete("operation")
    async def _operations(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """What the caller's generator has."""
        offers = self.bot.studio.capabilities_of(caller(interaction))
        if offers is None:
            return []
        locale = interaction.locale.value
        labels = {INSTRUCTED: T("As the instruction says")} if can_edit(offers) else {}
        labels |= {edit.value: label for edit, label in EDITS.items() if can_edit(offers, edit)}
        named = ((label.in_language(locale), value) for value, label in labels.items())
        return [Choice(name=name, value=value) for name, value in named if typed.strip().lower() in name.lower()]


def edit_named(operation: str, locale: str) -> Edit | None:
    """What was chosen or typed as an operation; None for an instruction. Raises `UserError`."""
    wanted = operation.strip().lower()
    if wanted in (INSTRUCTED, T("As the instruction says").in_language(locale).lower()):
        return None
    labels = {edit: label.in_language(locale) for edit, label in EDITS.items()}
    for edit, label in labels.items():
        if wanted in (edit.value, label.lower()):
            return edit
    names = ", ".join(f"`{label}`" for label in labels.values())
    raise UserError(T("There is no edit `{name}`. There are: {names}.", name=operation.replace("`", "'"), names=names))


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(EditImage(bot))
