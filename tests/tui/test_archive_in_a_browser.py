"""The exported page in a real browser that has no network: it opens, searches, and does nothing that it must not."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from teahouse.client import connect
from teahouse.testing import House
from teahouse.tui.export import export_to
from tests.support.lacks import CHROMIUM, browser_lacks
from tests.tui.test_export import a_room

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


async def test_the_page_opens_offline_and_its_search_finds_shanghai(server: House, tmp_path: Path) -> None:
    if (lacks := browser_lacks()) is not None:
        pytest.skip(lacks)
    file = tmp_path / "tea.html"
    async with connect(server.address, name="ana") as ana:
        await a_room(ana)
        await export_to(ana, "tea", "html", file)
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(offline=True)
        page = await context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        await page.goto(file.as_uri())
        await expect(page.get_by_text("two\nlines")).to_be_visible()
        await page.keyboard.press("/")
        await page.keyboard.type("上海 ANA")
        hits = page.locator("#hits a")
        await expect(hits).to_have_count(1)
        await expect(hits.locator("mark", has_text="上海")).to_be_visible()
        await expect(page.locator("main")).to_be_hidden()
        await hits.click()
        await expect(page.locator("#m1")).to_be_visible()
        assert page.url.endswith("#m1")
        await page.get_by_role("searchbox").fill("script alert")
        await expect(hits).to_have_count(1)
        await page.get_by_role("searchbox").fill("nothing like it")
        await expect(page.get_by_role("status")).to_have_text("0 found · 找到 0 条")
        await browser.close()
    assert wrong == []
