"""Rows to values and back. What has no column of its own is JSON, written and read field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import RowMapping

from bot.i18n import Text
from bot.jobs import Action, Image, ImageKind, Job, Lane, Message, MessageKind, Place, Status, Ticket
from bot.store.words import searchable

_PLACE_FIELDS = frozenset(field.name for field in fields(Place))
_JOB_FIELDS = frozenset(field.name for field in fields(Job))


def _place_to_json(place: Place) -> dict[str, Any]:
    return asdict(place)


def _place_from_json(data: Mapping[str, Any]) -> Place:
    # A field of another version is dropped and a missing one takes its default, so that old rows stay readable.
    return Place(**{name: value for name, value in data.items() if name in _PLACE_FIELDS})


def job_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Column values for fields of a `Job`. Raises ValueError for a name that is no field."""
    if unknown := changes.keys() - _JOB_FIELDS:
        raise ValueError(f"no such field of a job: {', '.join(sorted(unknown))}")
    values = {name: _field_value(name, value) for name, value in changes.items()}
    return values | {"search": searchable(changes["prompt"])} if "prompt" in changes else values


def _field_value(name: str, value: Any) -> Any:
    match name:
        case "action" | "status" | "lane":
            return str(value)  # a driver may write an enumeration in its own way
        case "place":
            return _place_to_json(value)
        case "details":
            return dict(value)
        case "notes":
            return [note.to_json() for note in value]
        case "error":
            return None if value is None else value.to_json()
        case _:
            return value


def job_row(job: Job) -> dict[str, Any]:
    return job_values({name: getattr(job, name) for name in _JOB_FIELDS})


def job_from_row(row: RowMapping) -> Job:
    values: dict[str, Any] = dict(row)
    values["action"] = Action(values["action"])
    values["status"] = Status(values["status"])
    values["lane"] = Lane(values["lane"])
    values["place"] = _place_from_json(values["place"])
    values["notes"] = tuple(Text.from_json(note) for note in values["notes"])
    values["error"] = None if values["error"] is None else Text.from_json(values["error"])
    return Job(**values)


def jobs_from_rows(rows: Iterable[RowMapping]) -> list[Job]:
    return [job_from_row(row) for row in rows]


def ticket_from_row(row: RowMapping) -> Ticket:
    return Ticket(
        job_id=row["id"],
        user_id=row["user_id"],
        guild_id=row["guild_id"],
        backend=row["backend"],
        lane=Lane(row["lane"]),
        created_ms=row["created_ms"],
        generating=row["status"] != Status.DELIVERING,
        started_ms=row["started_ms"],
        served_ms=row["served_ms"] or 0,
    )


def image_row(image: Image) -> dict[str, Any]:
    return {**asdict(image), "kind": str(image.kind), "memo": dict(image.memo)}


def image_from_row(row: RowMapping) -> Image:
    values: dict[str, Any] = dict(row)
    values["kind"] = ImageKind(values["kind"])
    return Image(**values)


def message_row(message: Message) -> dict[str, Any]:
    return {**asdict(message), "kind": str(message.kind)}


def message_from_row(row: RowMapping) -> Message:
    return Message(row["message_id"], row["channel_id"], row["job_id"], MessageKind(row["kind"]))
