"""The command line: `lienzo play`, `run`, `imagine` and `doctor`; `python -m bot` is the same."""

import argparse
import asyncio
import contextlib
import locale
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from bot import doctor, play, terminal
from bot.app import application
from bot.catalog import BACKENDS
from bot.config import Settings
from bot.errors import LienzoError

INTERRUPTED = 130  # as shells say it


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0, 1 for trouble that was told in a sentence, 130 when interrupted."""
    arguments = parser().parse_args(argv)
    try:
        return asyncio.run(_until_terminated(command(arguments)))
    except LienzoError as error:
        sys.stderr.write(error.text.in_language(user_locale()) + "\n")
        return 1
    except KeyboardInterrupt:  # where there are no handlers of ours
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lienzo", description="A self-hosted Midjourney for your Discord server.")
    commands = parser.add_subparsers(dest="command", required=True)
    playing = commands.add_parser("play", help="try the bot on this machine, without Discord")
    playing.add_argument("--backend", choices=sorted(BACKENDS), help="the generator to play with")
    playing.add_argument("--port", type=int, help=f"{play.PORT} unless that is taken; 0 for any that is free")
    playing.add_argument("--no-browser", action="store_true", help="only print the address")
    commands.add_parser("run", help="connect the bot to Discord")
    imagining = commands.add_parser("imagine", help="make pictures from the shell")
    imagining.add_argument("prompt", help="with the same parameters as /imagine")
    imagining.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("grid.png"),
        help="where to save; a grid of four, or one picture with --n 1",
    )
    imagining.add_argument("--backend", choices=sorted(BACKENDS), help="the generator to use")
    commands.add_parser("doctor", help="check the settings and everything around the bot")
    return parser


def command(arguments: argparse.Namespace) -> Coroutine[Any, Any, int]:
    match arguments.command:
        case "play":
            return play.play(
                backend=arguments.backend,
                port=arguments.port,
                browser=not arguments.no_browser,
                locale=user_locale(),
            )
        case "run":
            return run()
        case "imagine":
            return terminal.imagine(arguments.prompt, arguments.output, backend=arguments.backend, locale=user_locale())
        case _:
            return doctor.run(user_locale())


async def run() -> int:
    """Serves Discord until stopped."""
    settings = Settings.load()
    settings.require_discord()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "httpx"):  # httpx would log every address that is asked
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("discord.client").addFilter(lambda record: "voice will NOT" not in record.getMessage())
    async with application(settings) as app:
        await app.serve()
    return 0


async def _until_terminated(work: Coroutine[Any, Any, int]) -> int:
    """SIGTERM and Ctrl+C end the work, once however often they come, and with time to tidy up: what runs is left in the store, and goes on
    at the next start."""
    task = asyncio.ensure_future(work)
    status = 0

    def end(code: int) -> None:
        nonlocal status
        if not task.cancelling():
            status = code
            task.cancel()

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # no such handlers on Windows
        loop.add_signal_handler(signal.SIGTERM, end, 0)
        loop.add_signal_handler(signal.SIGINT, end, INTERRUPTED)
    try:
        return await task
    except asyncio.CancelledError:
        return status


def user_locale() -> str:
    """The shell's language as Discord would name it."""
    language = locale.getlocale()[0] or ""
    return "es-ES" if language.lower().startswith(("es", "spanish")) else "en-US"


if __name__ == "__main__":
    sys.exit(main())
