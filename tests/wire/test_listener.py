"""Listeners: one shape for both old programs and for a terminal."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.core.errors import GoingAway
from teahouse.core.events import Deleted, Edited, Posted, Present, TopicChanged
from teahouse.core.message import Person, nameless
from teahouse.wire import listener
from teahouse.wire.listener import ListenerCodec, listener_frame
from tests.wire.codecs import SMALL

ANA = Person(1, "ana")


def by_the_book(text: bytes) -> bytes:
    """The frame as docs/protocol.md defines it, one step at a time."""
    n = len(text) + 1
    while n % 10 != 8 or not 0x1C <= n & 255 <= 0x20 or n >> 8 & 255 >= 0x80:
        n += 1
    return struct.pack("!3I", 1, n + 5, n >> 8) + bytes([n & 255]) + b"    " + text.ljust(n - 1) + b"\n"


@pytest.mark.parametrize(
    "size", [*range(0, 1600, 7), 27, 28, 287, 288, 797, 798, 32_027, 32_028, 33_000, 61_440, 65_567, 65_568, 70_000]
)
def test_a_frame_is_what_the_definition_says(size: int) -> None:
    assert listener_frame(b"x" * size) == by_the_book(b"x" * size)


# What a text door shows has no control characters but these (test_text.py).
SHOWN = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\t\n")


@given(st.lists(st.text(SHOWN, min_size=1, max_size=400), min_size=1, max_size=6))
def test_a_write_is_odd_and_reads_the_same_from_both_offsets(texts: list[str]) -> None:
    units = [text.encode(errors="replace") for text in texts]
    write = listener.FORMAT.batch(units)
    assert len(write) % 2 == 1
    assert [body.rstrip(b" \n") for body in bodies(write, 0)] == [body.rstrip(b" \n") for body in bodies(write, 5)]
    assert all(unit in write for unit in units)


def bodies(write: bytes, offset: int) -> list[bytes]:
    """What a program reads that begins at this offset of every frame."""
    found = []
    at = 0
    while at < len(write):
        _, length, _ = struct.unpack_from("!3I", write, at)
        _, body_length, _ = struct.unpack_from("!3I", write, at + offset)
        start = at + offset + 12
        found.append(write[start : start + body_length].removeprefix(write[at + 12 : at + 17]))
        at += 12 + length
        assert start + body_length == at
    return found


def test_an_even_number_of_messages_shares_a_frame() -> None:
    write = listener.FORMAT.batch([b"one", b"two"])
    assert write == listener_frame(b"one\ntwo")
    assert len(listener.FORMAT.batch([b"one", b"two", b"three"])) == 3 * len(listener_frame(b"one"))


def test_a_listener_sees_messages_and_corrections_alone() -> None:
    event = listener.FORMAT.event
    assert event(Posted(room="lobby", seq=1, time=1, author=ANA, text="hi", form="say")) == b"ana: hi"
    assert event(Posted(room="lobby", seq=1, time=1, author=nameless(2), text="hi", form="say")) == b"hi"
    assert event(Edited(room="lobby", seq=2, time=1, author=ANA, target=1, text="ho")) == b"* ana corrects: ho"
    assert event(Deleted(room="lobby", seq=3, time=1, author=ANA, target=1)) == b""
    assert event(TopicChanged(room="lobby", seq=4, time=1, author=ANA, topic="tea")) == b""
    assert listener.FORMAT.signal(Present(room="lobby", came=[ANA], went=[], count=1)) == b""


def test_to_somebody_who_said_nothing_no_farewell_is_said() -> None:
    assert ListenerCodec(SMALL).farewell(GoingAway("The server stops.")) == b""


def test_a_listener_asks_nothing() -> None:
    codec = ListenerCodec(SMALL)
    assert codec.receive(b"hello\n") == []
    assert codec.silence() == []
    assert codec.end() == []
    assert codec.waits() is None
