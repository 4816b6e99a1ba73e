"""The cursor of a room: what is next, what is late, and what a slow reader costs."""

from __future__ import annotations

import pytest

from teahouse.client.seat import SPARE, Seat
from teahouse.client.wires import Torn
from teahouse.core.commands import Join
from teahouse.core.events import Gap, Posted, Role, RoomJoined
from teahouse.core.message import Person

ANA = Person(1, "ana")


def an_answer(head: int) -> RoomJoined:
    return RoomJoined(room="tea", topic="", head=head, read=0, unread=0, members=[], count=1, you=Role("guest"))


def a_seat(join: Join, head: int, most: int = 10) -> Seat:
    seat = Seat(most)
    seat.begin(join)
    seat.joined(an_answer(head))
    return seat


def comes(seat: Seat, seq: int) -> bool:
    """An event comes and, if it is accepted, waits to be read."""
    accepted = seat.accepts(seq, seq * 10)
    if accepted:
        event = Posted(room="tea", seq=seq, time=seq * 10, author=ANA, text="", form="say")
        seat.arrivals.append((seq, event))
    return accepted


@pytest.mark.parametrize(
    ("join", "first"),
    [
        (Join(room="tea"), 41),
        (Join(room="tea", after=7), 8),
        (Join(room="tea", after=0), 1),
        (Join(room="tea", last=3), 36),
    ],
)
def test_events_are_counted_from_where_the_room_was_joined(join: Join, first: int) -> None:
    seat = a_seat(join, head=40)
    assert comes(seat, first)
    assert comes(seat, first + 1)
    assert not comes(seat, first), "it was here already"
    with pytest.raises(Torn):
        comes(seat, first + 3)


def test_the_way_back_names_the_last_event_and_its_time() -> None:
    seat = a_seat(Join(room="tea", last=3), head=40)
    assert seat.way_back("tea") == Join(room="tea", last=3), "nothing came yet: the newest three again"
    comes(seat, 38)
    assert seat.way_back("tea") == Join(room="tea", after=38, at=380)
    seat.joined(an_answer(41))
    assert comes(seat, 39)


def test_an_empty_room_is_come_back_to_at_its_beginning() -> None:
    seat = a_seat(Join(room="tea", last=3), head=0)
    seat.caught_up(0)
    assert seat.way_back("tea") == Join(room="tea", after=0)


def test_a_gap_is_gone_on_behind() -> None:
    seat = a_seat(Join(room="tea", after=0, at_most=5), head=40)
    assert seat.skip(Gap(room="tea", from_=1, to=35, why="at_most"))
    assert seat.way_back("tea") == Join(room="tea", after=35, at_most=5)
    assert comes(seat, 36)


def test_more_than_a_reader_may_have_is_let_go_and_fetched_when_there_is_room() -> None:
    seat = a_seat(Join(room="tea", after=0), head=0)
    for seq in range(1, 10 + SPARE + 1):
        assert comes(seat, seq)
    assert seat.full
    assert not comes(seat, 10 + SPARE + 1)
    assert not comes(seat, 10 + SPARE + 2), "and so is what follows"
    while not seat.may_return:
        seat.arrivals.popleft()
    assert len(seat.arrivals) == 5
    assert seat.way_back("tea") == Join(room="tea", after=10 + SPARE, at=(10 + SPARE) * 10)
    seat.joined(an_answer(9_999))
    assert comes(seat, 10 + SPARE + 1)


def test_who_has_no_room_does_not_ask_for_the_past_when_the_line_breaks() -> None:
    seat = a_seat(Join(room="tea", after=0), head=0)
    for seq in range(1, 10 + SPARE + 2):
        comes(seat, seq)
    assert seat.way_back("tea") == Join(room="tea")
    seat.joined(an_answer(50_000))
    assert not comes(seat, 50_001), "still behind"
    seat.arrivals.clear()
    assert seat.way_back("tea").after == 10 + SPARE


def test_to_begin_anew_forgets_what_was_not_read() -> None:
    seat = a_seat(Join(room="tea", after=0), head=0)
    comes(seat, 1)
    seat.begin(Join(room="tea", last=2))
    assert not seat.arrivals
    assert not comes(seat, 2), "it belongs to the old place"
    seat.joined(an_answer(9))
    assert comes(seat, 8)
