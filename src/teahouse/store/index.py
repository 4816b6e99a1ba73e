"""The search index, kept up by the writer when it has nothing else to do.

The index follows each room's log from a position of its own (`rooms.indexed`): a Posted puts its text in, an Edited
takes the text before out and puts its own in. So what the index holds of a message is known from the log and the
position, and it can be taken out exactly: the index keeps no text of its own that could be asked.

A deletion takes the text out in its own transaction, before the log forgets it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import apsw

from teahouse.core.events import Edited, Posted
from teahouse.store.connect import run, transaction
from teahouse.store.rows import SEQ, event_id
from teahouse.store.segment import SEGMENTS, segment

SLICE = 200  # events of one transaction, at most
SLICE_S = 0.005  # … and no longer than this: a batch that comes meanwhile waits for it


class Index:
    """How far the index is, and the next step. Belongs to the writer's thread.

    behind  room → time (ms) of the oldest event that is not in the index, about; the room waiting longest first
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._upto: dict[int, int] = {}
        self._heads: dict[int, int] = {}
        self.behind: dict[int, int] = {}

    def open(self) -> None:
        """Learn where it stands; begin anew where words are cut in another way now."""
        connection = self._connection
        if connection.execute("SELECT value FROM meta WHERE name = 'segments'").get != SEGMENTS:
            with transaction(connection):
                connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
                connection.execute("UPDATE rooms SET indexed = 0")
                connection.execute("UPDATE meta SET value = ? WHERE name = 'segments'", (SEGMENTS,))
        self._upto = dict(run(connection, "SELECT id, indexed FROM rooms"))

    def grown(self, heads: Iterable[tuple[int, int, int]]) -> None:
        """These rooms, (id, head, time of the head), have new events on disk."""
        for room, head, when in heads:
            self._heads[room] = head
            if self._upto.setdefault(room, 0) < head:
                self.behind.setdefault(room, when)

    def oldest(self) -> int | None:
        """The time of the oldest event that is not in the index, about; None: it is up to date."""
        return next(iter(self.behind.values()), None)

    def step(self, seconds: float = SLICE_S) -> None:
        """Index what can be done in this time, one event at least, in one transaction.

        Nothing has changed where it raises.
        """
        deadline = time.monotonic() + seconds
        room_left = SLICE
        reached: dict[int, tuple[int, int]] = {}
        with transaction(self._connection):
            for room in self.behind:
                seq, when, taken = self._follow(room, room_left, deadline)
                reached[room] = (seq, when)
                self._connection.execute("UPDATE rooms SET indexed = ? WHERE id = ?", (seq, room))
                room_left -= taken
                if room_left <= 0 or time.monotonic() >= deadline:
                    break
        for room, (seq, when) in reached.items():
            self._upto[room] = seq
            del self.behind[room]
            if seq < self._heads[room]:
                self.behind[room] = when

    def _follow(self, room: int, most: int, deadline: float) -> tuple[int, int, int]:
        """Index events of one room; return the number and the time of the last one, and how many there were."""
        found = run(
            self._connection,
            "SELECT id, kind, text, target, time FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (event_id(room, self._upto[room]), event_id(room, self._heads[room]), most),
        )
        taken = 0
        for id, kind, text, target, _ in found:
            taken += 1
            if text is not None and kind == Posted.kind:
                self._put(id, text)
            elif text is not None and kind == Edited.kind:
                self._take_out(target, id - 1)
                self._put(target, text)
            if time.monotonic() >= deadline:
                break
        id, _, _, _, when = found[taken - 1]
        return id & SEQ, when, taken

    def forget(self, message: int) -> None:
        """Take a message (its id) out, inside the transaction that deletes it, before its text is gone."""
        room, seq = message >> 32, message & SEQ
        if seq <= self._upto.get(room, 0):
            self._take_out(message, event_id(room, self._upto[room]))

    def _put(self, message: int, text: str) -> None:
        self._connection.execute("INSERT INTO words (rowid, t) VALUES (?, ?)", (message, segment(text)))

    def _take_out(self, message: int, upto: int) -> None:
        """Take out what the index holds of a message once it has followed the log up to the event `upto` (an id)."""
        text = self._connection.execute(
            "SELECT text FROM events WHERE (id = ?1 OR (target = ?1 AND kind = ?2)) AND id <= ?3 AND text IS NOT NULL "
            "ORDER BY id DESC LIMIT 1",
            (message, Edited.kind, upto),
        ).get
        if text is not None:
            self._connection.execute(
                "INSERT INTO words (words, rowid, t) VALUES ('delete', ?, ?)", (message, segment(text))
            )
