"""Alembic's environment: it works on the connection that it is given. Its tables are ours alone; the job engine keeps its own."""

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.sql.schema import SchemaItem

from bot.store import tables


def _ours(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None) -> bool:
    return kind != "table" or name in tables.metadata.tables


def _run(connection: Connection) -> None:
    context.configure(connection, target_metadata=tables.metadata, render_as_batch=True, include_object=_ours)
    context.run_migrations()


_run(context.config.attributes["connection"])
