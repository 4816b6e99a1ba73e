"""Events as rows of the table `events`, and back, exactly.

A person's name is kept with each event, as it was when it happened. What most events don't have (another form than
`say`, an author who is no guest) stands in `more`, so that the usual row is short.
"""

from __future__ import annotations

from typing import Any

import msgspec

from teahouse.core.events import (
    Deleted,
    Edited,
    Event,
    Posted,
    Reacted,
    RulesChanged,
    TopicChanged,
    Unreacted,
)
from teahouse.core.message import Form, Kind, Person, nameless

COLUMNS = "id, time, kind, author, name, text, target, reply, key, digest, more"
SEQ = 0xFFFF_FFFF

Row = tuple[
    int, int, int, int, str | None, str | None, int | None, int | None, str | None, int | None, str | None
]  # in the order of COLUMNS
Said = tuple[int, int, str | None, str | None, str | None, int | None]  # id, author, name, text, key, digest
AnyRow = tuple[Any, ...]


class More(msgspec.Struct, omit_defaults=True, frozen=True):
    """The rare part of a row; `chosen` only where it is not «there is a name»."""

    form: Form = "say"
    kind: Kind = "guest"
    chosen: bool | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(More).decode
_NOTHING = More()


def event_id(room: int, seq: int) -> int:
    """The key of an event in the database."""
    return room << 32 | seq


def row_of(room: int, event: Event, digest: int | None = None) -> Row:
    """The row of an event of this room; `digest` where it has a key."""
    author = event.author
    form: Form = "say"
    text: str | None
    name: str | None
    target = reply = key = None
    if isinstance(event, Posted):
        text, form, key, reply = event.text, event.form, event.key, event.reply_to
    elif isinstance(event, Edited):
        text, target = event.text, event.target
    elif isinstance(event, Deleted):
        text, target = event.topic, event.target
    elif isinstance(event, Reacted | Unreacted):
        text, target = event.emoji, event.target
    elif isinstance(event, TopicChanged):
        text = event.topic
    elif isinstance(event, RulesChanged):
        text = event.speak
    else:
        raise TypeError(f"no row is known for {type(event).__name__}")
    base = room << 32
    if author.kind == "guest" and form == "say" and (author.chosen or author.name == f"guest-{author.id}"):
        name, more = author.name if author.chosen else None, None
    else:
        name, more = _rare(author, form)
    return (
        base | event.seq, event.time, event.kind, author.id, name, text,
        None if target is None else base | target, reply, key, digest if key is not None else None, more,
    )  # fmt: skip


def said(room: int, event: Event, digest: int | None) -> Said | None:
    """The short row of something that a guest says, without its time; None where the event needs the whole one."""
    if not isinstance(event, Posted) or event.form != "say" or event.reply_to is not None:
        return None
    author, key = event.author, event.key
    if author.chosen:
        name: str | None = author.name
    elif author.name == f"guest-{author.id}":
        name = None
    else:
        return None
    if author.kind != "guest":
        return None
    return room << 32 | event.seq, author.id, name, event.text, key, digest if key is not None else None


def _rare(author: Person, form: Form) -> tuple[str | None, str | None]:
    """`name` and `more` of an event that is not the usual one."""
    name = None if author == nameless(author.id) else author.name
    named = name is not None
    more = More(form, author.kind, None if author.chosen == named else author.chosen)
    return name, None if more == _NOTHING else _encode(more).decode()


def author_of(author: int, name: str | None, more: str | None) -> Person:
    """The author of a row, as called when it was written."""
    if name is None:
        return nameless(author)
    if more is None:
        return Person(author, name)
    rare = _decode(more)
    return Person(author, name, rare.kind, True if rare.chosen is None else rare.chosen)


def form_of(more: str | None) -> Form:
    """The form of a posted row."""
    return "say" if more is None else _decode(more).form


def event_of(row: AnyRow, room: str) -> Event:
    """The event of a row (COLUMNS) of the room with this name."""
    id, time, kind, author_id, name, text, target, reply, key, _, more = row
    seq = id & SEQ
    author = author_of(author_id, name, more)
    if kind == Posted.kind:
        return Posted(
            room=room, seq=seq, time=time, author=author, text=text, form=form_of(more), key=key, reply_to=reply,
            deleted=text is None,
        )  # fmt: skip
    if kind == TopicChanged.kind:
        return TopicChanged(room=room, seq=seq, time=time, author=author, topic=text, deleted=text is None)
    if kind == RulesChanged.kind:
        return RulesChanged(room=room, seq=seq, time=time, author=author, speak=text)
    if target is None:
        raise ValueError(f"event {seq} of {room} is of kind {kind}, which this version does not know")
    target &= SEQ
    if kind == Edited.kind:
        return Edited(room=room, seq=seq, time=time, author=author, target=target, text=text)
    if kind == Deleted.kind:
        return Deleted(room=room, seq=seq, time=time, author=author, target=target, topic=text)
    if kind == Reacted.kind:
        return Reacted(room=room, seq=seq, time=time, author=author, target=target, emoji=text)
    if kind == Unreacted.kind:
        return Unreacted(room=room, seq=seq, time=time, author=author, target=target, emoji=text)
    raise ValueError(f"event {seq} of {room} is of kind {kind}, which this version does not know")
