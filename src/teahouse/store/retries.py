"""Messages whose sender had a key but no token, so that a retry of one is answered and not stored again.

    Retries.first   while a batch is numbered: the message that these contents made before, on disk or in the batch
    Retries.write   in the transaction of the messages themselves: a crash leaves both or none
    find            the same question for readers, asked before anybody is made a guest for the retry

A deleted message keeps its row without the digest, which could be guessed: for the rest of its day whatever comes
under the same mark is taken for its retry, so that none brings it back.
"""

from __future__ import annotations

import apsw

from teahouse.store.rows import SEQ

FORGOTTEN = 64  # rows that have ended, taken away with each batch beside two for each new one: it never falls behind

_FIND = "SELECT event, ends FROM retries WHERE mark = ? AND digest IS ? ORDER BY ends DESC LIMIT 1"
_TIME = "SELECT time FROM events WHERE id = ?"


def find(connection: apsw.Connection, mark: bytes, digest: int | None, now: int) -> tuple[int, int] | None:
    """(seq, time) of the message that is known by this at `now`; None where there is none."""
    for contents in (digest, None):
        row = connection.execute(_FIND, (mark, contents)).get
        if row is not None and row[1] > now:
            return row[0] & SEQ, connection.execute(_TIME, (row[0],)).get
    return None


class Retries:
    """Those of one batch."""

    def __init__(self, connection: apsw.Connection, now: int, lasts_ms: int) -> None:
        self._connection = connection
        self._now = now
        self._ends = now + lasts_ms
        self._here: dict[tuple[bytes, int | None], tuple[int, int]] = {}
        self._rows: list[tuple[int, bytes, int | None, int]] = []

    def __bool__(self) -> bool:
        return bool(self._rows)

    def first(self, mark: bytes, digest: int | None) -> tuple[int, int] | None:
        """(seq, time) of the message that these contents made before."""
        return self._here.get((mark, digest)) or find(self._connection, mark, digest, self._now)

    def add(self, event: int, mark: bytes, digest: int | None, first: tuple[int, int]) -> None:
        """The event with this id is the first one."""
        self._here[mark, digest] = first
        self._rows.append((event, mark, digest, self._ends))

    def write(self) -> None:
        """Keep them, and let go of some that have ended."""
        self._connection.executemany("INSERT INTO retries (event, mark, digest, ends) VALUES (?, ?, ?, ?)", self._rows)
        self._connection.execute(
            "DELETE FROM retries WHERE event IN (SELECT event FROM retries WHERE ends <= ? ORDER BY ends LIMIT ?)",
            (self._now, FORGOTTEN + 2 * len(self._rows)),
        )
