"""What a person started at the bot, and what becomes of it."""

from collections.abc import Callable
from typing import Any, Protocol

from bot.playground.problems import JSON

TIMEOUT = 10.0  # seconds that waits last at most, unless told otherwise
LOADING = 1 << 7  # the flag of a message that shows "thinking"


class PlaygroundError(Exception):
    """The playground refused what a person did; `status` is that of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Listener(Protocol):
    """Whoever started it: what they have seen so far."""

    messages: dict[str, JSON]
    interactions: dict[str, JSON]

    async def until(self, check: Callable[[], Any], timeout: float = TIMEOUT) -> Any:  # noqa: ASYNC109
        """Wait until an event makes `check` give something other than None."""
        ...


class Interaction:
    """What a person started, and what became of it."""

    def __init__(self, person: Listener, interaction_id: str) -> None:
        self.id = interaction_id
        self._person = person

    @property
    def state(self) -> str | None:
        """`acknowledged`, `failed`, `modal`, or None while the bot has not answered."""
        event = self._person.interactions.get(self.id)
        return None if event is None else event["state"]

    @property
    def failed(self) -> bool:
        """Whether the application did not respond."""
        return self.state == "failed"

    async def acknowledged(self) -> bool:
        """Wait for the first answer or its failure; whether there was one in time."""
        await self._settled()
        return not self.failed

    async def message(self, timeout: float = TIMEOUT) -> JSON:  # noqa: ASYNC109
        """Wait for the answer's message, once it no longer shows "thinking".

        Raises:
            PlaygroundError: the application did not respond, or answered otherwise.
        """
        event = await self._settled(timeout)
        message_id = event.get("message_id")
        if message_id is None:
            raise PlaygroundError(0, f"The answer is no message: {event['state']}.")
        return await self._person.until(lambda: self._loaded(message_id), timeout)

    async def thinking(self) -> JSON:
        """Wait for the answer's message, whatever it shows."""
        event = await self._settled()
        return await self._person.until(lambda: self._person.messages.get(event["message_id"]))

    async def modal(self) -> JSON:
        """Wait for the modal that opens.

        Raises:
            PlaygroundError: the answer was no modal.
        """
        event = await self._settled()
        if event["state"] != "modal":
            raise PlaygroundError(0, f"The answer is no modal: {event['state']}.")
        return event["modal"]

    async def _settled(self, timeout: float = TIMEOUT) -> JSON:  # noqa: ASYNC109
        return await self._person.until(lambda: self._person.interactions.get(self.id), timeout)

    def _loaded(self, message_id: str) -> JSON | None:
        message = self._person.messages.get(message_id)
        return None if message is None or message["flags"] & LOADING else message
