"""What the fan-out knows of one connection in one room, and of all who hear a room."""

from __future__ import annotations

from collections.abc import Iterable

from teahouse.core.events import Present, Renamed
from teahouse.core.room import Room
from teahouse.server import presence
from teahouse.server.peer import Peer
from teahouse.wire.base import WireFormat


class Cursor:
    """One connection in one room.

    id        of the session
    seq       served up to here; meaningless while `live`
    live      served up to the published head
    announce  `caught_up` is owed when it becomes live
    floor     signals up to this number were before its time
    own       numbers of its own events that its format does not show it, while it is behind
    kept      who came and went while it was behind or full: person id → (came, person)
    """

    __slots__ = (
        "announce", "floor", "format", "id", "kept", "live", "loading", "own", "peer", "renames", "room", "seq",
    )  # fmt: skip

    def __init__(self, peer: Peer, room: Room, seq: int, announce: bool, floor: int) -> None:
        self.id = peer.session.id
        self.peer = peer
        self.room = room
        self.format: WireFormat = peer.codec.format
        self.seq = seq
        self.announce = announce
        self.floor = floor
        self.live = False
        self.loading = False
        # Most cursors are live, and have none of these: there may be a million.
        self.own: set[int] | None = None
        self.kept: presence.Sum | None = None
        self.renames: dict[int, Renamed] | None = None

    def leave_out(self, numbers: Iterable[int]) -> None:
        """These events are its own, and its format does not show them to it."""
        if self.own is None:
            self.own = set()
        self.own.update(numbers)

    def keep(self, signal: Present | Renamed) -> None:
        """For later, when it is live: who came and went, as a net sum; who is called otherwise and is still here."""
        if isinstance(signal, Present):
            if self.kept is None:
                self.kept = {}
            presence.add(self.kept, signal)
            if self.renames:
                # Who came and went meanwhile was never known by the old name; a guest for each name could go on for ever.
                for person in signal.went:
                    if person.id not in self.kept:
                        self.renames.pop(person.id, None)
        else:
            if self.renames is None:
                self.renames = {}
            first = self.renames.pop(signal.person.id, signal)
            self.renames[signal.person.id] = Renamed(person=signal.person, from_=first.from_)


class Audience:
    """Who hears one room here: `live` by format, then by session; `behind` by session.

    gathered  who came and went a moment ago, not shown yet; each with the number of its signal
    """

    __slots__ = ("behind", "gathered", "live")

    def __init__(self) -> None:
        self.live: dict[WireFormat, dict[int, Cursor]] = {}
        self.behind: dict[int, Cursor] = {}
        self.gathered: list[tuple[int, Present]] = []
