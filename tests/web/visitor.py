"""Somebody with a browser: what they do on the page, and what they see there.

Everything is waited for, nothing is slept for. What the page must never do is kept and looked at in the end: an error,
a line on its console, a breach of its content security policy, a request to another host.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.support.inbox import PATIENCE_S
from tests.support.lacks import CHROMIUM

PATIENCE_MS = PATIENCE_S * 1_000

expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """One browser profile with one page.

    wrong  what the page did that it must not
    """

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        self.away = False  # the house is away, and the browser says so on its console
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("request", lambda request: self._asked(request.url))
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not self.away:
            self.wrong.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.wrong.append(f"request: {url}")

    # ---- doing

    async def goes_to(self, path: str = "/") -> None:
        await self.page.goto(self.address + path)

    async def enters(self, name: str, path: str = "/") -> None:
        """The first visit: a name, and one is in the room."""
        await self.goes_to(path)
        await self.page.get_by_label("Your name").fill(name)
        await self.page.keyboard.press("Enter")
        await self.is_in()

    async def is_in(self) -> None:
        """The room is there, and as new as it can be."""
        await expect(self.composer).to_be_visible()
        await expect(self.page.locator(".room-link[aria-current=page]:not(.elsewhere)")).to_have_count(1)

    async def says(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def hovers(self, text: str) -> Locator:
        """Point at a message; its actions are there."""
        message = self.message(text)
        await message.hover()
        await expect(message.get_by_role("toolbar")).to_be_visible()
        return message

    # ---- seeing

    @property
    def composer(self) -> Locator:
        return self.page.locator(".composer textarea")

    def message(self, text: str) -> Locator:
        """The last message that has this text."""
        return self.page.locator(".message").filter(has=self.page.locator(".said", has_text=text)).last

    async def sees(self, *texts: str) -> None:
        """These are the last messages on the page, in this order, each stored."""
        said = self.page.locator(".message:not(.unsent) .said")
        await self.until(
            "(wanted) => { const all = [...document.querySelectorAll('.message:not(.unsent) .said')]"
            ".map((each) => each.innerText.trim()); return wanted.every((text, at) => all[all.length - wanted.length + at] === text) }",
            list(texts),
        )
        assert await said.count() >= len(texts)

    async def texts(self) -> list[str]:
        """Every message in the document."""
        found: list[str] = await self.page.locator(".message .said").all_inner_texts()
        return found

    async def until(self, condition: str, argument: Any = None) -> None:
        """Wait until this holds on the page."""
        await self.page.wait_for_function(condition, arg=argument, timeout=PATIENCE_MS)

    async def scroll(self) -> dict[str, float]:
        """Where the list stands: `top`, `below` (pixels under what is shown), `height`."""
        found: dict[str, float] = await self.page.evaluate(
            "() => { const list = document.querySelector('.list'); return {top: list.scrollTop, height: list.clientHeight,"
            " below: list.scrollHeight - list.scrollTop - list.clientHeight} }"
        )
        return found

    async def stored(self, key: str) -> Any:
        """What the page keeps in the browser under this name."""
        return json.loads(await self.page.evaluate("(key) => localStorage.getItem('teahouse.' + key)", key) or "null")

    def did_nothing_wrong(self) -> None:
        assert self.wrong == []


class Browsing:
    """A browser, and the people who sit at it."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.visitors: list[Visitor] = []

    async def visitor(self, address: str | None = None, **options: Any) -> Visitor:
        """Somebody else: with a store and a cache of their own; `address` is another way to the same house."""
        settings = {
            "locale": "en-GB",
            "viewport": {"width": 1_280, "height": 800},
            "reduced_motion": "reduce",
        } | options
        context = await self.browser.new_context(**settings)
        visitor = Visitor(context, await context.new_page(), address or self.address)
        self.visitors.append(visitor)
        return visitor


@asynccontextmanager
async def open_browser(address: str) -> AsyncIterator[Browsing]:
    """Debian's Chromium; whoever sat at it has done nothing wrong."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            browsing = Browsing(browser, address)
            yield browsing
            for visitor in browsing.visitors:
                visitor.did_nothing_wrong()
        finally:
            await browser.close()
