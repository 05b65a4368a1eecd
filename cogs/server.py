"""/server: what holds on one server, for those who manage it."""

import asyncio

import discord
from discord import AppCommandOptionType, ChannelType, app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice, locale_str
from discord.ext import commands

from bot import captions
from bot.client import ANSWER_SECONDS, Interaction, Lienzo, defer, say
from bot.errors import NotAllowed, UserError
from bot.i18n import N_, T, Text

CHOICES = 25  # Discord's limit
MOST_HEARTS = 1000
GALLERY = T("Pictures that get {hearts} ❤️ from different people are shown here from now on.")
LOG = T("Every result on this server is listed here from now on, stealth ones too, and so are reports.")
#: What posting a result takes, in the order in which it is asked for.
NEEDED = {
    "view_channel": T("View Channel"),
    "send_messages": T("Send Messages"),
    "attach_files": T("Attach Files"),
    "embed_links": T("Embed Links"),
}


class Postable(app_commands.Transformer):
    """A channel in which messages are written; whether it is known here does not matter yet."""

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[ChannelType]:
        return [ChannelType.text, ChannelType.news, ChannelType.public_thread]

    async def transform(
        self, interaction: "discord.Interaction[discord.Client]", value: AppCommandChannel | AppCommandThread, /
    ) -> AppCommandChannel | AppCommandThread:
        return value


Channel = app_commands.Transform[AppCommandChannel | AppCommandThread, Postable]


class Server(commands.Cog):
    server = app_commands.Group(
        name="server",
        description=locale_str(N_("What holds on this server")),
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot

    @server.command(description=locale_str(N_("Where pictures that people like are shown")))
    @app_commands.describe(
        channel=locale_str(N_("The channel. Nothing: no gallery any more")),
        hearts=locale_str(N_("How many different people must like a picture")),
    )
    async def gallery(
        self,
        interaction: Interaction,
        channel: Channel | None = None,
        hearts: app_commands.Range[int, 1, MOST_HEARTS] | None = None,
    ) -> None:
        guild_id = managed(interaction, self.bot)
        await defer(interaction, ephemeral=True)
        before = self.bot.studio.server(guild_id)
        needed = hearts or before.hearts
        if channel is not None:
            await self._announce(interaction, channel, Text(GALLERY.message, {"hearts": needed}))
        # Hearts alone change the number that there is.
        place = channel.id if channel is not None else before.gallery if hearts is not None else None
        await self.bot.studio.set_gallery(guild_id, place, hearts)
        if place is None:
            await say(interaction, T("There is no gallery any more."))
        else:
            await say(interaction, T("Pictures with {hearts} ❤️ go to <#{channel}>.", hearts=needed, channel=place))

    @server.command(description=locale_str(N_("Where moderators see every result, and reports")))
    @app_commands.describe(channel=locale_str(N_("The channel. Nothing: no log any more")))
    async def log(self, interaction: Interaction, channel: Channel | None = None) -> None:
        guild_id = managed(interaction, self.bot)
        await defer(interaction, ephemeral=True)
        if channel is not None:
            await self._announce(interaction, channel, LOG)
        await self.bot.studio.set_log(guild_id, channel.id if channel is not None else None)
        if channel is None:
            await say(interaction, T("There is no log any more."))
        else:
            await say(interaction, T("The log is in <#{channel}>.", channel=channel.id))

    @server.command(description=locale_str(N_("Which generator people here have who chose none")))
    @app_commands.describe(name=locale_str(N_("The generator. Nothing: the operator's first")))
    async def backend(self, interaction: Interaction, name: str | None = None) -> None:
        guild_id = managed(interaction, self.bot)
        await defer(interaction, ephemeral=True)
        chosen = (await self.bot.studio.set_server_backend(guild_id, name)).backend
        shown = chosen or self.bot.studio.catalog.default
        await say(interaction, T("People here who chose no generator have `{backend}` now.", backend=shown))

    @backend.autocomplete("name")
    async def _backends(self, _: Interaction, typed: str) -> list[Choice[str]]:
        names = self.bot.studio.catalog.names
        return [Choice(name=name, value=name) for name in names if typed.lower() in name.lower()][:CHOICES]

    @server.command(description=locale_str(N_("What is set on this server")))
    async def show(self, interaction: Interaction) -> None:
        guild_id = managed(interaction, self.bot)
        found, locale = self.bot.studio.server(guild_id), interaction.locale.value
        lines = (
            T("**Gallery:** {channel}", channel=_channel(found.gallery)),
            T("**❤️ for the gallery:** {hearts}", hearts=found.hearts),
            T("**Log:** {channel}", channel=_channel(found.log)),
            T("**Generator:** {name}", name=f"`{found.backend or self.bot.studio.catalog.default}`"),
        )
        made = discord.Embed(
            title=T("This server").in_language(locale),
            description="\n".join(line.in_language(locale) for line in lines),
            colour=captions.BLURPLE,
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            await interaction.response.send_message(embed=made, ephemeral=True)

    async def _announce(
        self, interaction: Interaction, channel: AppCommandChannel | AppCommandThread, text: Text
    ) -> None:
        """Says in the channel what it is for, which is also the proof that it can be. Raises `UserError` where it can't."""
        if missing := _missing(channel):
            names = ", ".join(permission.in_language(interaction.locale.value) for permission in missing)
            raise UserError(
                T("I may not post in <#{channel}>. I need there: {permissions}.", channel=channel.id, permissions=names)
            )
        target = self.bot.get_partial_messageable(channel.id, guild_id=interaction.guild_id)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await target.send(text.in_language(_language(interaction)))
        except (discord.HTTPException, OSError) as error:  # the latter is also what a timeout is
            reason = error.text if isinstance(error, discord.HTTPException) else type(error).__name__
            raise UserError(
                T("I could not post in <#{channel}>: {reason}", channel=channel.id, reason=reason)
            ) from None


def managed(interaction: Interaction, bot: Lienzo) -> int:
    """The server, whose managers alone decide over it, whatever Discord was told to let others do. Raises `NotAllowed`."""
    guild_id = interaction.guild_id
    if guild_id is None or guild_id not in bot.settings.guilds:
        raise NotAllowed(T("This command is for servers."))
    if not interaction.permissions.manage_guild:
        raise NotAllowed(T("Only those who may manage this server can do that."))
    return guild_id


def _missing(channel: AppCommandChannel | AppCommandThread) -> list[Text]:
    """What the bot lacks there, as far as it knows the channel."""
    known = channel.resolve()
    if known is None or known.guild.me is None:  # pyright: ignore[reportUnnecessaryComparison] - None before the server is known
        return []
    may = known.permissions_for(known.guild.me)
    if isinstance(known, discord.Thread):
        may.send_messages = may.send_messages_in_threads
    return [name for permission, name in NEEDED.items() if not getattr(may, permission)]


def _language(interaction: Interaction) -> str:
    """What everyone in a channel is to read is in the server's language."""
    return (interaction.guild_locale or interaction.locale).value


def _channel(channel_id: int | None) -> Text | str:
    return T("none") if channel_id is None else f"<#{channel_id}>"


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Server(bot))
