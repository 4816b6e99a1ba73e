"""All that this node knows now: rooms, sessions, names. Changed by `chat.decide` and `chat.apply` alone.

A `View` is the same thing to be read only: what a door may look at to answer its own protocol's questions.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from teahouse.core import names
from teahouse.core.limits import Limits
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.core.session import Session

DEFAULT_ROOM = "lobby"


class Claim:
    """Who has a name: `person` the id; `until` when it is free again, by the monotonic clock (ms); None while it is in use.

    skeleton  of the name as it is written: under this it stands in `State.skeletons`
    """

    __slots__ = ("person", "skeleton", "until")

    def __init__(self, person: int, skeleton: str, until: int | None = None) -> None:
        self.person = person
        self.skeleton = skeleton
        self.until = until


class State:
    """rooms by fold, by id and by look; sessions of each person by the person's id; claims by fold and by skeleton.

    open_rooms     by id, the one where something happened last at the end
    directs        person id → that person's rooms of two, in the same way
    unsaid         by id: rooms in which nothing was ever said
    rooms_by_look  skeleton → folds of the open rooms that have it
    opening        skeleton → name of the room that the store is asked to make
    """

    def __init__(self, limits: Limits, server_name: str, version: str) -> None:
        self.limits = limits
        self.server_name = server_name
        self.version = version
        self.rooms_by_name: dict[str, Room] = {}
        self.rooms_by_id: dict[int, Room] = {}
        self.open_rooms: OrderedDict[int, Room] = OrderedDict()
        self.directs: dict[int, OrderedDict[int, Room]] = {}
        self.unsaid: dict[int, Room] = {}
        self.rooms_by_look: dict[str, tuple[str, ...]] = {}
        self.opening: dict[str, str] = {}
        self.sessions_by_person: dict[int, list[Session]] = {}
        self.claims: dict[str, Claim] = {}
        self.skeletons: dict[str, set[str]] = {}  # confusable skeleton → folds of the names that have it

    def add(self, room: Room, fold: str) -> None:
        """The store has this room (now)."""
        room.fold = fold
        self.rooms_by_name[fold] = room
        self.rooms_by_id[room.id] = room
        if room.pair is None:
            self.open_rooms[room.id] = room
            looks = names.room_skeleton(fold)
            same = self.rooms_by_look.get(looks, ())
            if fold not in same:
                self.rooms_by_look[looks] = (*same, fold)
        for person in room.pair or ():
            self.directs.setdefault(person, OrderedDict())[room.id] = room
        if room.made is not None and fold != DEFAULT_ROOM:
            self.unsaid[room.id] = room

    def remove(self, room: Room) -> None:
        """The room is no more. Nobody is in it."""
        del self.rooms_by_name[room.fold]
        del self.rooms_by_id[room.id]
        self.open_rooms.pop(room.id, None)
        self.unsaid.pop(room.id, None)
        for person in room.pair or ():
            rooms = self.directs[person]
            del rooms[room.id]
            if not rooms:
                del self.directs[person]
        if room.pair is None:
            self._forget_look(room.fold)

    def _forget_look(self, fold: str) -> None:
        looks = names.room_skeleton(fold)
        rest = tuple(other for other in self.rooms_by_look[looks] if other != fold)
        if rest:
            self.rooms_by_look[looks] = rest
        else:
            del self.rooms_by_look[looks]

    def room_like(self, fold: str) -> Room | None:
        """An open room of another name that looks like this one; None where there is none."""
        others = [other for other in self.rooms_by_look.get(names.room_skeleton(fold), ()) if other != fold]
        return self.rooms_by_name[others[0]] if others else None


class View(Protocol):
    """The state, to be read only."""

    @property
    def limits(self) -> Limits: ...
    @property
    def rooms_by_name(self) -> Mapping[str, Room]: ...
    @property
    def sessions_by_person(self) -> Mapping[int, list[Session]]: ...


def person_of(state: State, id: int) -> Person | None:
    """The person with this id, if a session of theirs is here."""
    sessions = state.sessions_by_person.get(id)
    return sessions[0].person if sessions else None
