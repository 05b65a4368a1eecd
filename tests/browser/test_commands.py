"""Commands, buttons and modals, clicked through in a browser against a real client."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.conftest import Place
from tests.browser.page import Chat

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """A small picture file."""
    path = tmp_path / "drawing.png"
    Image.new("RGB", (64, 48), "#8a4f2d").save(path)
    return path


async def test_a_command_brings_a_grid_and_its_buttons_bring_more(chat: Chat) -> None:
    await chat.run("/imagine prompt: a lighthouse on a cliff --ar 3:2")
    grid = await chat.offering("U1", "a lighthouse")
    await expect(grid).to_contain_text("a lighthouse on a cliff --ar 3:2 - @Ben (fast)")
    await expect(grid.locator(".used")).to_have_text("BBen used /imagine")
    await chat.click("U2", grid)
    single = await chat.picture("Image #2")
    await expect(single.get_by_role("link", name="Web")).to_have_attribute("href", "https://example.org/job")
    await single.locator("button.reply").click()
    await expect(grid).to_be_focused()


@pytest.mark.parametrize("typed", ["/imagine prompt: a red fox", "/imagine a red fox", "/imagine prompt:a red fox"])
async def test_a_command_may_be_typed_key_by_key(chat: Chat, typed: str) -> None:
    await chat.box.press_sequentially(typed)
    await expect(chat.page.locator(".command-name")).to_have_text("/imagine")
    await expect(chat.box).to_have_value("a red fox")
    await chat.page.keyboard.press("Enter")
    await expect(await chat.picture("a red fox")).to_contain_text("a red fox - @Ben (fast)")


async def test_options_are_offered_completed_and_sent(chat: Chat, drawing: Path) -> None:
    page = chat.page
    await chat.box.press_sequentially("/ima")
    await page.keyboard.press("Tab")
    await chat.box.fill("a fox")
    for name in ("aspect", "style", "tile", "who", "seed"):
        await page.get_by_role("button", name="Options (").click()
        await page.get_by_role("menuitem", name=name).click()
        if name != "seed":
            await page.keyboard.type({"aspect": "3", "style": "in", "tile": "tr", "who": "an"}[name])
            await chat.option("").click()
    await page.keyboard.type("77")
    await page.locator(".composer").evaluate(
        """(form, name) => {
            const given = new DataTransfer();
            given.items.add(new File(["x"], name, { type: "image/png" }));
            form.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
        }""",
        drawing.name,
    )
    await expect(page.locator(".chip[data-option=image] .chip-name")).to_have_text(drawing.name)
    await page.keyboard.press("Enter")
    answer = await chat.picture("a fox")
    await expect(answer).to_contain_text("aspect=3:2 seed=77 style=ink tile=True image=drawing.png who=ana")


async def test_a_pasted_command_fills_its_options(chat: Chat) -> None:
    await chat.run("/imagine a barn, style of 1900 seed: 5 aspect: 16:9 style: Oil")
    await expect(await chat.picture("a barn")).to_contain_text("aspect=16:9 seed=5 style=oil")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("/imagine", "prompt is required"),
        ("/imagine a fox seed: -1", "seed must be at least 0"),
        ("/imagine a fox seed: 1.5", "seed must be a whole number"),
        ("/imagine a fox style: Crayon", "Choose one of the values of style"),
        ("/imagine a fox tile: perhaps", "Choose one of the values of tile"),
        ("/imagin a fox", "No command is called that"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_sent(chat: Chat, typed: str, problem: str) -> None:
    await chat.run(typed)
    if typed == "/imagine":
        await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator(".composer-problem")).to_have_text(problem)
    await expect(chat.messages).to_have_count(0)


async def test_escape_and_backspace_leave_a_command(chat: Chat) -> None:
    await chat.box.press_sequentially("/imagine a fox")
    await chat.page.keyboard.press("Escape")
    await expect(chat.box).to_have_value("/imagine prompt: a fox")
    await chat.box.fill("")
    await chat.box.press_sequentially("/imagine ")
    await chat.page.keyboard.press("Backspace")
    await expect(chat.box).to_have_value("/imagine")
    await expect(chat.page.locator(".command-form")).to_have_count(0)


async def test_the_wait_is_shown_until_the_answer_is_there(chat: Chat, place: Place) -> None:
    place.bot.hold.clear()
    await chat.run("/imagine a slow fox")
    await expect(chat.message("thinking")).to_contain_text("Lienzo is thinking…")
    place.bot.hold.set()
    await chat.picture("a slow fox")
    await expect(chat.messages).to_have_count(1)


async def test_a_silent_application_is_reported(chat: Chat, place: Place) -> None:
    await chat.run("/imagine a fox")
    grid = await chat.picture("a fox")
    await chat.run("/imagine silent")
    sending = chat.message("Sending the command")
    await sending.wait_for()
    await chat.click("Silent", grid)
    await expect(grid.get_by_role("button", name="Silent")).to_have_attribute("aria-busy", "true")
    place.playground.clock.advance(4)
    await expect(grid.locator(".failure")).to_have_text("The application did not respond")
    failed = chat.message("Only you can see this")
    await expect(failed).to_contain_text("The application did not respond")
    await failed.get_by_role("button", name="Dismiss").click()
    await expect(chat.messages).to_have_count(1)


async def test_a_modal_with_text_select_radio_and_files(chat: Chat, drawing: Path) -> None:
    await chat.run("/imagine a fox")
    await chat.click("🔄", await chat.picture("a fox"))
    await expect(chat.modal.get_by_role("heading")).to_have_text("Everything")
    await chat.modal.get_by_role("button", name="Submit").click()
    await expect(chat.modal.locator(".field-wrong:not(:empty)")).to_have_text(["This is required"] * 3)
    await chat.fill({"prompt": "ab"})
    await chat.modal.get_by_role("button", name="Submit").click()
    await expect(chat.modal.locator("[data-field=prompt] .field-wrong")).to_have_text("At least 3 characters")
    await chat.submit({"prompt": "a blue fox", "style": "Ink", "mode": "Relaxed", "mask": drawing})
    answer = chat.message("prompt=a blue fox")
    await expect(answer).to_contain_text("style=['ink'] mode=relaxed mask=['")


async def test_a_modal_with_people_roles_channels_and_boxes(chat: Chat) -> None:
    await chat.run("/imagine a fox")
    await chat.click("V1", await chat.picture("a fox"))
    await chat.submit(
        {"who": "Ana", "role": "Moderator", "where": "gallery", "extras": ["Grain", "Glow"], "sure": True}
    )
    ids = "who=['1200000000000000101'] role=['1200000000000001101'] where=['1200000000000001002']"
    await expect(chat.message("who=")).to_contain_text(f"{ids} extras=['grain', 'glow'] sure=True")


async def test_a_modal_with_defaults_several_choices_and_a_file(chat: Chat, drawing: Path) -> None:
    await chat.run("/imagine a fox")
    await chat.click("V3", await chat.picture("a fox"))
    areas = chat.modal.locator("[data-field=areas]")
    await expect(areas.locator(".select")).to_have_text("Area 0, Area 1")
    await chat.fill({"areas": ["Area 0", "Area 1"], "tags": ["Calm"]})
    await chat.modal.get_by_role("button", name="Submit").click()
    await expect(areas.locator(".field-wrong")).to_have_text("This is required")
    await expect(chat.modal.locator("[data-field=mask] .field-wrong")).to_have_text("This is required")
    await chat.submit({"areas": ["Area 4", "Area 7", "Area 8"], "people": ["Ana", "Mod"], "mask": drawing})
    answer = chat.message("prompt=a fox")
    await expect(answer).to_contain_text("areas=['4', '7', '8']")
    await expect(answer).to_contain_text("people=['1200000000000000101', '1200000000000000103'] tags=['calm'] mask=['")


async def test_a_file_pasted_beside_a_command_goes_into_the_message(chat: Chat, drawing: Path) -> None:
    await chat.page.locator(".composer").evaluate(
        """(form) => {
            const given = new DataTransfer();
            given.items.add(new File(["x"], "note.txt", { type: "text/plain" }));
            form.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
        }"""
    )
    await chat.page.locator(".composer input[type=file]").set_input_files(drawing)
    await expect(chat.page.locator(".composer .picked:not(.uploading)")).to_have_count(2)
    await chat.page.get_by_role("button", name="Remove note.txt").click()
    await chat.page.get_by_role("button", name="Send").click()
    await expect(chat.messages.last.locator(".picture.loaded")).to_have_count(1)
    await expect(chat.messages.last.locator(".file-chip")).to_have_count(0)


async def test_a_modal_of_the_older_kind_keeps_its_default(chat: Chat) -> None:
    await chat.run("/imagine a fox")
    await chat.click("V2", await chat.picture("a fox"))
    await chat.submit()
    await expect(chat.message("factor")).to_contain_text("factor=2.0")


async def test_escape_closes_a_list_before_its_modal(chat: Chat) -> None:
    await chat.run("/imagine a fox")
    grid = await chat.picture("a fox")
    await chat.click("🔄", grid)
    await chat.modal.locator(".select").click()
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("[role=option]")).to_have_count(0)
    await expect(chat.modal).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.modal).to_have_count(0)
    await expect(grid.get_by_role("button", name="🔄")).to_be_focused()


async def test_components_of_the_second_generation(chat: Chat) -> None:
    await chat.run("/layout")
    await chat.page.keyboard.press("Enter")
    answer = await chat.picture("A container")
    await expect(answer.get_by_role("heading", name="A container")).to_be_visible()
    await expect(answer.locator(".picture")).to_have_count(3)
    await answer.locator(".select").click()
    await chat.option("B").click()
    await expect(chat.message("picked")).to_contain_text("picked ['B']")


async def test_the_menu_of_a_message_has_the_applications_commands(chat: Chat) -> None:
    await chat.run("look at this")
    message = chat.message("look at this")
    await message.click(button="right")
    await chat.page.get_by_role("menuitem", name="Describe this").click()
    await expect(chat.message("That was message")).to_contain_text(await message.get_attribute("data-id") or "?")


async def test_reactions_are_added_counted_and_taken_back(chat: Chat, place: Place) -> None:
    await chat.run("nice")
    message = chat.message("nice")
    await message.hover()
    await message.get_by_role("button", name="Add a reaction").click()
    await chat.page.get_by_role("button", name="React with ⭐").click()
    mine = message.get_by_role("button", name="⭐, 1")
    await expect(mine).to_have_attribute("aria-pressed", "true")
    ana = place.playground.user("ana")
    seen = await ana.wait("#studio", lambda found: found["content"] == "nice")
    await ana.react(seen, "⭐")
    await message.get_by_role("button", name="⭐, 2").click()
    await expect(message.get_by_role("button", name="⭐, 1")).to_have_attribute("aria-pressed", "false")
