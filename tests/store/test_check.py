"""Each kind of damage is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from teahouse.core.limits import LAN
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, run, writing
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import BEN, HandClock, delete, edit, indexed, opened, post, react, topic

DAMAGE = {
    "hole": ("DELETE FROM events WHERE id = 1 << 32 | 6", "event 5 is followed by event 7"),
    "beginning": ("DELETE FROM events WHERE id = 2 << 32 | 1", "event 0 is followed by event 2"),
    "time": ("UPDATE events SET time = time - 1 WHERE id = 1 << 32 | 6", "event 6 is older"),
    "kind": ("UPDATE events SET kind = 99 WHERE id = 1 << 32 | 6", "of the unknown kind 99"),
    "target": ("UPDATE events SET target = 1 << 32 | 5 WHERE kind = 4", "no message before it"),
    "other room": ("UPDATE events SET target = 2 << 32 | 1 WHERE kind = 4", "no message before it"),
    "revived": ("UPDATE events SET text = 'a' WHERE id = 1 << 32 | 1", "event 1 has a text and was deleted"),
    "revived edit": ("UPDATE events SET text = 'a' WHERE kind = 2", "event 3 has a text and was deleted"),
    "vanished": ("UPDATE events SET text = NULL WHERE id = 1 << 32 | 6", "event 6 has a text and was deleted, or"),
    "record": ('UPDATE rooms SET state = \'{"topic":"x"}\'', "not what its log says"),
    "no record": ("UPDATE rooms SET state = 'x'", "can't be read"),
    "record ahead": ("UPDATE rooms SET as_of = 99", "its record is of event 99"),
    "index ahead": ("UPDATE rooms SET indexed = 99", "the search index is at event 99"),
    "no room": ("PRAGMA foreign_keys=OFF; DELETE FROM rooms WHERE id = 2", "events of room 2"),
    "mark": ("PRAGMA foreign_keys=OFF; INSERT INTO marks VALUES (1, 9, 1)", "marks: row"),
    "people": ("UPDATE meta SET value = 1 WHERE name = 'next_person'", "was never leased"),
    "keys": (
        "DROP INDEX events_key; INSERT INTO events (id, time, kind, author, text, key) "
        "SELECT (1 << 32 | 9), time, kind, author, 'x', key FROM events WHERE id = 1 << 32 | 7",
        "names 2 messages",
    ),
    "schema": ("PRAGMA user_version=9", "has schema 9"),
    "program": ("PRAGMA application_id=9", "another program"),
}


@pytest.fixture
async def folder(tmp_path: Path, clock: HandClock) -> Path:
    """A store in which everything has happened."""
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(
            post("a"),
            post("b", BEN),
            edit(1, "c"),
            delete(1),
            topic("t"),
            post("d"),
            post("e", key="k"),
            react(2, "👍"),
        )
        await house.append(post("x", room=2), post("y", room=2))
        await house.store.keep_guest(BEN, b"t" * 32, 5)
        await house.store.mark(1, 1, 3)
        await indexed(house, [(1, 8), (2, 2)])
    return tmp_path


def test_a_sound_folder_has_no_problems(folder: Path) -> None:
    assert check_folder(folder) == []


@pytest.mark.parametrize(("sql", "said"), DAMAGE.values(), ids=DAMAGE)
def test_the_damage_is_found(folder: Path, sql: str, said: str) -> None:
    connection = writing(folder / FILE)
    run(connection, sql)
    connection.close()
    problems = check_folder(folder)
    assert any(said in problem for problem in problems), problems


def test_a_check_changes_nothing(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    check_folder(folder)
    assert (folder / FILE).read_bytes() == before


def test_a_folder_without_a_database_is_said(tmp_path: Path) -> None:
    assert check_folder(tmp_path) == [f"{tmp_path}: there is no {FILE} here"]
    assert check_folder(tmp_path / "nothing") != []


async def test_a_store_that_is_open_can_be_checked(tmp_path: Path, clock: HandClock) -> None:
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(post("a"))
        assert check_folder(tmp_path) == []


def test_a_long_list_is_cut(folder: Path) -> None:
    connection = writing(folder / FILE)
    run(
        connection,
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 2 FROM n LIMIT 100) "
        "INSERT INTO events (id, time, kind, author, text) SELECT (2 << 32 | i), 100000000000000, 1, 1, 'x' FROM n",
    )
    connection.close()
    problems = check_folder(folder)
    assert "… and more of this kind" in problems
    assert len(problems) < 60
