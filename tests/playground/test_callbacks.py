"""Which first answers an interaction takes, spoken without a client in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground import Person, Playground
from bot.playground.forms import Refused
from bot.playground.interactions import Interaction
from bot.playground.problems import JSON

COMMAND: JSON = {
    "name": "ask",
    "description": "Ask",
    "type": 1,
    "options": [{"type": 3, "name": "text", "description": "Text", "autocomplete": True}],
}
MODAL: JSON = {
    "custom_id": "m",
    "title": "Title",
    "components": [
        {"type": 1, "components": [{"type": 4, "custom_id": "t", "style": 1, "label": "Text", "required": False}]}
    ],
}
BUTTON: JSON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}


class Raw:
    """Starts interactions in the first channel as Ana, and answers them over HTTP."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self.playground = playground
        self.session = session
        self.channel = next(iter(playground.world.channels))
        playground.commands.replace(next(iter(playground.world.guilds)), [COMMAND])

    def start(self, kind: int, data: JSON, **more: str) -> Interaction:
        user = self.playground.world.people[0]
        return self.playground.interact(user, self.channel, {"type": kind, "data": data, **more})

    def command(self) -> Interaction:
        return self.start(2, {"name": "ask", "type": 1})

    async def answer(self, interaction: Interaction, body: Any, query: str = "?with_response=1") -> tuple[int, Any]:
        url = f"{self.playground.api_url}/interactions/{interaction.id}/{interaction.token}/callback{query}"
        async with self.session.post(url, json=body) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def webhook(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.playground.api_url}/webhooks/{path}", json=body) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def button(self) -> Interaction:
        asked = self.command()
        _, receipt = await self.answer(asked, {"type": 4, "data": {"content": "x", "components": [BUTTON]}})
        message = receipt["resource"]["message"]
        return self.start(3, {"custom_id": "go", "component_type": 2}, message_id=message["id"])


@pytest.fixture
async def raw(playground: Playground) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(playground, session)


@pytest.mark.parametrize(
    "body", [{"type": 1}, {"type": 6}, {"type": 7}, {"type": 8}, {"type": 77}, {"type": "4"}, {"type": True}, {}, []]
)
async def test_a_command_takes_no_such_answer(raw: Raw, body: Any) -> None:
    interaction = raw.command()
    status, error = await raw.answer(interaction, body)
    assert (status, error["code"]) == (400, 50035)
    assert (await raw.answer(interaction, {"type": 5}))[0] == 200


async def test_receipts(raw: Raw) -> None:
    interaction = raw.command()
    status, receipt = await raw.answer(interaction, {"type": 5, "data": {"flags": 64}})
    original = interaction.original
    assert original is not None
    assert (status, receipt) == (
        200,
        {
            "interaction": {
                "id": interaction.id,
                "type": 2,
                "response_message_id": original.id,
                "response_message_loading": True,
                "response_message_ephemeral": True,
            }
        },
    )
    assert await raw.answer(raw.command(), {"type": 4, "data": {"content": "x"}}, "") == (204, None)


@pytest.mark.parametrize("data", [{"flags": 4}, {"content": "x"}, {"flags": 64, "content": "x"}])
async def test_a_deferred_answer_carries_only_the_ephemeral_flag(raw: Raw, data: Any) -> None:
    assert (await raw.answer(raw.command(), {"type": 5, "data": data}))[0] == 400


async def test_a_modal_cannot_follow_a_modal_and_updates_only_what_opened_it(raw: Raw) -> None:
    asked = raw.command()
    assert await raw.answer(asked, {"type": 9, "data": MODAL}, "") == (204, None)
    submitted = raw.start(5, {"custom_id": "m", "components": []}, modal_id=asked.id)
    assert (await raw.answer(submitted, {"type": 9, "data": MODAL}))[0] == 400
    assert (await raw.answer(submitted, {"type": 7, "data": {"content": "y"}}))[0] == 400
    status, receipt = await raw.answer(submitted, {"type": 4, "data": {"content": "y"}})
    metadata = receipt["resource"]["message"]["interaction_metadata"]
    assert (status, metadata["triggering_interaction_metadata"]["id"]) == (200, asked.id)
    clicked = await raw.button()
    await raw.answer(clicked, {"type": 9, "data": MODAL})
    submitted = raw.start(5, {"custom_id": "m", "components": []}, modal_id=clicked.id)
    status, receipt = await raw.answer(submitted, {"type": 7, "data": {"content": "changed"}})
    assert clicked.message is not None
    assert (status, receipt["resource"]["message"]["id"]) == (200, clicked.message.id)


BAD_MODALS: list[JSON] = [
    {"title": "x" * 46},
    {"title": ""},
    {"custom_id": "x" * 101},
    {"components": []},
    {"components": [BUTTON]},
    {"components": MODAL["components"] * 2},
    {
        "components": [
            {"type": 18, "label": "x", "component": {"type": 4, "custom_id": "t", "style": 1, "max_length": 4001}}
        ]
    },
    {"components": [{"type": 18, "label": "x" * 46, "component": {"type": 4, "custom_id": "t", "style": 1}}]},
    {"components": [{"type": 18, "label": "x", "component": {"type": 21, "custom_id": "r", "options": []}}]},
    {"components": [{"type": 18, "label": "x", "component": {"type": 19, "custom_id": "f", "max_values": 11}}]},
]


@pytest.mark.parametrize("change", BAD_MODALS)
async def test_a_modal_that_discord_refuses(raw: Raw, change: JSON) -> None:
    status, error = await raw.answer(raw.command(), {"type": 9, "data": MODAL | change})
    assert (status, error["code"], list(error["errors"])) == (400, 50035, ["data"])


async def test_autocomplete_takes_choices_alone(raw: Raw) -> None:
    option = {"name": "text", "type": 3, "value": "x", "focused": True}
    interaction = raw.start(4, {"name": "ask", "type": 1, "options": [option]})
    assert (await raw.answer(interaction, {"type": 4, "data": {"content": "x"}}))[0] == 400
    choices = [{"name": "n", "value": "v"}]
    assert (await raw.answer(interaction, {"type": 8, "data": {"choices": choices * 26}}))[0] == 400
    assert (await raw.answer(interaction, {"type": 8, "data": {"choices": [{"name": "n", "value": 5}]}}))[0] == 400
    assert (await raw.answer(interaction, {"type": 8, "data": {"choices": choices}}))[0] == 200
    assert interaction.choices is not None
    assert await interaction.choices == choices


async def test_the_secret_answer_is_not_quoted_in_public(raw: Raw) -> None:
    interaction = raw.command()
    await raw.answer(interaction, {"type": 4, "data": {"content": "secret", "flags": 64}})
    path = f"{raw.playground.world.application.id}/{interaction.token}"
    _, public = await raw.webhook("POST", path, {"content": "public"})
    assert "referenced_message" not in public
    _, hidden = await raw.webhook("POST", path, {"content": "hidden", "flags": 64})
    assert hidden["referenced_message"]["content"] == "secret"
    assert (await raw.webhook("GET", f"{path}/messages/@original"))[1]["content"] == "secret"
    assert (await raw.webhook("PATCH", f"{path}/messages/{public['id']}", {"content": "p"}))[1]["content"] == "p"
    assert await raw.webhook("DELETE", f"{path}/messages/{public['id']}") == (204, None)


async def test_webhooks_that_are_not_there(raw: Raw) -> None:
    application = raw.playground.world.application.id
    interaction, other = raw.command(), raw.command()
    for each in (interaction, other):
        await raw.answer(each, {"type": 4, "data": {"content": "x"}})
    codes = [
        (await raw.webhook("POST", f"5/{interaction.token}", {"content": "x"}))[1]["code"],
        (await raw.webhook("POST", f"{application}/nonsense", {"content": "x"}))[1]["code"],
        (await raw.webhook("GET", f"{application}/{interaction.token}/messages/5"))[1]["code"],
        (await raw.webhook("POST", f"{application}/{interaction.token}", {}))[1]["code"],
        (await raw.webhook("POST", f"{application}/{interaction.token}", {"content": "x", "poll": {"a": 1}}))[1][
            "code"
        ],
    ]
    assert codes == [10015, 50027, 10008, 50006, 50035]
    assert other.original is not None
    path = f"{application}/{interaction.token}/messages/{other.original.id}"
    assert (await raw.webhook("PATCH", path, {"content": "y"}))[1]["code"] == 10008


async def test_bodies_that_are_none(raw: Raw) -> None:
    interaction = raw.command()
    url = f"{raw.playground.api_url}/interactions/{interaction.id}/{interaction.token}/callback"
    for body, kind in ((b"{", "application/json"), (b"{}", "text/plain"), (b"x", "multipart/form-data; boundary=y")):
        async with raw.session.post(url, data=body, headers={"Content-Type": kind}) as response:
            assert response.status == 400


async def test_the_real_clock_runs_by_itself(playground: Playground, ana: Person) -> None:
    fired = asyncio.Event()
    playground.clock.call_later(0.01, fired.set)
    await asyncio.wait_for(fired.wait(), 10)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["ask", "text", "go", "m", "t"])
)
WORDS = (
    "name",
    "type",
    "options",
    "value",
    "focused",
    "custom_id",
    "components",
    "component",
    "values",
    "target_id",
    "id",
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=15,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(value=VALUES, kind=st.sampled_from([2, 3, 4, 5]))
async def test_whatever_a_person_sends_is_taken_or_refused_in_words(raw: Raw, value: Any, kind: int) -> None:
    clicked = await raw.button()
    await raw.answer(clicked, {"type": 9, "data": MODAL}, "")
    assert clicked.message is not None
    for data in (
        value,
        {"name": "ask", "type": 1, "options": value},
        {"custom_id": "go", "values": value},
        {"custom_id": "m", "components": value},
    ):
        try:
            raw.start(kind, data, message_id=clicked.message.id, modal_id=clicked.id)
        except Refused as error:
            assert str(error)  # noqa: PT017
