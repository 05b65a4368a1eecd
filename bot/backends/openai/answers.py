"""What these servers answer, as far as it is of use."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from bot.backends.web import Picture


class Details(BaseModel):
    text_tokens: int = 0
    image_tokens: int = 0


class Usage(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_details: Details | None = None


class Item(BaseModel):
    """One picture: in base64, or where it is to be had, which may be a data URL."""

    b64_json: Picture | None = None
    url: Annotated[Picture | str | None, Field(union_mode="left_to_right")] = None


class Pictures(BaseModel):
    """The answer to `/images/…`. Some servers leave out all but the pictures."""

    data: list[Item] | None = None
    usage: Annotated[Usage | Any, Field(union_mode="left_to_right")] = None
    error: Any = None

    @property
    def sources(self) -> list[Path | str | None]:
        """Each picture's file, or its address."""
        return [item.b64_json or item.url for item in self.data or ()]

    @property
    def used(self) -> tuple[int, int, int] | None:
        """Tokens of words and of pictures that went in, and those that came out; None where that is not said."""
        usage: Any = self.usage
        if not isinstance(usage, Usage):
            return None
        details = usage.input_tokens_details
        pictures = details.image_tokens if details else 0
        return usage.input_tokens - pictures, pictures, usage.output_tokens


class Event(Pictures):
    """One event of a stream: a picture that is half done or finished. A server that ignores `stream` gives the whole answer instead."""

    type: str = ""
    b64_json: Picture | None = None
    partial_image_index: int | None = None

    @property
    def sources(self) -> list[Path | str | None]:
        return [self.b64_json] if self.b64_json else super().sources

    @property
    def partial(self) -> bool:
        return self.type.endswith(".partial_image")


class Listed(BaseModel):
    id: str
    shutdown_date: str | None = None


class Models(BaseModel):
    data: list[Listed]


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class Chat(BaseModel):
    choices: list[Choice]
