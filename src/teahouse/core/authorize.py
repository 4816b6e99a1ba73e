"""Who may what: one function, one table, for every protocol.

    authorize(principal, action, room)      returns, or raises what the asker is told

«Does not exist» and «not allowed» read alike where existence is a secret: a direct room is nobody's business but its
two people's. What a person may do with a single message is checked where the message is, in the log: `own_only` says
whether it must be their own.
"""

from __future__ import annotations

from typing import Literal, get_args

from teahouse.core.errors import NoSuchRoom, NotAllowed
from teahouse.core.message import Person
from teahouse.core.room import Room

Action = Literal[
    "rename", "join", "read", "post", "edit", "delete", "react", "topic", "members", "typing", "mark", "direct"
]
Rank = Literal["nobody", "guest", "bot", "member", "moderator", "owner"]
Verdict = Literal["no", "yes", "open"]
"""`open`: where everybody may speak, not only members."""

RANKS: tuple[Rank, ...] = get_args(Rank)


def _row(*verdicts: Verdict) -> dict[Rank, Verdict]:
    return dict(zip(RANKS, verdicts, strict=True))


TABLE: dict[Action, dict[Rank, Verdict]] = {
    #                nobody guest   bot     member moderator owner
    "rename":   _row("no", "yes",  "no",   "yes", "yes",    "yes"),
    "join":     _row("no", "yes",  "yes",  "yes", "yes",    "yes"),
    "read":     _row("no", "yes",  "yes",  "yes", "yes",    "yes"),
    "members":  _row("no", "yes",  "yes",  "yes", "yes",    "yes"),
    "mark":     _row("no", "yes",  "yes",  "yes", "yes",    "yes"),
    "direct":   _row("no", "yes",  "yes",  "yes", "yes",    "yes"),
    "post":     _row("no", "open", "open", "yes", "yes",    "yes"),
    "typing":   _row("no", "open", "open", "yes", "yes",    "yes"),
    "react":    _row("no", "open", "open", "yes", "yes",    "yes"),
    "topic":    _row("no", "open", "open", "yes", "yes",    "yes"),
    "edit":     _row("no", "open", "open", "yes", "yes",    "yes"),  # one's own: new words are speech
    "delete":   _row("no", "yes",  "yes",  "yes", "yes",    "yes"),  # one's own, but for moderators and owners
}  # fmt: skip
MODERATING: frozenset[Rank] = frozenset(("moderator", "owner"))


def rank(principal: Person, room: Room | None) -> Rank:
    """What the person is in this room; a listener, or who has not said hello, is nobody."""
    member = room.record.members.get(principal.id) if room is not None else None
    if member is not None:
        return member.role
    if principal.id == 0:
        return "nobody"
    return "bot" if principal.kind == "bot" else "guest"


def sees(principal: Person, room: Room) -> bool:
    """Whether the room exists for this person."""
    return room.pair is None or principal.id in room.pair


def authorize(principal: Person, action: Action, room: Room | None = None) -> None:
    """Return if `principal` may do `action` (in `room`).

    raises  NoSuchRoom  the room does not exist for them
            NotAllowed  it does, and they may not
    """
    if room is not None and room.pair is not None and not sees(principal, room):
        raise NoSuchRoom(f"There is no room “{room.name}”.", field="room")
    held = rank(principal, room)
    verdict = TABLE[action][held]
    if verdict == "yes":
        return
    if verdict == "no":
        raise NotAllowed("Say something first." if held == "nobody" else f"A {held} may not do this.")
    if room is not None and room.record.speak == "members":
        raise NotAllowed(f"Only members speak in {room.name}.")


def own_only(principal: Person, action: Action, room: Room) -> bool:
    """Whether the message that is changed must be the person's own. Nobody puts words into another's mouth."""
    return action == "edit" or rank(principal, room) not in MODERATING
