"""Raw: the old text program, whose messages end with silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import HERE, Hello, Join, Post, Quit, ReadRoom
from teahouse.core.errors import BadText, MessageTooLong
from teahouse.core.events import Present, TopicChanged
from teahouse.core.message import Person
from teahouse.wire import raw
from teahouse.wire.raw import RawCodec
from tests.wire.codecs import SMALL
from tests.wire.test_lines import joined

ANA = Person(1, "ana")
ENTER = [Hello(), Join(room="lobby")]


def within() -> RawCodec:
    """Somebody who is in already."""
    codec = RawCodec(SMALL)
    codec.receive(b"hi")
    assert codec.silence() == [*ENTER, Post(room=HERE, text="hi")]
    return codec


def test_silence_ends_a_message() -> None:
    codec = within()
    assert codec.receive("你".encode()[:2]) == []
    assert codec.receive("你".encode()[2:] + b"!") == []
    assert codec.waits() == (SMALL.raw_silence_ms, True)
    assert codec.silence() == [Post(room=HERE, text="你!")]
    assert codec.waits() is None
    assert codec.silence() == []


def test_a_line_end_ends_a_message_at_once() -> None:
    codec = within()
    assert codec.receive(b"one\r\ntwo\nthr") == [Post(room=HERE, text="one"), Post(room=HERE, text="two")]
    assert codec.silence() == [Post(room=HERE, text="thr")]


def test_the_end_of_the_stream_ends_a_message() -> None:
    codec = within()
    codec.receive(b"bye")
    assert codec.end() == [Quit()]


@pytest.mark.parametrize("character", ["a", "é", "你", "🍵"])
def test_one_character_waits_longer(character: str) -> None:
    codec = within()
    codec.receive(character.encode())
    assert codec.waits() == (SMALL.raw_first_ms, True)


@pytest.mark.parametrize("before", ["", "a", "你", "hello 你好"])
@pytest.mark.parametrize("character", ["é", "你", "🍵"])
def test_a_cut_character_waits_for_its_rest_and_is_bad_text_without_it(character: str, before: str) -> None:
    for kept in range(1, len(character.encode())):
        codec = within()
        codec.receive(before.encode() + character.encode()[:kept])
        assert codec.waits() == (SMALL.character_ms, True)
        (error,) = codec.silence()
        assert isinstance(error, BadText)
        assert codec.waits() is None


def test_a_message_too_long_is_refused_once_and_silence_ends_it() -> None:
    codec = within()
    words = codec.receive(b"x" * 61) + codec.receive(b"x" * 61)
    assert [type(word) for word in words] == [MessageTooLong]
    assert codec.waits() == (SMALL.raw_silence_ms, True)
    assert codec.silence() == []
    codec.receive(b"hello")
    assert codec.silence() == [Post(room=HERE, text="hello")]


def test_a_listener_who_speaks_hears_what_follows_what_he_has_heard() -> None:
    codec = RawCodec(SMALL, after=4)
    assert codec.receive(b"hi\n")[:2] == [Hello(), Join(room="lobby", after=4)]


def test_it_sees_messages_and_no_more() -> None:
    assert raw.FORMAT.event(TopicChanged(room="lobby", seq=1, time=1, author=ANA, topic="tea")) == b""
    assert raw.FORMAT.signal(Present(room="lobby", came=[ANA], went=[], count=1)) == b""
    assert within().answer(joined()) == b""


def test_who_asks_for_the_topic_is_told() -> None:
    codec = within()
    (ask,) = codec.receive(b"/topic\n")
    assert isinstance(ask, ReadRoom)
    assert codec.answer(joined(ref=str(ask.ref))) == b"* lobby: tea\n* here (2): ana, guest-2\n"


@given(st.lists(st.text(max_size=20).map(lambda words: words.encode(errors="replace") + b"\n"), min_size=1, max_size=8))
def test_each_write_has_an_odd_number_of_bytes_and_only_a_space_was_added(units: list[bytes]) -> None:
    write = raw.FORMAT.batch(units)
    assert len(write) % 2 == 1
    joined = b"".join(units)
    assert write in (joined, joined[:-1] + b" \n")
