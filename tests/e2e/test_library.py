"""Looking back: results shown again, the history, the queue, and what one has used."""

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.app import Application
from bot.config import Settings
from bot.i18n import T
from bot.jobs import Status, now_ms
from bot.playground import Person, Playground
from bot.playground.client import labels, walk
from bot.playground.permissions import SEND_MESSAGES, VIEW_CHANNEL
from bot.store.records import DAY_MS
from tests.e2e.conftest import serving
from tests.e2e.people import EPHEMERAL, grid, imagine, picture, result, with_button
from tests.scripted import Scripted

Message = dict[str, Any]
running = pytest.mark.usefixtures("app")


@pytest.fixture
async def mod(playground: Playground) -> Person:
    person = playground.user("mod")
    await person.connect()
    return person


async def newest(app: Application, person: Person) -> str:
    """The id of a person's last job."""
    (job,) = await app.store.jobs_of(int(person.id), limit=1)
    return job.id


async def refused(person: Person, command: str, **options: Any) -> str:
    """What a command that goes wrong says, to the one alone who gave it."""
    answer = await (await person.slash(command, "#studio", **options)).message()
    assert answer["flags"] & EPHEMERAL
    return said(answer)


def said(message: Message) -> str:
    """All that a message says."""
    return " ".join([message["content"], *shown(message)])


def shown(message: Message) -> list[str]:
    """What the embeds of a message say."""
    return [embed.get("description", "") for embed in message["embeds"]]


def saying(what: str) -> Callable[[Message], bool]:
    """A message that says so."""
    return lambda message: what in said(message)


def choices(message: Message) -> list[str]:
    """The values of the one select that a message has."""
    return [option["value"] for each in walk(message["components"]) for option in each.get("options", ())]


async def edited(person: Person, message: Message, wanted: Callable[[Message], Any]) -> Message:
    return await person.wait(message["channel_id"], lambda m: m["id"] == message["id"] and wanted(m))


# /show


@running
@pytest.mark.shows("/show")
async def test_a_result_is_shown_again_with_buttons_that_work(app: Application, ben: Person, ana: Person) -> None:
    first = await imagine(ben, "a fox")
    job_id = await newest(app, ben)
    answer = await (await ben.slash("show", "#random", job_id=job_id)).message()
    assert not answer["flags"] & EPHEMERAL
    assert answer["content"].startswith("**a fox**")
    assert labels(answer) == [*labels(first), "The same again"]
    assert (await picture(ben, answer)).tobytes() == (await picture(ben, first)).tobytes()
    await ana.click(await ana.wait("#random", grid("a fox")), "U2")
    single = await ben.wait("#random", result(button="❤️"))
    assert single["message_reference"]["message_id"] == answer["id"]
    await ben.click(answer, "❌")
    await ben.gone(first)
    await ben.gone(answer)
    assert "deleted" in await refused(ben, "show", job_id=job_id)


@running
@pytest.mark.shows("/show")
@pytest.mark.shows("Lineage")
async def test_a_result_that_is_shown_again_can_be_made_again_exactly(ben: Person, app: Application) -> None:
    first = await imagine(ben, "a fox")
    answer = await (await ben.slash("show", "#random", job_id=await newest(app, ben))).message()
    await ben.click(answer, "The same again")
    again = await ben.wait("#random", grid("a fox", after=answer))
    assert (await picture(ben, again)).tobytes() == (await picture(ben, first)).tobytes()
    await ben.click(again, "U2")
    single = await ben.wait("#random", result("Image #2"))
    shown_again = await (await ben.slash("show", "#random", job_id=await newest(app, ben))).message()
    assert labels(shown_again) == [*labels(single), "The same again"]


@running
@pytest.mark.shows("/show")
async def test_a_job_is_known_by_its_files_name(ben: Person) -> None:
    message = await imagine(ben, "a fox")
    name = message["attachments"][0]["filename"]
    answer = await (await ben.slash("show", "#random", job_id=name)).message()
    assert answer["content"].startswith("**a fox**")


@running
@pytest.mark.shows("/show")
async def test_ones_own_jobs_are_suggested_by_words_and_by_id(app: Application, ben: Person, ana: Person) -> None:
    await imagine(ben, "Un Niño en la montaña")
    child = await newest(app, ben)
    await imagine(ben, "a fox" + " in the deep snow" * 10)
    fox = await newest(app, ben)
    await imagine(ana, "a fox of somebody else")

    async def suggested(typed: str) -> list[str]:
        return [choice["value"] for choice in await ben.autocomplete("show", "#studio", option="job_id", value=typed)]

    assert await suggested("") == [fox, child]
    assert await suggested("nino MONTANA") == [child]
    assert await suggested("FOX") == [fox]
    assert await suggested(child) == [child]
    assert await suggested("zebra") == []
    assert await suggested("% _ \\ '") == []
    names = [c["name"] for c in await ben.autocomplete("show", "#studio", option="job_id", value="")]
    assert names[1] == "Un Niño en la montaña · just now"
    assert len(names[0]) == 100
    assert names[0].endswith("… · just now")


@running
@pytest.mark.shows("/show")
async def test_what_cannot_be_shown_is_said_in_words(
    app: Application, ben: Person, ana: Person, backend: Scripted
) -> None:
    await imagine(ana, "a fox")
    theirs = await newest(app, ana)
    for unknown in ("0123456789abcdef", "nonsense", "💥", "a" * 200):
        assert "no job with that id" in await refused(ben, "show", job_id=unknown)
    assert "jobs of your own" in await refused(ben, "show", job_id=theirs)
    backend.hold()
    progress = await (await ben.slash("imagine", "#studio", prompt="a wolf")).thinking()
    await backend.running(2)
    waiting = await newest(app, ben)
    assert "isn't finished yet" in await refused(ben, "show", job_id=waiting)
    await ben.click(await edited(ben, progress, with_button("Cancel")), "Cancel")
    await edited(ben, progress, lambda m: "(Stopped)" in m["content"])
    assert "cancelled" in await refused(ben, "show", job_id=waiting)
    backend.release()


@running
@pytest.mark.shows("/show")
async def test_pictures_that_are_no_longer_kept(app: Application, ben: Person) -> None:
    await imagine(ben, "a fox")
    job_id = await newest(app, ben)
    await app.store.forget_images([image.key for image in await app.store.images(job_id)])
    assert "no longer kept" in await refused(ben, "show", job_id=job_id)
    page = await (await ben.slash("history", "#studio")).message()
    assert "no longer kept" in shown(page)[0]
    assert choices(page) == []
    assert "thumbnail" not in page["embeds"][0]


@running
@pytest.mark.shows("/show")
async def test_a_moderator_may_show_what_others_made(app: Application, ben: Person, mod: Person) -> None:
    await imagine(ben, "a fox")
    answer = await (await mod.slash("show", "#random", job_id=await newest(app, ben))).message()
    assert f"<@{ben.id}>" in answer["content"]


@running
@pytest.mark.shows("/show")
@pytest.mark.shows("Stealth")
async def test_what_was_made_in_stealth_is_shown_to_oneself_alone(app: Application, ben: Person, ana: Person) -> None:
    hidden = await (await ben.slash("imagine", "#studio", prompt="a fox --stealth")).thinking()
    await edited(ben, hidden, grid("a fox"))
    answer = await (await ben.slash("show", "#random", job_id=await newest(app, ben))).message()
    assert answer["flags"] & EPHEMERAL
    assert labels(answer) == [*labels(await edited(ben, hidden, grid("a fox"))), "The same again"]
    assert not [m for m in await ana.history("#random") if m["id"] == answer["id"]]
    page = await (await ben.slash("history", "#studio")).message()
    assert "stealth" in shown(page)[0]
    assert "discord.com/channels" not in shown(page)[0]
    assert choices(page) == [await newest(app, ben)]
    others = await (await ana.slash("history", "#studio")).message()
    assert others["embeds"] == []


@running
@pytest.mark.shows("/show")
@pytest.mark.shows("/history")
async def test_what_could_not_be_delivered_waits_in_the_history(
    app: Application, ben: Person, backend: Scripted, playground: Playground
) -> None:
    backend.hold()
    assert await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
    await backend.running(1)
    playground.clock.advance(16 * 60)  # the interaction is over by then
    playground.stage.overwrite("#studio", "bot", deny=SEND_MESSAGES)
    await ben.close_dms()
    backend.release()
    page = await asked(ben, "history", lambda text: "could not be delivered" in text, "#random")
    chosen = await ben.select(page, "Show one of them here", await newest(app, ben))
    answer = await chosen.message()
    assert answer["content"].startswith("**a fox**")
    assert answer["attachments"]
    await asked(ben, "history", lambda text: "could not be delivered" not in text)


async def asked(person: Person, command: str, wanted: Callable[[str], bool], channel: str = "#studio") -> Message:
    """What a command answers, as soon as it says so: a job is stored a moment after its command was answered."""
    async with asyncio.timeout(10):
        while True:
            page = await (await person.slash(command, channel)).message()
            if wanted(said(page)):
                return page


@running
@pytest.mark.shows("/show")
@pytest.mark.shows("/history")
@pytest.mark.shows("/queue")
async def test_without_the_right_to_write_answers_still_come(
    app: Application, ben: Person, playground: Playground
) -> None:
    await imagine(ben, "a fox")
    playground.stage.overwrite("#studio", "bot", deny=SEND_MESSAGES | VIEW_CHANNEL)
    answer = await (await ben.slash("show", "#studio", job_id=await newest(app, ben))).message()
    assert answer["attachments"]
    for command in ("history", "queue", "info", "userid"):
        message = await (await ben.slash(command, "#studio")).message()
        assert message["flags"] & EPHEMERAL


# /history


@running
@pytest.mark.shows("/history")
async def test_a_history_of_nothing(ben: Person) -> None:
    page = await (await ben.slash("history", "#studio")).message()
    assert page["flags"] & EPHEMERAL
    assert page["content"] == "You have made nothing yet. Begin with `/imagine`."
    assert (page["embeds"], page["components"]) == ([], [])
    page = await (await ben.slash("history", "#studio", query="a `fox` @everyone")).message()
    assert page["content"].startswith("None of your prompts has all of these words: a \\`fox")


@running
@pytest.mark.shows("/history")
async def test_a_history_says_what_it_was_and_where_it_stands(app: Application, ben: Person, ana: Person) -> None:
    first = await imagine(ben, "a fox --ar 3:2")
    made = await newest(app, ben)
    await ben.click(first, "U2")
    single = await ben.wait("#studio", result("Image #2"))
    await imagine(ana, "somebody else's")
    page = await (await ben.slash("history", "#studio")).message()
    assert page["content"] == "Your jobs: page 1 of 1, 2 in all"
    last, before = shown(page)
    guild = next(iter(app.settings.guilds))
    for text, message in ((last, single), (before, first)):
        assert text.startswith("**a fox --ar 3:2**\n")
        assert f"https://discord.com/channels/{guild}/{message['channel_id']}/{message['id']}" in text
        assert "<t:" in text
    assert "-# U2 of [a grid]" in last
    assert f"`{made}`" in before
    assert choices(page) == [await newest(app, ben), made]
    for embed in page["embeds"]:
        thumbnail = Image.open(BytesIO(await ben.download(embed["thumbnail"]["url"])))
        assert max(thumbnail.size) <= 256
    assert "◀️" not in labels(page)


@running
@pytest.mark.shows("/history")
async def test_a_history_shows_a_result_here(app: Application, ben: Person) -> None:
    first = await imagine(ben, "a fox")
    page = await (await ben.slash("history", "#random")).message()
    chosen = await ben.select(page, "Show one of them here", await newest(app, ben))
    answer = await chosen.message()
    assert not answer["flags"] & EPHEMERAL
    assert (await picture(ben, answer)).tobytes() == (await picture(ben, first)).tobytes()
    await ben.click(answer, "❌")
    await ben.gone(first)
    again = await ben.select(page, "Show one of them here", choices(page)[0])
    assert "deleted" in said(await again.message())


@running
@pytest.mark.shows("/history")
async def test_a_history_is_searched_by_words(ben: Person) -> None:
    for prompt in ("Un Niño en la montaña", "una montaña", "a fox"):
        await imagine(ben, prompt)

    async def found(query: str) -> list[str]:
        page = await (await ben.slash("history", "#studio", query=query)).message()
        return [text.split("**")[1] for text in shown(page)]

    assert await found("MONTANA") == ["una montaña", "Un Niño en la montaña"]
    assert await found("montaña niño") == ["Un Niño en la montaña"]
    assert await found("fox montaña") == []
    assert await found("%") == []


@running
@pytest.mark.shows("/history")
@pytest.mark.shows("/queue")
@pytest.mark.shows("/show")
async def test_prompts_of_6000_characters_full_of_markdown(ben: Person, backend: Scripted) -> None:
    prompt = ("**bold** _`<@1> [a](http://b) @everyone 🎨 " * 150)[:5990].strip()
    for number in range(5):
        last = await ben.slash("imagine", "#studio", prompt=f"{number} {prompt}")
        assert await last.acknowledged()
        await ben.wait("#studio", lambda m, n=number: grid()(m) and m["content"].startswith(f"**{n} "))
    page = await (await ben.slash("history", "#studio")).message()
    assert len(page["embeds"]) == 5
    assert all("\\*\\*bold" in text and "@everyone" not in text for text in shown(page))
    assert len(choices(page)) == 5
    names = [c["name"] for c in await ben.autocomplete("show", "#studio", option="job_id", value="everyone")]
    assert [len(name) for name in names] == [100] * 5
    backend.hold()
    for _ in range(13):
        assert await (await ben.slash("imagine", "#studio", prompt=prompt)).acknowledged()
    queue = await asked(ben, "queue", lambda text: "number 10 in line" in text)
    assert "@everyone" not in said(queue)
    backend.release()


@pytest.mark.shows("/history")
async def test_pages_turn_over_a_restart(
    settings: Settings, backend: Scripted, playground: Playground, ben: Person
) -> None:
    async with serving(settings, backend, playground):
        for number in range(11):
            await imagine(ben, f"fox number{number:02}")
        await imagine(ben, "a hen")
        page = await (await ben.slash("history", "#studio", query="fox")).message()
        assert numbers(page) == [10, 9, 8, 7, 6]
        await ben.click(page, "▶️")
        page = await edited(ben, page, lambda m: "page 2 of 3, 11 in all" in m["content"])
        assert numbers(page) == [5, 4, 3, 2, 1]
        assert all(embed["thumbnail"]["url"] for embed in page["embeds"])
    await ben.until(lambda: True if not playground.gateway.online else None)
    async with serving(settings, backend, playground) as again:
        await ben.click(page, "▶️")
        page = await edited(ben, page, lambda m: "page 3 of 3" in m["content"])
        assert numbers(page) == [0]
        with pytest.raises(LookupError):  # it is disabled
            await ben.click(page, "▶️")
        await ben.click(page, "◀️")
        page = await edited(ben, page, lambda m: "page 2 of 3" in m["content"])
        assert numbers(page) == [5, 4, 3, 2, 1]
        await again.store.save_draft("later", 1, "", now_ms() + 2 * DAY_MS)  # a day goes by
        late = await ben.click(page, "◀️")
        assert await late.acknowledged()
        refusal = await ben.wait("#studio", saying("no longer kept"))
        assert refusal["flags"] & EPHEMERAL


def numbers(page: Message) -> list[int]:
    return [int(text.split("number")[1][:2]) for text in shown(page)]


@running
@pytest.mark.shows("/history")
async def test_a_history_tells_what_runs_and_what_failed(app: Application, ben: Person, backend: Scripted) -> None:
    backend.hold()
    assert await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
    await backend.running(1)
    job = await newest(app, ben)
    page = await (await ben.slash("history", "#studio")).message()
    assert "is being made" in shown(page)[0]
    assert choices(page) == []
    await app.store.move(job, {Status.RUNNING}, Status.FAILED, error=T("no {thing}", thing="paint"))
    page = await (await ben.slash("history", "#studio")).message()
    assert "failed: no paint" in shown(page)[0]
    assert "failed: no paint" in await refused(ben, "show", job_id=job)
    backend.release()


@running
@pytest.mark.shows("/history")
@pytest.mark.shows("/queue")
@pytest.mark.shows("/info")
async def test_everything_reads_in_ones_own_language(ana: Person) -> None:
    await imagine(ana, "un zorro")
    page = await (await ana.slash("history", "#studio")).message()
    heading = T("Your jobs: page {page} of {pages}, {total} in all", page=1, pages=1, total=1)
    assert page["content"] == heading.in_language("es-419")
    queue = await (await ana.slash("queue", "#studio")).message()
    assert shown(queue) == [T("Nothing runs and nothing waits.").in_language("es-419")]
    info = await (await ana.slash("info", "#studio")).message()
    assert info["embeds"][0]["title"] == T("Your info").in_language("es-419")


# /queue


@running
@pytest.mark.shows("/queue")
async def test_the_queue_tells_who_runs_and_who_waits(ben: Person, ana: Person, mod: Person, backend: Scripted) -> None:
    backend.hold()
    empty = await (await ben.slash("queue", "#studio")).message()
    assert shown(empty) == ["Nothing runs and nothing waits."]
    for number in range(4):
        await backend.running(number)
        assert await (await ben.slash("imagine", "#studio", prompt=f"fox {number}")).acknowledged()
    assert await (await ana.slash("imagine", "#studio", prompt="a secret --stealth --relax")).acknowledged()
    await backend.running(4)

    queue = await asked(ben, "queue", lambda text: "fox 3" in text)
    lines = shown(queue)[0].split("\n")
    assert sum("is being made" in line for line in lines) == 4
    assert "number 1 in line, in about 1 s" in lines[4]
    assert f"<@{ben.id}> · Fast · fox 3" in lines[4]
    (hers,) = [line for line in lines if f"<@{ana.id}>" in line]
    assert hers.endswith("· Relaxed · stealth")
    assert queue["embeds"][0]["footer"]["text"] == "Your next job is number 1 in line."
    assert len([label for label in labels(queue) if label.startswith("Cancel ")]) == 4
    assert len([label for label in labels(await shown_queue(mod)) if label.startswith("Cancel ")]) == 5
    assert "a secret" in said(await shown_queue(ana))

    await ben.click(queue, "Cancel 5")
    queue = await edited(ben, queue, lambda m: "fox 3" not in shown(m)[0])
    assert "footer" not in queue["embeds"][0]
    backend.release()
    await ben.wait("#studio", grid("fox 2"))


async def shown_queue(person: Person) -> Message:
    return await (await person.slash("queue", "#studio")).message()


@running
@pytest.mark.shows("/queue")
async def test_to_cancel_what_is_over_deletes_nothing(ben: Person, backend: Scripted) -> None:
    backend.hold()
    assert await (await ben.slash("imagine", "#studio", prompt="a fox")).acknowledged()
    await backend.running(1)
    queue = await shown_queue(ben)
    backend.release()
    message = await ben.wait("#studio", grid("a fox"))
    await asked(ben, "history", lambda text: "is being" not in text)
    assert await (await ben.click(queue, "Cancel 1")).acknowledged()
    refusal = await ben.wait("#studio", saying("over already"))
    assert refusal["flags"] & EPHEMERAL
    await edited(ben, queue, lambda m: "Nothing runs" in shown(m)[0])
    assert message["id"] in {m["id"] for m in await ben.history("#studio")}


@running
@pytest.mark.shows("/queue")
async def test_the_queue_is_refreshed_and_a_moderator_cancels(
    app: Application, ben: Person, mod: Person, backend: Scripted
) -> None:
    backend.hold()
    queue = await shown_queue(mod)
    progress = await (await ben.slash("imagine", "#studio", prompt="a fox")).thinking()
    await backend.running(1)
    await mod.click(queue, "Refresh")
    queue = await edited(mod, queue, lambda m: "a fox" in shown(m)[0])
    await mod.click(queue, "Cancel 1")
    await edited(ben, progress, lambda m: "(Stopped)" in m["content"])
    await edited(mod, queue, lambda m: "Nothing runs" in shown(m)[0])
    assert "cancelled" in await refused(ben, "show", job_id=await newest(app, ben))
    backend.release()


@pytest.mark.shows("/queue")
async def test_a_long_queue_is_cut_and_keeps_ones_own(
    settings: Settings, backend: Scripted, playground: Playground, ben: Person, ana: Person
) -> None:
    few = settings.model_copy(update={"running_per_user": 0, "running_per_backend": 1, "waiting_per_user": 40})
    async with serving(few, backend, playground):
        backend.hold()
        for number in range(20):
            assert await (await ana.slash("imagine", "#studio", prompt=f"hen {number}")).acknowledged()
            await backend.running(1)
        for _ in range(2):
            assert await (await ben.slash("imagine", "#studio", prompt="a fox --relax")).acknowledged()
        queue = await asked(ben, "queue", lambda text: text.count("a fox") == 2 and "more jobs" in text)
        lines = shown(queue)[0].split("\n")
        assert lines[-1] == "… and 5 more jobs"
        assert lines[-2].startswith("**22.** number 21 in line")
        assert "a fox" in lines[-2]
        everything = await shown_queue(ana)
        assert len(labels(everything)) == 21
        backend.release()


# /info and /userid


@running
@pytest.mark.shows("/info")
async def test_info_tells_what_was_used_and_what_waits(ben: Person, backend: Scripted) -> None:
    await imagine(ben, "a fox")
    await imagine(ben, "a wolf --relax")
    backend.hold()
    for prompt in ("one", "two", "three"):
        assert await (await ben.slash("imagine", "#studio", prompt=prompt)).acknowledged()
    await backend.running(5)
    for prompt in ("four", "five --relax"):
        assert await (await ben.slash("imagine", "#studio", prompt=prompt)).acknowledged()
    await asked(ben, "queue", lambda text: "four" in text and "five" in text)
    message = await (await ben.slash("info", "#studio")).message()
    assert message["flags"] & EPHEMERAL
    fields = {field["name"]: field["value"] for field in message["embeds"][0]["fields"]}
    assert fields["Job mode"] == "Fast"
    assert fields["Visibility"] == "Public"
    assert fields["Generator"] == "scripted"
    assert fields["Used today"].startswith("8 pictures in 2 jobs, ")
    assert fields["Lifetime usage"].startswith("8 pictures in 2 jobs, ")
    assert fields["Relaxed usage"].startswith("4 pictures in 1 job, ")
    assert (fields["Queued jobs (fast)"], fields["Queued jobs (relaxed)"], fields["Running jobs"]) == ("1", "1", "3")
    assert fields["Limits"] == "3 running, 10 waiting"
    assert "Spent" not in fields
    backend.release()
    await ben.wait("#studio", grid("five"))


@running
@pytest.mark.shows("/userid")
async def test_userid(ben: Person) -> None:
    message = await (await ben.slash("userid", "#studio")).message()
    assert message["flags"] & EPHEMERAL
    assert f"`{ben.id}`" in message["content"]


# In other places


@pytest.mark.shows("/show")
@pytest.mark.shows("/history")
async def test_where_only_the_user_has_installed_it(
    settings: Settings, backend: Scripted, playground: Playground, ben: Person
) -> None:
    """In a server that the bot is no member of."""
    anywhere = settings.model_copy(update={"allow_user_installs": True})
    async with serving(anywhere, backend, playground) as app:
        await imagine(ben, "a fox")
        await ben.install()
        answer = await (await ben.slash("show", "#lounge", job_id=await newest(app, ben))).message()
        assert answer["attachments"]
        page = await (await ben.slash("history", "#lounge")).message()
        assert choices(page) == [await newest(app, ben)]
        await ben.click(answer, "U2")
        single = await ben.wait("#lounge", result("Image #2"))
        await ben.click(single, "❌")
        await ben.gone(single)


@running
@pytest.mark.shows("/history")
@pytest.mark.shows("/queue")
@pytest.mark.shows("/show")
async def test_in_direct_messages(app: Application, ben: Person, ana: Person, backend: Scripted) -> None:
    await imagine(ben, "a fox")
    dm = (await ben.dm())["id"]
    job_id = await newest(app, ben)
    answer = await (await ben.slash("show", dm, job_id=job_id)).message()
    assert answer["attachments"]
    page = await (await ben.slash("history", dm)).message()
    assert choices(page) == [job_id]
    backend.hold()
    assert await (await ana.slash("imagine", "#studio", prompt="not in his")).acknowledged()
    assert await (await ben.slash("imagine", dm, prompt="a wolf")).acknowledged()
    await backend.running(3)
    queue = await asked(ben, "queue", lambda text: "a wolf" in text, dm)
    assert "a wolf" in shown(queue)[0]
    assert "not in his" not in shown(queue)[0]
    backend.release()
    await ben.wait(dm, grid("a wolf"))
    page = await (await ben.slash("history", dm)).message()
    assert "https://discord.com/channels/@me/" in shown(page)[0]
