"""What latents look like, without the VAE: a linear map of their channels to colours.

The map is the least-squares fit between what the model's own VAE makes of a chart of colours and that chart, so it suits any VAE. For
Stable Diffusion's VAEs a linear map is known to be enough for a thumbnail.
"""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from bot.backends.diffusers.library import Library

CHART = 256  # pixels
PATCH = 32


@dataclass(frozen=True, slots=True)
class Colours:
    """`weights` is a tensor of (channels + 1) x 3; the last row is what is added."""

    weights: Any

    def pictures(self, pipe: Any, latents: Any, width: int, height: int) -> list[Image.Image]:
        """Of latents of shape (pictures, channels, height, width), or of such as a transformer packs into a row; none of others.
        `width` and `height` are the finished picture's, in pixels."""
        unpack = getattr(pipe, "_unpack_latents", None)
        if latents.ndim == 3 and unpack is not None:
            latents = unpack(latents, height, width, pipe.vae_scale_factor)
        if latents.ndim != 4 or latents.shape[1] != self.weights.shape[0] - 1:
            return []
        planes = latents.float().cpu().movedim(1, -1) @ self.weights[:-1] + self.weights[-1]
        values = ((planes + 1) * 127.5).nan_to_num(0).clamp(0, 255).byte().numpy()
        return [Image.fromarray(one) for one in values]


def fitted(library: Library, pipe: Any) -> Colours | None:
    """None where the VAE is of another kind. Takes a moment, on the CPU and in full precision: the pipeline must not be placed yet."""
    torch: Any = library.torch
    vae: Any = getattr(pipe, "vae", None)
    if not isinstance(vae, library.diffusers.AutoencoderKL):
        return None
    chart, before, cast = _chart(torch), vae.dtype, torch.nn.Module.to
    with torch.inference_mode():
        encoded = cast(vae, torch.float32).encode(chart).latent_dist.mode()
    cast(vae, before)
    latents = (encoded - (vae.config.shift_factor or 0.0)) * vae.config.scaling_factor
    small = torch.nn.functional.interpolate(chart, size=latents.shape[-2:], mode="area")
    known, wanted = (one[0].flatten(1).T for one in (latents, small))
    one_more = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    return Colours(torch.linalg.lstsq(one_more, wanted, driver="gelsd").solution)


def _chart(torch: Any) -> Any:
    """Patches of all kinds of colours, from -1 to 1, always the same."""
    count = CHART // PATCH
    random = torch.rand(1, 3, count, count, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(random * 2 - 1, size=(CHART, CHART), mode="nearest")
