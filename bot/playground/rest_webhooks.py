"""Interactions' callbacks and their webhooks. https://docs.discord.com/developers/interactions/receiving-and-responding"""

from bot.playground.interactions import Interactions
from bot.playground.messages import Messages
from bot.playground.wire import Answer, Call
from bot.playground.world import World


class WebhookRoutes:
    """Handlers that need no token but the interaction's own."""

    def __init__(self, world: World, interactions: Interactions, messages: Messages) -> None:
        self._world = world
        self._interactions = interactions
        self._messages = messages

    def callback(self, call: Call) -> Answer:
        """POST /interactions/{id}/{token}/callback"""
        ids = call.params
        receipt = self._interactions.respond(
            ids["interaction_id"], ids["interaction_token"], call.table(), call.uploads
        )
        return Answer(200, receipt) if call.flag("with_response") else Answer(204)

    def follow_up(self, call: Call) -> Answer:
        """POST /webhooks/{application}/{token}: always answers the message, as Discord does for interactions."""
        interaction = self._interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])
        return Answer(200, self._interactions.follow_up(interaction, call.table(), call.uploads).payload)

    def get(self, call: Call) -> Answer:
        """GET .../messages/@original or a follow-up."""
        interaction = self._interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])
        message = self._interactions.message(interaction, call.params["message_id"])
        return Answer(200, self._messages.fresh(message).seen(self._world.bot))

    def edit(self, call: Call) -> Answer:
        """PATCH .../messages/@original or a follow-up."""
        interaction = self._interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])
        message = self._interactions.edit(interaction, call.params["message_id"], call.table(), call.uploads)
        return Answer(200, message.seen(self._world.bot))

    def delete(self, call: Call) -> Answer:
        """DELETE .../messages/@original or a follow-up."""
        interaction = self._interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])
        self._messages.delete(self._interactions.message(interaction, call.params["message_id"]))
        return Answer(204)
