"""REST: one table from (method, path) to the same commands and back (docs/protocol.md, «HTTP»).

    method, path ──find──▶ Row, what the path says
    path, headers, query, body ──decode──▶ Command | Refusal          the structs of core.commands, no others
    headers, query ──visitor──▶ Visit | Refusal                       who asks
    Reply ──status──▶ HTTP status;  its body is the very JSON of the other doors

A field may come from several places; the path wins over a header, a header over the query, the query over the body.
Only the body has types: in a path, a header or a query everything is text, so a field that wants an integer takes
`[0-9]+` there. Unknown fields are ignored, as everywhere.

Percent-encoding is undone here, strictly, and only after the path was cut at its slashes: what is not UTF-8, or not
encoded at all, is refused rather than guessed at. However wrong a request is, the answer is a Refusal, never an
exception.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from teahouse.core.commands import (
    Command,
    Delete,
    Edit,
    Hello,
    Join,
    ListMembers,
    ListRooms,
    Look,
    Post,
    React,
    ReadHistory,
    Search,
    SetTopic,
    Unreact,
    Visit,
)  # fmt: skip
from teahouse.core.errors import BadField, BadText, BadToken, NotAllowed, Refusal, UnknownCommand
from teahouse.core.events import (
    EventList,
    Found,
    History,
    MemberList,
    Refused,
    Reply,
    RoomJoined,
    RoomList,
    Stored,
    Welcome,
)  # fmt: skip
from teahouse.wire import json_form
from teahouse.wire.base import Heard

LAST = 50  # messages that a reader of plain lines sees
PREFIX = "tea_"  # of a token

Headers = Sequence[tuple[bytes, bytes]]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table.

    path     its parts in braces are fields of the command
    reads    what the body is: an object of fields, the text itself, or nothing that is looked at
    gives    one JSON object, plain lines, or events as they happen
    answer   the reply that says yes
    header   a header, and the field that it is
    makes    whether the answer is 201 where something was made, and the room is made where there is none
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    command: type[Command]
    answer: type[Reply]
    summary: str
    reads: Literal["json", "text", "nothing"] = "nothing"
    gives: Literal["json", "lines", "events"] = "json"
    header: tuple[str, str] | None = None
    makes: bool = False

    @property
    def parts(self) -> list[str]:
        """The names in braces."""
        return _BRACES.findall(self.path)

    @property
    def fields(self) -> list[msgspec.structs.FieldInfo]:
        """The command's fields that come from elsewhere than the path."""
        return [field for field in msgspec.structs.fields(self.command) if field.name not in self.parts]


_BRACES = re.compile(r"\{(\w+)\}")
_ROOM = "/api/rooms/{room}"
_MESSAGE = _ROOM + "/messages/{target}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
_KEY = ("Idempotency-Key", "key")
_LAST_ID = ("Last-Event-ID", "after")

TABLE: tuple[Row, ...] = (
    Row(method="POST", path="/r/{room}", command=Post, answer=Stored, reads="text", header=_KEY, makes=True, summary="Say something: the body is the message."),
    Row(method="GET", path="/r/{room}", command=Join, answer=RoomJoined, gives="lines", summary="Read a room as plain lines, or follow it."),
    Row(method="POST", path="/api/guests", command=Hello, answer=Welcome, reads="json", makes=True, summary="Be a guest: a token to come back with."),
    Row(method="GET", path="/api/rooms", command=ListRooms, answer=RoomList, summary="The rooms that one may see."),
    Row(method="GET", path=_ROOM, command=Look, answer=RoomJoined, summary="What a room is about and who is there."),
    Row(method="GET", path=_ROOM + "/members", command=ListMembers, answer=MemberList, summary="Who belongs to a room or is present."),
    Row(method="PUT", path=_ROOM + "/topic", command=SetTopic, answer=Stored, reads="json", summary="Say what a room is about."),
    Row(method="GET", path=_ROOM + "/messages", command=ReadHistory, answer=History, summary="Messages, oldest first."),
    Row(method="POST", path=_ROOM + "/messages", command=Post, answer=Stored, reads="json", header=_KEY, makes=True, summary="Say something."),
    Row(method="PATCH", path=_MESSAGE, command=Edit, answer=Stored, reads="json", summary="Correct one's own message."),
    Row(method="DELETE", path=_MESSAGE, command=Delete, answer=Stored, summary="Take one's own message away."),
    Row(method="PUT", path=_REACTION, command=React, answer=Stored, summary="Put an emoji at a message."),
    Row(method="DELETE", path=_REACTION, command=Unreact, answer=Stored, summary="Take one's emoji away."),
    Row(method="GET", path=_ROOM + "/events", command=Join, answer=EventList, gives="events", header=_LAST_ID, summary="What happens in a room, as it happens."),
    Row(method="GET", path="/api/search", command=Search, answer=Found, summary="Messages that have all the words, newest first."),
)  # fmt: skip

STATUS: Mapping[str, int] = {
    "bad-json": 400, "bad-field": 400, "bad-name": 400, "bad-room": 400, "bad-text": 400, "empty-message": 400,
    "hello-first": 400, "unknown-frame": 400, "unknown-version": 400, "foreign-protocol": 400,
    "bad-token": 401,
    "foreign-origin": 403, "not-allowed": 403, "not-in-room": 403, "removed": 403,
    "unknown-command": 404, "no-such-room": 404, "no-such-message": 404, "no-such-person": 404,
    "timed-out": 408,
    "key-reused": 409, "log-changed": 409, "name-taken": 409, "too-many": 409,
    "frame-too-long": 413, "message-too-long": 413,
    "too-fast": 429,
    "going-away": 503, "stale": 503, "too-many-connections": 503, "too-slow": 503,
    "server-fault": 500,
    "storage-error": 503, "storage-full": 503, "storage-unknown": 503,
}  # fmt: skip
"""Every code of core/errors.py that a client can be told."""

_INTEGER = re.compile(r"[0-9]{1,16}")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BEARER = re.compile(r"bearer +([\x21-\x7e]+)", re.IGNORECASE)
_SEGMENTS = {row.path: row.path.encode().split(b"/") for row in TABLE}


def _wants_integer(kind: msgspec.inspect.Type) -> bool:
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    names = {type(one) for one in kinds}
    return msgspec.inspect.IntType in names and msgspec.inspect.StrType not in names


def _integers(command: type[Command]) -> frozenset[str]:
    described = msgspec.inspect.type_info(command)
    assert isinstance(described, msgspec.inspect.StructType)
    return frozenset(field.name for field in described.fields if _wants_integer(field.type))


_INTEGERS: Mapping[type[Command], frozenset[str]] = {row.command: _integers(row.command) for row in TABLE}


# ---- which row


def find(method: str, path: bytes) -> tuple[Row, dict[str, str]] | Refusal:
    """The row of a request, and the fields that its path says.

    method  HEAD is a GET whose answer nobody wants to read
    path    as it stands in the request line, without the query
    """
    wanted = "GET" if method == "HEAD" else method
    for row in TABLE:
        said = _match(row, path) if row.method == wanted else None
        if said is not None:
            return _said_by_path(row, said)
    return UnknownCommand(f"There is no {method[:10]} here.")


def methods(path: bytes) -> list[str]:
    """The methods that this path has; none where nothing is there."""
    found = [row.method for row in TABLE if _match(row, path) is not None]
    return [*found, "HEAD"] if "GET" in found else list(found)


def _match(row: Row, path: bytes) -> list[bytes] | None:
    """What stands in the place of each part in braces; None where the path is another."""
    template, segments = _SEGMENTS[row.path], path.split(b"/")
    if len(segments) != len(template):
        return None
    said = []
    for segment, expected in zip(segments, template, strict=True):
        if expected.startswith(b"{"):
            if not segment:
                return None
            said.append(segment)
        elif segment != expected:
            return None
    return said


def _said_by_path(row: Row, said: Sequence[bytes]) -> tuple[Row, dict[str, str]] | Refusal:
    fields: dict[str, str] = {}
    for name, segment in zip(row.parts, said, strict=True):
        text = _text_of(segment, name)
        if isinstance(text, Refusal):
            return text
        fields[name] = text
    return row, fields


def _byte(encoded: re.Match[bytes]) -> bytes:
    return bytes((int(encoded[1], 16),))


def _text_of(encoded: bytes, field: str) -> str | Refusal:
    """What is meant by percent-encoded bytes."""
    if _BAD_PERCENT.search(encoded):
        return BadField("A % is followed by two hexadecimal digits; % itself is %25.", field=field)
    try:
        return _ENCODED.sub(_byte, encoded).decode()
    except UnicodeDecodeError:
        return BadField("This is not UTF-8.", field=field)


# ---- what is asked


def read_query(query: bytes) -> dict[str, str] | Refusal:
    """The parameters behind the question mark; one without `=` is empty."""
    said: dict[str, str] = {}
    for piece in query.replace(b"+", b" ").split(b"&"):
        if not piece:
            continue  # nothing, or nothing behind a last &
        name, _, value = piece.partition(b"=")
        key = _text_of(name, "query")
        if isinstance(key, Refusal):
            return key
        text = _text_of(value, key[: json_form.SHOWN])
        if isinstance(text, Refusal):
            return text
        if not key:
            return BadField("A parameter has a name before its =.", field="query")
        if key in said:
            return BadField(f"“{key[: json_form.SHOWN]}” stands twice.", field=key[: json_form.SHOWN])
        said[key] = text
    return said


def decode(row: Row, path: Mapping[str, str], query: Mapping[str, str], headers: Headers, body: bytes) -> Heard:
    """The command that this request is, or why it is none.

    path, query   as `find` and `read_query` have read them
    headers       their names in lower case
    """
    given = _said_by_body(row, headers, body)
    header = _said_by_header(row, headers)
    if not isinstance(given, dict):
        return given
    if isinstance(header, Refusal):
        return header
    said = {**query, **header, **path}
    if row.reads == "text":
        said.pop("text", None)
    for field in _INTEGERS[row.command] & said.keys():
        if _INTEGER.fullmatch(said[field]) is None:
            return BadField(f"“{field}” is a whole number, written with the digits 0 to 9.", field=field)
    numbers = {field: int(said[field]) for field in _INTEGERS[row.command] & said.keys()}
    # The tag goes last: `type` is not the client's to choose.
    fields = {**given, **said, **numbers, "type": row.command.__struct_config__.tag}
    try:
        return msgspec.convert(fields, row.command, strict=True)
    except msgspec.ValidationError as error:
        return json_form.bad_field(error)


def _said_by_body(row: Row, headers: Headers, body: bytes) -> dict[str, object] | Refusal | BadText:
    if row.reads == "json":
        return json_form.decode_object(body) if body else {}
    if row.reads == "nothing":
        return {}
    if any(name == b"content-type" and value.lower().startswith(b"multipart/") for name, value in headers):
        return BadText("The body itself is the message, not a form: curl -d 'hello'.")
    try:
        text = body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return BadText("The body is the message, in UTF-8.")
    return {"text": text.removesuffix("\n").removesuffix("\r")}  # the line end of a piped line is not the message's


def _said_by_header(row: Row, headers: Headers) -> dict[str, str] | Refusal:
    """The field that is a header's; a guest's token is a bearer's."""
    if row.command is Hello:
        token = bearer(headers)
        if isinstance(token, Refusal):
            return token
        return {} if token is None else {"token": token}
    name, field = row.header or ("", "")
    values = [value for key, value in headers if key == name.lower().encode()]
    if not values:
        return {}
    if len(values) > 1:
        return BadField(f"The header {name} stands twice.", field=field)
    try:
        text = values[0].decode().strip()
    except UnicodeDecodeError:
        return BadField(f"The header {name} is not UTF-8.", field=field)
    # RFC 9651 §3.3.3 writes a string in quotes; most clients do not.
    return {field: text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text}


# ---- who asks


def visitor(query: Mapping[str, str], headers: Headers, command: Command) -> Visit | Refusal:
    """Who asks: by a token, by a name for this request, or as nobody in particular.

    Who has no token is somebody else each time, whatever name or key the request has: both are shown to everybody.
    """
    token = bearer(headers)
    if isinstance(token, Refusal):
        return token
    name = query.get("name")
    if token is None:
        if isinstance(command, Edit | Delete):
            return NotAllowed("Only who wrote a message may change it, and only a token says who that is: send yours.")
        return Visit(name=name, said=command if isinstance(command, Post) and command.key is not None else None)
    if name is not None:
        return BadField("The token says who you are: leave the name out.", field="name")
    return Visit(token=token)


def bearer(headers: Headers) -> str | Refusal | None:
    """The token of `Authorization: Bearer tea_…`; None where there is no such header."""
    values = [value for key, value in headers if key == b"authorization"]
    if not values:
        return None
    found = _BEARER.fullmatch(values[0].decode("latin-1").strip()) if len(values) == 1 else None
    if found is None or not found[1].startswith(PREFIX):
        return BadToken(f"The header reads Authorization: Bearer {PREFIX}…, with a token of this server.")
    return found[1]


# ---- how it is to be answered


def follows(query: Mapping[str, str]) -> bool:
    """Whether plain lines go on as long as somebody reads them."""
    return query.get("follow", "0").casefold() not in ("0", "no", "false")


def wait_ms(query: Mapping[str, str], most_ms: int) -> int | Refusal | None:
    """How long a long poll waits for something to happen; None: it is none."""
    wait = query.get("wait")
    if wait is None:
        return None
    if _INTEGER.fullmatch(wait) is None:
        return BadField("“wait” is a number of seconds.", field="wait")
    return min(int(wait) * 1_000, most_ms)


def status(row: Row, reply: Reply) -> int:
    """The HTTP status of an answer."""
    if isinstance(reply, Refused):
        return STATUS[reply.code]
    return 201 if row.makes and not (isinstance(reply, Stored) and reply.again) else 200
