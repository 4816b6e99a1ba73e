"""The old programs as clients on sockets: they behave as their readers do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.support.old_programs import Program, frame_program, text_program
from tests.wire.codecs import frame


@pytest.fixture
def house() -> Iterator[socket.socket]:
    """A listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def meet(
    house: socket.socket,
) -> Iterator[Callable[[Callable[[tuple[str, int]], Program]], tuple[Program, socket.socket]]]:
    """Let a program come in: the program, and our end of its connection."""
    met: list[tuple[Program, socket.socket]] = []

    def come_in(program: Callable[[tuple[str, int]], Program]) -> tuple[Program, socket.socket]:
        guest = program(house.getsockname())
        ours, _ = house.accept()
        met.append((guest, ours))
        return guest, ours

    yield come_in
    for guest, ours in met:
        ours.close()
        guest.close()


Meet = Callable[[Callable[[tuple[str, int]], Program]], tuple[Program, socket.socket]]


def test_the_text_program_sends_no_line_end_and_prints_what_is_odd(meet: Meet) -> None:
    guest, ours = meet(text_program)
    guest.say("你好")
    assert ours.recv(100) == "你好".encode()
    ours.sendall(b"hello")
    assert guest.wait_for(1) == ["hello"]


def test_the_frame_program_sends_and_prints_frames(meet: Meet) -> None:
    guest, ours = meet(frame_program)
    guest.say("你好")
    assert ours.recv(100) == frame("你好".encode())
    ours.sendall(frame(b"hello" * 10 + b"tea!!tea") * 2)
    assert guest.wait_for(2) == ["hello" * 10 + "tea!!tea"] * 2


def test_a_stopped_program_reads_on_when_it_is_continued(meet: Meet) -> None:
    guest, ours = meet(text_program)
    guest.pause()
    ours.sendall(b"one")
    ours.sendall(b"two!")
    guest.resume()
    assert guest.wait_for(1) == ["onetwo!"]


def test_the_text_program_ends_at_bytes_that_are_not_utf_8(meet: Meet) -> None:
    guest, ours = meet(text_program)
    ours.sendall(b"\xff")
    guest.wait_for_end()
    assert isinstance(guest.broken, UnicodeDecodeError)


def test_a_program_notices_that_it_was_left(meet: Meet) -> None:
    guest, ours = meet(frame_program)
    ours.close()
    guest.wait_for_end()
    assert guest.broken is None
