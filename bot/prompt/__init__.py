"""The prompt language: image links, weighted words, parameters, permutations. Pure functions from text to a value and back.

    permute    one text into the texts that its `{a, b}` stand for
    parse      one text into a `Prompt`, or a PromptError with a sentence for its writer
    render     a `Prompt` into its canonical text, which `reread` takes back

`PARAMETERS` is the one table of everything that may follow `--`.
"""

from bot.backends.base import Part
from bot.prompt.model import Parsed, Prompt, replaced, unhonoured
from bot.prompt.parser import MAX_IMAGES, check_options, parse, reread
from bot.prompt.permutation import MAX_LENGTH, escape, permute
from bot.prompt.rendering import render
from bot.prompt.table import (
    HOUSE,
    PARAMETERS,
    Kind,
    Lora,
    Parameter,
    Ratio,
    Value,
    number_text,
    parameter,
    parameter_table,
)

__all__ = [
    "HOUSE",
    "MAX_IMAGES",
    "MAX_LENGTH",
    "PARAMETERS",
    "Kind",
    "Lora",
    "Parameter",
    "Parsed",
    "Part",
    "Prompt",
    "Ratio",
    "Value",
    "check_options",
    "escape",
    "number_text",
    "parameter",
    "parameter_table",
    "parse",
    "permute",
    "render",
    "replaced",
    "reread",
    "unhonoured",
]
