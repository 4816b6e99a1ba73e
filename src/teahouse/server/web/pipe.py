"""A transport whose other end is a coroutine: what an outbox writes, an HTTP answer reads.

    Outbox ──write──▶ Pipe ──read──▶ the answer ──▶ uvicorn ──▶ the socket
      ▲                │
      └─ pause, resume ┘   by bytes, as a socket's transport would

So a stream over HTTP is a cursor like every other connection: when its reader is slow, the pipe fills up, the outbox is
full, and the room waits for nobody.
"""

from __future__ import annotations

import asyncio

from teahouse.core.limits import Limits
from teahouse.server.outbox import Flusher, Outbox


class Pipe(asyncio.Transport):
    """One reader, who reads all there is at once.

    outbox   writes here; its `lost` is called by whoever made the pipe
    """

    def __init__(self, flusher: Flusher, limits: Limits) -> None:
        super().__init__()
        self._high = limits.write_high_bytes
        self._waiting = bytearray()
        self._moved = asyncio.Event()
        self._closed = False
        self._paused = False
        self.outbox = Outbox(self, flusher, limits)

    # ---- the outbox's end

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Let the reader have it; nothing after the end."""
        if self._closed:
            return
        self._waiting += data
        self._moved.set()
        if len(self._waiting) > self._high and not self._paused:
            self._paused = True
            self.outbox.pause()

    def get_write_buffer_size(self) -> int:
        """Bytes that wait for the reader."""
        return len(self._waiting)

    def is_closing(self) -> bool:
        """Whether the end has come."""
        return self._closed

    def close(self) -> None:
        """No more will come; what waits can still be read."""
        self._closed = True
        self._moved.set()

    def abort(self) -> None:
        """No more will come, and nothing is to be read any more."""
        self._waiting.clear()
        self.close()

    # ---- the reader's end

    async def read(self) -> bytes:
        """All there is, as soon as there is something; b"" at the end."""
        while not self._waiting and not self._closed:
            self._moved.clear()
            await self._moved.wait()
        data = bytes(self._waiting)
        self._waiting.clear()
        if self._paused:
            self._paused = False
            self.outbox.resume()
        return data
