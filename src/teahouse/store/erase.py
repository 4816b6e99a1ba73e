"""What was deleted is erased: at once what was said, in slices what others added to it.

    begin   in the transaction of the deletion: the text, its digest, the tallies of reactions; its words are going
    step    afterwards, a slice at a time: the texts of edits, the emoji, who reacted

A message may have been edited and reacted to very often, so the rest goes in slices; until then nobody is shown it
(`gone_of`). `erasing` stands in the file: a process that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from teahouse.core.events import Deleted, Reacted
from teahouse.store.connect import run, transaction
from teahouse.store.index import Index

SLICE = 200  # events of one step
SLICE_BYTES = 128 * 1024  # … and of their texts, but one event at the least


def begin(connection: apsw.Connection, index: Index, deleted: Sequence[int]) -> None:
    """These messages and topics (ids) have no text any more; inside the transaction of their deletion."""
    if not deleted:
        return
    for message in deleted:
        index.forget(message)
    ids = (msgspec.json.encode(deleted).decode(),)
    connection.execute("UPDATE events SET text = NULL, digest = NULL WHERE id IN (SELECT value FROM json_each(?))", ids)
    connection.execute("UPDATE retries SET digest = NULL WHERE event IN (SELECT value FROM json_each(?))", ids)
    connection.execute("DELETE FROM tallies WHERE message IN (SELECT value FROM json_each(?))", ids)
    connection.execute("INSERT INTO erasing (message, upto) SELECT value, value FROM json_each(?)", ids)


def step(connection: apsw.Connection) -> bool:
    """Erase a slice, in a transaction; whether there was something to erase."""
    found = run(connection, "SELECT message, upto FROM erasing LIMIT 1")
    if not found:
        return False
    [(message, after)] = found
    events = run(
        connection,
        "SELECT id, octet_length(text) FROM events WHERE target = ? AND id > ? ORDER BY id LIMIT ?",
        (message, after, SLICE),
    )
    upto, size = after, 0
    for id, text_bytes in events:
        size += text_bytes or 0
        if size > SLICE_BYTES and upto > after:
            break
        upto = id
    span = (message, after, upto)
    with transaction(connection):
        connection.execute(
            "DELETE FROM reactions WHERE (message, emoji, person) IN (SELECT target, text, author FROM events "  # noqa: S608
            f"WHERE target = ? AND id > ? AND id <= ? AND kind = {Reacted.kind} AND text IS NOT NULL)",
            span,
        )
        connection.execute(
            "UPDATE events SET text = NULL "  # noqa: S608
            f"WHERE target = ? AND id > ? AND id <= ? AND kind <> {Deleted.kind} AND text IS NOT NULL",
            span,
        )
        if not events or (len(events) < SLICE and upto == events[-1][0]):
            connection.execute("DELETE FROM erasing WHERE message = ?", (message,))
        else:
            connection.execute("UPDATE erasing SET upto = ?2 WHERE message = ?1", (message, upto))
    return True


def gone_of(connection: apsw.Connection, messages: Sequence[int]) -> frozenset[int]:
    """Those of these messages (ids) that are being erased: what changed them says nothing any more."""
    if not messages:
        return frozenset()
    ids = (msgspec.json.encode(messages).decode(),)
    found = run(connection, "SELECT message FROM erasing WHERE message IN (SELECT value FROM json_each(?))", ids)
    return frozenset(message for (message,) in found)
