"""What the writer stands on: the names under which the next start will look for what this process writes.

A file that is removed or renamed while it is open takes every write and every sync, and nobody finds them again. So the
names are looked at: once a second, before the first commit after a pause, and before an answer where a commit took
long. A name that is gone, or stands for something else, ends the process: nothing is acknowledged after that.

    before(now)   of a commit ──▶ look, after a pause or a second
    after(now)    of a commit ──▶ look, where the last one is a second old; then it may be acknowledged
    idle(now)     nothing to write ──▶ look, once a second

By name alone, never by opening: to close any descriptor of the database's file would end SQLite's locks on it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from teahouse.core.errors import StoreFatal
from teahouse.store import lock
from teahouse.store.connect import FILE

LOOK_S = 1.0  # at the latest after this long the names are looked at again
PAUSE_S = 0.05  # nothing was committed for this long: the next commit is the first after a pause

Mark = tuple[int, ...]


class Ground:
    """Learns at construction what is there; the files are open by then. Belongs to the writer's thread.

    log_lost  the name of the write-ahead log alone is gone: what it has can still be brought into the database
    """

    def __init__(self, folder: Path, now: float) -> None:
        """now  by the monotonic clock, in seconds"""
        file = folder / FILE
        real = os.path.realpath(file)  # SQLite puts -wal and -shm beside what a link stands for
        self._names = (folder, file, f"{real}-wal", f"{real}-shm", folder / lock.FILE)
        self._file = file
        self._size = 0
        self.log_lost = False
        self._looked = self._stood = now
        self._marks: dict[Path | str, Mark] = {}
        self._look(now)

    def before(self, now: float) -> None:
        """A batch is about to be written. Raises StoreFatal."""
        if now - self._looked >= LOOK_S or now - self._stood >= PAUSE_S:
            self._look(now)

    def after(self, now: float) -> None:
        """A batch is on disk, and about to be acknowledged. Raises StoreFatal."""
        self._stood = now
        if now - self._looked >= LOOK_S:
            self._look(now)

    def idle(self, now: float) -> None:
        """There is nothing to write. Raises StoreFatal."""
        if now - self._looked >= LOOK_S:
            self._look(now)

    def _look(self, now: float) -> None:
        for name in self._names:
            try:
                mark = _mark(name)
            except FileNotFoundError:
                if name not in self._marks:
                    continue  # it is not there yet
                self.log_lost = name == self._names[2]
                raise _moved(name, "it is not there any more") from None
            except OSError as error:
                raise _moved(name, f"it can't be looked at: {error.strerror}") from None
            if self._marks.setdefault(name, mark) != mark:
                raise _moved(name, "another one is in its place")
        self._look_at_size()
        self._looked = now

    def _look_at_size(self) -> None:
        """The database never gets smaller by itself: who wrote a shorter one over it wrote over what was said."""
        try:
            size = os.stat(self._file).st_size
        except OSError as error:
            raise _moved(self._file, f"it can't be looked at: {error.strerror}") from None
        if size < self._size:
            raise _moved(self._file, f"it has {size:,} bytes, and had {self._size:,}")
        self._size = size


def _mark(name: Path | str) -> Mark:
    """What a name stands for: the entry itself, and where that is a link what it points at."""
    entry = os.lstat(name)
    mark: Mark = (entry.st_dev, entry.st_ino)
    if stat.S_ISLNK(entry.st_mode):
        target = os.stat(name)
        mark += (target.st_dev, target.st_ino)
    return mark


def _moved(name: Path | str, how: str) -> StoreFatal:
    return StoreFatal(
        f"{name} was removed or replaced while the server ran ({how}), so nothing more is written or acknowledged. "
        "Put back what was there, or restore a backup; then start again."
    )
