"""One process a data folder. The lock is the kernel's, so it ends with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from teahouse.core.errors import ConfigError

FILE = "teahouse.lock"


class FolderLock:
    """Held from construction to `release`. The file holds the holder's process id, for people to read."""

    def __init__(self, folder: Path) -> None:
        """raises ConfigError  another process has the folder, or it can't be written"""
        path = folder / FILE
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{folder}: can't be written ({error.strerror}). Choose another data folder.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise ConfigError(
                f"{folder}: already open by another teahouse (pid {holder}). Stop it, or choose another data folder."
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let others have the folder. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
