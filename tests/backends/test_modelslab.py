"""ModelsLab: what each address is asked, answers that come later, a no in a 200, and a key that stays where it belongs."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Frame, InputImage, Operation, Part, Request, Result, Role
from bot.backends.modelslab import ModelsLab, ModelsLabSettings
from bot.backends.modelslab.payload import is_wider_only
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from bot.prompt.table import Lora
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.modelslab import (
    Caption,
    Img2Img,
    Inpaint,
    ModelsLabDouble,
    Outpaint,
    SuperResolution,
    Text2Img,
    backend,
)
from tests.backends.doubles.server import KEY, Mischief


@pytest.fixture
async def double() -> AsyncGenerator[ModelsLabDouble]:
    async with ModelsLabDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(double: ModelsLabDouble) -> AsyncGenerator[Backend]:
    made = backend(double, price=0.01)
    yield made
    await made.close()


async def wanted(backend: Backend, folder: Path, operation: Operation, **changes: Any) -> Request:
    return request_for(operation, await backend.capabilities(), folder, **changes)


async def made(backend: Backend, folder: Path, operation: Operation = Operation.GENERATE, **changes: Any) -> Result:
    return await run(backend, await wanted(backend, folder, operation, **changes))


def asked(double: ModelsLabDouble) -> Any:
    """What the only call wanted."""
    (job,) = double.bought
    return job.asked


# What it is asked


async def test_words_and_numbers_reach_it(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    parts = (Part("a cat", 2), Part("rain", -0.5))
    parameters = {"steps": 12, "cfg": 5.0, "sampler": "DDIMScheduler", "lora": (Lora("ink", 0.5),)}
    await made(here, tmp_path, parts=parts, negative=("text",), parameters=parameters, width=768, height=512)
    shape = asked(double)
    assert isinstance(shape, Text2Img)
    assert shape.model_dump(exclude_defaults=True) == {
        "key": KEY,
        "model_id": "flux",
        "prompt": "a cat",
        "negative_prompt": "text, rain",
        "width": 768,
        "height": 512,
        "samples": 2,
        "num_inference_steps": 12,
        "guidance_scale": 5.0,
        "seed": 7,
        "enhance_prompt": "no",
        "scheduler": "DDIMScheduler",
        "lora_model": "ink",
        "lora_strength": 0.5,
    }


async def test_several_loras_stand_between_commas(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    await made(here, tmp_path, parameters={"lora": (Lora("ink", 0.5), Lora("wool", 1))})
    assert (asked(double).lora_model, asked(double).lora_strength) == ("ink,wool", "0.5,1")


async def test_quality_is_steps_within_their_limit(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    await made(here, tmp_path, parameters={"quality": 4.0})
    assert asked(double).num_inference_steps == 50


@pytest.mark.parametrize(
    ("operation", "shape"),
    [
        (Operation.VARY, Img2Img),
        (Operation.INPAINT, Inpaint),
        (Operation.OUTPAINT, Inpaint),
        (Operation.UPSCALE, SuperResolution),
        (Operation.DESCRIBE, Caption),
    ],
)
async def test_each_operation_has_its_address(
    double: ModelsLabDouble, here: Backend, tmp_path: Path, operation: Operation, shape: type
) -> None:
    await made(here, tmp_path, operation)
    assert type(asked(double)) is shape


async def test_pictures_are_worked_on_by_their_own_model(double: ModelsLabDouble, tmp_path: Path) -> None:
    two = backend(double, picture_model="sdxl")
    varied = await made(two, tmp_path, Operation.VARY, strength=0.35)
    chosen = await made(two, tmp_path, Operation.VARY, model="realistic-vision-51")
    new = await made(two, tmp_path)
    await two.close()
    assert [result.model for result in (varied, chosen, new)] == ["sdxl", "realistic-vision-51", "flux"]
    first = double.bought[0].asked
    assert isinstance(first, Img2Img)
    assert (first.model_id, first.strength) == ("sdxl", 0.35)


async def test_what_is_kept_of_a_picture_stays_to_the_pixel(
    double: ModelsLabDouble, here: Backend, tmp_path: Path
) -> None:
    """Their inpainting may change what it should keep."""
    result = await made(here, tmp_path, Operation.OUTPAINT, seeds=(7,))
    whole = Image.open(result.images[0].path).convert("RGB")
    assert whole.size == (256, 256)
    assert whole.getpixel((128, 128)) == (0, 128, 128)  # teal, as it was
    assert whole.getpixel((5, 5)) != (0, 128, 128)


async def test_a_canvas_that_grows_one_way_is_their_own_outpainting(
    double: ModelsLabDouble, here: Backend, tmp_path: Path
) -> None:
    """Which makes one picture in a call."""
    frame = Frame(64, 0, 128, 256)
    result = await made(here, tmp_path, Operation.OUTPAINT, frame=frame, seeds=(7, 8, 9))
    shapes = [job.asked for job in double.bought]
    assert all(isinstance(shape, Outpaint) for shape in shapes)
    assert sorted(shape.seed or 0 for shape in shapes if isinstance(shape, Outpaint)) == [7, 8, 9]
    assert len(result.images) == 3
    assert result.model is None


@pytest.mark.parametrize(
    ("frame", "fits"),
    [
        (Frame(64, 0, 128, 256), True),
        (Frame(0, 64, 256, 128), True),
        (Frame(64, 64, 128, 128), False),  # a zoom: it grows both ways
        (Frame(0, 0, 128, 256), False),  # a pan: the picture lies at the edge
        (None, False),
    ],
)
def test_what_their_outpainting_can_place(tmp_path: Path, frame: Frame | None, fits: bool) -> None:
    request = Request(job_id="j", operation=Operation.OUTPAINT, folder=tmp_path, width=256, height=256, frame=frame)
    assert is_wider_only(request) is fits


async def test_an_upscale_grows_by_the_factor(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.UPSCALE, factor=4.0)
    assert (asked(double).scale, asked(double).model_id) == (4, "realesr-general-x4v3")
    assert infos(result)[0].size == (1024, 1024)
    assert (result.model, result.images[0].seed) == ("realesr-general-x4v3", 7)


async def test_a_picture_is_sent_opaque_and_not_too_large(
    double: ModelsLabDouble, here: Backend, tmp_path: Path
) -> None:
    """The double takes nothing else."""
    clear, large = tmp_path / "clear.png", tmp_path / "large.png"
    Image.new("RGBA", (256, 256), (9, 9, 9, 99)).save(clear)
    Image.effect_noise((2800, 2800), 90).convert("RGB").save(large)
    assert large.stat().st_size > 5 << 20
    for path in (clear, large):
        image = InputImage(path=path, role=Role.INITIAL)
        assert (await made(here, tmp_path, Operation.DESCRIBE, images=(image,))).texts


# What comes later


@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.UPSCALE, Operation.DESCRIBE])
async def test_what_is_queued_is_asked_for(
    double: ModelsLabDouble, here: Backend, tmp_path: Path, operation: Operation
) -> None:
    double.slow = True
    result = await made(here, tmp_path, operation)
    assert double.polls == 1
    assert result.images or result.texts


async def test_their_guess_of_the_time_is_passed_on(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    double.hold()
    task = asyncio.create_task(run(here, await wanted(here, tmp_path, Operation.GENERATE), listener))
    await double.polled(3)
    double.release()
    await task
    assert listener.fractions[0] == 0
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] == 1
    assert any(0 < fraction < 1 for fraction in listener.fractions)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/api/v6/images/fetch/1", "https://evil.example/1", "http://[", "v6/images/fetch"]
)
async def test_the_key_goes_to_their_own_address_alone(
    double: ModelsLabDouble, here: Backend, tmp_path: Path, elsewhere: str
) -> None:
    """Wherever an answer says that the rest is to be had."""
    double.slow, double.fetch_result = True, elsewhere
    assert (await made(here, tmp_path)).images
    assert double.polls == 1


@pytest.mark.parametrize(
    "handle", ["", "nonsense", '[{"fetch":"//evil.example/x"}]', '[{"fetch":"/v6/images/fetch/../../x"}]', "[{}]", "{}"]
)
async def test_a_handle_that_is_none(double: ModelsLabDouble, here: Backend, tmp_path: Path, handle: str) -> None:
    request = await wanted(here, tmp_path, Operation.GENERATE)
    if handle:
        with pytest.raises(BackendBroken):
            await here.collect(request, handle, Listener())
        assert double.bought == []
    else:
        assert (await here.collect(request, handle, Listener())).images


async def test_what_fails_later_is_not_bought_again(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    double.slow, double.failing = True, "CUDA out of memory"
    with pytest.raises(BackendError, match="CUDA out of memory") as caught:
        await made(here, tmp_path)
    assert not caught.value.retry
    assert not isinstance(caught.value, BackendRefused)


async def test_what_is_refused_later_is_refused(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    double.slow, double.failing = True, "NSFW content was found"
    with pytest.raises(BackendRefused, match="NSFW content"):
        await made(here, tmp_path)


# What comes


async def test_a_link_that_leads_nowhere_yet_is_tried_again(
    double: ModelsLabDouble, here: Backend, tmp_path: Path
) -> None:
    request = await wanted(here, tmp_path, Operation.GENERATE)
    handle = await here.submit(request)
    double.losing = 2
    with pytest.raises(BackendUnavailable):
        await here.collect(request, handle, Listener())
    assert len((await here.collect(request, handle, Listener())).images) == 2
    assert len(double.bought) == 1


async def test_a_picture_that_did_not_come_is_told(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    double.losing = 1
    result = await made(here, tmp_path)
    assert len(result.images) == 1
    assert "1 of 2" in str(result.notes[0])
    assert result.cost_usd == pytest.approx(0.02)  # it was bought


async def test_a_picture_in_a_text_is_read(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    double.textual = True
    result = await made(here, tmp_path, Operation.VARY)
    assert [info.format for info in infos(result)] == ["PNG", "PNG"]


@pytest.mark.parametrize("flags", [True, "yes", [True, True], [True]])
async def test_a_filter_that_says_so_refuses(
    double: ModelsLabDouble, here: Backend, tmp_path: Path, flags: Any
) -> None:
    double.flags = flags
    with pytest.raises(BackendRefused, match="held the pictures back"):
        await made(here, tmp_path)


async def test_one_picture_that_is_held_back_leaves_the_other(
    double: ModelsLabDouble, here: Backend, tmp_path: Path
) -> None:
    double.flags = [True, False]
    result = await made(here, tmp_path)
    assert len(result.images) == 1
    assert result.cost_usd == pytest.approx(0.01)


async def test_a_black_picture_is_a_refusal(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    double.black = True
    with pytest.raises(BackendRefused, match="held the pictures back"):
        await made(here, tmp_path)


# A no in words


@pytest.mark.parametrize("polite", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("mischief", "kind", "words"),
    [
        (Mischief.REFUSED, BackendRefused, "NSFW content detected"),
        (Mischief.NO_MODEL, BackendRejected, "LIENZO_MODELSLAB_MODEL"),
    ],
)
async def test_a_no_is_one_whatever_its_status_and_spelling(
    double: ModelsLabDouble,
    here: Backend,
    tmp_path: Path,
    polite: bool,
    legacy: bool,
    mischief: Mischief,
    kind: type[Exception],
    words: str,
) -> None:
    double.polite, double.legacy, double.mischief = polite, legacy, mischief
    with pytest.raises(kind, match=words):
        await made(here, tmp_path)


@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (400, "You have no credits left in your wallet", BackendRejected, "no credit left"),
        (400, "Rate limit exceeded", RateLimited, ""),
        (400, "Server is busy, try again", RateLimited, ""),
        (400, "Invalid API key", BackendRejected, "LIENZO_MODELSLAB_KEY"),
        (400, {"prompt": ["The prompt field is required."]}, BackendRejected, "prompt"),
        (403, "Your plan does not include this", BackendRejected, "LIENZO_MODELSLAB_KEY"),
        (500, "Internal model error: not found", BackendUnavailable, ""),
        (429, "Too many requests", RateLimited, ""),
    ],
)
def test_sentences_are_understood(here: Backend, status: int, message: Any, kind: type[Exception], words: str) -> None:
    assert isinstance(here, ModelsLab)
    web = here._web  # pyright: ignore[reportPrivateUsage]
    error = web.failure(status, {"status": "error", "message": message})
    assert isinstance(error, kind)
    assert words in str(error)


async def test_a_wrong_key_in_a_200_is_told(double: ModelsLabDouble) -> None:
    double.polite = True
    wrong = backend(double, key="sk-wrong")
    assert "LIENZO_MODELSLAB_KEY" in str(await wrong.check())
    await wrong.close()


# Prices and settings


async def test_the_price_is_the_operators(double: ModelsLabDouble, here: Backend, tmp_path: Path) -> None:
    unpriced = backend(double)
    request = await wanted(here, tmp_path, Operation.GENERATE)
    described = await wanted(here, tmp_path, Operation.DESCRIBE)
    assert (here.price(request), here.price(described)) == (pytest.approx(0.02), pytest.approx(0.01))
    assert unpriced.price(request) is None
    assert (await run(here, request)).cost_usd == pytest.approx(0.02)
    assert (await run(unpriced, request)).cost_usd is None
    await unpriced.close()


def test_a_key_is_needed() -> None:
    with pytest.raises(ConfigError, match="LIENZO_MODELSLAB_KEY"):
        ModelsLab(ModelsLabSettings(key=SecretStr("")))


@pytest.mark.parametrize("name", ["URL", "STEPS", "CFG", "PRICE", "TIMEOUT", "SAFETY"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_MODELSLAB_{name}", "-7")
    with pytest.raises(ConfigError, match=f"LIENZO_MODELSLAB_{name}"):
        ModelsLabSettings.load(None)
