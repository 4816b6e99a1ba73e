"""Frames: the header's rules, and the two kinds of connection."""

from __future__ import annotations

import json
import struct

from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.commands import HERE, Anew, Hello, Join, Ping, Post, Quit
from teahouse.core.errors import BadJson, BadText, FrameTooLong, MessageTooLong, UnknownFrame, UnknownVersion
from teahouse.core.events import CaughtUp, HelpText, Posted, Refused, Stored
from teahouse.core.message import Person
from teahouse.wire import frames
from teahouse.wire.base import refused
from teahouse.wire.frames import FramesCodec
from tests.wire.codecs import HEADER, SMALL, frame

ANA = Person(7, "ana")
HELLO = Posted(room="lobby", seq=3, time=5, author=ANA, text="hello", form="say")


def body(unit: bytes) -> tuple[int, bytes]:
    """The cmd and the body of one whole frame."""
    version, length, cmd = HEADER.unpack_from(unit)
    assert (version, length) == (1, len(unit) - HEADER.size)
    return cmd, unit[HEADER.size :]


def test_the_first_text_gets_in_and_is_said() -> None:
    assert FramesCodec(SMALL).receive(frame(b"hi")) == [Hello(), Join(room="lobby"), Post(room=HERE, text="hi")]


def test_a_listener_who_speaks_hears_what_follows_what_he_has_heard() -> None:
    assert FramesCodec(SMALL, after=9).receive(frame(b"hi"))[1] == Join(room="lobby", after=9)


def test_all_frames_of_one_read_are_taken_in_one_go() -> None:
    codec = FramesCodec(SMALL)
    words = codec.receive(frame(b'{"type":"ping"}', 200) * 50)
    assert words == [Ping()] * 50
    assert codec.held == 0


def test_an_empty_body_is_ignored() -> None:
    codec = FramesCodec(SMALL)
    codec.receive(frame(b"hi"))
    assert codec.receive(frame(b"")) == []
    assert codec.receive(frame(b"", 200)) == [Anew()]
    assert codec.receive(frame(b"", 200)) == []


def test_bye_leaves() -> None:
    codec = FramesCodec(SMALL)
    codec.receive(frame(b"hi"))
    assert codec.receive(frame(b" bye ") + frame(b"more")) == [Quit()]


def test_bye_alone_enters_no_room() -> None:
    assert FramesCodec(SMALL).receive(frame(b"bye")) == [Hello(), Quit()]


def test_json_first_is_no_other_session() -> None:
    codec = FramesCodec(SMALL)
    assert (codec.one_room, codec.lingers, codec.acknowledges, codec.format) == (True, False, False, frames.TEXT)
    assert codec.receive(frame(b'{"type":"hello"}', 200)) == [Hello()]
    assert (codec.one_room, codec.lingers, codec.acknowledges, codec.format) == (False, True, True, frames.JSON)


def test_json_after_text_begins_anew() -> None:
    codec = FramesCodec(SMALL)
    words = codec.receive(frame(b"hi") + frame(b'{"type":"hello"}', 200))
    assert words == [Hello(), Join(room="lobby"), Post(room=HERE, text="hi"), Anew(), Hello()]
    assert (codec.one_room, codec.lingers, codec.acknowledges, codec.format) == (False, True, True, frames.JSON)


def test_text_after_json_is_refused_and_the_connection_goes_on() -> None:
    codec = FramesCodec(SMALL)
    refusal, ping = codec.receive(frame(b'{"type":"ping"}', 200) + frame(b"hi") + frame(b'{"type":"ping"}', 200))[1:]
    assert isinstance(refusal, UnknownFrame)
    assert ping == Ping()


def test_an_unknown_cmd_is_refused_as_the_peer_speaks_and_the_connection_goes_on() -> None:
    codec = FramesCodec(SMALL)
    (refusal,) = codec.receive(frame(b"?", 300))
    assert isinstance(refusal, UnknownFrame)
    assert body(codec.answer(refused(refusal)))[0] == 100
    codec.receive(frame(b'{"type":"ping"}', 200))
    (refusal,) = codec.receive(frame(b"?", 300))
    assert isinstance(refusal, UnknownFrame)
    cmd, said = body(codec.answer(refused(refusal)))
    assert (cmd, json.loads(said)["code"]) == (200, "unknown-frame")


def test_a_wrong_version_ends_the_connection_as_soon_as_it_is_read() -> None:
    codec = FramesCodec(SMALL)
    assert codec.receive(b"\0\0\0") == []
    (error,) = codec.receive(b"\2")
    assert isinstance(error, UnknownVersion)
    assert body(codec.farewell(error))[0] == 100
    assert codec.receive(frame(b"hi")) == []


def test_a_length_above_the_limit_is_refused_before_the_body_is_read() -> None:
    codec = FramesCodec(SMALL)
    codec.receive(frame(b'{"type":"ping"}', 200))
    (error,) = codec.receive(struct.pack("!3I", 1, SMALL.frame_bytes + 1, 200))
    assert isinstance(error, FrameTooLong)
    assert (error.limit, codec.held) == (SMALL.frame_bytes, 0)
    cmd, said = body(codec.farewell(error))
    assert cmd == 200
    assert json.loads(said) == {
        "type": "refused", "code": "frame-too-long", "message": error.message, "limit": SMALL.frame_bytes,
    }  # fmt: skip


def test_good_frames_before_a_bad_one_are_not_lost() -> None:
    words = FramesCodec(SMALL).receive(frame(b'{"type":"ping"}', 200) + frame(b"", version=9))
    assert words[0] == Ping()
    assert isinstance(words[1], UnknownVersion)


def test_a_body_at_the_limit_is_read() -> None:
    (word,) = FramesCodec(SMALL).receive(frame(b"x" * SMALL.frame_bytes, 200))
    assert isinstance(word, BadJson)


def test_text_that_is_not_utf_8_ends_the_connection() -> None:
    codec = FramesCodec(SMALL)
    (error,) = codec.receive(frame(b"\xff"))
    assert isinstance(error, BadText)


def test_a_text_too_long_is_refused_and_the_next_one_is_said() -> None:
    *_, refusal, post = FramesCodec(SMALL).receive(frame(b"x" * 61) + frame(b"y" * 60))
    assert isinstance(refusal, MessageTooLong)
    assert post == Post(room=HERE, text="y" * 60)


def test_an_unfinished_frame_must_be_finished_in_time() -> None:
    codec = FramesCodec(SMALL)
    assert codec.waits() is None
    codec.receive(frame(b"hi")[:-1])
    assert codec.waits() == (SMALL.half_frame_ms, False)
    codec.receive(b"i")
    assert codec.waits() is None


def test_half_a_frame_at_the_end_is_none() -> None:
    codec = FramesCodec(SMALL)
    codec.receive(frame(b"hi")[:-1])
    assert codec.end() == []


def test_a_text_connection_is_shown_messages_and_refusals_alone() -> None:
    codec = FramesCodec(SMALL)
    assert codec.answer(Stored(room="lobby", seq=1, time=1)) == b""
    assert codec.answer(CaughtUp(room="lobby", seq=1)) == b""
    assert body(codec.answer(Refused(code="too-fast", message="Wait."))) == (100, b"* Wait. ")


def test_help_is_never_json() -> None:
    codec = FramesCodec(SMALL)
    assert b"/nick NAME" in codec.answer(HelpText())
    codec.receive(frame(b'{"type":"ping"}', 200))
    assert codec.answer(HelpText()) == b""


def test_events_are_text_here_and_objects_there() -> None:
    assert body(frames.TEXT.event(HELLO)) == (100, b"ana: hello        ")
    cmd, said = body(frames.JSON.event(HELLO))
    assert cmd == 200
    assert json.loads(said) == {
        "type": "posted", "room": "lobby", "seq": 3, "time": 5, "text": "hello", "form": "say",
        "author": {"id": 7, "name": "ana", "kind": "guest", "chosen": True},
    }  # fmt: skip


@given(st.text(max_size=300))
def test_a_text_frame_has_a_total_that_ten_divides_and_is_never_empty(words: str) -> None:
    words = words.encode(errors="replace").decode()
    unit = frames.text_frame(words)
    assert len(unit) % 10 == 0
    if words:
        assert body(unit)[1].decode().rstrip(" ") == words.rstrip(" ")
        assert body(unit)[1]
    else:
        assert unit == b""
