"""The backend: buys, waits for what is queued, and fetches what came.

The handle says what was bought: links to pictures that are done, or where to ask for those that are not. So nothing is bought again.
"""

import asyncio
import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result
from bot.backends.modelslab.answers import HANDLE, Answer, Bought
from bot.backends.modelslab.payload import (
    MAX_SIDE,
    NAME,
    SCHEDULERS,
    STEP,
    UPSCALERS,
    Call,
    ModelsLabSettings,
    calls_for,
    ground,
    is_wider_only,
    model_of,
)
from bot.backends.web import Account, Failure, Names, Web, broken, json_body, trouble
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    FetchError,
    RateLimited,
)
from bot.i18n import T, Text
from bot.imaging import Size
from bot.imaging.info import open_pixels
from bot.imaging.mixing import restore

PRICED = "2026-11-23"  # when no price of a picture was to be found: the operator can say what theirs is
LOOK_SECONDS = 15.0
POLL_SECONDS = 3.0
#: Where a queued answer is asked for.
FETCH = re.compile(r"/v6/(?:images|image_editing)/fetch/[A-Za-z0-9_-]{1,128}")
#: How a file begins that holds a picture in base64: PNG, JPEG, WebP, or a data URL.
TEXTS = (b"iVBORw0KGgo", b"/9j/", b"UklGR", b"data:image/")
REFUSALS = ("nsfw", "moderat", "safety", "content policy", "inappropriate", "prohibited", "banned", "not allowed word")
SPENT = ("credit", "wallet", "insufficient", "subscri", "balance", "payment")
BUSY = ("rate limit", "too many", "queue", "try again", "overloaded", "busy")


class ModelsLab:
    """One account. Their key travels in the body of each request, and only to their own address."""

    name = NAME

    def __init__(self, settings: ModelsLabSettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        names = Names(url=settings.setting("url"), key=settings.setting("key"), model=settings.setting("model"))
        if not settings.key.get_secret_value():
            raise ConfigError(
                T(
                    "`{setting}` is missing: a key comes from https://modelslab.com/dashboard/api-keys",
                    setting=names.key,
                )
            )
        self._settings = settings
        self._names = names
        self._poll_seconds = poll_seconds
        account = Account(
            backend=NAME, url=settings.url, names=names, secrets=[settings.key], paid=True, explain=self._explain
        )
        self._shop = Web(account)
        self._web = Web(replace(account, paid=False))  # what may be asked again

    async def close(self) -> None:
        await asyncio.gather(self._shop.close(), self._web.close())

    async def capabilities(self) -> Capabilities:
        """Its manual lists them; whether the provider is there and takes the key is asked."""
        await self._balance()
        settings = self._settings
        more = [name.strip() for name in settings.models.split(",") if name.strip()]
        return Capabilities(
            operations=frozenset(
                {
                    Operation.GENERATE,
                    Operation.VARY,
                    Operation.INPAINT,
                    Operation.OUTPAINT,
                    Operation.UPSCALE,
                    Operation.DESCRIBE,
                }
            ),
            parameters=frozenset({"seed", "no", "steps", "cfg", "quality", "sampler", "lora", "strength"}),
            models=tuple(dict.fromkeys([settings.model, *more, *filter(None, [settings.picture_model])])),
            samplers=SCHEDULERS,
            upscalers=UPSCALERS,
            size_step=STEP,
            max_side=MAX_SIDE,
            max_pixels=MAX_SIDE * MAX_SIDE,
            max_upscaled=16 * MAX_SIDE * MAX_SIDE,
            exact_masks=False,
            resumable=True,
            paid=True,
            priced=PRICED,
            concurrency=3,  # the smallest plan has room for five
            seconds=30.0,
        )

    async def check(self) -> Text | None:
        try:
            await self._balance()
        except BackendError as error:
            return self._web.advice(error)
        return None

    async def _balance(self) -> None:
        """Their cheapest question that needs a key. What it says is no matter: a plan may go without a balance."""
        answer = await self._ask(self._web, "/wallet_balance", {}, LOOK_SECONDS)
        if answer.status != "success":
            raise self._no(answer)

    def price(self, request: Request) -> float | None:
        return self._cost(1 if request.operation is Operation.DESCRIBE else len(request.seeds))

    def _cost(self, count: int) -> float | None:
        return None if self._settings.price is None else self._settings.price * count

    # Buying

    async def _ask(self, web: Web, path: str, fields: Mapping[str, Any], seconds: float) -> Answer:
        body = json_body({"key": self._settings.key.get_secret_value(), **fields})
        return await web.ask(Answer, "POST", path, body=body, seconds=seconds)

    async def submit(self, request: Request) -> str | None:
        calls = await calls_for(request, self._settings)
        outcomes = await asyncio.gather(*(self._bought(call) for call in calls), return_exceptions=True)
        bought = [outcome for outcome in outcomes if isinstance(outcome, Bought)]
        _kept(outcomes, bought)
        return HANDLE.dump_json(bought, exclude_defaults=True).decode()

    async def _bought(self, call: Call) -> Bought:
        answer = await self._ask(self._shop, call.path, call.fields, self._settings.timeout)
        return self._made(answer) or Bought(fetch=self._fetch(answer, call))

    def _made(self, answer: Answer) -> Bought | None:
        """What is done; None while it is not. Raises what they say no with."""
        if answer.status == "processing":
            return None
        if answer.status != "success":
            raise self._no(answer)
        outputs, flags = answer.outputs, answer.flags
        if not outputs:
            raise broken(NAME, T("no picture came."))
        each = flags if len(flags) == len(outputs) else [any(flags)] * len(outputs)
        seen = [output for output, flag in zip(outputs, each, strict=True) if not flag]
        if not seen:
            raise BackendRefused(backend=NAME, reason=T("its filter held the pictures back."))
        return Bought(output=seen)

    def _fetch(self, answer: Answer, call: Call) -> str:
        """Where to ask again: their own address, as the key goes there."""
        if (said := FETCH.search(answer.fetch_result or "")) is not None:
            return said.group()
        if answer.id is None:
            raise broken(NAME, T("its name for the picture is no name."))
        own = f"{call.fetch}/{answer.id}"
        return _checked(own)

    def _no(self, answer: Answer) -> BackendError:
        """Theirs in a 200. Work that failed after it was taken is not tried again, as it may have been paid for."""
        data = {"message": answer.message or answer.messege or answer.status or "?"}
        if answer.status == "failed":
            failure = self._web.failure(400, data)
            if isinstance(failure, BackendRefused):
                return failure
            return BackendError(T("The {backend} backend failed: {reason}", backend=NAME, reason=_said(failure)))
        return self._web.failure(400, data)

    # Waiting

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        try:
            bought = HANDLE.validate_json(handle or await self.submit(request) or "")
        except ValidationError:
            raise broken(NAME, T("its name for the picture is no name.")) from None
        done = [0.0] * len(bought)

        def tell(index: int, fraction: float) -> None:
            done[index] = fraction
            progress.update(min(1.0, sum(done) / len(done)))

        try:
            async with asyncio.timeout(self._settings.timeout):
                waits = (self._ready(one, index, tell) for index, one in enumerate(bought))
                outcomes = await asyncio.gather(*waits, return_exceptions=True)
        except TimeoutError:
            raise BackendTimeout(backend=NAME) from None
        outputs = [output for outcome in outcomes if isinstance(outcome, Bought) for output in outcome.output]
        _kept(outcomes, outputs)
        if request.operation is Operation.DESCRIBE:
            return Result(texts=tuple(outputs), cost_usd=self._cost(1))
        return await self._fetched_all(request, outputs[: len(request.seeds)], progress)

    async def _ready(self, bought: Bought, index: int, tell: Callable[[int, float], None]) -> Bought:
        """Asks until it is done. How far it is, is their guess of the time."""
        waited = 0.0
        while not bought.output:
            answer = await self._ask(self._web, _checked(bought.fetch), {}, LOOK_SECONDS)
            if (made := self._made(answer)) is not None:
                bought = made
                break
            if answer.eta is not None and math.isfinite(answer.eta):
                tell(index, min(0.95, waited / max(waited + answer.eta, self._poll_seconds)))
            await asyncio.sleep(self._poll_seconds)
            waited += self._poll_seconds
        tell(index, 1.0)
        return bought

    # What came

    async def _fetched_all(self, request: Request, links: Sequence[str], progress: Progress) -> Result:
        composed = request.operation is Operation.OUTPAINT and not is_wider_only(request)
        under = await asyncio.to_thread(ground, request) if composed else (None, None)
        seed = request.seeds[0] if len(request.seeds) == 1 else None  # of several only the first one's is known

        async def one(index: int, link: str) -> Generated:
            path = await self._fetched(request, index, link)
            if under[0] is not None and under[1] is not None:
                target = request.folder / f"{NAME}-{index}-whole.png"
                await asyncio.to_thread(restore, path, under[0], under[1], target)
                path = target
            image = Generated(path=path, seed=seed)
            progress.image(index, image)
            return image

        outcomes = await asyncio.gather(*(one(*pair) for pair in enumerate(links)), return_exceptions=True)
        images = tuple(outcome for outcome in outcomes if isinstance(outcome, Generated))
        _kept(outcomes, images)
        notes: list[Text] = []
        if (missing := len(request.seeds) - len(images)) > 0:
            notes.append(T("{missing} of {total} pictures did not come.", missing=missing, total=len(request.seeds)))
        return Result(images=images, notes=tuple(notes), model=self._model(request), cost_usd=self._cost(len(links)))

    def _model(self, request: Request) -> str | None:
        if request.operation is Operation.UPSCALE:
            return self._settings.upscaler
        if request.operation is Operation.OUTPAINT and is_wider_only(request):
            return None
        return model_of(request, self._settings)

    async def _fetched(self, request: Request, index: int, link: str) -> Path:
        if not link.startswith(("http://", "https://")):
            raise broken(NAME, T("its link to the picture is no link."))
        target = request.folder / f"{NAME}-{index}"
        try:
            await self._web.save("GET", link, target, seconds=self._settings.timeout)
        except BackendRejected:
            raise BackendUnavailable(T("The {backend} backend's picture is not at its link.", backend=NAME)) from None
        await asyncio.to_thread(_unwrapped, target)
        path = await self._web.named(target, target)
        if await asyncio.to_thread(_black, path):
            raise BackendRefused(backend=NAME, reason=T("its filter held the pictures back."))
        return path

    async def cancel(self, request: Request, handle: str) -> None:
        """What is begun is finished and paid for: there is no way to call it back."""

    def _explain(self, failure: Failure) -> BackendError | None:
        """Errors are a sentence, often in a 200, which comes here as a 400."""
        said = failure.reason.lower()
        if failure.status >= 500 or failure.status in (401, 402, 429):
            return None
        if "key" in said and any(word in said for word in ("invalid", "wrong", "expired", "api key", "missing")):
            return trouble(replace(failure, status=401), self._names)
        if any(word in said for word in REFUSALS):
            return BackendRefused(backend=NAME, reason=failure.reason)
        if any(word in said for word in SPENT):
            return trouble(replace(failure, status=402), self._names)
        if "model" in said and any(
            word in said for word in ("not found", "exist", "invalid", "not available", "unknown")
        ):
            return BackendRejected(
                T(
                    "The {backend} backend does not know the model. Check `{setting}`. It said: {reason}",
                    backend=NAME,
                    setting=self._names.model,
                    reason=failure.reason,
                )
            )
        if any(word in said for word in BUSY):
            return RateLimited(retry_after=failure.retry_after, backend=NAME)
        return None


def _kept(outcomes: Sequence[object], good: Sequence[object]) -> None:
    """Raises what went wrong, where nothing went well. What is final goes first: it must not be tried again."""
    troubles = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for problem in troubles:
        if not isinstance(problem, BackendError):
            raise problem
    if not good:
        problems = cast("list[BackendError]", troubles)
        raise min(problems, key=lambda e: (e.retry, not isinstance(e, BackendBroken)))


def _checked(fetch: str) -> str:
    if not FETCH.fullmatch(fetch):
        raise broken(NAME, T("its name for the picture is no name."))
    return fetch


def _said(error: BackendError) -> object:
    return error.text.values.get("reason", "")


def _unwrapped(path: Path) -> None:
    """A picture asked for in base64 may come as a text of it. Blocks."""
    with path.open("rb") as file:
        head = file.read(16).lstrip()
    if not head.startswith(TEXTS):
        return
    text = path.read_bytes().strip()
    text = text.partition(b",")[2] if text.startswith(b"data:") else text
    try:
        path.write_bytes(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise broken(NAME, T("no picture came.")) from None


def _black(path: Path) -> bool:
    """Whether not a pixel is to be seen: what the filter leaves of a picture. Blocks."""
    try:
        return open_pixels(path, at_least=Size(64, 64)).convert("RGB").getbbox() is None
    except FetchError as error:
        raise broken(NAME, error.text) from None
