"""The statements that put a numbered batch on the disk.

One INSERT for the whole batch, whatever its size: each step of a statement gives the interpreter lock away, and
beside a busy loop it comes back late. Which single statement: `json_each` over one string beat VALUES with a
parameter for each column (docs/decisions/0006-one-statement-a-batch.md).

What is taken out of the JSON costs a third of a microsecond a column and row, and most batches are nothing but what
guests say, often in one room: those have shorter statements.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from teahouse.core.events import Draft, Posted
from teahouse.store import changes, erase
from teahouse.store.connect import run
from teahouse.store.index import Index
from teahouse.store.numbering import First, Key, Numbering
from teahouse.store.rows import COLUMNS, SEQ, Row, Said, row_of, said


def _taken_out(*places: int) -> str:
    """These elements of each row."""
    return ", ".join(f"value ->> {place}" for place in places)


_ROWS = f"INSERT INTO events ({COLUMNS}) SELECT {_taken_out(*range(len(COLUMNS.split(','))))} FROM json_each(?)"  # noqa: S608
# Of `Said`, by (whether the ids follow on each other, whether any has a key). ?2 is the time of all, ?3 the first id.
_SAID = {
    (follow_on, have_keys): (
        f"INSERT INTO events (time, kind, id, author, name, text{', key, digest' if have_keys else ''}) "  # noqa: S608
        f"SELECT ?2, {Posted.kind}, {'?3 + key' if follow_on else 'value ->> 0'}, "
        f"{_taken_out(1, 2, 3, 4, 5) if have_keys else _taken_out(1, 2, 3)} FROM json_each(?1)"
    )
    for follow_on in (False, True)
    for have_keys in (False, True)
}
# By all three: a key may be popular. The index has the room as an expression, so it must be asked for with the same one.
KNOWN = """
SELECT events.key, author, events.id, time, digest FROM json_each(?)
CROSS JOIN events INDEXED BY events_key
ON events.key = value ->> 0 AND author = value ->> 1 AND events.id >> 32 = value ->> 2
"""
_encode = msgspec.json.Encoder().encode


def insert(connection: apsw.Connection, drafts: Sequence[Draft]) -> None:
    """Put numbered events in, with one statement."""
    rows = _all_said(drafts)
    if rows is None:
        insert_rows(connection, [row_of(draft.room, draft.event, draft.digest) for draft in drafts])
        return
    # Numbers of a room have no holes: as many ids as there are rows between the first and the last are one room's.
    first = rows[0][0]
    follow_on = rows[-1][0] - first == len(rows) - 1
    have_keys = {row[4] for row in rows} != {None}
    values = (_encode(rows).decode(), drafts[0].event.time)
    connection.execute(_SAID[follow_on, have_keys], (*values, first) if follow_on else values)


def insert_rows(connection: apsw.Connection, rows: Sequence[Row]) -> None:
    """Put rows of any kind in. As str: bytes would be read as SQLite's own binary JSON."""
    connection.execute(_ROWS, (_encode(rows).decode(),))


def _all_said(drafts: Sequence[Draft]) -> list[Said] | None:
    """The short rows; None where one of the events does not fit a short row."""
    rows: list[Said] = []
    time = drafts[0].event.time
    for draft in drafts:
        event = draft.event
        row = said(draft.room, event, draft.digest) if event.time == time else None
        if row is None:
            return None
        rows.append(row)
    return rows


def write(connection: apsw.Connection, index: Index, batch: Numbering) -> None:
    """Put a batch in that is more than rows, inside a transaction."""
    if batch.people:
        connection.executemany(
            "INSERT INTO people (id, kind, name, chosen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(person.id, person.kind, person.name, person.chosen) for person in batch.people.values()],
        )
    if batch.stored:
        insert(connection, batch.stored)
    if batch.retries:
        batch.retries.write()
    if batch.changes:
        changes.keep(connection, batch)
        erase.begin(connection, index, batch.deleted)
    for room in batch.shaped:
        tip = batch.tips[room]
        connection.execute(
            "UPDATE rooms SET state = ?, as_of = ? WHERE id = ?", (_encode(tip.record).decode(), tip.seq, room)
        )


def known_keys(connection: apsw.Connection, drafts: Sequence[Draft]) -> dict[Key, First]:
    """Of the keys in these drafts, those that are on the disk."""
    wanted: set[Key] = set()
    for draft in drafts:
        event = draft.event
        if isinstance(event, Posted) and event.key is not None:
            wanted.add((event.key, event.author.id, draft.room))
    found: dict[Key, First] = {}
    for key, author, id, time, digest in run(connection, KNOWN, (_encode(sorted(wanted)).decode(),)):
        found[key, author, id >> 32] = First(id & SEQ, time, digest)
    return found
