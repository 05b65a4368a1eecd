"""A model in the bot's own process through the whole bot: a grid, its buttons, a preview on the way, and cancelling in the middle."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.backends.contract import Rig, rigs
from tests.e2e.people import Message, grid, imagine, picture, result
from tests.e2e.test_backends import Served, bot

PROMPT = "a lighthouse at dusk"
SIZED = f"{PROMPT} --width 128 --height 128"


@pytest.fixture(params=[rig for rig in rigs() if rig.name == "diffusers"], ids=lambda rig: rig.variant)
async def served(request: pytest.FixtureRequest, playground: Playground, tmp_path: Path) -> AsyncGenerator[Served]:
    rig: Rig = request.param
    if rig.absent:
        pytest.skip(rig.absent)
    async with bot(rig, playground, tmp_path) as made:
        yield made


@pytest.mark.usefixtures("served")
async def test_a_grid_and_what_its_buttons_make_of_it(ben: Person) -> None:
    first = await imagine(ben, SIZED)
    assert labels(first)[:4] == ["U1", "U2", "U3", "U4"]
    assert (await picture(ben, first)).size == (256, 256)

    await ben.click(first, "V3")
    varied = await ben.wait("#studio", grid(PROMPT, after=first))
    assert (await picture(ben, varied)).size == (256, 256)

    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("#2"))
    assert (await picture(ben, single)).size == (128, 128)

    await ben.click(single, "Zoom Out 2x")
    assert await ben.wait("#studio", lambda m: grid(PROMPT)(m) and "Zoom Out by" in m["content"])


async def test_a_preview_and_the_end_of_it(served: Served, ben: Person) -> None:
    served.double.hold()
    interaction = await ben.slash("imagine", "#studio", prompt=SIZED)
    progress = await interaction.thinking()

    def previewed(message: Message) -> bool:
        return message["id"] == progress["id"] and "%" in message["content"] and bool(message["attachments"])

    shown = await ben.wait("#studio", previewed)
    assert (await picture(ben, shown)).size == (448, 448)
    assert labels(shown) == ["Cancel"]
    await ben.click(shown, "Cancel")
    await served.double.stopped()
    served.double.release()
    assert (await picture(ben, await imagine(ben, SIZED))).size == (256, 256)
