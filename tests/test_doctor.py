"""The doctor: what is right is said in a line, what is wrong together with its mend, and the token nowhere."""

import io
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot import doctor
from bot.backends.base import Capabilities, Edit, Operation
from bot.backends.painter import Painter
from bot.catalog import BACKENDS
from bot.config import PREFIX, Settings
from bot.doctor import Finding, Mark, generators, house, permissions
from bot.doctor.permissions import INVITE_PERMISSIONS, NEEDED, Overwrite, Permission, invite_link
from bot.errors import BackendUnavailable, ConfigError
from bot.i18n import T, Text
from bot.playground import Playground
from bot.playground.world import Overwrite as Exception_
from bot.store import Store
from tests.backends.contract import Case, Rig, rigs
from tests.backends.doubles.server import KEY

TOKEN = "MTIwMDAwMDAwMDAwMDAwMDAwMQ.not-real.secret"
GUILD, OTHER = 1200000000000001000, 1200000000000002000
APPLICATION = 1200000000000000001
PLAIN = Capabilities(operations=frozenset({Operation.GENERATE, Operation.VARY}), edits=frozenset({Edit.COLOURISE}))
Made = Callable[..., Settings]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground() as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def make(**changes: Any) -> Settings:
        values = {"token": TOKEN, "guilds": str(GUILD), "data": tmp_path / "data", "reserve_mib": 0}
        return Settings.model_validate(values | changes)

    return make


async def findings(settings: Settings | ConfigError, **arguments: Any) -> list[Finding]:
    arguments.setdefault("client", httpx.AsyncClient(trust_env=False))
    return [finding async for finding in doctor.examine(settings, **arguments)]


def at(mark: Mark, found: Sequence[Finding]) -> list[str]:
    return [str(finding.title) for finding in found if finding.mark is mark]


def the_one(word: str, found: Sequence[Finding]) -> Finding:
    (finding,) = [finding for finding in found if word in str(finding.title)]
    return finding


# On a Discord on the wire


async def test_all_is_well(playground: Playground, made: Made) -> None:
    found = await findings(made(token=playground.token, discord_url=playground.url))
    assert at(Mark.TROUBLE, found) == []
    assert at(Mark.WARNING, found) == []
    said = "\n".join(map(str, (finding.title for finding in found)))
    assert "Server Lienzo Studio: all permissions in 3 of 3 text channels" in said
    assert "Outbound connections only" in said
    assert invite_link(APPLICATION) in said
    assert "Ctrl+R" in said
    assert "no privileged intent is needed" in said


async def test_a_wrong_token(playground: Playground, made: Made) -> None:
    found = await findings(made(discord_url=playground.url))
    assert "Reset Token" in str(the_one("Token:", found).mend)
    assert at(Mark.TROUBLE, found) == ["Token: Discord does not accept it."]


async def test_a_server_that_the_bot_is_not_in(playground: Playground, made: Made) -> None:
    del playground.world.guilds[str(OTHER)].members[playground.world.bot.id]
    guilds = f"{GUILD},{OTHER},123"
    found = await findings(made(token=playground.token, discord_url=playground.url, guilds=guilds))
    assert len(at(Mark.TROUBLE, found)) == 2
    for absent in (OTHER, 123):
        assert invite_link(APPLICATION) in str(the_one(f"Server {absent}", found).mend)
    assert any("Lienzo Studio: all permissions" in title for title in at(Mark.GOOD, found))


async def test_a_permission_that_a_channel_takes_away(playground: Playground, made: Made) -> None:
    guild = playground.world.guilds[str(GUILD)]
    studio, gallery, _ = guild.channels.values()
    studio.overwrites[guild.id] = Exception_(0, deny=Permission.ATTACH_FILES | Permission.EMBED_LINKS)
    gallery.overwrites[playground.world.bot.id] = Exception_(1, deny=Permission.VIEW_CHANNEL)
    found = await findings(made(token=playground.token, discord_url=playground.url))
    assert at(Mark.TROUBLE, found) == []
    assert at(Mark.WARNING, found) == [
        "Server Lienzo Studio: the bot lacks Embed Links, Attach Files in #studio.",
        "Server Lienzo Studio: the bot lacks View Channels in #gallery.",
    ]
    assert "all permissions in 1 of 3" in "\n".join(at(Mark.GOOD, found))


async def test_a_permission_that_the_roles_lack(playground: Playground, made: Made) -> None:
    for role in playground.world.guilds[str(GUILD)].roles.values():
        role.permissions &= ~Permission.READ_MESSAGE_HISTORY
    found = await findings(made(token=playground.token, discord_url=playground.url))
    assert at(Mark.TROUBLE, found) == ["Server Lienzo Studio: the bot's roles lack Read Message History."]


async def test_the_same_in_spanish(playground: Playground, made: Made) -> None:
    for role in playground.world.guilds[str(GUILD)].roles.values():
        role.permissions &= ~(Permission.READ_MESSAGE_HISTORY | Permission.ATTACH_FILES)
    found = await findings(made(token=playground.token, discord_url=playground.url))
    title = the_one("roles lack", found).title.in_language("es-419")
    assert "Adjuntar archivos, Leer el historial de mensajes" in title


# On a Discord that answers as it is told

Answers = Mapping[str, Any]
ME = {"id": str(APPLICATION), "username": "lienzo"}
OWN: Answers = {"id": str(APPLICATION), "name": "Lienzo", "integration_types_config": {"0": {}}}


def discord(answers: Answers) -> httpx.AsyncClient:
    """By path; an integer is a status, bytes are sent as they are, and what is not there is 404."""
    base: dict[str, Any] = {
        "/users/@me": ME,
        "/oauth2/applications/@me": OWN,
        f"/applications/{APPLICATION}/commands": [],
    }

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        assert request.headers["Authorization"] == f"Bot {TOKEN}"
        found = (base | dict(answers)).get(request.url.path.removeprefix("/api/v10"), 404)
        if callable(found):
            found = found()
        if isinstance(found, httpx.Response):
            return found
        if isinstance(found, int):
            return httpx.Response(found, json={"message": "no", "code": 0})
        return httpx.Response(200, content=found) if isinstance(found, bytes) else httpx.Response(200, json=found)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("changes", "mark", "title", "mend"),
    [
        (
            {"interactions_endpoint_url": "https://x.example"},
            Mark.TROUBLE,
            "interactions endpoint",
            "General Information",
        ),
        ({"bot_require_code_grant": True}, Mark.TROUBLE, "Code Grant", "under Bot"),
        ({"bot_public": False}, Mark.HINT, "default authorization link", ""),
        ({"flags": 1 << 19}, Mark.HINT, "Privileged intents are on", ""),
    ],
)
async def test_what_trips_people_in_the_portal(made: Made, changes: Answers, mark: Mark, title: str, mend: str) -> None:
    found = await findings(made(), client=discord({"/oauth2/applications/@me": dict(OWN) | dict(changes)}))
    finding = the_one(title, found)
    assert finding.mark is mark
    assert mend in str(finding.mend or "")


@pytest.mark.parametrize(("installs", "warned"), [({"0": {}}, True), ({"0": {}, "1": {}}, False)])
async def test_user_installs_need_the_portals_consent(made: Made, installs: Answers, warned: bool) -> None:
    answers: Answers = {"/oauth2/applications/@me": dict(OWN) | {"integration_types_config": installs}}
    found = await findings(made(allow_user_installs=True), client=discord(answers))
    assert any("LIENZO_ALLOW_USER_INSTALLS" in title for title in at(Mark.WARNING, found)) is warned


async def test_commands_that_show_twice(made: Made) -> None:
    path = f"/applications/{APPLICATION}"
    answers = {
        f"{path}/commands": [{"name": "imagine", "type": 1}, {"name": "Cancel", "type": 3}],
        f"{path}/guilds/{GUILD}/commands": [{"name": "imagine", "type": 1}, {"name": "Cancel", "type": 1}],
    }
    found = await findings(made(), client=discord(answers))
    assert str(the_one("these commands twice", found).title) == f"Server {GUILD} shows these commands twice: imagine."


@pytest.mark.parametrize(
    ("answer", "title", "mend"),
    [
        (500, "Discord answered 500 to /users/@me", "discordstatus.com"),
        (b"<html>login first</html>", "something that is not Discord's", "proxy"),
        (b"x" * (9 << 20), "can't be reached (TransportError)", "firewall"),
        ({"id": "no number"}, "something that is not Discord's", "proxy"),
    ],
)
async def test_answers_that_are_no_use(made: Made, answer: Any, title: str, mend: str) -> None:
    found = await findings(made(), client=discord({"/users/@me": answer}))
    assert mend in str(the_one(title, found).mend)


async def test_a_host_that_is_not_there(made: Made) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no route for {TOKEN}", request=request)

    found = await findings(made(), client=httpx.AsyncClient(transport=httpx.MockTransport(refuse)))
    assert at(Mark.TROUBLE, found) == ["https://discord.com can't be reached (ConnectError)."]


@pytest.mark.parametrize("url", ["discord.example", "ftp://discord.example", "http://host:port"])
async def test_a_host_that_is_no_address(made: Made, url: str) -> None:
    found = await findings(made(discord_url=url))
    assert "LIENZO_DISCORD_URL" in str(the_one("is not an address", found).mend)


async def test_too_many_requests_are_asked_again(made: Made) -> None:
    busy = [httpx.Response(429, json={"retry_after": 0.0, "message": "", "global": False}) for _ in range(2)]
    asked: list[int] = []

    def me() -> Any:
        asked.append(1)
        return busy.pop() if busy else ME

    found = await findings(made(), client=discord({"/users/@me": me}))
    assert "Token: it is lienzo's" in at(Mark.GOOD, found)
    assert len(asked) == 3


async def test_but_not_for_ever(made: Made) -> None:
    asked: list[int] = []

    def me() -> httpx.Response:
        asked.append(1)
        return httpx.Response(429, json={"retry_after": 0.0})

    found = await findings(made(), client=discord({"/users/@me": me}))
    assert at(Mark.TROUBLE, found) == ["Discord answered 429 to /users/@me."]
    assert len(asked) == 3


@pytest.mark.parametrize("token", ["señal", "two words", "line\nfeed", '"quoted"'])
async def test_what_cannot_be_a_token_is_not_sent(made: Made, token: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    found = await findings(made(token=token), client=httpx.AsyncClient(transport=httpx.MockTransport(fail)))
    assert at(Mark.TROUBLE, found) == ["Token: Discord does not accept it."]


async def test_without_a_token_discord_is_not_asked(made: Made) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    found = await findings(made(token=""), client=httpx.AsyncClient(transport=httpx.MockTransport(fail)))
    assert at(Mark.TROUBLE, found) == ["Discord: `LIENZO_TOKEN` is empty."]


async def test_without_servers_nobody_may_use_it(made: Made) -> None:
    found = await findings(made(guilds=""), client=discord({}))
    assert "Servers: `LIENZO_GUILDS` is empty." in at(Mark.TROUBLE, found)


# On this machine


async def test_settings_that_cannot_be_read() -> None:
    found = await findings(ConfigError(name="LIENZO_KEEP_DAYS", problem="must be a number"))
    assert at(Mark.TROUBLE, found) == ["`LIENZO_KEEP_DAYS` must be a number"]
    assert len(found) == 1


def test_the_settings_of_generators_are_known() -> None:
    assert list(house.unknown_settings({"LIENZO_SDWEBUI_URL", "LIENZO_OPENAI_KEY", "LIENZO_DEEPAI_MODEL"})) == []
    (finding,) = house.unknown_settings({"LIENZO_OPENAI_KYE"})
    assert str(finding.mend) == "Did you mean `LIENZO_OPENAI_KEY`?"


def test_a_misspelled_setting() -> None:
    found = list(house.unknown_settings({"LIENZO_TOKN", "LIENZO_DATA", "HOME", "LIENZO_QQQQQQQ", "lienzo_guilds"}))
    assert [(str(f.title), str(f.mend)) for f in found] == [
        ("`LIENZO_QQQQQQQ` is not a setting of Lienzo.", "`.env.example` lists every setting."),
        ("`LIENZO_TOKN` is not a setting of Lienzo.", "Did you mean `LIENZO_TOKEN`?"),
    ]


async def test_nothing_is_made_where_nothing_was(made: Made, tmp_path: Path) -> None:
    found = await findings(made(token=""))
    assert list(tmp_path.iterdir()) == []
    assert len([title for title in at(Mark.GOOD, found) if "will be made at the first start" in title]) == 3


def test_a_data_folder_that_is_a_file(made: Made, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert house.data_folder(made()).mark is Mark.TROUBLE


def test_a_data_folder_without_rights(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, mode: int) -> bool:
        return path != tmp_path

    monkeypatch.setattr(os, "access", refused)  # the superuser may everything, whatever the folder says
    assert "can't be written to" in str(house.data_folder(made()).title)


def test_a_full_disk(made: Made) -> None:
    assert "kept in reserve" in str(house.data_folder(made(reserve_mib=1 << 40)).title)


async def test_a_database_in_use_is_only_read(made: Made, tmp_path: Path) -> None:
    settings = made()
    store = await Store.open(settings.database)
    assert (await house.database(settings)).mark is Mark.GOOD
    await store.close()
    before = (tmp_path / "data" / "lienzo.db").read_bytes()
    assert str((await house.database(settings)).title) == f"Database: {settings.database}"
    assert (tmp_path / "data" / "lienzo.db").read_bytes() == before


@pytest.mark.parametrize(
    ("version", "mark", "words"),
    [("0000", Mark.GOOD, "brought up to date"), ("9999", Mark.TROUBLE, "newer Lienzo"), (None, Mark.GOOD, "is empty")],
)
async def test_databases_of_other_versions(
    made: Made, tmp_path: Path, version: str | None, mark: Mark, words: str
) -> None:
    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / "lienzo.db")
    if version:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    connection.commit()
    connection.close()
    finding = await house.database(made())
    assert finding.mark is mark
    assert words in str(finding.title)


async def test_a_database_that_is_none(made: Made, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lienzo.db").write_bytes(b"not a database, but long enough to be one" * 50)
    finding = await house.database(made())
    assert finding.mark is Mark.TROUBLE
    assert "LIENZO_DATABASE_URL" in str(finding.mend)


@pytest.mark.parametrize("url", ["mysql://root:hunter2@host/x", "nonsense", "sqlite+aiosqlite://"])
async def test_an_address_of_no_database(made: Made, url: str) -> None:
    finding = await house.database(made(database_url=url))
    assert finding.mark is Mark.TROUBLE
    assert "hunter2" not in f"{finding.title}{finding.mend}"


async def test_a_server_of_databases_that_is_not_there(made: Made) -> None:
    finding = await house.database(made(database_url="postgresql+psycopg://bot:hunter2@127.0.0.1:1/lienzo"))
    assert finding.mark is Mark.TROUBLE
    assert "hunter2" not in f"{finding.title}{finding.mend}"


async def test_a_driver_that_is_not_installed(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(url: object) -> None:
        raise ModuleNotFoundError("psycopg")

    monkeypatch.setattr(house, "blocking_engine", absent)
    finding = await house.database(made(database_url="postgresql+psycopg://host/lienzo"))
    assert "pip install 'lienzo[postgres]'" in str(finding.mend)


async def test_the_probe_of_the_pictures_is_removed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "data" / "images").mkdir(parents=True)
    finding = await house.pictures(made())
    assert "can be written, read and cleared" in str(finding.title)
    assert [path for path in (tmp_path / "data" / "images").rglob("*") if path.is_file()] == []


async def test_a_folder_of_pictures_that_is_a_file(made: Made, tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("")
    assert (await house.pictures(made(images_url=str(tmp_path / "pictures")))).mark is Mark.TROUBLE


async def test_a_bucket_of_no_known_kind(made: Made) -> None:
    finding = await house.pictures(made(images_url="nonsense://bucket"))
    assert "AWS_" in str(finding.mend)


# Generators


class Patient:
    """A generator that complains as it is told."""

    name = "patient"

    def __init__(self, complaint: Text | Exception | None = None, offers: Capabilities = PLAIN) -> None:
        self._complaint = complaint
        self._offers = offers

    async def check(self) -> Text | None:
        if isinstance(self._complaint, Exception):
            raise self._complaint
        return self._complaint

    async def capabilities(self) -> Capabilities:
        return self._offers

    async def close(self) -> None:
        pass


@pytest.fixture
def switched_on(made: Made, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[list[Finding]]]:
    """What is found of generators that are made as given, by name."""

    async def found(these: Mapping[str, Callable[[], Any]], **changes: Any) -> list[Finding]:
        def of(make: Callable[[], Any]) -> Callable[[Settings], Any]:
            return lambda _settings: make()

        monkeypatch.setattr("bot.catalog.BACKENDS", {**BACKENDS, **{name: of(make) for name, make in these.items()}})
        return [one async for one in generators.examine(made(**({"backends": ",".join(these)} | changes)))]

    return found


Found = Callable[..., Awaitable[list[Finding]]]


@pytest.mark.parametrize(
    ("complaint", "mark", "words"),
    [
        (None, Mark.GOOD, "ready, costs nothing"),
        (T("Set a key."), Mark.TROUBLE, "is not ready"),
        (BackendUnavailable(backend="patient"), Mark.TROUBLE, "can't be reached"),
        (TimeoutError(), Mark.TROUBLE, "no answer within"),
    ],
)
async def test_a_generator(switched_on: Found, complaint: Any, mark: Mark, words: str) -> None:
    first, *_ = await switched_on({"patient": lambda: Patient(complaint)})
    assert first.mark is mark
    assert words in str(first.title)


async def test_what_a_generator_can_do_is_said_in_words(switched_on: Found) -> None:
    found = await switched_on({"patient": lambda: Patient(offers=PLAIN)})
    assert at(Mark.HINT, found) == [
        "Generator patient can do: pictures from words, variations, colourising",
        "Lienzo composes for patient: painting a part anew, enlarging, blending, editing by instruction",
    ]
    offers = replace(PLAIN, operations=frozenset(Operation))
    found = await switched_on({"patient": lambda: Patient(offers=offers)})
    assert not any("composes" in title for title in at(Mark.HINT, found))


async def test_what_a_generator_costs_is_said_with_the_caps(switched_on: Found) -> None:
    paid = {"patient": lambda: Patient(offers=replace(PLAIN, paid=True, priced="2026-11-23"))}
    found = await switched_on(paid, user_daily_usd=0.5, server_daily_usd=20)
    (title,) = at(Mark.GOOD, found)
    assert "costs money (prices of 2026-11-23; a day at most $0.50 for each user, $20.00" in title
    (title,) = at(Mark.TROUBLE, await switched_on(paid, user_daily_usd=0))
    assert "set `LIENZO_USER_DAILY_USD` and `LIENZO_SERVER_DAILY_USD`" in title


async def test_what_one_generator_lacks_hides_no_other(switched_on: Found) -> None:
    def unset() -> None:
        raise ConfigError(T("`LIENZO_PATIENT_KEY` is missing: get one."))

    found = await switched_on({"patient": unset, "painter": Painter}, backends="pianter,patient,painter")
    wrong, missing, ready, *_ = found
    assert "names `pianter`, which does not exist" in str(wrong.title)
    assert str(missing.title) == "Generator patient: `LIENZO_PATIENT_KEY` is missing: get one."
    assert str(missing.mend) == "Correct it in `.env`, or take `patient` out of `LIENZO_BACKENDS`."
    assert str(ready.title) == "Generator painter: ready, costs nothing"


REMOTE = [rig for rig in rigs() if rig.url_setting]
WRONG_KEY = "sk-wrong-key-fedcba9876543210"
EACH = pytest.mark.parametrize("rig", REMOTE, ids=lambda rig: f"{rig.name}-{rig.variant}".removesuffix("-"))


@EACH
async def test_a_generator_on_the_wire(rig: Rig, switched_on: Found) -> None:
    if rig.absent:
        pytest.skip(rig.absent)
    async with rig.double() as double:
        first, *more = await switched_on({rig.name: lambda: rig.backend(double)})
        assert first.mark is Mark.GOOD
        assert str(first.title).startswith(f"Generator {rig.name}: ready, costs")
        assert "pictures from words" in str(more[0].title)
        assert KEY not in str([first, *more])


@EACH
async def test_a_generator_on_the_wire_that_takes_no_such_key_or_is_gone(rig: Rig, switched_on: Found) -> None:
    if rig.absent:
        pytest.skip(rig.absent)
    async with rig.double() as double:
        if Case.KEY not in rig.cannot:
            (refused,) = await switched_on({rig.name: lambda: rig.backend(double, key=WRONG_KEY)})
            assert refused.mark is Mark.TROUBLE
            assert rig.key_setting in str(refused.mend)
            assert WRONG_KEY not in f"{refused!r}{refused.title}{refused.mend}"
        if Case.DOWN not in rig.cannot:
            await double.close()
            (gone,) = await switched_on({rig.name: lambda: rig.backend(double)})
            assert gone.mark is Mark.TROUBLE
            assert rig.url_setting in str(gone.mend)


# Permissions


def test_the_invitation_asks_for_exactly_what_is_needed() -> None:
    assert INVITE_PERMISSIONS == 0x400001CC00
    assert invite_link(5) == (
        "https://discord.com/oauth2/authorize?client_id=5&scope=bot+applications.commands&permissions=274878024704"
    )


ROLES = (21, 22)


@pytest.mark.parametrize(
    ("overwrites", "may"),
    [
        ({}, True),
        ({1: Overwrite(0, 8192)}, False),
        ({1: Overwrite(0, 8192), 21: Overwrite(8192, 0)}, True),
        ({21: Overwrite(0, 8192), 22: Overwrite(8192, 0)}, True),
        ({21: Overwrite(8192, 0), 9: Overwrite(0, 8192)}, False),
        ({1: Overwrite(0, 8192), 21: Overwrite(0, 8192), 9: Overwrite(8192, 0)}, True),
        ({33: Overwrite(0, 8192)}, True),
    ],
    ids=["none", "everyone", "a role over everyone", "an allowing role over a denying one", "the member over a role",
         "the member over all", "somebody else's"],
)  # fmt: skip
def test_the_order_of_a_channels_exceptions(overwrites: dict[int, Overwrite], may: bool) -> None:
    bits = permissions.in_channel(8192, overwrites, guild_id=1, role_ids=ROLES, member_id=9)
    assert bool(bits & 8192) is may


@given(st.integers(0, 2**50), st.dictionaries(st.integers(1, 30), st.builds(Overwrite, st.integers(0), st.integers(0))))
def test_an_administrator_may_everything(everyone: int, overwrites: dict[int, Overwrite]) -> None:
    bits = permissions.in_guild(everyone, [Permission.ADMINISTRATOR])
    assert permissions.lacking(permissions.in_channel(bits, overwrites, guild_id=1, role_ids=ROLES, member_id=9)) == ()


def test_what_is_lacking_is_named() -> None:
    assert permissions.lacking(INVITE_PERMISSIONS) == ()
    assert permissions.lacking(INVITE_PERMISSIONS & ~Permission.ATTACH_FILES) == ("Attach Files",)
    assert permissions.lacking(0) == (NEEDED[Permission.VIEW_CHANNEL],)


# On paper


async def report(monkeypatch: pytest.MonkeyPatch, locale: str, **environment: str) -> tuple[int, str]:
    for name, value in environment.items():
        monkeypatch.setenv(PREFIX + name, value)
    paper = io.StringIO()
    console = Console(file=paper, width=60, color_system=None)
    return await doctor.run(locale, console=console), paper.getvalue()


async def test_the_report_of_a_healthy_bot(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = await report(
        monkeypatch, "en-US", TOKEN=playground.token, GUILDS=str(GUILD), DISCORD_URL=playground.url, RESERVE_MIB="0"
    )
    assert code == 0, said
    assert said.endswith("All is well.\n")
    assert playground.token not in said
    assert f"{invite_link(APPLICATION)}\n" in said  # in one piece, on paper of any width
    assert {line[0] for line in said.splitlines()[:-1]} <= set("✓·")


async def test_the_report_of_an_ill_one(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = await report(monkeypatch, "es-ES", TOKEN=TOKEN, DISCORD_URL=playground.url, RESERVE_MIB="0", TOKN="x")
    assert code == 1
    assert "✗ Token: Discord no lo acepta.\n  → Copia de nuevo" in said
    assert "! `LIENZO_TOKN` no es un ajuste de Lienzo.\n  → ¿Querías decir `LIENZO_TOKEN`?" in said
    assert said.endswith("1 cosa por arreglar.\n")
    assert TOKEN not in said


async def test_the_report_on_settings_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LIENZO_KEEP_DAYS=never\n")
    code, said = await report(monkeypatch, "en-US")
    assert code == 1
    assert "✗ `LIENZO_KEEP_DAYS`" in said
