"""The backend: asks a service for each picture, and waits for the one that answers later."""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretStr

from bot.backends.base import Capabilities, Edit, Generated, Operation, Progress, Request, Result
from bot.backends.stability.pictures import prepared
from bot.backends.stability.services import (
    MAX_PROMPT,
    MEGAPIXEL,
    MODELS,
    NAME,
    PRICED,
    SEEDS,
    STYLES,
    TURBO,
    Order,
    StabilitySettings,
    fields,
    initial,
    order_for,
    style,
)
from bot.backends.web import Account, Failure, Head, Names, Web, broken, form_body
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    ConfigError,
)
from bot.i18n import T, Text

LOOK_SECONDS = 15.0
POLL_SECONDS = 10.0  # asked more often, the provider may answer with a limit
FORMED = re.compile(r"[A-Za-z0-9_-]{1,128}")  # an id, which becomes part of an address
#: Shapes nearer than this to the one that was asked for are the same to the eye.
SAME_SHAPE = 0.03
OPERATIONS = frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE})
EDITS = frozenset({Edit.REPLACE, Edit.REMOVE_BACKGROUND, Edit.RESTYLE})


class Balance(BaseModel):
    credits: float


class Started(BaseModel):
    id: str


class Stability:
    """One account. Each picture is one call; those of a request run at once."""

    name = NAME

    def __init__(self, settings: StabilitySettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        key = settings.key.get_secret_value()
        names = Names(url=settings.setting("url"), key=settings.setting("key"), model=settings.setting("model"))
        if not key:
            raise ConfigError(
                T(
                    "`{setting}` is missing: a key comes from https://platform.stability.ai/account/keys",
                    setting=names.key,
                )
            )
        self._settings = settings
        self._poll_seconds = poll_seconds
        headers = {"Authorization": SecretStr(f"Bearer {key}")}
        self._web = Web(
            Account(backend=NAME, url=settings.url, names=names, headers=headers, paid=True, explain=self._explain)
        )

    async def close(self) -> None:
        await self._web.close()

    async def capabilities(self) -> Capabilities:
        """Its manual lists them; whether the provider is there and takes the key is asked."""
        await self._web.status("GET", "/v1/user/balance", seconds=LOOK_SECONDS)
        settings = self._settings
        return Capabilities(
            operations=OPERATIONS,
            edits=EDITS,
            parameters=frozenset({"seed", "no", "style", "cfg", "strength"}),
            models=tuple(dict.fromkeys([settings.model, *MODELS, settings.vary_model])),
            styles=STYLES,
            turbo_model=TURBO,
            size_step=8,
            min_side=128,
            max_side=4096,
            max_ratio=2.5,  # what most services take of a picture that is worked on
            max_pixels=4 * MEGAPIXEL,
            max_upscaled=16 * MEGAPIXEL,
            max_prompt=MAX_PROMPT,
            exact_masks=False,  # they are grown by some pixels, and blurred
            resumable="creative" in (settings.upscale_subtle, settings.upscale_creative),
            paid=True,
            priced=PRICED,
            concurrency=4,
            seconds=15.0,
        )

    async def check(self) -> Text | None:
        try:
            balance = await self._web.ask(Balance, "GET", "/v1/user/balance", seconds=LOOK_SECONDS)
        except BackendError as error:
            return self._web.advice(error)
        least = MODELS.get(self._settings.model, min(MODELS.values()))
        if balance.credits < least:
            return T("The account has {credits} credits left, too few for a picture.", credits=f"{balance.credits:g}")
        return None

    def price(self, request: Request) -> float | None:
        return _cost(order_for(request, self._settings), len(request.seeds))

    # Asking

    async def submit(self, request: Request) -> str | None:
        """Only the creative upscaler hands out ids, one for each picture."""
        order = order_for(request, self._settings)
        if not order.service.slow:
            return None
        image = await self._image(request, order)
        seconds = self._settings.timeout
        started = [
            await self._web.ask(
                Started,
                "POST",
                order.service.path,
                body=form_body(fields(order, request, seed, image)),
                seconds=seconds,
            )
            for seed in request.seeds
        ]
        return ",".join(one.id for one in started)

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        order = order_for(request, self._settings)
        if order.service.slow:
            handle = handle or await self.submit(request)
            ids = (handle or "").split(",")
            return await self._together(
                order, request, [self._fetched(request, *one) for one in enumerate(ids)], progress
            )
        image = await self._image(request, order)
        calls = [self._bought(order, request, index, image) for index in range(len(request.seeds))]
        return await self._together(order, request, calls, progress)

    async def cancel(self, request: Request, handle: str) -> None:
        """What is begun is finished and paid for: there is no way to call it back."""

    async def _image(self, request: Request, order: Order) -> Path | None:
        source = initial(request)
        if source is None or "image" not in order.service.takes:
            return None
        return await asyncio.to_thread(prepared, request, source, order.service.limits)

    async def _together(
        self,
        order: Order,
        request: Request,
        calls: Sequence[Coroutine[Any, Any, Generated]],
        progress: Progress,
    ) -> Result:
        """All calls at once. The pictures that came are kept, whatever became of the others."""
        done: list[Generated] = []

        async def one(index: int, call: Coroutine[Any, Any, Generated]) -> Generated:
            image = await call
            done.append(image)
            progress.image(index, image)
            progress.update(len(done) / len(calls))
            return image

        outcomes = await asyncio.gather(*(one(*call) for call in enumerate(calls)), return_exceptions=True)
        images = tuple(outcome for outcome in outcomes if isinstance(outcome, Generated))
        troubles = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for trouble in troubles:
            if not isinstance(trouble, BackendError):
                raise trouble
        # What is final goes first, and what was bought before what was not: either must not be tried again.
        problems = sorted(
            cast("list[BackendError]", troubles), key=lambda e: (e.retry, not isinstance(e, BackendBroken))
        )
        if not images:
            raise problems[0]
        blurred = sum(isinstance(problem, Blurred) for problem in problems)
        return Result(
            images=images,
            notes=(
                *(T("A picture did not come. {problem}", problem=problem.text) for problem in problems[:1]),
                *await self._notes(request, images),
            ),
            model=order.model,
            cost_usd=_cost(order, len(images) + blurred),
        )

    async def _bought(self, order: Order, request: Request, index: int, image: Path | None) -> Generated:
        form = fields(order, request, request.seeds[index], image)
        target = request.folder / f"{NAME}-{index}"
        head = await self._web.save(
            "POST",
            order.service.path,
            target,
            body=form_body(form),
            headers={"Accept": "image/*"},
            seconds=self._settings.timeout,
        )
        return await self._finished(target, head, seeded="seed" in order.service.takes)

    async def _fetched(self, request: Request, index: int, handle: str) -> Generated:
        """Looks whether it is done until it is, or the time is up."""
        if not FORMED.fullmatch(handle):
            raise broken(NAME, T("its name for the picture is no name."))
        target, path = request.folder / f"{NAME}-{index}", f"/v2beta/results/{handle}"
        try:
            async with asyncio.timeout(self._settings.timeout):
                while True:
                    head = await self._web.save(
                        "GET", path, target, headers={"Accept": "*/*"}, seconds=self._settings.timeout
                    )
                    if head.status != 202:
                        return await self._finished(target, head, seeded=True)
                    await asyncio.sleep(self._poll_seconds)
        except TimeoutError:
            raise BackendTimeout(backend=NAME) from None

    async def _finished(self, target: Path, head: Head, *, seeded: bool) -> Generated:
        """A picture that the filter did not like comes blurred, and is paid for."""
        if head.headers.get("finish-reason", "") == "CONTENT_FILTERED":
            raise Blurred(backend=NAME, reason=T("the picture was against the provider's rules, and came blurred."))
        seed = head.headers.get("seed", "") if seeded else ""
        path = await self._web.named(target, target)
        return Generated(path=path, seed=int(seed) if seed.isdecimal() and int(seed) < SEEDS else None)

    async def _notes(self, request: Request, images: Sequence[Generated]) -> tuple[Text, ...]:
        """What came where that is not what was asked for: sizes are the provider's choice."""
        notes: list[Text] = []
        wanted = request.parameters.get("style")
        if wanted and style(request) is None:
            notes.append(T("The {backend} backend has no style called {style}.", backend=NAME, style=str(wanted)))
        if request.edit is not None:
            return tuple(notes)
        came = (await self._web.sniffed(images[0].path)).size
        exact = request.operation in (Operation.UPSCALE, Operation.OUTPAINT) or "width" in request.parameters
        stretch = came.width * request.height / (came.height * request.width)
        if abs(stretch - 1) > SAME_SHAPE or (exact and came != (request.width, request.height)):
            notes.append(
                T(
                    "The {backend} backend chooses the size itself: {width} × {height} pixels.",
                    backend=NAME,
                    width=came.width,
                    height=came.height,
                )
            )
        return tuple(notes)

    def _explain(self, failure: Failure) -> BackendError | None:
        """Errors are `{"id", "name", "errors": []}`."""
        name = failure.code("name")
        if name in ("content_moderation", "public_figure"):
            return BackendRefused(backend=NAME, reason=failure.reason)
        if name == "generation_not_found":
            return BackendRejected(backend=NAME, reason=failure.reason)
        if failure.status == 400 and any(part.startswith("model:") for part in failure.reason.split("; ")):
            setting = self._settings.setting("model")
            return BackendRejected(
                T(
                    "The {backend} backend does not know the model. Check `{setting}`. It said: {reason}",
                    backend=NAME,
                    setting=setting,
                    reason=failure.reason,
                )
            )
        return None


class Blurred(BackendRefused):
    """Refused when it was made already: it costs all the same."""


def _cost(order: Order, count: int) -> float | None:
    return None if order.price is None else order.price * count
