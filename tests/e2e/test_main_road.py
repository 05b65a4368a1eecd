"""The main job over real sockets: a prompt becomes a grid, and every button under it leads on."""

import pytest

from bot.app import Application
from bot.backends.base import Operation
from bot.imaging import read_info
from bot.playground import Person
from bot.playground.client import labels
from tests.e2e.people import EPHEMERAL, grid, imagine, picture, result
from tests.scripted import Scripted

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.shows("/imagine", "The life of a message")
async def test_a_prompt_becomes_a_grid(ana: Person, backend: Scripted) -> None:
    interaction = await ana.slash("imagine", "#studio", prompt="a fox in the snow --ar 3:2 --seed 5")
    assert await interaction.acknowledged()
    progress = await interaction.thinking()
    message = await ana.wait("#studio", grid("a fox in the snow"))
    await ana.gone(progress)

    assert message["content"].startswith("**a fox in the snow --ar 3:2 --seed 5**")
    assert f"<@{ana.id}>" in message["content"]
    assert "(fast)" in message["content"] or "rápido" in message["content"]
    assert [user["id"] for user in message["mentions"]] == [ana.id]
    assert labels(message) == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4", "❌"]
    (attachment,) = message["attachments"]
    assert attachment["filename"].startswith("ana_a_fox_in_the_snow")
    assert attachment["filename"].endswith(".jpg")
    request = backend.requests[0]
    assert (await picture(ana, message)).size == (request.width * 2, request.height * 2)
    assert request.seeds == (5, 6, 7, 8)


@pytest.mark.shows("The life of a message")
async def test_the_message_lives_from_waiting_to_done(ana: Person, backend: Scripted) -> None:
    backend.hold()
    backend.previews = True
    interaction = await ana.slash("imagine", "#studio", prompt="a fox")
    progress = await interaction.thinking()
    shown = await ana.wait("#studio", lambda m: m["id"] == progress["id"] and "31 %" in m["content"])
    assert shown["attachments"]
    assert labels(shown) == ["Cancelar"]
    backend.release()
    message = await ana.wait("#studio", grid("a fox"))
    assert int(message["id"]) > int(progress["id"])
    await ana.gone(progress)


@pytest.mark.shows("U1–U4", "V1–V4", "🔄", "Vary (Subtle, Strong)")
async def test_the_conversation_of_clicks(ben: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")

    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("#2"))
    assert single["message_reference"]["message_id"] == first["id"]
    assert (await picture(ben, single)).size == (64, 64)
    assert single["attachments"][0]["filename"].endswith(".png")

    await ben.click(first, "V3")
    varied = await ben.wait("#studio", grid("a fox", after=single))
    assert varied["message_reference"]["message_id"] == first["id"]
    variation = backend.requests[-1]
    assert variation.operation is Operation.VARY
    assert variation.images[0].memo == {"n": 2}

    await ben.click(varied, "🔄")
    again = await ben.wait("#studio", grid("a fox", after=varied))
    assert backend.requests[-1].operation is Operation.VARY
    assert backend.requests[-1].seeds != variation.seeds

    await ben.click(again, "🔄")
    third = await ben.wait("#studio", grid("a fox", after=again))

    await ben.click(single, "Vary (Subtle)")
    subtle = await ben.wait("#studio", grid("a fox", after=third))
    assert backend.requests[-1].strength < variation.strength
    assert subtle["message_reference"]["message_id"] == single["id"]


@pytest.mark.shows("Upscale (Subtle, Creative)", "Zoom Out", "Pan", "Make Square", "❤️")
async def test_under_a_single_picture(ben: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox --ar 2:1")
    await ben.click(first, "U1")
    single = await ben.wait("#studio", result("Image #1"))
    assert {"Upscale (Subtle)", "Vary (Strong)", "Zoom Out 2x", "⬅️", "Make Square", "❤️", "❌"} <= set(labels(single))

    await ben.click(single, "Upscale (Subtle)")
    upscaled = await ben.wait("#studio", result("Upscaled (Subtle)"))
    small, large = await picture(ben, single), await picture(ben, upscaled)
    assert large.size == (small.width * 2, small.height * 2)

    favourite = await ben.click(single, "❤️")
    answer = await favourite.message()
    assert answer["flags"] & EPHEMERAL
    assert "(1)" in answer["content"]

    for label, words in [("Zoom Out 1.5x", "Zoom Out by"), ("⬅️", "Pan Left by"), ("Make Square", "Made square by")]:
        await ben.click(single, label)
        extended = await ben.wait("#studio", lambda m, w=words: grid("a fox")(m) and w in m["content"])
        assert backend.requests[-1].operation is Operation.OUTPAINT, label
        assert extended["attachments"], label


@pytest.mark.shows("Custom Zoom")
async def test_a_zoom_of_ones_own(ben: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")
    await ben.click(first, "U1")
    single = await ben.wait("#studio", result("Image #1"))
    modal = await (await ben.click(single, "Custom Zoom")).modal()
    assert "a fox" in str(modal["components"])
    await ben.submit(modal, {"prompt0": "a fox on a hill", "factor": "1.25"}, "#studio")
    await ben.wait("#studio", grid("a fox on a hill"))
    request = backend.requests[-1]
    assert request.operation is Operation.OUTPAINT
    assert request.frame is not None
    assert request.width / request.frame.width == pytest.approx(1.25, rel=0.03)

    refused = await (await ben.click(single, "Custom Zoom")).modal()
    await ben.submit(refused, {"factor": "7"}, "#studio")
    answer = await ben.wait("#studio", lambda m: m["flags"] & EPHEMERAL and m["embeds"])
    assert "`7` is no zoom" in answer["embeds"][0]["description"]


@pytest.mark.shows("The original", "Lineage")
async def test_the_original_says_how_it_was_made(
    ben: Person, app: Application, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = await imagine(ben, "a fox --no dogs --seed 5")
    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("Image #2"))
    click = await ben.click(single, "Original")
    answer = await click.message()
    assert answer["flags"] & EPHEMERAL
    path = tmp_path_factory.mktemp("original") / "original.png"
    path.write_bytes(await ben.download(answer["attachments"][0]["url"]))
    info = read_info(path)
    assert info["prompt"] == "a fox --seed 5 --no dogs"
    assert (info["seed"], info["backend"], info["negative_prompt"]) == ("6", "scripted", "dogs")
    assert await app.studio.result(info["job"])


async def test_a_spaniard_reads_spanish(ana: Person) -> None:
    first = await imagine(ana, "un zorro")
    assert "(rápido)" in first["content"]
    await ana.click(first, "U2")
    single = await ana.wait("#studio", result("n.º 2"))
    assert {"Variar (sutil)", "Variar (fuerte)"} <= set(labels(single))


@pytest.mark.shows("Others' results")
async def test_everyone_may_click_and_the_job_is_the_clickers(ana: Person, ben: Person) -> None:
    first = await imagine(ana, "a fox")
    await ben.click(first, "V1")
    varied = await ben.wait("#studio", grid("a fox", after=first))
    assert [user["id"] for user in varied["mentions"]] == [ben.id]


@pytest.mark.shows("Image prompts", "--iw")
async def test_an_image_prompt(ana: Person, backend: Scripted) -> None:
    first = await imagine(ana, "a fox")
    data = await ana.download(first["attachments"][0]["url"])
    await imagine(ana, "a wolf --iw 2", image=("fox.jpg", data))
    request = backend.requests[-1]
    assert request.operation is Operation.VARY
    assert len(request.images) == 1


@pytest.mark.shows("Permutations")
async def test_many_jobs_are_asked_for_first(ben: Person, backend: Scripted) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt="a {red, blue} fox")
    question = await interaction.message()
    assert question["flags"] & EPHEMERAL
    assert "2 jobs" in question["content"]
    assert backend.requests == []
    await ben.click(question, "Yes")
    await ben.wait("#studio", grid("a red fox"))
    await ben.wait("#studio", grid("a blue fox"))


async def test_a_prompt_cannot_ping_or_break_out(ben: Person) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt="**@everyone** <@1200000000000000101> `x` [a](b)")
    assert await interaction.acknowledged()
    message = await ben.wait("#studio", grid())
    assert [user["id"] for user in message["mentions"]] == [ben.id]
    assert not message["mention_everyone"]
