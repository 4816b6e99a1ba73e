"""What the writer does for the file itself: the search index, checkpoints, scrubbing.

    index       while nothing else is to do. Once it is a second behind, a step in each pause between batches, when what
                was stored has been shown; where there are no pauses, small steps right behind a batch, for a twentieth
                of the time: enough for some thousand messages a second; a flood is searchable when it is over
    checkpoint  when the write-ahead log has WAL_PAGES pages, in the next pause; where there is none, at twice as many
    copies      of migrations: those that are old go, looked for now and then
    scrub       after a deletion, until no file has the text any more: scrub.py
    tokens      that ended, some in each pause; where there is none, some each second

All of these wait by the monotonic clock: wall time jumps, and what was stored may have a time that is still to come.

SQLite's own checkpoint (wal_autocheckpoint) throws its errors away, and a failed fsync is one that must not be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import apsw
import structlog

from teahouse.core.errors import StoreFatal
from teahouse.store import snapshots
from teahouse.store.connect import transaction, unsynced
from teahouse.store.faults import fault_of
from teahouse.store.index import Index
from teahouse.store.records import forget_tokens
from teahouse.store.scrub import Scrub, checkpoint

log = structlog.get_logger("teahouse.store")

QUIET_S = 0.05  # without work for this long the writer is idle
GAP_S = 0.003  # … and then goes on in steps: the interpreter is for the loop first
BREATH_S = 0.005  # without work for this long what was stored has been shown
SHARE = 20  # one part in so many of the time goes to a late index where nobody pauses
SMALL = 0.25  # of a step: right behind a batch, somebody waits for it
LATE_S = 1.0  # what waits this long is done between two batches
TOKENS = 200  # that are forgotten in one step: a millisecond or two
WAL_PAGES = 1_000
COPIES_S = 3_600.0
CLOSE_S = 1.0  # for what is still to be erased at the end; the next start goes on with it


class Upkeep:
    """Belongs to the writer's thread. `now_ms` is for the age of files; whatever waits does so by the monotonic clock."""

    def __init__(self, connection: apsw.Connection, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self.index = Index(connection)
        self.scrub = Scrub(connection, self.index)
        self._wal_pages = 0
        self._long = WAL_PAGES
        self._copies_from = 0.0
        self._tokens_before: int | None = None  # wall time (ms): those that ended before it go
        self._quiet = False
        self._has_stepped = False  # in this pause
        self._index_after = 0.0  # when a late index may have a step without a pause
        self._index_from = self._tokens_from = 0.0  # after a failure: when to try again
        connection.set_wal_hook(self._committed)

    def _committed(self, connection: apsw.Connection, database: str, pages: int) -> int:
        if pages < self._wal_pages:
            self._long = WAL_PAGES
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def open(self, heads: Iterable[tuple[int, int]]) -> None:
        """Learn what is to be done for these rooms, (id, head)."""
        self.scrub.open()
        self.index.open()
        self.index.grown(heads)

    def grown(self, heads: Iterable[tuple[int, int]]) -> None:
        """These rooms, (id, head), have new events on disk."""
        self.index.grown(heads)

    def forget_tokens(self, before: int) -> None:
        """Tokens that ended before this time are to go."""
        self._tokens_before = before

    def patience(self) -> float | None:
        """How long the writer may wait for work before `idle`, in seconds; None: nothing is to be done."""
        now = time.monotonic()
        due = [self._index_from - now] if self.index.behind or self.index.is_scattered else []
        if (scrub := self.scrub.due_s()) is not None:
            due.append(scrub)
        if self._tokens_before is not None:
            due.append(self._tokens_from - now)
        if self._has_long_log():
            due.append(0)
        if not due:
            return None
        wait = GAP_S if self._quiet else BREATH_S if self._is_pressed() else QUIET_S
        return max(wait, min(due))

    def _is_pressed(self) -> bool:
        """Whether something must not wait for quiet: it has one step in this pause, short as that may be."""
        return not self._has_stepped and (self._is_late(time.monotonic()) or self._has_long_log())

    def _has_long_log(self) -> bool:
        return self._wal_pages >= self._long

    def _is_late(self, now: float) -> bool:
        oldest = self.index.oldest()
        return oldest is not None and now - oldest > LATE_S and now >= self._index_from

    def idle(self) -> None:
        """Nothing came: a step of what is to be done. Raises StoreFatal alone."""
        self._quiet = self._quiet or not self._is_pressed()
        self._has_stepped = True
        self._look_for_copies()
        now = time.monotonic()
        if self._has_long_log():
            self.checkpoint()
        elif self.scrub.due_s() == 0:
            self._try(self.scrub.step)
        elif self.index.behind and now >= self._index_from:
            self._follow()
            self._index_after = time.monotonic() + QUIET_S
        elif self._tokens_before is not None and now >= self._tokens_from:
            self._forget_tokens(self._tokens_before)
        elif self.index.is_scattered and now >= self._index_from:
            self._merge()

    def _look_for_copies(self) -> None:
        start = time.monotonic()
        if self._connection.filename and start >= self._copies_from:
            self._copies_from = start + COPIES_S
            snapshots.forget_old(Path(self._connection.filename).parent, self._now_ms())

    def after_batch(self) -> None:
        """A batch was answered: what can't wait. Raises StoreFatal alone."""
        self._quiet = self._has_stepped = False
        if self._wal_pages >= self._long + WAL_PAGES:
            self.checkpoint()
        now = time.monotonic()
        if now >= self._index_after and self._is_late(now):
            self._follow(SMALL)
            end = time.monotonic()
            self._index_after = end + (end - now) * (SHARE - 1)
        if self.scrub.due_s() == 0 and self.scrub.waiting_s > LATE_S:
            self._try(self.scrub.step)
        if self._tokens_before is not None and now >= self._tokens_from:
            self._forget_tokens(self._tokens_before)
            self._tokens_from = now + LATE_S

    def checkpoint(self) -> None:
        """Move pages from the write-ahead log into the file, as far as no reader needs them. Raises StoreFatal alone."""
        self._try(lambda: checkpoint(self._connection))
        # Once all is in the file, the log begins anew with the next commit. Where a reader was in the way it grows on:
        # the next try is when it is as long again.
        self._long = self._wal_pages + WAL_PAGES

    def close(self) -> None:
        """Leave one file, with all in it. Raises StoreFatal alone."""
        self.scrub.soon()
        until = time.monotonic() + CLOSE_S
        while self._try(self.scrub.step) and self.scrub.due_s() is not None and time.monotonic() < until:
            pass

    def _follow(self, part: float = 1) -> None:
        if not self._try(lambda: self._step(part)):
            self._index_from = time.monotonic() + LATE_S

    def _merge(self) -> None:
        def merge() -> None:
            with unsynced(self._connection):
                self.index.merge()

        if not self._try(merge):
            self._index_from = time.monotonic() + LATE_S

    def _step(self, part: float) -> None:
        """The index is made from the log, so it may be lost: no sync that the next message would have to wait for."""
        with unsynced(self._connection):
            self.index.step(part)

    def _forget_tokens(self, before: int) -> None:
        """A slice of those that ended. That they are there is no harm, so no sync either."""

        def forget() -> None:
            with unsynced(self._connection), transaction(self._connection):
                if forget_tokens(self._connection, before, TOKENS) < TOKENS:
                    self._tokens_before = None

        if not self._try(forget):
            self._tokens_from = time.monotonic() + LATE_S

    def _try(self, work: Callable[[], object]) -> bool:
        """Whether it could be done. What could not be is tried later."""
        try:
            work()
        except (apsw.Error, MemoryError) as error:
            fault = fault_of(error, committing=False, system_errno=self._connection.system_errno)
            if isinstance(fault, StoreFatal):
                raise fault from error
            if not isinstance(error, apsw.BusyError):
                log.warning("upkeep-put-off", why=str(fault))
            return False
        return True
