"""The page as a person uses it: open, choose, type, click. For every test that goes through the browser."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from playwright.async_api import Locator, Page, expect

USERS = {"ana": "1200000000000000101", "ben": "1200000000000000102", "mod": "1200000000000000103"}
WAIT = 10_000.0  # milliseconds
Value = str | bool | Path | Sequence[str]


class Chat:
    """One tab. `wait` is how long anything may take, in milliseconds; `errors` is what the page wrote to its console."""

    def __init__(self, page: Page, url: str, wait: float = WAIT) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.set_default_timeout(wait)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    @property
    def box(self) -> Locator:
        """The message box, or the first field of the command in it."""
        return self.page.locator("#composer-input")

    @property
    def messages(self) -> Locator:
        """All messages, oldest first."""
        return self.page.locator("article.message")

    @property
    def modal(self) -> Locator:
        """The open modal."""
        return self.page.locator("dialog.modal")

    def option(self, text: str) -> Locator:
        """The first entry of the open list that says `text`."""
        return self.page.locator("[role=option]", has_text=text).first

    def message(self, text: str) -> Locator:
        """The newest message that says `text`."""
        return self.messages.filter(has_text=text).last

    async def open(self, user: str = "ben", channel: str | None = None) -> None:
        """Load the page as a user (by name or id) and wait until it can be used."""
        wanted = f"{self.url}/?user={USERS.get(user, user)}" + (f"&channel={channel}" if channel else "")
        await self.page.goto(wanted)
        await self.ready()

    async def ready(self) -> None:
        """Wait until the box is there."""
        await self.box.wait_for()

    async def choose_user(self, name: str) -> None:
        """Press a person's name."""
        person = self.page.locator(".person", has_text=name)
        await person.click()
        await expect(self.page.locator(".person[aria-pressed=true]")).to_contain_text(name)
        await self.ready()

    async def choose_channel(self, name: str) -> None:
        """Press a channel's name."""
        await self.page.locator(".channel", has_text=name).first.click()
        await expect(self.page.locator(".top h2")).to_have_text(name)

    async def choose_language(self, locale: str) -> None:
        """Pick `en-US`, `es-ES` or `es-419`."""
        await self.page.locator("#language").select_option(locale)
        await expect(self.page.locator("html")).to_have_attribute("lang", locale)

    async def run(self, text: str) -> None:
        """Give a whole command or message at once, as if pasted, and send it."""
        await self.box.fill(text)
        await self.page.keyboard.press("Enter")

    async def picture(self, text: str = "") -> Locator:
        """Wait until the newest message with `text` shows a picture; that message."""
        message = self.messages.filter(has_text=text, has=self.page.locator(".picture")).last
        await message.locator(".picture.loaded").first.wait_for()
        return self.page.locator(f"article[data-id='{await message.get_attribute('data-id')}']")

    async def offering(self, button: str, text: str = "") -> Locator:
        """Wait until the newest message with `text` has a button; that message. A finished grid offers `U1`."""
        named = self.page.get_by_role("button", name=button, exact=True)
        message = self.messages.filter(has_text=text, has=named).last
        await message.wait_for()
        return self.page.locator(f"article[data-id='{await message.get_attribute('data-id')}']")

    async def click(self, label: str, message: Locator | None = None) -> None:
        """Press a button by its label or emoji, of a message or of the newest that has it."""
        await (message or self.messages).get_by_role("button", name=label, exact=True).last.click()

    async def fill(self, values: Mapping[str, Value]) -> None:
        """Fill the open modal, by custom id: text, a label to choose (or several), a bool to tick, files."""
        for custom_id, value in values.items():
            await self._fill(self.modal.locator(f"[data-field='{custom_id}']"), value)

    async def submit(self, values: Mapping[str, Value] | None = None) -> None:
        """Fill and submit the open modal, and wait until it is gone."""
        await self.modal.wait_for()
        await self.fill(values or {})
        await self.modal.locator("button[type=submit]").click()
        await self.modal.wait_for(state="detached")

    async def _fill(self, row: Locator, value: Value) -> None:
        if isinstance(value, Path):
            await row.locator("input[type=file]").set_input_files(value)
        elif isinstance(value, bool):
            await row.get_by_role("checkbox").set_checked(value)
        elif not isinstance(value, str) and await row.locator(".select").count():
            await row.locator(".select").click()
            for label in value:
                await self.page.locator(".select-popup [role=option]", has_text=label).click()
            await self.page.get_by_role("button", name="Done").click()
        elif not isinstance(value, str):
            for label in value:
                await row.get_by_label(label, exact=False).check()
        elif await row.locator(".select").count():
            await row.locator(".select").click()
            await self.option(value).click()
        elif await row.get_by_role("radio").count():
            await row.get_by_label(value).check()
        else:
            await row.locator(".field-input").fill(value)
