"""After a deletion: what was deleted leaves every file.

    erase     its words from the search index, part by part                  index.py
              what others added to it, slice by slice                        erase.py
    wait      until no thread of ours reads: whoever reads may need the write-ahead log
    cut off   what stands in the write-ahead log goes into the file; free space is overwritten (gaps.py); the log becomes
              a file of no length. What the connection remembers of pages goes too: it would write it again

Tried again until it is done. Whoever else reads the file for long (a check, a backup) keeps it waiting; that is said.
A start does it too, whatever came before: a process that was killed left its write-ahead log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import apsw
import structlog

from teahouse.core.errors import StoreFatal
from teahouse.store import erase, gaps
from teahouse.store.connect import BUSY_MS, run, unsynced
from teahouse.store.faults import fault_of
from teahouse.store.index import Index

log = structlog.get_logger("teahouse.store")

SOON_S = 0.25  # after a try that failed
LATE_S = 10.0  # what was deleted is to be gone by then
SHARE = 2  # one part in so many of the time: a step is short, and what was deleted must be gone in time

Still = Callable[[], AbstractContextManager[bool]]


class Scrub:
    """Belongs to the writer's thread, but for `waiting_s`.

    still  a context in which no thread of ours reads; it says whether that could be had
    """

    def __init__(self, connection: apsw.Connection, index: Index, still: Still | None = None) -> None:
        self._connection = connection
        self._index = index
        self.still: Still = still or (lambda: nullcontext(True))
        self._since: float | None = None
        self._from = 0.0
        self._said = 0.0

    @property
    def waiting_s(self) -> float:
        """For how long something deleted has been waiting to be out of every file."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def soon(self) -> None:
        """Something was deleted."""
        if self._since is None:
            self._since = self._said = time.monotonic()

    def due_s(self) -> float | None:
        """How long until `step` may be called, in seconds; None: nothing is to be done."""
        return None if self._since is None else max(0.0, self._from - time.monotonic())

    def open(self) -> None:
        """What the process before may have left. Nobody reads yet."""
        connection = self._connection
        is_new_to_this = connection.execute("SELECT value FROM meta WHERE name = 'gaps'").get
        self.soon()
        try:
            self._cut_off()
            if is_new_to_this:
                gaps.fill(connection, None)
                with unsynced(connection):
                    connection.execute("UPDATE meta SET value = 0 WHERE name = 'gaps'")
        except (apsw.Error, OSError) as error:
            if isinstance(fault_of(error, committing=False), StoreFatal):
                raise
            log.warning("scrub-put-off", why=str(error))
            return
        if not run(connection, "SELECT 1 FROM erasing UNION ALL SELECT 1 FROM going LIMIT 1"):
            self._since = None

    def step(self) -> None:
        """A slice of what is to be done. Where it raises, it is tried again soon.

        raises  apsw.Error  BusyError: somebody reads
        """
        start = time.monotonic()
        self._from = start + SOON_S
        if start - self._said > LATE_S:
            self._said = start
            log.warning("scrub-late", seconds=round(self.waiting_s), why="much to erase, no space, or another reader")
        with unsynced(self._connection):
            if not self._index.take_out() and not erase.step(self._connection):
                self._cut_off()
                self._since = None
        end = time.monotonic()
        self._from = end + (end - start) * (SHARE - 1)

    def _cut_off(self) -> None:
        connection = self._connection
        with self.still() as nobody_reads:
            if not nobody_reads:
                raise apsw.BusyError("a reader is at work")
            checkpoint(connection)
            connection.set_busy_timeout(0)  # another program's reader is no reason to keep writers waiting
            try:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            finally:
                connection.set_busy_timeout(BUSY_MS)
            connection.release_memory()


def checkpoint(connection: apsw.Connection) -> None:
    """Move pages from the write-ahead log into the file, as far as no reader needs them, with nothing in their gaps."""
    pages = gaps.in_wal(connection)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    gaps.fill(connection, pages)
