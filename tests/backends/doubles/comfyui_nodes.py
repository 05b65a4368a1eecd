"""The nodes that the double of ComfyUI knows: what they take and give, and how large the pictures are that they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

#: A limit of ComfyUI's own on every side.
MAX_RESOLUTION = 16384
Size: TypeAlias = tuple[int, int]


class Mismatch(Exception):
    """Tensors that do not fit together, which the real ones find while they run, or don't find at all."""


@dataclass(frozen=True, slots=True)
class Number:
    """INT, or FLOAT where its limits are."""

    low: float
    high: float

    @property
    def kind(self) -> str:
        return "FLOAT" if isinstance(self.low, float) else "INT"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a list, or of the double's list of that name."""

    names: tuple[str, ...] | str


Taken: TypeAlias = Number | Choice | str  # a str is the type of a link, `STRING`, or `FILE`
Run: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Kind:
    takes: Mapping[str, Taken]
    gives: tuple[str, ...]
    run: Run
    optional: Mapping[str, Taken] = field(default_factory=dict[str, Taken])
    output: bool = False


def nothing(count: int) -> Run:
    return lambda _: (None,) * count


def same(left: Size, right: Size, what: str) -> None:
    if left != right:
        raise Mismatch(f"{what}: {left} and {right}")


def sampled(given: Mapping[str, Any]) -> tuple[Any, ...]:
    size, mask = given["latent_image"]
    if mask is not None:
        same(size, mask, "a latent and its mask")
    return ((size, None),)


def padded(given: Mapping[str, Any]) -> tuple[Any, ...]:
    width, height = given["image"]
    size = (width + given["left"] + given["right"], height + given["top"] + given["bottom"])
    return size, size


def enclosed(given: Mapping[str, Any]) -> tuple[Any, ...]:
    same(given["pixels"], given["mask"], "a picture and its mask")
    return ((eights(given["pixels"]), None),)


def composed(given: Mapping[str, Any]) -> tuple[Any, ...]:
    same(given["destination"], given["source"], "two pictures, one on the other")
    if given.get("mask"):
        same(given["destination"], given["mask"], "a picture and its mask")
    return (given["destination"],)


def eights(size: Size) -> Size:
    if size[0] % 8 or size[1] % 8:
        raise Mismatch(f"{size} is cropped")
    return size


SAMPLING = {
    "model": "MODEL",
    "seed": Number(0, 2**64 - 1),
    "steps": Number(1, 10000),
    "cfg": Number(0.0, 100.0),
    "sampler_name": Choice("samplers"),
    "scheduler": Choice("schedulers"),
    "positive": "CONDITIONING",
    "negative": "CONDITIONING",
    "latent_image": "LATENT",
    "denoise": Number(0.0, 1.0),
}
SIDE = Number(0, MAX_RESOLUTION)
METHODS = Choice(("nearest-exact", "bilinear", "area", "bicubic", "lanczos"))
KINDS: Mapping[str, Kind] = {
    "CheckpointLoaderSimple": Kind({"ckpt_name": Choice("models")}, ("MODEL", "CLIP", "VAE"), nothing(3)),
    "LoraLoader": Kind(
        {
            "model": "MODEL",
            "clip": "CLIP",
            "lora_name": Choice("loras"),
            "strength_model": Number(-100.0, 100.0),
            "strength_clip": Number(-100.0, 100.0),
        },
        ("MODEL", "CLIP"),
        nothing(2),
    ),
    "CLIPTextEncode": Kind({"text": "STRING", "clip": "CLIP"}, ("CONDITIONING",), nothing(1)),
    "EmptyLatentImage": Kind(
        {"width": Number(16, MAX_RESOLUTION), "height": Number(16, MAX_RESOLUTION), "batch_size": Number(1, 4096)},
        ("LATENT",),
        lambda given: ((eights((given["width"], given["height"])), None),),
    ),
    "LoadImage": Kind({"image": "FILE"}, ("IMAGE", "MASK"), lambda given: (given["image"], given["image"])),
    "LoadImageMask": Kind(
        {"image": "FILE", "channel": Choice(("alpha", "red", "green", "blue"))},
        ("MASK",),
        lambda given: (given["image"],),
    ),
    "ImageScale": Kind(
        {
            "image": "IMAGE",
            "upscale_method": METHODS,
            "width": SIDE,
            "height": SIDE,
            "crop": Choice(("disabled", "center")),
        },
        ("IMAGE",),
        lambda given: ((given["width"], given["height"]),),
    ),
    "ImagePadForOutpaint": Kind(
        {"image": "IMAGE", "left": SIDE, "top": SIDE, "right": SIDE, "bottom": SIDE, "feathering": SIDE},
        ("IMAGE", "MASK"),
        padded,
    ),
    "VAEEncode": Kind({"pixels": "IMAGE", "vae": "VAE"}, ("LATENT",), lambda given: ((eights(given["pixels"]), None),)),
    "VAEEncodeForInpaint": Kind(
        {"pixels": "IMAGE", "vae": "VAE", "mask": "MASK", "grow_mask_by": Number(0, 64)}, ("LATENT",), enclosed
    ),
    "SetLatentNoiseMask": Kind(
        {"samples": "LATENT", "mask": "MASK"}, ("LATENT",), lambda given: ((given["samples"][0], given["mask"]),)
    ),
    "KSampler": Kind(SAMPLING, ("LATENT",), sampled),
    "VAEDecode": Kind({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",), lambda given: (given["samples"][0],)),
    "ImageCompositeMasked": Kind(
        {"destination": "IMAGE", "source": "IMAGE", "x": SIDE, "y": SIDE, "resize_source": "BOOLEAN"},
        ("IMAGE",),
        composed,
        {"mask": "MASK"},
    ),
    "UpscaleModelLoader": Kind({"model_name": Choice("upscalers")}, ("UPSCALE_MODEL",), nothing(1)),
    "ImageUpscaleWithModel": Kind(
        {"upscale_model": "UPSCALE_MODEL", "image": "IMAGE"},
        ("IMAGE",),
        lambda given: ((4 * given["image"][0], 4 * given["image"][1]),),
    ),
    "PreviewImage": Kind({"images": "IMAGE"}, (), lambda given: (given["images"],), output=True),
    "SaveImage": Kind(
        {"images": "IMAGE", "filename_prefix": "STRING"}, (), lambda given: (given["images"],), output=True
    ),
    "ShowText": Kind({"image": "IMAGE"}, (), lambda _: ("a lighthouse at dusk",), output=True),
}
