"""Ids of people: a number for everybody who comes, given once and never again.

They are leased from the disk, a thousand at a time. On a full or read-only disk people still come, once the lease is used
up: with ids from UNLEASED on, where no lease ever gets. Where in that half of the numbers they begin is a matter of
chance at each start, so that two starts do not meet: for a hundred starts of a thousand guests, one in a hundred million.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from teahouse.core.errors import StoreError
from teahouse.server.tasks import Tasks
from teahouse.store.base import UNLEASED

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
        self._refill: asyncio.Task[bool] | None = None
        self._ahead: asyncio.Task[bool] | None = None
        self._unleased = UNLEASED + secrets.randbelow(UNLEASED // 2)

    async def reserve(self) -> None:
        """Have some before the first comes, while there may be space."""
        await self._more()

    async def take(self) -> int:
        """An id that was never given before."""
        while self._next == self._end:
            if self._ready:
                self._next, self._end = self._ready.pop()
            elif not await asyncio.shield(self._more()):
                self._unleased += 1
                return self._unleased
        id = self._next
        self._next += 1
        if self._end - self._next < LEASE_LOW and not self._ready:
            self._ahead = self._more()
        return id

    def _more(self) -> asyncio.Task[bool]:
        if self._refill is None or self._refill.done():
            self._refill = self._tasks.start(self._fill(), "lease ids")
        return self._refill

    async def _fill(self) -> bool:
        """Whether the disk took it."""
        try:
            first = await self._lease(LEASE)
        except StoreError:
            return False
        self._ready.append((first, first + LEASE))
        return True
