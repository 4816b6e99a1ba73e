"""The part of the log that the search index has not read yet: it is searched itself, newest first.

The index is exact up to an event of each room (`rooms.indexed`). After it there are messages that it does not have, and
edits that it does not know; so a hit of the tail is a message that has the words as it was said there or as it was edited
there. As it reads now is the caller's to tell, for the tail and the index alike.

The tail is a moment long, as a rule. After a flood, or while the index is made anew, it may be the whole log: then the
newest EVENTS of it are searched, for no longer than LONGEST_S, and the answer is not complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import apsw
import msgspec

from teahouse.core.events import Edited, Posted
from teahouse.core.message import Message
from teahouse.store.connect import run
from teahouse.store.rows import COLUMNS, SEQ, AnyRow, event_id
from teahouse.store.segment import Query

EVENTS = 10_000
LONGEST_S = 0.5

BEHIND = """
SELECT rooms.id, indexed FROM json_each(?) CROSS JOIN rooms ON rooms.id = value ->> 0
WHERE indexed < value ->> 1
"""
_TEXTS = f"SELECT {COLUMNS} FROM events WHERE kind IN ({Posted.kind}, {Edited.kind}) AND id > ? AND id < ?"  # noqa: S608
NEW = f"{_TEXTS} ORDER BY id DESC"
ONE = f"SELECT {COLUMNS} FROM events WHERE id = ?"  # noqa: S608


class Tail:
    """Of these rooms, for one search.

    is_whole  nothing of the tail was left out that could be on the page
    """

    def __init__(
        self,
        connection: apsw.Connection,
        query: Query,
        rooms: Sequence[tuple[int, int]],
        before: int | None,
        limit: int,
    ) -> None:
        self._connection = connection
        self._query = query
        self._before = SEQ + 1 if before is None else before
        self._limit = limit
        self._indexed: dict[int, int] = dict(run(connection, BEHIND, (msgspec.json.encode(rooms).decode(),)))
        self._heads = dict(rooms)
        self.is_whole = True

    def behind(self) -> Iterable[int]:
        """The rooms where the index is not at the head."""
        return self._indexed

    def look(self, low: int, high: int) -> Iterable[AnyRow]:
        """What was said and edited after the index, in the room of these ids, newest first."""
        room = low >> 32
        return self._connection.execute(
            NEW, (event_id(room, self._indexed[room]), event_id(room, self._heads[room] + 1))
        )

    def read(self, rows: Iterable[AnyRow], as_it_reads: Callable[[AnyRow], Message]) -> Iterator[tuple[int, Message]]:
        """Messages (and their ids) that have the words and are not found in the index, or perhaps not.

        rows  what `look` gives, of all rooms
        """
        seen: set[int] = set()
        new = 0
        deadline = time.monotonic() + LONGEST_S
        for count, row in enumerate(rows):
            if new > self._limit:  # whatever follows is older than all of these
                return
            if count == EVENTS or time.monotonic() > deadline:
                self.is_whole = False
                return
            is_new = row[2] == Posted.kind
            id = row[0] if is_new else row[6]
            if id in seen or id & SEQ >= self._before or row[5] is None or not self._query.matches(row[5]):
                continue
            seen.add(id)
            message = as_it_reads(row if is_new else run(self._connection, ONE, (id,))[0])
            if message.text and self._query.matches(message.text):
                new += is_new
                yield id, message
