"""Who may what: one function, one table, for every protocol.

    authorize(principal, action, room)      returns, or raises what the asker is told

«Does not exist» and «not allowed» read alike where existence is a secret: a direct room is nobody's business but its
two people's. What a person may do with a single message is checked where the message is, in the log: `own_only` says
whether it must be their own.
"""

from __future__ import annotations

from typing import Literal

from teahouse.core.errors import NoSuchRoom, NotAllowed
from teahouse.core.message import Person
from teahouse.core.room import Room

Action = Literal[
    "rename", "join", "read", "post", "edit", "delete", "react", "topic", "members", "typing", "mark", "direct"
]
Rank = Literal["guest", "bot", "member", "moderator", "owner"]

# action → who may do it in a room that they may see. A rank not named may not.
EVERYONE: frozenset[Rank] = frozenset(("guest", "bot", "member", "moderator", "owner"))
TABLE: dict[Action, frozenset[Rank]] = {
    "rename": EVERYONE - {"bot"},
    "join": EVERYONE,
    "read": EVERYONE,
    "post": EVERYONE,
    "edit": EVERYONE,  # one's own
    "delete": EVERYONE,  # one's own, but for moderators and owners
    "react": EVERYONE,
    "topic": EVERYONE,
    "members": EVERYONE,
    "typing": EVERYONE,
    "mark": EVERYONE,
    "direct": EVERYONE,
}
SPEAKING: frozenset[Action] = frozenset(("post", "edit", "react", "topic", "typing"))
MODERATING: frozenset[Rank] = frozenset(("moderator", "owner"))


def rank(principal: Person, room: Room | None) -> Rank:
    """What the person is in this room."""
    member = room.record.members.get(principal.id) if room is not None else None
    if member is not None:
        return member.role
    return "bot" if principal.kind == "bot" else "guest"


def sees(principal: Person, room: Room) -> bool:
    """Whether the room exists for this person."""
    return room.pair is None or principal.id in room.pair


def authorize(principal: Person, action: Action, room: Room | None = None) -> None:
    """Return if `principal` may do `action` (in `room`).

    raises  NoSuchRoom  the room does not exist for them
            NotAllowed  it does, and they may not
    """
    if room is not None and not sees(principal, room):
        raise NoSuchRoom("There is no such room.", field="room")
    held = rank(principal, room)
    if held not in TABLE[action]:
        raise NotAllowed(f"A {held} may not do this.")
    if room is not None and room.record.speak == "members" and action in SPEAKING and held in ("guest", "bot"):
        raise NotAllowed(f"Only members speak in {room.name}.")


def own_only(principal: Person, action: Action, room: Room) -> bool:
    """Whether the message that is changed must be the person's own."""
    return action == "edit" or rank(principal, room) not in MODERATING
