"""Registering commands. https://docs.discord.com/developers/interactions/application-commands#endpoints"""

from bot.playground.commands import Commands
from bot.playground.problems import JSON, ApiError, missing_access
from bot.playground.wire import Answer, Call
from bot.playground.world import World


class CommandRoutes:
    """Handlers for global commands and, where the path has a guild, for that guild's."""

    def __init__(self, world: World, commands: Commands) -> None:
        self._world = world
        self._commands = commands

    def all(self, call: Call) -> Answer:
        """GET .../commands"""
        full = call.flag("with_localizations")
        return Answer(200, [_shown(each, full=full) for each in self._commands.all(self._scope(call))])

    def replace(self, call: Call) -> Answer:
        """PUT .../commands"""
        return Answer(200, [_shown(each) for each in self._commands.replace(self._scope(call), call.body)])

    def create(self, call: Call) -> Answer:
        """POST .../commands"""
        command, new = self._commands.create(self._scope(call), call.body)
        return Answer(201 if new else 200, _shown(command))

    def get(self, call: Call) -> Answer:
        """GET .../commands/{id}"""
        return Answer(200, _shown(self._commands.get(self._scope(call), call.params["command_id"])))

    def change(self, call: Call) -> Answer:
        """PATCH .../commands/{id}"""
        return Answer(200, _shown(self._commands.change(self._scope(call), call.params["command_id"], call.body)))

    def delete(self, call: Call) -> Answer:
        """DELETE .../commands/{id}"""
        self._commands.delete(self._scope(call), call.params["command_id"])
        return Answer(204)

    def _scope(self, call: Call) -> str | None:
        if call.params["application_id"] != self._world.application.id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        guild_id = call.params.get("guild_id")
        if guild_id is None:
            return None
        guild = self._world.guilds.get(guild_id)
        if guild is None or self._world.bot.id not in guild.members:
            raise missing_access()
        return guild_id


def _shown(command: JSON, *, full: bool = True) -> JSON:
    hidden = {"contexts"} if "guild_id" in command else set[str]()
    if not full:
        hidden |= {"name_localizations", "description_localizations"}
    return {key: value for key, value in command.items() if key not in hidden}
