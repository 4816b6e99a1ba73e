"""How a room is written to those who follow it over HTTP."""

from __future__ import annotations

import msgspec

from teahouse.core.errors import GoingAway
from teahouse.core.events import Deleted, Posted, Present, Refused, TopicChanged
from teahouse.core.message import Person
from teahouse.wire.sse import EVENT_STREAM, JSON_LINES, read_lines

ANA = Person(1, "ana")
POSTED = Posted(room="tea", seq=7, time=5, author=ANA, text="a\nb\r\u2028c\x85", form="say")


def test_an_event_has_its_number_and_one_line_of_json() -> None:
    number, data, *end = EVENT_STREAM.event(POSTED).split(b"\n")
    assert (number, end) == (b"id: 7", [b"", b""])
    assert b"\r" not in data
    assert msgspec.json.decode(data.removeprefix(b"data: "), type=Posted) == POSTED


def test_what_passes_and_what_is_answered_has_no_number_so_that_the_last_one_stays() -> None:
    present = Present(room="tea", came=[ANA], went=[], count=1)
    for unit in (EVENT_STREAM.signal(present), EVENT_STREAM.farewell(GoingAway("Come back."))):
        data, *end = unit.split(b"\n")
        assert data.startswith(b"data: {")
        assert end == [b"", b""]


def test_a_stream_that_ends_says_why() -> None:
    data = EVENT_STREAM.farewell(GoingAway("Come back.")).removeprefix(b"data: ").strip()
    assert msgspec.json.decode(data, type=Refused) == Refused(code="going-away", message="Come back.")


def test_lines_are_read_as_the_events_that_they_are() -> None:
    events = [
        POSTED,
        Deleted(room="tea", seq=8, time=6, author=ANA, target=7),
        TopicChanged(room="tea", seq=9, time=6, author=ANA, topic=""),
    ]
    units = [JSON_LINES.event(event) for event in events]
    assert [unit.count(b"\n") for unit in units] == [1, 1, 1]
    assert read_lines(JSON_LINES.batch([*units, b"\n"])) == events
    assert read_lines(b"\n") == []
    assert JSON_LINES.signal(Present(room="tea", came=[ANA], went=[], count=1)) == b""
