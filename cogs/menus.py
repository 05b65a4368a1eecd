"""What people do with a message of ours whatever stands under it: the entries in its context menu, and the reactions on it."""

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.actions import Button
from bot.client import Interaction, Lienzo, caller, defer, open_modal, say, soon
from bot.errors import NotFound
from bot.i18n import N_, T
from bot.jobs import Job
from bot.studio import Caller
from bot.studio.results import REASON_LIMIT
from bot.views import Click, form, labelled

REPORT = "report"


class Menus(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.modals[REPORT] = self.report
        bot.reactions |= {"❌": self.end_by_reaction, "⭐": self.favourite_by_reaction, "✉": self.send_by_reaction}
        self._menus = (
            app_commands.ContextMenu(name=locale_str(N_("Cancel or Delete")), callback=self.end),
            app_commands.ContextMenu(name=locale_str(N_("DM Results")), callback=self.send),
            app_commands.ContextMenu(name=locale_str(N_("Report Job")), callback=self.ask_why),
        )

    async def cog_load(self) -> None:
        for menu in self._menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    # Context menus

    async def end(self, interaction: Interaction, message: discord.Message) -> None:
        await defer(interaction, ephemeral=True)
        job = _one(await self.bot.studio.job_of_message(message.id))
        cancelled = await self.bot.studio.cancel(caller(interaction), job.id)
        await say(interaction, T("Cancelled.") if cancelled else T("Deleted."))

    async def send(self, interaction: Interaction, message: discord.Message) -> None:
        """The pictures one by one, with the seed and the job's id, as direct messages."""
        await defer(interaction, ephemeral=True)
        job = _one(await self.bot.studio.job_of_message(message.id))
        await self.bot.studio.send(caller(interaction), job.id)
        await say(interaction, T("✉️ Sent to you as a direct message."))

    async def ask_why(self, interaction: Interaction, message: discord.Message) -> None:
        job = _one(await soon(self.bot.studio.job_of_message(message.id)))
        self.bot.studio.reports_to(job)  # else nobody is asked for a reason
        locale = interaction.locale.value
        field = discord.ui.TextInput[Any](
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LIMIT, required=False
        )
        label = labelled(T("What is wrong with it?"), field, locale, T("The moderators of this server will read it"))
        await open_modal(interaction, form(Button(REPORT), job.id, T("Report Job"), locale, (label,)))

    async def report(self, interaction: Interaction, click: Click) -> None:
        await defer(interaction, ephemeral=True)
        await self.bot.studio.report(caller(interaction), click.job_id, (click.fields or {}).get("reason", ""))
        await say(interaction, T("🚩 Thank you. The moderators have been told."))

    # Reactions

    async def end_by_reaction(self, by: Caller, message_id: int) -> None:
        job = await self.bot.studio.job_of_message(message_id)
        if job is not None:
            await self.bot.studio.cancel(by, job.id)

    async def favourite_by_reaction(self, by: Caller, message_id: int) -> None:
        """⭐ on a single picture; of a grid it would not be clear which."""
        job = await self.bot.studio.job_of_message(message_id)
        if job is not None and len(await self.bot.studio.pictures(job.id)) == 1:
            await self.bot.studio.like(by, job.id, 1)

    async def send_by_reaction(self, by: Caller, message_id: int) -> None:
        """✉️, in the language of the job: a reaction does not tell that of its user."""
        job = await self.bot.studio.job_of_message(message_id)
        if job is not None:
            await self.bot.studio.send(replace(by, locale=job.place.locale), job.id)


def _one(job: Job | None) -> Job:
    if job is None:
        raise NotFound(T("That message is not one of mine with a picture."))
    return job


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Menus(bot))
