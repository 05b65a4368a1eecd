"""Vary (Region): a window to choose a part of a picture in, the part shown on the picture, and the question before it is painted anew."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord.ext import commands

from bot.actions import Button
from bot.captions import CONTENT_LIMIT
from bot.client import ANSWER_SECONDS, LOOKUP_SECONDS, Interaction, Lienzo, caller, defer, open_modal, place, soon
from bot.errors import NotAllowed, NotFound, UserError
from bot.i18n import T, Text
from bot.jobs import Action
from bot.store import SavedDraft
from bot.studio import Attachment
from bot.views import Click, labelled, prompt_modal, rows_view

UPLOAD_SECONDS = 120.0
LATE_SECONDS = 30.0
YES, AGAIN, NO = "region_yes", "region_again", "region_no"
AREAS, MASK = "areas", "mask"
#: What a draft says beside the region itself.
WISH = ("job", "tile", "private", "reply_to")
#: The fields of the 3 × 3 board, row by row.
CELLS: tuple[Text, ...] = (
    T("top left"), T("top"), T("top right"),
    T("left"), T("middle"), T("right"),
    T("bottom left"), T("bottom"), T("bottom right"),
)  # fmt: skip


class Region(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons |= {Action.REGION: self.open, AGAIN: self.open_again, YES: self.paint, NO: self.drop}
        bot.modals |= {Action.REGION: self.chosen, AGAIN: self.chosen_again}

    async def open(self, interaction: Interaction, click: Click) -> None:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                parent = await self.bot.studio.result(click.job_id)
        except TimeoutError:
            await self._open_late(interaction, click)
            return
        button = Button(Action.REGION, click.tile)
        await open_modal(interaction, window(button, click.job_id, parent.prompt, (), interaction.locale.value))

    async def _open_late(self, interaction: Interaction, click: Click) -> None:
        """The prompt took too long to come before the first answer: the window opens from a button in it."""
        await defer(interaction, ephemeral=True)
        async with asyncio.timeout(LATE_SECONDS):
            parent = await self.bot.studio.result(click.job_id)
        wish = _wish(click.job_id, click.tile, interaction.message)
        await self._ask_again(interaction, wish, parent.prompt, T("That took a moment. Go on here:"))

    async def open_again(self, interaction: Interaction, click: Click) -> None:
        draft = await self._draft(interaction, click.job_id)
        cells: Sequence[int] = draft.details.get("cells", ())
        await open_modal(interaction, window(Button(AGAIN), click.job_id, draft.text, cells, interaction.locale.value))

    async def chosen(self, interaction: Interaction, click: Click) -> None:
        await defer(interaction, ephemeral=True)
        await self._answer(interaction, click, _wish(click.job_id, click.tile, interaction.message))

    async def chosen_again(self, interaction: Interaction, click: Click) -> None:
        """The answer of before is changed."""
        draft = await self._draft(interaction, click.job_id)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        await self._answer(interaction, click, {name: draft.details[name] for name in WISH})

    async def _answer(self, interaction: Interaction, click: Click, wish: Mapping[str, Any]) -> None:
        """Shows what was chosen, or why it will not do; either can be mended."""
        await self.bot.studio.remember(caller(interaction))
        try:
            self.bot.studio.reworded(caller(interaction), click.prompt)
            await self._show(interaction, click, wish)
        except (NotFound, NotAllowed):
            raise
        except UserError as error:
            await self._ask_again(interaction, wish, click.prompt, error.text)

    async def _show(self, interaction: Interaction, click: Click, wish: Mapping[str, Any]) -> None:
        """The picture with the region marked, to its user alone, and the question."""
        acting, locale = caller(interaction), interaction.locale.value
        cells = [int(value) for value in click.chosen.get(AREAS, ()) if value.isdecimal()]
        drawn = next((Attachment(file.url, file.filename, file.size) for file in click.files.get(MASK, ())), None)
        async with self.bot.studio.outline(acting, wish["job"], wish["tile"], cells, drawn) as (path, details):
            draft_id = await self.bot.studio.save_draft(acting, click.prompt, {**wish, **details})
            file = await asyncio.to_thread(discord.File, path)
            with contextlib.closing(file):
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await interaction.edit_original_response(
                        content=T("Only what is marked will be painted anew. Go on?").in_language(locale),
                        attachments=[file],
                        view=rows_view(QUESTION, draft_id, locale),
                    )

    async def _ask_again(self, interaction: Interaction, wish: Mapping[str, Any], text: str, why: Text) -> None:
        locale = interaction.locale.value
        draft_id = await self.bot.studio.save_draft(caller(interaction), text, wish)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(
                content=why.in_language(locale)[:CONTENT_LIMIT],
                attachments=[],
                view=rows_view((QUESTION[0][1:],), draft_id, locale),
            )

    async def paint(self, interaction: Interaction, click: Click) -> None:
        """Yes. The question goes when the job is there; the job shows itself in a message of its own."""
        draft = await self._draft(interaction, click.job_id)
        acting = await self.bot.remember(interaction)
        prompt = self.bot.studio.reworded(acting, draft.text)
        hidden = draft.details["private"] or self.bot.studio.stealth(acting, prompt)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        where = replace(place(interaction, ephemeral=hidden), reply_to=draft.details["reply_to"])
        await self.bot.studio.region(acting, click.job_id, where)
        await self._close(interaction, T("It is being painted."))

    async def drop(self, interaction: Interaction, click: Click) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        await self._close(interaction, T("Nothing was painted."))

    async def _close(self, interaction: Interaction, text: Text) -> None:
        content = text.in_language(interaction.locale.value)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(content=content, attachments=[], view=None)

    async def _draft(self, interaction: Interaction, draft_id: str) -> SavedDraft:
        draft = await soon(self.bot.studio.draft(draft_id))
        if draft is None or draft.user_id != interaction.user.id or "private" not in draft.details:
            raise NotFound(T("That region was painted already, or is no longer kept. Please choose it again."))
        return draft


def _wish(job_id: str, tile: int, message: discord.Message | None) -> dict[str, Any]:
    """Whose region it is, and where the result goes: as a reply to the picture, or as private as that."""
    private = message is not None and message.flags.ephemeral
    reply_to = message.id if message is not None and not private else None
    return {"job": job_id, "tile": tile, "private": private, "reply_to": reply_to}


QUESTION = (
    (
        Button(YES, label=T("Paint this"), emoji="🖌️", on=True),
        Button(AGAIN, label=T("Choose again"), emoji="🔁"),
        Button(NO, label=T("Cancel")),
    ),
)


def window(button: Button, target: str, text: str, cells: Sequence[int], locale: str) -> discord.ui.Modal:
    """The prompt, the nine areas, and a mask of one's own."""
    board = discord.ui.CheckboxGroup[Any](
        custom_id=AREAS,
        required=False,
        min_values=0,
        max_values=len(CELLS),
        options=[
            discord.CheckboxGroupOption(label=name.in_language(locale), value=str(number), default=number in cells)
            for number, name in enumerate(CELLS)
        ],
    )
    mask = discord.ui.FileUpload[Any](custom_id=MASK, required=False, min_values=0, max_values=1)
    return prompt_modal(
        button,
        target,
        T("Vary (Region)"),
        text,
        locale,
        (
            labelled(T("What is painted anew"), board, locale),
            labelled(
                T("Or a mask of your own"), mask, locale, T("White, or see-through, where it is to be painted anew")
            ),
        ),
    )


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Region(bot))
