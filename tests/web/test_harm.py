"""What strangers write: shown as what it is, everywhere it is shown, and it stays where it belongs."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess
from tests.web.hostile import SCRIPTS, UGLY
from tests.web.visitor import Browsing, Visitor

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

WATCH = """
window.hit = 0;
window.breaches = [];
document.addEventListener('securitypolicyviolation', (event) => window.breaches.push(event.violatedDirective));
"""
A_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


async def watched(browsing: Browsing) -> Visitor:
    """Somebody whose browser notes each script that ran and each breach of the policy."""
    ana = await browsing.visitor()
    await ana.page.add_init_script(WATCH)
    return ana


async def unharmed(visitor: Visitor) -> None:
    assert await visitor.page.evaluate("() => [window.hit, window.breaches]") == [0, []]
    assert (
        await visitor.page.locator(
            "#page :is(script, iframe, object, embed, base, meta, link, style, form[action])"
        ).count()
        == 0
    )
    assert await visitor.page.locator("#page a:not([href^='http'], [href^='/'], [href^='#'])").count() == 0


async def test_six_hundred_scripts_in_every_field_run_nowhere(browsing: Browsing, server: ServerProcess) -> None:
    assert len(SCRIPTS) == len(set(SCRIPTS)) == 600
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    ana = await watched(browsing)
    await ana.enters("ana")
    for number, text in enumerate(SCRIPTS):
        await program.ask("post", room="lobby", text=text)
        if number % 4 == 0:
            await program.ask("topic", room="lobby", topic=text.replace("\n", " ").strip()[:300])
            reaction = text.replace(" ", "").replace("\n", "")[:32]
            seq = (await program.ask("post", room="lobby", text="react", form="act"))["seq"]
            await program.ask("react", room="lobby", target=seq, emoji=reaction)
        if number % 100 == 99:
            await ana.until("(count) => document.querySelectorAll('.message').length > 20")
            await unharmed(ana)
    for name in (text.replace(" ", "")[:32] for text in SCRIPTS[::7]):
        await program.ask("rename", name=name)  # most are no names; those that are will be shown
    for room in (text.replace(" ", "")[:50] for text in SCRIPTS[::9]):
        await program.ask("join", room=room)
    await ana.page.mouse.move(700, 400)
    while await ana.page.locator(".message[data-seq='1']").count() == 0:
        await ana.page.mouse.wheel(0, -4_000)
        await ana.until(A_FRAME)
    await unharmed(ana)
    await ana.says("/search alert")
    await expect(ana.page.locator(".hit").first).to_be_visible()
    await ana.page.keyboard.press("Control+k")
    await expect(ana.page.locator(".ways li").first).to_be_visible()
    await unharmed(ana)
    await program.close()


async def test_what_one_writes_oneself_harms_nobody_either(browsing: Browsing) -> None:
    ana = await watched(browsing)
    await ana.enters("ana")
    for text in SCRIPTS[:600:30]:
        await ana.composer.fill("")
        await ana.says(text.strip())
        await ana.composer.fill(f"@{text.strip()}")
    await ana.composer.fill("")
    await expect(ana.page.locator(".message:not(.unsent)")).to_have_count(20)
    await unharmed(ana)


async def test_an_address_that_is_a_script_leads_nowhere(browsing: Browsing) -> None:
    ana = await watched(browsing)
    await ana.enters("ana", "/r/%3Cimg%20src=x%20onerror=alert(1)%3E")
    await ana.is_in()
    await unharmed(ana)


async def test_ugly_texts_and_wide_names_keep_the_page_in_shape(browsing: Browsing, server: ServerProcess) -> None:
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("Ｗ" * 32)
    await program.join("lobby")
    visitors = [await browsing.visitor(viewport={"width": width, "height": 700}) for width in (360, 1_600)]
    for number, visitor in enumerate(visitors):
        await visitor.enters(f"visitor{number}")
    answers = [await program.ask("post", room="lobby", text=text) for text in UGLY]
    assert {answer["type"] for answer in answers} == {"stored"}
    last = answers[-1]["seq"]
    for visitor in visitors:
        await visitor.page.locator(f".message[data-seq='{last}']").wait_for()
        sizes = await visitor.page.evaluate(
            "() => { const list = document.querySelector('.list'); const width = list.clientWidth; return {"
            " sideways: document.documentElement.scrollWidth - innerWidth, list: list.scrollWidth - width,"
            " wide: [...document.querySelectorAll('.message')].filter((each) => each.getBoundingClientRect().width > width).length,"
            " tall: Math.max(...[...document.querySelectorAll('.message')].map((each) => each.offsetHeight)) } }"
        )
        assert (sizes["sideways"], sizes["list"], sizes["wide"]) == (0, 0, 0)
        assert sizes["tall"] < 12_000
    await program.close()
