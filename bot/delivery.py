"""Messages to Discord, by REST alone, with a client and connector of its own: uploads never stand in the way of answers.

A job's message is known by three names. Its *progress message* is the interaction's original response, or one that is posted for it. It is
edited through the interaction's token while that is young, later through the bot's own. The *result* is a new message that pings once;
only where the bot may not post, or only the user may see it, the progress message becomes the result.
"""

import asyncio
import io
import logging
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import captions
from bot.actions import Button
from bot.captions import Caption, Notice
from bot.config import Settings
from bot.i18n import Text
from bot.imaging import Imaging
from bot.jobs import Job, Message, MessageKind, Position
from bot.lines import Line
from bot.store import Store
from bot.views import embed, rows_view
from bot.worker import Parcel, Upload

INTERVAL = 2.0  # seconds between two edits of one message
EDIT_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
CONNECTIONS = 16
#: Waits before Discord is asked again, after the tries that discord.py makes itself.
PAUSES = (5.0, 30.0)
KNOWN_LINES = 4096
MIB = 1 << 20
REQUEST_LIMIT = 25 * MIB  # all files of a message together
FILE_LIMIT = 10 * MIB  # where no better is known
TOO_LARGE = 40005
#: The interaction's token is no good any more: unknown webhook, unknown interaction, invalid token.
TOKEN_OVER = frozenset({10015, 10062, 50027})
NOBODY = discord.AllowedMentions.none()
CANCEL = ((Button("cancel"),),)
log = logging.getLogger(__name__)


def use_host(url: str | None) -> None:
    """Points discord.py, in this whole process, at another host that speaks Discord's API; None: nothing is changed."""
    if url is None:
        return
    base = yarl.URL(url.rstrip("/"))
    Route.BASE = f"{base}/api/v10"
    scheme = "wss" if base.scheme == "https" else "ws"
    DiscordWebSocket.DEFAULT_GATEWAY = base.with_scheme(scheme) / "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a message is to look like. With `replace` its files are replaced, or removed where there are none."""

    caption: Caption
    uploads: tuple[Upload, ...] = ()
    rows: Sequence[Sequence[Button]] = ()
    notice: Notice | None = None
    replace: bool = False


class Refused(Exception):
    """This way to the user is closed; another may be open."""


class Unreachable(Exception):
    """Discord did not answer, or not with sense, however often it was asked."""


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
        self._settings = settings
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._started_ms = int(clock() * 1000)
        self._lines: OrderedDict[str, Line[Post]] = OrderedDict()
        self._claims = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        use_host(self._settings.discord_url)
        async with AsyncExitStack() as stack:
            self._imaging = await stack.enter_async_context(Imaging(threads=1))
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=60)
            self._client = discord.Client(
                intents=discord.Intents(guilds=True), connector=connector, max_messages=None, allowed_mentions=NOBODY
            )
            await stack.enter_async_context(self._client)
            async with asyncio.timeout(EDIT_SECONDS):
                await self._client.login(self._settings.token.get_secret_value())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))
        await self._stack.aclose()

    # The outlet

    def waiting(self, job: Job, position: Position | None) -> None:
        line = self._line(job)
        if not line.started:
            line.put(Post(caption=captions.waiting(job, position), rows=CANCEL))

    def progress(self, job: Job, fraction: float, preview: Path | None) -> None:
        line = self._line(job)
        line.started = True
        uploads = (Upload(preview, f"preview_{job.id}.jpg", ""),) if preview else ()
        caption = captions.progress(job, fraction)
        line.put(Post(caption=caption, uploads=uploads, rows=CANCEL, replace=bool(uploads)))

    async def deliver(self, job: Job, parcel: Parcel) -> bool:
        """Posts the result, unless that was done before a crash. False when every way to the user is closed."""
        await self._line(job).close()
        if await self._delivered(job):
            await self._remove_progress(job)
            return True
        post = Post(
            caption=captions.finished(job, parcel.notes), uploads=parcel.uploads, rows=parcel.rows, replace=True
        )
        public = job.place.may_post and not job.place.ephemeral
        routes = (self._to_channel, self._to_response, self._to_dm) if public else (self._to_response, self._to_dm)
        return await self._by_any(job, post, routes)

    async def failed(self, job: Job, error: Text, title: Text) -> None:
        await self._line(job).close()
        notice = captions.notice(title, error, job.place.locale)
        post = Post(caption=captions.failed(job), notice=notice, replace=True)
        if await self._edit(job, post):
            return
        public = job.place.may_post and not job.place.ephemeral
        await self._by_any(job, post, (self._to_channel, self._to_dm) if public else (self._to_dm,))

    async def cancelled(self, job: Job) -> None:
        await self._line(job).close()
        await self._edit(job, Post(caption=captions.stopped(job), replace=True))

    async def deleted(self, job: Job) -> None:
        await self._line(job).close()
        for message in await self._store.messages(job.id):
            await self._delete(job, message)

    # Progress

    def _line(self, job: Job) -> Line[Post]:
        line = self._lines.get(job.id)
        if line is None:

            async def write(post: Post) -> None:
                await self._edit(job, post)

            line = self._lines[job.id] = Line(write, INTERVAL, self._sleep)
            if len(self._lines) > KNOWN_LINES:
                self._lines.popitem(last=False)
        return line

    async def _edit(self, job: Job, post: Post) -> bool:
        """Edits the progress message, or posts one where the job has none yet. Whether that worked; trouble is only logged."""
        try:
            message_id = await self._progress_message(job)
            routes = (self._edit_by_token, self._edit_by_bot)
            for route in routes if message_id is not None else (self._follow_up, self._post_progress):
                try:
                    await route(job, message_id or 0, post)
                except Refused as error:
                    log.info("job %s: %s", job.id, error)
                else:
                    return True
        except (Unreachable, OSError) as error:
            log.warning("job %s: progress not shown: %s", job.id, error)
        return False

    async def _progress_message(self, job: Job) -> int | None:
        """The id of the message that shows this job's progress. Jobs of one command share an answer: the first to ask has it."""
        mine = await self._store.messages(job.id)
        found = next((m.message_id for m in mine if m.kind is MessageKind.PROGRESS), None)
        given = job.place.progress_message_id
        if found is not None or given is None:
            return found
        async with self._claims:
            owner = await self._store.message(given)
            if owner is None:
                await self._store.add_message(given, job.place.channel_id, job.id, MessageKind.PROGRESS)
        return given if owner is None or owner.job_id == job.id else None

    async def _edit_by_token(self, job: Job, message_id: int, post: Post) -> None:
        webhook = self._webhook(job)
        async with self._arguments(job, post, FILE_LIMIT, edit=True) as arguments, _errors(EDIT_SECONDS):
            await webhook.edit_message(message_id, **arguments)

    async def _edit_by_bot(self, job: Job, message_id: int, post: Post) -> None:
        if not job.place.may_post or job.place.ephemeral:
            raise Refused("the bot can't edit this message")
        message = self._channel(job).get_partial_message(message_id)
        async with self._arguments(job, post, FILE_LIMIT, edit=True) as arguments, _errors(EDIT_SECONDS):
            await message.edit(**arguments)

    async def _follow_up(self, job: Job, _: int, post: Post) -> None:
        webhook = self._webhook(job)
        async with self._arguments(job, post, FILE_LIMIT) as arguments, _errors(EDIT_SECONDS):
            message = await webhook.send(**arguments, ephemeral=job.place.ephemeral, wait=True)
        await self._store.add_message(message.id, job.place.channel_id, job.id, MessageKind.PROGRESS)

    async def _post_progress(self, job: Job, _: int, post: Post) -> None:
        if not job.place.may_post or job.place.ephemeral:
            raise Refused("the bot can't post here")
        async with self._arguments(job, post, FILE_LIMIT) as arguments, _errors(EDIT_SECONDS):
            message = await self._channel(job).send(**arguments)
        await self._store.add_message(message.id, job.place.channel_id, job.id, MessageKind.PROGRESS)

    # The result

    async def _by_any(
        self, job: Job, post: Post, routes: Sequence[Callable[[Job, Post, int], Awaitable[None]]]
    ) -> bool:
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

    async def _by(self, route: Callable[[Job, Post, int], Awaitable[None]], job: Job, post: Post) -> None:
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
                if not _too_large(error) or len(limits) == 1:
                    raise
                limits = limits[1:]

    async def _to_channel(self, job: Job, post: Post, limit: int) -> None:
        """A new message in the channel, which replies to what was clicked and pings. The nonce keeps Discord from posting it twice."""
        place = job.place
        async with self._arguments(job, post, limit, ping=job.user_id) as arguments, _errors(UPLOAD_SECONDS):
            if place.reply_to is not None:
                arguments["reference"] = discord.MessageReference(
                    message_id=place.reply_to,
                    channel_id=place.channel_id,
                    guild_id=place.guild_id,
                    fail_if_not_exists=False,
                )
            message = await self._channel(job).send(**arguments, nonce=job.id)
        await self._store.add_message(message.id, place.channel_id, job.id, MessageKind.RESULT)
        await self._remove_progress(job)

    async def _to_response(self, job: Job, post: Post, limit: int) -> None:
        """The progress message becomes the result."""
        message_id = await self._progress_message(job)
        webhook = self._webhook(job)
        async with self._arguments(job, post, limit, edit=message_id is not None) as arguments, _errors(UPLOAD_SECONDS):
            if message_id is not None:
                await webhook.edit_message(message_id, **arguments)
            else:
                message_id = (await webhook.send(**arguments, ephemeral=job.place.ephemeral, wait=True)).id
        await self._store.add_message(message_id, job.place.channel_id, job.id, MessageKind.RESULT)

    async def _to_dm(self, job: Job, post: Post, limit: int) -> None:
        async with _errors(EDIT_SECONDS):
            channel = await self._client.create_dm(discord.Object(job.user_id))
        async with (
            self._arguments(job, post, min(limit, FILE_LIMIT), ping=job.user_id) as arguments,
            _errors(UPLOAD_SECONDS),
        ):
            message = await channel.send(**arguments, nonce=job.id)
        await self._store.add_message(message.id, channel.id, job.id, MessageKind.RESULT)
        await self._remove_progress(job)

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
        progress = await self._progress_message(job)
        since = discord.Object(progress) if progress else datetime.fromtimestamp(job.created_ms / 1000, UTC)
        me = self._client.user
        try:
            async with _errors(EDIT_SECONDS):
                async for message in self._channel(job).history(after=since, limit=200):
                    named = any(
                        job.id in a.filename and not a.filename.startswith("preview_") for a in message.attachments
                    )
                    if named and me is not None and message.author.id == me.id:
                        return message.id
        except (Refused, Unreachable) as error:
            log.warning("job %s: could not look whether it was posted: %s", job.id, error)
        return None

    # Removing

    async def _remove_progress(self, job: Job) -> None:
        await self._progress_message(job)  # claims the interaction's answer, where nothing was shown yet
        for message in await self._store.messages(job.id):
            if message.kind is MessageKind.PROGRESS:
                await self._delete(job, message)

    async def _delete(self, job: Job, message: Message) -> None:
        """Removes one message; one that is gone already is as good."""
        routes = [self._delete_by_token, self._delete_by_bot]
        if message.kind is MessageKind.RESULT and not job.place.ephemeral:
            routes.reverse()  # most likely the bot's own
        for route in routes:
            try:
                await route(job, message)
            except (Refused, Unreachable) as error:
                log.info("job %s: message %d stays: %s", job.id, message.message_id, error)
            else:
                break
        await self._store.delete_message(message.message_id)

    async def _delete_by_token(self, job: Job, message: Message) -> None:
        webhook = self._webhook(job)
        async with _errors(EDIT_SECONDS):
            await webhook.delete_message(message.message_id)

    async def _delete_by_bot(self, _: Job, message: Message) -> None:
        channel = self._client.get_partial_messageable(message.channel_id)
        async with _errors(EDIT_SECONDS):
            await channel.get_partial_message(message.message_id).delete()

    # What the ways share

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.place.channel_id, guild_id=job.place.guild_id)

    def _webhook(self, job: Job) -> discord.Webhook:
        """The interaction's own webhook, with the client's state: without it discord.py refuses buttons."""
        place = job.place
        if not place.token or self._clock() * 1000 >= place.token_until_ms:
            raise Refused("the interaction's token is over")
        webhook = discord.Webhook.partial(place.application_id, place.token, client=self._client)
        webhook.type = discord.WebhookType.application
        return webhook

    @asynccontextmanager
    async def _arguments(
        self, job: Job, post: Post, limit: int, *, edit: bool = False, ping: int | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """The arguments of discord.py's `send` or `edit`, the files open and each of at most `limit` bytes."""
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(ping)] if ping else False
        )
        arguments: dict[str, Any] = {"content": post.caption.text, "allowed_mentions": mentions}
        view = rows_view(post.rows, job.id, job.place.locale)
        if view is not None or edit:
            arguments["view"] = view
        if post.notice is not None:
            arguments["embed"] = embed(post.notice)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="lienzo-"))
        files: list[discord.File] = []
        try:
            files.extend([await self._file(upload, folder, limit) for upload in post.uploads])
            if post.replace and post.caption.full_prompt:
                files.append(discord.File(io.BytesIO(post.caption.full_prompt.encode()), "prompt.txt"))
            if edit and post.replace:
                arguments["attachments"] = files
            elif files:
                arguments["files"] = files
            yield arguments
        finally:
            for file in files:
                file.close()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _file(self, upload: Upload, folder: Path, limit: int) -> discord.File:
        path, name = upload.path, upload.filename
        if (await asyncio.to_thread(path.stat)).st_size > limit:
            path = await self._imaging.fit(path, folder / f"{path.stem}.jpg", limit)
            name = str(Path(name).with_suffix(path.suffix))
        return await asyncio.to_thread(discord.File, path, name, description=upload.description or None)


@asynccontextmanager
async def _errors(seconds: float) -> AsyncGenerator[None]:
    """Sorts what may go wrong: `Refused` where asking again would not help here, else `Unreachable`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(repr(error)) from error
    except discord.HTTPException as error:
        if error.status == 429:
            raise Unreachable(repr(error)) from error
        raise Refused(repr(error)) from error


def _too_large(error: Refused) -> bool:
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and (cause.code == TOO_LARGE or cause.status == 413)


def _limits(given: int, files: int) -> list[int]:
    """How many bytes a file may have, and what to try when Discord finds even that too large."""
    first = min(given, REQUEST_LIMIT // max(1, files))
    second = min(first, FILE_LIMIT)
    return list(dict.fromkeys((first, second, second // 2, second // 4)))
