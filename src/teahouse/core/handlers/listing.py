"""Which rooms there are, a page at a time.

    mine     open rooms where one sits or has read
    directs  one's rooms of two, the DIRECTS of them where something happened last
    others   the open rooms
    older    one's other rooms of two

Within each of the four, where something happened last stands first; a room in which nothing did stands where it was made.
A page goes on behind a room, wherever that stands now: what moved meanwhile stands at the front of a new list.

The order of rooms is kept while events are applied, so no list looks at more of them than it passes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from teahouse.core import names
from teahouse.core.commands import ListRooms
from teahouse.core.events import RoomEntry
from teahouse.core.handlers.rooms import visible_room
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State

DIRECTS = 50
NAMED = 2_000  # rooms of two in which a query is looked for, by the other's name
BESIDE_BYTES = 512  # of one entry as JSON, beside its topic and names; generous
ESCAPED = 2  # bytes that one byte of text may become: a quote, a backslash


def visible_rooms(state: State, person: Person) -> list[Room]:
    """Open rooms and the person's own rooms of two."""
    return [*state.open_rooms.values(), *state.directs.get(person.id, {}).values()]


def in_order(state: State, person: Person, read: Collection[int]) -> Iterator[Room]:
    """All that the person may see, as the module's docstring says; `read`: ids of rooms where they have read."""
    mine = {id: room for id in read if (room := state.open_rooms.get(id)) is not None}
    for session in state.sessions_by_person.get(person.id, ()):
        mine.update((id, room) for id, room in session.rooms.items() if room.pair is None)
    yield from sorted(mine.values(), key=_latest, reverse=True)
    yield from directs(state, person, DIRECTS)
    yield from (room for id, room in reversed(state.open_rooms.items()) if id not in mine)
    yield from islice(directs(state, person), DIRECTS, None)


def directs(state: State, person: Person, most: int | None = None) -> Iterator[Room]:
    """The person's rooms of two, the one where something happened last first."""
    rooms = state.directs.get(person.id)
    return islice(reversed(rooms.values()), most) if rooms is not None else iter(())


def _latest(room: Room) -> tuple[int, int]:
    return room.latest(), room.id


def page(
    state: State, session: Session, person: Person, command: ListRooms, read: Collection[int],
    others: Mapping[int, Person],
) -> tuple[list[Room], bool]:  # fmt: skip
    """A page of rooms, and whether there are more behind it.

    others  of the rooms of two, by the room's id: whom a `query` may mean
    raises  NoSuchRoom  `after` names none that one may see;  BadRoom
    """
    rooms = in_order(state, person, read)
    if command.after is not None:
        last = visible_room(state, session, command.after)
        rooms = _behind(rooms, last)
    if command.query is not None and (wanted := names.fold(command.query.strip())):
        rooms = (room for room in rooms if wanted in _called(room, others))
    limit = min(command.limit or state.limits.rooms_page, state.limits.rooms_page)
    found = list(islice(rooms, limit + 1))
    return found[:limit], len(found) > limit


def _behind(rooms: Iterator[Room], last: Room) -> Iterator[Room]:
    for room in rooms:
        if room is last:
            break
    return rooms


def _called(room: Room, others: Mapping[int, Person]) -> str:
    if room.pair is None:
        return room.fold
    other = others.get(room.id)
    return "" if other is None else names.fold(other.name)


def room_entry(room: Room, other: Person | None, read: int, unread: int, mentions: int) -> RoomEntry:
    """One line of the list of rooms; `other` is the other person of a direct room."""
    return RoomEntry(
        room=room.name,
        topic=room.record.topic,
        count=room.count(),
        head=room.head,
        read=read,
        unread=unread,
        mentions=mentions,
        with_=other,
    )


def fitting(entries: list[RoomEntry], limit_bytes: int) -> int:
    """How many of the first entries fit into one answer; one at the least."""
    size = 0
    for place, entry in enumerate(entries):
        size += BESIDE_BYTES + ESCAPED * len(entry.topic.encode()) + len(entry.room.encode())
        if size > limit_bytes and place:
            return place
    return len(entries)
