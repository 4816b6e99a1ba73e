"""One process a data folder. The lock is the kernel's, so it ends with the process, however that ends.

It is on a file, which says who has it, and on the folder itself: a file can be removed while its lock is held, and the
next process would make and lock another. Where the file system does not lock folders, the file has to do.
"""

from __future__ import annotations

import contextlib
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
            raise ConfigError(
                f"{folder}: can't be written ({error.strerror}). Choose another data folder: --data FOLDER"
            ) from error
        self._folder = -1
        try:
            self._folder = _lock_folder(folder)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            self.release()
            raise ConfigError(
                f"{folder}: already open by another teahouse (pid {holder}). Stop it, or choose another data folder: --data FOLDER"
            ) from error
        except OSError as error:
            self.release()
            raise ConfigError(
                f"{folder}: can't be locked ({error.strerror}). Choose another data folder: --data FOLDER"
            ) from error
        with contextlib.suppress(OSError):  # a full disk: it is only for people to read
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let others have the folder. Idempotent."""
        for descriptor in (self._file, self._folder):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._folder = -1


def _lock_folder(folder: Path) -> int:
    """The descriptor that holds the folder, -1 where none can; raises BlockingIOError where another process does."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # not on this file system
        os.close(descriptor)
        return -1
    return descriptor
