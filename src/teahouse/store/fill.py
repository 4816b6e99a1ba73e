"""What a migration must read the log for, because its SQL can't: a slice at a time, so that a long log needs no memory.

Carried out right after the SQL of the same number, in its transaction.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw

from teahouse.store.changes import SKIPS
from teahouse.store.connect import run

SLICE = 10_000  # events

# One change of a reaction after the other: how many have an emoji there, and since when, depends on their order.
_PLAYER = """
CREATE TEMP VIEW played (message, emoji, person, there, event) AS SELECT 0, '', 0, 0, 0;
CREATE TEMP TRIGGER play INSTEAD OF INSERT ON played WHEN NEW.there IS NOT (
  SELECT there FROM reactions WHERE message = NEW.message AND emoji = NEW.emoji AND person = NEW.person
) BEGIN
  INSERT INTO tallies SELECT NEW.message, NEW.emoji, 1, NEW.event WHERE NEW.there
  ON CONFLICT (message, emoji) DO UPDATE SET count = count + 1;
  UPDATE tallies SET count = count - 1 WHERE message = NEW.message AND emoji = NEW.emoji AND NOT NEW.there;
  DELETE FROM tallies WHERE message = NEW.message AND emoji = NEW.emoji AND count = 0;
  INSERT INTO reactions VALUES (NEW.message, NEW.emoji, NEW.person, NEW.there, NEW.event)
  ON CONFLICT (message, emoji, person) DO UPDATE SET there = NEW.there, event = NEW.event;
END;
"""
_PLAY = """
INSERT INTO played SELECT change.target, change.text, change.author, change.kind = 4, change.id
FROM events AS change CROSS JOIN events AS said ON said.id = change.target
WHERE change.id > ? AND change.id <= ? AND change.kind IN (4, 5) AND change.text IS NOT NULL AND said.text IS NOT NULL
ORDER BY change.id
"""
_SLICE_END = "SELECT max(id) FROM (SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?)"


def what_became_of_messages(connection: apsw.Connection) -> None:
    """Fill reactions, tallies and skips."""
    run(connection, _PLAYER)
    after = -1
    while (upto := connection.execute(_SLICE_END, (after, SLICE)).get) is not None:
        connection.execute(_PLAY, (after, upto))
        connection.executemany(SKIPS, _runs(connection, after, upto))
        after = upto
    run(connection, "DROP VIEW temp.played")


def _runs(connection: apsw.Connection, after: int, upto: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for (id,) in connection.execute(
        "SELECT id FROM events WHERE id > ? AND id <= ? AND target IS NOT NULL ORDER BY id", (after, upto)
    ):
        if runs and runs[-1][1] == id - 1:
            runs[-1] = (runs[-1][0], id)
        else:
            runs.append((id, id))
    return runs


FILLS: dict[int, Callable[[apsw.Connection], None]] = {3: what_became_of_messages}
