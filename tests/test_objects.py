"""The object store: on a folder, on a bucket in memory, and on a bucket over the wire."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from obstore.exceptions import GenericError

from bot.errors import NotFound, StorageFull
from bot.objects import Objects

KEY = "jobs/Ab-1_z/0.png"
LARGE = 6 * 1024 * 1024  # more than one part of an upload


class Bucket:
    """As much of S3's REST as the store uses: single and multipart PUT, GET, HEAD, DELETE, list."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.gets = 0
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/pictures{key:.*}", self._answer)
        self.server = TestServer(app)

    async def _answer(self, request: web.Request) -> web.Response:
        key, query, body = request.match_info["key"].lstrip("/"), request.query, await request.read()
        match request.method:
            case "PUT":
                return self._put(key, int(query.get("partNumber", 0)), body)
            case "POST" if "uploads" in query:
                self.parts[key] = {}
                return _xml("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            case "POST" if "uploadId" in query:
                self.objects[key] = b"".join(data for _, data in sorted(self.parts.pop(key).items()))
                return _xml(f"<CompleteMultipartUploadResult><ETag>{_etag(b'')}</ETag></CompleteMultipartUploadResult>")
            case "POST" if "delete" in query:
                found = [key.decode() for key in re.findall(rb"<Key>(.*?)</Key>", body)]
                for name in found:  # S3 says that it deleted what it never had, too
                    self.objects.pop(name, None)
                deleted = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in found)
                return _xml(f"<DeleteResult>{deleted}</DeleteResult>")
            case _ if "list-type" in query:
                return self._list(query.get("prefix", ""))
            case _:
                return self._get(key, request.method)

    def _put(self, key: str, part: int, body: bytes) -> web.Response:
        if part:
            self.parts[key][part] = body
        else:
            self.objects[key] = body
        return web.Response(headers={"ETag": _etag(body)})

    def _get(self, key: str, method: str) -> web.Response:
        if key not in self.objects:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        self.gets += method == "GET"
        data = self.objects[key]
        headers = {
            "Content-Length": str(len(data)),
            "ETag": _etag(data),
            "Last-Modified": "Mon, 06 Jan 2025 10:00:00 GMT",
            "Accept-Ranges": "bytes",
        }
        return web.Response(body=data, headers=headers)

    def _list(self, prefix: str) -> web.Response:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><LastModified>{now}</LastModified>"
            f"<ETag>{_etag(data)}</ETag></Contents>"
            for key, data in self.objects.items()
            if key.startswith(prefix)
        )
        return _xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")


def _etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()}"'


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/xml")


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    bucket = Bucket()
    await bucket.server.start_server()
    yield bucket
    await bucket.server.close()


def on_the_wire(bucket: Bucket, cache: Path, **options: Any) -> Objects:
    return Objects(
        "s3://pictures/lienzo",
        cache,
        config={
            "endpoint": str(bucket.server.make_url("")).rstrip("/"),
            "region": "eu-west-1",
            "access_key_id": "key",
            "secret_access_key": "secret",
        },
        client_options={"allow_http": True},
        **options,
    )


@pytest.fixture(params=["folder", "memory", "wire"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> Objects:
    match request.param:
        case "folder":
            return Objects(tmp_path / "objects", tmp_path / "cache")
        case "memory":
            return Objects("memory:///", tmp_path / "cache")
        case _:
            return on_the_wire(bucket, tmp_path / "cache")


def file_of(folder: Path, size: int, name: str = "source") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def read(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize("size", [0, 1000, LARGE])
async def test_what_is_put_is_had_again(objects: Objects, tmp_path: Path, size: int) -> None:
    source = file_of(tmp_path, size)
    assert await objects.put(KEY, source) == size
    assert read(await objects.local(KEY)) == read(source)
    assert await objects.exists(KEY)
    assert await objects.usage() == size


async def test_what_was_put_is_a_copy(objects: Objects, tmp_path: Path) -> None:
    source = file_of(tmp_path, 100)
    before = read(source)
    await objects.put(KEY, source)
    file_of(tmp_path, 50)
    assert read(await objects.local(KEY)) == before


async def test_what_is_deleted_is_gone_and_may_be_deleted_twice(objects: Objects, tmp_path: Path) -> None:
    keys = [f"jobs/a/{number}.png" for number in range(3)]
    for key in keys:
        await objects.put(key, file_of(tmp_path, 10))
    await objects.delete(keys[:2])
    await objects.delete([*keys[:2], "jobs/never/was.png"])
    await objects.delete([])
    assert [await objects.exists(key) for key in keys] == [False, False, True]
    assert await objects.usage() == 10
    with pytest.raises(NotFound):
        await objects.local(keys[0])


async def test_what_never_was_is_not_found(objects: Objects) -> None:
    assert not await objects.exists(KEY)
    with pytest.raises(NotFound):
        await objects.local(KEY)


FOREIGN = [
    "a.png",
    "jobs/a",
    "jobs/a/",
    "jobs//b",
    "jobs/a/b/c",
    "/jobs/a/b",
    "../jobs/a/b",
    "jobs/../b",
    "jobs/a/..",
    "other/a/b",
]
ODD = ["", "jobs/a/.b", "jobs/a/b\n", "jobs/a/b c", "jobs/a/ñ", "jobs/a\\b/c", "jobs/a/b%2e", "jobs/a/\0"]
LONG = ["jobs/" + "a" * 65 + "/b", "jobs/a/" + "b" * 101]


@pytest.mark.parametrize("key", [*FOREIGN, *ODD, *LONG])
async def test_keys_of_any_other_shape_are_refused_everywhere(objects: Objects, tmp_path: Path, key: str) -> None:
    source = file_of(tmp_path, 10)
    for call in (objects.put(key, source), objects.local(key), objects.exists(key), objects.delete([key])):
        with pytest.raises(ValueError, match="no key"):
            await call


async def test_a_folder_gives_its_own_file_and_leaves_no_empty_folders(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects", tmp_path / "cache")
    await objects.put(KEY, file_of(tmp_path, 10))
    assert await objects.local(KEY) == tmp_path / "objects" / KEY
    await objects.delete([KEY])
    assert not list((tmp_path / "objects").iterdir())
    await objects.put(KEY, file_of(tmp_path, 10))
    assert await objects.exists(KEY)


async def test_a_full_disk_is_refused_before_anything_is_written(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = file_of(tmp_path, 1000)
    free = 200 * 1024 * 1024 + 999
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - free, free))  # pyright: ignore
    with pytest.raises(StorageFull):
        await objects.put(KEY, source)
    assert not await objects.exists(KEY)
    await objects.check_room(999)
    with pytest.raises(StorageFull):
        await objects.check_room(1000)


async def test_a_disk_that_fills_up_meanwhile_is_said_to_be_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise GenericError("Unable to write: No space left on device (os error 28)")

    monkeypatch.setattr("obstore.put_async", full)
    with pytest.raises(StorageFull):
        await Objects(tmp_path / "objects", tmp_path / "cache").put(KEY, file_of(tmp_path, 10))


# the cache of a bucket


async def test_a_bucket_is_asked_once_for_each_file(bucket: Bucket, tmp_path: Path) -> None:
    source = file_of(tmp_path, LARGE)
    await on_the_wire(bucket, tmp_path / "one").put(KEY, source)
    assert list(bucket.objects) == [f"lienzo/{KEY}"]
    other = on_the_wire(bucket, tmp_path / "two")
    for _ in range(3):
        assert read(await other.local(KEY)) == read(source)
    assert bucket.gets == 1


async def test_what_was_just_put_is_not_fetched_again(bucket: Bucket, tmp_path: Path) -> None:
    objects = on_the_wire(bucket, tmp_path / "cache")
    await objects.put(KEY, file_of(tmp_path, 10))
    await objects.local(KEY)
    assert bucket.gets == 0


async def test_two_that_want_the_same_file_both_get_it_whole(bucket: Bucket, tmp_path: Path) -> None:
    source = file_of(tmp_path, LARGE)
    await on_the_wire(bucket, tmp_path / "one").put(KEY, source)
    other = on_the_wire(bucket, tmp_path / "two")
    for path in await asyncio.gather(*(other.local(KEY) for _ in range(4))):
        assert read(path) == read(source)
    assert cached(tmp_path / "two") == ["jobs+Ab-1_z+0.png"]


def cached(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(path: Path, seconds: float) -> None:
    now = datetime.now(UTC).timestamp()
    os.utime(path, (now - seconds, now - seconds))


async def test_the_cache_drops_what_was_not_asked_for_the_longest(bucket: Bucket, tmp_path: Path) -> None:
    objects = on_the_wire(bucket, tmp_path / "cache", cache_bytes=250)
    for number in range(3):
        await objects.put(f"jobs/a/{number}.png", file_of(tmp_path, 100))
        age(tmp_path / "cache" / f"jobs+a+{number}.png", 5000 - number)
    await objects.local("jobs/a/0.png")
    await objects.put("jobs/a/3.png", file_of(tmp_path, 100))
    assert cached(tmp_path / "cache") == ["jobs+a+0.png", "jobs+a+3.png"]
    assert await objects.local("jobs/a/1.png")


async def test_the_cache_keeps_what_may_be_in_use_even_beyond_its_size(bucket: Bucket, tmp_path: Path) -> None:
    objects = on_the_wire(bucket, tmp_path / "cache", cache_bytes=10)
    paths: list[Path] = []
    for number in range(3):
        await objects.put(f"jobs/a/{number}.png", file_of(tmp_path, 100))
        paths.append(await objects.local(f"jobs/a/{number}.png"))
    assert [len(read(path)) for path in paths] == [100] * 3


async def test_a_download_that_finds_no_room_leaves_nothing_behind(bucket: Bucket, tmp_path: Path) -> None:
    await on_the_wire(bucket, tmp_path / "one").put(KEY, file_of(tmp_path, 10))
    other = on_the_wire(bucket, tmp_path / "two", reserve=10**18)
    with pytest.raises(StorageFull):
        await other.local(KEY)
    assert cached(tmp_path / "two") == []
