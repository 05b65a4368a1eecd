"""What the bot's users know by heart, each with the end-to-end tests that show it: the table in docs/workflow.md.

A test says what it shows by `@pytest.mark.shows("/imagine", "--ar")`; every row has one, and nothing is shown that is no row.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.prompt import PARAMETERS

E2E = Path(__file__).parent.parent / "e2e"
Section = Literal["Commands", "Parameters", "The prompt language", "Messages and buttons", "Modes"]


@dataclass(frozen=True, slots=True)
class Row:
    """`what` is the word that tests name it by; `does` says what a user sees."""

    section: Section
    what: str
    does: str


_COMMANDS: Mapping[str, str] = {
    "/imagine": "a 2×2 grid with U1–U4, 🔄, V1–V4; every parameter is an option too",
    "/blend": "a grid out of two to five images",
    "/describe": "four prompts for an image, each a button, 🔄, and Imagine all",
    "/shorten": "up to five shorter prompts, and the weight of each word",
    "/upscale": "any image, attached or linked, 2 or 4 times larger",
    "/edit": "any image changed by an instruction, or colourised, restyled, cut out, a thing in it replaced, as the generator can",
    "/show": "one of one's own jobs again, with live buttons, to be made exactly so again",
    "/history": "one's jobs, paged and searched by words, with pictures and jump links",
    "/queue": "what runs and waits, one's place, the time, and buttons to cancel",
    "/settings": "one's own settings, as buttons and selects",
    "/prefer option set": "an option of one's own that stands for parameters",
    "/prefer option list": "those options",
    "/prefer suffix": "parameters at the end of every prompt",
    "/prefer remix": "whether V, Vary, 🔄 and Pan ask for the prompt",
    "/prefer variability": "how far V goes",
    "/prefer auto_dm": "a copy of each result as a direct message",
    "/info": "mode, visibility, time used, and jobs queued and running",
    "/fast, /relax, /turbo": "the mode from now on",
    "/stealth, /public": "who sees one's results from now on",
    "/help": "commands, parameters and buttons, from the tables in the code",
    "/userid": "one's id",
    "/server": "gallery, moderators' log and generator of a server, for those who manage it",
    "Message context menu": "Describe, and the four below",
    "Cancel or Delete": "on a message of the bot: one's own job, for moderators every job",
    "DM Results": "the pictures one by one as direct messages, with seed and job id",
    "Report Job": "a reason, which the moderators read in their log",
    "Use Image…": "upscale, edit, use as prompt or as style any image in a message",
    "Leaving out commands": "a command that another bot owns is not registered",
    "Where": "the same commands everywhere that the operator allows, and nowhere else",
    "Threads": "a result stays in the thread of its command",
    "DMs": "direct messages with the bot, where the operator allows them",
    "User-installed contexts": "other servers and private channels, where the operator allows it",
}
_LANGUAGE: Mapping[str, str] = {
    "Weights": "`a::2 b`, also negative; their sum must be above 0",
    "Image prompts": "links before the words, or an attachment",
    "Permutations": "`{a, b}`, nested too, asked about before anything starts",
    "Phone typography": "`—ar 16:9` and smart quotes",
    "Errors": "what is wrong, in a sentence, with a button that opens the prompt as typed",
    "Long prompts": "up to 6000 characters, over two fields and in an attached file",
    "Bad images": "no image, a bomb, an animation, CMYK, 16 bits, 8000×8000, a link that is over",
}
_MESSAGES: Mapping[str, str] = {
    "The life of a message": "waiting with place and time, percent with a preview, a new message that pings",
    "U1–U4": "one picture of the grid on its own, byte for byte",
    "V1–V4": "variations of one picture",
    "🔄": "the same prompt again",
    "Upscale (Subtle, Creative)": "twice as large",
    "Vary (Subtle, Strong)": "variations of a single picture",
    "Vary (Region)": "a part painted anew: a 3×3 choice or a mask, shown before it is bought",
    "Zoom Out": "2x and 1.5x",
    "Custom Zoom": "a zoom, a shape and a prompt of one's own",
    "Pan": "⬅️ ➡️ ⬆️ ⬇️",
    "Make Square": "where it is not square yet",
    "✏️ Edit": "an instruction in words",
    "❤️": "one's favourites, counted",
    "Gallery": "with enough ❤️ a picture is shown in the server's gallery, once",
    "The original": "the file as it was made, from our own store",
    "Remix mode": "the prompt is asked for before V, Vary, 🔄 and Pan",
    "✉️": "as a reaction: sends the pictures one by one, with seed and job id",
    "❌": "as a reaction and a button: cancels or deletes",
    "⭐": "as a reaction: the same as ❤️",
    "Others' results": "anyone may click and the job is the clicker's; cancel and delete are the owner's and moderators'",
    "Queue limits": "3 running and 10 waiting for each user; the next is told so",
    "Lineage": "`V2 of U3 of a grid` with jump links; a result can be made exactly again",
    "Trouble": "deleted parents, removed permissions, closed direct messages",
    "Restart": "nothing is lost and every old button works",
}
_MODES: Mapping[str, str] = {
    "Fast, relaxed and turbo": "relaxed jobs start when no fast one waits; the operator sets who may choose",
    "Turbo": "a generator's faster model, where it has one",
    "Stealth": "for oneself alone, and in the moderators' log",
    "Moderators' log": "every result, also those in stealth, and reports",
}


def rows() -> list[Row]:
    """Every row of the table, in order."""
    parameters = {f"--{row.name}": row.summary for row in PARAMETERS}
    families: Mapping[Section, Mapping[str, str]] = {
        "Commands": _COMMANDS,
        "Parameters": parameters,
        "The prompt language": _LANGUAGE,
        "Messages and buttons": _MESSAGES,
        "Modes": _MODES,
    }
    return [Row(section, what, does) for section, family in families.items() for what, does in family.items()]


def shown() -> dict[str, list[str]]:
    """By what is shown, the tests that show it, as `test_making.py::test_blend`."""
    found: dict[str, list[str]] = {}
    for path in sorted(E2E.glob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        everywhere = [word for node in tree.body if _is_pytestmark(node) for word in _words(node)]
        for node in tree.body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_"):
                words = [word for decorator in node.decorator_list for word in _words(decorator)]
                for word in dict.fromkeys(everywhere + words):
                    found.setdefault(word, []).append(f"{path.name}::{node.name}")
    return found


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)


def _words(tree: ast.AST) -> Iterator[str]:
    """The words in every `shows(...)` below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "shows":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _link(test: str) -> str:
    """A test as a link to its file, beside `docs/`."""
    file, name = test.split("::")
    return f"[`{name}`](../tests/e2e/{file})"


def workflow_table(_: str) -> str:
    """The table of docs/workflow.md."""
    tests = shown()
    lines: list[str] = []
    section = ""
    for row in rows():
        if row.section != section:
            section = row.section
            lines += ["", f"### {section}", "", "| What | What one sees | Shown by |", "|---|---|---|"]
        names = ", ".join(_link(name) for name in tests.get(row.what, [])[:3])
        what = f"`{row.what}`" if row.what.startswith("--") else row.what
        lines.append(f"| {what} | {row.does} | {names} |")
    return "\n".join(lines[1:]) + "\n"
