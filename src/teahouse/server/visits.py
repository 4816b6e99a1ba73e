"""Who is in: every accepted connection from its first byte to its last, whichever door it goes through.

A *visit* is one accepted connection. Its protocol object changes (gate, then a door, then the way out); the visit
stays, with the outbox, and is what limits, metrics and the stopping server count.

    Gate ──▶ Connection                ┐
         ──▶ GuardedHttp ──▶ WebSocket ├──▶ Leaving ──▶ over()
         ──▶ one line                  ┘

Why not close at once: a socket that is closed while bytes of the peer are still under way answers them with a reset,
and the reset makes the peer's machine throw away what we said last. So we say why, end our side, and read on without
listening until the peer ends its own, a moment at the most (RFC 9112 §9.6 tells the story for HTTP).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

import structlog

from teahouse.core.errors import Overload, ServerFault, TooManyConnections
from teahouse.core.limits import Limits
from teahouse.server.addresses import neighbourhood
from teahouse.server.counters import Counters
from teahouse.server.descriptors import SPARE
from teahouse.server.outbox import Flusher, Outbox
from teahouse.server.peer import fault

log = structlog.get_logger("teahouse.visits")

BUG = "bug"  # how a connection that ended by a fault of ours is counted, with a word or without
LINGER_S = 1.0
CUT_S = 0.5  # until a connection that was cut off is no more
HTTP_NEIGHBOURS = 4_096  # neighbourhoods remembered; the oldest go first


def _nothing() -> None:
    """Nobody goes on writing."""


class Visit:
    """One accepted connection.

    neighbours  whom its address counts with
    door        which protocol it speaks: `gate` until that is known
    leave       how its present protocol object says farewell and closes
    ended       the peer has ended its side
    on_ended    called when it does, by a door that goes on writing then
    is_spare    the house is full: this one is told so, unless it asks for the house's health
    """

    __slots__ = (
        "_parting", "_timer", "_visits", "door", "ended", "is_spare", "leave", "neighbours", "on_ended", "outbox",
        "transport",
    )  # fmt: skip

    def __init__(self, visits: Visits, transport: asyncio.Transport, outbox: Outbox, neighbours: str) -> None:
        self._visits = visits
        self._parting = False
        self._timer: asyncio.TimerHandle | None = None
        self.transport = transport
        self.outbox = outbox
        self.neighbours = neighbours
        self.door = "gate"
        self.ended = False
        self.is_spare = False
        self.on_ended: Callable[[], None] = _nothing
        self.leave: Callable[[Overload], None] = self._leave

    def _leave(self, why: Overload) -> None:
        self.part(why.code)

    def enter(self, door: str) -> None:
        """The connection speaks this."""
        self._visits.move(self, door)

    def part(self, code: str = "", linger: bool = True) -> None:
        """Write what waits, then close; the protocol object hears no more.

        code    why, for the counters; "" in peace
        linger  leave the peer a moment to read it; no moment for one of too many
        """
        if self._parting:
            return
        self._parting = True
        self._visits.counters.closed[BUG if code == ServerFault.code else code] += 1
        self.transport.set_protocol(Leaving(self))
        self.outbox.on_stuck = lambda why: self.outbox.abort()
        if linger:
            self.outbox.hang_up = self._linger
        self.outbox.close()

    def _linger(self) -> None:
        """All is handed to the transport: end our side, and give the peer a moment to read it. Idempotent."""
        if self._timer is not None:
            return
        if self.ended or self.transport.is_closing():
            self.transport.close()
            return
        try:
            self.transport.write_eof()
        except OSError:  # asyncio's word for a peer that has reset the connection meanwhile
            self.transport.abort()
            return
        self.transport.resume_reading()
        self._timer = self._visits.loop.call_later(LINGER_S, self._linger_on, self._visits.patience)

    def _linger_on(self, moments: int) -> None:
        """Wait on while bytes are under way, but not for ever: a peer who reads a byte a second is let go too."""
        if self.transport.get_write_buffer_size() and moments > 0:
            self._timer = self._visits.loop.call_later(LINGER_S, self._linger_on, moments - 1)
        else:
            self.transport.abort()

    def over(self) -> None:
        """The connection is no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.outbox.lost()
        self._visits.forget(self)

    def broke(self, error: Exception) -> None:
        """A bug of ours: this connection ends, it is logged, the node goes on. Never raises."""
        self._visits.counters.closed[BUG] += 1
        with contextlib.suppress(Exception):
            self.transport.abort()
        log.error("connection-failed", door=self.door, exc_info=error)

    def let_go(self, error: Exception, farewell: Callable[[Overload], None]) -> None:
        """A bug of ours: this connection ends with a reason, where one can be said. Never raises."""
        try:
            farewell(fault())
        except Exception as again:
            self.broke(again)
        log.error("connection-failed", door=self.door, exc_info=error)

    def or_leave(self, work: Callable[..., object], *args: object) -> None:
        """For what the loop carries out for this connection: what fails there ends it, with a reason."""
        try:
            work(*args)
        except Exception as error:
            self.let_go(error, self.leave)

    def safely(self, work: Callable[..., object], *args: object) -> None:
        """For timers of this connection: what fails there is its own affair."""
        try:
            work(*args)
        except Exception as error:
            self.broke(error)


class Leaving(asyncio.Protocol):
    """The way out: what still comes is read and not listened to."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def pause_writing(self) -> None:
        """The outbox writes regardless: these are its last bytes."""

    def resume_writing(self) -> None:
        self._visit.outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.over()


class Visits:
    """All visits of this node.

    present  who is in now
    most     how many may be in, beside those who are told that the house is full
    entered  how many came through each door since the start
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limits: Limits, counters: Counters, flusher: Flusher, most: int
    ) -> None:
        self.loop = loop
        self.limits = limits
        self.counters = counters
        self.patience = limits.stall_ms // 1_000
        self.most = most
        self.present: set[Visit] = set()
        self._spare: dict[Visit, None] = {}
        self.entered: Counter[str] = Counter()
        self._flusher = flusher
        self._per_neighbours: Counter[str] = Counter()
        self._spoke_http: dict[str, float] = {}
        self._empty: asyncio.Event = asyncio.Event()
        self._empty.set()

    def arrive(self, transport: asyncio.Transport) -> Visit:
        """A connection was accepted. It counts even if it is one too many, until it is over."""
        peername = transport.get_extra_info("peername")
        neighbours = neighbourhood(str(peername[0]) if peername else "")
        transport.set_write_buffer_limits(high=self.limits.write_high_bytes, low=self.limits.write_low_bytes)
        visit = Visit(self, transport, Outbox(transport, self._flusher, self.limits), neighbours)
        self.present.add(visit)
        self._empty.clear()
        self.entered["gate"] += 1
        self._per_neighbours[neighbours] += 1
        return visit

    def refusal(self, visit: Visit) -> TooManyConnections | None:
        """Why this visit may not stay; None if it may."""
        if len(self.present) > self.most:
            return TooManyConnections("The house is full. Come back in a moment.")
        limit = self.limits.connections_per_address
        if limit is None or self._per_neighbours[visit.neighbours] <= limit:
            return None
        return TooManyConnections(
            f"There are {limit:,} connections from your address, as many as it may have. Close one, then try again."
        )

    def spare(self, visit: Visit) -> bool:
        """Whether this visit, which may not stay, may say that it asks for the house's health.

        One takes the place of the one who has had its time longest: a program that asks says so at once.
        """
        if len(self.present) <= self.most:
            return False
        visit.is_spare = True
        self._spare[visit] = None
        if len(self._spare) > SPARE:
            oldest = next(iter(self._spare))
            del self._spare[oldest]
            oldest.outbox.abort()
        return True

    def move(self, visit: Visit, door: str) -> None:
        """The visit goes through a door."""
        visit.door = door
        self.entered[door] += 1

    def forget(self, visit: Visit) -> None:
        """The visit is over. Idempotent."""
        if visit not in self.present:
            return
        self.present.remove(visit)
        self._spare.pop(visit, None)
        self._per_neighbours[visit.neighbours] -= 1
        if not self._per_neighbours[visit.neighbours]:
            del self._per_neighbours[visit.neighbours]
        if not self.present:
            self._empty.set()

    def by_door(self) -> Counter[str]:
        """How many are in now, by door."""
        return Counter(visit.door for visit in self.present)

    # ---- browsers open spare connections and say nothing on them: those are no listeners

    def note_http(self, visit: Visit) -> None:
        """These neighbours speak HTTP."""
        self._spoke_http.pop(visit.neighbours, None)
        self._spoke_http[visit.neighbours] = self.loop.time()
        if len(self._spoke_http) > HTTP_NEIGHBOURS:
            del self._spoke_http[next(iter(self._spoke_http))]

    def listens_after_ms(self, visit: Visit) -> int | None:
        """How long this visit must be silent to be a listener; None: never."""
        if not self.limits.listeners:
            return None
        spoke = self._spoke_http.get(visit.neighbours)
        if spoke is not None and (self.loop.time() - spoke) * 1_000 < self.limits.http_memory_ms:
            return self.limits.listener_after_http_ms
        return self.limits.listener_ms

    # ---- the end

    async def close_all(self, why: Overload, patience_s: float) -> None:
        """Tell everyone why, let them read it, close; whoever is still here after `patience_s` is cut off."""
        for visit in list(self.present):
            visit.safely(visit.leave, why)
        if not await self._is_empty(patience_s):
            for visit in list(self.present):
                visit.outbox.abort()
            await self._is_empty(CUT_S)

    async def _is_empty(self, patience_s: float) -> bool:
        """Whether nobody is left within this time."""
        try:
            await asyncio.wait_for(self._empty.wait(), patience_s)
        except TimeoutError:
            return False
        return True
