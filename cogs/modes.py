"""/fast, /relax and /turbo, as far as there are such modes here, and /stealth and /public."""

from collections.abc import Mapping

from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import Interaction, Lienzo, caller, defer, say
from bot.i18n import N_, T, Text
from bot.jobs import Lane

DESCRIPTIONS: Mapping[Lane, str] = {
    Lane.FAST: N_("From now on your jobs start as soon as they can"),
    Lane.RELAX: N_("From now on your jobs start when no fast job waits"),
    Lane.TURBO: N_("From now on your jobs use the faster model"),
}
CONFIRMED: Mapping[Lane, Text] = {
    Lane.FAST: T("⚡ Fast mode: your jobs start as soon as it is your turn."),
    Lane.RELAX: T("🐢 Relax mode: your jobs start when no fast job waits, and after an hour in any case."),
    Lane.TURBO: T("🏎️ Turbo mode: your jobs use the faster model, where the generator has one."),
}
STEALTH = T(
    "🕵️ Stealth mode: only you see your results. Discord forgets messages that only you see; they stay in your own `/history`."
)
LOGGED = T("The moderators of this server see them in their log.")


class Modes(commands.Cog):
    """Which of the modes there are is asked once: commands are registered at the start."""

    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot
        self._lanes = [self._command(lane) for lane in bot.studio.offered_lanes()]

    async def cog_load(self) -> None:
        for command in self._lanes:
            self.bot.tree.add_command(command)

    async def cog_unload(self) -> None:
        for command in self._lanes:
            self.bot.tree.remove_command(command.name)

    def _command(self, lane: Lane) -> "app_commands.Command[Modes, [], None]":
        async def choose(interaction: Interaction) -> None:
            await defer(interaction, ephemeral=True)
            await self.bot.studio.set_lane(caller(interaction), lane)
            await say(interaction, CONFIRMED[lane])

        return app_commands.Command(name=lane.value, description=locale_str(DESCRIPTIONS[lane]), callback=choose)

    @app_commands.command(description=locale_str(N_("From now on only you see your results")))
    async def stealth(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        await self.bot.studio.set_stealth(caller(interaction), hidden=True)
        server = self.bot.studio.server(interaction.guild_id)
        await say(interaction, STEALTH if server.log is None else T("{first} {second}", first=STEALTH, second=LOGGED))

    @app_commands.command(description=locale_str(N_("From now on everyone here sees your results")))
    async def public(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        await self.bot.studio.set_stealth(caller(interaction), hidden=False)
        await say(interaction, T("🧍 Public mode: everyone sees your results where you ask for them."))


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Modes(bot))
