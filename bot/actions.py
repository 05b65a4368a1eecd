"""What every command and button becomes: the plan of one job, composed from what the backend can do. Pure, but for `realise`.

| Asked for | Where the backend can't | Composed as |
|---|---|---|
| a variation | image to image | an edit, else a new picture with another seed |
| zoom, pan, square | outpaint | a larger canvas and a mask, inpainted |
| an image prompt | image prompts (`--iw`) | image to image, for several a blend |
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.backends.base import Capabilities, Frame, InputImage, Operation, Part, Request, Role
from bot.errors import NotPossible
from bot.i18n import T, Text
from bot.imaging import Imaging, Limits, Size, frame_for_pan, frame_for_zoom
from bot.jobs import Action, Image, Job
from bot.prompt import Prompt, unhonoured

GRID = 4
SEEDS = 1 << 32
#: How far a variation leaves its picture, by name (0 keeps it, 1 ignores it).
STRENGTHS = {"subtle": 0.35, "strong": 0.75}
UPSCALE_STRENGTHS = {Action.UPSCALE_SUBTLE: 0.2, Action.UPSCALE_CREATIVE: 0.5}
ZOOMS = (2.0, 1.5)
DIRECTIONS = ("left", "right", "up", "down")
#: Actions whose result is worked out from a picture of the parent by laying it on a larger canvas.
EXTENDING = frozenset({Action.ZOOM, Action.PAN, Action.SQUARE})


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a result. `verb` is an `Action` or `reroll`, `cancel`, `delete`, `favourite`, `original`; `tile` counts from 1."""

    verb: str
    tile: int = 0
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call on the backend. Sizes are in pixels, of the result. With `composed`, the canvas and the mask are to be made first."""

    operation: Operation
    width: int
    height: int
    seeds: tuple[int, ...]
    strength: float = 0.6
    factor: float = 2.0
    frame: Frame | None = None
    composed: bool = False
    instruction: str | None = None
    notes: tuple[Text, ...] = ()


def plan(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image | None, inputs: Sequence[Role]) -> Plan:
    """What to ask of the backend for this job. `source` is the parent's picture, `inputs` what the user's own images are for.

    Raises `NotPossible` where the backend can neither do it nor be helped to.
    """
    notes = tuple(notes_for(prompt, job.backend, capabilities))
    if source is None:
        return _from_words(job, prompt, capabilities, inputs, notes)
    if job.action in UPSCALE_STRENGTHS:
        return _upscale(job, capabilities, source, notes)
    if job.action in EXTENDING:
        return _extend(job, prompt, capabilities, source, notes)
    return _vary(job, prompt, capabilities, source, notes)


def notes_for(prompt: Prompt, backend: str, capabilities: Capabilities) -> list[Text]:
    """What is known but not honoured here, named rather than dropped in silence."""
    notes: list[Text] = []
    # Image to image stands in for image prompts, and takes these.
    composed = {"iw", "strength"} if Operation.VARY in capabilities.operations else set[str]()
    if names := unhonoured(prompt, capabilities.parameters | composed):
        listed = ", ".join(f"`--{name}`" for name in names)
        notes.append(T("The {backend} backend runs without {parameters}.", backend=backend, parameters=listed))
    styles = prompt.get("sref")
    if "sref" in capabilities.parameters and isinstance(styles, tuple) and any("://" not in str(one) for one in styles):
        notes.append(T("Style codes are Midjourney's own: only links to images are used with `--sref`."))
    return notes


def seeds(seed: int, count: int, *, same: bool = False) -> tuple[int, ...]:
    """A seed for each picture, counted up from the job's own."""
    return tuple((seed + (0 if same else index)) % SEEDS for index in range(count))


def size(prompt: Prompt, capabilities: Capabilities) -> tuple[int, int]:
    """Width and height for a prompt: its own `--width` and `--height`, else its aspect ratio at the backend's usual area.

    Each side is a multiple of the backend's step; what it can't do is brought to the nearest that it can.
    """
    width, height = prompt.get("width"), prompt.get("height")
    if not isinstance(width, int) or not isinstance(height, int):
        across, down = prompt.aspect
        width = capabilities.base_side * math.sqrt(across / down)
        height = capabilities.base_side * math.sqrt(down / across)
    return fitted(width, height, capabilities)


def fitted(width: float, height: float, capabilities: Capabilities) -> tuple[int, int]:
    """The nearest size that the backend can do: the shape is kept as long as both sides stay within its limits."""
    c = capabilities
    scale = min(1.0, math.sqrt(c.max_pixels / (width * height)), c.max_side / max(width, height))
    scale = max(scale, c.min_side / min(width, height))

    def side(value: float) -> int:
        rounded = round(value * scale / c.size_step) * c.size_step
        lowest, highest = math.ceil(c.min_side / c.size_step) * c.size_step, c.max_side // c.size_step * c.size_step
        return min(highest, max(lowest, rounded))

    across, down = side(width), side(height)
    while across * down > c.max_pixels:  # rounding up went over
        across, down = (across - c.size_step, down) if across >= down else (across, down - c.size_step)
    return across, down


def _from_words(
    job: Job, prompt: Prompt, capabilities: Capabilities, inputs: Sequence[Role], notes: tuple[Text, ...]
) -> Plan:
    width, height = size(prompt, capabilities)
    count = min(prompt.count, capabilities.max_images)
    base = Plan(
        operation=Operation.GENERATE,
        width=width,
        height=height,
        seeds=seeds(job.seed, count, same=prompt.get("sameseed") is not None),
        notes=notes,
    )
    prompts = [role for role in inputs if role is Role.PROMPT]
    if not prompts or ("iw" in capabilities.parameters and prompt.parts):
        return base
    if len(prompts) > 1 and Operation.BLEND in capabilities.operations:
        return replace(base, operation=Operation.BLEND)
    if Operation.VARY in capabilities.operations:
        given = prompt.get("strength")
        weight = prompt.get("iw")
        strength = (
            float(given)
            if isinstance(given, (int, float))
            else 1 - 0.3 * (weight if isinstance(weight, (int, float)) else 1.0)
        )
        return replace(base, operation=Operation.VARY, strength=min(0.95, max(0.05, strength)))
    if Operation.EDIT in capabilities.operations:
        return replace(base, operation=Operation.EDIT, instruction=prompt.text)
    raise NotPossible(T("The {backend} backend takes no images.", backend=job.backend))


def _vary(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    name = {Action.VARY_SUBTLE: "subtle", Action.VARY_STRONG: "strong"}.get(
        job.action, str(job.details.get("strength", "strong"))
    )
    width, height = fitted(source.width, source.height, capabilities)
    count = min(prompt.count, capabilities.max_images)
    base = Plan(
        operation=Operation.VARY,
        width=width,
        height=height,
        seeds=seeds(job.seed, count),
        strength=STRENGTHS[name],
        notes=notes,
    )
    if Operation.VARY in capabilities.operations:
        return base
    if Operation.EDIT in capabilities.operations:
        return replace(base, operation=Operation.EDIT, instruction=f"A {name} variation of this picture: {prompt.text}")
    note = T(
        "The {backend} backend makes no variations: these are new pictures of the same prompt.", backend=job.backend
    )
    return replace(base, operation=Operation.GENERATE, notes=(*notes, note))


def _upscale(job: Job, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    if not can_upscale(capabilities, source.width, source.height):
        raise NotPossible(T("The {backend} backend can't make this picture any larger.", backend=job.backend))
    width, height = source.width * 2, source.height * 2
    strength = UPSCALE_STRENGTHS[job.action]
    same = (source.seed if source.seed is not None else job.seed,)
    return Plan(
        operation=Operation.UPSCALE, width=width, height=height, seeds=same, factor=2.0, strength=strength, notes=notes
    )


def _extend(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    if not can_extend(capabilities):
        raise NotPossible(T("The {backend} backend can't extend a picture.", backend=job.backend))
    native = Operation.OUTPAINT in capabilities.operations
    canvas, frame = _canvas(job, capabilities, Size(source.width, source.height))
    return Plan(
        operation=Operation.OUTPAINT if native else Operation.INPAINT,
        width=canvas.width,
        height=canvas.height,
        frame=frame,
        composed=not native,
        seeds=seeds(job.seed, min(prompt.count, capabilities.max_images)),
        strength=1.0,
        notes=notes,
    )


def _canvas(job: Job, capabilities: Capabilities, picture: Size) -> tuple[Size, Frame]:
    """The canvas of a zoom, a pan or a square, within what the backend can do, and where the picture lies on it."""
    limits = Limits(capabilities.size_step, capabilities.min_side, capabilities.max_side, capabilities.max_pixels)
    if job.action is Action.PAN:
        return frame_for_pan(*picture, job.details["direction"], limits=limits)
    if job.action is Action.SQUARE:
        return frame_for_zoom(*picture, 1.0, aspect=(1, 1), limits=limits)
    return frame_for_zoom(*picture, float(job.details["factor"]), limits=limits)


def can_upscale(capabilities: Capabilities, width: int, height: int) -> bool:
    larger = max(width, height) * 2 <= capabilities.max_side and width * height * 4 <= capabilities.max_pixels
    return larger and Operation.UPSCALE in capabilities.operations


def can_extend(capabilities: Capabilities) -> bool:
    return bool({Operation.OUTPAINT, Operation.INPAINT} & capabilities.operations)


def buttons(outputs: Sequence[Image], capabilities: Capabilities | None) -> tuple[tuple[Button, ...], ...]:
    """The rows of buttons under a result: only what the backend can do or can be helped to. None: the backend is gone."""
    if len(outputs) > 1:
        tiles = range(1, len(outputs) + 1)
        upsample = tuple(Button(Action.UPSAMPLE, tile) for tile in tiles)
        if capabilities is None:
            return ((*upsample, Button("delete")),)
        variations = tuple(Button(Action.VARIATION, tile) for tile in tiles)
        return ((*upsample, Button("reroll")), (*variations, Button("delete")))
    keep = (Button("favourite", 1), Button("original", 1), Button("delete"))
    if capabilities is None:
        return (keep,)
    picture = outputs[0]
    rows: list[tuple[Button, ...]] = []
    if can_upscale(capabilities, picture.width, picture.height):
        rows.append((Button(Action.UPSCALE_SUBTLE, 1), Button(Action.UPSCALE_CREATIVE, 1)))
    rows.append((Button(Action.VARY_SUBTLE, 1), Button(Action.VARY_STRONG, 1), Button("reroll")))
    if can_extend(capabilities):
        rows.append((*(Button(Action.ZOOM, 1, f"{factor:g}") for factor in ZOOMS), Button(Action.ZOOM, 1, "custom")))
        square = () if picture.width == picture.height else (Button(Action.SQUARE, 1),)
        rows.append((*(Button(Action.PAN, 1, direction) for direction in DIRECTIONS), *square))
    rows.append(keep)
    return tuple(rows)


async def realise(
    chosen: Plan, job: Job, prompt: Prompt, images: Sequence[InputImage], imaging: Imaging, folder: Path
) -> Request:
    """The request that the plan describes, with its canvas and mask made."""
    mask = None
    if chosen.composed and chosen.frame is not None:
        canvas, mask = folder / "canvas.png", folder / "mask.png"
        await imaging.canvas(images[0].path, canvas, mask, width=chosen.width, height=chosen.height, frame=chosen.frame)
        images = (InputImage(path=canvas, role=Role.INITIAL), *images[1:])
    elif chosen.operation in (Operation.VARY, Operation.EDIT) and images and images[0].role is Role.PROMPT:
        images = (replace(images[0], role=Role.INITIAL), *images[1:])
    parts = (Part(chosen.instruction),) if chosen.instruction else prompt.parts
    return Request(
        job_id=job.id,
        operation=chosen.operation,
        folder=folder,
        parts=parts,
        negative=prompt.negative,
        width=chosen.width,
        height=chosen.height,
        seeds=chosen.seeds,
        images=tuple(images),
        mask=mask,
        frame=None if chosen.composed else chosen.frame,
        strength=chosen.strength,
        factor=chosen.factor,
        model=job.model,
        parameters=dict(prompt.parameters),
    )
