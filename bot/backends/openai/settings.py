"""`LIENZO_OPENAI_…`"""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from bot.backends.settings import Address, BackendSettings, prefixed

NAME = "openai"


class OpenAiSettings(BackendSettings):
    """`paid` None: yes, unless the server is on this machine or beside it."""

    model_config = prefixed(NAME)

    url: Address = "https://api.openai.com/v1"
    key: SecretStr = SecretStr("")
    organization: str = ""
    project: str = ""
    api_version: str = ""
    model: str = "gpt-image-2.6-sunburst"
    turbo_model: str = "gpt-image-2.6-flare"
    vision_model: str = "gpt-5.4-mini"
    models: str = ""
    like: str = ""
    edits: bool = False
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] = "medium"
    background: Literal["auto", "opaque", "transparent"] = "auto"
    format: Literal["png", "jpeg", "webp"] = "png"
    moderation: Literal["auto", "low"] = "auto"
    previews: int = Field(default=1, ge=0, le=3)
    paid: bool | None = None
    timeout: float = Field(default=600, gt=0)

    @property
    def listed(self) -> tuple[str, ...]:
        """`models`, which are written between commas."""
        return tuple(name for part in self.models.split(",") if (name := part.strip()))

    @model_validator(mode="after")
    def _has_alpha(self) -> Self:
        if self.background == "transparent" and self.format == "jpeg":
            raise ValueError("a transparent background needs png or webp as format")
        return self
