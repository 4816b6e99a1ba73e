"""Questions that are answered by reading alone, each by a few short scans. See `Store` in base.py for what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from teahouse.core.events import Deleted, Event, Posted
from teahouse.core.message import Person
from teahouse.store.connect import run
from teahouse.store.erase import gone_of
from teahouse.store.rows import COLUMNS, SEQ, AnyRow, event_id, event_of

KIND, TEXT, TARGET = 2, 5, 6  # places in a row

GUESTS = 10_000
READ = 2_000


def events(connection: apsw.Connection, room: int, name: str, after: int, upto: int, limit: int) -> list[Event]:
    """Events with after < seq ≤ upto, oldest first."""
    rows = run(
        connection,
        f"SELECT {COLUMNS} FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",  # noqa: S608
        (event_id(room, min(after, SEQ)), event_id(room, min(upto, SEQ)), limit),
    )
    if gone := gone_of(connection, [row[TARGET] for row in rows if row[TARGET] is not None]):
        rows = [row if row[TARGET] not in gone else _without_text(row) for row in rows]
    return [event_of(row, name) for row in rows]


def _without_text(row: AnyRow) -> AnyRow:
    """What changed a message that is gone; a deletion says nothing of it."""
    return row if row[KIND] == Deleted.kind else (*row[:TEXT], None, *row[TEXT + 1 :])


def time_of(connection: apsw.Connection, room: int, seq: int) -> int | None:
    """The time of one event."""
    if not 0 < seq <= SEQ:
        return None
    time: int | None = connection.execute("SELECT time FROM events WHERE id = ?", (event_id(room, seq),)).get
    return time


def start_of_last(connection: apsw.Connection, room: int, head: int, count: int) -> int:
    """The cursor from which the newest `count` messages are seen."""
    if count <= 0:
        return head
    id = connection.execute(
        "SELECT id FROM events WHERE id > ? AND id <= ? AND kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
        (event_id(room, 0), event_id(room, head), Posted.kind, count - 1),
    ).get
    return 0 if id is None else (id & SEQ) - 1


def rooms_read(connection: apsw.Connection, person: int) -> list[int]:
    """Ids of rooms where the person has a read position."""
    return [room for (room,) in run(connection, "SELECT room FROM marks WHERE person = ? LIMIT ?", (person, READ))]


def recent_guests(connection: apsw.Connection, now: int) -> list[Person]:
    """Guests with a chosen name and a valid token, the latest first."""
    rows = run(
        connection,
        "SELECT id, name FROM people JOIN (SELECT person, max(ends) AS ends FROM tokens WHERE ends > ? GROUP BY person) "
        "ON person = id WHERE kind = 'guest' AND chosen ORDER BY ends DESC, id DESC LIMIT ?",
        (now, GUESTS),
    )
    return [Person(id, name) for id, name in rows]


def people(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, Person]:
    """People who have a record, by id."""
    rows = run(
        connection,
        "SELECT people.id, name, kind, chosen FROM json_each(?) CROSS JOIN people ON people.id = value",
        (msgspec.json.encode(ids).decode(),),
    )
    return {id: Person(id, name, kind, bool(chosen)) for id, name, kind, chosen in rows}
