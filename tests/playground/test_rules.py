"""What Discord refuses: sizes, counts, custom ids, empty messages, permissions, foreign messages."""

import io
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground import Person, Playground
from bot.playground.clock import Clock
from bot.playground.components import is_emoji
from bot.playground.drafts import Drafts, Frame
from bot.playground.files import Files, Upload, clean_name
from bot.playground.permissions import SEND_MESSAGES, VIEW_CHANNEL, in_channel
from bot.playground.problems import JSON, ApiError
from bot.playground.scenery import add_channel, add_guild, default_world
from bot.playground.snowflake import Snowflakes, milliseconds
from bot.playground.world import Overwrite
from tests.playground.conftest import Connect, SmallBot

WORLD = default_world()
CHANNEL = next(iter(WORLD.channels.values()))
DRAFTS = Drafts(WORLD, Snowflakes(Clock()), Files(Clock()))
V2 = 1 << 15


def button(custom_id: str | None = "a", **more: Any) -> JSON:
    return {"type": 2, "style": 1, "label": "x", "custom_id": custom_id, **more}


def row(*items: JSON) -> JSON:
    return {"type": 1, "components": list(items)}


def read(body: JSON, uploads: list[Upload] | None = None, **frame: Any) -> JSON:
    return DRAFTS.read(body, uploads or [], Frame(CHANNEL, WORLD.bot, 10 << 20, **frame)).fields


def leaf(errors: Any) -> tuple[str, str]:
    """The path and code of the first error of a tree."""
    path: list[str] = []
    while "_errors" not in errors:
        key = next(iter(errors))
        path.append(key)
        errors = errors[key]
    return ".".join(path), errors["_errors"][0]["code"]


AT = "components.0.components.0"
LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
BOTH = "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE"


def in_row(*items: JSON) -> JSON:
    return {"content": "x", "components": [row(*items)]}


def v2(*items: JSON, **more: Any) -> JSON:
    return {"flags": V2, "components": list(items), **more}


REFUSED: list[tuple[JSON, str, str]] = [
    ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
    ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
    ({"content": "x", "flags": 64}, "flags", "BASE_TYPE_BAD_INT"),
    ({"content": "x", "flags": "no"}, "flags", "NUMBER_TYPE_COERCE"),
    ({"content": "x", "embeds": [{}] * 11}, "embeds", "BASE_TYPE_BAD_LENGTH"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"color": 3}]}, "embeds.0.description", "BASE_TYPE_REQUIRED"),
    ({"embeds": [{"title": "x", "url": "ftp://x"}]}, "embeds.0.url", "URL_TYPE_INVALID_SCHEME"),
    ({"embeds": [{"title": "x", "timestamp": "soon"}]}, "embeds.0.timestamp", "DATE_TIME_TYPE_PARSE"),
    ({"embeds": [{"fields": [{"name": "x", "value": "y"}] * 26}]}, "embeds.0.fields", "BASE_TYPE_BAD_LENGTH"),
    ({"embeds": [{"fields": [{"name": "x"}]}]}, "embeds.0.fields.0.value", "BASE_TYPE_REQUIRED"),
    ({"embeds": [{"image": {"url": "attachment://no.png"}}]}, "embeds.0.image.url", "ATTACHMENT_NOT_FOUND"),
    ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    ({"content": "x", "components": [row(button())] * 6}, "components", "BASE_TYPE_BAD_LENGTH"),
    (in_row(*[button(str(n)) for n in range(6)]), "components.0.components", "BASE_TYPE_BAD_LENGTH"),
    (in_row(button(), button()), "components.0.components.1.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"),
    (in_row(button("x" * 101)), AT + ".custom_id", "BASE_TYPE_BAD_LENGTH"),
    (in_row(button(None)), AT + ".custom_id", "BASE_TYPE_REQUIRED"),
    (in_row(button(label="x" * 81)), AT + ".label", "BASE_TYPE_MAX_LENGTH"),
    (in_row(button(label=None)), AT, "BUTTON_COMPONENT_MISSING_LABEL"),
    (in_row(button(emoji={"name": "abc"})), AT + ".emoji.name", "COMPONENT_INVALID_EMOJI"),
    (in_row(button(None, style=5)), AT + ".url", "BASE_TYPE_REQUIRED"),
    (in_row(button("a", style=5, url="https://x")), AT, BOTH),
    (in_row(button(style=9)), AT + ".style", "BASE_TYPE_CHOICES"),
    ({"content": "x", "components": [button()]}, "components.0.type", "BASE_TYPE_CHOICES"),
    ({"content": "x", "components": [{"type": 10, "content": "x"}]}, "components.0.type", "BASE_TYPE_CHOICES"),
    (in_row({"type": 3, "custom_id": "s", "options": []}), AT + ".options", "BASE_TYPE_BAD_LENGTH"),
    (in_row({"type": 5, "custom_id": "s"}, button()), "components.0.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
    (v2({"type": 10, "content": "x"}, content="x"), "content", LEGACY),
    ({"flags": V2}, "components", "BASE_TYPE_REQUIRED"),
    (v2({"type": 10, "content": "x" * 4001}), "components.0.content", "BASE_TYPE_BAD_LENGTH"),
    (v2({"type": 17, "components": [{"type": 10, "content": "x"}] * 40}), "components", "BASE_TYPE_MAX_LENGTH"),
    (v2({"type": 13, "file": {"url": "https://x/y"}}), "components.0.file.url", "URL_TYPE_INVALID_SCHEME"),
    ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
    ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0", "BASE_TYPE_CHOICES"),
    (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
]


@pytest.mark.parametrize(("body", "path", "code"), REFUSED)
def test_refused_forms(body: JSON, path: str, code: str) -> None:
    with pytest.raises(ApiError) as error:
        read(body)
    assert (error.value.status, error.value.code) == (400, 50035)
    assert leaf(error.value.errors) == (path, code)


@pytest.mark.parametrize(
    "body", [{}, {"content": "  "}, {"content": None, "embeds": []}, {"components": [row(button())]}]
)
def test_empty_messages(body: JSON) -> None:
    with pytest.raises(ApiError) as error:
        read(body)
    assert error.value.code == 50006


def test_the_largest_of_everything_passes() -> None:
    grid = [row(*[button(f"{y}:{x}") for x in range(5)]) for y in range(5)]
    found = read({"content": "x" * 2000, "components": grid, "embeds": [{"description": "x" * 4096}, {"title": "x"}]})
    ids = [each["id"] for each in found["components"]] + [
        each["id"] for line in found["components"] for each in line["components"]
    ]
    assert sorted(ids) == list(range(1, 31))


def test_files_are_limited_one_by_one() -> None:
    with pytest.raises(ApiError) as error:
        read({}, [Upload(0, "a.png", b"x" * ((10 << 20) + 1))])
    assert (error.value.status, error.value.code) == (413, 40005)
    uploads = [Upload(0, "a.png", b"x"), Upload(1, "b.png", b"y")]
    with pytest.raises(ApiError) as error:
        read({"attachments": [{"id": 0, "filename": "a.png"}]}, uploads)
    assert leaf(error.value.errors) == ("attachments", "ATTACHMENT_NOT_FOUND")
    with pytest.raises(ApiError) as error:
        read({}, [Upload(number, f"{number}.png", b"x") for number in range(11)])
    assert leaf(error.value.errors) == ("attachments", "BASE_TYPE_MAX_LENGTH")


def test_an_embed_takes_its_file_out_of_the_attachments() -> None:
    found = read({"embeds": [{"image": {"url": "attachment://a.png"}}]}, [Upload(0, "a.png", b"x")])
    assert found["attachments"] == []
    assert found["embeds"][0]["image"]["url"].endswith("&")


def test_mentions_obey_allowed_mentions() -> None:
    ana = WORLD.people[0]
    text = f"<@{ana}> @everyone"
    assert [user["id"] for user in read({"content": text})["mentions"]] == [ana]
    assert read({"content": text, "allowed_mentions": {"parse": []}})["mentions"] == []
    chosen = read({"content": text, "allowed_mentions": {"users": [ana]}})
    assert [user["id"] for user in chosen["mentions"]] == [ana]
    assert not read({"content": text})["mention_everyone"]


WORDS = ("type", "components", "custom_id", "style", "label", "emoji", "name", "url", "options", "media", "accessory")
KEYS = ("content", "embeds", "components", "attachments", "flags", "allowed_mentions")
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES, st.sampled_from(KEYS))
def test_any_body_is_taken_or_refused_in_words(value: Any, key: str) -> None:
    try:
        read({key: value})
    except ApiError as error:
        assert error.code in (50035, 50006)  # noqa: PT017


@pytest.mark.parametrize("name", ["❌", "🔄", "1️⃣", "❤️", "👩‍🎨", "↔️", "⬅️", "ℹ️", "🇪🇸", "©"])
def test_emoji(name: str) -> None:
    assert is_emoji(name)


@pytest.mark.parametrize("name", ["", "x", "1", "cross", "é", "❌x"])
def test_no_emoji(name: str) -> None:
    assert not is_emoji(name)


def test_names_and_ids() -> None:
    assert [clean_name(each) for each in ("a b.png", "../x/ñ.png", "...", "SPOILER_a.png")] == [
        "a_b.png",
        "x.png",
        "unknown",
        "SPOILER_a.png",
    ]
    clock = Clock()
    ids = Snowflakes(clock)
    clock._frozen = clock.now()  # pyright: ignore[reportPrivateUsage] frozen without a loop
    made = [int(ids.next()) for _ in range(3)]
    assert made == sorted(set(made))
    assert milliseconds(str(made[0])) == clock.now_ms()


def test_overwrites_and_roles() -> None:
    world = default_world()
    guild = next(iter(world.guilds.values()))
    ana, mod = (world.users[world.people[index]] for index in (0, 2))
    rules = {
        guild.id: Overwrite(0, deny=SEND_MESSAGES),
        guild.members[mod.id].roles[0]: Overwrite(0, allow=SEND_MESSAGES),
        ana.id: Overwrite(1, deny=VIEW_CHANNEL),
    }
    channel = add_channel(world, guild, "quiet", rules)
    assert in_channel(channel, ana) == 0
    assert in_channel(channel, mod) & SEND_MESSAGES
    assert not in_channel(channel, world.bot) & SEND_MESSAGES
    assert in_channel(channel, world.application.owner) & SEND_MESSAGES


async def refusal(awaitable: Any) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as error:
        await awaitable
    return error.value.status, error.value.code


async def test_refusals_on_the_wire(bot: SmallBot, ana: Person, playground: Playground, pixels: bytes) -> None:
    channel = bot.guilds[0].text_channels[0]
    said = await ana.say("#studio", "mine")
    foreign = channel.get_partial_message(int(said["id"]))
    assert await refusal(foreign.edit(content="x")) == (403, 50005)
    assert await refusal(foreign.delete()) == (403, 50013)
    assert await refusal(channel.fetch_message(5)) == (404, 10008)
    assert await refusal(bot.fetch_channel(5)) == (404, 10003)
    assert await refusal(bot.fetch_user(5)) == (404, 10013)
    assert await refusal(bot.guilds[0].fetch_member(5)) == (404, 10007)
    assert await refusal(foreign.add_reaction("nonsense")) == (400, 10014)
    assert await refusal(
        channel.send("x", reference=discord.MessageReference(message_id=5, channel_id=channel.id))
    ) == (400, 50035)
    lenient = discord.MessageReference(message_id=5, channel_id=channel.id, fail_if_not_exists=False)
    assert (await channel.send("x", reference=lenient)).reference is None
    assert await refusal(channel.send(file=discord.File(io.BytesIO(b"x" * ((10 << 20) + 1)), "big.png"))) == (
        413,
        40005,
    )
    files = [discord.File(io.BytesIO(b"x" * (9 << 20)), f"{number}.png") for number in range(3)]
    assert await refusal(channel.send(files=files)) == (413, 40005)
    playground.world.guilds[str(bot.guilds[0].id)].tier = 2
    await channel.send(file=discord.File(io.BytesIO(b"x" * (30 << 20)), "big.png"))


async def test_permissions_on_the_wire(connect: Connect, playground: Playground, pixels: bytes) -> None:
    world = playground.world
    guild = next(iter(world.guilds.values()))
    role = guild.members[world.bot.id].roles[0]
    hidden = add_channel(world, guild, "hidden", {role: Overwrite(0, deny=VIEW_CHANNEL)})
    mute = add_channel(world, guild, "mute", {role: Overwrite(0, deny=SEND_MESSAGES)})
    bare = add_channel(world, guild, "bare", {role: Overwrite(0, deny=(1 << 15) | (1 << 14) | (1 << 6) | (1 << 35))})
    add_guild(world, "1200000000000009000", "Elsewhere", ["x"], members=(), with_bot=False)
    bot = await connect()
    assert "Elsewhere" not in [each.name for each in bot.guilds]
    assert await refusal(bot.get_partial_messageable(int(hidden.id)).send("x")) == (403, 50001)
    assert await refusal(bot.get_partial_messageable(int(mute.id)).send("x")) == (403, 50013)
    assert await refusal(bot.get_partial_messageable(int(mute.id)).typing()) == (403, 50013)
    channel: Any = bot.get_channel(int(bare.id))
    sent = await channel.send("fine")
    assert await refusal(channel.send(file=discord.File(io.BytesIO(pixels), "a.png"))) == (403, 50013)
    assert await refusal(channel.send(embed=discord.Embed(title="x"))) == (403, 50013)
    assert await refusal(sent.add_reaction("❌")) == (403, 50013)
    assert await refusal(sent.create_thread(name="x")) == (403, 50013)
    assert await refusal(bot.fetch_guild(1200000000000009000)) == (403, 50001)
    assert await refusal(bot.fetch_guild(5)) == (404, 10004)
