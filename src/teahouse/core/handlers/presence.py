"""Who is present: the two functions that change it, so that `came` and `went` always alternate.

`room.present` and `session.rooms` say the same thing from two sides; nothing else writes them. A direct room has no
`present` signal: it has its two people whether they are here or not.
"""

from __future__ import annotations

from teahouse.core.events import Present, Unseat, Word
from teahouse.core.room import Room
from teahouse.core.session import Session


def enter(session: Session, room: Room) -> list[Word]:
    """The session is in the room; others hear of it if the person was not there yet, and if the room is no direct one.

    A visitor is nowhere, wherever it sits.
    """
    if session.visitor or room.id in session.rooms:
        return []
    session.rooms[room.id] = room
    session.neighbours.sit(1)
    sessions = room.present.setdefault(session.person.id, [])
    sessions.append(session)
    if len(sessions) > 1 or room.pair is not None:
        return []
    return [Present(room=room.name, came=[session.person], went=[], count=room.count())]


def exit(session: Session, room: Room) -> list[Word]:
    """The session is not in the room any more."""
    if session.rooms.pop(room.id, None) is None:
        return []
    session.neighbours.sit(-1)
    if session.here is room:
        session.here = None
    sessions = room.present[session.person.id]
    sessions.remove(session)
    if sessions:
        return []
    del room.present[session.person.id]
    if room.pair is not None:
        return []
    return [Present(room=room.name, came=[], went=[session.person], count=room.count())]


def step_out(session: Session, room: Room) -> list[Word]:
    """Unseat, then exit: who leaves does not hear himself go."""
    return [Unseat(session, room), *exit(session, room)]
