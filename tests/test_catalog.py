"""Which generators are there, and what is said of one that is not."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.backends.base import Capabilities
from bot.catalog import BACKENDS, Catalog
from bot.errors import BackendUnavailable, ConfigError
from tests.recording import settings_in
from tests.scripted import Scripted


@dataclass(slots=True)
class Moody(Scripted):
    """A backend that may be down, or never answer."""

    down: bool = False
    silent: bool = False
    closed: int = 0

    async def capabilities(self) -> Capabilities:
        if self.down:
            raise BackendUnavailable(backend=self.name)
        if self.silent:
            await asyncio.Event().wait()
        return self.offers

    async def close(self) -> None:
        self.closed += 1


async def test_one_that_is_down_at_the_start_is_said_so_until_it_answers() -> None:
    up, down = Moody(name="up"), Moody(name="down", down=True)
    catalog = Catalog({"up": up, "down": down})
    await catalog.start()
    try:
        assert (catalog.default, catalog.names) == ("up", ("up", "down"))
        assert catalog.capabilities("up") == up.offers
        with pytest.raises(BackendUnavailable, match="The down backend can't be reached right now"):
            catalog.capabilities("down")
        down.down = False
        await catalog.refresh()
        assert catalog.capabilities("down") == down.offers
    finally:
        await catalog.close()


async def test_one_that_goes_away_keeps_what_it_said() -> None:
    backend = Moody()
    catalog = Catalog({"scripted": backend})
    await catalog.refresh()
    backend.down = True
    await catalog.refresh()
    assert catalog.capabilities("scripted") == backend.offers


async def test_one_that_never_answers_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.catalog.ASK_SECONDS", 0.01)
    catalog = Catalog({"silent": Moody(name="silent", silent=True), "up": Moody(name="up")})
    await catalog.refresh()
    assert catalog.capabilities("up")
    with pytest.raises(BackendUnavailable):
        catalog.capabilities("silent")


async def test_it_asks_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.breaker.FIRST_PAUSE", 0.0)
    asked = asyncio.Event()

    class Later(Moody):
        async def capabilities(self) -> Capabilities:
            if not self.closed:  # used as a count here
                self.closed += 1
                raise BackendUnavailable(backend=self.name)
            asked.set()
            return self.offers

    catalog = Catalog({"later": Later(name="later")})
    await catalog.start()
    await asked.wait()
    await catalog.close()
    assert catalog.capabilities("later")


async def test_an_unknown_name_is_unavailable() -> None:
    with pytest.raises(BackendUnavailable, match="gone"):
        Catalog({"up": Moody()}).backend("gone")


async def test_closing_closes_every_backend() -> None:
    backends = {name: Moody(name=name) for name in ("one", "two")}
    catalog = Catalog(backends)
    await catalog.close()  # never started
    assert [backend.closed for backend in backends.values()] == [1, 1]


def test_a_setting_that_names_no_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"`LIENZO_BACKENDS` names `dall-f`, which does not exist. There are: .*painter"
    ):
        Catalog.from_settings(settings_in(tmp_path, backends="painter,dall-f"))


async def test_the_settings_order_is_the_catalogs(tmp_path: Path) -> None:
    catalog = Catalog.from_settings(settings_in(tmp_path, backends="painter"))
    assert catalog.names == ("painter",)
    assert catalog.backend("painter").name == "painter"
    assert "painter" in BACKENDS
    await catalog.close()
