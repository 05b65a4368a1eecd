"""Images that come in: what a prompt links, what was attached, and what a result hands on to what is made of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.backends.base import Role
from bot.errors import NotFound, UserError
from bot.i18n import T
from bot.jobs import Action, Image, ImageKind, Job
from bot.prompt import Prompt
from bot.studio.choices import Choices
from bot.studio.desk import Attachment, Picture
from bot.worker import maker, parsed, role_of

MAX_INPUTS = 5
MAX_LINKS = 20  # for all jobs of one command
#: Parameters that link images, and what those are for.
REFERENCES = {"sref": Role.STYLE, "cref": Role.CHARACTER, "oref": Role.OBJECT}
#: What goes on from a result to what is made of it.
INHERITED = frozenset(REFERENCES.values())
#: What works on one picture that is given.
ON_ONE = frozenset({Action.UPSCALE_SUBTLE, Action.UPSCALE_CREATIVE, Action.DESCRIBE, Action.EDIT})


class Intake(Choices):
    """The part of the studio that takes images in and stores them under the jobs that they are for."""

    async def _take_in(self, jobs: Sequence[Job], attachments: Sequence[Attachment]) -> list[Image]:
        """Fetches what the prompts link and what was attached, each once, and stores it under each job."""
        return await self._fetched(
            [
                (
                    job,
                    self._links(job) + [(one.url, _role(job, one.role)) for one in attachments] + self._references(job),
                )
                for job in jobs
            ]
        )

    async def _fetched(self, wanted: Sequence[tuple[Job, Sequence[tuple[str, Role]]]]) -> list[Image]:
        urls = list(dict.fromkeys(url for _, sources in wanted for url, _ in sources))
        if any(len(sources) > MAX_INPUTS for _, sources in wanted) or len(urls) > MAX_LINKS:
            raise UserError(T("At most {limit} images can be used in one prompt.", limit=MAX_INPUTS))
        if not urls:
            return []
        async with self._folder("intake") as folder:
            paths = await asyncio.gather(*(self._fetcher.fetch(url, folder) for url in urls))
            fetched = dict(zip(urls, paths, strict=True))
            return [
                await self._input(job, index, fetched[url], role)
                for job, sources in wanted
                for index, (url, role) in enumerate(sources)
            ]

    def _links(self, job: Job) -> list[tuple[str, Role]]:
        """The images that a prompt works on or begins with."""
        prompt = parsed(job)
        edited = prompt.get("edit")
        edits = [(str(url), Role.INITIAL) for url in edited] if isinstance(edited, tuple) else []
        return edits + [(url, Role.PROMPT) for url in prompt.images]

    def _references(self, job: Job) -> list[tuple[str, Role]]:
        """The images that a prompt refers to, as far as its backend honours them."""
        prompt = parsed(job)
        honoured = self._catalog.capabilities(job.backend).parameters
        links: list[tuple[str, Role]] = []
        for name, role in REFERENCES.items():
            values = prompt.get(name)
            if name in honoured and isinstance(values, tuple):
                links += [(value, role) for value in values if isinstance(value, str) and "://" in value]
        return links

    async def _inherited(self, parent: Job, job: Job, prompt: Prompt) -> list[Image]:
        """The style, character and object references of the parent; taken in anew where the prompt names others."""
        before = parsed(parent)
        if job.backend and any(prompt.get(name) != before.get(name) for name in REFERENCES):
            return await self._fetched([(job, self._references(job))])
        given = await self._store.images(parent.id, ImageKind.INPUT)
        return [await self._copy(image, job) for image in given if role_of(image) in INHERITED]

    async def _given(self, origin: Job, job: Job) -> list[Image]:
        """The images that a job was given, for the same again; taken in anew where the prompt now links others."""
        given = await self._store.images(origin.id, ImageKind.INPUT)
        before, now = (self._links(one) + self._references(one) for one in (origin, job))
        if before == now or origin.parent_id is not None:
            return [await self._copy(image, job) for image in given]
        images = await self._fetched([(job, now)])
        for image in given[len(before) :]:  # what was attached stays
            path = await self._objects.local(image.key)
            images.append(await self._input(job, len(images), path, role_of(image)))
        return images

    async def _own(self, source: Picture, job: Job) -> list[Image]:
        """A picture of ours as an input of a job that is nobody's child."""
        made = await self.result(source.job_id)
        outputs = await self.pictures(made.id)
        if not 1 <= source.tile <= len(outputs):
            raise NotFound
        picture = outputs[source.tile - 1]
        given = await self._input(job, 0, await self._objects.local(picture.key), Role.INITIAL)
        # What its own backend noted of it comes along.
        return [replace(given, memo={**given.memo, "made": dict(picture.memo), "by": maker(made)})]

    async def _input(self, job: Job, index: int, path: Path, role: Role) -> Image:
        info = await self._imaging.sniff(path)
        key = f"jobs/{job.id}/input-{index}{info.suffix}"
        return Image(
            job_id=job.id,
            kind=ImageKind.INPUT,
            index=index,
            key=key,
            media_type=info.media_type,
            width=info.width,
            height=info.height,
            size=await self._objects.put(key, path),
            memo={"role": role},
        )

    async def _copy(self, image: Image, job: Job) -> Image:
        key = f"jobs/{job.id}/{image.key.rpartition('/')[2]}"
        await self._objects.put(key, await self._objects.local(image.key))
        return replace(image, job_id=job.id, key=key)


def _role(job: Job, role: Role) -> Role:
    """What an attachment is for: the picture to work on, where the action works on one."""
    return Role.INITIAL if job.action in ON_ONE else role
