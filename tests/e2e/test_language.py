"""The prompt language as people type it into /imagine: weights, permutations, typography, image prompts, length, and mending."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.backends.base import Operation, Role
from bot.config import Settings
from bot.playground import Person, Playground
from bot.playground.client import labels, walk
from tests.e2e.conftest import serving
from tests.e2e.given import Files, files_in, refused, told
from tests.e2e.people import EPHEMERAL, Message, grid, imagine, result
from tests.scripted import Scripted

RED = 16711680
running = pytest.mark.usefixtures("app")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


def fields(modal: Message) -> dict[str, str]:
    """What stands in the fields of a window."""
    return {field["custom_id"]: field.get("value", "") for field in walk(modal["components"])}


async def asked(person: Person, prompt: str) -> Message:
    """The question before many jobs."""
    message = await (await person.slash("imagine", "#studio", prompt=prompt)).message()
    assert labels(message) == ["Yes", "No", "Show"]
    return message


async def meant(person: Person, prompt: str) -> list[str]:
    """What a prompt with permutations stands for, as Show says it."""
    shown = await (await person.click(await asked(person, prompt), "Show")).message()
    return [line.split(". ", 1)[1].replace("\\", "") for line in shown["content"].splitlines()]


# Weights


@running
@pytest.mark.shows("Weights")
@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a fox::2 snow", [("a fox", 2), ("snow", 1)]),
        ("a fox:: snow", [("a fox", 1), ("snow", 1)]),
        ("a fox::.5 snow::-.25 --ar 3:2", [("a fox", 0.5), ("snow", -0.25)]),
        ("space::ship at 10:30", [("space", 1), ("ship at 10:30", 1)]),
        ("a fox at https://example.com/?a::b--tile", [("a fox at https://example.com/?a::b--tile", 1)]),
    ],
)
async def test_weights_reach_the_generator(
    ben: Person, backend: Scripted, prompt: str, parts: list[tuple[str, float]]
) -> None:
    await (await ben.slash("imagine", "#studio", prompt=prompt)).acknowledged()
    await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert [(part.text, part.weight) for part in request.parts] == parts


@running
@pytest.mark.shows("Weights")
@pytest.mark.parametrize("prompt", ["a fox::-1", "a fox::1 snow::-1", "a fox::1 snow::-1.5", "a::.1 b::.2 c::-.3"])
async def test_weights_must_add_up_to_more_than_nothing(ben: Person, backend: Scripted, prompt: str) -> None:
    answer = await refused(await ben.slash("imagine", "#studio", prompt=prompt))
    assert answer == "The weights of a prompt must add up to more than 0."
    assert backend.requests == []


# Permutations


@running
@pytest.mark.shows("Permutations")
@pytest.mark.parametrize(
    ("prompt", "meaning"),
    [
        ("a {red, blue} {fox, owl}", ["a red fox", "a red owl", "a blue fox", "a blue owl"]),
        ("a {red {old, young}, blue} fox", ["a red old fox", "a red young fox", "a blue fox"]),
        ("a fox --{stylize 50, chaos 20}", ["a fox --stylize 50", "a fox --chaos 20"]),
        ("a fox --ar {3:2, 1:1, 2:3}", ["a fox --ar 3:2", "a fox --ar 1:1", "a fox --ar 2:3"]),
        (r"{red\, fast, blue} fox", ["red, fast fox", "blue fox"]),
        ("a {, red} fox", ["a fox", "a red fox"]),
        ("a {red, blue} fox --repeat 2", ["a red fox", "a red fox", "a blue fox", "a blue fox"]),
    ],
)
async def test_what_a_permutation_stands_for(ben: Person, prompt: str, meaning: list[str]) -> None:
    assert await meant(ben, prompt) == meaning


@running
@pytest.mark.shows("Permutations")
async def test_braces_that_are_only_characters_are_one_job(ben: Person, backend: Scripted) -> None:
    await (await ben.slash("imagine", "#studio", prompt=r"a \{fox\, red\} and {one}")).acknowledged()
    message = await ben.wait("#studio", grid())
    assert [request.text for request in backend.requests] == ["a {fox, red} and one"]
    # What is shown to be changed means the same once more.
    await ben.click(message, "🔄")
    await backend.running(2)
    assert backend.requests[1].text == "a {fox, red} and one"


@running
@pytest.mark.shows("Permutations")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a {red fox", "A `{` has no partner."),
        ("a red} fox", "A `}` has no partner."),
        ("{1,2,3,4,5,6,7} {1,2,3,4,5,6} fox", "This makes more than 40 prompts"),
        ("{1,2,3,4,5} fox --repeat 10", "That would be 50 jobs at once; at most 40"),
        ("a {red, blue} fox --{ar 3:2, foo 3}", "Unrecognized parameter(s): `--foo`"),
    ],
)
async def test_permutations_that_cannot_be(ben: Person, backend: Scripted, prompt: str, words: str) -> None:
    assert words in await refused(await ben.slash("imagine", "#studio", prompt=prompt))
    assert backend.requests == []


# As phones type


@running
@pytest.mark.shows("Phone typography")
@pytest.mark.parametrize(
    ("prompt", "text", "parameters"),
    [
        ("a fox —stylize 250", "a fox", {"stylize": 250}),
        ("a fox—stylize 250", "a fox", {"stylize": 250}),
        ("a fox –stylize 250", "a fox", {"stylize": 250}),
        ("a fox — tired — asleep —tile", "a fox — tired — asleep", {"tile": True}),
        ("“a fox’s den” —no ‘dogs’", '"a fox\'s den"', {"no": ("'dogs'",)}),
        ("a fox --- or so --TILE", "a fox --- or so", {"tile": True}),
        ("a\u200b fox\n--tile", "a fox", {"tile": True}),
    ],
)
async def test_what_phones_make_of_a_prompt_is_understood(
    ben: Person, backend: Scripted, prompt: str, text: str, parameters: Mapping[str, object]
) -> None:
    await (await ben.slash("imagine", "#studio", prompt=prompt)).acknowledged()
    await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert request.text == text
    assert dict(request.parameters) == parameters


@running
@pytest.mark.shows("Errors")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a fox --stylise 50", "Unrecognized parameter(s): `--stylise`. Did you mean `--stylize`?"),
        (
            "a fox --tile in the snow",
            "Unrecognized parameter(s): `in the snow`. Words belong before the first parameter.",
        ),
        ("a fox --ar16:9", "`--ar16:9` needs a space: write `--ar 16:9`."),
        ("a fox -- ar 16:9", "`-- ar` has a space too many: write `--ar`."),
        ("--ar 3:2", "The prompt has no words"),
    ],
)
async def test_a_slip_is_named_with_what_is_right(ben: Person, backend: Scripted, prompt: str, words: str) -> None:
    assert words in await refused(await ben.slash("imagine", "#studio", prompt=prompt))
    assert backend.requests == []


@running
@pytest.mark.shows("Errors")
async def test_of_a_parameter_given_twice_the_last_counts_and_is_named(ben: Person, backend: Scripted) -> None:
    message = await imagine(ben, "a fox --stylize 50 --stylize 90 --no dogs --no cats")
    assert "`--stylize` was given more than once; the last one counts: `--stylize 90`" in message["content"]
    (request,) = backend.requests
    assert request.parameters["stylize"] == 90
    assert request.negative == ("dogs", "cats")


# Image prompts


async def link(person: Person, files: Files, name: str) -> str:
    """A link to a picture in a message, as one copies it."""
    return (await person.say("#studio", files=[files(name)]))["attachments"][0]["url"]


@running
@pytest.mark.shows("Image prompts")
async def test_a_linked_image_comes_before_the_words(ben: Person, backend: Scripted, files: Files) -> None:
    url = await link(ben, files, "fox.png")
    assert await (await ben.slash("imagine", "#studio", prompt=f"{url} <{url}> a fox --ar 3:2")).acknowledged()
    message = await ben.wait("#studio", grid("a fox"))
    (request,) = backend.requests
    assert request.operation is Operation.BLEND
    assert request.text == "a fox"
    assert [image.role for image in request.images] == [Role.PROMPT, Role.PROMPT]
    assert "?ex=" not in message["content"]
    await ben.click(message, "🔄")
    requests = await backend.running(2)
    assert [image.role for image in requests[1].images] == [Role.PROMPT, Role.PROMPT]


@running
@pytest.mark.shows("Image prompts")
async def test_two_images_need_no_words_and_one_does(ben: Person, backend: Scripted, files: Files) -> None:
    fox, wolf = await link(ben, files, "fox.png"), await link(ben, files, "wolf.png")
    answer = await refused(await ben.slash("imagine", "#studio", prompt=fox))
    assert answer == "One image alone is no prompt: write some words after it, or add a second image."
    await (await ben.slash("imagine", "#studio", prompt=f"{fox} {wolf}")).acknowledged()
    await ben.wait("#studio", grid())
    (request,) = backend.requests
    assert (request.operation, request.parts, len(request.images)) == (Operation.BLEND, (), 2)


@running
@pytest.mark.shows("Image prompts")
async def test_a_link_after_the_words_is_words_and_said_so(ben: Person, backend: Scripted, files: Files) -> None:
    url = await link(ben, files, "fox.png")
    await (await ben.slash("imagine", "#studio", prompt=f"a fox {url}")).acknowledged()
    message = await ben.wait("#studio", grid())
    assert "was read as words: links to images come before the text" in message["content"]
    assert backend.requests[0].images == ()


@running
@pytest.mark.shows("Image prompts", "Bad images")
@pytest.mark.parametrize(
    ("name", "words"), [("none.png", "not a PNG"), ("bomb.png", "pixels"), ("moving.gif", None), ("cmyk.jpg", None)]
)
async def test_an_image_prompt_of_every_kind(
    ben: Person, backend: Scripted, files: Files, name: str, words: str | None
) -> None:
    url = await link(ben, files, name)
    assert await (await ben.slash("imagine", "#studio", prompt=f"{url} a fox")).acknowledged()
    if words is None:
        await ben.wait("#studio", grid("a fox"))
        assert len(backend.requests[0].images) == 1
    else:
        await told(ben, words)
        assert backend.requests == []


@running
@pytest.mark.shows("Bad images")
async def test_a_link_that_is_over_is_said_so(
    ben: Person, backend: Scripted, playground: Playground, files: Files
) -> None:
    url = await link(ben, files, "fox.png")
    playground.clock.advance(25 * 3600)
    assert await (await ben.slash("imagine", "#studio", prompt=f"{url} a fox")).acknowledged()
    await told(ben, "instead of a picture")
    assert backend.requests == []


@running
@pytest.mark.shows("Image prompts")
async def test_more_images_than_one_prompt_takes(ben: Person, files: Files) -> None:
    url = await link(ben, files, "fox.png")
    assert await (await ben.slash("imagine", "#studio", prompt=f"{url} " * 6 + "a fox")).acknowledged()
    await told(ben, "At most 5 images can be used in one prompt.")


# Long ones


@running
@pytest.mark.shows("Long prompts", "Errors")
async def test_six_thousand_characters_go_through_two_fields_and_come_back_as_a_file(
    ben: Person, backend: Scripted
) -> None:
    words = "un zorro ñandú 🦊 " * 400
    typed = words[:5993] + " --foo"
    answer = await (await ben.slash("imagine", "#studio", prompt=typed)).message()
    modal = await (await ben.click(answer, "Fix")).modal()
    parts = fields(modal)
    assert set(parts) == {"prompt0", "prompt1"}
    assert all(len(part) <= 4000 for part in parts.values())
    mended = parts | {"prompt1": parts["prompt1"].replace(" --foo", "")}
    await ben.submit(modal, mended, "#studio")
    message = await ben.wait("#studio", lambda m: grid()(m) and len(m["attachments"]) == 2)
    expected = " ".join(words[:5993].split())
    assert backend.requests[0].text == expected
    assert "…" in message["content"]
    (file,) = [each for each in message["attachments"] if each["filename"] == "prompt.txt"]
    assert (await ben.download(file["url"])).decode() == expected


@running
@pytest.mark.shows("Long prompts")
async def test_a_long_word_is_cut_and_put_together_again(ben: Person, backend: Scripted) -> None:
    word = "x" * 5900
    answer = await (await ben.slash("imagine", "#studio", prompt=f"{word} --foo")).message()
    modal = await (await ben.click(answer, "Fix")).modal()
    parts = fields(modal)
    await ben.submit(modal, parts | {"prompt1": parts["prompt1"].removesuffix(" --foo")}, "#studio")
    assert (await backend.running(1))[0].text == word


# Fix


@pytest.mark.shows("Errors", "Restart")
async def test_fix_opens_the_prompt_as_typed_also_after_a_restart(
    ben: Person, ana: Person, settings: Settings, backend: Scripted, playground: Playground
) -> None:
    typed = "a {red, blue} fox — “sly” --foo 3 --ar 3:2"
    async with serving(settings, backend, playground):
        answer = await (await ben.slash("imagine", "#studio", prompt=typed)).message()
        assert answer["flags"] & EPHEMERAL
        (embed,) = answer["embeds"]
        assert (embed["color"], embed["title"]) == (RED, "Invalid parameter")
        assert typed in embed["footer"]["text"]
    again = Scripted()
    async with serving(settings, again, playground):
        modal = await (await ben.click(answer, "Fix")).modal()
        assert fields(modal)["prompt0"] == typed
        await ben.submit(modal, {"prompt0": typed.replace(" --foo 3", " --bar 3")}, "#studio")
        second = await ben.wait("#studio", lambda m: int(m["id"]) > int(answer["id"]) and "`--bar`" in str(m["embeds"]))
        modal = await (await ben.click(second, "Fix")).modal()
        await ben.submit(modal, {"prompt0": "a mended fox --n 1"}, "#studio")
        await ben.wait("#studio", result("a mended fox"))
    assert not {answer["id"], second["id"]} & set(ana.messages)


@running
@pytest.mark.shows("Errors")
async def test_whatever_is_typed_is_answered(ben: Person, backend: Scripted) -> None:
    """By a job, a question, or a sentence that is about the prompt."""
    chance = random.Random(5)
    pieces = [
        "a",
        " fox",
        ",",
        "{",
        "}",
        "\\",
        "::",
        "-1",
        "--",
        "—",
        "–",
        "“",
        "<",
        "@everyone",
        "`",
        "*_~|",
        "tile",
        " --no",
        "\n",
    ]
    for _ in range(60):
        prompt = "".join(chance.choices(pieces, k=chance.randint(1, 12))).strip() or "a fox"
        interaction = await ben.slash("imagine", "#studio", prompt=prompt)
        message = await interaction.message()
        asking = "jobs" in message["content"]
        assert (
            asking or not message["embeds"] or message["embeds"][0]["title"] in {"Invalid parameter", "Limit reached"}
        ), prompt
