"""/imagine, the window that mends a prompt, and the question before many jobs at once."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.actions import Button
from bot.client import ANSWER_SECONDS, DRAFT, Interaction, Lienzo, caller, defer, place
from bot.errors import NotFound, UserError
from bot.i18n import N_, TN, T
from bot.prompt import MAX_LENGTH
from bot.studio import Attachment, Draft
from bot.views import Click, prompt_modal, rows_view

LOOKUP_SECONDS = 0.5  # the most that may be spent on the store before the first answer
CHOICES = 25  # Discord's limit
RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9", "4:5", "5:4", "2:1", "1:2")
STYLIZE = {50: N_("low"), 100: N_("default"), 250: N_("high"), 750: N_("very high")}
Found = TypeVar("Found")
#: Drafts of which was said "yes", so that a second click starts nothing.
CONFIRMED = 1000


class Imagine(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        self._confirmed: deque[str] = deque(maxlen=CONFIRMED)
        bot.buttons["fix"] = self.fix
        bot.buttons["confirm"] = self.confirm
        bot.modals["fix"] = self.fixed

    @app_commands.command(name="imagine", description=locale_str(N_("Create images from a prompt")))
    @app_commands.describe(
        prompt=locale_str(N_("What to paint. Parameters such as --ar 3:2 may follow")),
        image=locale_str(N_("An image to start from")),
        aspect=locale_str(N_("Shape of the picture, width to height")),
        stylize=locale_str(N_("Strength of the house style, 0 to 1000")),
        chaos=locale_str(N_("How far the pictures of a grid differ, 0 to 100")),
        seed=locale_str(N_("The same seed and prompt give the same grid")),
        no=locale_str(N_("What should not be in the picture")),
        images=locale_str(N_("How many pictures, 1 to 4")),
        mode=locale_str(N_("How soon it starts")),
        backend=locale_str(N_("Which generator paints it")),
    )
    @app_commands.choices(
        mode=[
            Choice(name=locale_str(N_("Fast")), value="fast"),
            Choice(name=locale_str(N_("Relaxed: waits until nobody else does")), value="relax"),
        ]
    )
    async def imagine(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, MAX_LENGTH],
        image: discord.Attachment | None = None,
        aspect: str | None = None,
        stylize: app_commands.Range[int, 0, 1000] | None = None,
        chaos: app_commands.Range[int, 0, 100] | None = None,
        seed: app_commands.Range[int, 0, 2**32 - 1] | None = None,
        no: str | None = None,
        images: app_commands.Range[int, 1, 4] | None = None,
        mode: str | None = None,
        backend: str | None = None,
    ) -> None:
        given = {
            "ar": aspect,
            "stylize": stylize,
            "chaos": chaos,
            "seed": seed,
            "no": no,
            "n": images,
            "backend": backend,
        }
        overrides = {name: str(value) for name, value in given.items() if value is not None}
        if mode is not None:
            overrides[mode] = "true"
        attachments = [Attachment(image.url, image.filename, image.size)] if image else []
        await self._begin(interaction, prompt, overrides, attachments)

    async def _begin(
        self,
        interaction: Interaction,
        text: str,
        overrides: Mapping[str, str] | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """Checks before anything is answered; then one job starts at once, and several after a question."""
        interaction.extras[DRAFT] = as_text(text, overrides or {}, attachments)
        asking = caller(interaction)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self.bot.studio.remember(asking)
        draft = self.bot.studio.check(asking, text, overrides, attached=len(attachments))
        if len(draft.prompts) > 1:
            await self._ask(interaction, draft)
            return
        where = await defer(interaction, ephemeral=draft.ephemeral)
        await self.bot.studio.imagine(asking, draft, where, attachments)

    async def _ask(self, interaction: Interaction, draft: Draft) -> None:
        draft_id = await _soon(self.bot.studio.save_draft(caller(interaction), interaction.extras[DRAFT]))
        locale = interaction.locale.value
        question = TN("This will start {count} job. Go on?", "This will start {count} jobs. Go on?", len(draft.prompts))
        view = rows_view(((Button("confirm"),),), draft_id, locale)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_message(
                question.in_language(locale), view=view or discord.utils.MISSING, ephemeral=True
            )

    async def confirm(self, interaction: Interaction, click: Click) -> None:
        """Yes to many jobs. Each shows its progress in a message of its own."""
        text = await self._draft(click.job_id)
        if click.job_id in self._confirmed:
            raise UserError(T("These jobs were started already."))
        draft = self.bot.studio.check(caller(interaction), text)
        started = TN("{count} job was started.", "{count} jobs were started.", len(draft.prompts))
        self._confirmed.append(click.job_id)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.edit_message(content=started.in_language(interaction.locale.value), view=None)
        await self.bot.studio.imagine(caller(interaction), draft, place(interaction, ephemeral=draft.ephemeral))

    async def fix(self, interaction: Interaction, click: Click) -> None:
        """Opens the prompt as typed."""
        text = await self._draft(click.job_id)
        modal = prompt_modal(Button("fix"), click.job_id, T("Fix the prompt"), text, interaction.locale.value)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_modal(modal)

    async def fixed(self, interaction: Interaction, click: Click) -> None:
        await self._begin(interaction, click.prompt)

    async def _draft(self, draft_id: str) -> str:
        text = await _soon(self.bot.studio.draft(draft_id))
        if text is None:
            raise NotFound(T("That prompt is no longer kept. Please type it again."))
        return text

    @imagine.autocomplete("aspect")
    async def _aspects(self, _: Interaction, typed: str) -> list[Choice[str]]:
        typed = typed.strip().replace("x", ":").replace("/", ":")
        fitting = [ratio for ratio in RATIOS if ratio.startswith(typed)]
        across, _colon, down = typed.partition(":")
        if across.isdecimal() and down.isdecimal() and typed not in fitting:
            fitting.insert(0, typed)
        return [Choice(name=ratio, value=ratio) for ratio in fitting[:CHOICES]]

    @imagine.autocomplete("stylize")
    async def _styles(self, interaction: Interaction, typed: str) -> list[Choice[int]]:
        locale = interaction.locale.value
        presets = [
            Choice(name=T("{value} ({word})", value=value, word=T(word)).in_language(locale), value=value)
            for value, word in STYLIZE.items()
        ]
        if typed.isdecimal() and int(typed) <= 1000 and int(typed) not in STYLIZE:
            presets.insert(0, Choice(name=str(int(typed)), value=int(typed)))
        return presets

    @imagine.autocomplete("backend")
    async def _backends(self, _: Interaction, typed: str) -> list[Choice[str]]:
        names = self.bot.studio.catalog.names
        return [Choice(name=name, value=name) for name in names if typed.lower() in name.lower()][:CHOICES]


async def _soon(lookup: Awaitable[Found]) -> Found:
    """What the store says, if it does so well before the first answer is due."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await lookup
    except TimeoutError:
        raise UserError(T("That took too long. Try again.")) from None


def as_text(text: str, overrides: Mapping[str, str], attachments: Sequence[Attachment]) -> str:
    """Everything that was given to the command as one prompt, so that it can be mended or confirmed as one."""
    options = [f"--{name}" if value == "true" else f"--{name} {value}" for name, value in overrides.items()]
    return " ".join([*(attachment.url for attachment in attachments), text, *options])


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Imagine(bot))
