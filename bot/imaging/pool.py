"""The imaging functions for the event loop: each runs on one of two threads. More would only wait for the same cores."""

import asyncio
import errno
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from bot.backends.base import Frame
from bot.errors import StorageFull
from bot.imaging import compose, frames, info, metadata, mixing
from bot.imaging.info import MAX_PIXELS, ImageInfo, Size

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def full_disk() -> Generator[None]:
    """Says StorageFull where the system says ENOSPC."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull from error
        raise


class Imaging:
    """Every method is the function of the same name, off the loop; see there for units and errors. A full disk is StorageFull.

    Used with `async with`, or closed.
    """

    def __init__(self, *, threads: int = 2, max_pixels: int = MAX_PIXELS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="imaging")
        self._max_pixels = max_pixels

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Waits for what runs, drops what waits."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with full_disk():
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *args, **kwargs))

    async def sniff(self, path: Path) -> ImageInfo:
        return await self._run(info.sniff, path, max_pixels=self._max_pixels)

    async def normalise(self, source: Path, target: Path, max_side: int) -> Size:
        return await self._run(compose.normalise, source, target, max_side, max_pixels=self._max_pixels)

    async def encode_tile(self, source: Path, target: Path) -> Size:
        return await self._run(compose.encode_tile, source, target)

    async def grid(self, tiles: Sequence[Path], sources: Sequence[Path], target: Path) -> Size:
        return await self._run(compose.grid, tiles, sources, target)

    async def cut(self, grid: Path, index: int, columns: int, rows: int, target: Path) -> Size:
        return await self._run(compose.cut, grid, index, columns, rows, target)

    async def preview(self, source: Path, target: Path, side: int = 256) -> Size:
        return await self._run(compose.preview, source, target, side)

    async def fit(self, source: Path, target: Path, limit_bytes: int) -> Path:
        return await self._run(compose.fit, source, target, limit_bytes)

    async def canvas(
        self, source: Path, target: Path, mask_target: Path, *, width: int, height: int, frame: Frame, feather: int = 0
    ) -> None:
        await self._run(
            frames.canvas, source, target, mask_target, width=width, height=height, frame=frame, feather=feather
        )

    async def region_mask(self, target: Path, size: Size, cells: Collection[int]) -> None:
        await self._run(frames.region_mask, target, size, cells)

    async def load_mask(self, source: Path, target: Path, size: Size) -> None:
        await self._run(frames.load_mask, source, target, size)

    async def mix(self, sources: Sequence[Path], target: Path, size: Size) -> None:
        await self._run(mixing.mix, sources, target, size)

    async def scaled(self, source: Path, target: Path, size: Size) -> None:
        await self._run(mixing.scaled, source, target, size)

    async def restore(self, picture: Path, original: Path, mask: Path, target: Path) -> None:
        await self._run(mixing.restore, picture, original, mask, target)

    async def soften(self, mask: Path, target: Path, radius: float) -> None:
        await self._run(mixing.soften, mask, target, radius)

    async def marked(self, picture: Path, mask: Path, target: Path) -> Size:
        return await self._run(mixing.marked, picture, mask, target)

    async def converted(self, source: Path, target: Path) -> None:
        await self._run(mixing.converted, source, target)

    async def annotate(self, source: Path, target: Path, info: Mapping[str, str]) -> None:
        await self._run(metadata.annotate, source, target, info)

    async def read_info(self, path: Path) -> dict[str, str]:
        return await self._run(metadata.read_info, path)
