"""The use cases: what a command or a click does, on a real store, engine and disk."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image as Pillow

from bot.backends.base import Operation, Role
from bot.errors import (
    BackendUnavailable,
    FetchError,
    LimitReached,
    NotAllowed,
    NotFound,
    NotPossible,
    PromptError,
    UserError,
)
from bot.imaging.metadata import read_info
from bot.jobs import Action, ImageKind, Job, Lane, MessageKind, Status
from bot.prompt import reread
from bot.studio import Attachment, Studio
from tests.recording import CHANNEL, PLACE, Desk, caller, desk, settings_in
from tests.scripted import EVERYTHING, Scripted, limited

OWNER, OTHER = caller(1), caller(2)
MODERATOR = caller(3, moderator=True)
STRANGER = caller(4, moderator=True, guild_id=8)  # a moderator of another server


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


@pytest.fixture
async def at(tmp_path: Path, backend: Scripted) -> AsyncIterator[Desk]:
    async with desk(settings_in(tmp_path), backend) as made:
        yield made


@pytest.fixture
def studio(at: Desk) -> Studio:
    return at.app.studio


async def click(at: Desk, verb: str, job: Job, tile: int = 1, extra: str = "", **rest: Any) -> Job:
    """A click that is allowed to, and its job when it is over."""
    started = await at.app.studio.act(rest.pop("who", OWNER), verb, job.id, tile, extra, PLACE, **rest)
    return await at.over(started)


def objects(folder: Path) -> set[str]:
    """The keys of everything that is kept."""
    images = folder / "data" / "images"
    return {str(path.relative_to(images)) for path in images.rglob("*") if path.is_file()}


def same_job(one: Job, other: Job) -> bool:
    return (one.parent_id, one.tile, one.action, one.backend) == (
        other.parent_id,
        other.tile,
        other.action,
        other.backend,
    )


# Checking


async def test_a_checked_prompt_is_not_started(at: Desk, studio: Studio, backend: Scripted) -> None:
    draft = studio.check(OWNER, "a cat --ar 3:2 --relax")
    assert (draft.text, draft.ephemeral) == ("a cat --ar 3:2 --relax", False)
    assert [prompt.text for prompt in draft.prompts] == ["a cat"]
    assert (await at.store.waiting(), backend.requests) == (([], []), [])


async def test_the_commands_options_are_part_of_the_prompt(studio: Studio) -> None:
    (prompt,) = studio.check(OWNER, "a cat", {"ar": "3:2", "no": "dogs"}).prompts
    assert (prompt.aspect, prompt.negative) == ((3, 2), ("dogs",))
    with pytest.raises(PromptError):
        studio.check(OWNER, "a cat", {"ar": "wide"})


@pytest.mark.parametrize("text", ["", "a cat --ar", "a cat --nonsense 3", "a cat --stylize 9999", "a {cat"])
async def test_a_broken_prompt_is_refused(studio: Studio, text: str) -> None:
    with pytest.raises(PromptError):
        studio.check(OWNER, text)


@pytest.mark.parametrize(("word", "chosen"), [("--fast", Lane.FAST), ("--relax", Lane.RELAX), ("--turbo", Lane.TURBO)])
async def test_the_prompt_says_the_lane(tmp_path: Path, word: str, chosen: Lane) -> None:
    quick = Scripted(offers=replace(EVERYTHING, models=("slow", "quick"), turbo_model="quick"))
    async with desk(settings_in(tmp_path, lanes="fast,relax,turbo"), quick) as at:
        job = await at.imagine(f"a cat {word}")
        assert (job.lane, job.notes) == (chosen, ())
        assert job.model == ("quick" if chosen is Lane.TURBO else None)


async def test_a_mode_that_does_not_exist_here_is_noted(at: Desk) -> None:
    job = await at.imagine("a cat --turbo")
    assert job.lane is Lane.FAST
    assert "`--fast`" in str(job.notes[0])


async def test_each_of_several_prompts_says_its_own_generator(tmp_path: Path) -> None:
    one, other = Scripted("one"), Scripted("other")
    async with desk(settings_in(tmp_path, backends="one,other"), one, other) as at:
        draft = at.app.studio.check(OWNER, "a cat --backend {other, one}")
        jobs = await at.app.studio.imagine(OWNER, draft, PLACE)
        assert [job.backend for job in jobs] == ["other", "one"]
        for job in jobs:
            await at.over(job)
    assert len(one.requests) == len(other.requests) == 1


async def test_the_prompt_says_who_sees_it(studio: Studio) -> None:
    assert studio.check(OWNER, "a cat --stealth").ephemeral
    assert not studio.check(OWNER, "a cat --stealth --public").ephemeral


async def test_what_a_user_has_set_counts_once_it_is_known(at: Desk, studio: Studio) -> None:
    for name, value in {
        "lane": "relax",
        "stealth": True,
        "suffix": "--ar 2:1",
        "custom": {"mine": "--chaos 9"},
    }.items():
        await at.store.set_setting("user", OWNER.user_id, name, value)
    await studio.remember(OWNER)
    draft = studio.check(OWNER, "a cat --mine")
    assert (draft.lane, draft.ephemeral, draft.prompts[0].aspect) == (Lane.RELAX, True, (2, 1))
    assert draft.prompts[0].get("chaos") == 9
    assert not studio.check(OWNER, "a cat --public --mine").ephemeral
    assert studio.check(OTHER, "a cat").lane is Lane.FAST


async def test_a_backend_is_chosen_by_name(tmp_path: Path) -> None:
    first, second = Scripted(), Scripted(name="second")
    async with desk(settings_in(tmp_path), first, second) as at:
        with pytest.raises(PromptError, match=r"no `third` backend here. There are: scripted, second\."):
            at.app.studio.check(OWNER, "a cat --backend third")
        job = await at.made("a cat --backend second")
        assert (job.backend, len(first.requests), len(second.requests)) == ("second", 0, 1)
        await at.store.set_setting("user", OTHER.user_id, "backend", "second")
        await at.app.studio.remember(OTHER)
        assert at.app.studio.check(OTHER, "a cat").backend == "second"


async def test_a_prompt_that_the_backend_would_not_take_is_refused(tmp_path: Path) -> None:
    backend = Scripted(offers=replace(EVERYTHING, max_prompt=20))
    async with desk(settings_in(tmp_path), backend) as at:
        assert at.app.studio.check(OWNER, "x" * 20).prompts
        with pytest.raises(PromptError, match="at most 20 characters; this one has 21"):
            at.app.studio.check(OWNER, "x" * 21)


async def test_a_batch_has_a_limit(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path, batch_limit=4), Scripted()) as at:
        studio = at.app.studio
        assert len(studio.check(OWNER, "a {red, blue} cat --repeat 2").prompts) == 4
        for text in ("a {red, blue, tan} cat --repeat 2", "a cat --repeat 5", "a {1,2,3,4,5} cat"):
            with pytest.raises(UserError, match="4"):
                studio.check(OWNER, text)


# Starting


async def test_a_re_roll_that_is_refused_leaves_nothing_behind(tmp_path: Path, photos: str) -> None:
    backend = Scripted()
    async with desk(settings_in(tmp_path, discord_url=photos, waiting_per_user=1, running_per_user=1), backend) as at:
        first = await at.made(f"{photos}/a.png a cat")
        before = objects(tmp_path)
        backend.hold()
        for _ in range(2):
            await at.imagine("a dog")
            await backend.running(2)
        with pytest.raises(LimitReached):
            await at.app.studio.act(OWNER, "reroll", first.id, 0, "", PLACE)
        assert objects(tmp_path) == before


async def test_an_unknown_verb_or_tile_is_refused(at: Desk, studio: Studio) -> None:
    job = await at.made("a cat")
    with pytest.raises(NotFound):
        await studio.act(OWNER, "dance", job.id, 1, "", PLACE)
    with pytest.raises(NotFound):
        await studio.favourite(OWNER, job.id, 5)


async def test_every_variant_becomes_a_job_of_its_own(at: Desk, studio: Studio) -> None:
    draft = studio.check(OWNER, "a {red, blue} cat --repeat 2 --seed 5")
    jobs = [await at.over(job) for job in await studio.imagine(OWNER, draft, PLACE)]
    assert [reread(job.prompt).text for job in jobs] == ["a red cat", "a red cat", "a blue cat", "a blue cat"]
    assert all("repeat" not in job.prompt for job in jobs)
    assert {(job.user_id, job.user_name, job.guild_id, job.status) for job in jobs} == {(1, "user1", 7, Status.DONE)}


async def test_seeds_are_new_unless_given(at: Desk) -> None:
    one, other = await at.made("a cat"), await at.made("a cat")
    assert one.seed != other.seed
    assert (await at.made("a cat --seed 77")).seed == 77


async def test_a_full_queue_takes_no_more_from_that_user(tmp_path: Path, backend: Scripted) -> None:
    backend.hold()
    async with desk(settings_in(tmp_path, running_per_user=1, waiting_per_user=1), backend) as at:
        await at.imagine("running")
        await backend.running(1)
        await at.imagine("waiting")
        with pytest.raises(LimitReached):
            await at.imagine("too much")
        await at.imagine("from another", OTHER)
        assert len(await at.store.jobs_of(OWNER.user_id)) == 2


# Images from outside


@pytest.fixture
async def photos() -> AsyncIterator[str]:
    """The address of a host of two pictures and of something that is none."""

    async def serve(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "text.png":
            return web.Response(text="no picture")
        data = io.BytesIO()
        Pillow.new("RGB", (40, 30), "teal" if name == "a.png" else "red").save(data, "PNG")
        return web.Response(body=data.getvalue(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/{name}", serve)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


@pytest.fixture
async def near(tmp_path: Path, backend: Scripted, photos: str) -> AsyncIterator[Desk]:
    """A desk that takes pictures from that host."""
    async with desk(settings_in(tmp_path, discord_url=photos), backend) as made:
        yield made


async def test_each_of_several_prompts_has_its_own_pictures(near: Desk, backend: Scripted, photos: str) -> None:
    studio = near.app.studio
    draft = studio.check(OWNER, f"{{{photos}/a.png, {photos}/b.png {photos}/a.png}} a cat")
    jobs = [await near.over(job) for job in await studio.imagine(OWNER, draft, PLACE)]
    assert [len(await near.store.images(job.id, ImageKind.INPUT)) for job in jobs] == [1, 2]


async def test_a_style_reference_is_fetched_where_it_is_honoured(tmp_path: Path, photos: str) -> None:
    styled = Scripted("styled", offers=replace(EVERYTHING, parameters=frozenset({"sref"})))
    async with desk(settings_in(tmp_path, discord_url=photos, backends="styled"), styled) as at:
        await at.made(f"a cat --sref {photos}/a.png")
    (request,) = styled.requests
    assert [image.role for image in request.images] == [Role.STYLE]
    assert request.operation is Operation.GENERATE


async def test_linked_and_attached_pictures_come_with_the_prompt(
    near: Desk, backend: Scripted, photos: str, tmp_path: Path
) -> None:
    studio = near.app.studio
    draft = studio.check(OWNER, f"{photos}/a.png a {{red, blue}} cat --iw 2", attached=1)
    attached = Attachment(f"{photos}/b.png", "b.png", 100)
    jobs = await studio.imagine(OWNER, draft, PLACE, [attached])
    for job in jobs:
        assert (await near.over(job)).status is Status.DONE
        inputs = await near.store.images(job.id, ImageKind.INPUT)
        assert [(image.width, image.height) for image in inputs] == [(40, 30)] * 2
        assert len({image.key for image in inputs}) == 2
    assert [len(request.only(Role.PROMPT)) for request in backend.requests] == [2, 2]
    assert list((tmp_path / "data" / "work").glob("intake-*")) == []


async def test_a_picture_that_cannot_be_had_starts_nothing(near: Desk, photos: str, tmp_path: Path) -> None:
    studio = near.app.studio
    for name in ("text.png", "none/at/all.png"):
        draft = studio.check(OWNER, f"{photos}/a.png {photos}/{name} a cat")
        with pytest.raises(FetchError):
            await studio.imagine(OWNER, draft, PLACE)
    assert await near.store.jobs_of(OWNER.user_id) == []
    assert objects(tmp_path) == set()


async def test_too_many_pictures_are_refused(near: Desk, photos: str) -> None:
    studio = near.app.studio
    attached = [Attachment(f"{photos}/{n}.png", f"{n}.png", 100) for n in range(6)]
    with pytest.raises(UserError, match="5"):
        await studio.imagine(OWNER, studio.check(OWNER, "a cat", attached=6), PLACE, attached)


async def test_a_refused_job_leaves_no_pictures(tmp_path: Path, backend: Scripted, photos: str) -> None:
    backend.hold()
    settings = settings_in(tmp_path, discord_url=photos, running_per_user=1, waiting_per_user=1)
    async with desk(settings, backend) as at:
        await at.imagine("running")
        await backend.running(1)
        await at.imagine("waiting")
        draft = at.app.studio.check(OWNER, f"{photos}/a.png a cat")
        with pytest.raises(LimitReached):
            await at.app.studio.imagine(OWNER, draft, PLACE)
        assert objects(tmp_path) == set()


async def test_a_reroll_has_the_same_pictures_to_go_by(near: Desk, backend: Scripted, photos: str) -> None:
    parent = await near.made(f"{photos}/a.png a cat")
    child = await click(near, "reroll", parent)
    first, second = (request.only(Role.PROMPT) for request in backend.requests)
    assert [image.path.read_bytes() for image in first] == [image.path.read_bytes() for image in second]
    await near.app.studio.cancel(OWNER, parent.id)
    (kept,) = await near.store.images(child.id, ImageKind.INPUT)
    assert kept.key.startswith(f"jobs/{child.id}/")


# Clicks


async def test_one_picture_of_a_grid_on_its_own(at: Desk, tmp_path: Path) -> None:
    grid = await at.made("a cat --seed 10")
    single = await click(at, Action.UPSAMPLE, grid, 3, who=OTHER)
    assert (single.status, single.user_id, single.parent_id, single.tile) == (Status.DONE, 2, grid.id, 3)
    (copy,) = await at.store.images(single.id, ImageKind.OUTPUT)
    source = (await at.store.images(grid.id, ImageKind.OUTPUT))[2]
    folder = tmp_path / "data" / "images"
    assert (folder / copy.key).read_bytes() == (folder / source.key).read_bytes()
    assert (copy.seed, copy.memo, copy.index) == (12, {"n": 2}, 0)


@pytest.mark.parametrize(
    ("action", "extra", "operation", "count"),
    [
        (Action.VARIATION, "", Operation.VARY, 4),
        (Action.VARY_SUBTLE, "", Operation.VARY, 4),
        (Action.VARY_STRONG, "", Operation.VARY, 4),
        (Action.UPSCALE_SUBTLE, "", Operation.UPSCALE, 1),
        (Action.UPSCALE_CREATIVE, "", Operation.UPSCALE, 1),
        (Action.ZOOM, "1.5", Operation.OUTPAINT, 4),
        (Action.PAN, "left", Operation.OUTPAINT, 4),
        (Action.SQUARE, "", Operation.OUTPAINT, 4),
    ],
)
async def test_each_click_asks_the_generator_for_its_own(
    at: Desk, backend: Scripted, action: Action, extra: str, operation: Operation, count: int
) -> None:
    grid = await at.made("a cat --ar 3:2")
    single = await click(at, Action.UPSAMPLE, grid, 2)
    job = await click(at, action, single, 1, extra)
    assert (job.status, job.action, job.parent_id) == (Status.DONE, action, single.id)
    request = backend.requests[-1]
    assert (request.operation, len(request.seeds)) == (operation, count)
    assert request.images[0].memo == {"n": 1}
    assert len(await at.store.images(job.id, ImageKind.OUTPUT)) == count


async def test_how_far_a_variation_goes_is_the_clickers_choice(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat")
    await at.store.set_setting("user", OTHER.user_id, "variability", "subtle")
    await click(at, Action.VARIATION, grid)
    await click(at, Action.VARIATION, grid, who=OTHER)
    strong, subtle = backend.requests[1:]
    assert strong.strength > subtle.strength


async def test_another_text_in_its_place(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat --ar 3:2")
    await click(at, Action.VARIATION, grid, 1, text="a dog --ar 1:1")
    assert backend.requests[-1].text == "a dog"
    with pytest.raises(PromptError):
        await click(at, Action.VARIATION, grid, 1, text="a dog --ar nowhere")


@pytest.mark.parametrize("tile", [-1, 0, 5, 99])
async def test_a_picture_that_there_is_not(at: Desk, studio: Studio, tile: int) -> None:
    grid = await at.made("a cat")
    for action in (Action.UPSAMPLE, Action.VARIATION, Action.ZOOM):
        with pytest.raises(NotFound):
            await studio.act(OWNER, action, grid.id, tile, "2", PLACE)
    with pytest.raises(NotFound):
        async with studio.original(OWNER, grid.id, tile):
            pass


@pytest.mark.parametrize(
    ("action", "extra"),
    [(Action.ZOOM, ""), (Action.ZOOM, "1"), (Action.ZOOM, "3"), (Action.ZOOM, "nan"), (Action.PAN, "away")],
)
async def test_what_no_button_says(at: Desk, studio: Studio, action: Action, extra: str) -> None:
    grid = await at.made("a cat")
    with pytest.raises(UserError):
        await studio.act(OWNER, action, grid.id, 1, extra, PLACE)


async def test_what_cannot_be_done_is_said_at_once(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path), Scripted(offers=limited(Operation.GENERATE))) as at:
        grid = await at.made("a cat")
        for action, extra in [(Action.ZOOM, "2"), (Action.UPSCALE_SUBTLE, ""), (Action.PAN, "up")]:
            with pytest.raises(NotPossible):
                await at.app.studio.act(OWNER, action, grid.id, 1, extra, PLACE)
        assert len(await at.store.jobs_of(OWNER.user_id)) == 1


async def test_a_job_that_is_unknown_deleted_failed_or_not_done_yet(
    at: Desk, studio: Studio, backend: Scripted
) -> None:
    deleted = await at.made("a cat")
    await studio.cancel(OWNER, deleted.id)
    backend.hold()
    running = await at.imagine("a dog")
    await backend.running(2)
    for job_id in ("0000000000000000", deleted.id, running.id):
        for verb in (Action.UPSAMPLE, Action.VARIATION, "reroll"):
            with pytest.raises(NotFound):
                await studio.act(OWNER, verb, job_id, 1, "", PLACE)
        with pytest.raises(NotFound):
            await studio.favourite(OWNER, job_id, 1)
        with pytest.raises(NotFound):
            async with studio.original(OWNER, job_id, 1):
                pass


async def test_whose_clicks_count_is_the_servers_choice(tmp_path: Path) -> None:
    async with desk(settings_in(tmp_path, clicks="owner"), Scripted()) as at:
        grid = await at.made("a cat")
        for verb in (Action.UPSAMPLE, Action.VARIATION, "reroll"):
            with pytest.raises(NotAllowed):
                await at.app.studio.act(OTHER, verb, grid.id, 1, "", PLACE)
            assert (await click(at, verb, grid)).status is Status.DONE
        assert (await click(at, Action.UPSAMPLE, grid, who=MODERATOR)).status is Status.DONE


# Once more


async def test_a_reroll_is_the_same_with_another_seed(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat --seed 5 --chaos 3")
    again = await click(at, "reroll", grid)
    assert same_job(grid, again)
    assert reread(again.prompt).get("chaos") == 3
    assert "--seed" not in again.prompt
    first, second = backend.requests
    assert not set(first.seeds) & set(second.seeds)


async def test_a_reroll_of_what_cannot_be_made_again_is_refused_at_once(tmp_path: Path) -> None:
    both = settings_in(tmp_path, backends="scripted,other")
    async with desk(both, Scripted(), Scripted("other")) as at:
        grid = await at.made("a cat --backend other")
        varied = await click(at, "variation", grid, tile=2)
        lost = await at.made("a dog")
        orphan = await click(at, "variation", lost, tile=1)
        await at.app.studio.cancel(OWNER, lost.id)
        with pytest.raises(NotFound):
            await at.app.studio.act(OWNER, "reroll", orphan.id, 0, "", PLACE)
    async with desk(settings_in(tmp_path), Scripted()) as at:
        for job in (grid, varied):
            with pytest.raises(BackendUnavailable):
                await at.app.studio.act(OWNER, "reroll", job.id, 0, "", PLACE)
        assert await at.store.waiting() == ([], [])


async def test_a_reroll_of_a_reroll_of_a_variation_of_a_single_picture(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat --seed 5")
    single = await click(at, Action.UPSAMPLE, grid, 2)
    variation = await click(at, Action.VARY_SUBTLE, single)
    first = await click(at, "reroll", variation)
    second = await click(at, "reroll", first)
    assert (second.parent_id, second.tile, second.action) == (single.id, 1, Action.VARY_SUBTLE)
    assert same_job(first, second)
    assert "--seed" not in second.prompt
    made, again, last = backend.requests[1:]
    assert len({made.seeds, again.seeds, last.seeds}) == 3
    assert made.strength == again.strength == last.strength
    assert [request.images[0].path for request in (again, last)] == [made.images[0].path] * 2


async def test_a_reroll_of_a_single_picture_is_one_of_its_grid(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat")
    single = await click(at, Action.UPSAMPLE, grid, 2)
    again = await click(at, "reroll", single)
    assert same_job(grid, again)
    assert len(backend.requests[-1].seeds) == 4


async def test_a_reroll_with_another_text(at: Desk, backend: Scripted) -> None:
    grid = await at.made("a cat")
    await click(at, "reroll", grid, text="a dog --n 2")
    assert (backend.requests[-1].text, len(backend.requests[-1].seeds)) == ("a dog", 2)


# Ending


async def state(at: Desk, backend: Scripted, name: str) -> Job:
    """A job of the owner's that waits, runs or is done."""
    if name == "done":
        return await at.made("a cat")
    backend.hold()
    job = await at.imagine("a cat")
    await backend.running(1)
    return job if name == "running" else await at.imagine("another")


@pytest.fixture
async def narrow(tmp_path: Path, backend: Scripted) -> AsyncIterator[Desk]:
    async with desk(settings_in(tmp_path, running_per_user=1), backend) as made:
        yield made


@pytest.mark.parametrize("who", [OWNER, MODERATOR], ids=["owner", "moderator"])
@pytest.mark.parametrize("name", ["waiting", "running", "done"])
async def test_the_owner_and_moderators_may_end_a_job(
    narrow: Desk, backend: Scripted, tmp_path: Path, name: str, who: Any
) -> None:
    job = await state(narrow, backend, name)
    stopped = await narrow.app.studio.cancel(who, job.id)
    assert stopped is (name != "done")
    found = await narrow.job(job)
    assert found.status is (Status.DELETED if name == "done" else Status.CANCELLED)
    told = narrow.outlet.deleted_ids if name == "done" else narrow.outlet.cancelled_ids
    assert told == [job.id]
    assert not any(job.id in key for key in objects(tmp_path))
    assert await narrow.store.images(job.id) == []
    with pytest.raises(NotFound, match="over already"):
        await narrow.app.studio.cancel(who, job.id)


@pytest.mark.parametrize("who", [OTHER, STRANGER], ids=["other", "moderator elsewhere"])
@pytest.mark.parametrize("name", ["waiting", "running", "done"])
async def test_nobody_else_may(narrow: Desk, backend: Scripted, name: str, who: Any) -> None:
    job = await state(narrow, backend, name)
    before = (await narrow.job(job)).status
    with pytest.raises(NotAllowed):
        await narrow.app.studio.cancel(who, job.id)
    assert (await narrow.job(job)).status is before
    assert narrow.outlet.deleted_ids == narrow.outlet.cancelled_ids == []


async def test_a_cancelled_job_gives_its_place_to_the_next(narrow: Desk, backend: Scripted) -> None:
    running = await state(narrow, backend, "running")
    following = await narrow.imagine("next")
    await narrow.app.studio.cancel(OWNER, running.id)
    await backend.running(2)
    backend.release()
    assert (await narrow.over(following)).status is Status.DONE
    assert running.id not in narrow.outlet.delivered


async def test_the_provider_hears_of_it(tmp_path: Path) -> None:
    backend = Scripted(offers=replace(EVERYTHING, resumable=True), handle="h-7")
    async with desk(settings_in(tmp_path), backend) as at:
        job = await state(at, backend, "running")
        await at.app.studio.cancel(OWNER, job.id)
    assert backend.cancelled == ["h-7"]


async def test_there_is_nothing_to_end_of_an_unknown_job(studio: Studio) -> None:
    with pytest.raises(NotFound):
        await studio.cancel(OWNER, "0000000000000000")


async def test_a_single_picture_outlives_its_grid(at: Desk, studio: Studio, tmp_path: Path) -> None:
    grid = await at.made("a cat")
    single = await click(at, Action.UPSAMPLE, grid, 4)
    await studio.cancel(OWNER, grid.id)
    assert objects(tmp_path) == {f"jobs/{single.id}/0.png"}
    varied = await click(at, Action.VARY_STRONG, single)
    assert varied.status is Status.DONE
    async with studio.original(OWNER, single.id, 1) as upload:
        assert upload.path.is_file()


# Keeping


async def test_a_favourite_goes_on_and_off_for_each_user(at: Desk, studio: Studio) -> None:
    job = await at.made("a cat")
    assert await studio.favourite(OWNER, job.id, 1) == (True, 1)
    assert await studio.favourite(OTHER, job.id, 1) == (True, 2)
    assert await studio.favourite(OWNER, job.id, 1) == (False, 1)
    assert await studio.favourite(OWNER, job.id, 2) == (True, 1)


async def test_an_original_says_how_it_was_made(at: Desk, studio: Studio, tmp_path: Path) -> None:
    grid = await at.made("a cat --no dogs --seed 100")
    async with studio.original(OWNER, grid.id, 3) as upload:
        copy = upload.path
        info = await asyncio.to_thread(read_info, copy)
        assert (info["seed"], info["negative_prompt"], info["size"]) == ("102", "dogs", "64x64")
        assert upload.filename.endswith(".png")
        assert "a cat" in upload.description
    assert not copy.exists()
    assert list((tmp_path / "data" / "work").glob("original-*")) == []


async def test_a_draft_is_kept_for_the_one_who_mends_it(studio: Studio) -> None:
    draft_id = await studio.save_draft(OWNER, "a cat --ar")
    kept = await studio.draft(draft_id)
    assert kept is not None
    assert (kept.text, kept.user_id) == ("a cat --ar", OWNER.user_id)
    assert await studio.draft("0000000000000000") is None


async def test_a_job_is_found_by_its_message(at: Desk, studio: Studio) -> None:
    job = await at.made("a cat")
    await at.store.add_message(500, CHANNEL, job.id, MessageKind.RESULT)
    found = await studio.job_of_message(500)
    assert found is not None
    assert found.id == job.id
    assert await studio.job_of_message(501) is None


async def test_the_fingerprint_of_the_commands_is_remembered(studio: Studio) -> None:
    assert await studio.synced() is None
    await studio.set_synced("abc")
    assert await studio.synced() == "abc"


async def test_a_backend_that_is_down_is_said_at_once(tmp_path: Path) -> None:
    class Down(Scripted):
        async def capabilities(self) -> Any:
            raise BackendUnavailable(backend=self.name)

    async with desk(settings_in(tmp_path), Scripted(), Down(name="down")) as at:
        with pytest.raises(BackendUnavailable, match="The down backend can't be reached"):
            at.app.studio.check(OWNER, "a cat --backend down")
        assert (await at.made("a cat")).status is Status.DONE
