"""More of the small bot: selects, buttons, embeds, edits, options of every type, groups of subcommands, context menus."""

from typing import Any

import discord
from discord import app_commands

from tests.browser.pictures import picture

Interaction = discord.Interaction[Any]
MENUS = ("Second", "Third", "Fourth", "Fifth")
RED = 16711680
WORDS = ("Alpha", "Bravo", "Charlie", "Delta")


def selects() -> discord.ui.View:
    """A select of each kind; the first has two of its options chosen and takes from one to three."""
    options = [discord.SelectOption(label=each, value=each.lower(), default=each in WORDS[:2]) for each in WORDS]
    options[0].emoji, options[1].description = discord.PartialEmoji(name="🦊"), "the second"
    view = discord.ui.View(timeout=None)
    items: tuple[discord.ui.Item[Any], ...] = (
        discord.ui.Select(custom_id="letters", options=options, min_values=1, max_values=3),
        discord.ui.UserSelect(custom_id="people", placeholder="People", max_values=2),
        discord.ui.RoleSelect(custom_id="roles", placeholder="Roles"),
        discord.ui.ChannelSelect(custom_id="rooms", placeholder="Rooms", channel_types=[discord.ChannelType.text]),
        discord.ui.MentionableSelect(custom_id="anyone", placeholder="Anyone"),
    )
    for item in items:
        view.add_item(item)
    return view


def styles() -> discord.ui.View:
    """A button of each style, one that is off, and links: to the outside and to a message."""
    view = discord.ui.View(timeout=None)
    for style in ("primary", "secondary", "success", "danger"):
        view.add_item(discord.ui.Button(label=style, custom_id=style, style=discord.ButtonStyle[style]))
    view.add_item(discord.ui.Button(label="off", custom_id="off", disabled=True))
    view.add_item(discord.ui.Button(label="Web", url="https://example.org/"))
    view.add_item(
        discord.ui.Button(label="There", url="https://discord.com/channels/1200000000000001000/1200000000000001002")
    )
    return view


def embeds() -> list[discord.Embed]:
    """Two embeds with pictures of the message's own files."""
    first = discord.Embed(title="Job", description="-# small\n**bold**", color=RED, url="https://example.org/job")
    first.add_field(name="Seed", value="`42`").add_field(name="Model", value="painter")
    first.set_thumbnail(url="attachment://ana_picture_1.jpg")
    second = discord.Embed(title="Picture").set_image(url="attachment://ana_picture_2.jpg")
    return [first, second]


async def show(interaction: Interaction, kind: str) -> None:
    """Answer with one kind of thing."""
    send = interaction.response.send_message
    if kind == "selects":
        await send("choose", view=selects())
    elif kind == "buttons":
        await send("press", view=styles())
    elif kind == "embeds":
        await send(embeds=embeds(), files=[picture((640, 480), 1), picture((800, 800), 2)])
    else:
        view = discord.ui.View(timeout=None).add_item(discord.ui.Button(label="Swap", custom_id="swap"))
        await send("before", file=picture((320, 240), 1), view=view, ephemeral=True)


async def press(interaction: Interaction, custom_id: str) -> None:
    """What the selects and buttons here do."""
    data: Any = interaction.data
    if custom_id == "swap":
        view = discord.ui.View(timeout=None).add_item(discord.ui.Button(label="Swapped", custom_id="x", disabled=True))
        await interaction.response.edit_message(content="after", attachments=[picture((320, 240), 2)], view=view)
    elif custom_id in ("letters", "people", "roles", "rooms", "anyone", "primary", "secondary", "success", "danger"):
        await interaction.response.send_message(f"{custom_id}={data.get('values')}", ephemeral=True)


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    """Register the commands."""

    @tree.command(name="show", description="Show one kind of thing")
    @app_commands.choices(
        kind=[app_commands.Choice(name=each, value=each) for each in ("selects", "buttons", "embeds", "edit")]
    )
    async def show_kind(interaction: Interaction, kind: str) -> None:
        await show(interaction, kind)

    async def ratios(_interaction: Interaction, current: str) -> list[app_commands.Choice[float]]:
        return [
            app_commands.Choice(name=f"{each} to 1", value=each) for each in (0.5, 1.5) if str(current) in str(each)
        ]

    async def counts(_interaction: Interaction, _current: str) -> list[app_commands.Choice[int]]:
        return [app_commands.Choice(name=name, value=number) for number, name in enumerate(("zero", "one", "two"))]

    @tree.command(description="Options of every kind")
    @app_commands.autocomplete(ratio=ratios, count=counts)
    async def kinds(
        interaction: Interaction,
        room: discord.TextChannel,
        role: discord.Role,
        who: discord.User,
        sure: bool,
        ratio: app_commands.Range[float, 0.5, 2.0],
        count: int,
    ) -> None:
        said = f"{room.name} {role.name} {who.name} {sure} {ratio} {count}"
        await interaction.response.send_message(said)

    @tree.command(description="Five files")
    async def pile(
        interaction: Interaction,
        first: discord.Attachment,
        second: discord.Attachment,
        third: discord.Attachment | None = None,
        fourth: discord.Attachment | None = None,
        fifth: discord.Attachment | None = None,
    ) -> None:
        names = [each.filename for each in (first, second, third, fourth, fifth) if each]
        await interaction.response.send_message(" ".join(names))

    prefer = app_commands.Group(name="prefer", description="Preferences")
    option = app_commands.Group(name="option", description="Own options", parent=prefer)

    @option.command(name="set", description="Set an option")
    async def set_option(interaction: Interaction, option: str, value: str = "") -> None:
        await interaction.response.send_message(f"set {option} to {value}", ephemeral=True)

    tree.add_command(prefer)
    for name in MENUS:
        tree.context_menu(name=name)(_told(name))
    del show_kind, kinds, pile, set_option


def _told(name: str) -> Any:
    async def tell(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{name}: {message.content} {len(message.attachments)}", ephemeral=True)

    return tell
