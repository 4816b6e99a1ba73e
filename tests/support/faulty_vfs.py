"""A disk that fails when it is told to: full, refusing to write, to sync or to read.

The shared memory beside the write-ahead log is not a file to SQLite and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw


class FaultyDisk(apsw.VFS):
    """Registered under `name` while it lives. `fault` decides, for each operation, what goes wrong.

    fault   called with (operation, file): an SQLite code to fail with, or None. Operations: "write", "sync", "read";
            files: "main", "wal", "other"
    writes  how many writes, truncations and syncs have reached the disk
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault: Callable[[str, str], int | None] = lambda operation, file: None
        self.writes = 0
        super().__init__(name, base="unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Every file of the database goes through here."""
        return FaultyFile(self, name, flags)

    def asked(self, operation: str, file: str) -> None:
        """Raise what is to go wrong."""
        code = self.fault(operation, file)
        if code is not None:
            raise apsw.exception_for(code)
        if operation != "read":
            self.writes += 1


class FaultyFile(apsw.VFSFile):
    """One file of the disk."""

    def __init__(self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        main, wal = flags[0] & apsw.SQLITE_OPEN_MAIN_DB, flags[0] & apsw.SQLITE_OPEN_WAL
        self._file = "main" if main else "wal" if wal else "other"
        super().__init__("unix", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        """Bytes from the disk."""
        self._disk.asked("read", self._file)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Bytes to the disk."""
        self._disk.asked("write", self._file)
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """The end of the file."""
        self._disk.asked("write", self._file)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Everything so far to the disk."""
        self._disk.asked("sync", self._file)
        super().xSync(flags)
