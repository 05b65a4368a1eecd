"""/edit, on any image, by an instruction and by the edits that a generator has a name for, over real sockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import application
from bot.backends.base import Capabilities, Edit, Operation, Role
from bot.catalog import Catalog
from bot.playground import Person, Playground
from tests.e2e.conftest import ready, settings_for
from tests.e2e.given import Files, files_in, refused, told
from tests.e2e.people import EPHEMERAL, grid, picture, result
from tests.scripted import EVERYTHING, Scripted, limited

NAMED = replace(EVERYTHING, edits=frozenset(Edit))
CHOICES = ["As the instruction says", "Colourise", "Restyle", "Remove the background", "Search and replace"]


@pytest.fixture
def offers() -> Capabilities:
    return NAMED


@pytest.fixture
def backend(offers: Capabilities) -> Scripted:
    return Scripted(offers=offers)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_in(tmp_path)


async def choices(person: Person, typed: str = "") -> list[str]:
    return [one["name"] for one in await person.autocomplete("edit", "#studio", "operation", typed)]


@pytest.mark.shows("/edit")
@pytest.mark.usefixtures("app")
async def test_an_image_is_changed_as_one_says(ben: Person, backend: Scripted, files: Files) -> None:
    await ben.slash("edit", "#studio", image=files("fox.png"), instruction="make the sky red")
    message = await ben.wait("#studio", grid("Edited (make the sky red) by"))
    (request,) = backend.requests
    assert (request.operation, request.edit, request.text) == (Operation.EDIT, None, "make the sky red")
    assert [image.role for image in request.images] == [Role.INITIAL]
    assert [user["id"] for user in message["mentions"]] == [ben.id]
    assert not message["flags"] & EPHEMERAL

    await ben.click(message, "🔄")
    await ben.wait("#studio", grid("Edited (make the sky red) by", after=message))
    assert [one.text for one in backend.requests] == ["make the sky red"] * 2


@pytest.mark.shows("/edit")
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("operation", "edit", "done"),
    [("colourise", Edit.COLOURISE, "Colourised by"), ("Remove the background", Edit.REMOVE_BACKGROUND, "Background removed by")],
)  # fmt: skip
async def test_an_edit_that_needs_no_words_gives_one_picture(
    ben: Person, backend: Scripted, files: Files, operation: str, edit: Edit, done: str
) -> None:
    await ben.slash("edit", "#studio", image=files("fox.png"), operation=operation)
    message = await ben.wait("#studio", result(done))
    assert (await picture(ben, message)).size == (96, 64)
    (request,) = backend.requests
    assert (request.operation, request.edit, len(request.seeds)) == (Operation.EDIT, edit, 1)

    await ben.click(message, "🔄")
    await ben.wait("#studio", lambda m: result(done)(m) and m["id"] != message["id"])
    assert [one.edit for one in backend.requests] == [edit] * 2


@pytest.mark.shows("/edit")
@pytest.mark.usefixtures("app")
async def test_another_style(ben: Person, backend: Scripted, files: Files) -> None:
    answer = await refused(await ben.slash("edit", "#studio", image=files("fox.png"), operation="restyle"))
    assert answer == "Say what should change in the picture."
    await ben.slash("edit", "#studio", image=files("fox.png"), operation="restyle", instruction="as a woodcut")
    await ben.wait("#studio", grid("Restyled (as a woodcut) by"))
    (request,) = backend.requests
    assert (request.edit, request.text) == (Edit.RESTYLE, "as a woodcut")


@pytest.mark.shows("/edit")
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("operation", [{}, {"operation": "replace"}], ids=["by itself", "named"])
async def test_something_is_sought_and_replaced(
    ben: Person, backend: Scripted, files: Files, operation: dict[str, str]
) -> None:
    await ben.slash(
        "edit", "#studio", image=files("fox.png"), instruction="a wolf", search="the *fox*", **operation
    )  # fmt: skip
    await ben.wait("#studio", grid(r"Replaced (the \*fox\* → a wolf) by"))
    (request,) = backend.requests
    assert (request.edit, request.search, request.text) == (Edit.REPLACE, "the *fox*", "a wolf")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Say what should change in the picture."),
        ({"operation": "replace", "instruction": "a wolf"}, "Say in `search` what is to be replaced"),
        ({"operation": "colourise", "search": "the fox"}, "`search` belongs to “Search and replace”."),
        ({"operation": "improve"}, "There is no edit `improve`. There are: `Colourise`"),
    ],
)
async def test_what_is_missing_is_said_at_once(
    ben: Person, backend: Scripted, files: Files, options: dict[str, str], words: str
) -> None:
    assert words in await refused(await ben.slash("edit", "#studio", image=files("fox.png"), **options))
    assert "either an image or a link" in await refused(await ben.slash("edit", "#studio", instruction="red"))
    assert backend.requests == []


@pytest.mark.usefixtures("app")
async def test_every_edit_is_offered_by_its_name(ben: Person) -> None:
    assert await choices(ben) == CHOICES
    assert await choices(ben, "back") == ["Remove the background"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("offers", "offered"),
    [
        (replace(NAMED, edits=frozenset({Edit.COLOURISE})), CHOICES[:2]),
        (limited(Operation.GENERATE, Operation.VARY), CHOICES[:1]),
        (limited(Operation.GENERATE), []),
    ],
)
async def test_only_what_the_generator_has_is_offered(ben: Person, files: Files, offered: list[str]) -> None:
    assert await choices(ben) == offered
    answer = await refused(await ben.slash("edit", "#studio", image=files("fox.png"), operation="remove-background"))
    assert answer == "No generator here has this edit: Remove the background."


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("offers", [limited(Operation.GENERATE, Operation.VARY)])
async def test_an_instruction_is_composed_where_the_generator_follows_none(
    ben: Person, backend: Scripted, files: Files
) -> None:
    await ben.slash("edit", "#studio", image=files("fox.png"), instruction="make it blue")
    message = await ben.wait("#studio", grid("Edited (make it blue) by"))
    assert "follows no instructions" in message["content"]
    (request,) = backend.requests
    assert (request.operation, request.text) == (Operation.VARY, "make it blue")


@asynccontextmanager
async def two(playground: Playground, folder: Path) -> AsyncGenerator[dict[str, Scripted]]:
    """A bot with a generator that only paints and one that has every edit."""
    backends = {"plain": Scripted("plain", limited(Operation.GENERATE)), "able": Scripted("able", NAMED)}
    settings = settings_for(playground, folder, backends="plain,able")
    async with application(settings, catalog=Catalog(backends)) as app:
        serving = asyncio.create_task(app.serve())
        try:
            await ready(playground, serving)
            yield backends
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def test_it_is_said_which_generator_can(
    playground: Playground, ben: Person, files: Files, tmp_path: Path
) -> None:
    async with two(playground, tmp_path):
        answer = await refused(await ben.slash("edit", "#studio", image=files("fox.png"), operation="restyle",
                                               instruction="as a woodcut"))  # fmt: skip
        assert answer == (
            "The plain backend has no such edit: Restyle. These have it: able. Choose one in `/settings`."
        )
        answer = await refused(await ben.slash("edit", "#studio", image=files("fox.png"), instruction="make it red"))
        assert answer.startswith("The plain backend has no such edit: as the instruction says. These have it: able.")


@pytest.mark.usefixtures("app")
async def test_an_image_that_is_none(ben: Person, backend: Scripted, files: Files) -> None:
    await ben.slash("edit", "#studio", image=files("none.png"), operation="colourise")
    await told(ben, "That file is not a PNG")
    assert backend.requests == []
