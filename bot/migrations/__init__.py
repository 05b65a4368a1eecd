"""The database's versions, one file each, applied in order at start. Also for Alembic's own command line: `env.py` is beside this file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text

#: The newest of `versions`. A database that says this of itself is left alone, which spares Alembic's reading them all.
HEAD = "0003"
#: PostgreSQL's lock under which one process migrates while the others wait.
_LOCK = 0x4C69656F


def upgrade(engine: Engine) -> None:
    """Brings a database to `HEAD`, in one transaction. Safe to call from several processes at once."""
    with engine.connect() as connection:
        if version(connection) == HEAD:
            return
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # its driver would begin at the first row, after the tables
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(configuration(connection), "head")


def version(connection: Connection) -> str | None:
    """What the database says of itself; None when it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def configuration(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
