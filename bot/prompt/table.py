"""The parameters of the prompt language: one table that drives parsing, rendering, help, autocomplete and the README.

To add a parameter, add a row. What it means to a generator is that backend's matter; see `Capabilities.parameters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from bot.i18n import N_, T, Text


class Ratio(NamedTuple):
    """An aspect ratio as it was typed, not reduced."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


class Lora(NamedTuple):
    """A small add-on model and how strongly it acts."""

    name: str
    weight: float

    def __str__(self) -> str:
        return f"{self.name}:{number_text(self.weight)}"


#: What a parameter can be worth. The `Kind` says which of these it is; a parameter whose value may be left out is then True.
Value: TypeAlias = int | float | bool | str | Ratio | tuple[str, ...] | tuple[Lora, ...]


class Kind(StrEnum):
    """How a value is read, and as what."""

    FLAG = "flag"  # nothing follows: True
    INTEGER = "integer"  # int
    NUMBER = "number"  # float, of six decimal places at most
    RATIO = "ratio"  # W:H: Ratio
    CHOICE = "choice"  # one of `choices`, in any case: str
    VERSION = "version"  # 7 or 6.1: str
    WORD = "word"  # str
    PHRASE = "phrase"  # everything up to the next parameter: str
    LIST = "list"  # the same, between commas: tuple of str
    LINKS = "links"  # at most `high` links: tuple of str
    STYLES = "styles"  # links, codes or `random`: tuple of str
    IDS = "ids"  # tuple of str
    LORA = "lora"  # name:weight: tuple of Lora


#: The forms of values that no range describes.
FORMS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.FLAG: N_("flag"),
        Kind.RATIO: N_("two whole numbers such as `16:9`"),
        Kind.VERSION: N_("a version such as `7` or `6.1`"),
        Kind.WORD: N_("a name"),
        Kind.PHRASE: N_("a name"),
        Kind.LIST: N_("words between commas"),
        Kind.LINKS: N_("a link to an image"),
        Kind.STYLES: N_("links, codes or `random`"),
        Kind.IDS: N_("ids"),
        Kind.LORA: N_("`name` or `name:weight`"),
    }
)

#: The partner of a parameter that needs an image prompt instead of another parameter.
IMAGE = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row.

    `low` and `high` bound numbers (both included) and, for links and styles, `high` their count. `default` is what leaving it out means,
    for people to read. `partner` is the parameter (or `IMAGE`) that it makes no sense without. Of those that exclude each other the last
    one given stands. `bare`: the value may be left out. `restricted`: only where the caller of `parse` allows it.
    """

    name: str
    summary: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    default: str = ""
    choices: tuple[str, ...] = ()
    partner: str | None = None
    excludes: tuple[str, ...] = ()
    repeats: bool = False
    bare: bool = False
    restricted: bool = False
    group: Literal["midjourney", "lienzo"] = "midjourney"

    @property
    def allowed(self) -> Text:
        """What may be given, in a few words."""
        if self.choices:
            return Text(", ".join(self.choices))
        if self.kind in {Kind.INTEGER, Kind.NUMBER}:
            return T("{low}–{high}", low=number_text(self.low), high=number_text(self.high))
        return T(FORMS[self.kind])


def number_text(number: float) -> str:
    """A number as a person writes it: no exponent, no needless `.0`."""
    plain = f"{Decimal(repr(number)):f}"
    return plain.removesuffix(".0")


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="ar",
        aliases=("aspect",),
        kind=Kind.RATIO,
        low=1,
        high=10000,
        default="1:1",
        excludes=("width", "height"),
        summary=N_("Shape of the picture, width to height"),
    ),
    Parameter(
        name="chaos",
        aliases=("c",),
        kind=Kind.INTEGER,
        high=100,
        default="0",
        summary=N_("How far the pictures of a grid differ"),
    ),
    Parameter(
        name="stylize",
        aliases=("s",),
        kind=Kind.INTEGER,
        high=1000,
        default="100",
        summary=N_("Strength of the house style"),
    ),
    Parameter(name="weird", aliases=("w",), kind=Kind.INTEGER, high=3000, default="0", summary=N_("Unusual results")),
    Parameter(
        name="seed",
        kind=Kind.INTEGER,
        high=2**32 - 1,
        default=N_("random"),
        summary=N_("The same seed and prompt give the same grid"),
    ),
    Parameter(
        name="sameseed", kind=Kind.INTEGER, high=2**32 - 1, summary=N_("All pictures of the grid start from one noise")
    ),
    Parameter(name="no", kind=Kind.LIST, repeats=True, summary=N_("What should not be in the picture")),
    Parameter(
        name="quality",
        aliases=("q",),
        kind=Kind.NUMBER,
        choices=("0.25", "0.5", "1", "2", "4"),
        default="1",
        summary=N_("How much computing to spend"),
    ),
    Parameter(
        name="iw",
        kind=Kind.NUMBER,
        high=3,
        default="1",
        partner=IMAGE,
        excludes=("strength",),
        summary=N_("Weight of the image prompt"),
    ),
    Parameter(name="tile", kind=Kind.FLAG, summary=N_("A pattern that repeats without seams")),
    Parameter(
        name="stop", kind=Kind.INTEGER, low=10, high=100, default="100", summary=N_("Stop early, at this percentage")
    ),
    Parameter(name="repeat", aliases=("r",), kind=Kind.INTEGER, low=2, high=40, summary=N_("Run that many jobs")),
    Parameter(
        name="version",
        aliases=("v",),
        kind=Kind.VERSION,
        excludes=("niji", "model"),
        summary=N_("Version of the model"),
    ),
    Parameter(
        name="niji", kind=Kind.VERSION, bare=True, excludes=("version", "model"), summary=N_("The model for anime")
    ),
    Parameter(name="raw", kind=Kind.FLAG, summary=N_("Less house style")),
    Parameter(name="style", kind=Kind.WORD, summary=N_("A named style; `--style raw` is `--raw`")),
    Parameter(name="sref", kind=Kind.STYLES, high=10, repeats=True, summary=N_("Take the style of these images")),
    Parameter(
        name="sw",
        kind=Kind.INTEGER,
        high=1000,
        default="100",
        partner="sref",
        summary=N_("Weight of the style reference"),
    ),
    Parameter(
        name="sv", kind=Kind.INTEGER, low=1, high=6, partner="sref", summary=N_("Version of the style reference")
    ),
    Parameter(name="cref", kind=Kind.LINKS, high=4, summary=N_("Take the character of this image")),
    Parameter(
        name="cw",
        kind=Kind.INTEGER,
        high=100,
        default="100",
        partner="cref",
        summary=N_("Weight of the character reference"),
    ),
    Parameter(name="oref", kind=Kind.LINKS, high=1, summary=N_("Put the object of this image into the picture")),
    Parameter(
        name="ow",
        kind=Kind.INTEGER,
        low=1,
        high=1000,
        default="100",
        partner="oref",
        summary=N_("Weight of the object reference"),
    ),
    Parameter(name="edit", kind=Kind.LINKS, high=4, summary=N_("Edit these images as the prompt says")),
    Parameter(name="profile", aliases=("p",), kind=Kind.IDS, bare=True, summary=N_("Your personal style")),
    Parameter(name="exp", kind=Kind.INTEGER, high=100, default="0", summary=N_("Experimental detail")),
    Parameter(name="draft", kind=Kind.FLAG, excludes=("hd",), summary=N_("Cheap and fast")),
    Parameter(name="hd", kind=Kind.FLAG, excludes=("draft",), summary=N_("Larger pictures, of 2048 pixels")),
    Parameter(name="fast", kind=Kind.FLAG, excludes=("relax", "turbo"), summary=N_("Run this job in fast mode")),
    Parameter(name="relax", kind=Kind.FLAG, excludes=("fast", "turbo"), summary=N_("Run this job in relax mode")),
    Parameter(name="turbo", kind=Kind.FLAG, excludes=("fast", "relax"), summary=N_("Run this job in turbo mode")),
    Parameter(name="stealth", kind=Kind.FLAG, excludes=("public",), summary=N_("Show this job to you alone")),
    Parameter(name="public", kind=Kind.FLAG, excludes=("stealth",), summary=N_("Show this job to everyone here")),
    Parameter(name="video", kind=Kind.FLAG, summary=N_("Animate the image")),
    Parameter(
        name="motion",
        kind=Kind.CHOICE,
        choices=("low", "high"),
        default="low",
        partner="video",
        summary=N_("How much moves in the video"),
    ),
    Parameter(
        name="loop", kind=Kind.FLAG, partner="video", excludes=("end",), summary=N_("The video ends as it began")
    ),
    Parameter(
        name="end", kind=Kind.LINKS, high=1, partner="video", excludes=("loop",), summary=N_("Last image of the video")
    ),
    Parameter(
        name="zoom",
        kind=Kind.NUMBER,
        low=1,
        high=2,
        restricted=True,
        summary=N_("How far to zoom out; in the Custom Zoom window only"),
    ),
    Parameter(
        name="n", kind=Kind.INTEGER, low=1, high=4, default="4", group="lienzo", summary=N_("How many pictures to make")
    ),
    Parameter(
        name="width",
        kind=Kind.INTEGER,
        low=64,
        high=8192,
        partner="height",
        excludes=("ar",),
        group="lienzo",
        summary=N_("Width in pixels, with `--height` and instead of `--ar`"),
    ),
    Parameter(
        name="height",
        kind=Kind.INTEGER,
        low=64,
        high=8192,
        partner="width",
        excludes=("ar",),
        group="lienzo",
        summary=N_("Height in pixels, with `--width` and instead of `--ar`"),
    ),
    Parameter(
        name="model", kind=Kind.PHRASE, excludes=("version", "niji"), group="lienzo", summary=N_("Name of the model")
    ),
    Parameter(name="backend", kind=Kind.WORD, group="lienzo", summary=N_("Name of the generator that makes it")),
    Parameter(name="steps", kind=Kind.INTEGER, low=1, high=150, group="lienzo", summary=N_("Sampling steps")),
    Parameter(
        name="cfg",
        kind=Kind.NUMBER,
        high=30,
        group="lienzo",
        summary=N_("Guidance scale: how closely to follow the prompt"),
    ),
    Parameter(name="sampler", kind=Kind.PHRASE, group="lienzo", summary=N_("Name of the sampler")),
    Parameter(
        name="lora",
        kind=Kind.LORA,
        low=-5,
        high=5,
        repeats=True,
        group="lienzo",
        summary=N_("Add a LoRA; `<lora:name:weight>` in the text does the same"),
    ),
    Parameter(
        name="strength",
        kind=Kind.NUMBER,
        high=1,
        partner=IMAGE,
        excludes=("iw",),
        group="lienzo",
        summary=N_("How far to leave the image prompt: 0 keeps it, 1 ignores it"),
    ),
    Parameter(
        name="format",
        kind=Kind.CHOICE,
        choices=("png", "jpg", "webp"),
        group="lienzo",
        summary=N_("File format of the originals"),
    ),
)

#: What the bot itself sees to, whatever the backend: shape and size, counts, mode, visibility, routing, file format, zooming out, and
#: what is edited. Not `seed`, which a backend honours or not, nor `no`.
HOUSE = frozenset("ar width height n repeat fast relax turbo stealth public backend format zoom edit".split())

_BY_NAME: Mapping[str, Parameter] = MappingProxyType(
    {name: row for row in PARAMETERS for name in (row.name, *row.aliases)}
)
#: Where a parameter stands in the canonical text.
ORDER: Mapping[str, int] = MappingProxyType({row.name: place for place, row in enumerate(PARAMETERS)})


def parameter(name: str) -> Parameter | None:
    """The parameter of this name or alias, in any case and without dashes."""
    return _BY_NAME.get(name.lower())


def names(*, restricted: bool = True) -> tuple[str, ...]:
    """Every name and alias; without those for special windows if not `restricted`."""
    return tuple(name for name, row in _BY_NAME.items() if restricted or not row.restricted)


def parameter_table(locale: str, group: str | None = None) -> str:
    """The parameters as a Markdown table in the language of a Discord locale; of one `group` only, if given."""
    head = (T("Parameter"), T("Values"), T("Default"), T("Meaning"))
    lines = [_row(*(text.in_language(locale) for text in head)), "|---|---|---|---|"]
    for row in PARAMETERS:
        if group in {None, row.group}:
            spelled = ", ".join(f"`--{name}`" for name in (row.name, *row.aliases))
            # The empty message is the header of a catalogue.
            default = T(row.default).in_language(locale) if row.default else ""
            meaning = T(row.summary).in_language(locale)
            lines.append(_row(spelled, row.allowed.in_language(locale), default, meaning))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
