"""The pictures of one request: each call to its end, what came of it, and what it cost."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bot.backends.base import Generated, Progress, Request, Result
from bot.backends.openai.answers import Event, Pictures
from bot.backends.openai.calls import Calls, Files, files
from bot.backends.openai.families import Family, picture_price, token_price
from bot.backends.openai.payload import Order
from bot.backends.openai.settings import NAME, OpenAiSettings
from bot.backends.openai.sheet import Sheet
from bot.backends.openai.wire import Wire
from bot.backends.web import BackendLost, Web, broken
from bot.errors import BackendError, BackendTimeout, BackendUnavailable
from bot.i18n import T, Text

HURRIED, BROKEN = ("rate_limit",), ("server_error", "internal", "api_error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every request needs. `deaf` are the models whose server does not stream."""

    wire: Wire
    calls: Calls
    web: Web
    settings: OpenAiSettings
    paid: bool
    deaf: set[str]

    def streams(self, family: Family, model: str) -> bool:
        return family.gpt and self.settings.previews > 0 and model not in self.deaf


@dataclass(slots=True, kw_only=True)
class Making:
    """One request. Its pictures have no seed, so they are in the order in which they came."""

    desk: Desk
    request: Request
    order: Order
    progress: Progress
    sheet: Sheet
    files: Files = field(default_factory=Files)
    images: list[Generated] = field(default_factory=list[Generated])
    errors: list[BackendError] = field(default_factory=list[BackendError])
    costs: list[float | None] = field(default_factory=list[float | None])
    fractions: dict[int, float] = field(default_factory=dict[int, float])
    named: int = 0

    async def run(self, family: Family) -> Result:
        """All calls at once. What came is kept though another call failed: it is paid for. Raises the first error if nothing came."""
        self.files = await asyncio.to_thread(files, self.order)
        count = len(self.request.seeds)
        if self.desk.streams(family, self.order.model):
            calls = [self._streamed(index) for index in range(count)]
        else:
            starts = range(0, count, family.batch)
            calls = [self._whole(index, min(family.batch, count - start)) for index, start in enumerate(starts)]
        for end in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(end, BackendError):
                self.errors.append(end)
            elif end is not None:
                raise end
        if not self.images:
            raise self.errors[0] if self.errors else nothing()
        return self._result()

    def _result(self) -> Result:
        notes = [*self.order.notes, *self._missing()]
        return Result(images=tuple(self.images), notes=tuple(notes), model=self.order.model, cost_usd=self._cost())

    def _missing(self) -> list[Text]:
        came, total = len(self.images), len(self.request.seeds)
        if came >= total:
            return []
        if not self.errors:
            return [T("Only {count} of {total} pictures came.", count=came, total=total)]
        why = self.errors[0].text
        return [T("Only {count} of {total} pictures came. {why}", count=came, total=total, why=why)]

    def _cost(self) -> float | None:
        """What the answers say was used, else what the pictures cost about."""
        if not self.desk.paid:
            return 0.0
        known = [cost for cost in self.costs if cost is not None]
        if known and len(known) == len(self.costs):
            return sum(known)
        one = picture_price(self.order.model, self.desk.settings.like, self.order.quality, self.order.size)
        return None if one is None else one * len(self.images)

    # One call

    async def _whole(self, call: int, count: int) -> None:
        """An answer in one piece."""
        asked = self.desk.calls.pictures(self.order, self.files, count)
        seconds, folder = self.desk.settings.timeout, self.request.folder
        await self._took(call, await self.desk.wire.ask(Pictures, asked, folder=folder, seconds=seconds))

    async def _streamed(self, call: int) -> None:
        """A picture with its half-done ones before it. A server that does not stream answers in one piece, or with nothing at all."""
        asked = self.desk.calls.pictures(self.order, self.files, 1, self.desk.settings.previews)
        seconds, folder = self.desk.settings.timeout, self.request.folder
        seen = False
        async with aclosing(self.desk.wire.events(Event, asked, folder=folder, seconds=seconds)) as events:
            async for event in events:
                seen = True
                if event.error is not None:
                    raise self.desk.web.failure(_status(event.error), {"error": event.error})
                if event.partial:
                    await self._half(call, event)
                    continue
                if event.data is not None:
                    self.desk.deaf.add(self.order.model)
                await self._took(call, event)
                return
        if seen:
            raise BackendLost(backend=NAME) if self.desk.paid else nothing()
        await self._whole(call, 1)
        self.desk.deaf.add(self.order.model)

    async def _half(self, call: int, event: Event) -> None:
        if event.b64_json is None:
            return
        shown = await self.sheet.shown(call, event.b64_json)
        place = (event.partial_image_index or 0) + 1
        self._reached(call, place / (self.desk.settings.previews + 1), shown)

    async def _took(self, call: int, answer: Pictures) -> None:
        """Keeps an answer's pictures. Raises `BackendError` if it has none that can be used."""
        if answer.error is not None:
            raise self.desk.web.failure(_status(answer.error), {"error": answer.error})
        kept, errors = 0, list[BackendError]()
        for source in answer.sources:
            try:
                await self._keep(source)
                kept += 1
            except BackendError as error:
                errors.append(error)
        if not kept:
            raise errors[0] if errors else nothing()
        self.errors += errors
        self._reached(call, float(kept))
        settings, used = self.desk.settings, answer.used
        self.costs.append(token_price(self.order.model, settings.like, *used) if used else None)

    async def _keep(self, source: Path | str | None) -> None:
        """A server that ignores how many were asked for may send more."""
        if len(self.images) >= len(self.request.seeds):
            return
        self.named += 1
        target = self.request.folder / f"{NAME}-{self.named}"
        path = await self.desk.web.named(await self._fetched(source, target), target)
        self.images.append(Generated(path=path))
        self.progress.image(len(self.images) - 1, self.images[-1])

    async def _fetched(self, source: Path | str | None, target: Path) -> Path:
        if isinstance(source, Path):
            return source
        if source is None:
            raise nothing()
        if "://" not in source:
            raise self.desk.web.broken()
        path = target.with_suffix(".part")
        try:
            await self.desk.web.save("GET", source, path, seconds=self.desk.settings.timeout)
        except (BackendTimeout, BackendUnavailable):
            if self.desk.paid:
                raise BackendLost(backend=NAME) from None
            raise
        return path

    def _reached(self, call: int, pictures: float, shown: Path | None = None) -> None:
        """So many of the pictures of one call are there, counting parts."""
        self.fractions[call] = max(pictures, self.fractions.get(call, 0.0))
        self.progress.update(min(1.0, sum(self.fractions.values()) / len(self.request.seeds)), shown)


def nothing() -> BackendError:
    return broken(NAME, T("no picture came."))


def _status(error: Any) -> int:
    """The HTTP status that an error within an answer would have had."""
    values = cast("Mapping[str, Any]", error).values() if isinstance(error, Mapping) else ()
    words = " ".join(str(value) for value in values if isinstance(value, str)).lower()
    if any(word in words for word in HURRIED):
        return 429
    return 500 if any(word in words for word in BROKEN) else 400
