"""The server on a disk that stops confirming: after the marker file appears, the next fsync fails, once.

    python -m tests.support.faulty_server serve …        the marker: $FAULTY_MARKER

Once is what the kernel does: it reports a failed fsync to the first who asks and forgets the pages.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from unittest.mock import patch

import apsw

from teahouse import cli
from teahouse.store.sqlite import SqliteStore
from tests.support.faulty_vfs import FaultyDisk

MARKER = "FAULTY_MARKER"


def main() -> None:
    """The command line, but for the disk."""
    marker = Path(os.environ[MARKER])
    disk = FaultyDisk("unconfirming")

    def fault(operation: str, file: str) -> int | None:
        if operation != "sync" or not marker.exists():
            return None
        marker.unlink()
        return apsw.SQLITE_IOERR_FSYNC

    disk.fault = fault
    with patch.object(cli, "SqliteStore", partial(SqliteStore, vfs=disk.name)):
        cli.main()


if __name__ == "__main__":
    main()
