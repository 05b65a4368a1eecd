"""The real client over real sockets, against the playground; the studio behind it is fake."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.actions import Button
from bot.client import Lienzo, build_client
from bot.config import Settings
from bot.errors import LimitReached
from bot.i18n import T
from bot.jobs import Lane, Place
from bot.playground.client import Person
from bot.playground.server import Playground
from bot.views import rows_view
from bot.worker import Upload
from tests.fake_studio import FakeStudio, job_in

HOME, ELSEWHERE = 1200000000000001000, 1200000000000002000
CHANNEL = HOME + 1
EPHEMERAL = 64
RED = 16711680


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts discord.py back on its own host afterwards."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.fixture
async def playground() -> AsyncGenerator[Playground]:
    async with Playground() as started:
        yield started


@pytest.fixture
def studio() -> FakeStudio:
    return FakeStudio()


@asynccontextmanager
async def running(playground: Playground, studio: FakeStudio, **changes: Any) -> AsyncGenerator[Lienzo]:
    """The client, connected."""
    values: dict[str, Any] = {
        "token": playground.token,
        "guilds": frozenset({HOME}),
        "discord_url": playground.url,
        **changes,
    }
    settings = Settings(**values)
    async with build_client(settings, studio.real) as client:
        connected = asyncio.create_task(client.wait_for("connect", timeout=20))
        serving = asyncio.create_task(client.start(playground.token))
        done, _ = await asyncio.wait({connected, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        yield client
    await asyncio.gather(serving, return_exceptions=True)


def sync_calls(playground: Playground) -> list[str]:
    return [entry.path for entry in playground.log if entry.method == "PUT" and entry.path.endswith("/commands")]


async def post_buttons(client: Lienzo, channel_id: int, *buttons: Button, job_id: str = "job1") -> int:
    view = rows_view((buttons,), job_id, "en-US")
    assert view is not None
    message = await client.get_partial_messageable(channel_id).send("result", view=view)
    return message.id


async def seen(person: Person, channel: int, message_id: int) -> dict[str, Any]:
    return await person.wait(str(channel), lambda message: message["id"] == str(message_id))


async def test_imagine_defers_and_hands_over(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio), playground.user("ana") as ana:
        options = {"aspect": "3:2", "seed": 7, "mode": "relax", "image": ("cat.png", b"png")}
        reply = await ana.slash("imagine", "#studio", prompt="a fox", **options)
        thinking = await reply.thinking()
        await ana.until(lambda: studio.imagined or None)
    (who, draft, place, attachments), *rest = studio.imagined
    assert not rest
    assert (who.user_name, who.guild_id, who.channel_id, who.locale) == ("ana", HOME, CHANNEL, "es-419")
    assert not who.moderator
    assert draft.prompts[0].aspect == (3, 2)
    assert draft.prompts[0].seed == 7
    assert draft.prompts[0].get(Lane.RELAX)
    assert [attachment.filename for attachment in attachments] == ["cat.png"]
    assert place.progress_message_id == int(thinking["id"])
    assert (place.channel_id, place.guild_id, place.may_post, place.ephemeral) == (CHANNEL, HOME, True, False)
    assert place.token
    assert place.token_until_ms > 0
    assert place.token not in repr(place)


async def test_stealth_is_decided_before_the_answer(playground: Playground, studio: FakeStudio) -> None:
    studio.hidden = True
    async with running(playground, studio), playground.user("ben") as ben:
        reply = await ben.slash("imagine", "#studio", prompt="a fox")
        assert (await reply.thinking())["flags"] & EPHEMERAL
        await ben.until(lambda: studio.imagined or None)
    assert studio.imagined[0][2].ephemeral


async def test_a_broken_prompt_is_answered_with_the_red_embed_and_mended(
    playground: Playground, studio: FakeStudio
) -> None:
    async with running(playground, studio), playground.user("ben") as ben:
        reply = await ben.slash("imagine", "#studio", prompt="a fox --foo", aspect="3:2")
        message = await reply.message()
        (embed,) = message["embeds"]
        assert message["flags"] & EPHEMERAL
        assert embed["color"] == RED
        assert embed["title"] == "Invalid parameter"
        assert "`--foo`" in embed["description"]
        assert embed["footer"]["text"] == "/imagine prompt: a fox --foo aspect: 3:2"
        assert not studio.imagined
        modal = await (await ben.click(message, "Fix")).modal()
    async with running(playground, studio):  # a restart between opening the window and submitting it
        (field,) = modal["components"]
        assert field["component"]["value"] == "a fox --foo --ar 3:2"
        mended = await ben.submit(modal, {"prompt0": "a fox --ar 3:2"})
        assert await mended.acknowledged()
        await ben.until(lambda: studio.imagined or None)
    assert studio.imagined[0][1].prompts[0].aspect == (3, 2)
    await ben.close()


async def test_spanish_from_the_menu_to_the_error(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio), playground.user("ana") as ana:
        (imagine,) = [command for command in await ana.commands("#studio") if command["name"] == "imagine"]
        reply = await ana.slash("imagine", "#studio", prompt="un faro --stylize 5000")
        message = await reply.message()
    described = [imagine["description"], *(option["description"] for option in imagine["options"])]
    english = ["Create images from a prompt", "What to paint. Parameters such as --ar 3:2 may follow"]
    assert described[:2] == [T(text).in_language("es-419") for text in english]
    assert described[:2] != english
    error = T("Invalid parameter").in_language("es-419")
    assert message["embeds"][0]["title"] == error != "Invalid parameter"
    assert message["components"][0]["components"][0]["label"] == T("Fix").in_language("es-419")


async def test_trouble_after_the_answer_is_told_to_the_user_alone(playground: Playground, studio: FakeStudio) -> None:
    studio.trouble = LimitReached()
    async with running(playground, studio), playground.user("ben") as ben, playground.user("ana") as ana:
        reply = await ben.slash("imagine", "#studio", prompt="a fox")
        thinking = await reply.thinking()
        await ben.gone(thinking)
        error = await ben.wait("#studio", lambda message: message["embeds"])
        assert error["flags"] & EPHEMERAL
        assert error["embeds"][0]["title"] == "Limit reached"
        assert await ana.history("#studio") == []


async def test_what_nobody_expected_is_written_down_and_said(
    playground: Playground, studio: FakeStudio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.trouble = ZeroDivisionError("secret detail")
    async with running(playground, studio) as client, playground.user("ben") as ben:
        message_id = await post_buttons(client, CHANNEL, Button("upsample", 2), job_id="01jvbroken")
        await ben.click(await seen(ben, CHANNEL, message_id), "U2")
        error = await ben.wait("#studio", lambda message: message["embeds"])
    assert error["embeds"][0]["title"] == "Something went wrong"
    assert "secret detail" not in str(error)
    assert any("01jvbroken" in record.getMessage() and record.levelno == logging.ERROR for record in caplog.records)


async def test_several_jobs_are_asked_about_and_started_once(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio), playground.user("ben") as ben:
        reply = await ben.slash("imagine", "#studio", prompt="a {red, blue} fox")
        question = await reply.message()
        assert question["flags"] & EPHEMERAL
        assert question["content"] == "This will start 2 jobs. Go on?"
        assert not studio.imagined
        await asyncio.gather(ben.click(question, "Yes"), ben.click(question, "Yes"))  # by a nervous finger
        refusal = await ben.wait("#studio", lambda message: message["embeds"])
        assert "started already" in refusal["embeds"][0]["description"]
        answered = await ben.wait("#studio", lambda message: message["content"] == "2 jobs were started.")
        assert answered["components"] == []
    assert [len(draft.prompts) for _, draft, _, _ in studio.imagined] == [2]
    assert studio.imagined[0][2].progress_message_id is None


async def test_buttons_work_after_a_restart(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio) as client:
        message_id = await post_buttons(client, CHANNEL, Button("upsample", 2), Button("pan", 1, "left"))
    async with running(playground, studio), playground.user("ben") as ben:
        message = await seen(ben, CHANNEL, message_id)
        thinking = await (await ben.click(message, "U2")).thinking()
        await (await ben.click(message, "⬅️")).thinking()
        await ben.until(lambda: True if len(studio.acted) == 2 else None)
    by_verb = {call[1]: call for call in studio.acted}
    _, _, job_id, tile, extra, place, text = by_verb["upsample"]
    assert (job_id, tile, extra, text) == ("job1", 2, "", None)
    assert (place.progress_message_id, place.reply_to) == (int(thinking["id"]), message_id)
    assert by_verb["pan"][4] == "left"


async def test_custom_zoom_opens_a_window(playground: Playground, studio: FakeStudio) -> None:
    place = Place(channel_id=CHANNEL, guild_id=HOME)
    studio.jobs["job1"] = job_in(place, "job1")
    async with running(playground, studio) as client, playground.user("ben") as ben:
        message_id = await post_buttons(client, CHANNEL, Button("zoom", 1, "custom"))
        modal = await (await ben.click(await seen(ben, CHANNEL, message_id), "Custom Zoom")).modal()
        await ben.submit(modal, {"factor": "1,3"})
        await ben.until(lambda: studio.acted or None)
        wrong = await (await ben.click(await seen(ben, CHANNEL, message_id), "Custom Zoom")).modal()
        refusal = await (await ben.submit(wrong, {"factor": "7"})).message()
    assert [call[1:5] for call in studio.acted] == [("zoom", "job1", 1, "1.3")]
    assert studio.acted[0][6] == "a lighthouse --ar 3:2"
    assert refusal["flags"] & EPHEMERAL


async def test_a_foreign_server_is_refused_in_words(playground: Playground, studio: FakeStudio) -> None:
    both = frozenset({HOME, ELSEWHERE})
    async with running(playground, studio, guilds=both) as client:
        message_id = await post_buttons(client, ELSEWHERE + 1, Button("upsample", 1))
        payload = [
            command.to_dict(client.tree) for command in client.tree.get_commands(guild=discord.Object(ELSEWHERE))
        ]
    async with running(playground, studio) as client, playground.user("ben") as ben:
        assert client.application_id is not None
        await client.http.bulk_upsert_guild_commands(client.application_id, ELSEWHERE, payload)
        refusals = [
            await (await ben.slash("imagine", "#general", prompt="a fox")).message(),
            await (await ben.click(await seen(ben, ELSEWHERE + 1, message_id), "U1")).message(),
        ]
        assert await ben.autocomplete("imagine", "#general", "aspect", "16") == []
        studio.messages[message_id] = job_in(Place(channel_id=ELSEWHERE + 1, guild_id=ELSEWHERE))
        await ben.react(await seen(ben, ELSEWHERE + 1, message_id), "❌")
        assert await ben.autocomplete("imagine", "#studio", "aspect", "16") != []  # all that came before was handled
    for refusal in refusals:
        assert refusal["content"] == "This bot can't be used on this server."
        assert refusal["flags"] & EPHEMERAL
        assert refusal["embeds"] == []
    assert not studio.imagined
    assert not studio.acted
    assert not studio.ended


async def test_direct_messages_only_where_the_operator_said(playground: Playground, studio: FakeStudio) -> None:
    async with playground.user("ben") as ben:
        async with running(playground, studio, allow_dms=True):
            channel = (await ben.dm())["id"]
            await (await ben.slash("imagine", channel, prompt="a fox")).thinking()
            await ben.until(lambda: studio.imagined or None)
            assert studio.imagined[0][2].may_post
            assert len(await ben.commands(str(CHANNEL))) == len(await ben.commands(channel))  # none of them twice
            assert await ben.commands(str(ELSEWHERE + 1)) == []
        async with running(playground, studio) as client:
            await client.http.bulk_upsert_global_commands(
                client.application_id or 0, [{"name": "imagine", "description": "x", "type": 1}]
            )
            refusal = await (await ben.slash("imagine", channel)).message()
    assert refusal["content"] == "This bot can't be used in direct messages."
    assert len(studio.imagined) == 1


async def test_commands_are_registered_only_when_they_changed(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio):
        first = sync_calls(playground)
    async with running(playground, studio):
        assert sync_calls(playground) == first
    assert [path.partition("/applications/")[2].partition("/")[2] for path in first] == [
        "commands",
        f"guilds/{HOME}/commands",
    ]
    async with running(playground, studio, guilds=frozenset({ELSEWHERE})), playground.user("ben") as ben:
        assert await ben.commands("#studio") == []
        assert {command["name"] for command in await ben.commands("#general")} >= {"imagine", "Cancel or Delete"}


async def test_a_server_without_the_bot_does_not_stop_the_others(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio, guilds=frozenset({HOME, 123})), playground.user("ben") as ben:
        assert await ben.commands("#studio")
    assert studio.fingerprint is None  # tried again at the next start


async def test_reactions_of_people_but_not_of_the_bot(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio) as client, playground.user("mod") as mod:
        message_id = await post_buttons(client, CHANNEL, Button("cancel"))
        studio.messages[message_id] = job_in(Place(channel_id=CHANNEL, guild_id=HOME))
        await client.get_partial_messageable(CHANNEL).get_partial_message(message_id).add_reaction("❌")
        await mod.react(await seen(mod, CHANNEL, message_id), "❌")
        await mod.until(lambda: studio.ended or None)
        assert await mod.autocomplete("imagine", "#studio", "aspect", "") != []
    ((who, job_id),) = studio.ended
    assert (who.user_name, who.moderator, job_id) == ("mod", True, "01jv0example0000")


async def test_cancel_by_button_and_by_menu(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio) as client, playground.user("ben") as ben:
        message_id = await post_buttons(client, CHANNEL, Button("cancel"))
        message = await seen(ben, CHANNEL, message_id)
        assert await (await ben.click(message, "Cancel")).acknowledged()
        await ben.until(lambda: studio.ended or None)
        unknown = await (await ben.menu("Cancel or Delete", message)).message()
        assert unknown["embeds"][0]["title"] == "Not found"
        studio.messages[message_id] = job_in(Place(channel_id=CHANNEL, guild_id=HOME), "job2")
        answer = await (await ben.menu("Cancel or Delete", message)).message()
        assert answer["content"] == "Cancelled."
        assert answer["flags"] & EPHEMERAL
    assert [job_id for _, job_id in studio.ended] == ["job1", "job2"]


async def test_originals_and_favourites(playground: Playground, studio: FakeStudio, tmp_path: Any) -> None:
    path = tmp_path / "fox.png"
    path.write_bytes(b"bytes of a picture")
    studio.originals["job1", 1] = Upload(path, "ana_fox_job1.png", "A fox")
    async with running(playground, studio) as client, playground.user("ben") as ben:
        message_id = await post_buttons(client, CHANNEL, Button("original", 1), Button("favourite", 1))
        message = await seen(ben, CHANNEL, message_id)
        original = await (await ben.click(message, "Original")).message()
        (attachment,) = original["attachments"]
        assert await ben.download(attachment["url"]) == b"bytes of a picture"
        assert attachment["description"] == "A fox"
        assert original["flags"] & EPHEMERAL
        on = await (await ben.click(message, "❤️")).message()
        off = await (await ben.click(message, "❤️")).message()
        assert ("Added" in on["content"], "Removed" in off["content"]) == (True, True)
        studio.messages[message_id] = job_in(Place(channel_id=CHANNEL, guild_id=HOME), "job1")
        await ben.react(message, "✉️")
        await ben.until(lambda: studio.sent or None)
    assert [job_id for _, job_id in studio.sent] == ["job1"]


async def test_a_picture_too_large_for_discord_is_said_so(
    playground: Playground, studio: FakeStudio, tmp_path: Any
) -> None:
    path = tmp_path / "fox.png"
    with path.open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    studio.originals["job1", 1] = Upload(path, "fox.png", "")
    async with running(playground, studio) as client, playground.user("ben") as ben:
        message_id = await post_buttons(client, CHANNEL, Button("original", 1))
        await ben.click(await seen(ben, CHANNEL, message_id), "Original")
        error = await ben.wait("#studio", lambda message: message["embeds"])
    assert error["embeds"][0]["description"] == "The original has 11.0 MiB; Discord takes at most 10 MiB here."


async def test_autocomplete(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio), playground.user("ben") as ben:
        assert await ben.autocomplete("imagine", "#studio", "aspect", "16") == [{"name": "16:9", "value": "16:9"}]
        typed = await ben.autocomplete("imagine", "#studio", "aspect", "139x100")
        assert typed == [{"name": "139:100", "value": "139:100"}]
        names = await ben.autocomplete("imagine", "#studio", "backend", "open")
        assert [choice["value"] for choice in names] == ["openai"]
        presets = await ben.autocomplete("imagine", "#studio", "stylize", "")
        assert [choice["value"] for choice in presets] == [50, 100, 250, 750]


async def test_nothing_privileged_and_nothing_kept(playground: Playground, studio: FakeStudio) -> None:
    async with running(playground, studio) as client, playground.user("ben") as ben:
        intents = client.intents
        assert [intents.message_content, intents.members, intents.presences] == [False, False, False]
        message_id = await post_buttons(client, CHANNEL, Button("upsample", 2))
        await (await ben.click(await seen(ben, CHANNEL, message_id), "U2")).thinking()
        await ben.until(lambda: studio.acted or None)
        store: Any = client._connection._view_store  # pyright: ignore[reportPrivateUsage]
        assert (store._views, store._synced_message_views, store._modals) == ({}, {}, {})
        assert len(store._dynamic_items) == 1
        assert len(client.cached_messages) == 0
