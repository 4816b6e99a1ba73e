"""What is kept beside the log: rooms, people, tokens, read positions. Statements on the writing connection.

Each function is carried out by the writer, inside its transaction; what it returns is told once that is on disk.
It may be carried out a second time, after a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apsw
import msgspec

from teahouse.core.message import Person
from teahouse.core.room import Room, RoomRecord
from teahouse.store.base import GuestRecord

_EMPTY = msgspec.json.encode(RoomRecord()).decode()

Work = Callable[[apsw.Connection], object]


def open_room(connection: apsw.Connection, name: str, fold: str, pair: tuple[int, int] | None) -> int:
    """The id of the room with this fold; made now if there is none."""
    id = connection.execute("SELECT id FROM rooms WHERE fold = ?", (fold,)).get
    if id is None:
        low, high = pair or (None, None)
        id = connection.execute(
            "INSERT INTO rooms (fold, name, low, high, state, as_of) VALUES (?, ?, ?, ?, ?, 0) RETURNING id",
            (fold, name, low, high, _EMPTY),
        ).get
    return int(id)


def room_of(connection: apsw.Connection, id: int) -> Room:
    """One room as it is on the disk."""
    name, low, high, state, _ = connection.execute(
        "SELECT name, low, high, state, as_of FROM rooms WHERE id = ?", (id,)
    ).get
    head, time = last_event(connection, id)
    return Room(id, name, None if low is None else (low, high), decode_record(state), head, time)


def decode_record(state: str) -> RoomRecord:
    """A room's record from its column."""
    return msgspec.json.decode(state, type=RoomRecord)


def last_event(connection: apsw.Connection, room: int) -> tuple[int, int]:
    """(seq, time) of the last event of a room; (0, 0) in an empty one."""
    row = connection.execute(
        "SELECT id & 4294967295, time FROM events WHERE id > ?1 << 32 AND id < (?1 + 1) << 32 ORDER BY id DESC LIMIT 1",
        (room,),
    ).get
    return row if row is not None else (0, 0)


def lease_people(connection: apsw.Connection, count: int, now: int) -> int:
    """Take `count` ids; return the first. The moment when guests come is also the one to forget tokens that ended."""
    connection.execute("DELETE FROM tokens WHERE ends <= ?", (now,))
    following = connection.execute(
        "UPDATE meta SET value = value + ? WHERE name = 'next_person' RETURNING value", (count,)
    ).get
    return int(following) - count


def keep_guest(connection: apsw.Connection, person: Person, token_hash: bytes, ends: int) -> None:
    """A guest and a token."""
    connection.execute(
        "INSERT INTO people (id, kind, name, chosen) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
        "SET kind = excluded.kind, name = excluded.name, chosen = excluded.chosen",
        (person.id, person.kind, person.name, person.chosen),
    )
    connection.execute(
        "INSERT INTO tokens (hash, person, ends) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE "
        "SET person = excluded.person, ends = excluded.ends",
        (token_hash, person.id, ends),
    )


def rename_guest(connection: apsw.Connection, person: Person) -> None:
    """A new name, where there is a record."""
    connection.execute("UPDATE people SET name = ?, chosen = ? WHERE id = ?", (person.name, person.chosen, person.id))


def guest_by_token(connection: apsw.Connection, token_hash: bytes, now: int, ends: int) -> GuestRecord | None:
    """Who has this token, valid at `now`; it is valid until `ends` from here on."""
    person = connection.execute(
        "UPDATE tokens SET ends = ? WHERE hash = ? AND ends > ? RETURNING person", (ends, token_hash, now)
    ).get
    if person is None:
        return None
    found = person_of(connection, person)
    return None if found is None else GuestRecord(found, ends)


def extend_tokens(connection: apsw.Connection, people: Sequence[int], ends: int) -> None:
    """These people's tokens are valid until `ends` at the least: one statement, whoever they are and however many."""
    connection.execute(
        "UPDATE tokens SET ends = ?1 WHERE ends < ?1 AND person IN (SELECT value FROM json_each(?2))",
        (ends, msgspec.json.encode(people).decode()),
    )


def person_of(connection: apsw.Connection, id: int) -> Person | None:
    """Somebody who has a record."""
    row = connection.execute("SELECT id, name, kind, chosen FROM people WHERE id = ?", (id,)).get
    return None if row is None else Person(row[0], row[1], row[2], bool(row[3]))


def mark(connection: apsw.Connection, person: int, room: int, seq: int) -> int:
    """Move a read position forward; return where it is."""
    return int(
        connection.execute(
            "INSERT INTO marks (person, room, read) VALUES (?, ?, ?) ON CONFLICT (person, room) DO UPDATE "
            "SET read = max(read, excluded.read) RETURNING read",
            (person, room, seq),
        ).get
    )
