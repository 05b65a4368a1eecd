"""What people do with a result: the buttons under it, the reactions on it, and the entry in its context menu."""

import asyncio
import contextlib

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ANSWER_SECONDS, Interaction, Lienzo, caller, defer
from bot.errors import LimitReached, NotFound, UserError
from bot.i18n import T
from bot.jobs import Action
from bot.studio import Caller
from bot.views import Click, zoom_modal

LOOKUP_SECONDS = 0.5
UPLOAD_SECONDS = 120.0
TILES = 4
MIB = 1 << 20
#: Everything that makes a job out of a result.
MAKING = (
    "reroll",
    Action.UPSAMPLE,
    Action.VARIATION,
    Action.VARY_SUBTLE,
    Action.VARY_STRONG,
    Action.UPSCALE_SUBTLE,
    Action.UPSCALE_CREATIVE,
    Action.ZOOM,
    Action.PAN,
    Action.SQUARE,
)


class Jobs(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        for verb in MAKING:
            bot.buttons[verb] = self.act
            bot.modals[verb] = self.act_by_text
        bot.buttons |= {
            "cancel": self.end,
            "delete": self.end,
            "favourite": self.favourite,
            "original": self.original,
        }
        bot.reactions |= {"❌": self.end_by_reaction, "⭐": self.favourite_by_reaction, "✉": self.send_by_reaction}
        self._menu = app_commands.ContextMenu(name="Cancel or Delete", callback=self.end_by_menu)

    async def cog_load(self) -> None:
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def act(self, interaction: Interaction, click: Click) -> None:
        """U, V, 🔄 and what stands under a single picture."""
        if click.verb == Action.ZOOM and click.extra == "custom":
            await self._open_zoom(interaction, click)
            return
        await self._start(interaction, click, click.extra, None)

    async def act_by_text(self, interaction: Interaction, click: Click) -> None:
        """The same with another prompt, out of a window."""
        extra = (click.fields or {}).get("factor", "").strip().replace(",", ".") or click.extra
        if click.verb == Action.ZOOM and not is_zoom(extra):
            raise UserError(T("`{value}` is no zoom: give a number above 1, up to 2.", value=extra))
        await self._start(interaction, click, extra, click.prompt)

    async def _start(self, interaction: Interaction, click: Click, extra: str, text: str | None) -> None:
        message = interaction.message
        private = message is not None and message.flags.ephemeral
        reply_to = message.id if message is not None and not private else None
        where = await defer(interaction, ephemeral=private, reply_to=reply_to)
        await self.bot.studio.act(caller(interaction), click.verb, click.job_id, click.tile, extra, where, text=text)

    async def _open_zoom(self, interaction: Interaction, click: Click) -> None:
        async with asyncio.timeout(LOOKUP_SECONDS):
            parent = await self.bot.studio.result(click.job_id)
        modal = zoom_modal(parent.id, click.tile, parent.prompt, interaction.locale.value)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_modal(modal)

    async def end(self, interaction: Interaction, click: Click) -> None:
        """Cancels what runs, deletes what is finished. The message itself shows it."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        await self.bot.studio.cancel(caller(interaction), click.job_id)

    async def end_by_menu(self, interaction: Interaction, message: discord.Message) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer(ephemeral=True)
        job = await self.bot.studio.job_of_message(message.id)
        if job is None:
            raise NotFound(T("That message is not one of mine with a picture."))
        cancelled = await self.bot.studio.cancel(caller(interaction), job.id)
        answer = T("Cancelled.") if cancelled else T("Deleted.")
        await self._say(interaction, answer.in_language(interaction.locale.value))

    async def favourite(self, interaction: Interaction, click: Click) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer(thinking=True, ephemeral=True)
        on, count = await self.bot.studio.favourite(caller(interaction), click.job_id, click.tile)
        answer = T("❤️ Added to your favourites ({count}).", count=count)
        if not on:
            answer = T("🤍 Removed from your favourites ({count}).", count=count)
        await self._say(interaction, answer.in_language(interaction.locale.value))

    async def original(self, interaction: Interaction, click: Click) -> None:
        """The picture byte for byte, to the one who asks."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer(thinking=True, ephemeral=True)
        async with self.bot.studio.original(click.job_id, click.tile) as upload:
            size = (await asyncio.to_thread(upload.path.stat)).st_size
            if size > interaction.filesize_limit:
                raise LimitReached(
                    T(
                        "The original has {size} MiB; Discord takes at most {limit} MiB here.",
                        size=f"{size / MIB:.1f}",
                        limit=interaction.filesize_limit // MIB,
                    )
                )
            file = await asyncio.to_thread(discord.File, upload.path, upload.filename, description=upload.description)
            with contextlib.closing(file):
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await interaction.followup.send(file=file, ephemeral=True)

    async def end_by_reaction(self, by: Caller, message_id: int) -> None:
        job = await self.bot.studio.job_of_message(message_id)
        if job is not None:
            await self.bot.studio.cancel(by, job.id)

    async def favourite_by_reaction(self, by: Caller, message_id: int) -> None:
        """⭐ on a single picture; of a grid it would not be clear which."""
        job = await self.bot.studio.job_of_message(message_id)
        if job is not None and job.tile is not None:
            await self.bot.studio.favourite(by, job.id, 1)

    async def send_by_reaction(self, by: Caller, message_id: int) -> None:
        """✉️: the pictures one by one, with the seed and the job's id, as direct messages."""
        job = await self.bot.studio.job_of_message(message_id)
        if job is None:
            return
        origin = T("Job `{job}`, seed `{seed}`", job=job.id, seed=job.seed).in_language(job.place.locale)
        async with asyncio.timeout(ANSWER_SECONDS):
            channel = await self.bot.create_dm(discord.Object(by.user_id))
        for tile in range(1, TILES + 1):
            try:
                async with self.bot.studio.original(job.id, tile) as upload:
                    file = await asyncio.to_thread(discord.File, upload.path, upload.filename)
                    with contextlib.closing(file):
                        async with asyncio.timeout(UPLOAD_SECONDS):
                            await channel.send(origin, file=file)
            except (NotFound, discord.Forbidden):
                return

    async def _say(self, interaction: Interaction, text: str) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.followup.send(text, ephemeral=True)


def is_zoom(text: str) -> bool:
    try:
        return 1 < float(text) <= 2
    except ValueError:
        return False


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Jobs(bot))
