"""Stability AI: which service is asked for what, in which fields; sizes, seeds, prices; and the upscaler that answers later."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Edit, Frame, InputImage, Operation, Part, Request, Result, Role
from bot.backends.stability import Stability, StabilitySettings
from bot.backends.stability.pictures import MAX_BYTES, within
from bot.backends.stability.services import ASPECTS, MEGAPIXEL, Limits, nearest, shape
from bot.errors import BackendBroken, BackendRefused, BackendRejected, BackendTimeout, ConfigError
from bot.imaging import Size
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.server import Mischief
from tests.backends.doubles.stability import RANDOM_SEED, Bought, StabilityDouble, backend


@pytest.fixture
async def double() -> AsyncGenerator[StabilityDouble]:
    async with StabilityDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(double: StabilityDouble) -> AsyncGenerator[Backend]:
    made = backend(double)
    yield made
    await made.close()


async def wanted(backend: Backend, folder: Path, operation: Operation, **changes: Any) -> Request:
    return request_for(operation, await backend.capabilities(), folder, **changes)


async def made(backend: Backend, folder: Path, operation: Operation = Operation.GENERATE, **changes: Any) -> Result:
    return await run(backend, await wanted(backend, folder, operation, **changes))


def given_picture(folder: Path, size: tuple[int, int], suffix: str = ".png") -> tuple[InputImage, ...]:
    path = folder / f"given{suffix}"
    Image.new("RGB", size, "teal").save(path)
    return (InputImage(path=path, role=Role.INITIAL),)


def only(double: StabilityDouble) -> Bought:
    (bought,) = double.bought
    return bought


# Which service


@pytest.mark.parametrize(
    ("operation", "changes", "service"),
    [
        (Operation.GENERATE, {}, "generate/core"),
        (Operation.GENERATE, {"model": "ultra"}, "generate/ultra"),
        (Operation.GENERATE, {"model": "sd3.5-flash"}, "generate/sd3"),
        (Operation.VARY, {}, "generate/sd3"),
        (Operation.VARY, {"model": "ultra"}, "generate/ultra"),
        (Operation.INPAINT, {}, "edit/inpaint"),
        (Operation.OUTPAINT, {}, "edit/outpaint"),
        (Operation.UPSCALE, {"strength": 0.2}, "upscale/fast"),
        (Operation.UPSCALE, {"strength": 0.5}, "upscale/creative"),
        (Operation.EDIT, {"edit": Edit.REPLACE}, "edit/search-and-replace"),
        (Operation.EDIT, {"edit": Edit.REMOVE_BACKGROUND}, "edit/remove-background"),
        (Operation.EDIT, {"edit": Edit.RESTYLE}, "control/structure"),
    ],
)
async def test_each_kind_of_work_goes_to_its_service(
    double: StabilityDouble, here: Backend, tmp_path: Path, operation: Operation, changes: dict[str, Any], service: str
) -> None:
    await made(here, tmp_path, operation, seeds=(7,), **changes)
    assert only(double).service == service


@pytest.mark.parametrize("upscaler", ["fast", "conservative", "creative"])
async def test_the_operator_chooses_the_upscaler(double: StabilityDouble, tmp_path: Path, upscaler: str) -> None:
    chosen = backend(double, upscale_subtle=upscaler, upscale_creative=upscaler)
    for strength in (0.2, 0.5):
        await made(chosen, tmp_path, Operation.UPSCALE, strength=strength, parts=())
    assert (await chosen.capabilities()).resumable is (upscaler == "creative")
    await chosen.close()
    assert [one.service for one in double.bought] == [f"upscale/{upscaler}"] * 2
    assert [one.texts.get("creativity") for one in double.bought] == (
        ["0.2", "0.5"] if upscaler == "conservative" else [None, None]
    )


async def test_a_variation_has_no_shape_of_its_own(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.VARY, seeds=(7,), strength=0.35)
    texts = only(double).texts
    assert (texts["mode"], texts["model"], texts["strength"]) == ("image-to-image", "sd3.5-large", "0.35")
    assert "aspect_ratio" not in texts
    assert result.model == "sd3.5-large"


async def test_a_reference_is_not_worked_on(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    images = (InputImage(path=given_picture(tmp_path, (128, 128))[0].path, role=Role.STYLE),)
    await made(here, tmp_path, seeds=(7,), images=images)
    assert only(double) == Bought("generate/core", only(double).texts, None)


async def test_words_and_parameters_reach_the_service(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    parts = (Part("a cat", 2), Part("snow", 1), Part("rain", -0.5))
    parameters = {"style": "Neon-Punk", "cfg": 30.0}
    await made(here, tmp_path, parts=parts, negative=("text",), parameters=parameters, seeds=(7,))
    assert only(double).texts == {
        "prompt": "a cat (snow:0.5)",
        "negative_prompt": "text, rain",
        "aspect_ratio": "1:1",
        "seed": "7",
        "style_preset": "neon-punk",
        "output_format": "png",
    }
    await made(here, tmp_path, parts=parts, parameters=parameters, seeds=(7,), model="sd3.5-large")
    texts = double.bought[1].texts
    assert (texts["prompt"], texts["cfg_scale"]) == ("a cat snow", "10")  # this one knows no weights


async def test_an_unknown_style_is_named(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, parameters={"style": "cubist"})
    assert "style_preset" not in double.bought[0].texts
    assert any("cubist" in str(note) for note in result.notes)


@pytest.mark.parametrize("operation", [Operation.INPAINT, Operation.VARY])
async def test_a_picture_without_words_is_given_some(
    double: StabilityDouble, here: Backend, tmp_path: Path, operation: Operation
) -> None:
    await made(here, tmp_path, operation, parts=(), seeds=(7,))
    assert only(double).texts["prompt"]


# Seeds and sizes


@pytest.mark.parametrize("seed", [0, 4294967295])
async def test_a_seed_that_it_does_not_have_is_a_random_one(
    double: StabilityDouble, here: Backend, tmp_path: Path, seed: int
) -> None:
    result = await made(here, tmp_path, seeds=(seed,))
    assert only(double).texts["seed"] == "0"
    assert result.images[0].seed == RANDOM_SEED


async def test_what_has_no_seed_says_none(here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.EDIT, edit=Edit.REMOVE_BACKGROUND)
    assert result.images[0].seed is None


@given(st.integers(64, 4096), st.integers(64, 4096))
def test_the_nearest_shape(width: int, height: int) -> None:
    def away(aspect: str) -> float:
        return max(width / height / shape(aspect), shape(aspect) * height / width)

    assert away(nearest(width, height)) == pytest.approx(min(away(aspect) for aspect in ASPECTS))


async def test_a_shape_that_it_has_needs_no_word(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, width=1344, height=768)
    assert {one.texts["aspect_ratio"] for one in double.bought} == {"16:9"}
    assert result.notes == ()


@pytest.mark.parametrize(
    "changes", [{"width": 2048, "height": 512}, {"width": 256, "height": 256, "parameters": {"width": 256}}]
)
async def test_a_size_that_it_has_not_is_told(here: Backend, tmp_path: Path, changes: dict[str, Any]) -> None:
    result = await made(here, tmp_path, **changes)
    width, height = infos(result)[0].size
    assert any(f"{width} × {height}" in str(note) for note in result.notes)


async def test_an_upscale_tells_its_size(here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.UPSCALE, strength=0.2)
    assert infos(result)[0].size == (512, 512)
    assert "512 × 512" in str(result.notes[0])


async def test_the_canvas_grows_by_the_margins(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    """The picture lies smaller on it than it is: it is made smaller first."""
    images = given_picture(tmp_path, (512, 256))
    frame = Frame(0, 64, 256, 128)
    result = await made(
        here, tmp_path, Operation.OUTPAINT, images=images, frame=frame, width=384, height=256, seeds=(7,)
    )
    texts = only(double).texts
    assert only(double).size == (256, 128)
    assert {side: texts.get(side) for side in ("left", "right", "up", "down")} == {
        "left": None,
        "right": "128",
        "up": "64",
        "down": "64",
    }
    assert infos(result)[0].size == (384, 256)
    assert result.notes == ()


async def test_what_is_too_large_for_a_service_is_made_smaller(
    double: StabilityDouble, here: Backend, tmp_path: Path
) -> None:
    await made(here, tmp_path, Operation.UPSCALE, strength=0.2, images=given_picture(tmp_path, (2048, 512)))
    assert only(double).size == (1536, 384)


async def test_what_no_service_reads_is_sent_as_something_else(
    double: StabilityDouble, here: Backend, tmp_path: Path
) -> None:
    images = given_picture(tmp_path, (128, 96), ".gif")
    await made(here, tmp_path, Operation.VARY, images=images, seeds=(7,))
    assert only(double).size == (128, 96)


async def test_a_heavy_picture_becomes_a_light_one(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1800, 1800, 3), dtype=np.uint8)
    path = tmp_path / "noise.png"
    Image.fromarray(noise).save(path, compress_level=1)
    assert path.stat().st_size > MAX_BYTES
    await made(here, tmp_path, Operation.VARY, images=(InputImage(path=path, role=Role.INITIAL),), seeds=(7,))
    assert only(double).size == (1800, 1800)


async def test_a_picture_that_is_too_long_is_not_sent(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    with pytest.raises(BackendRejected, match=r"2\.5 times"):
        await made(here, tmp_path, Operation.EDIT, edit=Edit.REPLACE, images=given_picture(tmp_path, (640, 128)))
    assert double.bought == []


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_a_size_within_limits(width: int, height: int) -> None:
    size = within(Size(width, height), Limits(pixels=MEGAPIXEL, side=1536))
    assert min(size) >= 64
    if max(width, height) <= 16 * min(width, height):
        assert size.width * size.height <= MEGAPIXEL
        assert max(size) <= 1536
        assert size.width * height == pytest.approx(size.height * width, rel=0.05)


# What it says no to


async def test_a_blurred_picture_is_refused_and_paid_for(
    double: StabilityDouble, here: Backend, tmp_path: Path
) -> None:
    double.blurring = 1
    result = await made(here, tmp_path)
    assert len(result.images) == 1
    assert "rules" in str(result.notes[0])
    assert result.cost_usd == pytest.approx(0.06)


async def test_where_all_are_blurred_there_is_nothing_to_show(
    double: StabilityDouble, here: Backend, tmp_path: Path
) -> None:
    double.blurring = 2
    with pytest.raises(BackendRefused):
        await made(here, tmp_path)


async def test_what_did_not_come_costs_nothing(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    double.mischief = Mischief.FEWER
    result = await made(here, tmp_path)
    assert (len(result.images), result.cost_usd) == (1, pytest.approx(0.03))
    assert "did not come" in str(result.notes[0])


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (422, "public_figure", BackendRefused),
        (422, "invalid_language", BackendRejected),
        (413, "payload_too_large", BackendRejected),
        (402, "payment_required", BackendRejected),
    ],
)
def test_each_no_is_read_as_what_it_is(here: Backend, status: int, name: str, kind: type[Exception]) -> None:
    assert isinstance(here, Stability)
    error = here._web.failure(status, {"id": "1", "name": name, "errors": ["this is why"]})  # pyright: ignore[reportPrivateUsage]
    assert isinstance(error, kind)
    assert "this is why" in str(error)


async def test_a_model_that_is_not_known_has_no_price(double: StabilityDouble, here: Backend, tmp_path: Path) -> None:
    request = await wanted(here, tmp_path, Operation.GENERATE, model="sd9")
    assert here.price(request) is None
    with pytest.raises(BackendRejected, match="LIENZO_STABILITY_MODEL"):
        await run(here, request)


@pytest.mark.parametrize(
    ("operation", "changes", "price"),
    [
        (Operation.GENERATE, {}, 0.06),
        (Operation.GENERATE, {"model": "ultra"}, 0.16),
        (Operation.VARY, {}, 0.13),
        (Operation.UPSCALE, {"strength": 0.2}, 0.02),
        (Operation.UPSCALE, {"strength": 0.5}, 0.60),
        (Operation.OUTPAINT, {}, 0.08),
        (Operation.EDIT, {"edit": Edit.REPLACE}, 0.05),
    ],
)
async def test_prices(
    here: Backend, tmp_path: Path, operation: Operation, changes: dict[str, Any], price: float
) -> None:
    request = await wanted(here, tmp_path, operation, **changes)
    assert here.price(request) == pytest.approx(price)
    assert (await run(here, request)).cost_usd == pytest.approx(price)


# The one that answers later


async def upscaled(backend: Backend, folder: Path) -> Request:
    return await wanted(backend, folder, Operation.UPSCALE, strength=0.5)


async def test_an_upscale_is_taken_up_by_another_process(
    double: StabilityDouble, here: Backend, tmp_path: Path
) -> None:
    assert (await here.capabilities()).resumable
    request = await upscaled(here, tmp_path)
    double.hold()
    handle = await here.submit(request)
    second = backend(double)
    task = asyncio.create_task(second.collect(request, handle, Listener()))
    await double.polled(2)
    double.release()
    result = await task
    await second.close()
    assert len(double.bought) == 1, "it was bought twice"
    assert [image.seed for image in result.images] == list(request.seeds)
    assert result.cost_usd == pytest.approx(0.60)


async def test_only_the_slow_one_gives_a_handle(here: Backend, tmp_path: Path) -> None:
    assert await here.submit(await wanted(here, tmp_path, Operation.GENERATE)) is None


async def test_an_upscale_that_takes_too_long(double: StabilityDouble, tmp_path: Path) -> None:
    hasty = backend(double, timeout=0.2)
    double.hold()
    with pytest.raises(BackendTimeout):
        await run(hasty, await upscaled(hasty, tmp_path))
    await hasty.close()


@pytest.mark.parametrize(("handle", "kind"), [("0" * 64, BackendRejected), ("../../v1/user/balance", BackendBroken)])
async def test_a_handle_that_leads_nowhere(
    double: StabilityDouble, here: Backend, tmp_path: Path, handle: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await here.collect(await upscaled(here, tmp_path), handle, Listener())
    assert double.bought == []


# Settings and checks


async def test_an_account_that_is_empty_is_said_to_be(double: StabilityDouble, here: Backend) -> None:
    double.credits = 2.5
    assert "2.5 credits" in str(await here.check())


def test_a_key_is_needed() -> None:
    with pytest.raises(ConfigError, match="LIENZO_STABILITY_KEY"):
        Stability(StabilitySettings(key=SecretStr("")))


@pytest.mark.parametrize("name", ["URL", "UPSCALE_SUBTLE", "TIMEOUT"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_STABILITY_{name}", "-7")
    with pytest.raises(ConfigError, match=f"LIENZO_STABILITY_{name}"):
        StabilitySettings.load(None)
