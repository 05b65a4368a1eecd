"""`lienzo imagine`: the same jobs as on Discord, from a shell, with a progress bar in place of a message."""

import asyncio
import getpass
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image as Pillow
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot.app import application
from bot.config import Settings
from bot.errors import LienzoError, UserError
from bot.i18n import T, Text
from bot.imaging.compose import flatten
from bot.jobs import Job, MessageKind, Place, Position
from bot.studio import Caller
from bot.worker import Parcel

NOBODY = 0  # the user, the channel and the guild of a shell
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
QUALITY = 95  # of JPEG and WebP


@dataclass(slots=True)
class Terminal:
    """An outlet that draws a bar for each job and copies what is delivered to `output`."""

    progress_bar: Progress
    output: Path
    console: Console
    expected: int = 1
    done: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: Text | None = None
    saved: list[Path] = field(default_factory=list[Path])
    _bars: dict[str, TaskID] = field(default_factory=dict[str, TaskID])
    _ended: int = 0

    def waiting(self, job: Job, position: Position | None) -> None:
        self._bar(job)

    def progress(self, job: Job, fraction: float, preview: Path | None) -> None:
        self.progress_bar.update(self._bar(job), completed=fraction)

    async def deliver(self, job: Job, parcel: Parcel) -> bool:
        self.progress_bar.update(self._bar(job), completed=1.0)
        for upload in parcel.uploads:
            target = self._target()
            await asyncio.to_thread(save, upload.path, target)
            self.saved.append(target)
        for note in parcel.notes:
            self.console.print(note.in_language(job.place.locale), style="dim", markup=False)
        self._end()
        return True

    async def repost(self, job: Job, parcel: Parcel, kind: MessageKind, *, headline: Text | None = None) -> bool:
        return False  # nobody asks for one here

    async def failed(self, job: Job, error: Text, title: Text) -> None:
        self.trouble = error
        self._end()

    async def cancelled(self, job: Job) -> None:
        self._end()

    async def deleted(self, job: Job) -> None:
        """There is no message to remove."""

    def _bar(self, job: Job) -> TaskID:
        if job.id not in self._bars:
            self._bars[job.id] = self.progress_bar.add_task(job.prompt[:60], total=1.0)
        return self._bars[job.id]

    def _target(self) -> Path:
        """`grid.png`, then `grid-2.png` and so on for a prompt that makes several jobs."""
        number = len(self.saved) + 1
        return self.output if number == 1 else self.output.with_stem(f"{self.output.stem}-{number}")

    def _end(self) -> None:
        self._ended += 1
        if self._ended >= self.expected:
            self.done.set()


def save(source: Path, target: Path) -> None:
    """A copy; in the format that `target`'s suffix names, where that is another one."""
    if source.suffix.lower() == target.suffix.lower():
        shutil.copyfile(source, target)
        return
    with Pillow.open(source) as picture:
        opaque = target.suffix.lower() in (".jpg", ".jpeg")
        (flatten(picture) if opaque else picture).save(target, quality=QUALITY)


def check_output(output: Path) -> None:
    """Raises `UserError` where nothing could be saved, before anything is made."""
    if output.suffix.lower() not in SUFFIXES:
        raise UserError(
            T("{path} names no kind of picture: end it with {suffixes}.", path=output, suffixes=", ".join(SUFFIXES))
        )
    if not output.parent.is_dir():
        raise UserError(T("There is no folder {path}.", path=output.parent))


async def imagine(prompt: str, output: Path, *, backend: str | None, locale: str) -> int:
    """Makes the pictures and saves them; 0, or 1 with the reason on the error stream. Touches no running bot's data."""
    check_output(output)
    settings = Settings.load()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=console)
    with TemporaryDirectory(prefix="lienzo-") as folder:
        changes = {"data": Path(folder), "database_url": None, "images_url": None}
        changes |= {"backends": (backend,)} if backend else {}
        settings = settings.model_copy(update=changes)
        terminal = Terminal(bars, output, console)
        async with application(settings, outlet=lambda _store: terminal) as app:
            caller = Caller(
                user_id=NOBODY, user_name=getpass.getuser(), guild_id=None, channel_id=NOBODY, locale=locale
            )
            draft = app.studio.check(caller, prompt)
            terminal.expected = len(draft.prompts)
            with bars:
                await app.studio.imagine(caller, draft, Place(channel_id=NOBODY, locale=locale))
                await terminal.done.wait()
    for path in terminal.saved:
        sys.stdout.write(T("Saved {path}", path=path).in_language(locale) + "\n")
    if terminal.trouble is not None:
        raise LienzoError(terminal.trouble)
    return 0
