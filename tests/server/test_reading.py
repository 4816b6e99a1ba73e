"""Fair reading: a slice a turn, nothing lost, nothing taken while the peer must wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teahouse.server.fuse import straight
from teahouse.server.reading import PIECE, PIECE_MOST, SLICE, SLICE_S, Reading, Shared
from tests.support.machine import FakeTransport


class Turns:
    """An event loop of which only `call_soon` and `time` are used, a turn at a time."""

    def __init__(self) -> None:
        self._soon: list[Callable[[], None]] = []
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def call_soon(self, call: Callable[..., None], *args: object) -> None:
        self._soon.append(partial(call, *args))

    def turn(self) -> bool:
        soon, self._soon = self._soon, []
        for call in soon:
            call()
        return bool(soon)


class Socket(FakeTransport):
    """Knows whether it is read."""

    read = True

    def pause_reading(self) -> None:
        assert self.read
        self.read = False

    def resume_reading(self) -> None:
        assert not self.read
        self.read = True


class Reader:
    """A reading side and what it took: one entry a turn."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.transport = Socket()
        self.taken = bytearray()
        self.this_turn = 0
        self.takes_s = 0.0
        self.full = False
        self.ends = 0
        loop: asyncio.AbstractEventLoop = self.turns  # type: ignore[assignment]  # it has what is used
        self.reading = Reading(loop, self.transport, self._take, lambda: self.full, self._end, straight)

    def _take(self, data: bytes) -> None:
        self.taken += data
        self.this_turn += len(data)
        self.turns.now += self.takes_s
        assert len(data) <= PIECE_MOST
        assert self.this_turn < 2 * SLICE

    def _end(self) -> None:
        self.ends += 1

    def turn(self) -> bool:
        self.this_turn = 0
        went = self.turns.turn()
        assert self.ends or self.transport.read is not self.reading.paused
        return went


def test_what_takes_long_is_taken_in_more_turns() -> None:
    reader = Reader()
    reader.takes_s = SLICE_S / 3
    flood = bytes(range(256)) * (SLICE // 256)
    reader.reading.feed(flood)
    assert len(reader.taken) == 3 * PIECE
    while reader.turn():
        assert reader.this_turn <= 3 * PIECE
    assert reader.taken == flood
    assert not reader.reading.paused


def test_a_peer_that_becomes_full_is_not_read_on_in_the_same_turn() -> None:
    reader = Reader()
    reader.takes_s = 0.0
    take = reader.reading._take

    def until_full(data: bytes) -> None:
        take(data)
        reader.full = len(reader.taken) >= 2 * PIECE

    reader.reading._take = until_full
    reader.reading.feed(bytes(4 * PIECE))
    assert len(reader.taken) == 3 * PIECE, "a piece, and one of twice its size"
    assert reader.reading.paused


def test_pieces_grow_while_they_are_cheap_and_are_small_again_after_a_dear_one() -> None:
    reader = Reader()
    sizes: list[int] = []
    take = reader.reading._take

    def noting(data: bytes) -> None:
        sizes.append(len(data))
        take(data)

    reader.reading._take = noting
    reader.reading.feed(bytes(PIECE + 2 * PIECE + PIECE_MOST))
    assert sizes == [PIECE, 2 * PIECE, PIECE_MOST]
    reader.reading.feed(bytes(PIECE_MOST))
    assert sizes[3:] == [PIECE_MOST], "it is remembered from read to read"
    reader.takes_s = SLICE_S / 3
    reader.reading.feed(bytes(PIECE_MOST + 1))
    while reader.turn():
        pass
    assert sizes[4] == PIECE_MOST
    assert max(sizes[5:]) <= PIECE
    taken = len(sizes)
    reader.reading.feed(bytes(2 * PIECE))
    assert max(sizes[taken:]) <= PIECE


def test_a_transport_that_two_pause_is_read_while_neither_does() -> None:
    socket = Socket()
    shared = Shared(socket)
    shared.pause_reading()
    shared.pause_reading()
    shared.resume_reading()
    read = [socket.read]
    shared.resume_reading()
    assert [*read, socket.read] == [False, True]


def test_who_takes_over_is_given_the_rest_and_a_transport_that_is_read() -> None:
    reader = Reader()
    reader.takes_s = SLICE_S
    reader.reading.feed(b"a" * PIECE + b"the rest")
    read = [reader.transport.read]
    assert reader.reading.hand_over() == b"the rest"
    while reader.turn():
        pass
    assert bytes(reader.taken) == b"a" * PIECE
    assert [*read, reader.transport.read] == [False, True]


def test_a_flood_is_taken_in_slices_one_a_turn() -> None:
    reader = Reader()
    flood = bytes(range(256)) * (3 * SLICE // 256) + b"the rest"
    reader.reading.feed(flood)
    assert len(reader.taken) == SLICE
    assert reader.reading.paused
    while reader.turn():
        assert reader.this_turn <= SLICE
    assert bytes(reader.taken) == flood
    assert not reader.reading.paused


def test_small_reads_of_one_turn_are_a_slice_together() -> None:
    reader = Reader()
    for _ in range(SLICE // 1_024):
        assert not reader.reading.paused
        reader.reading.feed(bytes(1_024))
    assert reader.reading.paused
    assert reader.turn()
    assert not reader.reading.paused


def test_a_full_peer_is_not_read_until_it_is_relieved() -> None:
    reader = Reader()
    reader.full = True
    reader.reading.feed(b"a question")
    reader.reading.feed(b" and what came with it")
    assert bytes(reader.taken) == b"a question"
    assert not reader.turn()
    reader.full = False
    reader.reading.go_on()
    while reader.turn():
        pass
    assert bytes(reader.taken) == b"a question and what came with it"
    assert not reader.reading.paused


def test_the_end_comes_after_the_last_slice() -> None:
    reader = Reader()
    reader.reading.feed(bytes(2 * SLICE))
    reader.reading.end()
    assert reader.ends == 0
    while reader.turn():
        pass
    assert len(reader.taken) == 2 * SLICE
    assert reader.ends == 1


def test_a_reading_that_was_stopped_takes_nothing() -> None:
    reader = Reader()
    reader.reading.feed(bytes(2 * SLICE))
    reader.reading.stop()
    reader.reading.feed(b"more")
    reader.reading.end()
    while reader.turn():
        pass
    assert len(reader.taken) == SLICE
    assert reader.ends == 0


@given(st.lists(st.one_of(st.integers(0, 3 * SLICE), st.sampled_from(["turn", "full", "relief"])), max_size=20))
def test_whatever_the_order_all_bytes_are_taken_once_in_order(steps: list[int | str]) -> None:
    reader = Reader()
    sent = bytearray()
    for step in steps:
        if isinstance(step, int):
            data = bytes((len(sent) + place) % 251 for place in range(step))
            sent += data
            reader.this_turn = 0  # the transport reads in a turn of its own
            reader.reading.feed(data)
        elif step == "turn":
            reader.turn()
        else:
            reader.full = step == "full"
            if not reader.full:
                reader.reading.go_on()
    reader.full = False
    reader.reading.go_on()
    reader.reading.end()
    while reader.turn():
        pass
    assert reader.taken == sent
    assert reader.ends == 1


@pytest.mark.parametrize("size", [0, 1, SLICE, SLICE + 1])
def test_what_fits_a_turn_is_taken_at_once(size: int) -> None:
    reader = Reader()
    reader.reading.feed(bytes(size))
    assert len(reader.taken) == min(size, SLICE)
