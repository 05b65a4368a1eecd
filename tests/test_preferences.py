"""What users set for themselves."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from bot.jobs import Lane
from bot.preferences import GuildPreferences, Preferences, UserPreferences
from bot.store import Store

pytest_plugins = ["tests.postgres"]


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def test_what_was_changed_is_remembered_in_memory_and_in_the_store(store: Store) -> None:
    preferences = Preferences(store)
    await preferences.load(1)
    changed = await preferences.change(
        1, lane=Lane.RELAX, custom={"mine": "--ar 3:2"}, defaults={"stylize": 250}, backend="painter"
    )
    assert preferences.peek(1) == changed
    assert await Preferences(store).load(1) == changed
    assert preferences.peek(2) == UserPreferences()


async def test_a_field_set_to_its_default_is_forgotten(store: Store) -> None:
    preferences = Preferences(store)
    await preferences.change(1, remix=True, suffix="--raw")
    await preferences.change(1, remix=False)
    assert await store.settings("user", 1) == {"suffix": "--raw"}


async def test_nothing_that_is_no_preference_is_stored(store: Store) -> None:
    with pytest.raises(ValueError, match="no such preference: money"):
        await Preferences(store).change(1, money=5)


async def test_a_setting_of_another_version_is_passed_over(store: Store) -> None:
    await store.set_setting("user", 1, "from_the_future", value=1)
    assert await Preferences(store).load(1) == UserPreferences()


async def test_memory_is_bounded_by_who_was_seen_last(store: Store) -> None:
    preferences = Preferences(store, capacity=2)
    for user_id in (1, 2):
        await preferences.change(user_id, remix=True)
    preferences.peek(1)
    await preferences.load(3)
    assert [preferences.peek(user_id).remix for user_id in (1, 2, 3)] == [True, False, False]
    assert (await preferences.load(2)).remix


async def test_changes_at_the_same_time_lose_nothing(store: Store) -> None:
    preferences = Preferences(store)

    def with_option(number: int) -> asyncio.Task[UserPreferences]:
        revised = preferences.revise(1, lambda mine: replace(mine, custom={**mine.custom, f"o{number}": "--raw"}))
        return asyncio.create_task(revised)

    await asyncio.gather(*(with_option(number) for number in range(10)), preferences.load(1))
    assert len(preferences.peek(1).custom) == 10
    assert await Preferences(store).load(1) == preferences.peek(1)


async def test_what_is_read_while_it_changes_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow read that began before a change must not end up in memory after it."""
    preferences, read, go_on = Preferences(store), asyncio.Event(), asyncio.Event()
    settings = store.settings

    async def slow(kind: str, number: int) -> Any:
        found = await settings(kind, number)
        read.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(store, "settings", slow)
    loading = asyncio.create_task(preferences.load(1))
    await read.wait()
    changing = asyncio.create_task(preferences.change(1, remix=True))
    go_on.set()
    await asyncio.gather(loading, changing)
    assert preferences.peek(1).remix


async def test_a_revision_that_raises_changes_nothing(store: Store) -> None:
    preferences = Preferences(store)
    before = await preferences.change(1, suffix="--raw")

    def refused(_: UserPreferences) -> UserPreferences:
        raise KeyError

    with pytest.raises(KeyError):
        await preferences.revise(1, refused)
    assert preferences.peek(1) == before == await Preferences(store).load(1)


async def test_a_change_that_was_broken_off_is_not_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences = Preferences(store)
    await preferences.load(1)

    async def broken(*_: object) -> None:
        raise OSError("the store is gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "set_setting", broken)
        with pytest.raises(OSError, match="gone"):
            await preferences.change(1, remix=True)
    assert not preferences.knows(1)
    assert not (await preferences.load(1)).remix


async def test_a_style_comes_back_as_it_was(store: Store) -> None:
    style = {"sref": ("https://example.com/a.png", "123"), "sw": 50}
    await Preferences(store).change(1, sticky=True, style=style)
    assert (await Preferences(store).load(1)).style == style


async def test_a_mode_of_another_version_is_passed_over(store: Store) -> None:
    await store.set_setting("user", 1, "lane", value="warp")
    assert (await Preferences(store).load(1)).lane is None


async def test_a_servers_settings(store: Store) -> None:
    preferences = Preferences(store)
    assert preferences.peek_guild(7) == await preferences.load_guild(7) == GuildPreferences()
    changed = await preferences.change_guild(7, gallery=70, hearts=5)
    assert preferences.peek_guild(7) == changed == GuildPreferences(gallery=70, hearts=5)
    await preferences.change_guild(7, gallery=None)
    assert await Preferences(store).load_guild(7) == GuildPreferences(hearts=5)
    assert preferences.peek_guild(None) == preferences.peek_guild(8) == GuildPreferences()
    with pytest.raises(ValueError, match="no such setting of a server: owner"):
        await preferences.change_guild(7, owner=1)
