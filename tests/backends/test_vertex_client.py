"""Google's official client against our server, so that it is not our own reading of the API alone that our backend is checked by."""

import io
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from PIL import Image

from tests.backends.doubles.server import KEY, Mischief
from tests.backends.doubles.vertex import ABSENT, EDITOR, IMAGEN, PROJECT, UPSCALER, VertexDouble

genai: Any = pytest.importorskip("google.genai", reason="google-genai is not installed")
types: Any = genai.types
Credentials: Any = pytest.importorskip("google.oauth2.credentials").Credentials
MODEL = "gemini-nano-banana-2.1"

pytestmark = [
    pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT)),
    # What the client says of itself.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:The \w+ method is deprecated"),
]


@pytest.fixture(params=["key", "cloud", "express"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def server(kind: str) -> AsyncGenerator[VertexDouble]:
    async with VertexDouble(cloud=kind != "key", express=kind == "express") as made:
        yield made


@pytest.fixture
async def client(kind: str, server: VertexDouble) -> AsyncGenerator[Any]:
    async with connected(kind, server) as made:
        yield made


def connected(kind: str, server: VertexDouble, key: str = KEY) -> Any:
    options = types.HttpOptions(base_url=server.url, timeout=20_000)
    if kind == "cloud":
        place = {"project": PROJECT, "location": "global", "credentials": Credentials(key)}
        return genai.Client(vertexai=True, http_options=options, **place).aio
    return genai.Client(vertexai=kind == "express", api_key=key, http_options=options).aio


def png(size: tuple[int, int] = (32, 32), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG")
    return buffer.getvalue()


def painting(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "response_modalities": ["TEXT", "IMAGE"],
        "seed": 5,
        "image_config": types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        "thinking_config": types.ThinkingConfig(thinking_level="MINIMAL"),
        "safety_settings": [types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_ONLY_HIGH")],
    }
    return types.GenerateContentConfig(**(values | changes))


async def paint(client: Any, model: str = MODEL, **changes: Any) -> Any:
    picture = types.Part.from_bytes(data=png(), mime_type="image/png")
    return await client.models.generate_content(model=model, contents=[picture, "a cat"], config=painting(**changes))


async def test_it_reads_a_picture(server: VertexDouble, client: Any) -> None:
    answer = await paint(client)
    parts = [part for part in answer.parts if part.inline_data and not part.thought]
    image = Image.open(io.BytesIO(parts[0].inline_data.data))
    assert image.size[0] / image.size[1] == pytest.approx(16 / 9, abs=0.01)
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.candidates_tokens_details[0].modality == types.MediaModality.IMAGE
    assert answer.usage_metadata.candidates_tokens_details[0].token_count == 1120
    assert server.problems == []


async def test_it_reads_a_refusal(server: VertexDouble, client: Any) -> None:
    server.mischief = Mischief.REFUSED
    answer = await paint(client)
    assert answer.candidates is None
    assert answer.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT


async def test_it_reads_that_no_picture_came(server: VertexDouble, client: Any) -> None:
    server.mischief = Mischief.NOTHING
    assert (await paint(client)).candidates[0].finish_reason == types.FinishReason.NO_IMAGE


async def test_it_reads_a_description_by_a_schema(server: VertexDouble, client: Any) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["TEXT"], response_mime_type="application/json", response_schema=list[str]
    )
    answer = await client.models.generate_content(model="gemini-3.8-flash", contents="describe", config=config)
    assert len(answer.parsed) == 4
    assert server.problems == []


async def test_it_turns_the_pages_of_the_list(server: VertexDouble, client: Any) -> None:
    names = [model.name.rpartition("/")[2] async for model in await client.models.list(config={"page_size": 3})]
    assert names == server.models


async def test_it_looks_a_model_up(client: Any) -> None:
    assert (await client.models.get(model=MODEL)).name.endswith(MODEL)


@pytest.mark.parametrize(
    ("code", "name"), [(404, "NOT_FOUND"), (429, "RESOURCE_EXHAUSTED"), (403, "PERMISSION_DENIED")]
)
async def test_it_reads_an_error(server: VertexDouble, client: Any, code: int, name: str) -> None:
    server.fault = (code, "no", [])
    with pytest.raises(genai.errors.ClientError) as caught:
        await paint(client)
    assert (caught.value.code, caught.value.status, caught.value.message) == (code, name, "no")


async def test_a_wrong_key_is_told(kind: str, server: VertexDouble) -> None:
    async with connected(kind, server, key="another") as client:
        with pytest.raises(genai.errors.ClientError) as caught:
            await paint(client)
    assert caught.value.code == (401 if kind == "cloud" else 400)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (MODEL, {"image_config": types.ImageConfig(aspect_ratio="7:3")}),
        (MODEL, {"image_config": types.ImageConfig(image_size="512")}),
        (MODEL, {"thinking_config": types.ThinkingConfig(thinking_level="LOW")}),
        ("gemini-2.5-flash-image", {"image_config": types.ImageConfig(image_size="1K"), "thinking_config": None}),
        (MODEL, {"response_mime_type": "application/json"}),
        (MODEL, {"response_modalities": ["TEXT"]}),
        ("gemini-3.8-flash", {}),
    ],
)
async def test_what_a_model_does_not_take_is_not_taken(
    server: VertexDouble, client: Any, model: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(genai.errors.ClientError) as caught:
        await paint(client, model, **changes)
    assert caught.value.code == 400
    assert len(server.problems) == 1


async def test_a_picture_under_a_wrong_name_is_not_taken(server: VertexDouble, client: Any) -> None:
    picture = types.Part.from_bytes(data=png(), mime_type="image/jpeg")
    with pytest.raises(genai.errors.ClientError):
        await client.models.generate_content(model=MODEL, contents=[picture, "a cat"], config=painting())
    assert server.problems == [f"{MODEL}: PNG as image/jpeg"]


# Imagen, of which the client itself says that it goes


class TestImagen:
    @pytest.fixture(params=["cloud", "express"])
    def kind(self, request: pytest.FixtureRequest) -> str:
        return request.param

    async def test_it_makes_pictures(self, server: VertexDouble, client: Any) -> None:
        config = types.GenerateImagesConfig(
            number_of_images=2,
            aspect_ratio="3:4",
            image_size="1K",
            include_rai_reason=True,
            safety_filter_level="BLOCK_ONLY_HIGH",
            person_generation="ALLOW_ADULT",
        )
        answer = await client.models.generate_images(model=IMAGEN[0], prompt="a cat", config=config)
        sizes = [Image.open(io.BytesIO(one.image.image_bytes)).size for one in answer.generated_images]
        assert sizes == [(111, 148), (111, 148)]
        assert server.problems == []

    async def test_it_reads_what_was_filtered(self, server: VertexDouble, client: Any) -> None:
        server.mischief = Mischief.REFUSED
        config = types.GenerateImagesConfig(number_of_images=1, include_rai_reason=True)
        answer = await client.models.generate_images(model=IMAGEN[0], prompt="a cat", config=config)
        assert "58061214" in answer.generated_images[0].rai_filtered_reason

    async def test_it_repaints_by_a_mask(self, server: VertexDouble, client: Any) -> None:
        image, mask = (types.Image(image_bytes=png(mode=mode), mime_type="image/png") for mode in ("RGB", "L"))
        how = types.MaskReferenceConfig(mask_mode="MASK_MODE_USER_PROVIDED", mask_dilation=0.01)
        references = [
            types.RawReferenceImage(reference_id=1, reference_image=image),
            types.MaskReferenceImage(reference_id=2, reference_image=mask, config=how),
        ]
        config = types.EditImageConfig(edit_mode="EDIT_MODE_INPAINT_INSERTION", number_of_images=2, base_steps=35)
        answer = await client.models.edit_image(
            model=EDITOR, prompt="a cat", reference_images=references, config=config
        )
        assert len(answer.generated_images) == 2
        assert server.problems == []

    async def test_it_enlarges(self, server: VertexDouble, client: Any) -> None:
        image = types.Image(image_bytes=png(), mime_type="image/png")
        answer = await client.models.upscale_image(model=UPSCALER, image=image, upscale_factor="x4")
        assert Image.open(io.BytesIO(answer.generated_images[0].image.image_bytes)).size == (128, 128)
        assert server.problems == []

    async def test_a_seed_wants_no_watermark(self, server: VertexDouble, client: Any) -> None:
        config = types.GenerateImagesConfig(number_of_images=1, seed=4)
        with pytest.raises(genai.errors.ClientError):
            await client.models.generate_images(model=IMAGEN[0], prompt="a cat", config=config)
        assert server.problems == [f"{IMAGEN[0]}: a seed with a watermark"]
