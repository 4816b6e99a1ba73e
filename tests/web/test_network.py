"""A bad network and a house that falls: what is on screen stays, what is written arrives, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.json_client import JsonClient
from tests.support.proxy import Proxy
from tests.support.server_process import HOST, ServerProcess
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


class Way(Proxy):
    """A way to the house that can be cut and mended."""

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Open it; again on the same port."""
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]


@pytest.fixture
async def way(server: ServerProcess) -> AsyncIterator[Way]:
    """An open way to the server."""
    way = Way(server.port)
    await way.start()
    yield way
    await way.stop()


async def said_in_lobby(server: ServerProcess) -> list[str]:
    """Every message of the lobby, as the house has them."""
    program = await JsonClient.by_frames(server.host, server.port)
    await program.hello("judge")
    texts: list[str] = []
    page: dict[str, Any] = {"more": True}
    while page["more"]:
        page = await program.ask("history", room="lobby", after=page.get("last", 0), limit=500)
        page["last"] = page["messages"][-1]["seq"] if page["messages"] else page["as_of"]
        texts += [message["text"] for message in page["messages"]]
    await program.close()
    return texts


async def test_three_messages_written_offline_arrive_once_in_order_after_a_reload(
    browsing: Browsing, server: ServerProcess
) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    await ana.says("before")
    await bob.sees("before")
    await ana.until("() => navigator.serviceWorker.controller !== null")

    ana.away = bob.away = True
    await server.kill()
    for text in ("one", "two", "three"):
        await ana.says(text)
    await expect(ana.page.locator(".message.unsent")).to_have_count(3)
    await expect(ana.message("before")).to_be_visible()
    await ana.page.reload()
    await expect(ana.page.locator(".message.unsent")).to_have_count(3)

    await server.start()
    await ana.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    await ana.sees("before", "one", "two", "three")
    await bob.sees("before", "one", "two", "three")
    await expect(ana.page.locator(".message")).to_have_count(4)
    assert await said_in_lobby(server) == ["before", "one", "two", "three"]


async def test_who_goes_through_a_tunnel_loses_nothing_and_need_not_do_anything(browsing: Browsing, way: Way) -> None:
    ana, bob = await browsing.visitor(way.address), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    await ana.says("before")
    await bob.sees("before")
    ana.away = True
    await way.stop()
    await ana.says("written in a tunnel")
    await bob.says("meanwhile")
    await bob.sees("before", "meanwhile")
    await way.start()
    await bob.sees("before", "meanwhile", "written in a tunnel")
    await ana.sees("before", "meanwhile", "written in a tunnel")


async def test_a_house_that_is_killed_while_two_type_loses_and_doubles_nothing(
    browsing: Browsing, server: ServerProcess
) -> None:
    visitors = [await browsing.visitor(), await browsing.visitor()]
    for visitor, name in zip(visitors, ("ana", "bob"), strict=True):
        await visitor.enters(name)
        visitor.away = True

    async def types(visitor: Visitor, name: str) -> list[str]:
        written = [f"{name} {number}" for number in range(25)]
        for text in written:
            await visitor.says(text)
        return written

    typing = [
        asyncio.ensure_future(types(visitor, name)) for visitor, name in zip(visitors, ("ana", "bob"), strict=True)
    ]
    for _ in range(2):
        await visitors[0].until("() => document.querySelectorAll('.message').length > 10")
        await server.kill()
        await server.start()
    written = [await task for task in typing]
    for visitor in visitors:
        await visitor.until(
            "() => document.querySelectorAll('.message').length === 50 && !document.querySelector('.message.unsent')"
        )
    stored = await said_in_lobby(server)
    assert sorted(stored) == sorted([*written[0], *written[1]])
    for texts in written:
        assert [text for text in stored if text in texts] == texts
    for visitor in visitors:
        assert await visitor.texts() == stored


async def test_the_bar_says_that_one_can_keep_writing_and_goes_when_all_is_well(
    browsing: Browsing, server: ServerProcess
) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    bar = ana.page.locator(".connection-bar")
    ana.away = True
    await server.kill()
    await ana.says("waiting")
    await expect(bar).to_have_text("Reconnecting… you can keep writing (1 waiting)")
    await expect(ana.page.locator(".message.unsent .waiting")).to_be_visible()
    await expect(ana.composer).to_be_enabled()
    await server.start()
    await ana.sees("waiting")
    await expect(bar).to_be_hidden()


async def test_what_is_refused_stays_with_its_words_and_can_be_mended(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("x" * 70_000)
    await ana.says("short")
    fate = ana.page.locator(".fate")
    await expect(fate).to_contain_text("Not sent.")
    await ana.until("() => document.querySelectorAll('.message:not(.unsent)').length === 1")
    await fate.get_by_role("button", name="Retry").click()
    await expect(fate).to_contain_text("Not sent.")
    await fate.get_by_role("button", name="Edit").click()
    await expect(ana.composer).to_have_value("x" * 70_000)
    await expect(fate).to_have_count(0)
    await ana.says("mended")
    await ana.sees("short", "mended")


async def test_who_missed_more_than_is_sent_can_read_all_of_it(
    browsing: Browsing, server: ServerProcess, way: Way
) -> None:
    ana = await browsing.visitor(way.address)
    await ana.enters("ana")
    await ana.says("before")
    await ana.sees("before")
    ana.away = True
    await way.stop()
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    for number in range(1, 601):
        await program.ask("post", room="lobby", text=f"missed {number}")
    await way.start()
    await ana.sees("missed 600")
    await ana.page.locator(".list").press("Home")
    await ana.page.mouse.move(700, 400)
    while await ana.message("before").count() == 0:
        await ana.page.mouse.wheel(0, -2_000)
        await ana.until(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
        )
    await expect(ana.page.locator(".hole")).to_have_count(0)
    await program.close()


async def two_tabs(browsing: Browsing) -> tuple[Visitor, Visitor]:
    """Somebody who has the page open twice."""
    one = await browsing.visitor()
    await one.enters("ana")
    two = Visitor(one.context, await one.context.new_page(), one.address)
    browsing.visitors.append(two)
    await two.goes_to()
    await two.is_in()
    await one.says("before")
    await two.sees("before")
    one.away = two.away = True
    return one, two


async def are_settled(count: int, *tabs: Visitor) -> None:
    """All come back at once; each shows so many messages, and all are stored."""
    for tab in tabs:
        await tab.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    for tab in tabs:
        await tab.until(
            "(count) => document.querySelectorAll('.message').length === count && !document.querySelector('.message.unsent')",
            count,
        )


async def test_two_tabs_send_from_one_outbox_and_each_message_is_there_once(
    browsing: Browsing, server: ServerProcess
) -> None:
    one, two = await two_tabs(browsing)
    await server.kill()
    await one.says("from one")
    await two.says("from the other")
    await server.start()
    await are_settled(3, one, two)
    stored = await said_in_lobby(server)
    assert sorted(stored) == ["before", "from one", "from the other"]
    assert await one.texts() == await two.texts() == stored


async def test_what_was_written_in_a_tab_that_is_closed_is_sent_by_the_other(
    browsing: Browsing, server: ServerProcess
) -> None:
    one, two = await two_tabs(browsing)
    await server.kill()
    await one.says("from a tab that is closed")
    await one.until("() => localStorage.getItem('teahouse.draft.lobby') === null")  # the outbox has it
    await one.page.close()
    await server.start()
    await are_settled(2, two)
    assert await said_in_lobby(server) == ["before", "from a tab that is closed"]
