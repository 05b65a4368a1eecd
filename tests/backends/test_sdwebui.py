"""Stable Diffusion's web servers: what each is asked, and that what others do there is let alone."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Backend, Operation, Part, Request
from bot.backends.sdwebui import SdWebUi, SdWebUiSettings
from bot.backends.sdwebui.payload import together, weighted
from bot.catalog import Catalog
from bot.config import Settings
from bot.errors import BackendRejected, BackendTimeout, ConfigError
from bot.prompt.table import Lora
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.sdwebui import USER, Flavour, SdWebUiDouble, backend
from tests.backends.doubles.server import Mischief


@pytest.fixture(params=Flavour)
async def double(request: pytest.FixtureRequest) -> AsyncGenerator[SdWebUiDouble]:
    async with SdWebUiDouble(flavour=request.param) as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def server() -> AsyncGenerator[SdWebUiDouble]:
    """AUTOMATIC1111's alone."""
    async with SdWebUiDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(server: SdWebUiDouble) -> AsyncGenerator[Backend]:
    made = backend(server)
    yield made
    await made.close()


async def asked(server: SdWebUiDouble, backend: Backend, folder: Path, **changes: Any) -> list[dict[str, Any]]:
    """What the server was asked to paint for a request."""
    operation = changes.pop("operation", Operation.GENERATE)
    await run(backend, request_for(operation, await backend.capabilities(), folder, **changes))
    return [one.json for one in server.asked if one.path.endswith("2img")]


async def test_each_server_is_known_for_what_it_can_do(double: SdWebUiDouble) -> None:
    made = backend(double)
    c = await made.capabilities()
    await made.close()
    assert c.models == ("dreamshaper", "sdxl_base")
    assert (c.samplers, c.loras) == (("Euler a", "DPM++ 2M"), ("ink",))
    assert c.upscalers == ("Lanczos", "R-ESRGAN 4x+")
    small = double.flavour is Flavour.SDCPP
    assert c.previews is not small
    assert ("style" in c.parameters, Operation.UPSCALE in c.operations, Operation.DESCRIBE in c.operations) == (
        (not small,) * 3
    )


async def test_seeds_in_a_row_are_one_batch(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    bodies = await asked(server, here, tmp_path, seeds=(5, 6, 7, 8))
    assert [(body["seed"], body["batch_size"]) for body in bodies] == [(5, 4)]


async def test_other_seeds_are_asked_for_one_by_one(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    bodies = await asked(server, here, tmp_path, seeds=(9, 9, 4294967295, 0))
    assert [(body["seed"], body["batch_size"]) for body in bodies] == [(9, 1), (9, 1), (4294967295, 1), (0, 1)]


async def test_a_small_card_makes_fewer_at_once(server: SdWebUiDouble, tmp_path: Path) -> None:
    made, listener = backend(server, batch=2), Listener()
    request = request_for(Operation.GENERATE, await made.capabilities(), tmp_path, seeds=(1, 2, 3))
    result = await run(made, request, listener)
    await made.close()
    assert [image.seed for image in result.images] == [1, 2, 3]
    assert sorted(listener.images) == [0, 1, 2]
    assert listener.fractions[-1] == 1


async def test_what_did_not_come_is_asked_for_again(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    server.mischief = Mischief.FEWER
    request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(1, 2, 3))
    result = await run(here, request)
    assert [image.seed for image in result.images] == [1, 2, 3]
    assert [one.json["seed"] for one in server.asked if one.path.endswith("txt2img")] == [1, 3]


async def test_words_and_parameters_reach_the_server(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    parameters = {
        "steps": 12,
        "cfg": 0.0,
        "sampler": "DPM++ 2M",
        "tile": True,
        "style": "cinematic",
        "lora": (Lora("ink", 0.8),),
    }
    parts = (Part("a cat", 2), Part("snow", 1), Part("rain", -0.5))
    (body,) = await asked(server, here, tmp_path, parts=parts, negative=("text",), parameters=parameters)
    assert body["prompt"] == "(a cat:1.33), (snow:0.667) <lora:ink:0.8>"
    assert body["negative_prompt"] == "text, rain"
    assert (body["steps"], body["cfg_scale"], body["sampler_name"]) == (12, 0.0, "DPM++ 2M")
    assert (body["tiling"], body["styles"]) == (True, ["Cinematic"])
    assert "override_settings" not in body


async def test_sd_server_wants_its_loras_by_path(tmp_path: Path) -> None:
    async with SdWebUiDouble(flavour=Flavour.SDCPP) as double:
        made = backend(double)
        (body,) = await asked(double, made, tmp_path, parameters={"lora": (Lora("ink", 0.8),)})
        await made.close()
        assert body["lora"] == [{"path": "ink.safetensors", "multiplier": 0.8}]
        assert double.problems == []


@pytest.mark.parametrize(("quality", "steps"), [(0.25, 6), (1.0, 25), (4.0, 100)])
async def test_quality_is_a_share_of_the_steps(
    server: SdWebUiDouble, here: Backend, tmp_path: Path, quality: float, steps: int
) -> None:
    (body,) = await asked(server, here, tmp_path, parameters={"quality": quality})
    assert body["steps"] == steps


async def test_a_model_for_once_is_put_back(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    (body,) = await asked(server, here, tmp_path, model="sdxl_base")
    assert body["override_settings"] == {"sd_model_checkpoint": "sdxl_base"}
    assert body["override_settings_restore_afterwards"] is True


async def test_a_model_of_the_operators_stays(server: SdWebUiDouble, tmp_path: Path) -> None:
    made = backend(server, model="sdxl_base")
    (body,) = await asked(server, made, tmp_path)
    await made.close()
    assert body["override_settings"] == {"sd_model_checkpoint": "sdxl_base"}
    assert body["override_settings_restore_afterwards"] is False


async def test_an_unknown_model_is_never_asked_for(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    with pytest.raises(BackendRejected, match=r"no model called nope\. Check `LIENZO_SDWEBUI_MODEL`"):
        await asked(server, here, tmp_path, model="nope")
    assert server.works == 0


async def test_an_unknown_sampler_is_said_to_be(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    with pytest.raises(BackendRejected, match="Sampler not found"):
        await asked(server, here, tmp_path, parameters={"sampler": "Magic"})


@pytest.mark.parametrize(("strength", "fill"), [(1.0, 0), (0.6, 1)])
async def test_what_is_painted_anew_begins_from_its_surroundings(
    server: SdWebUiDouble, here: Backend, tmp_path: Path, strength: float, fill: int
) -> None:
    (body,) = await asked(server, here, tmp_path, operation=Operation.INPAINT, strength=strength)
    assert (body["inpainting_fill"], body["denoising_strength"]) == (fill, strength)
    assert (body["inpaint_full_res"], body["inpainting_mask_invert"]) == (False, 0)


async def test_enlarging_takes_the_best_upscaler_there_is(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    request = request_for(Operation.UPSCALE, await here.capabilities(), tmp_path)
    result = await run(here, request)
    (info,) = infos(result)
    assert info.size == (request.width, request.height)
    assert result.model == "R-ESRGAN 4x+"
    server.upscalers.remove("R-ESRGAN 4x+")
    await here.capabilities()
    assert (await run(here, request)).model == "Lanczos"


async def test_what_sd_next_can_not_answer_is_enlarged_here(tmp_path: Path) -> None:
    async with SdWebUiDouble(flavour=Flavour.SDNEXT) as double:
        made = backend(double)
        request = request_for(Operation.UPSCALE, await made.capabilities(), tmp_path)
        result = await run(made, request)
        await made.close()
    assert infos(result)[0].size == (request.width, request.height)
    assert "without new detail" in str(result.notes[0])


async def test_memory_that_ran_out_is_said_to_have(server: SdWebUiDouble, here: Backend) -> None:
    assert isinstance(here, SdWebUi)
    failed = here._web.failure(500, {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA"})  # pyright: ignore[reportPrivateUsage]
    assert isinstance(failed, BackendRejected)
    assert "smaller picture" in str(failed)


# Others at the same server


async def begin(made: Backend, folder: Path) -> asyncio.Task[Any]:
    request = request_for(Operation.GENERATE, await made.capabilities(), folder)
    return asyncio.create_task(run(made, request))


async def ended(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("double", [Flavour.A1111, Flavour.SDNEXT], indirect=True)
async def test_only_ones_own_job_is_interrupted(double: SdWebUiDouble, tmp_path: Path) -> None:
    made = backend(double)
    double.hold()
    task = await begin(made, tmp_path)
    await double.begun()
    mine = double.running
    await ended(task)
    await double.stopped()
    assert double.interrupted == [mine]
    await made.close()


async def test_one_that_waits_is_stopped_when_its_turn_comes(
    server: SdWebUiDouble, here: Backend, tmp_path: Path
) -> None:
    """And the one before it, which is somebody else's, is not."""
    server.hold()
    other = await server.occupy()
    task = await begin(here, tmp_path)
    await server.until(lambda: bool(server.waiting))
    await ended(task)
    assert server.stops == 0
    server.finish()
    await other
    await server.stopped()
    assert len(server.interrupted) == 1
    assert server.interrupted[0].startswith("lienzo-job1")


async def test_where_ours_cannot_be_told_from_others_nothing_is_stopped(tmp_path: Path) -> None:
    """SD.Next shows what it does, but not for whom. It was busy before, so what runs may be anybody's."""
    async with SdWebUiDouble(flavour=Flavour.SDNEXT) as double:
        made, listener = backend(double), Listener()
        double.hold()
        other = await double.occupy()
        request = request_for(Operation.GENERATE, await made.capabilities(), tmp_path)
        task = asyncio.create_task(run(made, request, listener))
        await double.until(lambda: bool(double.waiting))
        await double.polled(3)
        await ended(task)
        await double.polled(1)
        assert (double.stops, listener.fractions) == (0, [])
        double.release()
        await other
        await made.close()


@pytest.mark.parametrize("double", [Flavour.A1111, Flavour.SDNEXT], indirect=True)
async def test_half_a_picture_is_said_to_be_one(double: SdWebUiDouble, tmp_path: Path) -> None:
    """Somebody at the server stopped what ran there, and the server answers as if nothing were."""
    made = backend(double)
    assert not (await run(made, request_for(Operation.GENERATE, await made.capabilities(), tmp_path))).notes
    double.hold()
    task = await begin(made, tmp_path)
    await double.begun(2)
    await double.interrupt()
    (note,) = (await task).notes
    assert "stopped" in str(note)
    await made.close()


async def test_what_took_too_long_is_stopped(server: SdWebUiDouble, tmp_path: Path) -> None:
    made = backend(server, timeout=0.2)
    server.hold()
    with pytest.raises(BackendTimeout):
        await run(made, request_for(Operation.GENERATE, await made.capabilities(), tmp_path))
    await server.stopped()
    await made.close()


async def test_a_dead_progress_route_harms_nothing(server: SdWebUiDouble, here: Backend, tmp_path: Path) -> None:
    server.hold()
    task = await begin(here, tmp_path)
    await server.begun()
    server.deaf = True
    await server.polled(2)
    server.release()
    assert (await task).images


# Checks and settings


async def test_a_server_without_its_api_is_told_apart(server: SdWebUiDouble) -> None:
    made = SdWebUi(SdWebUiSettings(url=f"{server.url}/elsewhere"))
    server.key, server.open = "", True
    complaint = await made.check()
    await made.close()
    assert "--api" in str(complaint)


async def test_a_server_without_a_model_is_told_apart(server: SdWebUiDouble, here: Backend) -> None:
    server.models.clear()
    assert "no model" in str(await here.check())


async def test_a_model_of_the_settings_that_is_not_there(server: SdWebUiDouble) -> None:
    made = backend(server, model="gone")
    complaint = str(await made.check())
    await made.close()
    assert "LIENZO_SDWEBUI_MODEL" in complaint
    assert "gone" in complaint


@pytest.mark.parametrize("name", ["URL", "STEPS", "SIDE", "BATCH"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_SDWEBUI_{name}", "777")
    with pytest.raises(ConfigError, match=f"LIENZO_SDWEBUI_{name}"):
        SdWebUiSettings.load(None)


async def test_its_settings_lie_where_the_bots_own_do(server: SdWebUiDouble, tmp_path: Path) -> None:
    file = tmp_path / "bot.env"
    lines = ["LIENZO_BACKENDS=sdwebui", f"LIENZO_SDWEBUI_URL={server.url}", f"LIENZO_SDWEBUI_USER={USER}"]
    file.write_text("\n".join([*lines, f"LIENZO_SDWEBUI_PASSWORD={server.key}"]))
    catalog = Catalog.from_settings(Settings.load(file))
    await catalog.refresh()
    assert catalog.capabilities("sdwebui").models == ("dreamshaper", "sdxl_base")
    await catalog.close()


def test_seeds_that_follow_each_other() -> None:
    assert together((3, 4, 5, 9), 4) == (3, 4, 5)
    assert together((3, 4, 5, 6, 7), 4) == (3, 4, 5, 6)
    assert together((3, 3), 4) == (3,)


def test_a_single_part_has_no_weight(tmp_path: Path) -> None:
    request = Request(job_id="j", operation=Operation.GENERATE, folder=tmp_path, parts=(Part("a cat", 3),))
    assert weighted(request) == "a cat"
    assert weighted(replace(request, parts=())) == ""
