"""Messages that have every word, newest first.

The index may be up to a second behind the log, so a hit is looked at once more as it reads now: what was edited away
is not found, even before the index knows. What is not in the index yet is not found either, and `complete` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import apsw
import msgspec

from teahouse.core.events import Found
from teahouse.core.message import Message
from teahouse.store.connect import run
from teahouse.store.history import changes_of, fold_one
from teahouse.store.rows import COLUMNS, AnyRow, event_id
from teahouse.store.segment import Query

_EVENT = ", ".join(f"events.{column}" for column in COLUMNS.split(", "))

# In one room numbers are the order of time: the index is read backwards, only as far as rows are taken.
IN_ROOM = f"""
SELECT {_EVENT} FROM words CROSS JOIN events ON events.id = words.rowid
WHERE words MATCH ?1 AND words.rowid > ?2 AND words.rowid < ?3 ORDER BY words.rowid DESC
"""  # noqa: S608
# In many rooms the index is read once, whole, for the newest few of each room: words match by their beginning, so each
# look into the index gathers all its hits anyway, whatever part of them is asked for.
IN_ROOMS = f"""
WITH asked (room, head) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
SELECT {_EVENT} FROM (
  SELECT words.rowid AS hit, row_number() OVER (PARTITION BY words.rowid >> 32 ORDER BY words.rowid DESC) AS place
  FROM words CROSS JOIN asked ON asked.room = words.rowid >> 32
  WHERE words MATCH ?1 AND words.rowid <= (asked.room << 32 | asked.head)
) CROSS JOIN events ON events.id = hit
WHERE place <= ?3 ORDER BY events.time DESC, events.id DESC
"""  # noqa: S608
OUTDATED = 20  # hits of a room that may turn out to have been edited away


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
    messages: list[Message] = []
    more = False
    if query.expression:
        heads = dict(rooms)
        for row in _rows(connection, query.expression, rooms, before, limit):
            room = row[0] >> 32
            changes = changes_of(connection, row[0], row[0], event_id(room, heads[room]))
            message = fold_one(row, changes, names[room], asker)
            if message.text is None or not query.matches(message.text):
                continue
            if len(messages) == limit:
                more = True
                break
            messages.append(message)
    return Found(messages=messages, more=more, complete=_complete(connection, rooms))


def _rows(
    connection: apsw.Connection, expression: str, rooms: Sequence[tuple[int, int]], before: int | None, limit: int
) -> Iterator[AnyRow]:
    """What the index has, newest first."""
    if len(rooms) == 1:
        [(room, head)] = rooms
        end = head + 1 if before is None else min(before, head + 1)
        return connection.execute(IN_ROOM, (expression, event_id(room, 0), event_id(room, end)))
    asked = msgspec.json.encode(rooms).decode()
    return connection.execute(IN_ROOMS, (expression, asked, limit + 1 + OUTDATED))


def _complete(connection: apsw.Connection, rooms: Sequence[tuple[int, int]]) -> bool:
    indexed = dict(run(connection, "SELECT id, indexed FROM rooms"))
    return all(indexed.get(room, 0) >= head for room, head in rooms)
