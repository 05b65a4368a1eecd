"""The playground as a whole: built, started and stopped."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.client import Person
from bot.playground.clock import Clock
from bot.playground.commands import Commands
from bot.playground.events import Events
from bot.playground.faults import Faults
from bot.playground.files import Files
from bot.playground.gateway import Gateway
from bot.playground.interactions import Interaction, Interactions
from bot.playground.messages import Messages
from bot.playground.pages import Pages
from bot.playground.people import People, Supervisor
from bot.playground.problems import JSON
from bot.playground.ratelimits import RateLimits
from bot.playground.rest import add_routes
from bot.playground.rest_channels import ChannelRoutes
from bot.playground.rest_commands import CommandRoutes
from bot.playground.rest_guilds import GuildRoutes
from bot.playground.rest_messages import MessageRoutes
from bot.playground.rest_webhooks import WebhookRoutes
from bot.playground.scenery import default_world
from bot.playground.snowflake import Snowflakes
from bot.playground.stage import Stage
from bot.playground.watchers import Watchers
from bot.playground.wire import BASE, Call, Wire
from bot.playground.world import World

HOST = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Playground:
    """A small Discord on 127.0.0.1; use it as `async with Playground() as playground`.

    Args:
        port: the port to listen on; 0 takes any free one.
        world: what exists at the beginning; the default has two guilds and three people.
        token: the bot's token; by default a random one, read from `token`.
        supervisor: who can kill and start the bot's process.
        tries: prompts to click on the page, (label, text) by locale.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        world: World | None = None,
        token: str | None = None,
        supervisor: Supervisor | None = None,
        tries: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    ) -> None:
        self.port = port
        self.token = token or secrets.token_urlsafe(32)
        self.world = world or default_world()
        self.clock = Clock()
        self.faults = Faults()
        self.rate_limits = RateLimits(self.clock)
        self.files = Files(self.clock)
        self._persons: list[Person] = []
        self._build(supervisor, tries or {})

    def _build(self, supervisor: Supervisor | None, tries: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        ids, events, watchers = Snowflakes(self.clock), Events(self.world.bot), Watchers()
        self.gateway = Gateway(self.world, self.clock, self.token, changed=self._bot_changed)
        events.bot, events.people = self.gateway, watchers
        self.messages = Messages(self.world, self.clock, ids, self.files, events)
        self.interactions = Interactions(self.world, self.clock, ids, self.messages, events)
        self.commands = Commands(self.world, ids, self._commands_changed)
        channels = ChannelRoutes(self.world, self.clock, ids, self.messages, events)
        self.stage = Stage(self.world, ids, events)
        self._watchers = watchers
        self._people = People(
            self.world, self.clock, ids, self.files, self.messages, self.commands, self.interactions, channels,
            self.gateway, watchers, supervisor, tries,
        )  # fmt: skip
        self._wire = Wire(self.clock, self.token, self.faults, self.rate_limits)
        self._wire.request_limit = self._request_limit
        self.log = self._wire.log
        self.observers = self._wire.observers
        self._app = web.Application(middlewares=[self._only_here], client_max_size=32 << 20)
        self._people.add_routes(self._app.router)
        Pages(self.files).add_routes(self._app.router)
        self._app.router.add_get("/gateway", self.gateway.handle)
        self._app.router.add_get("/gateway/", self.gateway.handle)
        add_routes(
            self._app.router, self._wire, GuildRoutes(self.world, self.gateway), channels,
            MessageRoutes(self.world, self.messages), CommandRoutes(self.world, self.commands),
            WebhookRoutes(self.world, self.interactions, self.messages),
        )  # fmt: skip

    @property
    def url(self) -> str:
        """The page."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """What `discord.http.Route.BASE` is set to."""
        return self.url + BASE

    @property
    def gateway_url(self) -> str:
        """What `DiscordWebSocket.DEFAULT_GATEWAY` is set to."""
        return f"ws://{HOST}:{self.port}/gateway"

    async def start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self.port, backlog=1024).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = int(self._runner.addresses[0][1])
        self.files.base, self.gateway.url = self.url, self.gateway_url

    async def stop(self) -> None:
        """Close every connection and forget everything."""
        self.faults.clear()
        for person in self._persons:
            await person.close()
        await asyncio.gather(self.gateway.close(), self._watchers.close())
        self.clock.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def user(self, name: str) -> Person:
        """A person to act as, by user name; over HTTP and a websocket alone."""
        user = next(self.world.users[key] for key in self.world.people if self.world.users[key].username == name)
        person = Person(self.url, user.id)
        self._persons.append(person)
        return person

    def interact(self, user: str, channel: str, body: JSON) -> Interaction:
        """Start an interaction without HTTP, as `POST /play/interactions` does: for load that is not to measure that."""
        return self._people.start(self.world.user(user), self.world.channel(channel), body)

    def drop_gateway(self) -> None:
        """Cut the bot's connections; their sessions can be resumed."""
        self.gateway.drop()

    def reconnect(self) -> None:
        """Ask the bot to reconnect."""
        self.gateway.reconnect()

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell the bot that its session is invalid."""
        self.gateway.invalidate(resumable=resumable)

    def _bot_changed(self) -> None:
        self._people.announce_bot()

    def _commands_changed(self) -> None:
        self._people.announce_commands()

    def _request_limit(self, call: Call) -> int:
        channel_id = call.params.get("channel_id")
        if channel_id in self.world.channels:
            return self.messages.request_limit(self.world.channels[channel_id])
        interaction = self.interactions.find(call.params)
        return self.messages.request_limit(interaction.channel) if interaction else 25 << 20

    @web.middleware
    async def _only_here(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other hosts' names (DNS rebinding) and other sites' pages on the people's face."""
        if request.path.startswith((BASE, "/gateway")):
            return await handler(request)
        ours = {f"{HOST}:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("Origin")
        if request.host not in ours or (origin is not None and origin.removeprefix("http://") not in ours):
            return web.Response(status=403, text="This playground only answers to its own page on this machine.")
        return await handler(request)
