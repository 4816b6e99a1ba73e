"""The contract of the list: what is read does not move, whatever comes; the end stays the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.big_log import fill
from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

EVENTS = 5_000
A_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose lobby has a long past."""
    fill(tmp_path / "data", EVENTS, rooms=1)
    process = ServerProcess(tmp_path / "data")
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def program(server: ServerProcess) -> AsyncIterator[JsonClient]:
    """Somebody who talks."""
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    yield program
    await program.close()


async def at_the_end(visitor: Visitor) -> None:
    await visitor.until("() => { const list = document.querySelector('.list'); return list.scrollHeight > list.clientHeight"
                        " && list.scrollHeight - list.scrollTop - list.clientHeight <= 1 }")  # fmt: skip


async def a_reader(browsing: Browsing) -> Visitor:
    """Somebody who has read everything."""
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.page.keyboard.press("Shift+Escape")
    await ana.page.keyboard.press("Escape")
    await at_the_end(ana)
    return ana


async def scrolls(visitor: Visitor, pixels: int) -> None:
    await visitor.page.mouse.move(700, 400)
    before = (await visitor.scroll())["top"]
    await visitor.page.mouse.wheel(0, pixels)
    await visitor.until("(before) => document.querySelector('.list').scrollTop !== before", before)
    await visitor.until(A_FRAME)


async def first_seen(visitor: Visitor) -> tuple[str, float]:
    """The first whole message on screen, and where it stands."""
    key, top = await visitor.page.evaluate(
        "() => { const edge = document.querySelector('.list').getBoundingClientRect().top;"
        " const row = [...document.querySelectorAll('.message')].find((each) => each.getBoundingClientRect().top >= edge);"
        " return [row.dataset.key, row.getBoundingClientRect().top] }"
    )
    return key, top


async def top_of(visitor: Visitor, key: str) -> float:
    top: float = await visitor.page.evaluate(
        "(key) => [...document.querySelectorAll('.message')].find((each) => each.dataset.key === key).getBoundingClientRect().top",
        key,
    )
    return top


async def test_who_is_at_the_end_stays_there(browsing: Browsing, program: JsonClient) -> None:
    ana = await a_reader(browsing)
    for number in range(20):
        await program.ask("post", room="lobby", text=f"line one of {number}\nline two")
    await ana.sees("line one of 19\nline two")
    await at_the_end(ana)


async def test_who_reads_further_up_is_not_moved_by_one_pixel_and_is_told(
    browsing: Browsing, program: JsonClient
) -> None:
    ana = await a_reader(browsing)
    await scrolls(ana, -700)
    key, top = await first_seen(ana)
    for number in range(3):
        await program.ask("post", room="lobby", text=f"new {number}")
    button = ana.page.get_by_role("button", name="3 new messages")
    await expect(button).to_be_visible()
    assert await top_of(ana, key) == top
    await button.click()
    await at_the_end(ana)
    await expect(ana.page.locator(".new-line")).to_have_count(1)
    await ana.sees("new 0", "new 1", "new 2")


async def test_my_own_message_goes_to_the_end_from_anywhere(browsing: Browsing) -> None:
    ana = await a_reader(browsing)
    await scrolls(ana, -3_000)
    await ana.says("here I am")
    await ana.sees("here I am")
    await at_the_end(ana)


async def test_history_that_is_put_before_moves_nothing_and_few_rows_are_in_the_document(browsing: Browsing) -> None:
    ana = await a_reader(browsing)
    oldest = "() => Math.min(...[...document.querySelectorAll('.message[data-seq]')].map((each) => Number(each.dataset.seq)))"
    was = await ana.page.evaluate(oldest)
    while await ana.page.evaluate(oldest) > was - 600:
        await scrolls(ana, -1_200)
        key, top = await first_seen(ana)
        await ana.until(A_FRAME)
        assert abs(await top_of(ana, key) - top) < 1
        assert await ana.page.locator(".message").count() <= 300
    await scrolls(ana, 1_000)
    assert await ana.page.locator(".hole").count() <= 1


async def test_a_growing_composer_and_a_new_window_size_keep_the_end(browsing: Browsing) -> None:
    ana = await a_reader(browsing)
    await ana.composer.fill("\n".join("a long thought"))
    await at_the_end(ana)
    await ana.page.set_viewport_size({"width": 900, "height": 500})
    await at_the_end(ana)
    await ana.composer.fill("")
    await at_the_end(ana)


async def test_a_new_window_size_keeps_what_is_read(browsing: Browsing) -> None:
    ana = await a_reader(browsing)
    await scrolls(ana, -1_500)
    key, top = await first_seen(ana)
    await ana.page.set_viewport_size({"width": 1_280, "height": 600})
    await ana.until(A_FRAME)
    assert abs(await top_of(ana, key) - top) < 1


async def test_older_history_is_not_asked_for_before_one_scrolls(browsing: Browsing) -> None:
    asked: list[str] = []
    ana = await browsing.visitor()

    def sent(frame: str | bytes) -> None:
        asked.append(json.loads(frame)["type"])

    ana.page.on("websocket", lambda socket: socket.on("framesent", sent))
    await ana.enters("ana")
    await expect(ana.page.locator(".message").first).to_be_visible()
    await ana.until(A_FRAME)
    before = asked.count("history")
    assert before <= 2
    await ana.page.evaluate("() => document.querySelector('.list').dispatchEvent(new Event('scroll'))")
    await ana.until(A_FRAME)
    assert asked.count("history") == before


async def test_a_room_opens_where_reading_stopped(browsing: Browsing, program: JsonClient) -> None:
    ana = await a_reader(browsing)
    await ana.says("/join garden")
    await expect(ana.page.locator(".room-title h1")).to_have_text("garden")
    for number in range(40):
        await program.ask("post", room="lobby", text=f"unread {number}")
    link = ana.page.locator(".room-link", has_text="lobby")
    await expect(link.locator(".count")).to_have_text("40")
    await link.click()
    line = ana.page.locator(".new-line")
    await expect(line).to_be_in_viewport()
    assert (await ana.scroll())["below"] > 100
    await expect(link.locator(".count")).to_have_text("40")
    await ana.page.locator(".list").press("End")
    await ana.page.keyboard.press("Escape")
    await at_the_end(ana)
    await expect(link.locator(".count")).to_have_count(0)


async def test_the_keyboard_goes_through_the_messages(browsing: Browsing, program: JsonClient) -> None:
    for text in ("first", "second", "third"):
        await program.ask("post", room="lobby", text=text)
    ana = await a_reader(browsing)
    await ana.page.locator(".list").focus()
    await ana.page.keyboard.press("ArrowUp")
    await expect(ana.message("third")).to_be_focused()
    await ana.page.keyboard.press("ArrowUp")
    await expect(ana.message("second")).to_be_focused()
    await expect(ana.message("second").get_by_role("toolbar")).to_be_visible()
    await ana.page.keyboard.press("r")
    await expect(ana.page.locator(".composer .about")).to_contain_text("second")
    await expect(ana.composer).to_be_focused()
    await ana.page.keyboard.press("Escape")
    await expect(ana.page.locator(".composer .about")).to_have_count(0)
