"""The picture sheets of the documents: there, small enough, and what the page says."""

from pathlib import Path

import pytest
from PIL import Image

from bot.jobs import Action
from tests.meta import sheets


def test_the_page_is_what_the_code_writes() -> None:
    assert sheets.PAGE.read_text("utf-8") == sheets.page(), "run: python -m tests.meta.sheets"


@pytest.mark.parametrize("sheet", sheets.SHEETS, ids=lambda sheet: sheet.name)
def test_every_sheet_is_there_and_small_enough(sheet: sheets.Sheet) -> None:
    path = sheets.FOLDER / f"{sheet.name}.jpg"
    assert path.stat().st_size <= sheets.MAX_BYTES
    with Image.open(path) as image:
        assert image.width <= sheets.WIDEST
        assert image.height > 250
    assert len(sheet.labels) == len(sheet.before) + 1


def test_no_sheet_is_left_over() -> None:
    assert {path.stem for path in sheets.FOLDER.iterdir()} == {sheet.name for sheet in sheets.SHEETS}


async def test_a_sheet_is_painted(tmp_path: Path) -> None:
    small = sheets.Sheet(
        name="small", title="", says="", before=("a boat --width 128 --height 128",), action=Action.ZOOM, labels=("a", "b"),
        details={"factor": 2.0}, marked=True,
    )  # fmt: skip
    await sheets.paint(tmp_path, (small,))
    once = (tmp_path / "small.jpg").read_bytes()
    await sheets.paint(tmp_path, (small,))
    assert (tmp_path / "small.jpg").read_bytes() == once
    with Image.open(tmp_path / "small.jpg") as image:
        assert image.width == 2 * sheets.HEIGHT + 3 * sheets.GAP
