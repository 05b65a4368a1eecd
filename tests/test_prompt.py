"""The prompt language, case by case."""

import pytest

from bot.errors import PromptError
from bot.prompt import (
    HOUSE,
    MAX_LENGTH,
    Lora,
    Part,
    Prompt,
    Ratio,
    Value,
    check_options,
    parse,
    render,
    replaced,
    reread,
    unhonoured,
)


def parameters(text: str) -> dict[str, Value]:
    return dict(parse(text).prompt.parameters)


def message(text: str, **given: dict[str, str]) -> str:
    with pytest.raises(PromptError) as caught:
        parse(text, **given)  # pyright: ignore[reportArgumentType]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat —ar 16:9", {"ar": Ratio(16, 9)}),
        ("cat—ar 16:9", {"ar": Ratio(16, 9)}),
        ("cat--ar 16:9", {"ar": Ratio(16, 9)}),
        ("cat,—ar 16:9", {"ar": Ratio(16, 9)}),
        ("cat –v 5", {"version": "5"}),
        ("cat ---v 5", {"version": "5"}),
        ("cat --AR 16:9 --S 5", {"ar": Ratio(16, 9), "stylize": 5}),
        ("cat --ar 16:9—s 50—v 7", {"ar": Ratio(16, 9), "stylize": 50, "version": "7"}),
        ("cat --no dogs, two  birds —v 7", {"no": ("dogs", "two birds"), "version": "7"}),
        ("cat --no a --no b, a", {"no": ("a", "b")}),
        ("cat --sref random --sref 42 https://x/y--ar.png::2", {"sref": ("random", "42", "https://x/y--ar.png::2")}),
        ("cat --sref <https://x/y>, https://x/z", {"sref": ("https://x/y", "https://x/z")}),
        ("cat --niji", {"niji": True}),
        ("cat --niji 6", {"niji": "6"}),
        ("cat --p", {"profile": True}),
        ("cat --p ab1 cd2", {"profile": ("ab1", "cd2")}),
        ("cat --raw", {"raw": True}),
        ("cat --style RAW", {"raw": True}),
        ("cat --style scenic", {"style": "scenic"}),
        ("cat --q .5", {"quality": 0.5}),
        ("cat --ar 6:4", {"ar": Ratio(6, 4)}),
        ("cat --lora a:0.5 --lora b", {"lora": (Lora("a", 0.5), Lora("b", 1.0))}),
        ("cat <lora:a:0.5> on a mat --lora b:-1", {"lora": (Lora("a", 0.5), Lora("b", -1.0))}),
        ("cat --sampler DPM++ 2M Karras --steps 20", {"sampler": "DPM++ 2M Karras", "steps": 20}),
        ("cat --format JPEG", {"format": "jpg"}),
        ("cat\u200b --tile", {"tile": True}),
        ("cat\n--tile\n--hd", {"tile": True, "hd": True}),
    ],
)
def test_parameters_are_read(text: str, expected: dict[str, Value]) -> None:
    assert parameters(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a -- b --- c", "a -- b --- c"),
        ("a — no people", "a — no people"),
        ("she paused—no, she ran", "she paused—no, she ran"),
        ("from A–C to b–d", "from A–C to b–d"),
        ("well-known -v 5", "well-known -v 5"),
        ("rock--foo band", "rock--foo band"),
        ("cat –foo", "cat –foo"),
        ("a “smart” cat’s", 'a "smart" cat\'s'),
        ("a {b} c", "a {b} c"),
        ("ratio 1:2 at 5:30", "ratio 1:2 at 5:30"),
        ("año  nuevo\tviejo", "año nuevo viejo"),
        ("a cat <lora:x:1> sleeping", "a cat sleeping"),
        ("\ud800nul\x00byte", "nul byte"),
    ],
)
def test_what_is_text_stays_text(text: str, words: str) -> None:
    assert parse(text).prompt.parts == (Part(words),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hot:: dog", [("hot", 1), ("dog", 1)]),
        ("hot::2 dog", [("hot", 2), ("dog", 1)]),
        ("hot::2 dog::.5", [("hot", 2), ("dog", 0.5)]),
        ("hot ::2 dog ::3.", [("hot", 2), ("dog", 3)]),
        ("a field::3 fog::-.5 --v 7", [("a field", 3), ("fog", -0.5)]),
        ("hot::dog", [("hot", 1), ("dog", 1)]),
        ("hot::2dog", [("hot", 1), ("2dog", 1)]),
        ("::2 hot:: ::5", [("hot", 1)]),
        ("see https://x/a::5 now::2 then", [("see https://x/a::5 now", 2), ("then", 1)]),
        (".1::.1 .2::.2 x::-.2", [(".1", 0.1), (".2", 0.2), ("x", -0.2)]),
    ],
)
def test_weights(text: str, parts: list[tuple[str, float]]) -> None:
    assert parse(text).prompt.parts == tuple(Part(words, weight) for words, weight in parts)


@pytest.mark.parametrize(
    ("text", "images", "words"),
    [
        ("https://x/a.png a cat", ("https://x/a.png",), "a cat"),
        ("https://x/a.png https://x/b.webp?ex=1&is=2", ("https://x/a.png", "https://x/b.webp?ex=1&is=2"), ""),
        ("<https://x/a.png>, a cat", ("https://x/a.png",), "a cat"),
        ("https://x/a--ar::2.png a cat", ("https://x/a--ar::2.png",), "a cat"),
        ("HTTP://x/a.png a cat", ("HTTP://x/a.png",), "a cat"),
        ("https:// a cat", (), "https:// a cat"),
    ],
)
def test_image_prompts(text: str, images: tuple[str, ...], words: str) -> None:
    prompt = parse(text).prompt
    assert prompt.images == images
    assert prompt.text == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat --foo", "Unrecognized parameter(s): `--foo`"),
        ("cat —foo", "Unrecognized parameter(s): `--foo`"),
        (
            "cat --stylise 5 --chas",
            "Unrecognized parameter(s): `--stylise`, `--chas`. Did you mean `--stylize`, `--chaos`?",
        ),
        ("cat --tile sitting", "Unrecognized parameter(s): `sitting`. Words belong before the first parameter."),
        (
            "cat --ar 3:2 on a mat --v 7",
            "Unrecognized parameter(s): `on a mat`. Words belong before the first parameter.",
        ),
        ("cat --niji anime", "Unrecognized parameter(s): `anime`. Words belong before the first parameter."),
        ("cat --tile-x", "Unrecognized parameter(s): `--tile-x`. Did you mean `--tile`?"),
        ("cat --ar16:9", "`--ar16:9` needs a space: write `--ar 16:9`."),
        ("cat --ar=16:9", "`--ar=16:9` needs a space: write `--ar 16:9`."),
        ("cat—v7", "`--v7` needs a space: write `--v 7`."),
        ("cat -- ar 16:9", "`-- ar` has a space too many: write `--ar`."),
        ("cat — ar 16:9", "`— ar` has a space too many: write `--ar`."),
        ("cat --stylize 2000", "`--stylize` must be between 0 and 1000 (given: `2000`)"),
        ("cat --s -1", "`--stylize` must be between 0 and 1000 (given: `-1`)"),
        ("cat --s 2.5", "`--stylize` must be a whole number between 0 and 1000 (given: `2.5`)"),
        ("cat --iw 4", "`--iw` must be between 0 and 3 (given: `4`)"),
        ("cat --seed " + "9" * 5000, "`--seed` must be between 0 and 4294967295 (given: `" + "9" * 99 + "…`)"),
        ("cat --q 3", "`--quality` must be one of 0.25, 0.5, 1, 2, 4 (given: `3`)"),
        ("cat --motion fast --video", "`--motion` must be one of low, high (given: `fast`)"),
        ("cat --ar 1.39:1", "`--ar` must be two whole numbers: write `139:100` for `1.39:1`"),
        ("cat --ar 16x9", "`--ar` must be two whole numbers: write `16:9` for `16x9`"),
        ("cat --ar 1.5:0", "`--ar` must be two whole numbers such as `16:9` (given: `1.5:0`)"),
        ("cat --ar 0:1", "Both sides of `--ar` must be between 1 and 10000 (given: `0:1`)"),
        ("cat --v seven", "`--version` must be a version such as `7` or `6.1` (given: `seven`)"),
        ("cat --cref cat.png", "`--cref` must be a link to an image (given: `cat.png`)"),
        ("cat --oref https://x/a https://x/b", "`--oref` takes at most 1 (given: 2)"),
        ("cat --ar", "`--ar` needs a value: two whole numbers such as `16:9`."),
        ("cat --no --tile", "`--no` needs a value: words between commas."),
        ("cat --no ,,", "`--no` must be words between commas (given: `,,`)"),
        ("cat --lora a:9", "The weight of a `--lora` must be between -5 and 5 (given: `a:9`)"),
        ("cat <lora:>", "`--lora` must be `name` or `name:weight` (given: ``)"),
        ("cat --sw 100", "Cannot use `--sw` without a `--sref`"),
        ("cat --sv 4", "Cannot use `--sv` without a `--sref`"),
        ("cat --cw 100", "Cannot use `--cw` without a `--cref`"),
        ("cat --ow 100", "Cannot use `--ow` without a `--oref`"),
        ("cat --iw 1", "Cannot use `--iw` without an image prompt"),
        ("cat --loop", "Cannot use `--loop` without a `--video`"),
        ("cat --width 512", "Cannot use `--width` without a `--height`"),
        ("cat --zoom 1.5", "`--zoom` can only be used in the Custom Zoom window."),
        ("hot::1 dog::-1", "The weights of a prompt must add up to more than 0."),
        (".1::.1 .2::.2 x::-.3", "The weights of a prompt must add up to more than 0."),
        ("hot::1001 dog", "A weight must be between -1000 and 1000 (given: `1001`)"),
        ("https://x/a.png", "One image alone is no prompt: write some words after it, or add a second image."),
        ("  ", "The prompt has no words: say what the picture should show, before any parameters."),
        ("::2", "The prompt has no words: say what the picture should show, before any parameters."),
        ("--ar 3:2", "The prompt has no words: say what the picture should show, before any parameters."),
        ("https://x/a " * 11, "A prompt takes at most 10 images (given: 11)"),
        ("a" * 6001, "A prompt has at most 6000 characters; yours has 6001."),
        ("cat --tile `x`", "Unrecognized parameter(s): `'x'`. Words belong before the first parameter."),
    ],
)
def test_errors_name_what_was_given_and_what_is_allowed(text: str, expected: str) -> None:
    assert message(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "warning"),
    [
        (
            "cat --ar 3:2 --aspect 1:1",
            {"ar": Ratio(1, 1)},
            "`--ar` was given more than once; the last one counts: `--ar 1:1`",
        ),
        ("cat --tile --tile", {"tile": True}, "`--tile` was given more than once; the last one counts: `--tile`"),
        ("cat --fast --relax", {"relax": True}, "`--relax` replaces `--fast`."),
        ("cat --v 6 --niji", {"niji": True}, "`--niji` replaces `--version`."),
    ],
)
def test_of_several_the_last_one_stands_with_a_warning(text: str, expected: dict[str, Value], warning: str) -> None:
    parsed = parse(text)
    assert dict(parsed.prompt.parameters) == expected
    assert [str(text) for text in parsed.warnings] == [warning]


def test_a_shape_in_pixels_and_a_ratio_replace_each_other() -> None:
    parsed = parse("cat --width 512 --height 640 --ar 3:2")
    assert parsed.prompt.aspect == (3, 2)
    assert [str(text) for text in parsed.warnings] == ["`--ar` replaces `--width`.", "`--ar` replaces `--height`."]
    assert parse("cat --ar 3:2 --width 512 --height 640").prompt.aspect == (512, 640)


def test_a_link_after_the_text_is_text_with_a_warning() -> None:
    parsed = parse("a cat https://x/a.png")
    assert parsed.prompt.parts == (Part("a cat https://x/a.png"),)
    assert "`https://x/a.png` was read as words" in str(parsed.warnings[0])


def test_explicit_over_suffix_over_settings() -> None:
    prompt = parse("cat --s 1", suffix="--s 2 --chaos 2 --no x", defaults={"stylize": 3, "chaos": 3, "weird": 3}).prompt
    assert prompt.parameters == {"stylize": 1, "chaos": 2, "weird": 3, "no": ("x",)}


def test_a_suffix_adds_to_what_may_repeat_and_settings_do_not() -> None:
    prompt = parse("cat --no dog", suffix="--no text", defaults={"no": ("blur",)}).prompt
    assert prompt.negative == ("dog", "text")


def test_options_of_the_command_win_over_everything() -> None:
    given = {"ar": "1:1", "no": "birds", "tile": "False", "raw": "True"}
    prompt = parse("cat --ar 3:2 --no dogs --tile", suffix="--tile", defaults={"raw": True}, overrides=given).prompt
    assert prompt.parameters == {"ar": Ratio(1, 1), "no": ("birds",), "raw": True}


def test_a_higher_layer_drops_what_it_excludes_below() -> None:
    prompt = parse("cat --ar 3:2 --relax", suffix="--width 64 --height 64 --fast", defaults={"turbo": True}).prompt
    assert prompt.parameters == {"ar": Ratio(3, 2), "relax": True}


def test_of_options_that_exclude_each_other_one_stands() -> None:
    parsed = parse("cat", overrides={"draft": "true", "hd": "true"})
    assert parsed.prompt.parameters == {"hd": True}
    assert [str(text) for text in parsed.warnings] == ["`--hd` replaces `--draft`."]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"stylize": "2000"}, "`--stylize` must be between 0 and 1000 (given: `2000`)"),
        ({"ar": "1:1 --fast"}, "Unrecognized parameter(s): `--fast`"),
        ({"no": "a —v 7"}, "Unrecognized parameter(s): `--v`"),
        ({"tile": "yes"}, "Unrecognized parameter(s): `yes`. Words belong before the first parameter."),
        ({"sw": "5"}, "Cannot use `--sw` without a `--sref`"),
        ({"quux": "5"}, "Unrecognized parameter(s): `--quux`"),
    ],
)
def test_options_are_checked_as_text_is(given: dict[str, str], expected: str) -> None:
    assert message("cat", overrides=given) == expected


def test_a_partner_missing_for_a_suffix_or_a_setting_drops_it_quietly() -> None:
    assert parse("cat", suffix="--sw 5", defaults={"iw": 2.0}).prompt.parameters == {}
    assert parse("cat --sref 7", suffix="--sw 5").prompt.parameters == {"sref": ("7",), "sw": 5}


def test_custom_options_stand_for_parameters() -> None:
    custom = {"Mine": "--ar 3:2 --s 5", "look2": "--tile", "nested": "--mine", "wordy": "red --tile"}
    assert parse("cat --mine --s 7", custom=custom).prompt.parameters == {"ar": Ratio(3, 2), "stylize": 7}
    assert parse("cat --ar 1:1 --MINE", custom=custom).prompt.parameters == {"ar": Ratio(3, 2), "stylize": 5}
    assert parse("cat—look2 --mine", custom=custom).prompt.parameters == {"ar": Ratio(3, 2), "stylize": 5, "tile": True}
    assert "`--mine`" in message("cat --nested", custom=custom)
    assert "`red`" in message("cat --wordy", custom=custom)
    assert "`5`" in message("cat --look2 5", custom=custom)
    assert message("cat --mime", custom=custom).endswith("Did you mean `--mine`?")


def test_a_custom_option_given_a_thousand_times_is_expanded_once() -> None:
    prompt = parse("cat " + "--m " * 1400, custom={"m": "--no " + "a, b, " * 900}).prompt
    assert prompt.negative == ("a", "b")


def test_settings_of_another_version_do_no_harm() -> None:
    assert parse("cat", defaults={"nosuch": 1, "chaos": 4}).prompt.parameters == {"chaos": 4}


def test_zoom_is_for_its_window() -> None:
    assert parse("cat --zoom 1.5", allow={"zoom"}).prompt.get("zoom") == 1.5


def test_options_alone_can_be_checked_before_they_are_stored() -> None:
    check_options("--ar 3:2 --no x")
    check_options("--mine", {"mine": "--ar 3:2"})
    for text in ("red --ar 3:2", "--ar 3", "--mine"):
        with pytest.raises(PromptError):
            check_options(text)


def test_properties_of_a_prompt() -> None:
    plain = parse("cat").prompt
    assert (plain.aspect, plain.count, plain.seed, plain.negative, plain.repeat) == ((1, 1), 4, None, (), 1)
    prompt = parse("a::2 b --ar 3:2 --n 1 --seed 0 --no x --r 3").prompt
    assert (prompt.aspect, prompt.count, prompt.seed, prompt.negative, prompt.repeat) == ((3, 2), 1, 0, ("x",), 3)
    assert prompt.text == "a b"
    assert hash(plain) == hash(parse("cat").prompt)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a  cat —c 5 —ar 3:2", "a cat --ar 3:2 --chaos 5"),
        ("hot::2.50 dog::1", "hot::2.5 dog"),
        ("hot::1 dog::2", "hot:: dog::2"),
        ("see: ::2 dog", "see: ::2 dog"),
        ("x::1 see https://x/a ::2", "x:: see https://x/a ::2"),
        (
            "https://x/a cat --niji --no a,b --lora y --lora z:2",
            "https://x/a cat --no a, b --niji --lora y:1 --lora z:2",
        ),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    prompt = parse(text).prompt
    assert render(prompt) == canonical
    assert parse(canonical).prompt == prompt


def test_a_stored_prompt_is_read_back_whatever_it_lacks_or_exceeds() -> None:
    for prompt in (
        Prompt(),
        Prompt(images=("https://x/a",)),
        Prompt(parts=(Part("a" * MAX_LENGTH),), parameters={"zoom": 1.5, "sw": 3, "seed": 5}),
    ):
        assert reread(render(prompt)) == prompt


def test_replaced_sets_removes_and_excludes() -> None:
    prompt = parse("cat --width 512 --height 640 --seed 4").prompt
    assert replaced(prompt, seed=None, ar=Ratio(3, 2)).parameters == {"ar": Ratio(3, 2)}
    assert replaced(prompt, seed=5).seed == 5
    assert prompt.seed == 4


def test_unhonoured_names_what_nobody_sees_to() -> None:
    prompt = parse("cat --v 7 --p --ar 3:2 --sameseed 5 --chaos 4").prompt
    assert unhonoured(prompt, {"chaos"}) == ("sameseed", "version", "profile")
    assert unhonoured(prompt, {"chaos", "seed", "version"}) == ("profile",)
    assert "seed" not in HOUSE
