"""The server on a disk that takes nothing while a marker file is there, as after the kernel has made it read-only.

python -m tests.support.refusing_server serve …        the marker: $REFUSING_MARKER
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

MARKER = "REFUSING_MARKER"


def main() -> None:
    """The command line, but for the disk."""
    marker = Path(os.environ[MARKER])
    disk = FaultyDisk("refusing")
    disk.fault = lambda operation, file: apsw.SQLITE_IOERR_WRITE if operation == "write" and marker.exists() else None
    with patch.object(cli, "SqliteStore", partial(SqliteStore, vfs=disk.name)):
        cli.main()


if __name__ == "__main__":
    main()
