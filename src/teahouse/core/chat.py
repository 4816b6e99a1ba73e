"""The door of the core: what is asked becomes words; what happened becomes state.

    decide(state, session, command, now) → drafts, signals, replies, orders      atomic; reads applied state only
    apply(state, room, events)                                                   they are on disk and are next
    vanish, forget                                                               a connection is no more

`decide` answers what needs no record outside the rooms' logs; the rest goes through `server/queries.py`, which asks
the store between a check and an answer, both of them here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teahouse.core import commands as ask
from teahouse.core import names
from teahouse.core.errors import NotAllowed, UnknownCommand
from teahouse.core.events import Event, HangUp, HelpText, Pong, Posted, Unseat, Word
from teahouse.core.handlers import identity, membership, posting, topics
from teahouse.core.handlers.presence import exit, step_out
from teahouse.core.room import Room, fold
from teahouse.core.session import Session
from teahouse.core.state import State

arrive = identity.arrive


def _ping(state: State, session: Session, command: ask.Ping, now: int) -> list[Word]:
    return [Pong(ref=command.ref)]


def _help(state: State, session: Session, command: ask.Help, now: int) -> list[Word]:
    return [HelpText(ref=command.ref)]


def _quit(state: State, session: Session, command: ask.Quit, now: int) -> list[Word]:
    return [HangUp(session)]


HANDLERS: dict[type[ask.Command], Callable[[State, Session, Any, int], list[Word]]] = {
    ask.Post: posting.post,
    ask.Edit: posting.edit,
    ask.Delete: posting.delete,
    ask.React: posting.react,
    ask.Unreact: posting.unreact,
    ask.Type: posting.typing,
    ask.SetTopic: topics.set_topic,
    ask.Leave: membership.leave,
    ask.ListMembers: membership.list_members,
    ask.ReadRoom: membership.read_room,
    ask.Ping: _ping,
    ask.Help: _help,
    ask.Quit: _quit,
}


def decide(state: State, session: Session, command: ask.Command, now: int) -> list[Word]:
    """What follows from the command, in the order in which it is to be done.

    now      ms since 1970 UTC
    raises   Refusal   nothing was changed
    """
    handler = HANDLERS.get(command.__class__)
    if handler is None:
        raise UnknownCommand("This server does not know that command.")
    if session.listener:
        raise NotAllowed("Say something first.")
    return handler(state, session, command, now)


def apply(state: State, room_id: int, events: Sequence[Event]) -> None:
    """The events are on disk and are the next of their room: they have happened."""
    room = state.rooms_by_id[room_id]
    for event in events:
        if event.shapes:
            room.record = fold(room.record, event)
    room.head = events[-1].seq
    room.time = events[-1].time
    if room.pair is None:
        state.open_rooms.move_to_end(room_id)
    else:
        for person in room.pair:
            state.directs[person].move_to_end(room_id)
    if room.made is not None and any(event.__class__ is Posted for event in events):
        room.made = None
        state.unsaid.pop(room_id, None)


def room_named(state: State, name: str) -> Room:
    """The room that an event or a signal names."""
    return state.rooms_by_name[name] if name in state.rooms_by_name else state.rooms_by_name[names.fold(name)]


def vanish(state: State, session: Session) -> list[Word]:
    """The connection is gone. A session that lingers hears nothing more but counts as present until `forget`.

    Present is who is in a room: whoever has left them all has said goodbye, and is forgotten at once.
    Idempotent. A listener is nobody and is nowhere: there is nothing to undo.
    """
    if session.gone or session not in state.sessions_by_person.get(session.person.id, ()):
        return []
    if session.lingers and session.rooms:
        session.gone = True
        return [Unseat(session, room) for room in session.rooms.values()]
    words = [word for room in list(session.rooms.values()) for word in step_out(session, room)]
    _drop(state, session)
    return words


def forget(state: State, session: Session) -> list[Word]:
    """The time is over in which a vanished session counts as present. Idempotent."""
    if not session.gone:
        return []
    session.gone = False
    words = [word for room in list(session.rooms.values()) for word in exit(session, room)]
    _drop(state, session)
    return words


def _drop(state: State, session: Session) -> None:
    """The session is no more; the name is free when it was the person's last one."""
    person = session.person
    sessions = state.sessions_by_person[person.id]
    sessions.remove(session)
    if not sessions:
        del state.sessions_by_person[person.id]
        if person.chosen:
            identity.release(state, person.id, person.name)
