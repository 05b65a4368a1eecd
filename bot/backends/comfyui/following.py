"""One prompt from when it was handed in until its pictures are here."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from bot.backends.base import Generated, Progress, Request
from bot.backends.comfyui.answers import REASON, Entry, Event, File, Queue, files
from bot.backends.comfyui.settings import NAME
from bot.backends.comfyui.sheet import Sheet
from bot.backends.comfyui.socket import Preview, Socket
from bot.backends.comfyui.workflow import Plan
from bot.backends.web import Web, json_body
from bot.errors import BackendError, BackendRejected, BackendUnavailable
from bot.i18n import T

LOOK_SECONDS = 15.0  # for a question that is answered at once
SOON = 0.25  # seconds: the history lags a little behind the last event
ENDS = ("execution_success", "execution_error", "execution_interrupted")


class Place(Enum):
    """Where a prompt is that is not over."""

    QUEUED = "queued"
    UNKNOWN = "unknown"


async def look(web: Web, prompt_id: str) -> Entry | Place:
    """Where a prompt is. What is in neither place when looked for in this order was never there, or was taken away."""
    if entry := await _past(web, prompt_id):
        return entry
    queue = await web.ask(Queue, "GET", "/queue", seconds=LOOK_SECONDS)
    if queue.runs(prompt_id) or queue.waits(prompt_id):
        return Place.QUEUED
    return await _past(web, prompt_id) or Place.UNKNOWN


async def _past(web: Web, prompt_id: str) -> Entry | None:
    history = await web.ask(dict[str, Entry], "GET", f"/history/{prompt_id}", seconds=LOOK_SECONDS)
    return history.get(prompt_id)


async def drop(web: Web, prompt_id: str) -> None:
    """Takes a prompt out of the queue, or interrupts it if it is the one that runs. Old servers interrupt whatever runs: they are not
    asked to while that is another's. Raises `BackendError`."""
    await _told(web, "/queue", {"delete": [prompt_id]})
    queue = await web.ask(Queue, "GET", "/queue", seconds=LOOK_SECONDS)
    if queue.runs(prompt_id):
        await _told(web, "/interrupt", {"prompt_id": prompt_id})


async def _told(web: Web, path: str, value: Mapping[str, Any]) -> None:
    """The answer has no body."""
    await web.save("POST", path, Path(os.devnull), body=json_body(value), seconds=LOOK_SECONDS)


def trouble(entry: Entry) -> BackendError | None:
    """What went wrong with a prompt that is over."""
    status = entry.status
    if status is None or status.status_str != "error":
        return None
    error = status.said("execution_error") or {}
    kind, words = str(error.get("exception_type", "")), str(error.get("exception_message", ""))
    if "OutOfMemory" in kind or "out of memory" in words.lower():
        return BackendRejected(
            T("The graphics card ran out of memory. Ask for a smaller picture, or for fewer at once.")
        )
    words = " ".join(words.split())[:REASON] or kind or "?"
    return BackendRejected(backend=NAME, reason=f"{error.get('node_type', '')}: {words}".removeprefix(": "))


@dataclass(slots=True)
class Watch:
    """A prompt while it is followed. `hand_in` hands it in once more, where the server has forgotten it."""

    web: Web
    socket: Socket
    prompt_id: str
    plan: Plan
    request: Request
    progress: Progress
    hand_in: Callable[[], Awaitable[None]]
    poll_seconds: float
    images: dict[int, Generated] = field(default_factory=dict[int, Generated])
    _sheet: Sheet = field(init=False)
    _running: bool = False  # it is ours that runs, so that pictures without a name are ours
    _place: int = 0  # of the picture that is being made
    _fraction: float = 0.0

    def __post_init__(self) -> None:
        self._sheet = Sheet(self.request.folder, self.plan.count)

    async def over(self) -> Entry:
        """Waits until it is over. Raises `BackendError` where it came to nothing, or has vanished."""
        seen = again = False
        while True:
            found = await look(self.web, self.prompt_id)
            stopped = isinstance(found, Entry) and found.status and found.status.said("execution_interrupted")
            if isinstance(found, Entry) and not stopped:
                return self._sound(found)
            if found is not Place.QUEUED:
                # While nobody watched, the server was started anew or the bot was stopped; else somebody did this.
                if seen:
                    raise BackendRejected(T("Somebody stopped this at the server before it was finished."))
                if again:
                    raise BackendUnavailable(T("The server lost this job, twice. Does it keep breaking down?"))
                again = True
                await self.hand_in()
            seen = await self._listen() if found is Place.QUEUED else False

    def _sound(self, entry: Entry) -> Entry:
        if error := trouble(entry):
            raise error
        return entry

    async def _listen(self) -> bool:
        """Hears the news until it is time to look again. Whether the connection held all the while."""
        until = time.monotonic() + self.poll_seconds
        try:
            while (left := until - time.monotonic()) > 0:
                news = await self.socket.next(left)
                if isinstance(news, Preview) and self._running:
                    await self._preview(self._place, news.data)
                elif (
                    isinstance(news, Event) and news.data.get("prompt_id") == self.prompt_id and await self._heard(news)
                ):
                    until = min(until, time.monotonic() + SOON)
        except ConnectionError:
            await asyncio.sleep(min(SOON, self.poll_seconds))
            await self.socket.connect()
            return False
        return True

    async def _heard(self, news: Event) -> bool:
        """Takes in one event of this prompt. Whether it was the last."""
        node = news.data.get("node")
        if news.type in ENDS or (news.type == "executing" and node is None):
            self._running = False
            return news.type == "executing"
        self._running = True
        self._place = self.plan.places.get(str(node), self._place)
        if news.type == "progress":
            self._advance(news.data.get("value"), news.data.get("max"))
        if news.type == "executed" and str(node) in self.plan.outputs and isinstance(news.data.get("output"), dict):
            await self._finished(str(node), news.data["output"])
        return False

    def _advance(self, value: object, most: object) -> None:
        """Progress is that of one sampler."""
        if isinstance(value, int | float) and isinstance(most, int | float) and most > 0:
            self._tell((len(self.images) + min(1.0, max(0.0, value / most))) / self.plan.count)

    def _tell(self, fraction: float, preview: Path | None = None) -> None:
        self._fraction = max(self._fraction, min(1.0, fraction))
        self.progress.update(self._fraction, preview)

    async def _preview(self, place: int, picture: bytes | Path) -> None:
        if (path := await self._sheet.shown(place, picture)) is not None:
            self._tell(self._fraction, path)

    async def _finished(self, node: str, output: Mapping[str, Any]) -> None:
        """A picture is there while others are not. What can't be had now is asked for again at the end."""
        index = self.plan.places.get(node)
        with contextlib.suppress(BackendError):
            if index is not None and index not in self.images and (found := files(output)):
                await self.take(index, found[-1])
                self._tell(len(self.images) / self.plan.count)
                await self._preview(index, self.images[index].path)

    async def take(self, index: int, file: File) -> None:
        """Fetches a picture and announces it."""
        query = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        target = self.request.folder / f"{NAME}-{index}.part"
        await self.web.save("GET", "/view", target, params=query, seconds=LOOK_SECONDS * 8)
        path = await self.web.named(target, target.with_suffix(""))
        seed = self.request.seeds[index] if self.plan.places else None
        self.images[index] = Generated(path=path, seed=seed)
        self.progress.image(index, self.images[index])

    async def rest(self, entry: Entry) -> tuple[Generated, ...]:
        """All pictures of a prompt that is over, those that are not here yet fetched now."""
        for index, file in wanted(self.plan, entry):
            if index not in self.images:
                await self.take(index, file)
        return tuple(image for _, image in sorted(self.images.items()))


def wanted(plan: Plan, entry: Entry) -> list[tuple[int, File]]:
    """Which file is which picture: those of the output nodes where the workflow names them, else those that were saved, else any."""
    found = [(node, file) for node, output in entry.outputs.items() for file in files(output)]
    if plan.outputs:
        found = [(node, file) for node, file in found if node in plan.outputs]
    else:
        found = [(node, file) for node, file in found if file.type == "output"] or found
    if plan.places:
        last = {plan.places[node]: file for node, file in found if node in plan.places}
        return sorted(last.items(), key=lambda item: item[0])
    return [(index, file) for index, (_, file) in enumerate(found[: plan.count])]
