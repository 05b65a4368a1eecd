"""Interactions: given to the bot, answered once within 3 s, followed up for 15 minutes.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.clock import Clock, Timer
from bot.playground.commands import GROUP, SUBCOMMAND, choice
from bot.playground.drafts import LOADING, Frame
from bot.playground.events import Events
from bot.playground.files import Upload
from bot.playground.messages import REPLY, Extra, Messages, reference
from bot.playground.modals import ModalReader
from bot.playground.permissions import USE_EXTERNAL_APPS, in_channel, of_app
from bot.playground.problems import (
    JSON,
    ApiError,
    Check,
    already_answered,
    dead_token,
    invalid,
    too_many_follow_ups,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from bot.playground.snowflake import Snowflakes
from bot.playground.world import EPHEMERAL, Channel, Message, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 4, 5, 6, 7, 8, 9
DEADLINE, LIFETIME = 3.0, 900.0  # seconds: for the first answer, and for the token
CHAT_INPUT, CONTEXT_MENU = 20, 23  # types of messages
FORGOTTEN = LIFETIME + 300
MOST_FOLLOW_UPS = 5  # of an application that only a user has installed


@dataclass(slots=True, eq=False)
class Interaction:
    """One interaction. `answered` is the type of its first answer."""

    id: str
    token: str
    type: int
    user: User
    channel: Channel
    data: JSON
    created: float
    limit: int
    owners: JSON  # the installations that it came by: of a guild ("0"), of a user ("1")
    message: Message | None = None  # the one that was clicked, or from which the modal was opened
    parent: "Interaction | None" = None  # what opened the modal
    answered: int | None = None
    failed: bool = False
    original: Message | None = None
    filled: bool = True  # false while the original shows "thinking"
    modal: JSON | None = None
    choices: "asyncio.Future[list[JSON]] | None" = None
    timer: Timer | None = None
    follow_ups: int = 0

    @property
    def external(self) -> bool:
        """Whether the application is here only because a user has installed it."""
        return "0" not in self.owners

    @property
    def muted(self) -> bool:
        """Whether the user may not have its answers seen by others."""
        in_guild = self.channel.guild is not None
        return self.external and in_guild and not in_channel(self.channel, self.user) & USE_EXTERNAL_APPS

    def metadata(self) -> JSON:
        """What messages say of the interaction that they answer."""
        found: JSON = {
            "id": self.id, "type": self.type, "user": self.user.payload, "authorizing_integration_owners": self.owners,
        }  # fmt: skip
        if self.type == COMMAND:
            found["name"] = self.data["name"]
        if self.type == COMPONENT and self.message is not None:
            found["interacted_message_id"] = self.message.id
        if self.type == MODAL and self.parent is not None:
            found["triggering_interaction_metadata"] = self.parent.metadata()
        if self.type == COMMAND and "target_id" in self.data:
            found["target_message_id" if self.data["type"] == 3 else "target_user"] = self._target()
        return found

    def _target(self) -> Any:
        target = self.data["target_id"]
        return target if self.data["type"] == 3 else self.data["resolved"]["users"][target]


class Interactions:
    """Keeps the interactions of the last minutes and enforces their rules."""

    def __init__(self, world: World, clock: Clock, ids: Snowflakes, messages: Messages, events: Events) -> None:
        self._world = world
        self._clock = clock
        self._ids = ids
        self._messages = messages
        self._events = events
        self._by_token: dict[str, Interaction] = {}
        self._by_id: dict[str, Interaction] = {}

    def get(self, interaction_id: str) -> Interaction | None:
        """A recent interaction."""
        return self._by_id.get(interaction_id)

    def find(self, params: dict[str, str]) -> Interaction | None:
        """The interaction that a route's parameters name, if any."""
        return self._by_token.get(params.get("interaction_token") or params.get("webhook_token") or "")

    def start(
        self, user: User, channel: Channel, kind: int, data: JSON, owners: JSON,
        *, message: Message | None = None, parent: Interaction | None = None,
    ) -> Interaction:  # fmt: skip
        """Give an interaction to the bot; its data and where it comes from were checked before."""
        interaction = Interaction(
            self._ids.next(), secrets.token_urlsafe(96), kind, user, channel, data, self._clock.now(),
            self._messages.limit(channel), owners, message, parent,
        )  # fmt: skip
        if kind == AUTOCOMPLETE:
            interaction.choices = asyncio.get_running_loop().create_future()
        self._forget()
        self._by_token[interaction.token] = self._by_id[interaction.id] = interaction
        interaction.timer = self._clock.call_later(DEADLINE, lambda: self._expire(interaction))
        self._events.bot.dispatch("INTERACTION_CREATE", self._payload(interaction))
        return interaction

    def respond(self, interaction_id: str, token: str, body: JSON, uploads: list[Upload]) -> JSON:
        """The first answer; what the callback endpoint returns with `with_response`.

        Raises:
            ApiError: 10062, 40060, 50027, 50035 (which leaves the interaction unanswered).
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown_interaction()
        if interaction.answered is not None:
            raise already_answered()
        if interaction.failed:
            raise unknown_interaction()
        kind = self._answer_type(interaction, body)
        data: Any = body.get("data") or {}
        answer: Callable[[Interaction, JSON, list[Upload]], None] = {
            MESSAGE: self._send, DEFER: self._defer, DEFER_UPDATE: self._defer_update, UPDATE: self._update,
            CHOICES: self._suggest, SHOW_MODAL: self._show,
        }[kind]  # fmt: skip
        try:
            answer(interaction, Check().table(data, ("data",)), uploads)
        except ApiError as error:
            if error.errors and "data" not in error.errors:
                error.errors = {"data": error.errors}
            raise
        interaction.answered = kind
        if interaction.timer is not None:
            interaction.timer.cancel()
        self._tell(interaction)
        return self._receipt(interaction, kind)

    def follow_up(self, interaction: Interaction, body: JSON, uploads: list[Upload]) -> Message:
        """A follow-up message; the first after a deferred answer fills that one."""
        if interaction.answered is None:
            raise unknown_webhook()
        if interaction.answered == DEFER and not interaction.filled and interaction.original is not None:
            return self._fill(interaction, interaction.original, body, uploads)
        if interaction.external and interaction.follow_ups >= MOST_FOLLOW_UPS:
            raise too_many_follow_ups()
        hidden = interaction.muted or _hidden(body)
        extra = self._extra(interaction, hidden=hidden, target=interaction.original)
        found = self._messages.answer(self._frame(interaction, hidden=hidden), body, uploads, extra)
        interaction.follow_ups += 1
        return found

    def edit(self, interaction: Interaction, message_id: str, body: JSON, uploads: list[Upload]) -> Message:
        """Change the original answer (@original) or a follow-up."""
        message = self.message(interaction, message_id)
        if message is interaction.original and not interaction.filled:
            return self._fill(interaction, message, body, uploads)
        return self._messages.edit(message, body, uploads, interaction.limit, may_hide=True)

    def message(self, interaction: Interaction, message_id: str) -> Message:
        """The original answer or a message of this interaction.

        Raises:
            ApiError: 10008, 10015.
        """
        if interaction.answered is None:
            raise unknown_webhook()
        if message_id == "@original":
            found = interaction.original
            if found is None or found.id not in interaction.channel.messages:
                raise unknown_message()
            return found
        found = interaction.channel.message(message_id)
        metadata: JSON = found.payload.get("interaction_metadata") or {}
        if found is not interaction.original and metadata.get("id") != interaction.id:
            raise unknown_message()
        return found

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The interaction that a webhook token belongs to.

        Raises:
            ApiError: 10015, 50027 (unknown or older than 15 minutes).
        """
        if application_id != self._world.application.id:
            raise unknown_webhook()
        interaction = self._by_token.get(token)
        if interaction is None or self._clock.now() - interaction.created > LIFETIME:
            raise dead_token()
        return interaction

    def _fill(self, interaction: Interaction, message: Message, body: JSON, uploads: list[Upload]) -> Message:
        kept = {key: value for key, value in body.items() if key != "flags"}
        if isinstance(flags := body.get("flags"), int):
            kept["flags"] = flags & ~EPHEMERAL  # who sees it was settled when it was deferred
        edited = self._messages.edit(message, kept, uploads, interaction.limit, first=True, may_hide=True)
        interaction.filled = True
        return edited

    def _answer_type(self, interaction: Interaction, body: JSON) -> int:
        allowed = {
            COMMAND: (MESSAGE, DEFER, SHOW_MODAL), COMPONENT: (MESSAGE, DEFER, DEFER_UPDATE, UPDATE, SHOW_MODAL),
            AUTOCOMPLETE: (CHOICES,), MODAL: (MESSAGE, DEFER),
        }[interaction.type]  # fmt: skip
        if interaction.type == MODAL and interaction.message is not None:
            allowed = (*allowed, DEFER_UPDATE, UPDATE)
        check = Check()
        kind: int = check.one_of(body.get("type"), ("type",), allowed)
        check.done()
        return kind

    def _send(self, interaction: Interaction, data: JSON, uploads: list[Upload]) -> None:
        hidden = interaction.muted or _hidden(data)
        extra = self._extra(interaction, hidden=hidden, target=interaction.message)
        interaction.original = self._messages.answer(self._frame(interaction, hidden=hidden), data, uploads, extra)

    def _defer(self, interaction: Interaction, data: JSON, _uploads: list[Upload]) -> None:
        flags = data.get("flags") or 0
        if flags not in (0, EPHEMERAL) or set(data) - {"flags"}:
            raise invalid(
                ("data",), "DEFERRED_RESPONSE_INVALID", "A deferred response can only carry the EPHEMERAL flag"
            )
        extra = self._extra(interaction, hidden=interaction.muted or bool(flags), target=interaction.message)
        extra.flags = LOADING
        interaction.original = self._messages.blank(interaction.channel, self._world.bot, extra)
        interaction.filled = False

    def _defer_update(self, interaction: Interaction, _data: JSON, _uploads: list[Upload]) -> None:
        interaction.original = interaction.message

    def _update(self, interaction: Interaction, data: JSON, uploads: list[Upload]) -> None:
        message = interaction.message
        if message is None or message.id not in interaction.channel.messages:
            raise unknown_message()
        interaction.original = self._messages.edit(message, data, uploads, interaction.limit, may_hide=True)

    def _suggest(self, interaction: Interaction, data: JSON, _uploads: list[Upload]) -> None:
        check = Check()
        focused = _focused(interaction.data.get("options", []))
        items = check.items(data.get("choices"), ("data", "choices"), 0, 25)
        found = [
            choice(check.table(each, ("data", "choices", at)), ("data", "choices", at), check, focused["type"])
            for at, each in enumerate(items)
        ]
        check.done()
        if interaction.choices is not None and not interaction.choices.done():
            interaction.choices.set_result(found)

    def _show(self, interaction: Interaction, data: JSON, _uploads: list[Upload]) -> None:
        interaction.modal = ModalReader(Check(), lambda _: None).read_modal(data)

    def _frame(self, interaction: Interaction, *, hidden: bool) -> Frame:
        return Frame(interaction.channel, self._world.bot, interaction.limit, may_hide=True, ephemeral=hidden)

    def _extra(self, interaction: Interaction, *, hidden: bool, target: Message | None) -> Extra:
        application = self._world.application.id
        extra = Extra(seen_by=interaction.user if hidden else None)
        extra.fields = {
            "application_id": application, "webhook_id": application, "interaction_metadata": interaction.metadata(),
        }  # fmt: skip
        readable = target is not None and (hidden or target.seen_by is None)
        if target is not None and readable and target.id in interaction.channel.messages:
            extra.type = REPLY
            extra.fields |= reference(target)
        elif interaction.type == COMMAND:
            extra.type = CHAT_INPUT if interaction.data.get("type", 1) == 1 else CONTEXT_MENU
            extra.fields["interaction"] = {
                "id": interaction.id, "type": COMMAND, "name": _full_name(interaction.data), "user": interaction.user.payload,
            }  # fmt: skip
        if interaction.original is not None and interaction.answered is not None:
            extra.fields["interaction_metadata"]["original_response_message_id"] = interaction.original.id
        return extra

    def _receipt(self, interaction: Interaction, kind: int) -> JSON:
        receipt: JSON = {"id": interaction.id, "type": interaction.type}
        message = interaction.original
        if message is not None:
            receipt["response_message_id"] = message.id
            receipt["response_message_loading"] = not interaction.filled
            receipt["response_message_ephemeral"] = message.seen_by is not None
        if message is not None and kind in (MESSAGE, UPDATE):
            return {"interaction": receipt, "resource": {"type": kind, "message": message.payload}}
        return {"interaction": receipt}

    def _tell(self, interaction: Interaction) -> None:
        event: JSON = {"type": "interaction", "id": interaction.id, "state": "acknowledged"}
        if interaction.failed:
            event["state"] = "failed"
        elif interaction.modal is not None:
            event |= {"state": "modal", "modal": {"id": interaction.id, **interaction.modal}}
        elif interaction.original is not None:
            event["message_id"] = interaction.original.id
        self._events.people.tell(lambda user: user is interaction.user, event)

    def _expire(self, interaction: Interaction) -> None:
        interaction.failed = True
        if interaction.choices is not None and not interaction.choices.done():
            interaction.choices.set_result([])
        self._tell(interaction)

    def _forget(self) -> None:
        horizon = self._clock.now() - FORGOTTEN
        while self._by_id:
            oldest = next(iter(self._by_id.values()))
            if oldest.created > horizon:
                return
            del self._by_id[oldest.id], self._by_token[oldest.token]

    def _payload(self, interaction: Interaction) -> JSON:
        channel, guild, user, bot = interaction.channel, interaction.channel.guild, interaction.user, self._world.bot
        rights = str(in_channel(channel, user))
        payload: JSON = {
            "id": interaction.id, "application_id": self._world.application.id, "type": interaction.type,
            "token": interaction.token, "version": 1, "data": interaction.data, "channel_id": channel.id,
            "channel": channel.payload(bot) | {"permissions": rights}, "locale": user.locale, "entitlements": [],
            "app_permissions": str(of_app(self._world, channel)), "authorizing_integration_owners": interaction.owners,
            "context": self._world.context(channel), "attachment_size_limit": interaction.limit,
        }  # fmt: skip
        if guild is None:
            payload["user"] = user.payload
        else:
            payload["guild_id"] = guild.id
            payload["guild"] = {"id": guild.id, "locale": guild.locale, "features": []}
            payload["guild_locale"] = guild.locale
            payload["member"] = guild.members[user.id].payload() | {"user": user.payload, "permissions": rights}
        if interaction.message is not None:
            payload["message"] = self._messages.fresh(interaction.message).seen(bot)
        return payload


def _hidden(body: JSON) -> bool:
    flags = body.get("flags")
    return isinstance(flags, int) and bool(flags & EPHEMERAL)


def _focused(options: list[JSON]) -> JSON:
    for option in options:
        if option.get("focused"):
            return option
        if option.get("options") and (found := _focused(option["options"])):
            return found
    return {}


def _full_name(command: JSON) -> str:
    """`prefer option set`: the name with its groups and subcommands, as messages give it.

    https://docs.discord.com/developers/interactions/receiving-and-responding#message-interaction-object
    """
    inner = next((option for option in command.get("options", ()) if option["type"] in (SUBCOMMAND, GROUP)), None)
    return f"{command['name']} {_full_name(inner)}" if inner else str(command["name"])
