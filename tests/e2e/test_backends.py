"""Every generator that has a server through the whole bot, on a Discord on the wire and a provider on the wire."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import application
from bot.backends.base import Operation
from bot.catalog import Catalog
from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.backends.contract import Rig, rigs
from tests.backends.doubles.server import Double, Mischief
from tests.e2e.conftest import ready, settings_for
from tests.e2e.people import Message, grid, imagine, picture, result

PROMPT = "a lighthouse at dusk --width 256 --height 256"


@dataclass(frozen=True, slots=True)
class Served:
    """A bot at work with one rig's backend."""

    rig: Rig
    double: Double


@asynccontextmanager
async def bot(rig: Rig, playground: Playground, folder: Path) -> AsyncGenerator[Served]:
    async with rig.double() as double:
        backend = rig.backend(double)
        settings = settings_for(playground, folder, backends=rig.name)
        async with application(settings, catalog=Catalog({rig.name: backend})) as app:
            serving = asyncio.create_task(app.serve())
            try:
                await ready(playground, serving)
                yield Served(rig, double)
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
    assert double.problems == []


REMOTE = [rig for rig in rigs() if rig.url_setting]


@pytest.fixture(params=REMOTE, ids=lambda rig: f"{rig.name}-{rig.variant}" if rig.variant else rig.name)
async def served(request: pytest.FixtureRequest, playground: Playground, tmp_path: Path) -> AsyncGenerator[Served]:
    rig: Rig = request.param
    if rig.absent:
        pytest.skip(rig.absent)
    async with bot(rig, playground, tmp_path) as made:
        yield made


async def test_a_prompt_a_picture_and_a_variation(served: Served, ben: Person) -> None:
    first = await imagine(ben, PROMPT)
    assert labels(first)[:4] == ["U1", "U2", "U3", "U4"]
    whole = await picture(ben, first)

    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("#2"))
    assert (await picture(ben, single)).size == (whole.width // 2, whole.height // 2)

    await ben.click(first, "V3")
    varied = await ben.wait("#studio", grid("a lighthouse at dusk", after=single))
    assert varied["attachments"]


async def test_a_zoom(served: Served, ben: Person) -> None:
    if not {Operation.INPAINT, Operation.OUTPAINT} & served.rig.operations:
        pytest.skip(f"{served.rig.name} can't extend a picture")
    first = await imagine(ben, PROMPT)
    await ben.click(first, "U1")
    single = await ben.wait("#studio", result("#1"))
    await ben.click(single, "Zoom Out 2x")
    zoomed = await ben.wait("#studio", lambda m: grid("a lighthouse")(m) and "Zoom Out by" in m["content"])
    assert max((await picture(ben, zoomed)).size) >= max((await picture(ben, first)).size)


async def test_a_refusal_is_read_in_words(served: Served, ben: Person) -> None:
    if Mischief.REFUSED in served.rig.cannot:
        pytest.skip(served.rig.cannot[Mischief.REFUSED])
    served.double.mischief = Mischief.REFUSED
    await ben.slash("imagine", "#studio", prompt=PROMPT)

    def told(message: Message) -> bool:
        return any("refused" in str(embed).lower() for embed in message["embeds"])

    assert await ben.wait("#studio", told)
