"""One connection of one person, as the core sees it. No socket in it."""

from __future__ import annotations

from teahouse.core.message import Person
from teahouse.core.room import Room

NOBODY = Person(0, "", "guest", False)


class Session:
    """Who asks.

    id        of the session; unique in this process
    person    who it is; NOBODY until `hello`
    one_room  a text connection: in one room (and its direct rooms) at a time, `HERE` names it
    listener  nobody: hears the default room, is present nowhere, may ask nothing
    visitor   comes for one request: may act in every room that it sees, and is present in none
    passing   … and without a token: nobody is ever this person again
    here      the room of a `one_room` session
    rooms     where it is seated, by room id
    lingers   whether it counts as present for a while after its connection vanished (JSON sessions)
    gone      its connection is no more; kept only while it lingers
    """

    __slots__ = (
        "agent",
        "gone",
        "here",
        "id",
        "lingers",
        "listener",
        "one_room",
        "passing",
        "person",
        "rooms",
        "visitor",
    )

    def __init__(self, id: int, *, one_room: bool = False, listener: bool = False, lingers: bool = False) -> None:
        self.id = id
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
