"""What people fill in: options of every type, choices within their bounds, modals with files, and messages with files."""

import io
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from bot.playground import Person, Playground, PlaygroundError
from bot.playground.modals import ModalReader
from bot.playground.permissions import ATTACH_FILES, VIEW_CHANNEL
from bot.playground.problems import JSON, ApiError, Check
from tests.playground.conftest import SmallBot
from tests.playground.test_components import sync
from tests.playground.test_rules import leaf, read


def option(value: str, **more: Any) -> JSON:
    return {"label": value.upper(), "value": value, **more}


def field(kind: int, **more: Any) -> JSON:
    return {"type": 18, "label": "Field", "component": {"type": kind, "custom_id": "f", **more}}


A, B = option("a"), option("b")
CHOSEN = [option("a", default=True), option("b", default=True)]
BAD_FIELDS: list[tuple[JSON, str]] = [
    (field(3, options=[A, B], min_values=2, max_values=1), "min_values"),
    (field(3, options=[A, B], max_values=3), "max_values"),
    (field(3, options=CHOSEN), "options"),
    (field(3, options=[A], min_values=0), "min_values"),
    (field(3, options=[A], disabled=True), "disabled"),
    (field(3, options=[A, A]), "options.1.value"),
    (field(5, default_values=[{"id": "5", "type": "role"}]), "default_values.0.type"),
    (field(5, default_values=[{"id": "5", "type": "user"}] * 2), "default_values"),
    (field(8, default_values=[{"id": "x", "type": "channel"}]), "default_values.0.id"),
    (field(8, channel_types=[99]), "channel_types.0"),
    (field(19, min_values=3, max_values=2), "min_values"),
    (field(19, min_values=0), "min_values"),
    (field(19, max_values=11), "max_values"),
    (field(21, options=[A]), "options"),
    (field(21, options=CHOSEN), "options"),
    (field(22, options=[A, B], max_values=3), "max_values"),
    (field(22, options=[A, B], min_values=0), "min_values"),
    (field(22, options=CHOSEN, max_values=1), "options"),
    (field(23, default="yes"), "default"),
    (field(2, style=1, label="x"), "type"),
]


@pytest.mark.parametrize(("component", "where"), BAD_FIELDS)
def test_a_field_that_discord_refuses(component: JSON, where: str) -> None:
    with pytest.raises(ApiError) as error:
        ModalReader(Check(), lambda _: None).read_modal({"custom_id": "m", "title": "M", "components": [component]})
    assert leaf(error.value.errors)[0] == f"data.components.0.component.{where}"


GOOD_FIELDS = [
    field(3, options=[A, B], min_values=0, max_values=2, required=False),
    field(5, default_values=[{"id": "5", "type": "user"}] * 2, max_values=2),
    field(7, default_values=[{"id": "5", "type": "user"}, {"id": "5", "type": "role"}], max_values=2),
    field(8, channel_types=[0, 11]),
    field(19, min_values=0, max_values=10, required=False),
    field(21, options=[option("a", default=True), B]),
    field(22, options=CHOSEN),
]


@pytest.mark.parametrize("component", GOOD_FIELDS)
def test_a_field_at_its_bounds(component: JSON) -> None:
    ModalReader(Check(), lambda _: None).read_modal({"custom_id": "m", "title": "M", "components": [component]})


def test_a_select_of_a_message_starts_within_its_bounds() -> None:
    row = {"type": 1, "components": [{"type": 3, "custom_id": "s", "options": CHOSEN}]}
    with pytest.raises(ApiError) as error:
        read({"content": "x", "components": [row]})
    assert leaf(error.value.errors)[0] == "components.0.components.0.options"
    row["components"][0]["max_values"] = 2  # pyright: ignore[reportArgumentType, reportIndexIssue]
    read({"content": "x", "components": [row]})


class Everything(ui.Modal, title="Region"):
    """A field of each kind that the bot uses, and what was submitted as it came."""

    prompt = ui.Label[Any](text="Prompt", component=ui.TextInput[Any](custom_id="prompt", default="a fox"))
    areas = ui.Label[Any](
        text="Areas",
        component=ui.Select[Any](
            custom_id="areas",
            max_values=9,
            options=[discord.SelectOption(label=f"Area {n}", value=str(n)) for n in range(9)],
        ),
    )
    strength = ui.Label[Any](
        text="Strength",
        component=ui.RadioGroup[Any](
            custom_id="strength",
            options=[discord.RadioGroupOption(label=each, value=each.lower()) for each in ("Subtle", "Strong")],
        ),
    )
    mask = ui.Label[Any](
        text="Mask", component=ui.FileUpload[Any](custom_id="mask", required=False, min_values=0, max_values=2)
    )
    where = ui.Label[Any](text="Where", component=ui.ChannelSelect[Any](custom_id="where", required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("thanks", ephemeral=True)


@pytest.fixture
async def modal(bot: SmallBot, ana: Person) -> JSON:
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Everything())

    bot.on_ask = ask
    return await (await ana.slash("ask", "#studio")).modal()


async def test_a_modal_carries_its_files_and_channels(bot: SmallBot, ana: Person, modal: JSON, pixels: bytes) -> None:
    values = {"areas": ["Area 0", "8"], "strength": "strong", "mask": ("mask.png", pixels), "where": "#gallery"}
    await (await ana.submit(modal, values)).message()
    data: Any = (await bot.hear("interaction", 2))[1].data
    answers = {each["component"]["custom_id"]: each["component"] for each in data["components"]}
    assert (answers["prompt"]["value"], answers["areas"]["values"]) == ("a fox", ["0", "8"])
    assert answers["strength"]["value"] == "strong"
    [key] = answers["mask"]["values"]
    attachment = data["resolved"]["attachments"][key]
    assert (attachment["filename"], attachment["width"], attachment["ephemeral"]) == ("mask.png", 1, True)
    assert await ana.download(attachment["url"]) == pixels
    [channel] = data["resolved"]["channels"].values()
    assert channel["name"] == "gallery"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "areas"),
        ({"areas": ["0"], "strength": None}, "strength"),
        ({"areas": ["0", "0"], "strength": "strong"}, "areas"),
        ({"areas": ["9"], "strength": "strong"}, "areas"),
        ({"areas": ["0"], "strength": "strong", "mask": [("a", b"x")] * 3}, "mask"),
        ({"areas": ["0"], "strength": "strong", "mask": "5"}, "attachments"),
        ({"areas": ["0"], "strength": "strong", "where": "5"}, "channels"),
        ({"areas": ["0"], "strength": "strong", "prompt": "x" * 4001}, "prompt"),
    ],
)
async def test_a_submit_beyond_its_bounds(ana: Person, modal: JSON, values: dict[str, Any], why: str) -> None:
    with pytest.raises(PlaygroundError, match=why):
        await ana.submit(modal, values)


async def test_someone_elses_modal_cannot_be_submitted(modal: JSON, playground: Playground) -> None:
    with pytest.raises(PlaygroundError, match="not open"):
        await playground.user("ben").submit(modal, {"areas": ["0"], "strength": "strong"})


async def test_options_of_every_type(bot: SmallBot, ana: Person, playground: Playground) -> None:
    got: list[Any] = []

    @app_commands.command(name="kinds", description="Every kind")
    async def kinds(
        interaction: discord.Interaction,
        room: discord.TextChannel,
        role: discord.Role,
        who: discord.Member,
        sure: bool,
        ratio: app_commands.Range[float, 0.5, 2.0],
        count: int,
    ) -> None:
        got.extend([room.name, role.name, who.name, sure, ratio, count])
        await interaction.response.send_message("ok")

    @kinds.autocomplete("ratio")
    async def ratios(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[float]]:
        return [app_commands.Choice(name=str(each), value=each) for each in (0.5, 1.5) if str(current) in str(each)]

    await sync(bot, kinds)
    ben = playground.user("ben")
    options: dict[str, Any] = {"room": "#gallery", "role": "@Moderator", "who": ben, "sure": False, "count": 3}
    assert await ana.autocomplete("kinds", "#studio", "ratio", "1", **options) == [{"name": "1.5", "value": 1.5}]
    await (await ana.slash("kinds", "#studio", ratio=1.5, **options)).message()
    assert got == ["gallery", "Moderator", "ben", False, 1.5, 3]
    [data] = [each.data for each in await bot.hear("interaction", 2) if each.type.value == 2]
    [channel] = data["resolved"]["channels"].values()
    assert discord.Permissions(int(channel["permissions"])).use_application_commands  # those of Ana, not of the bot
    for wrong in ({"room": "@ben"}, {"role": "5"}, {"who": "5"}, {"ratio": 3}, {"count": "many"}):
        with pytest.raises((PlaygroundError, LookupError)):
            await ana.slash("kinds", "#studio", **{**options, "ratio": 1, **wrong})
    playground.stage.overwrite("#gallery", "ana", deny=VIEW_CHANNEL)
    with pytest.raises(PlaygroundError, match="channels"):
        await ana.slash("kinds", "#studio", ratio=1, **{**options, "room": channel["id"]})


async def test_five_files_in_one_command(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    got: list[Any] = []

    @app_commands.command(name="blend", description="Blend")
    async def blend(
        interaction: discord.Interaction,
        image1: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
    ) -> None:
        images = [each for each in (image1, image2, image3, image4, image5) if each]
        got.extend([(each.filename, await each.read()) for each in images])
        await interaction.response.send_message("ok")

    await sync(bot, blend)
    files = {f"image{n}": (f"{n}.png", pixels + bytes([n])) for n in range(1, 6)}
    await (await ana.slash("blend", "#studio", **files)).message()
    assert got == list(files.values())
    with pytest.raises(PlaygroundError, match="required: image2"):
        await ana.slash("blend", "#studio", image1=("1.png", pixels))


async def test_a_group_of_subcommands(bot: SmallBot, ana: Person) -> None:
    prefer = app_commands.Group(name="prefer", description="Preferences")
    group = app_commands.Group(name="option", description="Own options", parent=prefer)

    @group.command(name="set", description="Set one")
    async def set_one(interaction: discord.Interaction, option: str, value: str = "") -> None:
        await interaction.response.send_message(f"{option}={value}")

    @set_one.autocomplete("option")  # pyright: ignore[reportOptionalMemberAccess]
    async def known(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current, value=current)]

    await sync(bot, prefer)
    answer = await (await ana.slash("prefer option set", "#studio", option="mine", value="--ar 3:2")).message()
    assert answer["content"] == "mine=--ar 3:2"
    assert answer["interaction"]["name"] == "prefer option set"
    assert await ana.autocomplete("prefer option set", "#studio", "option", "m") == [{"name": "m", "value": "m"}]
    with pytest.raises(PlaygroundError, match="subcommands"):
        await ana.slash("prefer", "#studio")
    with pytest.raises(PlaygroundError, match="subcommands"):
        await ana.slash("prefer option", "#studio")


async def test_choices_in_a_message_are_made_once_and_within_bounds(bot: SmallBot, ana: Person) -> None:
    got: list[Any] = []

    class View(ui.View):
        @ui.select(
            custom_id="letters",
            min_values=1,
            max_values=2,
            options=[discord.SelectOption(label=each, value=each.lower()) for each in "ABC"],
        )
        async def letters(self, interaction: discord.Interaction, item: ui.Select["View"]) -> None:
            got.append(item.values)
            await interaction.response.defer()

        @ui.select(cls=ui.ChannelSelect, custom_id="rooms", channel_types=[discord.ChannelType.voice])
        async def rooms(self, interaction: discord.Interaction, item: ui.ChannelSelect["View"]) -> None: ...

    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("choose", view=View(timeout=None))

    bot.on_ask = ask
    message = await (await ana.slash("ask", "#studio")).message()
    await (await ana.select(message, "letters", "A", "c")).acknowledged()
    assert got == [["a", "c"]]
    for values, why in ((("a", "a"), "once"), (("a", "b", "c"), "Choose"), ((), "Choose")):
        with pytest.raises(PlaygroundError, match=why):
            await ana.select(message, "letters", *values)
    with pytest.raises(PlaygroundError, match="channels"):
        await ana.select(message, "rooms", "#gallery")


async def test_an_ephemeral_message_is_edited_by_its_button(bot: SmallBot, ana: Person, pixels: bytes) -> None:
    class View(ui.View):
        @ui.button(label="Next", custom_id="next")
        async def go(self, interaction: discord.Interaction, _: ui.Button["View"]) -> None:
            file = discord.File(io.BytesIO(pixels), "second.png")
            embeds = [discord.Embed(title="one"), discord.Embed().set_image(url="attachment://second.png")]
            await interaction.response.edit_message(content="page 2", attachments=[file], embeds=embeds)

    async def ask(interaction: discord.Interaction) -> None:
        file = discord.File(io.BytesIO(pixels), "first.png")
        await interaction.response.send_message("page 1", file=file, view=View(timeout=None), ephemeral=True)

    bot.on_ask = ask
    message = await (await ana.slash("ask", "#studio")).message()
    assert message["attachments"][0]["ephemeral"]
    await (await ana.click(message, "Next")).acknowledged()
    edited = await ana.wait("#studio", lambda each: each["content"] == "page 2")
    assert (edited["id"], edited["flags"] & 64, edited["attachments"]) == (message["id"], 64, [])
    assert await ana.download(edited["embeds"][1]["image"]["url"]) == pixels


async def test_people_write_with_files_that_expire(
    bot: SmallBot, ana: Person, playground: Playground, pixels: bytes
) -> None:
    said = await ana.say("#studio", "look", files=[("a.png", pixels), ("b.txt", b"text")])
    assert [each["filename"] for each in said["attachments"]] == ["a.png", "b.txt"]
    only = await ana.say("#studio", files=[("a.png", pixels)])
    assert (only["content"], len(only["attachments"])) == ("", 1)
    with pytest.raises(PlaygroundError, match="empty"):
        await ana.say("#studio")
    url = said["attachments"][0]["url"]
    playground.clock.advance(24 * 3600 + 1)
    with pytest.raises(PlaygroundError, match="no longer available"):
        await ana.download(url)
    [fresh] = [each for each in await ana.history("#studio") if each["id"] == said["id"]]
    assert await ana.download(fresh["attachments"][0]["url"]) == pixels
    playground.stage.overwrite("#studio", "ana", deny=ATTACH_FILES)
    with pytest.raises(PlaygroundError, match="may not attach"):
        await ana.say("#studio", files=[("a.png", pixels)])
