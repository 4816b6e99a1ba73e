"""Words ⇄ JSON, from the client's side: the other direction of `wire/json_form.py`.

A server may be newer than this client. What it says that is not known here is `Unknown`: an answer still answers, an
event still counts as its room's next number, and the rest is let be.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, Union

import msgspec

from teahouse.core.commands import COMMANDS, Command
from teahouse.core.errors import BadField, BadText
from teahouse.core.events import (
    EVENTS,
    CaughtUp,
    Done,
    Event,
    Found,
    Gap,
    History,
    Marked,
    MemberList,
    Pong,
    Present,
    Refused,
    Renamed,
    Reply,
    RoomJoined,
    RoomList,
    RulesChanged,
    Signal,
    Stored,
    TopicChanged,
    Typing,
    Welcome,
)  # fmt: skip
from teahouse.core.message import Message

SIGNALS = (Present, Renamed, Typing, Marked)
REPLIES = (
    Welcome, Done, RoomJoined, CaughtUp, Gap, Stored, History, Found, MemberList, RoomList, Pong, Refused,
)  # fmt: skip


class Unknown(msgspec.Struct):
    """Something that a newer server says. With `author` and `seq` it is an event, with `ref` an answer."""

    type: str
    ref: int | str | None = None
    room: str | None = None
    seq: int | None = None
    time: int | None = None
    author: Any = None


class NotAWord(Exception):
    """Bytes that are no word of any server: this connection cannot be trusted any more."""


class _Page(msgspec.Struct, kw_only=True):
    """A `history` whose items are looked at one by one, because one of them is of a later kind."""

    room: str
    messages: list[msgspec.Raw]
    as_of: int
    more: bool
    ref: int | str | None = None


Word = Event | Signal | Reply | Unknown
C = TypeVar("C", bound=Command)

_words: msgspec.json.Decoder[Event | Signal | Reply] = msgspec.json.Decoder(Union[(*EVENTS, *SIGNALS, *REPLIES)])
_unknown = msgspec.json.Decoder(Unknown)
_page = msgspec.json.Decoder(_Page)
_item: msgspec.json.Decoder[Message | TopicChanged | RulesChanged] = msgspec.json.Decoder(
    Message | TopicChanged | RulesChanged
)


_FIELDS = {
    command: (command.__struct_config__.tag, [(field.name, field.default) for field in msgspec.structs.fields(command)])
    for command in COMMANDS
}


def fit(command: C) -> C:
    """The command, which can be sent: looked at when it is asked, so that nothing waits that can never go.

    A program may hand us anything: half a character (a lone surrogate, as `os.fsdecode` and `"😀"[0]` elsewhere make
    them), bytes, None, a number that JSON's other readers cannot hold.

    raises  BadText    it is no text
            BadField   it is something else, or out of bounds; `field` says what
    """
    said = {name: _plain(value) for name, value in msgspec.structs.asdict(command).items()}
    try:
        checked = msgspec.convert(said, type(command))
        msgspec.json.encode(checked)
    except UnicodeEncodeError as error:
        name = next((name for name, value in said.items() if isinstance(value, str) and not _is_text(value)), "text")
        code = ord(error.object[error.start])
        raise BadText(
            f"The {name} holds U+{code:04X}, half a character, and was not sent. Decode it as UTF-8."
        ) from error
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)", str(error))
        name = "" if found is None else found[1]
        raise BadField(f"{name or type(command).__name__}: {error}. Nothing was sent.", field=name or None) from error
    return checked


def _plain(value: object) -> object:
    """A kind of text (an enum's member, say) as text."""
    return str.__str__(value) if isinstance(value, str) else value


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def encode(command: Command) -> bytes:
    """The command as JSON; what has its usual value is left out, so that the server reads it the quick way."""
    tag, fields = _FIELDS[type(command)]
    said = {name: value for name, default in fields if (value := getattr(command, name)) != default}
    return msgspec.json.encode({"type": tag, **said})


def decode(data: bytes) -> Word:
    """The word that these bytes are.

    raises  NotAWord
    """
    try:
        return _words.decode(data)
    except msgspec.ValidationError:
        return _later(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAWord(f"not JSON: {data[:40]!r}") from error


def _later(data: bytes) -> Word:
    """A word of a later version."""
    try:
        word = _unknown.decode(data)
        if word.type != "history":
            return word
        page = _page.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAWord(f"not a word: {data[:40]!r}") from error
    messages = [item for raw in page.messages if (item := _known(raw)) is not None]
    return History(ref=page.ref, room=page.room, messages=messages, as_of=page.as_of, more=page.more)


def _known(raw: msgspec.Raw) -> Message | TopicChanged | RulesChanged | None:
    try:
        return _item.decode(raw)
    except msgspec.ValidationError:
        return None
