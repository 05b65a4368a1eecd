"""Before and after: a picture sheet for each thing that can be done to a picture, painted by the painter, and the page that shows them.

`python -m tests.meta.sheets` writes docs/sheets/*.jpg and docs/actions.md. The same code paints the same pictures.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from bot import actions
from bot.backends.base import Generated, InputImage, Role
from bot.backends.painter import Painter
from bot.imaging import Imaging
from bot.jobs import Action, Image, ImageKind, Job, Place
from bot.prompt import Prompt, parse

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "sheets"
PAGE = ROOT / "docs" / "actions.md"
SEED = 7  # of the pictures before
HEIGHT = 440  # of a picture on a sheet, in pixels
WIDEST = 1500  # of a sheet
GAP, LABEL = 14, 34
MAX_BYTES = 150 * 1024
PAPER, INK, MARK = (250, 249, 246), (52, 50, 48), (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One action on the pictures of some prompts. `marked` shows on the result where the picture before lies."""

    name: str
    title: str
    says: str
    before: tuple[str, ...]
    action: Action
    labels: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    words: str = ""  # the prompt of the action, where it is not that of the picture
    seed: int = 11
    marked: bool = False


LIGHTHOUSE = "a lighthouse on a cliff by the sea at sunset"
CASTLE = "a castle by a lake in the mountains, golden hour"
FOX = "a red fox in a snowy forest, dusk"
BALLOON = "a hot air balloon over a meadow, morning"
SHIP = "a ship on the open sea at sunset"
VILLAGE = "a village in the hills, autumn, impressionist --ar 3:2"


def _pan(direction: str, label: str, prompt: str, seed: int) -> Sheet:
    says = f"Half a picture more towards {label}; the other three edges stay where they are."
    return Sheet(
        name=f"pan-{direction}", title=f"Pan {direction}", says=says, before=(prompt,), action=Action.PAN,
        labels=("Before", f"Pan {direction}"), details={"direction": direction}, seed=seed, marked=True,
    )  # fmt: skip


SHEETS = (
    Sheet(
        name="zoom-2x", title="Zoom Out 2x", before=(LIGHTHOUSE,), action=Action.ZOOM, labels=("Before", "Zoom Out 2x"),
        says="The canvas becomes twice as wide and twice as high; the picture on it keeps every one of its pixels.",
        details={"factor": 2.0}, marked=True,
    ),
    Sheet(
        name="zoom-1.5x", title="Zoom Out 1.5x", before=(FOX,), action=Action.ZOOM, labels=("Before", "Zoom Out 1.5x"),
        says="A smaller step back, of half the picture's size.", details={"factor": 1.5}, marked=True,
    ),
    _pan("left", "the left", CASTLE, 3), _pan("right", "the right", CASTLE, 5), _pan("up", "the sky", BALLOON, 7),
    _pan("down", "the ground", SHIP, 9),
    Sheet(
        name="square", title="Make Square", before=(VILLAGE,), action=Action.SQUARE, labels=("Before", "Make Square"),
        says="What is missing above and below, or at the sides, is painted on.", marked=True,
    ),
    Sheet(
        name="region", title="Vary (Region)", before=(CASTLE,), action=Action.REGION, labels=("Before", "“a dragon”, upper left"),
        says="Only the chosen areas are painted anew, by the words of the prompt.", details={"cells": [0, 1]},
        words=f"a dragon, {CASTLE}",
    ),
    Sheet(
        name="vary-subtle", title="Vary (Subtle)", before=(LIGHTHOUSE,), action=Action.VARY_SUBTLE, labels=("Before", "Vary (Subtle)"),
        says="The same picture, in other strokes and with other details.",
    ),
    Sheet(
        name="vary-strong", title="Vary (Strong)", before=(LIGHTHOUSE,), action=Action.VARY_STRONG, labels=("Before", "Vary (Strong)"),
        says="The same idea, composed anew.",
    ),
    Sheet(
        name="blend", title="Blend", before=(FOX, "a castle on the moon, watercolour"), action=Action.BLEND,
        labels=("First", "Second", "Blend"), says="One picture out of two to five.",
    ),
    Sheet(
        name="edit", title="Edit", before=(CASTLE,), action=Action.EDIT, labels=("Before", "“make it night and add two boats”"),
        says="An instruction in plain words; what it does not name stays.", details={"instruction": "make it night and add two boats"},
    ),
    Sheet(
        name="upscale", title="Upscale", before=(FOX,), action=Action.UPSCALE_SUBTLE,
        labels=("Before, a detail", "Upscale (Subtle), the same"),
        says="Twice as many pixels a side, with finer edges.",
    ),
)  # fmt: skip


class Studio:
    """Makes the sheets' pictures, as the bot does."""

    def __init__(self, painter: Painter, imaging: Imaging, folder: Path) -> None:
        self._painter, self._imaging, self._folder = painter, imaging, folder
        self._painted: dict[str, Generated] = {}

    def update(self, fraction: float, preview: Path | None = None) -> None:
        """Nobody watches."""

    def image(self, index: int, image: Generated) -> None:
        """Nobody waits."""

    async def original(self, prompt: str) -> Generated:
        """The picture of a prompt, painted once."""
        if prompt not in self._painted:
            self._painted[prompt], _ = await self._make(Action.IMAGINE, prompt, SEED)
        return self._painted[prompt]

    async def result(self, sheet: Sheet) -> tuple[Generated, actions.Plan]:
        parents = [await self.original(prompt) for prompt in sheet.before]
        return await self._make(sheet.action, sheet.words or sheet.before[0], sheet.seed, sheet.details, parents)

    async def _make(
        self,
        action: Action,
        text: str,
        seed: int,
        details: Mapping[str, Any] | None = None,
        parents: list[Generated] | None = None,
    ) -> tuple[Generated, actions.Plan]:
        blending = action is Action.BLEND
        job = Job(
            id="sheet", action=action, user_id=1, user_name="", backend=self._painter.name, place=Place(channel_id=1), seed=seed,
            details=details or {},
        )  # fmt: skip
        prompt = Prompt() if blending else parse(text).prompt
        role = Role.PROMPT if blending else Role.INITIAL
        images = [InputImage(path=parent.path, role=role, memo=parent.memo) for parent in parents or ()]
        source = await self._source(images[0].path) if images and not blending else None
        roles = [Role.PROMPT] * len(images) if blending else []
        plan = actions.plan(job, prompt, await self._painter.capabilities(), source, roles)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        request = await actions.realise(plan, job, prompt, images, self._imaging, folder)
        request = replace(request, seeds=request.seeds[:1])
        made = await self._painter.collect(request, await self._painter.submit(request), self)
        return made.images[0], plan

    async def _source(self, path: Path) -> Image:
        info = await self._imaging.sniff(path)
        return Image(
            job_id="sheet",
            kind=ImageKind.OUTPUT,
            index=0,
            key="",
            media_type=info.media_type,
            width=info.width,
            height=info.height,
            size=0,
        )


def composed(sheet: Sheet, before: list[Path], after: Path, plan: actions.Plan) -> Pictures.Image:
    """The sheet: pictures side by side at one height, a label under each."""
    pictures = [_opened(path) for path in (*before, after)]
    if sheet.action in actions.UPSCALE_STRENGTHS:
        pictures = [_detail(picture) for picture in pictures]
    sizes = [(round(p.width * HEIGHT / p.height), HEIGHT) for p in pictures]
    total = sum(width for width, _ in sizes) + GAP * (len(sizes) + 1)
    scale = min(1.0, WIDEST / total)
    sizes = [(round(width * scale), round(height * scale)) for width, height in sizes]
    sheet_size = sum(width for width, _ in sizes) + GAP * (len(sizes) + 1), sizes[0][1] + GAP + LABEL
    whole, left = Pictures.new("RGB", sheet_size, PAPER), GAP
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(17)
    for picture, size, label in zip(pictures, sizes, sheet.labels, strict=True):
        whole.paste(picture.resize(size, Pictures.Resampling.LANCZOS), (left, GAP))
        if sheet.marked and picture is pictures[-1]:
            _mark(draw, plan, left, size)
        draw.text((left + size[0] / 2, GAP + size[1] + LABEL / 2), label, INK, font, anchor="mm")
        left += size[0] + GAP
    return whole


def _opened(path: Path) -> Pictures.Image:
    with Pictures.open(path) as image:
        return image.convert("RGB")


def _detail(picture: Pictures.Image) -> Pictures.Image:
    """The same small part of a picture, whatever its size."""
    w, h = picture.size
    return picture.crop((round(w * 0.54), round(h * 0.6), round(w * 0.66), round(h * 0.72)))


def _mark(draw: ImageDraw.ImageDraw, plan: actions.Plan, left: int, size: tuple[int, int]) -> None:
    """Corners where the picture before lies."""
    if plan.frame is None:
        return
    scale, frame, arm = size[0] / plan.width, plan.frame, 13
    x0, y0 = left + frame.left * scale, GAP + frame.top * scale
    x1, y1 = x0 + frame.width * scale - 2, y0 + frame.height * scale - 2
    for x, dx in ((x0, arm), (x1, -arm)):
        for y, dy in ((y0, arm), (y1, -arm)):
            draw.line([(x + dx, y), (x, y), (x, y + dy)], MARK, 2)


def save(picture: Pictures.Image, path: Path) -> None:
    """As a JPEG that is no larger than a page wants it to be."""
    for quality in (88, 82, 75, 66):
        picture.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= MAX_BYTES:
            return


def page() -> str:
    """docs/actions.md."""
    lines = [
        "# What can be done to a picture",
        "",
        "Each of these is a button under a result, or a command. The pictures are by the painter, which comes with Lienzo and needs no",
        "key; the corners show where the picture before lies on the new one, its pixels unchanged. `python -m tests.meta.sheets` paints",
        "them again.",
    ]
    for sheet in SHEETS:
        prompts = " and ".join(f"`{prompt}`" for prompt in sheet.before)
        lines += [
            "",
            f"## {sheet.title}",
            "",
            sheet.says,
            "",
            f"![{sheet.title}: before and after](sheets/{sheet.name}.jpg)",
            "",
        ]
        lines.append(f"From {prompts}.")
    return "\n".join(lines) + "\n"


async def paint(target: Path = FOLDER, sheets: tuple[Sheet, ...] = SHEETS) -> None:
    """Paints the sheets into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    painter = Painter()
    try:
        with tempfile.TemporaryDirectory() as name:
            async with Imaging() as imaging:
                studio = Studio(painter, imaging, Path(name))
                for sheet in sheets:
                    before = [(await studio.original(prompt)).path for prompt in sheet.before]
                    after, plan = await studio.result(sheet)
                    save(composed(sheet, before, after.path, plan), target / f"{sheet.name}.jpg")
    finally:
        await painter.close()


def main() -> None:
    asyncio.run(paint())
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
