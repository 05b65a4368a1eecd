"""Vary (Region): a part of a picture is chosen, shown, and then painted anew."""

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.actions import SEEDS
from bot.actions import region as mask_of
from bot.backends.base import Role
from bot.errors import NotFound, UserError
from bot.i18n import T
from bot.imaging import Size
from bot.jobs import Action, Job, Place, new_job_id
from bot.studio.desk import Attachment, Caller
from bot.studio.making import Making

CELLS = 9


class Regions(Making):
    """The part of the studio that is about parts of pictures."""

    @asynccontextmanager
    async def outline(
        self, caller: Caller, job_id: str, tile: int, cells: Sequence[int], drawn: Attachment | None = None
    ) -> AsyncGenerator[tuple[Path, dict[str, Any]]]:
        """A region before it is bought: its picture with the region marked, for the time of the context, and what `region` wants to know.

        `cells` are of a 3 × 3 board, row by row from 0; a mask that was `drawn` goes before them. Raises `UserError`.
        """
        async with self._folder("region") as folder:
            yield await self._outlined(caller, job_id, tile, cells, drawn, folder)

    async def _outlined(
        self, caller: Caller, job_id: str, tile: int, cells: Sequence[int], drawn: Attachment | None, folder: Path
    ) -> tuple[Path, dict[str, Any]]:
        parent = await self.result(job_id)
        self._check_clicks(caller, parent)
        outputs = await self.pictures(job_id)
        if not 1 <= tile <= len(outputs):
            raise NotFound
        picture = outputs[tile - 1]
        details: dict[str, Any] = {"job": job_id, "tile": tile}
        path = None
        if drawn is not None:
            path = await self._fetcher.fetch(drawn.url, folder)
            details["mask"] = f"drafts/{new_job_id()}{path.suffix}"
        elif cells and all(0 <= cell < CELLS for cell in cells):
            details["cells"] = sorted(set(cells))
        else:
            raise UserError(T("Choose at least one of the nine areas, or give a mask."))
        mask, shown = folder / "mask.png", folder / "region.jpg"
        await mask_of(details, path, mask, Size(picture.width, picture.height), self._imaging)
        await self._imaging.marked(await self._objects.local(picture.key), mask, shown)
        if path is not None:
            await self._objects.put(details["mask"], path)
        return shown, details

    async def region(self, caller: Caller, draft_id: str, place: Place) -> Job:
        """Starts the region that was shown. Raises `UserError`."""
        draft = await self.draft(draft_id)
        if draft is None or draft.user_id != caller.user_id or not {"cells", "mask"} & draft.details.keys():
            raise NotFound(T("That region is no longer kept. Please choose it again."))
        given = draft.details
        parent = await self.result(str(given["job"]))
        self._check_clicks(caller, parent)
        await self.remember(caller)
        prompt = self._rewritten(caller, parent, draft.text)
        job = self._new(caller, Action.REGION, self._maker(parent, prompt, draft.text), prompt, place).evolve(
            parent_id=parent.id,
            tile=int(given["tile"]),
            model=parent.model,
            seed=random.randrange(SEEDS),
            details={"cells": given["cells"]} if "cells" in given else {},
        )
        images = await self._inherited(parent, job, prompt)
        if "mask" in given:
            if not await self._objects.exists(str(given["mask"])):
                raise NotFound(T("That region is no longer kept. Please choose it again."))
            path = await self._objects.local(str(given["mask"]))
            images.append(await self._input(job, len(images), path, Role.MASK))
        return (await self._submit([job], images, draft_id))[0]
