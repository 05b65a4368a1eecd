"""What is installed from the wheel is the whole program: built from the sources alone, put into an empty environment and run there."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("bot", "cogs", "pyproject.toml", "README.md", "LICENSE")
#: For the one who changes the program, not for the one who runs it.
NOT_SHIPPED = {".pot"}
OFFLINE = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since building leaves things in the folder."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    pip("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(out), str(copy))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its programs. The libraries are borrowed from here, after the wheel is in, so that nothing needs a network."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scheme = "nt" if os.name == "nt" else "posix_prefix"
    paths = sysconfig.get_paths(scheme, {"base": str(folder), "platbase": str(folder)})
    programs = Path(paths["scripts"])
    pip("--python", str(programs / "python"), "install", *OFFLINE, str(wheel))
    borrowed = sysconfig.get_paths()["purelib"]
    Path(paths["purelib"], "borrowed.pth").write_text(borrowed + "\n")
    return programs


def pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


def run(program: Path, *arguments: str, cwd: Path) -> str:
    """What the program says; with none of the settings and paths of this process."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LIENZO_", "COV_"))}
    done = subprocess.run([program, *arguments], cwd=cwd, env=clean, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    written = {
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "cogs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in NOT_SHIPPED
    }
    assert shipped == written


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA")]
    for line in ("Name: lienzo", "License-Expression: MIT", "Requires-Python: >=3.11", "Provides-Extra: postgres"):
        assert f"{line}\n" in metadata


def test_the_command_runs(environment: Path, tmp_path: Path) -> None:
    said = run(environment / "lienzo", "--help", cwd=tmp_path)
    for command in ("play", "run", "imagine", "doctor"):
        assert command in said


def test_the_module_is_the_same_command(environment: Path, tmp_path: Path) -> None:
    assert run(environment / "python", "-m", "bot", "--help", cwd=tmp_path) == run(
        environment / "lienzo", "--help", cwd=tmp_path
    )


PROBE = """
import asyncio, pathlib, sys
import bot, cogs.imagine
from bot.i18n import T
from bot.playground import Playground
from bot.store import Store

async def main() -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{pathlib.Path.cwd()}/lienzo.db")
    print(await store.jobs_of(1))
    await store.close()
    async with Playground() as playground:
        reader, writer = await asyncio.open_connection("127.0.0.1", playground.port)
        writer.write(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\nConnection: close\\r\\n\\r\\n" % playground.port)
        print((await reader.readline()).decode().strip())
        writer.close()

print(pathlib.Path(bot.__file__).is_relative_to(sys.prefix))
print(T("Not found").in_language("es-ES"))
asyncio.run(main())
"""


def test_migrations_catalogues_and_the_page_are_at_hand(environment: Path, tmp_path: Path) -> None:
    said = run(environment / "python", "-c", PROBE, cwd=tmp_path)
    assert said.splitlines() == ["True", "No encontrado", "[]", "HTTP/1.1 200 OK"]
