"""Messages that have every word, newest first.

The index may be up to a second behind the log, so a hit is looked at once more as it reads now: what was edited away
is not found, even before the index knows. What is not in the index yet is not found either, and `complete` says so.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

import apsw

from teahouse.core.events import Found
from teahouse.core.message import Message
from teahouse.store.connect import run
from teahouse.store.history import changes_of, fold_one
from teahouse.store.rows import COLUMNS, AnyRow, event_id
from teahouse.store.segment import Query

HITS = (
    f"SELECT {', '.join('events.' + column for column in COLUMNS.split(', '))} "  # noqa: S608
    "FROM words JOIN events ON events.id = words.rowid "
    "WHERE words MATCH ? AND words.rowid > ? AND words.rowid < ? ORDER BY words.rowid DESC"
)


def find(
    connection: apsw.Connection,
    query: Query,
    rooms: Sequence[tuple[int, int]],
    names: Mapping[int, str],
    asker: int,
    *,
    before: int | None,
    limit: int,
) -> Found:
    """Hits of these (room id, head); see `Store.search`."""
    if not query.expression:
        return Found(messages=[], more=False, complete=True)
    in_rooms = [_hits_of(connection, query, room, head, names[room], asker, before) for room, head in rooms if head]
    messages: list[Message] = []
    more = False
    for _, message in heapq.merge(*in_rooms, key=lambda hit: hit[0]):
        if len(messages) == limit:
            more = True
            break
        messages.append(message)
    return Found(messages=messages, more=more, complete=_complete(connection, rooms))


def _hits_of(
    connection: apsw.Connection, query: Query, room: int, head: int, name: str, asker: int, before: int | None
) -> Iterator[tuple[tuple[int, int], Message]]:
    """(what to sort by, message) of one room, newest first; read as far as they are taken."""
    end = head + 1 if before is None else min(before, head + 1)
    rows: Iterator[AnyRow] = connection.execute(HITS, (query.expression, event_id(room, 0), event_id(room, end)))
    for row in rows:
        id = row[0]
        message = fold_one(row, changes_of(connection, id, id, event_id(room, head)), name, asker)
        if message.text is not None and query.matches(message.text):
            yield (-message.time, -id), message


def _complete(connection: apsw.Connection, rooms: Sequence[tuple[int, int]]) -> bool:
    indexed = dict(run(connection, "SELECT id, indexed FROM rooms"))
    return all(indexed.get(room, 0) >= head for room, head in rooms)
