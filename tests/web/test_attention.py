"""How the page makes itself heard when nobody looks at it, each way watched where it leaves the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

WATCH = """
window.badges = []; window.tones = 0; window.notices = [];
navigator.setAppBadge = async (count) => void window.badges.push(count);
navigator.clearAppBadge = async () => void window.badges.push(0);
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
window.Notification = class extends Notification {
  constructor(title, options) { super(title, options); window.notices.push([title, options.body]); }
};
"""
HIDE = """() => {
  Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
async def ana(browsing: Browsing) -> Visitor:
    """Somebody who is in two rooms and looks at the second, with a browser that grants what it is asked."""
    ana = await browsing.visitor(permissions=["notifications"])
    await ana.page.add_init_script(WATCH)
    await ana.enters("ana")
    await ana.says("/join garden")
    await expect(ana.page.locator(".room-title h1")).to_have_text("garden")
    return ana


@pytest.fixture
async def program(server: ServerProcess, ana: Visitor) -> AsyncIterator[JsonClient]:
    """Somebody else, in the lobby."""
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    yield program
    await program.close()


async def says(program: JsonClient, ana: Visitor, text: str, unread: int) -> None:
    """Say it in the lobby; it is counted on the page."""
    await program.ask("post", room="lobby", text=text)
    await expect(ana.page.locator(".room-link", has_text="lobby").locator(".count")).to_have_text(str(unread))


async def turn_on(ana: Visitor, label: str) -> None:
    await ana.page.get_by_role("button", name="Settings", exact=True).click()
    await ana.page.get_by_label(label).check()
    await ana.page.keyboard.press("Escape")
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)


async def test_the_badge_counts_who_meant_us_and_goes_when_it_is_read(ana: Visitor, program: JsonClient) -> None:
    await says(program, ana, "anyone?", 1)
    await says(program, ana, "@ana?", 2)
    await says(program, ana, "@ana!", 3)
    await ana.until("() => window.badges.at(-1) === 2")
    await expect(ana.page).to_have_title("(2) garden · Teahouse")
    await ana.page.locator(".room-link", has_text="lobby").click()
    await ana.until("() => window.badges.at(-1) === 0")


async def test_the_page_is_silent_until_a_sound_is_wanted(ana: Visitor, program: JsonClient) -> None:
    await says(program, ana, "@ana?", 1)
    assert await ana.page.evaluate("() => window.tones") == 0
    await turn_on(ana, "Play a sound")
    await says(program, ana, "to nobody in particular", 2)
    await ana.says("my own, @ana")
    await ana.sees("my own, @ana")
    assert await ana.page.evaluate("() => window.tones") == 0
    await says(program, ana, "@ana!", 3)
    assert await ana.page.evaluate("() => window.tones") == 2  # one sound has two


async def test_a_mention_in_a_hidden_page_is_notified_with_its_author_and_room(
    ana: Visitor, program: JsonClient
) -> None:
    await turn_on(ana, "Show notifications")
    await program.join("garden")
    await ana.page.evaluate(HIDE)
    await program.ask("post", room="garden", text="to nobody in particular")
    await program.ask("post", room="garden", text="**tea**, @ana?")
    await ana.until("() => window.notices.length > 0")
    assert await ana.page.evaluate("() => window.notices") == [["program · garden", "tea, @ana?"]]


async def test_a_room_is_as_loud_as_it_was_told_to_be(ana: Visitor, program: JsonClient) -> None:
    await turn_on(ana, "Show notifications")
    lobby = ana.page.locator(".room-link", has_text="lobby")
    for choice, heard in (("All messages", ["plain", "@ana"]), ("Only when I am mentioned", ["@ana"]), ("Nothing", [])):
        await lobby.click()
        await ana.page.get_by_role("button", name="This room").click()
        await ana.page.get_by_role("radio", name=choice).check()
        await ana.page.get_by_role("button", name="Close").click()
        await ana.page.locator(".room-link", has_text="garden").click()
        await ana.page.evaluate("() => { window.notices = []; }")
        for text in ("plain", "@ana"):
            await program.ask("post", room="lobby", text=text)
        await program.join("garden")
        await program.ask("post", room="garden", text=f"after {choice}")
        await ana.message(f"after {choice}").wait_for()
        assert [body for _, body in await ana.page.evaluate("() => window.notices")] == heard
