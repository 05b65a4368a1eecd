"""The people's face: the world, commands in one's language, uploads, the page, and who may call at all."""

from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.playground import Person, Playground, PlaygroundError
from tests.openapi import Validator
from tests.playground.conftest import SmallBot
from tests.playground.test_components import sync


async def test_the_world(bot: SmallBot, ana: Person, playground: Playground) -> None:
    world = await ana.world()
    assert (world["me"]["username"], world["me"]["locale"]) == ("ana", "es-419")
    assert [user["username"] for user in world["users"]] == ["ana", "ben", "mod", "admin", "lienzo"]
    assert [guild["name"] for guild in world["guilds"]] == ["Lienzo Studio", "Other Server", "Book Club"]
    assert [channel["name"] for channel in world["guilds"][0]["channels"]] == ["studio", "gallery", "random"]
    assert world["tries"] == [{"label": "Faro", "text": "un faro"}]
    assert world["bot"] == {"status": "online", "can_restart": False}
    assert world["application"]["name"] == "Lienzo"
    first = await ana.call("GET", "/play/world")
    assert first["me"]["id"] == ana.id
    assert (await playground.user("ben").world())["tries"] == [{"label": "Lighthouse", "text": "a lighthouse"}]


class Spanish(app_commands.Translator):
    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        return f"{string.message} ({locale.value})" if locale.value.startswith("es") and " " in string.message else None


async def test_commands_come_in_ones_language(bot: SmallBot, ana: Person) -> None:
    @app_commands.command(name="paint", description="Paint a thing")
    @app_commands.describe(prompt="What to paint")
    @app_commands.choices(mode=[app_commands.Choice(name="Very fast", value="fast")])
    async def paint(interaction: discord.Interaction, prompt: str, mode: str = "") -> None: ...

    await bot.tree.set_translator(Spanish())
    await sync(bot, paint)
    [command] = await ana.commands("#studio")
    assert (command["name"], command["description"]) == ("paint", "Paint a thing (es-419)")
    prompt, mode = command["options"]
    assert prompt["description"] == "What to paint (es-419)"
    assert mode["choices"][0]["name_localized"] == "Very fast (es-419)"
    await ana.locale("en-US")
    await ana.until(lambda: None if ana._commands else True)  # pyright: ignore[reportPrivateUsage]
    assert (await ana.commands("#studio"))[0]["description"] == "Paint a thing"
    with pytest.raises(PlaygroundError, match="must be one of"):
        await ana.locale("tlh")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"number": 11}, "from 1 to 10"),
        ({"number": "x"}, "must be a number"),
        ({"nothing": "x"}, "no option nothing"),
        ({"text": "x" * 6001}, "0 to 6000"),
        ({"file": "5"}, "no such thing among the attachments"),
    ],
)
async def test_options_that_discord_would_not_send(bot: SmallBot, ana: Person, options: Any, why: str) -> None:
    with pytest.raises(PlaygroundError, match=why):
        await ana.slash("ask", "#studio", **options)


async def test_what_cannot_be_done(bot: SmallBot, ana: Person, playground: Playground) -> None:
    with pytest.raises(LookupError, match="not offered"):
        await ana.slash("ask", "#general")
    with pytest.raises(LookupError, match="no channel"):
        await ana.say("#nowhere", "x")
    with pytest.raises(PlaygroundError, match="Unknown Channel"):
        await ana.say("5", "x")
    with pytest.raises(PlaygroundError, match="2000 or fewer"):
        await ana.say("#studio", "x" * 2001)
    with pytest.raises(PlaygroundError, match="empty"):
        await ana.say("#studio", "")
    with pytest.raises(PlaygroundError, match="nobody here"):
        await Person(playground.url, "5").world()
    with pytest.raises(PlaygroundError, match="cannot act"):
        await ana.call("GET", "/play/world", user=playground.world.bot.id)
    with pytest.raises(PlaygroundError, match="409"):
        await ana.bot("kill")
    with pytest.raises(PlaygroundError, match="JSON object"):
        await ana.call("POST", "/play/dms", data=b"[]")
    for kind in (3, 5, 9):
        body: dict[str, Any] = {
            "user": ana.id,
            "channel": next(iter(playground.world.channels)),
            "type": kind,
            "data": {},
        }
        with pytest.raises(PlaygroundError):
            await ana.call("POST", "/play/interactions", json_body=body)


async def test_a_button_that_is_off_cannot_be_pressed(bot: SmallBot, ana: Person) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Off", custom_id="off", disabled=True))
    await bot.guilds[0].text_channels[0].send("x", view=view)
    message = await ana.wait("#studio", lambda each: each["components"])
    with pytest.raises(LookupError, match="Off"):
        await ana.click(message, "Off")
    body: Any = {
        "user": ana.id, "channel": message["channel_id"], "type": 3, "message_id": message["id"],
        "data": {"custom_id": "off", "component_type": 2},
    }  # fmt: skip
    with pytest.raises(PlaygroundError, match="no such component"):
        await ana.call("POST", "/play/interactions", json_body=body)


async def test_uploads_are_limited(ana: Person, pixels: bytes) -> None:
    uploaded = await ana.upload(("a b.png", pixels))
    assert (uploaded["filename"], uploaded["width"], uploaded["size"]) == ("a_b.png", 1, len(pixels))
    with pytest.raises(PlaygroundError, match="25 MiB"):
        await ana.upload(("big.bin", b"x" * ((25 << 20) + 1)))


class Process:
    """A supervisor that only notes what it is told."""

    def __init__(self) -> None:
        self.status = "starting"
        self.done: list[str] = []

    async def kill(self) -> None:
        self.done.append("kill")

    async def start(self) -> None:
        self.done.append("start")


async def test_the_bots_process_can_be_restarted() -> None:
    process = Process()
    async with Playground(supervisor=process) as playground:
        ana = playground.user("ana")
        assert await ana.bot("restart") == {"status": "starting", "can_restart": True}
        await ana.bot("kill")
        await ana.bot("start")
        assert process.done == ["kill", "start", "kill", "start"]


async def get(url: str, **headers: str) -> tuple[int, str, Any]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text(errors="replace"), response.headers


async def test_the_page_is_served_with_a_strict_policy(playground: Playground) -> None:
    status, text, headers = await get(playground.url)
    assert (status, "<!doctype html>" in text.lower()) == (200, True)
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "img-src 'self' data: blob:;" in policy
    assert "http" not in policy
    for reference in ("/static/app.js", "/static/style.css"):
        assert reference in text
        assert (await get(playground.url + reference))[0] == 200
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/nothing.js", "/static//etc/passwd"):
        assert (await get(playground.url + path))[0] == 404


@pytest.mark.parametrize("path", ["/", "/play/world", "/play/events"])
async def test_only_this_machine_is_answered(playground: Playground, path: str) -> None:
    url = playground.url + path
    assert (await get(url, Host="evil.example"))[0] == 403
    assert (await get(url, Host=f"evil.example:{playground.port}"))[0] == 403
    assert (await get(url, Origin="https://evil.example"))[0] == 403
    assert (await get(url, Host=f"localhost:{playground.port}", Origin=f"http://localhost:{playground.port}"))[0] != 403


async def test_files_of_others_do_no_harm(bot: SmallBot, ana: Person, playground: Playground) -> None:
    page = await ana.upload(("evil.html", b"<script>alert(1)</script>"))
    _, _, headers = await get(page["url"])
    assert headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_not_served_is_said_and_logged(playground: Playground, validator: Validator | None) -> None:
    headers = {"Authorization": f"Bot {playground.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for method, path in (("GET", "/nowhere"), ("DELETE", "/users/@me")):
            async with session.request(method, playground.api_url + path) as response:
                assert (response.status, await response.json()) == (404, {"message": "404: Not Found", "code": 0})
            assert (playground.log[-1].method, playground.log[-1].path) == (method, path)
    if validator is not None:
        assert len(validator.problems) == 2
        validator.problems.clear()


async def test_the_api_wants_the_token(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"Authorization": "Bot wrong"}, {"Authorization": playground.token}):
            async with session.get(f"{playground.api_url}/users/@me", headers=headers) as response:
                assert (response.status, response.headers["Content-Type"]) == (401, "application/json")
                assert await response.json() == {"message": "401: Unauthorized", "code": 0}
