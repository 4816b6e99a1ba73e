"""The one thread that writes.

    loop    submit(drafts | request)  ──▶ SimpleQueue
    thread  take all that is queued (≤ limits.batch; it never waits for more)
            one transaction, fsync                       commit.py
            tell the loop, once                          call_soon_threadsafe
            the file's own upkeep, when it may           upkeep.py

A thousand guests who arrive at once are a few fsyncs. A batch that fails is answered with what went wrong, and the next
one tries again. After a fatal fault everybody who waits is told, and the connection is never used again, not even to
close it: closing would write.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence

import apsw
import structlog

from teahouse.core.errors import StorageError, StorageFull, StorageUnknown, StoreError, StoreFatal
from teahouse.core.events import Draft
from teahouse.store.commit import Committer, Request
from teahouse.store.upkeep import Upkeep

log = structlog.get_logger("teahouse.store")

Work = Sequence[Draft] | Request


class Writer:
    """See the module's docstring.

    tell      called on the loop with each batch of drafts that are done
    on_fatal  called on the loop, once, after everybody who waits was told
    """

    def __init__(
        self,
        connection: apsw.Connection,
        committer: Committer,
        upkeep: Upkeep,
        batch: int,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[list[Draft]], None],
        on_fatal: Callable[[StoreFatal], None],
    ) -> None:
        self._connection = connection
        self._committer = committer
        self._upkeep = upkeep
        self._batch = batch
        self._loop = loop
        self._tell = tell
        self._on_fatal = on_fatal
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._held: Sequence[Draft] = ()
        self._in_hand: tuple[list[Draft], list[Request]] = ([], [])
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="teahouse-writer", daemon=True)

    # ---- on the loop

    def start(self) -> None:
        """Begin. The connection belongs to the writer's thread from here on."""
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Queue it; returns at once."""
        self._queue.put(work)

    def stop(self) -> None:
        """Write what is queued, close the file, wait for that. Blocks."""
        self._queue.put(None)
        self._thread.join()

    # ---- in the thread

    def _live(self) -> None:
        try:
            while not self._stopping:
                self._in_hand = self._gather()
                if any(self._in_hand):
                    self._carry_out(*self._in_hand)
                else:
                    self._upkeep.idle()
            self._upkeep.close()
            self._connection.close()
        except StoreFatal as fault:
            self._die(fault)
        except Exception as error:  # a bug, perhaps in the middle of a transaction: nothing here can be trusted now
            log.exception("writer-failed")
            self._die(StoreFatal(f"The writer failed ({error!r}); the log says where."))

    def _gather(self) -> tuple[list[Draft], list[Request]]:
        """All that is queued, up to the size of a batch; waits only for the first. Nothing: it is quiet, or the end."""
        drafts: list[Draft] = []
        requests: list[Request] = []
        space = self._batch
        work: Work | None = self._held
        self._held = ()
        if not work:
            try:
                work = self._queue.get(timeout=self._upkeep.patience())
            except queue.Empty:
                return drafts, requests
        while work is not None:
            if isinstance(work, Request):
                requests.append(work)
                space -= 1
            else:
                drafts += work[:space]
                self._held = work[space:]
                space -= len(work)
            if space <= 0:
                return drafts, requests
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return drafts, requests
        self._stopping = True
        return drafts, requests

    def _carry_out(self, drafts: list[Draft], requests: list[Request]) -> None:
        error: StoreError | None = None
        try:
            self._committer.commit(drafts, requests)
        except StoreError as fault:
            error = fault
            log.warning("batch-refused", code=fault.code, why=str(fault.__cause__), drafts=len(drafts))
        self._loop.call_soon_threadsafe(self._answer, drafts, requests, error)
        self._in_hand = ([], [])
        if isinstance(error, StorageFull):
            self._upkeep.checkpoint()  # the write-ahead log may begin again at its start and need no space
        else:
            self._upkeep.after_batch()

    def _die(self, fault: StoreFatal) -> None:
        """Tell everybody and be quiet. Nobody knows what became of the batch in hand; what is queued was not begun."""
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        log.critical("store-fatal", why=fault.message, exc_info=fault.__cause__)
        unknown = StorageUnknown("The store failed: this may be stored or not. Send it again with the same key.")
        self._loop.call_soon_threadsafe(self._answer, *self._in_hand, unknown)
        refusal = StorageError("The store failed, so this was not stored.")
        self._loop.call_soon_threadsafe(self._answer, list(self._held), [], refusal)
        self._loop.call_soon_threadsafe(self._on_fatal, fault)
        while not self._stopping and (work := self._queue.get()) is not None:
            queued, asked = ([], [work]) if isinstance(work, Request) else (list(work), [])
            self._loop.call_soon_threadsafe(self._answer, queued, asked, refusal)

    # ---- on the loop again

    def _answer(self, drafts: list[Draft], requests: list[Request], error: StoreError | None) -> None:
        for request in requests:
            if request.future.done():  # whoever asked has given up
                continue
            if error is None:
                request.future.set_result(request.result)
            else:
                request.future.set_exception(error)
        if drafts:
            for draft in drafts:
                draft.done = True
                if error is not None:
                    draft.again = False
                    draft.refusal = error
            self._tell(drafts)
