"""Images into words and long prompts into short ones: /describe, its menu entry, /shorten, and what their buttons lead to."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.backends.base import Operation, Progress, Request, Result
from bot.playground import Person, Playground
from bot.playground.client import labels
from tests.e2e.conftest import serving, settings_for
from tests.e2e.people import EPHEMERAL, Message, grid, imagine, result
from tests.scripted import Scripted, limited

TEXTS = ("one", "two", "three", "four")
KEYS = tuple(f"{number}\ufe0f\u20e3" for number in range(1, 6))
FOX = (
    "a very beautiful old red fox jumping over the lazy dog in the snow, masterpiece, highly detailed, 8k,"
    " trending on artstation --ar 3:2"
)
running = pytest.mark.usefixtures("app")


def painted(size: tuple[int, int] = (64, 48), name: str = "sea.png") -> tuple[str, bytes]:
    """A picture of somebody's own."""
    data = BytesIO()
    Image.new("RGB", size, "teal").save(data, "PNG")
    return name, data.getvalue()


def described(after: Message | None = None) -> Callable[[Message], bool]:
    """A finished description."""
    floor = int(after["id"]) if after else 0
    return lambda message: KEYS[0] in labels(message) and "🔄" in labels(message) and int(message["id"]) > floor


def told(message: Message) -> str:
    """What the one embed of a message says."""
    (embed,) = message["embeds"]
    return embed["description"]


async def refused(person: Person, interaction: Any) -> str:
    """What is said, to this person alone, where something does not work."""
    assert await interaction.acknowledged()
    message = await person.wait("#studio", lambda m: m["flags"] & EPHEMERAL and m["embeds"])
    return told(message)


async def describe(person: Person, **options: Any) -> Message:
    assert await (await person.slash("describe", "#studio", **options)).acknowledged()
    return await person.wait("#studio", described())


# /describe


@running
@pytest.mark.shows("/describe")
async def test_an_image_becomes_four_prompts(ben: Person, backend: Scripted) -> None:
    message = await describe(ben, image=painted())
    assert backend.requests[0].operation is Operation.DESCRIBE
    assert [user["id"] for user in message["mentions"]] == [ben.id]
    assert [text in told(message) for text in TEXTS] == [True] * 4
    assert message["embeds"][0]["image"]["url"]
    assert set(KEYS[:4]) | {"🔄", "Imagine all"} <= set(labels(message))

    modal = await (await ben.click(message, KEYS[1])).modal()
    assert "two" in str(modal["components"])
    await ben.submit(modal, {"prompt0": "two foxes --seed 7"}, "#studio")
    await ben.wait("#studio", grid("two foxes"))
    assert backend.requests[-1].text == "two foxes"

    assert await (await ben.click(message, "🔄")).acknowledged()
    again = await ben.wait("#studio", described(after=message))
    assert backend.requests[-1].operation is Operation.DESCRIBE
    assert again["embeds"][0]["image"]["url"]


@running
@pytest.mark.shows("/describe")
async def test_all_prompts_are_imagined_after_a_question(ben: Person, ana: Person, backend: Scripted) -> None:
    message = await describe(ben, image=painted())
    question = await (await ana.click(message, "Imagine all")).message()
    assert question["flags"] & EPHEMERAL
    assert "4" in question["content"]
    assert len(backend.requests) == 1
    await ana.click(question, "Sí")
    for text in TEXTS:
        made = await ben.wait("#studio", grid(f"**{text}**"))
        assert [user["id"] for user in made["mentions"]] == [ana.id]


class Wordy(Scripted):
    """Describes every image in words that the prompt language would read otherwise, or in far too many."""

    long: bool = False

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        result = await Scripted.collect(self, request, handle, progress)
        if not result.texts:
            return result
        return Result(texts=tuple(f"a {{wild}} fox, {text}" + " yes" * (500 * self.long) for text in TEXTS))


@pytest.mark.shows("/describe")
async def test_a_description_is_imagined_to_the_letter(playground: Playground, tmp_path: Path, ben: Person) -> None:
    backend = Wordy()
    async with serving(settings_for(playground, tmp_path), backend, playground):
        message = await describe(ben, image=painted())
        modal = await (await ben.click(message, KEYS[0])).modal()
        await ben.submit(modal, {}, "#studio")
        first = await ben.wait("#studio", grid("a {wild} fox, one"))
        await ben.click(await (await ben.click(message, "Imagine all")).message(), "Yes")
        await ben.wait("#studio", grid("a {wild} fox, one", after=first))
        for text in TEXTS[1:]:
            await ben.wait("#studio", grid(f"a {{wild}} fox, {text}"))
    assert len(backend.requests) == 6


@pytest.mark.shows("/describe")
async def test_descriptions_too_long_to_be_imagined_at_once(
    playground: Playground, tmp_path: Path, ben: Person
) -> None:
    backend = Wordy()
    backend.long = True
    async with serving(settings_for(playground, tmp_path), backend, playground):
        message = await describe(ben, image=painted())
        assert len(told(message)) <= 4096
        assert "use their own buttons" in await refused(ben, await ben.click(message, "Imagine all"))
        modal = await (await ben.click(message, KEYS[3])).modal()
        await ben.submit(modal, {}, "#studio")
        await ben.wait("#studio", grid("a {wild} fox, four yes"))


@pytest.mark.shows("/describe", "/shorten")
async def test_in_stealth_only_its_owner_sees_it(
    playground: Playground, tmp_path: Path, ben: Person, ana: Person, backend: Scripted
) -> None:
    async with serving(settings_for(playground, tmp_path, visibility="stealth"), backend, playground):
        assert (await describe(ben, image=painted()))["flags"] & EPHEMERAL
        short = await (await ben.slash("shorten", "#studio", prompt=FOX)).message()
        assert short["flags"] & EPHEMERAL
        assert not ana.messages


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_a_picture_of_ones_own_stays_ones_own(ben: Person, ana: Person) -> None:
    hidden = await imagine(ben, "a fox --stealth")
    question = await (await ben.menu("Describe", hidden)).message()
    assert await (await ben.click(question, "1")).acknowledged()
    assert (await ben.wait("#studio", described()))["flags"] & EPHEMERAL
    assert not ana.messages


@running
@pytest.mark.shows("/describe")
async def test_a_link_is_described(ben: Person, backend: Scripted) -> None:
    said = await ben.say("#studio", files=[painted()])
    await describe(ben, link=f"<{said['attachments'][0]['url']}>")
    (image,) = backend.requests[0].images
    assert image.path.suffix == ".png"


@running
@pytest.mark.shows("/describe")
async def test_either_an_image_or_a_link(ben: Person) -> None:
    assert "either an image or a link" in await refused(ben, await ben.slash("describe", "#studio"))
    both = await ben.slash("describe", "#random", image=painted(), link="https://example.com/a.png")
    answer = await both.message()
    assert answer["flags"] & EPHEMERAL
    assert "either an image or a link" in told(answer)


@running
@pytest.mark.shows("/describe")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"image": ("fox.png", b"no picture at all")}, "not a png"),
        ({"image": ("fox.png", painted()[1][:60])}, "picture"),
        ({"link": "http://127.0.0.1:1/fox.png"}, "link"),
        ({"link": "http://169.254.169.254/latest/meta-data"}, "link"),
        ({"link": "file:///etc/passwd"}, "link"),
        ({"link": "a fox"}, "link"),
    ],
)
async def test_what_is_no_image_is_refused_in_words(
    ben: Person, backend: Scripted, options: dict[str, Any], words: str
) -> None:
    assert words in (await refused(ben, await ben.slash("describe", "#studio", **options))).lower()
    assert backend.requests == []
    assert not [message for message in await ben.history("#studio") if message["flags"] & (1 << 7)]


@pytest.mark.shows("/describe")
async def test_a_generator_that_describes_nothing_says_so(playground: Playground, tmp_path: Path, ben: Person) -> None:
    backend = Scripted(offers=limited(Operation.GENERATE))
    async with serving(settings_for(playground, tmp_path), backend, playground):
        reason = await refused(ben, await ben.slash("describe", "#studio", image=painted()))
    assert "scripted backend can't describe" in reason
    assert backend.requests == []


@pytest.mark.shows("/describe", "/shorten")
async def test_a_restart_between_any_two_clicks(
    playground: Playground, tmp_path: Path, ben: Person, backend: Scripted
) -> None:
    settings = settings_for(playground, tmp_path)
    async with serving(settings, backend, playground):
        message = await describe(ben, image=painted())
        short = await (await ben.slash("shorten", "#studio", prompt=FOX)).message()
    async with serving(settings, backend, playground):
        modal = await (await ben.click(message, KEYS[2])).modal()
        question = await (await ben.click(message, "Imagine all")).message()
        shorter = await (await ben.click(short, KEYS[0])).modal()
    async with serving(settings, backend, playground):
        await ben.submit(modal, {}, "#studio")
        await ben.wait("#studio", grid("**three**"))
        await ben.submit(shorter, {}, "#studio")
        await ben.wait("#studio", grid("old red fox"))
        await ben.click(question, "Yes")
        await ben.wait("#studio", grid("**four**"))
        await ben.click(short, "Show Details")
        await ben.wait("#studio", lambda m: m["id"] == short["id"] and "`fox` (1.00)" in told(m))


# The entry in the context menu


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_of_a_grid_it_is_asked_which(ben: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")
    question = await (await ben.menu("Describe", first)).message()
    assert question["flags"] & EPHEMERAL
    assert labels(question) == ["1", "2", "3", "4"]
    assert await (await ben.click(question, "3")).acknowledged()
    await ben.wait("#studio", described())
    request = backend.requests[-1]
    assert request.operation is Operation.DESCRIBE
    assert len(request.images) == 1


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_a_single_picture_and_a_description_are_described_at_once(ben: Person, backend: Scripted) -> None:
    first = await imagine(ben, "a fox")
    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("Image #2"))
    assert await (await ben.menu("Describe", single)).acknowledged()
    message = await ben.wait("#studio", described())
    assert await (await ben.menu("Describe", message)).acknowledged()
    await ben.wait("#studio", described(after=message))
    assert [request.operation for request in backend.requests[1:]] == [Operation.DESCRIBE] * 2


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_the_image_of_somebodys_message(ben: Person, ana: Person, backend: Scripted) -> None:
    said = await ana.say("#studio", "mira", files=[("notes.txt", b"x"), painted()])
    assert await (await ben.menu("Describe", said)).acknowledged()
    message = await ben.wait("#studio", described())
    assert [user["id"] for user in message["mentions"]] == [ben.id]
    assert len(backend.requests[0].images) == 1


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_a_message_without_an_image(ben: Person, ana: Person, backend: Scripted) -> None:
    said = await ana.say("#studio", "a fox", files=[("notes.txt", b"x")])
    assert "no image in that message" in await refused(ben, await ben.menu("Describe", said))
    assert backend.requests == []


@running
@pytest.mark.shows("Message context menu", "/describe")
async def test_a_picture_that_is_not_finished_or_gone(ben: Person, backend: Scripted) -> None:
    backend.hold()
    progress = await (await ben.slash("imagine", "#studio", prompt="a fox")).thinking()
    await backend.running(1)
    assert "not finished" in await refused(ben, await ben.menu("Describe", progress))
    backend.release()
    message = await ben.wait("#studio", grid("a fox"))
    question = await (await ben.menu("Describe", message)).message()
    await ben.click(message, "❌")
    await ben.gone(message)
    await ben.click(question, "1")
    await ben.wait("#studio", lambda m: m["flags"] & EPHEMERAL and m["embeds"] and "no longer here" in told(m))


# /shorten


@running
@pytest.mark.shows("/shorten")
async def test_a_long_prompt_becomes_shorter_ones(ben: Person, backend: Scripted) -> None:
    message = await (await ben.slash("shorten", "#studio", prompt=FOX)).message()
    assert message["embeds"][0]["title"] == "Important tokens"
    assert labels(message) == [*KEYS, "Show Details"]
    assert "~~masterpiece~~" in told(message)
    assert "~~fox~~" not in told(message)
    assert f"{KEYS[4]} a fox --ar 3:2" in told(message)
    assert message["attachments"] == []

    modal = await (await ben.click(message, KEYS[3])).modal()
    await ben.submit(modal, {}, "#studio")
    await ben.wait("#studio", grid("**a fox jumping over the lazy dog --ar 3:2**"))
    assert backend.requests[0].text == "a fox jumping over the lazy dog"


@running
@pytest.mark.shows("/shorten")
async def test_the_weights_are_shown_on_demand(ana: Person) -> None:
    prompt = "un zorro rojo muy grande en la nieve, con una niña, obra maestra, alta calidad"
    message = await (await ana.slash("shorten", "#studio", prompt=prompt)).message()
    assert "~~obra~~" in told(message)
    button = labels(message)[-1]
    await ana.click(message, button)
    shown = await ana.wait("#studio", lambda m: m["id"] == message["id"] and "`zorro` (1.00)" in told(m))
    assert "`niña`" in told(shown)
    assert "`muy` (0.05)" in told(shown)
    assert button not in labels(shown)
    modal = await (await ana.click(shown, KEYS[0])).modal()
    assert "un zorro" in str(modal["components"])


@running
@pytest.mark.shows("/shorten")
async def test_a_prompt_of_6000_characters(ben: Person) -> None:
    prompt = ("an old `fox` in the *snow* by @everyone, a {red, blue} house, " * 97)[:5990] + " --ar 3:2"
    message = await (await ben.slash("shorten", "#studio", prompt=prompt)).message()
    assert len(told(message)) <= 4096
    (attachment,) = message["attachments"]
    text = (await ben.download(attachment["url"])).decode()
    assert "1. " in text
    assert text.rstrip().endswith("--ar 3:2")
    modal = await (await ben.click(message, KEYS[0])).modal()
    assert "--ar 3:2" in str(modal["components"])
    await ben.click(message, "Show Details")
    shown = await ben.wait("#studio", lambda m: m["id"] == message["id"] and "(1.00)" in told(m))
    assert len(shown["attachments"]) == 1


@running
@pytest.mark.shows("/shorten")
@pytest.mark.parametrize(
    ("prompt", "words"),
    [("a fox", "short already"), ("--ar 3:2", "short already"), ("fox::1 hare::2 wolf::1 owl::3", "could do without")],
)
async def test_nothing_to_shorten_is_said_in_words(ben: Person, prompt: str, words: str) -> None:
    assert words in await refused(ben, await ben.slash("shorten", "#studio", prompt=prompt))


@running
@pytest.mark.shows("/shorten")
async def test_a_shorter_prompt_that_is_wrong_can_be_mended(ben: Person) -> None:
    message = await (await ben.slash("shorten", "#studio", prompt="a red fox in the snow --foo 3")).message()
    modal = await (await ben.click(message, KEYS[0])).modal()
    await ben.submit(modal, {}, "#studio")
    answer = await ben.wait("#studio", lambda m: m["flags"] & EPHEMERAL and "Fix" in labels(m))
    assert "Unrecognized parameter(s): `--foo`" in told(answer)
