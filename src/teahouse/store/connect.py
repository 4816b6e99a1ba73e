"""Connections to the database file, with the pragmas that the promises rest on.

One connection writes, a few read. `synchronous=FULL` in WAL mode is an fsync for each commit; `secure_delete` writes
zeros over what was deleted; `mmap_size=0` because an I/O error in mapped memory kills the process.

apsw stops a string of several statements at the first row that one of them returns. `run` takes all rows, so that
every statement is carried out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

FILE = "teahouse.sqlite"
APPLICATION = 0x54454148  # "TEAH"
BUSY_MS = 5_000

COMMON = f"""
PRAGMA busy_timeout={BUSY_MS};
PRAGMA foreign_keys=ON;
PRAGMA trusted_schema=OFF;
PRAGMA cell_size_check=ON;
PRAGMA mmap_size=0;
PRAGMA temp_store=MEMORY;
"""
WRITING = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA fullfsync=1;
PRAGMA secure_delete=ON;
PRAGMA journal_size_limit=67108864;
PRAGMA wal_autocheckpoint=0;
"""  # the writer checkpoints itself: SQLite's own does not report a failed fsync
READING = "PRAGMA query_only=1;"


def run(connection: apsw.Connection, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Carry out every statement of `sql`; return all rows of all of them."""
    return list(connection.execute(sql, values))


def vfs_for(path: Path, vfs: str | None = None) -> str | None:
    """How to get at the file: as asked, and where the disk is too full for the index of the write-ahead log, with that
    in memory. Then no other process can look into the file meanwhile (`teahouse check`), and that is all the harm."""
    try:
        writing(path, vfs).close()
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError):
        if vfs is not None or not path.exists():
            raise
        return "unix-excl"
    return vfs


def writing(path: Path, vfs: str | None = None) -> apsw.Connection:
    """The connection that writes; makes the file if there is none."""
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        run(connection, COMMON + WRITING)
    except BaseException:
        connection.close()
        raise
    return connection


def reading(path: Path, vfs: str | None = None) -> apsw.Connection:
    """A connection that can only read."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"{path.absolute().as_uri()}?mode=ro", flags=flags, vfs=vfs)
    try:
        run(connection, COMMON + READING)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def unsynced(connection: apsw.Connection) -> Iterator[None]:
    """Commits in here do not wait for the disk: for what can be made again from what is there.

    The write-ahead log keeps its order, so the next commit takes them along; a power cut before it undoes them.
    """
    before = connection.pragma("synchronous")
    connection.pragma("synchronous", "NORMAL")
    try:
        yield
    finally:
        connection.pragma("synchronous", before)


@contextmanager
def transaction(connection: apsw.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All or nothing; for reading, `BEGIN`: all statements see the same moment.

    What went wrong is what is raised, also where it can't be undone: then the connection is still in the transaction.
    """
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(apsw.Error):
                connection.execute("ROLLBACK")
        raise
