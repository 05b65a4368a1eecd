"""The backend: hands a task in, follows it, presses buttons, and cuts the grid that comes.

Two kinds of proxy are known. One shows Midjourney's buttons and has `/submit/action`; the older one can only vary and reroll. Which of
them answers is asked.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result, Role
from bot.backends.mjproxy import moves, words
from bot.backends.mjproxy.answers import Code, Memo, Submitted, Task
from bot.backends.mjproxy.canvas import enlarged, hard_mask, holed
from bot.backends.mjproxy.settings import NAME, MjProxySettings
from bot.backends.web import Account, Encoded, Failure, Names, Web, broken, json_body, trouble
from bot.errors import (
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
from bot.imaging import cut

LOOK_SECONDS = 15.0
POLL_SECONDS = 3.0
PREVIEW_SECONDS = 20.0
PRICED = "2026-11-23"  # when an operator's own price was all that there was
GRID, SIDES = 4, 2
#: Statuses in which nothing more happens.
ENDED = ("FAILURE", "CANCEL")
REFUSALS = ("banned", "moderat", "sensitive", "polic", "community", "inappropriate", "blocked", "敏感", "违规", "审核")
UNOFFICIAL = T("Made through an unofficial proxy of Midjourney.")
SEPARATE = {Operation.UPSCALE}  # what gives one picture, and no grid
BASE = frozenset({Operation.GENERATE, Operation.VARY, Operation.BLEND, Operation.DESCRIBE})
BUTTONS = frozenset({Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE})


class Missing(BackendRejected):
    """The proxy has no such route, or no such task."""


class MjProxy:
    """One proxy."""

    name = NAME

    def __init__(self, settings: MjProxySettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._names = Names(
            url=settings.setting("url"), key=settings.setting("secret"), model=settings.setting("model")
        )
        if settings.url is None:
            raise ConfigError(
                T(
                    "`{setting}` is missing: the address of an unofficial proxy of Midjourney. Using one breaks Midjourney's"
                    " terms of service.",
                    setting=self._names.url,
                )
            )
        self._settings = settings
        self._poll_seconds = poll_seconds
        self._presses: bool | None = None  # whether it has Midjourney's buttons; None while that is not known
        self._stops: set[asyncio.Task[None]] = set()
        secret = settings.secret
        account = Account(
            backend=NAME,
            url=settings.url,
            names=self._names,
            headers={"mj-api-secret": secret} if secret.get_secret_value() else {},
            paid=True,
            explain=self._explain,
        )
        self._shop = Web(account)
        self._web = Web(replace(account, paid=False))  # what may be asked again
        self._prefix = f"/mj-{settings.speed}/mj" if settings.speed else "/mj"

    async def close(self) -> None:
        """What is being stopped is given a moment, as it would cost otherwise."""
        if self._stops:
            await asyncio.wait(self._stops, timeout=LOOK_SECONDS)
        for stop in self._stops:
            stop.cancel()
        await asyncio.gather(*self._stops, return_exceptions=True)
        await asyncio.gather(self._shop.close(), self._web.close())

    # What it can do

    async def capabilities(self) -> Capabilities:
        self._presses = await self._look()
        settings = self._settings
        listed = [name.strip() for name in settings.models.split(",")]
        paid = settings.price is not None
        return Capabilities(
            operations=BASE | BUTTONS if self._presses else BASE,
            parameters=words.HONOURED,
            models=tuple(dict.fromkeys(filter(None, [settings.model, *listed]))),
            max_inputs=5,
            size_step=8,
            max_side=4096,
            max_pixels=2048 * 2048,
            max_upscaled=4096 * 4096,
            exact_masks=False,
            previews=True,
            resumable=True,
            paid=paid,
            priced=PRICED if paid else None,
            concurrency=settings.concurrency,
            seconds=60.0,
        )

    async def _look(self) -> bool:
        """Presses no button at all, which costs nothing: a proxy that knows buttons says that one is missing."""
        body = json_body({"taskId": "", "customId": ""})
        with contextlib.suppress(Missing):
            await self._web.ask(Submitted, "POST", f"{self._prefix}/submit/action", body=body, seconds=LOOK_SECONDS)
            return True
        if await self._web.status("GET", f"{self._prefix}/task/queue", seconds=LOOK_SECONDS) == 404:
            raise BackendRejected(
                T(
                    "What answers at the address of the {backend} backend is no such proxy. Check `{setting}`.",
                    backend=NAME,
                    setting=self._names.url,
                )
            )
        return False

    async def check(self) -> Text | None:
        try:
            self._presses = await self._look()
        except BackendError as error:
            return self._web.advice(error)
        return None

    def price(self, request: Request) -> float | None:
        return self._settings.price or 0.0

    # Handing in

    async def submit(self, request: Request) -> str | None:
        """The task's id. None for a picture from elsewhere that is to be enlarged, which Midjourney does not do."""
        match request.operation:
            case Operation.DESCRIBE:
                return await self._submitted(
                    "describe", {"base64": _picture(request.images[0].path), **self._bot(request)}
                )
            case Operation.BLEND:
                fields = {"base64Array": _pictures(request), "dimensions": words.dimensions(request)}
                return await self._submitted("blend", fields | self._bot(request))
            case Operation.GENERATE:
                return await self._imagined(request)
            case _:
                return await self._worked_on(request)

    async def _imagined(self, request: Request) -> str:
        fields: dict[str, Any] = {"prompt": words.prompt(request, self._model(request)), **self._bot(request)}
        if pictures := _pictures(request):
            fields["base64Array"] = pictures
        return await self._submitted("imagine", fields)

    def _bot(self, request: Request) -> dict[str, str]:
        return {"botType": "NIJI_JOURNEY" if words.is_niji(request, self._model(request)) else "MID_JOURNEY"}

    def _model(self, request: Request) -> str:
        return request.model or self._settings.model

    async def _worked_on(self, request: Request) -> str | None:
        """By the buttons of the task that the picture came from; where there are none (any more), as a picture from elsewhere."""
        presses = self._presses if self._presses is not None else await self._look()
        memo = Memo.of(request.images[0].memo)
        if memo is not None:
            with contextlib.suppress(Missing):
                task = await (self._acted(request, memo) if presses else self._changed(request, memo))
                if task is not None:
                    return task
        return await self._foreign(request)

    async def _foreign(self, request: Request) -> str | None:
        if request.operation is Operation.UPSCALE:
            return None
        if request.operation is Operation.VARY:
            return await self._imagined(request)
        image = await asyncio.to_thread(holed, request, request.folder / f"{NAME}-holed.png")
        fields = {"prompt": words.again(request, self._model(request)), "image": _picture(image), **self._bot(request)}
        return await self._submitted("edits", fields)

    async def _changed(self, request: Request, memo: Memo) -> str | None:
        """All that the older proxies do with a picture."""
        if request.operation is not Operation.VARY or not memo.tile:
            return None
        return await self._submitted("change", {"taskId": memo.task, "action": "VARIATION", "index": memo.tile})

    async def _acted(self, request: Request, memo: Memo) -> str | None:
        text = words.again(request, self._model(request))
        remix = request.operation is Operation.VARY and text != memo.prompt
        if (custom_id := moves.in_grid(request, memo)) is not None:
            return await self._pressed(request, memo, custom_id, text, remix=remix)
        move = moves.alone(request)
        if move is None:
            return None
        single = await self._picked(request, memo)
        custom_id = single.button(*move.patterns) if single else None
        if single is None or custom_id is None:
            return None
        added = move.added if custom_id.startswith(moves.CUSTOM_ZOOM) else ""
        return await self._pressed(request, single, custom_id, f"{text}{added}", remix=remix)

    async def _picked(self, request: Request, memo: Memo) -> Memo | None:
        """The picture alone, as Midjourney's `U` gives it: only there are the buttons for the rest."""
        if not memo.tile:
            return memo
        custom_id = memo.button(rf"MJ::JOB::upsample::{memo.tile}::")
        if custom_id is None:
            return None
        handle = await self._pressed(request, memo, custom_id, memo.prompt)
        try:
            async with asyncio.timeout(self._settings.timeout):
                task = await self._ended(handle, request.folder, None)
        except TimeoutError:
            raise BackendTimeout(backend=NAME) from None
        return Memo(task=handle, buttons=task.custom_ids, prompt=memo.prompt)

    async def _pressed(self, request: Request, memo: Memo, custom_id: str, text: str, *, remix: bool = False) -> str:
        """Presses a button, and fills in the window that it may open."""
        fields: dict[str, Any] = {
            "taskId": memo.task,
            "customId": custom_id,
            **({"enableRemix": True} if remix else {}),
        }
        answer = await self._sent("action", fields)
        if answer.code != Code.EXISTS:
            return self._task(answer)
        window: dict[str, Any] = {"taskId": self._task(answer), "prompt": text or words.BARE}
        if request.mask is not None:
            mask = await asyncio.to_thread(hard_mask, request.mask, request.folder / f"{NAME}-mask.png")
            window["maskBase64"] = _picture(mask)
        return await self._submitted("modal", window)

    async def _submitted(self, what: str, fields: Mapping[str, Any]) -> str:
        return self._task(await self._sent(what, fields))

    async def _sent(self, what: str, fields: Mapping[str, Any]) -> Submitted:
        """The answer. Whoever is cancelled while it is on its way has handed a task in all the same, which is then stopped."""
        path = f"{self._prefix}/submit/{what}"
        body, seconds = json_body(fields), self._settings.timeout
        asking = asyncio.create_task(self._shop.ask(Submitted, "POST", path, body=body, seconds=seconds))
        try:
            answer = await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._later(self._taken_back(asking))
            raise
        if answer.code not in (Code.OK, Code.QUEUED, Code.EXISTS):
            raise self._no(answer)
        return answer

    async def _taken_back(self, asking: asyncio.Task[Submitted]) -> None:
        with contextlib.suppress(BackendError, OSError):  # a picture that it sends may be gone by now
            await self._cancelled(self._task(await asking))

    def _task(self, answer: Submitted) -> str:
        if not answer.task.replace("-", "").replace("_", "").isalnum() or len(answer.task) > 128:
            raise broken(NAME, T("its name for the picture is no name."))
        return answer.task

    def _no(self, answer: Submitted) -> BackendError:
        said = answer.description or f"code {answer.code}"
        match answer.code:
            case Code.NOT_FOUND:
                return Missing(backend=NAME, reason=said)
            case Code.FULL:
                return RateLimited(backend=NAME)
            case Code.BANNED:
                return BackendRefused(backend=NAME, reason=f"{said} {answer.banned}".strip())
            case Code.INVALID:
                return self._web.failure(400, {"description": said})
            case _:  # nothing was begun: there was no account to do it, for one
                return BackendUnavailable(T("The {backend} backend failed: {reason}", backend=NAME, reason=said))

    # Following

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        handle = handle or await self.submit(request)
        if handle is None:
            return await self._enlarged(request)
        try:
            async with asyncio.timeout(self._settings.timeout):
                task = await self._ended(handle, request.folder, progress)
        except TimeoutError:
            self._later(self._cancelled(handle))
            raise BackendTimeout(backend=NAME) from None
        except asyncio.CancelledError:
            self._later(self._cancelled(handle))
            raise
        if request.operation is Operation.DESCRIBE:
            if not task.descriptions:
                raise broken(NAME, T("no words came."))
            return Result(texts=task.descriptions, notes=(UNOFFICIAL,), cost_usd=self.price(request))
        images = await self._made(request, handle, task, progress)
        return Result(
            images=images,
            notes=(UNOFFICIAL, *await self._notes(request, images)),
            model=words.version(request, self._model(request)),
            cost_usd=self.price(request),
        )

    async def _ended(self, handle: str, folder: Path, progress: Progress | None) -> Task:
        """The task when it is done; while it is not, tells how far it is. Raises what it failed with."""
        shown: str | None = None
        preview: Path | None = None
        while True:
            path = f"{self._prefix}/task/{handle}/fetch"
            task = await self._web.ask(Task, "GET", path, seconds=LOOK_SECONDS)
            if task.status == "SUCCESS":
                return task
            if task.status in ENDED:
                raise self._failed(task)
            if progress is not None:
                if task.imageUrl and task.imageUrl != shown:
                    shown, preview = task.imageUrl, await self._preview(task.imageUrl, folder) or preview
                progress.update(task.fraction, preview)
            await asyncio.sleep(self._poll_seconds)

    async def _preview(self, link: str, folder: Path) -> Path | None:
        """The half-done grid; what is wrong with it is no matter."""
        target = folder / f"{NAME}-preview"
        try:
            await self._web.save("GET", link, target, seconds=PREVIEW_SECONDS)
            return await self._web.named(target, target)
        except BackendError:
            return None

    def _failed(self, task: Task) -> BackendError:
        """Midjourney's own words. Never asked again: fast hours may have been spent on it."""
        reason = task.failReason or task.status or "?"
        said = reason.lower()
        if any(word in said for word in REFUSALS):
            return BackendRefused(backend=NAME, reason=reason)
        if "invalid" in said and any(word in said for word in ("version", "model", "--v", "niji")):
            return self._unknown(reason)
        return BackendError(T("The {backend} backend failed: {reason}", backend=NAME, reason=reason))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        stop = asyncio.create_task(work)
        self._stops.add(stop)
        stop.add_done_callback(self._stops.discard)

    async def _cancelled(self, handle: str) -> None:
        """The older proxies have no such route."""
        with contextlib.suppress(BackendError):
            await self._web.status("POST", f"{self._prefix}/task/{handle}/cancel", seconds=LOOK_SECONDS)

    async def cancel(self, request: Request, handle: str) -> None:
        await self._web.status("POST", f"{self._prefix}/task/{handle}/cancel", seconds=LOOK_SECONDS)

    # What came

    async def _made(self, request: Request, handle: str, task: Task, progress: Progress) -> tuple[Generated, ...]:
        """The pictures one by one where the proxy has them, else the tiles of the grid."""
        single = request.operation in SEPARATE
        links, count = task.links, len(request.seeds)
        if single or len(links) < SIDES:
            paths = await self._saved(request, [task.imageUrl or next(iter(links), "")])
            paths = paths if single else await asyncio.to_thread(_tiles, paths[0])
        else:
            paths = await self._saved(request, links[:count])
        prompt = words.again(request, self._model(request))
        memo = Memo(task=handle, buttons=task.custom_ids, prompt=prompt)
        images: list[Generated] = []
        for index, path in enumerate(paths[:count]):
            tile = 0 if single else index + 1
            images.append(Generated(path=path, memo=memo.model_copy(update={"tile": tile}).model_dump(mode="json")))
            progress.image(index, images[-1])
        return tuple(images)

    async def _saved(self, request: Request, links: Sequence[str]) -> list[Path]:
        if not all(link.startswith(("http://", "https://")) and " " not in link for link in links):
            raise broken(NAME, T("no picture came."))
        return list(await asyncio.gather(*(self._fetched(request, *pair) for pair in enumerate(links))))

    async def _fetched(self, request: Request, index: int, link: str) -> Path:
        target = request.folder / f"{NAME}-{index}"
        try:
            await self._web.save("GET", link, target, seconds=self._settings.timeout)
        except BackendRejected:
            raise BackendUnavailable(T("The {backend} backend's picture is not at its link.", backend=NAME)) from None
        return await self._web.named(target, target)

    async def _enlarged(self, request: Request) -> Result:
        path = await asyncio.to_thread(enlarged, request, request.folder / f"{NAME}-0.png")
        note = T("Midjourney enlarges only its own pictures, so this one was enlarged here, without new detail.")
        return Result(images=(Generated(path=path),), notes=(note,), cost_usd=0.0)

    async def _notes(self, request: Request, images: Sequence[Generated]) -> tuple[Text, ...]:
        if request.operation is not Operation.UPSCALE and "width" not in request.parameters:
            return ()
        came = (await self._web.sniffed(images[0].path)).size
        if came == (request.width, request.height):
            return ()
        return (
            T(
                "The {backend} backend chooses the size itself: {width} × {height} pixels.",
                backend=NAME,
                width=came.width,
                height=came.height,
            ),
        )

    def _unknown(self, reason: str) -> BackendRejected:
        return BackendRejected(
            T(
                "The {backend} backend does not know the model. Check `{setting}`. It said: {reason}",
                backend=NAME,
                setting=self._names.model,
                reason=reason,
            )
        )

    def _explain(self, failure: Failure) -> BackendError | None:
        if failure.status in (404, 405):
            return Missing(trouble(replace(failure, status=404), self._names).text)
        return None


def _picture(path: Path) -> Encoded:
    return Encoded(path, data_url=True)


def _pictures(request: Request) -> list[Encoded]:
    """Those that the words are about."""
    return [_picture(image.path) for image in (*request.only(Role.INITIAL), *request.only(Role.PROMPT))]


def _tiles(grid: Path) -> list[Path]:
    """The pictures of a grid, row by row. Blocks."""
    targets = [grid.with_name(f"{grid.stem}-{index}.jpg") for index in range(GRID)]
    try:
        for index, target in enumerate(targets):
            cut(grid, index, SIDES, SIDES, target)
    except FetchError as error:
        raise broken(NAME, error.text) from None
    return targets
