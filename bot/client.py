"""The discord.py client: who may use it, what it answers when something goes wrong, and which commands Discord knows of.

It asks for no privileged intent and keeps no members and no messages. All that a person does arrives here and is checked here, once:
commands and autocompletion in `Tree.interaction_check`, buttons in `clicked`, modals in `on_interaction`, reactions in
`on_raw_reaction_add`.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import AppCommandContext, AppInstallationType, TranslationContextLocation
from discord.ext import commands

from bot import captions
from bot.actions import Button
from bot.config import Settings
from bot.delivery import use_host
from bot.errors import LienzoError, NotAllowed, PromptError, UserError
from bot.i18n import LANGUAGES, T, Text
from bot.jobs import Place
from bot.studio import Caller, Studio
from bot.views import Click, JobItem, embed, rows_view, submitted

#: Sockets for answers. Without a limit a stall opens one for each that waits, and all come late.
CONNECTIONS = 32
KEEPALIVE_SECONDS = 60.0
ANSWER_SECONDS = 10.0
LOOKUP_SECONDS = 0.5  # the one read or write that may come before an answer
TOKEN_MS = 15 * 60 * 1000
#: What stands in an interaction's `extras`: the prompt that Fix opens, and that everybody sees it "thinking".
DRAFT = "draft"
PUBLIC = "public"
UNKNOWN_INTERACTION = 10062
#: Says that a character is to be shown as an emoji; Discord sends it or not.
VARIATION = "\ufe0f"
INTENTS = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
_OPTION_NAME = re.compile(r"[-_\w]{1,32}")
log = logging.getLogger(__name__)

Interaction = discord.Interaction["Lienzo"]
Handler = Callable[[Interaction, Click], Awaitable[None]]
Found = TypeVar("Found")
ReactionHandler = Callable[[Caller, int], Awaitable[None]]


class CatalogueTranslator(app_commands.Translator):
    """Descriptions, choices, options and the entries of context menus from our catalogues. Command names stay as they are."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        typed = (TranslationContextLocation.command_name, TranslationContextLocation.group_name)
        in_menu = isinstance(context.data, app_commands.ContextMenu)
        if locale.value not in LANGUAGES or (context.location in typed and not in_menu):
            return None
        translated = Text(string.message).in_language(locale.value)
        if context.location is TranslationContextLocation.parameter_name and (
            not _OPTION_NAME.fullmatch(translated) or translated != translated.lower()
        ):
            return None
        return translated if translated != string.message else None


class Tree(app_commands.CommandTree["Lienzo"]):
    """The commands. Every one passes the door, and every error ends at the client's handler."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        refusal = self.client.refusal(interaction)
        if refusal is None:
            return True
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await self.client.report(interaction, refusal)
        return False

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self.client.report(interaction, cause)


class Lienzo(commands.Bot):
    """The client. Cogs register what they do: commands with the tree, buttons, modals and reactions in the tables here."""

    def __init__(self, settings: Settings, studio: Studio) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=INTENTS,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=AppCommandContext(guild=True),
            allowed_installs=AppInstallationType(guild=True),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
        )
        self.settings = settings
        self.studio = studio
        self.buttons: dict[str, Handler] = {}
        self.modals: dict[str, Handler] = {}
        self.reactions: dict[str, ReactionHandler] = {}

    async def setup_hook(self) -> None:
        self.add_dynamic_items(JobItem)
        await self.tree.set_translator(CatalogueTranslator())
        await self.load_extension("cogs")
        for name in self.settings.leave_out:
            self.tree.remove_command(name.removeprefix("/"))
        await self.sync()

    # Who may

    def refusal(self, interaction: Interaction) -> NotAllowed | None:
        """Why this interaction is not answered; None when it is."""
        if not _by_user_install(interaction):
            return self.refusal_in(interaction.guild_id)
        if self.settings.allow_user_installs:
            return None
        return NotAllowed(T("This bot can only be used in the servers that it was made for."))

    def refusal_in(self, guild_id: int | None) -> NotAllowed | None:
        if guild_id is None:
            allowed = self.settings.allow_dms or self.settings.allow_user_installs
            return None if allowed else NotAllowed(T("This bot can't be used in direct messages."))
        if guild_id in self.settings.guilds:
            return None
        return NotAllowed(T("This bot can't be used on this server."))

    async def remember(self, interaction: Interaction) -> Caller:
        """Who acts, with the settings in memory, as far as that takes no time worth speaking of."""
        acting = caller(interaction)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self.studio.remember(acting)
        return acting

    # What people do

    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """A button or a select. discord.py would only log what goes wrong in it."""
        await self._handle(self.buttons, interaction, click)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Modals, by their custom id: discord.py finds only those that this very process has shown."""
        click = submitted(interaction)
        if click is not None:
            await self._handle(self.modals, interaction, click)

    async def _handle(self, table: dict[str, Handler], interaction: Interaction, click: Click) -> None:
        try:
            refusal = self.refusal(interaction)
            if refusal is not None:
                raise refusal
            handler = table.get(click.verb) or table.get("*")
            if handler is None:
                raise NotAllowed(T("This button is from another version of the bot and does nothing any more."))
            await handler(interaction, click)
        except Exception as error:  # noqa: BLE001 - nothing may leave somebody without an answer
            await self.report(interaction, error, job_id=click.job_id)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """A reaction on one of our messages. What it may not do, it does not, without a word."""
        handler = self.reactions.get((payload.emoji.name or "").removesuffix(VARIATION))
        if handler is None or self.user is None or payload.user_id == self.user.id or self.refusal_in(payload.guild_id):
            return
        member = payload.member
        caller = Caller(
            user_id=payload.user_id,
            user_name=member.name if member else "",
            guild_id=payload.guild_id,
            channel_id=payload.channel_id,
            moderator=member is not None and member.guild_permissions.manage_messages,
            roles=frozenset(role.id for role in member.roles) if member else frozenset(),
        )
        try:
            await handler(caller, payload.message_id)
        except UserError as error:
            log.info("reaction %s by %d: %s", payload.emoji, payload.user_id, error)

    # What goes wrong

    async def report(self, interaction: Interaction, error: BaseException, *, job_id: str = "") -> None:
        """Tells the user, and nobody else, what went wrong. `interaction.extras[DRAFT]` is the prompt that Fix opens."""
        if self.is_closed():
            log.info("interaction %d was cut off by the end: %r", interaction.id, error)
            return
        error = _known(interaction, error, job_id)
        locale = interaction.locale.value
        arguments: dict[str, Any] = {"ephemeral": True}
        if isinstance(error, NotAllowed):
            arguments["content"] = error.text.in_language(locale)
        else:
            arguments["embed"] = embed(captions.error_notice(error, locale, _typed(interaction)))
        if isinstance(error, PromptError) and DRAFT in interaction.extras:
            arguments |= await self._fix(interaction, interaction.extras[DRAFT])
        await _answer(interaction, arguments)

    async def _fix(self, interaction: Interaction, draft: str) -> dict[str, Any]:
        """The button that opens the prompt as typed, unless keeping it takes too long."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                draft_id = await self.studio.save_draft(caller(interaction), draft)
        except TimeoutError:
            return {}
        return {"view": rows_view(((Button("fix"),),), draft_id, interaction.locale.value)}

    # Which commands Discord knows of

    async def sync(self) -> None:
        """Registers the commands where they may be used, if they changed, and removes them from everywhere else."""
        wanted = set(self.settings.guilds)
        fingerprint = await self._fingerprint()
        known = await self.studio.synced()
        if known == fingerprint:
            return
        for guild_id in wanted:
            self.tree.copy_global_to(guild=discord.Object(guild_id))
        if not (self.settings.allow_dms or self.settings.allow_user_installs):
            self.tree.clear_commands(guild=None)
        for command in self.tree.get_commands():
            if command.guild_only:  # the global ones are for everywhere else
                self.tree.remove_command(command.name, type=discord.AppCommandType.chat_input)
        stale = _guilds_in(known) - wanted
        synced = [await self._sync_to(guild_id) for guild_id in (None, *sorted(wanted), *sorted(stale))]
        if all(synced[: len(wanted) + 1]):
            await self.studio.set_synced(fingerprint)

    async def _sync_to(self, guild_id: int | None) -> bool:
        self.tree.allowed_contexts, self.tree.allowed_installs = _reach(self.settings, guild_id)
        try:
            await self.tree.sync(guild=discord.Object(guild_id) if guild_id is not None else None)
        except discord.Forbidden as error:
            log.warning("commands not registered in server %s, was the bot invited there? %s", guild_id, error)
            return False
        return True

    async def _fingerprint(self) -> str:
        """The commands, where they go, and, to be read again, the servers."""
        translator = self.tree.translator
        payload = [
            await command.get_translated_payload(self.tree, translator) if translator else command.to_dict(self.tree)
            for command in self.tree.get_commands()
        ]
        everything = [self.application_id, self.settings.allow_dms, self.settings.allow_user_installs, payload]
        digest = hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
        return " ".join([digest, *map(str, sorted(self.settings.guilds))])


def build_client(settings: Settings, studio: Studio) -> Lienzo:
    """The client, for `async with`. Build it inside of the running loop."""
    use_host(settings.discord_url)
    return Lienzo(settings, studio)


def caller(interaction: Interaction) -> Caller:
    """Who acts, as the use cases know them."""
    member = interaction.user
    return Caller(
        user_id=interaction.user.id,
        user_name=interaction.user.name,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=interaction.locale.value,
        moderator=interaction.guild_id is not None and interaction.permissions.manage_messages,
        roles=frozenset(role.id for role in member.roles) if isinstance(member, discord.Member) else frozenset(),
    )


async def soon(lookup: Awaitable[Found]) -> Found:
    """What the store says, if it does so well before the first answer is due. Raises `UserError` where it does not."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await lookup
    except TimeoutError:
        raise UserError(T("That took too long. Try again.")) from None


async def say(interaction: Interaction, text: Text, **arguments: Any) -> None:
    """To the one who acts alone: as the first answer, or after it."""
    content = text.in_language(interaction.locale.value)
    async with asyncio.timeout(ANSWER_SECONDS):
        if interaction.response.is_done():
            await interaction.followup.send(content, ephemeral=True, **arguments)
        else:
            await interaction.response.send_message(content, ephemeral=True, **arguments)


async def open_modal(interaction: Interaction, modal: discord.ui.Modal) -> None:
    async with asyncio.timeout(ANSWER_SECONDS):
        await interaction.response.send_modal(modal)


async def defer(interaction: Interaction, *, ephemeral: bool = False, reply_to: int | None = None) -> Place:
    """The first answer: that it will take a while. Returns where the job's messages go from then on."""
    async with asyncio.timeout(ANSWER_SECONDS):
        response = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    if not ephemeral:
        interaction.extras[PUBLIC] = True
    message_id = response.message_id if response else None
    return replace(place(interaction, ephemeral=ephemeral), progress_message_id=message_id, reply_to=reply_to)


def place(interaction: Interaction, *, ephemeral: bool) -> Place:
    """Where an interaction came from, and what the bot may do there."""
    limit = interaction.filesize_limit
    if interaction.guild is not None:  # the interaction's own limit may come from its user's subscription
        limit = min(limit, interaction.guild.filesize_limit)
    return Place(
        channel_id=interaction.channel_id or 0,
        guild_id=interaction.guild_id,
        locale=interaction.locale.value,
        ephemeral=ephemeral,
        may_post=_may_post(interaction),
        application_id=interaction.application_id,
        token=interaction.token,
        token_until_ms=int(interaction.created_at.timestamp() * 1000) + TOKEN_MS,
        upload_limit=limit,
    )


def _may_post(interaction: Interaction) -> bool:
    if _by_user_install(interaction):
        return False
    if interaction.guild_id is None:
        return isinstance(interaction.channel, discord.DMChannel)
    may = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    send = may.send_messages_in_threads if in_thread else may.send_messages
    return send and may.view_channel and may.attach_files


def _by_user_install(interaction: Interaction) -> bool:
    """Whether it is only there because its user installed it, in a place that may be anywhere."""
    return interaction.is_user_integration() and not interaction.is_guild_integration()


def _known(interaction: Interaction, error: BaseException, job_id: str) -> LienzoError:
    """The error as one with a sentence for the user. What we did not expect is written down."""
    if isinstance(error, LienzoError):
        return error
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return UserError(T("This command has changed. Reload Discord (Ctrl+R) and try again."))
    what = job_id or (interaction.command.qualified_name if interaction.command else "")
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        log.warning("interaction %d (%s) was answered too late", interaction.id, what)
    else:
        log.error("interaction %d (%s)", interaction.id, what, exc_info=error)
    return LienzoError()


def _typed(interaction: Interaction) -> str:
    """A command as typed: `/imagine prompt: a fox --foo`."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    if interaction.type is not discord.InteractionType.application_command:
        return str(interaction.extras.get(DRAFT, ""))
    options = (f"{option['name']}: {option['value']}" for option in data.get("options", ()) if "value" in option)
    return " ".join([f"/{data.get('name', '')}", *options])


async def _answer(interaction: Interaction, arguments: dict[str, Any]) -> None:
    """To the user alone: as the first answer, or after it.

    What follows a public "thinking" takes its place and is public too; so that is filled first, and then goes.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            if not interaction.response.is_done():
                await interaction.response.send_message(**arguments)
            elif PUBLIC not in interaction.extras:
                await interaction.followup.send(**arguments)
            else:
                await interaction.edit_original_response(content="…")
                await interaction.followup.send(**arguments)
                await interaction.delete_original_response()
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        log.warning("interaction %d could not be answered: %s", interaction.id, error)


def _reach(settings: Settings, guild_id: int | None) -> tuple[AppCommandContext, AppInstallationType]:
    """Where commands are offered: those of a server there, the global ones in direct messages or to those who installed the bot.

    The global ones never go by a server's installation into servers, else they would show in every server of the bot, and twice in ours.
    """
    if guild_id is not None:
        return AppCommandContext(guild=True), AppInstallationType(guild=True)
    users = settings.allow_user_installs
    contexts = AppCommandContext(guild=users, dm_channel=True, private_channel=users)
    return contexts, AppInstallationType(guild=not users, user=users)


def _guilds_in(fingerprint: str | None) -> set[int]:
    return {int(guild) for guild in (fingerprint or "").split()[1:]}
