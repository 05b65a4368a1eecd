"""Google's models: what each is asked and in which words, how refusals and faults are read, and how one is let in."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.backends.base import Backend, Capabilities, Edit, Frame, InputImage, Operation, Part, Role
from bot.backends.vertex import Vertex, VertexSettings
from bot.backends.vertex import login as login_module
from bot.backends.vertex.models import GEMINI, IMAGEN_RATIOS, LONG_RATIOS, RATIOS, known, paints, ratio, size
from bot.backends.vertex.words import told
from bot.errors import BackendBroken, BackendRefused, BackendRejected, ConfigError, RateLimited
from tests.backends.contract import Listener, infos, request_for, run
from tests.backends.doubles.server import KEY, Mischief, decoded_picture
from tests.backends.doubles.vertex import ABSENT, EDITOR, IMAGEN, UPSCALER, VertexDouble, backend, imagen

PRO, FIXED = "gemini-3-pro-image", "gemini-2.5-flash-image"


@pytest.fixture
async def server() -> AsyncGenerator[VertexDouble]:
    """The Gemini API."""
    async with VertexDouble() as made:
        yield made
    assert made.problems == []


@pytest.fixture
async def here(server: VertexDouble) -> AsyncGenerator[Backend]:
    made = backend(server)
    yield made
    await made.close()


@pytest.fixture
async def cloud() -> AsyncGenerator[VertexDouble]:
    """Vertex AI."""
    if ABSENT:
        pytest.skip(ABSENT)
    async with VertexDouble(cloud=True) as made:
        yield made
    assert made.problems == []


async def asked(
    server: VertexDouble, made: Backend, folder: Path, operation: Operation = Operation.GENERATE, **changes: Any
) -> list[Any]:
    """The bodies of a request's calls on models."""
    before = len(server.asked)
    await run(made, request_for(operation, await made.capabilities(), folder, **changes))
    return [one.json for one in server.asked[before:] if one.method == "POST" and ":" in one.path]


def text_of(body: Any) -> str:
    return body["contents"][0]["parts"][-1]["text"]


def images_of(body: Any) -> list[Image.Image]:
    return [decoded_picture(part["inlineData"]["data"]) for part in body["contents"][0]["parts"][:-1]]


def saved(image: Image.Image, path: Path) -> Path:
    image.save(path)
    return path


# Sizes, models, prices


@pytest.mark.parametrize(
    ("width", "height", "ratios", "nearest"),
    [
        (1024, 1024, RATIOS, "1:1"),
        (1376, 768, RATIOS, "16:9"),
        (768, 1376, RATIOS, "9:16"),
        (3000, 1000, RATIOS, "21:9"),
        (3000, 800, LONG_RATIOS, "4:1"),
        (1264, 848, IMAGEN_RATIOS, "4:3"),
    ],
)
def test_a_shape_is_the_nearest_ratio(width: int, height: int, ratios: tuple[str, ...], nearest: str) -> None:
    assert ratio(width, height, ratios) == nearest


@pytest.mark.parametrize(
    ("width", "height", "nearest"), [(256, 256, "512"), (1376, 768, "1K"), (2048, 2048, "2K"), (5504, 3072, "4K")]
)
def test_a_size_is_the_nearest_that_there_is(width: int, height: int, nearest: str) -> None:
    assert size(width, height, ("512", "1K", "2K", "4K")) == nearest


def test_a_model_is_known_by_the_beginning_of_its_name() -> None:
    assert known(f"{PRO}-preview-11-2026") is GEMINI[PRO]
    assert known("gemini-3.1-flash-lite-image").sizes == ("1K",)
    assert known("imagen-4.0-ultra-generate-001").each["1K"] == 0.06
    assert known("gemini-9-image").rates is None


def test_only_models_that_paint_are_offered() -> None:
    names = ("gemini-nano-banana-2.1", PRO, "imagen-4.0-generate-001", EDITOR, UPSCALER, "gemini-3.8-flash", "veo-3.1")
    assert [name for name in names if paints(name)] == ["gemini-nano-banana-2.1", PRO, "imagen-4.0-generate-001"]


@pytest.mark.parametrize(
    ("model", "side", "usd"),
    [
        (None, 1024, 4 * 0.0336),
        (None, 4096, 4 * 0.113),
        (None, 2048, None),
        ("gemini-3.1-flash-image", 512, 4 * 0.04482),
        (PRO, 2048, 4 * 0.1344),
        (FIXED, 4096, 4 * 0.0387),
        ("imagen-4.0-fast-generate-001", 1024, 4 * 0.02),
        ("gemini-9-image", 1024, None),
    ],
)
async def test_a_price_is_that_of_the_pictures(
    here: Backend, tmp_path: Path, model: str | None, side: int, usd: float | None
) -> None:
    c = await here.capabilities()
    request = request_for(Operation.GENERATE, c, tmp_path, width=side, height=side, seeds=(1, 2, 3, 4), model=model)
    assert here.price(request) == (None if usd is None else pytest.approx(usd))


async def test_the_tokens_tell_what_it_cost(here: Backend, tmp_path: Path) -> None:
    result = await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(1, 2)))
    assert result.cost_usd == pytest.approx(2 * (1000 * 1.5 + (100 + 100) * 7.5 + 1120 * 30) / 1e6)


async def test_all_pages_of_models_are_read(server: VertexDouble, here: Backend) -> None:
    server.page = 2
    c = await here.capabilities()
    assert c.models == (*[name for name in server.models if paints(name)],)
    assert len([one for one in server.asked if one.path == "/v1beta/models"]) == (len(server.models) + 1) // 2


async def test_a_host_without_a_list_has_the_usual_models(server: VertexDouble, here: Backend) -> None:
    server.listed = False
    assert (await here.capabilities()).models == tuple(GEMINI)


async def test_what_a_model_can_do_is_declared(server: VertexDouble) -> None:
    declared: dict[str, Capabilities] = {}
    for model in ("gemini-nano-banana-2.1", FIXED, IMAGEN[0], IMAGEN[2]):
        made = backend(server, model=model, size="2K")
        declared[model] = await made.capabilities()
        await made.close()
    assert [c.base_side for c in declared.values()] == [2048, 1024, 2048, 1024]
    assert ["hd" in c.parameters for c in declared.values()] == [True, False, True, False]
    assert ["quality" in c.parameters for c in declared.values()] == [True, False, False, False]
    assert ["no" in c.parameters for c in declared.values()] == [True, True, False, True]


# What Gemini is asked


async def test_each_picture_is_a_call_with_its_seed(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    listener = Listener()
    request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(7, 4294967295, 0))
    result = await run(here, request, listener)
    seeds = [one.json["generationConfig"]["seed"] for one in server.asked if one.method == "POST"]
    assert sorted(seeds) == [0, 7, 2147483647]
    assert [image.seed for image in result.images] == [7, 4294967295, 0]
    assert sorted(listener.images) == [0, 1, 2]
    assert listener.fractions[-1] == 1


async def test_shape_size_and_model_reach_the_server(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    (body,) = await asked(server, here, tmp_path, width=2752, height=1536, seeds=(1,), model=PRO)
    assert server.asked[-1].path == f"/v1beta/models/{PRO}:generateContent"
    assert body["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert body["generationConfig"]["responseModalities"] == ["TEXT", "IMAGE"]
    assert "safetySettings" not in body


async def test_a_model_of_one_size_is_told_none(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    (body,) = await asked(server, here, tmp_path, width=1376, height=768, seeds=(1,), model=FIXED)
    assert body["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9"}


async def test_a_picture_that_stays_small_is_said_to(here: Backend, tmp_path: Path) -> None:
    c = await here.capabilities()
    request = request_for(Operation.GENERATE, c, tmp_path, width=2048, height=2048, seeds=(1,), model=FIXED)
    (note,) = (await run(here, request)).notes
    assert str(note) == f"`{FIXED}` makes pictures of at most 1024 pixels a side."


@pytest.mark.parametrize(
    ("parameters", "level"),
    [({}, None), ({"quality": 0.5}, "MINIMAL"), ({"quality": 2.0}, "HIGH"), ({"draft": True}, "MINIMAL")],
)
async def test_quality_is_how_long_it_thinks(
    server: VertexDouble, here: Backend, tmp_path: Path, parameters: dict[str, Any], level: str | None
) -> None:
    (body,) = await asked(server, here, tmp_path, seeds=(1,), parameters=parameters)
    assert body["generationConfig"].get("thinkingConfig", {}).get("thinkingLevel") == level


async def test_a_draft_is_as_small_as_can_be(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    model = "gemini-3.1-flash-image"
    (body,) = await asked(
        server, here, tmp_path, seeds=(1,), parameters={"draft": True}, width=1024, height=1024, model=model
    )
    assert body["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1", "imageSize": "512"}


async def test_the_operators_threshold_is_for_every_category(server: VertexDouble, tmp_path: Path) -> None:
    made = backend(server, safety="BLOCK_ONLY_HIGH")
    (body,) = await asked(server, made, tmp_path, seeds=(1,))
    await made.close()
    assert len({one["category"] for one in body["safetySettings"]}) == 4
    assert {one["threshold"] for one in body["safetySettings"]} == {"BLOCK_ONLY_HIGH"}


async def test_drafts_and_thoughts_are_no_pictures(here: Backend, tmp_path: Path) -> None:
    result = await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(3,)))
    assert infos(result)[0].size == (128, 128)  # a draft has 64


async def test_pictures_that_came_are_kept_and_the_rest_is_told(
    server: VertexDouble, here: Backend, tmp_path: Path
) -> None:
    server.mischief = Mischief.FEWER
    result = await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(1, 2, 3, 4)))
    assert len(result.images) == 3
    assert len({image.path for image in result.images}) == 3
    assert [str(note).startswith("A picture did not come.") for note in result.notes] == [True]


# In words


def words(operation: Operation, folder: Path, roles: tuple[Role, ...] = (), **changes: Any) -> str:
    images = tuple(InputImage(path=folder / f"{index}.png", role=role) for index, role in enumerate(roles))
    values: dict[str, Any] = {"parts": (Part("a cat"),), "negative": (), "images": images}
    request = request_for(operation, C, folder, **(values | changes))
    mask = folder / "mask.png" if operation is Operation.INPAINT else None
    initial = next((image.path for image in images if image.role is Role.INITIAL), None)
    return told(request, initial, mask).text


class _Usual:
    """As much of capabilities as a request needs."""

    min_side, size_step, max_images, max_inputs = 256, 16, 4, 13


C: Any = _Usual()


def test_weights_and_what_is_not_wanted_are_words(tmp_path: Path) -> None:
    parts = (Part("a cat", 3), Part("snow", 1), Part("rain", -0.5))
    text = words(Operation.GENERATE, tmp_path, parts=parts, negative=("text",), parameters={"tile": True})
    assert text.splitlines() == [
        "a cat snow",
        "Emphasis: “a cat” 75%, “snow” 25%.",
        "Leave out: text, rain.",
        "Make it a pattern whose opposite edges continue each other, so that it repeats without seams.",
    ]


def test_guests_are_told_by_number_and_weight(tmp_path: Path) -> None:
    roles = (Role.PROMPT, Role.STYLE, Role.CHARACTER, Role.OBJECT)
    lines = words(Operation.GENERATE, tmp_path, roles, parameters={"iw": 3.0, "sw": 20}).splitlines()
    assert lines[1].startswith("Take image 1 closely")
    assert lines[2].startswith("Follow loosely the style of image 2")
    assert lines[3].startswith("The character of image 3 appears, and is recognisable")
    assert lines[4].startswith("The object of image 4")


def test_a_mask_takes_a_number_before_the_guests(tmp_path: Path) -> None:
    text = words(Operation.INPAINT, tmp_path, (Role.INITIAL, Role.STYLE))
    assert "Image 2 is a mask of image 1." in text
    assert "the style of image 3" in text


def test_a_blend_is_of_all_its_images(tmp_path: Path) -> None:
    text = words(Operation.BLEND, tmp_path, (Role.PROMPT, Role.PROMPT, Role.STYLE), parts=())
    assert text.splitlines()[0] == "Blend all these images into a single coherent picture."
    assert "image 3" in text
    assert "image 1 " not in text


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (None, "a cat"),
        (Edit.COLOURISE, "Colourise image 1"),
        (Edit.RESTYLE, "in this style: a cat"),
        (Edit.REPLACE, "replace the lighthouse by a cat"),
    ],
)
def test_an_edit_is_an_instruction(tmp_path: Path, edit: Edit | None, part: str) -> None:
    assert part in words(Operation.EDIT, tmp_path, (Role.INITIAL,), edit=edit)


@pytest.mark.parametrize(("strength", "kind"), [(0.35, "subtle"), (0.75, "bold")])
def test_strength_is_a_word(tmp_path: Path, strength: float, kind: str) -> None:
    assert f"Make a {kind} variation" in words(Operation.VARY, tmp_path, (Role.INITIAL,), strength=strength)


def test_something_is_always_said(tmp_path: Path) -> None:
    assert words(Operation.GENERATE, tmp_path, parts=())


# Repainting


async def test_a_canvas_is_sent_opaque_with_its_mask(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    canvas = Image.new("RGBA", (256, 256))
    canvas.paste("teal", (64, 64, 192, 192))
    images = (InputImage(path=saved(canvas, tmp_path / "canvas.png"), role=Role.INITIAL),)
    (body,) = await asked(server, here, tmp_path, Operation.INPAINT, images=images, seeds=(1,))
    sent, mask = images_of(body)
    assert (sent.mode, sent.size, sent.getpixel((0, 0))) == ("RGB", (256, 256), (128, 128, 128))
    assert (mask.mode, mask.size) == ("L", (256, 256))


async def test_what_is_repainted_keeps_its_place(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    """A shape that Google does not have gets a border, which is cut off again."""
    source = saved(Image.new("RGB", (480, 256), "teal"), tmp_path / "wide.png")
    mask = saved(Image.new("L", (480, 256), 255), tmp_path / "wide-mask.png")
    c = await here.capabilities()
    request = request_for(
        Operation.INPAINT,
        c,
        tmp_path,
        width=480,
        height=256,
        images=(InputImage(path=source, role=Role.INITIAL),),
        mask=mask,
        seeds=(1,),
    )
    result = await run(here, request)
    body = next(one.json for one in server.asked if one.method == "POST")
    sent, where = images_of(body)
    assert body["generationConfig"]["imageConfig"]["aspectRatio"] == "16:9"
    assert sent.width / sent.height == pytest.approx(16 / 9, abs=0.01)
    assert where.getpixel((sent.width // 2, 0)) == 0, "the border is left alone"
    made = infos(result)[0].size
    assert made.width / made.height == pytest.approx(480 / 256, rel=0.02)


async def test_a_picture_that_comes_damaged_is_no_users_fault(
    server: VertexDouble, here: Backend, tmp_path: Path
) -> None:
    source = saved(Image.new("RGB", (480, 256), "teal"), tmp_path / "wide.png")
    mask = saved(Image.new("L", (480, 256), 255), tmp_path / "wide-mask.png")
    images = (InputImage(path=source, role=Role.INITIAL),)
    server.mischief = Mischief.CUT
    request = request_for(Operation.INPAINT, await here.capabilities(), tmp_path, images=images, mask=mask)
    with pytest.raises(BackendBroken):
        await run(here, request)


# Refusals and faults


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "unsafe"),
        ({"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "No real people."}}, "No real people."),
        ({"promptFeedback": {"blockReason": "A_NEW_ONE"}}, "did not say why"),
        ({"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]}, "unsafe"),
        ({"candidates": [{"finishReason": "RECITATION", "finishMessage": "It is a famous one."}]}, "a famous one"),
        (
            {"candidates": [{"content": {"parts": [{"text": "I would rather\nnot."}]}, "finishReason": "STOP"}]},
            "rather not",
        ),
    ],
)
async def test_a_refusal_is_told_with_its_reason(
    server: VertexDouble, here: Backend, tmp_path: Path, refusal: dict[str, Any], reason: str
) -> None:
    server.mischief, server.refusal = Mischief.REFUSED, refusal
    with pytest.raises(BackendRefused, match=reason):
        await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path))
    c = await here.capabilities()
    if "candidates" not in refusal:
        with pytest.raises(BackendRefused, match=reason):
            await run(here, request_for(Operation.DESCRIBE, c, tmp_path))


async def test_an_answer_of_thoughts_alone_is_no_picture(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    thought = {"text": "Let me see", "thought": True}
    server.mischief = Mischief.REFUSED
    server.refusal = {"candidates": [{"content": {"parts": [thought]}, "finishReason": "STOP"}]}
    with pytest.raises(BackendBroken):
        await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path))


async def test_google_says_itself_when_to_come_again(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
    server.fault = (429, "Resource exhausted", [{"@type": "another"}, info])
    with pytest.raises(RateLimited) as caught:
        await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path))
    assert caught.value.retry_after == 37


async def test_a_days_quota_is_no_rate_limit(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    server.fault = (429, "You exceeded your current quota", [failure])
    with pytest.raises(BackendRejected, match="You exceeded your current quota"):
        await run(here, request_for(Operation.GENERATE, await here.capabilities(), tmp_path))


async def test_a_prompt_that_imagen_will_not_read_is_refused(server: VertexDouble, tmp_path: Path) -> None:
    made = imagen(server)
    server.fault = (400, "The prompt could not be submitted. Support codes: 58061214", [])
    with pytest.raises(BackendRefused, match="58061214"):
        await run(made, request_for(Operation.GENERATE, await made.capabilities(), tmp_path))
    await made.close()


async def test_a_name_of_a_model_stays_one(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    request = request_for(Operation.GENERATE, await here.capabilities(), tmp_path, seeds=(1,), model="../x:y?z")
    with pytest.raises(BackendRejected, match="LIENZO_VERTEX_MODEL"):
        await run(here, request)
    assert server.asked[-1].path == "/v1beta/models/../x:y?z:generateContent"


# Describing


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ('["one", " two\\nlines ", ""]', ("one", "two lines")),
        ("one\n\ntwo\nthree\nfour\nfive", ("one", "two", "three", "four")),
    ],
)
async def test_a_description_is_a_few_prompts(
    server: VertexDouble, here: Backend, tmp_path: Path, answer: str, texts: tuple[str, ...]
) -> None:
    server.description = answer
    result = await run(here, request_for(Operation.DESCRIBE, await here.capabilities(), tmp_path))
    assert result.texts == texts
    assert server.asked[-1].path == "/v1beta/models/gemini-3.8-flash:generateContent"


async def test_no_description_is_no_answer(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    server.description = " "
    with pytest.raises(BackendBroken):
        await run(here, request_for(Operation.DESCRIBE, await here.capabilities(), tmp_path))


async def test_a_describer_that_is_gone_names_its_setting(server: VertexDouble, here: Backend, tmp_path: Path) -> None:
    server.models.remove("gemini-3.8-flash")
    with pytest.raises(BackendRejected, match="LIENZO_VERTEX_DESCRIBER"):
        await run(here, request_for(Operation.DESCRIBE, await here.capabilities(), tmp_path))


# Imagen


async def test_imagen_makes_a_grid_in_one_call(cloud: VertexDouble, tmp_path: Path) -> None:
    made = imagen(cloud, safety="BLOCK_ONLY_HIGH")
    (body,) = await asked(cloud, made, tmp_path, width=1376, height=768, seeds=(1, 2, 3, 4))
    await made.close()
    assert body["parameters"] == {
        "sampleCount": 4,
        "includeRaiReason": True,
        "safetySetting": "block_only_high",
        "aspectRatio": "16:9",
        "sampleImageSize": "1K",
    }
    assert cloud.asked[-1].path.startswith("/v1beta1/projects/a-project/locations/global/publishers/google/models/")


async def test_imagen_3_has_a_field_for_what_is_not_wanted(cloud: VertexDouble, tmp_path: Path) -> None:
    made = imagen(cloud, model=IMAGEN[2])
    (body,) = await asked(cloud, made, tmp_path, negative=("text",), parts=(Part("cat"), Part("dog", -0.5)))
    await made.close()
    assert body["parameters"]["negativePrompt"] == "text, dog"
    assert body["instances"] == [{"prompt": "cat"}]


async def test_imagen_paints_around_a_picture(cloud: VertexDouble, tmp_path: Path) -> None:
    made = imagen(cloud)
    frame = Frame(100, 20, 64, 64)
    (body,) = await asked(cloud, made, tmp_path, Operation.OUTPAINT, width=320, height=256, frame=frame)
    await made.close()
    raw, mask = (
        decoded_picture(one["referenceImage"]["bytesBase64Encoded"]) for one in body["instances"][0]["referenceImages"]
    )
    assert body["parameters"]["editMode"] == "EDIT_MODE_OUTPAINT"
    assert (raw.size, raw.getpixel((0, 0)), raw.getpixel((132, 52))) == ((320, 256), (128, 128, 128), (0, 128, 128))
    assert [mask.getpixel(at) for at in ((99, 52), (100, 20), (163, 83), (164, 84))] == [255, 0, 0, 255]


@pytest.mark.parametrize(("parts", "mode"), [((Part("a cat"),), "INSERTION"), ((), "REMOVAL")])
async def test_imagen_repaints_a_part(cloud: VertexDouble, tmp_path: Path, parts: tuple[Part, ...], mode: str) -> None:
    made = imagen(cloud)
    (body,) = await asked(cloud, made, tmp_path, Operation.INPAINT, parts=parts)
    await made.close()
    assert body["parameters"]["editMode"] == f"EDIT_MODE_INPAINT_{mode}"
    assert cloud.asked[-1].path.endswith(f"/{EDITOR}:predict")


@pytest.mark.parametrize(("factor", "name"), [(2.0, "x2"), (4.0, "x4")])
async def test_imagen_enlarges(cloud: VertexDouble, tmp_path: Path, factor: float, name: str) -> None:
    made = imagen(cloud)
    (body,) = await asked(cloud, made, tmp_path, Operation.UPSCALE, factor=factor)
    await made.close()
    assert body["parameters"]["upscaleConfig"] == {"upscaleFactor": name}
    assert cloud.asked[-1].path.endswith(f"/{UPSCALER}:predict")


async def test_what_imagen_cannot_is_said_and_not_asked(cloud: VertexDouble, tmp_path: Path) -> None:
    made = backend(cloud)
    c = await made.capabilities()
    works = cloud.works
    image = request_for(Operation.VARY, c, tmp_path).images
    for operation, images in ((Operation.VARY, image), (Operation.EDIT, image), (Operation.GENERATE, image)):
        with pytest.raises(BackendRejected, match=IMAGEN[0]):
            await run(made, request_for(operation, c, tmp_path, images=images, model=IMAGEN[0]))
    with pytest.raises(BackendRejected, match="can't do that"):
        await run(made, request_for(Operation.UPSCALE, c, tmp_path))
    await made.close()
    assert cloud.works == works


async def test_a_retired_imagen_is_said_to_be(cloud: VertexDouble, tmp_path: Path) -> None:
    made = imagen(cloud)
    c = await made.capabilities()
    cloud.models = [name for name in cloud.models if name.startswith("gemini")]
    said = "Imagen is retired. Set `LIENZO_VERTEX_MODEL` to a model of today, such as `gemini-nano-banana-2.1`"
    with pytest.raises(BackendRejected, match=said):
        await run(made, request_for(Operation.GENERATE, c, tmp_path))
    with pytest.raises(BackendRejected, match="LIENZO_VERTEX_IMAGEN_EDITOR"):
        await run(made, request_for(Operation.INPAINT, c, tmp_path))
    assert said in str(await made.check())
    await made.close()


async def test_what_imagen_filtered_is_told(cloud: VertexDouble, tmp_path: Path) -> None:
    cloud.mischief = Mischief.FEWER
    made = imagen(cloud)
    result = await run(made, request_for(Operation.GENERATE, await made.capabilities(), tmp_path, seeds=(1, 2, 3)))
    await made.close()
    assert len(result.images) == 2
    assert "58061214" in str(result.notes[0])
    assert result.cost_usd == pytest.approx(0.08)


# Who asks


async def test_one_token_serves_many_calls(cloud: VertexDouble, tmp_path: Path) -> None:
    made = backend(cloud)
    await run(made, request_for(Operation.GENERATE, await made.capabilities(), tmp_path, seeds=(1, 2, 3, 4)))
    await made.close()
    assert cloud.tokens == 1


async def test_a_token_that_is_old_is_bought_anew(cloud: VertexDouble) -> None:
    cloud.seconds = 10
    made = backend(cloud)
    await made.check()
    await made.check()
    await made.close()
    assert cloud.tokens == 2


async def test_this_machines_login_is_used_where_no_file_is_named(
    cloud: VertexDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(cloud.account(KEY)))
    made = backend(cloud, credentials=None)
    assert await made.check() is None
    await made.close()


@pytest.mark.parametrize("content", [None, "no JSON", '{"type": "service_account"}'])
async def test_a_login_that_is_none_names_its_setting(cloud: VertexDouble, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    made = backend(cloud, credentials=file)
    assert "LIENZO_VERTEX_CREDENTIALS" in str(await made.check())
    await made.close()


def test_a_project_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(login_module, "import_module", absent)
    with pytest.raises(ConfigError, match=r"lienzo\[vertex\]"):
        Vertex(VertexSettings(project="a-project"))


async def test_a_key_of_vertex_ai_is_enough(tmp_path: Path) -> None:
    async with VertexDouble(cloud=True, express=True) as double:
        made = backend(double)
        assert await made.check() is None
        await asked(double, made, tmp_path, seeds=(1,))
        await made.close()
        assert double.asked[-1].path == "/v1beta1/publishers/google/models/gemini-nano-banana-2.1:generateContent"
        assert double.problems == []


async def test_a_model_that_is_gone_is_the_doctors_matter(server: VertexDouble) -> None:
    made = backend(server, model="gemini-3-pro-image-preview")
    complaint = str(await made.check())
    await made.close()
    assert "gemini-3-pro-image-preview" in complaint
    assert "LIENZO_VERTEX_MODEL" in complaint


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({"key": SecretStr("k")}, "https://generativelanguage.googleapis.com"),
        ({"key": SecretStr("k"), "express": True}, "https://aiplatform.googleapis.com"),
        ({"project": "p"}, "https://aiplatform.googleapis.com"),
        ({"project": "p", "location": "eu"}, "https://aiplatform.eu.rep.googleapis.com"),
        ({"project": "p", "location": "us-central1"}, "https://us-central1-aiplatform.googleapis.com"),
        ({"project": "p", "url": "http://localhost:1"}, "http://localhost:1"),
    ],
)
def test_the_host_follows_from_who_asks_and_where(values: dict[str, Any], address: str) -> None:
    assert VertexSettings(**values).address == address


@pytest.mark.parametrize("values", [{}, {"key": SecretStr("k"), "project": "p"}])
def test_it_must_be_clear_who_asks(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        Vertex(VertexSettings(**values))
    assert "LIENZO_VERTEX_KEY" in str(caught.value)
    assert "LIENZO_VERTEX_PROJECT" in str(caught.value)


def test_a_project_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENZO_VERTEX_PROJECT", "../x")
    with pytest.raises(ConfigError, match="LIENZO_VERTEX_PROJECT"):
        VertexSettings.load(None)
