"""The buttons under a single picture, one by one: what the generator is asked, and what the result says that it is."""

import pytest

from bot.backends.base import Operation
from bot.playground import Person
from tests.e2e.clicking import after, single
from tests.e2e.people import grid, picture, result
from tests.scripted import Scripted

running = pytest.mark.usefixtures("app")


@running
@pytest.mark.parametrize(
    ("button", "words", "place"),
    [
        pytest.param("➡️", "Pan Right by", (0.0, 0.5), marks=pytest.mark.shows("Pan")),
        pytest.param("⬅️", "Pan Left by", (1.0, 0.5), marks=pytest.mark.shows("Pan")),
        pytest.param("⬇️", "Pan Down by", (0.5, 0.0), marks=pytest.mark.shows("Pan")),
        pytest.param("⬆️", "Pan Up by", (0.5, 1.0), marks=pytest.mark.shows("Pan")),
        pytest.param("Zoom Out 2x", "Zoom Out by", (0.5, 0.5), marks=pytest.mark.shows("Zoom Out")),
        pytest.param("Zoom Out 1.5x", "Zoom Out by", (0.5, 0.5), marks=pytest.mark.shows("Zoom Out")),
        pytest.param("Make Square", "Made square by", (0.5, 0.5), marks=pytest.mark.shows("Make Square")),
    ],
)
async def test_the_picture_lies_where_the_button_says(
    ben: Person, backend: Scripted, button: str, words: str, place: tuple[float, float]
) -> None:
    """`place` is how much of the new room is left of the picture and above it."""
    one = await single(ben, "a fox --ar 2:1")
    await ben.click(one, button)
    await ben.wait("#studio", after(one, lambda m: grid("a fox")(m) and words in m["content"]))
    request = backend.requests[-1]
    frame = request.frame
    assert request.operation is Operation.OUTPAINT
    assert frame is not None
    across, down = request.width - frame.width, request.height - frame.height
    assert across + down > 0
    assert frame.left == pytest.approx(across * place[0], abs=8)
    assert frame.top == pytest.approx(down * place[1], abs=8)
    if button == "Make Square":
        assert request.width == request.height


@running
@pytest.mark.shows("Upscale (Subtle, Creative)")
async def test_both_ways_to_make_it_larger(ben: Person, backend: Scripted) -> None:
    one = await single(ben, "a fox")
    before = (await picture(ben, one)).size
    for kind in ("Subtle", "Creative"):
        await ben.click(one, f"Upscale ({kind})")
        larger = await ben.wait("#studio", result(f"Upscaled ({kind}) by"))
        assert (await picture(ben, larger)).size == (before[0] * 2, before[1] * 2)
    subtle, creative = backend.requests[-2:]
    assert subtle.operation is creative.operation is Operation.UPSCALE
    assert subtle.strength < creative.strength


@running
@pytest.mark.shows("Vary (Subtle, Strong)", "🔄")
async def test_variations_and_the_same_again(ben: Person, backend: Scripted) -> None:
    one = await single(ben, "a fox")
    for kind in ("Subtle", "Strong"):
        await ben.click(one, f"Vary ({kind})")
        await ben.wait(
            "#studio", after(one, lambda m, kind=kind: grid()(m) and f"Variations ({kind}) by" in m["content"])
        )
    subtle, strong = backend.requests[-2:]
    assert subtle.operation is strong.operation is Operation.VARY
    assert subtle.strength < strong.strength
    await ben.click(one, "🔄")
    again = (await backend.running(4))[3]
    assert again.operation is Operation.GENERATE
    assert again.seeds != backend.requests[0].seeds
