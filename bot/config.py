"""Settings: environment variables that begin with `LIENZO_`, and a `.env` file beside them. Nothing is read at import.

`.env.example` shows every one of them with its default; a test loads that file.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import ConfigError
from bot.i18n import T
from bot.jobs import Caps, Lane, Limits

PREFIX = "LIENZO_"
ROUNDING = 1e-6  # USD


def _split(value: object) -> object:
    """`a, b,c` → `["a", "b", "c"]`; what is no string stays."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """All that an operator decides. Frozen; build it with `Settings.load()`, or with keyword arguments in tests and host programs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    # Discord
    token: SecretStr = SecretStr("")
    guilds: Annotated[frozenset[int], NoDecode] = frozenset()
    allow_dms: bool = False
    allow_user_installs: bool = False
    discord_url: str | None = None
    clicks: Literal["everyone", "owner"] = "everyone"

    leave_out: Annotated[frozenset[str], NoDecode] = frozenset()

    # Who may choose what
    lanes: Annotated[tuple[Lane, ...], NoDecode] = (Lane.FAST, Lane.RELAX)
    fast_roles: Annotated[frozenset[int], NoDecode] = frozenset()
    turbo_roles: Annotated[frozenset[int], NoDecode] = frozenset()
    visibility: Literal["public", "stealth"] = "public"
    stealth_roles: Annotated[frozenset[int], NoDecode] = frozenset()

    # Where things are kept
    data: Path = Path("data")
    database_url: str | None = None
    images_url: str | None = None
    keep_days: int = Field(default=90, ge=0)
    keep_gib: float = Field(default=20, ge=0)
    reserve_mib: int = Field(default=500, ge=0)

    # Generators
    backends: Annotated[tuple[str, ...], NoDecode] = ("painter",)
    job_timeout: float = Field(default=900, gt=0)
    after_crash: Literal["again", "fail"] = "again"
    failover: bool = False
    offline_hours: float = Field(default=6, gt=0)

    # Money
    user_daily_usd: float = Field(default=1.0, ge=0)
    server_daily_usd: float = Field(default=10.0, ge=0)
    unknown_usd: float = Field(default=0.05, ge=0)
    confirm_usd: float = Field(default=0.25, ge=0)

    # The queue
    running_per_user: int = Field(default=3, ge=0)
    waiting_per_user: int = Field(default=10, ge=0)
    running_per_guild: int = Field(default=0, ge=0)
    running_per_backend: int = Field(default=0, ge=0)
    batch_limit: int = Field(default=40, ge=1)

    # Images from outside
    fetch_hosts: Annotated[frozenset[str], NoDecode] = frozenset()
    fetch_mib: int = Field(default=25, ge=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    _env_file: Path | None = PrivateAttr(default=None)

    @field_validator(
        "guilds",
        "backends",
        "fetch_hosts",
        "leave_out",
        "lanes",
        "fast_roles",
        "turbo_roles",
        "stealth_roles",
        mode="before",
    )
    @classmethod
    def _lists(cls, value: object) -> object:
        return _split(value)

    @field_validator("discord_url", "database_url", "images_url", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _at_least_one_backend(self) -> Self:
        if not self.backends:
            raise ValueError("backends: name at least one")
        if not self.lanes:
            raise ValueError("lanes: name at least one")
        return self

    @classmethod
    def load(cls, env_file: Path | None = Path(".env")) -> Self:
        """From the environment, then from `env_file` where that exists. Raises `ConfigError` that names every wrong setting."""
        try:
            settings = cls(_env_file=env_file)  # pyright: ignore[reportCallIssue] - pydantic-settings' own argument
        except ValidationError as error:
            names = ", ".join(PREFIX + "_".join(map(str, e["loc"])).upper() for e in error.errors())
            problems = "; ".join(str(e["msg"]) for e in error.errors())
            raise ConfigError(name=names, problem=problems) from None
        settings._env_file = env_file
        return settings

    @property
    def env_file(self) -> Path | None:
        """What it was read from besides the environment, for the settings of the generators."""
        return self._env_file

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data / 'lienzo.db').absolute()}"

    @property
    def images(self) -> str:
        """A folder's path or a bucket's URL."""
        return self.images_url or str((self.data / "images").absolute())

    @property
    def lock(self) -> Path | None:
        """The file that the one process on an embedded database holds; None where the database is shared."""
        return self.data / "lienzo.lock" if self.database.startswith("sqlite") else None

    def limits(self, concurrency: dict[str, int]) -> Limits:
        """`concurrency` is what each backend serves at once; the operator's own figure wins."""
        backends = {name: self.running_per_backend or number for name, number in concurrency.items()}
        return Limits(
            running_per_user=self.running_per_user,
            waiting_per_user=self.waiting_per_user,
            running_per_guild=self.running_per_guild,
            running_per_backend=backends,
        )

    def caps(self, paid: frozenset[str]) -> Caps:
        """What may be spent in a day on the backends that cost money."""
        return Caps(
            user_usd=self.user_daily_usd,
            server_usd=self.server_daily_usd,
            unknown_usd=self.unknown_usd,
            paid=paid,
            guilds=self.guilds,
        )

    def asks(self, cost_usd: float) -> bool:
        """Whether whoever wants something for so much money is asked first."""
        return 0 < self.confirm_usd <= cost_usd + ROUNDING

    def require_discord(self) -> None:
        """Raises `ConfigError` where the bot must not be started with these settings."""
        if not self.token.get_secret_value():
            raise ConfigError(
                T("`LIENZO_TOKEN` is missing: put the bot's token from Discord's developer portal into `.env`.")
            )
        if not self.guilds:
            raise ConfigError(
                T(
                    "`LIENZO_GUILDS` is missing: list the ids of the servers that may use the bot, so that no stranger does."
                )
            )
