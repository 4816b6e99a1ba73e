"""What is in the composer while the house takes its time to answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.support.inbox import PATIENCE_S
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


class Held:
    """Commands of one kind that do not reach the house until they are let through."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._held: asyncio.Queue[tuple[WebSocketRoute, str | bytes]] = asyncio.Queue()

    async def before(self, visitor: Visitor) -> None:
        await visitor.page.route_web_socket("**/ws", self._connected)

    def _connected(self, route: WebSocketRoute) -> None:
        house = route.connect_to_server()

        def asked(text: str | bytes) -> None:
            if json.loads(text)["type"] == self._kind:
                self._held.put_nowait((house, text))
            else:
                house.send(text)

        route.on_message(asked)

    async def let_through(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            house, text = await self._held.get()
        house.send(text)


async def test_what_is_written_while_a_command_is_on_its_way_stays(browsing: Browsing) -> None:
    ana, held = await browsing.visitor(), Held("topic")
    await held.before(ana)
    await ana.enters("ana")
    await ana.says("/topic Tea")
    await ana.composer.fill("next")
    await held.let_through()
    await expect(ana.page.locator(".room-topic")).to_have_text("Tea")
    await ana.until(TWO_FRAMES)
    await expect(ana.composer).to_have_value("next")


@pytest.mark.parametrize("typed", ["next", "tea? next"])
async def test_what_is_written_while_a_correction_is_on_its_way_becomes_the_draft(
    browsing: Browsing, typed: str
) -> None:
    ana, held = await browsing.visitor(), Held("edit")
    await held.before(ana)
    await ana.enters("ana")
    await ana.says("tee?")
    await ana.sees("tee?")
    await ana.composer.press("ArrowUp")
    await expect(ana.composer).to_have_value("tee?")
    await ana.says("tea?")
    await ana.composer.fill(typed)
    await held.let_through()
    await expect(ana.message("tea?").locator(".edited")).to_be_visible()
    await expect(ana.page.locator(".about")).to_have_count(0)
    await expect(ana.composer).to_have_value("next")
    await ana.page.reload()
    await ana.is_in()
    await expect(ana.composer).to_have_value("next")


async def test_an_answer_leaves_the_field_empty(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("tea?")
    await ana.sees("tea?")
    await (await ana.hovers("tea?")).get_by_role("button", name="Reply").click()
    await ana.says("green")
    await ana.sees("tea?", "green")
    await ana.until(TWO_FRAMES)
    await expect(ana.composer).to_have_value("")
