"""The entry "Use Image…" in a message's context menu: any picture that a message shows, to be worked on.

The panel is for the one who asked; what comes of it is a result like any other. What its buttons need to know stands in a draft.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.actions import Button, Row
from bot.client import ANSWER_SECONDS, Interaction, Lienzo, caller, defer, open_modal, say, soon
from bot.errors import NotFound, UserError
from bot.i18n import T, Text
from bot.jobs import CANCELLABLE, Action, Job, Place
from bot.media import picture_links
from bot.prompt import escape
from bot.studio import Attachment, Caller, Picture, Source
from bot.views import Click, instruction_modal, prompt_modal, rows_view

MOST = 20  # pictures to choose from: four rows of five buttons, and one row to spare
ROW = 5
UPLOAD_SECONDS = 60.0
QUESTION = T("What shall become of this image?")
#: One picture to choose, as it is kept in a draft: its "url" and, if others see it too, the "message" that shows it; of ours "job", "tile"
#: and whether it is "hidden" too.
Candidate = Mapping[str, Any]


class UseImage(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons |= {"use_which": self.choose, "use": self.use}
        bot.modals |= {"use": self.edit}
        self._menu = app_commands.ContextMenu(name="Use Image…", callback=self.open)

    async def cog_load(self) -> None:
        self.bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self.bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def open(self, interaction: Interaction, message: discord.Message) -> None:
        """What can be done with the picture; of several first which."""
        acting = await self.bot.remember(interaction)
        candidates = (await self._candidates(message))[:MOST]
        shown = {} if message.flags.ephemeral else {"message": message.id}
        kept = [{**candidate, **shown} for candidate in candidates]
        draft_id = await soon(self.bot.studio.save_draft(acting, "", {"pictures": kept}))
        several = len(candidates) > 1
        text, rows = (T("Which of them?"), which(len(candidates))) if several else (QUESTION, actions(1))
        await say(interaction, text, view=rows_view(rows, draft_id, acting.locale))

    async def _candidates(self, message: discord.Message) -> list[Candidate]:
        """The pictures that a message shows. Raises `UserError` where there are none."""
        job = await soon(self.bot.studio.job_of_message(message.id))
        if job is not None and job.action is not Action.DESCRIBE:
            return await self._ours(job, message)
        urls = picture_links(message)
        if not urls:
            raise UserError(T("There is no image in that message."))
        return [{"url": url} for url in urls]

    async def _ours(self, job: Job, message: discord.Message) -> list[Candidate]:
        if job.status in CANCELLABLE:
            raise UserError(T("That picture is not finished yet."))
        count = len(await soon(self.bot.studio.pictures(job.id)))
        if not count:
            raise NotFound
        url = next(iter(picture_links(message)), "")
        hidden = job.place.ephemeral
        return [{"job": job.id, "tile": tile, "url": url, "hidden": hidden} for tile in range(1, count + 1)]

    async def choose(self, interaction: Interaction, click: Click) -> None:
        """One of several. It is shown, so that one sees what was chosen, and so that a tile of a grid has a link of its own."""
        candidate = await self._candidate(click)
        locale = interaction.locale.value
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        async with self._shown(interaction, candidate) as arguments:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await interaction.edit_original_response(
                    content=QUESTION.in_language(locale),
                    view=rows_view(actions(click.tile), click.job_id, locale),
                    **arguments,
                )

    @asynccontextmanager
    async def _shown(self, interaction: Interaction, candidate: Candidate) -> AsyncGenerator[dict[str, Any]]:
        """The picture as an embed, or where it is ours as a file, unless that is too large for Discord."""
        if "job" not in candidate:
            yield {"embed": discord.Embed().set_image(url=candidate["url"])}
            return
        async with self.bot.studio.original(caller(interaction), candidate["job"], candidate["tile"]) as upload:
            size = (await asyncio.to_thread(upload.path.stat)).st_size
            if size > interaction.filesize_limit:
                yield {}
                return
            file = await asyncio.to_thread(discord.File, upload.path, upload.filename, description=upload.description)
            with contextlib.closing(file):
                yield {"attachments": [file]}

    async def use(self, interaction: Interaction, click: Click) -> None:
        """A button of the panel."""
        candidate = await self._candidate(click)
        locale = interaction.locale.value
        match click.extra:
            case "edit":
                await open_modal(
                    interaction, instruction_modal(Button("use", click.tile, "edit"), click.job_id, locale)
                )
            case "prompt":
                await self._open_prompt(
                    interaction, T("Imagine with this image"), f"{link_of(interaction, candidate)} "
                )
            case "style":
                text = f" --sref {link_of(interaction, candidate)}"
                await self._open_prompt(interaction, T("Imagine in this style"), text)
            case _:
                acting, where = await self._defer(interaction, candidate)
                creative = click.extra == "creative"
                await self.bot.studio.upscale(acting, source_of(candidate), where, creative=creative)

    async def _open_prompt(self, interaction: Interaction, title: Text, text: str) -> None:
        """A window like that of Fix: what is submitted is imagined."""
        await open_modal(interaction, prompt_modal(Button("fix"), "-", title, text, interaction.locale.value))

    async def edit(self, interaction: Interaction, click: Click) -> None:
        """An instruction, out of its window."""
        candidate = await self._candidate(click)
        acting, where = await self._defer(interaction, candidate)
        instruction = (click.fields or {}).get("instruction", "")
        await self.bot.studio.edit(acting, source_of(candidate), where, instruction=instruction)

    async def _defer(self, interaction: Interaction, candidate: Candidate) -> tuple[Caller, Place]:
        """What comes of it is a message of its own, under the picture; of a stealth result for its owner alone too."""
        acting = await self.bot.remember(interaction)
        hidden = bool(candidate.get("hidden")) or self.bot.studio.stealth(acting)
        return acting, await defer(interaction, ephemeral=hidden, reply_to=candidate.get("message"))

    async def _candidate(self, click: Click) -> Candidate:
        draft = await soon(self.bot.studio.draft(click.job_id))
        pictures: Sequence[Candidate] = draft.details.get("pictures", ()) if draft else ()
        if not 1 <= click.tile <= len(pictures):
            raise NotFound(T("That choice is no longer kept. Open the message's menu again."))
        return pictures[click.tile - 1]


def actions(tile: int) -> list[Row]:
    """The panel of one picture."""
    return [
        (
            Button("use", tile, "subtle", label=T("Upscale (Subtle)"), emoji="🔼"),
            Button("use", tile, "creative", label=T("Upscale (Creative)"), emoji="🔼"),
        ),
        (
            Button("use", tile, "edit", label=T("Edit"), emoji="✏️"),
            Button("use", tile, "prompt", label=T("As image prompt"), emoji="🖼️"),
            Button("use", tile, "style", label=T("As style"), emoji="🎨"),
        ),
    ]


def which(count: int) -> list[Row]:
    """A numbered button for each picture; two rows of two for a grid, as they lie in it."""
    buttons = [Button("use_which", tile, label=str(tile)) for tile in range(1, count + 1)]
    row = 2 if count == 4 else ROW
    return [buttons[start : start + row] for start in range(0, count, row)]


def source_of(candidate: Candidate) -> Source:
    if "job" in candidate:
        return Picture(candidate["job"], candidate["tile"])
    return Attachment(candidate["url"])


def link_of(interaction: Interaction, candidate: Candidate) -> str:
    """A link to the picture, to stand in a prompt: the panel's own file where it shows one, as that link has yet to expire."""
    message = interaction.message
    shown = message.attachments if message is not None else ()
    return escape(shown[0].url if shown else str(candidate["url"]))


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(UseImage(bot))
