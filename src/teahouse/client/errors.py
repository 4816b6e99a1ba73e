"""What can go wrong on this side of the connection, and the server's own refusals as errors.

TeahouseError
├── Refusal, Overload     what the server said: `core/errors.py`, each with its `code`
└── ClientError           what this side found
    ├── BadAddress        not the name of a place
    ├── Unreachable       nobody answers there
    ├── NotAHouse         somebody answers, but no Teahouse
    ├── Closed            this client was closed before the answer came
    └── OutboxError       what waits cannot be kept on this disk: nothing was sent
"""

from __future__ import annotations

from typing import ClassVar

from teahouse.core.errors import (
    BadField,
    BadJson,
    BadName,
    BadRoom,
    BadText,
    BadToken,
    EmptyMessage,
    ForeignOrigin,
    GoingAway,
    HelloFirst,
    KeyReused,
    LogChanged,
    MessageTooLong,
    NameTaken,
    NoSuchMessage,
    NoSuchPerson,
    NoSuchRoom,
    NotAllowed,
    NotInRoom,
    Overload,
    Refusal,
    Removed,
    ServerFault,
    Stale,
    StorageError,
    StorageFull,
    StorageUnknown,
    TeahouseError,
    TooFast,
    TooMany,
    TooManyConnections,
    TooSlow,
    UnknownCommand,
    UnknownFrame,
)  # fmt: skip
from teahouse.core.events import Refused


class ClientError(TeahouseError):
    """What this side of the connection found; `message` says what to do."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadAddress(ClientError):
    """Not the name of a place where a house could be."""

    code = "bad-address"


class Unreachable(ClientError):
    """Nobody answers there, or not in time."""

    code = "unreachable"


class NotAHouse(ClientError):
    """Somebody answers, and it is no Teahouse."""

    code = "not-a-house"


class Closed(ClientError):
    """This client was closed before the answer came."""

    code = "closed"


class OutboxError(ClientError):
    """What waits to be sent cannot be kept in its file: nothing was sent, the text is still the caller's."""

    code = "outbox"


class UnknownRefusal(Refusal):
    """A reason that this client does not know, because the server is newer; `code` is the server's."""

    def __init__(self, reply: Refused) -> None:
        super().__init__(reply.message, field=reply.field, limit=reply.limit, retry_after_ms=reply.retry_after)
        self.code = reply.code  # type: ignore[misc]  # this one class has as many codes as there will be


def _leaves(root: type[TeahouseError]) -> list[type[TeahouseError]]:
    below = [leaf for child in root.__subclasses__() for leaf in _leaves(child)]
    return [*([root] if "code" in vars(root) else []), *below]


_REFUSALS = {getattr(leaf, "code"): leaf for leaf in _leaves(Refusal)}  # noqa: B009
_GOODBYES = {getattr(leaf, "code"): leaf for leaf in _leaves(Overload)}  # noqa: B009


def error_of(reply: Refused) -> Refusal | Overload:
    """The error that the server's answer is."""
    if (goodbye := _GOODBYES.get(reply.code)) is not None:
        return goodbye(reply.message)  # type: ignore[return-value]
    kind = _REFUSALS.get(reply.code)
    if kind is None:
        return UnknownRefusal(reply)
    return kind(reply.message, field=reply.field, limit=reply.limit, retry_after_ms=reply.retry_after)  # type: ignore[return-value,call-arg]


__all__ = [
    "BadAddress",
    "BadField",
    "BadJson",
    "BadName",
    "BadRoom",
    "BadText",
    "BadToken",
    "ClientError",
    "Closed",
    "EmptyMessage",
    "ForeignOrigin",
    "GoingAway",
    "HelloFirst",
    "KeyReused",
    "LogChanged",
    "MessageTooLong",
    "NameTaken",
    "NoSuchMessage",
    "NoSuchPerson",
    "NoSuchRoom",
    "NotAHouse",
    "NotAllowed",
    "NotInRoom",
    "OutboxError",
    "Overload",
    "Refusal",
    "Removed",
    "ServerFault",
    "Stale",
    "StorageError",
    "StorageFull",
    "StorageUnknown",
    "TeahouseError",
    "TooFast",
    "TooMany",
    "TooManyConnections",
    "TooSlow",
    "UnknownCommand",
    "UnknownFrame",
    "UnknownRefusal",
    "Unreachable",
    "error_of",
]
