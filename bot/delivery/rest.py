"""What every way to the user shares: the REST-only client, open files, and what may go wrong."""

import asyncio
import io
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.actions import Row
from bot.captions import Caption, Notice
from bot.config import Settings
from bot.imaging import Imaging
from bot.jobs import Job
from bot.views import embed, rows_view
from bot.worker import Upload

EDIT_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
CONNECTIONS = 16
KEEPALIVE_SECONDS = 60.0
TOO_LARGE = 40005


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
    rows: Sequence[Row] = ()
    notice: Notice | None = None
    replace: bool = False


class Refused(Exception):
    """This way to the user is closed; another may be open."""


class Unreachable(Exception):
    """Discord did not answer, or not with sense, however often it was asked."""


class Rest:
    """A client that logs in and never connects to the gateway. Used with `async with`. `clock` gives epoch seconds."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        use_host(self._settings.discord_url)
        async with AsyncExitStack() as stack:
            self._imaging = await stack.enter_async_context(Imaging(threads=1))
            self.client = discord.Client(
                intents=discord.Intents(guilds=True),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
                max_messages=None,
                allowed_mentions=discord.AllowedMentions.none(),
            )
            await stack.enter_async_context(self.client)
            async with asyncio.timeout(EDIT_SECONDS):
                await self.client.login(self._settings.token.get_secret_value())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def channel(self, job: Job) -> discord.PartialMessageable:
        return self.client.get_partial_messageable(job.place.channel_id, guild_id=job.place.guild_id)

    async def channel_of(self, job: Job) -> discord.abc.Messageable:
        """The job's channel, or where it is to go straight to the user, that one's direct messages."""
        if job.place.direct:
            return await self.client.create_dm(discord.Object(job.user_id))
        return self.channel(job)

    def webhook(self, job: Job) -> discord.Webhook:
        """The interaction's own webhook, or `Refused` once that is over. It has the client's state, else discord.py takes no buttons."""
        place = job.place
        if not place.token or self._clock() * 1000 >= place.token_until_ms:
            raise Refused("the interaction's token is over")
        webhook = discord.Webhook.partial(place.application_id, place.token, client=self.client)
        webhook.type = discord.WebhookType.application
        return webhook

    @asynccontextmanager
    async def arguments(
        self, job: Job, post: Post, limit: int, *, edit: bool = False, ping: int | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """The arguments of discord.py's `send` or `edit`, the files open and each of at most `limit` bytes. Only `ping` is mentioned."""
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(ping)] if ping else False
        )
        arguments: dict[str, Any] = {"content": post.caption.text, "allowed_mentions": mentions}
        view = rows_view(post.rows, job.id, job.place.locale)
        if view is not None or edit:
            arguments["view"] = view
        if post.notice is not None:
            arguments["embed"] = embed(post.notice, post.uploads[0].filename if post.uploads else None)
        async with AsyncExitStack() as stack:
            files = [await self._file(upload, limit, stack) for upload in post.uploads]
            if post.replace and post.caption.full_prompt:
                files.append(discord.File(io.BytesIO(post.caption.full_prompt.encode()), "prompt.txt"))
            if edit and post.replace:
                arguments["attachments"] = files
            elif files:
                arguments["files"] = files
            yield arguments

    async def _file(self, upload: Upload, limit: int, stack: AsyncExitStack) -> discord.File:
        path, name = upload.path, upload.filename
        if (await asyncio.to_thread(path.stat)).st_size > limit:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="lienzo-"))
            stack.push_async_callback(asyncio.to_thread, shutil.rmtree, folder, ignore_errors=True)
            path = await self._imaging.fit(path, folder / f"{path.stem}.jpg", limit)
            name = str(Path(name).with_suffix(path.suffix))
        file = await asyncio.to_thread(discord.File, path, name, description=upload.description or None)
        stack.callback(file.close)
        return file


@asynccontextmanager
async def errors(seconds: float) -> AsyncGenerator[None]:
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


def too_large(error: Refused) -> bool:
    """Whether smaller files would have been taken."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and (cause.code == TOO_LARGE or cause.status == 413)
