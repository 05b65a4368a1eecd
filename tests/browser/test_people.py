"""Several people, languages, channels, and a bot and a server that come and go."""

import discord
import pytest
from playwright.async_api import Browser, WebSocketRoute, expect

from tests.browser.conftest import Place
from tests.browser.page import USERS, Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_ephemeral_message_is_for_its_addressee_alone(chat: Chat) -> None:
    await chat.run("/imagine bad --bad")
    error = chat.message("Invalid parameter")
    await expect(error).to_contain_text("Only you can see this · Dismiss")
    await expect(error.locator(".embed-footer")).to_have_text("/imagine bad --bad")
    await chat.choose_user("Mod")
    await expect(chat.page.locator(".welcome")).to_be_visible()
    await expect(chat.messages).to_have_count(0)
    await chat.choose_user("Ben")
    await error.get_by_role("button", name="Dismiss").click()
    await expect(chat.messages).to_have_count(0)
    await chat.page.reload()
    await expect(chat.page.locator(".welcome")).to_be_visible()
    await expect(chat.messages).to_have_count(0)


async def test_a_hidden_follow_up_to_a_deleted_answer_says_who_used_which_command(chat: Chat) -> None:
    await chat.run("/imagine refused")
    await expect(chat.messages).to_have_count(1)
    refusal = chat.message("This cannot be painted")
    await expect(refusal.locator(".context")).to_have_text("BBen used /imagine")
    await expect(refusal.locator(".reply")).to_have_count(0)


async def test_the_page_and_its_prompts_speak_the_users_language(chat: Chat) -> None:
    await expect(chat.page.locator(".try")).to_contain_text("A lighthouse")
    await chat.choose_language("es-ES")
    await expect(chat.page.get_by_role("heading", name="Te damos la bienvenida a studio")).to_be_visible()
    await expect(chat.box).to_have_attribute("placeholder", "Mensaje a #studio, o / para un comando")
    await expect(chat.page.locator("#language")).to_be_focused()
    await chat.page.locator(".try", has_text="Un faro").click()
    await chat.picture("un faro en un acantilado")
    await chat.page.reload()
    await expect(chat.page.locator("html")).to_have_attribute("lang", "es-ES")


async def test_the_page_keeps_its_language_when_someone_else_writes(chat: Chat, place: Place) -> None:
    page, ana = chat.page, place.playground.world.users[USERS["ana"]]
    await chat.choose_user("Ana")
    await expect(page.get_by_role("heading", name="Welcome to studio")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en-US")
    await expect(page.locator(".try")).to_contain_text("Un faro")
    assert ana.locale == "es-419"
    await chat.choose_language("es-ES")
    assert ana.locale == "es-ES"
    await chat.choose_user("Ben")
    await expect(page.get_by_role("heading", name="Te damos la bienvenida a studio")).to_be_visible()


async def test_every_text_is_there_in_both_languages(chat: Chat) -> None:
    keys = await chat.page.evaluate("async () => (await import('/static/texts.js')).TEXT_KEYS")
    assert keys["en"] == keys["es"]


async def test_other_people_and_channels_are_heard_of(chat: Chat, place: Place) -> None:
    ana = place.playground.user("ana")
    await ana.say("#gallery", "over here")
    gallery = chat.page.locator(".channel", has_text="gallery")
    await expect(gallery.locator(".badge")).to_have_text("1")
    await chat.choose_channel("gallery")
    await expect(chat.message("over here").locator(".author")).to_have_text("Ana")
    await expect(gallery.locator(".badge")).to_have_count(0)


async def test_direct_messages_with_the_bot(chat: Chat) -> None:
    await chat.page.get_by_role("button", name="Message Lienzo").click()
    await expect(chat.page.locator(".top h2")).to_have_text("Lienzo")
    await chat.run("hello there")
    await expect(chat.message("hello there")).to_be_visible()
    await expect(chat.page.locator(".channel[aria-current]")).to_contain_text("Lienzo")


async def test_a_thread_appears_under_its_channel(chat: Chat, place: Place) -> None:
    channel = place.bot.get_channel(1200000000000001001)
    assert isinstance(channel, discord.TextChannel)
    starter = await channel.send("a place for foxes")
    thread = await starter.create_thread(name="Foxes")
    await thread.send("inside")
    await expect(chat.page.locator(".channel.nested .badge")).to_be_visible()
    await chat.message("a place for foxes").get_by_role("button", name="Open thread: Foxes").click()
    await expect(chat.message("inside")).to_be_visible()
    await expect(chat.page.locator(".top h2")).to_have_text("Foxes")


async def test_the_bot_is_killed_and_started_from_the_page(chat: Chat, place: Place) -> None:
    status = chat.page.locator(".bot-line")
    await expect(status).to_contain_text("online")
    async with chat.page.expect_response("**/play/bot"):
        await chat.page.get_by_role("button", name="Kill and restart").click()
    await place.bot.close()
    await expect(status).to_contain_text("offline")
    lamp = await status.locator(".lamp").bounding_box()
    assert lamp is not None
    assert lamp["width"] == lamp["height"] == 9
    async with chat.page.expect_response("**/play/bot"):
        await chat.page.get_by_role("button", name="Start").click()
    await expect(chat.page.get_by_role("button", name="Start")).to_be_focused()
    assert place.supervisor.asked == ["kill", "start", "start"]


async def test_a_broken_connection_is_taken_up_again(browser: Browser, place: Place) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.route_web_socket("**/play/events*", pass_through)
        chat = Chat(page, place.playground.url)
        await chat.open("ben")
        await chat.run("before")
        await expect(chat.message("before")).to_be_visible()
        await sockets[0].close()
        await place.playground.user("ana").say("#studio", "while you were away")
        await expect(chat.message("while you were away")).to_be_visible()
        await expect(page.locator(".connection-lost")).to_be_hidden()
        await expect(chat.messages).to_have_count(2)
        assert len(sockets) > 1


async def test_an_address_of_another_run_opens_the_page_anyhow(browser: Browser, place: Place) -> None:
    async with await browser.new_context() as context:
        chat = Chat(await context.new_page(), place.playground.url)
        await chat.open("999", "888")
        await expect(chat.page.locator(".person[aria-pressed=true]")).to_have_attribute("data-user", USERS["ben"])


@pytest.mark.parametrize(
    ("locale", "user", "language"), [("en-GB", "ben", "en-US"), ("es-AR", "ana", "es-419"), ("de-DE", "ben", "en-US")]
)
async def test_a_newcomer_is_someone_who_reads_their_language(
    browser: Browser, place: Place, locale: str, user: str, language: str
) -> None:
    async with await browser.new_context(locale=locale) as context:
        chat = Chat(await context.new_page(), place.playground.url)
        await chat.page.goto(place.playground.url)
        await chat.ready()
        await expect(chat.page.locator(".person[aria-pressed=true]")).to_have_attribute("data-user", USERS[user])
        await expect(chat.page.locator("html")).to_have_attribute("lang", language)


async def test_someone_else_may_be_named_in_the_address(browser: Browser, place: Place) -> None:
    async with await browser.new_context(locale="en-US") as context:
        chat = Chat(await context.new_page(), place.playground.url)
        await chat.open("ana")
        await expect(chat.page.locator(".person[aria-pressed=true]")).to_have_attribute("data-user", USERS["ana"])
