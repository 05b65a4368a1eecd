"""The backend: says in words what is asked, presses buttons, and cuts the grid that comes."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.backends.base import Capabilities, Generated, Operation, Progress, Request, Result, Role
from bot.backends.mjproxy import moves, words
from bot.backends.mjproxy.answers import Code, Memo, Task
from bot.backends.mjproxy.canvas import enlarged, hard_mask, holed
from bot.backends.mjproxy.proxy import Missing, Proxy
from bot.backends.mjproxy.settings import NAME, MjProxySettings
from bot.backends.web import Encoded, broken
from bot.errors import BackendError, FetchError
from bot.i18n import T, Text
from bot.imaging import cut

POLL_SECONDS = 3.0
PRICED = "2026-11-23"  # when an operator's own price was all that there was
GRID, SIDES = 4, 2
UNOFFICIAL = T("Made through an unofficial proxy of Midjourney.")
SEPARATE = {Operation.UPSCALE}  # what gives one picture, and no grid
#: What every proxy does. Enlarging it may leave to us: a variation is no stand-in for it.
BASE = frozenset({Operation.GENERATE, Operation.VARY, Operation.BLEND, Operation.DESCRIBE, Operation.UPSCALE})
BUTTONS = frozenset({Operation.INPAINT, Operation.OUTPAINT})


class MjProxy:
    """One proxy."""

    name = NAME

    def __init__(self, settings: MjProxySettings, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._settings = settings
        self._proxy = Proxy(settings, poll_seconds)
        self._buttons: bool | None = None  # whether it has Midjourney's; None while that is not known

    async def close(self) -> None:
        await self._proxy.close()

    # What it can do

    async def capabilities(self) -> Capabilities:
        self._buttons = await self._proxy.has_buttons()
        settings = self._settings
        listed = [name.strip() for name in settings.models.split(",")]
        paid = settings.price is not None
        return Capabilities(
            operations=BASE | BUTTONS if self._buttons else BASE,
            parameters=words.HONOURED,
            style_codes=True,
            models=tuple(dict.fromkeys(filter(None, [settings.model, *listed]))),
            max_inputs=5,
            size_step=8,
            max_side=4096,
            max_pixels=4096 * 4096,
            exact_masks=False,
            previews=True,
            resumable=True,
            paid=paid,
            priced=PRICED if paid else None,
            concurrency=settings.concurrency,
            seconds=60.0,
        )

    async def check(self) -> Text | None:
        try:
            self._buttons = await self._proxy.has_buttons()
        except BackendError as error:
            return self._proxy.advice(error)
        return None

    def price(self, request: Request) -> float | None:
        return self._settings.price or 0.0

    # Handing in

    async def submit(self, request: Request) -> str | None:
        """The task's id. None for a picture from elsewhere that is to be enlarged, which Midjourney does not do."""
        match request.operation:
            case Operation.DESCRIBE:
                return await self._proxy.submitted(
                    "describe", {"base64": _picture(request.images[0].path), **self._bot(request)}
                )
            case Operation.BLEND:
                fields = {"base64Array": _pictures(request), "dimensions": words.dimensions(request)}
                return await self._proxy.submitted("blend", fields | self._bot(request))
            case Operation.GENERATE:
                return await self._imagined(request)
            case _:
                return await self._worked_on(request)

    async def _imagined(self, request: Request) -> str:
        fields: dict[str, Any] = {"prompt": words.prompt(request, self._model(request)), **self._bot(request)}
        if pictures := _pictures(request):
            fields["base64Array"] = pictures
        return await self._proxy.submitted("imagine", fields)

    def _bot(self, request: Request) -> dict[str, str]:
        return {"botType": "NIJI_JOURNEY" if words.is_niji(request, self._model(request)) else "MID_JOURNEY"}

    def _model(self, request: Request) -> str:
        return request.model or self._settings.model

    async def _worked_on(self, request: Request) -> str | None:
        """By the buttons of the task that the picture came from; where there are none (any more), as a picture from elsewhere."""
        buttons = self._buttons if self._buttons is not None else await self._proxy.has_buttons()
        memo = Memo.of(request.images[0].memo)
        if memo is not None:
            with contextlib.suppress(Missing):
                task = await (self._acted(request, memo) if buttons else self._changed(request, memo))
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
        return await self._proxy.submitted("edits", fields)

    async def _changed(self, request: Request, memo: Memo) -> str | None:
        """All that the older proxies do with a picture, and that only with the prompt that it has."""
        same = words.again(request, self._model(request)) == memo.prompt
        if request.operation is not Operation.VARY or not memo.tile or not same:
            return None
        return await self._proxy.submitted("change", {"taskId": memo.task, "action": "VARIATION", "index": memo.tile})

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
        task = await self._proxy.finished(handle, request.folder)
        return Memo(task=handle, buttons=task.custom_ids, prompt=memo.prompt)

    async def _pressed(self, request: Request, memo: Memo, custom_id: str, text: str, *, remix: bool = False) -> str:
        """Presses a button, and fills in the window that it may open."""
        fields: dict[str, Any] = {
            "taskId": memo.task,
            "customId": custom_id,
            **({"enableRemix": True} if remix else {}),
        }
        answer = await self._proxy.sent("action", fields)
        if answer.code != Code.EXISTS:
            return self._proxy.task(answer)
        window: dict[str, Any] = {"taskId": self._proxy.task(answer), "prompt": text or words.BARE}
        if request.mask is not None:
            mask = await asyncio.to_thread(hard_mask, request.mask, request.folder / f"{NAME}-mask.png")
            window["maskBase64"] = _picture(mask)
        return await self._proxy.submitted("modal", window)

    # Following

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        handle = handle or await self.submit(request)
        if handle is None:
            return await self._enlarged(request)
        task = await self._proxy.finished(handle, request.folder, progress)
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

    async def cancel(self, request: Request, handle: str) -> None:
        await self._proxy.stop(handle)

    # What came

    async def _made(self, request: Request, handle: str, task: Task, progress: Progress) -> tuple[Generated, ...]:
        """The pictures one by one where the proxy has them, else the tiles of the grid."""
        single = request.operation in SEPARATE
        links, count = task.links, len(request.seeds)
        if single or len(links) < SIDES:
            paths = await self._proxy.saved([task.imageUrl or next(iter(links), "")], request.folder)
            paths = paths if single else await asyncio.to_thread(_tiles, paths[0])
        else:
            paths = await self._proxy.saved(links[:count], request.folder)
        prompt = words.again(request, self._model(request))
        memo = Memo(task=handle, buttons=task.custom_ids, prompt=prompt)
        images: list[Generated] = []
        for index, path in enumerate(paths[:count]):
            tile = 0 if single else index + 1
            images.append(Generated(path=path, memo=memo.model_copy(update={"tile": tile}).model_dump(mode="json")))
            progress.image(index, images[-1])
        return tuple(images)

    async def _enlarged(self, request: Request) -> Result:
        path = await asyncio.to_thread(enlarged, request, request.folder / f"{NAME}-0.png")
        note = T("Midjourney could not enlarge this, so it was enlarged here, without new detail.")
        return Result(images=(Generated(path=path),), notes=(note,), cost_usd=0.0)

    async def _notes(self, request: Request, images: Sequence[Generated]) -> tuple[Text, ...]:
        if request.operation is not Operation.UPSCALE and "width" not in request.parameters:
            return ()
        came = await self._proxy.size(images[0].path)
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
