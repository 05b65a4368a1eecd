"""Lets go of old pictures, by age and by size, of what killed processes left in the work folder, of masks for which nobody came back,
and of the engine's old records."""

import asyncio
import logging
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Settings
from bot.engine import Engine
from bot.errors import LienzoError
from bot.jobs import FINISHED, now_ms
from bot.objects import Objects, ObjectsFailed
from bot.store import DatabaseFailed, Store

EVERY_SECONDS = 3600.0
DAY_MS = 86_400_000
GIB = 1 << 30
PRUNE_AT_ONCE = 500  # records
log = logging.getLogger(__name__)


async def sweep(settings: Settings, store: Store, objects: Objects, engine: Engine, now: int) -> int:
    """Deletes finished jobs' pictures beyond `keep_days` and `keep_gib`, oldest first. Returns how many. The jobs' rows stay.

    What the engine wrote down of jobs that ended more than a day ago goes too.
    """
    before = now - settings.keep_days * DAY_MS if settings.keep_days else None
    over = int(settings.keep_gib * GIB) if settings.keep_gib else None
    images = await store.expired(before_ms=before, over_bytes=over)
    keys = [image.key for image in images]
    await objects.delete(keys)
    await store.forget_images(keys)
    await objects.delete(await objects.old_drafts(datetime.fromtimestamp((now - DAY_MS) / 1000, UTC)))
    for folder in await asyncio.to_thread(_folders, settings.data / "work"):
        job = await store.job(folder.name)
        if job is None or job.status in FINISHED:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    while await engine.prune(now - DAY_MS, limit=PRUNE_AT_ONCE) == PRUNE_AT_ONCE:
        pass
    return len(keys)


async def run(settings: Settings, store: Store, objects: Objects, engine: Engine) -> None:
    """Sweeps now and every hour, until cancelled. Trouble is written down, and tried again the next time."""
    while True:
        try:
            deleted = await sweep(settings, store, objects, engine, now_ms())
            if deleted:
                log.info("let go of %d old pictures", deleted)
        except (LienzoError, DatabaseFailed, ObjectsFailed, OSError):
            log.exception("could not let go of old pictures; it will be tried again")
        await asyncio.sleep(EVERY_SECONDS)


def _folders(work: Path) -> list[Path]:
    """What has lain in the work folder for an hour or more: younger ones may be in use."""
    if not work.is_dir():
        return []
    oldest = time.time() - EVERY_SECONDS
    return [path for path in work.iterdir() if path.is_dir() and path.stat().st_mtime < oldest]
