"""The server on a disk that stops confirming: after the marker file appears, the next fsync fails, once.

    python tests/support/faulty_server.py serve …        the marker: $FAULTY_MARKER

Once is what the kernel does: it reports a failed fsync to the first who asks and forgets the pages.
"""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from teahouse.cli import main

MARKER = "FAULTY_MARKER"


class FaultyFile(apsw.VFSFile):
    """A file as any other, but for that one fsync."""

    def xSync(self, flags: int) -> None:
        marker = Path(os.environ[MARKER])
        if marker.exists():
            marker.unlink()
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)


class FaultyDisk(apsw.VFS):
    """The default file system of SQLite, from now on."""

    def __init__(self) -> None:
        super().__init__("faulty", base="", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:
        return FaultyFile("", name, flags)


if __name__ == "__main__":
    disk = FaultyDisk()
    main()
