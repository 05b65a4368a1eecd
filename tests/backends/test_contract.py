"""Every backend keeps the contract: what it declares it does, and what goes wrong ends in the right error, with no key in it."""

import asyncio
import logging
import os
import traceback
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.backends.base import Backend, Capabilities, Edit, Operation
from bot.backends.web import BackendLost
from bot.catalog import BACKENDS
from bot.config import Settings
from bot.errors import (
    BackendBroken,
    BackendError,
    BackendRefused,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigError,
    FetchError,
    RateLimited,
)
from bot.prompt import PARAMETERS
from tests.backends.contract import Case, Listener, Rig, infos, request_for, rigs, run
from tests.backends.doubles.server import KEY, OWN, Double, Mischief

RIGS = rigs()
WRONG_KEY = "sk-wrong-key-fedcba9876543210"
#: What a backend may say of an answer that it can't use, or did not get.
TROUBLES = (BackendBroken, BackendUnavailable, BackendTimeout, BackendLost)
MALFORMED = (
    Mischief.EMPTY,
    Mischief.HTML,
    Mischief.DROPPED,
    Mischief.ENDLESS,
    Mischief.NOTHING,
    Mischief.CUT,
    Mischief.NO_PICTURE,
)


def label(rig: Rig) -> str:
    return f"{rig.name}-{rig.variant}" if rig.variant else rig.name


@dataclass(slots=True)
class Bench:
    """A rig at work: the backend and its server."""

    rig: Rig
    double: Double
    backend: Backend
    folder: Path

    async def capabilities(self) -> Capabilities:
        return await self.backend.capabilities()

    async def generate(self, listener: Listener | None = None, **changes: Any) -> Any:
        request = request_for(Operation.GENERATE, await self.capabilities(), self.folder, **changes)
        return await run(self.backend, request, listener)

    async def trouble(self, **changes: Any) -> BackendError | FetchError:
        with pytest.raises((BackendError, FetchError)) as caught:
            await self.generate(**changes)
        return caught.value

    def other(self, **changes: Any) -> Backend:
        """Another backend at the same server."""
        return self.rig.backend(self.double, **changes)

    def needs(self, case: Case | Mischief) -> None:
        if case in self.rig.cannot:
            pytest.skip(f"{label(self.rig)}: {self.rig.cannot[case]}")


@pytest.fixture(params=RIGS, ids=label)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Bench]:
    """Whatever happens, the server must have been asked for nothing that the provider would not take."""
    rig: Rig = request.param
    if rig.absent:
        pytest.skip(rig.absent)
    async with rig.double() as double:
        backend = rig.backend(double)
        try:
            yield Bench(rig, double, backend, tmp_path)
        finally:
            await backend.close()
    assert double.problems == []


def test_every_backend_has_a_rig() -> None:
    assert {rig.name for rig in RIGS} == BACKENDS.keys()
    assert len({label(rig) for rig in RIGS}) == len(RIGS)


@pytest.mark.parametrize("name", BACKENDS)
async def test_a_backend_is_built_from_the_settings_or_says_what_is_missing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("LIENZO_")]:
        monkeypatch.delenv(variable)
    (tmp_path / ".env").touch()
    try:
        backend = BACKENDS[name](Settings.load(tmp_path / ".env"))
    except ConfigError as error:
        assert f"LIENZO_{name.upper()}" in str(error)  # noqa: PT017 - either is right
        return
    assert backend.name == name
    await backend.close()


def test_what_a_rig_cannot_show_is_explained() -> None:
    assert [label(rig) for rig in RIGS if not all(len(why) > 10 for why in rig.cannot.values())] == []


async def test_its_capabilities_make_sense(bench: Bench) -> None:
    c = await bench.capabilities()
    assert (c.operations, c.edits) == (bench.rig.operations, bench.rig.edits)
    assert c.parameters <= {parameter.name for parameter in PARAMETERS}
    assert 0 < c.min_side <= c.base_side <= c.max_side
    assert c.base_side**2 <= c.max_pixels
    assert c.base_side % c.size_step == 0
    assert c.min_side**2 <= c.max_pixels
    assert min(c.max_images, c.max_inputs, c.concurrency, c.max_prompt) >= 1
    assert c.paid is (c.priced is not None)
    assert c.turbo_model is None or c.turbo_model in c.models
    assert Operation.BLEND not in c.operations or c.max_inputs > 1


async def test_its_capabilities_follow_the_server(bench: Bench) -> None:
    bench.needs(Case.REFRESH)
    before = await bench.capabilities()
    assert bench.rig.grow is not None
    bench.rig.grow(bench.double)
    assert await bench.capabilities() != before


async def test_a_price_is_told_before_anything_is_asked(bench: Bench) -> None:
    c = await bench.capabilities()
    asked = len(bench.double.asked)
    price = bench.backend.price(request_for(Operation.GENERATE, c, bench.folder))
    assert price is None or (price > 0) is c.paid
    assert len(bench.double.asked) == asked


@pytest.mark.parametrize("operation", Operation)
async def test_it_does_what_it_declares(bench: Bench, operation: Operation) -> None:
    if operation not in bench.rig.operations:
        pytest.skip(f"{label(bench.rig)} does not declare it")
    request, listener = request_for(operation, await bench.capabilities(), bench.folder), Listener()
    result = await run(bench.backend, request, listener)
    assert all(0 <= fraction <= 1 for fraction in listener.fractions)
    if operation is Operation.DESCRIBE:
        assert result.texts
        assert all(result.texts)
        return
    assert len(result.images) == len(request.seeds)
    assert [image.seed for image in result.images] in ([None] * len(request.seeds), list(request.seeds))
    assert len({image.path for image in result.images}) == len(request.seeds)
    for image, info in zip(result.images, infos(result), strict=True):
        assert image.path.parent == request.folder
        assert image.path.suffix == info.suffix
    assert all(result.images[index] == image for index, image in listener.images.items())


@pytest.mark.parametrize("edit", Edit)
async def test_it_edits_as_it_declares(bench: Bench, edit: Edit) -> None:
    if edit not in bench.rig.edits:
        pytest.skip(f"{label(bench.rig)} does not declare it")
    request = request_for(Operation.EDIT, await bench.capabilities(), bench.folder, edit=edit)
    assert infos(await run(bench.backend, request))


async def test_two_at_once_do_not_meet(bench: Bench) -> None:
    c = await bench.capabilities()
    folders = [bench.folder / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    results = await asyncio.gather(
        *(run(bench.backend, request_for(Operation.GENERATE, c, folder, job_id=folder.name)) for folder in folders)
    )
    assert [{image.path.parent for image in result.images} for result in results] == [{one} for one in folders]


async def test_a_model_is_chosen(bench: Bench) -> None:
    if bench.rig.model is None:
        pytest.skip(f"{label(bench.rig)} has no models to choose from")
    assert bench.rig.model in (await bench.capabilities()).models
    assert (await bench.generate(model=bench.rig.model)).images


# In the middle


async def test_a_cancelled_request_stops(bench: Bench) -> None:
    bench.needs(Case.HOLD)
    c = await bench.capabilities()
    bench.double.hold()
    task = asyncio.create_task(run(bench.backend, request_for(Operation.GENERATE, c, bench.folder)))
    await bench.double.begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if Case.STOP not in bench.rig.cannot:
        await bench.double.stopped()
    bench.double.release()
    assert (await bench.generate()).images


async def test_what_was_handed_in_is_called_back(bench: Bench) -> None:
    c = await bench.capabilities()
    if not c.resumable:
        pytest.skip(f"{label(bench.rig)} gives no handle")
    bench.needs(Case.STOP)
    bench.double.hold()
    request = request_for(Operation.GENERATE, c, bench.folder)
    handle = await bench.backend.submit(request)
    assert handle
    await bench.backend.cancel(request, handle)
    await bench.double.stopped()


async def test_another_process_takes_up_what_was_handed_in(bench: Bench) -> None:
    c = await bench.capabilities()
    if not c.resumable:
        pytest.skip(f"{label(bench.rig)} gives no handle")
    request = request_for(Operation.GENERATE, c, bench.folder)
    handle = await bench.backend.submit(request)
    works, second = bench.double.works, bench.other()
    result = await second.collect(request, handle, Listener())
    await second.close()
    assert len(result.images) == len(request.seeds)
    assert bench.double.works == works, "it was bought twice"


async def test_it_says_how_far_it_is(bench: Bench) -> None:
    bench.needs(Case.PROGRESS)
    c, listener = await bench.capabilities(), Listener()
    bench.double.hold()
    task = asyncio.create_task(run(bench.backend, request_for(Operation.GENERATE, c, bench.folder), listener))
    await listener.shown.wait()
    bench.double.release()
    await task
    assert c.previews
    assert any(0 < fraction < 1 for fraction in listener.fractions)


async def test_it_gives_up_in_time(bench: Bench) -> None:
    bench.needs(Case.TIMEOUT)
    backend = bench.other(timeout=0.2)
    request = request_for(Operation.GENERATE, await backend.capabilities(), bench.folder)
    bench.double.hold()
    with pytest.raises((BackendTimeout, BackendLost)):
        await run(backend, request)
    bench.double.release()
    await backend.close()


# What goes wrong


async def test_a_refusal_says_why_and_is_final(bench: Bench) -> None:
    bench.needs(Mischief.REFUSED)
    bench.double.mischief = Mischief.REFUSED
    error = await bench.trouble()
    assert isinstance(error, BackendRefused)
    assert error.text.values.get("reason")
    assert not error.retry
    assert bench.double.works <= 2, "it asked again"


async def test_a_rate_limit_says_when_to_come_again(bench: Bench) -> None:
    bench.needs(Mischief.LIMITED)
    bench.double.mischief = Mischief.LIMITED
    error = await bench.trouble()
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7


@pytest.mark.parametrize("mischief", [Mischief.FAILED, Mischief.HTML_502])
async def test_a_server_that_fails_is_unavailable(bench: Bench, mischief: Mischief) -> None:
    bench.needs(mischief)
    bench.double.mischief = mischief
    error = await bench.trouble()
    assert isinstance(error, BackendUnavailable)
    assert error.retry
    assert KEY not in str(error)


async def test_an_unknown_model_names_the_setting(bench: Bench) -> None:
    bench.needs(Mischief.NO_MODEL)
    bench.double.mischief = Mischief.NO_MODEL
    error = await bench.trouble()
    assert isinstance(error, BackendRejected)
    assert bench.rig.model_setting in str(error)


@pytest.mark.parametrize("mischief", MALFORMED)
async def test_a_malformed_answer_is_said_to_be_one(
    bench: Bench, mischief: Mischief, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.needs(mischief)
    monkeypatch.setattr("bot.backends.web.client.MAX_BYTES", 8 << 20)
    bench.double.mischief = mischief
    error = await bench.trouble()
    # That a picture is cut short shows only when its pixels are decoded, which the worker does.
    assert isinstance(error, TROUBLES) or (mischief is Mischief.CUT and isinstance(error, FetchError))
    bench.double.mischief = None
    assert (await bench.generate()).images


async def test_fewer_pictures_than_asked_are_not_lost(bench: Bench) -> None:
    bench.needs(Mischief.FEWER)
    bench.double.mischief = Mischief.FEWER
    result = await bench.generate()
    assert result.images
    assert infos(result)


async def test_a_picture_is_known_by_its_bytes(bench: Bench) -> None:
    bench.needs(Mischief.OTHER_FORMAT)
    bench.double.mischief = Mischief.OTHER_FORMAT
    result = await bench.generate()
    assert {image.path.suffix for image in result.images} == {".jpg"}
    assert {info.media_type for info in infos(result)} == {"image/jpeg"}


# Keys, and what the doctor hears


async def test_a_healthy_server_has_nothing_to_complain_of(bench: Bench) -> None:
    assert await bench.backend.check() is None


async def test_a_server_that_is_down_is_said_to_be(bench: Bench) -> None:
    bench.needs(Case.DOWN)
    await bench.double.close()
    complaint = await bench.backend.check()
    assert complaint is not None
    assert bench.rig.url_setting in str(complaint)
    error = await _caught(bench.backend.capabilities())
    assert isinstance(error, BackendUnavailable)


async def _caught(coroutine: Any) -> BaseException | None:
    try:
        await coroutine
    except BackendError as error:
        return error
    return None


async def test_a_wrong_key_is_said_to_be(bench: Bench) -> None:
    bench.needs(Case.KEY)
    c = await bench.capabilities()
    backend = bench.other(key=WRONG_KEY)
    complaint = await backend.check()
    error = await _caught(run(backend, request_for(Operation.GENERATE, c, bench.folder)))
    await backend.close()
    assert bench.rig.key_setting in str(complaint)
    assert isinstance(error, BackendRejected)
    assert not error.retry
    assert bench.rig.key_setting in str(error)
    assert WRONG_KEY not in f"{complaint}{error}{error!r}"


@pytest.mark.parametrize("mischief", [None, Mischief.FAILED, Mischief.HTML, Mischief.DROPPED, Mischief.REFUSED])
async def test_the_key_shows_nowhere(bench: Bench, mischief: Mischief | None, caplog: pytest.LogCaptureFixture) -> None:
    if mischief is not None:
        bench.needs(mischief)
    caplog.set_level(logging.DEBUG)
    c = await bench.capabilities()
    bench.double.mischief = mischief
    error = await _caught(run(bench.backend, request_for(Operation.GENERATE, c, bench.folder)))
    assert (error is None) is (mischief is None)
    shown = [repr(bench.backend), str(error), repr(error), caplog.text, repr(vars(error) if error else "")]
    if error is not None:
        shown += traceback.format_exception(error)
    assert KEY not in "".join(shown)


def test_the_mischief_of_the_server_is_no_doubles_own() -> None:
    """That the split between what all doubles do alike and what each does itself is as the names say."""
    assert Mischief.ENDLESS not in OWN
    assert Mischief.REFUSED in OWN
