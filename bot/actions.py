"""What every command and button becomes: the plan of one job, composed from what the backend can do. Pure, but for `realise`.

| Asked for | Where the backend can't | Composed as |
|---|---|---|
| a variation | image to image | an edit, else a new picture with another seed |
| zoom, pan, square | outpaint | a larger canvas and a mask, inpainted |
| a region | inpaint | image to image or an edit, of which only the region is kept |
| an edit | edits by instruction | image to image with the instruction after the prompt |
| a blend | several images | image to image on the mean of them |
| an upscale | upscaling | an edit, else image to image, at the larger size |
| an image prompt | image prompts (`--iw`), or with `--strength` | image to image, for several a blend or their mean |
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.backends.base import Capabilities, Edit, Frame, InputImage, Operation, Part, Request, Role
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
PAN = 0.5  # of the picture's side
DIRECTIONS = ("left", "right", "up", "down")
#: Actions whose result is worked out from a picture of the parent by laying it on a larger canvas.
EXTENDING = frozenset({Action.ZOOM, Action.PAN, Action.SQUARE})
#: What `/upscale` offers; the buttons double.
FACTORS = (2.0, 4.0)
#: How far image to image goes where it stands in for a blend, and for an edit.
BLEND_STRENGTH, EDIT_STRENGTH = 0.65, 0.6
INSTRUCTION_LIMIT = 1000  # characters
#: Edits that are said in words, as an instruction is; there is only one way to do the others, so that they give one picture.
WORDED = frozenset({Edit.RESTYLE, Edit.REPLACE})
EDITS: Mapping[Edit, Text] = {
    Edit.COLOURISE: T("Colourise"),
    Edit.RESTYLE: T("Restyle"),
    Edit.REMOVE_BACKGROUND: T("Remove the background"),
    Edit.REPLACE: T("Search and replace"),
}
MASK = "mask.png"  # in a request's folder
HD_SIDE = 2048  # of a square picture with `--hd`
FEATHER = 24  # pixels inside of a region over which it fades into the picture


@dataclass(frozen=True, slots=True)
class Button:
    """A button. `verb` is an `Action` or `reroll`, `cancel`, `delete`, `favourite`, `original`, ...; `tile` counts from 1.

    `label` and `emoji` go before what the verb usually looks like; one that is `on` is green.
    """

    verb: str
    tile: int = 0
    extra: str = ""
    label: Text | str | None = field(default=None, kw_only=True)
    emoji: str | None = field(default=None, kw_only=True)
    on: bool = field(default=False, kw_only=True)
    disabled: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a menu."""

    label: Text | str
    value: str
    description: Text | str | None = None
    emoji: str | None = None
    on: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A select, on a row of its own: at most 25 options, of which `least` to `most` are chosen."""

    verb: str
    options: tuple[Option, ...]
    placeholder: Text | None = None
    tile: int = 0
    extra: str = ""
    least: int = 1
    most: int = 1


#: A row under a message.
Row = Sequence[Button] | Menu


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call on the backend. Sizes are in pixels, of the result.

    With `composed`, the canvas and the mask are to be made first; with `masked`, the mask of the chosen region is. With `mixed`, the images
    are made one before. With `restored`, what the mask leaves out is taken from the source afterwards.
    """

    operation: Operation
    width: int
    height: int
    seeds: tuple[int, ...]
    strength: float = 0.6
    factor: float = 2.0
    frame: Frame | None = None
    composed: bool = False
    masked: bool = False
    mixed: bool = False
    restored: bool = False
    instruction: str | None = None
    edit: Edit | None = None
    search: str | None = None
    notes: tuple[Text, ...] = ()


def plan(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image | None, inputs: Sequence[Role]) -> Plan:
    """What to ask of the backend for this job. `source` is the picture that is worked on, `inputs` what the user's other images are for.

    Raises `NotPossible` where the backend can neither do it nor be helped to.
    """
    notes = tuple(notes_for(prompt, job.backend, capabilities))
    if source is None:
        return _from_words(job, prompt, capabilities, inputs, notes)
    if job.action is Action.DESCRIBE:
        return _describe(job, capabilities, source)
    if job.action in UPSCALE_STRENGTHS:
        return _upscale(job, capabilities, source, notes)
    if job.action in EXTENDING:
        return _extend(job, prompt, capabilities, source, notes)
    if job.action is Action.REGION:
        return _region(job, prompt, capabilities, source, notes)
    if job.action in (Action.EDIT, Action.IMAGINE):
        return _edit(job, prompt, capabilities, source, notes)
    return _vary(job, prompt, capabilities, source, notes)


def notes_for(prompt: Prompt, backend: str, capabilities: Capabilities) -> list[Text]:
    """What is known but not honoured here, named rather than dropped in silence."""
    notes: list[Text] = []
    # Image to image stands in for image prompts, and takes these.
    composed = {"iw", "strength"} if Operation.VARY in capabilities.operations else set[str]()
    if names := unhonoured(prompt, capabilities.parameters | composed):
        notes.append(T("The {backend} backend runs without {parameters}.", backend=backend, parameters=_listed(names)))
    styles = prompt.get("sref")
    codes = not capabilities.style_codes and "sref" in capabilities.parameters
    if codes and isinstance(styles, tuple) and any("://" not in str(one) for one in styles):
        notes.append(T("Style codes are Midjourney's own: only links to images are used with `--sref`."))
    return notes


def _listed(names: Sequence[str]) -> Text:
    """`--a`, `--b`, as a text, in whose values alone backticks are tamed."""
    first = T("`--{name}`", name=names[0])
    return first if len(names) == 1 else T("{first}, {rest}", first=first, rest=_listed(names[1:]))


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
        side = HD_SIDE if prompt.get("hd") and "hd" in capabilities.parameters else capabilities.base_side
        width, height = side * math.sqrt(across / down), side * math.sqrt(down / across)
    return fitted(width, height, capabilities)


def fitted(width: float, height: float, capabilities: Capabilities) -> tuple[int, int]:
    """The nearest size that the backend can do: the shape is kept as long as both sides stay within its limits."""
    c = capabilities
    width, height = max(width, height / c.max_ratio), max(height, width / c.max_ratio)
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
    several, varies = len(prompts) > 1, Operation.VARY in capabilities.operations
    strength = prompt.get("strength")
    if prompts and varies and isinstance(strength, (int, float)):
        return replace(base, operation=Operation.VARY, strength=_kept_apart(strength), mixed=several)
    if not prompts or ("iw" in capabilities.parameters and prompt.parts):
        return base
    if several and Operation.BLEND in capabilities.operations:
        return replace(base, operation=Operation.BLEND)
    if varies and several:
        return replace(base, operation=Operation.VARY, strength=BLEND_STRENGTH, mixed=True)
    if varies:
        weight = prompt.get("iw")
        strength = 1 - 0.3 * (weight if isinstance(weight, (int, float)) else 1.0)
        return replace(base, operation=Operation.VARY, strength=_kept_apart(strength))
    if Operation.EDIT in capabilities.operations:
        return replace(base, operation=Operation.EDIT, instruction=prompt.text or "Blend these pictures into one.")
    raise NotPossible(T("The {backend} backend takes no images.", backend=job.backend))


def _kept_apart(strength: float) -> float:
    """A strength at which image to image is neither the image nor without it."""
    return min(0.95, max(0.05, strength))


def _describe(job: Job, capabilities: Capabilities, source: Image) -> Plan:
    if Operation.DESCRIBE not in capabilities.operations:
        raise NotPossible(T("The {backend} backend can't describe pictures.", backend=job.backend))
    return Plan(operation=Operation.DESCRIBE, width=source.width, height=source.height, seeds=(job.seed,))


def _region(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    width, height = fitted(source.width, source.height, capabilities)
    base = Plan(
        operation=Operation.INPAINT,
        width=width,
        height=height,
        seeds=seeds(job.seed, min(prompt.count, capabilities.max_images)),
        strength=1.0,
        masked=True,
        restored=not capabilities.exact_masks,
        notes=notes,
    )
    if Operation.INPAINT in capabilities.operations:
        return base
    if not can_repaint(capabilities):
        raise NotPossible(T("The {backend} backend can't paint a part of a picture anew.", backend=job.backend))
    if Operation.VARY in capabilities.operations:
        return replace(base, operation=Operation.VARY, strength=STRENGTHS["strong"], restored=True)
    return replace(base, operation=Operation.EDIT, instruction=prompt.text, restored=True)


def _edit(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    instruction = str(job.details.get("instruction", "")) or prompt.text
    named = edit_of(job.details)
    width, height = fitted(source.width, source.height, capabilities)
    count = prompt.count if named is None or named in WORDED else 1
    base = Plan(
        operation=Operation.EDIT,
        width=width,
        height=height,
        seeds=seeds(job.seed, min(count, capabilities.max_images)),
        instruction=instruction,
        notes=notes,
    )
    if named is not None:
        if not can_edit(capabilities, named):
            raise NotPossible(
                T("The {backend} backend has no such edit: {edit}.", backend=job.backend, edit=EDITS[named])
            )
        return replace(base, edit=named, search=str(job.details["search"]) if named is Edit.REPLACE else None)
    if Operation.EDIT in capabilities.operations:
        return base
    if Operation.VARY not in capabilities.operations:
        raise NotPossible(T("The {backend} backend can't edit pictures.", backend=job.backend))
    note = T(
        "The {backend} backend follows no instructions: the picture was painted over with your words.",
        backend=job.backend,
    )
    words = ", ".join(dict.fromkeys(filter(None, (prompt.text, instruction))))
    return replace(base, operation=Operation.VARY, strength=EDIT_STRENGTH, instruction=words, notes=(*base.notes, note))


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
    factor = float(job.details.get("factor", FACTORS[0]))
    if not can_upscale(capabilities, source.width, source.height, factor):
        raise NotPossible(
            T(
                "The {backend} backend can't make a picture of {width}×{height} {factor} times larger: its limit is {side} pixels a side.",
                backend=job.backend,
                width=source.width,
                height=source.height,
                factor=f"{factor:g}",
                side=capabilities.max_side,
            )
        )
    base = Plan(
        operation=Operation.UPSCALE,
        width=round(source.width * factor),
        height=round(source.height * factor),
        seeds=(source.seed if source.seed is not None else job.seed,),
        factor=factor,
        strength=UPSCALE_STRENGTHS[job.action],
        notes=notes,
    )
    if Operation.UPSCALE in capabilities.operations:
        return base
    width, height = fitted(base.width, base.height, capabilities)
    base = replace(base, width=width, height=height)
    if Operation.EDIT in capabilities.operations:
        instruction = "Render this very picture larger, in finer detail. Change nothing else."
        return replace(base, operation=Operation.EDIT, instruction=instruction)
    return replace(base, operation=Operation.VARY)


def _extend(job: Job, prompt: Prompt, capabilities: Capabilities, source: Image, notes: tuple[Text, ...]) -> Plan:
    if not can_extend(capabilities):
        raise NotPossible(T("The {backend} backend can't extend a picture.", backend=job.backend))
    native = Operation.OUTPAINT in capabilities.operations
    canvas, frame = _canvas(job, capabilities, Size(source.width, source.height))
    if max(canvas) > min(canvas) * capabilities.max_ratio:
        raise NotPossible(
            T(
                "The {backend} backend makes no picture that is more than {ratio} times as long as wide.",
                backend=job.backend,
                ratio=f"{capabilities.max_ratio:g}",
            )
        )
    return Plan(
        operation=Operation.OUTPAINT if native else Operation.INPAINT,
        width=canvas.width,
        height=canvas.height,
        frame=frame,
        composed=not native,
        restored=not native,
        seeds=seeds(job.seed, min(prompt.count, capabilities.max_images)),
        strength=1.0,
        notes=notes,
    )


def _canvas(job: Job, capabilities: Capabilities, picture: Size) -> tuple[Size, Frame]:
    """The canvas of a zoom, a pan or a square, within what the backend can do, and where the picture lies on it."""
    limits = Limits(capabilities.size_step, capabilities.min_side, capabilities.max_side, capabilities.max_pixels)
    if job.action is Action.PAN:
        return frame_for_pan(*picture, job.details["direction"], by=PAN, limits=limits)
    if job.action is Action.SQUARE:
        return frame_for_zoom(*picture, 1.0, aspect=(1, 1), limits=limits)
    ratio = job.details.get("ratio")
    return frame_for_zoom(*picture, float(job.details["factor"]), aspect=tuple(ratio) if ratio else None, limits=limits)


def composed(capabilities: Capabilities) -> frozenset[Operation]:
    """What the backend can't do by itself and is helped to: the table above, but for a variation that is a new picture."""
    has = capabilities.operations
    found = {
        Operation.VARY: Operation.EDIT in has,
        Operation.INPAINT: can_repaint(capabilities),
        Operation.OUTPAINT: can_extend(capabilities),
        Operation.UPSCALE: bool({Operation.EDIT, Operation.VARY} & has),
        Operation.BLEND: bool({Operation.EDIT, Operation.VARY} & has),
        Operation.EDIT: can_edit(capabilities),
    }
    return frozenset(operation for operation, can in found.items() if can) - has


def can_upscale(capabilities: Capabilities, width: int, height: int, factor: float = FACTORS[0]) -> bool:
    pixels = width * height * factor**2
    if Operation.UPSCALE in capabilities.operations and capabilities.max_upscaled:
        return pixels <= capabilities.max_upscaled
    larger = max(width, height) * factor <= capabilities.max_side and pixels <= capabilities.max_pixels
    return larger and bool({Operation.UPSCALE, Operation.EDIT, Operation.VARY} & capabilities.operations)


def can_repaint(capabilities: Capabilities) -> bool:
    """A part of a picture, by itself or by what can be taken from a whole one."""
    return bool({Operation.INPAINT, Operation.VARY, Operation.EDIT} & capabilities.operations)


def can_edit(capabilities: Capabilities, edit: Edit | None = None) -> bool:
    """A named edit by itself alone; an instruction also by painting over."""
    if edit is not None:
        return edit in capabilities.edits
    return bool({Operation.EDIT, Operation.VARY} & capabilities.operations)


def edit_of(details: Mapping[str, Any]) -> Edit | None:
    """The edit that a job's arguments name, if any."""
    return Edit(details["edit"]) if details.get("edit") else None


def can_extend(capabilities: Capabilities) -> bool:
    return bool({Operation.OUTPAINT, Operation.INPAINT} & capabilities.operations)


def can_pan(capabilities: Capabilities, picture: Image, direction: str) -> bool:
    """Whether half as much more fits on that side."""
    wider = (1 + PAN) if direction in ("left", "right") else 1.0
    higher = (1 + PAN) if wider == 1.0 else 1.0
    width, height = picture.width * wider, picture.height * higher
    return max(width, height) <= min(width, height) * capabilities.max_ratio


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
    region = (Button(Action.REGION, 1),) if can_repaint(capabilities) else ()
    rows.append((Button(Action.VARY_SUBTLE, 1), Button(Action.VARY_STRONG, 1), *region, Button("reroll")))
    if can_extend(capabilities):
        rows.append((*(Button(Action.ZOOM, 1, f"{factor:g}") for factor in ZOOMS), Button(Action.ZOOM, 1, "custom")))
        square = () if picture.width == picture.height else (Button(Action.SQUARE, 1),)
        pans = (Button(Action.PAN, 1, d) for d in DIRECTIONS if can_pan(capabilities, picture, d))
        if row := (*pans, *square):
            rows.append(row)
    edit = (Button(Action.EDIT, 1),) if can_edit(capabilities) else ()
    rows.append((*edit, *keep))
    return tuple(rows)


def described(texts: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    """The rows under a description."""
    numbers = tuple(Button("described", number, emoji=f"{number}\ufe0f\u20e3") for number in range(1, len(texts) + 1))
    return ((*numbers, Button("reroll")), (Button("imagine_all"), Button("delete")))


async def realise(
    chosen: Plan,
    job: Job,
    prompt: Prompt,
    images: Sequence[InputImage],
    imaging: Imaging,
    folder: Path,
    drawn: Path | None = None,
) -> Request:
    """The request that the plan describes, with its canvas and mask made. `drawn` is the user's own mask of a region."""
    mask = None
    size = Size(chosen.width, chosen.height)
    if chosen.composed and chosen.frame is not None:
        canvas, mask = folder / "canvas.png", folder / MASK
        await imaging.canvas(
            images[0].path, canvas, mask, width=size.width, height=size.height, frame=chosen.frame, feather=FEATHER
        )
        images = (InputImage(path=canvas, role=Role.INITIAL), *images[1:])
    elif chosen.masked:
        mask = folder / MASK
        await region(job.details, drawn, mask, size, imaging)
        images = (await _in_size(images[0], size, imaging, folder), *images[1:])
    elif chosen.mixed:
        mixed = folder / "mixed.png"
        await imaging.mix([image.path for image in images if image.role is Role.PROMPT], mixed, size)
        rest = (image for image in images if image.role is not Role.PROMPT)
        images = (InputImage(path=mixed, role=Role.INITIAL), *rest)
    return _request(chosen, job, prompt, images, folder, mask)


def outline(
    chosen: Plan, job: Job, prompt: Prompt, inputs: Sequence[Role], source: Image | None, folder: Path = Path()
) -> Request:
    """The request as far as its price depends on it. Pure: its paths lead nowhere, and all that is to be made first is missing."""
    roles = [Role.INITIAL, *inputs] if source is not None else list(inputs)
    if chosen.mixed:
        roles = [Role.INITIAL, *(role for role in roles if role is not Role.PROMPT)]
    images = [InputImage(path=folder, role=role) for role in roles]
    mask = folder / MASK if chosen.composed or chosen.masked else None
    return _request(chosen, job, prompt, images, folder, mask)


def _request(
    chosen: Plan, job: Job, prompt: Prompt, images: Sequence[InputImage], folder: Path, mask: Path | None
) -> Request:
    if chosen.operation in (Operation.VARY, Operation.EDIT) and images and images[0].role is Role.PROMPT:
        images = (replace(images[0], role=Role.INITIAL), *images[1:])
    if (
        chosen.operation is Operation.GENERATE
    ):  # where no variation can be made of the picture, it is no part of the new one
        images = tuple(image for image in images if image.role is not Role.INITIAL)
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
        mask=mask if chosen.operation is Operation.INPAINT else None,
        frame=None if chosen.composed else chosen.frame,
        strength=chosen.strength,
        factor=chosen.factor,
        edit=chosen.edit,
        search=chosen.search,
        model=job.model,
        parameters=dict(prompt.parameters),
    )


async def region(details: Mapping[str, Any], drawn: Path | None, target: Path, size: Size, imaging: Imaging) -> None:
    """The mask of a region: the user's own, else the chosen cells of the 3 × 3 board (`details["cells"]`, 0–8)."""
    hard = target.with_stem("hard")
    if drawn is not None:
        await imaging.load_mask(drawn, hard, size)
    else:
        await imaging.region_mask(hard, size, [int(cell) for cell in details["cells"]])
    await imaging.soften(hard, target, min(FEATHER, min(size) / 8))


async def _in_size(image: InputImage, size: Size, imaging: Imaging, folder: Path) -> InputImage:
    """The picture in the size that is painted in; itself where it has that already."""
    info = await imaging.sniff(image.path)
    if (info.width, info.height) == size:
        return image
    path = folder / "scaled.png"
    await imaging.scaled(image.path, path, size)
    return InputImage(path=path, role=image.role)
