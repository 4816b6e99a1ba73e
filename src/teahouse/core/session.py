"""One connection of one person, as the core sees it. No socket in it."""

from __future__ import annotations

from teahouse.core.message import Person
from teahouse.core.room import Room

NOBODY = Person(0, "", "guest", False)


class Neighbours:
    """Everybody whose address counts as one.

    seats      rooms in which their sessions sit, all together
    lingering  ids of their sessions that vanished and still count as present, oldest first
    house      the same of everybody; None: that is this one
    """

    __slots__ = ("__weakref__", "house", "lingering", "seats")

    def __init__(self, house: Neighbours | None = None) -> None:
        self.house = house
        self.seats = 0
        self.lingering: dict[int, None] = {}

    def sit(self, more: int) -> None:
        """One sits in a room (1), or has left it (-1)."""
        self.seats += more
        if self.house is not None:
            self.house.seats += more


class Session:
    """Who asks.

    id          of the session; unique in this process
    neighbours  whom its address counts with
    person      who it is; NOBODY until `hello`
    one_room    a text connection: in one room (and its direct rooms) at a time, `HERE` names it
    listener    nobody: hears the default room, is present nowhere, may ask nothing
    visitor     comes for one request: may act in every room that it sees, and is present in none
    passing     … and without a token: nobody is ever this person again
    here        the room of a `one_room` session
    rooms       where it is seated, by room id
    lingers     whether it counts as present for a while after its connection vanished (JSON sessions)
    gone        its connection is no more; kept only while it lingers
    token       what is kept of the token that it came with; b"" without one
    """

    __slots__ = (
        "agent",
        "gone",
        "here",
        "id",
        "lingers",
        "listener",
        "neighbours",
        "one_room",
        "passing",
        "person",
        "rooms",
        "token",
        "visitor",
    )

    def __init__(
        self, id: int, *, one_room: bool = False, listener: bool = False, lingers: bool = False,
        neighbours: Neighbours | None = None,
    ) -> None:  # fmt: skip
        self.id = id
        self.neighbours = neighbours or Neighbours()
        self.person = NOBODY
        self.one_room = one_room
        self.listener = listener
        self.visitor = False
        self.passing = False
        self.lingers = lingers
        self.here: Room | None = None
        self.rooms: dict[int, Room] = {}
        self.agent = ""
        self.gone = False
        self.token = b""
