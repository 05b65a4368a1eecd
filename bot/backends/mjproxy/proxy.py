"""The proxy's own language: tasks are handed in, followed and stopped.

Two kinds of proxy are known. One shows Midjourney's buttons and has `/submit/action`; the older one can only vary and reroll. Which of
them answers is asked.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.backends.base import Progress
from bot.backends.mjproxy.answers import Code, Submitted, Task
from bot.backends.mjproxy.settings import NAME, MjProxySettings
from bot.backends.web import Account, Failure, Names, Web, broken, json_body, trouble
from bot.errors import (
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from bot.i18n import T, Text
from bot.imaging import Size

LOOK_SECONDS = 15.0
PREVIEW_SECONDS = 20.0
#: Statuses in which nothing more happens.
ENDED = ("FAILURE", "CANCEL")
REFUSALS = ("banned", "moderat", "sensitive", "policy", "community", "inappropriate", "blocked", "敏感", "违规", "审核")
MODELS = ("version", "model", "--v", "niji")


class Missing(BackendRejected):
    """The proxy has no such route, or no such task."""


class TooLong(BackendTimeout):
    """It was stopped at the proxy, after a time that the operator set."""

    retry = False


class Proxy:
    """One of them."""

    def __init__(self, settings: MjProxySettings, poll_seconds: float) -> None:
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
        self._timeout = settings.timeout
        self._poll_seconds = poll_seconds
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

    async def has_buttons(self) -> bool:
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

    def advice(self, error: BackendError) -> Text:
        return self._web.advice(error)

    # Handing in

    async def submitted(self, what: str, fields: Mapping[str, Any]) -> str:
        """The new task's id."""
        return self.task(await self.sent(what, fields))

    async def sent(self, what: str, fields: Mapping[str, Any]) -> Submitted:
        """The answer. Whoever is cancelled while it is on its way has handed a task in all the same, which is then stopped."""
        path = f"{self._prefix}/submit/{what}"
        body = json_body(fields)
        asking = asyncio.create_task(self._shop.ask(Submitted, "POST", path, body=body, seconds=self._timeout))
        try:
            answer = await asyncio.shield(asking)
        except asyncio.CancelledError:
            self._later(self._taken_back(asking))
            raise
        if answer.code not in (Code.OK, Code.QUEUED, Code.EXISTS):
            raise self._no(answer)
        return answer

    def task(self, answer: Submitted) -> str:
        """The id, which becomes part of an address."""
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
                return self._web.failure(503, {"description": said})

    # Following

    async def finished(self, handle: str, folder: Path, progress: Progress | None = None) -> Task:
        """The task when it is done; until then `progress` hears of it. Stopped when whoever waits is, or when the time is up."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._followed(handle, folder, progress)
        except TimeoutError:
            self._later(self._stopped(handle))
            raise TooLong(backend=NAME) from None
        except asyncio.CancelledError:
            self._later(self._stopped(handle))
            raise

    async def _followed(self, handle: str, folder: Path, progress: Progress | None) -> Task:
        shown: str | None = None
        preview: Path | None = None
        while True:
            task = await self._web.ask(Task, "GET", f"{self._prefix}/task/{handle}/fetch", seconds=LOOK_SECONDS)
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
        if "invalid" in said and any(word in said for word in MODELS):
            return BackendRejected(
                T(
                    "The {backend} backend does not know the model. Check `{setting}`. It said: {reason}",
                    backend=NAME,
                    setting=self._names.model,
                    reason=reason,
                )
            )
        return BackendError(T("The {backend} backend failed: {reason}", backend=NAME, reason=reason))

    # Stopping

    async def stop(self, handle: str) -> None:
        """The older proxies have no such route, which is no trouble."""
        await self._web.status("POST", f"{self._prefix}/task/{handle}/cancel", seconds=LOOK_SECONDS)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        stop = asyncio.create_task(work)
        self._stops.add(stop)
        stop.add_done_callback(self._stops.discard)

    async def _stopped(self, handle: str) -> None:
        with contextlib.suppress(BackendError):
            await self.stop(handle)

    async def _taken_back(self, asking: asyncio.Task[Submitted]) -> None:
        with contextlib.suppress(BackendError, OSError):  # a picture that it sends may be gone by now
            await self.stop(self.task(await asking))

    # What came

    async def saved(self, links: Sequence[str], folder: Path) -> list[Path]:
        """The pictures at these links, in their order."""
        if not links or not all(link.startswith(("http://", "https://")) and " " not in link for link in links):
            raise broken(NAME, T("no picture came."))
        return list(await asyncio.gather(*(self._saved(link, folder / f"{NAME}-{i}") for i, link in enumerate(links))))

    async def _saved(self, link: str, target: Path) -> Path:
        try:
            await self._web.save("GET", link, target, seconds=self._timeout)
        except BackendRejected:
            raise BackendUnavailable(T("The {backend} backend's picture is not at its link.", backend=NAME)) from None
        return await self._web.named(target, target)

    async def size(self, picture: Path) -> Size:
        return (await self._web.sniffed(picture)).size

    def _explain(self, failure: Failure) -> BackendError | None:
        if failure.status in (404, 405):
            return Missing(trouble(replace(failure, status=404), self._names).text)
        return None
