"""`lienzo imagine`: the painter's pictures, from a shell."""

import io
import logging
from pathlib import Path

import pytest
from PIL import Image as Pillow
from rich.console import Console
from rich.progress import Progress

from bot.__main__ import main
from bot.i18n import T
from bot.jobs import Action, Job, Place
from bot.terminal import Terminal, save
from bot.worker import Parcel, Upload

SMALL = "--width 256 --height 256"


@pytest.fixture(autouse=True)
def _shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """An empty folder, with no settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging, "lastResort", None)  # the tests' own handlers take what is logged
    for name in ("DATA", "TOKEN", "BACKENDS", "DATABASE_URL"):
        monkeypatch.delenv(f"LIENZO_{name}", raising=False)


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.__main__.user_locale", lambda: "es-ES")


def files(folder: Path) -> dict[str, tuple[str | None, tuple[int, int]]]:
    found: dict[str, tuple[str | None, tuple[int, int]]] = {}
    for path in folder.iterdir():
        with Pillow.open(path) as picture:
            picture.load()
            found[path.name] = picture.format, picture.size
    return found


def test_a_grid_is_saved_as_its_name_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imagine", f"a lighthouse {SMALL} --seed 3", "-o", "grid.png"]) == 0
    assert files(tmp_path) == {"grid.png": ("PNG", (512, 512))}  # and nothing else is left there
    out, error = capsys.readouterr()
    assert out == "Saved grid.png\n"
    assert "a lighthouse" in error  # the bar, and the painter's notes


@pytest.mark.parametrize(("name", "kind"), [("one.jpg", "JPEG"), ("one.WEBP", "WEBP"), ("one.png", "PNG")])
def test_a_single_picture(tmp_path: Path, name: str, kind: str) -> None:
    assert main(["imagine", f"a lighthouse {SMALL} --n 1", "-o", str(tmp_path / name)]) == 0
    assert files(tmp_path) == {name: (kind, (256, 256))}


def test_several_jobs_make_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imagine", f"a {{red, blue}} fox --n 1 {SMALL}", "-o", "fox.png"]) == 0
    assert set(files(tmp_path)) == {"fox.png", "fox-2.png"}
    assert (tmp_path / "fox.png").read_bytes() != (tmp_path / "fox-2.png").read_bytes()
    assert capsys.readouterr().out.splitlines() == ["Saved fox.png", "Saved fox-2.png"]


def test_what_looks_like_markup_is_only_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imagine", f"a [red] fox [/nope] --n 1 {SMALL}", "-o", "fox.png"]) == 0
    assert "[red] fox [/nope]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a cat --ar"], "`--ar` needs a value: two whole numbers such as `16:9`."),
        (["a cat --backend nobody"], "There is no `nobody` backend here. There are: painter."),
        (["a cat", "-o", "cat.doc"], "cat.doc names no kind of picture: end it with .png, .jpg, .jpeg, .webp."),
        (["a cat", "-o", "nowhere/cat.png"], "There is no folder nowhere."),
    ],
)
def test_trouble_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["imagine", *arguments]) == 1
    assert capsys.readouterr() == ("", f"{sentence}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("spanish")
def test_it_speaks_the_shells_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imagine", "un gato", "-o", "nada/gato.png"]) == 1
    assert capsys.readouterr() == ("", "No existe la carpeta nada.\n")
    assert main(["imagine", f"un gato {SMALL} --n 1", "-o", "gato.png"]) == 0
    out, error = capsys.readouterr()
    assert out.strip().endswith("gato.png")
    assert "Saved" not in out
    assert "procedural art" not in error


def test_a_refused_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LIENZO_BACKENDS", "dall-f")
    assert main(["imagine", "a cat"]) == 1
    assert "`LIENZO_BACKENDS` names `dall-f`" in capsys.readouterr().err


def test_what_is_transparent_can_be_a_jpeg(tmp_path: Path) -> None:
    source, target = tmp_path / "glass.png", tmp_path / "glass.jpg"
    Pillow.new("RGBA", (8, 8), (255, 0, 0, 0)).save(source)
    save(source, target)
    with Pillow.open(target) as picture:
        assert (picture.format, picture.getpixel((4, 4))) == ("JPEG", (255, 255, 255))


def test_the_same_kind_is_copied_as_it_is(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.PNG"
    Pillow.new("RGB", (8, 8), "red").save(source, compress_level=0)
    save(source, target)
    assert target.read_bytes() == source.read_bytes()


async def test_it_waits_for_the_last_of_several_jobs_whatever_becomes_of_them(tmp_path: Path) -> None:
    source = tmp_path / "made.png"
    Pillow.new("RGB", (8, 8), "red").save(source)
    console = Console(file=io.StringIO())
    terminal = Terminal(Progress(console=console), tmp_path / "cat.png", console, expected=3)
    job = Job(id="a", action=Action.IMAGINE, user_id=0, user_name="me", backend="x", place=Place(channel_id=0))
    assert await terminal.deliver(job, Parcel((Upload(source, "made.png", "a cat"),), notes=(T("[/odd] note"),)))
    await terminal.failed(job.evolve(id="b"), T("No more paint."), T("Trouble"))
    assert not terminal.done.is_set()
    await terminal.cancelled(job.evolve(id="c"))
    assert terminal.done.is_set()
    assert (terminal.saved, str(terminal.trouble)) == ([tmp_path / "cat.png"], "No more paint.")
