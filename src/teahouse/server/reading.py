"""Fair reading: one connection's bytes, a slice a turn of the loop.

uvloop reads up to 32 times from one socket in a turn, and up to 256 kB each time: four flooders made a room of ten
wait a quarter of a second. So no connection is read for more than SLICE bytes a turn; the transport is paused and
goes on in the next one. It is paused too while its peer has asked as much as it may before it is answered.

Bytes say little of what they cost: SLICE may be one long message or eight thousand of one letter. So they are taken in
pieces, and a turn is over as well when they have taken SLICE_S.

    feed(data) ──▶ take(piece) … ──▶ SLICE or SLICE_S this turn? full? ──▶ pause ──call_soon / go_on──▶ next slice
    end()      ──▶ after the last slice: on_end()

Nothing is dropped: what was read already waits here, at most what the transport reads at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

log = structlog.get_logger("teahouse.reading")

SLICE = 16_384
SLICE_S = 0.003
PIECE = 1_024  # bytes: a few hundred messages of one letter


class Reading:
    """The reading side of one connection.

    take    is given the bytes, at most PIECE of them at once
    is_full says that the peer must wait; then `go_on` is called when it need not any more
    on_end  the peer has sent all it will send, and all of it was taken
    """

    __slots__ = (
        "_ended",
        "_is_full",
        "_loop",
        "_on_end",
        "_paused",
        "_rest",
        "_soon",
        "_stopped",
        "_take",
        "_taken",
        "_transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        take: Callable[[bytes], None],
        is_full: Callable[[], bool],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._take = take
        self._is_full = is_full
        self._on_end = on_end
        self._rest = bytearray()
        self._taken = 0
        self._paused = False
        self._soon = False
        self._ended = False
        self._stopped = False

    @property
    def paused(self) -> bool:
        """Whether we are the ones who do not listen."""
        return self._paused

    def feed(self, data: bytes) -> None:
        """The transport's next bytes."""
        if self._stopped:
            return
        if self._paused or len(data) > PIECE:
            self._rest += data
            if not self._paused:
                self._next_slice()
            return
        self._taken += len(data)
        self._take(data)
        if self._taken >= SLICE or self._is_full():
            self._pause()

    def end(self) -> None:
        """The peer has sent all it will send."""
        self._ended = True
        if not self._paused and not self._stopped:
            self._on_end()

    def go_on(self) -> None:
        """The peer may be read again."""
        if self._paused:
            self._next_turn()

    def stop(self) -> None:
        """Take nothing any more."""
        self._stopped = True
        self._rest.clear()

    def _pause(self) -> None:
        if self._stopped:
            return
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if not self._is_full():
            self._next_turn()

    def _next_turn(self) -> None:
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """The next turn of the loop. What fails here ends the connection: nobody would read it again."""
        try:
            self._read_on()
        except Exception as error:
            self.stop()
            self._transport.abort()
            log.error("reading-failed", exc_info=error)

    def _read_on(self) -> None:
        self._soon = False
        if self._stopped or self._is_full():
            return
        self._taken = 0
        if self._rest:
            self._next_slice()
            return
        self._paused = False
        if self._ended:
            self._on_end()
        else:
            self._transport.resume_reading()

    def _next_slice(self) -> None:
        until = self._loop.time() + SLICE_S
        while self._rest and not self._stopped:
            data = bytes(self._rest[:PIECE])
            del self._rest[:PIECE]
            self._taken += len(data)
            self._take(data)
            if self._taken >= SLICE or self._loop.time() >= until or self._is_full():
                break
        if self._rest or self._taken >= SLICE or self._paused or self._is_full():
            self._pause()
