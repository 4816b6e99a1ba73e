"""What the shell asks of a store, beside the log. An interface; `sqlite.py` stands behind it.

Every method is called on the event loop and awaited; the work is done by the store's own threads. Reading
sees what is committed. `head` arguments bound what may be seen: the caller passes the feed's published
head, so that nothing is read that was not yet shown.

Raises StoreError (a Refusal: the asker is told) where the disk fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from teahouse.core.events import Event, Found, History
from teahouse.core.message import Person
from teahouse.core.room import Room
from teahouse.store.log import Log

UNLEASED = 2**52
"""Ids of people from here on are never leased: they are for when the disk takes no lease (server/ids.py)."""


class Standing(msgspec.Struct, frozen=True):
    """How a person stands to a room: read up to `read`; `unread` messages of others after it (counted up to 100),
    `mentions` of them have `@name`."""

    read: int = 0
    unread: int = 0
    mentions: int = 0


class GuestRecord(msgspec.Struct, frozen=True):
    """A guest who has a token: as last called; `ends` is when the token does (ms, in the time that `token_time` keeps)."""

    person: Person
    ends: int


class Trouble(msgspec.Struct, frozen=True):
    """Why nothing can be stored now: a stable code, and a sentence for people."""

    code: str
    message: str


class Store(Protocol):
    """One durable store. See the module's docstring."""

    log: Log

    async def open(self) -> list[Room]:
        """Open or create, migrate, check; return every room with its record, head and the time of its last event.

        raises ConfigError (a newer schema, a locked folder: what to do), StoreFatal (corrupt, not a database)
        """

    async def close(self) -> None:
        """Write what is queued, checkpoint, close; within some seconds. Idempotent.

        raises StoreFatal  the disk did not answer in time: what is not acknowledged may be stored or not
        """

    def erasing_s(self) -> float:
        """For how long something deleted has been waiting to be out of every file; 0: nothing is. On the loop, at once."""

    def trouble(self) -> Trouble | None:
        """Why nothing is stored now; None: nothing is known to be in the way. On the loop, at once.

        Codes: writer-dead; writer-stuck, one write takes longer than five seconds; storage-full, storage-error,
        storage-unknown: what the last batch was answered with, until one is stored.
        """

    async def open_room(self, name: str, fold: str, pair: tuple[int, int] | None) -> Room:
        """The room with this fold, made now if there is none. On disk when it returns."""

    async def forget_room(self, room: int) -> bool:
        """The room is no more, with its read positions and what else happened there; its id is never given again.

        returns  False, and nothing has changed, where something was said in it, or more happened there than SMALL_LOG
        """

    async def lease_people(self, count: int) -> int:
        """Reserve `count` ids of people; return the first. Never given twice, on disk when it returns."""

    async def keep_guest(self, person: Person, token_hash: bytes, ends: int) -> None:
        """Remember a guest and the SHA-256 of their token, valid until `ends` (ms). On disk when it returns."""

    async def rename_guest(self, person: Person) -> None:
        """Remember a guest's new name. Nothing happens where the guest has no record."""

    async def guest_by_token(self, token_hash: bytes, now: int) -> GuestRecord | None:
        """Who comes back with this token; None when it is unknown or has ended. Writes nothing."""

    async def extend_tokens(self, hashes: Sequence[bytes], ends: int) -> None:
        """These tokens are valid until `ends` at the least. On disk when it returns."""

    async def forget_tokens(self, before: int) -> None:
        """Tokens that ended before this time (ms) go, some at a time, when the disk has nothing else to do."""

    async def token_time(self) -> int | None:
        """The time (ms) that was kept last; None: none was. Writes nothing."""

    async def keep_token_time(self, now: int) -> None:
        """Keep the time (ms) in which tokens end, for the next start. On disk when it returns."""

    async def recent_guests(self, now: int) -> list[Person]:
        """Guests with a chosen name whose token is valid, the latest first; at most 10,000."""

    async def retried(self, mark: bytes, digest: int, now: int) -> tuple[int, int] | None:
        """(seq, time) of the message that was stored with this `Draft.retry` and digest less than a day ago, if any.

        Once it is deleted, any digest finds it.
        """

    async def person(self, id: int) -> Person | None:
        """A person who has a record, or has written something."""

    async def people(self, ids: Sequence[int]) -> dict[int, Person]:
        """Those of them whom `person` would find, by id."""

    async def mark(self, person: int, room: int, seq: int) -> int:
        """Move a read position forward (never back); return where it is."""

    async def standing(self, person: Person, rooms: Sequence[tuple[int, int]]) -> list[Standing]:
        """For each (room id, head), in order."""

    async def rooms_read(self, person: int) -> list[int]:
        """Ids of rooms where the person has a read position; at most 2,000."""

    async def events(self, room: int, after: int, upto: int, limit: int) -> list[Event]:
        """Events with after < seq ≤ upto, oldest first, at most `limit`."""

    async def time_of(self, room: int, seq: int) -> int | None:
        """The time of one event; None where there is none."""

    async def start_of_last(self, room: int, head: int, count: int) -> int:
        """The cursor from which the newest `count` messages (≤ head) are seen; 0 at the least."""

    async def history(
        self,
        room: int,
        head: int,
        asker: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> History:
        """One page, folded up to `head`; `as_of` = head. `ref` is left for the caller.

        Without any of the three: the newest. `around`: the message itself, half of the page before it, half after.
        """

    async def search(
        self, query: str, rooms: Sequence[tuple[int, int]], asker: int, *, before: int | None, limit: int
    ) -> Found:
        """Messages of these (room id, head) that have every word, newest first by time; `before` only with one room."""
