"""The rest of the store: images, messages, favourites, drafts, settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from bot.jobs import FINISHED, Image, ImageKind, Message, MessageKind
from bot.store import codec, tables
from bot.store.database import Database

DAY_MS = 86_400_000
_BATCH = 500  # rows in one statement
_images, _messages, _favourites, _drafts, _settings = (
    tables.images,
    tables.messages,
    tables.favourites,
    tables.drafts,
    tables.settings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft:
    """What was kept until its user decides: a prompt as typed, and what else belongs to it."""

    user_id: int
    text: str
    created_ms: int
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class RecordStore:
    """The part of the store that is about everything but jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def images(self, job_id: str, kind: ImageKind | None = None) -> list[Image]:
        """A job's images by kind and index."""
        query = select(_images).where(_images.c.job_id == job_id).order_by(_images.c.kind, _images.c.index)
        if kind is not None:
            query = query.where(_images.c.kind == str(kind))
        return await self._found_images(query)

    async def expired(self, *, before_ms: int | None = None, over_bytes: int | None = None) -> list[Image]:
        """Images of jobs that finished before a time, or that are the oldest beyond a total size in bytes; whole jobs, oldest first.

        At most 1000: ask again after `forget_images`. What belongs to unfinished jobs counts for the size but is never named.
        """
        finished = tables.jobs.c.status.in_([str(status) for status in FINISHED])
        age = tables.jobs.c.finished_ms
        newer = func.sum(_images.c.size).over(order_by=(age.desc(), tables.jobs.c.id.desc()))
        dated = (
            select(*_images.c, age.label("finished_ms"), newer.label("newer"))
            .join(tables.jobs, tables.jobs.c.id == _images.c.job_id)
            .where(finished)
            .subquery()
        )
        beyond = dated.c.finished_ms < (-1 if before_ms is None else before_ms)
        if over_bytes is not None:
            busy = (
                select(func.coalesce(func.sum(_images.c.size), 0))
                .join(tables.jobs, tables.jobs.c.id == _images.c.job_id)
                .where(~finished)
            )
            beyond |= dated.c.newer + busy.scalar_subquery() > over_bytes
        columns = [dated.c[column.name] for column in _images.c]
        return await self._found_images(
            select(*columns).where(beyond).order_by(dated.c.finished_ms, dated.c.job_id).limit(1000)
        )

    async def forget_images(self, keys: Collection[str]) -> None:
        """Drops the rows of images whose files are gone."""
        names = list(keys)
        for start in range(0, len(names), _BATCH):
            await self._database.change(delete(_images).where(_images.c.key.in_(names[start : start + _BATCH])))

    async def _found_images(self, query: Select[*tuple[Any, ...]]) -> list[Image]:
        return [codec.image_from_row(row) for row in await self._database.fetch(query)]

    async def add_message(self, message_id: int, channel_id: int, job_id: str, kind: MessageKind) -> None:
        await self._put(_messages, [codec.message_row(Message(message_id, channel_id, job_id, kind))])

    async def message(self, message_id: int) -> Message | None:
        rows = await self._database.fetch(select(_messages).where(_messages.c.message_id == message_id))
        return codec.message_from_row(rows[0]) if rows else None

    async def messages(self, job_id: str) -> list[Message]:
        """A job's messages, oldest first (Discord's ids rise with time)."""
        query = select(_messages).where(_messages.c.job_id == job_id).order_by(_messages.c.message_id)
        return [codec.message_from_row(row) for row in await self._database.fetch(query)]

    async def delete_message(self, message_id: int) -> None:
        await self._database.change(delete(_messages).where(_messages.c.message_id == message_id))

    async def favourite(self, job_id: str, tile: int, user_id: int, on: bool) -> int:
        """Sets or clears a user's favourite and returns how many users have this picture as one."""
        if on:
            await self._put(_favourites, [{"job_id": job_id, "tile": tile, "user_id": user_id}])
        else:
            key = tuple_(_favourites.c.job_id, _favourites.c.tile, _favourites.c.user_id)
            await self._database.change(delete(_favourites).where(key == (job_id, tile, user_id)))
        return len(await self.favourites(job_id, tile))

    async def favourites(self, job_id: str, tile: int) -> set[int]:
        """The users who have this picture as a favourite."""
        query = select(_favourites.c.user_id).where(_favourites.c.job_id == job_id, _favourites.c.tile == tile)
        return {row["user_id"] for row in await self._database.fetch(query)}

    async def save_draft(
        self, draft_id: str, user_id: int, text: str, now_ms: int, details: Mapping[str, Any] | None = None
    ) -> None:
        """Keeps a prompt that waits for its user's word for a day; a draft of the same id is replaced."""
        values = {"user_id": user_id, "text": text, "created_ms": now_ms, "details": dict(details or {})}
        await self._put(_drafts, [{"id": draft_id, **values}])
        await self._database.change(delete(_drafts).where(_drafts.c.created_ms < now_ms - DAY_MS))

    async def draft(self, draft_id: str) -> SavedDraft | None:
        columns = (_drafts.c.user_id, _drafts.c.text, _drafts.c.created_ms, _drafts.c.details)
        rows = await self._database.fetch(select(*columns).where(_drafts.c.id == draft_id))
        return SavedDraft(**rows[0]) if rows else None

    async def setting(self, scope: str, scope_id: int, name: str) -> Any | None:
        return (await self.settings(scope, scope_id)).get(name)

    async def set_setting(self, scope: str, scope_id: int, name: str, value: Any) -> None:
        """Stores a JSON value; None removes it."""
        if value is not None:
            await self._put(_settings, [{"scope": scope, "scope_id": scope_id, "name": name, "value": value}])
            return
        where = (_settings.c.scope == scope, _settings.c.scope_id == scope_id, _settings.c.name == name)
        await self._database.change(delete(_settings).where(*where))

    async def settings(self, scope: str, scope_id: int) -> dict[str, Any]:
        """All settings of a user or server, by name."""
        query = select(_settings.c.name, _settings.c.value).where(
            _settings.c.scope == scope, _settings.c.scope_id == scope_id
        )
        return {row["name"]: row["value"] for row in await self._database.fetch(query)}

    async def meta(self, key: str) -> str | None:
        rows = await self._database.fetch(select(tables.meta.c.value).where(tables.meta.c.key == key))
        return rows[0]["value"] if rows else None

    async def set_meta(self, key: str, value: str) -> None:
        await self._put(tables.meta, [{"key": key, "value": value}])

    async def _put(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Inserts rows, replacing those with the same primary key."""
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        insert = sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert
        statement = insert(table)
        others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        statement = (
            statement.on_conflict_do_update(index_elements=keys, set_=others)
            if others
            else statement.on_conflict_do_nothing()
        )
        await self._database.change(statement, rows)
