"""The progress message of a job: whichever it is, edited by whoever still may."""

import asyncio
import logging

from bot.delivery.rest import EDIT_SECONDS, Post, Refused, Rest, Unreachable, errors
from bot.jobs import Job, Message, MessageKind
from bot.store import Store

FILE_LIMIT = 1 << 20  # bytes of a preview
log = logging.getLogger(__name__)


class ProgressMessages:
    """Finds, edits and removes progress messages."""

    def __init__(self, rest: Rest, store: Store) -> None:
        self._rest = rest
        self._store = store
        self._claims = asyncio.Lock()

    async def edit(self, job: Job, post: Post) -> bool:
        """Edits the progress message, or posts one where the job has none yet. Whether that worked; trouble is only logged."""
        try:
            message_id = await self.message_id(job)
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

    async def message_id(self, job: Job) -> int | None:
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
        webhook = self._rest.webhook(job)
        async with self._rest.arguments(job, post, FILE_LIMIT, edit=True) as arguments, errors(EDIT_SECONDS):
            await webhook.edit_message(message_id, **arguments)

    async def _edit_by_bot(self, job: Job, message_id: int, post: Post) -> None:
        if not job.place.may_post or job.place.ephemeral:
            raise Refused("the bot can't edit this message")
        message = self._rest.channel(job).get_partial_message(message_id)
        async with self._rest.arguments(job, post, FILE_LIMIT, edit=True) as arguments, errors(EDIT_SECONDS):
            await message.edit(**arguments)

    async def _follow_up(self, job: Job, _: int, post: Post) -> None:
        webhook = self._rest.webhook(job)
        async with self._rest.arguments(job, post, FILE_LIMIT) as arguments, errors(EDIT_SECONDS):
            message = await webhook.send(**arguments, ephemeral=job.place.ephemeral, wait=True)
        await self._store.add_message(message.id, job.place.channel_id, job.id, MessageKind.PROGRESS)

    async def _post_progress(self, job: Job, _: int, post: Post) -> None:
        if not job.place.may_post or job.place.ephemeral:
            raise Refused("the bot can't post here")
        async with self._rest.arguments(job, post, FILE_LIMIT) as arguments, errors(EDIT_SECONDS):
            message = await self._rest.channel(job).send(**arguments)
        await self._store.add_message(message.id, job.place.channel_id, job.id, MessageKind.PROGRESS)

    async def remove(self, job: Job) -> None:
        """Deletes the progress message, for a result stands."""
        await self.message_id(job)  # claims the interaction's answer, where nothing was shown yet
        for message in await self._store.messages(job.id):
            if message.kind is MessageKind.PROGRESS:
                await self.delete(job, message)

    async def delete(self, job: Job, message: Message) -> None:
        """Removes one message; one that is gone already is as good."""
        routes = [self._delete_by_token, self._delete_by_bot]
        if message.kind is MessageKind.RESULT and not job.place.ephemeral:
            routes.reverse()  # most likely the bot's own
        for route in routes:
            try:
                await route(job, message)
                break
            except Refused as error:
                log.info("job %s: message %d: %s", job.id, message.message_id, error)
            except Unreachable as error:
                log.warning("job %s: message %d stays: %s", job.id, message.message_id, error)
                return
        await self._store.delete_message(message.message_id)

    async def _delete_by_token(self, job: Job, message: Message) -> None:
        webhook = self._rest.webhook(job)
        async with errors(EDIT_SECONDS):
            await webhook.delete_message(message.message_id)

    async def _delete_by_bot(self, _: Job, message: Message) -> None:
        channel = self._rest.client.get_partial_messageable(message.channel_id)
        async with errors(EDIT_SECONDS):
            await channel.get_partial_message(message.message_id).delete()
