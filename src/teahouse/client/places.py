"""What a client's rooms hear: each word goes to the room that it names, then to whoever reads or listens.

A *place* is a room with a cursor. Where the server does not give it back (another log after a restored backup, a room
that is closed to us now) the place is `Lost`: whoever iterates over the room gets the reason, and may join it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from teahouse.client.errors import error_of
from teahouse.client.link import TEMPORARY
from teahouse.client.outbox import Sending
from teahouse.client.readers import Readers
from teahouse.client.room import Keeper, Room
from teahouse.client.seat import Seat
from teahouse.client.wires import Torn
from teahouse.client.words import Unknown, Word
from teahouse.core import names
from teahouse.core.commands import Join
from teahouse.core.errors import BadRoom, TeahouseError
from teahouse.core.events import CaughtUp, Event, Gap, Present, Refused, Renamed, Reply, RoomEntry, RoomJoined, Signal

log = logging.getLogger("teahouse.client")


class LineState(msgspec.Struct, frozen=True):
    """How the line is.

    state   `online`; `offline`, with the next attempt after `pause` seconds; `ended`: there will be none
    why     … it is not there
    """

    state: Literal["online", "offline", "ended"]
    why: str = ""
    pause: float = 0.0
    error: TeahouseError | None = None


class Declined(msgspec.Struct, frozen=True):
    """A message was declined for good; its text is its author's again."""

    sending: Sending
    error: TeahouseError


class Lost(msgspec.Struct, frozen=True):
    """The place in a room is no more: join it anew."""

    room: Room
    error: TeahouseError


Heard = Event | Signal | Gap | CaughtUp | RoomJoined | LineState | Declined | Lost
"""What a listener hears. A `RoomJoined` that nobody asked for: somebody opened a direct room with us."""


class Places:
    """All rooms of a client. `heard` is the listener; without one, events wait to be read."""

    def __init__(self, keeper: Keeper, readers: Readers, heard: Callable[[Heard], None] | None, buffer: int) -> None:
        self._keeper = keeper
        self._readers = readers
        self._rooms = readers.rooms
        self._heard = heard
        self._buffer = buffer
        self._left: dict[str, int] = {}  # direct rooms that were left: the last number that came

    @property
    def rooms(self) -> list[Room]:
        """Where we are."""
        return list(self._rooms.values())

    def tell(self, word: Heard) -> None:
        """Let the listener hear it. What nobody hears and somebody should know is logged."""
        if self._heard is not None:
            self._heard(word)
        elif isinstance(word, Declined) and not word.sending.awaited:
            log.warning("not stored in %s: %s", word.sending.room, word.error)

    # ---- places

    def at(self, name: str) -> Room:
        """The room of this name, known from now on."""
        folded = _fold(name)
        room = self._rooms.get(folded)
        if room is None:
            room = self._rooms[folded] = Room(self._keeper, name, Seat(self._buffer))
        return room

    def here(self, name: str) -> Room | None:
        """The room of this name, if we are in it."""
        room = self._rooms.get(name) or self._rooms.get(_fold(name))
        return room if room is not None and room.here else None

    def joined(self, join: Join | None, reply: Reply) -> Room:
        """We are in a room: `join` asked for it; without one it was opened, and an old place is kept."""
        assert isinstance(reply, RoomJoined)
        room = self.at(reply.room)
        if join is not None or not room.here:
            room.seat.begin(join or Join(room=reply.room))
            room.seat.joined(reply)
        room.joined(reply)
        return room

    def returned(self, room: Room, reply: Reply) -> None:
        """The old place in a room, or why it is no more.

        raises  Torn   not now: the next line may have it
        """
        if isinstance(reply, RoomJoined):
            room.seat.joined(reply)
            room.joined(reply)
        elif isinstance(reply, Refused):
            if reply.code in TEMPORARY:
                raise Torn(reply.message)
            error = error_of(reply)
            self.leave(room)
            room.lost = error
            self.tell(Lost(room, error))

    def find_opened(self, listed: Iterable[RoomEntry], heads: Mapping[str, int]) -> None:
        """While we were away somebody may have written to us in a direct room: be there, behind what there was."""
        for entry in listed:
            head = max(heads.get(entry.room, 0), self._left.get(entry.room, 0))
            if entry.room.startswith("@") and entry.head > head and self.here(entry.room) is None:
                room = self.at(entry.room)
                room.seat.begin(Join(room=entry.room, after=head))
                room.here = True

    def leave(self, room: Room) -> None:
        """We are in it no more; what came and was not read may still be read."""
        room.here = False
        if room.name.startswith("@"):
            self._left[room.name] = room.head
        self._rooms.pop(_fold(room.name), None)
        self._readers.stir()

    # ---- what came

    def hear(self, word: Word) -> None:
        """A word that answers nothing.

        raises  Torn   it cannot be
        """
        if isinstance(word, Event):
            room = self.here(word.room)
            if room is not None and room.seat.accepts(word.seq, word.time):
                room.happened(word)
                self._pass_on(room, word)
        elif isinstance(word, Signal):
            self._pass(word)
        elif isinstance(word, Gap):
            room = self.here(word.room)
            if room is not None and room.seat.skip(word):
                self._pass_on(room, word)
        elif isinstance(word, CaughtUp):
            room = self.here(word.room)
            if room is not None and room.seat.caught_up(word.seq):
                self.tell(word)
        elif isinstance(word, RoomJoined):
            self.joined(None, word)
            self.tell(word)
        elif isinstance(word, Unknown) and word.author is not None and word.seq is not None:
            room = self.here(word.room or "")
            if room is not None:
                room.seat.accepts(word.seq, word.time)

    def _pass_on(self, room: Room, event: Event | Gap) -> None:
        if self._heard is not None:
            self._heard(event)
        else:
            self._readers.arrived(room, event)

    def _pass(self, signal: Signal) -> None:
        if isinstance(signal, Present):
            if (room := self.here(signal.room)) is not None:
                room.present(signal)
        elif isinstance(signal, Renamed):
            self._keeper.renamed(signal.person)
            for room in self._rooms.values():
                room.renamed(signal.person)
        self.tell(signal)


def _fold(name: str) -> str:
    try:
        return name if name.startswith("@") else names.room_name(name)[1]
    except BadRoom:  # the server will say so
        return name
