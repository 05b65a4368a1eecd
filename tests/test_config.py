"""Settings: `.env.example` is the truth about them, and what is wrong is said without showing it."""

from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

import bot.catalog  # noqa: F401  # pyright: ignore[reportUnusedImport]
from bot.backends.settings import BackendSettings
from bot.config import PREFIX, Settings
from bot.errors import ConfigError

GENERATORS = [made for made in BackendSettings.__subclasses__() if made.__module__.startswith("bot.")]
ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / ".env.example"
SECRET = "MTIzNDU2.not-a-real.token"


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(PREFIX + field.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_example_has_every_setting_and_no_other() -> None:
    own = [PREFIX + field.upper() for field in Settings.model_fields]
    backends = [made.setting(field) for made in GENERATORS for field in made.model_fields]
    named = list(dotenv_values(EXAMPLE))
    assert [name for name in named if name in own] == own
    assert sorted(named) == sorted(own + backends)


def test_the_example_gives_the_defaults() -> None:
    assert Settings.load(EXAMPLE).model_dump() == Settings.load(None).model_dump()


@pytest.mark.parametrize("made", GENERATORS, ids=lambda made: made.__name__)
def test_the_example_gives_the_defaults_of_generators(made: type[BackendSettings]) -> None:
    assert made.load(EXAMPLE).model_dump() == made.load(None).model_dump()


def test_it_is_known_which_file_was_read() -> None:
    assert Settings.load(EXAMPLE).env_file == EXAMPLE


def test_every_setting_of_the_example_is_explained() -> None:
    blocks = EXAMPLE.read_text("utf-8").split("\n\n")
    unexplained = [
        b for b in blocks if PREFIX in b and b.splitlines()[-1].startswith(PREFIX) and not b.startswith("# ")
    ]
    assert unexplained == []


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LIENZO_KEEP_DAYS=7\nLIENZO_CLICKS=owner\n")
    monkeypatch.setenv("LIENZO_KEEP_DAYS", "8")
    settings = Settings.load(file)
    assert (settings.keep_days, settings.clicks) == (8, "owner")


@given(st.lists(st.integers(min_value=1, max_value=2**63 - 1), max_size=5), st.sampled_from([",", ", ", " ,  ", ",,"]))
def test_lists_are_separated_by_commas(ids: list[int], comma: str) -> None:
    assert Settings.model_validate({"guilds": comma.join(map(str, ids))}).guilds == frozenset(ids)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GUILDS", "my server"), ("KEEP_DAYS", "-1"), ("CLICKS", "nobody"), ("BACKENDS", " , "), ("FETCH_MIB", "0")],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ConfigError) as caught:
        Settings.load()
    assert name in str(caught.value.text).upper()


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENZO_TOKEN", SECRET)
    settings = Settings.load()
    assert settings.token.get_secret_value() == SECRET
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


def test_a_secret_in_the_wrong_place_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENZO_GUILDS", SECRET)
    with pytest.raises(ConfigError) as caught:
        Settings.load()
    assert SECRET not in str(caught.value.text)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, "LIENZO_TOKEN"), ({"token": SECRET}, "LIENZO_GUILDS"), ({"guilds": "1"}, "LIENZO_TOKEN")],
)
def test_the_bot_is_not_started_without_token_and_servers(given: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        Settings.model_validate(given).require_discord()


def test_with_both_it_is() -> None:
    Settings.model_validate({"token": SECRET, "guilds": "1"}).require_discord()


def test_everything_is_kept_below_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/lienzo.db"
    assert settings.images == f"{tmp_path}/images"
    assert settings.lock == tmp_path / "lienzo.lock"
    shared = Settings(data=tmp_path, database_url="postgresql+psycopg://host/name", images_url="s3://bucket")
    assert (shared.images, shared.lock) == ("s3://bucket", None)


def test_the_operators_figure_of_a_backend_wins() -> None:
    assert Settings().limits({"painter": 4}).running_per_backend == {"painter": 4}
    assert Settings(running_per_backend=2).limits({"painter": 4}).running_per_backend == {"painter": 2}
