"""A few threads that read, each job with a connection of its own that can't write.

Transactions are short: a reader that stays in one keeps the write-ahead log from starting again.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import apsw

from teahouse.core.errors import StorageError, StoreFatal
from teahouse.store.connect import reading, transaction
from teahouse.store.faults import fault_of
from teahouse.store.index import is_damage

P = ParamSpec("P")
T = TypeVar("T")


class Readers:
    """See the module's docstring. `on_fatal` is called on the loop."""

    def __init__(self, path: Path, vfs: str | None, threads: int, on_fatal: Callable[[StoreFatal], None]) -> None:
        self._path = path
        self._vfs = vfs
        self._count = threads
        self._on_fatal = on_fatal
        self._gate = threading.Lock()  # held while a job takes its connection, and by whoever wants nobody to read
        self._idle: queue.LifoQueue[apsw.Connection] = queue.LifoQueue()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="teahouse-reader")
        for _ in range(threads):
            self._idle.put(reading(path, vfs))

    async def ask(
        self, question: Callable[Concatenate[apsw.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer of `question(connection, …)`: all that it reads is of one moment.

        raises StorageError      the disk could not be read, or the store is closed
               apsw.CorruptError the search index is damaged, nothing else
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: self._answer(question, *args, **kwargs))
        except (apsw.Error, MemoryError) as error:
            if is_damage(error):
                raise
            fault = fault_of(error, committing=False)
            if isinstance(fault, StoreFatal):
                self._on_fatal(fault)
            raise StorageError(f"The disk could not be read ({error}). Try again.") from error

    def _answer(
        self, question: Callable[Concatenate[apsw.Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with self._gate:
            connection = self._idle.get()
        try:
            with transaction(connection, "BEGIN"):
                return question(connection, *args, **kwargs)
        finally:
            self._idle.put(connection if not connection.in_transaction else self._another(connection))

    def _another(self, connection: apsw.Connection) -> apsw.Connection:
        """One in place of this one, which is left in a transaction that can't be ended; itself where there is none."""
        try:
            another = reading(self._path, self._vfs)
        except Exception:
            return connection
        with contextlib.suppress(apsw.Error):
            connection.close()
        return another

    @contextlib.contextmanager
    def still(self, seconds: float) -> Iterator[bool]:
        """Nobody reads in here, and who wants to waits. Whether that could be had within so many seconds."""
        deadline = time.monotonic() + seconds
        if not self._gate.acquire(timeout=seconds):
            yield False
            return
        taken: list[apsw.Connection] = []
        try:
            with contextlib.suppress(queue.Empty):
                while len(taken) < self._count:
                    taken.append(self._idle.get(timeout=max(0.0, deadline - time.monotonic())))
            yield len(taken) == self._count
        finally:
            for connection in taken:
                self._idle.put(connection)
            self._gate.release()

    def close(self, patience_s: float) -> None:
        """Wait for what is being read, close. Blocks for so long; who reads on then is let be."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + patience_s
        with contextlib.suppress(queue.Empty):
            while self._count:
                self._idle.get(timeout=max(until - time.monotonic(), 0)).close()
                self._count -= 1
