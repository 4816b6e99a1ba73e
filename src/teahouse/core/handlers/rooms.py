"""Which room is meant: from what a client wrote to a room, or to the reason why not."""

from __future__ import annotations

from teahouse.core import names
from teahouse.core.authorize import Rank, rank, sees
from teahouse.core.commands import HERE
from teahouse.core.errors import BadRoom, NoSuchRoom, NotInRoom
from teahouse.core.events import Ref, Role, RoomJoined, Seat, Tell, Word
from teahouse.core.handlers.presence import enter
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.core.session import Session
from teahouse.core.state import State

_GUEST = Role("guest")
_ROLES: dict[Rank, Role] = {"member": Role("member"), "moderator": Role("moderator"), "owner": Role("owner")}

STAYS = 2  # looks at the empty rooms: who has named a room may go there or speak there in the next moment

Target = Room | tuple[str, str, tuple[int, int] | None]


def no_such_room(name: str) -> NoSuchRoom:
    """What is said of a room that is not there, or is none of the asker's business."""
    return NoSuchRoom(f"There is no room “{name}”.", field="room")


def target_room(state: State, session: Session, text: str) -> Target:
    """The room of this name; (name, fold, pair) where there is none yet and there may be one.

    raises  BadRoom, NoSuchRoom (a direct room of others), NotInRoom (`HERE`, and the session is nowhere)
    """
    if text == HERE and session.one_room:
        return here(session)
    pair = names.direct_pair(text)
    if pair is not None:
        if session.person.id not in pair:
            raise no_such_room(text)
        name = folded = names.direct_name(*pair)
    else:
        name, folded = names.room_name(text)
    room = state.rooms_by_name.get(folded)
    if room is None:
        return name, folded, pair
    room.wanted = STAYS
    return room


def claim_looks(state: State, name: str, fold: str) -> str:
    """How a room that is to be made looks: from now on no other may look so. Free it from `State.opening` afterwards.

    raises  BadRoom  it looks like another room, or like what no room is called
    """
    names.check_new_room(name)
    looks = names.room_skeleton(fold)
    there = state.room_like(fold)
    other = there.name if there is not None else state.opening.get(looks, name)
    if there is not None or names.fold(other) != fold:
        raise BadRoom(
            f"“{name}” looks like “{other}”, which is another room. Join that one, or choose another name.",
            field="room",
        )
    state.opening[looks] = name
    return looks


def here(session: Session) -> Room:
    """The room where a text connection is."""
    if session.here is None:
        raise NotInRoom("You are in no room. /join lobby takes you to one.", field="room")
    return session.here


def room_of(state: State, session: Session, text: str) -> Room:
    """The existing room of this name which the session is in; a visitor is in every room that it sees.

    raises  BadRoom, NoSuchRoom, NotInRoom
    """
    if text == HERE and session.one_room:
        return here(session)
    room = state.rooms_by_name.get(text)
    if room is None:
        target = target_room(state, session, text)
        if not isinstance(target, Room):
            raise no_such_room(text)
        room = target
    if room.id not in session.rooms:
        if not sees(session.person, room):
            raise no_such_room(text)
        if not session.visitor:
            raise NotInRoom(f"Join {room.name} first.", field="room")
    return room


def visible_room(state: State, session: Session, text: str) -> Room:
    """The existing room of this name, if it exists for the asker; joined or not."""
    target = target_room(state, session, text)
    if not isinstance(target, Room):
        raise no_such_room(text)
    return target


def joined(person: Person, room: Room, limit: int, read: int, unread: int, ref: Ref = None) -> RoomJoined:
    """The room, as its `room` answer."""
    return RoomJoined(
        ref=ref, room=room.name, topic=room.record.topic, head=room.head, read=read, unread=unread,
        members=room.people(0, limit), count=room.count(), you=_ROLES.get(rank(person, room), _GUEST),
    )  # fmt: skip


def call_in(state: State, room: Room) -> list[Word]:
    """Seat every session of a direct room's two people that is not in it yet: whoever is written to hears it."""
    assert room.pair is not None
    limit = state.limits.rooms_per_session
    words: list[Word] = []
    for id in room.pair:
        for session in state.sessions_by_person.get(id, ()):
            if session.gone or session.visitor or room.id in session.rooms:
                continue
            if limit is not None and len(session.rooms) >= limit:
                continue  # it finds the message in the list of its rooms
            words += [*enter(session, room), Seat(session, room, room.head)]
            if not session.one_room:
                words.append(Tell([session], joined(session.person, room, state.limits.members_page, 0, 0)))
    return words
