"""/imagine, the window that mends a prompt, and the question before many jobs at once."""

import asyncio
import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot import captions
from bot.actions import Button, Row
from bot.backends.base import Capabilities
from bot.client import ANSWER_SECONDS, DRAFT, Interaction, Lienzo, caller, defer, open_modal, place, say, soon
from bot.errors import BackendError, NotFound, UserError
from bot.i18n import N_, TN, T, Text
from bot.jobs import Lane
from bot.media import attached
from bot.prompt import MAX_LENGTH, escape, number_text, render
from bot.store import SavedDraft, usd
from bot.studio import Attachment, Draft
from bot.views import Click, prompt_modal, rows_view

CHOICES = 25  # Discord's limit
CHOICE_LIMIT = 100  # characters of a choice
RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9", "4:5", "5:4", "2:1", "1:2")
STYLIZE = {50: N_("low"), 100: N_("default"), 250: N_("high"), 750: N_("very high")}
QUALITIES = ("0.25", "0.5", "1", "2", "4")
LANES: Mapping[Lane, str] = {
    Lane.FAST: N_("Fast"),
    Lane.RELAX: N_("Relaxed: waits until nobody else does"),
    Lane.TURBO: N_("Turbo: a faster model"),
}
Name = app_commands.Range[str, 1, CHOICE_LIMIT]


class Imagine(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons |= {
            "fix": self.fix,
            "confirm": self.confirm,
            "decline": self.decline,
            "show_prompts": self.show_prompts,
        }
        bot.modals["fix"] = self.fixed

    @app_commands.command(name="imagine", description=locale_str(N_("Create images from a prompt")))
    @app_commands.describe(
        prompt=locale_str(N_("What to paint. Parameters such as --ar 3:2 may follow")),
        image=locale_str(N_("An image to start from")),
        style=locale_str(N_("An image whose style to take")),
        character=locale_str(N_("An image whose character to take")),
        aspect=locale_str(N_("Shape of the picture, width to height")),
        images=locale_str(N_("How many pictures, 1 to 4")),
        no=locale_str(N_("What should not be in the picture")),
        seed=locale_str(N_("The same seed and prompt give the same grid")),
        stylize=locale_str(N_("Strength of the house style, 0 to 1000")),
        chaos=locale_str(N_("How far the pictures of a grid differ, 0 to 100")),
        quality=locale_str(N_("How much computing to spend")),
        raw=locale_str(N_("Less house style")),
        tile=locale_str(N_("A pattern that repeats without seams")),
        strength=locale_str(N_("How far to leave the image: 0 keeps it, 1 ignores it")),
        width=locale_str(N_("Width in pixels, with a height and instead of a shape")),
        height=locale_str(N_("Height in pixels, with a width and instead of a shape")),
        format=locale_str(N_("File format of the originals")),
        mode=locale_str(N_("How soon it starts")),
        visibility=locale_str(N_("Who sees the result")),
        backend=locale_str(N_("Which generator paints it")),
        model=locale_str(N_("Name of the model")),
        steps=locale_str(N_("Sampling steps")),
        guidance=locale_str(N_("How closely to follow the prompt, 0 to 30")),
        sampler=locale_str(N_("Name of the sampler")),
        lora=locale_str(N_("A LoRA to add: its name, or name:weight")),
    )
    @app_commands.choices(
        quality=[Choice(name=value, value=value) for value in QUALITIES],
        format=[Choice(name=value, value=value) for value in ("png", "jpg", "webp")],
        visibility=[
            Choice(name=locale_str(N_("Everyone here")), value="public"),
            Choice(name=locale_str(N_("You alone (stealth)")), value="stealth"),
        ],
    )
    async def imagine(
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, MAX_LENGTH],
        image: discord.Attachment | None = None,
        style: discord.Attachment | None = None,
        character: discord.Attachment | None = None,
        aspect: Name | None = None,
        images: app_commands.Range[int, 1, 4] | None = None,
        no: app_commands.Range[str, 1, 1000] | None = None,
        seed: app_commands.Range[int, 0, 2**32 - 1] | None = None,
        stylize: app_commands.Range[int, 0, 1000] | None = None,
        chaos: app_commands.Range[int, 0, 100] | None = None,
        quality: str | None = None,
        raw: bool | None = None,
        tile: bool | None = None,
        strength: app_commands.Range[float, 0.0, 1.0] | None = None,
        width: app_commands.Range[int, 64, 8192] | None = None,
        height: app_commands.Range[int, 64, 8192] | None = None,
        format: str | None = None,  # noqa: A002 - the option's name
        mode: Name | None = None,
        visibility: str | None = None,
        backend: Name | None = None,
        model: Name | None = None,
        steps: app_commands.Range[int, 1, 150] | None = None,
        guidance: app_commands.Range[float, 0.0, 30.0] | None = None,
        sampler: Name | None = None,
        lora: Name | None = None,
    ) -> None:
        given: dict[str, object] = {
            "sref": style.url if style else None,
            "cref": character.url if character else None,
            "ar": aspect,
            "n": images,
            "no": no,
            "seed": seed,
            "stylize": stylize,
            "chaos": chaos,
            "quality": quality,
            "raw": raw,
            "tile": tile,
            "strength": strength,
            "width": width,
            "height": height,
            "format": format,
            "backend": backend,
            "model": model,
            "steps": steps,
            "cfg": guidance,
            "sampler": sampler,
            "lora": lora,
        }
        lanes = self.bot.studio.lanes(caller(interaction))
        flags = [*([lane_named(mode, lanes)] if mode else []), *([visibility] if visibility else [])]
        overrides = {name: as_value(value) for name, value in given.items() if value is not None}
        overrides |= dict.fromkeys(flags, "true")
        await self._begin(interaction, prompt, overrides, [attached(image)] if image else [])

    async def _begin(
        self,
        interaction: Interaction,
        text: str,
        overrides: Mapping[str, str] | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """Checks before anything is answered; then one job starts at once, and several or a dear one after a question."""
        interaction.extras[DRAFT] = as_text(text, overrides or {}, attachments)
        asking = await self.bot.remember(interaction)
        draft = self.bot.studio.check(asking, text, overrides, attached=len(attachments))
        if len(draft.prompts) > 1 or draft.costly:
            await self._ask(interaction, draft, overrides or {}, attachments)
            return
        where = await defer(interaction, ephemeral=draft.ephemeral)
        await self.bot.studio.imagine(asking, draft, where, attachments)

    # Many at once

    async def _ask(
        self, interaction: Interaction, draft: Draft, overrides: Mapping[str, str], attachments: Sequence[Attachment]
    ) -> None:
        details = {"overrides": dict(overrides), "attachments": [asdict(one) for one in attachments]}
        draft_id = await soon(self.bot.studio.save_draft(caller(interaction), draft.text, details))
        question = question_before(draft)
        row: Row = (Button("confirm"), Button("decline"), Button("show_prompts", label=T("Show"), emoji="📜"))
        await say(interaction, question, view=rows_view((row,), draft_id, interaction.locale.value))

    async def confirm(self, interaction: Interaction, click: Click) -> None:
        """Yes to many jobs. Each shows its progress in a message of its own."""
        draft, attachments = await self._reread(interaction, click.job_id)
        asking = caller(interaction)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.defer()
        where = place(interaction, ephemeral=draft.ephemeral)
        jobs = await self.bot.studio.imagine(asking, draft, where, attachments, confirmed=click.job_id)
        started = TN("{count} job was started.", "{count} jobs were started.", len(jobs))
        with contextlib.suppress(discord.HTTPException):  # they run, whatever becomes of the question
            async with asyncio.timeout(ANSWER_SECONDS):
                await interaction.edit_original_response(
                    content=started.in_language(interaction.locale.value), view=None
                )

    async def decline(self, interaction: Interaction, _: Click) -> None:
        """No to many jobs."""
        nothing = T("Nothing was started.").in_language(interaction.locale.value)
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.edit_message(content=nothing, view=None)

    async def show_prompts(self, interaction: Interaction, click: Click) -> None:
        """What yes would start; as a file where it is too long for a message."""
        draft, _ = await self._reread(interaction, click.job_id)
        texts = [render(prompt) for prompt in draft.prompts]
        lines = numbered(map(captions.escape, texts))
        if captions.units(lines) <= captions.CONTENT_LIMIT:
            async with asyncio.timeout(ANSWER_SECONDS):
                await interaction.response.send_message(lines, ephemeral=True)
            return
        file = discord.File(io.BytesIO(numbered(texts).encode()), "prompts.txt")
        await say(interaction, TN("{count} prompt:", "{count} prompts:", len(texts)), file=file)

    async def _reread(self, interaction: Interaction, draft_id: str) -> tuple[Draft, list[Attachment]]:
        """What was asked about, checked once more: settings may have changed since."""
        saved = await self._saved(draft_id)
        overrides: Mapping[str, str] = saved.details.get("overrides", {})
        attachments = [Attachment(**one) for one in saved.details.get("attachments", ())]
        interaction.extras[DRAFT] = as_text(saved.text, overrides, attachments)
        asking = await self.bot.remember(interaction)
        return self.bot.studio.check(asking, saved.text, overrides, attached=len(attachments)), attachments

    async def _saved(self, draft_id: str) -> SavedDraft:
        draft = await soon(self.bot.studio.draft(draft_id))
        if draft is None:
            raise NotFound(T("That prompt is no longer kept, or was started already. Please type it again."))
        return draft

    # A prompt to mend

    async def fix(self, interaction: Interaction, click: Click) -> None:
        """Opens the prompt as typed."""
        draft = await self._saved(click.job_id)
        modal = prompt_modal(Button("fix"), click.job_id, T("Fix the prompt"), draft.text, interaction.locale.value)
        await open_modal(interaction, modal)

    async def fixed(self, interaction: Interaction, click: Click) -> None:
        """Any window with a prompt in it that becomes a grid."""
        await self._begin(interaction, click.prompt)

    # What may be chosen

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

    @imagine.autocomplete("mode")
    async def _modes(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        locale = interaction.locale.value
        offered = ((T(LANES[lane]).in_language(locale), lane) for lane in self.bot.studio.lanes(caller(interaction)))
        return [Choice(name=name, value=str(lane)) for name, lane in offered if typed.lower() in name.lower()]

    @imagine.autocomplete("backend")
    async def _backends(self, _: Interaction, typed: str) -> list[Choice[str]]:
        return suggested(self.bot.studio.catalog.names, typed)

    @imagine.autocomplete("model")
    async def _models(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        offers = self._offers(interaction)
        return suggested(offers.models, typed) if offers else []

    @imagine.autocomplete("sampler")
    async def _samplers(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        offers = self._offers(interaction)
        return suggested(offers.samplers, typed) if offers else []

    @imagine.autocomplete("lora")
    async def _loras(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The weight that is typed after the name goes along."""
        offers = self._offers(interaction)
        name, colon, weight = typed.partition(":")
        return suggested(offers.loras, name, colon + weight) if offers else []

    def _offers(self, interaction: Interaction) -> Capabilities | None:
        """What the generator that is chosen in the command, or else the caller's own, can do. None while it does not say."""
        studio = self.bot.studio
        try:
            return studio.catalog.capabilities(interaction.namespace.backend or studio.backend_of(caller(interaction)))
        except BackendError:
            return None


def question_before(draft: Draft) -> Text:
    """What is asked before many jobs, or dear ones."""
    count = len(draft.prompts)
    if draft.cost_usd:
        return TN(
            "This will start {count} job and cost about {cost}. Go on?",
            "This will start {count} jobs and cost about {cost}. Go on?",
            count,
            cost=usd(draft.cost_usd),
        )
    return TN("This will start {count} job. Go on?", "This will start {count} jobs. Go on?", count)


def suggested(names: Iterable[str], typed: str, ending: str = "") -> list[Choice[str]]:
    """The names that have what was typed in them, those that begin with it first."""
    wanted = typed.strip().lower()
    fitting = [f"{name}{ending}" for name in names if wanted in name.lower()]
    fitting.sort(key=lambda name: not name.lower().startswith(wanted))
    return [Choice(name=name, value=name) for name in fitting if len(name) <= CHOICE_LIMIT][:CHOICES]


def lane_named(mode: str, offered: Iterable[Lane]) -> Lane:
    """What was typed or chosen as a mode. Raises `UserError`."""
    known = {str(lane): lane for lane in offered}
    if (lane := known.get(mode.strip().lower())) is None:
        names = ", ".join(f"`{name}`" for name in known)
        raise UserError(
            T("There is no `{mode}` mode here. There are: {names}.", mode=mode.replace("`", "'"), names=names)
        )
    return lane


def as_value(value: object) -> str:
    """An option's value as a parameter's."""
    if isinstance(value, bool):
        return str(value).lower()
    return number_text(value) if isinstance(value, float) else str(value)


def as_text(text: str, overrides: Mapping[str, str], attachments: Sequence[Attachment]) -> str:
    """Everything that was given to the command as one prompt, so that it can be mended as one."""
    given = {name: value for name, value in overrides.items() if value != "false"}
    options = [f"--{name}" if value == "true" else f"--{name} {escape(value)}" for name, value in given.items()]
    return " ".join([*(attachment.url for attachment in attachments), text, *options])


def numbered(texts: Iterable[str]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Imagine(bot))
