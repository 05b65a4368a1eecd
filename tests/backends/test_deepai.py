"""DeepAI: what each address is asked, grids of four, links that are fetched again, and a no in words."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Edit, Operation, Part, Request, Result
from bot.backends.deepai import STYLES, DeepAi, DeepAiSettings
from bot.errors import (
    BackendBroken,
    BackendRefused,
    BackendRejected,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.deepai import STYLES as ADDRESSES
from tests.backends.doubles.deepai import Bought, DeepAiDouble, backend
from tests.backends.doubles.server import Mischief


@pytest.fixture
async def double() -> AsyncGenerator[DeepAiDouble]:
    async with DeepAiDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(double: DeepAiDouble) -> AsyncGenerator[Backend]:
    made = backend(double, price=0.02)
    yield made
    await made.close()


async def wanted(backend: Backend, folder: Path, operation: Operation, **changes: Any) -> Request:
    return request_for(operation, await backend.capabilities(), folder, **changes)


async def made(backend: Backend, folder: Path, operation: Operation = Operation.GENERATE, **changes: Any) -> Result:
    return await run(backend, await wanted(backend, folder, operation, **changes))


# What it is asked


async def test_words_and_sizes_reach_it(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    parts = (Part("a cat", 2), Part("rain", -0.5))
    result = await made(here, tmp_path, parts=parts, negative=("text",), width=1216, height=832, seeds=(7,))
    assert double.bought == [
        Bought(
            "text2img",
            {
                "text": "a cat",
                "width": "1216",
                "height": "832",
                "image_generator_version": "hd",
                "negative_prompt": "text, rain",
            },
            None,
        )
    ]
    assert infos(result)[0].size == (1216, 832)
    assert (result.notes, result.model, result.images[0].seed) == ((), "hd", None)


@pytest.mark.parametrize(
    ("operation", "edit", "name", "texts"),
    [
        (Operation.EDIT, None, "image-editor", {"text": "a lighthouse at dusk fog", "image_generator_version": "hd"}),
        (Operation.EDIT, Edit.COLOURISE, "colorizer", {}),
        (Operation.EDIT, Edit.REMOVE_BACKGROUND, "background-remover", {}),
        (Operation.UPSCALE, None, "torch-srgan", {}),
    ],
)
async def test_each_kind_of_work_has_its_address(
    double: DeepAiDouble,
    here: Backend,
    tmp_path: Path,
    operation: Operation,
    edit: Edit | None,
    name: str,
    texts: dict[str, str],
) -> None:
    result = await made(here, tmp_path, operation, edit=edit)
    assert double.bought == [Bought(name, texts, (128, 128))]
    assert result.model == ("hd" if texts else None)


async def test_an_upscale_tells_its_size(here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.UPSCALE)
    assert infos(result)[0].size == (512, 512)
    assert "512 × 512" in str(result.notes[0])


@pytest.mark.parametrize(("style", "address"), STYLES.items())
async def test_a_style_has_an_address(
    double: DeepAiDouble, here: Backend, tmp_path: Path, style: str, address: str
) -> None:
    result = await made(here, tmp_path, parameters={"style": style.upper()}, seeds=(7,))
    assert double.bought[0].name == address
    assert address in ADDRESSES
    assert result.notes == ()


async def test_a_style_that_is_gone_is_named(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    double.styled = False
    with pytest.raises(BackendRejected, match="no style called logo"):
        await made(here, tmp_path, parameters={"style": "logo"})


@pytest.mark.parametrize(
    ("style", "model", "preference", "note"),
    [
        ("Anime", "genius", "anime", ""),
        ("anime", "hd", None, "needs the model `genius`"),
        ("cubist", "genius", None, "no style called cubist"),
    ],
)
async def test_a_preference_is_of_the_genius(
    double: DeepAiDouble, here: Backend, tmp_path: Path, style: str, model: str, preference: str | None, note: str
) -> None:
    result = await made(here, tmp_path, parameters={"style": style}, model=model, seeds=(7,))
    assert double.bought[0].texts.get("genius_preference") == preference
    assert note in " ".join(map(str, result.notes))
    assert bool(result.notes) is bool(note)


async def test_the_super_genius_makes_large_ones(double: DeepAiDouble, tmp_path: Path) -> None:
    """Of twice the size, and yet no grid."""
    large = backend(double, model="super_genius", resolution="4k")
    result = await made(large, tmp_path)
    await large.close()
    assert {one.texts["resolution"] for one in double.bought} == {"4k"}
    assert [info.size for info in infos(result)] == [(256, 256)] * 2
    assert "256 × 256" in str(result.notes[0])


async def test_a_square_is_small_where_large_ones_come_out_strange(double: DeepAiDouble) -> None:
    for model, side in (("standard", 512), ("hd", 1024)):
        chosen = backend(double, model=model)
        assert (await chosen.capabilities()).base_side == side
        await chosen.close()


# Four in one


async def test_a_grid_is_cut_into_its_pictures(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    """And when it is known that they come so, one call is enough."""
    double.grids = True
    seeds = (1, 2, 3, 4)
    await made(here, tmp_path, seeds=seeds)
    before = len(double.bought)
    request = await wanted(here, tmp_path, Operation.GENERATE, seeds=seeds)
    assert here.price(request) == pytest.approx(0.02)
    result = await run(here, request)
    assert len(double.bought) - before == 1
    assert result.cost_usd == pytest.approx(0.02)
    greys = [Image.open(image.path).convert("L").getpixel((64, 64)) for image in result.images]
    assert [image.size for image in infos(result)] == [(128, 128)] * 4
    assert all(isinstance(grey, int) and abs(grey - 40 - 50 * index) < 8 for index, grey in enumerate(greys))


async def test_grids_that_come_no_more_are_told(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    double.grids = True
    await made(here, tmp_path)
    double.grids = False
    result = await made(here, tmp_path)
    assert len(result.images) == 1
    assert "1 of 2" in str(result.notes[0])
    assert len((await made(here, tmp_path)).images) == 2


async def test_an_edit_of_twice_the_size_is_no_grid(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.EDIT, width=64, height=64)
    assert infos(result)[0].size == (128, 128)


# Links


async def test_a_file_that_is_not_to_be_had_is_fetched_again(
    double: DeepAiDouble, here: Backend, tmp_path: Path
) -> None:
    """By whoever asks again, with the same links: nothing is bought for a second time."""
    request = await wanted(here, tmp_path, Operation.GENERATE)
    handle = await here.submit(request)
    double.losing = 1
    with pytest.raises(BackendUnavailable):
        await here.collect(request, handle, Listener())
    result = await here.collect(request, handle, Listener())
    assert (len(result.images), len(double.bought)) == (2, 2)
    assert result.cost_usd == pytest.approx(0.04)


async def test_a_file_that_is_gone_takes_no_other_with_it(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    request = await wanted(here, tmp_path, Operation.GENERATE)
    handle = await here.submit(request)
    assert handle is not None
    first, second = handle.split()
    gone = first.replace("/00000000", "/ffffffff")
    result = await here.collect(request, f"{gone} {second}", Listener())
    assert len(result.images) == 1
    assert "1 of 2" in str(result.notes[0])
    with pytest.raises(BackendRejected, match="not there any more"):
        await here.collect(request, gone, Listener())


async def test_what_did_not_come_costs_nothing(double: DeepAiDouble, here: Backend, tmp_path: Path) -> None:
    double.mischief = Mischief.FEWER
    result = await made(here, tmp_path)
    assert (len(result.images), result.cost_usd) == (1, pytest.approx(0.02))
    assert "did not come" in str(result.notes[0])


@pytest.mark.parametrize("link", ["/job-view-file/1/outputs/output.jpg", "file:///etc/passwd", "https://a b"])
async def test_a_link_that_is_none(double: DeepAiDouble, here: Backend, tmp_path: Path, link: str) -> None:
    double.link = link
    with pytest.raises(BackendBroken):
        await made(here, tmp_path)
    with pytest.raises(BackendBroken):
        await here.collect(await wanted(here, tmp_path, Operation.GENERATE), link.rsplit(maxsplit=1)[-1], Listener())


# A no in words


@pytest.mark.parametrize("polite", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"mischief": Mischief.REFUSED}, BackendRefused, "flagged by our moderation"),
        ({"spent": True}, BackendRejected, "no credit left"),
        ({"mischief": Mischief.NO_MODEL}, BackendRejected, "LIENZO_DEEPAI_MODEL"),
    ],
)
async def test_a_no_is_one_whatever_its_status(
    double: DeepAiDouble,
    here: Backend,
    tmp_path: Path,
    polite: bool,
    fault: dict[str, Any],
    kind: type[Exception],
    words: str,
) -> None:
    double.polite = polite
    for name, value in fault.items():
        setattr(double, name, value)
    with pytest.raises(kind, match=words):
        await made(here, tmp_path)


def test_a_limit_and_a_fault_are_not_taken_for_the_account(here: Backend) -> None:
    assert isinstance(here, DeepAi)
    web = here._web  # pyright: ignore[reportPrivateUsage]
    assert isinstance(web.failure(429, {"status": "Too many requests"}), RateLimited)
    assert isinstance(web.failure(503, {"status": "Our payment of the power bill is late"}), BackendUnavailable)


async def test_the_doctor_hears_of_an_empty_account(double: DeepAiDouble, here: Backend) -> None:
    double.spent = True
    assert "no credit left" in str(await here.check())
    assert double.bought == []


# Prices and settings


async def test_without_a_price_none_is_told(double: DeepAiDouble, tmp_path: Path) -> None:
    free = backend(double)
    request = await wanted(free, tmp_path, Operation.GENERATE)
    assert free.price(request) is None
    assert (await run(free, request)).cost_usd is None
    await free.close()


def test_a_key_is_needed() -> None:
    with pytest.raises(ConfigError, match="LIENZO_DEEPAI_KEY"):
        DeepAi(DeepAiSettings(key=SecretStr("")))


@pytest.mark.parametrize("name", ["URL", "RESOLUTION", "PRICE", "TIMEOUT"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_DEEPAI_{name}", "-7")
    with pytest.raises(ConfigError, match=f"LIENZO_DEEPAI_{name}"):
        DeepAiSettings.load(None)
