"""/shorten: which words of a prompt matter, and up to five shorter prompts, each behind a button."""

import asyncio
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import captions
from bot.actions import Button
from bot.captions import Notice, escape, units
from bot.client import ANSWER_SECONDS, Interaction, Lienzo, open_modal, soon
from bot.errors import NotFound, UserError
from bot.i18n import N_, T, Text
from bot.prompt import MAX_LENGTH
from bot.shorten import LOW, Word, shorten
from bot.store import SavedDraft
from bot.views import Click, embed, prompt_modal, rows_view

#: How much of the message the words take, and each shorter prompt, in UTF-16 units; a file has what does not fit.
WORDS_LIMIT, PROMPT_LIMIT = 1400, 480
#: So few words are short.
FEW = 4


@dataclass(frozen=True, slots=True)
class Page:
    """What a message says; `full` is the whole of it where it had to be cut."""

    notice: Notice
    full: str | None

    def files(self) -> list[discord.File]:
        return [discord.File(io.BytesIO(self.full.encode()), "shorten.txt")] if self.full is not None else []


class Shorten(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons["shortened"] = self.open_prompt
        bot.buttons["weights"] = self.show_weights

    @app_commands.command(
        name="shorten", description=locale_str(N_("See which words of a prompt matter, and shorter ones"))
    )
    @app_commands.describe(prompt=locale_str(N_("The prompt to shorten")))
    async def shorten(self, interaction: Interaction, prompt: app_commands.Range[str, 1, MAX_LENGTH]) -> None:
        found = shorten(prompt)
        if not found.prompts and len(found.words) < FEW:
            raise UserError(T("This prompt is short already."))
        if not found.prompts:
            raise UserError(T("There is nothing in this prompt that it could do without."))
        acting = await self.bot.remember(interaction)
        draft_id = await soon(self.bot.studio.save_draft(acting, prompt, {"prompts": list(found.prompts)}))
        shown = page(found.words, found.prompts, interaction.locale.value)
        view = rows_view(
            (*_numbers(found.prompts), (Button("weights", label=T("Show Details")),)), draft_id, acting.locale
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_message(
                embed=embed(shown.notice),
                view=view or discord.utils.MISSING,
                files=shown.files(),
                ephemeral=self.bot.studio.stealth(acting),
            )

    async def open_prompt(self, interaction: Interaction, click: Click) -> None:
        """Opens one of the shorter prompts; what is submitted is imagined."""
        prompts = _prompts(await self._draft(click.job_id))
        if not 1 <= click.tile <= len(prompts):
            raise NotFound(T("This button does nothing any more."))
        text = prompts[click.tile - 1]
        await open_modal(interaction, prompt_modal(Button("fix"), "-", T("Imagine"), text, interaction.locale.value))

    async def show_weights(self, interaction: Interaction, click: Click) -> None:
        """The same message with a number for each word."""
        draft = await self._draft(click.job_id)
        prompts = _prompts(draft)
        shown = page(shorten(draft.text).words, prompts, interaction.locale.value, weights=True)
        view = rows_view(_numbers(prompts), click.job_id, interaction.locale.value)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.edit_message(embed=embed(shown.notice), view=view, attachments=shown.files())

    async def _draft(self, draft_id: str) -> SavedDraft:
        draft = await soon(self.bot.studio.draft(draft_id))
        if draft is None:
            raise NotFound(T("That prompt is no longer kept. Please type it again."))
        return draft


def page(words: Sequence[Word], prompts: Sequence[str], locale: str, *, weights: bool = False) -> Page:
    """The words, those that matter little struck through or all with their `weights`, and the numbered prompts."""
    marked = [_weighed(word) if weights else _marked(word) for word in words]
    told, complete = _joined(marked, WORDS_LIMIT)
    fitted = [captions.shorten(prompt, PROMPT_LIMIT) for prompt in prompts]
    numbered = (f"{_keycap(number)} {text}" for number, (text, _) in enumerate(fitted, start=1))
    heading = T("Shorter prompts")
    notice = Notice(
        title=T("Important tokens").in_language(locale),
        description="\n\n".join((told, f"**{heading.in_language(locale)}**", *numbered)),
        colour=captions.BLURPLE,
    )
    cut = not complete or any(shortened for _, shortened in fitted)
    return Page(notice, _in_full(words, prompts, heading, locale) if cut else None)


def _in_full(words: Iterable[Word], prompts: Iterable[str], heading: Text, locale: str) -> str:
    weighed = (f"{word.text} ({word.weight:.2f})" for word in words)
    numbered = (f"{number}. {prompt}" for number, prompt in enumerate(prompts, start=1))
    return "\n".join(("\n".join(weighed), "", heading.in_language(locale), "", "\n\n".join(numbered), ""))


def _marked(word: Word) -> str:
    text = escape(word.text)
    return (f"~~{text}~~" if word.weight < LOW else text) + escape(word.after)


def _weighed(word: Word) -> str:
    text = word.text.replace("`", "'")
    return f"`{text}` ({word.weight:.2f}) "


def _joined(pieces: Iterable[str], limit: int) -> tuple[str, bool]:
    """As many pieces as fit, and whether all do."""
    kept: list[str] = []
    room = limit
    for piece in pieces:
        room -= units(piece)
        if room < 0:
            return "".join(kept) + "…", False
        kept.append(piece)
    return "".join(kept).rstrip(), True


def _numbers(prompts: Sequence[str]) -> tuple[tuple[Button, ...]]:
    return (tuple(Button("shortened", number, emoji=_keycap(number)) for number in range(1, len(prompts) + 1)),)


def _keycap(number: int) -> str:
    """The digit on a key."""
    return f"{number}\ufe0f\u20e3"


def _prompts(draft: SavedDraft) -> list[str]:
    return [str(prompt) for prompt in draft.details.get("prompts", ())]


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Shorten(bot))
