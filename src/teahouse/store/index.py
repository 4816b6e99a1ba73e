"""The search index, kept up by the writer when it has nothing else to do.

The index follows each room's log from a position of its own (`rooms.indexed`): a Posted puts its text in, an Edited
takes the text before out and puts its own in. So what the index holds of a message is known from the log and the
position, and it can be taken out exactly: the index keeps no text of its own that could be asked.

Each step leaves a segment, and segments must be merged. Left to itself FTS5 merges many at once, in the middle of a
step, for some ten milliseconds in which no message is stored; so it is told to (schema), and merges a few pages a step,
and on while nothing else is to do: what a word costs that is taken out grows with the segments.

A word that is taken out is looked for in each segment, and a long text has thousands. So they go in parts (`going`): a
deletion leaves them there in its own transaction, before the log forgets the text, and an edit waits until those before
it are out. The index may lead to such a message meanwhile; a search looks at what the log has.

All of it can be made again from the log. So damage in it ends nothing: the index is emptied and follows the log from the
beginning, while everything else goes on and searches say that they are not complete.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence

import apsw
import structlog

from teahouse.core.events import Edited, Posted
from teahouse.store import separators
from teahouse.store.connect import run, transaction
from teahouse.store.rows import SEQ, event_id
from teahouse.store.segment import SEGMENTS, segment

log = structlog.get_logger("teahouse.store")

SLICE = 100  # events of one step, at most: about a millisecond, for which a batch that comes meanwhile waits
SLICE_S = 0.001  # … and no longer than this, where texts are long
MERGED = 16  # pages of the index that are merged after each step
PART = 100  # words that are taken out in one step: a millisecond or two, more where there are many segments

# What is taken out of the index must be cut as it was when it was put in.
UNICODE = int("".join(f"{int(part):02}" for part in unicodedata.unidata_version.split(".")))


def is_damage(error: BaseException) -> bool:
    """Whether this says that the search index is damaged, and nothing else is: it is the one table of its kind."""
    return getattr(error, "extendedresult", None) == apsw.SQLITE_CORRUPT_VTAB


class Index:
    """How far the index is, and the next step. Belongs to the writer's thread.

    behind      room → since when, by the monotonic clock, it has events that are not in the index, about; the room
                waiting longest first
    _taken_out  words of the step that is taken: edited away
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._upto: dict[int, int] = {}
        self._heads: dict[int, int] = {}
        self._emptied = False  # in a transaction of somebody else, who knows whether it was committed
        self.behind: dict[int, float] = {}
        self._taken_out: set[str] = set()
        self.is_scattered = True  # there may be segments to merge

    def open(self) -> None:
        """Learn where it stands; begin anew where words are cut in another way now, or by another Unicode."""
        connection = self._connection
        cut_by = {"segments": SEGMENTS, "unicode": UNICODE}
        known = dict(run(connection, "SELECT name, value FROM meta"))
        if any(known[name] != value for name, value in cut_by.items()):
            with transaction(connection):
                self._empty()
                for name, value in cut_by.items():
                    connection.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))
        self._learn()

    def _empty(self) -> None:
        self._connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
        self._connection.execute("DELETE FROM going")
        self._connection.execute("UPDATE rooms SET indexed = 0")

    def _learn(self) -> None:
        """Where the index is, by the database."""
        self._upto = dict(run(self._connection, "SELECT id, indexed FROM rooms"))
        self.behind = {room: 0.0 for room, head in self._heads.items() if self._upto.get(room, 0) < head}
        self._emptied = False

    def begin_anew(self, connection: apsw.Connection, why: object) -> None:
        """It is damaged: empty it, inside a transaction."""
        log.warning("search-index-damaged", why=str(why), then="it is made again from the log")
        self._empty()
        self._emptied = True
        self.behind = dict.fromkeys(self._heads, 0.0)

    def grown(self, heads: Iterable[tuple[int, int]]) -> None:
        """These rooms, (id, head), have new events on disk."""
        now = time.monotonic()
        for room, head in heads:
            self._heads[room] = head
            if self._upto.setdefault(room, 0) < head:
                self.behind.setdefault(room, now)

    def oldest(self) -> float | None:
        """Since when, by the monotonic clock, there is an event that is not in the index, about; None: it is up to date."""
        return next(iter(self.behind.values()), None)

    def step(self, part: float = 1) -> None:
        """Index a slice, or a part of one, in one transaction; begin anew where it is damaged.

        Nothing has changed where it raises.
        """
        if self.take_out():
            return

        def follow() -> None:
            self._advance(part)
            self._merge(max(1, int(MERGED * part)))

        self._unless_damaged(follow)

    def merge(self) -> None:
        """Merge some pages, as long as it `is_scattered`."""
        self._unless_damaged(lambda: self._merge(MERGED))

    def _merge(self, pages: int) -> None:
        before = self._connection.total_changes()
        self._connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
        self.is_scattered = self._connection.total_changes() - before > 1  # FTS5: else there was nothing to do

    def _unless_damaged(self, work: Callable[[], None]) -> None:
        """Do it; begin anew where the index is damaged."""
        if self._emptied:
            self._learn()
        try:
            work()
        except apsw.CorruptError as error:
            if not is_damage(error):
                raise
            with transaction(self._connection):
                self.begin_anew(self._connection, error)

    def _advance(self, part: float) -> None:
        deadline = time.monotonic() + SLICE_S * part
        room_left = max(1, int(SLICE * part))
        reached: dict[int, int] = {}
        self._taken_out.clear()
        with transaction(self._connection):
            for room in self.behind:
                seq, taken = self._follow(room, room_left, deadline)
                reached[room] = seq
                self._connection.execute("UPDATE rooms SET indexed = ? WHERE id = ?", (seq, room))
                room_left -= taken
                if room_left <= 0 or len(self._taken_out) >= PART or time.monotonic() >= deadline:
                    break
            if self._taken_out:
                self._mend(self._taken_out)
        for room, seq in reached.items():
            self._upto[room] = seq
            since = self.behind.pop(room)
            if seq < self._heads[room]:
                self.behind[room] = since  # again behind all others

    def _follow(self, room: int, most: int, deadline: float) -> tuple[int, int]:
        """Index events of one room; return the number of the last one, and how many there were.

        It ends before an edit for which more words have to go than may be taken out at once.
        """
        found = run(
            self._connection,
            "SELECT id, kind, text, target FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (event_id(room, self._upto[room]), event_id(room, self._heads[room]), most),
        )
        taken, seq = 0, self._upto[room]
        for id, kind, text, target in found:
            if text is not None and kind == Posted.kind:
                self._put(id, text)
            elif text is not None and kind == Edited.kind and self._has_text(target):
                if not self._is_out(target, id - 1):
                    break
                self._put(target, text)
            taken, seq = taken + 1, id & SEQ
            if len(self._taken_out) >= PART or time.monotonic() >= deadline:
                break
        return seq, taken

    def forget_room(self, room: int) -> None:
        """The room is no more; nothing was ever said in it, so the index has nothing of it."""
        self._upto.pop(room, None)
        self._heads.pop(room, None)
        self.behind.pop(room, None)

    def _has_text(self, message: int) -> bool:
        """Whether it was not deleted: then its edits are not to be found, though some may stand there still."""
        is_there: int = self._connection.execute("SELECT text IS NOT NULL FROM events WHERE id = ?", (message,)).get
        return bool(is_there)

    def forget(self, message: int) -> None:
        """Have a message (its id) taken out, inside the transaction that deletes it, before its text is gone."""
        connection = self._connection
        room, seq = message >> 32, message & SEQ
        upto = connection.execute("SELECT indexed FROM rooms WHERE id = ?", (room,)).get
        if seq > upto:
            return
        if self._next_part(message) is None:
            self._let_go(message, self._words_of(message, event_id(room, upto)))
        else:  # for an edit that is of no interest any more
            connection.execute("DELETE FROM going WHERE message = ? AND words = ''", (message,))

    def take_out(self) -> bool:
        """Take a part of what is going out, in one transaction; whether there was something."""
        parts: list[tuple[int, int, str]] = []
        count = 0
        for part in self._connection.execute("SELECT id, message, words FROM going WHERE words <> '' ORDER BY id"):
            count += part[2].count(" ") + 1
            if parts and count > PART:
                break
            parts.append(part)
        if parts:
            self._unless_damaged(lambda: self._take_parts_out(parts))
        return bool(parts)

    def _take_parts_out(self, parts: Sequence[tuple[int, int, str]]) -> None:
        with transaction(self._connection):
            for id, message, words in parts:
                self._connection.execute("DELETE FROM going WHERE id = ?", (id,))
                if self._connection.execute("SELECT 1 FROM going WHERE message = ? AND words <> ''", (message,)).get:
                    # FTS5 counts a document less for each part that goes, and takes a count below zero for damage.
                    self._put(message, "")
                self._delete(message, words)
            self._mend({word for _, _, words in parts for word in words.split()})

    def _is_out(self, message: int, upto: int) -> bool:
        """Take out what it holds of a message once it has followed the log up to an event (an id).

        False: there is so much of it that it goes in parts, from now on.
        """
        part = self._next_part(message)
        if part is not None:
            if part:
                return False
            self._connection.execute("DELETE FROM going WHERE message = ?", (message,))
            return True
        words = self._words_of(message, upto)
        if len(words) > PART:
            self._let_go(message, words)
            self._connection.execute("INSERT INTO going (message, words) VALUES (?, '')", (message,))
            return False
        if words:
            self._delete(message, " ".join(words))
            self._taken_out.update(words)
        return True

    def _next_part(self, message: int) -> str | None:
        """The words of it that are the next to go; empty: all are out; None: it is not going."""
        part: str | None = self._connection.execute(
            "SELECT words FROM going WHERE message = ? ORDER BY id LIMIT 1", (message,)
        ).get
        return part

    def _let_go(self, message: int, words: Sequence[str]) -> None:
        parts = [" ".join(words[start : start + PART]) for start in range(0, len(words), PART)]
        self._connection.executemany("INSERT INTO going (message, words) VALUES (?, ?)", [(message, p) for p in parts])

    def _put(self, message: int, text: str) -> None:
        self._connection.execute("INSERT INTO words (rowid, t) VALUES (?, ?)", (message, segment(text)))

    def _delete(self, message: int, words: str) -> None:
        self._connection.execute("INSERT INTO words (words, rowid, t) VALUES ('delete', ?, ?)", (message, words))

    def _mend(self, words: Collection[str]) -> None:
        """These words were taken out: written at once, so that damage shows now, and nothing leads to them any more."""
        self._connection.execute("INSERT INTO words (words) VALUES ('flush')")
        separators.mend(self._connection, words)

    def _words_of(self, message: int, upto: int) -> list[str]:
        """What the index holds of a message once it has followed the log up to an event (an id): each word once, in order.

        Neighbours stand on the same pages of the index.
        """
        connection = self._connection
        text = connection.execute(
            "SELECT text FROM events INDEXED BY events_edits WHERE target = ? AND kind = 2 AND id <= ? "
            "ORDER BY id DESC LIMIT 1",
            (message, upto),
        ).get
        if text is None:
            text = connection.execute("SELECT text FROM events WHERE id = ? AND kind = ?", (message, Posted.kind)).get
        return [] if text is None else sorted(set(segment(text).split()))
