"""Everything that can go wrong on purpose. The branch tells what happens next.

    TeahouseError
    ├── Refusal       understood and declined; the session goes on
    ├── WireError     the peer broke its protocol; say `farewell`, close
    ├── Overload      we protect the node; say why, close
    ├── StoreError    the disk or the database
    ├── BusError      other nodes can't be reached; this node goes on and says so
    └── ConfigError   before the start: file, line, what was found, what would do

Each leaf has a stable `code`, the same on every door; a door translates codes in one table of
its own (an HTTP status, an IRC numeric). A message for people says what happened and what to do.
Anything else that is raised is a bug: it is logged with the command that caused it, the session
is closed, the node goes on.
"""

from __future__ import annotations

from typing import ClassVar


class TeahouseError(Exception):
    """The root: all that Teahouse raises on purpose."""


class Refusal(TeahouseError):
    """Understood and declined; nothing was changed and the session goes on.

    message         for people: what happened and what to do
    field           the field of the command that was at fault
    limit           the bound that was hit, in the unit that the message names
    retry_after_ms  when it may work, in milliseconds
    ref             the `ref` of the command that was declined, where a door could read one; set by the door
    """

    code: ClassVar[str]
    waits: ClassVar[bool] = False  # heard among commands it is declined in its turn; see core/commands.py

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        limit: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.limit = limit
        self.retry_after_ms = retry_after_ms
        self.ref: int | str | None = None


class BadJson(Refusal):
    """Not JSON, not one object, too deep, or a key that stands twice."""

    code = "bad-json"


class UnknownCommand(Refusal):
    """A `type`, or a slash command, that this server does not have."""

    code = "unknown-command"


class BadField(Refusal):
    """A field is missing, has the wrong type or a value that cannot be; `field` names it."""

    code = "bad-field"


class HelloFirst(Refusal):
    """The first command of a JSON connection is `hello`."""

    code = "hello-first"


class BadName(Refusal):
    """Not a name that a person may have."""

    code = "bad-name"


class NameTaken(Refusal):
    """Somebody has this name, or one that looks the same."""

    code = "name-taken"


class BadRoom(Refusal):
    """Not a name that a room may have."""

    code = "bad-room"


class NoSuchRoom(Refusal):
    """There is no such room, or it is none of the asker's business."""

    code = "no-such-room"


class NotInRoom(Refusal):
    """The session must join the room first."""

    code = "not-in-room"


class NotAllowed(Refusal):
    """The person may not do this."""

    code = "not-allowed"


class NoSuchMessage(Refusal):
    """There is no message with this number (any more)."""

    code = "no-such-message"


class NoSuchPerson(Refusal):
    """Nobody here has this name or id."""

    code = "no-such-person"


class EmptyMessage(Refusal):
    """Nothing is left of the text after control characters were taken out."""

    code = "empty-message"


class MessageTooLong(Refusal):
    """The text of one message is longer than `limit` bytes after normalisation."""

    code = "message-too-long"


class KeyReused(Refusal):
    """This key already names another message of the same author in this room."""

    code = "key-reused"


class LogChanged(Refusal):
    """The log is not the one the client knows (a restored backup): start over."""

    code = "log-changed"


class TooFast(Refusal):
    """More commands than the limits allow; `retry_after_ms` says when to go on."""

    code = "too-fast"


class TooMany(Refusal):
    """A count is at its `limit` (rooms of a session, emoji of a message)."""

    code = "too-many"


class BadToken(Refusal):
    """The token is unknown or has ended: say `hello` without it."""

    code = "bad-token"


class ForeignOrigin(Refusal):
    """A web page of another origin may change nothing here."""

    code = "foreign-origin"


class Stale(Refusal):
    """The room's rules moved between decision and log; dispatch decides again. Never on the wire."""

    code = "stale"


class UnknownFrame(Refusal):
    """A frame with a `cmd` that this server does not know, or of the other kind than the connection speaks."""

    code = "unknown-frame"


class WireError(TeahouseError):
    """The peer broke its protocol; `message` is said in the peer's own terms, then we close."""

    code: ClassVar[str]
    waits: ClassVar[bool] = True  # what was asked before is answered first

    def __init__(self, message: str, *, limit: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.limit = limit


class FrameTooLong(WireError):
    """A length above the limit (`limit` bytes), refused before the body is read."""

    code = "frame-too-long"


class UnknownVersion(WireError):
    """A frame header whose version is not 1."""

    code = "unknown-version"


class BadText(WireError):
    """Bytes that are not UTF-8 where text must be."""

    code = "bad-text"


class Foreign(WireError):
    """Another protocol's preamble: one line says what this port speaks."""

    code = "foreign-protocol"


class TimedOut(WireError):
    """An unfinished beginning, frame or greeting took too long."""

    code = "timed-out"


class Overload(TeahouseError):
    """We protect the node and the others: say why, close."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooSlow(Overload):
    """No byte was accepted for 30 s while data waited, or the replies outgrew their bound."""

    code = "too-slow"


class TooManyConnections(Overload):
    """This address, or the node, has as many connections as it may."""

    code = "too-many-connections"


class ServerFault(Overload):
    """A fault of ours met this connection alone; come back and resume by number."""

    code = "server-fault"


class GoingAway(Overload):
    """The server stops; come back and resume by number."""

    code = "going-away"


class Removed(Overload):
    """The person was removed."""

    code = "removed"


class StoreError(Refusal):
    """The disk or the database: the sender is told, nothing was shown to anyone."""


class StorageFull(StoreError):
    """The disk is full: nothing was stored; writing resumes by itself when there is space."""

    code = "storage-full"


class StorageError(StoreError):
    """The write failed: nothing was stored."""

    code = "storage-error"


class StorageUnknown(StoreError):
    """It may be stored or not: send again with the same key."""

    code = "storage-unknown"


class StoreFatal(TeahouseError):
    """A failed fsync, a corrupt file, not a database: the process must end; `message` says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BusError(TeahouseError):
    """Other nodes can't be reached; this node goes on and says so."""


class ConfigError(TeahouseError):
    """Before the start: where, what was found, what would do."""
