"""What a room's log keeps, what only passes, and what is answered.

    Event    happened in a room and is kept: has the room's next `seq`; on disk before anyone sees it
    Signal   passes: no `seq`, never stored
    Reply    an answer for the asker alone
    Order    what the shell must do: three only

The structs are the wire's JSON: a field here is a field there (docs/protocol.md). What the server needs
beside an event stands in its `Draft`.
Times are integers, milliseconds since 1970 UTC. `seq` counts a room's events from 1 without holes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from teahouse.core.message import Form, Message, Person

if TYPE_CHECKING:
    from teahouse.core.commands import Command
    from teahouse.core.errors import Overload, Refusal, WireError
    from teahouse.core.room import Room
    from teahouse.core.session import Session

Ref = int | str | None


class Event(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True, gc=False):
    """The root of all that a log keeps. Without references that could come back to it: nothing for the garbage collector.

    kind         its number on disk; never reused
    shapes       whether it changes what the room's record keeps (topic, rules, members)
    moves_rules  whether decisions taken before it must be taken again (`Draft.rules`)
    """

    kind: ClassVar[int]
    shapes: ClassVar[bool] = False
    moves_rules: ClassVar[bool] = False

    room: str
    seq: int
    time: int
    author: Person


class Posted(Event, tag="posted"):
    """Somebody said something. After its deletion: `text` null and `deleted` true, everywhere, for ever."""

    kind: ClassVar[int] = 1

    text: str | None
    form: Form
    key: str | None = None
    reply_to: int | None = None
    deleted: bool = False


class Edited(Event, tag="edited"):
    """`text` is null once the target is deleted."""

    kind: ClassVar[int] = 2

    target: int
    text: str | None


class Deleted(Event, tag="deleted"):
    """The text of the target, of its edits and of its reactions is gone, on the disk too.

    topic  what the room is about from here on, where the target is the topic that it had: nothing. The log says so
    """

    kind: ClassVar[int] = 3
    shapes: ClassVar[bool] = True

    target: int
    topic: str | None = None


class Reacted(Event, tag="reacted"):
    """(target, emoji, author) joined the set. `emoji` is null once the target is deleted."""

    kind: ClassVar[int] = 4

    target: int
    emoji: str | None


class Unreacted(Event, tag="unreacted"):
    """(target, emoji, author) left the set. `emoji` is null once the target is deleted."""

    kind: ClassVar[int] = 5

    target: int
    emoji: str | None


class TopicChanged(Event, tag="topic_changed"):
    """An empty topic is none. After its deletion: `topic` null and `deleted` true, everywhere, for ever."""

    kind: ClassVar[int] = 6
    shapes: ClassVar[bool] = True

    topic: str | None
    deleted: bool = False


class RulesChanged(Event, tag="rules_changed"):
    """Who may speak. No command makes one yet; the log and the authorisation already heed it."""

    kind: ClassVar[int] = 7
    shapes: ClassVar[bool] = True
    moves_rules: ClassVar[bool] = True

    speak: Literal["everyone", "members"]


AnyEvent = Posted | Edited | Deleted | Reacted | Unreacted | TopicChanged | RulesChanged
EVENTS: tuple[type[Event], ...] = (Posted, Edited, Deleted, Reacted, Unreacted, TopicChanged, RulesChanged)
EVENT_BY_KIND: dict[int, type[Event]] = {event.kind: event for event in EVENTS}


class Draft(msgspec.Struct, eq=False):
    """What a command wants kept; `event` has neither number nor time until the log has given them.

    room      the room's id
    event     `seq` and `time` are 0 until it is numbered
    session   who asked; None for the server itself
    command   what was asked, to decide again if the answer is `Stale`
    rules     the seq of the last event that changed the room's rules when this was decided
    digest    of the normalised contents, where the event has a key: tells a retry from a reuse
    retry     what a retry of it is known by, where the key is of somebody without a token (retry.py)
    own_only  the target must be the author's own
    tries     how often it was decided
    weight    bytes of text that the disk has to take, or as many as it costs; 0: small, not worth counting

    The log fills in one of these, then gives the draft back:
    event.seq, event.time   it is on disk
    again                   … already, or it changes nothing: `event.seq`, `event.time` name the first one
    refusal                 nothing was stored, and why
    """

    room: int
    event: Event
    session: Session | None = None
    command: Command | None = None
    rules: int = 0
    digest: int | None = None
    retry: bytes | None = None
    own_only: bool = False
    tries: int = 1
    again: bool = False
    refusal: Refusal | None = None
    done: bool = False
    weight: int = 0


# ---- signals


class Signal(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """The root of all that passes."""


class Present(Signal, tag="present"):
    """Who came into a room and who went; `count` is how many are present now."""

    room: str
    came: list[Person]
    went: list[Person]
    count: int


class Renamed(Signal, tag="renamed"):
    """`person` has the new name; once to each connection that shares a room with them."""

    person: Person
    from_: str = msgspec.field(name="from")


class Typing(Signal, tag="typing"):
    """Somebody writes; the one signal that may be dropped."""

    room: str
    person: Person


class Marked(Signal, tag="marked"):
    """A read position moved; to the person's own other sessions only."""

    room: str
    seq: int


# ---- replies


class Reply(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """The root of all answers; `ref` repeats the command's."""

    ref: Ref = None


class Role(msgspec.Struct, frozen=True):
    """What the asker is in a room."""

    role: Literal["guest", "member", "owner", "moderator"]


class ServerInfo(msgspec.Struct, frozen=True):
    """Which server answers."""

    name: str
    version: str


class RoomEntry(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One line of the list of rooms; `with_` is the other person of a direct room."""

    room: str
    topic: str
    count: int
    head: int
    read: int
    unread: int
    mentions: int
    with_: Person | None = msgspec.field(name="with", default=None)


class Welcome(Reply, tag="welcome"):
    """The session is this person; `token` brings a guest back as the same one. `more`: there are more rooms.

    kept  False: the disk could not take it, so a server that is started anew may not know the token
    """

    you: Person
    token: str
    server: ServerInfo
    limits: dict[str, int]
    rooms: list[RoomEntry]
    more: bool = False
    kept: bool = True


class Done(Reply, tag="done"):
    """It is so."""


class RoomJoined(Reply, tag="room"):
    """The session is in the room, seated at its cursor."""

    room: str
    topic: str
    head: int
    read: int
    unread: int
    members: list[Person]
    count: int
    you: Role


class CaughtUp(Reply, tag="caught_up"):
    """All up to `seq` was sent; from here on it is live."""

    room: str
    seq: int


class Gap(Reply, tag="gap"):
    """The numbers `from_` … `to` are not shown, and why; a hole is shown, never hidden."""

    room: str
    from_: int = msgspec.field(name="from")
    to: int
    why: Literal["at_most", "retention", "visibility"]


class Stored(Reply, tag="stored"):
    """It is on disk (fsync) and applied here."""

    room: str
    seq: int
    time: int
    key: str | None = None
    target: int | None = None
    again: bool = False


class History(Reply, tag="history"):
    """Messages, oldest first, everything up to `as_of` folded in; events of later kinds stand among them."""

    room: str
    messages: list[Message | TopicChanged | RulesChanged]
    as_of: int
    more: bool


class EventList(Reply, tag="events"):
    """The events after a number, oldest first; `head` is above the last one's where there are more. REST's alone."""

    room: str
    events: list[AnyEvent]
    head: int


class Found(Reply, tag="found"):
    """Hits, newest first; `complete` is false while the index is behind the log."""

    messages: list[Message]
    more: bool
    complete: bool


class MemberList(Reply, tag="members"):
    """Who belongs to the room or is present, by id."""

    room: str
    members: list[Person]
    count: int
    more: bool


class RoomList(Reply, tag="rooms"):
    """A page of the rooms that the asker may see; `more` stand behind the last one."""

    rooms: list[RoomEntry]
    more: bool


class Pong(Reply, tag="pong"):
    """Here."""


class Refused(Reply, tag="refused"):
    """Declined; see core/errors.py for the codes."""

    code: str
    message: str
    field: str | None = None
    limit: int | None = None
    retry_after: int | None = None


class HelpText(Reply, tag="help"):
    """For text doors: the table of slash commands. Never in JSON."""


# ---- orders


class Seat:
    """Let the session hear the room, from behind `cursor` on.

    announce    whether the session asked for the past: then `caught_up` is said when it is live
    """

    __slots__ = ("announce", "cursor", "room", "session")

    def __init__(self, session: Session, room: Room, cursor: int, announce: bool = False) -> None:
        self.session = session
        self.room = room
        self.cursor = cursor
        self.announce = announce


class Unseat:
    """The session hears the room no more."""

    __slots__ = ("room", "session")

    def __init__(self, session: Session, room: Room) -> None:
        self.session = session
        self.room = room


class HangUp:
    """Close the session's connection; `why` is said in the peer's own terms, None says nothing."""

    __slots__ = ("session", "why")

    def __init__(self, session: Session, why: Overload | WireError | None = None) -> None:
        self.session = session
        self.why = why


class Tell:
    """A signal or a reply for certain sessions, rather than for the asker or a room."""

    __slots__ = ("sessions", "word")

    def __init__(self, sessions: list[Session], word: Signal | Reply) -> None:
        self.sessions = sessions
        self.word = word


Order = Seat | Unseat | HangUp
Word = Draft | Signal | Reply | Order | Tell
