"""The page is for everyone: axe finds nothing on any screen in either theme, and the keyboard alone is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


async def violations(visitor: Visitor) -> list[str]:
    """What axe finds, one line each."""
    source = AXE.read_text(encoding="utf-8")
    await visitor.page.evaluate(f"() => {{ if (!window.axe) {{ {source} }} }}")
    found: list[dict[str, Any]] = await visitor.page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{each['id']}: {node['html'][:160]} {node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_screen(browsing: Browsing, server: ServerProcess, theme: str) -> None:
    ana = await browsing.visitor(color_scheme=theme)
    bob = await browsing.visitor()
    await ana.goes_to()
    await ana.page.get_by_label("Your name").wait_for()
    found = {"the door": await violations(ana)}
    await ana.enters("ana")
    found["an empty room"] = await violations(ana)
    await bob.enters("bob")
    await bob.says("**hello** @ana `code` https://a.example\n> quoted\n\n```python\nprint(1)\n```\n- one")
    await ana.message("hello").wait_for()
    await ana.says("/me waves")
    await ana.says("/topic Tea and talk")
    await ana.says("x" * 70_000)
    await ana.page.locator(".fate").wait_for()
    message = await ana.hovers("hello")
    await message.get_by_role("button", name="React with 🍵").click()
    await message.locator(".reaction").wait_for()
    found["a room"] = await violations(ana)
    await message.get_by_role("button", name="React", exact=True).first.click()
    await ana.page.locator(".emoji-grid button").first.wait_for()
    found["the emoji"] = await violations(ana)
    await ana.page.keyboard.press("Escape")
    await ana.says("/nikc")
    await ana.composer.fill("@b")
    await ana.page.locator(".completion").wait_for()
    found["a refusal and a completion"] = await violations(ana)
    await ana.composer.fill("")
    await ana.says("/search hello")
    await ana.page.locator(".hit").wait_for()
    found["search"] = await violations(ana)
    await ana.says("/who")
    found["people"] = await violations(ana)
    await ana.says("/topic")
    found["the room's settings"] = await violations(ana)
    for name, opens in (("settings", "Settings"), ("new room", "New room"), ("the way to a room", "Go to")):
        await ana.page.get_by_role("button", name=opens).first.click()
        await ana.page.get_by_role("dialog").wait_for()
        found[name] = await violations(ana)
        await ana.page.keyboard.press("Escape")
        await expect(ana.page.get_by_role("dialog")).to_have_count(0)
    await ana.page.locator(".list").focus()
    await ana.page.keyboard.press("?")
    await ana.page.get_by_role("dialog").wait_for()
    found["the keys"] = await violations(ana)
    await ana.page.keyboard.press("Escape")
    ana.away = bob.away = True
    await server.kill()
    await ana.page.locator(".connection-bar:not([hidden])").wait_for()
    found["the house is away"] = await violations(ana)
    lines = [f"{screen}: {line}" for screen, lines in found.items() for line in lines]
    assert lines == [], "\n".join(lines)


async def test_the_first_visit_needs_no_mouse(browsing: Browsing) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await bob.enters("bob")
    await bob.says("hello")
    await ana.goes_to()
    keyboard = ana.page.keyboard
    await expect(ana.page.get_by_label("Your name")).to_be_focused()
    await keyboard.type("ana")
    await keyboard.press("Tab")
    await expect(ana.page.get_by_role("button", name="Come in")).to_be_focused()
    await keyboard.press("Space")
    await expect(ana.composer).to_be_focused()
    await keyboard.type("hi @b")
    await expect(ana.page.get_by_role("option")).to_have_count(1)
    await keyboard.press("Tab")
    await expect(ana.composer).to_have_value("hi @bob ")
    await keyboard.press("Enter")
    await bob.sees("hello", "hi @bob")
    for _ in range(6):  # past the ways in, which a room shows while little was said there
        if await ana.page.evaluate("() => document.activeElement.matches('.list')"):
            break
        await keyboard.press("Shift+Tab")
    await expect(ana.page.locator(".list")).to_be_focused()
    await keyboard.press("ArrowUp")
    await keyboard.press("ArrowUp")
    await expect(ana.message("hello")).to_be_focused()
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(bob.message("hello").locator(".reaction")).to_have_count(1)
    await keyboard.press("Control+k")
    await expect(ana.page.get_by_role("combobox")).to_be_focused()
    await keyboard.type("garden")
    await keyboard.press("ArrowUp")
    await keyboard.press("Enter")
    await expect(ana.page.locator(".room-title h1")).to_have_text("garden")
    await keyboard.press("Alt+ArrowDown")
    await expect(ana.page.locator(".room-title h1")).to_have_text("lobby")
    await keyboard.press("Control+k")
    await expect(ana.page.get_by_role("dialog")).to_be_visible()
    await keyboard.press("Escape")
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)
    await expect(ana.composer).to_be_focused()


async def test_a_message_is_announced_once_and_ones_own_not_at_all(browsing: Browsing) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await ana.page.evaluate(
        "() => { window.said = []; const live = document.querySelector('[aria-live=polite]');"
        " new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach("
        "   (node) => window.said.push(node.textContent)))).observe(live, {childList: true, subtree: true}) }"
    )
    await bob.enters("bob")
    await bob.says("first")
    await ana.says("mine")
    await bob.sees("first", "mine")
    await bob.says("second")
    await ana.sees("second")
    await ana.until("() => window.said.length >= 2")
    assert await ana.page.evaluate("() => window.said") == ["bob: first", "bob: second"]
    assert await ana.page.locator(".list").get_attribute("role") == "log"
