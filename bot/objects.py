"""Where the image files are kept: a folder, or an S3-compatible bucket. Objects are never changed.

Keys are `jobs/<job id>/<name>`, and `drafts/<name>` for what waits for its user's word.

What is sent to Discord comes from `local(key)`, a path, because a stored object's reader is no file to the library that uploads.
"""

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from bot.errors import NotFound, StorageFull

if TYPE_CHECKING:  # obstore has these for type checkers alone
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

#: What a bucket may raise that is nobody's setting: it is away, or full.
ObjectsFailed = BaseError
KEY = re.compile(r"(jobs/[A-Za-z0-9_-]{1,64}|drafts)/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
DRAFTS = "drafts"
MIB = 1024 * 1024
#: A cached file that was asked for within this many seconds may be about to be opened, so it is never dropped.
IN_USE_SECONDS = 600


class Objects:
    """`location` is a folder, or a bucket's URL (`s3://bucket/prefix`; endpoint, region and keys from the usual AWS_… variables).

    `reserve` bytes of the disk are left free. A bucket's objects are cached in `cache_folder`, about `cache_bytes` of them.
    """

    def __init__(
        self,
        location: str | Path,
        cache_folder: Path,
        *,
        reserve: int = 200 * MIB,
        cache_bytes: int = 1024 * MIB,
        config: "S3Config | None" = None,
        client_options: "ClientConfig | None" = None,
    ) -> None:
        self._reserve = reserve
        self._cache_bytes = cache_bytes
        if isinstance(location, str) and "://" in location:
            self._folder, self._cached = cache_folder, True
            self._store = _bucket(location, config, client_options)
        else:
            self._folder, self._cached = Path(location).resolve(), False
            self._store = LocalStore(self._folder, mkdir=True, automatic_cleanup=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    async def put(self, key: str, path: Path) -> int:
        """Stores a copy of the file and returns its bytes. It is there whole or not at all. StorageFull when there is no room."""
        _check(key)
        size = (await asyncio.to_thread(path.stat)).st_size
        await self.check_room(size)
        try:
            await obstore.put_async(self._store, key, path)
        except BaseError as error:
            if "os error 28" in str(error):  # ENOSPC: others write to the disk too
                raise StorageFull from error
            raise
        if self._cached:  # it will be uploaded next
            await asyncio.to_thread(self._adopt, key, path)
        return size

    async def local(self, key: str) -> Path:
        """A path with the object's bytes, to read from and never to change. NotFound when there is no such object."""
        path = self._path(_check(key))
        if await asyncio.to_thread(self._is_here, path):
            return path
        if not self._cached:
            raise NotFound
        await self._download(key, path)
        await asyncio.to_thread(self._evict)
        return path

    async def exists(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, _check(key))
        except FileNotFoundError:
            return False
        return True

    async def delete(self, keys: Collection[str]) -> None:
        """Removes the objects; those that are gone already are no error."""
        checked = [_check(key) for key in keys]
        if not checked:
            return
        if not self._cached:
            for key in checked:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, key)
            return
        await obstore.delete_async(self._store, checked)  # one call for a thousand, and silent about what is gone
        await asyncio.to_thread(self._forget, checked)

    async def usage(self) -> int:
        """Bytes of all the objects. Lists them, so it is not for every job."""
        total = 0
        async for batch in obstore.list(self._store, chunk_size=1000):  # pyright: ignore[reportUnknownMemberType]
            total += sum(meta["size"] for meta in batch)
        return total

    async def old_drafts(self, before: datetime) -> list[str]:
        """The keys of drafts that were stored before a time."""
        keys: list[str] = []
        async for batch in obstore.list(self._store, prefix=DRAFTS):  # pyright: ignore[reportUnknownMemberType]
            keys += [meta["path"] for meta in batch if meta["last_modified"] < before]
        return keys

    async def check_room(self, size: int = 0) -> None:
        """StorageFull unless `size` more bytes fit on the disk with the reserve left over. Asked before a job is taken, too."""
        if (await asyncio.to_thread(shutil.disk_usage, self._folder)).free < size + self._reserve:
            raise StorageFull

    def _path(self, key: str) -> Path:
        """Where the file lies. A cache is flat, so that no empty folders are left; no key has a plus in it."""
        return self._folder / (key.replace("/", "+") if self._cached else key)

    def _is_here(self, path: Path) -> bool:
        """Whether the file lies in our folder. In the cache it is marked as used now."""
        if not self._cached:
            return path.is_file()
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)
            return True
        return False

    async def _download(self, key: str, path: Path) -> None:
        try:
            found = await obstore.get_async(self._store, key)
        except FileNotFoundError as error:
            raise NotFound from error
        await self.check_room(found.meta["size"])
        part = _part(path)
        try:
            with await asyncio.to_thread(part.open, "wb") as file:
                async for chunk in found.stream(min_chunk_size=MIB):
                    await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(part.replace, path)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    def _adopt(self, key: str, path: Path) -> None:
        target = self._path(key)
        part = _part(target)
        shutil.copyfile(path, part)
        part.replace(target)
        self._evict()

    def _forget(self, keys: list[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def _evict(self) -> None:
        """Drops what was not asked for the longest, until the cache is small enough or only holds what may be in use."""
        files: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another thread was faster
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        files.sort()
        excess = sum(size for _, size, _ in files) - self._cache_bytes
        for used, size, path in files:
            if excess <= 0 or used > time.time() - IN_USE_SECONDS:
                return
            path.unlink(missing_ok=True)
            excess -= size


def _bucket(url: str, config: "S3Config | None", client_options: "ClientConfig | None") -> "ObjectStore":
    if not url.startswith(("s3://", "s3a://")):
        return from_url(url)
    options: ClientConfig = {"connect_timeout": "5s", "timeout": "60s", **(client_options or {})}
    retries: RetryConfig = {"max_retries": 4}
    return from_url(url, config=config, client_options=options, retry_config=retries)


def _check(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"no key of an object: {key!r}")
    return key


def _part(path: Path) -> Path:
    """A name of its own to write to before the file gets its place."""
    return path.with_name(f"{secrets.token_hex(8)}.part")
