"""The use cases that make jobs: from a prompt, from a click under a result, from somebody's images."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from bot.actions import DIRECTIONS, EDITS, FACTORS, INSTRUCTION_LIMIT, SEEDS, WORDED, can_edit, edit_of
from bot.backends.base import Edit, Role
from bot.errors import (
    BackendError,
    LienzoError,
    LimitReached,
    NotAllowed,
    NotFound,
    NotPossible,
    PromptError,
    UserError,
)
from bot.i18n import T, Text
from bot.jobs import (
    Action,
    Image,
    Job,
    Lane,
    Message,
    MessageKind,
    Place,
    new_job_id,
    now_ms,
)
from bot.outage import estimated, stand_ins
from bot.prompt import Parsed, Prompt, Ratio, parse, permute, render, replaced
from bot.studio.desk import Attachment, Caller, Draft, Picture, Source
from bot.studio.intake import MAX_INPUTS, Intake
from bot.worker import maker, parsed, role_of

SUBMITS_AT_ONCE = 2
Dimensions = Literal["portrait", "square", "landscape"]
SHAPES: Mapping[str, str] = {"portrait": "2:3", "square": "1:1", "landscape": "3:2"}
#: What gives a picture another shape than its prompt asked for.
RESHAPING = frozenset({Action.PAN, Action.SQUARE})


class Making(Intake):
    """The part of the studio that starts jobs."""

    @cached_property
    def _submitting(self) -> asyncio.Semaphore:
        """In a rush what has been answered already waits, so that answers to others do not."""
        return asyncio.Semaphore(SUBMITS_AT_ONCE)

    def check(
        self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None, *, attached: int = 0
    ) -> Draft:
        """Everything that can be said of a prompt without waiting for anything; `attached` images come with it. Raises `UserError`."""
        variants = permute(text, self._settings.batch_limit)
        read = [self.read(caller, variant, overrides, attached=attached) for variant in variants]
        prompts = [one.prompt for one in read for _ in range(one.prompt.repeat)]
        if len(prompts) > self._settings.batch_limit:
            raise LimitReached(
                T(
                    "That would be {count} jobs at once; at most {limit} may be started together.",
                    count=len(prompts),
                    limit=self._settings.batch_limit,
                )
            )
        for prompt in prompts:
            self._check_prompt(caller, prompt, self._backend(caller, prompt))
        cost = sum(self._cost(caller, prompt, attached) for prompt in prompts)
        return Draft(
            text=text,
            prompts=tuple(replaced(prompt, repeat=None) for prompt in prompts),
            warnings=_distinct(read),
            backend=self.backend_of(caller),
            lane=self.lane(caller),
            ephemeral=any(self.stealth(caller, prompt) for prompt in prompts),
            cost_usd=cost,
            costly=self._settings.asks(cost),
        )

    def _cost(self, caller: Caller, prompt: Prompt, attached: int) -> float:
        """What a grid will count for, as far as that can be told before its images are there."""
        caps, backend = self._caps, self._backend(caller, prompt)
        if backend not in caps.paid:
            return 0.0
        job = self._new(caller, Action.IMAGINE, backend, prompt, Place(channel_id=caller.channel_id))
        inputs = [Role.PROMPT] * (attached + len(prompt.images)) + [role for _, role in self._references(job)]
        try:
            return caps.counted(estimated(job, prompt, self._catalog, None, inputs))
        except NotPossible:  # which is said when it is started
            return 0.0

    async def imagine(
        self,
        caller: Caller,
        draft: Draft,
        place: Place,
        attachments: Sequence[Attachment] = (),
        *,
        confirmed: str | None = None,
    ) -> list[Job]:
        """Starts a draft. Images that it names are taken in first. Raises `UserError`.

        `confirmed` is the id of a saved draft that was said yes to: it is used up, and `NotFound` where it was before.
        """
        jobs = [
            self._new(caller, Action.IMAGINE, self._backend(caller, prompt), prompt, place) for prompt in draft.prompts
        ]
        jobs = [job.evolve(notes=(*draft.warnings, *job.notes)) for job in jobs]
        images = await self._take_in(jobs, attachments)
        started = await self._submit(jobs, images, confirmed)
        await self.keep_style(caller, draft.prompts)
        return started

    async def act(
        self,
        caller: Caller,
        verb: str,
        job_id: str,
        tile: int,
        extra: str,
        place: Place,
        *,
        text: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Job:
        """A click under a result: `verb` is an `Action`'s value, `reroll`, or `replay` (the same again, with the same seed).

        `text` replaces the prompt; `details` adds to the action's arguments. Raises `UserError`.
        """
        parent = await self.result(job_id)
        self._check_clicks(caller, parent)
        await self.remember(caller)
        prompt = self._rewritten(caller, parent, text)
        if verb in ("reroll", "replay"):
            backend = self._maker(parent, prompt, text)
            return await self._again(caller, parent, prompt, place, backend, same=verb == "replay")
        try:
            action = Action(verb)
        except ValueError:
            raise NotFound(T("This button does nothing any more.")) from None
        outputs = await self.pictures(job_id)
        if not 1 <= tile <= len(outputs):
            raise NotFound
        given = _details(action, extra, self._preferences.peek(caller.user_id).variability) | dict(details or {})
        if action in RESHAPING:
            shape = _panned(outputs[tile - 1], extra) if action is Action.PAN else None
            prompt = replaced(prompt, width=None, height=None)
            prompt = replaced(prompt, ar=shape)
        prompt, given = (
            _zoomed(prompt, parsed(parent), given, outputs[tile - 1])
            if action is Action.ZOOM
            else (replaced(prompt, zoom=None), given)
        )
        local = action is Action.UPSAMPLE
        job = self._new(caller, action, "" if local else self._maker(parent, prompt, text), prompt, place)
        remixed = {"remix": True} if text is not None and prompt != parsed(parent) else {}
        job = job.evolve(
            parent_id=parent.id,
            tile=tile,
            model=_model(job, parent),
            seed=_seed(prompt, parsed(parent), text),
            details={**given, **remixed},
            notes=(*job.notes, *_unused(prompt, parsed(parent))),
        )
        if local:
            job = job.evolve(seed=parent.seed, details={"backend": maker(parent)})
        images = await self._inherited(parent, job, prompt)
        return (await self._submit([job], images))[0]

    async def _again(
        self, caller: Caller, parent: Job, prompt: Prompt, place: Place, backend: str, *, same: bool
    ) -> Job:
        """What it was once more, a prompt, a variation, a zoom, with another seed or with the same."""
        origin = parent
        while not origin.backend and origin.parent_id:  # a single picture: what made its grid
            above = await self._store.job(origin.parent_id)
            if above is None:
                raise NotFound
            origin = above
        written = prompt.seed != parsed(parent).seed
        fresh = replaced(prompt, zoom=None) if same or written else replaced(prompt, zoom=None, seed=None)
        job = self._new(caller, origin.action, backend, fresh, place)
        job = job.evolve(
            parent_id=origin.parent_id,
            tile=origin.tile,
            model=origin.model if same else _model(job, origin),
            details={name: value for name, value in origin.details.items() if name != "texts"} | {"reroll": parent.id},
        )
        if same:
            job = job.evolve(seed=origin.seed, details={**job.details, "replay": origin.id})
        images = await self._given(origin, job)
        return (await self._submit([job], images))[0]

    async def blend(
        self,
        caller: Caller,
        attachments: Sequence[Attachment],
        place: Place,
        *,
        dimensions: str = "square",
        text: str = "",
    ) -> Job:
        """A grid out of two to five images. Raises `UserError`."""
        if not 2 <= len(attachments) <= MAX_INPUTS:
            raise UserError(T("A blend takes two to {limit} images.", limit=MAX_INPUTS))
        prompt = self.blended(caller, len(attachments), dimensions=dimensions, text=text)
        job = self._new(caller, Action.BLEND, self._backend(caller, prompt), prompt, place)
        images = await self._take_in([job], attachments)
        return (await self._submit([job], images))[0]

    def blended(self, caller: Caller, images: int, *, dimensions: str, text: str) -> Prompt:
        """The prompt of a blend, checked without waiting for anything. Raises `UserError`."""
        overrides = {"ar": SHAPES[dimensions]} if dimensions in SHAPES else {}
        mine = self._preferences.peek(caller.user_id)
        prompt = parse(text, custom=mine.custom, overrides=overrides, attached=images).prompt
        if prompt.repeat > 1:
            raise PromptError(T("A blend is one job: `--repeat` can't be used with it."))
        self._check_prompt(caller, prompt, self._backend(caller, prompt))
        return prompt

    async def upscale(
        self, caller: Caller, source: Source, place: Place, *, factor: float = 2.0, creative: bool = False
    ) -> Job:
        """Any image, `factor` (2 or 4) times larger. Raises `UserError`."""
        if factor not in FACTORS:
            raise UserError(T("A picture can be made 2 or 4 times larger."))
        action = Action.UPSCALE_CREATIVE if creative else Action.UPSCALE_SUBTLE
        return await self._from_image(caller, action, source, place, {"factor": factor})

    async def describe(self, caller: Caller, source: Source, place: Place) -> Job:
        """Prompts for an image; they come to stand in the job's `details["texts"]`. Raises `UserError`."""
        return await self._from_image(caller, Action.DESCRIBE, source, place, {})

    async def edit(
        self,
        caller: Caller,
        source: Source,
        place: Place,
        *,
        instruction: str = "",
        edit: Edit | None = None,
        search: str = "",
    ) -> Job:
        """An image changed as the instruction says, or by an edit that has a name. Raises `UserError`."""
        details = edit_details(instruction, edit, search)
        return await self._from_image(caller, Action.EDIT, source, place, details)

    def check_edit(self, caller: Caller, *, instruction: str, edit: Edit | None, search: str) -> None:
        """Everything that can be said of an edit of somebody's image without waiting for anything. Raises `UserError`."""
        named = edit_of(edit_details(instruction, edit, search))
        backend = self.backend_of(caller)
        if can_edit(self._catalog.capabilities(backend), named):
            return
        able = [name for name in self._catalog.names if self._edits(name, named)]
        label = EDITS[named] if named else T("as the instruction says")
        if able:
            raise NotPossible(
                T(
                    "The {backend} backend has no such edit: {edit}. These have it: {names}. Choose one in `/settings`.",
                    backend=backend,
                    edit=label,
                    names=", ".join(able),
                )
            )
        raise NotPossible(T("No generator here has this edit: {edit}.", edit=label))

    def _edits(self, backend: str, edit: Edit | None) -> bool:
        try:
            return can_edit(self._catalog.capabilities(backend), edit)
        except BackendError:
            return False

    async def _from_image(
        self, caller: Caller, action: Action, source: Source, place: Place, details: Mapping[str, Any]
    ) -> Job:
        if isinstance(source, Picture) and action is not Action.DESCRIBE:
            return await self.act(caller, action, source.job_id, source.tile, "", place, details=details)
        await self.remember(caller)
        prompt = Prompt()
        job = self._new(caller, action, self._backend(caller, prompt), prompt, place).evolve(details=dict(details))
        images = await self._own(source, job) if isinstance(source, Picture) else await self._take_in([job], [source])
        return (await self._submit([job], images))[0]

    # How jobs are made

    def _new(self, caller: Caller, action: Action, backend: str, prompt: Prompt, place: Place) -> Job:
        chosen, model, notes = self.lane(caller, prompt), _text_of(prompt.get("model")), ()
        turbo = self._catalog.capabilities(backend).turbo_model if backend else None
        if chosen is Lane.TURBO and turbo is None:
            chosen = Lane.FAST
        if any(prompt.get(lane.value) and lane is not chosen for lane in Lane):
            notes = (T("There is no such mode here: this ran in {mode} mode.", mode=T("`--{name}`", name=chosen)),)
        if chosen is Lane.TURBO and model is None:
            model = turbo
        if place.ephemeral and caller.guild_id in self._settings.guilds:
            notes = (*notes, T("Only you see this, and this server's moderators."))
        return Job(
            id=new_job_id(),
            action=action,
            user_id=caller.user_id,
            user_name=caller.user_name,
            guild_id=caller.guild_id,
            backend=backend,
            place=replace(place, copy=self._preferences.peek(caller.user_id).auto_dm),
            prompt=render(prompt),
            lane=chosen,
            seed=prompt.seed if prompt.seed is not None else random.randrange(SEEDS),
            model=model,
            notes=notes,
            created_ms=now_ms(),
        )

    async def _submit(self, jobs: Sequence[Job], images: Sequence[Image], draft_id: str | None = None) -> list[Job]:
        """Plans each job once before it is queued, so that what cannot be done is said at once, then stores all of them or none.

        Raises `NotFound` where a picture that is worked on is gone.
        """
        try:
            jobs = [await self._planned(job, [one for one in images if one.job_id == job.id]) for job in jobs]
            async with self._submitting:
                await self._objects.check_room()
                stored = await self._store.submit(
                    jobs,
                    images,
                    _answers(jobs[0]),
                    limits=self._limits,
                    caps=self._caps,
                    batch=len(jobs) > 1,
                    draft_id=draft_id,
                    enqueue=self._engine.enqueue,
                )
        except LienzoError:
            await self._objects.delete([image.key for image in images])
            raise
        self._admission.wake()
        return stored

    def _check_clicks(self, caller: Caller, parent: Job) -> None:
        """Raises `NotAllowed` where only owners may work on their results, and always on what was shown to its owner alone."""
        restricted = self._settings.clicks == "owner" or parent.place.ephemeral
        moderates = caller.moderator and caller.guild_id == parent.guild_id
        if restricted and parent.user_id != caller.user_id and not moderates:
            raise NotAllowed(T("On this server only the owner of a picture may work on it."))

    def reworded(self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None) -> Prompt:
        """What was written in the place of a result's prompt, read without waiting for anything. Raises `UserError`."""
        mine = self._preferences.peek(caller.user_id)
        attached = 1 if text.strip() else 2  # the picture itself; and a blend may do without words
        prompt = parse(text, custom=mine.custom, overrides=overrides or {}, allow=("zoom",), attached=attached).prompt
        self.check_choices(caller, prompt)
        return prompt

    def _rewritten(self, caller: Caller, parent: Job, text: str | None) -> Prompt:
        """The parent's prompt, or what was written in its place. Raises `PromptError`."""
        if text is None:
            return parsed(parent)
        prompt = self.reworded(caller, text)
        if not text.strip() and parsed(parent).parts:
            raise PromptError(T("The prompt is empty."))
        self._check_prompt(caller, prompt, self._maker(parent, prompt, text))
        return prompt

    def _maker(self, parent: Job, prompt: Prompt, text: str | None) -> str:
        """Who works on a result: its own backend, unless the prompt as rewritten names another."""
        asked = _text_of(prompt.get("backend")) if text is not None else None
        return self._known(asked) if asked else maker(parent)

    def _backend(self, caller: Caller, prompt: Prompt) -> str:
        return self._known(_text_of(prompt.get("backend")) or self.backend_of(caller))

    def _known(self, name: str) -> str:
        if name not in self._catalog.names:
            raise PromptError(
                T(
                    "There is no `{name}` backend here. There are: {names}.",
                    name=name,
                    names=", ".join(self._catalog.names),
                )
            )
        return name

    def _check_prompt(self, caller: Caller, prompt: Prompt, backend: str) -> None:
        """Raises what the parser cannot know: the backend's limits, its models, and what this caller may choose."""
        capabilities = self._catalog.capabilities(backend)
        if len(prompt.text) > capabilities.max_prompt:
            raise PromptError(
                T(
                    "The {backend} backend takes prompts of at most {allowed} characters; this one has {length}.",
                    backend=backend,
                    allowed=capabilities.max_prompt,
                    length=len(prompt.text),
                )
            )
        if "video" in prompt.parameters:
            raise PromptError(T("The {backend} backend makes pictures only: `--video` can't be used.", backend=backend))
        model = _text_of(prompt.get("model"))
        if model is not None and capabilities.models and model not in capabilities.models:
            near = get_close_matches(model, capabilities.models, 5, cutoff=0.0)
            raise PromptError(
                T(
                    "The {backend} backend has no model `{model}`. It has: {models}.",
                    backend=backend,
                    model=model.replace("`", "'"),
                    models=", ".join(f"`{name}`" for name in near),
                )
            )
        self.check_choices(caller, prompt)

    async def _planned(self, job: Job, images: Sequence[Image]) -> Job:
        """The job with what it will cost, and by another backend where its own is offline and that is wanted. `images` are its inputs."""
        if not job.backend:
            return job
        source = None
        if job.parent_id and job.tile:
            outputs = await self.pictures(job.parent_id)
            if len(outputs) < job.tile:
                raise NotFound
            source = outputs[job.tile - 1]
        source = source or next((image for image in images if role_of(image) is Role.INITIAL), None)
        guests = [role_of(image) for image in images if image is not source and role_of(image) is not Role.MASK]
        prompt = parsed(job)
        job = estimated(job, prompt, self._catalog, source, guests)
        if self._settings.failover and job.backend in self._catalog.offline:
            others = stand_ins(job, prompt, self._catalog, self._settings, source, guests)
            return others[0] if others else job
        return job


def checked(instruction: str) -> str:
    """What a picture is to be changed to, in one line. Raises `UserError` where nothing is said, or too much."""
    instruction = " ".join(instruction.split())
    if not instruction:
        raise UserError(T("Say what should change in the picture."))
    if len(instruction) > INSTRUCTION_LIMIT:
        raise UserError(T("An instruction has at most {limit} characters.", limit=INSTRUCTION_LIMIT))
    return instruction


def edit_details(instruction: str, edit: Edit | None, search: str) -> dict[str, Any]:
    """The arguments of an edit. What is searched for makes it a replacement. Raises `UserError` where something is missing."""
    search = " ".join(search.split())
    if search and edit is None:
        edit = Edit.REPLACE
    if search and edit is not Edit.REPLACE:
        raise UserError(T("`search` belongs to “{edit}”.", edit=EDITS[Edit.REPLACE]))
    if edit is Edit.REPLACE and not search:
        raise UserError(T("Say in `search` what is to be replaced, and in `instruction` by what."))
    if len(search) > INSTRUCTION_LIMIT:
        raise UserError(T("An instruction has at most {limit} characters.", limit=INSTRUCTION_LIMIT))
    needed = edit is None or edit in WORDED
    details = {"instruction": checked(instruction) if needed or instruction.strip() else ""}
    return details | ({"edit": str(edit)} if edit else {}) | ({"search": search} if search else {})


def _answers(job: Job) -> list[Message]:
    """The message that shows the job already: the answer to its command."""
    place = job.place
    if place.progress_message_id is None:
        return []
    return [Message(place.progress_message_id, place.channel_id, job.id, MessageKind.PROGRESS)]


def _model(job: Job, before: Job) -> str | None:
    """The model that is asked for, else the one that was used before; but a quicker mode's model is that mode's alone."""
    if job.model or not job.backend:
        return job.model or before.model
    quicker = before.lane is Lane.TURBO and job.lane is not Lane.TURBO
    return before.model if job.backend == maker(before) and not quicker else None


def _unused(prompt: Prompt, before: Prompt) -> tuple[Text, ...]:
    """What was written into a result's prompt to no effect."""
    if set(prompt.images) <= set(before.images):
        return ()
    return (T("Links to images count in new prompts only: here the picture itself is worked on."),)


def _seed(prompt: Prompt, before: Prompt, text: str | None) -> int:
    """A new one for what is made of a result, unless it was written into the prompt just now."""
    if text is not None and prompt.seed is not None and prompt.seed != before.seed:
        return prompt.seed
    return random.randrange(SEEDS)


def _zoomed(
    prompt: Prompt, before: Prompt, details: Mapping[str, Any], picture: Image
) -> tuple[Prompt, dict[str, Any]]:
    """The prompt and the arguments of a zoom. As on Midjourney, `--zoom` and another `--ar` may be written into the prompt, too.

    Raises `UserError` where the canvas would be the picture itself.
    """
    given = dict(details)
    if isinstance(factor := prompt.get("zoom"), (int, float)):
        given["factor"] = float(factor)
    if "ratio" not in given and prompt.aspect != before.aspect:
        given["ratio"] = list(prompt.aspect)
    prompt = replaced(prompt, zoom=None)
    if "ratio" in given:
        across, down = given["ratio"]
        prompt = replaced(prompt, ar=Ratio(across, down), width=None, height=None)
    same_shape = "ratio" not in given or picture.width * given["ratio"][1] == picture.height * given["ratio"][0]
    if given["factor"] <= 1 and same_shape:
        raise UserError(T("That would change nothing: zoom out by more than 1, or choose another shape."))
    return prompt, given


def _details(action: Action, extra: str, variability: str) -> dict[str, Any]:
    """The action's own arguments out of a button's custom id. Raises `NotFound` for what no button of ours says."""
    match action:
        case Action.ZOOM:
            try:
                factor = float(extra)
            except ValueError:
                raise NotFound from None
            if not 1 <= factor <= 2:
                raise NotFound
            return {"factor": factor}
        case Action.PAN:
            if extra not in DIRECTIONS:
                raise NotFound
            return {"direction": extra}
        case Action.VARIATION:
            return {"strength": variability}
        case _:
            return {}


def _panned(picture: Image, direction: str) -> Ratio:
    """The shape of a picture with a half more on one side, in small numbers."""
    wider = direction in ("left", "right")
    shape = Fraction(picture.width, picture.height) * (Fraction(3, 2) if wider else Fraction(2, 3))
    near = shape.limit_denominator(16)
    return Ratio(near.numerator, near.denominator)


def _distinct(read: Sequence[Parsed]) -> tuple[Text, ...]:
    return tuple({str(warning): warning for one in read for warning in one.warnings}.values())


def _text_of(value: object) -> str | None:
    return str(value) if value is not None else None
