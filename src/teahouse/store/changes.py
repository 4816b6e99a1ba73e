"""What became of messages, kept in tables beside the log, in the transaction of the events that change it.

    reactions   who has which emoji at a message, and by which event
    tallies     how many have it there
    skips       where the log has nothing but changes, as runs of ids

Each is brought up to date by one statement a batch, however many changes the batch has.
"""

from __future__ import annotations

import apsw
import msgspec

from teahouse.core.events import Deleted, Edited, Reacted, Unreacted
from teahouse.store.numbering import Numbering
from teahouse.store.rows import event_id

CHANGES = (Edited, Deleted, Reacted, Unreacted)

_REACTIONS = (
    "INSERT INTO reactions (message, emoji, person, there, event) "
    "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true "
    "ON CONFLICT DO UPDATE SET there = excluded.there, event = excluded.event"
)
_TALLIES = (
    "INSERT INTO tallies (message, emoji, count, first) "
    "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true "
    "ON CONFLICT DO UPDATE SET count = excluded.count, first = excluded.first"
)
_NO_TALLIES = "DELETE FROM tallies WHERE (message, emoji) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
# A run that begins where the last one ended makes that one longer.
SKIPS = (
    "INSERT INTO skips (first, last) SELECT coalesce((SELECT iif(last = ?1 - 1, first, NULL) FROM skips "
    "WHERE first < ?1 ORDER BY first DESC LIMIT 1), ?1), ?2 WHERE true ON CONFLICT DO UPDATE SET last = excluded.last"
)
_encode = msgspec.json.Encoder().encode


def keep(connection: apsw.Connection, batch: Numbering) -> None:
    """Bring the tables up to date with what is in the batch; inside its transaction, once its rows are in."""
    if batch.reacted:
        there = [(*key, int(is_there), event) for key, (is_there, event) in batch.reacted.items()]
        connection.execute(_REACTIONS, (_encode(there).decode(),))
        now = {(message, emoji): target.emoji.get(emoji) for (message, emoji), target in batch.tallied.items()}
        counted = [(*key, *tally) for key, tally in now.items() if tally is not None]
        gone = [key for key, tally in now.items() if tally is None]
        if counted:
            connection.execute(_TALLIES, (_encode(counted).decode(),))
        if gone:
            connection.execute(_NO_TALLIES, (_encode(gone).decode(),))
    connection.executemany(SKIPS, _runs(batch))


def _runs(batch: Numbering) -> list[tuple[int, int]]:
    """The runs of changes in this batch: first id, last id."""
    ends: dict[int, tuple[int, int]] = {}  # room → its last run
    runs: list[tuple[int, int]] = []
    for draft in batch.stored:
        if not isinstance(draft.event, CHANGES):
            continue
        id = event_id(draft.room, draft.event.seq)
        first, last = ends.get(draft.room, (id, id - 1))
        if last != id - 1:
            runs.append((first, last))
            first = id
        ends[draft.room] = (first, id)
    return runs + list(ends.values())
