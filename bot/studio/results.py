"""The use cases about results: to stop and delete them, to like them, to have them as they were made."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.actions import Button
from bot.captions import link, shorten
from bot.errors import BackendError, NotAllowed, NotFound, NotPossible
from bot.i18n import TN, T
from bot.jobs import CANCELLABLE, Job, MessageKind, Place, Status
from bot.studio.desk import Caller, Desk
from bot.worker import Upload

REASON_LIMIT = 500  # characters of a report
log = logging.getLogger(__name__)


class Results(Desk):
    """The part of the studio that is about what was made."""

    def remembers(self, caller: Caller) -> bool:
        """Whether the caller's settings are in memory, so that deciding how to answer needs no waiting."""
        return self._preferences.knows(caller.user_id)

    def remixes(self, caller: Caller) -> bool:
        """Whether the caller wants to see the prompt before a result is worked on."""
        return self._preferences.peek(caller.user_id).remix

    async def cancel(self, caller: Caller, job_id: str) -> bool:
        """Stops a job (True), or deletes its result when it is finished (False). The owner and moderators may."""
        job = await self._store.job(job_id)
        if job is None or job.status in (Status.DELETED, Status.CANCELLED, Status.FAILED):
            raise NotFound(T("That job is over already."))
        if job.user_id != caller.user_id and not (caller.moderator and job.guild_id == caller.guild_id):
            raise NotAllowed(T("Only the owner of a job and moderators may cancel or delete it."))
        stopped = await self._store.move(job_id, CANCELLABLE, Status.CANCELLED)
        if stopped is not None:
            await self._stop(stopped)
            return True
        deleted = await self._store.move(job_id, {Status.DONE, Status.HELD}, Status.DELETED)
        if deleted is None:
            raise NotAllowed(T("That job is being delivered right now. Try again in a moment."))
        await self._outlet.deleted(deleted)
        images = await self._store.images(job_id)
        await self._objects.delete([image.key for image in images])
        await self._store.forget_images([image.key for image in images])
        return False

    async def _stop(self, job: Job) -> None:
        await self._engine.cancel(job)
        if job.handle is not None:
            try:
                await self._worker.cancel(job)
            except BackendError as error:
                log.warning("job %s could not be cancelled at its backend: %s", job.id, error)
        await self._outlet.cancelled(job)
        self._admission.wake()

    async def favourite(self, caller: Caller, job_id: str, tile: int) -> tuple[bool, int]:
        """Toggles the caller's ❤️ on a picture: whether it is on now, and how many have it on.

        With enough of them it is shown in the server's gallery, once.
        """
        job = await self._visible(caller, job_id)
        if not 1 <= tile <= len(await self.pictures(job_id)):
            raise NotFound
        on = caller.user_id not in await self._store.favourites(job_id, tile)
        return on, await self._set_favourite(caller, job, tile, on=on)

    async def like(self, caller: Caller, job_id: str, tile: int) -> int:
        """Sets the caller's ❤️, as a reaction does: one that is set again stays. Returns how many have it on."""
        return await self._set_favourite(caller, await self._visible(caller, job_id), tile, on=True)

    async def _set_favourite(self, caller: Caller, job: Job, tile: int, *, on: bool) -> int:
        count = await self._store.favourite(job.id, tile, caller.user_id, on)
        if on:
            await self._exhibit(job, count)
        return count

    async def _exhibit(self, job: Job, hearts: int) -> None:
        guild = await self._preferences.load_guild(job.guild_id) if job.guild_id else None
        if guild is None or guild.gallery is None or hearts < guild.hearts or job.place.ephemeral:
            return
        shown = await self._store.messages(job.id)
        if any(message.kind is MessageKind.GALLERY for message in shown):
            return
        origin = next((message for message in shown if message.kind is MessageKind.RESULT), None)
        headline = TN(
            "❤️ {count} person likes this picture by {user}",
            "❤️ {count} people like this picture by {user}",
            hearts,
            user=f"<@{job.user_id}>",
        )
        if origin is not None:
            headline = T("❤️ {count}: {link}", count=hearts, link=link(origin, job.guild_id))
        place = Place(channel_id=guild.gallery, guild_id=job.guild_id, locale=job.place.locale)
        async with self._worker.parcel(job) as parcel:
            bare = replace(parcel, notes=())
            await self._outlet.repost(job.evolve(place=place), bare, MessageKind.GALLERY, headline=headline)

    @asynccontextmanager
    async def original(self, caller: Caller, job_id: str, tile: int) -> AsyncGenerator[Upload]:
        """A picture as it was made, with its origin written in; the copy lives as long as the context. Raises `NotFound`."""
        job = await self._visible(caller, job_id)
        images = await self.pictures(job_id)
        if not 1 <= tile <= len(images):
            raise NotFound
        async with self._folder("original") as folder:
            yield await self._worker.original(job, images[tile - 1], folder)

    async def send(self, caller: Caller, job_id: str) -> None:
        """The pictures one by one, with their seed and the job's id, as direct messages. Raises `UserError`."""
        job = await self._visible(caller, job_id)
        headline = T("Job `{job}`, seed `{seed}`", job=job.id, seed=job.seed)
        place = Place(channel_id=caller.channel_id, locale=caller.locale, direct=True)
        copy = job.evolve(user_id=caller.user_id, place=place)
        async with self._worker.parcel(job, split=True) as parcel:
            if not await self._outlet.repost(copy, replace(parcel, notes=()), MessageKind.COPY, headline=headline):
                raise NotPossible(
                    T("I can't send you direct messages. Allow them in this server's privacy settings, then try again.")
                )

    def reports_to(self, job: Job) -> int:
        """The channel where a job's server reads reports, from memory. Raises `NotPossible` where there is none."""
        channel = self._preferences.peek_guild(job.guild_id).log
        if channel is None:
            raise NotPossible(T("This server has set no channel for reports. Please tell a moderator yourself."))
        return channel

    async def report(self, caller: Caller, job_id: str, reason: str) -> None:
        """Shows a result to the server's moderators, with what its reporter says. Raises `UserError`."""
        job = await self._visible(caller, job_id)
        log_channel = self.reports_to(job)
        said = " ".join(reason.split())
        headline = T(
            "🚩 <@{reporter}> reports job `{job}`: {reason}",
            reporter=caller.user_id,
            job=job.id,
            reason=shorten(said, REASON_LIMIT)[0] or T("no reason was given"),
        )
        place = Place(channel_id=log_channel, guild_id=job.guild_id, locale=job.place.locale)
        async with self._worker.parcel(job) as parcel:
            bare = replace(parcel, rows=((Button("delete"),),), notes=())
            if not await self._outlet.repost(job.evolve(place=place), bare, MessageKind.REPORT, headline=headline):
                raise NotPossible(T("The report could not be posted. Please tell a moderator yourself."))

    async def _visible(self, caller: Caller, job_id: str) -> Job:
        """A result that the caller may see. Raises `NotFound`."""
        job = await self.result(job_id)
        moderates = caller.moderator and caller.guild_id == job.guild_id
        if job.place.ephemeral and job.user_id != caller.user_id and not moderates:
            raise NotFound
        return job
