"""What the proxies answer, and what our pictures remember of it."""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, cast

from pydantic import BaseModel, ValidationError

#: How the four prompts of a description begin: a digit and its keycap.
KEYCAP = re.compile(r"^\s*[1-9]\N{VARIATION SELECTOR-16}?\N{COMBINING ENCLOSING KEYCAP}\s*")


class Code(IntEnum):
    """Of an answer to a submission, whose HTTP status is 200 whatever it says."""

    OK = 1
    NOT_FOUND = 3
    INVALID = 4
    EXISTS = 21  # or, after an action: a window waits to be filled in
    QUEUED = 22
    FULL = 23
    BANNED = 24


class Submitted(BaseModel):
    code: int
    description: str | None = None
    result: str | int | None = None
    properties: dict[str, Any] | None = None

    @property
    def task(self) -> str:
        return "" if self.result is None else str(self.result)

    @property
    def banned(self) -> str:
        word = (self.properties or {}).get("bannedWord")
        return word if isinstance(word, str) else ""


class Pressable(BaseModel):
    customId: str = ""  # noqa: N815 - theirs


class Link(BaseModel):
    url: str | None = None


class Task(BaseModel):
    """A task as it is now. `imageUrl` is a preview until it is done; `imageUrls` holds the pictures one by one, where a proxy has them."""

    status: str | None = None
    progress: str | None = None
    imageUrl: str | None = None  # noqa: N815 - theirs
    imageUrls: list[Link | str] | None = None  # noqa: N815 - theirs
    failReason: str | None = None  # noqa: N815 - theirs
    prompt: str | None = None
    properties: dict[str, Any] | None = None
    buttons: list[Pressable] | None = None

    @property
    def fraction(self) -> float:
        """Of `47%`; 0 while there is no number."""
        found = re.match(r"\s*(\d{1,3})", self.progress or "")
        return min(1.0, int(found.group(1)) / 100) if found else 0.0

    @property
    def links(self) -> list[str]:
        texts = [one if isinstance(one, str) else one.url or "" for one in self.imageUrls or ()]
        return [text for text in texts if text]

    @property
    def custom_ids(self) -> tuple[str, ...]:
        return tuple(button.customId for button in self.buttons or () if button.customId)

    @property
    def descriptions(self) -> tuple[str, ...]:
        """The prompts of a description, without their numbers."""
        final = (self.properties or {}).get("finalPrompt")
        whole = final if isinstance(final, str) and final.strip() else self.prompt or ""
        parts = (KEYCAP.sub("", part).strip() for part in re.split(r"\n\s*\n", whole))
        return tuple(part for part in parts if part)


class Memo(BaseModel):
    """What a picture remembers: its task, which of the task's pictures it is (from 1; 0 if it is the only one), the buttons under them, and
    the prompt."""

    task: str
    tile: int = 0
    buttons: tuple[str, ...] = ()
    prompt: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Memo | None":
        """None where the picture is not from here."""
        try:
            return cls.model_validate(cast("Any", dict(said)))
        except ValidationError:
            return None

    def button(self, *patterns: str) -> str | None:
        """The first button that one of the patterns fits, in their order."""
        return next((one for pattern in patterns for one in self.buttons if re.match(pattern, one)), None)
