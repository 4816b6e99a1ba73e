"""Bytes that wait for one connection, and the one place where they are written.

Many events happen in one pass of the event loop (a tick). Each pushes a unit into the outboxes of those who
should hear it. At the end of the tick every outbox with something in it is written once: 20 messages to a room
of 1,000 are 1,000 writes, not 20,000.

    push(unit) ──▶ Outbox ──first of the tick──▶ Flusher ──call_soon──▶ flush() ──▶ transport.write

Why not transport.write in push: neither asyncio nor uvloop gathers writes; each call is a system call
(docs/decisions/0004-one-write-per-tick.md).

An outbox is `full` while its transport has enough to do. Events are not pushed into a full outbox: its cursors stay
behind and are served when `on_drain` is called. Replies and signals still are, up to `reply_queue_bytes`.

The two old programs misread when two writes meet in their buffer, so an outbox may be *paced*: at most PACE_BYTES
at once, whole units, then 40 ms and an empty send queue before the next (docs/protocol.md, «The two old programs»).
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import select
import termios
from collections.abc import Callable, Iterator
from operator import length_hint

import structlog

from teahouse.core.errors import Overload, ServerFault, TooSlow
from teahouse.core.limits import Limits
from teahouse.server.fuse import CarryOut, straight
from teahouse.wire.base import PACE_BYTES, PACE_MS, WireFormat

log = structlog.get_logger("teahouse.outbox")

SWEEP_S = 5.0  # in which every outbox is looked at once, some at a time:
SWEPT = 256  # to look at ten thousand at once would keep everybody waiting


def _nothing() -> None:
    """Nobody is waiting for this outbox to drain."""


def _nobody(why: Overload) -> None:
    """Nobody wants to know that this outbox gave up."""


def _is_dead(descriptor: int) -> bool:
    """Whether the connection is over in both directions, as the kernel sees it."""
    poll = select.poll()
    poll.register(descriptor, 0)  # POLLHUP and POLLERR are always told
    return bool(poll.poll(0))


class Outbox:
    """What waits for one connection.

    full      push no events; set by the transport's buffer, or by what waits here
    dirty     to be flushed at the end of this tick
    size      bytes that wait here (what the transport holds is not counted)
    on_drain  called when a full outbox is not full any more
    on_stuck  called with the reason when the reader must be let go
    hang_up   called when `close` was and all is with the transport; closes it unless somebody knows better
    """

    __slots__ = (
        "_closed", "_closing", "_flusher", "_hard", "_high", "_left_before", "_moved_at", "_pace", "_paused",
        "_ready", "_timer", "_transport", "_units", "_wrote", "dirty", "full", "hang_up", "on_drain",
        "on_stuck", "size",
    )  # fmt: skip

    def __init__(self, transport: asyncio.Transport, flusher: Flusher, limits: Limits) -> None:
        self._transport = transport
        self._flusher = flusher
        self._high = limits.write_high_bytes
        self._hard = limits.reply_queue_bytes
        self._units: list[bytes] = []
        self._ready: list[bytes] = []  # writes that were made up before the pace changed: a few, and rarely
        self._pace: WireFormat | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.dirty = False
        self._paused = False
        self._closing = False
        self._closed = False
        self._wrote = False
        self._left_before = 0
        self._moved_at = flusher.time()
        self.size = 0
        self.full = False
        self.on_drain: Callable[[], None] = _nothing
        self.on_stuck: Callable[[Overload], None] = _nobody
        self.hang_up: Callable[[], None] = transport.close
        flusher.outboxes.add(self)

    def push(self, unit: bytes) -> None:
        """Let `unit` wait for the end of the tick. On the path of a message: no checks that flush can do."""
        self._units.append(unit)
        self.size += len(unit)
        if self.size > self._high:
            self._mark_full(len(unit))
        if not self.dirty:
            self.dirty = True
            self._flusher.add(self)

    def _mark_full(self, last: int) -> None:
        self.full = True
        waits = self._paused or self._pace is not None
        if waits and self.size - last > self._hard and not self._closing:
            self._closing = True
            # Not at once: who pushes may be walking through those who hear, and to let one go changes who they are.
            self._flusher.call_soon(
                self._give_up, TooSlow("You read too slowly: your answers outgrew their queue. Come back and resume.")
            )

    def _give_up(self, why: Overload) -> None:
        """Let the reader go, in its own terms; where that fails too, without a word. Never raises."""
        if self._closed:
            return
        try:
            self.on_stuck(why)
        except Exception as error:
            self.abort()
            log.error("farewell-failed", code=why.code, exc_info=error)

    def broke(self, error: Exception) -> None:
        """To write here has failed: this connection ends, with a reason where it can be said. Never raises."""
        if self.on_stuck is _nobody:
            self.abort()
        else:
            self._give_up(ServerFault("A fault of the server met your connection. Come back and resume by number."))
        log.error("outbox-failed", exc_info=error)

    @property
    def last(self) -> bytes | None:
        """The last unit that was pushed, while it waits here."""
        return self._units[-1] if self._units else None

    def flush(self) -> None:
        """Write what waits, in one call. By the flusher, at the end of the tick."""
        self.dirty = False
        if self._closed:
            self._forget()
        elif self._paused:
            return
        elif self._pace is not None or self._ready:
            self._write_paced()
        elif self._units:
            units, self._units = self._units, []
            self.size = 0
            self._transport.write(units[0] if len(units) == 1 else b"".join(units))
            self._relieve()

    def _relieve(self) -> None:
        if self.full and not self._paused and self.size <= self._high:
            self.full = False
            self.on_drain()

    # ---- the transport's word

    def pause(self) -> None:
        """The transport holds as much as it should."""
        self._paused = True
        self.full = True

    def resume(self) -> None:
        """The transport has room again. Never raises."""
        self._paused = False
        try:
            self.flush()
            self._relieve()
        except Exception as error:
            self.broke(error)

    def lost(self) -> None:
        """The connection is no more. Later pushes vanish: a flush must never fail for the others."""
        self._closed = True
        self.full = True
        self._forget()
        self._flusher.outboxes.discard(self)

    def _forget(self) -> None:
        self._units.clear()
        self._ready.clear()
        self.size = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Write what waits, then close the connection; a paced one closes after its last write."""
        if self._closed:
            return
        self._closing = True
        self._paused = False
        self.flush()
        if not self._units and not self._ready:
            self.hang_up()

    def abort(self) -> None:
        """Close at once; what waits is lost. Never raises."""
        if not self._closed:
            with contextlib.suppress(Exception):
                self._transport.abort()

    # ---- old doors

    @property
    def has_spoken(self) -> bool:
        """Whether something was written at an old door's pace, or is about to be."""
        return self._wrote or bool(self._units or self._ready)

    def pace(self, format: WireFormat | None) -> None:
        """From here on write as this paced format wants it; None: as fast as the transport takes it."""
        if format is self._pace:
            return
        while self._pace is not None and self._units:
            self._ready.append(self._take(self._pace))
        self._pace = format
        if format is None and self._ready:
            self._units[:0] = self._ready
            self._ready.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _take(self, format: WireFormat) -> bytes:
        """The next write: whole units, PACE_BYTES at most; a larger unit goes alone."""
        units = self._units
        count = 1
        write = format.batch(units[:1])
        while count < len(units) and len(more := format.batch(units[: count + 1])) <= PACE_BYTES:
            write = more
            count += 1
        self.size -= sum(map(len, units[:count]))
        del units[:count]
        return write

    def _write_paced(self) -> None:
        if self._timer is not None:
            return
        if self._sending():
            self._timer = self._flusher.call_later(PACE_MS / 1_000, self._again)
            return
        if self._ready:
            write = self._ready.pop(0)
        elif self._units and self._pace is not None:
            write = self._take(self._pace)
        else:
            return
        self._transport.write(write)
        self._wrote = True
        # A large message goes whole, in many segments: the old programs read it as slowly as many writes.
        pauses = -(-len(write) // PACE_BYTES)
        self._timer = self._flusher.call_later(pauses * PACE_MS / 1_000, self._again)
        self._relieve()

    def _again(self) -> None:
        self._timer = None
        try:
            if self._ready or self._units:
                self.flush()
            elif self._closing:
                self.hang_up()
        except Exception as error:
            self.broke(error)

    def _sending(self) -> bool:
        """Whether bytes of an earlier write have not reached the peer's machine yet."""
        if self._transport.get_write_buffer_size():
            return True
        sock = self._transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return False
        left = array.array("i", [0])
        fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, left)
        if left[0] and _is_dead(sock.fileno()):
            # A reset socket keeps what it has not sent for ever, and a transport that reads no more is not told.
            self.abort()
        return left[0] > 0

    # ---- slow readers

    def sweep(self, now: float, patience_s: float) -> None:
        """Let go of a reader of whom no byte was accepted for `patience_s` while data waited."""
        left = self._transport.get_write_buffer_size()
        if left == 0 or left != self._left_before:
            self._left_before = left
            self._moved_at = now
        elif now - self._moved_at > patience_s:
            self._moved_at = now
            if self._closing:
                self.abort()
            else:
                self._closing = True
                self.on_stuck(TooSlow("You read nothing for too long while data waited. Come back and resume."))


class Flusher:
    """Writes every outbox that has something in it, once, at the end of the tick."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, fuse: CarryOut = straight) -> None:
        self._loop = loop
        self._fuse = fuse
        self._patience_s = limits.stall_ms / 1_000
        self._dirty: list[Outbox] = []
        self._sweeper: asyncio.TimerHandle | None = None
        self._to_sweep: list[Outbox] = []
        self._sweep_gap_s = SWEEP_S
        self.outboxes: set[Outbox] = set()
        self.time = loop.time
        self.call_soon = loop.call_soon
        self.call_later = loop.call_later

    @property
    def busy(self) -> bool:
        """Whether something is to be written at the end of this tick."""
        return bool(self._dirty)

    def add(self, outbox: Outbox) -> None:
        """This outbox has something to write."""
        if not self._dirty:
            self._loop.call_soon(self._fuse, self.flush)
        self._dirty.append(outbox)

    def flush(self) -> None:
        """Write them all. Where one fails, it is let go, and the others are written."""
        dirty, self._dirty = self._dirty, []
        left = iter(dirty)
        while True:
            try:
                self._write(left)
                return
            except Exception as error:
                dirty[len(dirty) - length_hint(left) - 1].broke(error)

    @staticmethod
    def _write(outboxes: Iterator[Outbox]) -> None:
        for outbox in outboxes:
            outbox.flush()

    def watch(self) -> None:
        """Look after slow readers from now on."""
        now = self.time()
        if not self._to_sweep:
            self._to_sweep = list(self.outboxes)
            self._sweep_gap_s = SWEEP_S / (len(self._to_sweep) // SWEPT + 1)
        self._sweeper = self._loop.call_later(self._sweep_gap_s, self.watch)
        for outbox in self._to_sweep[:SWEPT]:
            if outbox in self.outboxes:  # it may be gone since
                try:
                    outbox.sweep(now, self._patience_s)
                except Exception as error:
                    outbox.broke(error)
        del self._to_sweep[:SWEPT]

    def stop(self) -> None:
        """Look no more."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
