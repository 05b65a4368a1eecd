"""What a model is, by its small files alone: nothing of its weights is read."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.backends.base import Operation
from bot.backends.diffusers.library import Library, short
from bot.backends.diffusers.passes import Traits
from bot.backends.diffusers.samplers import suitable
from bot.backends.diffusers.settings import NAME, DiffusersSettings
from bot.errors import BackendError, BackendRejected, BackendUnavailable
from bot.i18n import T

STEP = 16  # pixels
LEAST_SIDE, USUAL_SIDE, LARGEST_SIDE = 64, 1024, 2048


def options(settings: DiffusersSettings, source: str) -> dict[str, Any]:
    """What every loading call is told. For a folder of this machine nobody asks the network."""
    told: dict[str, Any] = {"local_files_only": local(source)}
    return told | ({"token": token} if (token := settings.token.get_secret_value()) else {})


def local(source: str) -> bool:
    """Whether it is a folder of this machine: written as a way, or there. Else it is `owner/name` on the hub."""
    written = source.startswith((".", "/", "~")) or "\\" in source or source.count("/") != 1
    return written or Path(source).is_dir()


def place(source: str) -> str:
    return str(Path(source).expanduser()) if local(source) else source


def unloadable(library: Library, settings: DiffusersSettings, source: str, error: Exception) -> BackendError:
    """A model that is not there is the operator's to mend; a hub that does not answer may do so later."""
    gone = library.hub_errors
    known = (gone.RepositoryNotFoundError, gone.RevisionNotFoundError, gone.RemoteEntryNotFoundError)
    chain: list[BaseException] = [error]
    while (before := chain[-1].__cause__ or chain[-1].__context__) and before not in chain:
        chain.append(before)
    reason = T(
        "the model {model} can't be loaded. Check `{setting}`. {reason}",
        model=Path(source).name,
        setting=settings.setting("model"),
        reason=short(error).replace(place(source), Path(source).name),
    )
    if local(source) or any(isinstance(one, known) for one in chain) or not isinstance(error, OSError):
        return BackendRejected(backend=NAME, reason=reason)
    return BackendUnavailable(T("The {backend} backend can't get its model now: {reason}", backend=NAME, reason=reason))


def traits(library: Library, settings: DiffusersSettings, source: str) -> Traits:
    """Raises `BackendRejected` for what is no text-to-image model, `BackendUnavailable` where the hub can't be reached."""
    told = options(settings, source)
    load = library.diffusers.DiffusionPipeline.load_config
    try:
        index: Mapping[str, Any] = load(place(source), **told)
    except (OSError, ValueError) as error:
        raise unloadable(library, settings, source, error) from None
    kinds = tasks(library, str(index.get("_class_name")))
    if Operation.GENERATE not in kinds or "Inpaint" in str(index.get("_class_name")):
        raise BackendRejected(
            backend=NAME,
            reason=T(
                "{model} makes no picture from words alone. Check `{setting}`.",
                model=Path(source).name,
                setting=settings.setting("model"),
            ),
        )
    call = arguments(kinds[Operation.GENERATE])
    steps = call["num_inference_steps"].default if "num_inference_steps" in call else None
    return Traits(
        operations=frozenset(kinds),
        samplers=_samplers(library, index),
        steps=steps if isinstance(steps, int) else 50,
        side=_side(library, place(source), told, index),
        negative="negative_prompt" in call,
        guidance="guidance_scale" in call,
        loras=hasattr(kinds[Operation.GENERATE], "load_lora_weights"),
        joins=_joins(kinds),
        follows="callback_on_step_end" in call,
    )


def arguments(kind: Any) -> Mapping[str, inspect.Parameter]:
    """What a pipeline's call takes."""
    return inspect.signature(kind.__call__).parameters


def tasks(library: Library, kind: str) -> dict[Operation, Any]:
    """The pipelines of a model's family, by what they are for. Those without a `strength` follow instructions: they don't vary."""
    auto = library.auto
    maps: dict[Operation, Mapping[str, Any]] = {
        Operation.GENERATE: auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        Operation.VARY: auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        Operation.INPAINT: auto.AUTO_INPAINT_PIPELINES_MAPPING,
    }
    family = next((name for one in maps.values() for name, made in one.items() if made.__name__ == kind), "")
    found = {operation: one[family] for operation, one in maps.items() if family in one}
    return {o: made for o, made in found.items() if o is Operation.GENERATE or "strength" in arguments(made)}


def _samplers(library: Library, index: Mapping[str, Any]) -> tuple[str, ...]:
    name = str((index.get("scheduler") or ("", ""))[1])
    own = getattr(library.diffusers, name, None)
    return suitable({name, *getattr(own, "_compatibles", ())}) if own else ()


def _joins(kinds: Mapping[Operation, Any]) -> frozenset[Operation]:
    """Lists of prompts are taken by nearly all. Lists of pictures mean one for each prompt only in Stable Diffusion's family."""
    several = "list" in str(arguments(kinds[Operation.GENERATE])["prompt"].annotation)
    related = kinds[Operation.GENERATE].__name__.startswith("StableDiffusion")
    return frozenset(kinds if related else {Operation.GENERATE}) if several else frozenset()


def _side(library: Library, source: str, told: Mapping[str, Any], index: Mapping[str, Any]) -> int:
    """The side that the model was trained at: its latents' side, times what its VAE makes of one of them."""

    def config(part: str) -> Mapping[str, Any]:
        return library.diffusers.AutoencoderKL.load_config(source, subfolder=part, **told) if part in index else {}

    sample = config("unet" if "unet" in index else "transformer").get("sample_size")
    blocks = config("vae").get("block_out_channels")
    side = sample * 2 ** (len(blocks) - 1 if blocks else 3) if isinstance(sample, int) else USUAL_SIDE
    return max(LEAST_SIDE, min(LARGEST_SIDE, side - side % STEP))
