"""The store: the only SQL beside the migrations and the engine."""

from typing import Self

from bot.store.database import Database, DatabaseFailed
from bot.store.history import HistoryStore, Load, Usage
from bot.store.jobs import Alive, Enqueue, JobStore, workflow_id
from bot.store.money import MoneyStore, Spent, usd
from bot.store.records import RecordStore, SavedDraft
from bot.store.words import searchable, words_of

__all__ = [
    "Alive",
    "DatabaseFailed",
    "Enqueue",
    "Load",
    "SavedDraft",
    "Spent",
    "Store",
    "Usage",
    "searchable",
    "usd",
    "words_of",
    "workflow_id",
]


class Store(JobStore, HistoryStore, MoneyStore, RecordStore):
    """Everything that is remembered. Its methods may be called concurrently, from one event loop."""

    @classmethod
    async def open(cls, url: str) -> Self:
        """Opens `sqlite+aiosqlite:///path` or `postgresql+psycopg://...`, bringing its tables up to date. Raises `ConfigError`."""
        return cls(await Database.open(url))

    async def close(self) -> None:
        await self._database.close()
