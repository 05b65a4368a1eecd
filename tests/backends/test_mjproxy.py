"""The Midjourney proxy: what is written into prompts, which buttons are pressed, windows, grids, and codes that say no."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Frame, Generated, InputImage, Operation, Part, Request, Result, Role
from bot.backends.mjproxy import MjProxy, MjProxySettings
from bot.backends.mjproxy.answers import Memo, Task
from bot.backends.mjproxy.moves import alone
from bot.backends.web import BackendLost
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from bot.prompt import parse
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.mjproxy import (
    Blend,
    Change,
    Edits,
    Imagine,
    Kind,
    MjProxyDouble,
    backend,
    read,
)
from tests.backends.doubles.server import Mischief


@pytest.fixture
async def double() -> AsyncGenerator[MjProxyDouble]:
    async with MjProxyDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(double: MjProxyDouble) -> AsyncGenerator[Backend]:
    made = backend(double)
    yield made
    await made.close()


@pytest.fixture
async def older() -> AsyncGenerator[MjProxyDouble]:
    async with MjProxyDouble(kind=Kind.PLAIN) as made:
        yield made
    assert made.problems == []


async def wanted(backend: Backend, folder: Path, operation: Operation, **changes: Any) -> Request:
    return request_for(operation, await backend.capabilities(), folder, **changes)


async def made(backend: Backend, folder: Path, operation: Operation = Operation.GENERATE, **changes: Any) -> Result:
    return await run(backend, await wanted(backend, folder, operation, **changes))


async def worked_on(backend: Backend, folder: Path, picture: Generated, operation: Operation, **changes: Any) -> Result:
    """What the bot asks for under a picture that was made here."""
    image = InputImage(path=picture.path, role=Role.INITIAL, memo=picture.memo)
    request = await wanted(backend, folder, operation, **changes)
    if operation is Operation.INPAINT:
        size = infos(Result(images=(picture,)))[0].size
        mask = folder / "mask.png"
        Image.linear_gradient("L").resize(size).save(mask)
        request = replace(request, mask=mask, width=size.width, height=size.height)
    return await run(backend, replace(request, images=(image,)))


def asked(double: MjProxyDouble) -> Any:
    """What was handed in first."""
    return double.asked_for[0]


def greys(result: Result) -> list[int]:
    """Which of the double's pictures these are."""
    return [round((float(np.asarray(Image.open(one.path)).mean()) - 47) / 50) for one in result.images]


# Prompts


async def test_a_prompt_is_written_in_its_own_language(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    line = (
        "a cat --ar 16:9 --chaos 20 --s 250 --no text, people --raw --v 6.1 --tile --q 2 --weird 100 --stop 80 --draft"
    )
    prompt = parse(line).prompt
    parameters = dict(prompt.parameters)
    await made(here, tmp_path, parts=prompt.parts, negative=prompt.negative, parameters=parameters, seeds=(9, 10))
    sent = asked(double)
    assert isinstance(sent, Imagine)
    assert sent.prompt.startswith("a cat --")
    assert read(sent.prompt) == {
        "ar": "16:9",
        "chaos": "20",
        "stylize": "250",
        "weird": "100",
        "no": "text, people",
        "quality": "2",
        "tile": "",
        "stop": "80",
        "v": "6.1",
        "raw": "",
        "draft": "",
        "seed": "9",
    }
    assert (sent.botType, sent.base64Array) == ("MID_JOURNEY", [])


async def test_weights_are_its_own(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    await made(here, tmp_path, parts=(Part("cat", 2), Part("rain", -0.5)), negative=())
    assert asked(double).prompt == "cat::2 rain::-0.5 --seed 7"


async def test_a_size_in_pixels_is_a_shape(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, width=1216, height=832, parameters={"width": 1216, "height": 832})
    assert read(asked(double).prompt)["ar"] == "19:13"
    assert "chooses the size itself" in str(result.notes[1])


@pytest.mark.parametrize(
    ("model", "parameters", "flags", "bot", "known"),
    [
        ("7", {}, {"v": "7"}, "MID_JOURNEY", "7"),
        ("niji 6", {}, {"niji": "6"}, "NIJI_JOURNEY", "niji 6"),
        ("7", {"niji": "6"}, {"niji": "6"}, "NIJI_JOURNEY", "niji 6"),
        ("7", {"niji": True}, {"niji": ""}, "NIJI_JOURNEY", "niji"),
        ("niji 6", {"version": "6.1"}, {"v": "6.1"}, "MID_JOURNEY", "6.1"),
        (None, {}, {}, "MID_JOURNEY", None),
    ],
)
async def test_a_model_is_a_version(
    double: MjProxyDouble,
    here: Backend,
    tmp_path: Path,
    model: str | None,
    parameters: dict[str, Any],
    flags: dict[str, str],
    bot: str,
    known: str | None,
) -> None:
    result = await made(here, tmp_path, model=model, parameters=parameters)
    given = read(asked(double).prompt)
    assert {name: given[name] for name in ("v", "niji") if name in given} == flags
    assert (asked(double).botType, result.model) == (bot, known)


async def test_image_prompts_go_along(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    image = (await wanted(here, tmp_path, Operation.VARY)).images[0]
    await made(here, tmp_path, images=(replace(image, role=Role.PROMPT),), parameters={"iw": 1.5})
    assert len(asked(double).base64Array) == 1
    assert read(asked(double).prompt)["iw"] == "1.5"


@pytest.mark.parametrize(
    ("size", "dimensions"), [((832, 1216), "PORTRAIT"), ((1024, 1024), "SQUARE"), ((1216, 832), "LANDSCAPE")]
)
async def test_a_blend_has_three_shapes(
    double: MjProxyDouble, here: Backend, tmp_path: Path, size: tuple[int, int], dimensions: str
) -> None:
    await made(here, tmp_path, Operation.BLEND, width=size[0], height=size[1])
    assert isinstance(asked(double), Blend)
    assert (asked(double).dimensions, len(asked(double).base64Array)) == (dimensions, 3)


async def test_a_speed_is_part_of_the_address(double: MjProxyDouble, tmp_path: Path) -> None:
    fast = backend(double, speed="turbo")
    assert (await made(fast, tmp_path)).images
    assert await fast.check() is None
    await fast.close()
    assert double.prefixes == ["/mj-turbo/mj"]


async def test_a_description_has_four_prompts(here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.DESCRIBE)
    assert result.texts == (
        "a lighthouse at dusk --ar 3:2",
        "a tower by the sea",
        "fog, oil on canvas",
        "waves, by a painter",
    )


# Grids


@pytest.mark.parametrize("kind", [Kind.PLUS, Kind.PARTNER])
async def test_a_grid_is_four_pictures(kind: Kind, tmp_path: Path) -> None:
    """In their order, whether they come in one or one by one. Each remembers which it is."""
    async with MjProxyDouble(kind=kind) as double:
        one = backend(double)
        result = await made(one, tmp_path, seeds=(1, 2, 3, 4))
        await one.close()
    assert greys(result) == [0, 1, 2, 3]
    assert [info.size for info in infos(result)] == [(128, 128)] * 4
    memos = [Memo.model_validate(image.memo) for image in result.images]
    assert [memo.tile for memo in memos] == [1, 2, 3, 4]
    assert {memo.task for memo in memos} == set(double.tasks)
    assert all(memo.button(r"MJ::JOB::upsample::3::") for memo in memos)


async def test_fewer_are_the_first_of_four(here: Backend, tmp_path: Path) -> None:
    assert greys(await made(here, tmp_path, seeds=(1, 2, 3))) == [0, 1, 2]


# Buttons

WHOLE = (256, 256)


async def pressed(
    double: MjProxyDouble, backend: Backend, folder: Path, operation: Operation, **changes: Any
) -> list[str]:
    """The buttons that are pressed for the third picture of a grid."""
    grid = await made(backend, folder, seeds=(1, 2, 3, 4))
    await worked_on(backend, folder, grid.images[2], operation, **changes)
    return double.pressed


@pytest.mark.parametrize(
    ("operation", "changes", "buttons"),
    [
        (Operation.VARY, {"strength": 0.75}, ["variation::3"]),
        (Operation.VARY, {"strength": 0.35}, ["upsample::3", "low_variation"]),
        (Operation.UPSCALE, {"strength": 0.2}, ["upsample::3", "upsample_v7_2x_subtle"]),
        (Operation.UPSCALE, {"strength": 0.5}, ["upsample::3", "upsample_v7_2x_creative"]),
        (Operation.INPAINT, {}, ["upsample::3", "Inpaint"]),
        (Operation.OUTPAINT, {"frame": Frame(64, 64, 128, 128)}, ["upsample::3", "Outpaint::50"]),
        (Operation.OUTPAINT, {"frame": Frame(43, 43, 170, 170)}, ["upsample::3", "Outpaint::75"]),
        (Operation.OUTPAINT, {"frame": Frame(28, 28, 200, 200)}, ["upsample::3", "CustomZoom"]),
        (Operation.OUTPAINT, {"frame": Frame(0, 0, 170, 256)}, ["upsample::3", "pan_right"]),
        (Operation.OUTPAINT, {"frame": Frame(86, 0, 170, 256)}, ["upsample::3", "pan_left"]),
        (Operation.OUTPAINT, {"frame": Frame(0, 86, 256, 170)}, ["upsample::3", "pan_up"]),
        (Operation.OUTPAINT, {"frame": Frame(0, 0, 256, 170)}, ["upsample::3", "pan_down"]),
    ],
)
async def test_each_button_has_its_equal(
    double: MjProxyDouble,
    here: Backend,
    tmp_path: Path,
    operation: Operation,
    changes: dict[str, Any],
    buttons: list[str],
) -> None:
    assert await pressed(double, here, tmp_path, operation, **changes) == buttons


async def test_a_square_has_a_button_where_there_is_one(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    grid = await made(here, tmp_path, width=384, height=256, seeds=(1,))
    frame = Frame(0, 64, 384, 256)
    square = {"width": 384, "height": 384, "frame": frame}
    await worked_on(here, tmp_path, grid.images[0], Operation.OUTPAINT, **square)
    assert double.pressed == ["upsample::1", "Outpaint::100"]


async def test_a_zoom_of_ones_own_is_written_into_a_window(
    double: MjProxyDouble, here: Backend, tmp_path: Path
) -> None:
    frame = {"width": 400, "height": 200, "frame": Frame(125, 25, 150, 150)}
    assert await pressed(double, here, tmp_path, Operation.OUTPAINT, **frame) == ["upsample::3", "CustomZoom"]
    assert double.windows[0].prompt.endswith(" --ar 2:1 --zoom 2")


async def test_a_region_is_a_hard_mask(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    """The double wants black and white alone, in a window."""
    changes = {"parts": (Part("a red door"),), "negative": ()}
    await pressed(double, here, tmp_path, Operation.INPAINT, **changes)
    (window,) = double.windows
    assert window.maskBase64 is not None
    assert window.prompt == "a red door"


async def test_a_changed_prompt_is_a_remix(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    grid = await made(here, tmp_path, seeds=(1, 2, 3, 4))
    await worked_on(here, tmp_path, grid.images[0], Operation.VARY, strength=0.75, parts=(Part("a dog"),))
    assert [window.prompt for window in double.windows] == ["a dog --no people"]


async def test_an_account_that_always_remixes_gets_its_window(
    double: MjProxyDouble, here: Backend, tmp_path: Path
) -> None:
    double.remix = True
    assert await pressed(double, here, tmp_path, Operation.VARY, strength=0.75) == ["variation::3"]
    assert len(double.windows) == 1


async def test_buttons_go_on_from_there(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    """What came of a zoom is a grid with buttons of its own; an enlarged picture is varied without being picked."""
    grid = await made(here, tmp_path, seeds=(1, 2, 3, 4))
    zoomed = await worked_on(here, tmp_path, grid.images[0], Operation.OUTPAINT, seeds=(1, 2, 3, 4))
    large = await worked_on(here, tmp_path, zoomed.images[3], Operation.UPSCALE, strength=0.2)
    assert infos(large)[0].size == (256, 256)
    await worked_on(here, tmp_path, large.images[0], Operation.VARY, strength=0.75)
    assert double.pressed == [
        "upsample::1",
        "Outpaint::50",
        "upsample::4",
        "upsample_v7_2x_subtle",
        "high_variation",
    ]


@pytest.mark.parametrize("operation", [Operation.VARY, Operation.INPAINT, Operation.OUTPAINT])
async def test_a_picture_that_it_does_not_know_is_handed_over(
    double: MjProxyDouble, here: Backend, tmp_path: Path, operation: Operation
) -> None:
    grid = await made(here, tmp_path)
    double.forgetful = True
    result = await worked_on(here, tmp_path, grid.images[0], operation, strength=0.75)
    assert result.images
    last = double.asked_for[-1]
    assert isinstance(last, Imagine if operation is Operation.VARY else Edits)
    if isinstance(last, Imagine):
        assert (read(last.prompt)["iw"], len(last.base64Array)) == ("0.75", 1)


async def test_what_it_can_not_enlarge_is_enlarged_here(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    result = await made(here, tmp_path, Operation.UPSCALE)
    assert infos(result)[0].size == (512, 512)
    assert "without new detail" in str(result.notes[0])
    assert double.asked_for == []


async def test_an_enlarged_picture_is_not_enlarged_again_by_it(
    double: MjProxyDouble, here: Backend, tmp_path: Path
) -> None:
    grid = await made(here, tmp_path, seeds=(1,))
    large = await worked_on(here, tmp_path, grid.images[0], Operation.UPSCALE)
    again = await worked_on(here, tmp_path, large.images[0], Operation.UPSCALE, width=512, height=512)
    assert infos(again)[0].size == (512, 512)
    assert "without new detail" in str(again.notes[0])


@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.DESCRIBE, Operation.BLEND])
def test_not_everything_has_a_button(tmp_path: Path, operation: Operation) -> None:
    assert alone(Request(job_id="j", operation=operation, folder=tmp_path)) is None


# The older proxies


async def test_the_older_ones_vary_by_number(older: MjProxyDouble, tmp_path: Path) -> None:
    one = backend(older)
    grid = await made(one, tmp_path, seeds=(1, 2, 3, 4))
    varied = await worked_on(one, tmp_path, grid.images[1], Operation.VARY, strength=0.35)
    await one.close()
    assert varied.images
    last = older.asked_for[-1]
    assert isinstance(last, Change)
    assert (last.action, last.index) == ("VARIATION", 2)


async def test_the_older_ones_take_up_a_picture_that_they_forgot(older: MjProxyDouble, tmp_path: Path) -> None:
    one = backend(older)
    grid = await made(one, tmp_path)
    older.forgetful = True
    assert (await worked_on(one, tmp_path, grid.images[1], Operation.VARY)).images
    await one.close()
    assert isinstance(older.asked_for[-1], Imagine)


async def test_the_older_ones_have_no_ear_for_new_words(older: MjProxyDouble, tmp_path: Path) -> None:
    """So these go along with the picture."""
    one = backend(older)
    grid = await made(one, tmp_path)
    await worked_on(one, tmp_path, grid.images[1], Operation.VARY, parts=(Part("a dog"),))
    await one.close()
    last = older.asked_for[-1]
    assert isinstance(last, Imagine)
    assert (last.prompt.startswith("a dog "), len(last.base64Array)) == (True, 1)


async def test_the_older_ones_never_vary_what_is_to_be_enlarged(older: MjProxyDouble, tmp_path: Path) -> None:
    one = backend(older)
    grid = await made(one, tmp_path)
    large = await worked_on(one, tmp_path, grid.images[1], Operation.UPSCALE)
    await one.close()
    assert infos(large)[0].size == (512, 512)
    assert len(older.asked_for) == 1


async def test_another_server_is_not_taken_for_a_proxy(double: MjProxyDouble) -> None:
    wrong = MjProxy(MjProxySettings.model_validate({"url": f"{double.url}/elsewhere", "secret": double.key}))
    assert "LIENZO_MJPROXY_URL" in str(await wrong.check())
    await wrong.close()


# Following


async def test_the_half_done_grid_is_shown(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    double.hold()
    task = asyncio.create_task(run(here, await wanted(here, tmp_path, Operation.GENERATE), listener))
    await listener.shown.wait()
    double.release()
    await task
    assert listener.previews[0].suffix == ".webp"
    assert 0.47 in listener.fractions
    fetched = [one for one in double.asked if one.path.endswith(".preview.webp")]
    assert len(fetched) == 1, "the same preview was fetched again"


async def test_a_preview_that_is_not_there_does_no_harm(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    double.hold()
    double.losing = 1
    task = asyncio.create_task(run(here, await wanted(here, tmp_path, Operation.GENERATE), listener))
    await double.lost()
    double.release()
    assert (await task).images
    assert listener.previews == []


async def test_a_picture_that_is_late_is_fetched_again(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    request = await wanted(here, tmp_path, Operation.GENERATE)
    handle = await here.submit(request)
    double.losing = 1
    with pytest.raises(BackendUnavailable):
        await here.collect(request, handle, Listener())
    assert (await here.collect(request, handle, Listener())).images
    assert len(double.tasks) == 1


@pytest.mark.parametrize("text", ["47%", "47% (fast)", " 47"])
def test_progress_is_a_number_in_a_text(text: str) -> None:
    assert Task(progress=text).fraction == pytest.approx(0.47)


@pytest.mark.parametrize("text", [None, "", "Waiting to start", "paused"])
def test_progress_without_a_number_is_none(text: str | None) -> None:
    assert Task(progress=text).fraction == 0


async def test_a_memo_of_another_kind_is_no_memo() -> None:
    assert Memo.of({}) is None
    assert Memo.of({"task": ["x"]}) is None
    assert Memo.of({"task": "1", "weight": 2}) is not None


# A no in words


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (3, BackendRejected, "nobody knows"),
        (4, BackendRejected, "nobody knows"),
        (9, BackendUnavailable, "nobody knows"),
        (23, RateLimited, "too much to do"),
        (24, BackendRefused, "nobody knows"),
    ],
)
async def test_codes_in_a_200_are_understood(
    double: MjProxyDouble, here: Backend, tmp_path: Path, code: int, kind: type[BackendError], words: str
) -> None:
    double.code, double.description = code, "nobody knows"
    with pytest.raises(kind, match=words):
        await made(here, tmp_path)
    assert double.tasks == {}


async def test_a_banned_word_is_named(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    double.mischief = Mischief.REFUSED
    with pytest.raises(BackendRefused, match="gore"):
        await made(here, tmp_path)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Banned prompt detected", BackendRefused),
        ("[可能包含敏感词] gore", BackendRefused),
        ("Our AI moderator thinks this prompt is probably against our community standards", BackendRefused),
        ("Job queue timeout", BackendError),
        ("Invalid parameter: --version 9", BackendRejected),
    ],
)
async def test_what_a_task_failed_with_is_told_and_final(
    double: MjProxyDouble, here: Backend, tmp_path: Path, reason: str, kind: type[BackendError]
) -> None:
    double.fails = reason
    with pytest.raises(BackendError) as caught:
        await made(here, tmp_path)
    assert type(caught.value) is kind
    assert reason in str(caught.value)
    assert not caught.value.retry


async def test_a_name_that_is_none_becomes_no_address(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    assert isinstance(here, MjProxy)
    with pytest.raises(BackendError):
        await here.collect(await wanted(here, tmp_path, Operation.GENERATE), "../../x", Listener())


async def test_what_was_sent_and_lost_is_not_sent_again(double: MjProxyDouble, here: Backend, tmp_path: Path) -> None:
    double.mischief = Mischief.DROPPED
    with pytest.raises((BackendLost, BackendBroken)):
        await made(here, tmp_path)


# Prices and settings


async def test_it_is_said_to_be_unofficial(here: Backend, tmp_path: Path) -> None:
    assert "unofficial" in str((await made(here, tmp_path)).notes[0])


async def test_it_costs_nothing_unless_somebody_asks_for_money(double: MjProxyDouble, tmp_path: Path) -> None:
    free, sold = backend(double), backend(double, price=0.08)
    request = await wanted(sold, tmp_path, Operation.GENERATE)
    assert [(await one.capabilities()).paid for one in (free, sold)] == [False, True]
    assert (free.price(request), sold.price(request)) == (0, pytest.approx(0.08))
    assert (await run(sold, request)).cost_usd == pytest.approx(0.08)
    for one in (free, sold):
        await one.close()


def test_an_address_turns_it_on() -> None:
    with pytest.raises(ConfigError, match=r"LIENZO_MJPROXY_URL.*unofficial.*terms of service"):
        MjProxy(MjProxySettings(secret=SecretStr("x")))


@pytest.mark.parametrize("name", ["URL", "SPEED", "PRICE", "TIMEOUT", "CONCURRENCY"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LIENZO_MJPROXY_{name}", "-7")
    with pytest.raises(ConfigError, match=f"LIENZO_MJPROXY_{name}"):
        MjProxySettings.load(None)


# Stopping


async def test_what_takes_too_long_is_stopped_and_final(double: MjProxyDouble, tmp_path: Path) -> None:
    hurried = backend(double, timeout=0.2)
    request = await wanted(hurried, tmp_path, Operation.GENERATE)
    double.hold()
    with pytest.raises(BackendTimeout) as caught:
        await run(hurried, request)
    await double.stopped()
    await hurried.close()
    assert not caught.value.retry


async def test_closing_stops_what_is_still_to_be_stopped(double: MjProxyDouble, tmp_path: Path) -> None:
    one = backend(double)
    request = await wanted(one, tmp_path, Operation.GENERATE)
    double.hold()
    task = asyncio.create_task(run(one, request))
    await double.begun()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await one.close()
    assert [work.cancelled for work in double.tasks.values()] == [True]
