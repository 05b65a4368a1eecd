"""What users set for themselves."""

from collections.abc import AsyncGenerator

import pytest

from bot.jobs import Lane
from bot.preferences import Preferences, UserPreferences
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
