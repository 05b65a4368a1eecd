"""The outlet to Discord: what a job's people are told, when and by which way."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import discord

from bot import captions
from bot.actions import Button
from bot.config import Settings
from bot.delivery.lines import Line
from bot.delivery.progress import ProgressMessages
from bot.delivery.rest import EDIT_SECONDS, UPLOAD_SECONDS, Post, Refused, Rest, Unreachable, errors, too_large
from bot.i18n import Text
from bot.jobs import DELETABLE, Job, MessageKind, Position
from bot.store import Store
from bot.worker import Parcel, Upload

INTERVAL = 2.0  # seconds between two edits of one message
#: Waits before Discord is asked again, after the tries that discord.py makes itself.
PAUSES = (5.0, 30.0)
KNOWN_LINES = 4096
SEARCHED = 200  # messages that are looked through after a crash
MIB = 1 << 20
REQUEST_LIMIT = 25 * MIB  # all files of a message together
FILE_LIMIT = 10 * MIB  # where no better is known
FILES = 4  # originals in one message, so that each has room
PREVIEW = "preview_"
CANCEL = ((Button("cancel"),),)
Way = Callable[[Job, Post, int], Awaitable[None]]
log = logging.getLogger(__name__)


class Delivery:
    """The outlet to Discord. Used with `async with`. `clock` gives epoch seconds."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rest = Rest(settings, clock)
        self._progress = ProgressMessages(self._rest, store)
        self._store = store
        self._sleep = sleep
        self._started_ms = int(clock() * 1000)
        self._lines: OrderedDict[str, Line[Post]] = OrderedDict()

    async def __aenter__(self) -> Self:
        await self._rest.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))
        await self._rest.__aexit__()

    # The outlet

    def waiting(self, job: Job, position: Position | None) -> None:
        line = self._line(job)
        if position is not None and position.offline is not None:
            line.started = False  # it was, and waits again
        if not line.started:
            line.put(Post(caption=captions.waiting(job, position), rows=CANCEL))

    def progress(self, job: Job, fraction: float, preview: Path | None) -> None:
        line = self._line(job)
        line.started = True
        uploads = (Upload(preview, f"{PREVIEW}{job.id}.jpg", ""),) if preview else ()
        caption = captions.progress(job, fraction)
        line.put(Post(caption=caption, uploads=uploads, rows=CANCEL, replace=bool(uploads)))

    async def deliver(self, job: Job, parcel: Parcel) -> bool:
        """Posts the result, unless that was done before a crash. False when every way to the user is closed."""
        await self._line(job).close()
        if await self._delivered(job):
            await self._progress.remove(job)
            return True
        public = job.place.may_post and not job.place.ephemeral
        routes = (self._to_channel, self._to_response, self._to_dm) if public else (self._to_response, self._to_dm)
        return await self._by_any(job, _post(job, parcel), routes)

    async def repost(self, job: Job, parcel: Parcel, kind: MessageKind, *, headline: Text | None = None) -> bool:
        """A finished result once more: as the answer to the interaction of the job's place while that is young, else as a message there,
        or as a direct message. Nobody is pinged."""
        post = _post(job, parcel, headline)
        try:
            for start in range(0, max(1, len(post.uploads)), FILES):
                part = replace(post, uploads=post.uploads[start : start + FILES])
                await self._by(partial(self._again, kind=kind, number=start), job, part)
        except (Refused, Unreachable) as error:
            log.warning("job %s could not be shown as %s: %s", job.id, kind, error)
            return False
        return True

    async def _again(self, job: Job, post: Post, limit: int, *, kind: MessageKind, number: int) -> None:
        place = job.place
        if place.token and place.progress_message_id and not place.direct:
            webhook = self._rest.webhook(job)
            async with self._rest.arguments(job, post, limit, edit=True) as arguments, errors(UPLOAD_SECONDS):
                message_id = (await webhook.edit_message(place.progress_message_id, **arguments)).id
            channel_id = place.channel_id
        elif place.ephemeral and not place.direct:
            raise Refused("what is private has no way but its answer")
        else:
            async with errors(EDIT_SECONDS):
                channel = await self._rest.channel_of(job)
            async with self._rest.arguments(job, post, limit) as arguments, errors(UPLOAD_SECONDS):
                message = await channel.send(**arguments, nonce=_nonce(job, post, kind, number))
            message_id, channel_id = message.id, message.channel.id
        await self._store.add_message(message_id, channel_id, job.id, kind)

    async def failed(self, job: Job, error: Text, title: Text) -> None:
        await self._line(job).close()
        notice = captions.notice(title, error, job.place.locale)
        post = Post(caption=captions.failed(job), notice=notice, replace=True)
        if await self._progress.edit(job, post):
            return
        public = job.place.may_post and not job.place.ephemeral
        await self._by_any(job, post, (self._to_channel, self._to_dm) if public else (self._to_dm,))

    async def cancelled(self, job: Job) -> None:
        await self._line(job).close()
        await self._progress.edit(job, Post(caption=captions.stopped(job), replace=True))

    async def deleted(self, job: Job) -> None:
        await self._line(job).close()
        for message in await self._store.messages(job.id):
            if message.kind in DELETABLE:
                await self._progress.delete(job, message)

    def _line(self, job: Job) -> Line[Post]:
        line = self._lines.get(job.id)
        if line is None:

            async def write(post: Post) -> bool:
                return await self._progress.edit(job, post)

            line = self._lines[job.id] = Line(write, INTERVAL, self._sleep)
            if len(self._lines) > KNOWN_LINES:
                self._lines.popitem(last=False)
        return line

    # The result

    async def _by_any(self, job: Job, post: Post, routes: Sequence[Way]) -> bool:
        """Tries the ways in order, each with smaller files where they are too large."""
        for route in routes:
            try:
                await self._by(route, job, post)
            except Refused as error:
                log.warning("job %s: %s", job.id, error)
            except Unreachable as error:
                log.error("job %s could not be delivered: %s", job.id, error)
                return False
            else:
                return True
        return False

    async def _by(self, route: Way, job: Job, post: Post) -> None:
        tries = 0
        limits = _limits(job.place.upload_limit, len(post.uploads))
        while True:
            try:
                return await route(job, post, limits[0])
            except Unreachable:
                if tries == len(PAUSES):
                    raise
                await self._sleep(PAUSES[tries])
                tries += 1
            except Refused as error:
                if not too_large(error) or len(limits) == 1:
                    raise
                limits = limits[1:]

    async def _to_channel(self, job: Job, post: Post, limit: int) -> None:
        """A new message in the channel, which replies to what was clicked and pings. The nonce keeps Discord from posting it twice."""
        place = job.place
        async with self._rest.arguments(job, post, limit, ping=job.user_id) as arguments, errors(UPLOAD_SECONDS):
            if place.reply_to is not None:
                arguments["reference"] = discord.MessageReference(
                    message_id=place.reply_to,
                    channel_id=place.channel_id,
                    guild_id=place.guild_id,
                    fail_if_not_exists=False,
                )
            message = await self._rest.channel(job).send(**arguments, nonce=job.id)
        await self._store.add_message(message.id, place.channel_id, job.id, MessageKind.RESULT)
        await self._progress.remove(job)

    async def _to_response(self, job: Job, post: Post, limit: int) -> None:
        """The progress message becomes the result."""
        message_id = await self._progress.message_id(job)
        webhook = self._rest.webhook(job)
        async with (
            self._rest.arguments(job, post, limit, edit=message_id is not None) as arguments,
            errors(UPLOAD_SECONDS),
        ):
            if message_id is not None:
                await webhook.edit_message(message_id, **arguments)
            else:
                message_id = (await webhook.send(**arguments, ephemeral=job.place.ephemeral, wait=True)).id
        await self._store.add_message(message_id, job.place.channel_id, job.id, MessageKind.RESULT)

    async def _to_dm(self, job: Job, post: Post, limit: int) -> None:
        async with errors(EDIT_SECONDS):
            channel = await self._rest.client.create_dm(discord.Object(job.user_id))
        async with (
            self._rest.arguments(job, post, min(limit, FILE_LIMIT), ping=job.user_id) as arguments,
            errors(UPLOAD_SECONDS),
        ):
            message = await channel.send(**arguments, nonce=job.id)
        await self._store.add_message(message.id, channel.id, job.id, MessageKind.RESULT)
        await self._progress.remove(job)

    async def _delivered(self, job: Job) -> bool:
        """Whether the result stands already. After a crash between posting and writing it down, our file in the channel says so."""
        if any(m.kind is MessageKind.RESULT for m in await self._store.messages(job.id)):
            return True
        crashed = job.attempts > 1 or (job.started_ms or job.created_ms) < self._started_ms
        if not crashed or job.place.ephemeral or not job.place.may_post:
            return False
        message_id = await self._search(job)
        if message_id is None:
            return False
        await self._store.add_message(message_id, job.place.channel_id, job.id, MessageKind.RESULT)
        return True

    async def _search(self, job: Job) -> int | None:
        progress = await self._progress.message_id(job)
        since = discord.Object(progress) if progress else datetime.fromtimestamp(job.created_ms / 1000, UTC)
        me = self._rest.client.user
        try:
            async with errors(EDIT_SECONDS):
                async for message in self._rest.channel(job).history(after=since, limit=SEARCHED):
                    named = any(
                        job.id in a.filename and not a.filename.startswith(PREVIEW) for a in message.attachments
                    )
                    if named and me is not None and message.author.id == me.id:
                        return message.id
        except (Refused, Unreachable) as error:
            log.warning("job %s: could not look whether it was posted: %s", job.id, error)
        return None


def _post(job: Job, parcel: Parcel, headline: Text | None = None) -> Post:
    caption = captions.finished(job, parcel.notes, parcel.origin, headline)
    notice = captions.description(job, parcel.texts) if parcel.texts else None
    return Post(caption=caption, uploads=parcel.uploads, rows=parcel.rows, notice=notice, replace=True)


def _nonce(job: Job, post: Post, kind: MessageKind, number: int) -> str:
    """24 characters, the same each time that the same is to be posted in the same place: the files and, of a report, the words."""
    place = f"@{job.user_id}" if job.place.direct else str(job.place.channel_id)
    said = post.caption.text if kind is MessageKind.REPORT else ""
    what = "\n".join((job.id, kind, str(number), place, said, *(upload.filename for upload in post.uploads)))
    return hashlib.blake2b(what.encode(), digest_size=12).hexdigest()


def _limits(given: int, files: int) -> list[int]:
    """How many bytes a file may have, and what to try when Discord finds even that too large."""
    first = min(given, REQUEST_LIMIT // max(1, files))
    second = min(first, FILE_LIMIT)
    return list(dict.fromkeys((first, second, second // 2, second // 4)))
