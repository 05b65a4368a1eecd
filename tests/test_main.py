"""The command line: which command runs, and with what status it ends."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as command_line
from bot.__main__ import main, parser, user_locale


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env`, and no settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LIENZO_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("arguments", [[], ["paint"], ["imagine"], ["play", "--port", "x"], ["play", "--backend", "x"]])
def test_what_is_no_command_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: lienzo" in capsys.readouterr().err


def test_every_command_has_a_word_of_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in ("play", "run", "imagine", "doctor"))


def test_the_defaults() -> None:
    playing = parser().parse_args(["play"])
    assert (playing.port, playing.no_browser, playing.backend) == (None, False, None)
    assert parser().parse_args(["imagine", "a cat"]).output == Path("grid.png")


@pytest.mark.usefixtures("nowhere")
def test_run_needs_a_token_and_starts_nothing_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("`LIENZO_TOKEN` is missing")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("nowhere")
def test_run_needs_servers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LIENZO_TOKEN", "very.secret.token")
    assert main(["run"]) == 1
    error = capsys.readouterr().err
    assert "`LIENZO_GUILDS` is missing" in error
    assert "secret" not in error


@pytest.mark.usefixtures("nowhere")
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LIENZO_KEEP_DAYS", "-4")
    assert main(["run"]) == 1
    assert "LIENZO_KEEP_DAYS" in capsys.readouterr().err


def ending(how: Callable[[], None], tidied: list[str]) -> Callable[[object], Coroutine[Any, Any, int]]:
    """Work that ends by what is done to its process, and tidies up."""

    async def work(_: object) -> int:
        try:
            how()
            await asyncio.Event().wait()
        finally:
            tidied.append("up")
        return 7

    return work


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_in_order(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, status: int) -> None:
    tidied: list[str] = []
    monkeypatch.setattr(command_line, "command", ending(lambda: os.kill(os.getpid(), number), tidied))
    assert main(["run"]) == status
    assert tidied == ["up"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("es_ES", "es-ES"),
        ("es_MX", "es-ES"),
        ("Spanish_Spain", "es-ES"),
        ("en_GB", "en-US"),
        ("et_EE", "en-US"),
        (None, "en-US"),
    ],
)
def test_the_shells_language(monkeypatch: pytest.MonkeyPatch, name: str | None, expected: str) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: (name, "UTF-8"))
    assert user_locale() == expected
