"""One batch: numbered, written, on the disk; or not, and why.

Heads, records and what is known of messages move only after the commit. Drafts and requests that wait together share
the transaction; a batch that is nothing but new messages is one INSERT in autocommit.

The unique index is the check of keys: that a key is new is the rule, so nothing is looked up before. A violation undoes
the statement; then the known keys are fetched and the batch is numbered once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import apsw

from teahouse.core.errors import StoreError, StoreFatal
from teahouse.core.events import Draft
from teahouse.core.limits import Limits
from teahouse.core.meter import Meter
from teahouse.store.append import insert, known_keys, write
from teahouse.store.connect import transaction
from teahouse.store.faults import fault_of
from teahouse.store.numbering import First, Key, Numbering, Tip
from teahouse.store.records import Work
from teahouse.store.retries import Retries
from teahouse.store.targets import Targets
from teahouse.store.upkeep import Upkeep

RECORDED = 65_536  # authors who are known to have a record
MINUTE_MS = 60_000
CHANGED = 65_536  # (person, message)s that are remembered to have changed lately


def ticks_ms() -> int:
    """Milliseconds of a clock that never jumps."""
    return time.monotonic_ns() // 1_000_000


class Request:
    """Something to be done on the writing connection; `future` gets `result`, once that is on disk.

    then  called in the writer's thread, after the commit, with the result
    """

    __slots__ = ("future", "result", "then", "work")

    def __init__(
        self, work: Work, future: asyncio.Future[object], then: Callable[[object], None] | None = None
    ) -> None:
        self.work = work
        self.future = future
        self.then = then
        self.result: object = None


class Committer:
    """The writing connection's transactions. Belongs to the writer's thread.

    tips        room → where its log ends, on the disk
    on_deleted  something was deleted in these rooms, on the disk
    """

    def __init__(
        self,
        connection: apsw.Connection,
        tips: dict[int, Tip],
        upkeep: Upkeep,
        limits: Limits,
        now_ms: Callable[[], int],
        ticks_ms: Callable[[], int] = ticks_ms,
    ) -> None:
        self.tips = tips
        self._connection = connection
        self._upkeep = upkeep
        self._limits = limits
        self._now_ms = now_ms
        self._ticks_ms = ticks_ms
        self.on_deleted: Callable[[set[int]], None] = lambda rooms: None
        self._targets = Targets(connection, limits.edits_per_message)
        self._meter = Meter(limits.changes_per_minute, MINUTE_MS, CHANGED)
        self._recorded: set[int] = set()
        self._committing = False

    def commit(self, drafts: Sequence[Draft], requests: Sequence[Request] = ()) -> None:
        """Store them; on disk when it returns.

        raises  StoreError  nothing of the batch was stored (StorageUnknown: perhaps all of it)
                StoreFatal  the connection must not be used again
        """
        try:
            batch = self._store(drafts, requests)
        except (apsw.Error, MemoryError) as error:
            self._targets.forget()
            raise self._fault_of(error) from error
        self._targets.stored()
        if batch.changes:
            ticks = self._ticks_ms()
            for pair, changes in batch.changes.items():
                self._meter.count(pair, ticks, changes)
        self.tips.update(batch.tips)
        self._upkeep.grown((room, tip.seq) for room, tip in batch.tips.items())
        if batch.deleted:
            self._upkeep.scrub.soon()
            self.on_deleted({message >> 32 for message in batch.deleted})
        if len(self._recorded) > RECORDED:
            self._recorded.clear()
        self._recorded.update(batch.people)
        for request in requests:
            if request.then is not None:
                request.then(request.result)

    def probe(self) -> None:
        """Write the least that there is, to see whether the disk takes it. Raises as `commit` does."""
        self._committing = False
        try:
            with transaction(self._connection):
                version = self._connection.pragma("user_version")
                self._connection.pragma("user_version", version)  # the same again: one page, one sync
                self._committing = True
        except (apsw.Error, MemoryError) as error:
            raise self._fault_of(error) from error

    def _fault_of(self, error: BaseException) -> StoreError | StoreFatal:
        if self._connection.in_transaction:
            return StoreFatal(f"A transaction could not be undone ({error}). Start again.")
        return fault_of(error, committing=self._committing, system_errno=self._connection.system_errno)

    def _store(self, drafts: Sequence[Draft], requests: Sequence[Request]) -> Numbering:
        batch = self._number(drafts, {})
        try:
            self._write(batch, requests)
        except apsw.ConstraintError:
            if self._connection.in_transaction:
                raise
            self._targets.forget()
            batch = self._number(drafts, known_keys(self._connection, drafts))
            self._write(batch, requests)
        return batch

    def _number(self, drafts: Sequence[Draft], known: Mapping[Key, First]) -> Numbering:
        now = self._now_ms()
        retries = Retries(self._connection, now, self._limits.retry_ms)
        batch = Numbering(
            self.tips, self._targets, self._meter, known, self._recorded, now, self._ticks_ms(), self._limits, retries
        )
        for draft in drafts:
            batch.take(draft)
        return batch

    def _write(self, batch: Numbering, requests: Sequence[Request]) -> None:
        self._committing = False
        if batch.plain and not requests:
            if batch.stored:
                self._committing = True
                insert(self._connection, batch.stored)
            return
        with transaction(self._connection):
            for request in requests:
                request.result = request.work(self._connection)
            write(self._connection, self._upkeep.index, batch)
            self._committing = True
