"""Where in a room's log this client is, and what it has received that was not read yet.

A connection is a cursor, and so is a reader (docs/architecture.md). Events wait here for whoever iterates over the
room, `most` of them. When that is reached the client stops listening to its line for a moment (client.py), which is
what slows a fast server down. A reader who takes longer than that moment, or who never began to read, is *behind*:
what comes is let go, the cursor stays where the last kept event is, and when there is room again the client joins
anew from there. So a slow reader costs a number, never a growing buffer; and nobody else waits for him. Until then a
line that breaks is not asked for the past again: it could not be kept now either.

Numbers are checked: an event that was here already is let go, a hole is an error of the line.
"""

from __future__ import annotations

from collections import deque

from teahouse.client.wires import Torn
from teahouse.core.commands import Join
from teahouse.core.events import Event, Gap, RoomJoined

SPARE = 1_000
"""Events that are kept beyond `most`: what one reading of the line may bring after it was decided to listen once more."""


class Seat:
    """One room's cursor and its unread events.

    seq       of the last event that came; None before the first of the newest `last`
    time      of that event; None where it is not known
    behind    what comes is let go until the client has joined anew
    read      whether anybody has ever iterated
    arrivals  the unread events, each with the number of its arrival at this client
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._last: int | None = None
        self._at_most: int | None = None
        self._stays_behind = False
        self.seq: int | None = None
        self.time: int | None = None
        self.behind = False
        self.read = False
        self.arrivals: deque[tuple[int, Event | Gap]] = deque()

    def begin(self, join: Join) -> None:
        """This join begins anew: what is unread is no more, and what still comes belongs to the old place."""
        self.arrivals.clear()
        self.behind = True
        self._stays_behind = False
        self._last, self._at_most = join.last, join.at_most
        self.seq, self.time = join.after, join.at

    def joined(self, room: RoomJoined) -> None:
        """The room's answer: what comes from here on follows the cursor."""
        self.behind = self._stays_behind
        if self.seq is None and self._last is None:
            self.seq = room.head

    def way_back(self, room: str) -> Join:
        """What to ask to go on from here; for who has no room for it now, to be in the room and let it go."""
        self._stays_behind = self.behind and not self.may_return
        if self._stays_behind:
            return Join(room=room)
        if self.seq is None:
            return Join(room=room, last=self._last, at_most=self._at_most)
        return Join(room=room, after=self.seq, at=self.time if self.seq else None, at_most=self._at_most)

    def accepts(self, seq: int, time: int | None) -> bool:
        """Whether the event with this number is the next and can be kept; then it is where we are.

        raises  Torn   it is not the next, and none that was here already
        """
        if self.behind or (self.seq is not None and seq <= self.seq):
            return False
        if self.seq is not None and seq != self.seq + 1:
            raise Torn(f"event {seq} came after event {self.seq}")
        if len(self.arrivals) >= self._most + SPARE:
            self.behind = True
            return False
        self.seq, self.time = seq, time
        return True

    def skip(self, gap: Gap) -> bool:
        """The numbers of a gap are not shown: go on behind it. Whether that concerns us."""
        if not self.behind:
            self.seq, self.time = gap.to, None
        return not self.behind

    def caught_up(self, seq: int) -> bool:
        """All up to here was sent; there may have been nothing. Whether that concerns us."""
        if not self.behind and self.seq is None:
            self.seq = seq
        return not self.behind

    @property
    def full(self) -> bool:
        """Whether the line should wait for the reader."""
        return len(self.arrivals) >= self._most

    @property
    def may_return(self) -> bool:
        """Whether there is room again for somebody who is behind."""
        return self.behind and len(self.arrivals) <= self._most // 2
