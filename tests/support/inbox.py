"""What has arrived and was not looked at yet: a queue that one may look into, and that ends with its connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_S = 20.0
"""How long a test waits for something that must come. Reached only by a failing test."""


async def until(true: Callable[[], bool]) -> None:
    """Wait until this is true.

    raises TimeoutError
    """
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.005)


class Ended(Exception):
    """The connection is no more and nothing of what was asked for had come."""


class Inbox(Generic[T]):
    """Put by a reading task, looked at by a test."""

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()
        self._moved = asyncio.Event()
        self.ended = False

    def put(self, item: T) -> None:
        self._waiting.append(item)
        self._moved.set()

    def put_first(self, item: T) -> None:
        """Give one back that was taken."""
        self._waiting.appendleft(item)

    def end(self) -> None:
        """No more will come."""
        self.ended = True
        self._moved.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def __getitem__(self, index: int) -> T:
        return self._waiting[index]

    def take(self, index: int = 0) -> T:
        """Take one out that is there."""
        item = self._waiting[index]
        del self._waiting[index]
        return item

    async def more_than(self, count: int, *, forever: bool = False) -> None:
        """Wait until more than `count` are here.

        raises Ended (the connection is no more), TimeoutError (unless it may take for ever)
        """
        async with asyncio.timeout(None if forever else PATIENCE_S):
            while len(self._waiting) <= count:
                if self.ended:
                    raise Ended
                self._moved.clear()
                await self._moved.wait()

    async def next(self, *, forever: bool = False) -> T:
        """The oldest, as soon as there is one."""
        await self.more_than(0, forever=forever)
        return self._waiting.popleft()
