"""What is checked on this machine: settings, data folder, database, pictures. Nothing is made that was not there."""

import asyncio
import difflib
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from obstore.exceptions import BaseError

from bot import migrations
from bot.backends.settings import BackendSettings
from bot.config import PREFIX, Settings
from bot.doctor.findings import Finding, good, hint, trouble, warning
from bot.errors import ConfigError, LienzoError
from bot.i18n import T
from bot.objects import Objects
from bot.store.database import blocking_engine, parse_url, translated

DATABASE_SECONDS: Final = 15
IMAGES_SECONDS: Final = 90.0  # of writing, reading and deleting one small file, in a bucket far away
PROBE: Final = b"written by lienzo doctor, and removed again\n"


def known_settings() -> frozenset[str]:
    """The bot's own, and those of every generator that there is: `bot.catalog`, which this package imports, knows them all."""
    own = (PREFIX + field.upper() for field in Settings.model_fields)
    generators = (made.setting(field) for made in BackendSettings.__subclasses__() for field in made.model_fields)
    return frozenset((*own, *generators))


def unknown_settings(names: Collection[str]) -> Iterator[Finding]:
    """Names that begin as ours do and mean nothing: most often one that was misspelled."""
    known = known_settings()
    for name in sorted({name.upper() for name in names} - known):
        if not name.startswith(PREFIX):
            continue
        near = difflib.get_close_matches(name, known, 1)
        mend = T("Did you mean `{near}`?", near=near[0]) if near else T("`.env.example` lists every setting.")
        yield warning(T("`{name}` is not a setting of Lienzo.", name=name), mend)


def data_folder(settings: Settings) -> Finding:
    """Whether the folder, or where it will be made, can be written to and has room."""
    folder = settings.data.absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return trouble(
            T("Data folder: {path} can't be written to.", path=existing),
            T("Give the bot's user the right to write there, or set `LIENZO_DATA` to another folder."),
        )
    free = shutil.disk_usage(existing).free >> 20
    if free < settings.reserve_mib:
        return trouble(
            T(
                "Data folder: only {free} MiB are free, and {reserve} are kept in reserve.",
                free=free,
                reserve=settings.reserve_mib,
            ),
            T("Make room on the disk of {path}, or lower `LIENZO_RESERVE_MIB`.", path=existing),
        )
    if existing != folder:
        return good(T("Data folder: {path} will be made at the first start ({free} MiB free)", path=folder, free=free))
    return good(T("Data folder: {path} ({free} MiB free)", path=folder, free=free))


async def database(settings: Settings) -> Finding:
    """Connects and reads the version, no more."""
    try:
        return await asyncio.to_thread(_database, settings.database)
    except ModuleNotFoundError:
        return trouble(
            T("Database: the driver for PostgreSQL is not installed."),
            T("Install it: pip install 'lienzo[postgres]'"),
        )
    except ConfigError as error:
        return trouble(
            T("Database: {problem}", problem=error.text), T("Correct `LIENZO_DATABASE_URL`, or leave it empty.")
        )
    except LienzoError as error:
        return trouble(T("Database: {problem}", problem=error.text), T("Make room on its disk."))


def _database(address: str) -> Finding:
    url = parse_url(address)
    if url.get_backend_name() == "sqlite":
        if not Path(str(url.database)).exists():
            return good(T("Database: {path} will be made at the first start", path=url.database))
    else:
        url = url.update_query_dict({"connect_timeout": str(DATABASE_SECONDS)})
    engine = blocking_engine(url)
    try:
        with translated(), engine.connect() as connection:
            version = migrations.version(connection)
    finally:
        engine.dispose()
    shown = url.render_as_string(hide_password=True)
    if version is None:
        return good(T("Database: {url} is empty, its tables will be made at the first start", url=shown))
    if version < migrations.HEAD:
        return good(T("Database: {url} will be brought up to date at the next start", url=shown))
    if version > migrations.HEAD:
        return trouble(
            T(
                "Database: {url} was used by a newer Lienzo (version {version} of its tables).",
                url=shown,
                version=version,
            ),
            T("Update Lienzo, or go back to a copy of the database from before."),
        )
    return good(T("Database: {url}", url=shown))


async def pictures(settings: Settings) -> Finding:
    """Writes, reads and removes a small file where the pictures are kept."""
    where = settings.images
    if "://" not in where and not await asyncio.to_thread(Path(where).exists):
        return good(T("Pictures: {path} will be made at the first start", path=where))
    mend = (
        T(
            "Check `LIENZO_IMAGES_URL` and the AWS_… variables: region, endpoint, key, and the right to read, write and delete."
        )
        if "://" in where
        else T("Give the bot's user the right to write there, or set `LIENZO_IMAGES_URL`.")
    )
    try:
        async with asyncio.timeout(IMAGES_SECONDS):
            same = await _probe(where)
    except LienzoError as error:
        return trouble(T("Pictures: {problem}", problem=error.text), mend)
    except (BaseError, OSError, TimeoutError, ValueError) as error:
        return trouble(T("Pictures: {path} can't be used ({error}).", path=where, error=type(error).__name__), mend)
    if not same:
        return trouble(T("Pictures: {path} gave back something other than was put in.", path=where), mend)
    return good(T("Pictures: {path} can be written, read and cleared", path=where))


async def _probe(where: str) -> bool:
    """Read through a cache of its own, so that a bucket has to give the file back."""
    key = f"jobs/doctor-{secrets.token_hex(6)}/probe.txt"
    with TemporaryDirectory(prefix="lienzo-doctor-") as name:
        folder = Path(name)
        source = folder / "probe.txt"
        await asyncio.to_thread(source.write_bytes, PROBE)
        writer = Objects(where, folder / "written", reserve=0)
        await writer.put(key, source)
        try:
            path = await Objects(where, folder / "read", reserve=0).local(key)
            return await asyncio.to_thread(path.read_bytes) == PROBE
        finally:
            await writer.delete([key])


def outbound() -> Finding:
    return hint(T("Outbound connections only: no port, domain or HTTPS to set up."))
