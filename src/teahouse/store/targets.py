"""What the log must know about a message to number what changes it: whose it is, whether it still is, who reacted.

Read from the disk at the first need and kept, because the writer alone changes it; each batch plays its changes into
it while it is numbered. When a batch is not stored after all, what it touched is forgotten and read again.
"""

from __future__ import annotations

import apsw

from teahouse.core.events import Deleted, Posted, Reacted, Unreacted
from teahouse.store.connect import run
from teahouse.store.rows import SEQ

KEPT = 1_024


class Target:
    """One message.

    author     its id
    first      (seq, time) of the message itself
    deleted    (seq, time) of the deletion, or None
    reactions  (emoji, person) → (in the set, seq, time of the event that made it so)
    emoji      emoji → how many have it there; never 0
    """

    __slots__ = ("author", "deleted", "emoji", "first", "reactions")

    def __init__(self, author: int, first: tuple[int, int]) -> None:
        self.author = author
        self.first = first
        self.deleted: tuple[int, int] | None = None
        self.reactions: dict[tuple[str, int], tuple[bool, int, int]] = {}
        self.emoji: dict[str, int] = {}

    def react(self, emoji: str, person: int, there: bool, seq: int, time: int) -> None:
        """The set changes: `person` has the emoji there now, or no more."""
        self.reactions[emoji, person] = (there, seq, time)
        count = self.emoji.get(emoji, 0) + (1 if there else -1)
        if count:
            self.emoji[emoji] = count
        else:
            del self.emoji[emoji]


class Targets:
    """Messages by id, as they are after all that was numbered so far."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._kept: dict[int, Target] = {}
        self._touched: set[int] = set()

    def of(self, id: int) -> Target | None:
        """The message with this id; None where there is none on disk."""
        target = self._kept.get(id)
        if target is None:
            target = self._read(id)
            if target is None:
                return None
            self._kept[id] = target
        self._touched.add(id)
        return target

    def add(self, id: int, target: Target) -> None:
        """A message of the batch that is being numbered."""
        self._kept[id] = target
        self._touched.add(id)

    def stored(self) -> None:
        """The batch is on disk: what was played in is so."""
        self._touched.clear()
        if len(self._kept) > KEPT:
            self._kept.clear()

    def forget(self) -> None:
        """The batch is not on disk, or is numbered once more."""
        for id in self._touched:
            self._kept.pop(id, None)
        self._touched.clear()

    def _read(self, id: int) -> Target | None:
        rows = run(
            self._connection,
            "SELECT id, kind, author, text, time FROM events WHERE id = ?1 OR target = ?1 ORDER BY id",
            (id,),
        )
        if not rows or rows[0][0] != id or rows[0][1] != Posted.kind:
            return None
        target = Target(rows[0][2], (id & SEQ, rows[0][4]))
        for event, kind, author, text, time in rows[1:]:
            if kind == Deleted.kind:
                target.deleted = (event & SEQ, time)
            elif kind in (Reacted.kind, Unreacted.kind):
                target.react(text, author, kind == Reacted.kind, event & SEQ, time)
        return target
