"""A house with more rooms than it tells of at once."""

from __future__ import annotations

from playwright.async_api import expect

from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing


async def test_a_room_that_the_house_has_not_told_of_is_found_by_its_name(
    server: ServerProcess, browsing: Browsing
) -> None:
    program = await JsonClient.by_frames(server.host, server.port)
    await program.hello("builder")
    for name in ["zebra-crossing", *(f"room{number}" for number in range(99))]:
        await program.join(name)
        await program.ask("leave", room=name)
    await program.join("lobby")
    await program.ask("post", room="lobby", text="a hundred rooms")
    visitor = await browsing.visitor()
    await visitor.enters("ana")
    page = visitor.page
    await expect(page.get_by_text("zebra-crossing")).to_have_count(0)
    await page.get_by_role("button", name="More rooms …").click()
    await page.get_by_role("combobox").fill("zebra-c")
    await expect(page.locator("#way-0 .choice-label")).to_have_text("zebra-crossing")
    await page.keyboard.press("Enter")
    await expect(page.locator(".room-link[aria-current=page]")).to_contain_text("zebra-crossing")
    await program.close()
