"""Message contents: the words of midjourney.md's life of a message, and that nothing in a prompt breaks out of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import captions
from bot.errors import PromptError
from bot.i18n import T
from bot.jobs import Action, Job, Lane, Place, Position, new_job_id

PLACE = Place(channel_id=1)


def job(**changes: object) -> Job:
    base = Job(
        id="01jv0example0000",
        action=Action.IMAGINE,
        user_id=42,
        user_name="Ana",
        backend="painter",
        place=PLACE,
        prompt="a lighthouse --ar 3:2",
    )
    return base.evolve(**changes)


@pytest.mark.parametrize(
    ("place", "seconds", "expected"),
    [
        (1, 3.4, "1st in line, about 3 s"),
        (2, 12, "2nd in line, about 10 s"),
        (3, 41, "3rd in line, about 40 s"),
        (4, 0, "4th in line, about 1 s"),
        (11, 125, "11th in line, about 2 min"),
        (112, 3600, "112th in line, about 60 min"),
        (21, 60, "21st in line, about 60 s"),
        (22, 100, "22nd in line, about 105 s"),
    ],
)
def test_waiting_tells_place_and_time(place: int, seconds: float, expected: str) -> None:
    caption = captions.waiting(job(), Position(place, seconds))
    assert caption.text == f"**a lighthouse --ar 3:2** - <@42> (Waiting to start, {expected})"


def test_life_of_a_message() -> None:
    assert captions.waiting(job(), None).text == "**a lighthouse --ar 3:2** - <@42> (Waiting to start)"
    offline = captions.waiting(job(), Position(3, 9.0, "openai")).text
    assert offline.endswith("(The openai generator is offline; your job keeps its place)")
    assert captions.progress(job(), 0).text == "**a lighthouse --ar 3:2** - <@42> (0%) (fast)"
    assert captions.progress(job(), 0.319).text == "**a lighthouse --ar 3:2** - <@42> (31%) (fast)"
    assert captions.progress(job(), 1.0).text == "**a lighthouse --ar 3:2** - <@42> (99%) (fast)"
    assert captions.finished(job()).text == "**a lighthouse --ar 3:2** - <@42> (fast)"
    assert captions.stopped(job()).text == "**a lighthouse --ar 3:2** - <@42> (Stopped)"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lane": Lane.RELAX}, "<@42> (relaxed)"),
        ({"lane": Lane.TURBO}, "<@42> (turbo)"),
        ({"place": Place(channel_id=1, ephemeral=True)}, "<@42> (fast, stealth)"),
        ({"action": Action.IMAGINE}, "<@42> (fast)"),
        ({"action": Action.UPSAMPLE, "tile": 2}, "Image #2 <@42>"),
        ({"action": Action.VARIATION, "details": {"strength": "subtle"}}, "Variations (Subtle) by <@42> (fast)"),
        ({"action": Action.VARIATION, "details": {"strength": "strong"}}, "Variations (Strong) by <@42> (fast)"),
        ({"action": Action.VARY_SUBTLE}, "Variations (Subtle) by <@42> (fast)"),
        ({"action": Action.VARY_STRONG, "details": {"remix": True}}, "Remix (Strong) by <@42> (fast)"),
        ({"action": Action.REGION}, "Variations (Region) by <@42> (fast)"),
        ({"action": Action.UPSCALE_SUBTLE}, "Upscaled (Subtle) by <@42> (fast)"),
        ({"action": Action.UPSCALE_CREATIVE}, "Upscaled (Creative) by <@42> (fast)"),
        ({"action": Action.ZOOM}, "Zoom Out by <@42> (fast)"),
        ({"action": Action.PAN, "details": {"direction": "up"}}, "Pan Up by <@42> (fast)"),
        ({"action": Action.SQUARE}, "Made square by <@42> (fast)"),
    ],
)
def test_final_line_names_the_kind(changes: dict[str, object], expected: str) -> None:
    assert captions.finished(job(**changes)).text == f"**a lighthouse --ar 3:2** - {expected}"


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_a_line_in_every_state(action: Action) -> None:
    one = job(action=action, tile=1, details={"direction": "left"})
    lines = [captions.waiting(one, None), captions.progress(one, 0.5), captions.finished(one), captions.failed(one)]
    assert all("<@42>" in line.text for line in lines)


def test_starting_forms() -> None:
    varying = captions.waiting(job(action=Action.VARIATION, tile=1), None).text
    assert varying == "Making variations for image #1 with prompt **a lighthouse --ar 3:2** - <@42> (Waiting to start)"
    upscaling = captions.waiting(job(action=Action.UPSAMPLE, tile=2), None).text
    assert upscaling == "Upscaling image #2 with **a lighthouse --ar 3:2** - <@42> (Waiting to start)"


def test_notes_are_small_lines_and_cannot_mention() -> None:
    note = T("The {backend} backend runs without `{parameters}`.", backend="painter", parameters="--p `@everyone <@1>`")
    text = captions.finished(job(), [note, T("Second.")]).text
    first, second, third = text.split("\n")
    assert first.endswith("(fast)")
    assert second.startswith("-# The painter backend runs without `--p '@\u200beveryone <\u200b@\u200b1>'`.")
    assert third == "-# Second."


def test_notes_never_crowd_out_the_prompt() -> None:
    caption = captions.finished(job(prompt="x" * 3000), [T("n" * 500), T("m" * 500)])
    assert captions.units(caption.text) <= captions.CONTENT_LIMIT
    assert caption.text.count("x") > 1000
    assert "m" * 500 not in caption.text


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("**bold** _it_ ~~no~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\|"),
        ("`code` \\", r"\`code\` \\"),
        ("<@1> <#2> <t:3>", "\\<@\u200b1> \\<#2> \\<t:3>"),
        ("@everyone", "@\u200beveryone"),
        ("[free](https://evil.example)", r"\[free](<https://evil.example)>"),
        ("line\n# heading\n- item", "line # heading - item"),
        ("https://cdn.example/a_b*c.png a cat", "<https://cdn.example/a_b*c.png> a cat"),
        ("https://x/<@1>", "<https://x/%3C@1%3E>"),
        ("hhttps and httpx", "hhttps and httpx"),
    ],
)
def test_escaping(raw: str, escaped: str) -> None:
    assert captions.escape(raw) == escaped


@given(st.text(max_size=6000))
def test_any_prompt_fits_and_stays_inside_its_bold(prompt: str) -> None:
    caption = captions.finished(job(prompt=prompt))
    assert captions.units(caption.text) <= captions.CONTENT_LIMIT
    assert caption.text.endswith("<@42> (fast)")
    assert "\n" not in caption.text
    if prompt:
        inside = caption.text.removeprefix("**").removesuffix("** - <@42> (fast)")
        outside_links = re.sub(r"<https?://[^<>\s]*>", "", inside)
        assert not re.search(r"(?<!\\)(?:\\\\)*[*_~|`<\[]", outside_links)
        assert not re.search(r"@(?!\u200b)", outside_links)


@given(st.text(min_size=2500, max_size=6000))
def test_what_is_shortened_is_said_and_kept_whole(prompt: str) -> None:
    caption = captions.finished(job(prompt=prompt))
    if caption.full_prompt is not None:
        assert caption.full_prompt == prompt
        assert "…** - <@42>" in caption.text


def test_a_long_link_is_never_cut() -> None:
    link = "https://cdn.example/" + "a" * 1900
    caption = captions.finished(job(prompt=f"{link} {link} a cat"))
    assert caption.text.count("<https://") == caption.text.count(">") - 1  # the mention has the other one
    assert caption.full_prompt is not None


def test_error_notice_is_the_red_embed() -> None:
    error = PromptError(T("Unrecognized parameter(s): `{name}` ", name="--foo"))
    notice = captions.error_notice(error, "en-US", "/imagine prompt: a fox --foo")
    assert notice.title == "Invalid parameter"
    assert notice.description == "Unrecognized parameter(s): `--foo` "
    assert notice.footer == "/imagine prompt: a fox --foo"
    assert notice.colour == 16711680


@given(st.text(max_size=7000))
def test_footer_fits(typed: str) -> None:
    notice = captions.error_notice(PromptError(), "en-US", typed)
    assert captions.units(notice.footer) <= captions.FOOTER_LIMIT


def test_file_name() -> None:
    one = job(user_name="Ñandú Ö!", prompt="https://x.example/pic.png Un faro—en un acantilado --ar 3:2 --no a b")
    assert captions.file_name(one, ".jpg") == "nandu_o_un_faro_en_un_acantilado_01jv0example0000.jpg"
    assert captions.file_name(one, "png", 2).endswith("_01jv0example0000_2.png")
    assert captions.file_name(job(user_name="日本", prompt=""), "jpg") == "01jv0example0000.jpg"


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_file_name_is_plain_and_short(prompt: str, user: str) -> None:
    name = captions.file_name(job(id=new_job_id(), prompt=prompt, user_name=user), ".webp", 4)
    assert re.fullmatch(r"[a-z0-9_]+\.webp", name)
    assert len(name) <= 100
