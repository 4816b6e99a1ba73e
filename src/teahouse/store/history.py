"""Messages as people read them: the log, folded.

Two range scans and a fold in Python: the page itself (events that stand for themselves), then all that changes a
message of the page, found by the index on `target`. Folding in SQL took three times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from teahouse.core.events import Deleted, Edited, Event, History, Posted, Reacted, RulesChanged, TopicChanged, Unreacted
from teahouse.core.message import Message, Reaction
from teahouse.store.connect import run
from teahouse.store.rows import COLUMNS, SEQ, AnyRow, author_of, event_id, event_of, form_of

Change = tuple[int, int, int, str | None, int]  # target (id), kind, author, text, time


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
        older, more_before = _scan(connection, room, around, limit // 2, back=True)
        newer, more_after = _scan(connection, room, around - 1, limit - len(older), back=False, head=head)
        rows, more = older + newer, more_before or more_after
    elif after is not None:
        rows, more = _scan(connection, room, after, limit, back=False, head=head)
    else:
        end = head + 1 if before is None else min(before, head + 1)
        rows, more = _scan(connection, room, end, limit, back=True)
    changes = changes_of(connection, rows[0][0], rows[-1][0], event_id(room, head)) if rows else []
    return History(room=name, messages=fold(rows, changes, name, asker), as_of=head, more=more)


def _scan(
    connection: apsw.Connection, room: int, edge: int, limit: int, *, back: bool, head: int = 0
) -> tuple[list[AnyRow], bool]:
    """Up to `limit` rows before or after the number `edge`, oldest first, and whether there are more."""
    if back:
        low, high, order = event_id(room, 0), event_id(room, min(edge, SEQ)), "DESC"
    else:
        low, high, order = event_id(room, min(edge, SEQ)), event_id(room, head) + 1, "ASC"
    rows = run(
        connection,
        f"SELECT {COLUMNS} FROM events WHERE id > ? AND id < ? AND target IS NULL ORDER BY id {order} LIMIT ?",  # noqa: S608
        (low, high, limit + 1),
    )
    more = len(rows) > limit
    del rows[limit:]
    return rows[::-1] if back else rows, more


def changes_of(connection: apsw.Connection, first: int, last: int, upto: int) -> list[Change]:
    """All that changed the messages first … last (ids), up to the event `upto` (an id), by message, oldest first."""
    return run(
        connection,
        "SELECT target, kind, author, text, time FROM events WHERE target BETWEEN ? AND ? AND id <= ? "
        "ORDER BY target, id",
        (first, last, upto),
    )


def fold(
    rows: Sequence[AnyRow], changes: Sequence[Change], room: str, asker: int
) -> list[Message | TopicChanged | RulesChanged]:
    """Messages with their changes folded in, events of other kinds among them; in the order of the rows."""
    by_target: dict[int, list[Change]] = {}
    for change in changes:
        by_target.setdefault(change[0], []).append(change)
    folded: list[Message | TopicChanged | RulesChanged] = []
    for row in rows:
        if row[2] == Posted.kind:
            folded.append(fold_one(row, by_target.get(row[0], ()), room, asker))
        else:
            folded.append(_as_it_is(event_of(row, room)))
    return folded


def _as_it_is(event: Event) -> TopicChanged | RulesChanged:
    if not isinstance(event, TopicChanged | RulesChanged):
        raise TypeError(f"a {type(event).__name__} without a target")
    return event


def fold_one(row: AnyRow, changes: Sequence[Change], room: str, asker: int) -> Message:
    """One message. The last edit counts, a deletion wins over all and leaves no text and no reactions."""
    id, time, _, author, name, text, _, reply, key, _, more = row
    edited: int | None = None
    people: dict[str, dict[int, None]] = {}
    deleted = text is None  # gone already, even where the deletion itself is beyond `upto`
    for _, kind, who, said, when in changes:
        if kind == Edited.kind:
            text, edited = said, when
        elif kind == Deleted.kind:
            deleted = True
        elif kind == Reacted.kind and said is not None:
            people.setdefault(said, {})[who] = None
        elif kind == Unreacted.kind and said is not None:
            there = people[said]
            del there[who]
            if not there:
                del people[said]
    message = Message(
        room=room, seq=id & SEQ, time=time, author=author_of(author, name, more), form=form_of(more), text=text,
        key=key, reply_to=reply,
    )  # fmt: skip
    if deleted:
        message.text, message.deleted = None, True
    else:
        message.edited = edited
        message.reactions = [Reaction(emoji, len(there), asker in there) for emoji, there in people.items()]
    return message
