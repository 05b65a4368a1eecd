"""The table of parameters: every row is read within its bounds, refused outside, and can be shown."""

import re

import pytest

from bot.errors import PromptError
from bot.prompt import HOUSE, PARAMETERS, Kind, Parameter, number_text, parameter, parameter_table, parse
from bot.prompt.table import IMAGE

_NUMBERS = [row for row in PARAMETERS if row.kind in {Kind.INTEGER, Kind.NUMBER} and not row.choices]
_SAMPLES = {
    Kind.FLAG: "",
    Kind.RATIO: "3:2",
    Kind.VERSION: "7",
    Kind.WORD: "name",
    Kind.PHRASE: "two words",
    Kind.LIST: "a, b",
    Kind.LINKS: "https://x/a.png",
    Kind.STYLES: "random",
    Kind.IDS: "abc",
    Kind.LORA: "name:0.5",
}


def sample(row: Parameter) -> str:
    if row.choices:
        return row.choices[0]
    return _SAMPLES.get(row.kind) or (number_text(row.low) if row in _NUMBERS else "")


def text_with(row: Parameter, name: str, value: str) -> str:
    """A prompt with this parameter, and with the partner that it needs."""
    needed = parameter(row.partner) if row.partner and row.partner != IMAGE else None
    partner = f"--{needed.name} {sample(needed)}" if needed else ""
    return f"{'https://x/a.png' if row.partner == IMAGE else ''} cat {partner} --{name} {value}"


def ids(row: Parameter) -> str:
    return row.name


@pytest.mark.parametrize("row", _NUMBERS, ids=ids)
def test_numbers_are_taken_up_to_both_bounds_and_no_further(row: Parameter) -> None:
    for bound, beyond in ((row.low, -1), (row.high, 1)):
        prompt = parse(text_with(row, row.name, number_text(bound)), allow={row.name}).prompt
        assert prompt.get(row.name) == bound
        outside = bound + beyond * (1 if row.kind is Kind.INTEGER else 0.01)
        with pytest.raises(PromptError) as caught:
            parse(text_with(row, row.name, number_text(outside)), allow={row.name})
        assert str(caught.value).startswith(
            f"`--{row.name}` must be between {number_text(row.low)} and {number_text(row.high)}"
        )


@pytest.mark.parametrize("row", PARAMETERS, ids=ids)
def test_every_name_and_alias_is_read_and_refuses_nonsense(row: Parameter) -> None:
    for name in (row.name, *row.aliases):
        prompt = parse(text_with(row, name.upper(), sample(row)), allow={row.name}).prompt
        assert row.name in prompt.parameters
        assert parameter(name) is row
    if row.kind not in {Kind.PHRASE, Kind.LIST, Kind.LORA}:
        with pytest.raises(PromptError):
            parse(text_with(row, row.name, "¿?"), allow={row.name})


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.kind is not Kind.FLAG and not row.bare], ids=ids)
def test_a_value_is_needed(row: Parameter) -> None:
    with pytest.raises(PromptError, match=f"`--{row.name}` needs a value"):
        parse(text_with(row, row.name, ""), allow={row.name})


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.choices], ids=ids)
def test_every_choice_is_taken(row: Parameter) -> None:
    for choice in row.choices:
        value = parse(text_with(row, row.name, choice)).prompt.get(row.name)
        assert value == (float(choice) if row.kind is Kind.NUMBER else choice)


def test_names_are_unique_and_refer_to_each_other() -> None:
    spelled = [name for row in PARAMETERS for name in (row.name, *row.aliases)]
    assert len(spelled) == len(set(spelled))
    assert all(re.fullmatch("[a-z]+", name) for name in spelled)
    known = {row.name: row for row in PARAMETERS}
    assert set(known) >= HOUSE
    for row in PARAMETERS:
        assert row.partner is None or row.partner == IMAGE or row.partner in known
        assert all(row.name in known[other].excludes for other in row.excludes)


def test_the_table_for_readers() -> None:
    lines = parameter_table("en-US").splitlines()
    assert len(lines) == len(PARAMETERS) + 2
    assert "| `--chaos`, `--c` | 0–100 | 0 | How far the pictures of a grid differ |" in lines
    assert "| `--quality`, `--q` | 0.25, 0.5, 1, 2, 4 | 1 | How much computing to spend |" in lines
    assert (
        "| `--ar`, `--aspect` | two whole numbers such as `16:9` | 1:1 | Shape of the picture, width to height |"
        in lines
    )
    assert "| `--tile` | flag |  | A pattern that repeats without seams |" in lines
    groups = [parameter_table("en-US", group).splitlines()[2:] for group in ("midjourney", "lienzo")]
    assert sorted(groups[0] + groups[1]) == sorted(lines[2:])
