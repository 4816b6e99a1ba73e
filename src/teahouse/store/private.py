"""What is in the data folder is for its owner alone, whatever the folder itself allows."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from teahouse.store.connect import FILE

MODE = 0o600
OURS = "teahouse*"


def keep_private(folder: Path) -> None:
    """Make the database's file, if there is none, and close those that are there to everybody else.

    Here, because SQLite makes a new database as umask says, and what is beside it (-wal, -shm) as the database is; and a
    folder that somebody else made may be open to all. What belongs to another user, or cannot be changed, is let be.
    """
    make_private(folder / FILE)
    for path in folder.glob(OURS):
        with suppress(OSError):
            found = path.lstat().st_mode
            if stat.S_ISREG(found) and found & 0o077:
                path.chmod(stat.S_IMODE(found) & 0o700)


def make_private(path: Path) -> None:
    """An empty file for its owner alone, where there is none. Where it can't be made, SQLite says why."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))
