"""Messages as people read them: the log, folded.

    skips      where the messages of the page stand: what changes messages is stepped over, however much of it there is
    events     the messages themselves, and the text of the last edit of each
    tallies    what people put at them, and whether the asker did

So a page costs the same whatever happened to its messages. The tables are as of the last event on the disk, and a page
as of the published head: the few events after that are undone.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from teahouse.core.events import Event, History, Posted, Reacted, RulesChanged, TopicChanged, Unreacted
from teahouse.core.message import Message, Reaction
from teahouse.store.connect import run
from teahouse.store.rows import COLUMNS, SEQ, AnyRow, author_of, event_id, event_of, form_of

_COLUMNS = ", ".join(f"events.{column}" for column in COLUMNS.split(", "))
_IN = f"""
SELECT {_COLUMNS} FROM json_each(?) AS span
CROSS JOIN events ON events.id >= span.value ->> 0 AND events.id <= span.value ->> 1 ORDER BY events.id
"""  # noqa: S608
# From one edited message to the next: those that were not edited cost nothing.
_EDITS = """
WITH RECURSIVE edited (message) AS (
  SELECT min(target) FROM events INDEXED BY events_edits WHERE kind = 2 AND target >= ?1 AND target <= ?2
  UNION ALL
  SELECT (SELECT min(target) FROM events INDEXED BY events_edits WHERE kind = 2 AND target > message AND target <= ?2)
  FROM edited WHERE message IS NOT NULL
)
SELECT message, text, time FROM edited CROSS JOIN events ON events.id = (
  SELECT id FROM events INDEXED BY events_edits WHERE kind = 2 AND target = message AND id <= ?3 ORDER BY id DESC LIMIT 1
)
"""
_TALLIES = """
SELECT message, emoji, count, first, coalesce((
  SELECT there FROM reactions WHERE message = tallies.message AND emoji = tallies.emoji AND person = ?3
), 0) FROM tallies WHERE message >= ?1 AND message <= ?2
"""
_NOT_SHOWN = """
SELECT id, kind, author, text, target FROM events
WHERE id > ?3 AND id <= ?4 AND kind IN (4, 5) AND target >= ?1 AND target <= ?2
AND EXISTS (SELECT 1 FROM events AS said WHERE said.id = events.target AND said.text IS NOT NULL) ORDER BY id DESC
"""


class Tally:
    """One emoji at one message: how many people have it there, whether the asker does, by which event it appeared."""

    __slots__ = ("count", "first", "mine")

    def __init__(self, count: int, first: int, mine: bool) -> None:
        self.count = count
        self.first = first
        self.mine = mine


class Changes:
    """What became of some messages.

    edits    message (id) → (text, time) of the last edit
    tallies  message (id) → emoji → its tally
    """

    __slots__ = ("edits", "tallies")

    def __init__(self) -> None:
        self.edits: dict[int, tuple[str | None, int]] = {}
        self.tallies: dict[int, dict[str, Tally]] = {}


def page(
    connection: apsw.Connection,
    room: int,
    name: str,
    head: int,
    asker: int,
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
) -> History:
    """One page of a room; see `Store.history`. `more`: there is more in the direction (around: a direction) asked."""
    if around is not None:
        around = min(around, head + 1)
        older, more_before = _before(connection, room, around, limit // 2)
        newer, more_after = _after(connection, room, around - 1, limit - len(older), head)
        rows, more = older + newer, more_before or more_after
    elif after is not None:
        rows, more = _after(connection, room, after, limit, head)
    else:
        end = head + 1 if before is None else min(before, head + 1)
        rows, more = _before(connection, room, end, limit)
    changes = changes_of(connection, rows[0][0], rows[-1][0], event_id(room, head), asker) if rows else Changes()
    return History(room=name, messages=fold(rows, changes, name), as_of=head, more=more)


def _before(connection: apsw.Connection, room: int, edge: int, limit: int) -> tuple[list[AnyRow], bool]:
    """Up to `limit` events that change no message, the newest before the number `edge`; and whether there are more."""
    start, above = event_id(room, 0), event_id(room, min(edge, SEQ))
    spans: list[tuple[int, int]] = []
    missing = limit + 1
    below = "SELECT first, last FROM skips WHERE first > ? AND first < ? ORDER BY first DESC"
    for first, last in connection.execute(below, (start, above)):
        missing -= _span(spans, max(last + 1, above - missing), above - 1)
        above = min(first, above)
        if not missing:
            break
    else:
        _span(spans, max(start + 1, above - missing), above - 1)
    rows = _rows(connection, spans[::-1])
    more = len(rows) > limit
    return rows[1:] if more else rows, more


def _after(connection: apsw.Connection, room: int, edge: int, limit: int, head: int) -> tuple[list[AnyRow], bool]:
    """The same, the oldest after the number `edge`, up to the head."""
    start, end = event_id(room, min(edge, SEQ)) + 1, event_id(room, head)
    spans: list[tuple[int, int]] = []
    missing = limit + 1
    above = (
        "SELECT first, last FROM skips WHERE first <= ?2 AND first >= "
        "coalesce((SELECT first FROM skips WHERE first <= ?1 ORDER BY first DESC LIMIT 1), ?1) ORDER BY first"
    )
    for first, last in connection.execute(above, (start, end)):
        missing -= _span(spans, start, min(first - 1, start + missing - 1))
        start = max(last + 1, start)
        if not missing:
            break
    else:
        _span(spans, start, min(end, start + missing - 1))
    rows = _rows(connection, spans)
    more = len(rows) > limit
    return rows[:limit], more


def _span(spans: list[tuple[int, int]], first: int, last: int) -> int:
    """Add the ids first … last; return how many there are. Numbers of a room have no holes."""
    if first > last:
        return 0
    spans.append((first, last))
    return last - first + 1


def _rows(connection: apsw.Connection, spans: list[tuple[int, int]]) -> list[AnyRow]:
    return run(connection, _IN, (msgspec.json.encode(spans).decode(),))


def changes_of(connection: apsw.Connection, first: int, last: int, upto: int, asker: int) -> Changes:
    """What became of the messages first … last (ids) up to the event `upto` (an id) of their room."""
    changes = Changes()
    for message, text, time in connection.execute(_EDITS, (first, last, upto)):
        changes.edits[message] = (text, time)
    for message, emoji, count, by, mine in connection.execute(_TALLIES, (first, last, asker)):
        changes.tallies.setdefault(message, {})[emoji] = Tally(count, by, bool(mine))
    end = (upto >> 32 << 32) | SEQ
    for event, kind, author, emoji, message in connection.execute(_NOT_SHOWN, (first, last, upto, end)):
        tallies = changes.tallies.setdefault(message, {})
        if kind == Reacted.kind:
            _undo_reacted(tallies, emoji, author == asker)
        elif kind == Unreacted.kind:
            _undo_unreacted(connection, tallies, event, emoji, message, author == asker)
    return changes


def _undo_reacted(tallies: dict[str, Tally], emoji: str, mine: bool) -> None:
    tally = tallies[emoji]
    tally.count -= 1
    tally.mine = tally.mine and not mine
    if not tally.count:
        del tallies[emoji]


def _undo_unreacted(
    connection: apsw.Connection, tallies: dict[str, Tally], event: int, emoji: str, message: int, mine: bool
) -> None:
    tally = tallies.get(emoji)
    if tally is None:
        tally = tallies[emoji] = Tally(0, _appeared(connection, message, emoji, event), False)
    tally.count += 1
    tally.mine = tally.mine or mine


def _appeared(connection: apsw.Connection, message: int, emoji: str, before: int) -> int:
    """By which event an emoji was at the message that the event `before` took away altogether."""
    there = 1
    back = "SELECT id, kind FROM events WHERE target = ? AND id < ? AND kind IN (4, 5) AND text = ? ORDER BY id DESC"
    for event, kind in connection.execute(back, (message, before, emoji)):
        there += -1 if kind == Reacted.kind else 1
        if not there:
            return int(event)
    raise ValueError(f"message {message}: an emoji was taken away that nobody put there")


def fold(rows: Sequence[AnyRow], changes: Changes, room: str) -> list[Message | TopicChanged | RulesChanged]:
    """Messages with their changes folded in, events of other kinds among them; in the order of the rows."""
    return [fold_one(row, changes, room) if row[2] == Posted.kind else _as_it_is(event_of(row, room)) for row in rows]


def _as_it_is(event: Event) -> TopicChanged | RulesChanged:
    if not isinstance(event, TopicChanged | RulesChanged):
        raise TypeError(f"a {type(event).__name__} without a target")
    return event


def fold_one(row: AnyRow, changes: Changes, room: str) -> Message:
    """One message. The last edit counts, a deletion wins over all and leaves no text and no reactions.

    Deleted reads deleted at once, even where the deletion itself is not shown yet: there is no text to show.
    """
    id, time, _, author, name, text, _, reply, key, _, more = row
    message = Message(
        room=room, seq=id & SEQ, time=time, author=author_of(author, name, more), form=form_of(more), text=text,
        key=key, reply_to=reply,
    )  # fmt: skip
    if text is None:
        message.deleted = True
        return message
    if id in changes.edits:
        message.text, message.edited = changes.edits[id]
    if id in changes.tallies:
        by_appearance = sorted(changes.tallies[id].items(), key=lambda each: each[1].first)
        message.reactions = [Reaction(emoji, tally.count, tally.mine) for emoji, tally in by_appearance]
    return message
