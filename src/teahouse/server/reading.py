"""Fair reading: one connection's bytes, a slice a turn of the loop.

uvloop reads up to 32 times from one socket in a turn, and up to 256 kB each time: four flooders made a room of ten
wait a quarter of a second. So no connection is read for more than SLICE bytes a turn; the transport is paused and
goes on in the next one. It is paused too while its peer has asked as much as it may before it is answered.

Bytes say little of what they cost: SLICE may be one long message or eight thousand of one letter. So they are taken in
pieces, and a turn is over as well when they have taken SLICE_S. Each piece is a call of the codec and of the dispatch,
so pieces grow while they are cheap: what a fast sender says in one segment is taken at once, or nearly.

    feed(data) ──▶ take(piece) … ──▶ SLICE or SLICE_S this turn? full? ──▶ pause ──call_soon / go_on──▶ next slice
    end()      ──▶ after the last slice: on_end()

Nothing is dropped: what was read already waits here, at most what the transport reads at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from teahouse.server.fuse import CarryOut

SLICE = 16_384
SLICE_S = 0.003
PIECE = 1_024  # bytes: a few hundred messages of one letter
PIECE_MOST = 4_096  # … which a piece grows to; of the dearest that is known it takes 6 ms
CHEAP_S = SLICE_S / 4  # a piece that took less is followed by one of twice its size, any other by one of PIECE


class Pausable(Protocol):
    """What may be read, or not."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Shared:
    """A transport that more than one may pause: it is read while none of them does. Each pauses before it resumes.

    held  whether somebody pauses it
    """

    __slots__ = ("_transport", "held")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.held = 0

    def pause_reading(self) -> None:
        """Once more."""
        self.held += 1
        if self.held == 1:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Once less."""
        self.held -= 1
        if self.held == 0 and not self._transport.is_closing():
            self._transport.resume_reading()


class Reading:
    """The reading side of one connection.

    take    is given the bytes, at most PIECE_MOST of them at once
    is_full says that the peer must wait; then `go_on` is called when it need not any more
    on_end  the peer has sent all it will send, and all of it was taken
    run     carries out what the loop calls; what fails there ends the connection, for nobody would read it again
    """

    __slots__ = (
        "_ended",
        "_is_full",
        "_loop",
        "_on_end",
        "_paused",
        "_piece",
        "_rest",
        "_run",
        "_soon",
        "_stopped",
        "_take",
        "_taken",
        "_transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: Pausable,
        take: Callable[[bytes], None],
        is_full: Callable[[], bool],
        on_end: Callable[[], None],
        run: CarryOut,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._take = take
        self._is_full = is_full
        self._on_end = on_end
        self._run = run
        self._rest = bytearray()
        self._taken = 0
        self._piece = PIECE  # bytes
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
        if self._paused or len(data) > self._piece:
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

    def hand_over(self) -> bytes:
        """Stop, for somebody else who reads on: what was not taken yet. The transport is left as it was found."""
        rest = bytes(self._rest)
        self.stop()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return rest

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
            self._loop.call_soon(self._run, self._turn)

    def _turn(self) -> None:
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
        now = self._loop.time()
        until = now + SLICE_S
        while self._rest and not self._stopped:
            size = min(self._piece, SLICE - self._taken)
            data = bytes(self._rest[:size])
            del self._rest[:size]
            self._taken += len(data)
            self._take(data)
            before, now = now, self._loop.time()
            self._piece = min(2 * self._piece, PIECE_MOST) if now - before < CHEAP_S else PIECE
            if self._taken >= SLICE or now >= until or self._is_full():
                break
        if self._rest or self._taken >= SLICE or self._paused or self._is_full():
            self._pause()
