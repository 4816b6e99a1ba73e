"""The statements that put a numbered batch on the disk.

One INSERT for the whole batch, whatever its size: each step of a statement gives the interpreter lock away, and
beside a busy loop it comes back late. Which single statement: `json_each` over one string beat VALUES with a
parameter for each column (docs/decisions/0006-one-statement-a-batch.md); the choice is `insert` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from teahouse.core.events import Draft, Edited, Posted
from teahouse.store.connect import run
from teahouse.store.index import Index
from teahouse.store.numbering import First, Key, Numbering
from teahouse.store.rows import COLUMNS, SEQ, Row

_INSERT = (
    f"INSERT INTO events ({COLUMNS}) SELECT "  # noqa: S608
    + ", ".join(f"value ->> {column}" for column in range(len(COLUMNS.split(","))))
    + " FROM json_each(?)"
)
_encode = msgspec.json.Encoder().encode


def insert(connection: apsw.Connection, rows: Sequence[Row]) -> None:
    """Put the rows in, with one statement. As str: bytes would be read as SQLite's own binary JSON."""
    connection.execute(_INSERT, (_encode(rows).decode(),))


def write(connection: apsw.Connection, index: Index, batch: Numbering) -> None:
    """Put a batch in that is more than rows, inside a transaction."""
    if batch.people:
        connection.executemany(
            "INSERT INTO people (id, kind, name, chosen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(person.id, person.kind, person.name, person.chosen) for person in batch.people.values()],
        )
    if batch.rows:
        insert(connection, batch.rows)
    for message in batch.deleted:
        index.forget(message)
        connection.execute(
            "UPDATE events SET text = NULL WHERE id = ?1 OR (target = ?1 AND kind = ?2)", (message, Edited.kind)
        )
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
    keys = _encode(sorted({key for key, _, _ in wanted})).decode()
    found: dict[Key, First] = {}
    for key, author, id, time, digest in run(
        connection,
        "SELECT key, author, id, time, digest FROM events WHERE key IN (SELECT value FROM json_each(?))",
        (keys,),
    ):
        if (key, author, id >> 32) in wanted:
            found[key, author, id >> 32] = First(id & SEQ, time, digest)
    return found
