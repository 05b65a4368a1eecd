"""/describe and its entry in the context menu: prompts for an image, each behind a button."""

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.actions import Button
from bot.client import Interaction, Lienzo, defer, open_modal, say, soon
from bot.errors import NotFound, UserError
from bot.i18n import N_, T
from bot.jobs import CANCELLABLE, Action
from bot.media import one_of, picture_links
from bot.prompt import MAX_LENGTH, escape
from bot.studio import Attachment, Caller, Picture, Source
from bot.views import Click, prompt_modal, rows_view


class Describe(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons |= {
            "described": self.open_prompt,
            "imagine_all": self.imagine_all,
            "describe_tile": self.describe_tile,
        }
        self._menu = app_commands.ContextMenu(name="Describe", callback=self.describe_message)

    async def cog_load(self) -> None:
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(name="describe", description=locale_str(N_("Get four prompts for an image")))
    @app_commands.describe(
        image=locale_str(N_("The image to describe")), link=locale_str(N_("A link to the image, instead of a file"))
    )
    async def describe(
        self, interaction: Interaction, image: discord.Attachment | None = None, link: str | None = None
    ) -> None:
        source = one_of(image, link)
        await self._begin(interaction, await self.bot.remember(interaction), source)

    async def describe_message(self, interaction: Interaction, message: discord.Message) -> None:
        """The image of any message; of several that are ours, the one that is then chosen."""
        acting = await self.bot.remember(interaction)
        job = await soon(self.bot.studio.job_of_message(message.id))
        if job is None or job.action is Action.DESCRIBE:
            links = picture_links(message)
            if not links:
                raise UserError(T("There is no image in that message."))
            await self._begin(interaction, acting, Attachment(links[0]), private=message.flags.ephemeral)
            return
        if job.status in CANCELLABLE:
            raise UserError(T("That picture is not finished yet."))
        pictures = await soon(self.bot.studio.pictures(job.id))
        if not pictures:
            raise NotFound
        if len(pictures) == 1:
            await self._begin(interaction, acting, Picture(job.id), private=job.place.ephemeral)
            return
        tiles = tuple(Button("describe_tile", tile, label=str(tile)) for tile in range(1, len(pictures) + 1))
        await say(interaction, T("Which of them?"), view=rows_view((tiles,), job.id, acting.locale))

    async def describe_tile(self, interaction: Interaction, click: Click) -> None:
        acting = await self.bot.remember(interaction)
        job = await soon(self.bot.studio.result(click.job_id))
        await self._begin(interaction, acting, Picture(job.id, click.tile), private=job.place.ephemeral)

    async def _begin(self, interaction: Interaction, acting: Caller, source: Source, *, private: bool = False) -> None:
        """`private`: the image was shown to the caller alone, and so must be what shows it again."""
        where = await defer(interaction, ephemeral=private or self.bot.studio.stealth(acting))
        await self.bot.studio.describe(acting, source, where)

    async def open_prompt(self, interaction: Interaction, click: Click) -> None:
        """Opens one of the prompts; what is submitted is imagined."""
        texts = await self._texts(click.job_id)
        if not 1 <= click.tile <= len(texts):
            raise NotFound(T("This button does nothing any more."))
        text = escape(texts[click.tile - 1])
        await open_modal(interaction, prompt_modal(Button("fix"), "-", T("Imagine"), text, interaction.locale.value))

    async def imagine_all(self, interaction: Interaction, click: Click) -> None:
        """All prompts as the alternatives of one, so that the question before many jobs is asked and answered as ever."""
        alternatives = (escape(text).replace(",", "\\,") for text in await self._texts(click.job_id))
        text = "{" + ", ".join(alternatives) + "}"
        if len(text) > MAX_LENGTH:
            raise UserError(T("These prompts are too long to be imagined together: use their own buttons."))
        await self.bot.modals["fix"](interaction, Click("fix", "-", fields={"prompt0": text}))

    async def _texts(self, job_id: str) -> list[str]:
        job = await soon(self.bot.studio.result(job_id))
        return [str(text) for text in job.details.get("texts", ())]


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Describe(bot))
