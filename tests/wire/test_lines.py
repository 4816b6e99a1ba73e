"""Lines: people with `nc`."""

from __future__ import annotations

import pytest

from teahouse.core.commands import HERE, Hello, Join, Post, Quit, ReadRoom, Rename
from teahouse.core.errors import BadText, GoingAway, MessageTooLong
from teahouse.core.events import (
    CaughtUp,
    Deleted,
    Present,
    Reacted,
    Role,
    RoomJoined,
    ServerInfo,
    Stored,
    TopicChanged,
    Welcome,
)
from teahouse.core.message import Person, nameless
from teahouse.wire import lines
from teahouse.wire.lines import LinesCodec
from tests.wire.codecs import SMALL

ENTER = [Hello(), Join(room="lobby", last=10)]


def joined(room: str = "lobby", ref: str | None = None) -> RoomJoined:
    people = [Person(1, "ana"), nameless(2)]
    return RoomJoined(
        ref=ref, room=room, topic="tea", head=9, read=0, unread=9, members=people, count=2, you=Role("guest")
    )


def within() -> LinesCodec:
    """Somebody who is in already."""
    codec = LinesCodec(SMALL)
    assert codec.receive(b"\n") == ENTER
    return codec


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_first_line_gets_in_and_is_said(end: bytes) -> None:
    assert LinesCodec(SMALL).receive(b"hi" + end) == [*ENTER, Post(room=HERE, text="hi")]


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"  \n"])
def test_an_empty_first_line_gets_in_and_says_nothing(line: bytes) -> None:
    assert LinesCodec(SMALL).receive(line) == ENTER


def test_an_empty_line_later_is_nothing() -> None:
    assert within().receive(b"\n \n\r\n") == []


def test_a_listener_who_speaks_hears_what_follows_what_he_has_heard() -> None:
    assert LinesCodec(SMALL, after=4).receive(b"\n") == [Hello(), Join(room="lobby", after=4)]


def test_a_byte_order_mark_at_the_very_beginning_is_dropped() -> None:
    assert LinesCodec(SMALL).receive(b"\xef\xbb\xbfbye\n") == [Hello(), Quit()]


def test_a_byte_order_mark_later_is_text() -> None:
    assert within().receive(b"\xef\xbb\xbfhi\n") == [Post(room=HERE, text="\ufeffhi")]


def test_a_line_waits_for_its_end_for_ever() -> None:
    codec = within()
    assert codec.receive(b"hel") == []
    assert codec.waits() is None
    assert codec.receive(b"lo\n") == [Post(room=HERE, text="hello")]


def test_the_end_of_the_stream_ends_a_line() -> None:
    codec = within()
    codec.receive(b"hello")
    assert codec.end() == [Post(room=HERE, text="hello")]
    assert codec.end() == []


def test_bye_and_quit_leave_and_nothing_is_read_after_them() -> None:
    assert within().receive(b" bye \nmore\n") == [Quit()]
    assert within().receive(b"/quit\nmore\n") == [Quit()]


def test_who_comes_into_another_room_sees_its_last_messages() -> None:
    assert within().receive(b"/join tea\n") == [Join(room="tea", last=10)]


def test_slash_commands_are_understood() -> None:
    assert within().receive(b"/nick ana\n") == [Rename(name="ana")]


def test_a_line_too_long_is_refused_once_and_the_next_one_is_said() -> None:
    codec = within()
    words = codec.receive(b"x" * 500) + codec.receive(b"x" * 500) + codec.receive(b"x\nhello\n")
    assert [type(word) for word in words] == [MessageTooLong, Post]
    assert words[1] == Post(room=HERE, text="hello")


def test_a_first_line_too_long_gets_in_all_the_same() -> None:
    words = LinesCodec(SMALL).receive(b"x" * 500 + b"\n")
    assert words[:2] == ENTER
    assert isinstance(words[2], MessageTooLong)


def test_a_line_that_is_not_utf_8_ends_the_connection() -> None:
    codec = within()
    (error,) = codec.receive(b"caf\xe9\n")
    assert isinstance(error, BadText)
    assert codec.receive(b"hello\n") == []


def test_who_comes_in_is_greeted() -> None:
    greeting = within().answer(joined()).decode()
    assert greeting == "* lobby: tea\n* here (2): ana, guest-2\n* /help shows what you can do\n"


def test_who_asks_for_the_topic_is_not_greeted_again() -> None:
    codec = within()
    (ask,) = codec.receive(b"/topic\n")
    assert isinstance(ask, ReadRoom)
    assert codec.answer(joined(ref=str(ask.ref))) == b"* lobby: tea\n* here (2): ana, guest-2\n"


def test_a_room_of_two_opens_without_a_word() -> None:
    assert within().answer(joined("@1+2")) == b""


def test_acknowledgements_are_not_shown() -> None:
    codec = within()
    assert codec.answer(Stored(room="lobby", seq=1, time=1)) == b""
    assert codec.answer(CaughtUp(room="lobby", seq=1)) == b""
    assert not codec.acknowledges


def test_lines_see_topics_and_who_comes_and_goes() -> None:
    ana = Person(1, "ana")
    topic = TopicChanged(room="lobby", seq=1, time=1, author=ana, topic="tea")
    assert lines.FORMAT.event(topic) == b"* ana sets the topic: tea\n"
    none = TopicChanged(room="lobby", seq=2, time=1, author=ana, topic="")
    assert lines.FORMAT.event(none) == b"* ana takes the topic away\n"
    assert lines.FORMAT.signal(Present(room="lobby", came=[ana], went=[], count=1)) == b"* ana came\n"


def test_lines_see_that_a_deletion_takes_the_topic_away_and_no_text_of_what_was_deleted() -> None:
    ana = Person(1, "ana")
    gone = TopicChanged(room="lobby", seq=1, time=1, author=ana, topic=None, deleted=True)
    assert lines.FORMAT.event(gone) == b"* ana sets a topic that was taken away\n"
    assert lines.FORMAT.event(Deleted(room="lobby", seq=2, time=1, author=ana, target=1, topic="")) == (
        b"* ana takes the topic away\n"
    )
    assert lines.FORMAT.event(Deleted(room="lobby", seq=3, time=1, author=ana, target=1)) == b""
    assert lines.FORMAT.event(Reacted(room="lobby", seq=4, time=1, author=ana, target=1, emoji=None)) == b""


def test_the_house_says_that_it_closes() -> None:
    assert within().farewell(GoingAway("The server stops.")) == b"* the house closes\n"


def test_units_follow_one_another() -> None:
    assert lines.FORMAT.batch([b"a\n", b"b\n"]) == b"a\nb\n"


def test_a_welcome_is_not_shown() -> None:
    welcome = Welcome(you=nameless(1), token="t", server=ServerInfo("Teahouse", "1"), limits={}, rooms=[])
    assert within().answer(welcome) == b""
