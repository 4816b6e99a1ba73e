"""What is kept beside the log: rooms, people, tokens, read positions. Statements on the writing connection.

Each function is carried out by the writer, inside its transaction; what it returns is told once that is on disk.
It may be carried out a second time, after a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apsw
import msgspec

from teahouse.core.events import Posted
from teahouse.core.message import Person
from teahouse.core.room import Room, RoomRecord
from teahouse.store.base import GuestRecord
from teahouse.store.connect import run
from teahouse.store.rows import event_id

SMALL_LOG = 1_000  # events: a room in which more happened stays, though nothing was said
_WAS_SAID = f"SELECT EXISTS (SELECT 1 FROM events WHERE id > ? AND id <= ? AND kind = {Posted.kind})"  # noqa: S608
_EMPTY = msgspec.json.encode(RoomRecord()).decode()

Work = Callable[[apsw.Connection], object]


def open_room(connection: apsw.Connection, name: str, fold: str, pair: tuple[int, int] | None, now: int) -> int:
    """The id of the room with this fold; made now if there is none."""
    id = connection.execute("SELECT id FROM rooms WHERE fold = ?", (fold,)).get
    if id is None:
        low, high = pair or (None, None)
        # Ids are counted, not left to the table: that of the newest room, once it is gone, would be given again, and
        # who has heard the old room would take the new one for it.
        id = connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'next_room' RETURNING value - 1").get
        connection.execute(
            "INSERT INTO rooms (id, fold, name, low, high, state, as_of, made) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
            (id, fold, name, low, high, _EMPTY, now),
        )
    return int(id)


def forget_room(connection: apsw.Connection, room: int) -> bool:
    """Take a room away in which nothing was ever said; False where something was, or too much else happened."""
    head, _ = last_event(connection, room)
    if was_said(connection, room, head):
        return False
    span = (event_id(room, 0), event_id(room, head))
    run(connection, "DELETE FROM events WHERE id > ? AND id <= ?", span)
    run(connection, "DELETE FROM skips WHERE first > ? AND first <= ?", span)
    run(connection, "DELETE FROM erasing WHERE message > ? AND message <= ?", span)
    run(connection, "DELETE FROM marks WHERE room = ?", (room,))
    run(connection, "DELETE FROM rooms WHERE id = ?", (room,))
    return True


def room_of(connection: apsw.Connection, id: int) -> Room:
    """One room as it is on the disk."""
    name, low, high, state, made = connection.execute(
        "SELECT name, low, high, state, made FROM rooms WHERE id = ?", (id,)
    ).get
    return room_as_it_is(connection, id, name, low, high, decode_record(state), made)


def room_as_it_is(
    connection: apsw.Connection, id: int, name: str, low: int | None, high: int | None, record: RoomRecord, made: int
) -> Room:
    """A room with the end of its log; `made` is of interest only where nothing was ever said."""
    head, time = last_event(connection, id)
    pair = None if low is None or high is None else (low, high)
    return Room(id, name, pair, record, head, time, None if was_said(connection, id, head) else made)


def was_said(connection: apsw.Connection, room: int, head: int) -> bool:
    """Whether anything was ever said in a room, deleted or not; also where more happened than may be taken away."""
    if head == 0 or head > SMALL_LOG:
        return head > 0
    span = (event_id(room, 0), event_id(room, head))
    return bool(connection.execute(_WAS_SAID, span).get)


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


def lease_people(connection: apsw.Connection, count: int) -> int:
    """Take `count` ids; return the first."""
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


def guest_by_token(connection: apsw.Connection, token_hash: bytes, now: int) -> GuestRecord | None:
    """Who has this token, valid at `now`. Reads alone."""
    row = connection.execute("SELECT person, ends FROM tokens WHERE hash = ? AND ends > ?", (token_hash, now)).get
    if row is None:
        return None
    found = person_of(connection, row[0])
    return None if found is None else GuestRecord(found, row[1])


def extend_tokens(connection: apsw.Connection, hashes: Sequence[bytes], ends: int) -> None:
    """These tokens are valid until `ends` at the least: one statement."""
    connection.execute(
        "UPDATE tokens SET ends = ?1 WHERE ends < ?1 AND hash IN (SELECT unhex(value) FROM json_each(?2))",
        (ends, msgspec.json.encode([hash.hex() for hash in hashes]).decode()),
    )


def forget_tokens(connection: apsw.Connection, before: int, most: int) -> int:
    """Tokens that ended before a time go, at most so many; return how many went."""
    connection.execute(
        "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE ends < ? ORDER BY ends LIMIT ?)",
        (before, most),
    )
    return connection.changes()


def token_time(connection: apsw.Connection) -> int | None:
    """The time in which tokens end, as it was kept last. Reads alone."""
    time: int | None = connection.execute("SELECT value FROM meta WHERE name = 'token_time'").get
    return time


def keep_token_time(connection: apsw.Connection, now: int) -> None:
    """The time in which tokens end."""
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('token_time', ?)", (now,))


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
