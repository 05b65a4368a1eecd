"""Where Google's models are asked for, and by whom: a key for the Gemini API or Vertex AI, or a project with Google's own login."""

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.vertex.models import CURRENT, Size
from bot.backends.web import Names
from bot.errors import ConfigError
from bot.i18n import T

NAME = "vertex"
GEMINI_API = "https://generativelanguage.googleapis.com"
MULTI_REGIONS = ("us", "eu")


class VertexSettings(BackendSettings):
    """`LIENZO_VERTEX_…`. Either `key` or `project` is given."""

    model_config = prefixed(NAME)

    key: SecretStr = SecretStr("")
    express: bool = False  # the key is one of Vertex AI
    project: str = Field(default="", pattern=r"^[a-z0-9.:-]*$")
    location: str = Field(default="global", pattern=r"^[a-z0-9-]+$")
    credentials: Path | None = None  # a service account's file; else whoever this machine is logged in as
    url: Address | None = None
    model: str = CURRENT
    describer: str = "gemini-3.8-flash"
    imagen_editor: str = "imagen-3.0-capability-001"
    imagen_upscaler: str = "imagen-4.0-upscale-preview"
    size: Size = "1K"
    safety: Literal["", "OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"] = ""
    timeout: float = Field(default=300, gt=0)

    @property
    def account(self) -> str:
        """The setting that says who asks."""
        return self.setting("credentials" if self.project else "key")

    @property
    def names(self) -> Names:
        return Names(url=self.setting("url"), key=self.account, model=self.setting("model"))

    def checked(self) -> "VertexSettings":
        """Raises `ConfigError` unless it is clear who asks."""
        key, project = self.setting("key"), self.setting("project")
        if self.project and self.key.get_secret_value():
            raise ConfigError(T("`{key}` and `{project}` are two ways in: give one of them.", key=key, project=project))
        if not self.project and not self.key.get_secret_value():
            raise ConfigError(
                T(
                    "`{key}` is missing: give a key from aistudio.google.com, or a Google Cloud project in `{project}`.",
                    key=key,
                    project=project,
                )
            )
        return self

    @property
    def address(self) -> str:
        """The host, as Google names it after the location, unless another is given."""
        if self.url is not None:
            return self.url
        if not (self.project or self.express):
            return GEMINI_API
        if self.location == "global" or self.express:
            return "https://aiplatform.googleapis.com"
        if self.location in MULTI_REGIONS:
            return f"https://aiplatform.{self.location}.rep.googleapis.com"
        return f"https://{self.location}-aiplatform.googleapis.com"

    def method(self, model: str, verb: str) -> str:
        """The path of a call on a model, such as `generateContent`."""
        place = f"/projects/{self.project}/locations/{self.location}" if self.project else ""
        listed = self.models(model)
        return f"{listed.replace('/publishers', f'{place}/publishers', 1)}:{verb}"

    def models(self, model: str = "") -> str:
        """The path of the list of models, or of one. A name may come from a user: it stays one segment."""
        root = "/v1beta1/publishers/google/models" if self.project or self.express else "/v1beta/models"
        return f"{root}/{quote(model, safe='')}" if model else root
