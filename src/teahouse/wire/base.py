"""What a door is made of: a `Codec` for one connection, a `WireFormat` that many connections share.

    bytes ──▶ Codec.receive ──▶ Command | Refusal | WireError …          one connection's reading
    Reply ──▶ Codec.answer ──▶ unit                                       … and its own answers
    Event, Signal ──▶ WireFormat.event, .signal ──▶ unit ──┐
                                                           └▶ WireFormat.batch(units) ──▶ one write

A *unit* is one thing as this format shows it: one frame, one line. `b""` is a unit that shows nothing. How units
become one write is the format's business, because the old text program minds the parity of a whole write.

However the stream is cut, the words are the same. Any bytes give words, never an exception. A WireError is the
last word of its connection: what follows is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from teahouse.core.commands import Command
from teahouse.core.errors import Overload, Refusal, WireError
from teahouse.core.events import Event, Refused, Reply, Signal

Heard = Command | Refusal | WireError
"""What a codec makes of bytes: something asked, something to decline (in the order of the questions), or the end.
A Refusal carries the `ref` of its command in the attribute `ref` where one could be read."""


class WireFormat(Protocol):
    """One way to write what many hear. Connections that share it get the very same bytes."""

    name: str
    own: Literal["same", "nothing"]
    """What the author's own connection gets of an event."""
    paced: bool
    """An old door: at most `PACE_BYTES` go out at once, whole units, the next write waits `PACE_MS` and for an empty
    send queue; a larger unit goes alone, whole."""

    def event(self, event: Event) -> bytes:
        """The unit of one event."""

    def signal(self, signal: Signal) -> bytes:
        """The unit of one signal."""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """Units, none of them empty, as one write."""


class Codec(Protocol):
    """One connection's two directions."""

    format: WireFormat
    one_room: bool
    """A text door: see `core.session.Session`."""
    lingers: bool
    """A JSON door: its session counts as present for a while after the connection vanished."""
    acknowledges: bool
    """Whether `Stored` and `Done` are worth rendering for this door."""

    def receive(self, data: bytes) -> list[Heard]:
        """Take the peer's next bytes (0 … 65,536); return what they complete, oldest first."""

    def waits(self) -> tuple[int, bool] | None:
        """What should happen if no byte comes for a while: (milliseconds, whether `silence` is then called).

        None: nothing unfinished, wait for ever. (30_000, False): an unfinished frame, the connection is then closed
        with `TimedOut`. (50, True): call `silence`, the pause completes something.
        """

    def silence(self) -> list[Heard]:
        """The pause that `waits` named has passed: what it completes."""

    def end(self) -> list[Heard]:
        """The peer has sent all it will send: what that completes."""

    def owed(self) -> bytes:
        """What the protocol itself wants said back to what was received, once; b"" for nothing."""

    def answer(self, reply: Reply) -> bytes:
        """The unit of one reply; b"" where this door does not show it."""

    def farewell(self, why: WireError | Overload) -> bytes:
        """The unit that says why we close; b"" where this door has no way to say it."""


def refused(refusal: Refusal | WireError | Overload, ref: int | str | None = None) -> Refused:
    """The reply that says no."""
    return Refused(
        ref=ref,
        code=refusal.code,
        message=refusal.message,
        field=getattr(refusal, "field", None),
        limit=getattr(refusal, "limit", None),
        retry_after=getattr(refusal, "retry_after_ms", None),
    )


PACE_BYTES = 1_440
PACE_MS = 40
