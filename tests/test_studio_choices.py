"""What people may choose, and what their choices do to a prompt."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LimitReached, NotAllowed, NotFound, UserError
from bot.jobs import Lane
from bot.prompt import parameter, parse
from bot.studio import Caller, Studio
from bot.studio.choices import MAX_OPTIONS, NAME_LIMIT, SUFFIX_LIMIT, VALUE_LIMIT, Generator, option_name
from tests.recording import GUILD, PLACE, Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, Scripted

ANA = caller(1)
FIRST = replace(EVERYTHING, models=("small", "large"), parameters=EVERYTHING.parameters | {"model", "sref"})
SECOND = replace(EVERYTHING, models=("only",), turbo_model="only")


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"lanes": "fast,relax,turbo"}


@pytest.fixture
def first() -> Scripted:
    return Scripted(name="first", offers=FIRST)


@pytest.fixture
async def at(tmp_path: Path, settings: dict[str, Any], first: Scripted) -> AsyncIterator[Desk]:
    async with desk(settings_in(tmp_path, **settings), first, Scripted(name="second", offers=SECOND)) as made:
        yield made


@pytest.fixture
def studio(at: Desk) -> Studio:
    return at.app.studio


def values(studio: Studio, text: str, who: Caller = ANA) -> dict[str, object]:
    """The parameters that a prompt comes to have."""
    (prompt,) = studio.check(who, text).prompts
    return dict(prompt.parameters)


# The generator


async def test_the_model_of_the_settings_goes_into_prompts_that_name_none(studio: Studio) -> None:
    await studio.set_generator(ANA, Generator("first", "large"))
    assert values(studio, "a fox") == {"model": "large"}
    assert values(studio, "a fox --model small") == {"model": "small"}
    assert values(studio, "a fox --v 7") == {"version": "7"}
    assert "model" not in values(studio, "a fox --niji")
    assert values(studio, "a fox --backend second") == {"backend": "second"}
    await studio.set_generator(ANA, None)
    assert values(studio, "a fox") == {}


async def test_a_model_that_is_gone_is_left_out_with_a_note(at: Desk, studio: Studio, first: Scripted) -> None:
    await studio.set_generator(ANA, Generator("first", "large"))
    first.offers = replace(FIRST, models=("small", "medium"))
    await studio.catalog.refresh()
    draft = studio.check(ANA, "a fox")
    assert "model" not in draft.prompts[0].parameters
    assert "`large`, which you chose" in str(draft.warnings[0])
    job = await at.made("a fox", ANA)
    assert "`large`" in " ".join(map(str, job.notes))
    assert studio.model_of(ANA) is None


async def test_a_generator_that_is_not_there_is_refused(studio: Studio) -> None:
    with pytest.raises(NotFound, match="There is no `third` backend"):
        await studio.set_generator(ANA, Generator("third"))
    with pytest.raises(NotFound, match="no model `huge`"):
        await studio.set_generator(ANA, Generator("first", "huge"))
    assert studio.preferences(ANA).backend is None


async def test_turbo_goes_before_the_model_of_the_settings(at: Desk, studio: Studio) -> None:
    await studio.set_generator(ANA, Generator("second", "only"))
    await studio.set_lane(ANA, Lane.TURBO)
    assert values(studio, "a fox") == {}
    assert (await at.imagine("a fox", ANA)).model == "only"


async def test_the_panel_offers_backends_and_the_models_of_those_with_several(studio: Studio) -> None:
    panel = studio.panel(ANA)
    assert (panel.chosen, panel.generator, panel.usual) == (None, Generator("first"), "first")
    assert panel.generators == (
        Generator("first"),
        Generator("second"),
        Generator("first", "small"),
        Generator("first", "large"),
    )
    await studio.set_generator(ANA, Generator("first", "large"))
    assert studio.panel(ANA).chosen == Generator("first", "large") == studio.panel(ANA).generators[0]


async def test_a_server_has_a_generator_for_those_who_chose_none(studio: Studio) -> None:
    await studio.set_server_backend(GUILD, "second")
    assert studio.backend_of(ANA) == studio.panel(ANA).usual == "second"
    assert studio.backend_of(caller(1, guild_id=8)) == "first"
    await studio.set_generator(ANA, Generator("first"))
    assert studio.backend_of(ANA) == "first"
    with pytest.raises(NotFound):
        await studio.set_server_backend(GUILD, "third")
    await studio.set_server_backend(GUILD, None)
    assert studio.server(GUILD).backend is None


# Style


async def test_stylize_and_raw(studio: Studio) -> None:
    await studio.set_stylize(ANA, 250)
    await studio.switch_raw(ANA)
    assert values(studio, "a fox") == {"stylize": 250, "raw": True}
    assert values(studio, "a fox --s 5") == {"stylize": 5, "raw": True}
    with pytest.raises(NotFound):
        await studio.set_stylize(ANA, 251)
    await studio.set_stylize(ANA, None)
    await studio.switch_raw(ANA)
    assert studio.preferences(ANA).defaults == {}


async def test_a_default_of_another_version_breaks_nothing(at: Desk, studio: Studio) -> None:
    await at.store.set_setting("user", 1, "defaults", value={"from_the_future": 1, "stylize": 50})
    await studio.recall(ANA)
    assert values(studio, "a fox") == {"stylize": 50}
    assert studio.panel(ANA).preferences.defaults["from_the_future"] == 1


async def test_a_style_that_sticks(at: Desk, studio: Studio) -> None:
    await at.made("a fox --sref 123 --sw 50", ANA)
    await studio.switch(ANA, "sticky")
    assert values(studio, "a wolf") == {}  # from the next one on
    await at.made("a fox --sref 456 --sw 50", ANA)
    assert values(studio, "a wolf") == {"sref": ("456",), "sw": 50}
    assert values(studio, "a wolf --sref 7") == {"sref": ("7",)}
    await at.made("a wolf", ANA)
    await studio.recall(ANA)
    assert values(studio, "a bear") == {"sref": ("456",), "sw": 50}
    await studio.switch(ANA, "sticky")
    assert values(studio, "a wolf") == {}
    assert studio.preferences(ANA).style == {}


# Mode and visibility


async def test_modes_that_exist_and_that_one_may_choose(studio: Studio) -> None:
    await studio.set_lane(ANA, Lane.RELAX)
    assert studio.lane(ANA) is Lane.RELAX
    assert studio.lanes(ANA) == (Lane.FAST, Lane.RELAX, Lane.TURBO)


@pytest.mark.parametrize("settings", [{"fast_roles": "5", "stealth_roles": "6"}])
async def test_modes_and_stealth_for_some_roles(studio: Studio) -> None:
    with pytest.raises(NotAllowed, match="--fast"):
        await studio.set_lane(ANA, Lane.FAST)
    with pytest.raises(NotAllowed, match="stealth"):
        await studio.set_stealth(ANA, hidden=True)
    await studio.set_stealth(ANA, hidden=False)
    privileged = caller(1, roles=frozenset({5, 6}))
    await studio.set_lane(privileged, Lane.FAST)
    await studio.set_stealth(privileged, hidden=True)
    assert (studio.lane(privileged), studio.stealth(privileged)) == (Lane.FAST, True)
    # Without the role, what was chosen before counts no more.
    assert (studio.lane(ANA), studio.stealth(ANA)) == (Lane.RELAX, False)
    await studio.set_stealth(caller(3, moderator=True), hidden=True)


async def test_the_other_variability_and_this_one(studio: Studio) -> None:
    assert await studio.set_variability(ANA) == "subtle"
    assert await studio.set_variability(ANA) == "strong"
    assert await studio.set_variability(ANA, "strong") == "strong"


# Suffix and options


async def test_a_suffix_ends_every_prompt(studio: Studio) -> None:
    assert await studio.set_suffix(ANA, "  --ar 3:2\n --raw ") == "--ar 3:2 --raw"
    assert set(values(studio, "a fox")) == {"ar", "raw"}
    assert await studio.set_suffix(ANA, " ") == ""
    assert values(studio, "a fox") == {}


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("in the snow --ar 3:2", "Only parameters can stand here"),
        ("--ar 3:2 in the snow", "Unrecognized parameter"),
        ("--foo", "Unrecognized parameter"),
        ("--stylize 2000", "between 0 and 1000"),
        ("--zoom 2", "Custom Zoom"),
        ("--raw " * (SUFFIX_LIMIT // 6) + "--stealth", "at most"),
    ],
)
async def test_a_suffix_that_would_break_every_prompt_is_refused(studio: Studio, suffix: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        await studio.set_suffix(ANA, suffix)
    assert studio.preferences(ANA).suffix == ""


@pytest.mark.parametrize("settings", [{"stealth_roles": "6", "fast_roles": "5"}])
async def test_a_suffix_asks_for_nothing_that_its_writer_may_not_have(studio: Studio) -> None:
    with pytest.raises(NotAllowed):
        await studio.set_suffix(ANA, "--stealth")
    with pytest.raises(NotAllowed):
        await studio.set_option(ANA, "mine", "--stealth")
    with pytest.raises(NotAllowed):
        await studio.set_suffix(ANA, "--fast")


async def test_an_option_of_ones_own(studio: Studio) -> None:
    assert await studio.set_option(ANA, " --Mine ", "--ar 3:2  --raw") == "mine"
    assert studio.preferences(ANA).custom == {"mine": "--ar 3:2 --raw"}
    assert set(values(studio, "a fox --mine")) == {"ar", "raw"}
    await studio.set_option(ANA, "mine", "--tile")
    assert values(studio, "a fox --mine") == {"tile": True}
    await studio.set_option(ANA, "mine", "")
    assert studio.preferences(ANA).custom == {}
    with pytest.raises(NotFound, match="`--mine`"):
        await studio.set_option(ANA, "mine", "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ar", "--raw", "is a parameter already"),
        ("S", "--raw", "is a parameter already"),
        ("zoom", "--raw", "is a parameter already"),
        ("2fast", "--raw", "begins with a letter"),
        ("my-own", "--raw", "begins with a letter"),
        ("", "--raw", "begins with a letter"),
        ("a" * (NAME_LIMIT + 1), "--raw", "begins with a letter"),
        ("mine", "a red fox", "Only parameters"),
        ("mine", "--other", "Unrecognized"),
        ("mine", "--mine", "Unrecognized"),
        ("mine", "--no " + "x" * VALUE_LIMIT, "at most"),
    ],
)
async def test_an_option_that_is_none(studio: Studio, name: str, value: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        await studio.set_option(ANA, name, value)
    assert studio.preferences(ANA).custom == {}


async def test_twenty_options_and_no_more(studio: Studio) -> None:
    for number in range(MAX_OPTIONS):
        await studio.set_option(ANA, f"o{number}", "--raw")
    with pytest.raises(LimitReached, match="20 options already"):
        await studio.set_option(ANA, "more", "--raw")
    await studio.set_option(ANA, "o3", "--tile")
    await studio.set_option(ANA, "o4", "")
    await studio.set_option(ANA, "more", "--raw")
    assert len(studio.preferences(ANA).custom) == MAX_OPTIONS


async def test_an_option_that_the_suffix_uses_stays(studio: Studio) -> None:
    await studio.set_option(ANA, "mine", "--raw")
    await studio.set_suffix(ANA, "--mine --ar 3:2")
    with pytest.raises(UserError, match="Your suffix uses `--mine`"):
        await studio.set_option(ANA, "mine", "")
    await studio.set_suffix(ANA, "")
    await studio.set_option(ANA, "mine", "")


@given(st.text(max_size=40))
def test_whatever_is_taken_as_a_name_can_be_written_in_a_prompt(typed: str) -> None:
    try:
        name = option_name(typed)
    except UserError:
        return
    assert parameter(name) is None
    assert option_name(f"--{name}") == name
    assert parse(f"a fox --{name}", custom={name: "--raw"}).prompt.get("raw")


async def test_reset_keeps_the_options_of_ones_own(studio: Studio) -> None:
    await studio.set_option(ANA, "mine", "--raw")
    await studio.set_suffix(ANA, "--mine")
    await studio.switch(ANA, "remix")
    await studio.set_generator(ANA, Generator("second"))
    await studio.reset(ANA)
    mine = studio.preferences(ANA)
    assert (mine.custom, mine.suffix, mine.remix, mine.backend) == ({"mine": "--raw"}, "", False, None)
    assert values(studio, "a fox") == {}


async def test_auto_dm_goes_with_the_jobs(at: Desk, studio: Studio) -> None:
    assert await studio.switch(ANA, "auto_dm")
    assert (await at.imagine("a fox", ANA, PLACE)).place.copy
    assert not await studio.switch(ANA, "auto_dm")


# A server


async def test_a_servers_gallery_and_log(at: Desk, studio: Studio) -> None:
    await studio.set_gallery(GUILD, 70, 5)
    await studio.set_log(GUILD, 71)
    assert (studio.server(GUILD).gallery, studio.server(GUILD).hearts, studio.server(GUILD).log) == (70, 5, 71)
    await studio.set_gallery(GUILD, None)
    await studio.set_log(GUILD, None)
    assert (studio.server(GUILD).gallery, studio.server(GUILD).hearts, studio.server(GUILD).log) == (None, 5, None)
    assert await at.store.settings("guild", GUILD) == {"hearts": 5}
