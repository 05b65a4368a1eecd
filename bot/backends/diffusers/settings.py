"""`LIENZO_DIFFUSERS_…`"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from bot.backends.settings import BackendSettings, prefixed

NAME = "diffusers"


class DiffusersSettings(BackendSettings):
    """Models are folders, or names on the Hugging Face hub; steps, guidance and size are the model's own where they are not given."""

    model_config = prefixed(NAME)

    model: str = "stabilityai/stable-diffusion-xl-base-1.0"
    models: str = ""  # others to choose from, with commas between them
    variant: str = ""  # of the files of weights, as `fp16`
    device: str = ""
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    offload: Literal["none", "model", "layers"] = "none"
    token: SecretStr = SecretStr("")
    loras: Path | None = None
    sampler: str = ""
    steps: int | None = Field(default=None, ge=1, le=150)
    cfg: float | None = Field(default=None, ge=0, le=30)
    side: int | None = Field(default=None, ge=64, le=2048, multiple_of=16)
    batch: int = Field(default=4, ge=1, le=64)
    timeout: float = Field(default=900, gt=0)

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each model comes from, by the name that users see: the last part of its own, as a folder's way is nobody's business."""
        found: dict[str, str] = {}
        for source in (part.strip() for part in [self.model, *self.models.split(",")]):
            if source and source not in found.values():
                short = Path(source).name or source
                found[source if short in found else short] = source
        return found
