"""Buttons, selects and modals. All that one remembers stands in its custom id, so that a click works after any restart.

The custom id of a button or a select is `lz:<verb>:<job id>:<tile>[:<extra>]`, a modal's begins with `lm:`. There is one `DynamicItem`
template for all of them, since discord.py calls every template that matches; views hold nothing else, since a plain item's timeout would
unregister the template everywhere; and views and modals are stopped before they are sent, since the client would keep every one of them
otherwise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, Self, cast

import discord
from discord import ButtonStyle

from bot.actions import INSTRUCTION_LIMIT, Button, Menu, Row
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
OPTION_LIMIT = 100  # characters of an option's label, and of its description


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that was given to a modal. `size` is in bytes."""

    url: str
    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class Click:
    """What was clicked, chosen or submitted.

    `values` are what was chosen in a select. Of a modal, by custom id: `fields` the texts, `chosen` what was ticked or selected, `files`.
    """

    verb: str
    job_id: str
    tile: int = 0
    extra: str = ""
    fields: Mapping[str, str] | None = None
    values: tuple[str, ...] = ()
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    files: Mapping[str, tuple[Uploaded, ...]] = field(default_factory=dict[str, tuple[Uploaded, ...]])

    @property
    def prompt(self) -> str:
        """The prompt of a modal built by `prompt_modal`, put together again."""
        fields = self.fields or {}
        first, *more = (fields.get(f"prompt{n}", "") for n in range(PROMPT_FIELDS))
        # A field that is full was cut in the middle of a word.
        return (first + ("" if len(first) == FIELD_LIMIT else " ") + " ".join(more)).strip()


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
    "decline": Face(T("No"), "✖️"),
    "replay": Face(T("The same again"), "🔁"),
    "imagine_all": Face(T("Imagine all"), "🎉"),
}
_ARROWS = {"left": "⬅️", "right": "➡️", "up": "⬆️", "down": "⬇️"}


def face(button: Button) -> Face:
    """What stands on a button. A verb that this version does not know shows as its own name."""
    usual = _usual(button)
    return Face(
        button.label if button.label is not None else (usual.label if button.emoji is None else None),
        button.emoji or (usual.emoji if button.label is None else None),
        ButtonStyle.success if button.on else usual.style,
    )


def _usual(button: Button) -> Face:
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


class JobItem(discord.ui.DynamicItem["discord.ui.Button[Any] | discord.ui.Select[Any]"], template=BUTTON_TEMPLATE):
    """Every button and select of the bot."""

    def __init__(self, item: "discord.ui.Button[Any] | discord.ui.Select[Any]", click: Click) -> None:
        super().__init__(item)
        self.click = click

    @classmethod
    def button(cls, button: Button, job_id: str, locale: str, row: int) -> Self:
        looks = face(button)
        item = discord.ui.Button[Any](
            label=_read(looks.label, locale),
            emoji=looks.emoji,
            style=looks.style,
            custom_id=_custom_id("lz", button, job_id),
            disabled=button.disabled,
            row=row,
        )
        return cls(item, Click(button.verb, job_id, button.tile, button.extra))

    @classmethod
    def menu(cls, menu: Menu, job_id: str, locale: str, row: int) -> Self:
        options = [
            discord.SelectOption(
                label=(_read(option.label, locale) or option.value)[:OPTION_LIMIT],
                value=option.value,
                description=(_read(option.description, locale) or "")[:OPTION_LIMIT] or None,
                emoji=option.emoji,
                default=option.on,
            )
            for option in menu.options
        ]
        item = discord.ui.Select[Any](
            custom_id=_custom_id("lz", menu, job_id),
            placeholder=_read(menu.placeholder, locale),
            min_values=menu.least,
            max_values=menu.most,
            options=options,
            row=row,
        )
        return cls(item, Click(menu.verb, job_id, menu.tile, menu.extra))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        data = cast("Mapping[str, Any]", interaction.data or {})
        values = tuple(str(value) for value in data.get("values", ()))
        return cls(cast("discord.ui.Button[Any]", item), replace(_click(match), values=values))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """discord.py only logs what a dynamic item raises, so the client answers the user in its place."""
        await cast("Clicked", interaction.client).clicked(interaction, self.click)


def rows_view(rows: Sequence[Row], job_id: str, locale: str) -> discord.ui.View | None:
    """The buttons and selects of a message; None for no rows. `job_id` may be a draft's id, or `-` where there is none."""
    if not any(rows):
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        if isinstance(row, Menu):
            view.add_item(JobItem.menu(row, job_id, locale, number))
            continue
        for button in row:
            view.add_item(JobItem.button(button, job_id, locale, number))
    view.stop()
    return view


def embed(notice: Notice, image: str | None = None) -> discord.Embed:
    """A notice as an embed; `image` is the name of a file that is attached to the message."""
    made = discord.Embed(title=notice.title, description=notice.description, colour=notice.colour)
    if image is not None:
        made.set_image(url=f"attachment://{image}")
    return made.set_footer(text=notice.footer) if notice.footer else made


def prompt_modal(
    button: Button, job_id: str, title: Text, text: str, locale: str, extra: Sequence[discord.ui.Label[Any]] = ()
) -> discord.ui.Modal:
    """A modal with the prompt to edit. What is longer than one field goes on in a second one; `extra` fields come after it."""
    labels: list[discord.ui.Label[Any]] = []
    for number, part in enumerate(_split(text)):
        label = T("Prompt") if number == 0 else T("Prompt, continued")
        field = discord.ui.TextInput[Any](
            custom_id=f"prompt{number}",
            style=discord.TextStyle.paragraph,
            default=part or None,
            max_length=FIELD_LIMIT,
            required=number == 0,
        )
        labels.append(labelled(label, field, locale))
    return form(button, job_id, title, locale, (*labels, *extra))


def form(
    button: Button, job_id: str, title: Text, locale: str, labels: Sequence[discord.ui.Label[Any]]
) -> discord.ui.Modal:
    """A modal of up to five fields, which is submitted under the button's verb."""
    modal = discord.ui.Modal(title=title.in_language(locale)[:45], custom_id=_custom_id("lm", button, job_id))
    for label in labels:
        modal.add_item(label)
    modal.stop()
    return modal


def instruction_modal(button: Button, job_id: str, locale: str) -> discord.ui.Modal:
    """Asks in words what is to change in a picture."""
    field = discord.ui.TextInput[Any](
        custom_id="instruction",
        style=discord.TextStyle.paragraph,
        max_length=INSTRUCTION_LIMIT,
        placeholder=T("make the sky red").in_language(locale),
    )
    return form(button, job_id, T("Edit"), locale, (labelled(T("What should change?"), field, locale),))


def zoom_modal(job_id: str, tile: int, text: str, locale: str, button: Button | None = None) -> discord.ui.Modal:
    """Custom Zoom: the prompt, how far to zoom out, and the shape. `button` says who takes it, if not the action itself."""
    factor = discord.ui.TextInput[Any](custom_id="factor", default="1.8", max_length=4)
    shape = discord.ui.TextInput[Any](custom_id="aspect", max_length=11, required=False, placeholder="16:9")
    extra = (
        labelled(T("Zoom out by"), factor, locale, T("Between 1 and 2")),
        labelled(T("Shape"), shape, locale, T("Width to height, such as 16:9. Empty: as it is")),
    )
    button = button or Button(Action.ZOOM, tile, "custom")
    return prompt_modal(button, job_id, T("Custom Zoom"), text, locale, extra)


def labelled(
    text: Text, component: discord.ui.Item[Any], locale: str, description: Text | None = None
) -> discord.ui.Label[Any]:
    """A field of a modal with its label, at most 45 characters, and a line of help, at most 100."""
    return discord.ui.Label[Any](
        text=text.in_language(locale)[:45],
        description=description.in_language(locale)[:100] if description else None,
        component=component,
    )


def submitted(interaction: discord.Interaction[Any]) -> Click | None:
    """What a modal of ours was submitted with; None for any other interaction."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    match = _MODAL.fullmatch(str(data.get("custom_id", "")))
    if match is None or interaction.type is not discord.InteractionType.modal_submit:
        return None
    uploads = data.get("resolved", {}).get("attachments", {})
    fields: dict[str, str] = {}
    chosen: dict[str, tuple[str, ...]] = {}
    files: dict[str, tuple[Uploaded, ...]] = {}
    for component in _inputs(data.get("components", ())):
        name = str(component["custom_id"])
        if "values" in component:
            values = chosen[name] = tuple(str(value) for value in component["values"])
            files[name] = tuple(_uploaded(uploads[value]) for value in values if value in uploads)
        elif isinstance(component.get("value"), str):
            fields[name] = component["value"]
            chosen[name] = (component["value"],)
        elif component.get("value"):
            chosen[name] = ("true",)
    return replace(_click(match), fields=fields, chosen=chosen, files=files)


def _inputs(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What was filled in, out of labels and, as older clients send them, rows."""
    for component in components:
        inner = [component["component"]] if "component" in component else component.get("components", ())
        yield from _inputs(inner)
        if "custom_id" in component:
            yield component


def _uploaded(attachment: Mapping[str, Any]) -> Uploaded:
    return Uploaded(str(attachment["url"]), str(attachment["filename"]), int(attachment["size"]))


def _split(text: str) -> list[str]:
    """At most `PROMPT_FIELDS` parts of at most `FIELD_LIMIT` characters, cut between words where there are any."""
    parts: list[str] = []
    while len(text) > FIELD_LIMIT and len(parts) < PROMPT_FIELDS - 1:
        space = text.rfind(" ", 1, FIELD_LIMIT)
        cut = space if space > 0 else FIELD_LIMIT
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [*parts, text[:FIELD_LIMIT]]


def _read(text: Text | str | None, locale: str) -> str | None:
    return text.in_language(locale) if isinstance(text, Text) else text


def _custom_id(prefix: str, button: Button | Menu, job_id: str) -> str:
    extra = f":{button.extra}" if button.extra else ""
    return f"{prefix}:{button.verb}:{job_id}:{button.tile}{extra}"


def _click(match: re.Match[str]) -> Click:
    return Click(match["verb"], match["job"], int(match["tile"]), match["extra"] or "")
