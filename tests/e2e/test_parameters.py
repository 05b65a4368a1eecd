"""Every parameter of the prompt language, typed into /imagine: what it does, what is said where it does nothing, and what is refused.

The painter shows what it honours in pixels; what only other generators honour is asked of a scripted one, and named by the painter.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from bot.app import Application, application
from bot.backends.base import Operation, Role
from bot.backends.painter import Painter
from bot.catalog import Catalog
from bot.playground import Person, Playground
from bot.playground.client import labels
from bot.prompt import PARAMETERS, Kind, Parameter, number_text
from tests.e2e.clicking import remix, text_of
from tests.e2e.conftest import ready, settings_for
from tests.e2e.given import Files, files_in
from tests.e2e.people import EPHEMERAL, Message, picture
from tests.scripted import EVERYTHING, Scripted

RED = 16711680
HONOURED = frozenset(row.name for row in PARAMETERS)
TINY = "--width 64 --height 64 --n 1"
WORDS = "a lighthouse at dusk"
USUAL = f"{WORDS} --seed 5 {TINY}"


@pytest.fixture
def backend() -> Scripted:
    """A generator that honours every parameter."""
    return Scripted(offers=replace(EVERYTHING, parameters=HONOURED, turbo_model="scripted-quick"))


@pytest.fixture
async def painting(playground: Playground, tmp_path: Path, backend: Scripted) -> AsyncIterator[Application]:
    """A bot that paints, and has the scripted generator beside the painter."""
    settings = settings_for(playground, tmp_path, backends="painter,scripted", lanes="fast,relax,turbo")
    catalog = Catalog({"painter": Painter(), "scripted": backend})
    async with application(settings, catalog=catalog) as app:
        serving = asyncio.create_task(app.serve())
        try:
            await ready(playground, serving)
            yield app
        finally:
            backend.release()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


async def made(person: Person, prompt: str, **options: Any) -> Message:
    """Runs /imagine and waits for its result, whatever it is."""
    floor = max(map(int, person.messages), default=0)
    assert await (await person.slash("imagine", "#studio", prompt=prompt, **options)).acknowledged()
    finished = {"V1", "❤️"}
    return await person.wait(
        "#studio",
        lambda m: int(m["id"]) > floor and m["attachments"] and finished & set(labels(m)),
    )


async def linked(person: Person, files: Files, name: str = "fox.png") -> str:
    """A link that one may put into a prompt: to a picture in a message."""
    message = await person.say("#studio", files=[files(name)])
    return message["attachments"][0]["url"]


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None


# What the painter honours


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param("--chaos 100 --n 2", marks=pytest.mark.shows("--chaos")),
        pytest.param("--stylize 1000", marks=pytest.mark.shows("--stylize")),
        pytest.param("--weird 3000", marks=pytest.mark.shows("--weird")),
        pytest.param("--seed 6", marks=pytest.mark.shows("--seed")),
        pytest.param("--no lighthouse", marks=pytest.mark.shows("--no")),
        pytest.param("--quality 0.25", marks=pytest.mark.shows("--quality")),
        pytest.param("--tile", marks=pytest.mark.shows("--tile")),
        pytest.param("--stop 20", marks=pytest.mark.shows("--stop")),
        pytest.param("--raw", marks=pytest.mark.shows("--raw")),
        pytest.param("--style raw", marks=pytest.mark.shows("--style")),
        pytest.param("--exp 100", marks=pytest.mark.shows("--exp")),
        pytest.param("--draft", marks=pytest.mark.shows("--draft")),
        pytest.param("--turbo", marks=pytest.mark.shows("--turbo")),
        pytest.param("--model sketch", marks=pytest.mark.shows("--model")),
    ],
)
async def test_the_painter_paints_another_picture(ben: Person, parameters: str) -> None:
    plain, other = await made(ben, USUAL), await made(ben, f"{USUAL} {parameters}")
    assert not same(await picture(ben, plain), await picture(ben, other))
    assert "runs without" not in other["content"]


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--seed")
async def test_the_same_seed_gives_the_same_picture(ben: Person) -> None:
    first, second = await made(ben, USUAL), await made(ben, USUAL)
    assert same(await picture(ben, first), await picture(ben, second))


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--sameseed", "--n")
async def test_all_pictures_from_one_noise(ben: Person) -> None:
    grid = await picture(ben, await made(ben, f"{WORDS} --width 64 --height 64 --n 2 --sameseed 5"))
    assert grid.size == (128, 64)
    left, right = grid.crop((0, 0, 64, 64)), grid.crop((64, 0, 128, 64))
    assert same(left, right)


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("usual", "parameters"),
    [
        pytest.param("{link} {words}", "--iw 3", marks=pytest.mark.shows("--iw", "Image prompts")),
        pytest.param("{link} {words}", "--strength 0.1", marks=pytest.mark.shows("--strength")),
        pytest.param("{words}", "--sref {link}", marks=pytest.mark.shows("--sref")),
        pytest.param("{words} --sref {link}", "--sw 1000", marks=pytest.mark.shows("--sw")),
    ],
)
async def test_linked_images_act_on_the_painter(ben: Person, files: Files, usual: str, parameters: str) -> None:
    link = await linked(ben, files)
    values = {"link": link, "words": WORDS}
    before = usual.format(**values) + USUAL.removeprefix(WORDS)
    plain, other = await made(ben, before), await made(ben, f"{before} {parameters.format(**values)}")
    assert not same(await picture(ben, plain), await picture(ben, other))
    assert "runs without" not in other["content"]


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--iw", "--strength", "Remix mode")
@pytest.mark.parametrize("parameter", ["--iw 2", "--strength 0.3"])
async def test_a_weight_of_an_attached_image_may_stand_in_the_window_of_a_remix(
    ben: Person, painting: Application, files: Files, parameter: str
) -> None:
    await remix(painting, ben)
    single = await made(ben, f"{USUAL} {parameter} --backend scripted", image=files("fox.png"))
    modal = await (await ben.click(single, "Vary (Strong)")).modal()
    assert parameter in text_of(modal)
    await ben.submit(modal, {}, "#studio")
    await ben.wait("#studio", lambda m: m["attachments"] and "Variations (Strong)" in m["content"])


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--strength")
async def test_the_last_of_weight_and_strength_counts(ben: Person, backend: Scripted, files: Files) -> None:
    message = await made(ben, f"{USUAL} --iw 2 --strength 0.3 --backend scripted", image=files("fox.png"))
    assert "`--strength` replaces `--iw`" in message["content"]
    (request,) = backend.requests
    assert (request.operation, request.strength) == (Operation.VARY, 0.3)
    assert "iw" not in request.parameters


# Shape, size, format


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        pytest.param("--width 96 --height 64", (96, 64), marks=pytest.mark.shows("--width", "--height")),
        pytest.param("--hd", (2048, 2048), marks=pytest.mark.shows("--hd")),
        pytest.param("--ar 2:1 --draft", (1456, 720), marks=pytest.mark.shows("--ar")),
    ],
)
async def test_the_size_of_a_picture(ben: Person, parameters: str, size: tuple[int, int]) -> None:
    message = await made(ben, f"{WORDS} --n 1 {parameters}")
    assert (await picture(ben, message)).size == size


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--format")
@pytest.mark.parametrize(("name", "form"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
async def test_the_format_of_the_originals(ben: Person, name: str, form: str) -> None:
    message = await made(ben, f"{USUAL} --format {name}")
    assert message["attachments"][0]["filename"].endswith(f".{name}")
    assert (await picture(ben, message)).format == form


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--n")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_the_number_of_pictures(ben: Person, backend: Scripted, number: int) -> None:
    message = await made(ben, f"{WORDS} --backend scripted --n {number}")
    assert len(backend.requests[0].seeds) == number
    picks = [label for label in labels(message) if label.startswith("U") and label[1:].isdigit()]
    assert picks == [f"U{place}" for place in range(1, number + 1) if number > 1]


# How it runs


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--repeat")
async def test_so_many_jobs(ben: Person, backend: Scripted) -> None:
    question = await (await ben.slash("imagine", "#studio", prompt=f"{WORDS} --repeat 3 --backend scripted")).message()
    assert "3 jobs" in question["content"]
    await ben.click(question, "Yes")
    seeds = {request.seeds for request in await backend.running(3)}
    assert len(seeds) == 3


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("parameter", "mode"),
    [
        pytest.param("--fast", "(fast)", marks=pytest.mark.shows("--fast")),
        pytest.param("--relax", "(relaxed)", marks=pytest.mark.shows("--relax")),
        pytest.param("--turbo", "(turbo)", marks=pytest.mark.shows("--turbo")),
    ],
)
async def test_the_mode_of_one_job(ben: Person, parameter: str, mode: str) -> None:
    assert mode in (await made(ben, f"{USUAL} {parameter}"))["content"]


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--stealth", "--public")
async def test_who_sees_one_job(ben: Person, ana: Person) -> None:
    hidden = await made(ben, f"{USUAL} --stealth")
    assert hidden["flags"] & EPHEMERAL
    assert "stealth" in hidden["content"]
    await ben.slash("stealth", "#studio")
    shown = await made(ben, f"{USUAL} --public")
    assert not shown["flags"] & EPHEMERAL
    await ana.wait("#studio", lambda m: m["id"] == shown["id"])
    assert hidden["id"] not in ana.messages


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--backend")
async def test_another_generator(ben: Person, backend: Scripted) -> None:
    await made(ben, USUAL)
    assert backend.requests == []
    await made(ben, f"{USUAL} --backend scripted")
    assert [request.text for request in backend.requests] == [WORDS]


# What only other generators honour


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("parameters", "given"),
    [
        pytest.param("--version 7", {"version": "7"}, marks=pytest.mark.shows("--version")),
        pytest.param("--niji 6", {"niji": "6"}, marks=pytest.mark.shows("--niji")),
        pytest.param("--niji", {"niji": True}, marks=pytest.mark.shows("--niji")),
        pytest.param("--profile abc def", {"profile": ("abc", "def")}, marks=pytest.mark.shows("--profile")),
        pytest.param("--p", {"profile": True}, marks=pytest.mark.shows("--profile")),
        pytest.param("--steps 20", {"steps": 20}, marks=pytest.mark.shows("--steps")),
        pytest.param("--cfg 7.5", {"cfg": 7.5}, marks=pytest.mark.shows("--cfg")),
        pytest.param("--sampler Euler a", {"sampler": "Euler a"}, marks=pytest.mark.shows("--sampler")),
        pytest.param("--lora paper:0.8", {"lora": (("paper", 0.8),)}, marks=pytest.mark.shows("--lora")),
    ],
)
async def test_what_the_painter_does_not_honour_is_named_and_others_are_asked_for(
    ben: Person, backend: Scripted, parameters: str, given: Mapping[str, object]
) -> None:
    message = await made(ben, f"{USUAL} {parameters}")
    names = ", ".join(f"`--{name}`" for name in given)
    assert f"The painter backend runs without {names}." in message["content"]

    message = await made(ben, f"{USUAL} {parameters} --backend scripted")
    assert "runs without" not in message["content"]
    (request,) = backend.requests
    assert {name: request.parameters[name] for name in given} == given


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    ("parameters", "role", "names"),
    [
        pytest.param("--cref {link} --cw 40", Role.CHARACTER, "cref cw", marks=pytest.mark.shows("--cref", "--cw")),
        pytest.param("--oref {link} --ow 40", Role.OBJECT, "oref ow", marks=pytest.mark.shows("--oref", "--ow")),
        pytest.param("--sref {link} --sv 4", Role.STYLE, "sv", marks=pytest.mark.shows("--sref", "--sv")),
    ],
)
async def test_references_that_the_painter_does_not_take_are_named(
    ben: Person, backend: Scripted, files: Files, parameters: str, role: Role, names: str
) -> None:
    typed = f"{USUAL} {parameters.format(link=await linked(ben, files))}"
    note = (await made(ben, typed))["content"].splitlines()[1:]
    listed = ", ".join(f"`--{name}`" for name in names.split())
    assert f"-# The painter backend runs without {listed}." in note

    message = await made(ben, f"{typed} --backend scripted")
    assert "runs without" not in message["content"]
    (request,) = backend.requests
    assert [image.role for image in request.images] == [role]
    assert names.rsplit(maxsplit=1)[-1] in request.parameters


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--sref")
async def test_style_codes_are_named_as_what_only_midjourney_has(ben: Person) -> None:
    message = await made(ben, f"{USUAL} --sref 1234 random")
    assert "only links to images are used with `--sref`" in message["content"]


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--edit")
async def test_linked_images_are_edited_as_the_prompt_says(ben: Person, backend: Scripted, files: Files) -> None:
    fox = await linked(ben, files)
    wolf = await linked(ben, files, "wolf.png")
    message = await made(ben, f"make it night --backend scripted --edit {fox} {wolf}")
    assert "runs without" not in message["content"]
    (request,) = backend.requests
    assert (request.operation, request.text) == (Operation.EDIT, "make it night")
    assert len(request.images) == 2
    painted = await made(ben, f"make the sky red --n 1 --edit {fox}")
    assert "runs without" not in painted["content"]
    assert (await picture(ben, painted)).size == (96, 64)


# What is refused


@pytest.mark.usefixtures("painting")
@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param("--video", marks=pytest.mark.shows("--video")),
        pytest.param("--video --motion high", marks=pytest.mark.shows("--motion")),
        pytest.param("--video --loop", marks=pytest.mark.shows("--loop")),
        pytest.param("--video --end https://example.com/end.png", marks=pytest.mark.shows("--end")),
    ],
)
async def test_videos_are_refused_in_a_sentence(ben: Person, parameters: str) -> None:
    answer = await (await ben.slash("imagine", "#studio", prompt=f"{WORDS} {parameters}")).message()
    assert answer["flags"] & EPHEMERAL
    assert answer["embeds"][0]["description"] == ("The painter backend makes pictures only: `--video` can't be used.")


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("--zoom")
async def test_zoom_belongs_into_its_window(ben: Person, backend: Scripted) -> None:
    answer = await (await ben.slash("imagine", "#studio", prompt=f"{WORDS} --zoom 1.5")).message()
    assert answer["embeds"][0]["description"] == "`--zoom` can only be used in the Custom Zoom window."
    single = await made(ben, f"{WORDS} --n 1 --backend scripted")
    modal = await (await ben.click(single, "Custom Zoom")).modal()
    await ben.submit(modal, {"prompt0": f"{WORDS} --n 1 --zoom 1.25"}, "#studio")
    await ben.wait("#studio", lambda m: m["attachments"] and "Zoom Out by" in m["content"])
    request = backend.requests[-1]
    assert request.frame is not None
    assert request.width / request.frame.width == pytest.approx(1.25, rel=0.03)


def alone(row: Parameter) -> str:
    """A parameter with a value that is right, but without what it needs."""
    link = "https://example.com/end.png"
    value = {Kind.FLAG: "", Kind.LINKS: link, Kind.CHOICE: "low"}.get(row.kind, number_text(max(row.low, 1)))
    return f"--{row.name} {value}".strip()


#: What cannot be, and the parameter that the answer names.
ODD = [
    *(
        (f"--{row.name} {number_text(value)}", row.name)
        for row in PARAMETERS
        if row.kind in {Kind.INTEGER, Kind.NUMBER} and not row.choices and not row.restricted
        for value in (row.low - 1, row.high + 1)
    ),
    *((alone(row), row.name) for row in PARAMETERS if row.partner),
    ("--ar 1.39:1", "ar"),
    ("--ar 0:1", "ar"),
    ("--quality 3", "quality"),
    ("--version seven", "version"),
    ("--format gif", "format"),
    ("--video --motion slow", "motion"),
    ("--lora paper:9", "lora"),
    ("--sref fox!", "sref"),
    ("--cref fox", "cref"),
    ("--oref https://example.com/a.png https://example.com/b.png", "oref"),
    ("--edit fox", "edit"),
    ("--seed", "seed"),
    ("--seed five", "seed"),
    ("--model", "model"),
]


@pytest.mark.usefixtures("painting")
@pytest.mark.shows("Errors")
async def test_values_that_cannot_be_are_answered_in_private(ben: Person, ana: Person, backend: Scripted) -> None:
    """Out of range, of another kind, and without what they need."""
    for typed, name in ODD:
        answer = await (await ben.slash("imagine", "#studio", prompt=f"{WORDS} {typed}")).message()
        assert answer["flags"] & EPHEMERAL, typed
        assert [embed["color"] for embed in answer["embeds"]] == [RED], typed
        (embed,) = answer["embeds"]
        assert f"`--{name}" in embed["description"], (typed, embed["description"])
        assert typed in embed["footer"]["text"]
        assert labels(answer) == ["Fix"], typed
    assert backend.requests == []
    assert not [message for message in ana.messages.values() if message["author"]["id"] != ben.id]
