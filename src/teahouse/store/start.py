"""The rooms as the file has them, without reading the log.

A room's record is kept beside its log and rewritten with each event that changes it, so a start reads one row a room and
the end of its log. Only what is newer than the record is folded: an event of a kind that an older version, which wrote
it down, did not know to matter.
"""

from __future__ import annotations

import apsw
import msgspec

from teahouse.core.errors import StoreFatal
from teahouse.core.room import Room, RoomRecord, fold
from teahouse.store.connect import run
from teahouse.store.records import decode_record, last_event, room_as_it_is
from teahouse.store.rows import COLUMNS, event_id, event_of


def read_rooms(connection: apsw.Connection) -> list[Room]:
    """Every room, by id.

    raises StoreFatal  a record can't be read
    """
    rooms: list[Room] = []
    for id, name, low, high, state, as_of, made in run(
        connection, "SELECT id, name, low, high, state, as_of, made FROM rooms"
    ):
        head, _ = last_event(connection, id)
        try:
            record = newest_record(connection, id, name, decode_record(state), as_of, head)
        except (msgspec.MsgspecError, ValueError) as error:
            raise StoreFatal(f"The record of the room {name} can't be read ({error}). Restore a backup.") from error
        rooms.append(room_as_it_is(connection, id, name, low, high, record, made))
    return rooms


def newest_record(
    connection: apsw.Connection, room: int, name: str, record: RoomRecord, as_of: int, upto: int
) -> RoomRecord:
    """The record after the events as_of < seq ≤ upto."""
    newer = run(
        connection,
        f"SELECT {COLUMNS} FROM events INDEXED BY events_shapes "  # noqa: S608
        "WHERE kind >= 6 AND id > ? AND id <= ? ORDER BY id",
        (event_id(room, as_of), event_id(room, upto)),
    )
    for row in newer:
        record = fold(record, event_of(row, name))
    return record
