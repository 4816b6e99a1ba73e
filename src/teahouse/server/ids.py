"""Ids of people: a number for everybody who comes, given once and never again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from teahouse.server.tasks import Tasks

LEASE = 1_000
LEASE_LOW = 500


class Ids:
    """Ids of people, reserved on disk a thousand at a time, so that nobody waits for one."""

    def __init__(self, lease: Callable[[int], Awaitable[int]], tasks: Tasks) -> None:
        self._lease = lease
        self._tasks = tasks
        self._next = 0
        self._end = 0
        self._ready: list[tuple[int, int]] = []
        self._refill: asyncio.Task[None] | None = None
        self._ahead: asyncio.Task[None] | None = None

    async def take(self) -> int:
        """An id that was never given before."""
        while self._next == self._end:
            if self._ready:
                self._next, self._end = self._ready.pop()
            else:
                await asyncio.shield(self._more())
        id = self._next
        self._next += 1
        if self._end - self._next < LEASE_LOW and not self._ready:
            self._ahead = self._more()
        return id

    def _more(self) -> asyncio.Task[None]:
        if self._refill is None or self._refill.done():
            self._refill = self._tasks.start(self._fill(), "lease ids")
        return self._refill

    async def _fill(self) -> None:
        first = await self._lease(LEASE)
        self._ready.append((first, first + LEASE))
