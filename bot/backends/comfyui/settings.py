"""What an operator sets."""

from pathlib import Path

from pydantic import Field, SecretStr

from bot.backends.settings import Address, BackendSettings, prefixed

NAME = "comfyui"


class ComfyUiSettings(BackendSettings):
    """`LIENZO_COMFYUI_…`

    ComfyUI itself asks for no key; a proxy before it may want `key` as a bearer token, or `user` and `password`. `model` is a checkpoint or
    the name of a workflow in `workflows`. What is sampled how holds for the built-in workflows; the operator's own say it themselves.
    """

    model_config = prefixed(NAME)

    url: Address = "http://127.0.0.1:8188"
    key: SecretStr = SecretStr("")
    user: str = ""
    password: SecretStr = SecretStr("")
    model: str = ""
    upscaler: str = ""
    sampler: str = "euler"
    scheduler: str = "normal"
    steps: int = Field(default=25, ge=1, le=150)
    cfg: float = Field(default=7.0, ge=0, le=30)
    side: int = Field(default=1024, ge=256, le=2048, multiple_of=8)
    workflows: Path | None = None
    timeout: float = Field(default=900, gt=0)
