"""Selects, modals with every field, autocomplete, context menus, subcommands, version 2 layouts."""

import io
from typing import Any

import discord
import pytest
from discord import app_commands, ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground import Person, Playground, PlaygroundError
from bot.playground.components import walk
from bot.playground.modals import ModalReader
from bot.playground.problems import ApiError, Check
from tests.playground.conftest import SmallBot


def answering(values: dict[str, Any]) -> Any:
    """A modal with one field of each kind, which keeps what was submitted."""

    class Everything(ui.Modal, title="Everything"):
        text = ui.Label[Any](text="Text", component=ui.TextInput[Any](custom_id="text", default="hi", max_length=20))
        choice = ui.Label[Any](
            text="Choice",
            description="one of two",
            component=ui.Select[Any](
                custom_id="choice",
                options=[discord.SelectOption(label="A", value="a"), discord.SelectOption(label="B", value="b")],
            ),
        )
        who = ui.Label[Any](text="Who", component=ui.UserSelect[Any](custom_id="who", required=False, min_values=0))
        radio = ui.Label[Any](
            text="Radio",
            component=ui.RadioGroup[Any](
                custom_id="radio",
                options=[
                    discord.RadioGroupOption(label="X", value="x", default=True),
                    discord.RadioGroupOption(label="Y", value="y"),
                ],
            ),
        )
        box = ui.Label[Any](text="Box", component=ui.Checkbox[Any](custom_id="box", default=True))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            for name in ("text", "choice", "who", "radio", "box"):
                component: Any = getattr(self, name).component
                values[name] = component.values if hasattr(component, "values") else component.value
            await interaction.response.send_message("thanks", ephemeral=True)

    return Everything()


async def test_modal_with_every_choice(bot: SmallBot, ana: Person) -> None:
    values: dict[str, Any] = {}

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(answering(values))

    bot.on_ask = ask
    modal = await (await ana.slash("ask", "#studio")).modal()
    assert modal["title"] == "Everything"
    assert [each["type"] for each in walk(modal["components"])] == [4, 3, 5, 21, 23]
    answer = await ana.submit(modal, {"choice": "b", "who": [ana.id], "box": False})
    assert (await answer.message())["content"] == "thanks"
    assert values.pop("who")[0].id == int(ana.id)
    assert values == {"text": "hi", "choice": ["b"], "radio": "x", "box": False}


async def test_modal_with_files_and_a_checkbox_group(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    got: list[Any] = []

    class Files(ui.Modal, title="Files"):
        note = ui.TextDisplay[Any]("Give me files")
        files = ui.Label[Any](text="Files", component=ui.FileUpload[Any](custom_id="files", max_values=2))
        boxes = ui.Label[Any](
            text="Boxes",
            component=ui.CheckboxGroup[Any](
                custom_id="boxes", options=[discord.CheckboxGroupOption(label=each, value=each) for each in "abc"]
            ),
        )
        optional = ui.Label[Any](
            text="Optional",
            component=ui.TextInput[Any](custom_id="optional", required=False, style=discord.TextStyle.long),
        )

        async def on_submit(self, interaction: discord.Interaction) -> None:
            files: Any = self.files.component
            boxes: Any = self.boxes.component
            got.extend([await files.values[0].read(), files.values[1].filename, boxes.values])
            await interaction.response.defer()
            await interaction.edit_original_response(content="kept")

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("open", view=view)

    class View(ui.View):
        @ui.button(label="Files", custom_id="files")
        async def files(self, interaction: discord.Interaction, _: ui.Button["View"]) -> None:
            await interaction.response.send_modal(Files())

    view = View(timeout=None)
    bot.on_ask = ask
    message = await (await ana.slash("ask", "#studio")).message()
    modal = await (await ana.click(message, "Files")).modal()
    await ana.submit(modal, {"files": [("a.png", pixels), ("b.txt", b"text")], "boxes": ["a", "c"]})
    await ana.wait("#studio", lambda each: each["id"] == message["id"] and each["content"] == "kept")
    assert got == [pixels, "b.txt", ["a", "c"]]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "choice"),
        ({"choice": "c"}, "choice"),
        ({"choice": ["a", "b"]}, "choice"),
        ({"choice": "a", "text": "x" * 21}, "text"),
        ({"choice": "a", "text": ""}, "text"),
        ({"choice": "a", "radio": "z"}, "radio"),
        ({"choice": "a", "who": ["1"]}, "users"),
    ],
)
async def test_a_submit_that_discord_would_not_send(
    bot: SmallBot, ana: Person, values: dict[str, Any], why: str
) -> None:
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(answering({}))

    bot.on_ask = ask
    modal = await (await ana.slash("ask", "#studio")).modal()
    with pytest.raises(PlaygroundError, match=why):
        await ana.submit(modal, values)


WORDS = (
    "type",
    "components",
    "component",
    "custom_id",
    "label",
    "title",
    "options",
    "value",
    "style",
    "min_values",
    "min_length",
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([1, 3, 4, 10, 18, 19, 21, 22, 23]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=25,
)


@settings(deadline=None)
@given(VALUES)
def test_any_modal_is_taken_or_refused_in_words(value: Any) -> None:
    field = {"type": 18, "label": "x", "component": value}
    for components in (value, [value], [field]):
        try:
            ModalReader(Check(), lambda _: None).read_modal({"custom_id": "a", "title": "b", "components": components})
        except ApiError as error:
            assert error.code == 50035  # noqa: PT017


async def test_selects_of_all_kinds(bot: SmallBot, ana: Person) -> None:
    got: list[Any] = []

    class View(ui.View):
        @ui.select(
            custom_id="s",
            options=[discord.SelectOption(label="A", value="a"), discord.SelectOption(label="B", value="b")],
            max_values=2,
        )
        async def strings(self, interaction: discord.Interaction, item: ui.Select["View"]) -> None:
            await self.keep(interaction, item.values)

        @ui.select(cls=ui.UserSelect, custom_id="u")
        async def users(self, interaction: discord.Interaction, item: ui.UserSelect["View"]) -> None:
            await self.keep(interaction, [each.name for each in item.values])

        @ui.select(cls=ui.RoleSelect, custom_id="r")
        async def roles(self, interaction: discord.Interaction, item: ui.RoleSelect["View"]) -> None:
            await self.keep(interaction, [each.name for each in item.values])

        @ui.select(cls=ui.ChannelSelect, custom_id="c")
        async def channels(self, interaction: discord.Interaction, item: ui.ChannelSelect["View"]) -> None:
            await self.keep(interaction, [each.name for each in item.values])

        @ui.select(cls=ui.MentionableSelect, custom_id="m")
        async def any(self, interaction: discord.Interaction, item: ui.MentionableSelect["View"]) -> None:
            await self.keep(interaction, [each.name for each in item.values])

        async def keep(self, interaction: discord.Interaction, values: Any) -> None:
            got.append(values)
            await interaction.response.defer()

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("choose", view=View(timeout=None))

    bot.on_ask = ask
    guild = bot.guilds[0]
    message = await (await ana.slash("ask", "#studio")).message()
    chosen = {
        "s": ["b", "a"],
        "u": [ana.id],
        "r": [str(guild.id)],
        "c": [str(guild.text_channels[1].id)],
        "m": [ana.id],
    }
    for custom_id, values in chosen.items():
        assert await (await ana.select(message, custom_id, *values)).acknowledged()
    assert got == [["b", "a"], ["ana"], ["@everyone"], ["gallery"], ["ana"]]
    with pytest.raises(PlaygroundError, match="not options"):
        await ana.select(message, "s", "nothing")
    with pytest.raises(PlaygroundError, match="Choose"):
        await ana.select(message, "u")


async def sync(bot: SmallBot, *commands: Any) -> None:
    guild = bot.guilds[0]
    bot.tree.clear_commands(guild=guild)
    for command in commands:
        bot.tree.add_command(command, guild=guild)
    await bot.tree.sync(guild=guild)


async def test_autocomplete(bot: SmallBot, ana: Person, playground: Playground) -> None:
    @app_commands.command(name="paint", description="Paint")
    async def paint(interaction: discord.Interaction, prompt: str, ar: str = "") -> None:
        await interaction.response.send_message(f"{prompt} {ar}")

    @paint.autocomplete("ar")
    async def ratios(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        if current == "?":
            playground.clock.advance(4)
        return [
            app_commands.Choice(name=f"{each} ({interaction.locale})", value=each)
            for each in ("3:2", "2:3")
            if each.startswith(current)
        ]

    await sync(bot, paint)
    found = await ana.autocomplete("paint", "#studio", "ar", "3", prompt="x")
    assert found == [{"name": "3:2 (es-419)", "value": "3:2"}]
    assert await ana.autocomplete("paint", "#studio", "ar", "x") == []
    assert await ana.autocomplete("paint", "#studio", "ar", "?") == []
    assert (await (await ana.slash("paint", "#studio", prompt="fox", ar="1:1")).message())["content"] == "fox 1:1"


async def test_menus_and_subcommands(bot: SmallBot, ana: Person) -> None:
    @app_commands.context_menu(name="Describe it")
    async def describe(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"that says {message.content}", ephemeral=True)

    @app_commands.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction, user: discord.Member) -> None:
        await interaction.response.send_message(f"hello {user.name}")

    group = app_commands.Group(name="settings", description="Settings")

    @group.command(name="style", description="Set a style")
    async def style(interaction: discord.Interaction, name: str, strong: bool) -> None:
        await interaction.response.send_message(f"{name} {strong}")

    assert style is not None
    await sync(bot, describe, greet, group)
    said = await ana.say("#studio", "hello")
    described = await (await ana.menu("Describe it", said)).message()
    assert described["content"] == "that says hello"
    assert described["interaction_metadata"]["target_message_id"] == said["id"]
    greeted = await (await ana.menu("Greet", {"id": ana.id}, "#studio")).message()
    assert (greeted["content"], greeted["type"]) == ("hello ana", 23)
    assert (await (await ana.slash("settings style", "#studio", name="ink", strong=True)).message())[
        "content"
    ] == "ink True"
    with pytest.raises(PlaygroundError, match="required: strong"):
        await ana.slash("settings style", "#studio", name="ink")


async def test_a_version_2_layout(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    class Layout(ui.LayoutView):
        def __init__(self) -> None:
            super().__init__(timeout=None)
            row = ui.ActionRow[Any](ui.Button[Any](label="U1", custom_id="u1"))
            gallery = ui.MediaGallery[Any](discord.MediaGalleryItem("attachment://a.png"))
            text = ui.TextDisplay[Any]("# Title")
            section = ui.Section[Any]("side", accessory=ui.Thumbnail[Any]("attachment://a.png"))
            self.add_item(
                ui.Container[Any](
                    text, gallery, section, ui.Separator[Any](), ui.File[Any]("attachment://b.txt"), row, accent_color=5
                )
            )

    async def ask(interaction: discord.Interaction) -> None:
        files = [discord.File(io.BytesIO(pixels), "a.png"), discord.File(io.BytesIO(b"x"), "b.txt")]
        await interaction.response.send_message(view=Layout(), files=files)
        with pytest.raises(discord.HTTPException) as error:
            await interaction.edit_original_response(content="no")
        assert error.value.code == 50035
        await interaction.edit_original_response(view=Layout())

    bot.on_ask = ask
    asked = await ana.slash("ask", "#studio")
    message = await asked.message()
    await bot.hear("interaction")
    assert message["flags"] & 1 << 15
    [container] = message["components"]
    assert [each["type"] for each in container["components"]] == [10, 12, 9, 14, 13, 1]
    media = container["components"][1]["items"][0]["media"]
    assert await ana.download(media["url"]) == pixels
    assert (container["components"][4]["name"], container["components"][4]["size"]) == ("b.txt", 1)
