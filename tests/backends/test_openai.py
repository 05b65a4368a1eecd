"""OpenAI: what its models are asked, what becomes of its answers, and what the operator is told."""

import asyncio
import io
import os
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, BadRequestError
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Edit, InputImage, Operation, Part, Request, Role
from bot.backends.openai import OpenAi, OpenAiSettings
from bot.backends.openai.backend import prompts
from bot.backends.openai.families import (
    DALL_E_2,
    DALL_E_3,
    GPT_1,
    GPT_2,
    GPT_2_5,
    PLAIN,
    PLAIN_WITH_EDITS,
    family_of,
    picture_price,
    quality_for,
    size_for,
    token_price,
)
from bot.backends.openai.payload import prompt
from bot.backends.openai.sheet import sheet
from bot.backends.openai.wire import Head
from bot.backends.web import BackendLost
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendUnavailable,
    ConfigError,
    RateLimited,
)
from bot.imaging import sniff
from tests.backends.contract import Listener, request_for, run
from tests.backends.doubles.openai import MODEL, TURBO, VISION, Flavour, OpenAiDouble, backend
from tests.backends.doubles.openai_spec import VARIABLE, request_problems
from tests.backends.doubles.server import KEY, Mischief, picture

SECRET = SecretStr(KEY)


@pytest.fixture
async def server() -> AsyncGenerator[OpenAiDouble]:
    async with OpenAiDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(server: OpenAiDouble) -> AsyncGenerator[Backend]:
    made = backend(server)
    yield made
    await made.close()


async def made_by(made: Backend, folder: Path, listener: Listener | None = None, **changes: Any) -> Any:
    """A request, made and handed in. The backend is left open."""
    operation = changes.pop("operation", Operation.GENERATE)
    return await run(made, request_for(operation, await made.capabilities(), folder, **changes), listener)


async def trouble(made: Backend, folder: Path, **changes: Any) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await made_by(made, folder, **changes)
    return caught.value


def bodies(server: OpenAiDouble) -> list[dict[str, Any]]:
    """What was asked for in JSON."""
    return [one.json for one in server.asked if one.path.endswith("/images/generations")]


def saved(image: Image.Image, path: Path) -> InputImage:
    image.save(path)
    return InputImage(path=path, role=Role.INITIAL)


def request(folder: Path, **values: Any) -> Request:
    known: dict[str, Any] = {"job_id": "j", "operation": Operation.GENERATE, "folder": folder}
    return Request(**(known | values))


# What the models can do


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-image-2", GPT_2),
        ("gpt-image-2-2026-04-21", GPT_2),
        ("openai/gpt-image-2", GPT_2),
        ("gpt-image-2.5-flare-2026-09-08", GPT_2_5),
        ("gpt-image-2.6-sunburst", GPT_2_5),
        ("gpt-image-3", GPT_2_5),
        ("gpt-image-1.5", GPT_1),
        ("chatgpt-image-latest", GPT_1),
        ("dall-e-3", DALL_E_3),
        ("DALL-E-2", DALL_E_2),
        ("flux-schnell", PLAIN),
    ],
)
def test_a_model_is_known_by_its_name(model: str, family: object) -> None:
    assert family_of(model) is family


def test_an_unknown_model_is_like_what_the_operator_says() -> None:
    assert family_of("my-deployment", "gpt-image-2") is GPT_2
    assert family_of("my-deployment", edits=True) is PLAIN_WITH_EDITS
    assert family_of("dall-e-3", "gpt-image-2") is DALL_E_3


@given(st.integers(64, 8192), st.integers(64, 8192))
def test_any_size_becomes_one_that_is_taken(width: int, height: int) -> None:
    """Multiples of 16, at most 3:1, at most 3840 a side, 655 360 to 8 294 400 pixels."""
    across, down = size_for(GPT_2, width, height)
    assert across % 16 == down % 16 == 0
    assert max(across, down) <= min(3840, 3 * min(across, down))
    assert 655_360 <= across * down <= 8_294_400
    assert (across >= down) is (width >= height) or across == down


@given(st.integers(37, 240), st.integers(37, 240))
def test_a_size_that_is_taken_stays(across: int, down: int) -> None:
    width, height = across * 16, down * 16
    if max(width, height) <= 3 * min(width, height) and 655_360 <= width * height <= 8_294_400:
        assert size_for(GPT_2, width, height) == (width, height)


@pytest.mark.parametrize(
    ("wanted", "size"), [((1024, 1024), (1024, 1024)), ((1456, 816), (1792, 1024)), ((800, 1200), (1024, 1792))]
)
def test_older_models_make_the_nearest_shape_they_have(wanted: tuple[int, int], size: tuple[int, int]) -> None:
    assert size_for(DALL_E_3, *wanted) == size


@pytest.mark.parametrize(
    ("usual", "parameters", "quality"),
    [
        ("medium", {}, "medium"),
        ("medium", {"quality": 0.5}, "low"),
        ("medium", {"quality": 0.25}, "low"),
        ("medium", {"quality": 2.0}, "high"),
        ("medium", {"quality": 4.0}, "xhigh"),
        ("high", {"quality": 4.0}, "max"),
        ("auto", {}, "auto"),
        ("auto", {"quality": 2.0}, "high"),
        ("max", {"draft": True}, "low"),
        ("auto", {"draft": True}, "low"),
    ],
)
def test_quality_goes_up_and_down_from_the_usual_one(usual: str, parameters: dict[str, Any], quality: str) -> None:
    assert quality_for(GPT_2_5, usual, parameters) == quality


def test_a_quality_that_a_model_does_not_know_is_its_nearest() -> None:
    assert quality_for(GPT_2, "max", {}) == "high"
    assert [quality_for(DALL_E_3, usual, {}) for usual in ("auto", "low", "medium", "high")] == [
        "standard",
        "standard",
        "standard",
        "hd",
    ]
    assert quality_for(DALL_E_2, "high", {}) is None


async def test_models_to_choose_from_are_those_that_make_pictures_and_still_run(
    server: OpenAiDouble, here: Backend
) -> None:
    server.models += ["gpt-image-1", "gpt-image-1.5"]
    server.shutdowns = {"gpt-image-1": "2026-10-23", "gpt-image-1.5": "2999-12-01"}
    c = await here.capabilities()
    assert c.models == (MODEL, TURBO, "gpt-image-2", "gpt-image-1.5")
    assert c.turbo_model == TURBO


async def test_without_a_list_the_operator_is_believed() -> None:
    async with OpenAiDouble(listing=False) as double:
        unsaid = backend(double)
        assert (await unsaid.capabilities()).models == (MODEL,)
        assert Operation.DESCRIBE not in (await unsaid.capabilities()).operations
        assert "LIENZO_OPENAI_MODELS" in str(await unsaid.check())
        said = backend(double, models=" a, b,", turbo_model="b", vision_model=VISION)
        c = await said.capabilities()
        assert (c.models, c.turbo_model) == ((MODEL, "b", "a"), "b")
        assert Operation.DESCRIBE in c.operations
        assert await said.check() is None
        await unsaid.close()
        await said.close()


async def test_what_is_next_door_costs_nothing(tmp_path: Path) -> None:
    async with OpenAiDouble() as double:
        made = OpenAi(OpenAiSettings(url=double.base, key=SECRET))
        c = await made.capabilities()
        assert (c.paid, c.priced) == (False, None)
        assert (await made_by(made, tmp_path)).cost_usd == 0.0
        await made.close()


# What is asked


async def test_each_picture_is_a_stream_with_all_that_was_asked(
    server: OpenAiDouble, here: Backend, tmp_path: Path
) -> None:
    await made_by(here, tmp_path, width=1024, height=1024, parameters={"format": "jpg", "quality": 2.0})
    assert len(bodies(server)) == 2
    assert bodies(server)[0] == {
        "prompt": "a lighthouse at dusk fog\nEmphasis: a lighthouse at dusk 67%; fog 33%.\nDo not show: people.",
        "model": MODEL,
        "n": 1,
        "size": "1024x1024",
        "quality": "high",
        "output_format": "jpeg",
        "moderation": "auto",
        "stream": True,
        "partial_images": 1,
    }


async def test_without_previews_one_call_makes_them_all(server: OpenAiDouble, tmp_path: Path) -> None:
    made = backend(server, previews=0, background="transparent", moderation="low", format="webp")
    result = await made_by(made, tmp_path, seeds=(1, 2, 3, 4))
    await made.close()
    (body,) = bodies(server)
    assert (body["n"], body["background"], body["moderation"], body["output_format"]) == (
        4,
        "transparent",
        "low",
        "webp",
    )
    assert "stream" not in body
    assert len(result.images) == 4


async def test_a_transparent_background_is_left_out_of_a_jpeg(server: OpenAiDouble, tmp_path: Path) -> None:
    made = backend(server, background="transparent")
    await made_by(made, tmp_path, parameters={"format": "jpg"})
    await made.close()
    assert "background" not in bodies(server)[0]


async def test_organisation_and_project_come_from_our_settings_alone(
    server: OpenAiDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-elsewhere")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example")
    plain, named = backend(server), backend(server, organization="org-ours", project="proj-ours")
    await made_by(plain, tmp_path)
    await made_by(named, tmp_path)
    await plain.close()
    await named.close()
    works = [{name.lower(): value for name, value in o.headers.items()} for o in server.asked if o.method == "POST"]
    assert not {"openai-organization", "openai-project"} & works[0].keys()
    assert (works[-1]["openai-organization"], works[-1]["openai-project"]) == ("org-ours", "proj-ours")


async def test_a_mask_is_transparent_where_to_paint(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    image = saved(Image.new("RGB", (1024, 1024), "teal"), tmp_path / "initial.png")
    mask = Image.new("L", (1024, 1024), 0)
    mask.paste(255, (0, 0, 512, 1024))
    mask.paste(40, (512, 0, 520, 1024))  # where it fades
    mask.save(tmp_path / "given.png")
    await made_by(
        here,
        tmp_path,
        operation=Operation.INPAINT,
        images=(image,),
        mask=tmp_path / "given.png",
        width=1024,
        height=1024,
    )
    sent = Image.open(io.BytesIO(server.forms[0]["mask"]))
    alpha = sent.getchannel("A")
    assert [alpha.getpixel((x, 5)) for x in (0, 511, 515, 520, 1023)] == [0, 0, 0, 255, 255]
    assert server.forms[0]["prompt"].startswith("Paint anew only what the mask leaves transparent")


async def test_references_go_along_with_what_they_are_for(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    roles = (Role.PROMPT, Role.STYLE, Role.CHARACTER, Role.OBJECT)
    images = tuple(
        replace(saved(Image.new("RGB", (64, 64), "navy"), tmp_path / f"{role}.png"), role=role) for role in roles
    )
    await made_by(here, tmp_path, images=images, parameters={"iw": 2.0})
    form = server.forms[0]
    assert len(form["images"]) == 4
    assert "Picture 1 is to be followed closely in subject and composition." in form["prompt"]
    assert "Picture 2 is there for its style alone" in form["prompt"]
    assert "Picture 3 shows a character" in form["prompt"]
    assert "Picture 4 shows an object" in form["prompt"]


async def test_a_file_keeps_its_kind_and_no_more_than_16_are_sent(
    server: OpenAiDouble, here: Backend, tmp_path: Path
) -> None:
    images = [
        replace(saved(Image.new("RGB", (64, 64)), tmp_path / f"{i}.{'jpg' if i % 2 else 'webp'}"), role=Role.PROMPT)
        for i in range(20)
    ]
    await made_by(here, tmp_path, operation=Operation.BLEND, images=tuple(images), seeds=(1,))
    assert len(server.forms[0]["images"]) == 16


async def test_shares_of_a_blend_are_said(tmp_path: Path) -> None:
    images = tuple(InputImage(path=tmp_path / "x.png", role=Role.PROMPT, weight=weight) for weight in (1.0, 3.0))
    words = prompt(request(tmp_path, operation=Operation.BLEND, images=images))
    assert "in the proportions 25% : 75%" in words


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit.COLOURISE, "Colourise this picture"),
        (Edit.RESTYLE, "in another style"),
        (Edit.REMOVE_BACKGROUND, "make its background transparent"),
        (Edit.REPLACE, "What to replace: the lighthouse. By what:"),
    ],
)
async def test_named_edits_are_instructions(
    server: OpenAiDouble, here: Backend, tmp_path: Path, edit: Edit, words: str
) -> None:
    await made_by(here, tmp_path, operation=Operation.EDIT, edit=edit, parameters={"format": "jpg"})
    form = server.forms[0]
    assert words in form["prompt"]
    cut = edit is Edit.REMOVE_BACKGROUND
    assert (form.get("background"), form["output_format"]) == (("transparent", "png") if cut else (None, "jpeg"))


@pytest.mark.parametrize(("strength", "words"), [(0.35, "keeps its subject"), (0.75, "freely different")])
def test_a_variation_is_near_or_far(tmp_path: Path, strength: float, words: str) -> None:
    assert words in prompt(request(tmp_path, operation=Operation.VARY, strength=strength))


def test_a_plain_prompt_is_sent_as_it_is(tmp_path: Path) -> None:
    assert prompt(request(tmp_path, parts=(Part("un faro, ñandú", 3),))) == "un faro, ñandú"
    assert prompt(request(tmp_path, parts=(Part("a cat"), Part("rain", -0.5)))) == "a cat\nDo not show: rain."
    assert prompt(request(tmp_path)) != ""


async def test_a_shape_that_can_not_be_is_made_in_the_nearest(
    server: OpenAiDouble, here: Backend, tmp_path: Path
) -> None:
    result = await made_by(here, tmp_path, width=3840, height=592)
    assert bodies(server)[0]["size"] == "3840x1280"
    assert "Made in 3840×1280" in str(result.notes[0])


async def test_a_canvas_that_can_not_be_is_said_to_be(here: Backend, server: OpenAiDouble, tmp_path: Path) -> None:
    """A mask would lie elsewhere on a picture of another shape."""
    error = await trouble(here, tmp_path, operation=Operation.INPAINT, width=3840, height=592)
    assert isinstance(error, BackendRejected)
    assert "3840×1280" in str(error)
    assert server.works == 0


async def test_another_model_is_asked_in_its_own_way(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    await made_by(here, tmp_path, model="gpt-image-2", parameters={"quality": 4.0})
    assert (bodies(server)[0]["model"], bodies(server)[0]["quality"]) == ("gpt-image-2", "high")


async def test_what_a_model_can_not_do_is_never_asked(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    error = await trouble(here, tmp_path, operation=Operation.EDIT, model="dall-e-3")
    assert isinstance(error, BackendRejected)
    assert server.works == 0


# The older models


async def old(model: str, **changes: Any) -> tuple[OpenAiDouble, Backend]:
    double = await OpenAiDouble(flavour=Flavour.COMPATIBLE, models=[model]).__aenter__()
    return double, backend(double, model=model, **changes)


async def test_dall_e_2_gets_a_square_png(tmp_path: Path) -> None:
    double, made = await old("dall-e-2")
    wide = saved(Image.open(io.BytesIO(picture(1600, 900, 1, "JPEG"))), tmp_path / "wide.jpg")
    await made_by(made, tmp_path, operation=Operation.VARY, images=(wide,))
    await made_by(
        made,
        tmp_path,
        operation=Operation.INPAINT,
        images=(saved(Image.effect_noise((1024, 1024), 90).convert("RGB"), tmp_path / "noise.png"),),
    )
    await made.close()
    await double.close()
    assert double.problems == []
    assert [Image.open(io.BytesIO(form["images"][0])).width for form in double.forms] == [1024, 1024]


async def test_dall_e_2_gets_a_smaller_one_where_4_mb_are_not_enough(tmp_path: Path) -> None:
    double, made = await old("dall-e-2")
    noise = Image.frombytes("RGBA", (1024, 1024), os.urandom(4 << 20))
    await made_by(made, tmp_path, operation=Operation.INPAINT, images=(saved(noise, tmp_path / "noise.png"),))
    await made.close()
    await double.close()
    assert double.problems == []
    assert {Image.open(io.BytesIO(form["images"][0])).width for form in double.forms} == {512}


async def test_dall_e_3_has_styles_and_makes_one_at_a_time(tmp_path: Path) -> None:
    double, made = await old("dall-e-3", quality="high")
    result = await made_by(made, tmp_path, width=1456, height=816, parameters={"style": "Natural"})
    await made.close()
    await double.close()
    assert double.problems == []
    assert [(one["n"], one["style"], one["quality"], one["size"]) for one in bodies(double)] == [
        (1, "natural", "hd", "1792x1024")
    ] * 2
    assert len(result.images) == 2


# What comes back


async def test_half_done_pictures_are_shown_together(server: OpenAiDouble, tmp_path: Path) -> None:
    made, listener = backend(server, previews=3), Listener()
    await made_by(made, tmp_path, listener, seeds=(1, 2, 3, 4))
    await made.close()
    assert listener.fractions[-1] == 1
    assert listener.fractions == sorted(listener.fractions)
    assert sniff(listener.previews[-1]).size == (128, 128)


def test_a_sheet_has_a_place_for_each_picture(tmp_path: Path) -> None:
    saved(Image.new("RGB", (512, 256), "red"), tmp_path / "red.png")
    (tmp_path / "cut.png").write_bytes(picture(64, 64, 0)[:500])
    made = sheet({2: tmp_path / "red.png", 1: tmp_path / "cut.png"}, 3, tmp_path / "sheet.jpg")
    assert made is not None
    board = Image.open(made)
    assert board.size == (512, 256)
    red = board.getpixel((10, 140))
    assert isinstance(red, tuple)
    assert red[0] > 200
    assert sheet({1: tmp_path / "cut.png"}, 3, tmp_path / "none.jpg") is None


async def test_what_came_is_kept_when_another_was_refused(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    server.refusing = 1
    result = await made_by(here, tmp_path, seeds=(1, 2, 3))
    assert len(result.images) == 2
    assert "Only 2 of 3 pictures came." in str(result.notes[-1])
    assert "safety system" in str(result.notes[-1])
    assert result.cost_usd == pytest.approx(2 * 0.05363)


async def test_fewer_are_said_to_be_fewer(server: OpenAiDouble, tmp_path: Path) -> None:
    made = backend(server, previews=0)
    server.mischief = Mischief.FEWER
    result = await made_by(made, tmp_path, seeds=(1, 2, 3))
    await made.close()
    assert "Only 2 of 3 pictures came." in str(result.notes[-1])


async def test_more_than_were_asked_for_are_let_lie(tmp_path: Path) -> None:
    double, made = await old("flux")
    double.extra = 3
    result = await made_by(made, tmp_path)
    await made.close()
    await double.close()
    assert len(result.images) == 2


async def test_a_stream_without_an_event_is_asked_again_in_one_piece(
    server: OpenAiDouble, here: Backend, tmp_path: Path
) -> None:
    server.silent = True
    assert len((await made_by(here, tmp_path)).images) == 2
    assert sorted("stream" in body for body in bodies(server)) == [False, False, True, True]
    await made_by(here, tmp_path)
    assert [(body.get("stream"), body["n"]) for body in bodies(server)[4:]] == [(None, 2)]
    assert (await here.capabilities()).previews is False


async def test_a_server_that_ignores_the_stream_is_remembered(tmp_path: Path) -> None:
    double, made = await old("gpt-image-2")
    assert (await made.capabilities()).previews is True
    assert len((await made_by(made, tmp_path)).images) == 2
    assert double.works == 2
    assert (await made.capabilities()).previews is False
    await made.close()
    await double.close()


async def test_a_stream_that_ends_half_way_is_not_bought_again(
    server: OpenAiDouble, here: Backend, tmp_path: Path
) -> None:
    server.halting = True
    error = await trouble(here, tmp_path)
    assert isinstance(error, BackendLost)
    assert not error.retry
    free = backend(server, paid=False)
    assert isinstance(await trouble(free, tmp_path), BackendBroken)
    await free.close()


@pytest.mark.parametrize("previews", [0, 1])
@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        ("moderation_blocked", "image_generation_user_error", BackendRefused),
        ("rate_limit_exceeded", "rate_limit_error", RateLimited),
        (None, "server_error", BackendUnavailable),
        ("invalid_value", "invalid_request_error", BackendRejected),
        ("insufficient_quota", "insufficient_quota", BackendRejected),
    ],
)
async def test_an_error_within_an_answer_is_one(
    server: OpenAiDouble, tmp_path: Path, previews: int, code: str | None, kind: str, error: type[BackendError]
) -> None:
    server.trouble = {"message": "It was the sea.", "type": kind, "param": None, "code": code}
    made = backend(server, previews=previews)
    caught = await trouble(made, tmp_path)
    await made.close()
    assert type(caught) is error


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, {"error": {"message": "Your request was rejected by the safety system."}}, BackendRefused),
        (400, {"error": {"message": "no", "code": "content_policy_violation"}}, BackendRefused),
        (400, {"error": {"message": "no", "code": "moderation_blocked"}}, BackendRefused),
        (429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}, BackendRejected),
        (429, {"error": {"message": "Slow", "code": "rate_limit_exceeded"}}, RateLimited),
        (400, {"error": "prompt required"}, BackendRejected),
        (403, {"error": {"message": "Your organization must be verified"}}, BackendRejected),
        (503, None, BackendUnavailable),
    ],
)
def test_what_a_no_means(here: OpenAi, status: int, body: Any, error: type[BackendError]) -> None:
    assert type(here._web.failure(status, body)) is error  # pyright: ignore[reportPrivateUsage]


async def test_an_error_is_not_read_to_its_end() -> None:
    class Endless(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1000

    assert len(b"".join([chunk async for chunk in Head(Endless(), 2500)])) == 2500


async def test_a_cancelled_request_drops_its_connection(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    server.hold()
    task = asyncio.create_task(made_by(here, tmp_path, seeds=(1,)))
    await server.begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.release()
    await server.dropped.wait()


# Money


async def test_what_was_used_is_what_it_cost(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    result = await made_by(here, tmp_path)
    assert result.cost_usd == pytest.approx(2 * (60 * 5 + 40 * 8 + 1767 * 30) / 1e6)


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None}, "free", 7])
async def test_a_usage_that_says_nothing_is_replaced_by_the_price(tmp_path: Path, usage: Any) -> None:
    async with OpenAiDouble(usage=usage) as double:
        made = backend(double)
        result = await made_by(made, tmp_path, width=1024, height=1024)
        await made.close()
    assert result.cost_usd == pytest.approx(2 * 0.053)


def test_prices_follow_quality_and_size() -> None:
    assert picture_price("gpt-image-2", "", "low", (1024, 1024)) == pytest.approx(0.006)
    assert picture_price("gpt-image-2.6-flare", "", "high", (3840, 2160)) == pytest.approx(0.401)
    assert picture_price("my-deployment", "gpt-image-2", "medium", (816, 816)) == pytest.approx(0.053)
    assert picture_price("gpt-image-2", "", "max", (1024, 1024)) is None
    assert picture_price("gpt-image-1.5", "", "low", (1024, 1024)) is None
    assert picture_price("dall-e-3", "gpt-image-2", "low", (1024, 1024)) is None
    assert token_price("flux", "", 1, 1, 1) is None


async def test_a_price_goes_by_the_request(here: Backend, tmp_path: Path) -> None:
    four = request(tmp_path, seeds=(1, 2, 3, 4), parameters={"quality": 0.5})
    assert here.price(four) == pytest.approx(0.024)
    assert here.price(replace(four, operation=Operation.DESCRIBE)) is None


# Describing


async def test_a_description_is_four_prompts(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    image = saved(Image.open(io.BytesIO(picture(3000, 2000, 1))), tmp_path / "large.png")
    result = await made_by(here, tmp_path, operation=Operation.DESCRIBE, images=(image,))
    assert result.texts == ("a lighthouse at dusk", "a tower by the sea", "fog over rocks", "oil on canvas")
    assert result.model == VISION


async def test_a_refused_description_says_why(server: OpenAiDouble, here: Backend, tmp_path: Path) -> None:
    server.refusal, server.said = "I can't look at that.", ""
    error = await trouble(here, tmp_path, operation=Operation.DESCRIBE)
    assert isinstance(error, BackendRefused)
    assert "can't look" in str(error)
    server.refusal = None
    assert isinstance(await trouble(here, tmp_path, operation=Operation.DESCRIBE), BackendBroken)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Here you are:\n\n1. one\n2) two\n 3: three\n", ("one", "two", "three")),
        ("- one\n* two", ("one", "two")),
        ("one\n\ntwo\n", ("one", "two")),
        ("1. a\n2. b\n3. c\n4. d\n5. e", ("a", "b", "c", "d")),
        ("", ()),
    ],
)
def test_prompts_are_the_numbered_lines(text: str, found: tuple[str, ...]) -> None:
    assert prompts(text) == found


# The operator


async def test_a_model_that_is_shut_down_soon_is_said_to_be(server: OpenAiDouble, here: Backend) -> None:
    server.shutdowns = {MODEL: (datetime.now(UTC) + timedelta(days=8)).date().isoformat()}
    complaint = str(await here.check())
    assert "LIENZO_OPENAI_MODEL" in complaint
    assert server.shutdowns[MODEL] in complaint
    server.shutdowns = {MODEL: "2999-01-01"}
    assert await here.check() is None
    server.shutdowns = {MODEL: "one day"}
    assert await here.check() is None


async def test_a_model_that_is_not_there_is_said_to_be(server: OpenAiDouble) -> None:
    made = backend(server, model="gpt-image-9")
    assert "gpt-image-9" in str(await made.check())
    await made.close()


def test_a_key_is_needed_away_from_home() -> None:
    with pytest.raises(ConfigError, match="LIENZO_OPENAI_KEY"):
        OpenAi(OpenAiSettings())


@pytest.mark.parametrize(
    ("name", "value"), [("QUALITY", "best"), ("PREVIEWS", "4"), ("URL", "api.openai.com"), ("TIMEOUT", "0")]
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"LIENZO_OPENAI_{name}", value)
    with pytest.raises(ConfigError, match=f"LIENZO_OPENAI_{name}"):
        OpenAiSettings.load(None)


def test_a_transparent_jpeg_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENZO_OPENAI_BACKGROUND", "transparent")
    monkeypatch.setenv("LIENZO_OPENAI_FORMAT", "jpeg")
    with pytest.raises(ConfigError, match="needs png or webp"):
        OpenAiSettings.load(None)


# The double itself


async def test_openais_own_client_reads_what_the_double_says(server: OpenAiDouble) -> None:
    client = AsyncOpenAI(api_key=KEY, base_url=server.base, max_retries=0)
    whole = await client.images.generate(prompt="a cat", model=MODEL, n=2, size="1024x1024")
    assert [bool(one.b64_json) for one in whole.data or ()] == [True, True]
    assert whole.usage is not None
    assert whole.usage.input_tokens_details.image_tokens == 40
    stream = await client.images.edit(
        prompt="a cat", model=MODEL, image=("a.png", picture(64, 64, 1), "image/png"), stream=True, partial_images=2
    )
    kinds = [event.type async for event in stream]
    assert kinds == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]
    server.mischief = Mischief.REFUSED
    with pytest.raises(BadRequestError) as caught:
        await client.images.generate(prompt="a cat", model=MODEL)
    assert caught.value.code == "moderation_blocked"
    await client.close()


def test_the_specification_finds_what_is_wrong() -> None:
    """Else nothing that the double says of it would mean anything."""
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} does not name OpenAI's OpenAPI file")
    path, kind = "/images/generations", "application/json"
    good = {"prompt": "a cat", "model": MODEL, "n": 1, "size": "1536x864", "quality": "xhigh"}
    assert request_problems(path, kind, good) == []
    assert request_problems(path, kind, good | {"n": "1"})
    assert request_problems(path, kind, good | {"quality": "best"})
    assert request_problems(path, kind, good | {"steps": 20})
    assert request_problems(path, kind, {"model": MODEL})
