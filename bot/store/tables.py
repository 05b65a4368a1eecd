"""The tables. Times are milliseconds since the epoch; Discord's ids are 64 bits wide.

A change here needs a new file in `bot/migrations/versions`.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"})

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("guild_id", BigInteger),
    Column("backend", String(64), nullable=False),
    Column("model", Text),
    Column("parent_id", String(20)),
    Column("tile", Integer),
    Column("prompt", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("place", JSON, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("admitted_ms", BigInteger),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    Column("progress", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("handle", Text),
    Column("notes", JSON, nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("cost_usd", Float),
    Column("estimate_usd", Float),
    # What is no field of a job: the prompt as it is searched, and how many pictures came of it, which outlives them.
    Column("search", Text, nullable=False, default=""),
    Column("pictures", Integer, nullable=False, default=0),
    Index(None, "status", "created_ms"),
    Index(None, "user_id", "created_ms", "id", "status"),  # all that paging a history needs
    Index(None, "user_id", "admitted_ms"),
    Index(None, "parent_id"),
    Index(None, "backend", "finished_ms"),
    Index(None, "backend", "created_ms"),
)

job_columns = tuple(column for column in jobs.c if column.name not in ("search", "pictures"))

images = Table(
    "images",
    metadata,
    Column("job_id", String(20), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("index", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("seed", BigInteger),
    Column("memo", JSON, nullable=False),
    PrimaryKeyConstraint("job_id", "kind", "index"),
)

messages = Table(
    "messages",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("job_id", String(20), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
)

favourites = Table(
    "favourites",
    metadata,
    Column("job_id", String(20), nullable=False),
    Column("tile", Integer, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("job_id", "tile", "user_id"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False, index=True),
    Column("details", JSON, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("scope", String(16), nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", JSON, nullable=False),
    PrimaryKeyConstraint("scope", "scope_id", "name"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
