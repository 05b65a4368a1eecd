"""The calls themselves, in the SDK's words. Each is made when its context is entered."""

import base64
import warnings
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from openai import AsyncAPIResponse, AsyncOpenAI, omit

from bot.backends.openai.payload import Order, Route
from bot.backends.openai.wire import Call
from bot.backends.web import media_type

Opened: TypeAlias = AbstractAsyncContextManager[AsyncAPIResponse[Any]]
#: A name, the bytes, and what they are.
File: TypeAlias = tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one request. They are read once, since the SDK reads files on the event loop."""

    images: tuple[File, ...] = ()
    mask: File | None = None


def files(order: Order) -> Files:
    """Blocks."""
    return Files(tuple(map(_file, order.images)), _file(order.mask) if order.mask else None)


def _file(path: Path) -> File:
    return path.name, path.read_bytes(), media_type(path)


class Calls:
    def __init__(self, sdk: AsyncOpenAI) -> None:
        self._sdk = sdk

    def models(self) -> Opened:
        return self._sdk.models.with_streaming_response.list()

    def pictures(self, order: Order, files: Files, count: int, partials: int | None = None) -> Call:
        """`partials` None: the answer is not to be streamed."""
        body = {**order.fields, "n": count}
        body |= {} if partials is None else {"stream": True, "partial_images": partials}
        images = self._sdk.images.with_streaming_response

        def generate() -> Opened:
            return images.generate(prompt=order.prompt, model=order.model, extra_body=body)

        def edit() -> Opened:
            image = files.images[0] if len(files.images) == 1 else list(files.images)
            mask = files.mask or omit
            return images.edit(image=image, mask=mask, prompt=order.prompt, model=order.model, extra_body=body)

        def vary() -> Opened:
            with warnings.catch_warnings():  # OpenAI itself has retired it
                warnings.simplefilter("ignore", DeprecationWarning)
                return images.create_variation(  # pyright: ignore[reportDeprecated]
                    image=files.images[0], model=order.model, extra_body=body
                )

        return {Route.GENERATIONS: generate, Route.EDITS: edit, Route.VARIATIONS: vary}[order.route]

    def look(self, model: str, question: str, picture: Path) -> Call:
        """Blocks while it reads the picture."""
        encoded = base64.b64encode(picture.read_bytes()).decode()
        url = f"data:{media_type(picture)};base64,{encoded}"
        chat = self._sdk.chat.completions.with_streaming_response
        return lambda: chat.create(
            model=model,
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": question},
                        {"type": "image_url", "image_url": {"url": url}},
                    ],
                }
            ],
        )
