"""Messages that have every word, newest first.

The index may be up to a second behind the log, so a hit is looked at once more as it reads now: what was edited away
is not found, even before the index knows. What is not in the index yet is not found either, and `complete` says so.

The index is in the order of its row ids: room by room, and in a room by number, which is the order of time. So one room
is read backwards, as far as hits are taken. The newest of many rooms could be anywhere in it, and a word that stands in
every second message must not cost as many steps as there are messages:

    at most FEW hits      all of them are read, then put in order
    a pair of characters  room after room, the one that was written in last first: a room is looked into only when
                          nothing newer can be left in the others. Each look begins where it wants in the index
    words, one character  match by their beginning, and for such the index gathers all its hits at each look. A word with
                          so many is most likely in what was said last: the newest NEWEST messages are read themselves.
                          Where they have too few of it, the index is read whole
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import apsw
import msgspec

from teahouse.core.events import Found, Posted
from teahouse.core.message import Message
from teahouse.store.connect import run
from teahouse.store.history import changes_of, fold_one
from teahouse.store.rows import COLUMNS, AnyRow, event_id
from teahouse.store.segment import Query

FEW = 5_000
NEWEST = 500
OUTDATED = 20  # hits of a room that may turn out to have been edited away, where the index is read whole

_EVENT = ", ".join(f"events.{column}" for column in COLUMNS.split(", "))
IS_COMMON = "SELECT count(*) > ?2 FROM (SELECT 1 FROM words WHERE words MATCH ?1 LIMIT ?2 + 1)"
HITS = f"""
SELECT {_EVENT} FROM words CROSS JOIN events ON events.id = words.rowid
WHERE words MATCH ?1 AND words.rowid > ?2 AND words.rowid < ?3 ORDER BY words.rowid DESC
"""  # noqa: S608
ALL_HITS = f"""
WITH asked (room, head) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
SELECT {_EVENT} FROM (
  SELECT words.rowid AS hit, row_number() OVER (PARTITION BY words.rowid >> 32 ORDER BY words.rowid DESC) AS place
  FROM words CROSS JOIN asked ON asked.room = words.rowid >> 32
  WHERE words MATCH ?1 AND words.rowid <= (asked.room << 32 | asked.head)
) CROSS JOIN events ON events.id = hit
WHERE place <= ?3 ORDER BY events.time DESC, events.id DESC
"""  # noqa: S608
SAID = f"SELECT {COLUMNS} FROM events WHERE kind = {Posted.kind} AND id > ? AND id < ? ORDER BY id DESC"  # noqa: S608
LAST = "SELECT events.id, time FROM json_each(?) CROSS JOIN events ON events.id = value ->> 0 << 32 | value ->> 1"

Rooms = Sequence[tuple[int, int]]  # (id, head)
Look = Callable[[int, int], Iterable[AnyRow]]  # between two ids, both excluded: events, newest first


def find(
    connection: apsw.Connection,
    query: Query,
    rooms: Rooms,
    names: Mapping[int, str],
    asker: int,
    *,
    before: int | None,
    limit: int,
) -> Found:
    """Hits of these (room id, head); see `Store.search`."""
    messages: list[Message] = []
    more = False
    if query.expression:
        heads = dict(rooms)

        def take(rows: Iterable[AnyRow]) -> tuple[list[Message], bool]:
            found = (_as_it_reads(connection, row, heads, names, asker) for row in rows)
            hits = list(islice((hit for hit in found if hit.text and query.matches(hit.text)), limit + 1))
            return hits[:limit], len(hits) > limit

        for rows in _ways(connection, query, rooms, before, limit):
            messages, more = take(rows)
            if more:
                break
    return Found(messages=messages, more=more, complete=_complete(connection, rooms))


def _as_it_reads(
    connection: apsw.Connection, row: AnyRow, heads: Mapping[int, int], names: Mapping[int, str], asker: int
) -> Message:
    room = row[0] >> 32
    changes = changes_of(connection, row[0], row[0], event_id(room, heads[room]), asker)
    return fold_one(row, changes, names[room])


def _ways(
    connection: apsw.Connection, query: Query, rooms: Rooms, before: int | None, limit: int
) -> Iterator[Iterable[AnyRow]]:
    """Where to look, newest first each: the next one only where more was not found than was asked for."""

    def hits(low: int, high: int) -> Iterable[AnyRow]:
        return connection.execute(HITS, (query.expression, low, high))

    def said(low: int, high: int) -> Iterable[AnyRow]:
        return connection.execute(SAID, (low, high))

    if len(rooms) == 1:
        [(room, head)] = rooms
        yield hits(event_id(room, 0), event_id(room, head + 1 if before is None else min(before, head + 1)))
        return
    if connection.execute(IS_COMMON, (query.expression, FEW)).get:
        if query.is_pair:
            yield _newest_first(connection, rooms, hits)
            return
        yield islice(_newest_first(connection, rooms, said), NEWEST)
    yield connection.execute(ALL_HITS, (query.expression, _as_json(rooms), limit + 1 + OUTDATED))


def _newest_first(connection: apsw.Connection, rooms: Rooms, look: Look) -> Iterator[AnyRow]:
    """What `look` finds in each of the rooms, merged by time. A room is looked into when its last event would be next."""

    def of_room(last: int, time: int) -> Iterator[tuple[int, int, AnyRow | None]]:
        yield time, last + 1, None
        for row in look(event_id(last >> 32, 0), last + 1):
            yield row[1], row[0], row

    streams = [of_room(id, time) for id, time in run(connection, LAST, (_as_json(rooms),))]
    return (row for _, _, row in heapq.merge(*streams, reverse=True) if row is not None)


def _as_json(rooms: Rooms) -> str:
    return msgspec.json.encode(rooms).decode()


def _complete(connection: apsw.Connection, rooms: Rooms) -> bool:
    indexed = dict(run(connection, "SELECT id, indexed FROM rooms"))
    return all(indexed.get(room, 0) >= head for room, head in rooms)
