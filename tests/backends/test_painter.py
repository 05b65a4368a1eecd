"""The painter's pictures: the same for the same seed, other for other words, and joined without a seam."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.backends.base import Backend, Frame, Generated, InputImage, Operation, Part, Request, Result, Role
from bot.backends.painter import Painter, works
from bot.backends.painter.canvas import View, to_image
from bot.backends.painter.lexicon import understand
from bot.backends.painter.render import paint
from bot.backends.painter.scene import Knobs, Recipe, plan
from bot.backends.painter.styles import STYLES
from bot.errors import BackendRejected

Pixels = npt.NDArray[Any]
SIDE = 128


class Watcher:
    """A progress that remembers what it was told, and on which thread."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.previews: list[tuple[int, int]] = []
        self.images: dict[int, Generated] = {}
        self.threads: set[int] = set()
        self.begun = asyncio.Event()

    def update(self, fraction: float, preview: Path | None = None) -> None:
        self.threads.add(threading.get_ident())
        self.fractions.append(fraction)
        if preview is not None:
            with Image.open(preview) as image:
                self.previews.append(image.size)
        self.begun.set()

    def image(self, index: int, image: Generated) -> None:
        self.threads.add(threading.get_ident())
        self.images[index] = image


@pytest.fixture
async def painter() -> AsyncIterator[Painter]:
    backend = Painter()
    yield backend
    await backend.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def request(folder: Path, text: str = "a lighthouse on a cliff at sunset", **values: Any) -> Request:
    operation = values.pop("operation", Operation.GENERATE)
    name = values.pop("name", "job")
    place = folder / name
    place.mkdir(exist_ok=True)
    defaults: dict[str, Any] = {"width": SIDE, "height": SIDE, "seeds": (7,), "parts": (Part(text),) if text else ()}
    return Request(job_id=name, operation=operation, folder=place, **(defaults | values))


async def painted(painter: Painter, asked: Request) -> Result:
    return await painter.collect(asked, await painter.submit(asked), Watcher())


def pixels(source: Path | Generated) -> Pixels:
    with Image.open(source.path if isinstance(source, Generated) else source) as image:
        return np.asarray(image.convert("RGB"))


def initial(picture: Generated, *, ours: bool = True) -> tuple[InputImage, ...]:
    return (
        InputImage(path=picture.path, role=Role.INITIAL, memo=json.loads(json.dumps(picture.memo)) if ours else {}),
    )


def quick(text: str, seed: int = 3, no: tuple[str, ...] = (), **knobs: Any) -> Pixels:
    """A small picture straight from the renderer."""
    view = View.first(96, 96)
    recipe = Recipe(features=understand([(text, 1.0)], no), seed=seed, span=(1.0, 1.0), knobs=Knobs(**knobs))
    return np.asarray(to_image(paint(recipe, view)))


def apart(a: Pixels, b: Pixels) -> float:
    """The mean difference of two pictures, 0–255."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


# --- generating -------------------------------------------------------------------------------------------------------------------


def test_it_is_a_backend() -> None:
    backend: Backend = Painter()
    assert backend.name == "painter"


async def test_the_same_seed_paints_the_same_bytes(painter: Painter, folder: Path) -> None:
    first = await painted(painter, request(folder, name="a", seeds=(5, 6)))
    again = await painted(painter, request(folder, name="b", seeds=(6, 5)))
    assert first.images[0].path.read_bytes() == again.images[1].path.read_bytes()
    assert apart(pixels(first.images[0]), pixels(first.images[1])) > 4
    assert [i.seed for i in first.images] == [5, 6]


@pytest.mark.parametrize(("width", "height"), [(192, 128), (128, 208), (64, 192)])
async def test_the_size_is_the_one_asked_for(painter: Painter, folder: Path, width: int, height: int) -> None:
    result = await painted(painter, request(folder, width=width, height=height))
    assert pixels(result.images[0]).shape == (height, width, 3)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_looks_its_own_way(style: str) -> None:
    names = {"ukiyo": "ukiyo-e", "flat": "poster", "smooth": "photo", "pixel": "pixel art", "mosaic": "mosaic"}
    styled = quick(f"a boat on the sea, {names.get(style, style)}")
    other = quick(f"a boat on the sea, {'watercolour' if style != 'watercolour' else 'ink'}")
    assert apart(styled, other) > 3


@pytest.mark.parametrize(
    "place",
    [
        "cliff",
        "mountains",
        "forest",
        "city",
        "desert",
        "space",
        "on the moon",
        "underwater",
        "meadow",
        "lake",
        "beach",
        "island",
        "village",
        "roof",
        "still life",
    ],
)
def test_every_place_is_another_picture(place: str) -> None:
    assert apart(quick(place), quick("sea" if place != "sea" else "forest")) > 3
    assert quick(place).std() > 8


@pytest.mark.parametrize(
    "text",
    [
        "at night",
        "at sunset",
        "in the rain",
        "in the snow",
        "in the fog",
        "in a storm",
        "with an aurora",
        "neon",
        "red sky",
    ],
)
def test_hour_weather_and_mood_show(text: str) -> None:
    assert apart(quick(f"mountains {text}"), quick("mountains, day")) > 4


@pytest.mark.parametrize(
    "name", ["lighthouse", "fox", "balloon", "dragon", "person", "flower", "castle", "car", "moon"]
)
def test_a_subject_shows_and_no_takes_it_away(name: str) -> None:
    plain = quick("the desert, day, clear sky")
    assert apart(quick(f"the desert, day, clear sky, {name}"), plain) > 0.4
    assert apart(quick(f"the desert, day, clear sky, {name}", no=(name,)), plain) < apart(
        quick(f"the desert, day, clear sky, {name}"), plain
    )


def test_knobs_turn() -> None:
    plain = quick("a boat on the sea")
    turned: list[dict[str, Any]] = [{"chaos": 1.0}, {"weird": 1.0}, {"stylize": 1.0}, {"raw": True}]
    for knobs in turned:
        assert apart(plain, quick("a boat on the sea", **knobs)) > 0.5


@pytest.mark.parametrize("style", ["oil", "watercolour", "mosaic"])
def test_a_tile_meets_itself(style: str) -> None:
    picture = quick(f"fish and whales, {style}", tile=True).astype(int)
    for axis in (0, 1):
        seam = np.abs(np.take(picture, 0, axis) - np.take(picture, -1, axis)).mean()
        inside = np.abs(np.diff(picture, axis=axis)).mean(axis=(1 - axis, 2))
        assert seam <= inside.max() * 1.1 + 1


def test_one_more_subject_leaves_the_others_in_place() -> None:
    def places(text: str) -> dict[str, tuple[float, float]]:
        return {p.name: (p.x, p.y) for p in plan(Recipe(features=understand([(text, 1.0)]), seed=4)).subjects}

    assert (
        places("a lighthouse, a boat, by the coast")["lighthouse"]
        == places("a lighthouse, a boat, a bird, by the coast")["lighthouse"]
    )


async def test_image_prompts_lend_their_colours(painter: Painter, folder: Path) -> None:
    red = folder / "red.png"
    Image.new("RGB", (64, 64), (220, 40, 30)).save(red)
    plain = await painted(painter, request(folder, name="a"))
    lent = await painted(
        painter, request(folder, name="b", images=(InputImage(path=red, role=Role.PROMPT),), parameters={"iw": 2.0})
    )
    warmth = [
        float(pixels(r.images[0])[..., 0].mean()) - float(pixels(r.images[0])[..., 2].mean()) for r in (plain, lent)
    ]
    assert warmth[1] > warmth[0] + 10
    assert any("colours" in str(note) for note in lent.notes)


# --- working on pictures ----------------------------------------------------------------------------------------------------------


async def test_variations_stay_near_or_go_far(painter: Painter, folder: Path) -> None:
    parent = (await painted(painter, request(folder, name="a"))).images[0]
    results = {
        strength: await painted(
            painter,
            request(
                folder,
                name=f"v{strength}",
                operation=Operation.VARY,
                images=initial(parent),
                seeds=(99,),
                strength=strength,
            ),
        )
        for strength in (0.2, 0.9)
    }
    near, far = (apart(pixels(parent), pixels(r.images[0])) for r in results.values())
    assert 0.3 < near < far


async def test_upscaling_paints_the_same_scene_larger(painter: Painter, folder: Path) -> None:
    parent = (await painted(painter, request(folder, name="a"))).images[0]
    large = (
        await painted(
            painter, request(folder, name="u", operation=Operation.UPSCALE, images=initial(parent), factor=2.0)
        )
    ).images[0]
    with Image.open(large.path) as image:
        assert image.size == (2 * SIDE, 2 * SIDE)
        small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))
        stretched = np.asarray(Image.fromarray(pixels(parent)).resize(image.size, Image.Resampling.BICUBIC))
        assert apart(np.asarray(image), stretched) > 1.5  # not the same pixels, stretched
    assert apart(small, pixels(parent)) < 14


async def test_upscaling_stops_at_the_largest_size(painter: Painter, folder: Path) -> None:
    wide = folder / "wide.png"
    Image.new("RGB", (2000, 100), "grey").save(wide)
    result = await painted(
        painter,
        request(
            folder, "", operation=Operation.UPSCALE, images=(InputImage(path=wide, role=Role.INITIAL),), factor=4.0
        ),
    )
    with Image.open(result.images[0].path) as image:
        assert image.size[0] == (await painter.capabilities()).max_side


def seam(picture: Pixels, x: int, top: int, bottom: int) -> float:
    """How much more the columns at x differ than their neighbours do, in grey levels."""
    rows = picture[top:bottom].astype(int)
    step = np.abs(rows[:, x] - rows[:, x - 1]).mean()
    usual = np.abs(np.diff(rows[:, x - 6 : x + 6], axis=1)).mean()
    return float(step - usual)


@pytest.mark.parametrize("ours", [True, False])
async def test_outpainting_keeps_the_parent_and_shows_no_seam(painter: Painter, folder: Path, ours: bool) -> None:
    parent = (await painted(painter, request(folder, name="a"))).images[0]
    wide = request(
        folder,
        name="o",
        operation=Operation.OUTPAINT,
        images=initial(parent, ours=ours),
        width=256,
        height=192,
        frame=Frame(64, 32, SIDE, SIDE),
    )
    first = (await painted(painter, wide)).images[0]
    canvas = pixels(first)
    assert canvas.shape == (192, 256, 3)
    assert np.array_equal(canvas[32 : 32 + SIDE, 64 : 64 + SIDE], pixels(parent))
    assert seam(canvas, 64, 32, 32 + SIDE) < 9
    assert seam(canvas, 64 + SIDE, 32, 32 + SIDE) < 9
    again = request(
        folder,
        name="p",
        operation=Operation.OUTPAINT,
        images=initial(first, ours=ours),
        width=256,
        height=320,
        frame=Frame(0, 128, 256, 192),
    )
    assert np.array_equal(pixels((await painted(painter, again)).images[0])[128:], canvas)


async def test_zooming_out_fits_the_parent_into_the_frame(painter: Painter, folder: Path) -> None:
    parent = (await painted(painter, request(folder, name="a", width=256, height=256))).images[0]
    zoomed = request(
        folder,
        name="z",
        operation=Operation.OUTPAINT,
        images=initial(parent),
        width=256,
        height=256,
        frame=Frame(64, 64, 128, 128),
    )
    inner = pixels((await painted(painter, zoomed)).images[0])[64:192, 64:192]
    assert apart(inner, np.asarray(Image.fromarray(pixels(parent)).resize((128, 128), Image.Resampling.LANCZOS))) < 1


@pytest.mark.parametrize("ours", [True, False])
async def test_inpainting_keeps_what_is_outside(painter: Painter, folder: Path, ours: bool) -> None:
    parent = (await painted(painter, request(folder, "the sea, day", name="a"))).images[0]
    region = np.zeros((SIDE, SIDE), np.uint8)
    region[70:115, 20:90] = 255
    Image.fromarray(region, "L").save(folder / "mask.png")
    asked = request(
        folder,
        "a whale",
        name="i",
        operation=Operation.INPAINT,
        images=initial(parent, ours=ours),
        mask=folder / "mask.png",
    )
    result = (await painted(painter, asked)).images[0]
    before, after = pixels(parent), pixels(result)
    assert np.array_equal(after[region == 0], before[region == 0])
    assert apart(after[region > 0], before[region > 0]) > 3
    assert len(json.dumps(result.memo)) < 4096


async def test_memory_stays_small_over_many_steps(painter: Painter, folder: Path) -> None:
    text = "three red foxes, two boats, a castle, a lighthouse, birds, a dragon in a snowy forest at night, watercolour, neon, storm"
    picture = (await painted(painter, request(folder, text, name="s0"))).images[0]
    region = (np.indices((SIDE, SIDE)).sum(axis=0) % 9 > 3).astype(np.uint8) * 255
    Image.fromarray(region, "L").save(folder / "mask.png")
    for step in range(1, 4):
        values: dict[str, Any] = (
            {"operation": Operation.VARY, "strength": 0.3}
            if step % 2
            else {"operation": Operation.INPAINT, "mask": folder / "mask.png"}
        )
        picture = (
            await painted(
                painter,
                request(folder, f"a horse, {text}", name=f"s{step}", images=initial(picture), seeds=(step,), **values),
            )
        ).images[0]
        assert len(json.dumps(picture.memo)) < 4096


@pytest.mark.parametrize("ours", [True, False])
async def test_blending_differs_from_both(painter: Painter, folder: Path, ours: bool) -> None:
    a = (await painted(painter, request(folder, name="a"))).images[0]
    b = (await painted(painter, request(folder, "a fox in a forest at night", name="b"))).images[0]
    asked = request(
        folder,
        "",
        name="c",
        operation=Operation.BLEND,
        images=initial(a, ours=ours) + initial(b, ours=ours),
        seeds=(1, 2),
    )
    first, second = (pixels(i) for i in (await painted(painter, asked)).images)
    assert min(apart(first, pixels(a)), apart(first, pixels(b)), apart(first, second)) > 4


@pytest.mark.parametrize("ours", [True, False])
async def test_an_edit_makes_the_sky_red(painter: Painter, folder: Path, ours: bool) -> None:
    parent = (await painted(painter, request(folder, "a boat on the sea, day, clear sky", name="a"))).images[0]
    edit = request(folder, "make the sky red", name="e", operation=Operation.EDIT, images=initial(parent, ours=ours))
    after = pixels((await painted(painter, edit)).images[0])[:30].astype(int)
    assert after[..., 0].mean() > after[..., 2].mean() + 20


async def test_an_edit_is_kept_by_what_follows(painter: Painter, folder: Path) -> None:
    parent = (await painted(painter, request(folder, "a boat on the sea, day", name="a"))).images[0]
    edit = (
        await painted(
            painter, request(folder, "make it night", name="e", operation=Operation.EDIT, images=initial(parent))
        )
    ).images[0]
    vary = request(folder, "make it night", name="v", operation=Operation.VARY, images=initial(edit), strength=0.2)
    memo = (await painted(painter, vary)).images[0].memo
    assert memo["recipe"]["features"]["subjects"][0][0] == "boat"


async def test_describing(painter: Painter, folder: Path) -> None:
    parent = (await painted(painter, request(folder, "two red foxes in a forest at night", name="a"))).images[0]
    ours = await painted(painter, request(folder, "", name="d", operation=Operation.DESCRIBE, images=initial(parent)))
    assert len(set(ours.texts)) == 4
    assert all("two red foxes" in text and "forest" in text and "night" in text for text in ours.texts)
    Image.new("RGB", (80, 80), (30, 60, 200)).save(folder / "blue.png")
    asked = request(
        folder,
        "",
        name="f",
        operation=Operation.DESCRIBE,
        images=(InputImage(path=folder / "blue.png", role=Role.INITIAL),),
    )
    other = await painted(painter, asked)
    assert len(set(other.texts)) == 4
    assert "blue" in other.texts[0]


# --- the protocol -----------------------------------------------------------------------------------------------------------------


async def test_progress_and_previews_come_on_the_loop(painter: Painter, folder: Path) -> None:
    watcher = Watcher()
    result = await painter.collect(request(folder, seeds=(1, 2, 3, 4)), None, watcher)
    await asyncio.sleep(0)
    assert watcher.threads == {threading.get_ident()}
    assert sorted(watcher.images) == [0, 1, 2, 3]
    assert [watcher.images[i] for i in range(4)] == list(result.images)
    assert watcher.fractions == sorted(watcher.fractions)
    assert all(0 < fraction <= 1 for fraction in watcher.fractions)
    assert set(watcher.previews) == {(2 * SIDE, 2 * SIDE)}


async def test_a_word_that_it_does_not_know_is_told(painter: Painter, folder: Path) -> None:
    result = await painted(painter, request(folder, "a blorf and a fox with the zyzzyva"))
    assert "blorf, zyzzyva" in str(result.notes[0])
    assert "No AI" in str(result.notes[-1])
    many = await painted(painter, request(folder, " ".join(f"qx{'abcdefghij'[i]}" for i in range(10)), name="b"))
    assert "and 2 more" in str(many.notes[0])


async def test_cancelling_stops_the_work(painter: Painter, folder: Path) -> None:
    watcher = Watcher()
    asked = request(folder, seeds=tuple(range(40)), width=256, height=256)
    task = asyncio.create_task(painter.collect(asked, None, watcher))
    await asyncio.wait_for(watcher.begun.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await painted(painter, request(folder, name="after"))  # its turn comes once the threads are free
    assert len(list(asked.folder.glob("*.png"))) < 20


async def test_two_requests_at_once_do_not_mix(painter: Painter, folder: Path) -> None:
    alone = await painted(painter, request(folder, "a fox in a forest", name="a"))
    both = await asyncio.gather(
        painted(painter, request(folder, "a fox in a forest", name="b")),
        painted(painter, request(folder, "a city", name="c")),
    )
    assert both[0].images[0].path.read_bytes() == alone.images[0].path.read_bytes()
    assert apart(pixels(both[0].images[0]), pixels(both[1].images[0])) > 5


@pytest.mark.parametrize(
    "operation",
    [Operation.VARY, Operation.UPSCALE, Operation.EDIT, Operation.DESCRIBE, Operation.OUTPAINT, Operation.INPAINT],
)
async def test_a_picture_that_cannot_be_read_is_rejected_in_words(
    painter: Painter, folder: Path, operation: Operation
) -> None:
    (folder / "bad.png").write_bytes(b"not a picture")
    image = InputImage(path=folder / "bad.png", role=Role.INITIAL, memo={"v": 1, "recipe": "nonsense"})
    asked = request(folder, operation=operation, images=(image,), frame=Frame(0, 0, 64, 64), mask=folder / "bad.png")
    with pytest.raises(BackendRejected, match="could not be read"):
        await painted(painter, asked)


async def test_missing_input_is_rejected(painter: Painter, folder: Path) -> None:
    with pytest.raises(BackendRejected):
        await painted(painter, request(folder, operation=Operation.VARY))


async def test_capabilities_are_honest(painter: Painter) -> None:
    known = await painter.capabilities()
    assert known.operations == frozenset(Operation)
    assert set(works.WORKS) | {Operation.DESCRIBE} == set(Operation)
    assert known.repeatable
    assert known.previews
    assert await painter.check() is None
