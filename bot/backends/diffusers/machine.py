"""The model, and the one thread's work with it: load, dress for a pass, run."""

import gc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from bot.backends.base import Operation
from bot.backends.diffusers import models
from bot.backends.diffusers.library import Library, library, missing, short
from bot.backends.diffusers.passes import OutOfMemory, Painted, Piece, Shape, Traits, Watch
from bot.backends.diffusers.previews import Colours, fitted
from bot.backends.diffusers.samplers import SAMPLERS
from bot.backends.diffusers.settings import NAME, DiffusersSettings
from bot.errors import BackendBroken, BackendRejected, FetchError
from bot.i18n import T
from bot.imaging.info import open_pixels

#: What the libraries raise for input, files and devices that they can't work with.
FAULTS = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, OSError, ImportError, MemoryError)
#: What a device that is full says of itself: CUDA and MPS; the CPU.
FULL = ("out of memory", "can't allocate memory", "not enough memory")
AUTO = {
    Operation.GENERATE: "AutoPipelineForText2Image",
    Operation.VARY: "AutoPipelineForImage2Image",
    Operation.INPAINT: "AutoPipelineForInpainting",
}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Loaded:
    """The model in memory, as the pipeline of its last operation. `scheduler` is its own, which others are made like; `loras` is None
    while it is not known which of them it wears."""

    source: str
    pipe: Any
    scheduler: Any
    colours: Colours | None
    operation: Operation = Operation.GENERATE
    loras: tuple[tuple[str, float], ...] | None = ()


class TorchMachine:
    """One model at a time, on one device."""

    def __init__(self, settings: DiffusersSettings) -> None:
        self._settings = settings
        self._loaded: Loaded | None = None

    def missing(self) -> Sequence[str]:
        return missing()

    def traits(self, source: str) -> Traits:
        return models.traits(library(), self._settings, source)

    def device(self) -> str:
        torch, wanted = library().torch, self._settings.device
        there = {"cpu": True, "mps": torch.backends.mps.is_available(), "cuda": torch.cuda.is_available()}
        if not wanted:
            return next(name for name in ("cuda", "mps", "cpu") if there[name])
        kind, _, number = wanted.partition(":")
        if not there.get(kind) or (kind == "cuda" and int(number or 0) >= torch.cuda.device_count()):
            raise BackendRejected(
                T(
                    "`{setting}` names `{device}`, which torch does not find here.",
                    setting=self._settings.setting("device"),
                    device=wanted,
                )
            )
        return wanted

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded = None
            self._tidy()

    def _tidy(self) -> None:
        """Gives back what nobody holds any more."""
        gc.collect()
        torch = library().torch
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        elif torch.backends.mps.is_available():
            torch.mps.empty_cache()

    # One pass

    def paint(self, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        try:
            return self._painted(self._ready(shape), shape, pieces, watch)
        except FetchError as error:
            failure: Exception = BackendRejected(backend=NAME, reason=error.text)
        except FAULTS as error:
            failure = self._explained(error)
        # Only here is the error gone, and with it what its frames held of the device's memory.
        self._tidy()
        raise failure

    def _explained(self, error: BaseException) -> Exception:
        if full(error):
            return OutOfMemory()
        log.warning("a pass failed", exc_info=error)
        if isinstance(error, ValueError | TypeError):
            return BackendRejected(backend=NAME, reason=short(error))
        return BackendBroken(T("The {backend} backend failed: {reason}", backend=NAME, reason=short(error)))

    def _painted(self, pipe: Any, shape: Shape, pieces: Sequence[Piece], watch: Watch) -> Sequence[Painted]:
        taken = models.arguments(type(pipe))
        given = {name: value for name, value in self._arguments(shape, pieces).items() if name in taken}
        if "callback_on_step_end" in taken:
            given["callback_on_step_end"] = self._follower(shape, watch)
        watch(0.0, None)
        try:
            output = pipe(**given)
        finally:
            pipe.maybe_free_model_hooks()
        flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(pieces)
        return [
            Painted(None if withheld else image, too_long(pipe, piece.prompt))
            for image, withheld, piece in zip(output.images, flagged, pieces, strict=True)
        ]

    def _arguments(self, shape: Shape, pieces: Sequence[Piece]) -> Mapping[str, Any]:
        """What all pieces have in common is said once, so that it is also worked out once."""
        torch, given = library().torch, {"width": shape.width, "height": shape.height, "output_type": "pil"}
        alike = len({(piece.prompt, piece.negative, piece.image, piece.mask) for piece in pieces}) == 1
        told = pieces[:1] if alike else pieces
        values: dict[str, list[Any]] = {"prompt": [piece.prompt for piece in told]}
        if shape.unwanted:
            values["negative_prompt"] = [piece.negative for piece in told]
        if shape.operation is not Operation.GENERATE:
            values["image"] = [picture(piece.image, shape, "RGB") for piece in told if piece.image]
        if shape.operation is Operation.INPAINT:
            values["mask_image"] = [picture(piece.mask, shape, "L") for piece in told if piece.mask]
        optional = {"guidance_scale": shape.guidance, "strength": shape.strength}
        return {
            **given,
            **{name: value[0] if alike else value for name, value in values.items()},
            **{name: value for name, value in optional.items() if value is not None},
            "num_inference_steps": shape.steps,
            "num_images_per_prompt": len(pieces) if alike else 1,
            # On the CPU: the same seed begins with the same noise on every device.
            "generator": [torch.Generator("cpu").manual_seed(piece.seed) for piece in pieces],
        }

    def _follower(self, shape: Shape, watch: Watch) -> Any:
        loaded = self._loaded

        def follow(pipe: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            colours = loaded.colours if loaded else None
            latents = values.get("latents")
            look = None if colours is None or latents is None else lambda: _seen(colours, pipe, latents, shape)
            watch(min(1.0, (step + 1) / (getattr(pipe, "num_timesteps", 0) or shape.steps)), look)
            return values

        return follow

    # The model

    def _ready(self, shape: Shape) -> Any:
        """The pipeline for this pass. One model is in memory: the former goes before the next comes."""
        if self._loaded is None or self._loaded.source != shape.source:
            self.close()
            self._loaded = self._load(shape.source)
        loaded = self._loaded
        if loaded.operation is not shape.operation:
            kind = getattr(library().diffusers, AUTO[shape.operation])
            # What is placed piece by piece is placed anew: the hooks know their pipeline.
            loaded.pipe = self._placed(kind.from_pipe(loaded.pipe))
            loaded.operation = shape.operation
        loaded.pipe.scheduler = self._scheduler(loaded, shape.sampler)
        self._wear(loaded, shape.loras)
        return loaded.pipe

    def _load(self, source: str) -> Loaded:
        lib, settings = library(), self._settings
        told = models.options(settings, source) | ({"variant": settings.variant} if settings.variant else {})
        kind = lib.diffusers.AutoPipelineForText2Image
        dtype = self._dtype(lib, source)
        try:
            pipe = kind.from_pretrained(models.place(source), dtype=dtype, use_safetensors=True, **told)
        except (OSError, ValueError) as error:
            raise models.unloadable(lib, settings, source, error) from None
        loaded = Loaded(source, pipe, pipe.scheduler, fitted(lib, pipe))
        if hasattr(getattr(pipe, "vae", None), "enable_slicing"):
            pipe.vae.enable_slicing()  # decoding all pictures at once takes more memory than making them
        loaded.pipe = self._placed(pipe)
        log.info("%s is loaded on %s as %s", Path(source).name, self.device(), dtype)
        return loaded

    def _dtype(self, lib: Library, source: str) -> Any:
        """Half precision on a card: U-Nets are trained in float16, transformers in bfloat16."""
        if self._settings.dtype != "auto":
            return getattr(lib.torch, self._settings.dtype)
        if self.device() == "cpu":
            return lib.torch.float32
        index = lib.diffusers.DiffusionPipeline.load_config(
            models.place(source), **models.options(self._settings, source)
        )
        return lib.torch.float16 if "unet" in index else lib.torch.bfloat16

    def _placed(self, pipe: Any) -> Any:
        pipe.set_progress_bar_config(disable=True)
        device = self.device()
        if self._settings.offload == "model" and device != "cpu":
            pipe.enable_model_cpu_offload(device=device)
        elif self._settings.offload == "layers" and device != "cpu":
            pipe.enable_sequential_cpu_offload(device=device)
        else:
            pipe.to(device)
        return pipe

    def _scheduler(self, loaded: Loaded, sampler: str) -> Any:
        """A fresh one each time: they remember their last steps."""
        own = loaded.scheduler
        if not sampler:
            return own.from_config(own.config)
        name, told = SAMPLERS[sampler]
        return getattr(library().diffusers, name).from_config(own.config, **told)

    def _wear(self, loaded: Loaded, loras: tuple[tuple[str, float], ...]) -> None:
        """Only what is asked for is kept in memory."""
        if loaded.loras == loras:
            return
        if loaded.loras != ():
            loaded.pipe.unload_lora_weights()
        loaded.loras = None
        for number, (file, _) in enumerate(loras):
            try:
                loaded.pipe.load_lora_weights(file, adapter_name=f"lora{number}")
            except FAULTS as error:
                if full(error):
                    raise
                raise BackendRejected(
                    backend=NAME, reason=T("the LoRA {name} does not fit this model.", name=Path(file).stem)
                ) from None
        if loras:
            loaded.pipe.set_adapters([f"lora{number}" for number in range(len(loras))], [one for _, one in loras])
        loaded.loras = loras


def full(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in FULL)


def _seen(colours: Colours, pipe: Any, latents: Any, shape: Shape) -> list[Image.Image]:
    return colours.pictures(pipe, latents, shape.width, shape.height)


def picture(path: Path, shape: Shape, mode: str) -> Image.Image:
    """A picture to work on, at the size of the pass. Raises `FetchError` where it can't be read."""
    image = open_pixels(path)
    if image.mode != mode:
        image = image.convert(mode)
    size = (shape.width, shape.height)
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def too_long(pipe: Any, prompt: str) -> bool:
    """Whether even the tokenizer that reads furthest does not read it to its end."""
    readers = [one for name, one in pipe.components.items() if name.startswith("tokenizer") and one is not None]
    if not readers:
        return False
    reader = max(readers, key=lambda one: one.model_max_length)
    return len(reader(prompt).input_ids) > reader.model_max_length
