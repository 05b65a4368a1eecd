"""Diffusion models in the process: what goes through the model together, and what becomes of it. By a machine without a model."""

import asyncio
import errno
import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from bot.backends.base import Operation, Part, Request, Result
from bot.backends.diffusers import Diffusers, DiffusersSettings
from bot.backends.diffusers.library import library
from bot.backends.diffusers.passes import Painted, Piece, Shape, Watch, enough, strong
from bot.errors import BackendRejected, BackendUnavailable, ConfigError, StorageFull
from bot.prompt.table import Lora
from tests.backends.contract import Listener, request_for, run
from tests.backends.doubles.diffusers import TRAITS, DiffusersDouble, Held, Scripted, grow, scripted
from tests.backends.doubles.server import Mischief


@pytest.fixture
async def double() -> AsyncGenerator[DiffusersDouble]:
    async with DiffusersDouble() as made:
        yield made


@pytest.fixture
async def here(double: DiffusersDouble) -> AsyncGenerator[Diffusers]:
    made = scripted(double, batch=8)
    yield made
    await made.close()


async def ask(backend: Diffusers, folder: Path, **changes: Any) -> Request:
    """A request in a folder of its own."""
    folder.mkdir(exist_ok=True)
    operation = changes.pop("operation", Operation.GENERATE)
    return request_for(operation, await backend.capabilities(), folder, **changes)


async def waiting(
    double: DiffusersDouble, backend: Diffusers, folder: Path, *changes: dict[str, Any]
) -> list["asyncio.Task[Result]"]:
    """One request at work and held up, and others behind it."""
    assert await backend.check() is None  # so that each model is known, and each request in the queue at its first turn
    double.hold()
    first = await ask(backend, folder / "first", seeds=(1,))
    tasks = [asyncio.create_task(run(backend, first))]
    await double.begun()
    for number, change in enumerate(changes):
        request = await ask(backend, folder / f"other-{number}", **change)
        tasks.append(asyncio.create_task(run(backend, request)))
    await asyncio.sleep(0)
    assert len(backend._queue) == len(tasks)  # pyright: ignore[reportPrivateUsage]
    return tasks


def seeds(double: DiffusersDouble) -> list[list[int]]:
    """Of each pass."""
    return [[piece.seed for piece in pieces] for _, pieces in double.passes]


# Together


async def test_what_waits_with_the_same_shape_goes_together(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path
) -> None:
    others = (
        {"seeds": (2, 3)},
        {"seeds": (4,), "parameters": {"steps": 9}},
        {"seeds": (5,), "parts": (Part("a cat"),)},
    )
    tasks = await waiting(double, here, tmp_path, *others)
    double.release()
    results = await asyncio.gather(*tasks)
    assert seeds(double) == [[1], [2, 3, 5], [4]]
    assert [[image.seed for image in result.images] for result in results] == [[1], [2, 3], [4], [5]]
    assert {piece.prompt for piece in double.passes[1][1]} == {"a lighthouse at dusk fog", "a cat"}


@pytest.mark.parametrize(
    "change",
    [
        {"width": 320},
        {"parameters": {"cfg": 2.0}},
        {"parameters": {"sampler": "euler"}},
        {"negative": ()},
        {"model": "other"},
        {"operation": Operation.VARY},
        {"operation": Operation.VARY, "strength": 0.3},
    ],
    ids=str,
)
async def test_what_differs_goes_by_itself(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path, change: dict[str, Any]
) -> None:
    tasks = await waiting(double, here, tmp_path, {"seeds": (2,)}, {"seeds": (3,), **change})
    double.release()
    await asyncio.gather(*tasks)
    assert seeds(double) == [[1], [2], [3]]


async def test_a_model_that_takes_one_prompt_gets_one(double: DiffusersDouble, here: Diffusers, tmp_path: Path) -> None:
    double.traits = replace(TRAITS, joins=frozenset())
    tasks = await waiting(double, here, tmp_path, {"seeds": (2,)}, {"seeds": (3,)})
    double.release()
    await asyncio.gather(*tasks)
    assert seeds(double) == [[1], [2], [3]]


async def test_no_pass_is_larger_than_the_setting(double: DiffusersDouble, tmp_path: Path) -> None:
    made, listener = scripted(double, batch=3), Listener()
    result = await run(made, await ask(made, tmp_path, seeds=(1, 2, 3, 4)), listener)
    await made.close()
    assert seeds(double) == [[1, 2, 3], [4]]
    assert [image.seed for image in result.images] == [1, 2, 3, 4]
    assert sorted(listener.images) == [0, 1, 2, 3]
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] == 1
    with Image.open(listener.previews[-1]) as preview:
        assert preview.size == (448, 448)


async def test_one_of_several_leaves_and_the_others_get_theirs(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path
) -> None:
    first, second, third = await waiting(double, here, tmp_path, {"seeds": (2,)}, {"seeds": (3,)})
    first.cancel()
    await double.stopped()
    await double.begun(2)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    double.release()
    assert [image.seed for image in (await third).images] == [3]
    assert seeds(double) == [[1], [2, 3]]
    assert double.stops == 1
    assert not list((tmp_path / "other-0").glob("diffusers-*"))


async def test_what_nobody_waits_for_any_more_is_not_begun(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path
) -> None:
    first, second = await waiting(double, here, tmp_path, {"seeds": (2,)})
    second.cancel()
    double.release()
    assert (await first).images
    assert seeds(double) == [[1]]


# Memory


async def test_what_does_not_fit_is_split_and_that_is_remembered(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path
) -> None:
    double.room = 2
    result = await run(here, await ask(here, tmp_path, seeds=(1, 2, 3, 4)))
    assert [image.seed for image in result.images] == [1, 2, 3, 4]
    assert seeds(double) == [[1, 2, 3, 4], [1, 2], [3, 4]]
    assert "memory" in str(result.notes[0])
    double.passes.clear()
    again = await run(here, await ask(here, tmp_path, seeds=(5, 6, 7)))
    assert seeds(double) == [[5, 6], [7]]
    assert not again.notes


@pytest.mark.parametrize(("room", "passes"), [(1, 2), (0, 2)])
async def test_it_is_split_once(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path, room: int, passes: int
) -> None:
    double.room = room
    with pytest.raises(BackendRejected, match="not enough memory"):
        await run(here, await ask(here, tmp_path, seeds=(1, 2, 3, 4)))
    assert len(double.passes) == passes


async def test_a_full_memory_is_no_end(double: DiffusersDouble, here: Diffusers, tmp_path: Path) -> None:
    double.room = 0
    with pytest.raises(BackendRejected, match="not enough memory"):
        await run(here, await ask(here, tmp_path, seeds=(1,)))
    double.room = 1
    assert (await run(here, await ask(here, tmp_path, seeds=(1,)))).images


# What is asked


async def test_words_and_parameters_reach_the_model(double: DiffusersDouble, here: Diffusers, tmp_path: Path) -> None:
    grow(double)
    parameters = {"steps": 12, "cfg": 0.0, "sampler": "ddim", "lora": (Lora("INK", 0.8),)}
    parts = (Part("a cat", 2), Part("snow"), Part("rain", -0.5))
    result = await run(
        here, await ask(here, tmp_path, parts=parts, negative=("text",), parameters=parameters, seeds=(3,))
    )
    ((shape, (piece,)),) = double.passes
    assert (piece.prompt, piece.negative) == ("a cat snow", "text, rain")
    assert (shape.steps, shape.guidance, shape.sampler) == (12, 0.0, "DDIM")
    assert shape.loras == ((str(double.loras / "ink.safetensors"), 0.8),)
    assert result.model == "scripted"


@pytest.mark.parametrize(("quality", "steps"), [(0.25, 1), (1.0, 4), (4.0, 16)])
async def test_quality_is_a_share_of_the_models_steps(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path, quality: float, steps: int
) -> None:
    await run(here, await ask(here, tmp_path, parameters={"quality": quality}, seeds=(3,)))
    assert double.passes[0][0].steps == steps


@example(math.nextafter(1 / 5, 0), 1)
@given(st.floats(0, 1), st.integers(1, 150))
def test_a_step_is_always_made(strength: float, steps: int) -> None:
    made = strong(strength)
    assert int(min(enough(steps, made) * made, enough(steps, made))) >= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "gone"}, "LIENZO_DIFFUSERS_MODEL"),
        ({"parameters": {"sampler": "Magic"}}, "Magic"),
        ({"parameters": {"lora": (Lora("oil", 1),)}}, "oil"),
        ({"operation": Operation.UPSCALE}, "can't do that"),
    ],
    ids=str,
)
async def test_what_there_is_not_is_named(
    double: DiffusersDouble, here: Diffusers, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(BackendRejected, match=said):
        await run(here, await ask(here, tmp_path, **change))
    assert double.passes == []


async def test_what_the_filter_withheld_is_told(double: DiffusersDouble, here: Diffusers, tmp_path: Path) -> None:
    double.mischief = Mischief.FEWER
    result = await run(here, await ask(here, tmp_path, seeds=(1, 2, 3)))
    assert [image.seed for image in result.images] == [2, 3]
    assert "withheld 1" in str(result.notes[0])


# What goes wrong


async def test_a_full_disk_is_said_to_be(here: Diffusers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_image: Image.Image, _path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bot.backends.diffusers.backend.write", full)
    with pytest.raises(StorageFull):
        await run(here, await ask(here, tmp_path))


class Clumsy(Scripted):
    """Fails once in a way that nobody has thought of."""

    def paint(self, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        if len(self.double.passes) == 1:
            raise ZeroDivisionError
        return Scripted.paint(self, shape, pieces, watch)


async def test_an_unheard_of_failure_harms_only_those_in_its_pass(double: DiffusersDouble, tmp_path: Path) -> None:
    made = Diffusers(DiffusersSettings(model="a/b"), machine=Held(double, Clumsy(double)))
    with pytest.raises(ZeroDivisionError):
        await run(made, await ask(made, tmp_path))
    assert (await run(made, await ask(made, tmp_path))).images
    await made.close()


async def test_who_waits_when_it_closes_is_told(double: DiffusersDouble, tmp_path: Path) -> None:
    made = scripted(double)
    tasks = await waiting(double, made, tmp_path, {"seeds": (2,)})
    await made.close()
    for task in tasks:
        with pytest.raises(BackendUnavailable):
            await task


async def test_a_model_that_was_not_there_is_looked_for_again(double: DiffusersDouble, here: Diffusers) -> None:
    double.mischief = Mischief.FAILED
    with pytest.raises(BackendUnavailable):
        await here.capabilities()
    double.mischief = None
    assert (await here.capabilities()).base_side == 256


async def test_packages_that_are_missing_are_named(double: DiffusersDouble, here: Diffusers) -> None:
    double.packages = ("torch", "peft")
    said = str(await here.check())
    assert "torch, peft" in said
    assert "lienzo[diffusers]" in said


async def test_without_torch_it_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.backends.diffusers.library.PACKAGES", ("no_such_package",))
    library.cache_clear()
    made = Diffusers(DiffusersSettings())
    with pytest.raises(BackendUnavailable, match="no_such_package"):
        await made.capabilities()
    assert "no_such_package" in str(await made.check())
    await made.close()


# Settings


def test_users_see_the_last_part_of_a_models_name() -> None:
    settings = DiffusersSettings(model="/srv/models/mine/", models="a/sdxl, b/sdxl , a/sdxl,")
    assert settings.sources == {"mine": "/srv/models/mine/", "sdxl": "a/sdxl", "b/sdxl": "b/sdxl"}


@pytest.mark.parametrize(
    ("name", "value"), [("STEPS", "777"), ("SIDE", "100"), ("BATCH", "0"), ("OFFLOAD", "all"), ("DTYPE", "int8")]
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"LIENZO_DIFFUSERS_{name}", value)
    with pytest.raises(ConfigError, match=f"LIENZO_DIFFUSERS_{name}"):
        DiffusersSettings.load(None)
