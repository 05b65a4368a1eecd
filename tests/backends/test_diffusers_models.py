"""Diffusion models for real: tiny ones with random weights, on the CPU."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.backends.base import Operation, Part, Request, Result
from bot.backends.diffusers import Diffusers, DiffusersSettings
from bot.backends.diffusers.library import library
from bot.backends.diffusers.machine import Loaded, TorchMachine
from bot.backends.diffusers.models import local
from bot.backends.diffusers.previews import Colours, fitted
from bot.backends.diffusers.samplers import SAMPLERS
from bot.errors import BackendBroken, BackendRefused, BackendRejected, BackendUnavailable
from bot.prompt.table import Lora
from tests.backends.contract import Listener, request_for, run
from tests.backends.doubles.diffusers import DiffusersDouble, Held
from tests.backends.tiny_diffusion import ABSENT, checker, pipeline, tiny

pytestmark = pytest.mark.skipif(ABSENT is not None, reason=ABSENT or "")
OPERATIONS = (Operation.GENERATE, Operation.VARY, Operation.INPAINT)


class Bench:
    """A backend with the real machine, which counts its passes and can be held up."""

    def __init__(self, double: DiffusersDouble, folder: Path, **changes: Any) -> None:
        values: dict[str, Any] = {"model": str(tiny()), "steps": 2, "device": "cpu", "batch": 8, **changes}
        settings = DiffusersSettings(**values)
        self.double = double
        self.folder = folder
        self.machine = TorchMachine(settings)
        self.backend = Diffusers(settings, machine=Held(double, self.machine), preview_seconds=0)

    async def request(self, name: str, operation: Operation = Operation.GENERATE, **changes: Any) -> Request:
        folder = self.folder / name
        folder.mkdir()
        changes = {"width": 64, "height": 64, **changes}
        request = request_for(operation, await self.backend.capabilities(), folder, **changes)
        for path in [image.path for image in request.images] + ([request.mask] if request.mask else []):
            Image.open(path).resize((request.width, request.height)).save(path)
        return request

    async def make(self, name: str, operation: Operation = Operation.GENERATE, **changes: Any) -> Result:
        return await run(self.backend, await self.request(name, operation, **changes))

    @property
    def loaded(self) -> Loaded:
        loaded = self.machine._loaded  # pyright: ignore[reportPrivateUsage]
        assert loaded is not None
        return loaded


@asynccontextmanager
async def bench(folder: Path, **changes: Any) -> AsyncGenerator[Bench]:
    async with DiffusersDouble() as double:
        made = Bench(double, folder, **changes)
        yield made
        double.release()
        await made.backend.close()


def pixels(result: Result, index: int = 0) -> np.ndarray[Any, Any]:
    with Image.open(result.images[index].path) as image:
        return np.asarray(image).astype(float)


def apart(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """How far two pictures are, from 0 to 255 on the mean."""
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("kind", ["sd", "xl"])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_joined_pass_paints_what_each_would_be_alone(tmp_path: Path, kind: str, operation: Operation) -> None:
    async with bench(tmp_path, model=str(tiny(kind))) as b:
        cat = {"parts": (Part("a cat"),), "negative": ("rain",)}
        alone = [await b.make("alone", operation, seeds=(2,)), await b.make("cat-alone", operation, seeds=(3,), **cat)]
        b.double.hold()
        requests = [
            await b.request("first", operation, seeds=(1,), parameters={"steps": 3}),
            await b.request("two", operation, seeds=(2,)),
            await b.request("cat", operation, seeds=(3,), **cat),
        ]
        tasks = [asyncio.create_task(run(b.backend, request)) for request in requests]
        await b.double.begun(3)
        b.double.release()
        results = await asyncio.gather(*tasks)
        assert [[piece.seed for piece in done] for _, done in b.double.passes[2:]] == [[1], [2, 3]]
    # Not to the bit: a batch is added up in another order.
    assert [apart(pixels(one), pixels(two)) < 1 for one, two in zip(alone, results[1:], strict=True)] == [True, True]
    assert apart(pixels(results[1]), pixels(results[2])) > 1


async def test_all_operations_share_one_model(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.make("zero")
        unet, vae = b.loaded.pipe.unet, b.loaded.pipe.vae
        for operation in (Operation.VARY, Operation.INPAINT, Operation.GENERATE):
            result = await b.make(operation.value, operation, width=96, height=64)
            assert pixels(result).shape == (64, 96, 3)
            assert b.loaded.operation is operation
            assert (b.loaded.pipe.unet is unet, b.loaded.pipe.vae is vae) == (True, True)


async def test_one_model_is_in_memory(tmp_path: Path) -> None:
    async with bench(tmp_path, models=str(tiny("xl"))) as b:
        assert (await b.backend.capabilities()).models == ("tiny", "tiny-xl")
        assert (await b.make("one")).model == "tiny"
        assert (await b.make("two", model="tiny-xl")).model == "tiny-xl"
        assert type(b.loaded.pipe).__name__ == "StableDiffusionXLPipeline"


@pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")  # what NumPy says of torch
async def test_every_sampler_samples(tmp_path: Path) -> None:
    async with bench(tmp_path, steps=3) as b:
        assert (await b.backend.capabilities()).samplers == tuple(SAMPLERS)
        for sampler, (kind, _) in SAMPLERS.items():
            assert (await b.make(sampler, parameters={"sampler": sampler}, seeds=(1,))).images
            assert type(b.loaded.pipe.scheduler).__name__ == kind
        await b.make("own")
        assert type(b.loaded.pipe.scheduler).__name__ == "DDIMScheduler"


async def test_parameters_change_the_picture(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        plain = pixels(await b.make("plain"))
        assert apart(plain, pixels(await b.make("same"))) < 0.5
        changes: dict[str, dict[str, Any]] = {
            "cfg": {"parameters": {"cfg": 20.0}},
            "no": {"negative": ("a very long list of things",)},
            "seed": {"seeds": (99,)},
            "steps": {"parameters": {"steps": 5}},
        }
        for name, change in changes.items():
            assert apart(plain, pixels(await b.make(name, **change))) > 0.5, name


async def test_a_long_prompt_is_said_to_be_cut(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        short = await b.make("short", parts=(Part("a cat"),))
        long = await b.make("long", parts=(Part("a cat on a long wall in the rain " * 5),))
        assert not short.notes
        assert "longer than this model reads" in str(long.notes[0])


# In the middle


async def test_a_pass_ends_at_its_next_step(tmp_path: Path) -> None:
    async with bench(tmp_path, steps=100) as b:
        listener = Listener()
        b.double.hold()
        task = asyncio.create_task(run(b.backend, await b.request("one"), listener))
        await listener.shown.wait()
        task.cancel()
        await b.double.stopped()
        b.double.release()
        assert max(listener.fractions) < 0.1
        assert (await b.make("two", parameters={"steps": 2})).images


async def test_memory_that_runs_out_splits_the_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path) as b:
        await b.make("zero")
        unet, torch = b.loaded.pipe.unet, library().torch
        forward = unet.forward

        def narrow(sample: Any, *rest: Any, **named: Any) -> Any:
            if len(sample) > 4:  # two pictures, each with and without its words
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return forward(sample, *rest, **named)

        monkeypatch.setattr(unet, "forward", narrow)
        result = await b.make("four", seeds=(1, 2, 3, 4))
        assert [image.seed for image in result.images] == [1, 2, 3, 4]
        assert [len(done) for _, done in b.double.passes[1:]] == [4, 2, 2]
        assert "memory" in str(result.notes[0])


async def test_what_torch_says_of_a_fault_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path) as b:
        await b.make("zero")

        def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR\nand a page of this")

        monkeypatch.setattr(b.loaded.pipe.unet, "forward", broken)
        with pytest.raises(BackendBroken, match=r"CUDNN_STATUS_INTERNAL_ERROR$"):
            await b.make("one")


# The filter


@pytest.mark.parametrize("flags", [True, False])
async def test_the_models_own_filter_is_heard(tmp_path: Path, flags: bool) -> None:
    model = tmp_path / "checked"
    await asyncio.to_thread(lambda: pipeline(**checker(flags=flags)).save_pretrained(model))
    async with bench(tmp_path, model=str(model)) as b:
        if not flags:
            assert (await b.make("one")).images
            return
        with pytest.raises(BackendRefused, match="safety filter"):
            await b.make("one")


# LoRAs


@pytest.fixture
def loras(tmp_path: Path) -> Path:
    """A folder with one that fits and one that does not."""
    peft, diffusers, torch = (import_module(name) for name in ("peft", "diffusers", "torch"))
    folder = tmp_path / "loras"
    folder.mkdir()
    pipe = pipeline()
    pipe.unet.add_adapter(peft.LoraConfig(r=4, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False))
    layers = peft.get_peft_model_state_dict(pipe.unet)
    assert layers
    layers = {name: torch.randn_like(value) for name, value in layers.items()}
    diffusers.StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=layers, weight_name="ink.safetensors")
    (folder / "torn.safetensors").write_bytes(b"nothing of the kind")
    (folder / "pickled.bin").write_bytes(b"never read")
    return folder


async def test_a_lora_is_worn_for_one_pass(tmp_path: Path, loras: Path) -> None:
    async with bench(tmp_path, loras=loras) as b:
        assert (await b.backend.capabilities()).loras == ("ink", "torn")
        bare = pixels(await b.make("bare"))
        worn = pixels(await b.make("worn", parameters={"lora": (Lora("ink", 4.0),)}))
        varied = await b.make("varied", Operation.VARY, parameters={"lora": (Lora("ink", 4.0),)})
        after = pixels(await b.make("after"))
        assert varied.images
        assert apart(bare, worn) > 0.5
        assert apart(bare, after) < 0.5


async def test_a_lora_that_does_not_fit_is_named(tmp_path: Path, loras: Path) -> None:
    async with bench(tmp_path, loras=loras) as b:
        for name in ("one", "two"):
            with pytest.raises(BackendRejected, match="torn"):
                await b.make(name, parameters={"lora": (Lora("ink", 1.0), Lora("torn", 1.0))})
        bare = pixels(await b.make("bare"))
    async with bench(tmp_path / "loras") as other:
        assert apart(bare, pixels(await other.make("bare"))) < 0.5


# Previews


def test_colours_are_found_in_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a VAE whose latents are a mixture of the colours."""
    torch, pipe = library().torch, pipeline()
    mixture = torch.tensor([[1.0, 0, 0.5], [0, 2, 0], [0.3, 0, -1], [1, 1, 1]])

    class Mixed:
        def __init__(self, picture: Any) -> None:
            small = torch.nn.functional.avg_pool2d(picture, 8)
            self._mean = torch.einsum("bchw,dc->bdhw", small, mixture) + 0.25
            self.latent_dist = self

        def mode(self) -> Any:
            return self._mean

    monkeypatch.setattr(pipe.vae, "encode", Mixed)
    colours = fitted(library(), pipe)
    assert colours is not None
    wanted = torch.tensor([0.5, -0.5, 0.0])
    latents = Mixed(wanted.view(1, 3, 1, 1).expand(1, 3, 64, 96)).mode() * pipe.vae.config.scaling_factor
    (picture,) = colours.pictures(pipe, latents, 96, 64)
    assert picture.size == (12, 8)
    assert np.abs(np.asarray(picture).astype(int) - [191, 63, 127]).max() <= 1


def test_packed_latents_are_unpacked_and_strange_ones_left(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = library().torch
    colours = Colours(torch.zeros(17, 3))
    flux = import_module("diffusers").FluxPipeline
    pipe = type("Pipe", (), {"_unpack_latents": staticmethod(flux._unpack_latents), "vae_scale_factor": 8})()
    (picture,) = colours.pictures(pipe, torch.zeros(1, 4 * 6, 64), 96, 64)
    assert picture.size == (12, 8)
    assert colours.pictures(object(), torch.zeros(1, 4, 8, 8), 64, 64) == []
    assert colours.pictures(object(), torch.zeros(1, 16, 1, 8, 8), 64, 64) == []


# What a model is


async def test_a_model_of_another_kind_is_named(tmp_path: Path) -> None:
    model = tmp_path / "loud"
    model.mkdir()
    (model / "model_index.json").write_text(json.dumps({"_class_name": "AudioLDM2Pipeline"}))
    async with bench(tmp_path, model=str(model)) as b:
        with pytest.raises(BackendRejected, match="loud makes no picture") as caught:
            await b.backend.capabilities()
        assert "LIENZO_DIFFUSERS_MODEL" in str(await b.backend.check())
    assert str(tmp_path) not in str(caught.value)


async def test_a_folder_that_is_not_there_is_named_and_its_way_is_not(tmp_path: Path) -> None:
    async with bench(tmp_path, model=str(tmp_path / "gone")) as b:
        complaint = str(await b.backend.check())
        assert "gone" in complaint
        assert "LIENZO_DIFFUSERS_MODEL" in complaint
        assert str(tmp_path) not in complaint


@pytest.mark.parametrize("found", [True, False])
async def test_a_hub_that_is_away_is_no_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: bool
) -> None:
    errors = import_module("huggingface_hub.errors")

    def load(*_: Any, **__: Any) -> Any:
        try:
            raise ConnectionError if found else errors.RepositoryNotFoundError.__new__(errors.RepositoryNotFoundError)
        except OSError as error:
            raise OSError("somebody/thing: it could not be had") from error

    monkeypatch.setattr(library().diffusers.DiffusionPipeline, "load_config", load)
    async with bench(tmp_path, model="somebody/thing") as b:
        with pytest.raises(BackendUnavailable if found else BackendRejected, match="LIENZO_DIFFUSERS_MODEL"):
            await b.backend.capabilities()


async def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with bench(tmp_path, device="cuda:99") as b:
        complaint = str(await b.backend.check())
        assert "cuda:99" in complaint
        assert "LIENZO_DIFFUSERS_DEVICE" in complaint


def test_a_folder_is_told_from_a_name_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "mine").mkdir(parents=True)
    assert [local(one) for one in ("./a", "/a/b", "~/a", "a", "a/b/c", "models/mine")] == [True] * 6
    assert not local("owner/name")
