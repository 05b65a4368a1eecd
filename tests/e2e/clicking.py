"""What tests of clicks and modes share: who acts, what is said to one alone, and a bot that is started again."""

from collections.abc import Callable
from typing import Any

import aiohttp

from bot.app import Application
from bot.playground import Person, Playground
from bot.playground.client import walk
from bot.studio import Caller
from tests.e2e.people import EPHEMERAL, Message, imagine, result

HOME = 1200000000000001000
STUDIO, GALLERY, RANDOM = "1200000000000001001", "1200000000000001002", "1200000000000001003"


def acting(person: Person, **changes: Any) -> Caller:
    """A person as the use cases know them."""
    values: dict[str, Any] = {"user_name": "", "guild_id": HOME, "channel_id": int(STUDIO)}
    return Caller(user_id=int(person.id), **(values | changes))


def said(message: Message) -> str:
    """All that a message says."""
    return " ".join([message["content"], *(embed.get("description", "") for embed in message["embeds"])])


def alone(words: str) -> Callable[[Message], bool]:
    """A message for one alone that says so."""
    return lambda message: bool(message["flags"] & EPHEMERAL) and words in said(message)


def after(message: Message, wanted: Callable[[Message], bool]) -> Callable[[Message], bool]:
    """One that came later."""
    return lambda found: int(found["id"]) > int(message["id"]) and wanted(found)


def text_of(modal: Message) -> str:
    """The prompt that stands in a window."""
    return next(field["value"] for field in walk(modal["components"]) if field["custom_id"] == "prompt0")


async def single(person: Person, prompt: str, channel: str = "#studio") -> Message:
    """A picture on its own."""
    options = await imagine(person, prompt, channel)
    await person.click(options, "U1")
    return await person.wait(channel, after(options, result()))


async def remix(app: Application, person: Person) -> None:
    assert await app.studio.switch(acting(person), "remix")


async def newest(app: Application, person: Person) -> str:
    """The id of a person's last job."""
    (job,) = await app.store.jobs_of(int(person.id), limit=1)
    return job.id


async def thread_on(playground: Playground, message: Message) -> str:
    """A thread that begins at a message, and its id."""
    url = f"{playground.api_url}/channels/{message['channel_id']}/messages/{message['id']}/threads"
    headers = {"Authorization": f"Bot {playground.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={"name": "more of it"}) as made,
    ):
        return str((await made.json())["id"])
