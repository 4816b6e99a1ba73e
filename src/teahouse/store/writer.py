"""The one thread that writes.

    loop    submit(drafts | request)  ──▶ SimpleQueue
    thread  take what is queued (drafts ≤ limits.batch, requests ≤ REQUESTS; it never waits for more)
            one transaction, fsync                       commit.py
            tell the loop, once                          call_soon_threadsafe
            the file's own upkeep, when it may           upkeep.py

Drafts and requests wait apart from each other: whatever a crowd of guests, read marks or new rooms asks for, a message
waits for REQUESTS of them at the most beside what is in hand, and they do not wait for a flood of messages. Who needs
one before the other waits for its answer.

A batch that fails is answered with what went wrong, and the next one tries again; while nothing comes, the writer tries
by itself, once a second, so that a house in which nobody speaks knows when its disk is well again. After a fatal fault
everybody who waits is told, and the connection is never used again, not even to close it: closing would write.

Whoever waits is told first; what is logged comes last.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence

import apsw
import structlog

from teahouse.core.errors import StorageError, StorageFull, StorageUnknown, StoreError, StoreFatal
from teahouse.core.events import Draft
from teahouse.store.base import Trouble
from teahouse.store.commit import Committer, Request
from teahouse.store.ground import LOOK_S, Ground
from teahouse.store.upkeep import Upkeep

log = structlog.get_logger("teahouse.store")

Work = Sequence[Draft] | Request

REQUESTS = 128  # of one batch: some milliseconds, for which the messages of all others wait
PROBE_S = 1.0  # a disk that refused is tried again after so long without work
STUCK_S = 5.0  # one piece of work may take so long before the house says that it waits for its disk


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
        ground: Ground,
        batch: int,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[list[Draft]], None],
        on_fatal: Callable[[StoreFatal], None],
    ) -> None:
        self._connection = connection
        self._committer = committer
        self._upkeep = upkeep
        self._ground = ground
        self._batch = batch
        self._loop = loop
        self._tell = tell
        self._on_fatal = on_fatal
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._drafts: list[Draft] = []  # what has left the queue and waits for its batch
        self._requests: list[Request] = []
        self._in_hand: tuple[list[Draft], list[Request]] = ([], [])
        self._ended = False  # nothing more will come
        self._stopping = False  # … and all that came is done
        self._fault: StoreFatal | None = None
        self._refused: StoreError | None = None  # why the last batch was not stored; None: it was
        self._tried = 0.0
        self._begun: float | None = None  # since when it works, by the monotonic clock; None: it waits for work
        self._thread = threading.Thread(target=self._live, name="teahouse-writer", daemon=True)

    # ---- on the loop

    def start(self) -> None:
        """Begin. The connection belongs to the writer's thread from here on."""
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Queue it; returns at once."""
        self._queue.put(work)

    def stop(self, patience_s: float) -> bool:
        """Write what is queued, close the file. Blocks; whether that was done in time."""
        self._queue.put(None)
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def trouble(self) -> Trouble | None:
        """Why nothing is stored now; None: nothing is known to be in the way."""
        fault, refused, begun = self._fault, self._refused, self._begun
        if fault is not None:
            return Trouble("writer-dead", fault.message)
        if begun is not None and time.monotonic() - begun >= STUCK_S:
            return Trouble("writer-stuck", f"The disk has not answered for {STUCK_S:.0f} s.")
        if refused is not None:
            return Trouble(refused.code, refused.message)
        return None

    # ---- in the thread

    def _live(self) -> None:
        try:
            while not self._stopping:
                self._begun = None
                self._in_hand = self._gather()
                self._begun = time.monotonic()
                if any(self._in_hand):
                    self._carry_out(*self._in_hand)
                else:
                    self._rest(self._begun)
            self._upkeep.close()
            self._connection.close()
        except StoreFatal as fault:
            self._die(fault, fault.__cause__)
        except BaseException as error:  # a bug, perhaps in the middle of a transaction: nothing can be trusted now
            self._die(StoreFatal(f"The writer failed ({error!r}); the log says where."), error)

    def _patience(self) -> float:
        """How long to wait for work, in seconds."""
        patience = self._upkeep.patience()
        return LOOK_S if patience is None else min(patience, LOOK_S)

    def _gather(self) -> tuple[list[Draft], list[Request]]:
        """The next batch of all that is queued; waits only where nothing is. Nothing: it is quiet, or the end."""
        self._take_queued()
        drafts, self._drafts = self._drafts[: self._batch], self._drafts[self._batch :]
        requests, self._requests = self._requests[:REQUESTS], self._requests[REQUESTS:]
        self._stopping = self._ended and not self._drafts and not self._requests
        return drafts, requests

    def _take_queued(self) -> None:
        try:
            if not (self._drafts or self._requests or self._ended):
                self._sort(self._queue.get(timeout=self._patience()))
            while not self._ended:
                self._sort(self._queue.get_nowait())
        except queue.Empty:
            pass

    def _sort(self, work: Work | None) -> None:
        if work is None:
            self._ended = True
        elif isinstance(work, Request):
            self._requests.append(work)
        else:
            self._drafts += work

    def _carry_out(self, drafts: list[Draft], requests: list[Request]) -> None:
        error: StoreError | None = None
        self._ground.before(time.monotonic())
        try:
            self._committer.commit(drafts, requests)
        except StoreError as fault:
            error = fault
        self._tried = time.monotonic()
        self._ground.after(self._tried)
        self._refused = error
        self._on_loop(self._answer, drafts, requests, error)
        self._in_hand = ([], [])
        if error is not None:
            log.warning("batch-refused", code=error.code, why=str(error.__cause__), drafts=len(drafts))
        if isinstance(error, StorageFull):
            self._upkeep.checkpoint()  # the write-ahead log may begin again at its start and need no space
        else:
            self._upkeep.after_batch()

    def _rest(self, now: float) -> None:
        """Nothing came."""
        self._ground.idle(now)
        if self._refused is not None and now - self._tried >= PROBE_S:
            self._tried = now
            self._probe()
        self._upkeep.idle()

    def _probe(self) -> None:
        """Whether the disk takes a write again, without one that somebody waits for."""
        if isinstance(self._refused, StorageFull):
            self._upkeep.checkpoint()
        try:
            self._committer.probe()
        except StoreError as fault:
            self._refused = fault
        else:
            self._refused = None
            log.info("storage-recovered")

    def _die(self, fault: StoreFatal, cause: BaseException | None) -> None:
        """Tell everybody and be quiet. Nobody knows what became of the batch in hand; what is queued was not begun."""
        self._fault = fault
        self._begun = None
        unknown = StorageUnknown("The store failed: this may be stored or not. Send it again with the same key.")
        self._on_loop(self._answer, *self._in_hand, unknown)
        refusal = StorageError("The store failed, so this was not stored.")
        self._on_loop(self._answer, self._drafts, self._requests, refusal)
        if self._ground.log_lost:
            with contextlib.suppress(apsw.Error):  # what was acknowledged is in the log that nobody will find
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        with contextlib.suppress(apsw.Error):
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if cause is not None:
            with contextlib.suppress(Exception):
                log.critical("store-fatal", why=fault.message, exc_info=cause)
        self._on_loop(self._on_fatal, fault)  # the end of the process, so after the log
        while not self._ended and (work := self._queue.get()) is not None:
            queued, asked = ([], [work]) if isinstance(work, Request) else (list(work), [])
            self._on_loop(self._answer, queued, asked, refusal)

    def _on_loop(self, work: Callable[..., None], *args: object) -> None:
        """Have the loop do this. A loop that is closed has nobody who waits."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._safely, work, *args)

    # ---- on the loop again

    def _safely(self, work: Callable[..., None], *args: object) -> None:
        """What fails here has left somebody without an answer, and nobody knows whom."""
        try:
            work(*args)
        except Exception as error:
            fault = StoreFatal(f"What was stored could not be answered ({error!r}); the log says where. Start again.")
            self._on_fatal(fault)
            log.critical("answer-failed", exc_info=error)

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
