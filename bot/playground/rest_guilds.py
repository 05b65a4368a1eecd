"""Who and where: the application, users, guilds, members, roles."""

from bot.playground.gateway import Gateway
from bot.playground.permissions import VIEW_CHANNEL, in_channel, in_guild
from bot.playground.problems import JSON, missing_access, unknown_member
from bot.playground.wire import Answer, Call
from bot.playground.world import Guild, Member, World

# Flags of an application that has (limited) privileged intents, by the intent's bit.
PRIVILEGED_FLAGS = {1 << 8: 1 << 13, 1 << 1: 1 << 15, 1 << 15: 1 << 19}


class GuildRoutes:
    """Handlers that only read."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def me(self, _call: Call) -> Answer:
        """GET /users/@me"""
        own: JSON = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None, "premium_type": 0}
        return Answer(200, self._world.bot.payload | own)

    def user(self, call: Call) -> Answer:
        """GET /users/{id}"""
        return Answer(200, self._world.user(call.params["user_id"]).payload)

    def my_guilds(self, _call: Call) -> Answer:
        """GET /users/@me/guilds"""
        return Answer(200, [self._mine(guild) for guild in self._world.joined()])

    def application(self, _call: Call) -> Answer:
        """GET /applications/@me and /oauth2/applications/@me"""
        world = self._world
        flags = sum(flag for intent, flag in PRIVILEGED_FLAGS.items() if world.application.privileged & intent)
        return Answer(200, world.application.payload() | {
            "verify_key": "0" * 64, "flags": flags, "flags_new": str(flags), "redirect_uris": [], "bot": world.bot.payload,
            "interactions_endpoint_url": None, "role_connections_verification_url": None, "team": None,
            "owner": world.application.owner.payload, "bot_public": False, "bot_require_code_grant": False,
            "approximate_guild_count": len(world.joined()),
            "approximate_user_install_count": sum(user.installed for user in world.users.values()),
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "eligible_oauth2_scopes": [],
            "integration_types_config": {"0": {}, "1": {}},
        })  # fmt: skip

    def gateway(self, _call: Call) -> Answer:
        """GET /gateway"""
        return Answer(200, {"url": self._gateway.url})

    def gateway_bot(self, _call: Call) -> Answer:
        """GET /gateway/bot"""
        starts = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return Answer(200, {"url": self._gateway.url, "shards": 1, "session_start_limit": starts})

    def guild(self, call: Call) -> Answer:
        """GET /guilds/{id}"""
        guild = self._joined(call)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
        return Answer(200, guild.payload() | (counts if call.flag("with_counts") else {}))

    def channels(self, call: Call) -> Answer:
        """GET /guilds/{id}/channels"""
        found = self._joined(call).channels.values()
        return Answer(200, [each.payload(self._world.bot) for each in found])

    def roles(self, call: Call) -> Answer:
        """GET /guilds/{id}/roles"""
        return Answer(200, [role.payload() for role in self._joined(call).roles.values()])

    def members(self, call: Call) -> Answer:
        """GET /guilds/{id}/members: needs the privileged intent, as on Discord."""
        guild = self._joined(call)
        if not self._world.application.privileged & (1 << 1):
            raise missing_access()
        limit, after = call.number("limit", 1, 1, 1000), call.number("after", 0, 0, 2**64)
        found = sorted(
            (each for each in guild.members.values() if int(each.user.id) > after), key=lambda each: int(each.user.id)
        )
        return Answer(200, [_member(each) for each in found[:limit]])

    def member(self, call: Call) -> Answer:
        """GET /guilds/{id}/members/{user}"""
        member = self._joined(call).members.get(call.params["user_id"])
        if member is None:
            raise unknown_member()
        return Answer(200, _member(member))

    def active_threads(self, call: Call) -> Answer:
        """GET /guilds/{id}/threads/active"""
        bot = self._world.bot
        found = [each for each in self._joined(call).threads.values() if in_channel(each, bot) & VIEW_CHANNEL]
        return Answer(200, {"threads": [each.payload(bot) for each in found], "members": [], "has_more": False})

    def _joined(self, call: Call) -> Guild:
        guild = self._world.guild(call.params["guild_id"])
        if self._world.bot.id not in guild.members:
            raise missing_access()
        return guild

    def _mine(self, guild: Guild) -> JSON:
        return {
            "id": guild.id, "name": guild.name, "icon": None, "banner": None, "owner": False, "features": [],
            "permissions": str(in_guild(guild, self._world.bot)),
        }  # fmt: skip


def _member(member: Member) -> JSON:
    return member.payload() | {"user": member.user.payload}
