"""The REST API that a bot needs, as a table of routes. https://docs.discord.com/developers/reference"""

from aiohttp import web

from bot.playground.problems import no_such_route
from bot.playground.rest_channels import ChannelRoutes
from bot.playground.rest_commands import CommandRoutes
from bot.playground.rest_guilds import GuildRoutes
from bot.playground.rest_messages import MessageRoutes
from bot.playground.rest_webhooks import WebhookRoutes
from bot.playground.wire import Answer, Call, Handler, Wire

CHANNEL, MESSAGE = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
REACTIONS = MESSAGE + "/reactions"
GLOBAL, GUILD = "/applications/{application_id}/commands", "/applications/{application_id}/guilds/{guild_id}/commands"
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


def add_routes(
    router: web.UrlDispatcher,
    wire: Wire,
    guilds: GuildRoutes,
    channels: ChannelRoutes,
    messages: MessageRoutes,
    commands: CommandRoutes,
    webhooks: WebhookRoutes,
) -> None:
    """Register every route."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/users/@me", guilds.me),
        ("GET", "/users/@me/guilds", guilds.my_guilds),
        ("GET", "/users/{user_id}", guilds.user),
        ("GET", "/oauth2/applications/@me", guilds.application),
        ("GET", "/applications/@me", guilds.application),
        ("GET", "/gateway/bot", guilds.gateway_bot),
        ("GET", "/guilds/{guild_id}", guilds.guild),
        ("GET", "/guilds/{guild_id}/channels", guilds.channels),
        ("GET", "/guilds/{guild_id}/roles", guilds.roles),
        ("GET", "/guilds/{guild_id}/members", guilds.members),
        ("GET", "/guilds/{guild_id}/members/{user_id}", guilds.member),
        ("GET", "/guilds/{guild_id}/threads/active", guilds.active_threads),
        ("POST", "/users/@me/channels", channels.open_dm),
        ("GET", CHANNEL, channels.get),
        ("PATCH", CHANNEL, channels.change),
        ("DELETE", CHANNEL, channels.delete),
        ("POST", CHANNEL + "/typing", channels.typing),
        ("POST", CHANNEL + "/threads", channels.start_thread),
        ("POST", MESSAGE + "/threads", channels.start_thread_from_message),
        ("PUT", CHANNEL + "/thread-members/@me", channels.join_thread),
        ("PUT", CHANNEL + "/thread-members/{user_id}", channels.add_to_thread),
        ("GET", CHANNEL + "/messages", messages.history),
        ("POST", CHANNEL + "/messages", messages.create),
        ("GET", MESSAGE, messages.get),
        ("PATCH", MESSAGE, messages.edit),
        ("DELETE", MESSAGE, messages.delete),
        ("PUT", REACTIONS + "/{emoji_name}/@me", messages.react),
        ("DELETE", REACTIONS + "/{emoji_name}/@me", messages.unreact),
        ("DELETE", REACTIONS + "/{emoji_name}/{user_id}", messages.unreact_other),
        ("GET", REACTIONS + "/{emoji_name}", messages.reactors),
    ]
    for base in (GLOBAL, GUILD):
        table += [
            ("GET", base, commands.all),
            ("PUT", base, commands.replace),
            ("POST", base, commands.create),
            ("GET", base + "/{command_id}", commands.get),
            ("PATCH", base + "/{command_id}", commands.change),
            ("DELETE", base + "/{command_id}", commands.delete),
        ]
    for method, path, handler in table:
        wire.add(router, method, path, handler)
    without_bot_token: list[tuple[str, str, Handler]] = [
        ("GET", "/gateway", guilds.gateway),
        ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", webhooks.callback),
        ("POST", WEBHOOK, webhooks.follow_up),
        ("GET", WEBHOOK + "/messages/{message_id}", webhooks.get),
        ("PATCH", WEBHOOK + "/messages/{message_id}", webhooks.edit),
        ("DELETE", WEBHOOK + "/messages/{message_id}", webhooks.delete),
    ]
    for method, path, handler in without_bot_token:
        wire.add(router, method, path, handler, auth=False)
    wire.add(router, "*", "/{unknown:.*}", _unknown)


def _unknown(_call: Call) -> Answer:
    """Whatever this playground does not serve; it is in the log."""
    raise no_such_route()
