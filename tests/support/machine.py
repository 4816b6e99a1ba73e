"""A socket and a clock that tests can hold: a transport that keeps what is written, and refuses to take it on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class FakeTransport(asyncio.Transport):
    """Keeps each write. `accepting` bytes go through at once; more stay in the buffer until `drain`.

    Like a real transport it calls pause above `high` and resume at `low`.
    """

    def __init__(self, high: int = 65_536, low: int = 16_384) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.buffered = 0
        self.stopped = False
        self.closed = False
        self.aborted = False
        self._high, self._low = high, low
        self._paused = False
        self.on_pause: Callable[[], None] = lambda: None
        self.on_resume: Callable[[], None] = lambda: None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "a write to a closed transport: uvloop raises here"
        self.writes.append(bytes(data))
        if self.stopped:
            self.buffered += len(data)
            if self.buffered > self._high and not self._paused:
                self._paused = True
                self.on_pause()

    def drain(self, count: int | None = None) -> None:
        """The peer reads `count` bytes, or all."""
        self.buffered -= self.buffered if count is None else min(count, self.buffered)
        if self._paused and self.buffered <= self._low:
            self._paused = False
            self.on_resume()

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    @property
    def received(self) -> bytes:
        """All that was ever written."""
        return b"".join(self.writes)
