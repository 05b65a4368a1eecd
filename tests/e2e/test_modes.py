"""Who sees a result, where else it goes, and when it starts: menus, reactions, the gallery, the log, direct messages, lanes."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import Application
from bot.config import Settings
from bot.imaging import read_info
from bot.playground import Person, Playground
from bot.playground.client import labels
from bot.playground.permissions import SEND_MESSAGES, VIEW_CHANNEL
from tests.e2e.clicking import GALLERY, HOME, RANDOM, acting, after, alone, newest, said, single
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import EPHEMERAL, Message, grid, imagine, picture, result
from tests.scripted import EVERYTHING, Scripted

running = pytest.mark.usefixtures("app")


@pytest.fixture
async def mod(playground: Playground) -> Person:
    person = playground.user("mod")
    await person.connect()
    return person


async def dm_of(person: Person) -> str:
    return str((await person.dm())["id"])


async def menu(person: Person, name: str, message: Message) -> Message:
    """What the entry of a message's menu answers."""
    return await (await person.menu(name, message)).message()


# Direct messages


@pytest.mark.shows("✉️", "DM Results")
@pytest.mark.parametrize("way", ["menu", "reaction"])
async def test_the_pictures_one_by_one_by_direct_message(ben: Person, app: Application, way: str) -> None:
    first = await imagine(ben, "a fox --seed 5")
    await imagine(ben, "a wolf")  # what came before is written down by now
    channel = await dm_of(ben)
    if way == "menu":
        answer = await menu(ben, "DM Results", first)
        assert answer["flags"] & EPHEMERAL
        assert "Sent to you" in answer["content"]
    else:
        await ben.react(first, "✉️")
    letter = await ben.wait(channel, lambda m: len(m["attachments"]) == 4)
    jobs = await app.store.jobs_of(int(ben.id))
    assert f"Job `{jobs[-1].id}`, seed `5`" in letter["content"]
    names = [attachment["filename"] for attachment in letter["attachments"]]
    assert len(set(names)) == 4
    assert all(jobs[-1].id in name and name.endswith(".png") for name in names)
    await ben.click(letter, "U2")  # buttons go by the job, wherever they stand
    await ben.wait(channel, result("Image #2"))


@pytest.mark.shows("✉️")
@running
async def test_two_people_want_the_same_pictures(ana: Person, ben: Person) -> None:
    first = await imagine(ana, "un zorro")
    for person in (ana, ben):
        await menu(person, "DM Results", first)
        await person.wait(await dm_of(person), lambda m: len(m["attachments"]) == 4)
    spanish = await ana.wait(await dm_of(ana), lambda m: len(m["attachments"]) == 4)
    assert "un zorro" in spanish["content"]


@pytest.mark.shows("✉️", "DM Results", "Trouble")
@running
async def test_closed_direct_messages_are_said_or_written_down(ben: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.client")
    first = await imagine(ben, "a fox")
    await ben.close_dms()
    await menu(ben, "DM Results", first)
    await ben.wait("#studio", alone("can't send you direct messages"))
    await ben.react(first, "✉️")
    await imagine(ben, "a wolf")
    assert any("reaction" in record.getMessage() for record in caplog.records)


@running
async def test_menus_on_what_is_not_a_result(ben: Person) -> None:
    words = await ben.say("#studio", "a fox, please")
    for name in ("DM Results", "Report Job", "Cancel or Delete"):
        assert await (await ben.menu(name, words)).acknowledged()
        await ben.wait("#studio", after(words, alone("not one of mine")))
        words = await ben.say("#studio", "and another")


@pytest.mark.shows("/prefer auto_dm")
async def test_a_copy_of_every_result(ben: Person, app: Application) -> None:
    assert await app.studio.switch(acting(ben), "auto_dm")
    first = await imagine(ben, "a fox")
    copy = await ben.wait(await dm_of(ben), grid("a fox"))
    assert labels(copy) == labels(first)
    await ben.click(first, "U1")  # is in the grid already
    await ben.wait("#studio", result("Image #1"))
    assert len([m for m in await ben.history(await dm_of(ben)) if m["attachments"]]) == 1
    await ben.close_dms()
    await imagine(ben, "a wolf")


# Cancelling, favourites, the gallery


@pytest.mark.shows("Cancel or Delete", "❌")
@running
async def test_cancel_or_delete_by_menu(ben: Person, ana: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")
    await imagine(ben, "an owl")  # the first is over and done with by now
    await menu(ana, "Cancel or Delete", first)
    await ana.wait("#studio", alone(""))
    assert first["id"] not in ana.deleted
    assert (await menu(ben, "Cancel or Delete", first))["content"] == "Deleted."
    await ben.gone(first)
    backend.hold()
    interaction = await ben.slash("imagine", "#studio", prompt="a wolf")
    await backend.running(3)
    progress = await ben.wait("#studio", lambda m: "a wolf" in m["content"])
    assert (await menu(ben, "Cancel or Delete", progress))["content"] == "Cancelled."
    await ben.wait("#studio", lambda m: m["id"] == progress["id"] and "(Stopped)" in m["content"])
    assert not interaction.failed


@pytest.mark.shows("❤️", "⭐")
@running
async def test_favourites_by_button_and_by_reaction(ben: Person, ana: Person, app: Application) -> None:
    first = await imagine(ben, "a fox")
    one = await single(ben, "a wolf")
    grid_id = (await app.store.jobs_of(int(ben.id)))[-1].id
    job_id = await newest(app, ben)
    on = await (await ben.click(one, "❤️")).message()
    assert "(1)" in on["content"]
    await ana.react(first, "⭐")  # which of the four?
    await ana.react(one, "⭐")
    await ana.unreact(one, "⭐")
    await ana.react(one, "⭐")  # stays
    await imagine(ana, "un zorro")  # reactions that came before are through by now
    assert await app.store.favourites(job_id, 1) == {int(ben.id), int(ana.id)}
    assert await app.store.favourites(grid_id, 1) == set()
    off = await (await ben.click(one, "❤️")).message()
    assert "Removed" in off["content"]
    assert "(1)" in off["content"]


@pytest.mark.shows("Gallery")
@running
async def test_what_many_like_is_shown_in_the_gallery_once(
    ben: Person, ana: Person, mod: Person, app: Application
) -> None:
    await app.studio.set_gallery(HOME, int(GALLERY), 2)
    one = await single(ben, "a fox")
    for person in (ben, ana, mod):
        await (await person.click(one, "❤️")).message()
    shown = await ana.wait("#gallery", result("a fox"))
    assert f"/{one['id']}" in shown["content"]
    assert "❤️ 2" in shown["content"]
    assert shown["mentions"] == []
    assert len([m for m in await ana.history("#gallery") if m["attachments"]]) == 1
    await ana.click(shown, "Vary (Subtle)")
    await ana.wait("#gallery", grid("a fox"))
    await ben.click(one, "❌")
    await ben.gone(one)
    await ana.gone(shown)


@pytest.mark.shows("Gallery", "Stealth")
async def test_stealth_never_gets_into_the_gallery(ben: Person, mod: Person, app: Application) -> None:
    await app.studio.set_gallery(HOME, int(GALLERY), 1)
    await app.studio.set_stealth(acting(ben), hidden=True)
    interaction = await ben.slash("imagine", "#studio", prompt="a fox --n 1")
    one = await ben.wait("#studio", result("a fox"))
    assert (await interaction.thinking())["flags"] & EPHEMERAL
    assert "(1)" in (await (await ben.click(one, "❤️")).message())["content"]
    await app.studio.set_stealth(acting(ben), hidden=False)
    other = await single(ben, "a wolf")
    await (await ben.click(other, "❤️")).message()
    await mod.wait("#gallery", result("a wolf"))
    assert [m for m in await mod.history("#gallery") if "a fox" in m["content"]] == []


@pytest.mark.shows("Gallery", "Moderators' log")
@pytest.mark.parametrize("trouble", ["forbidden", "deleted"])
async def test_channels_that_are_closed_break_nothing(
    ben: Person, app: Application, playground: Playground, trouble: str
) -> None:
    await app.studio.set_gallery(HOME, int(GALLERY), 1)
    await app.studio.set_log(HOME, int(RANDOM))
    for channel in ("#gallery", "#random"):
        if trouble == "deleted":
            playground.stage.delete(channel)
        else:
            playground.stage.overwrite(channel, "bot", deny=SEND_MESSAGES | VIEW_CHANNEL)
    one = await single(ben, "a fox")
    assert "(1)" in (await (await ben.click(one, "❤️")).message())["content"]
    await imagine(ben, "a wolf")


# Moderators


@pytest.mark.shows("Moderators' log")
@running
async def test_the_log_has_every_result_and_keeps_it(ben: Person, mod: Person, app: Application) -> None:
    await app.studio.set_log(HOME, int(RANDOM))
    first = await imagine(ben, "a fox")
    logged = await mod.wait("#random", lambda m: "a fox" in m["content"] and bool(m["attachments"]))
    assert await newest(app, ben) in logged["content"]
    assert logged["mentions"] == []
    await mod.click(logged, "❌")
    await ben.gone(first)
    assert logged["id"] in {m["id"] for m in await mod.history("#random")}


@pytest.mark.shows("Report Job")
async def test_a_report_reaches_the_moderators_whatever_restarts_in_between(
    playground: Playground, settings: Settings, backend: Scripted, ben: Person, ana: Person, mod: Person
) -> None:
    async with serving(settings, backend, playground) as app:
        await app.studio.set_log(HOME, int(RANDOM))
        first = await imagine(ben, "a fox")
    async with serving(settings, backend, playground):
        modal = await (await ana.menu("Report Job", first)).modal()
    async with serving(settings, backend, playground):
        answer = await (await ana.submit(modal, {"reason": "**not** @everyone's\n`taste`"}, "#studio")).message()
        assert answer["flags"] & EPHEMERAL
        report = await mod.wait("#random", lambda m: "🚩" in m["content"])
        assert f"<@{ana.id}>" in report["content"]
        assert "taste" in report["content"]
        assert report["attachments"]
        assert report["mentions"] == []
        again = await (await ana.menu("Report Job", first)).modal()
        await (await ana.submit(again, {"reason": "and another thing"}, "#studio")).message()
        await mod.wait("#random", lambda m: "another thing" in m["content"])


@pytest.mark.shows("Report Job")
@running
async def test_a_report_without_a_channel_for_it(ben: Person, ana: Person) -> None:
    first = await imagine(ben, "a fox")
    await ben.menu("Report Job", first)
    await ben.wait("#studio", alone("no channel for reports"))


# Exactly again


@pytest.mark.shows("Lineage")
@running
async def test_what_stands_in_the_file_makes_the_picture_again(ben: Person, tmp_path: Path) -> None:
    first = await imagine(ben, "a fox --ar 3:2 --seed 41")
    await ben.click(first, "U3")
    one = await ben.wait("#studio", result("Image #3"))
    path = tmp_path / "fox.png"
    path.write_bytes(await ben.download(one["attachments"][0]["url"]))
    info = read_info(path)
    again = await (
        await ben.slash("imagine", "#studio", prompt=f"{info['prompt']} --seed {info['grid_seed']}")
    ).message()
    assert again
    second = await ben.wait("#studio", after(one, grid("a fox")))
    await ben.click(second, f"U{info['tile']}")
    same = await ben.wait("#studio", after(second, result("Image #3")))
    assert (await picture(ben, same)).tobytes() == (await picture(ben, one)).tobytes()


# Lanes


def quick(**changes: Any) -> Scripted:
    """A backend with a faster model."""
    return Scripted(offers=replace(EVERYTHING, turbo_model="scripted-quick", **changes))


@pytest.mark.shows("--fast", "--relax", "--turbo", "Fast, relaxed and turbo")
async def test_lanes_by_parameter_and_by_preference(
    playground: Playground, tmp_path: Path, ben: Person, mod: Person
) -> None:
    backend = quick()
    lanes = "fast,relax,turbo"
    async with serving(settings_for(playground, tmp_path, lanes=lanes), backend, playground) as app:
        for parameter, mode, model in (
            ("--turbo", "(turbo)", "scripted-quick"),
            ("--relax", "(relaxed)", None),
            ("--fast", "(fast)", None),
        ):
            message = await imagine(ben, f"{mode.strip('()')} fox {parameter}")
            assert mode in message["content"]
            assert backend.requests[-1].model == model
        lane = next(lane for lane in app.studio.lanes(acting(ben)) if lane == "turbo")
        await app.studio.set_lane(acting(ben), lane)
        message = await imagine(ben, "a wolf")
        assert "(turbo)" in message["content"]
        await ben.click(message, "V1")
        varied = await ben.wait("#studio", grid("a wolf", after=message))
        assert "(turbo)" in varied["content"]
        await mod.click(message, "V2")  # the quick model is turbo's alone
        plain = await mod.wait("#studio", grid("a wolf", after=varied))
        assert "(fast)" in plain["content"]
        assert backend.requests[-1].model is None


@pytest.mark.shows("Fast, relaxed and turbo")
async def test_who_may_choose_a_lane(playground: Playground, tmp_path: Path, ben: Person, mod: Person) -> None:
    backend = quick()
    role = playground.stage.role("Patrons", 0)
    values = {"lanes": "fast,relax,turbo", "fast_roles": role.id, "turbo_roles": role.id}
    async with serving(settings_for(playground, tmp_path, **values), backend, playground):
        message = await imagine(ben, "a fox")
        assert "(relaxed)" in message["content"]
        refusal = await (await ben.slash("imagine", "#studio", prompt="a fox --turbo")).message()
        assert "can't use `--turbo` mode" in said(refusal)
        assert "(turbo)" in (await imagine(mod, "a bear --turbo"))["content"]
        playground.stage.grant("ben", "Patrons")
        assert "(fast)" in (await imagine(ben, "a wolf"))["content"]
        assert "(turbo)" in (await imagine(ben, "an owl --turbo"))["content"]


@pytest.mark.shows("Fast, relaxed and turbo")
async def test_a_backend_without_a_faster_model_says_so(playground: Playground, tmp_path: Path, ben: Person) -> None:
    async with serving(settings_for(playground, tmp_path, lanes="fast,turbo"), Scripted(), playground):
        message = await imagine(ben, "a fox --turbo")
    assert "(fast)" in message["content"]
    assert "this ran in `--fast` mode" in message["content"]
