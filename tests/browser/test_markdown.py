"""Discord's markdown, from words to nodes, in the page's own module."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Place
from tests.browser.page import Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAW = """async (text) => {
    const { markdown } = await import("/static/markdown.js");
    const box = document.createElement("div");
    box.append(...markdown(text));
    return box.innerHTML;
}"""


def words(html: str) -> str:
    """A paragraph as it is drawn."""
    return f'<div class="md-text">{html}</div>'


def link(url: str, label: str) -> str:
    """A link as it is drawn."""
    return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{label}</a>'


CASES = {
    "**a** *b* _c_ __d__ ~~e~~": words("<strong>a</strong> <em>b</em> <em>c</em> <u>d</u> <s>e</s>"),
    "***both***": words("<strong><em>both</em></strong>"),
    "**a lighthouse --ar 3:2** - x": words("<strong>a lighthouse --ar 3:2</strong> - x"),
    "2 * 3 * 4, snake_case_name, **open": words("2 * 3 * 4, snake_case_name, **open"),
    r"\*not\* `*code*` ``a ` b``": words("*not* <code>*code*</code> <code>a ` b</code>"),
    "```py\nx = 1\n```after": "<pre><code>x = 1</code></pre>" + words("after"),
    "# One": '<div class="md-h1" role="heading" aria-level="3">One</div>',
    "> a\n> b\nc": f"<blockquote>{words('a' + chr(10) + 'b')}</blockquote>{words('c')}",
    "- a\n- b": '<ul><li style="margin-left: 0em;">a</li><li style="margin-left: 0em;">b</li></ul>',
    "-# small": '<div class="md-small">small</div>',
    "see https://example.org/a_b_c.": words(f"see {link('https://example.org/a_b_c', 'https://example.org/a_b_c')}."),
    "[*x*](https://example.org)": words(link("https://example.org", "<em>x</em>")),
    "[x](javascript:alert(1))": words("[x](javascript:alert(1))"),
    "<@1200000000000000102>": words('<span class="mention mine">@Ben</span>'),
    "<@&1200000000000001101>": words('<span class="mention">@Moderator</span>'),
    "<#1>": words('<span class="mention">#?</span>'),
    "<b>&amp;</b>": words("&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    "": words(""),
}


async def test_words_become_nodes(chat: Chat) -> None:
    assert {text: await chat.page.evaluate(DRAW, text) for text in CASES} == CASES


async def test_any_words_are_drawn(chat: Chat) -> None:
    for text in ("*" * 4000, "**a" * 1300, "||_~~" * 800, "[" * 4000, "> " * 2000, "`" * 4000, "<t:1" * 900):
        assert await chat.page.evaluate(DRAW, text)


async def test_times_are_told_in_the_readers_language(chat: Chat, place: Place) -> None:
    await chat.choose_language("es-ES")
    ago = place.playground.clock.now_ms() // 1000 - 7230
    drawn = await chat.page.evaluate(DRAW, f"<t:1700000000:D> <t:{ago}:R>")
    assert "14 de noviembre de 2023" in drawn
    assert ">hace 2 horas<" in drawn


async def test_a_spoiler_is_hidden_until_it_is_pressed(chat: Chat) -> None:
    await chat.run("it was ||the *fox*||")
    spoiler = chat.message("it was").locator(".spoiler")
    await expect(spoiler).to_have_attribute("aria-label", "Spoiler, press to show")
    await spoiler.press("Enter")
    await expect(spoiler).to_have_class("spoiler shown")
    await expect(spoiler).to_contain_text("the fox")
