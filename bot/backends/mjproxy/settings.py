"""What an operator says of the proxy."""

from typing import Literal

from pydantic import Field, SecretStr

from bot.backends.settings import Address, BackendSettings, prefixed

NAME = "mjproxy"


class MjProxySettings(BackendSettings):
    """`LIENZO_MJPROXY_…`. `models` are versions between commas, `price` is USD for one task where somebody asks for money."""

    model_config = prefixed(NAME)

    url: Address | None = None
    secret: SecretStr = SecretStr("")
    model: str = ""
    models: str = "7, 6.1, niji 6"
    speed: Literal["", "fast", "turbo", "relax"] = ""
    concurrency: int = Field(default=3, ge=1, le=100)
    price: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=900, gt=0)
