"""What people do with the page, together with people at other doors."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.support.json_client import JsonClient
from tests.support.old_programs import frame_program, text_program
from tests.support.server_process import ServerProcess
from tests.support.text_client import TextClient
from tests.web.visitor import Browsing

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


async def test_a_name_and_the_first_message_is_on_its_way(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.goes_to()
    await expect(ana.page.get_by_label("Your name")).to_be_focused()
    await ana.page.keyboard.type("ana")
    await ana.page.keyboard.press("Enter")
    await expect(ana.composer).to_be_focused()
    await ana.page.keyboard.type("hello")
    await ana.page.keyboard.press("Enter")
    await ana.sees("hello")
    assert await ana.composer.input_value() == ""
    await expect(ana.composer).to_be_focused()


async def test_no_name_is_a_name_too(browsing: Browsing) -> None:
    guest = await browsing.visitor()
    await guest.goes_to()
    await guest.page.get_by_role("button", name="Come in without a name").click()
    await guest.is_in()
    await guest.says("hello")
    await guest.sees("hello")
    await expect(guest.page.locator(".author")).to_contain_text("guest-")


async def test_a_name_that_is_taken_is_said_and_another_gets_in(browsing: Browsing, server: ServerProcess) -> None:
    other = await JsonClient.by_frames(server.host, server.port)
    await other.hello("ana")
    ana = await browsing.visitor()
    await ana.goes_to()
    await ana.page.get_by_label("Your name").fill("ana")
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.get_by_role("alert")).to_contain_text("taken")
    await ana.page.get_by_label("Your name").fill("anna")
    await ana.page.keyboard.press("Enter")
    await ana.is_in()
    await other.close()


async def test_a_reload_brings_the_same_guest_back(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("mine")
    await ana.sees("mine")
    before = await ana.stored("me")
    await ana.page.reload()
    await ana.is_in()
    await ana.sees("mine")
    assert await ana.stored("me") == before
    message = await ana.hovers("mine")
    await expect(message.get_by_role("button", name="Edit")).to_be_visible()


async def test_two_browsers_nc_and_the_old_programs_sit_in_one_room(browsing: Browsing, server: ServerProcess) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    lines = await TextClient.by_lines(server.host, server.port)
    lines.send("from nc")
    await ana.sees("from nc")
    with frame_program((server.host, server.port)) as frames, text_program((server.host, server.port)) as text:
        frames.say("from a frame")
        await bob.sees("from nc", "from a frame")
        text.say("from the text program")
        await ana.sees("from nc", "from a frame", "from the text program")
        await bob.says("茶 from the page")
        await ana.sees("from the text program", "茶 from the page")
        assert "bob: 茶 from the page" in frames.wait_until(lambda shown: any("茶" in line for line in shown))[-1]
        assert "bob: 茶 from the page" in text.wait_until(lambda shown: any("茶" in line for line in shown))[-1]
    await lines.close()


async def test_what_one_edits_deletes_and_reacts_to_the_other_sees_live(browsing: Browsing) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    await ana.says("tee?")
    await bob.sees("tee?")

    await ana.composer.press("ArrowUp")
    await expect(ana.composer).to_have_value("tee?")
    await ana.says("tea?")
    await bob.sees("tea?")
    await expect(bob.message("tea?").locator(".edited")).to_be_visible()

    message = await bob.hovers("tea?")
    await message.get_by_role("button", name="React with 🍵").click()
    mine = ana.message("tea?").locator(".reaction")
    await expect(mine).to_have_text("🍵1")
    await mine.click()
    await expect(bob.message("tea?").locator(".reaction")).to_have_text("🍵2")
    await expect(mine).to_have_attribute("aria-pressed", "true")

    message = await bob.hovers("tea?")
    await message.get_by_role("button", name="Reply").click()
    await bob.says("green, please")
    await expect(ana.message("green, please").locator(".reply-to")).to_contain_text("tea?")

    message = await ana.hovers("tea?")
    await message.get_by_role("button", name="Delete").click()
    await expect(bob.page.locator(".said.gone")).to_have_count(1)
    await expect(bob.message("green, please").locator(".reply-to")).to_contain_text("deleted")


async def test_enter_takes_a_word_while_it_is_composed_and_sends_nothing(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    session = await ana.context.new_cdp_session(ana.page)
    await ana.composer.focus()
    await session.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    await expect(ana.composer).to_have_value("ni hao")
    for kind in ("keydown", "keyup"):
        await ana.composer.dispatch_event(kind, {"key": "Enter", "isComposing": True, "keyCode": 229})
    await session.send("Input.insertText", {"text": "你好"})
    await expect(ana.composer).to_have_value("你好")
    await expect(ana.page.locator(".message")).to_have_count(0)
    await ana.composer.press("Enter")
    await ana.sees("你好")


async def test_chinese_is_found_and_opened_where_it_was_said(browsing: Browsing, server: ServerProcess) -> None:
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    await program.ask("post", room="lobby", text="我在上海喝茶")
    for number in range(150):
        await program.ask("post", room="lobby", text=f"later {number}")
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("/search 上海")
    hit = ana.page.locator(".hit")
    await expect(hit).to_have_count(1)
    await expect(hit.locator("mark")).to_have_text("上海")
    await hit.click()
    await expect(ana.message("我在上海喝茶")).to_be_in_viewport()
    assert ana.page.url.endswith("/r/lobby/1")
    assert (await ana.scroll())["below"] > 1_000
    await program.close()


async def test_a_link_to_a_message_opens_it_lit_and_both_ways_can_be_read_on(
    browsing: Browsing, server: ServerProcess
) -> None:
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    for number in range(1, 301):
        await program.ask("post", room="lobby", text=f"number {number}")
    ana = await browsing.visitor()
    await ana.enters("ana", "/r/lobby/150")
    await expect(ana.page.locator(".message[data-seq='150']")).to_be_in_viewport()
    await expect(ana.page.locator(".message[data-seq='150']")).to_be_focused()
    await ana.page.mouse.move(700, 400)
    for wheel, wanted in ((-900, 60), (900, 260)):
        while await ana.page.locator(f".message[data-seq='{wanted}']").count() == 0:
            await ana.page.mouse.wheel(0, wheel)
            await ana.until(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
            )
    await ana.says("the end")
    await ana.sees("number 300", "the end")
    await expect(ana.message("the end")).to_be_in_viewport()
    await program.close()


async def test_a_conversation_of_two_opens_by_itself_and_only_the_two_see_it(browsing: Browsing) -> None:
    ana, bob, carl = [await browsing.visitor() for _ in range(3)]
    for visitor, name in ((ana, "ana"), (bob, "bob"), (carl, "carl")):
        await visitor.enters(name)
    await ana.says("/msg bob between us")
    await ana.sees("between us")
    link = bob.page.locator(".room-link.meant")
    await expect(link).to_contain_text("ana")
    await link.click()
    await bob.sees("between us")
    await bob.says("yes")
    await ana.sees("between us", "yes")
    await expect(carl.page.locator(".sidebar")).not_to_contain_text("Conversations")


async def test_slash_commands_do_what_they_do_at_every_door(browsing: Browsing) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    await ana.says("/nick anna")
    await expect(bob.page.locator(".sidebar .person")).to_have_text("Aanna")
    await ana.says("/me waves")
    await expect(bob.page.locator(".message.act")).to_contain_text("anna waves")
    await ana.says("/topic Tea and talk")
    await expect(bob.page.locator(".room-topic")).to_have_text("Tea and talk")
    await ana.says("/nikc x")
    await expect(ana.page.locator(".notice")).to_contain_text("There is no /nikc")
    await expect(ana.composer).to_have_value("/nikc x")
    await ana.says("//nick")
    await bob.sees("/nick")
    await ana.says("/join garden")
    await expect(ana.page.locator(".room-title h1")).to_have_text("garden")
    await ana.says("/who")
    await expect(ana.page.locator(".panel .people")).to_contain_text("anna")
    await ana.says("/leave")
    await expect(ana.page.locator(".room-title h1")).to_have_text("lobby")


async def test_who_writes_is_seen_writing(browsing: Browsing) -> None:
    ana, bob = await browsing.visitor(), await browsing.visitor()
    await ana.enters("ana")
    await bob.enters("bob")
    await bob.composer.press_sequentially("hm")
    await expect(ana.page.locator(".typing")).to_contain_text("bob is writing")
    await bob.says("done")
    await expect(ana.page.locator(".typing")).to_have_text("")


async def test_a_room_that_nobody_looks_at_counts_and_says_so_in_the_title(
    browsing: Browsing, server: ServerProcess
) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.says("/join garden")
    await expect(ana.page).to_have_title("garden · Teahouse")
    program = await JsonClient.by_frames(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    await program.ask("post", room="lobby", text="anyone?")
    await expect(ana.page).to_have_title("• garden · Teahouse")
    await program.ask("post", room="lobby", text="@ana?")
    await expect(ana.page).to_have_title("(1) garden · Teahouse")
    link = ana.page.locator(".room-link", has_text="lobby")
    await expect(link.locator(".count")).to_have_text("2")
    await link.click()
    await expect(ana.page.locator(".new-line")).to_be_in_viewport()
    await expect(ana.page).to_have_title("lobby · Teahouse")
    await program.close()


async def test_a_draft_waits_in_its_room(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    await ana.composer.fill("half a thought")
    await ana.page.get_by_role("button", name="New room").click()
    await ana.page.get_by_label("Name of the room").fill("garden")
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.locator(".room-title h1")).to_have_text("garden")
    await expect(ana.composer).to_have_value("")
    await ana.page.go_back()
    await expect(ana.composer).to_have_value("half a thought")
    await ana.page.reload()
    await expect(ana.composer).to_have_value("half a thought")


async def test_on_a_phone_one_pane_is_shown_at_a_time(browsing: Browsing) -> None:
    ana = await browsing.visitor(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    await ana.enters("ana")
    await expect(ana.page.locator(".sidebar")).to_be_hidden()
    await ana.composer.fill("hello")
    await ana.composer.press("Enter")
    await expect(ana.composer).to_have_value("hello\n")
    await ana.page.get_by_role("button", name="Send").tap()
    await ana.sees("hello")
    await ana.message("hello").get_by_role("button", name="Actions").tap()
    await expect(ana.page.get_by_role("toolbar")).to_be_in_viewport()
    await ana.page.get_by_role("button", name="Rooms").tap()
    await expect(ana.page.locator(".sidebar")).to_be_visible()
    await expect(ana.composer).to_be_hidden()
    await ana.page.locator(".room-link", has_text="lobby").tap()
    await ana.page.get_by_role("button", name="Search").tap()
    await expect(ana.page.locator(".panel")).to_be_visible()
    await expect(ana.composer).to_be_hidden()


async def test_the_page_speaks_chinese_to_who_does(browsing: Browsing) -> None:
    ana = await browsing.visitor(locale="zh-CN")
    await ana.goes_to()
    await ana.page.get_by_label("你的名字").fill("阿娜")
    await ana.page.keyboard.press("Enter")
    await ana.is_in()
    await ana.says("你好")
    await ana.sees("你好")
    assert await ana.page.locator("html").get_attribute("lang") == "zh-CN"
    await expect(ana.page.locator(".sidebar")).to_contain_text("房间")


async def test_a_long_paste_asks_how_it_is_meant(browsing: Browsing) -> None:
    ana = await browsing.visitor()
    await ana.enters("ana")
    paste = (
        "(text) => { const data = new DataTransfer(); data.setData('text/plain', text); document.querySelector('.composer"
        " textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})) }"
    )
    await ana.page.evaluate(paste, "\n".join(f"line {number}" for number in range(20)))
    await ana.page.get_by_role("button", name="As code").click()
    await expect(ana.composer).to_be_focused()
    await ana.composer.press("Enter")
    await expect(ana.page.locator(".said pre")).to_contain_text("line 19")


async def test_a_house_of_another_version_renews_the_page_and_one_reads_on_where_one_was(
    browsing: Browsing, server: ServerProcess
) -> None:
    program = await JsonClient.by_websocket(server.host, server.port)
    await program.hello("program")
    await program.join("lobby")
    for number in range(1, 101):
        await program.ask("post", room="lobby", text=f"number {number}")
    ana = await browsing.visitor()
    version = ["1"]

    def house(route: WebSocketRoute) -> None:
        server_side = route.connect_to_server()

        def heard(text: str | bytes) -> None:
            word = json.loads(text)
            if word["type"] == "welcome":
                word["server"]["version"] = version[0]
            route.send(json.dumps(word))

        server_side.on_message(heard)

    await ana.page.route_web_socket("**/ws", house)
    await ana.enters("ana")
    await ana.page.locator(".message").last.wait_for()
    await ana.page.mouse.move(700, 400)
    while await ana.page.locator(".message[data-seq='60']").count() == 0:
        await ana.page.mouse.wheel(0, -800)
        await ana.until("() => new Promise((done) => requestAnimationFrame(() => done(true)))")
    await ana.composer.fill("half a thought")
    version[0] = "2"
    first = "() => { const edge = document.querySelector('.list').getBoundingClientRect().top; return [...document.querySelectorAll('.message')].find((each) => each.getBoundingClientRect().bottom > edge).dataset.seq }"
    seq = await ana.page.evaluate(first)
    ana.away = True
    async with ana.page.expect_event("load"):
        await server.kill()
        await server.start()
    await ana.is_in()
    await expect(ana.composer).to_have_value("half a thought")
    await expect(ana.page.locator(f".message[data-seq='{seq}']")).to_be_in_viewport()
