"""What the log must know about a message to number what changes it: whose it is, whether it still is, what is at it.

Read from the disk at the first need and kept, because the writer alone changes it; each batch plays its changes into
it while it is numbered. When a batch is not stored after all, what it touched is forgotten and read again.

What is kept of a message has a bound, however many people react: a person's own reaction is looked up by its key.
"""

from __future__ import annotations

import apsw

from teahouse.core.events import Posted, TopicChanged
from teahouse.store.connect import run
from teahouse.store.rows import SEQ

KEPT = 1_024

_EDITS = "SELECT count(*) FROM (SELECT 1 FROM events INDEXED BY events_edits WHERE target = ? AND kind = 2 LIMIT ?)"
_REACTION = (
    "SELECT there, event, time FROM reactions CROSS JOIN events ON events.id = event "
    "WHERE message = ? AND emoji = ? AND person = ?"
)


class Target:
    """One message, or a topic.

    author    its id
    first     (seq, time) of the message itself
    is_topic  it can be deleted, and nothing else
    deleted   (seq, time) of the deletion, or None
    edits     how many there are, counted up to the limit
    emoji     emoji → (how many have it there, never 0; the id of the event by which it appeared)
    played    (emoji, person) → (there now, seq, time of the event that made it so); of the batch that is being numbered
    """

    __slots__ = ("author", "deleted", "edits", "emoji", "first", "is_topic", "played")

    def __init__(self, author: int, first: tuple[int, int], *, is_topic: bool = False) -> None:
        self.author = author
        self.first = first
        self.is_topic = is_topic
        self.deleted: tuple[int, int] | None = None
        self.edits = 0
        self.emoji: dict[str, tuple[int, int]] = {}
        self.played: dict[tuple[str, int], tuple[bool, int, int]] = {}

    def react(self, emoji: str, person: int, there: bool, event: int, time: int) -> None:
        """`person` has the emoji there now, or no more, by the event with this id."""
        self.played[emoji, person] = (there, event & SEQ, time)
        count, first = self.emoji.get(emoji, (0, event))
        count += 1 if there else -1
        if count:
            self.emoji[emoji] = (count, first)
        else:
            del self.emoji[emoji]


class Targets:
    """Messages by id, as they are after all that was numbered so far.

    edits  how far edits are counted
    """

    def __init__(self, connection: apsw.Connection, edits: int | None) -> None:
        self._connection = connection
        self._edits = edits or 0
        self._kept: dict[int, Target] = {}
        self._touched: set[int] = set()

    def of(self, id: int) -> Target | None:
        """The message or topic with this id; None where there is none on disk."""
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

    def reaction(self, id: int, target: Target, emoji: str, person: int) -> tuple[bool, int, int]:
        """Whether the person has the emoji there; seq and time of what made it so."""
        played = target.played.get((emoji, person))
        if played is not None:
            return played
        for there, event, time in run(self._connection, _REACTION, (id, emoji, person)):
            return bool(there), event & SEQ, time
        return False, *target.first

    def stored(self) -> None:
        """The batch is on disk: what was played in is so."""
        for id in self._touched:
            self._kept[id].played.clear()
        self._touched.clear()
        if len(self._kept) > KEPT:
            self._kept.clear()

    def forget(self) -> None:
        """The batch is not on disk, or is numbered once more."""
        for id in self._touched:
            self._kept.pop(id, None)
        self._touched.clear()

    def _read(self, id: int) -> Target | None:
        found = run(self._connection, "SELECT kind, author, time, text IS NULL FROM events WHERE id = ?", (id,))
        if not found or found[0][0] not in (Posted.kind, TopicChanged.kind):
            return None
        [(kind, author, time, is_deleted)] = found
        target = Target(author, (id & SEQ, time), is_topic=kind == TopicChanged.kind)
        if is_deleted:  # nothing changes a message after its deletion: that is the last change
            [(deletion, when)] = run(
                self._connection, "SELECT id, time FROM events WHERE target = ? ORDER BY id DESC LIMIT 1", (id,)
            )
            target.deleted = (deletion & SEQ, when)
        elif not target.is_topic:
            target.edits = self._connection.execute(_EDITS, (id, self._edits)).get
            for emoji, count, first in run(
                self._connection, "SELECT emoji, count, first FROM tallies WHERE message = ?", (id,)
            ):
                target.emoji[emoji] = (count, first)
        return target
