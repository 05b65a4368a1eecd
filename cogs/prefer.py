"""/prefer: the same settings in words, for those who know what they want."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot import captions
from bot.client import Interaction, Lienzo, caller, defer, say
from bot.i18n import N_, TN, T, Text
from bot.studio.choices import Switch

CHOICES = 25  # Discord's limit
SHOWN = 1500  # characters of a value in a sentence
LISTED = 60  # and in the list, where twenty have to fit
ON = {
    "remix": T("Remix mode is on: V, Vary, 🔄 and Pan open the prompt first, to be edited."),
    "auto_dm": T("Your results also come to you as direct messages from now on."),
}
OFF = {
    "remix": T("Remix mode is off: buttons start at once."),
    "auto_dm": T("Your results no longer come as direct messages."),
}


class Prefer(commands.Cog):
    prefer = app_commands.Group(name="prefer", description=locale_str(N_("What holds for all of your prompts")))
    option = app_commands.Group(
        name="option", description=locale_str(N_("Parameters of your own making")), parent=prefer
    )

    def __init__(self, bot: Lienzo) -> None:
        self.bot = bot

    @option.command(name="set", description=locale_str(N_("Make a parameter that stands for others, or delete one")))
    @app_commands.describe(
        option=locale_str(N_("How you will write it: mine for --mine")),
        value=locale_str(N_("What it stands for, such as --ar 3:2 --raw. Nothing: it is deleted")),
    )
    async def option_set(self, interaction: Interaction, option: str, value: str = "") -> None:
        await defer(interaction, ephemeral=True)
        kept = await self.bot.studio.set_option(caller(interaction), option, value)
        meaning = self.bot.studio.preferences(caller(interaction)).custom.get(kept)
        if meaning is None:
            await say(interaction, T("`--{name}` is deleted.", name=kept))
        else:
            await say(interaction, T("`--{name}` stands for `{value}` now.", name=kept, value=_shown(meaning, SHOWN)))

    @option_set.autocomplete("option")
    async def _names(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        asking = await self.bot.remember(interaction)
        wanted = typed.strip().lstrip("-").lower()
        names = [name for name in self.bot.studio.preferences(asking).custom if wanted in name]
        return [Choice(name=f"--{name}", value=name) for name in names[:CHOICES]]

    @option.command(name="list", description=locale_str(N_("The parameters of your own making")))
    async def option_list(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        asking = caller(interaction)
        await self.bot.studio.recall(asking)
        custom = self.bot.studio.preferences(asking).custom
        if not custom:
            await say(interaction, T("You have no options yet. Make one with `/prefer option set`."))
            return
        title = TN("You have {count} option:", "You have {count} options:", len(custom))
        lines = [f"- `--{name}` → `{_shown(value, LISTED)}`" for name, value in custom.items()]
        made = discord.Embed(description="\n".join(lines), colour=captions.BLURPLE)
        await say(interaction, title, embed=made)

    @prefer.command(description=locale_str(N_("Parameters that end every prompt of yours")))
    @app_commands.describe(new_value=locale_str(N_("Parameters such as --ar 3:2 --raw. Nothing: no suffix any more")))
    async def suffix(self, interaction: Interaction, new_value: str = "") -> None:
        await defer(interaction, ephemeral=True)
        suffix = await self.bot.studio.set_suffix(caller(interaction), new_value)
        if suffix:
            await say(interaction, T("Every prompt of yours ends with `{suffix}` now.", suffix=_shown(suffix, SHOWN)))
        else:
            await say(interaction, T("Your prompts have no suffix any more."))

    @prefer.command(description=locale_str(N_("Edit the prompt before V, Vary, 🔄 and Pan: on or off")))
    async def remix(self, interaction: Interaction) -> None:
        await self._switch(interaction, "remix")

    @prefer.command(description=locale_str(N_("How far the V buttons go: high or low variation")))
    async def variability(self, interaction: Interaction) -> None:
        await defer(interaction, ephemeral=True)
        chosen = await self.bot.studio.set_variability(caller(interaction))
        high: Text = T("High variation: the V buttons go far from the picture.")
        await say(interaction, high if chosen == "strong" else T("Low variation: the V buttons stay near the picture."))

    @prefer.command(description=locale_str(N_("Results as direct messages too: on or off")))
    async def auto_dm(self, interaction: Interaction) -> None:
        await self._switch(interaction, "auto_dm")

    async def _switch(self, interaction: Interaction, name: Switch) -> None:
        await defer(interaction, ephemeral=True)
        on = await self.bot.studio.switch(caller(interaction), name)
        await say(interaction, ON[name] if on else OFF[name])


def _shown(text: str, limit: int) -> str:
    """A text by a user, to stand between backticks."""
    text = text.replace("`", "'")
    return text if len(text) <= limit else text[: limit - 1] + "…"


async def setup(bot: Lienzo) -> None:
    await bot.add_cog(Prefer(bot))
