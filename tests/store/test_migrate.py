"""The schema is brought up to date at the start, and an old version leaves a newer one alone."""

from __future__ import annotations

import os
from pathlib import Path

import apsw
import pytest

from teahouse.core.errors import ConfigError
from teahouse.core.limits import LAN
from teahouse.store.check import check_folder
from teahouse.store.connect import APPLICATION, FILE, run, writing
from teahouse.store.migrate import migrate, migrations
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import HandClock, opened, post

NOW = max(migrations())
NEXT = NOW + 1
COPY = f"teahouse-before-{NEXT:04}.sqlite"
MORE = "CREATE TABLE more (a INTEGER) STRICT; INSERT INTO more VALUES (1);"
BROKEN = "CREATE TABLE more (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"


@pytest.fixture
async def folder(tmp_path: Path, clock: HandClock) -> Path:
    """A store of today with two events."""
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(post("a"), post("b"))
    return tmp_path


def version(path: Path) -> int:
    connection = apsw.Connection(str(path))
    try:
        return int(connection.pragma("user_version"))
    finally:
        connection.close()


def bring(folder: Path, known: dict[int, str]) -> None:
    connection = writing(folder / FILE)
    try:
        migrate(connection, folder, known)
    finally:
        connection.close()


def test_migrations_are_numbered_from_one_without_holes() -> None:
    assert list(migrations()) == list(range(1, len(migrations()) + 1))


def test_a_new_store_has_the_newest_schema_and_no_copy(folder: Path) -> None:
    assert version(folder / FILE) == max(migrations())
    assert not list(folder.glob("teahouse-before-*"))


def test_a_store_of_the_first_version_becomes_one_of_today(tmp_path: Path) -> None:
    bring(tmp_path, {1: migrations()[1]})
    bring(tmp_path, dict(migrations()))
    assert version(tmp_path / FILE) == NOW
    assert [path.name for path in tmp_path.glob("teahouse-before-*")] == ["teahouse-before-0002.sqlite"]
    assert check_folder(tmp_path) == []


def test_before_a_change_the_file_is_copied(folder: Path) -> None:
    bring(folder, {**migrations(), NEXT: MORE})
    assert version(folder / FILE) == NEXT
    before = folder / COPY
    assert version(before) == NOW
    connection = apsw.Connection(str(before))
    assert run(connection, "SELECT text FROM events") == [("a",), ("b",)]
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


def test_the_copy_put_in_place_is_the_store_as_it_was(folder: Path) -> None:
    bring(folder, {**migrations(), NEXT: MORE})
    for file in folder.glob(f"{FILE}*"):
        file.unlink()
    (folder / COPY).rename(folder / FILE)
    assert check_folder(folder) == []


def test_several_steps_leave_one_copy_of_what_was_before_them_all(folder: Path) -> None:
    bring(folder, {**migrations(), NEXT: MORE, NEXT + 1: "DROP TABLE more;"})
    assert [path.name for path in folder.glob("teahouse-before-*")] == [COPY]
    assert version(folder / COPY) == NOW


def test_a_copy_is_for_its_owner_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        bring(folder, {**migrations(), NEXT: MORE})
    finally:
        os.umask(before)
    assert (folder / COPY).stat().st_mode & 0o777 == 0o600


def test_a_step_that_fails_changes_nothing_and_may_be_tried_again(folder: Path) -> None:
    with pytest.raises(apsw.SQLError):
        bring(folder, {**migrations(), NEXT: BROKEN})
    assert version(folder / FILE) == NOW
    assert check_folder(folder) == []
    bring(folder, {**migrations(), NEXT: MORE})
    assert version(folder / FILE) == NEXT


def test_a_copy_that_was_cut_short_is_made_anew(folder: Path) -> None:
    (folder / COPY.replace(".sqlite", ".part")).write_bytes(b"half of a copy")
    bring(folder, {**migrations(), NEXT: MORE})
    assert version(folder / COPY) == NOW
    assert not (folder / COPY.replace(".sqlite", ".part")).exists()


def test_up_to_date_is_left_alone(folder: Path) -> None:
    bring(folder, dict(migrations()))
    assert not list(folder.glob("teahouse-before-*"))


async def test_a_newer_schema_is_refused_and_what_to_do_is_said(folder: Path, clock: HandClock) -> None:
    newer = max(migrations()) + 1
    bring(folder, {**migrations(), newer: MORE})
    store = SqliteStore(folder, LAN, clock.now_ms)
    with pytest.raises(ConfigError, match=rf"schema {newer}; this one knows {newer - 1}.*teahouse-before-"):
        await store.open()
    (folder / f"teahouse-before-{newer:04}.sqlite").unlink()
    with pytest.raises(ConfigError, match=r"Install the newer version again\.$"):
        await store.open()
    assert version(folder / FILE) == newer


@pytest.mark.parametrize("sql", ["CREATE TABLE theirs (a)", "PRAGMA application_id=7", "PRAGMA user_version=1"])
async def test_a_database_of_another_program_is_left_alone(sql: str, tmp_path: Path, clock: HandClock) -> None:
    connection = apsw.Connection(str(tmp_path / FILE))
    run(connection, sql)
    connection.close()
    with pytest.raises(ConfigError, match="another program"):
        await SqliteStore(tmp_path, LAN, clock.now_ms).open()


def test_the_file_says_whose_it_is(folder: Path) -> None:
    connection = apsw.Connection(str(folder / FILE))
    assert connection.pragma("application_id") == APPLICATION
    connection.close()
