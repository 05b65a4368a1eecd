"""The Makefile on machines that are not ready: each is told in a sentence what it lacks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None or os.name != "posix", reason="no make on this machine")

TOO_OLD = "exit 1"
WITHOUT_VENV = 'case "$2" in *version_info*) exit 0 ;; *) exit 1 ;; esac'
MAKES_VENV = """case "$1$2" in
-cimport*) exit 0 ;;
--version) echo Python 3.11.9 ;;
-mvenv) mkdir -p .venv/bin && ln -s "$0" .venv/bin/python && : > .venv/pyvenv.cfg ;;
-mpip) echo "pip: $*" ;;
-mbot) echo "bot: $*" ;;
esac"""


def make(folder: Path, target: str, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Makes a target of a copy, where only these programs are called Python."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name in ("sh", "rm", "mkdir", "ln", "touch"):
        if not (programs / name).exists():
            (programs / name).symlink_to(str(shutil.which(name)))
    for name, script in pythons.items():
        (programs / name).write_text(f"#!{shutil.which('sh')}\n{script}\n")
        (programs / name).chmod(0o755)
    for name in ("Makefile", "pyproject.toml"):
        if not (folder / name).exists():
            shutil.copy(ROOT / name, folder)
    return subprocess.run(
        [str(MAKE), target], cwd=folder, env={"PATH": str(programs)}, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("pythons", [{}, {"python3": TOO_OLD}], ids=["none", "too old"])
def test_without_a_python_it_says_which_is_needed(tmp_path: Path, pythons: dict[str, str]) -> None:
    done = make(tmp_path, "play", pythons)
    assert done.returncode != 0
    assert "Lienzo needs Python 3.11 or newer" in done.stderr


def test_without_the_venv_module_it_says_how_to_get_it(tmp_path: Path) -> None:
    done = make(tmp_path, "play", {"python3.13": TOO_OLD, "python3": WITHOUT_VENV})
    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr


def test_the_first_python_that_is_good_enough_is_taken(tmp_path: Path) -> None:
    done = make(tmp_path, "play", {"python3.13": TOO_OLD, "python3.12": WITHOUT_VENV, "python3": MAKES_VENV})
    assert done.returncode == 0, done.stderr
    assert "Creating .venv with Python 3.11.9" in done.stdout
    assert "install -qq --editable ." in done.stdout
    assert "--group dev" not in done.stdout
    assert done.stdout.endswith("bot: -m bot play\n")


def test_it_installs_again_only_when_the_project_file_changed(tmp_path: Path) -> None:
    make(tmp_path, "play", {"python3": MAKES_VENV})
    again = make(tmp_path, "play", {})
    assert "pip:" not in again.stdout
    later = (tmp_path / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(tmp_path / "pyproject.toml", (later, later))
    assert "pip:" in make(tmp_path, "play", {}).stdout


def test_the_tests_get_their_tools_and_play_needs_no_second_install(tmp_path: Path) -> None:
    first = make(tmp_path, "test", {"python3": MAKES_VENV})
    assert "install -qq --editable . --group dev" in first.stdout
    assert "pip:" not in make(tmp_path, "play", {}).stdout
