"""What one has made and has waiting: /show, /history, /queue, /info and /userid."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot import captions
from bot.actions import Button, Menu, Option, Row
from bot.client import ANSWER_SECONDS, Interaction, Lienzo, caller, defer, say, soon
from bot.errors import NotFound
from bot.i18n import N_, TN, T, Text
from bot.jobs import Job, Lane, Status
from bot.store import Usage, usd
from bot.studio.desk import WITH_PICTURES
from bot.studio.library import Entry, Info, Page, Queued
from bot.views import Click, rows_view

CHOICE_LIMIT = 100  # characters of a suggestion
QUERY_LIMIT = 100
NO_ID = "-"
PROMPT_LIMIT = 300  # characters of a prompt in a history
LINE_LIMIT = 60  # and in the queue
LINES = 15  # jobs of the queue that are listed whoever's they are
MOST_LINES = 30
CANCELS = 20  # buttons: four rows of five, and one more to refresh
ROW = 5
UPLOAD_SECONDS = 60.0
MINUTE, HOUR, DAY = 60, 3600, 86400
LANES: Mapping[Lane, str] = {Lane.FAST: N_("Fast"), Lane.RELAX: N_("Relaxed"), Lane.TURBO: N_("Turbo")}
STATES: Mapping[Status, Text] = {
    Status.WAITING: T("waits"),
    Status.ADMITTED: T("about to start"),
    Status.RUNNING: T("is being made"),
    Status.DELIVERING: T("is being delivered"),
    Status.HELD: T("📦 could not be delivered: choose it below to get it here"),
    Status.CANCELLED: T("cancelled"),
}


class Library(commands.Cog):
    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        bot.buttons |= {
            "history": self.turn_page,
            "history_show": self.show_chosen,
            "queue": self.refresh_queue,
            "queue_cancel": self.cancel_queued,
        }

    # One result again

    @app_commands.command(description=locale_str(N_("Show one of your results again, here")))
    @app_commands.describe(job_id=locale_str(N_("Words of its prompt, or its id")))
    async def show(self, interaction: Interaction, job_id: app_commands.Range[str, 1, 200]) -> None:
        await self._show(interaction, job_id)

    async def show_chosen(self, interaction: Interaction, click: Click) -> None:
        """Out of a history."""
        await self._show(interaction, next(iter(click.values), ""))

    async def _show(self, interaction: Interaction, job_id: str) -> None:
        """What was made in stealth stays so."""
        asking = await self.bot.remember(interaction)
        job = await soon(self.bot.studio.showable(asking, job_id))
        where = await defer(interaction, ephemeral=job.place.ephemeral or self.bot.studio.stealth(asking))
        await self.bot.studio.show(asking, job.id, where)

    @show.autocomplete("job_id")
    async def _suggestions(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        jobs = await self.bot.studio.suggestions(caller(interaction), typed)
        return [Choice(name=suggestion(job, interaction.locale.value, time.time()), value=job.id) for job in jobs]

    # All of them

    @app_commands.command(description=locale_str(N_("What you have made, newest first")))
    @app_commands.describe(query=locale_str(N_("Only what has these words in its prompt")))
    async def history(
        self, interaction: Interaction, query: app_commands.Range[str, 1, QUERY_LIMIT] | None = None
    ) -> None:
        await defer(interaction, ephemeral=True)
        query = (query or "").strip()
        search = await self.bot.studio.save_draft(caller(interaction), query) if query else NO_ID
        await self._lay_out(interaction, search, query, 0)

    async def turn_page(self, interaction: Interaction, click: Click) -> None:
        await _defer_edit(interaction)
        query = ""
        if click.job_id != NO_ID:
            kept = await self.bot.studio.draft(click.job_id)
            if kept is None or kept.user_id != interaction.user.id:
                raise NotFound(T("That search is no longer kept. Run `/history` again."))
            query = kept.text
        await self._lay_out(interaction, click.job_id, query, int(click.extra) if click.extra.isdecimal() else 0)

    async def _lay_out(self, interaction: Interaction, search: str, query: str, number: int) -> None:
        locale = interaction.locale.value
        async with self.bot.studio.history(caller(interaction), query, number) as page:
            with ExitStack() as stack:
                files: list[discord.File] = []
                for entry in page.entries:
                    if entry.thumbnail is not None:
                        file = await asyncio.to_thread(discord.File, entry.thumbnail)
                        files.append(stack.enter_context(closing(file)))
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await interaction.edit_original_response(
                        content=heading(page, query).in_language(locale),
                        embeds=[entry_embed(entry, locale) for entry in page.entries],
                        attachments=files,
                        view=rows_view(page_rows(page, locale), search, locale),
                    )

    # What is not finished

    @app_commands.command(description=locale_str(N_("What runs and waits here, and your place in line")))
    async def queue(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        await self._line_up(interaction)

    async def refresh_queue(self, interaction: Interaction, _: Click) -> None:
        await _defer_edit(interaction)
        await self._line_up(interaction)

    async def cancel_queued(self, interaction: Interaction, click: Click) -> None:
        """Whatever came of it, what is shown afterwards is how things are."""
        await _defer_edit(interaction)
        try:
            await self.bot.studio.stop(caller(interaction), click.extra)
        finally:
            await self._line_up(interaction)

    async def _line_up(self, interaction: Interaction) -> None:
        locale = interaction.locale.value
        queue = await self.bot.studio.queue(caller(interaction))
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(
                embed=queue_embed(queue, locale), view=rows_view(queue_rows(queue), NO_ID, locale)
            )

    # About oneself

    @app_commands.command(description=locale_str(N_("Your settings, what you have used, and what is queued")))
    async def info(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        found = await self.bot.studio.info(caller(interaction))
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.edit_original_response(embed=info_embed(found, interaction.locale.value))

    @app_commands.command(description=locale_str(N_("Your user id")))
    async def userid(self, interaction: Interaction) -> None:
        await say(interaction, T("Your user id is `{id}`.", id=interaction.user.id))


async def _defer_edit(interaction: Interaction) -> None:
    """The message that was clicked on stays as it is until it is edited."""
    async with asyncio.timeout(ANSWER_SECONDS):
        await interaction.response.defer()


# The history


def suggestion(job: Job, locale: str, now: float) -> str:
    """`a fox in the snow · 2 h ago`, at most 100 characters."""
    what = _plain(job, locale)
    when = ago(now - job.created_ms / 1000).in_language(locale)
    room = CHOICE_LIMIT - len(when) - len(" · ")
    return T("{what} · {when}", what=_shortened(what, room), when=when).in_language(locale)


def ago(seconds: float) -> Text:
    if seconds < MINUTE:
        return T("just now")
    if seconds < HOUR:
        return T("{minutes} min ago", minutes=int(seconds // MINUTE))
    if seconds < DAY:
        return T("{hours} h ago", hours=int(seconds // HOUR))
    return TN("{count} day ago", "{count} days ago", int(seconds // DAY))


def heading(page: Page, query: str) -> Text:
    if query:
        shown = captions.shorten(query, QUERY_LIMIT)[0]
        if not page.total:
            return T("None of your prompts has all of these words: {query}", query=shown)
        return T(
            "Your jobs with “{query}”: page {page} of {pages}, {total} in all",
            query=shown, page=page.number + 1, pages=page.pages, total=page.total,
        )  # fmt: skip
    if not page.total:
        return T("You have made nothing yet. Begin with `/imagine`.")
    return T(
        "Your jobs: page {page} of {pages}, {total} in all", page=page.number + 1, pages=page.pages, total=page.total
    )


def entry_embed(entry: Entry, locale: str) -> discord.Embed:
    """What it was, when, where it came from, where it stands."""
    job = entry.job.evolve(place=replace(entry.job.place, locale=locale))
    prompt = captions.shorten(job.prompt, PROMPT_LIMIT)[0]
    stamp = discord.utils.format_dt(datetime.fromtimestamp(job.created_ms / 1000, UTC), "R")
    facts = [stamp, f"`{job.id}`"]
    if job.place.ephemeral:
        facts.append(T("stealth").in_language(locale))
    lines = [f"**{prompt}**"] if prompt else []
    lines += [captions.lineage(job, entry.origin) or captions.step(job).in_language(locale), " · ".join(facts)]
    if (state := _state(entry)) is not None:
        lines.append(_shortened(state.in_language(locale), PROMPT_LIMIT))
    if entry.message is not None:
        guild_id = job.guild_id if entry.message.channel_id == job.place.channel_id else None
        address = captions.link(entry.message, guild_id)
        lines.append(T("[Go to the message]({address})", address=address).in_language(locale))
    made = discord.Embed(description="\n".join(filter(None, lines)))
    if entry.thumbnail is not None:
        made.set_thumbnail(url=f"attachment://{entry.thumbnail.name}")
    return made


def page_rows(page: Page, locale: str) -> list[Row]:
    """Where the pages turn, and what of this one can be shown."""
    rows: list[Row] = []
    if page.pages > 1:
        number = page.number
        back = Button("history", 0, str(max(0, number - 1)), emoji="◀️", disabled=number == 0)
        last = number == page.pages - 1
        rows.append((back, Button("history", 1, str(number + 1), emoji="▶️", disabled=last)))
    options = tuple(
        Option(_shortened(_plain(entry.job, locale), CHOICE_LIMIT), entry.job.id, description=captions.step(entry.job))
        for entry in page.entries
        if _can_be_shown(entry)
    )
    if options:
        rows.append(Menu("history_show", options, T("Show one of them here")))
    return rows


def _can_be_shown(entry: Entry) -> bool:
    return entry.job.status in WITH_PICTURES and bool(entry.pictures or entry.job.details.get("texts"))


def _state(entry: Entry) -> Text | None:
    """What is to be said of a job that is not simply there."""
    job = entry.job
    if job.status in WITH_PICTURES and not _can_be_shown(entry):
        return T("its pictures are no longer kept")
    if job.status is Status.FAILED:
        return T("failed: {reason}", reason=job.error or T("something went wrong"))
    return STATES.get(job.status)


def _plain(job: Job, locale: str) -> str:
    """A job's prompt, or what it was where it has none."""
    return " ".join(job.prompt.split()) or captions.step(job).in_language(locale)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


# The queue


def queue_embed(queue: Sequence[Queued], locale: str) -> discord.Embed:
    made = discord.Embed(title=T("Queue").in_language(locale), colour=captions.BLURPLE)
    if not queue:
        made.description = T("Nothing runs and nothing waits.").in_language(locale)
        return made
    listed = _listed(queue)
    lines = [f"**{number}.** {queue_line(queued).in_language(locale)}" for number, queued in listed]
    if left_out := len(queue) - len(listed):
        lines.append(TN("… and {count} more job", "… and {count} more jobs", left_out).in_language(locale))
    made.description = "\n".join(lines)
    mine = [queued.position for queued in queue if queued.mine and queued.position and not queued.position.offline]
    if mine:
        first = min(mine, key=lambda position: position.place)
        made.set_footer(text=T("Your next job is number {place} in line.", place=first.place).in_language(locale))
    return made


def queue_line(queued: Queued) -> Text:
    """`runs · @ana · Fast · a fox in the snow`; of another's stealth job not what it is."""
    job = queued.job
    what: Text | str = (
        T("stealth") if queued.hidden else captions.shorten(job.prompt, LINE_LIMIT)[0] or captions.step(job)
    )
    return T(
        "{state} · <@{user}> · {mode} · {what}",
        state=_turn(queued),
        user=job.user_id,
        mode=T(LANES[job.lane]),
        what=what,
    )


def _turn(queued: Queued) -> Text:
    if queued.job.status is not Status.WAITING:
        return STATES[queued.job.status]
    if queued.position is None:
        return T("waits")
    if queued.position.offline is not None:
        return T("waits for {backend}, which is offline", backend=queued.position.offline)
    return T(
        "number {place} in line, in about {time}",
        place=queued.position.place,
        time=duration(max(1.0, queued.position.seconds)),
    )


def queue_rows(queue: Sequence[Queued]) -> list[Row]:
    """A button for each job that the reader may cancel, by the number of its line."""
    cancels = [
        Button("queue_cancel", 0, queued.job.id, label=T("Cancel {number}", number=number))
        for number, queued in _listed(queue)
        if queued.may_cancel
    ][:CANCELS]
    rows: list[Row] = [cancels[start : start + ROW] for start in range(0, len(cancels), ROW)]
    return [*rows, (Button("queue", label=T("Refresh"), emoji="🔄"),)]


def _listed(queue: Sequence[Queued]) -> list[tuple[int, Queued]]:
    """The first ones, and the reader's own further behind."""
    numbered = list(enumerate(queue, start=1))
    return (numbered[:LINES] + [line for line in numbered[LINES:] if line[1].mine])[:MOST_LINES]


# About oneself


def info_embed(info: Info, locale: str) -> discord.Embed:
    waiting = info.load.waiting
    quick = waiting.get(Lane.FAST, 0) + waiting.get(Lane.TURBO, 0)
    fields: list[tuple[Text, Text | str]] = [
        (T("Job mode"), T(LANES[info.lane])),
        (T("Visibility"), T("Stealth") if info.stealth else T("Public")),
        (T("Generator"), f"{info.backend} ({info.model})" if info.model else info.backend),
        (T("Used today"), usage_text(list(info.today.values()))),
        (T("Lifetime usage"), usage_text(list(info.lifetime.values()))),
        (T("Relaxed usage"), usage_text([info.lifetime.get(Lane.RELAX, Usage())])),
        (T("Queued jobs (fast)"), str(quick)),
        (T("Queued jobs (relaxed)"), str(waiting.get(Lane.RELAX, 0))),
        (T("Running jobs"), str(info.load.running)),
        (T("Limits"), _limits(info)),
    ]
    if (spent := _spent(info)) is not None:
        fields.append((T("Spent"), spent))
    if (budget := info.budget) is not None:
        left = T("{left} of {cap}", left=usd(budget.user_left), cap=usd(budget.caps.user_usd))
        here = T("{left} of {cap}", left=usd(budget.server_left), cap=usd(budget.caps.server_usd))
        fields += [(T("Left today"), left), (T("Left today on this server"), here)]
    made = discord.Embed(title=T("Your info").in_language(locale), colour=captions.BLURPLE)
    for name, value in fields:
        shown = value.in_language(locale) if isinstance(value, Text) else value
        made.add_field(name=name.in_language(locale), value=shown)
    return made


def usage_text(usages: Sequence[Usage]) -> Text:
    return T(
        "{pictures} in {jobs}, {time}",
        pictures=TN("{count} picture", "{count} pictures", sum(usage.pictures for usage in usages)),
        jobs=TN("{count} job", "{count} jobs", sum(usage.jobs for usage in usages)),
        time=duration(sum(usage.seconds for usage in usages)),
    )


def duration(seconds: float) -> Text:
    if seconds < MINUTE:
        return T("{seconds} s", seconds=round(seconds))
    if seconds < HOUR:
        return T("{minutes} min", minutes=round(seconds / MINUTE))
    return T("{hours} h", hours=f"{seconds / HOUR:.1f}")


def _limits(info: Info) -> Text:
    """Zero means none."""
    limits: dict[str, Any] = {
        "running": info.limits.running_per_user or "∞",
        "waiting": info.limits.waiting_per_user or "∞",
    }
    return T("{running} running, {waiting} waiting", **limits)


def _spent(info: Info) -> Text | None:
    """Where a generator named its price and that was more than nothing."""
    today, lifetime = (
        [usage.cost_usd for usage in usages.values() if usage.cost_usd is not None]
        for usages in (info.today, info.lifetime)
    )
    if not sum(lifetime):
        return None
    return T("${today} today, ${lifetime} in all", today=f"{sum(today):.2f}", lifetime=f"{sum(lifetime):.2f}")


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Library(bot))
