"""The backend: what the models of an account can do, what they cost, and each request to its end."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from bot.backends.base import Capabilities, Operation, Progress, Request, Result
from bot.backends.openai.answers import Chat, Listed, Models
from bot.backends.openai.calls import Calls
from bot.backends.openai.families import PRICED, Family, draws, family_of, picture_price, quality_for, size_for
from bot.backends.openai.making import Desk, Making
from bot.backends.openai.payload import order
from bot.backends.openai.refusals import Missing, explain
from bot.backends.openai.settings import NAME, OpenAiSettings
from bot.backends.openai.sheet import Sheet
from bot.backends.openai.wire import Wire, sdk
from bot.backends.web import Account, Names, Web, broken, is_near
from bot.errors import BackendError, BackendRefused, BackendRejected, ConfigError
from bot.i18n import T, Text
from bot.imaging.compose import preview

LOOK_SECONDS = 15.0  # for a question that is answered at once
SOON = timedelta(days=30)  # before a model is shut down, the doctor says so
SHOWN_SIDE = 1024  # of a picture that is to be described
PROMPTS = 4  # of a description
HD_SIDE = 2048
QUESTION = (
    f"Write {PROMPTS} different prompts for an image generator, each of which would make a picture like this one. Name subject, setting,"
    " composition, light, colours, medium and style. One prompt a line, numbered, in English, of at most 60 words, and nothing else."
)
NUMBERED = re.compile(r"\s*(?:\d+\s*[.):]|[-*•])\s*(\S.*)")


class OpenAi:
    """One account at one server. It gives no handle: `collect` does all. What is cancelled is dropped, and may still be billed."""

    name = NAME

    def __init__(self, settings: OpenAiSettings) -> None:
        near = is_near(urlsplit(settings.url).hostname or "")
        if not near and not settings.key.get_secret_value():
            raise ConfigError(T("`{setting}` is missing: the key of your account.", setting=settings.setting("key")))
        self._settings = settings
        self._paid = not near if settings.paid is None else settings.paid
        names = Names(url=settings.setting("url"), key=settings.setting("key"), model=settings.setting("model"))
        account = Account(
            backend=NAME, url=settings.url, names=names, secrets=[settings.key], paid=self._paid, explain=explain
        )
        self._web = Web(account)
        client = sdk(settings)
        self._wire = Wire(client, self._web, paid=self._paid)
        self._calls = Calls(client)
        self._desk = Desk(
            wire=self._wire, calls=self._calls, web=self._web, settings=settings, paid=self._paid, deaf=set()
        )

    async def close(self) -> None:
        await self._wire.close()
        await self._web.close()

    # What it can do

    async def capabilities(self) -> Capabilities:
        listed, settings = await self._listed(), self._settings
        family = self._family(settings.model)
        models = self._models(listed)
        describes = self._there("vision_model", listed)
        return Capabilities(
            operations=family.operations | ({Operation.DESCRIBE} if describes else set[Operation]()),
            edits=family.edits,
            parameters=_parameters(family),
            models=models,
            styles=family.styles,
            turbo_model=settings.turbo_model if settings.turbo_model in models else None,
            max_inputs=family.inputs,
            min_side=family.min_side,
            max_side=family.max_side,
            max_pixels=family.max_pixels,
            max_ratio=family.ratio,
            max_prompt=family.max_prompt,
            exact_masks=not family.gpt,
            previews=self._desk.streams(family, settings.model),
            paid=self._paid,
            priced=PRICED if self._paid else None,
            concurrency=4,
            seconds=60.0,
        )

    async def _listed(self) -> Mapping[str, Listed] | None:
        """The server's models; None where it has no list, or, as Azure, one of something else."""
        try:
            models = await self._wire.ask(Models, self._calls.models, seconds=LOOK_SECONDS, free=True)
        except Missing:
            return None
        return None if self._settings.api_version else {one.id: one for one in models.data}

    def _models(self, listed: Mapping[str, Listed] | None) -> tuple[str, ...]:
        """Those to choose from: the operator's, and those of the server that are known to make pictures and still run."""
        settings, today = self._settings, _today()
        turbo = [settings.turbo_model] if self._there("turbo_model", listed) else []
        there = [name for name, one in (listed or {}).items() if draws(name) and not _over(one, today)]
        return tuple(dict.fromkeys([settings.model, *turbo, *settings.listed, *sorted(there, reverse=True)]))

    def _there(self, field: str, listed: Mapping[str, Listed] | None) -> bool:
        """Whether the server has the model that a setting names; without a list, whether the operator says so."""
        if listed is None:
            return field in self._settings.model_fields_set
        return getattr(self._settings, field) in listed

    def _family(self, model: str) -> Family:
        return family_of(model, self._settings.like, edits=self._settings.edits)

    async def check(self) -> Text | None:
        settings = self._settings
        try:
            listed = await self._listed()
        except BackendError as error:
            return self._web.advice(error)
        if listed is None:
            known = settings.api_version or settings.listed
            return (
                None
                if known
                else T(
                    "The server has no list of models. Check that `{url}` ends as it should, such as in `/v1`, or name them in `{models}`.",
                    url=settings.setting("url"),
                    models=settings.setting("models"),
                )
            )
        setting, model = settings.setting("model"), settings.model
        if model not in listed:
            return T("`{setting}` names `{model}`, which the server does not have.", setting=setting, model=model)
        if _over(listed[model], _today() + SOON):
            return T(
                "`{setting}` names `{model}`, which is shut down on {day}. Choose another.",
                setting=setting,
                model=model,
                day=listed[model].shutdown_date,
            )
        return None

    # What it is asked

    def price(self, request: Request) -> float | None:
        """Of the pictures that come out. What goes in costs little beside them, and is in the result's."""
        if not self._paid:
            return 0.0
        if request.operation is Operation.DESCRIBE:
            return None
        settings, model = self._settings, request.model or self._settings.model
        family = self._family(model)
        quality = quality_for(family, settings.quality, request.parameters)
        one = picture_price(model, settings.like, quality, size_for(family, request.width, request.height))
        return None if one is None else one * len(request.seeds)

    async def submit(self, request: Request) -> str | None:
        return None

    async def cancel(self, request: Request, handle: str) -> None:
        """Nothing is ever handed in: `collect` is cancelled itself, which drops the connection."""

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        if request.operation is Operation.DESCRIBE:
            return await self._describe(request)
        model = request.model or self._settings.model
        family = self._family(model)
        if request.operation not in family.operations:
            raise BackendRejected(T("{model} can't do that. Choose another model.", model=model))
        making = Making(
            desk=self._desk,
            request=request,
            order=await order(request, family, model, self._settings),
            progress=progress,
            sheet=Sheet(request.folder, len(request.seeds)),
        )
        return await making.run(family)

    async def _describe(self, request: Request) -> Result:
        model, shown = self._settings.vision_model, request.folder / "shown.jpg"
        await asyncio.to_thread(preview, request.images[0].path, shown, SHOWN_SIDE)
        call = await asyncio.to_thread(self._calls.look, model, QUESTION, shown)
        answer = await self._wire.ask(Chat, call, seconds=self._settings.timeout)
        choice = answer.choices[0] if answer.choices else None
        if choice and (choice.message.refusal or choice.finish_reason == "content_filter"):
            raise BackendRefused(backend=NAME, reason=choice.message.refusal or "content_filter")
        texts = prompts((choice and choice.message.content) or "")
        if not texts:
            raise broken(NAME, T("no prompt came."))
        return Result(texts=texts, model=model, cost_usd=None if self._paid else 0.0)


def _parameters(family: Family) -> frozenset[str]:
    names = {"no"}
    names |= {"quality", "draft"} if family.qualities else set()
    names |= {"style"} if family.styles else set()
    names |= {"iw", "sref", "cref", "oref"} if family.inputs > 1 else set()
    names |= {"hd"} if family.gpt and family.max_side >= HD_SIDE else set()
    return frozenset(names)


def prompts(text: str) -> tuple[str, ...]:
    """The lines with a number before them; all, where none has one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [found[1].strip() for line in lines if (found := NUMBERED.fullmatch(line))]
    return tuple(numbered or lines)[:PROMPTS]


def _today() -> date:
    return datetime.now(UTC).date()


def _over(model: Listed, day: date) -> bool:
    """Whether a model is shut down on a day, or was before."""
    try:
        return model.shutdown_date is not None and date.fromisoformat(model.shutdown_date[:10]) <= day
    except ValueError:
        return False
