"""What a client may ask. The structs are the wire's JSON (docs/protocol.md): a field here is a field there.

`COMMANDS` come from anyone who speaks JSON; the commands after them come from text doors alone, which
say `HERE` for «the room where I am» because a text connection is in one room at a time. The last ones are
REST's: a request says who asks, then what.

A command that `waits` begins when all earlier questions of its connection are answered: it reads what they may
have changed. A `barrier` does too, and later ones wait for it: it changes who the session is or where it sits, so
that nothing said before it is answered after it, nor the other way round.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from teahouse.core.message import Form

HERE = ""
SAFE_INTEGER = 2**53 - 1

RefField = (
    Annotated[str, msgspec.Meta(max_length=64)] | Annotated[int, msgspec.Meta(ge=-SAFE_INTEGER, le=SAFE_INTEGER)] | None
)
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=0, le=SAFE_INTEGER)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=SAFE_INTEGER)]
Emoji = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
RoomQuery = Annotated[str, msgspec.Meta(max_length=100)]
Agent = Annotated[str, msgspec.Meta(max_length=200)]


class Command(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    """The root of all commands. They hold numbers and text alone: nothing for the garbage collector."""

    waits: ClassVar[bool] = False
    barrier: ClassVar[bool] = False

    ref: RefField = None


class Hello(Command, tag="hello"):
    """Who I am: a name, a token to come back with, or nothing at all."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    name: str | None = None
    token: str | None = None
    agent: Agent | None = None


class Rename(Command, tag="rename"):
    """Call me that."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    name: str


class Join(Command, tag="join"):
    """Let me hear the room: from now on, from event `after` on, or from the newest `last` messages on."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    room: str
    after: Number | None = None
    at: Number | None = None
    last: Number | None = None
    at_most: Positive | None = None


class Leave(Command, tag="leave"):
    """I hear the room no more."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    room: str


class Direct(Command, tag="direct"):
    """The room of the two of us: by the other's name or id."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    to: str | Positive


class Post(Command, tag="post"):
    """Say something; `key` is the client's own name for the message."""

    room: str
    text: str
    form: Form = "say"
    key: Key | None = None
    reply_to: Positive | None = None


class Edit(Command, tag="edit"):
    """My message `target` reads `text` from now on."""

    room: str
    target: Positive
    text: str


class Delete(Command, tag="delete"):
    """My message `target` is gone."""

    room: str
    target: Positive


class React(Command, tag="react"):
    """Put my emoji at a message."""

    room: str
    target: Positive
    emoji: Emoji


class Unreact(Command, tag="unreact"):
    """Take my emoji away."""

    room: str
    target: Positive
    emoji: Emoji


class SetTopic(Command, tag="topic"):
    """What the room is about; empty takes it away."""

    room: str
    topic: str


class ReadHistory(Command, tag="history"):
    """Messages before, after or around a number; the newest without any of them."""

    waits: ClassVar[bool] = True

    room: str
    before: Positive | None = None
    after: Number | None = None
    around: Positive | None = None
    limit: Positive | None = None


class Search(Command, tag="search"):
    """Messages that have all the words, newest first."""

    waits: ClassVar[bool] = True

    query: str
    room: str | None = None
    before: Positive | None = None
    limit: Positive | None = None


class Mark(Command, tag="mark"):
    """I have read up to `seq`."""

    waits: ClassVar[bool] = True

    room: str
    seq: Number


class Type(Command, tag="typing"):
    """I am writing."""

    room: str


class ListMembers(Command, tag="members"):
    """Who belongs to the room or is present, after the id `after`."""

    room: str
    after: Number | None = None


class ListRooms(Command, tag="rooms"):
    """The rooms that I may see, behind the room `after`; `query` is part of a name."""

    waits: ClassVar[bool] = True

    query: RoomQuery | None = None
    after: str | None = None
    limit: Positive | None = None


class Ping(Command, tag="ping"):
    """Are you there?"""


COMMANDS: tuple[type[Command], ...] = (
    Hello, Rename, Join, Leave, Direct, Post, Edit, Delete, React, Unreact, SetTopic, ReadHistory, Search, Mark, Type,
    ListMembers, ListRooms, Ping,
)  # fmt: skip


# ---- only from text doors


class Whisper(Command, tag="whisper"):
    """`/msg NAME TEXT`: say something in the room of the two of us."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    to: str
    text: str


class ReadRoom(Command, tag="room"):
    """`/topic` without a text: what the room is about and who is there. Answered like a join, without joining."""

    room: str


class Help(Command, tag="help"):
    """`/help`."""


class Quit(Command, tag="quit"):
    """`/quit`, or `bye` where the door has that."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True


class Anew(Command, tag="anew"):
    """A frame connection that spoke text now speaks JSON: the text session ends, a new one begins on this connection."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True


# ---- only from REST


class Visit(Command, tag="visit"):
    """Who asks by a request: the guest of a token, one who has this name while it lasts, or a nameless one.

    said  what is about to be said with a key by whom no token names: a retry is answered before anybody comes
    """

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    token: str | None = None
    name: str | None = None
    said: Post | None = None


class Open(Command, tag="open"):
    """Something is about to be said in this room: make it, if it is not there."""

    waits: ClassVar[bool] = True
    barrier: ClassVar[bool] = True

    room: str


class Look(Command, tag="look"):
    """What the room is about, who is there, and how far I have read. Answered like a join, without joining."""

    waits: ClassVar[bool] = True

    room: str
