"""Plans: what each action asks of backends that can do everything, or only some of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import Button, buttons, composed, fitted, plan, seeds, size
from bot.backends.base import Capabilities, Edit, Operation, Role
from bot.errors import NotPossible
from bot.jobs import Action, Image, ImageKind, Job, Place
from bot.prompt import Prompt, parse
from tests.scripted import EVERYTHING, limited

WORDS_ONLY = limited(Operation.GENERATE)


def job(action: Action = Action.IMAGINE, **changes: object) -> Job:
    made = Job(id="j", action=action, user_id=1, user_name="ana", backend="scripted", place=Place(channel_id=1), seed=7)
    return made.evolve(**changes)


def picture(width: int = 128, height: int = 64, seed: int | None = 99) -> Image:
    return Image(
        job_id="p",
        kind=ImageKind.OUTPUT,
        index=0,
        key="jobs/p/0.png",
        media_type="image/png",
        width=width,
        height=height,
        size=1,
        seed=seed,
    )


def prompt(text: str) -> Prompt:
    return parse(text).prompt


def test_a_prompt_becomes_four_pictures_with_a_seed_each() -> None:
    made = plan(job(), prompt("a fox"), EVERYTHING, None, ())
    assert made.operation is Operation.GENERATE
    assert made.seeds == (7, 8, 9, 10)
    assert (made.width, made.height) == (64, 64)


def test_n_and_sameseed() -> None:
    assert plan(job(), prompt("a fox --n 2"), EVERYTHING, None, ()).seeds == (7, 8)
    assert plan(job(), prompt("a fox --sameseed 5"), EVERYTHING, None, ()).seeds == (7, 7, 7, 7)


def test_seeds_wrap_around() -> None:
    assert seeds(2**32 - 1, 2) == (2**32 - 1, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a --ar 3:2", (80, 56)),
        ("a --ar 2:3", (56, 80)),
        ("a --width 96 --height 72", (96, 72)),
        ("a --width 4000 --height 4000", (512, 512)),
        ("a --ar 100:1", (512, 32)),
    ],
)
def test_sizes(text: str, expected: tuple[int, int]) -> None:
    width, height = size(prompt(text), EVERYTHING)
    assert (width, height) == expected


@given(
    st.floats(1, 20000),
    st.floats(1, 20000),
    st.sampled_from([8, 16, 32, 64]),
    st.integers(64, 512),
    st.integers(1024, 4096),
    st.integers(512 * 512, 4096 * 4096),
)
def test_whatever_is_asked_the_size_is_one_that_the_backend_takes(
    width: float, height: float, step: int, low: int, high: int, area: int
) -> None:
    capabilities = Capabilities(
        operations=frozenset(), size_step=step, min_side=low, max_side=high, max_pixels=max(area, high * (low + step))
    )
    across, down = fitted(width, height, capabilities)
    assert across % step == 0
    assert down % step == 0
    assert low <= across <= high
    assert low <= down <= high
    assert across * down <= capabilities.max_pixels


def test_a_variation_is_image_to_image_where_there_is_one() -> None:
    source = picture()
    strong = plan(job(Action.VARIATION, details={"strength": "strong"}), prompt("a fox"), EVERYTHING, source, ())
    subtle = plan(job(Action.VARY_SUBTLE), prompt("a fox"), EVERYTHING, source, ())
    assert strong.operation is subtle.operation is Operation.VARY
    assert (strong.width, strong.height) == (128, 64)
    assert subtle.strength < strong.strength


def test_a_variation_without_image_to_image() -> None:
    edited = plan(job(Action.VARY_STRONG), prompt("a fox"), limited(Operation.GENERATE, Operation.EDIT), picture(), ())
    assert edited.operation is Operation.EDIT
    assert "a fox" in (edited.instruction or "")
    new = plan(job(Action.VARY_STRONG), prompt("a fox"), WORDS_ONLY, picture(), ())
    assert new.operation is Operation.GENERATE
    assert "no variations" in str(new.notes[-1])


def test_upscaling_doubles_and_keeps_the_pictures_own_seed() -> None:
    made = plan(job(Action.UPSCALE_SUBTLE), prompt("a fox"), EVERYTHING, picture(), ())
    assert made.operation is Operation.UPSCALE
    assert (made.width, made.height, made.seeds) == (256, 128, (99,))


@pytest.mark.parametrize("capabilities", [WORDS_ONLY, replace(EVERYTHING, max_side=200)])
def test_upscaling_where_it_cannot_be_is_refused(capabilities: Capabilities) -> None:
    with pytest.raises(NotPossible):
        plan(job(Action.UPSCALE_CREATIVE), prompt("a fox"), capabilities, picture(), ())


@pytest.mark.parametrize(
    ("action", "details", "canvas"),
    [
        (Action.ZOOM, {"factor": 2.0}, (256, 128)),
        (Action.PAN, {"direction": "left"}, (192, 64)),
        (Action.PAN, {"direction": "down"}, (128, 96)),
        (Action.SQUARE, {}, (128, 128)),
    ],
)
def test_extending(action: Action, details: dict[str, object], canvas: tuple[int, int]) -> None:
    native = plan(job(action, details=details), prompt("a fox"), EVERYTHING, picture(), ())
    assert native.operation is Operation.OUTPAINT
    assert not native.composed
    assert (native.width, native.height) == canvas
    composed = plan(job(action, details=details), prompt("a fox"), limited(Operation.INPAINT), picture(), ())
    assert composed.operation is Operation.INPAINT
    assert composed.composed
    assert composed.frame == native.frame
    with pytest.raises(NotPossible):
        plan(job(action, details=details), prompt("a fox"), WORDS_ONLY, picture(), ())


#: What asks for each operation: an action, its arguments, and whether a picture is worked on.
ASKING = {
    Operation.VARY: job(Action.VARY_STRONG),
    Operation.INPAINT: job(Action.REGION, details={"cells": [4]}),
    Operation.OUTPAINT: job(Action.ZOOM, details={"factor": 2.0}),
    Operation.UPSCALE: job(Action.UPSCALE_SUBTLE),
    Operation.EDIT: job(Action.EDIT, details={"instruction": "make it blue"}),
    Operation.DESCRIBE: job(Action.DESCRIBE),
}


@given(st.sets(st.sampled_from(Operation)))
def test_what_is_composed_is_what_can_be_planned_and_is_not_there(having: set[Operation]) -> None:
    offers = limited(Operation.GENERATE, *having)
    possible = set(offers.operations)
    for operation, asking in ASKING.items():
        try:
            made = plan(asking, prompt("a fox"), offers, picture(), ())
        except NotPossible:
            continue
        possible |= {operation} if made.operation is not Operation.GENERATE else set()
    try:
        plan(job(Action.BLEND), parse("", attached=2).prompt, offers, None, [Role.PROMPT] * 2)
        possible.add(Operation.BLEND)
    except NotPossible:
        pass
    assert composed(offers) == possible - offers.operations


@pytest.mark.parametrize("edit", Edit)
def test_an_edit_with_a_name_is_asked_for_by_it(edit: Edit) -> None:
    details = {"edit": edit.value, "instruction": "a wolf", "search": "the fox"}
    able = replace(EVERYTHING, edits=frozenset({edit}))
    made = plan(job(Action.EDIT, details=details), prompt("a fox"), able, picture(), ())
    assert (made.operation, made.edit, made.instruction) == (Operation.EDIT, edit, "a wolf")
    assert made.search == ("the fox" if edit is Edit.REPLACE else None)
    assert len(made.seeds) == (4 if edit in (Edit.RESTYLE, Edit.REPLACE) else 1)
    with pytest.raises(NotPossible, match="has no such edit"):
        plan(job(Action.EDIT, details=details), prompt("a fox"), EVERYTHING, picture(), ())


def test_image_prompts() -> None:
    one = plan(job(), prompt("a fox"), EVERYTHING, None, [Role.PROMPT])
    assert one.operation is Operation.VARY
    kept = plan(job(), prompt("https://a.test/x.png a fox --iw 3"), EVERYTHING, None, [Role.PROMPT])
    assert kept.strength < one.strength
    two = plan(job(), prompt("a fox"), EVERYTHING, None, [Role.PROMPT, Role.PROMPT])
    assert two.operation is Operation.BLEND
    with pytest.raises(NotPossible):
        plan(job(), prompt("a fox"), WORDS_ONLY, None, [Role.PROMPT])


def test_image_prompts_where_the_backend_knows_them() -> None:
    knowing = replace(EVERYTHING, parameters=frozenset({"iw"}))
    assert plan(job(), prompt("a fox"), knowing, None, [Role.PROMPT]).operation is Operation.GENERATE
    links = prompt("https://a.test/x.png https://a.test/y.png")
    assert plan(job(), links, knowing, None, [Role.PROMPT] * 2).operation is Operation.BLEND


def test_what_is_not_honoured_is_named() -> None:
    made = plan(job(), prompt("a fox --weird 5 --stylize 3"), EVERYTHING, None, ())
    assert "`--weird`" in str(made.notes[0])
    assert "stylize" not in str(made.notes[0])


def test_style_codes_are_told_from_links() -> None:
    styled = replace(EVERYTHING, parameters=frozenset({"sref"}))
    assert "Style codes" in str(plan(job(), prompt("a fox --sref 1234"), styled, None, ()).notes)
    linked = plan(job(), prompt("a fox --sref https://a.test/x.png"), styled, None, [Role.STYLE])
    assert linked.notes == ()
    assert linked.operation is Operation.GENERATE


def test_a_grid_has_two_rows_of_five() -> None:
    rows = buttons([picture()] * 4, EVERYTHING)
    assert [[b.verb for b in row] for row in rows] == [["upsample"] * 4 + ["reroll"], ["variation"] * 4 + ["delete"]]


def test_a_single_picture_has_what_the_backend_can_do() -> None:
    def verbs(capabilities: Capabilities | None, image: Image) -> set[str]:
        return {button.verb for row in buttons([image], capabilities) for button in row}

    everything = verbs(EVERYTHING, picture())
    assert {"upscale_subtle", "vary_strong", "zoom", "pan", "square", "favourite", "original", "delete"} <= everything
    assert "square" not in verbs(EVERYTHING, picture(64, 64))
    assert not {"upscale_subtle", "zoom", "pan", "square"} & verbs(WORDS_ONLY, picture())
    assert "upscale_subtle" not in verbs(EVERYTHING, picture(512, 512))
    assert verbs(None, picture()) == {"favourite", "original", "delete"}


def test_no_more_buttons_than_a_message_takes() -> None:
    for outputs in ([picture()], [picture()] * 4):
        rows = buttons(outputs, EVERYTHING)
        assert len(rows) <= 5
        assert all(1 <= len(row) <= 5 for row in rows)
        flat = [button for row in rows for button in row]
        assert len(set(flat)) == len(flat)
        assert Button("delete") in flat
