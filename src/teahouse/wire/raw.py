"""Raw: the old text program. UTF-8 with no line ends; a message ends with 50 ms of silence.

The program reads 2 bytes at a time and prints when a read comes back short. Each write to it therefore has an odd
number of bytes: a space stands before the last newline where needed. That is a property of a whole write, so it is
`batch` that sees to it, and the outbox paces the writes (wire/base.py): two writes that meet are even.

It sees messages and corrections, the answers to what it asks, and nothing else.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Literal

from teahouse.core.escapes import ends_within_an_escape
from teahouse.core.events import Event, Signal
from teahouse.core.limits import Limits
from teahouse.wire import text
from teahouse.wire.base import Heard, WireFormat
from teahouse.wire.text_door import TextDoor, shown


class RawFormat:
    """A unit is one message with a newline."""

    name = "raw"
    own: Literal["same", "nothing"] = "nothing"
    paced = True

    def event(self, event: Event) -> bytes:
        """A message or a correction."""
        return shown(text.message(event))

    def signal(self, signal: Signal) -> bytes:
        """Nothing that passes is shown."""
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One message after the other, an odd number of bytes in all."""
        write = b"".join(units)
        return write if len(write) % 2 else write[:-1] + b" \n"


FORMAT = RawFormat()


class RawCodec(TextDoor):
    """One old text program. Holds at most one unfinished message: limits.text_bytes.

    after   the number up to which it has heard the default room as a listener; what follows is then shown
    """

    format: WireFormat = FORMAT

    def __init__(self, limits: Limits, after: int | None = None) -> None:
        super().__init__(limits, last=None, after=after)

    def waits(self) -> tuple[int, bool] | None:
        """A pause ends a message; a longer one if it is one character or a key is cut, a long one if a character is."""
        if self._talk.over or not self._buffer.unfinished:
            return None
        held = self._buffer.held
        tail = bytes(held[-4:])  # no character is longer
        if _is_cut(tail):
            return self._limits.character_ms, True
        if len(held) == len(tail) and len(tail.decode(errors="replace")) == 1:
            return self._limits.raw_first_ms, True
        if ends_within_an_escape(bytes(held[-64:]).decode(errors="replace")):
            return self._limits.raw_first_ms, True
        return self._limits.raw_silence_ms, True

    def silence(self) -> list[Heard]:
        """The message ends here. If a character is still cut, no rest of it will come."""
        return self._hear([*self._buffer.feed(self._telnet.end()), *self._buffer.cut()])


def _is_cut(held: bytes) -> bool:
    """Whether these bytes end within a UTF-8 character."""
    return codecs.utf_8_decode(held, "replace", False)[1] < len(held)
