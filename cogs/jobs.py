"""What people do with a result: the buttons under it, and the windows that some of them open."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord.ext import commands

from bot import captions
from bot.actions import Button
from bot.client import (
    ANSWER_SECONDS,
    LOOKUP_SECONDS,
    Interaction,
    Lienzo,
    caller,
    defer,
    open_modal,
    place,
    say,
    soon,
)
from bot.errors import LimitReached, NotFound, PromptError, UserError
from bot.i18n import T, Text
from bot.jobs import Action
from bot.store import SavedDraft
from bot.studio import Picture
from bot.studio.making import checked
from bot.views import Click, embed, instruction_modal, prompt_modal, rows_view, zoom_modal

UPLOAD_SECONDS = 120.0
LATE_SECONDS = 30.0  # for what was too slow to come before the first answer
MIB = 1 << 20
#: Everything that makes a job out of a result.
MAKING = (
    "reroll",
    "replay",
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
#: What opens a window with the prompt first, for those who chose remix mode.
REMIXED = frozenset({"reroll", Action.VARIATION, Action.VARY_SUBTLE, Action.VARY_STRONG, Action.PAN})
#: The verb of the button that opens such a window from a draft.
REWRITE = "rewrite"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made of a result, and where it is to be shown. `private`: it was wished for where nobody else looks."""

    click: Click
    private: bool = False
    reply_to: int | None = None

    @property
    def details(self) -> dict[str, Any]:
        """As a draft keeps it."""
        click = self.click
        return {
            "rewrite": [click.verb, click.job_id, click.tile, click.extra],
            "private": self.private,
            "reply_to": self.reply_to,
        }


class Jobs(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        for verb in MAKING:
            bot.buttons[verb] = self.act
            bot.modals[verb] = self.act_by_text
        bot.buttons |= {
            REWRITE: self.rewrite,
            Action.EDIT: self.open_edit,
            "cancel": self.end,
            "delete": self.end,
            "favourite": self.favourite,
            "original": self.original,
        }
        bot.modals |= {REWRITE: self.rewritten, Action.EDIT: self.edit}

    # What makes a job out of a result

    async def act(self, interaction: Interaction, click: Click) -> None:
        """U, V, 🔄 and what stands under a single picture: at once, or where the prompt is to be seen first, through a window."""
        wish = wished(interaction, click)
        acting = await self.bot.remember(interaction)
        if not self.bot.studio.remembers(acting):
            await self._act_late(interaction, wish)
        elif self._opens(interaction, click):
            await self._open(interaction, wish)
        else:
            hidden = wish.private or self.bot.studio.stealth(acting)
            where = await defer(interaction, ephemeral=hidden, reply_to=wish.reply_to)
            await self.bot.studio.act(acting, click.verb, click.job_id, click.tile, click.extra, where)

    def _opens(self, interaction: Interaction, click: Click) -> bool:
        remixed = click.verb in REMIXED and self.bot.studio.remixes(caller(interaction))
        return remixed or (click.verb == Action.ZOOM and click.extra == "custom")

    async def _open(self, interaction: Interaction, wish: Wish) -> None:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                parent = await self.bot.studio.result(wish.click.job_id)
        except TimeoutError:
            await self._act_late(interaction, wish)
            return
        modal = window(wish.click, parent.prompt, interaction.locale.value)
        await open_modal(interaction, modal)

    async def _act_late(self, interaction: Interaction, wish: Wish) -> None:
        """What should be known before the first answer took too long: so that comes first, and a window from a button in it."""
        await defer(interaction, ephemeral=True)
        acting, click, studio = caller(interaction), wish.click, self.bot.studio
        async with asyncio.timeout(LATE_SECONDS):
            await studio.remember(acting)
        if self._opens(interaction, click):
            async with asyncio.timeout(LATE_SECONDS):
                parent = await studio.result(click.job_id)
                draft_id = await studio.save_draft(acting, parent.prompt, wish.details)
            await self._edit(interaction, T("That took a moment. Here is the prompt:"), rewriting(), draft_id)
            return
        await self._edit(interaction, T("That took a moment. It starts now."))
        where = replace(place(interaction, ephemeral=wish.private or studio.stealth(acting)), reply_to=wish.reply_to)
        await studio.act(acting, click.verb, click.job_id, click.tile, click.extra, where)

    async def act_by_text(self, interaction: Interaction, click: Click) -> None:
        """The same with another prompt, out of a window."""
        await self._act_by_text(interaction, wished(interaction, click), click.fields or {}, click.prompt)

    async def _act_by_text(self, interaction: Interaction, wish: Wish, fields: Mapping[str, str], text: str) -> None:
        acting, click = await self.bot.remember(interaction), wish.click
        shape = fields.get("aspect", "").strip()
        try:
            extra = zoom_of(fields["factor"]) if "factor" in fields else click.extra
            prompt = self.bot.studio.reworded(acting, text, {"ar": shape} if shape else {})
        except UserError as error:
            await self._refuse(interaction, wish, text, error)
            return
        hidden = wish.private or self.bot.studio.stealth(acting, prompt)
        details = {"ratio": list(prompt.aspect)} if shape else {}
        where = await defer(interaction, ephemeral=hidden, reply_to=wish.reply_to)
        await self.bot.studio.act(
            acting, click.verb, click.job_id, click.tile, extra, where, text=text, details=details
        )

    async def _refuse(self, interaction: Interaction, wish: Wish, text: str, error: UserError) -> None:
        """Why the prompt will not do, with what was typed to mend."""
        draft_id = await soon(self.bot.studio.save_draft(caller(interaction), text, wish.details))
        locale = interaction.locale.value
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_message(
                embed=embed(captions.error_notice(error, locale, text)),
                view=rows_view(rewriting(), draft_id, locale) or discord.utils.MISSING,
                ephemeral=True,
            )

    async def rewrite(self, interaction: Interaction, click: Click) -> None:
        """Opens the window of a draft."""
        draft = await self._draft(interaction, click.job_id)
        wish = rewished(draft)
        modal = window(wish.click, draft.text, interaction.locale.value, click.job_id)
        await open_modal(interaction, modal)

    async def rewritten(self, interaction: Interaction, click: Click) -> None:
        draft = await self._draft(interaction, click.job_id)
        await self._act_by_text(interaction, rewished(draft), click.fields or {}, click.prompt)

    async def _draft(self, interaction: Interaction, draft_id: str) -> SavedDraft:
        draft = await soon(self.bot.studio.draft(draft_id))
        if draft is None or draft.user_id != interaction.user.id or REWRITE not in draft.details:
            raise NotFound(T("That prompt is no longer kept. Please press the button under the picture again."))
        return draft

    async def _edit(
        self, interaction: Interaction, text: Text, rows: tuple[tuple[Button, ...], ...] = (), draft_id: str = "-"
    ) -> None:
        locale = interaction.locale.value
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(
                content=text.in_language(locale), view=rows_view(rows, draft_id, locale)
            )

    # An edit by instruction

    async def open_edit(self, interaction: Interaction, click: Click) -> None:
        """✏️: asks what is to change. Needs nothing of the store."""
        button = Button(Action.EDIT, click.tile)
        await open_modal(interaction, instruction_modal(button, click.job_id, interaction.locale.value))

    async def edit(self, interaction: Interaction, click: Click) -> None:
        wish = wished(interaction, click)
        acting = await self.bot.remember(interaction)
        instruction = checked((click.fields or {}).get("instruction", ""))
        hidden = wish.private or self.bot.studio.stealth(acting)
        where = await defer(interaction, ephemeral=hidden, reply_to=wish.reply_to)
        await self.bot.studio.edit(acting, Picture(click.job_id, click.tile), where, instruction=instruction)

    # What makes none

    async def end(self, interaction: Interaction, click: Click) -> None:
        """Cancels what runs, deletes what is finished. The message itself shows it."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        await self.bot.studio.cancel(caller(interaction), click.job_id)

    async def favourite(self, interaction: Interaction, click: Click) -> None:
        await defer(interaction, ephemeral=True)
        on, count = await self.bot.studio.favourite(caller(interaction), click.job_id, click.tile)
        answer = T("❤️ Added to your favourites ({count}).", count=count)
        if not on:
            answer = T("🤍 Removed from your favourites ({count}).", count=count)
        await say(interaction, answer)

    async def original(self, interaction: Interaction, click: Click) -> None:
        """The picture byte for byte, to the one who asks."""
        await defer(interaction, ephemeral=True)
        async with self.bot.studio.original(caller(interaction), click.job_id, click.tile) as upload:
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


def wished(interaction: Interaction, click: Click) -> Wish:
    """A click as what it asks for: its result replies to the message that was clicked, or is as private as that."""
    message = interaction.message
    if message is None or message.flags.ephemeral:
        return Wish(click, private=message is not None)
    return Wish(click, reply_to=message.id)


def rewished(draft: SavedDraft) -> Wish:
    verb, job_id, tile, extra = draft.details[REWRITE]
    return Wish(Click(verb, job_id, tile, extra), draft.details["private"], draft.details["reply_to"])


def rewriting() -> tuple[tuple[Button, ...], ...]:
    return ((Button(REWRITE, label=T("Edit the prompt"), emoji="✏️"),),)


def window(click: Click, text: str, locale: str, draft_id: str | None = None) -> discord.ui.Modal:
    """The prompt to edit. What comes of it goes by the result's id, or by that of the draft where all is kept."""
    button = Button(click.verb, click.tile, click.extra) if draft_id is None else Button(REWRITE)
    target = draft_id or click.job_id
    if click.verb == Action.ZOOM:
        return zoom_modal(target, click.tile, text, locale, button)
    return prompt_modal(button, target, T("Remix Prompt"), text, locale)


def zoom_of(typed: str) -> str:
    """The factor of Custom Zoom, as a button has it. Raises `PromptError`."""
    factor = typed.strip().replace(",", ".")
    if not is_zoom(factor):
        raise PromptError(T("`{value}` is no zoom: give a number from 1 to 2.", value=factor.replace("`", "'")))
    return factor


def is_zoom(text: str) -> bool:
    try:
        return 1 <= float(text) <= 2
    except ValueError:
        return False


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Jobs(bot))
