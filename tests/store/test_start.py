"""A start does not read the log."""

from __future__ import annotations

from pathlib import Path

import apsw

from teahouse.core.room import RoomRecord
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, reading, run, writing
from teahouse.store.start import read_rooms
from tests.store.kit import HandClock, Opener, indexed, opened
from tests.support.big_log import fill


def test_no_statement_of_a_start_scans_the_events(tmp_path: Path) -> None:
    fill(tmp_path, 3_000)
    connection = reading(tmp_path / FILE)
    asked: list[tuple[str, object]] = []

    def note(cursor: apsw.Cursor, sql: str, values: apsw.Bindings | None) -> bool:
        asked.append((sql, values))
        return True

    connection.exec_trace = note
    rooms = read_rooms(connection)
    connection.exec_trace = None
    assert sum(room.head for room in rooms) == 3_000
    assert asked
    for sql, values in asked:
        for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):  # type: ignore[arg-type]
            assert "SCAN events" not in row[3] or "events_shapes" in row[3], (sql, row)
    connection.close()


def test_what_is_newer_than_a_rooms_record_is_folded_in(tmp_path: Path) -> None:
    fill(tmp_path, 3_000, rooms=2)
    connection = writing(tmp_path / FILE)
    before = [room.record for room in read_rooms(connection)]
    assert all(record != RoomRecord() for record in before)
    run(connection, "UPDATE rooms SET as_of = 0, state = '{}'")
    assert [room.record for room in read_rooms(connection)] == before
    connection.close()


async def test_a_big_log_is_a_sound_one(opener: Opener, tmp_path: Path, clock: HandClock) -> None:
    fill(tmp_path, 5_000)
    assert check_folder(tmp_path) == []
    async with opened(opener(tmp_path), rooms=0) as house:
        await indexed(house, [(room.id, room.head) for room in house.rooms])
    assert check_folder(tmp_path) == []
