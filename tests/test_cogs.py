"""Buttons, windows and options, without a connection."""

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import Button, Menu, buttons
from bot.backends.base import Capabilities, Operation
from bot.client import Interaction, Lienzo
from bot.config import Settings
from bot.errors import UserError
from bot.i18n import T
from bot.jobs import Action, Image, ImageKind, Lane, new_job_id
from bot.media import picture_links
from bot.prompt import parse, permute
from bot.studio import Attachment
from bot.views import BUTTON_TEMPLATE, Click, face, prompt_modal, rows_view, submitted, zoom_modal
from cogs.imagine import as_text, as_value, lane_named, suggested
from cogs.jobs import is_zoom
from cogs.use_image import which
from tests.fake_studio import FakeStudio

EVERYTHING = Capabilities(operations=frozenset(Operation), max_side=8192, max_pixels=8192 * 8192)


def outputs(count: int, width: int = 1024, height: int = 768) -> list[Image]:
    return [
        Image(
            job_id="j",
            kind=ImageKind.OUTPUT,
            index=i,
            key="k",
            media_type="image/png",
            width=width,
            height=height,
            size=1,
        )
        for i in range(count)
    ]


async def loaded() -> Lienzo:
    client = Lienzo(Settings(token="x", guilds=frozenset({1})), FakeStudio().real)  # pyright: ignore[reportArgumentType]
    await client.load_extension("cogs")
    return client


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("capabilities", [EVERYTHING, None])
async def test_every_button_of_a_result_does_something(count: int, capabilities: Capabilities | None) -> None:
    client = await loaded()
    rows = (
        *buttons(outputs(count), capabilities),
        (Button("cancel"), Button("fix"), Button("confirm"), Button("decline")),
    )
    assert {button.verb for row in rows for button in row} <= client.buttons.keys()
    await client.close()


@pytest.mark.parametrize("count", [1, 4])
async def test_rows_are_what_discord_takes(count: int) -> None:
    job_id = new_job_id()
    rows = buttons(outputs(count), EVERYTHING)
    view = rows_view(rows, job_id, "en-US")
    assert view is not None
    sent = view.to_components()
    assert [[part["custom_id"] for part in row["components"]] for row in sent] == [
        [f"lz:{b.verb}:{job_id}:{b.tile}" + (f":{b.extra}" if b.extra else "") for b in row] for row in rows
    ]
    custom_ids = [part["custom_id"] for row in sent for part in row["components"]]
    assert len(set(custom_ids)) == len(custom_ids)
    assert all(re.fullmatch(BUTTON_TEMPLATE, custom_id) and len(custom_id) <= 100 for custom_id in custom_ids)
    assert all(part.get("label") or part.get("emoji") for row in sent for part in row["components"])
    assert len(sent) <= 5
    assert all(len(row["components"]) <= 5 for row in sent)


async def test_views_are_never_kept_by_the_client() -> None:
    view = rows_view(((Button("reroll"),),), "job1", "en-US")
    assert view is not None
    assert view.is_finished()
    assert prompt_modal(Button("fix"), "draft1", T("Fix the prompt"), "x", "en-US").is_finished()
    assert rows_view((), "job1", "en-US") is None


def test_faces() -> None:
    assert face(Button(Action.UPSAMPLE, 3)).label == "U3"
    assert face(Button(Action.VARIATION, 4)).label == "V4"
    assert face(Button("reroll")).emoji == "🔄"
    assert face(Button(Action.PAN, 1, "up")).emoji == "⬆️"
    assert str(face(Button(Action.ZOOM, 1, "1.5")).label) == "Zoom Out 1.5x"
    assert face(Button("from_the_future")).label == "from_the_future"


def as_submitted(modal: discord.ui.Modal) -> Click | None:
    """What comes back when a window is submitted as it was opened."""
    sent = modal.to_dict()
    parts = [
        {"type": 18, "component": {"type": 4, "custom_id": label["component"]["custom_id"], "value": label["component"].get("value", "")}}
        for label in sent["components"]
    ]  # fmt: skip

    interaction = SimpleNamespace(
        type=discord.InteractionType.modal_submit, data={"custom_id": sent["custom_id"], "components": parts}
    )
    return submitted(cast("discord.Interaction[Any]", interaction))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30)


@given(st.lists(words, max_size=900).map(" ".join).filter(lambda text: len(text) <= 6000))
async def test_a_prompt_goes_through_the_window_unchanged(text: str) -> None:
    modal = prompt_modal(Button("fix"), "draft1", T("Fix the prompt"), text, "en-US")
    sent = modal.to_dict()
    assert all(len(label["component"].get("value") or "") <= 4000 for label in sent["components"])
    click = as_submitted(modal)
    assert click is not None
    assert (click.verb, click.job_id) == ("fix", "draft1")
    assert click.prompt == text


async def test_one_word_of_6000_letters_takes_two_fields() -> None:
    modal = prompt_modal(Button("fix"), "draft1", T("Fix the prompt"), "x" * 6000, "en-US")
    fields = [label["component"]["value"] for label in modal.to_dict()["components"]]
    assert [len(field) for field in fields] == [4000, 2000]


async def test_custom_zoom_asks_for_prompt_and_factor() -> None:
    click = as_submitted(zoom_modal("job1", 1, "a fox", "es-ES"))
    assert click is not None
    assert (click.verb, click.extra, click.prompt) == ("zoom", "custom", "a fox")
    assert click.fields is not None
    assert click.fields["factor"] == "1.8"


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("guild_id", [None, 1, 2])
async def test_user_installs_go_by_their_own_setting(allowed: bool, guild_id: int | None) -> None:
    values: dict[str, Any] = {"token": "x", "guilds": {1}, "allow_user_installs": allowed}
    client = Lienzo(Settings(**values), FakeStudio().real)
    installed = SimpleNamespace(is_user_integration=lambda: True, is_guild_integration=lambda: False, guild_id=guild_id)
    assert (client.refusal(cast("Interaction", installed)) is None) is allowed
    await client.close()


@pytest.mark.parametrize(
    ("text", "good"), [("2", True), ("1.5", True), ("1", True), ("0.9", False), ("2.1", False), ("x", False)]
)
def test_zoom_factors(text: str, good: bool) -> None:
    assert is_zoom(text) is good


def test_everything_given_becomes_one_prompt() -> None:
    attachment = Attachment("https://cdn.example/a.png", "a.png", 1)
    text = as_text("a {red, blue} fox", {"ar": "3:2", "relax": "true", "raw": "false", "no": "{dogs}"}, [attachment])
    assert text == "https://cdn.example/a.png a {red, blue} fox --ar 3:2 --relax --no \\{dogs\\}"
    assert [parse(variant).prompt.negative for variant in permute(text, 40)] == [("{dogs}",), ("{dogs}",)]


def test_options_become_values_of_parameters() -> None:
    assert [as_value(value) for value in (True, False, 3, 0.00001, 7.0)] == ["true", "false", "3", "0.00001", "7"]
    assert lane_named(" Relax", [Lane.FAST, Lane.RELAX]) is Lane.RELAX
    with pytest.raises(UserError, match=r"no `turbo` mode here. There are: `fast`, `relax`\."):
        lane_named("turbo", [Lane.FAST, Lane.RELAX])


def test_suggestions_are_few_short_and_begin_with_what_was_typed() -> None:
    names = ["Euler a", "DPM++ 2M", "Euler", "x" * 101, *(f"model {number}" for number in range(40))]
    assert [choice.value for choice in suggested(names, "euler")] == ["Euler a", "Euler"]
    assert [choice.value for choice in suggested(names, "2m")] == ["DPM++ 2M"]
    assert [choice.value for choice in suggested(["film grain"], "Film", ":0.8")] == ["film grain:0.8"]
    assert len(suggested(names, "")) == 25


def message(
    attachments: Sequence[tuple[str, str | None]] = (), embeds: Sequence[discord.Embed] = (), **more: Any
) -> Any:
    files = [SimpleNamespace(url=f"https://cdn/{name}", filename=name, content_type=kind) for name, kind in attachments]
    return SimpleNamespace(attachments=files, embeds=embeds, message_snapshots=more.get("message_snapshots", ()))


def test_every_picture_of_a_message_is_found_once() -> None:
    files = [("a.png", "image/png"), ("notes.txt", "text/plain"), ("b.JPG", None), ("c", None)]
    embeds = [
        discord.Embed().set_image(url="https://cdn/a.png"),
        discord.Embed().set_thumbnail(url="https://cdn/t.webp"),
        discord.Embed(title="no picture"),
    ]
    forwarded = message([("f.gif", "image/gif")])
    found = picture_links(message(files, embeds, message_snapshots=[forwarded]))
    assert found == [f"https://cdn/{name}" for name in ("a.png", "b.JPG", "t.webp", "f.gif")]
    assert picture_links(message()) == []


@pytest.mark.parametrize(("count", "shape"), [(2, [2]), (4, [2, 2]), (20, [5, 5, 5, 5])])
def test_which_of_several_pictures(count: int, shape: list[int]) -> None:
    rows = which(count)
    assert [len(row) for row in rows if not isinstance(row, Menu)] == shape
    view = rows_view(rows, new_job_id(), "es-ES")
    assert view is not None
    assert len(view.to_components()) == len(shape)


async def test_commands_fit_discords_limits() -> None:
    client = await loaded()
    commands = [command.to_dict(client.tree) for command in client.tree.get_commands()]
    imagine = next(command for command in commands if command["name"] == "imagine")
    assert all(len(command.get("options", [])) <= 25 for command in commands)
    assert imagine["options"][0]["name"] == "prompt"
    assert [option["required"] for option in imagine["options"]].count(True) == 1
    assert sum(command["type"] == 3 for command in commands) <= 5
    assert all(command["integration_types"] == [0] and command["contexts"] == [0] for command in commands)
    await client.close()
