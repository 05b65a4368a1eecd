"""A small bot for the page's tests: one command of every kind of option, buttons, a modal with every field."""

import asyncio
from typing import Any, cast

import discord
from discord import app_commands

from tests.browser import showcase
from tests.browser.pictures import picture

RATIOS = ("1:1", "3:2", "2:3", "16:9", "9:16")
RED = 16711680


def buttons(*rows: tuple[str, ...]) -> discord.ui.View:
    """Rows of buttons whose `custom_id` is their label."""
    view = discord.ui.View(timeout=None)
    for at, row in enumerate(rows):
        for label in row:
            style = discord.ButtonStyle.secondary
            view.add_item(discord.ui.Button(label=label, custom_id=label, row=at, style=style))
    return view


GRID = (("U1", "U2", "U3", "U4", "🔄"), ("V1", "V2", "V3", "V4", "Silent"))


M = discord.ui.Modal
Field = discord.ui.Label[M]
V = discord.ui.LayoutView


class Echo(discord.ui.Modal):
    """A modal that says what was given, as `custom_id=value`, in order."""

    def __init__(self, title: str, *items: discord.ui.Item[Any]) -> None:
        super().__init__(title=title)
        for item in items:
            self.add_item(item)

    async def on_submit(self, interaction: discord.Interaction[discord.Client], /) -> None:
        """Answer with the values."""
        rows = cast("list[dict[str, Any]]", dict(interaction.data or {})["components"])
        parts = [row.get("component") or (row.get("components") or [None])[0] for row in rows]
        said = [f"{part['custom_id']}={part.get('values', part.get('value'))}" for part in parts if part]
        await interaction.response.send_message(f"`{' '.join(said)}`")


def everything() -> Echo:
    """Text, a select, a radio group, files, and words between them."""
    styles = [discord.SelectOption(label=name, value=name.lower()) for name in ("Watercolour", "Ink", "Oil")]
    modes = [discord.RadioGroupOption(label=name, value=name.lower()) for name in ("Fast", "Relaxed")]
    prompt = discord.ui.TextInput[M](
        custom_id="prompt", style=discord.TextStyle.long, min_length=3, max_length=200, placeholder="A scene, a mood"
    )
    return Echo(
        "Everything",
        discord.ui.TextDisplay[V]("Change the **prompt** as you like."),
        Field(text="Prompt", description="What to draw", component=prompt),
        Field(text="Style", component=discord.ui.Select[M](custom_id="style", options=styles)),
        Field(text="Mode", component=discord.ui.RadioGroup[M](custom_id="mode", options=modes)),
        Field(text="Mask", component=discord.ui.FileUpload[M](custom_id="mask", required=False, max_values=2)),
    )


def choices() -> Echo:
    """People, roles and channels to choose from, and boxes to tick."""
    extras = [discord.CheckboxGroupOption(label=name, value=name.lower()) for name in ("Frame", "Grain", "Glow")]
    return Echo(
        "Choices",
        Field(text="Person", component=discord.ui.UserSelect[M](custom_id="who", required=True)),
        Field(text="Role", component=discord.ui.RoleSelect[M](custom_id="role", required=False)),
        Field(text="Channel", component=discord.ui.ChannelSelect[M](custom_id="where", required=True)),
        Field(text="Extras", component=discord.ui.CheckboxGroup[M](custom_id="extras", max_values=2, options=extras)),
        Field(text="I am sure", component=discord.ui.Checkbox[M](custom_id="sure")),
    )


def region() -> Echo:
    """What is there already, several of a menu, and a file that may be left out."""
    areas = [discord.SelectOption(label=f"Area {n}", value=str(n), default=n < 2) for n in range(9)]
    prompt = discord.ui.TextInput[M](custom_id="prompt", default="a fox")
    tags = [discord.CheckboxGroupOption(label=each, value=each.lower()) for each in ("Loud", "Calm")]
    return Echo(
        "Region",
        Field(text="Prompt", component=prompt),
        Field(text="Areas", component=discord.ui.Select[M](custom_id="areas", options=areas, max_values=3)),
        Field(text="People", component=discord.ui.UserSelect[M](custom_id="people", required=False, max_values=2)),
        Field(text="Tags", component=discord.ui.CheckboxGroup[M](custom_id="tags", required=False, options=tags)),
        Field(text="Mask", component=discord.ui.FileUpload[M](custom_id="mask", required=True, max_values=1)),
    )


def zoom() -> Echo:
    """The older form: a text field without a label component."""
    return Echo("Custom Zoom", discord.ui.TextInput[M](label="Factor", custom_id="factor", default="2.0", max_length=4))


def layout_view() -> V:
    """Components of the second generation."""
    gallery = discord.ui.MediaGallery[V]()
    gallery.add_item(media="attachment://ana_picture_1.jpg", description="One sun")
    gallery.add_item(media="attachment://ana_picture_2.jpg", description="Four suns")
    thumbnail = discord.ui.Thumbnail[V]("attachment://ana_picture_1.jpg")
    pick = discord.ui.Select[V](custom_id="pick", options=[discord.SelectOption(label=each) for each in "ABC"])
    parts: tuple[discord.ui.Item[V], ...] = (
        discord.ui.TextDisplay[V]("## A container\nwith *text*\n-# and small print"),
        discord.ui.Section[V]("A section beside its thumbnail", accessory=thumbnail),
        discord.ui.Separator[V](),
        gallery,
        discord.ui.ActionRow[V](pick),
    )
    view = V(timeout=None)
    return view.add_item(discord.ui.Container[V](*parts, accent_color=0xE3A94D))


class Easel(discord.Client):
    """The bot. `/imagine` answers with a grid; a prompt `bad` with an ephemeral error; `silent` with nothing."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True)
        super().__init__(intents=intents, max_messages=None, guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.hold = asyncio.Event()
        self.hold.set()
        self.online = asyncio.Event()
        add_commands(self.tree, self)
        showcase.add_commands(self.tree)

    async def setup_hook(self) -> None:
        """Publish the commands to every server."""
        await self.tree.sync()

    async def on_ready(self) -> None:
        """The servers are known."""
        self.online.set()

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        """Buttons and selects, by their custom id."""
        if interaction.type is not discord.InteractionType.component or interaction.data is None:
            return
        custom_id = str(interaction.data.get("custom_id"))
        await showcase.press(interaction, custom_id)
        if custom_id == "🔄":
            await interaction.response.send_modal(everything())
        elif custom_id == "V1":
            await interaction.response.send_modal(choices())
        elif custom_id == "V2":
            await interaction.response.send_modal(zoom())
        elif custom_id == "V3":
            await interaction.response.send_modal(region())
        elif custom_id == "pick":
            await interaction.response.send_message(f"picked {interaction.data.get('values')}", ephemeral=True)
        elif custom_id.startswith("U") and interaction.message is not None:
            await interaction.response.defer()
            text = (
                f"**{interaction.message.content.split('**')[1]}** - Image #{custom_id[1:]} {interaction.user.mention}"
            )
            view = buttons(("Upscale (Subtle)", "Vary (Strong)"), ("❤️",))
            view.add_item(discord.ui.Button(label="Web", url="https://example.org/job", row=1))
            await interaction.message.reply(text, file=picture((512, 512), 1), view=view)


def add_commands(tree: app_commands.CommandTree[Easel], bot: Easel) -> None:
    """Register the commands."""

    async def ratios(_interaction: discord.Interaction[discord.Client], current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"Ratio {each}", value=each) for each in RATIOS if current in each]

    @tree.command(description="Draw a picture")
    @app_commands.describe(prompt="What to draw", aspect="Width to height", seed="Same seed, same picture")
    @app_commands.choices(style=[app_commands.Choice(name=each, value=each.lower()) for each in ("Ink", "Oil")])
    @app_commands.autocomplete(aspect=ratios)
    async def imagine(
        interaction: discord.Interaction[discord.Client],
        prompt: str,
        aspect: str | None = None,
        seed: app_commands.Range[int, 0, 4294967295] | None = None,
        style: str | None = None,
        tile: bool | None = None,
        image: discord.Attachment | None = None,
        who: discord.User | None = None,
    ) -> None:
        if "silent" in prompt:
            return
        if "bad" in prompt:
            embed = discord.Embed(
                title="Invalid parameter", description="Unrecognized parameter(s): `--bad`", color=RED
            )
            embed.set_footer(text=f"/imagine {prompt}")
            await interaction.response.send_message(embed=embed, ephemeral=True)
            return
        await interaction.response.defer()
        await bot.hold.wait()
        if "refused" in prompt:
            await interaction.edit_original_response(content="Not painted")
            await interaction.followup.send("This cannot be painted", ephemeral=True)
            await interaction.delete_original_response()
            return
        extras = {"aspect": aspect, "seed": seed, "style": style, "tile": tile, "image": image and image.filename}
        extras["who"] = who and who.name
        said = " ".join(f"{name}={value}" for name, value in extras.items() if value is not None)
        content = f"**{prompt}** - {interaction.user.mention} (fast) {said}".strip()
        await interaction.followup.send(content, file=picture((1024, 1024), 2), view=buttons(*GRID))

    @tree.command(description="Show every kind of component")
    async def layout(interaction: discord.Interaction[discord.Client]) -> None:
        files = [picture((640, 480), 1), picture((800, 800), 2)]
        await interaction.response.send_message(view=layout_view(), files=files)

    @tree.context_menu(name="Describe this")
    async def describe(interaction: discord.Interaction[discord.Client], message: discord.Message) -> None:
        await interaction.response.send_message(f"That was message {message.id}", ephemeral=True)

    del imagine, layout, describe
