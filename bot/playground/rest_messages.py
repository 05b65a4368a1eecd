"""Messages of channels with the bot's token. https://docs.discord.com/developers/resources/message"""

from bot.playground.events import MESSAGE_CONTENT, without_content
from bot.playground.messages import Messages, find
from bot.playground.permissions import (
    ADD_REACTIONS,
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    in_channel,
)
from bot.playground.problems import JSON, foreign_message, invalid, missing_access, missing_permissions, refused_dm
from bot.playground.wire import Answer, Call
from bot.playground.world import Channel, Message, World


class MessageRoutes:
    """Handlers with the permission checks of each."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def history(self, call: Call) -> Answer:
        """GET /channels/{id}/messages: newest first, before, after or around an id."""
        channel = self._visible(call)
        if not self._rights(channel) & READ_MESSAGE_HISTORY:
            return Answer(200, [])
        limit = call.number("limit", 50, 1, 100)
        keys = [key for key in ("before", "after", "around") if key in call.query]
        if len(keys) > 1:
            raise invalid((), "MUTUALLY_EXCLUSIVE", "before, after and around are mutually exclusive.")
        found = [each for each in channel.messages.values() if each.seen_by is None]
        pivot = call.number(keys[0], 0, 0, 2**64) if keys else 0
        chosen = _slice(found, keys[0] if keys else "", pivot, limit)
        return Answer(200, [self._shown(each) for each in reversed(chosen)])

    def create(self, call: Call) -> Answer:
        """POST /channels/{id}/messages"""
        channel, body = self._visible(call), call.table()
        rights = self._rights(channel)
        if channel.guild is None and not all(user.dms_open for user in channel.recipients):
            raise refused_dm()
        needed = SEND_MESSAGES | (ATTACH_FILES if call.uploads else 0) | (EMBED_LINKS if body.get("embeds") else 0)
        if needed & ~rights:
            raise missing_permissions()
        message = self._messages.send(channel, self._world.bot, body, call.uploads)
        nonce = {} if message.nonce is None else {"nonce": message.nonce}
        return Answer(200, message.payload | nonce)

    def get(self, call: Call) -> Answer:
        """GET /channels/{id}/messages/{id}"""
        channel = self._visible(call)
        if not self._rights(channel) & READ_MESSAGE_HISTORY:
            raise missing_permissions()
        return Answer(200, self._shown(find(channel, call.params["message_id"])))

    def edit(self, call: Call) -> Answer:
        """PATCH /channels/{id}/messages/{id}"""
        channel, body = self._visible(call), call.table()
        message = find(channel, call.params["message_id"])
        if message.author is not self._world.bot:
            if set(body) != {"flags"} or not self._rights(channel) & MANAGE_MESSAGES:
                raise foreign_message()
            return Answer(200, self._messages.suppress(message, body["flags"] or 0).seen(self._world.bot))
        if call.uploads and not self._rights(channel) & ATTACH_FILES:
            raise missing_permissions()
        edited = self._messages.edit(message, body, call.uploads, self._messages.limit(channel))
        return Answer(200, edited.seen(self._world.bot))

    def delete(self, call: Call) -> Answer:
        """DELETE /channels/{id}/messages/{id}"""
        channel = self._visible(call)
        message = find(channel, call.params["message_id"])
        if message.author is not self._world.bot and not self._rights(channel) & MANAGE_MESSAGES:
            raise missing_permissions()
        self._messages.delete(message)
        return Answer(204)

    def react(self, call: Call) -> Answer:
        """PUT .../reactions/{emoji}/@me"""
        channel = self._visible(call)
        message = find(channel, call.params["message_id"])
        needed = READ_MESSAGE_HISTORY | (0 if call.params["emoji_name"] in message.reactions else ADD_REACTIONS)
        if needed & ~self._rights(channel):
            raise missing_permissions()
        self._messages.react(message, self._world.bot, call.params["emoji_name"])
        return Answer(204)

    def unreact(self, call: Call) -> Answer:
        """DELETE .../reactions/{emoji}/@me"""
        message = find(self._visible(call), call.params["message_id"])
        self._messages.unreact(message, self._world.bot, call.params["emoji_name"])
        return Answer(204)

    def unreact_other(self, call: Call) -> Answer:
        """DELETE .../reactions/{emoji}/{user}"""
        channel = self._visible(call)
        message = find(channel, call.params["message_id"])
        if not self._rights(channel) & MANAGE_MESSAGES:
            raise missing_permissions()
        self._messages.unreact(message, self._world.user(call.params["user_id"]), call.params["emoji_name"])
        return Answer(204)

    def reactors(self, call: Call) -> Answer:
        """GET .../reactions/{emoji}"""
        message = find(self._visible(call), call.params["message_id"])
        limit, after = call.number("limit", 25, 1, 100), call.number("after", 0, 0, 2**64)
        ids = sorted((key for key in message.reactions.get(call.params["emoji_name"], []) if int(key) > after), key=int)
        return Answer(200, [self._world.users[key].payload for key in ids[:limit]])

    def _shown(self, message: Message) -> JSON:
        bot, application = self._world.bot, self._world.application
        payload = self._messages.fresh(message).seen(bot)
        return payload if application.privileged & MESSAGE_CONTENT else without_content(message, payload, bot)

    def _rights(self, channel: Channel) -> int:
        return in_channel(channel, self._world.bot)

    def _visible(self, call: Call) -> Channel:
        channel = self._world.channel(call.params["channel_id"])
        if not self._rights(channel) & VIEW_CHANNEL:
            raise missing_access()
        return channel


def _slice(found: list[Message], how: str, pivot: int, limit: int) -> list[Message]:
    if how == "after":
        return [each for each in found if int(each.id) > pivot][:limit]
    if how == "around":
        older = [each for each in found if int(each.id) <= pivot][-(limit // 2 + 1) :]
        newer = [each for each in found if int(each.id) > pivot][: limit // 2]
        return (older + newer)[-limit:]
    return [each for each in found if not how or int(each.id) < pivot][-limit:]
