"""/settings: the panel of one's own settings. What it shows comes from memory, what is clicked is stored, so it outlives every restart."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import captions
from bot.actions import Button, Menu, Option, Row, notes_for
from bot.client import ANSWER_SECONDS, Interaction, Lienzo, caller, defer, open_modal, soon
from bot.errors import NotFound
from bot.i18n import N_, T, Text
from bot.jobs import Lane
from bot.prompt import Prompt, parameter
from bot.studio import Caller
from bot.studio.choices import NAME_LIMIT, STYLIZE, SUFFIX_LIMIT, VALUE_LIMIT, Generator, Panel, Switch
from bot.views import Click, labelled, rows_view

VERB = "settings"
NO_ID = "-"
USUAL = "-"  # the choice of whatever is set elsewhere
CHOICES = 25  # Discord's limit
VALUE_LENGTH = 100  # and that of a choice's value
SHOWN_SUFFIX = 600  # characters
SHOWN_OPTION = 90
STRENGTHS: Mapping[int, str] = {50: N_("low"), 100: N_("medium"), 250: N_("high"), 750: N_("very high")}
LANES: Mapping[Lane, tuple[str, Text]] = {
    Lane.TURBO: ("🏎️", T("Turbo Mode")),
    Lane.FAST: ("⚡", T("Fast Mode")),
    Lane.RELAX: ("🐢", T("Relax Mode")),
}
SWITCHES: Mapping[str, Switch] = {"remix": "remix", "sticky": "sticky", "auto_dm": "auto_dm"}


class SettingsPanel(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons[VERB] = self.click
        bot.modals[VERB] = self.submit

    @app_commands.command(description=locale_str(N_("Your settings: generator, style, mode, visibility and more")))
    async def settings(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        await self.bot.studio.recall(caller(interaction))
        await self._lay_out(interaction)

    async def click(self, interaction: Interaction, click: Click) -> None:
        """Whatever came of it, what is shown afterwards is how things are."""
        if click.extra in ("suffix", "custom"):
            await self._open(interaction, click.extra)
            return
        await _defer_edit(interaction)
        asking = caller(interaction)
        await self.bot.studio.remember(asking)
        try:
            await self._apply(asking, click)
        finally:
            await self._lay_out(interaction)

    async def submit(self, interaction: Interaction, click: Click) -> None:
        """A window that was opened from the panel."""
        await _defer_edit(interaction)
        asking, fields = caller(interaction), click.fields or {}
        await self.bot.studio.remember(asking)
        try:
            if click.extra == "suffix":
                await self.bot.studio.set_suffix(asking, fields.get("suffix", ""))
            else:
                await self.bot.studio.set_option(asking, fields.get("name", ""), fields.get("value", ""))
        finally:
            await self._lay_out(interaction)

    async def _apply(self, asking: Caller, click: Click) -> None:
        studio, chosen = self.bot.studio, next(iter(click.values), USUAL)
        match click.extra:
            case "generator":
                await studio.set_generator(asking, _generator(chosen))
            case "stylize":
                await studio.set_stylize(asking, int(chosen) if chosen.isdecimal() else None)
            case "raw":
                await studio.switch_raw(asking)
            case "remix" | "sticky" | "auto_dm":
                await studio.switch(asking, SWITCHES[click.extra])
            case "strong" | "subtle":
                await studio.set_variability(asking, click.extra)
            case "public" | "stealth":
                await studio.set_stealth(asking, hidden=click.extra == "stealth")
            case Lane.FAST | Lane.RELAX | Lane.TURBO:
                await studio.set_lane(asking, Lane(click.extra))
            case "reset":
                await studio.reset(asking)
            case _:
                raise NotFound(T("There is no such setting any more."))

    async def _open(self, interaction: Interaction, what: str) -> None:
        asking, locale = caller(interaction), interaction.locale.value
        await soon(self.bot.studio.remember(asking))
        suffix = self.bot.studio.preferences(asking).suffix
        await open_modal(interaction, suffix_modal(suffix, locale) if what == "suffix" else option_modal(locale))

    async def _lay_out(self, interaction: Interaction) -> None:
        asking, locale = caller(interaction), interaction.locale.value
        panel = self.bot.studio.panel(asking)
        capabilities = self.bot.studio.capabilities_of(asking)
        given = {name: value for name, value in panel.preferences.defaults.items() if parameter(name)}
        notes = notes_for(Prompt(parameters=given), panel.generator.backend, capabilities) if capabilities else ()
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(
                embed=panel_embed(panel, notes, locale), view=rows_view(panel_rows(panel), NO_ID, locale)
            )


async def _defer_edit(interaction: Interaction) -> None:
    """The panel stays as it is until it is edited."""
    async with asyncio.timeout(ANSWER_SECONDS):
        await interaction.response.defer()


def panel_rows(panel: Panel) -> list[Row]:
    """At most five: what to paint with, how strongly, the rest as buttons that are green where on."""
    mine = panel.preferences
    rows: list[Row] = []
    if len(panel.generators) > 1:
        rows.append(_generators(panel))
    rows.append(_stylize(mine.defaults.get("stylize")))
    subtle = mine.variability == "subtle"
    rows.append(
        (
            _button("raw", "🔧", T("RAW Mode"), on=bool(mine.defaults.get("raw"))),
            _button("remix", "🎛️", T("Remix Mode"), on=mine.remix),
            _button("strong", "🎨", T("High Variation"), on=not subtle),
            _button("subtle", "🖌️", T("Low Variation"), on=subtle),
            _button("sticky", "📌", T("Sticky Style"), on=mine.sticky),
        )
    )
    visibility = [_button("public", "🧍", T("Public Mode"), on=not panel.stealth)]
    if panel.may_hide:
        visibility.append(_button("stealth", "🕵️", T("Stealth Mode"), on=panel.stealth))
    lanes = [_button(lane.value, *LANES[lane], on=lane is panel.lane) for lane in LANES if lane in panel.lanes]
    choices = (visibility if panel.may_hide or panel.stealth else []) + (lanes if len(lanes) > 1 else [])
    if choices:
        rows.append(choices)
    rows.append(
        (
            _button("auto_dm", "✉️", T("Auto DM"), on=mine.auto_dm),
            _button("suffix", "✏️", T("Suffix"), on=bool(mine.suffix)),
            _button("custom", "🧩", T("Custom Options"), on=bool(mine.custom)),
            _button("reset", "♻️", T("Reset")),
        )
    )
    return rows


def _button(extra: str, emoji: str, label: Text, *, on: bool = False) -> Button:
    return Button(VERB, 0, extra, emoji=emoji, label=label, on=on)


def _generators(panel: Panel) -> Menu:
    usual = Option(T("Default: {backend}", backend=panel.usual), USUAL, on=panel.chosen is None)
    listed = [
        Option(named(generator), value, on=generator == panel.chosen)
        for generator in panel.generators
        if len(value := _value(generator)) <= VALUE_LENGTH
    ]
    return Menu(VERB, (usual, *listed[: CHOICES - 1]), T("Generator"), extra="generator")


def _stylize(value: Any) -> Menu:
    strengths = [
        Option(T("Stylize: {strength} ({value})", strength=T(STRENGTHS[one]), value=one), str(one), on=one == value)
        for one in STYLIZE
    ]
    usual = Option(T("Stylize: as the generator does"), USUAL, on=value is None)
    return Menu(VERB, (usual, *strengths), T("Stylize"), extra="stylize")


def named(generator: Generator) -> str:
    return f"{generator.backend} · {generator.model}" if generator.model else generator.backend


def _value(generator: Generator) -> str:
    """The names of backends have no slash."""
    return f"{generator.backend}/{generator.model}" if generator.model else generator.backend


def _generator(value: str) -> Generator | None:
    if value == USUAL:
        return None
    backend, _, model = value.partition("/")
    return Generator(backend, model or None)


def panel_embed(panel: Panel, notes: Sequence[Text], locale: str) -> discord.Embed:
    """What the buttons can't show. `notes` say what of it the generator can't honour."""
    mine = panel.preferences
    lines = [
        T("A green button is on. What you choose here holds for you alone, wherever you use this bot."),
        T("**Generator:** {name}", name=code(named(panel.generator), SHOWN_OPTION)),
        T("**Suffix:** {suffix}", suffix=code(mine.suffix, SHOWN_SUFFIX) if mine.suffix else T("none")),
    ]
    if mine.custom:
        lines.append(T("**Custom options:**"))
    shown = [line.in_language(locale) for line in lines] + [option_line(*option) for option in mine.custom.items()]
    if mine.sticky:
        style = " ".join(f"--{name} {_words(value)}" for name, value in mine.style.items())
        sticky = T("**Sticky style:** {style}", style=code(style, SHOWN_SUFFIX)) if style else _NO_STYLE
        shown.append(sticky.in_language(locale))
    shown += [f"-# {note.in_language(locale)}" for note in notes]
    while captions.units("\n".join(shown)) > captions.DESCRIPTION_LIMIT:
        shown.pop()
    return discord.Embed(
        title=T("Settings").in_language(locale),
        description="\n".join(shown),
        colour=captions.BLURPLE,
    )


_NO_STYLE = T("**Sticky style:** the next `--sref` that you use stays, until you switch this off.")


def option_line(name: str, value: str) -> str:
    return f"- `--{name}` → {code(value, SHOWN_OPTION)}"


def code(text: str, limit: int) -> str:
    """A text by a user as code, shortened."""
    text = text.replace("`", "'")
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def suffix_modal(suffix: str, locale: str) -> discord.ui.Modal:
    field = discord.ui.TextInput[Any](
        custom_id="suffix",
        style=discord.TextStyle.paragraph,
        default=suffix or None,
        required=False,
        max_length=SUFFIX_LIMIT,
        placeholder="--ar 3:2 --raw",
    )
    label = labelled(T("Suffix"), field, locale, T("Parameters that end every prompt of yours. Empty: none"))
    return _modal("suffix", T("Suffix"), [label], locale)


def option_modal(locale: str) -> discord.ui.Modal:
    name = discord.ui.TextInput[Any](custom_id="name", max_length=NAME_LIMIT + 2, placeholder="--mine")
    value = discord.ui.TextInput[Any](
        custom_id="value",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=VALUE_LIMIT,
        placeholder="--ar 3:2 --raw",
    )
    labels = [
        labelled(T("Name"), name, locale, T("What you write in a prompt")),
        labelled(T("Stands for"), value, locale, T("Parameters. Empty: the option is deleted")),
    ]
    return _modal("custom", T("Custom Options"), labels, locale)


def _modal(extra: str, title: Text, labels: "list[discord.ui.Label[Any]]", locale: str) -> discord.ui.Modal:
    modal = discord.ui.Modal(title=title.in_language(locale)[:45], custom_id=f"lm:{VERB}:{NO_ID}:0:{extra}")
    for label in labels:
        modal.add_item(label)
    modal.stop()
    return modal


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(SettingsPanel(bot))
