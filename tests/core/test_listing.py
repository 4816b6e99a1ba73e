"""Which rooms there are, a page at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from teahouse.core import chat as core
from teahouse.core import names
from teahouse.core.commands import ListRooms
from teahouse.core.errors import NoSuchRoom
from teahouse.core.events import RoomEntry, TopicChanged
from teahouse.core.handlers import listing
from teahouse.core.message import Person, nameless
from teahouse.core.room import Room, RoomRecord
from tests.core.a_chat import Chat

ANA = Person(1, "ana")


def a_house(count: int) -> Chat:
    """Ana in `tea`, and `count` rooms that were made one after the other: r1 first."""
    chat = Chat()
    chat.state.remove(chat.state.rooms_by_name["lobby"])
    made(chat, "tea", 0)
    for number in range(1, count + 1):
        made(chat, f"r{number}", number)
    chat.comes("ana", 1, "ana")
    chat.joins("ana", "tea")
    return chat


def made(chat: Chat, name: str, when: int) -> Room:
    """A new room."""
    room = Room(1_000 + len(chat.state.rooms_by_id), name, names.direct_pair(name), RoomRecord(), made=when)
    chat.state.add(room, names.fold(name))
    return room


def something_happens(chat: Chat, name: str) -> None:
    """The room has a topic now."""
    room = chat.state.rooms_by_name[name]
    core.apply(chat.state, room.id, [TopicChanged(room=name, seq=1, time=99, author=ANA, topic="x")])


def page(
    chat: Chat, command: ListRooms, read: tuple[int, ...] = (), others: dict[int, Person] | None = None
) -> tuple[list[str], bool]:
    """The names of a page, and whether there are more."""
    rooms, more = listing.page(chat.state, chat.sessions["ana"], ANA, command, read, others or {})
    return [room.name for room in rooms], more


def all_pages(chat: Chat, limit: int) -> list[list[str]]:
    """One page after the other, up to the last."""
    pages: list[list[str]] = []
    more = True
    while more:
        found, more = page(chat, ListRooms(after=pages[-1][-1] if pages else None, limit=limit))
        pages.append(found)
    return pages


def test_ones_own_rooms_come_first_then_directs_then_where_something_happened_last() -> None:
    chat = a_house(3)
    read = made(chat, "read", 0)
    for number in range(2, 55):
        made(chat, f"@1+{number}", number)
    found, more = page(chat, ListRooms(), read=(read.id, 99_999))
    assert found[:2] == ["read", "tea"]
    assert found[2:52] == [f"@1+{number}" for number in range(54, 4, -1)]
    assert found[52:] == ["r3", "r2", "r1", "@1+4", "@1+3", "@1+2"]
    assert not more


def test_what_happens_moves_a_room_to_the_front() -> None:
    chat = a_house(3)
    something_happens(chat, "r1")
    assert page(chat, ListRooms())[0] == ["tea", "r1", "r3", "r2"]


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_have_every_room_once(limit: int) -> None:
    chat = a_house(20)
    for number in range(2, 60):
        made(chat, f"@1+{number}", number)
    made(chat, "@8+9", 5)
    pages = all_pages(chat, limit)
    assert {len(found) for found in pages[:-1]} <= {limit}
    every = [name for found in pages for name in found]
    assert len(every) == len(set(every))
    assert set(every) == {room.name for room in chat.state.rooms_by_id.values()} - {"@8+9"}


def test_a_page_goes_on_behind_a_room_wherever_that_stands_now() -> None:
    chat = a_house(6)
    assert page(chat, ListRooms(limit=4)) == (["tea", "r6", "r5", "r4"], True)
    something_happens(chat, "r5")
    assert page(chat, ListRooms(after="R4")) == (["r3", "r2", "r1"], False)


@pytest.mark.parametrize("after", ["nowhere", "@8+9"])
def test_a_page_behind_a_room_that_one_does_not_see_is_refused(after: str) -> None:
    chat = a_house(1)
    made(chat, "@8+9", 5)
    with pytest.raises(NoSuchRoom):
        page(chat, ListRooms(after=after))


@pytest.mark.parametrize(("query", "found"), [("R1", ["r10", "r1"]), (" r3 ", ["r3"]), (" ", None), ("zz", [])])
def test_a_query_is_part_of_a_name_without_case(query: str, found: list[str] | None) -> None:
    chat = a_house(10)
    assert page(chat, ListRooms(query=query))[0] == (found if found is not None else page(chat, ListRooms())[0])


def test_a_room_of_two_is_found_by_the_others_name() -> None:
    chat = a_house(1)
    ben, cai = made(chat, "@1+2", 5), made(chat, "@1+3", 6)
    others = {ben.id: Person(2, "Ben"), cai.id: nameless(3)}
    assert page(chat, ListRooms(query="ben"), others=others)[0] == ["@1+2"]
    assert page(chat, ListRooms(query="guest"), others=others)[0] == ["@1+3"]
    assert page(chat, ListRooms(query="@1"), others=others)[0] == []


def test_no_page_is_longer_than_a_page() -> None:
    assert [len(found) for found in all_pages(a_house(300), 1_000)] == [100, 100, 100, 1]


def test_entries_end_where_their_answer_would_outgrow_a_frame() -> None:
    entry = RoomEntry(room="x" * 50, topic='"' * 500, count=1, head=1, read=0, unread=0, mentions=0)
    assert 0 < listing.fitting([entry] * 100, 65_536) < 100
    assert listing.fitting([entry] * 100, 1) == 1
    assert listing.fitting([], 1) == 0


def test_what_happens_moves_a_room_of_two_to_the_front() -> None:
    chat = a_house(0)
    for number in range(2, 60):
        made(chat, f"@1+{number}", number)
    something_happens(chat, "@1+3")
    assert page(chat, ListRooms())[0][:3] == ["tea", "@1+3", "@1+59"]


def test_a_list_costs_the_same_however_many_rooms_there_are() -> None:
    few, many = a_house(500), a_house(4 * 500)
    for chat, count in ((few, 500), (many, 4 * 500)):
        for number in range(2, count):
            made(chat, f"@1+{number}", number)
    assert best(lambda: page(many, ListRooms())) <= 3 * best(lambda: page(few, ListRooms()))
    for command in (ListRooms(query="zz"), ListRooms(after="r1")):
        assert best(lambda: page(many, command)) <= 6 * best(lambda: page(few, command))  # noqa: B023


def best(work: Callable[[], object]) -> float:
    """The shortest of several, in seconds."""
    times: list[float] = []
    for _ in range(9):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_room_that_went_is_in_no_list() -> None:
    chat = a_house(2)
    chat.state.remove(made(chat, "@1+2", 5))
    chat.state.remove(chat.state.rooms_by_name["r1"])
    assert page(chat, ListRooms())[0] == ["tea", "r2"]
    assert chat.state.directs == {}
    assert set(chat.state.unsaid) == set(chat.state.rooms_by_id)
