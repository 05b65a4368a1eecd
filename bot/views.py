"""Buttons and modals. All that either remembers stands in its custom id, so that a click works after any restart.

A button's custom id is `lz:<verb>:<job id>:<tile>[:<extra>]`, a modal's begins with `lm:`. There is one `DynamicItem` template for all
buttons, since discord.py calls every template that matches; views hold nothing else, since a plain item's timeout would unregister the
template everywhere; and views and modals are stopped before they are sent, since the client would keep every one of them otherwise.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, cast

import discord
from discord import ButtonStyle

from bot.actions import Button
from bot.captions import Notice
from bot.i18n import T, Text
from bot.jobs import Action

BUTTON_TEMPLATE = (
    r"lz:(?P<verb>[a-z_]{1,24}):(?P<job>[0-9A-Za-z-]{1,36}):(?P<tile>[0-9]{1,2})(?::(?P<extra>[^\s]{1,30}))?"
)
_MODAL = re.compile(BUTTON_TEMPLATE.replace("lz:", "lm:", 1))
#: The most that one text field of a modal takes, and the most fields that a prompt is laid over.
FIELD_LIMIT = 4000
PROMPT_FIELDS = 2


@dataclass(frozen=True, slots=True)
class Click:
    """What was clicked or submitted. `fields` are a modal's texts by custom id, empty for a button."""

    verb: str
    job_id: str
    tile: int = 0
    extra: str = ""
    fields: Mapping[str, str] | None = None

    @property
    def prompt(self) -> str:
        """The prompt of a modal built by `prompt_modal`, put together again."""
        fields = self.fields or {}
        return " ".join(filter(None, (fields.get(f"prompt{n}", "").strip() for n in range(PROMPT_FIELDS))))


class Clicked(Protocol):
    """The client, as far as buttons know it."""

    async def clicked(self, interaction: discord.Interaction[Any], click: Click) -> None: ...


class Face(NamedTuple):
    """How a button looks."""

    label: Text | str | None = None
    emoji: str | None = None
    style: ButtonStyle = ButtonStyle.secondary


_FACES: Mapping[str, Face] = {
    "reroll": Face(emoji="🔄"),
    Action.VARY_SUBTLE: Face(T("Vary (Subtle)"), "🪄"),
    Action.VARY_STRONG: Face(T("Vary (Strong)"), "🪄"),
    Action.REGION: Face(T("Vary (Region)"), "🖌️"),
    Action.UPSCALE_SUBTLE: Face(T("Upscale (Subtle)"), "🔼"),
    Action.UPSCALE_CREATIVE: Face(T("Upscale (Creative)"), "🔼"),
    Action.SQUARE: Face(T("Make Square"), "↔️"),
    Action.EDIT: Face(T("Edit"), "✏️"),
    "favourite": Face(emoji="❤️"),
    "original": Face(T("Original"), "🖼️"),
    "cancel": Face(T("Cancel"), "❌"),
    "delete": Face(emoji="❌"),
    "fix": Face(T("Fix"), "🔧", ButtonStyle.primary),
    "confirm": Face(T("Yes"), "✅", ButtonStyle.success),
}
_ARROWS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}


def face(button: Button) -> Face:
    """What stands on a button. A verb that this version does not know shows as its own name."""
    if button.verb == Action.UPSAMPLE:
        return Face(f"U{button.tile}")
    if button.verb == Action.VARIATION:
        return Face(f"V{button.tile}")
    if button.verb == Action.PAN:
        return Face(emoji=_ARROWS.get(button.extra, "➡️"))
    if button.verb == Action.ZOOM:
        label = T("Custom Zoom") if button.extra == "custom" else T("Zoom Out {factor}x", factor=button.extra)
        return Face(label, "🔍")
    return _FACES.get(button.verb, Face(button.verb))


class JobButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON_TEMPLATE):
    """Every button of the bot."""

    def __init__(self, item: discord.ui.Button[Any], click: Click) -> None:
        super().__init__(item)
        self.click = click

    @classmethod
    def build(cls, button: Button, job_id: str, locale: str, row: int) -> Self:
        looks = face(button)
        label = looks.label.in_language(locale) if isinstance(looks.label, Text) else looks.label
        custom_id = _custom_id("lz", button, job_id)
        item = discord.ui.Button[Any](label=label, emoji=looks.emoji, style=looks.style, custom_id=custom_id, row=row)
        return cls(item, Click(button.verb, job_id, button.tile, button.extra))

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(cast("discord.ui.Button[Any]", item), _click(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """discord.py only logs what a dynamic item raises, so the client answers the user in its place."""
        await cast("Clicked", interaction.client).clicked(interaction, self.click)


def rows_view(rows: Sequence[Sequence[Button]], job_id: str, locale: str) -> discord.ui.View | None:
    """The buttons of a message; None for no rows. `job_id` may be a draft's id, for the buttons of an error."""
    if not any(rows):
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            view.add_item(JobButton.build(button, job_id, locale, number))
    view.stop()
    return view


def embed(notice: Notice) -> discord.Embed:
    made = discord.Embed(title=notice.title, description=notice.description, colour=notice.colour)
    return made.set_footer(text=notice.footer) if notice.footer else made


def prompt_modal(button: Button, job_id: str, title: Text, text: str, locale: str) -> discord.ui.Modal:
    """A modal with the prompt to edit. What is longer than one field goes on in a second one."""
    modal = discord.ui.Modal(title=title.in_language(locale)[:45], custom_id=_custom_id("lm", button, job_id))
    parts = _split(text)
    for number, part in enumerate(parts):
        label = T("Prompt") if number == 0 else T("Prompt, continued")
        field = discord.ui.TextInput[Any](
            custom_id=f"prompt{number}",
            style=discord.TextStyle.paragraph,
            default=part or None,
            max_length=FIELD_LIMIT,
            required=number == 0,
        )
        modal.add_item(discord.ui.Label[Any](text=label.in_language(locale), component=field))
    modal.stop()
    return modal


def zoom_modal(job_id: str, tile: int, text: str, locale: str) -> discord.ui.Modal:
    """Custom Zoom: the prompt, and how far to zoom out."""
    modal = prompt_modal(Button(Action.ZOOM, tile, "custom"), job_id, T("Custom Zoom"), text, locale)
    factor = discord.ui.TextInput[Any](custom_id="factor", default="1.8", max_length=4)
    label = discord.ui.Label[Any](
        text=T("Zoom out by").in_language(locale),
        description=T("Between 1 and 2").in_language(locale),
        component=factor,
    )
    return modal.add_item(label)


def submitted(interaction: discord.Interaction[Any]) -> Click | None:
    """What a modal of ours was submitted with; None for any other interaction."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    match = _MODAL.fullmatch(str(data.get("custom_id", "")))
    if match is None or interaction.type is not discord.InteractionType.modal_submit:
        return None
    click = _click(match)
    fields = dict(_fields(data.get("components", ())))
    return Click(click.verb, click.job_id, click.tile, click.extra, fields)


def _fields(components: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Texts by custom id, out of labels and, as older clients send them, rows."""
    found: list[tuple[str, str]] = []
    for component in components:
        inner = [component["component"]] if "component" in component else component.get("components", ())
        found.extend(_fields(inner))
        if "value" in component:
            found.append((str(component["custom_id"]), str(component["value"])))
    return found


def _split(text: str) -> list[str]:
    """At most `PROMPT_FIELDS` parts of at most `FIELD_LIMIT` characters, cut between words where there are any."""
    parts: list[str] = []
    while len(text) > FIELD_LIMIT and len(parts) < PROMPT_FIELDS - 1:
        space = text.rfind(" ", 1, FIELD_LIMIT + 1)
        cut = space if space > 0 else FIELD_LIMIT
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [*parts, text[:FIELD_LIMIT]]


def _custom_id(prefix: str, button: Button, job_id: str) -> str:
    extra = f":{button.extra}" if button.extra else ""
    return f"{prefix}:{button.verb}:{job_id}:{button.tile}{extra}"


def _click(match: re.Match[str]) -> Click:
    return Click(match["verb"], match["job"], int(match["tile"]), match["extra"] or "")
