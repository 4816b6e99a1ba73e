"""Messages that have every word, newest first.

The index follows the log, so what is newer than the index is read itself (`tail.py`): a message is found the moment it
is stored. A hit of the index is looked at once more as it reads now: what was edited away is not found, even before the
index knows.

The index is in the order of its row ids: room by room, and in a room by number, which is the order of time. So one room
is read backwards, as far as hits are taken. The newest of many rooms could be anywhere in it, and a word that stands in
every second message must not cost as many steps as there are messages:

    at most FEW hits      all of them are read, then put in order
    a pair of characters  room after room, the one that was written in last first: a room is looked into only when
                          nothing newer can be left in the others. Each look begins where it wants in the index
    words, one character  match by their beginning, and for such the index gathers all its hits at each look. A word with
                          so many is most likely in what was said last: the newest NEWEST messages are read themselves.
                          Where they have too few of it, the index is read whole

The newest of several rooms is told by time, and in a room order is by number: an event counts as no later than all that
follow it. So a clock that was wrong once moves nothing to the top for years.
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
from teahouse.store.rows import COLUMNS, SEQ, AnyRow, event_id
from teahouse.store.segment import Query
from teahouse.store.tail import Tail

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
WITH asked (room, head, last) AS MATERIALIZED (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))
SELECT {_EVENT} FROM (
  SELECT words.rowid AS hit, last, row_number() OVER (PARTITION BY words.rowid >> 32 ORDER BY words.rowid DESC) AS place
  FROM words CROSS JOIN asked ON asked.room = words.rowid >> 32
  WHERE words MATCH ?1 AND words.rowid <= (asked.room << 32 | asked.head)
) CROSS JOIN events ON events.id = hit
WHERE place <= ?3
ORDER BY min(last, min(events.time) OVER (PARTITION BY hit >> 32 ORDER BY hit DESC)) DESC, events.id DESC
"""  # noqa: S608
SAID = f"SELECT {COLUMNS} FROM events WHERE kind = {Posted.kind} AND id > ? AND id < ? ORDER BY id DESC"  # noqa: S608
LAST = "SELECT events.id, time FROM json_each(?) CROSS JOIN events ON events.id = value ->> 0 << 32 | value ->> 1"

Rooms = Sequence[tuple[int, int]]  # (id, head)
Lasts = Mapping[int, tuple[int, int]]  # room → id and time of its last event, up to the head that is asked about
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
    if not query.expression:
        return Found(messages=[], more=False, complete=True)
    heads = dict(rooms)
    lasts = _lasts(connection, rooms)

    def as_it_reads(row: AnyRow) -> Message:
        changes = changes_of(connection, row[0], row[0], event_id(row[0] >> 32, heads[row[0] >> 32]), asker)
        return fold_one(row, changes, names[row[0] >> 32])

    tail = Tail(connection, query, rooms, before, limit)
    said = newest_first(tail.behind(), lasts, tail.look)
    found = dict(tail.read(said, as_it_reads))
    of_index: dict[int, Message] = {}
    for rows in _ways(connection, query, rooms, lasts, before, limit, len(found)):
        of_index = {}
        for row in rows:
            if row[0] not in found and (message := as_it_reads(row)).text and query.matches(message.text):
                of_index[row[0]] = message
                if len(of_index) > limit:
                    break
        if len(of_index) > limit:
            break
    messages = _in_order(found | of_index, lasts)
    return Found(messages=messages[:limit], more=len(messages) > limit, complete=tail.is_whole)


def _in_order(found: Mapping[int, Message], lasts: Lasts) -> list[Message]:
    """Newest first: in a room by number, and an event is no later than what follows it."""
    times: dict[int, int] = {room: time for room, (_, time) in lasts.items()}
    keyed: list[tuple[int, int]] = []
    for id in sorted(found, reverse=True):
        times[id >> 32] = min(times[id >> 32], found[id].time)
        keyed.append((times[id >> 32], id))
    return [found[id] for _, id in sorted(keyed, reverse=True)]


def _ways(
    connection: apsw.Connection, query: Query, rooms: Rooms, lasts: Lasts, before: int | None, limit: int, known: int
) -> Iterator[Iterable[AnyRow]]:
    """Where to look, newest first each: the next one only where more was not found than was asked for.

    known  hits that were found otherwise, and are of no use here
    """

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
            yield newest_first(lasts, lasts, hits)
            return
        yield islice(newest_first(lasts, lasts, said), NEWEST)
    asked = [(room, last & SEQ, time) for room, (last, time) in lasts.items()]
    yield connection.execute(ALL_HITS, (query.expression, _as_json(asked), limit + 1 + OUTDATED + known))


def newest_first(rooms: Iterable[int], lasts: Lasts, look: Look) -> Iterator[AnyRow]:
    """What `look` finds in each of the rooms, merged by time. A room is looked into when its last event would be next."""

    def of_room(last: int, time: int) -> Iterator[tuple[int, int, AnyRow | None]]:
        yield time, last + 1, None
        for row in look(event_id(last >> 32, 0), last + 1):
            time = min(time, row[1])
            yield time, row[0], row

    streams = [of_room(*lasts[room]) for room in rooms if room in lasts]
    return (row for _, _, row in heapq.merge(*streams, reverse=True) if row is not None)


def _lasts(connection: apsw.Connection, rooms: Rooms) -> Lasts:
    return {id >> 32: (id, time) for id, time in run(connection, LAST, (_as_json(rooms),))}


def _as_json(rows: Sequence[tuple[int, ...]]) -> str:
    return msgspec.json.encode(rows).decode()
