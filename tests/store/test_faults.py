"""When the disk fails: who is told what, and what goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from teahouse.core.errors import ConfigError, StorageError, StorageFull, StorageUnknown, StoreFatal
from teahouse.core.limits import LAN
from teahouse.store.check import check_folder
from teahouse.store.connect import FILE, run
from teahouse.store.faults import fault_of
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import (
    ANA,
    HandClock,
    Open,
    codes,
    delete,
    edit,
    indexed,
    new_rules,
    opened,
    post,
    react,
    topic,
    unreact,
)
from tests.support.faulty_vfs import FaultyDisk
from tests.support.lacks import NEEDS_ROOT

BIG = "x" * 40_000


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    disk = FaultyDisk("faulty")
    yield disk
    disk.unregister()


@pytest.fixture
def store(disk: FaultyDisk, tmp_path: Path, clock: HandClock) -> SqliteStore:
    return SqliteStore(tmp_path, LAN, clock.now_ms, vfs=disk.name)


# ---- full, or refusing to write


@pytest.mark.parametrize(
    ("code", "refusal"), [(apsw.SQLITE_FULL, "storage-full"), (apsw.SQLITE_IOERR_WRITE, "storage-error")]
)
async def test_a_write_that_fails_refuses_the_batch_and_nothing_else(
    disk: FaultyDisk, store: SqliteStore, tmp_path: Path, code: int, refusal: str
) -> None:
    async with opened(store) as house:
        assert codes(await house.append(post("a", key="k"))) == [1]
        disk.fault = lambda operation, file: code if operation == "write" else None
        assert codes(await house.append(post("b", key="l"), post("a", key="k"), delete(1))) == [refusal] * 3
        with pytest.raises(StorageError if refusal == "storage-error" else StorageFull):
            await house.store.keep_guest(ANA, b"t" * 32, 5)
        [event] = await house.store.events(1, 0, 9, 9)  # reading goes on
        assert event.text == "a"  # type: ignore[attr-defined]
        disk.fault = lambda operation, file: None
        assert codes(await house.append(post("b", key="l"), post("a", key="k"), post("c", room=2))) == [2, "again 1", 1]
        assert not house.desk.fatal.done()
    assert check_folder(tmp_path) == []


async def test_what_a_refused_batch_would_have_changed_is_forgotten(disk: FaultyDisk, store: SqliteStore) -> None:
    async with opened(store) as house:
        await house.append(post("a"), post("b"), react(2, "🍵"))
        disk.fault = lambda operation, file: apsw.SQLITE_FULL if operation == "write" else None
        refused = await house.append(react(1, "👍"), unreact(2, "🍵"), delete(1), topic("t"), new_rules())
        assert codes(refused) == ["storage-full"] * 5
        disk.fault = lambda operation, file: None
        assert codes(await house.append(react(1, "👍"), unreact(2, "🍵"), delete(1), topic("t"))) == [4, 5, 6, 7]


async def test_an_index_that_finds_the_disk_full_tries_again(
    disk: FaultyDisk, store: SqliteStore, clock: HandClock
) -> None:
    async with opened(store) as house:
        failed: list[str] = []

        def in_the_index(operation: str, file: str) -> int | None:
            if operation == "write" and house.desk.batches and len(failed) < 3:
                failed.append(file)
                return apsw.SQLITE_FULL
            return None

        disk.fault = in_the_index
        [first] = await house.append(post("needle"))
        assert first.event.seq == 1
        while len(failed) < 3:
            clock.now += 2_000  # late: the writer tries after each batch
            await house.append(post("x"))
        await house.append(post("x"))
        clock.now += 2_000
        [last] = await house.append(post("x"))
        await indexed(house, [(1, last.event.seq)])
        [hit] = (await house.store.search("needle", [(1, 1)], 1, before=None, limit=5)).messages
        assert hit.seq == 1


async def test_a_full_disk_refuses_and_goes_on_when_there_is_space(tmp_path: Path, clock: HandClock) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"no small disk can be mounted here: {NEEDS_ROOT}")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, check=False, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
            head = await fill(house)
            subprocess.run(["mount", "-o", "remount,size=8m", tmp_path], check=True)
            assert codes(await house.append(post(BIG))) == [head + 1]
            assert not house.desk.fatal.done()
        assert check_folder(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)


async def test_a_file_at_its_limit_is_a_full_disk(tmp_path: Path, clock: HandClock) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, before[1]))
        try:
            head = await fill(house)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert codes(await house.append(post(BIG))) == [head + 1]
        assert not house.desk.fatal.done()
    assert check_folder(tmp_path) == []


async def fill(house: Open) -> int:
    """Post until the disk is full and some more; return the head."""
    head = refused = 0
    while refused < 3:
        [answer] = codes(await house.append(post(BIG)))
        if answer == "storage-full":
            refused += 1
            assert len(await house.store.events(1, 0, head, 500)) == head
        else:
            assert answer == head + 1
            head += 1
    assert head > 0
    return head


# ---- an outcome that nobody knows


async def test_a_commit_cut_short_may_be_stored_or_not(disk: FaultyDisk, store: SqliteStore) -> None:
    async with opened(store) as house:
        await house.append(post("a"))
        disk.fault = lambda operation, file: apsw.SQLITE_IOERR_TRUNCATE if operation == "write" else None
        assert codes(await house.append(post("b", key="k"))) == ["storage-unknown"]
        disk.fault = lambda operation, file: None
        assert codes(await house.append(post("b", key="k"))) == [2]


# ---- fatal


async def test_a_failed_sync_ends_it(disk: FaultyDisk, store: SqliteStore, tmp_path: Path) -> None:
    async with opened(store) as house:
        await house.append(post("a"))
        await indexed(house, [(1, 1)])
        disk.fault = lambda operation, file: apsw.SQLITE_IOERR_FSYNC if operation == "sync" else None
        assert codes(await house.append(post("b", key="k"))) == ["storage-unknown"]
        fault = await house.desk.fatal
        assert "fsync" in fault.message
        disk.fault = lambda operation, file: None
        untouched = disk.writes
        assert codes(await house.append(post("c"))) == ["storage-error"]
        with pytest.raises(StorageError):
            await house.store.lease_people(1)
        await house.store.close()
        assert disk.writes == untouched
        assert house.desk.fatals == 1
    assert check_folder(tmp_path) == []


async def test_a_failed_sync_of_a_checkpoint_ends_it(disk: FaultyDisk, store: SqliteStore, tmp_path: Path) -> None:
    async with opened(store) as house:
        disk.fault = lambda operation, file: apsw.SQLITE_IOERR_FSYNC if (operation, file) == ("sync", "main") else None
        head = 0
        while not house.desk.fatal.done():
            await house.append(*(post(BIG) for _ in range(20)))
            head += 20
            await asyncio.sleep(0)
        acknowledged = [each for batch in house.desk.batches for each in batch if each.refusal is None]
        assert len(acknowledged) >= 100
    disk.fault = lambda operation, file: None
    assert check_folder(tmp_path) == []
    async with opened(SqliteStore(tmp_path, LAN, lambda: 0)) as house:
        assert house.rooms[0].head >= len(acknowledged)


async def test_a_damaged_page_ends_it_and_the_asker_is_told(tmp_path: Path, clock: HandClock) -> None:
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(*(post("tea " * 50) for _ in range(2_000)))
    overwrite_middle(tmp_path / FILE)
    assert check_folder(tmp_path) != []
    store = SqliteStore(tmp_path, LAN, clock.now_ms)
    await store.open()  # reads the ends of the rooms, not the middle of a log
    fatal: asyncio.Future[StoreFatal] = asyncio.get_running_loop().create_future()
    store.log.listen(lambda drafts: None, fatal.set_result)
    with pytest.raises(StorageError):
        await store.events(1, 0, 2_000, 5_000)
    assert "teahouse check" in (await fatal).message
    await store.close()


def overwrite_middle(file: Path) -> None:
    """Put nonsense over the pages that hold the middle of the log."""
    connection = apsw.Connection(str(file))
    leaves = run(connection, "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path")
    connection.close()
    data = bytearray(file.read_bytes())
    for (page,) in leaves[5:-5]:
        data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(data)


async def test_what_is_no_database_is_not_opened(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to look at " * 100)
    store = SqliteStore(tmp_path, LAN, clock.now_ms)
    with pytest.raises(StoreFatal, match="teahouse check"):
        await store.open()
    assert check_folder(tmp_path) != []
    (tmp_path / FILE).unlink()
    await store.open()  # the folder was let go
    await store.close()


async def test_a_bug_in_the_writer_ends_it(tmp_path: Path, clock: HandClock) -> None:
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        assert codes(await house.append(post("of a room that is not there", room=77))) == ["storage-unknown"]
        assert "KeyError" in (await house.desk.fatal).message


async def test_a_fault_before_anybody_listens_is_told_to_who_comes(disk: FaultyDisk, store: SqliteStore) -> None:
    await store.open()
    disk.fault = lambda operation, file: apsw.SQLITE_IOERR_FSYNC if operation == "sync" else None
    with pytest.raises(StorageUnknown):
        await store.open_room("r1", "r1", None)
    fatal: asyncio.Future[StoreFatal] = asyncio.get_running_loop().create_future()
    await asyncio.sleep(0)
    store.log.listen(lambda drafts: None, fatal.set_result)
    assert "fsync" in (await fatal).message
    await store.close()


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Choose another data folder"):
        await SqliteStore(tmp_path / "file" / "data", LAN, clock.now_ms).open()


async def test_what_was_deleted_is_in_no_file(tmp_path: Path, clock: HandClock) -> None:
    secrets = [b"whisperedsecret", b"secondsecret", "秘密的话语".encode()]
    async with opened(SqliteStore(tmp_path, LAN, clock.now_ms)) as house:
        await house.append(*(post("tea") for _ in range(300)))
        await house.append(post("Whisperedsecret " + "whisperedsecret " * 400), post("秘密的话语"))
        await indexed(house, [(1, 302)])
        await house.append(edit(301, "secondsecret"))
        await indexed(house, [(1, 303)])
        assert any(secret in file.read_bytes() for file in tmp_path.iterdir() for secret in secrets)
        await house.append(delete(301), delete(302))
        await indexed(house, [(1, 305)])
        while any(secret in file.read_bytes().lower() for file in tmp_path.iterdir() for secret in secrets):
            clock.now += 100
            await asyncio.sleep(0.001)


def test_each_error_of_sqlite_has_a_meaning() -> None:
    meanings = {
        apsw.SQLITE_FULL: StorageFull,
        apsw.SQLITE_IOERR_WRITE: StorageError,
        apsw.SQLITE_IOERR_FSYNC: StoreFatal,
        apsw.SQLITE_IOERR_DIR_FSYNC: StoreFatal,
        apsw.SQLITE_IOERR_SHMSIZE: StorageUnknown,
        apsw.SQLITE_IOERR_READ: StorageUnknown,
        apsw.SQLITE_NOMEM: StorageUnknown,
        apsw.SQLITE_CORRUPT: StoreFatal,
        apsw.SQLITE_CORRUPT_VTAB: StoreFatal,
        apsw.SQLITE_NOTADB: StoreFatal,
        apsw.SQLITE_BUSY: StorageError,
        apsw.SQLITE_READONLY_DBMOVED: StorageError,
        apsw.SQLITE_MISUSE: StoreFatal,
    }
    for code, meaning in meanings.items():
        assert type(fault_of(apsw.exception_for(code), committing=True)) is meaning, code
    assert type(fault_of(apsw.exception_for(apsw.SQLITE_IOERR_SHMSIZE), committing=False)) is StorageError
    assert type(fault_of(apsw.exception_for(apsw.SQLITE_IOERR_WRITE), committing=True, system_errno=28)) is StorageFull
    assert type(fault_of(ValueError("x"), committing=True)) is StoreFatal


def test_every_statement_of_a_string_is_carried_out() -> None:
    assert run(apsw.Connection(":memory:"), "SELECT 1; SELECT 2") == [(1,), (2,)]
