"""The one place where tasks are made, and the nap that keeps a busy loop from starving the threads.

A task whose exception nobody looks at is a bug that nobody sees. `Tasks` holds each task until it ends and logs
what it raised.

A thread asks for the interpreter lock only after a whole switch interval without a hand-over, and the loop's own
release and re-take in each turn restarts that wait: beside a loop that is always busy, the thread that writes the
log gets nothing done. So while jobs are out and none comes back, the loop sleeps for a microsecond once a
millisecond: long enough to hand the lock over (docs/decisions/0005-the-nap.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

import structlog

log = structlog.get_logger("teahouse.tasks")

T = TypeVar("T")

LOOK_S = 0.001
PATIENCE_S = 0.002
NAP_S = 0.000_001
END_S = 0.5  # how long the end waits for what was cancelled


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these and wait for them, END_S at the most. What they raise is their own affair."""
    ending = [task for task in tasks if task is not asyncio.current_task()]
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending, timeout=END_S)


def _tell(failed: Callable[[BaseException], None], task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        failed(error)


class Tasks:
    """Tasks of one node, each held until it ends."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def running(self) -> int:
        """How many have not ended."""
        return len(self._tasks)

    def spawn(
        self, work: Coroutine[Any, Any, Any], name: str, failed: Callable[[BaseException], None] | None = None
    ) -> None:
        """Run `work` beside the rest; what it raises is logged, or told to `failed`."""
        self.start(work, name).add_done_callback(self._log_failure if failed is None else partial(_tell, failed))

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `work` beside the rest; whoever starts it awaits it."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @staticmethod
    def _log_failure(task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task-failed", task=task.get_name(), exc_info=error)

    async def stop(self) -> None:
        """Cancel what still runs and wait for it, not for ever: there may be one that does not let itself be ended."""
        await end_all(self._tasks)


class Nap:
    """Hands the interpreter lock over while threads' jobs are out and none comes back."""

    __slots__ = ("_back", "_back_before", "_loop", "_out", "_since", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._out = 0
        self._back = 0
        self._back_before = 0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def out(self) -> None:
        """A job was given to a thread."""
        self._out += 1
        if self._timer is None:
            self._since = self._loop.time()
            self._timer = self._loop.call_later(LOOK_S, self._look)

    def back(self) -> None:
        """A job came back."""
        self._out -= 1
        self._back += 1

    def _look(self) -> None:
        if self._out <= 0:
            self._timer = None
            return
        now = self._loop.time()
        if self._back != self._back_before:
            self._back_before = self._back
            self._since = now
        elif now - self._since > PATIENCE_S:
            time.sleep(NAP_S)
        self._timer = self._loop.call_later(LOOK_S, self._look)
