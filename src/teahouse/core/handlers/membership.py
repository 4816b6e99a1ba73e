"""Where somebody is: join, leave, direct conversations, who is here, which rooms there are."""

from __future__ import annotations

import re

from teahouse.core import names
from teahouse.core.authorize import authorize
from teahouse.core.commands import Leave, ListMembers, ReadRoom
from teahouse.core.errors import BadField, LogChanged, TooMany
from teahouse.core.events import Done, MemberList, Ref, Seat, Word
from teahouse.core.handlers.presence import enter, step_out
from teahouse.core.handlers.rooms import joined, no_such_room, room_of, visible_room
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State, person_of

_NAMELESS = re.compile(r"guest-([1-9][0-9]{0,15})")


def check_cursor(room: Room, after: int | None, at: int | None, last: int | None) -> None:
    """Whether one may begin there.

    raises  BadField, LogChanged
    """
    if after is not None and last is not None:
        raise BadField("Only one of after and last can be given.", field="last")
    if at is not None and after is None:
        raise BadField("`at` is the time of event `after`: give both.", field="at")
    if after is not None and after > room.head:
        raise LogChanged(f"This room's last number is {room.head}. Start over without `after`.", limit=room.head)


def check_for_one_more(state: State, session: Session) -> None:
    """Whether the session may sit in one more room. A text connection moves, and a visitor sits nowhere.

    raises  TooMany
    """
    limit = state.limits.rooms_per_session
    if limit is not None and len(session.rooms) >= limit:
        raise TooMany(f"You are in {limit} rooms, the limit. Leave one first.", limit=limit)
    if session.visitor or session.here is not None:
        return
    neighbours, house = session.neighbours, session.neighbours.house
    limit = state.limits.seats_per_address
    if limit is not None and neighbours.seats >= limit:
        raise TooMany(
            f"Those at your address sit in {limit:,} rooms together, the limit. Leave one first.", limit=limit
        )
    limit = state.limits.seats
    if limit is not None and house is not None and house.seats >= limit:
        raise TooMany("The house has no seat left. Try again when somebody has gone.", limit=limit)


def answer_join(
    state: State, session: Session, room: Room, *, cursor: int, announce: bool, standing_read: int,
    standing_unread: int, ref: Ref, now: int,
) -> list[Word]:  # fmt: skip
    """The session sits in the room, from behind `cursor` on. Others hear it before the seat, so the comer does not.

    A text connection moves: what it says goes where it joined last, a direct room too. It leaves the room where it
    was, unless that is a direct one: those it goes on hearing. A visitor sits without being there.
    """
    if state.rooms_by_id.get(room.id) is not room:
        raise no_such_room(room.name)  # it went while the disk was asked
    authorize(session.person, "join", room)
    if room.id not in session.rooms:
        check_for_one_more(state, session)
    words: list[Word] = []
    if session.one_room:
        old, session.here = session.here, room
        if old is not None and old is not room and old.pair is None:
            words += step_out(session, old)
    words += enter(session, room)
    words.append(Seat(session, room, cursor, announce))
    words.append(joined(session.person, room, state.limits.members_page, standing_read, standing_unread, ref))
    return words


def answer_direct(
    state: State, session: Session, room: Room, *, standing_read: int, standing_unread: int, ref: Ref, now: int
) -> list[Word]:
    """The session sits in the room of the two; where it sits there already it keeps its place."""
    authorize(session.person, "direct", room)
    if room.id in session.rooms:
        return [joined(session.person, room, state.limits.members_page, standing_read, standing_unread, ref)]
    return answer_join(
        state, session, room, cursor=room.head, announce=False, standing_read=standing_read,
        standing_unread=standing_unread, ref=ref, now=now,
    )  # fmt: skip


def leave(state: State, session: Session, command: Leave, now: int) -> list[Word]:
    """The session hears the room no more."""
    room = room_of(state, session, command.room)
    return [*step_out(session, room), Done(ref=command.ref)]


def list_members(state: State, session: Session, command: ListMembers, now: int) -> list[Word]:
    """A page of who belongs to the room or is present."""
    room = visible_room(state, session, command.room)
    authorize(session.person, "members", room)
    most = state.limits.members_page
    page = room.people(command.after or 0, most + 1)
    return [MemberList(ref=command.ref, room=room.name, members=page[:most], count=room.count(), more=len(page) > most)]


def read_room(state: State, session: Session, command: ReadRoom, now: int) -> list[Word]:
    """The `room` answer without joining."""
    room = visible_room(state, session, command.room)
    authorize(session.person, "read", room)
    return [joined(session.person, room, state.limits.members_page, 0, 0, command.ref)]


def find_person(state: State, to: str | int) -> Person | None:
    """Somebody who is here, by id or by name."""
    if isinstance(to, int):
        return person_of(state, to)
    held = state.claims.get(names.fold(to))
    if held is not None:
        return person_of(state, held.person)
    nameless = _NAMELESS.fullmatch(names.fold(to))
    person = person_of(state, int(nameless[1])) if nameless is not None else None
    return None if person is None or person.chosen else person
