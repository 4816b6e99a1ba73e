"""Lines: people with `nc`. A message ends with LF or CRLF, or with the stream; a pause ends nothing.

They see what is said, corrections, topics, who came and who went. Coming in they are told the room, who is here and
`/help`, and see the last ten messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from teahouse.core.events import Event, Reply, RoomJoined, Signal
from teahouse.core.limits import Limits
from teahouse.wire import text
from teahouse.wire.base import Heard, WireFormat
from teahouse.wire.text_door import TextDoor, shown

LAST = 10  # messages that somebody who comes in sees


class LinesFormat:
    """A unit is one or more whole lines."""

    name = "lines"
    own: Literal["same", "nothing"] = "nothing"
    paced = False

    def event(self, event: Event) -> bytes:
        """A message, a correction, a topic."""
        return shown(text.happening(event))

    def signal(self, signal: Signal) -> bytes:
        """Who came, who went, who has a new name."""
        return shown(text.passing(signal))

    def batch(self, units: Sequence[bytes]) -> bytes:
        """One line after the other."""
        return b"".join(units)


FORMAT = LinesFormat()


class LinesCodec(TextDoor):
    """One person with `nc`. Holds at most one unfinished line: limits.text_bytes.

    after   the number up to which it has heard the default room as a listener: what follows is then shown instead of
            the last ten messages
    """

    format: WireFormat = FORMAT

    def __init__(self, limits: Limits, after: int | None = None) -> None:
        super().__init__(limits, last=LAST, after=after)

    def waits(self) -> tuple[int, bool] | None:
        """Never: people think while they type."""
        return None

    def silence(self) -> list[Heard]:
        """Completes nothing."""
        return []

    def owed(self) -> bytes:
        """What a telnet client asked is declined."""
        if not self._telnet.owed:
            return b""
        owed = bytes(self._telnet.owed)
        self._telnet.owed.clear()
        return owed

    def answer(self, reply: Reply) -> bytes:
        """As on every text door; coming into a room has a greeting."""
        return shown(text.greeting(reply)) if isinstance(reply, RoomJoined) else super().answer(reply)
