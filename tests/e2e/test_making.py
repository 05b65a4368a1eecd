"""/imagine with all its options, and the question before many jobs at once, over real sockets."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Capabilities, Operation, Role
from bot.config import Settings
from bot.playground import Fault, Person, Playground
from bot.playground.client import PlaygroundError, labels
from tests.e2e.conftest import serving
from tests.e2e.given import WIDE, Files, files_in, refused, told
from tests.e2e.people import EPHEMERAL, Message, grid, imagine
from tests.scripted import EVERYTHING, Scripted


@pytest.fixture
def offers() -> Capabilities:
    return WIDE


@pytest.fixture
def backend(offers: Capabilities) -> Scripted:
    return Scripted(offers=offers)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


def choices(found: list[dict[str, Any]]) -> list[str]:
    return [choice["value"] for choice in found]


# /imagine's options


@pytest.mark.shows("/imagine", "--n", "--width", "--height", "--model", "--steps", "--cfg", "--sampler", "--lora")
@pytest.mark.usefixtures("app")
async def test_every_parameter_has_an_option(ben: Person, backend: Scripted) -> None:
    options: dict[str, Any] = {
        "images": 2, "width": 96, "height": 64, "model": "oil-xl", "steps": 20, "guidance": 7.5, "sampler": "Euler a",
        "lora": "paper:0.8", "quality": "2", "raw": True, "tile": True, "no": "dogs, cats", "seed": 5, "chaos": 20,
        "stylize": 250, "mode": "fast", "visibility": "public", "backend": "scripted",
    }  # fmt: skip
    message = await imagine(ben, "a fox", **options)
    (request,) = backend.requests
    assert (request.width, request.height, request.seeds, request.model) == (96, 64, (5, 6), "oil-xl")
    assert request.negative == ("dogs", "cats")
    given = dict(request.parameters)
    assert given["steps"] == 20
    assert given["cfg"] == 7.5
    assert given["sampler"] == "Euler a"
    assert str(given["lora"][0]) == "paper:0.8"
    assert given["quality"] == 2
    assert given["raw"]
    assert given["tile"]
    assert "--steps 20" in message["content"]
    assert "runs without" not in message["content"]


@pytest.mark.usefixtures("app")
async def test_a_typed_option_wins_over_the_text(ben: Person, backend: Scripted) -> None:
    await imagine(ben, "a fox --steps 50 --tile --relax", steps=9, tile=False, mode="fast")
    (request,) = backend.requests
    assert request.parameters["steps"] == 9
    assert "tile" not in request.parameters
    assert "relax" not in request.parameters


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [EVERYTHING])
async def test_what_the_backend_does_not_honour_is_named_on_the_result(ben: Person, files: Files) -> None:
    message = await imagine(ben, "a fox", steps=20, lora="paper", style=files("fox.png"), character=files("wolf.png"))
    note = message["content"].splitlines()[-1]
    assert "runs without" in note
    assert all(f"--{name}" in note for name in ("steps", "lora", "sref", "cref"))


@pytest.mark.shows("--sref", "--cref", "--sw")
@pytest.mark.usefixtures("app")
async def test_images_for_style_and_character_are_attached(ben: Person, backend: Scripted, files: Files) -> None:
    message = await imagine(ben, "a fox --sw 300", style=files("fox.png"), character=files("wolf.png"))
    (request,) = backend.requests
    assert [image.role for image in request.images] == [Role.STYLE, Role.CHARACTER]
    assert request.parameters["sw"] == 300
    assert "runs without" not in message["content"]
    await ben.click(message, "V1")
    await ben.wait("#studio", grid("a fox", after=message))
    assert {Role.STYLE, Role.CHARACTER} <= {image.role for image in backend.requests[-1].images}


@pytest.mark.shows("--iw", "Image prompts")
@pytest.mark.usefixtures("app")
async def test_an_attached_image_is_an_image_prompt(ben: Person, backend: Scripted, files: Files) -> None:
    await imagine(ben, "a fox", image=files("fox.png"), strength=0.25)
    (request,) = backend.requests
    assert (request.operation, request.strength) == (Operation.VARY, 0.25)
    assert [image.role for image in request.images] == [Role.INITIAL]


@pytest.mark.usefixtures("app")
async def test_attached_images_survive_the_window_that_mends(ben: Person, backend: Scripted, files: Files) -> None:
    interaction = await ben.slash(
        "imagine", "#studio", prompt="a fox --foo", style=files("fox.png"), character=files("wolf.png")
    )
    answer = await interaction.message()
    modal = await (await ben.click(answer, "Fix")).modal()
    (field,) = modal["components"]
    text = field["component"]["value"]
    assert "--sref http" in text
    assert "--cref http" in text
    await ben.submit(modal, {"prompt0": text.replace(" --foo", "")}, "#studio")
    await ben.wait("#studio", grid("a fox"))
    assert [image.role for image in backend.requests[0].images] == [Role.STYLE, Role.CHARACTER]


@pytest.mark.usefixtures("app")
async def test_suggestions_come_from_the_chosen_backend(ben: Person) -> None:
    async def suggested(option: str, typed: str, **options: Any) -> list[str]:
        return choices(await ben.autocomplete("imagine", "#studio", option, typed, prompt="a fox", **options))

    assert await suggested("model", "sk") == ["sketch-1", "sketch-2"]
    assert await suggested("sampler", "", backend="scripted") == ["Euler a", "DPM++ 2M"]
    assert await suggested("lora", "grain:0.5") == ["film grain:0.5"]
    assert await suggested("model", "", backend="unknown") == []
    assert await suggested("mode", "") == ["fast", "relax"]
    assert await suggested("backend", "scr") == ["scripted"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "warp"}, "There is no `warp` mode here. There are: `fast`, `relax`."),
        ({"width": 640}, "Cannot use `--width` without a `--height`"),
        ({"model": "oil-xll"}, "`oil-xl`"),
        ({"aspect": "1.39:1"}, "`139:100`"),
        ({"backend": "nobody"}, "There is no `nobody` backend here."),
        ({"lora": "paper:99"}, "between -5 and 5"),
        ({"sampler": "x --seed 3"}, "--seed"),
    ],
)
async def test_options_that_cannot_be_are_answered_in_private(
    ben: Person, backend: Scripted, options: dict[str, Any], words: str
) -> None:
    assert words in await refused(await ben.slash("imagine", "#studio", prompt="a fox", **options))
    assert backend.requests == []


@pytest.mark.shows("--stealth", "--public")
@pytest.mark.usefixtures("app")
async def test_visibility_is_an_option(ben: Person, ana: Person) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt="a fox", visibility="stealth")
    message = await ben.wait("#studio", grid("a fox"))
    assert (await interaction.message())["flags"] & EPHEMERAL
    assert "stealth" in message["content"]
    assert message["id"] not in ana.messages


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("x" * 5996 + " fox", None),
        ("a fox::1 a wolf::-2", "must add up to more than 0"),
        ("http://127.0.0.1:9/fox.png a fox", "public addresses"),
        ("https://user:secret@example.com/fox.png a fox", "http"),
    ],
)
async def test_prompts_at_the_limits(ben: Person, backend: Scripted, prompt: str, words: str | None) -> None:
    interaction = await ben.slash("imagine", "#studio", prompt=prompt)
    assert await interaction.acknowledged()
    if words is not None:
        await told(ben, words)
        assert backend.requests == []
    else:
        message = await ben.wait("#studio", lambda m: grid()(m) and len(m["attachments"]) == 2)
        text = next(each for each in message["attachments"] if each["filename"].endswith(".txt"))
        assert (await ben.download(text["url"])).decode().startswith(prompt)


@pytest.mark.usefixtures("app")
async def test_longer_prompts_are_refused_by_discord_and_by_us_where_two_fields_take_them(ben: Person) -> None:
    with pytest.raises(PlaygroundError):
        await ben.slash("imagine", "#studio", prompt="x" * 6001)
    answer = await (await ben.slash("imagine", "#studio", prompt="x" * 4500 + " --foo")).message()
    modal = await (await ben.click(answer, "Fix")).modal()
    await ben.submit(modal, {"prompt0": "x" * 4000, "prompt1": "x" * 2001}, "#studio")
    await told(ben, "at most 6000 characters; yours has 6001")


# Many jobs at once


async def ask(person: Person, prompt: str, **options: Any) -> Message:
    return await (await person.slash("imagine", "#studio", prompt=prompt, **options)).message()


@pytest.mark.shows("Permutations", "--repeat")
@pytest.mark.usefixtures("app")
async def test_several_jobs_are_asked_about_shown_and_started(ben: Person, backend: Scripted) -> None:
    question = await ask(ben, "a {red, blue} fox --repeat 2")
    assert question["flags"] & EPHEMERAL
    assert "4 jobs" in question["content"]
    assert labels(question) == ["Yes", "No", "Show"]
    shown = await (await ben.click(question, "Show")).message()
    assert shown["flags"] & EPHEMERAL
    assert shown["content"].splitlines() == ["1. a red fox", "2. a red fox", "3. a blue fox", "4. a blue fox"]
    await ben.click(question, "Yes")
    requests = await backend.running(4)
    assert sorted(request.text for request in requests) == ["a blue fox", "a blue fox", "a red fox", "a red fox"]
    done = await ben.wait("#studio", lambda m: m["id"] == question["id"] and "4 jobs were started" in m["content"])
    assert not done["components"]


@pytest.mark.usefixtures("app")
async def test_many_long_prompts_are_shown_as_a_file(ben: Person) -> None:
    words = " ".join(["word"] * 300)
    question = await ask(ben, f"{{a, b, c}} {words}")
    shown = await (await ben.click(question, "Show")).message()
    (file,) = shown["attachments"]
    lines = (await ben.download(file["url"])).decode().splitlines()
    assert lines == [f"{number}. {letter} {words}" for number, letter in enumerate("abc", start=1)]


@pytest.mark.usefixtures("app")
async def test_no_starts_nothing(ben: Person, backend: Scripted) -> None:
    question = await ask(ben, "a {red, blue} fox")
    await ben.click(question, "No")
    closed = await ben.wait("#studio", lambda m: m["id"] == question["id"] and "Nothing was started" in m["content"])
    assert not closed["components"]
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_the_question_is_asked_in_ones_own_language(ana: Person) -> None:
    question = await ask(ana, "un zorro {rojo, azul}")
    assert "2" in question["content"]
    assert "jobs" not in question["content"]
    assert labels(question)[:2] == ["Sí", "No"]


async def test_yes_starts_once_also_after_a_restart(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground, files: Files
) -> None:
    async with serving(settings, backend, playground):
        question = await ask(ben, "a {red, blue} fox", image=files("fox.png"), style=files("wolf.png"), steps=9)
    again = Scripted(offers=WIDE)
    async with serving(settings, again, playground):
        await asyncio.gather(ben.click(question, "Yes"), ben.click(question, "Yes"))
        await told(ben, "started already")
        requests = await again.running(2)
        assert sorted(request.text for request in requests) == ["a blue fox", "a red fox"]
        assert all([image.role for image in request.images] == [Role.INITIAL, Role.STYLE] for request in requests)
        assert all(request.parameters["steps"] == 9 for request in requests)
        await ben.wait("#studio", grid("a red fox"))
        await ben.wait("#studio", grid("a blue fox"))
    assert backend.requests == []
    assert len(again.requests) == 2


async def test_yes_is_remembered_where_the_question_could_not_be_closed(
    ben: Person, settings: Settings, backend: Scripted, playground: Playground
) -> None:
    async with serving(settings, backend, playground):
        question = await ask(ben, "a {red, blue} fox")
        fault = playground.faults.add(Fault("PATCH", "/webhooks/*/messages/@original", status=403, times=9))
        await ben.click(question, "Yes")
        await ben.wait("#studio", grid("a red fox"))
        await ben.wait("#studio", grid("a blue fox"))
    playground.faults.clear()
    assert fault.seen == 1
    again = Scripted(offers=WIDE)
    async with serving(settings, again, playground):
        await ben.click(question, "Yes")
        await told(ben, "started already")
    assert len(backend.requests) == 2
    assert again.requests == []


@pytest.mark.usefixtures("app")
async def test_a_stealth_batch_is_shown_to_nobody_else(ben: Person, ana: Person) -> None:
    question = await ask(ben, "a {red, blue} fox", visibility="stealth")
    await ben.click(question, "Yes")
    for colour in ("red", "blue"):
        message = await ben.wait("#studio", grid(f"a {colour} fox"))
        assert message["flags"] & EPHEMERAL
        assert message["id"] not in ana.messages


@pytest.mark.usefixtures("app")
async def test_when_an_image_cannot_be_had_yes_may_be_said_again(
    ben: Person, backend: Scripted, playground: Playground, files: Files
) -> None:
    question = await ask(ben, "a {red, blue} fox", image=files("none.png"))
    await ben.click(question, "Yes")
    await told(ben, "not a PNG")
    assert labels(ben.messages[question["id"]]) == ["Yes", "No", "Show"]
    assert backend.requests == []
