"""What stands in a message: content lines, notes, file names and error notices, in the reader's language. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.backends.base import Edit
from bot.errors import LienzoError
from bot.i18n import T, Text
from bot.jobs import Action, Job, Lane, Message, Position

#: Discord's limits, in UTF-16 units, which is the stricter way to count.
CONTENT_LIMIT = 2000
FOOTER_LIMIT = 2048
DESCRIPTION_LIMIT = 4096
INSTRUCTION_LIMIT = 300
NOTES_LIMIT = 600  # ours: the prompt gets the rest
FILE_NAME_LIMIT = 100
RED = 16711680
BLURPLE = 5793266
MINUTE = 60

# A link as Discord ends one, or a character that markdown, mentions or masked links are made of.
_TOKEN = re.compile(r"https?://\S+|[\\*_~|`<\[]|@|\s+|[^\\*_~|`<\[@\sh]+|h")
# `@` is kept from making @everyone, even one that pings nobody.
_MARKDOWN: Mapping[str, str] = {"@": "@\u200b", **{mark: "\\" + mark for mark in "\\*_~|`<["}}
# What Discord signs a link to a file with: 150 characters that are over after a day.
_SIGNATURE = re.compile(r"\?ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]+&?$")
_WORD = re.compile(r"[a-z0-9]+")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_PARAMETERS = re.compile(r"\s(?:--|—)[A-Za-z].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Caption:
    """A message's content. `full_prompt` is the whole prompt where the content had to shorten it, else None."""

    text: str
    full_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A result that another was made from, and the message where it stands, if everyone may see that."""

    job: Job
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An embed as data."""

    title: str
    description: str
    footer: str = ""
    colour: int = RED


# Texts of the kinds. `{user}` is a mention.
_BY: Mapping[Action, Callable[[Job], Text]] = {
    Action.UPSAMPLE: lambda job: T("Image #{tile} {user}", tile=job.tile or 1, user=_mention(job)),
    Action.VARIATION: lambda job: _variations(job, subtle=job.details.get("strength") == "subtle"),
    Action.VARY_SUBTLE: lambda job: _variations(job, subtle=True),
    Action.VARY_STRONG: lambda job: _variations(job, subtle=False),
    Action.REGION: lambda job: T("Variations (Region) by {user}", user=_mention(job)),
    Action.UPSCALE_SUBTLE: lambda job: T("Upscaled (Subtle) by {user}", user=_mention(job)),
    Action.UPSCALE_CREATIVE: lambda job: T("Upscaled (Creative) by {user}", user=_mention(job)),
    Action.ZOOM: lambda job: T("Zoom Out by {user}", user=_mention(job)),
    Action.SQUARE: lambda job: T("Made square by {user}", user=_mention(job)),
    Action.PAN: lambda job: _PANS.get(str(job.details.get("direction")), _PANS["left"])(_mention(job)),
    Action.EDIT: lambda job: _edited(job, _mention(job)),
    Action.BLEND: lambda job: T("Blend by {user}", user=_mention(job)),
    Action.DESCRIBE: lambda job: T("Described for {user}", user=_mention(job)),
}
#: Names of the steps that a lineage goes through.
_STEPS: Mapping[Action, Callable[[Job], Text]] = {
    Action.IMAGINE: lambda _: T("a grid"),
    Action.UPSAMPLE: lambda job: T("U{tile}", tile=job.tile or 1),
    Action.VARIATION: lambda job: T("V{tile}", tile=job.tile or 1),
    Action.VARY_SUBTLE: lambda _: T("Vary (Subtle)"),
    Action.VARY_STRONG: lambda _: T("Vary (Strong)"),
    Action.REGION: lambda _: T("Vary (Region)"),
    Action.UPSCALE_SUBTLE: lambda _: T("Upscale (Subtle)"),
    Action.UPSCALE_CREATIVE: lambda _: T("Upscale (Creative)"),
    Action.ZOOM: lambda job: T("Zoom Out {factor}x", factor=f"{float(job.details.get('factor', 2)):g}"),
    Action.PAN: lambda job: _PAN_STEPS.get(str(job.details.get("direction")), _PAN_STEPS["left"]),
    Action.SQUARE: lambda _: T("Make Square"),
    Action.EDIT: lambda _: T("Edit"),
    Action.BLEND: lambda _: T("a blend"),
    Action.DESCRIBE: lambda _: T("a description"),
}
_PAN_STEPS: Mapping[str, Text] = {
    "left": T("Pan Left"),
    "right": T("Pan Right"),
    "up": T("Pan Up"),
    "down": T("Pan Down"),
}
_PANS: Mapping[str, Callable[[str], Text]] = {
    "left": lambda user: T("Pan Left by {user}", user=user),
    "right": lambda user: T("Pan Right by {user}", user=user),
    "up": lambda user: T("Pan Up by {user}", user=user),
    "down": lambda user: T("Pan Down by {user}", user=user),
}
_LANES: Mapping[Lane, Text] = {Lane.FAST: T("fast"), Lane.RELAX: T("relaxed"), Lane.TURBO: T("turbo")}
_VARYING = frozenset({Action.VARIATION, Action.VARY_STRONG, Action.VARY_SUBTLE})
_UPSCALING = frozenset({Action.UPSAMPLE, Action.UPSCALE_SUBTLE, Action.UPSCALE_CREATIVE})


def description(job: Job, texts: Sequence[str]) -> Notice:
    """The numbered prompts of a description."""
    shown = (f"{number}\ufe0f\u20e3 {escape(text)}" for number, text in enumerate(texts, start=1))
    locale = job.place.locale
    return Notice(
        title=T("Four prompts for this picture").in_language(locale),
        description=_cut("\n\n".join(shown), DESCRIPTION_LIMIT),
        colour=BLURPLE,
    )


def waiting(job: Job, position: Position | None) -> Caption:
    """`**prompt** - <@user> (Waiting to start, 3rd in line, about 40 s)`; before variations and upscales what is about to be done."""
    state = T("({state})", state=_waiting_state(position))
    if job.action in _VARYING and job.tile:
        begin, end = T("Making variations for image #{tile} with prompt", tile=job.tile), _mention(job)
    elif job.action in _UPSCALING and job.tile:
        begin, end = T("Upscaling image #{tile} with", tile=job.tile), _mention(job)
    else:
        begin, end = None, _kind(job)
    return _caption(job, begin=begin, end=end, states=(state,))


def progress(job: Job, fraction: float) -> Caption:
    """`**prompt** - <@user> (31%) (fast)`."""
    percent = min(99, max(0, int(fraction * 100)))
    return _caption(job, end=_kind(job), states=(T("({percent}%)", percent=percent), *_mode(job)))


def finished(
    job: Job, notes: Iterable[Text] = (), origin: Sequence[Ancestor] = (), headline: Text | None = None
) -> Caption:
    """`**prompt** - <@user> (fast)`; below it in small lines what it was made from, and the notes. A headline stands above."""
    states = () if job.action is Action.UPSAMPLE else _mode(job)
    return _caption(job, end=_kind(job), states=states, notes=notes, lineage=lineage(job, origin), headline=headline)


def stopped(job: Job) -> Caption:
    return _caption(job, end=_kind(job), states=(T("(Stopped)"),))


def failed(job: Job) -> Caption:
    return _caption(job, end=_kind(job), states=(T("(Failed)"),))


def error_notice(error: LienzoError, locale: str, typed: str = "") -> Notice:
    """The red embed for what went wrong, with the command as typed in its footer."""
    return notice(Text(error.title), error.text, locale, typed)


def notice(title: Text, text: Text, locale: str, typed: str = "") -> Notice:
    return Notice(
        title=title.in_language(locale),
        description=_cut(text.in_language(locale), DESCRIPTION_LIMIT),
        footer=_cut(typed, FOOTER_LIMIT),
    )


def small_notes(notes: Iterable[Text], locale: str) -> str:
    """Each note as a small line (`-# …`); those that do not fit are left out."""
    lines: list[str] = []
    for note in notes:
        line = "-# " + " ".join(_harmless(note).in_language(locale).split())
        if units("\n".join((*lines, line))) > NOTES_LIMIT:
            break
        lines.append(line)
    return "\n".join(lines)


def file_name(job: Job, suffix: str, index: int | None = None) -> str:
    """`user_prompt_slug_<job id>.<suffix>`: ASCII, at most 100 characters. `index` (from 1) tells several files of one job apart."""
    words = _PARAMETERS.sub("", " " + _LINK.sub("", job.prompt))
    tail = f"_{job.id}" + (f"_{index}" if index is not None else "") + "." + suffix.lstrip(".")
    slug = "_".join(part for part in (_slug(job.user_name)[:32], _slug(words)) if part)
    return (slug[: FILE_NAME_LIMIT - len(tail)].strip("_") + tail).lstrip("_")


def escape(text: str) -> str:
    """Text by a user so that neither markdown nor a mention nor a masked link comes of it. Links stay links, without a preview."""
    return "".join(_pieces(text))


def shorten(text: str, limit: int) -> tuple[str, bool]:
    """`escape`d text of at most `limit` UTF-16 units, and whether anything was left out (an ellipsis then says so)."""
    escaped = escape(text)
    if units(escaped) <= limit:
        return escaped, False
    kept: list[str] = []
    room = limit - 1
    for piece in _pieces(text):
        room -= units(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + "…", True


def units(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def lineage(job: Job, origin: Sequence[Ancestor]) -> str:
    """`V2 of [U3](link) of [a grid](link)` as a small line, each with a jump link where there is one; empty for what is the first."""
    if not origin:
        return ""
    locale = job.place.locale
    chain = T("{kind} of {origin}", kind=step(job), origin=_linked(origin, locale))
    return f"-# {chain.in_language(locale)}"


def _linked(origin: Sequence[Ancestor], locale: str) -> str:
    first, *rest = origin
    name = step(first.job).in_language(locale)
    shown = f"[{name}](<{link(first.message, first.job.guild_id)}>)" if first.message else name
    if not rest:
        return shown
    return T("{kind} of {origin}", kind=shown, origin=_linked(rest, locale)).in_language(locale)


def link(message: Message, guild_id: int | None) -> str:
    """The jump link to a message."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{message.channel_id}/{message.message_id}"


def step(job: Job) -> Text:
    """What a job did, in the words of the button that started it."""
    named = _STEPS.get(job.action)
    return named(job) if named else T("a picture")


def _caption(
    job: Job,
    *,
    end: Text | str,
    states: Sequence[Text],
    begin: Text | None = None,
    notes: Iterable[Text] = (),
    lineage: str = "",
    headline: Text | None = None,
) -> Caption:
    locale = job.place.locale
    before = f"{headline.in_language(locale)}\n" if headline else ""
    before += f"{begin.in_language(locale)} " if begin else ""
    after = end.in_language(locale) if isinstance(end, Text) else end
    tail = " ".join([after, *(state.in_language(locale) for state in states)])
    below = "".join(f"\n{part}" for part in (lineage, small_notes(notes, locale)) if part)
    if not job.prompt:
        return Caption(f"{before}{tail}{below}")
    room = CONTENT_LIMIT - units(f"{before}**** - {tail}{below}")
    prompt, shortened = shorten(job.prompt, room)
    return Caption(f"{before}**{prompt}** - {tail}{below}", job.prompt if shortened else None)


def _kind(job: Job) -> Text | str:
    kind = _BY.get(job.action)
    return kind(job) if kind else _mention(job)


def _variations(job: Job, *, subtle: bool) -> Text:
    if job.details.get("remix"):
        return (
            T("Remix (Subtle) by {user}", user=_mention(job))
            if subtle
            else T("Remix (Strong) by {user}", user=_mention(job))
        )
    if subtle:
        return T("Variations (Subtle) by {user}", user=_mention(job))
    return T("Variations (Strong) by {user}", user=_mention(job))


def _edited(job: Job, user: str) -> Text:
    instruction, search = (
        shorten(str(job.details.get(name, "")), INSTRUCTION_LIMIT)[0] for name in ("instruction", "search")
    )
    match job.details.get("edit"):
        case Edit.COLOURISE:
            return T("Colourised by {user}", user=user)
        case Edit.REMOVE_BACKGROUND:
            return T("Background removed by {user}", user=user)
        case Edit.RESTYLE:
            return T("Restyled ({instruction}) by {user}", instruction=instruction, user=user)
        case Edit.REPLACE:
            return T("Replaced ({search} → {instruction}) by {user}", search=search, instruction=instruction, user=user)
        case _:
            return T("Edited ({instruction}) by {user}", instruction=instruction, user=user)


def _mention(job: Job) -> str:
    return f"<@{job.user_id}>"


def _mode(job: Job) -> tuple[Text, ...]:
    lane = _LANES[job.lane]
    return (T("({mode}, stealth)", mode=lane) if job.place.ephemeral else T("({mode})", mode=lane),)


def _waiting_state(position: Position | None) -> Text:
    if position is None:
        return T("Waiting to start")
    if position.offline is not None:
        return T("The {backend} generator is offline; your job keeps its place", backend=position.offline)
    return T("Waiting to start, {place}, {time}", place=_in_line(position.place), time=_about(position.seconds))


def _in_line(place: int) -> Text:
    ending = 0 if place % 100 in (11, 12, 13) else place % 10
    if ending == 1:
        return T("{place}st in line", place=place)
    if ending == 2:
        return T("{place}nd in line", place=place)
    if ending == 3:
        return T("{place}rd in line", place=place)
    return T("{place}th in line", place=place)


def _about(seconds: float) -> Text:
    if seconds < 2 * MINUTE:
        step = (
            1 if seconds < 10 else 5 if seconds < MINUTE else 15
        )  # coarse, so that not every second changes the message
        return T("about {seconds} s", seconds=max(1, round(seconds / step) * step))
    return T("about {minutes} min", minutes=round(seconds / MINUTE))


def _pieces(text: str) -> Iterable[str]:
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece.startswith(("http://", "https://")):
            piece = _SIGNATURE.sub("", piece)
            yield "<" + piece.replace("<", "%3C").replace(">", "%3E") + ">"
        elif piece.isspace():
            yield " "  # no line of its own, so no heading, list or quote
        elif piece in _MARKDOWN:
            yield _MARKDOWN[piece]
        else:
            yield from piece


def _harmless(note: Text) -> Text:
    """A note's values may hold a user's words, and stand between backticks, where a backslash would show."""
    values = {name: _tame(value) for name, value in note.values.items()}
    return Text(note.message, values, note.plural, note.count)


def _tame(value: object) -> object:
    if isinstance(value, Text):
        return _harmless(value)
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<=[@<\]])", "\u200b", value.replace("`", "'"))


def _slug(text: str) -> str:
    apart = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )
    return "_".join(_WORD.findall(apart))


def _cut(text: str, limit: int) -> str:
    while units(text) > limit:
        text = text[: limit - 1 - (units(text) - len(text))].rstrip() + "…"
    return text
