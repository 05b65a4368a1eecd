"""The settings of one backend: `LIENZO_<BACKEND>_…`, read as `bot.config` reads its own, by that backend alone."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config import PREFIX
from bot.errors import ConfigError


def prefixed(backend: str) -> SettingsConfigDict:
    """The `model_config` of a backend's settings: `sdwebui` reads `LIENZO_SDWEBUI_…`. Empty ones count as not given."""
    return SettingsConfigDict(
        env_prefix=f"{PREFIX}{backend.upper()}_",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )


class BackendSettings(BaseSettings):
    """Frozen. Secrets are `SecretStr`, addresses are `Address`."""

    @classmethod
    def load(cls, env_file: Path | None = Path(".env")) -> Self:
        """From the environment, then from `env_file` where that exists. Raises `ConfigError` that names every wrong setting."""
        try:
            return cls(_env_file=env_file)  # pyright: ignore[reportCallIssue] - pydantic-settings' own argument
        except ValidationError as error:
            names = ", ".join(cls.setting("_".join(map(str, e["loc"]))) for e in error.errors())
            problems = "; ".join(str(e["msg"]) for e in error.errors())
            raise ConfigError(name=names, problem=problems) from None

    @classmethod
    def setting(cls, field: str) -> str:
        """The name under which an operator sets it."""
        return f"{cls.model_config.get('env_prefix', PREFIX)}{field}".upper()


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is an address that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or a password: put them into their own settings")
    if parts.query or parts.fragment:
        raise ValueError("ends before the question mark")
    return url.rstrip("/")


#: An `http(s)://` address without a name, a password (which would show in logs) or a slash at its end.
Address = Annotated[str, AfterValidator(_address)]
