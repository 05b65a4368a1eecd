"""What ModelsLab answers, as far as it is used."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter


class Answer(BaseModel):
    """`output` holds links, or for a description its words. What went wrong is in `message`, or in `messege`."""

    status: str = ""
    message: Any = None
    messege: Any = None
    id: int | str | None = None
    eta: float | None = None
    output: Any = None
    fetch_result: str | None = None
    nsfw_content_detected: Any = None
    meta: Any = None

    @property
    def outputs(self) -> list[str]:
        return [text for text in _flat(self.output) if text.strip()]

    @property
    def flags(self) -> list[bool]:
        """What the filter said: once for all, or of each picture."""
        inner: Any = (
            cast("Mapping[str, Any]", self.meta).get("nsfw_content_detected") if _is_mapping(self.meta) else None
        )
        given = self.nsfw_content_detected if self.nsfw_content_detected is not None else inner
        flags = cast("list[Any]", given) if isinstance(given, list) else [given]
        return [str(flag).lower() in ("true", "yes", "1") for flag in flags]


class Bought(BaseModel):
    """What came of one call: where to ask for it, or what it made."""

    fetch: str = ""
    output: list[str] = []


HANDLE = TypeAdapter(list[Bought])


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _flat(value: Any) -> Iterable[str]:
    """The texts in an answer's `output`, which is one, a list, or by some addresses a list of lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _flat(item)
