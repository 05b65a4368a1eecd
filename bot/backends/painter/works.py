"""Each operation as a function that paints one picture. These run in the painter's threads, never on the event loop."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bot.backends.base import Frame, Generated, InputImage, Operation, Request, Role
from bot.backends.painter import edits, instructions, joins
from bot.backends.painter.canvas import Canvas, View, from_image, never, to_image
from bot.backends.painter.edits import Memory
from bot.backends.painter.figures import paint_subject
from bot.backends.painter.filling import grown
from bot.backends.painter.guide import Guide
from bot.backends.painter.lexicon import Features, understand
from bot.backends.painter.noise import Array, Noise, Ring
from bot.backends.painter.render import Patch, Step, compose, finish, graded, nothing, paint, statistics
from bot.backends.painter.scene import Knobs, Placed, Recipe, plan
from bot.backends.painter.sky import paint_asked, paint_weather
from bot.backends.painter.stages import detailed
from bot.backends.painter.styles import Manner, apply
from bot.errors import BackendRejected
from bot.i18n import T, Text

NAME = "painter"
SKETCH = "sketch"
SKETCHINESS = 0.42  # of the painting's fineness
LOOSE = 3.0  # how much more a sketch is strokes
MAX_SIDE = 3072
MAX_PIXELS = 2048 * 3072
SPREAD = 0x9E3779B1  # turns neighbouring seeds into distant ones


@dataclass(frozen=True)
class Job:
    """A request as the painter understands it."""

    request: Request
    check: Callable[[], None] = never
    step: Step = nothing

    @cached_property
    def features(self) -> Features:
        return understand([(p.text, p.weight) for p in self.request.parts], self.request.negative)

    @cached_property
    def said(self) -> int:
        """Stands for the words of the request; 0 for none."""
        words = " ".join(f"{p.text}::{p.weight}" for p in self.request.parts if p.text.strip())
        return zlib.crc32(f"{words} --no {self.request.negative}".encode()) if words else 0

    @cached_property
    def knobs(self) -> Knobs:
        p = self.request.parameters
        return Knobs(
            chaos=_number(p, "chaos", 0) / 100, stylize=_number(p, "stylize", 100) / 1000, weird=_number(p, "weird", 0) / 3000,
            tile=bool(p.get("tile")), raw=bool(p.get("raw")), detail=_number(p, "exp", 0) / 100, done=_number(p, "stop", 100) / 100,
        )  # fmt: skip

    @property
    def sketched(self) -> bool:
        """Whether the quicker model was asked for."""
        return self.request.model == SKETCH or bool(self.request.parameters.get("draft"))

    def fineness(self, view: View) -> float:
        """How many times finer than the picture to paint: less is quicker. The work goes with its square, as quality does."""
        wanted = _number(self.request.parameters, "quality", 1) ** 0.5 * (SKETCHINESS if self.sketched else 1)
        return min(wanted, max((MAX_PIXELS / (view.width * view.height)) ** 0.5, 1))

    @cached_property
    def grade(self) -> tuple[float, ...]:
        """The colours that image prompts and style references lend."""
        lenders = [(i, min(0.5 * self.image_weight**0.6, 0.95)) for i in self.request.only(Role.PROMPT)]
        lenders += [
            (i, min((_number(self.request.parameters, "sw", 100) / 1000) ** 0.5 * 1.6, 0.95))
            for i in self.request.only(Role.STYLE)
        ]
        if not lenders:
            return ()
        lent = [statistics(_planes(image.path, (96, 96)), weight) for image, weight in lenders]
        means = np.average(lent, axis=0, weights=[max(image.weight, 0.01) for image, _ in lenders])
        return tuple(round(float(v), 4) for v in means)

    @cached_property
    def image_weight(self) -> float:
        return max(_number(self.request.parameters, "iw", 1), 0)

    @cached_property
    def guide(self) -> Guide | None:
        """The light and the horizon that image prompts lend: nothing up to the usual weight, all from threefold on."""
        prompts = self.request.only(Role.PROMPT)
        weight = min((self.image_weight - 1) / 2, 1)
        if not prompts or weight <= 0 or self.knobs.tile:
            return None
        pictures = [_planes(image.path, (96, 96)) for image in prompts]
        return Guide.of(np.average(pictures, axis=0, weights=[max(i.weight, 0.01) for i in prompts]), weight)

    @cached_property
    def initial(self) -> InputImage:
        image = next(iter(self.request.only(Role.INITIAL) or self.request.images), None)
        if image is None:
            raise rejected(T("there is no picture to work on."))
        return image

    @cached_property
    def memory(self) -> Memory | None:
        return remembered(self.initial)

    def asked(self, memory: Memory) -> Features | None:
        """The features of new words; None where nothing new is said since the picture was made."""
        return None if self.said in (0, memory.said) else self.features


def _number(parameters: Mapping[str, Any], name: str, default: float) -> float:
    value = parameters.get(name)
    return default if value is None else float(value)


def rejected(reason: Text) -> BackendRejected:
    return BackendRejected(backend=NAME, reason=reason)


def remembered(image: InputImage) -> Memory | None:
    """What the painter wrote into a picture's memo; None for pictures by others, or of an older make."""
    try:
        return Memory.from_json(image.memo)
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _planes(path: Path, size: tuple[int, int] | None = None) -> Array:
    try:
        return edits.opened(path, size)
    except (OSError, Image.DecompressionBombError) as error:
        raise rejected(T("the picture could not be read.")) from error


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, Image.DecompressionBombError) as error:
        raise rejected(T("the picture could not be read.")) from error


@dataclass(frozen=True, slots=True)
class Made:
    """A picture, and its memory if it can be painted again."""

    image: Image.Image
    memory: Memory | None = None


def seeded(seed: int) -> int:
    return (seed * SPREAD) & 0xFFFFFFFF


def generate(job: Job, seed: int) -> Made:
    request = job.request
    prompts = request.only(Role.PROMPT)
    if not job.said and prompts:
        return blend(job, seed)
    view = View.first(request.width, request.height)
    recipe = Recipe(
        features=job.features,
        seed=seeded(seed),
        span=(view.width / view.scale, view.height / view.scale),
        knobs=job.knobs,
        grade=job.grade,
        guide=job.guide,
    )
    return _painted(job, Memory(recipe, view, said=job.said))


def _painted(job: Job, memory: Memory) -> Made:
    return Made(to_image(_seen(job, memory.recipe, memory.view, memory.patches)), memory)


def _seen(job: Job, recipe: Recipe, view: View, patches: tuple[Patch, ...]) -> Array:
    """What is in a window, painted as finely as was asked for."""
    fineness = 1 if recipe.knobs.tile else job.fineness(view)
    if job.sketched:
        recipe = replace(recipe, knobs=replace(recipe.knobs, stylize=min(recipe.knobs.stylize * LOOSE, 1)))
    planes = paint(recipe, view.larger(fineness), patches, job.check, job.step)
    if fineness == 1:
        return planes
    size = view.width, view.height
    if fineness > 1:
        return from_image(to_image(planes).resize(size, Image.Resampling.LANCZOS))
    return from_image(edits.enlarged(planes, size))


def vary(job: Job, seed: int) -> Made:
    request, memory = job.request, job.memory
    if memory is None:
        planes = _cover(job)
        manner = _manner(job, planes, seed)
        return Made(to_image(edits.restroked(planes, manner, job.features, request.strength)))
    recipe = edits.varied(memory.recipe, job.asked(memory), seeded(seed), request.strength)
    view = _fitted(memory.view, request.width, request.height)
    keep = memory.patches if request.strength < 0.6 else ()
    return _painted(job, Memory(recipe, view, keep, job.said or memory.said))


def _fitted(view: View, width: int, height: int) -> View:
    """The window with this size in pixels: its middle and its area stay."""
    scale = view.scale * ((width * height) / (view.width * view.height)) ** 0.5
    x, y = view.left + view.width / view.scale / 2, view.top + view.height / view.scale / 2
    return View(x - width / scale / 2, y - height / scale / 2, scale, width, height)


def _cover(job: Job) -> Array:
    return _covered(job.initial.path, (job.request.width, job.request.height))


def _manner(job: Job, planes: Array, seed: int, style: str = "") -> Manner:
    view = View.first(planes.shape[2], planes.shape[1])
    name = style or next(iter(job.features.styles), "oil")
    return Manner(name, 1.0 if not job.knobs.raw else 0.3, view, Noise(seeded(seed)), job.check)


def upscale(job: Job, _seed: int) -> Made:
    width, height = _size(job.initial.path)
    factor = min(job.request.factor, MAX_SIDE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    # A creative enlargement makes more of every detail, the freer the more.
    extra = max(min(job.request.strength, 1) - 0.25, 0)
    if job.memory is None:
        enlarged = edits.enlarged(_planes(job.initial.path), size)
        return Made(to_image(detailed(from_image(enlarged), View.first(*size), extra)) if extra else enlarged)
    view, recipe = job.memory.view, job.memory.recipe
    larger = View(view.left, view.top, view.scale * size[0] / view.width, *size)
    if extra:
        recipe = replace(recipe, knobs=replace(recipe.knobs, detail=min(recipe.knobs.detail + extra, 1)))
    memory = Memory(recipe, larger, job.memory.patches, job.memory.said)
    planes = paint(memory.recipe, larger, memory.patches, job.check, job.step)
    return Made(to_image(planes if extra else edits.refined(_planes(job.initial.path, size), planes)), memory)


def outpaint(job: Job, seed: int) -> Made:
    request, frame = job.request, job.request.frame
    if frame is None:
        raise rejected(T("it was not said where the picture lies on the larger canvas."))
    parent = _planes(job.initial.path, (frame.width, frame.height))
    if job.memory is None:
        return Made(to_image(_grown_around(job, parent, frame, seed)))
    old = job.memory
    view = old.view.around(frame.left, frame.top, frame.width, request.width, request.height)
    asked = job.asked(old)
    ring = Ring(seeded(seed), old.view.box, view.box)
    recipe = replace(
        old.recipe, features=asked or old.recipe.features, rings=(*old.recipe.rings, ring)[-edits.MAX_RINGS :]
    )
    memory = Memory(recipe, view, old.patches, job.said or old.said)
    canvas = np.zeros((3, request.height, request.width), np.float32)
    canvas[:, frame.top : frame.top + frame.height, frame.left : frame.left + frame.width] = parent
    left, top, right, bottom = joins.fresh(frame, request.width, request.height)
    canvas[:, top:bottom, left:right] = _seen(job, recipe, view.part(left, top, right, bottom), memory.patches)
    return Made(to_image(joins.outset(canvas, parent, frame.left, frame.top)), memory)


def _grown_around(job: Job, parent: Array, frame: Frame, seed: int) -> Array:
    """Somebody else's picture, grown onto the canvas."""
    canvas = np.zeros((3, job.request.height, job.request.width), np.float32)
    known = np.zeros(canvas.shape[1:], np.float32)
    inside = slice(frame.top, frame.top + frame.height), slice(frame.left, frame.left + frame.width)
    canvas[:, *inside] = parent
    known[inside] = 1
    job.step(0.1, canvas)
    return joins.outset(grown(canvas, known, seeded(seed), job.check), parent, frame.left, frame.top, grown=True)


def inpaint(job: Job, seed: int) -> Made:
    if job.request.mask is None:
        raise rejected(T("it was not said which region to repaint."))
    parent = _planes(job.initial.path)
    mask = _mask(job.request.mask, (parent.shape[2], parent.shape[1]))
    if not (mask > 0.5).any():
        raise rejected(T("the region to repaint is empty."))
    left, top, right, bottom = joins.surrounded(mask)
    here = slice(top, bottom), slice(left, right)
    memory = job.memory
    done = None
    if memory is None or (memory.view.width, memory.view.height) != (parent.shape[2], parent.shape[1]):
        planes = _healed(job, parent, mask, seed)[:, *here]
    else:
        patch = edits.repainted(memory, job.asked(memory), mask, seeded(seed))
        patches = (*memory.patches, patch)[-edits.MAX_PATCHES :]
        done = Memory(memory.recipe, memory.view, patches, job.said or memory.said)
        scene, view = plan(patch.recipe), memory.view.part(left, top, right, bottom)
        planes = finish(compose(scene, view, job.check, job.step, patch.subjects()), scene, view, job.check)
    result = parent.copy()
    result[:, *here] = joins.inset(parent[:, *here], planes, mask[here])
    return Made(to_image(result), done)


def _mask(path: Path, size: tuple[int, int]) -> Array:
    try:
        with Image.open(path) as image:
            grey = image.convert("L")
    except OSError as error:
        raise rejected(T("the mask could not be read.")) from error
    return (np.asarray(grey if grey.size == size else grey.resize(size), np.float32) > 127).astype(np.float32)


def _healed(job: Job, parent: Array, mask: Array, seed: int) -> Array:
    """A region of somebody else's picture, grown over from around, with the prompt's subjects in it."""
    ground = grown(parent, 1 - mask, seeded(seed), job.check)
    view = View.first(parent.shape[2], parent.shape[1])
    recipe = Recipe(
        features=job.features,
        seed=seeded(seed),
        span=(view.width / view.scale, view.height / view.scale),
        knobs=job.knobs,
    )
    bare = Recipe(
        features=Features(places=job.features.places, time=job.features.time or "day"),
        seed=recipe.seed,
        span=recipe.span,
    )
    patch = edits.repainted(Memory(bare, view), job.features, mask, recipe.seed)
    return _peopled(job, ground, view, recipe, patch.subjects())


def _peopled(job: Job, planes: Array, view: View, recipe: Recipe, subjects: list[Placed]) -> Array:
    canvas = Canvas(view, job.check)
    canvas.rgb[:] = planes
    scene = plan(recipe)
    for placed in subjects:
        paint_subject(canvas, scene, placed)
    return np.clip(canvas.rgb, 0, 1)


def blend(job: Job, seed: int) -> Made:
    request, memories = job.request, [remembered(image) for image in job.request.images]
    view = View.first(request.width, request.height)
    span = (view.width / view.scale, view.height / view.scale)
    known = [m.recipe for m in memories if m is not None]
    if known and len(known) == len(memories):
        recipe = edits.blended(known, seeded(seed), span)
        return _painted(job, Memory(recipe, view, said=job.said))
    pictures: list[Array] = []
    for image in request.images:
        job.check()
        pictures.append(_covered(image.path, (request.width, request.height)))
    if not pictures:
        raise rejected(T("there is no picture to work on."))
    noise = Noise(seeded(seed))
    mingled = edits.mingled(pictures, noise, view)
    return Made(to_image(apply(mingled, _manner(job, mingled, seed))))


def _covered(path: Path, size: tuple[int, int]) -> Array:
    try:
        return edits.covering(path, size)
    except (OSError, Image.DecompressionBombError) as error:
        raise rejected(T("the picture could not be read.")) from error


def edit(job: Job, seed: int) -> Made:
    memory = job.memory
    if memory is not None:
        recipe = edits.instructed(memory.recipe, job.request.text)
        return _painted(job, Memory(recipe, memory.view, memory.patches, job.said))
    wanted, understood = instructions.instructed(Features(), job.request.text)
    if not understood:
        return Made(to_image(_cover(job)))
    planes = edits.recoloured(_cover(job), wanted)
    view = View.first(planes.shape[2], planes.shape[1])
    recipe = Recipe(
        features=wanted,
        seed=seeded(seed),
        span=(view.width / view.scale, view.height / view.scale),
        knobs=job.knobs,
    )
    scene = plan(recipe)
    planes = _peopled(job, graded(planes, job.grade), view, recipe, list(scene.subjects))
    canvas = Canvas(view, job.check)
    canvas.rgb[:] = planes
    paint_asked(canvas, scene)
    paint_weather(canvas, scene)
    done = np.clip(canvas.rgb, 0, 1)
    return Made(to_image(apply(done, _manner(job, done, seed, wanted.styles[0])) if wanted.styles else done))


def describe(image: InputImage) -> tuple[str, ...]:
    """Four prompts for a picture."""
    memory = remembered(image)
    return edits.described(memory) if memory is not None else edits.seen(_planes(image.path, (256, 256)))


WORKS: dict[Operation, Callable[[Job, int], Made]] = {
    Operation.GENERATE: generate, Operation.VARY: vary, Operation.UPSCALE: upscale, Operation.OUTPAINT: outpaint,
    Operation.INPAINT: inpaint, Operation.BLEND: blend, Operation.EDIT: edit,
}  # fmt: skip


def make(job: Job, index: int) -> Generated:
    """Paints picture `index` of the request and writes its file."""
    seed = job.request.seeds[index]
    made = WORKS[job.request.operation](job, seed)
    job.check()
    path = job.request.folder / f"{index}.png"
    made.image.save(path, compress_level=1)
    return Generated(path=path, seed=seed, memo={} if made.memory is None else made.memory.to_json())


def thumbnail(planes: Array, side: int) -> Image.Image:
    """A small picture of planes; `side` is the longer one."""
    step = max(max(planes.shape[1:]) // side, 1)
    return to_image(planes[:, ::step, ::step])


def small(path: Path, side: int) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").reduce(max(max(image.size) // side, 1))
