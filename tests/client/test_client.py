"""The library against a real house: what a program may rely on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from teahouse.client import Client, Posted, Room, connect, errors, events
from teahouse.client.places import Heard, LineState
from teahouse.core import errors as refusals
from teahouse.core.events import Edited, Present, Reacted, Renamed, RoomJoined, TopicChanged, Typing
from teahouse.testing import House
from tests.support.inbox import PATIENCE_S, until


async def texts(room: Room | Client, count: int) -> list[str | None]:
    """The texts of the next so many messages."""
    found: list[str | None] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            event = await anext(room)
            if isinstance(event, Posted):
                found.append(event.text)
    return found


async def test_what_is_said_is_heard_once_by_everybody_in_one_order(server: House) -> None:
    async with connect(server.address, name="ana") as ana, connect(server.url, name="bob") as bob:
        here, there = await ana.join("tea"), await bob.join("#Tea")
        assert there.name == "tea"
        assert (await here.say("hello")).seq == 1
        assert (await there.say("hello yourself", reply_to=1)).seq == 2
        assert await texts(here, 2) == await texts(there, 2) == ["hello", "hello yourself"]


async def test_messages_that_nobody_waits_for_are_stored_before_the_client_is_gone(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        for number in range(500):
            assert not tea.send(str(number)).done
    async with connect(server.address, name="ana") as again:
        tea = await again.join("tea")
        assert [message.text async for message in tea.history(after=0)] == [str(number) for number in range(500)]


async def test_whoever_said_goodbye_may_come_again_at_once_under_the_same_name(server: House) -> None:
    for _ in range(3):
        async with connect(server.address, name="ana") as ana:
            await ana.join("tea")
            assert ana.you.name == "ana"


async def test_a_message_can_be_edited_reacted_to_and_taken_away(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        said = await tea.say("black")
        await tea.edit(said.seq, "green")
        await tea.react(said.seq, "🍵")
        (message,) = [message async for message in tea.history()]
        assert (message.text, message.reactions[0].emoji, message.reactions[0].mine) == ("green", "🍵", True)
        await tea.unreact(said.seq, "🍵")
        await tea.delete(said.seq)
        (message,) = [message async for message in tea.history()]
        assert (message.text, message.deleted, message.reactions) == (None, True, [])


async def test_history_goes_both_ways_over_pages(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        sendings = [tea.send(f"cup {number}") for number in range(1_100)]
        for sending in sendings:
            await sending
        forwards = [message.seq async for message in tea.history(after=0)]
        backwards = [message.seq async for message in tea.history()]
        assert forwards == backwards[::-1] == list(range(1, 1_101))
        assert [message.seq async for message in tea.history(before=11, most=3)] == [10, 9, 8]
        assert [message.seq async for message in tea.history(after=1_098, most=5)] == [1_099, 1_100]


async def test_search_goes_back_over_pages(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        sendings = [tea.send(f"cup {number}") for number in range(300)]
        for sending in sendings:
            await sending
        async with asyncio.timeout(PATIENCE_S):
            while not (await tea.find("cup")).complete:
                await asyncio.sleep(0.01)
        assert [message.seq async for message in tea.search("cup", most=250)] == list(range(300, 50, -1))
        assert [message.text async for message in ana.search("cup 277")] == ["cup 277"]


async def test_the_topic_and_who_is_here_are_known_and_kept_up(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        await tea.set_topic("tea and talk")
        async with connect(server.address, name="bob") as bob:
            there = await bob.join("tea")
            assert there.topic == "tea and talk"
            assert sorted(person.name for person in there.members.values()) == ["ana", "bob"]
            await until(lambda: [person.name for person in tea.members.values()] == ["ana", "bob"])
            await bob.rename("robert")
            assert bob.you.name == "robert"
            await until(lambda: [person.name for person in tea.members.values()] == ["ana", "robert"])
            assert [person.name async for person in there.everybody()] == ["ana", "robert"]
            await there.leave()
            await until(lambda: tea.count == 1)
        assert tea.topic == "tea and talk"
        assert [entry.room for entry in await ana.list_rooms()] == ["tea", "lobby"]


async def test_a_topic_is_taken_away_and_one_that_was_deleted_is_known_no_more(server: House) -> None:
    async with connect(server.address, name="ana") as ana, connect(server.address, name="bob") as bob:
        tea, there = await ana.join("tea"), await bob.join("tea")
        first = await tea.set_topic("one")
        second = await tea.set_topic("two")
        await until(lambda: there.topic == "two")
        await tea.delete(first.seq)
        said = await tea.say("look")
        await there.react(said.seq, "👍")
        await tea.delete(said.seq)
        await until(lambda: there.head == said.seq + 2)
        assert there.topic == tea.topic == "two"
        await tea.delete(second.seq)
        await until(lambda: tea.topic == there.topic == "")
        third = await tea.set_topic("three")
        await tea.set_topic("")
        await until(lambda: there.topic == "" and there.head == third.seq + 1)
    async with connect(server.address, name="eve") as eve:
        late = await eve.join("tea", after=0)
        assert late.topic == ""
        emoji: list[str | None] = []
        topics: list[str | None] = []
        async for event in late:
            if isinstance(event, Reacted):
                emoji.append(event.emoji)
            if isinstance(event, TopicChanged):
                topics.append(event.topic)
            if isinstance(event, TopicChanged) and event.seq == third.seq + 1:
                break
        assert (emoji, topics) == ([None], [None, None, "three", ""])


async def test_a_room_of_two_is_opened_for_the_other_one_too(server: House) -> None:
    async with connect(server.address, name="ana") as ana, connect(server.address, name="bob") as bob:
        both = await ana.direct("bob")
        await both.say("between you and me")
        assert await texts(bob, 1) == ["between you and me"]
        (room,) = bob.rooms
        assert room.name == both.name
        await room.say("yes?")
        assert await texts(both, 2) == ["between you and me", "yes?"]


async def test_a_client_reads_all_its_rooms_in_the_order_in_which_events_came(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        rooms = [await ana.join(name) for name in ("one", "two")]
        for number in range(10):
            await rooms[number % 2].say(str(number))
        assert await texts(ana, 10) == [str(number) for number in range(10)]


async def test_reading_ends_when_the_room_is_left_or_the_client_closed(server: House) -> None:
    async with connect(server.address) as ana:
        tea, lobby = await ana.join("tea"), await ana.join("lobby")
        await tea.say("last words")
        await until(lambda: tea.head == 1)
        await tea.leave()
        assert await texts(tea, 1) == ["last words"], "what came before may still be read"
        assert [event async for event in tea] == []
        with pytest.raises(refusals.NotInRoom):
            await tea.say("too late")
    assert [event async for event in lobby] == []
    with pytest.raises(errors.Closed):
        await lobby.say("too late")
    with pytest.raises(errors.Closed):
        await ana.list_rooms()


async def test_whoever_reads_is_woken_when_the_client_is_closed(server: House) -> None:
    async def read(room: Room) -> list[events.Event]:
        return [event async for event in room if isinstance(event, Posted)]

    async with connect(server.address) as ana:
        reader = asyncio.get_running_loop().create_task(read(await ana.join("tea")))
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        assert await reader == []


async def test_what_the_server_declines_is_raised_as_what_it_is(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        with pytest.raises(refusals.MessageTooLong) as too_long:
            await tea.say("x" * 70_000)
        assert too_long.value.limit == ana.limits["text_bytes"]
        with pytest.raises(refusals.MessageTooLong):
            await tea.say("\0" * 70_000)  # six times as long on its way: more than a frame may have
        with pytest.raises(refusals.EmptyMessage):
            await tea.say(" ")
        with pytest.raises(refusals.NoSuchMessage):
            await tea.edit(77, "what?")
        with pytest.raises(refusals.BadRoom):
            await ana.join("a room")
        with pytest.raises(refusals.LogChanged):
            await ana.join("tea", after=99)
        with pytest.raises(refusals.NoSuchPerson):
            await ana.direct("nobody_here")
        with pytest.raises(refusals.NameTaken):
            await connect(server.address, name="ANA").open()
        with pytest.raises(refusals.BadName):
            await ana.rename("1st")
        assert (await tea.say("all is well")).seq == 1


async def test_the_same_key_is_one_message(server: House) -> None:
    async with connect(server.address) as ana:
        tea = await ana.join("tea")
        first, again = await tea.say("once", key="k"), await tea.say("once", key="k")
        assert (first.seq, first.again, again.seq, again.again) == (1, False, 1, True)
        with pytest.raises(refusals.KeyReused):
            await tea.say("twice", key="k")


async def test_a_token_brings_back_the_same_person_who_goes_on_behind_the_last_event(server: House) -> None:
    async with connect(server.address, name="ana") as ana:
        tea = await ana.join("tea")
        await tea.say("one")
        event = await anext(tea)
        token, id = ana.token, ana.you.id
    assert isinstance(event, Posted)
    async with connect(server.address) as bob:
        await (await bob.join("tea")).say("two")
    async with connect(server.address, token=token) as ana:
        assert (ana.you.id, ana.you.name) == (id, "ana")
        tea = await ana.join("tea", after=event.seq, at=event.time)
        assert await texts(tea, 1) == ["two"]
        await tea.edit(event.seq, "one's own message can still be edited")


async def test_a_token_that_is_none_is_refused(server: House) -> None:
    with pytest.raises(refusals.BadToken):
        await connect(server.address, token="tea_nonsense").open()


async def test_the_newest_messages_come_first_where_they_were_asked_for(server: House) -> None:
    async with connect(server.address) as ana, connect(server.address) as bob:
        tea = await ana.join("tea")
        for number in range(10):
            await tea.say(str(number))
        assert await texts(await bob.join("tea", last=3), 3) == ["7", "8", "9"]
        assert await texts(await bob.join("tea", after=8), 2) == ["8", "9"], "joined anew, somewhere else"


async def test_a_hole_that_was_asked_for_is_shown(server: House) -> None:
    async with connect(server.address) as ana, connect(server.address) as bob:
        tea = await ana.join("tea")
        for number in range(10):
            await tea.say(str(number))
        there = await bob.join("tea", after=0, at_most=2)
        gap = await anext(there)
        assert isinstance(gap, events.Gap)
        assert (gap.from_, gap.to) == (1, 8)
        assert await texts(there, 2) == ["8", "9"]


async def test_a_listener_hears_everything_at_once_and_nothing_is_kept(server: House) -> None:
    heard: list[Heard] = []
    async with (
        connect(server.address, name="ana", heard=heard.append) as ana,
        connect(server.address, name="bob") as bob,
    ):
        tea = await ana.join("tea")
        there = await bob.join("tea")
        said = await there.say("hi")
        there.typing()
        await there.edit(said.seq, "hello")
        await there.react(said.seq, "🍵")
        await there.set_topic("tea")
        await bob.rename("robert")
        await (await bob.direct("ana")).say("psst")
        await until(lambda: isinstance(heard[-1], Posted) and heard[-1].text == "psst")
        assert [type(word) for word in heard] == [
            *(LineState, Present, Posted, Typing, Edited, Reacted, TopicChanged, Renamed, RoomJoined, Posted)
        ]
        assert tea.topic == "tea"
        await tea.mark(tea.head)
        assert tea.read == tea.head
    assert isinstance(heard[-1], LineState)
    assert heard[-1].state == "ended"


async def test_an_outbox_on_disk_knows_who_we_were_and_sends_what_was_left(server: House, tmp_path: Path) -> None:
    file = tmp_path / "ana.outbox"
    async with connect(server.address, name="ana", outbox=file) as ana:
        id = ana.you.id
        tea = await ana.join("tea")
        await tea.say("one", key="1")
    content = file.read_bytes()
    # As a program leaves it that dies before the answers come: one message is stored already, one is not.
    lines = [
        f'{{"post":{{"type":"post","room":"tea","text":"{text}","key":"{key}"}}}}\n'
        for text, key in (("one", "1"), ("two", "2"))
    ]
    file.write_bytes(content + "".join(lines).encode())
    async with connect(server.address, outbox=file) as ana:
        assert (ana.you.id, ana.you.name) == (id, "ana")
        await until(lambda: not ana.waiting)
        (tea,) = ana.rooms
        assert [message.text async for message in tea.history(after=0)] == ["one", "two"]
    assert file.read_bytes() == content
