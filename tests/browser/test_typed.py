"""What is typed becomes what is sent: the page's command module by itself."""

from typing import Any

import pytest

from tests.browser.page import Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")

PREFER = {
    "id": "7",
    "name": "prefer",
    "type": 1,
    "description": "Preferences",
    "options": [
        {"name": "suffix", "type": 1, "description": "Ends", "options": [{"name": "new_value", "type": 3}]},
        {
            "name": "option",
            "type": 2,
            "description": "Own options",
            "options": [
                {
                    "name": "set",
                    "type": 1,
                    "description": "Set one",
                    "options": [{"name": "option", "type": 3, "required": True}, {"name": "value", "type": 3}],
                },
                {"name": "list", "type": 1, "description": "List them"},
            ],
        },
    ],
}
NUMBERS = {"type": 10, "name": "zoom", "min_value": 1, "max_value": 2}
WORDS = {"type": 3, "name": "word", "min_length": 2, "max_length": 4}


async def ask(chat: Chat, code: str, *values: Any) -> Any:
    """Run a line of code with the module's exports and `values` at hand."""
    body = f"async (values) => {{ const m = await import('/static/commands.js'); return {code}; }}"
    return await chat.page.evaluate(body, list(values))


async def test_subcommands_are_laid_out_and_sent_nested(chat: Chat) -> None:
    names = await ask(chat, "m.flatten(values).map((entry) => entry.name)", PREFER)
    assert names == ["prefer suffix", "prefer option set", "prefer option list"]
    found = "m.parseTyped('/prefer option set mine value: --ar 3:2', m.flatten(values))"
    assert await ask(chat, f"Object.fromEntries({found}.values)", PREFER) == {"option": "mine", "value": "--ar 3:2"}
    sent = await ask(chat, f"m.commandData({found}.entry, [{{ name: 'option', type: 3, value: 'mine' }}])", PREFER)
    inner = {"name": "set", "type": 1, "options": [{"name": "option", "type": 3, "value": "mine"}]}
    assert sent["options"] == [{"name": "option", "type": 2, "options": [inner]}]
    assert (sent["id"], sent["name"], sent["type"]) == ("7", "prefer", 1)


@pytest.mark.parametrize("typed", ["/prefer", "/prefers suffix x", "prefer suffix x", "/prefer optional"])
async def test_other_words_are_no_command(chat: Chat, typed: str) -> None:
    assert await ask(chat, "m.parseTyped(values[0], m.flatten([values[1]]))", typed, PREFER) is None


async def test_values_are_checked_as_they_will_be_sent(chat: Chat) -> None:
    cases = [
        (NUMBERS, "1.5", {"value": 1.5}),
        (NUMBERS, "1,5", {"value": 1.5}),
        (NUMBERS, "0.9", {"problem": "zoom must be at least 1"}),
        (NUMBERS, "1e3", {"problem": "zoom must be a number"}),
        (NUMBERS | {"type": 4}, "2", {"value": 2}),
        (WORDS, "a", {"problem": "word needs at least 2 characters"}),
        (WORDS, "abcde", {"problem": "word takes at most 4 characters"}),
        (WORDS, "🦊🦊🦊🦊", {"value": "🦊🦊🦊🦊"}),
        ({"type": 5, "name": "tile"}, "Sí", {"value": True}),
        ({"type": 3, "name": "ar", "choices": [{"name": "Wide", "value": "16:9"}]}, "wide", {"value": "16:9"}),
    ]
    for option, typed, expected in cases:
        assert await ask(chat, "m.convert(values[0], values[1], null)", option, typed) == expected, typed
