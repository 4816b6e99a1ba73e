"""The screen, by its keys: everything that a person can see and do there, in a real house."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.events import AppBlur

from teahouse.client import Client, connect
from teahouse.testing import House, house
from teahouse.tui.screens import AskScreen, HelpScreen, SearchScreen
from tests.support.inbox import until
from tests.support.server_process import free_port
from tests.tui.screen import Person, at_the_screen

pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


@pytest.fixture(autouse=True)
async def _in_a_hurry() -> None:
    """The screen draws sixty times a second: to debug its loop would make a test of it slow and say nothing of ours."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def ana(server: House) -> AsyncIterator[Person]:
    async with at_the_screen(server.address) as person:
        yield person


@pytest.fixture
async def bob(server: House) -> AsyncIterator[Client]:
    async with connect(server.address, name="bob") as client:
        await client.join("lobby")
        yield client


# ---- saying and seeing


async def test_what_one_types_is_said_and_what_others_say_is_seen(ana: Person, bob: Client) -> None:
    await ana.types("hello, bob!")
    await ana.presses("enter")
    await ana.sees("ana", "  hello, bob!")
    assert ana.composer.text == ""
    await bob.rooms[0].say("hello yourself")
    await ana.sees("bob", "  hello yourself")
    lines = ana.lines()
    assert lines[0].startswith("─"), "the day"
    assert [line.split()[0] for line in lines[1:]] == ["ana", "hello,", "bob", "hello"]


async def test_what_one_says_in_one_breath_stands_under_one_name(ana: Person) -> None:
    for text in ("one", "two", "three"):
        await ana.says(text)
    await ana.sees("  three")
    assert [line for line in ana.lines() if line.startswith("ana")] == [ana.lines()[1]]


async def test_several_lines_are_one_message(ana: Person) -> None:
    await ana.types("one")
    await ana.presses("ctrl+j")
    await ana.types("two")
    await ana.presses("enter")
    await ana.sees("  one\n    two")
    assert ana.guest.here().messages()[0].text == "one\ntwo"


async def test_edits_deletions_and_reactions_show_where_the_message_stands(ana: Person, bob: Client) -> None:
    lobby = bob.rooms[0]
    await lobby.say("black")
    await lobby.say("a mistake")
    await ana.sees("black", "a mistake")
    await lobby.edit(1, "green")
    await lobby.react(1, "🍵")
    await lobby.delete(2)
    await ana.sees("green (edited)", "🍵 1", "taken away")
    await ana.sees_not("black")
    await lobby.unreact(1, "🍵")
    await ana.sees_not("🍵")


async def test_a_reply_shows_what_it_answers(ana: Person, bob: Client) -> None:
    await bob.rooms[0].say("who wants tea?")
    await ana.sees("who wants tea?")
    await ana.presses("shift+tab", "r")
    assert "bob: who wants tea?" in ana.static("about")
    await ana.types("me")
    await ana.presses("enter")
    await ana.sees("↪ bob: who wants tea?\n  me")
    assert ana.guest.here().messages()[-1].reply_to == 1
    assert ana.static("about") == ""


async def test_ones_own_message_is_edited_in_the_composer(ana: Person) -> None:
    await ana.says("helo")
    await ana.sees("helo")
    await ana.presses("shift+tab", "e")
    assert ana.composer.text == "helo"
    await ana.says("hello")
    await ana.sees("hello (edited)")
    await ana.presses("shift+tab", "e", "escape")
    assert (ana.composer.text, ana.static("about")) == ("", "")


async def test_a_reaction_is_put_and_taken_away_with_two_keys(ana: Person, bob: Client) -> None:
    await bob.rooms[0].say("who wants tea?")
    await ana.sees("who wants tea?")
    for expected in ("👍 1", ""):
        await ana.presses("shift+tab", "plus", "1")
        await until(lambda expected=expected: ("👍" in "\n".join(ana.lines())) == bool(expected))  # type: ignore[misc]
        await ana.presses("escape")


async def test_ones_own_message_is_taken_away_after_a_question(ana: Person, bob: Client) -> None:
    await bob.rooms[0].say("not yours")
    await ana.sees("not yours")
    await ana.presses("shift+tab", "d")
    assert not isinstance(ana.app.screen, AskScreen)
    assert ana.notices() == ["Only your own messages can be taken away."]
    await ana.presses("escape")
    await ana.says("a secret")
    await ana.sees("a secret")
    await ana.presses("shift+tab", "d")
    await until(lambda: isinstance(ana.app.screen, AskScreen))
    await ana.presses("n")
    await ana.sees("a secret")
    await ana.presses("d")
    await until(lambda: isinstance(ana.app.screen, AskScreen))
    await ana.presses("y")
    await ana.sees("taken away")
    await ana.sees_not("a secret")


async def test_a_message_is_copied(ana: Person) -> None:
    await ana.says("copy me 茶")
    await ana.sees("copy me")
    await ana.presses("shift+tab", "y")
    assert ana.app.clipboard == "copy me 茶"


async def test_a_message_is_chosen_with_the_mouse(ana: Person, bob: Client) -> None:
    for text in ("one", "two", "three"):
        await bob.rooms[0].say(text)
    await ana.sees("three")
    rows = [y for y in range(ana.messages.size.height) if ana.messages.render_line(y).text.strip() == "two"]
    await ana.pilot.click(ana.messages, offset=(4, rows[0]))
    chosen = ana.messages.chosen_message()
    assert chosen is not None
    assert chosen.text == "two"


async def test_who_is_writing_is_shown_for_a_while(ana: Person, bob: Client) -> None:
    await until(lambda: "bob" in ana.people())
    bob.rooms[0].typing()
    await until(lambda: ana.static("bar") == "bob is writing …")
    await bob.rooms[0].say("done")
    await until(lambda: ana.static("bar") == "")


async def test_others_see_that_one_is_writing(ana: Person, server: House) -> None:
    async with at_the_screen(server.address, "cem") as cem:
        await ana.types("h")
        await until(lambda: cem.static("bar") == "ana is writing …")


# ---- rooms


async def test_rooms_show_what_is_unread_and_new_begins_there(server: House, bob: Client) -> None:
    tea = await bob.join("tea")
    async with at_the_screen(server.address, rooms=("lobby", "tea")) as ana:
        await tea.say("one")
        await tea.say("@ana two")
        await until(lambda: ana.rooms() == ["lobby", "tea 2"])
        assert ana.notices() == ["@ana two"], "we were called"
        await ana.presses("ctrl+g")
        await ana.sees("New · 新消息", "one", "@ana two")
        lines = ana.lines()
        assert next(line for line in lines if "─" not in line).startswith("bob")
        await until(lambda: ana.rooms() == ["lobby", "tea"])
        await ana.presses("ctrl+p")
        await ana.presses("ctrl+n")
        await ana.sees_not("New · 新消息")


async def test_what_was_read_is_told_to_the_server(server: House, bob: Client) -> None:
    tea = await bob.join("tea")
    async with at_the_screen(server.address, rooms=("tea",)) as ana:
        await tea.say("one")
        await ana.sees("one")
        token = ana.guest.client.token
    async with connect(server.address, token=token) as again:
        assert {entry.room: entry.unread for entry in again.listed} == {"lobby": 0, "tea": 0}


async def test_what_is_said_while_nobody_looks_is_unread(ana: Person, bob: Client) -> None:
    ana.app.app_focus = False
    ana.app.post_message(AppBlur())
    await ana.pilot.pause()
    await bob.rooms[0].say("psst")
    await ana.sees("New · 新消息", "psst")
    assert ana.guest.here().unread == 1


async def test_a_room_of_two_opens_when_somebody_writes(ana: Person, bob: Client) -> None:
    await (await bob.direct("ana")).say("between you and me")
    await until(lambda: ana.rooms() == ["lobby", "@bob 1"])
    await ana.presses("ctrl+n")
    await ana.sees("between you and me")
    assert ana.static("head").startswith("@bob")


async def test_a_room_of_two_that_was_opened_while_the_line_was_away_is_found(
    ana: Person, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ana.guest, "_opened", lambda word: None)  # nobody heard that it was opened
    await (await bob.direct("ana")).say("psst")
    await until(lambda: "@bob 1" in ana.rooms())


async def test_a_room_may_be_asked_for_twice_before_it_is_open(ana: Person) -> None:
    async def look_at_garden() -> None:
        talk = await ana.guest.open("garden")
        assert ana.guest.room(talk).here
        ana.guest.look_at(talk)

    await asyncio.gather(look_at_garden(), look_at_garden())
    await until(lambda: ana.static("head").startswith("garden"))
    assert ana.rooms() == ["lobby", "garden"]


async def test_a_room_that_cannot_be_opened_keeps_none_of_the_others_closed(server: House) -> None:
    async with at_the_screen(server.address, rooms=("no room", "tea"), wanted=1) as ana:
        await until(lambda: ana.static("head").startswith("tea"))
        assert any("no room: " in notice for notice in ana.notices())


async def test_the_list_of_rooms_is_chosen_from_with_the_mouse(server: House, bob: Client) -> None:
    await bob.join("garden")
    async with at_the_screen(server.address) as ana:
        await until(lambda: ana.rooms() == ["lobby", "garden"])
        await ana.pilot.click("#rooms", offset=(2, 3))
        await until(lambda: ana.static("head").startswith("garden"))


@pytest.mark.parametrize("width", [110, 60])
async def test_the_list_of_rooms_is_chosen_from_with_the_keyboard(server: House, bob: Client, width: int) -> None:
    await (await bob.join("tea")).say("hi")
    async with at_the_screen(server.address, size=(width, 24)) as ana:
        rooms = ana.app.query_one("#rooms")
        shown = rooms.display
        await ana.presses("f2")
        assert rooms.display
        await ana.presses("down", "enter")
        await until(lambda: ana.static("head").startswith("tea"))
        await until(lambda: ana.composer.has_focus)
        assert rooms.display is shown
        for back in ("f2", "escape"):
            await ana.presses("f2")
            assert rooms.has_focus
            await ana.presses(back)
            assert ana.composer.has_focus
            assert rooms.display is shown


async def test_the_head_shows_topic_and_count_and_the_side_who_is_here(ana: Person, bob: Client) -> None:
    await bob.rooms[0].set_topic("tea and talk")
    await until(lambda: ana.static("head") == "lobby  tea and talk  2 here")
    assert ana.people() == ["ana", "bob"]
    await bob.rename("robert")
    await until(lambda: ana.people() == ["ana", "robert"])
    await bob.rooms[0].leave()
    await until(lambda: ana.people() == ["ana"])


# ---- commands


async def test_slash_commands_are_those_of_every_text_door(ana: Person, bob: Client) -> None:
    await ana.says("/nick anna")
    await until(lambda: ana.people()[0] == "anna")
    await ana.says("/me waves")
    await ana.sees("* anna waves")
    await ana.says("/topic tea")
    await until(lambda: "tea" in ana.static("head"))
    await ana.says("/msg bob psst")
    await ana.sees("psst")
    assert ana.static("head").startswith("@bob")
    await ana.says("/join garden")
    await until(lambda: ana.static("head").startswith("garden"))
    await ana.says("/who")
    await until(lambda: "anna" in ana.notices())
    await ana.says("/rooms")
    await until(lambda: any("garden (1 here)" in notice for notice in ana.notices()))
    await ana.says("/leave")
    await until(lambda: ana.static("head").startswith("lobby"))
    await ana.says("//who is text")
    await ana.sees("/who is text")
    await ana.says("/help")
    await until(lambda: isinstance(ana.app.screen, HelpScreen))
    await ana.presses("escape")
    await ana.says("/quit")
    await until(lambda: not ana.app.is_running)


async def test_ones_name_is_marked_where_it_is_called_also_a_new_one(ana: Person, bob: Client) -> None:
    def marked() -> set[str]:
        """What has a background of its own."""
        height = ana.messages.size.height
        segments = [segment for y in range(height) for segment in ana.messages.render_line(y)]
        plain = ana.messages.rich_style.bgcolor
        return {text for text, style, _ in segments if style is not None and style.bgcolor != plain}

    await bob.rooms[0].say("@ana or @anna?")
    await ana.sees("@ana or @anna?")
    await until(lambda: marked() == {"@ana"})
    await ana.says("/nick anna")
    await until(lambda: marked() == {"@anna"})


async def test_history_says_where_the_room_begins(ana: Person) -> None:
    await ana.says("/history")
    await until(lambda: "This is the beginning of the room." in ana.notices())


async def test_what_is_declined_is_told_and_the_text_is_still_there(ana: Person) -> None:
    for text, why in (
        ("/nikc ana", "There is no /nikc"),
        ("/nick 1st", "does not begin with a digit"),
        ("/join a b", "no spaces"),
    ):
        await ana.says(text)
        await until(lambda why=why: any(why in notice for notice in ana.notices()))  # type: ignore[misc]
        assert ana.composer.text == text
    long = "x" * 70_000
    await ana.says(long)
    await until(lambda: any("at most" in notice for notice in ana.notices()))
    assert ana.composer.text == long


# ---- the composer


async def test_an_edit_that_is_declined_is_still_there(ana: Person) -> None:
    await ana.says("before")
    await ana.sees("before")
    await ana.presses("shift+tab", "e")
    ana.composer.put("x" * 70_000)
    await ana.presses("enter")
    await until(lambda: any("at most" in notice for notice in ana.notices()))
    assert ana.composer.text == "x" * 70_000
    assert "editing" in ana.static("about")


async def test_on_a_full_disk_nothing_is_sent_and_the_text_is_still_there(
    server: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with at_the_screen(server.address, outbox=tmp_path / "outbox") as ana:
        monkeypatch.setattr(os, "pwrite", full)
        await ana.says("kept?")
        await until(lambda: any("Nothing was sent" in notice for notice in ana.notices()))
        assert ana.composer.text == "kept?"
        monkeypatch.undo()
        await ana.presses("enter")
        await ana.sees("kept?")
        assert not ana.guest.client.waiting


async def test_the_arrows_bring_back_what_was_said(ana: Person) -> None:
    for text in ("one", "two"):
        await ana.says(text)
    await ana.types("half")
    await ana.presses("up")
    assert ana.composer.text == "two"
    await ana.presses("up", "up")
    assert ana.composer.text == "one"
    await ana.presses("down", "down")
    assert ana.composer.text == "half"


async def test_tab_completes_commands_names_and_rooms(server: House, bob: Client) -> None:
    await bob.join("garden")
    async with at_the_screen(server.address) as ana, connect(server.address, name="bobby") as bobby:
        await bobby.join("lobby")
        await until(lambda: ana.people() == ["ana", "bob", "bobby"])
        await ana.types("/ni")
        await ana.presses("tab")
        assert ana.composer.text == "/nick "
        ana.composer.put("")
        await ana.types("/join ga")
        await ana.presses("tab")
        assert ana.composer.text == "/join garden"
        ana.composer.put("")
        await ana.types("bo")
        await ana.presses("tab")
        assert ana.composer.text == "bob"
        await until(lambda: ana.static("bar") == "bob:  bobby:")
        await ana.presses("tab")
        assert ana.composer.text == "bob: "
        await ana.presses("tab")
        assert ana.composer.text == "bobby: "
        await ana.types("and @bo")
        await ana.presses("tab", "tab")
        assert ana.composer.text == "bobby: and @bob "


# ---- looking back


async def fill(client: Client, room: str, count: int) -> None:
    place = await client.join(room)
    sendings = [place.send(f"cup {number}") for number in range(1, count + 1)]
    for sending in sendings:
        await sending


async def test_older_messages_come_as_one_scrolls_up_and_the_screen_stays(server: House, bob: Client) -> None:
    await fill(bob, "tea", 450)
    async with at_the_screen(server.address, rooms=("tea",)) as ana:
        ana.messages.go_to_end()
        await ana.sees("cup 450")
        first = ana.guest.here().first
        assert first > 1
        ana.messages.scroll_to(y=2, animate=False, immediate=True)
        await ana.pilot.pause()
        top = ana.lines()[0]
        await until(lambda: ana.guest.here().first < first)
        await ana.pilot.pause()
        assert ana.lines()[0] == top
        await bob.rooms[-1].say("cup 451")
        await until(lambda: ana.static("bar") == "↓ 1 new")
        assert ana.lines()[0] == top
        await ana.presses("shift+tab", "end")
        await ana.sees("cup 451")
        await until(lambda: ana.static("bar") == "")


async def test_search_jumps_to_the_hit_and_back_to_the_newest(server: House, bob: Client) -> None:
    await fill(bob, "tea", 700)
    tea = bob.rooms[-1]
    async with asyncio.timeout(20):
        while not (await tea.find("cup")).complete:
            await asyncio.sleep(0.01)
    async with at_the_screen(server.address, rooms=("lobby", "tea")) as ana:
        await ana.presses("ctrl+n")
        await until(lambda: ana.static("head").startswith("tea"))
        await ana.presses("ctrl+f")
        await until(lambda: isinstance(ana.app.screen, SearchScreen))
        await ana.types("cup 123")
        search = ana.app.screen
        assert isinstance(search, SearchScreen)
        await until(lambda: [hit.text for hit in search.hits] == ["cup 123"])
        await ana.presses("enter")
        await ana.sees("cup 123")
        chosen = ana.messages.chosen_message()
        assert chosen is not None
        assert chosen.text == "cup 123"
        assert ana.static("bar") == "older messages: end goes to the newest"
        await tea.say("cup 701")
        await ana.presses("end")
        await ana.sees("cup 701")
        await ana.presses("escape")
        await ana.says("/search 690")
        await until(lambda: isinstance(ana.app.screen, SearchScreen))
        again = ana.app.screen
        assert isinstance(again, SearchScreen)
        await until(lambda: [hit.text for hit in again.hits] == ["cup 690"])
        await ana.presses("ctrl+r", "escape")


# ---- the line


async def test_what_is_said_while_the_house_is_away_waits_and_is_sent(tmp_path: Path) -> None:
    port = free_port()
    async with house(data=tmp_path, port=port) as server:
        started = at_the_screen(server.address)
        ana = await started.__aenter__()
        await ana.says("before")
        await ana.sees("before")
    await until(lambda: ana.static("bar").startswith("reconnecting"))
    await ana.says("meanwhile")
    await ana.sees("meanwhile …")
    await until(lambda: ana.static("bar").startswith("reconnecting, 1 waiting"))
    async with house(data=tmp_path, port=port):
        await until(lambda: ana.static("bar") == "")
        await ana.sees_not("meanwhile …")
        await ana.sees("before", "meanwhile")
        await started.__aexit__(None, None, None)


async def test_whoever_is_forgotten_may_come_in_anew_and_nothing_is_lost(tmp_path: Path) -> None:
    port = free_port()
    async with house(data=tmp_path / "new", port=port) as server:
        started = at_the_screen(server.address)
        ana = await started.__aenter__()
        await ana.says("before")
        await ana.sees("before")
    await until(lambda: not ana.guest.client.online)
    await ana.says("in doubt")
    ana.guest.client.waiting[0].tried = True  # as if the line had broken between sending and answer
    async with house(data=tmp_path / "old", port=port):
        await until(lambda: isinstance(ana.app.screen, AskScreen))
        await ana.presses("y")
        await ana.sees("in doubt")
        await ana.sees_not("in doubt …")
        await ana.sees_not("before")
        assert ana.guest.me.name == "ana"
        await started.__aexit__(None, None, None)


# ---- sizes


@pytest.mark.parametrize(("width", "rooms", "people"), [(110, True, True), (80, True, False), (60, False, False)])
async def test_narrow_windows_keep_the_conversation(server: House, width: int, rooms: bool, people: bool) -> None:
    async with at_the_screen(server.address, size=(width, 24)) as ana:
        await ana.says("茶" * 200 + " and a word_that_is_longer_than_any_line_" + "x" * 100)
        await ana.sees("茶茶", "xxx")
        shown = [ana.messages.render_line(y).cell_length for y in range(ana.messages.size.height)]
        assert set(shown) == {ana.messages.scrollable_content_region.width}
        assert ana.app.query_one("#rooms").display is rooms
        assert ana.app.query_one("#people").display is people
        await ana.presses("f3")
        assert ana.app.query_one("#people").display is not people
        await ana.pilot.resize_terminal(40, 12)
        await ana.sees("xxx")
