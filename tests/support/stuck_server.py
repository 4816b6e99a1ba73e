"""The server on a disk that does not answer: while the marker file is there, a sync takes for ever.

python -m tests.support.stuck_server serve …        the marker: $STUCK_MARKER
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

from teahouse import cli
from teahouse.store.sqlite import SqliteStore
from tests.support.faulty_vfs import FaultyDisk

MARKER = "STUCK_MARKER"


def main() -> None:
    """The command line, but for the disk."""
    marker = Path(os.environ[MARKER])
    disk = FaultyDisk("stuck")

    def fault(operation: str, file: str) -> int | None:
        while operation == "sync" and marker.exists():
            time.sleep(0.01)
        return None

    disk.fault = fault
    with patch.object(cli, "SqliteStore", partial(SqliteStore, vfs=disk.name)):
        cli.main()


if __name__ == "__main__":
    main()
