"""Listeners: who has said nothing may be either of the two old programs, or a person with `nc`.

One shape serves them all:

    offset 0    version 1, length n + 5, cmd n >> 8 │ n & 255, four spaces, text, spaces, newline
    offset 5    the same bytes from the sixth on are a header, too: its length is n, its body the text alone

The frame program reads 10 bytes at a time and throws away what it read beyond a frame: a frame's total is 5 more than
a multiple of 10, so the next one is then read from its offset 5, and the one after it from 0 again. The text program
reads 2 bytes at a time and prints when a read comes back short: a write's total is odd. Every byte of the header is
below 0x80, or the text program would end. On a terminal the header shows nothing much.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal

from teahouse.core.errors import Overload, WireError
from teahouse.core.events import Event, Reply, Signal
from teahouse.core.limits import Limits
from teahouse.wire import text
from teahouse.wire.base import Heard, WireFormat

_HEADER = struct.Struct("!3I")


def listener_frame(words: bytes) -> bytes:
    """One frame that reads the same from offset 0 and from offset 5; its total ends in the digit 5."""
    length = _inner_length(len(words) + 1)
    header = _HEADER.pack(1, length + 5, length >> 8)
    return b"%b%c    %b\n" % (header, length & 255, words.ljust(length - 1))


def _inner_length(least: int) -> int:
    """The first length from `least` on that ends in 8, has a last byte of 0x1C … 0x20 and one below 0x80 before it."""
    block = least >> 8
    while True:
        if block & 255 >= 0x80:
            block = (block | 255) + 1
        for length in range(block << 8 | 0x1C, (block << 8 | 0x20) + 1):
            if length >= least and length % 10 == 8:
                return length
        block += 1


class ListenerFormat:
    """A unit is the text of one message; only `batch` makes frames of it."""

    name = "listener"
    own: Literal["same", "nothing"] = "nothing"
    paced = True

    def event(self, event: Event) -> bytes:
        """A message or a correction."""
        return text.message(event).encode()

    def signal(self, signal: Signal) -> bytes:
        """Nothing that passes is shown."""
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """An odd number of frames: where there would be an even one, the last two texts share a frame."""
        if len(units) % 2 == 0:
            *units, last_but_one, last = units
            units.append(b"%b\n%b" % (last_but_one, last))
        return b"".join([listener_frame(words) for words in units])


FORMAT = ListenerFormat()


class ListenerCodec:
    """Somebody who has said nothing. The first bytes end it: the gate then chooses the door by them."""

    format: WireFormat = FORMAT
    one_room = True
    lingers = False
    acknowledges = False

    def __init__(self, limits: Limits) -> None:
        self.held = 0

    def receive(self, data: bytes) -> list[Heard]:
        """Bytes are for the door that comes after this one."""
        return []

    def waits(self) -> tuple[int, bool] | None:
        """Never: nothing is unfinished where nothing was said."""
        return None

    def silence(self) -> list[Heard]:
        """Is what a listener does."""
        return []

    def end(self) -> list[Heard]:
        """Nothing was said."""
        return []

    def owed(self) -> bytes:
        """Nothing."""
        return b""

    def answer(self, reply: Reply) -> bytes:
        """A listener asks nothing."""
        return b""

    def farewell(self, why: WireError | Overload) -> bytes:
        """None: it may be a browser's spare connection, to which nothing may be said."""
        return b""
