"""The gate: every accepted connection, until its first bytes say what it speaks.

    accept ─▶ Gate ─▶ sniff(first bytes) ─▶ Connection (frames, lines, raw)  │ GuardedHttp │ one line, close
                └ nothing for 400 ms ─▶ listener ─▶ its first bytes go the same way

Bytes are looked at here, never consumed: the door reads them again. A connection is classified once: the protocol
object that takes over never gives it back, so a browser's request cannot become chat.

Time: what is the beginning of a row has until its deadline, counted from the first byte, so that a byte now and then
does not keep it open. Only the pause that makes text a message counts from the last byte.

Looking costs as much as there is. So that bytes that come one by one do not cost their square, beyond a few hundred
they are looked at when there is an eighth more, at a line end or a zero, and else once in a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import structlog

from teahouse.core.errors import Foreign, Overload
from teahouse.core.limits import Limits
from teahouse.core.state import DEFAULT_ROOM
from teahouse.server.connection import Connection
from teahouse.server.engine import Engine
from teahouse.server.peer import Peer
from teahouse.server.visits import Visit, Visits
from teahouse.server.web.door import HttpDoor
from teahouse.wire.base import Codec
from teahouse.wire.frames import FramesCodec
from teahouse.wire.lines import LinesCodec
from teahouse.wire.listener import ListenerCodec
from teahouse.wire.raw import RawCodec
from teahouse.wire.sniff import LINE_BYTES, UNKNOWN, Verdict, sniff

log = structlog.get_logger("teahouse.gate")

CODECS: dict[str, Callable[[Limits, int | None], Codec]] = {
    "frames": FramesCodec,
    "lines": LinesCodec,
    "raw": RawCodec,
}
HEALTH = b"GET /healthz"
SILENT = frozenset({"tls", "proxy"})  # closed without a word: no certificate yet; nobody was named as a proxy
FEW_BYTES = 512  # are looked at with each of them that comes
NOT_AFTER_LISTENING = frozenset({"http", "tls", "irc"})  # what was written would be read as an answer


class Shut(asyncio.Protocol):
    """In the place of a gate that could not be made: the connection ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


class Gate(asyncio.Protocol):
    """One connection that has not said yet what it speaks."""

    def __init__(self, engine: Engine, visits: Visits, web: HttpDoor) -> None:
        self._engine = engine
        self._visits = visits
        self._web = web
        self._loop = visits.loop
        self._first_bytes = bytearray()
        self._since = self._latest = 0.0  # when the first byte and the last one came
        self._look_at = 0  # bytes; with fewer only a line end or a zero says more at once
        self._looks_soon = False
        self._timer: asyncio.TimerHandle | None = None
        self._listener: Peer | None = None
        self._refusal: Overload | None = None
        self._visit: Visit

    # ---- the transport's word

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport by inheritance.
        stream = cast(asyncio.Transport, transport)
        try:
            self._visit = self._visits.arrive(stream)
        except Exception as error:  # the loop would leave it open and unread
            stream.set_protocol(Shut())
            stream.abort()
            log.error("gate-failed", exc_info=error)
        else:
            self._visit.safely(self._begin)

    def _begin(self) -> None:
        visit = self._visit
        visit.leave = self._leave
        refusal = self._visits.refusal(visit)
        if refusal is not None:
            self._engine.counters.refused[refusal.code] += 1
            self._refusal = refusal
            if self._visits.spare(visit):
                self._arm(self._engine.limits.spare_ms / 1_000, self._say_no)
            else:
                self._say_no()
            return
        listens_after_ms = self._visits.listens_after_ms(visit)
        if listens_after_ms is not None:
            self._arm(listens_after_ms / 1_000, self._listen)
        else:
            self._arm(self._engine.limits.classify_ms / 1_000, self._too_late)

    def data_received(self, data: bytes) -> None:
        self._latest = self._loop.time()
        if not self._first_bytes:
            self._since = self._latest
        self._first_bytes += data
        if len(self._first_bytes) >= self._look_at or b"\n" in data or b"\0" in data:
            self._decide(ended=False)
        elif not self._looks_soon:
            self._arm(self._engine.limits.raw_silence_ms / 1_000, self._look)
            self._looks_soon = True

    def eof_received(self) -> bool:
        self._visit.ended = True
        if self._first_bytes:
            self._decide(ended=True)
        else:
            self._part("")
        return True

    def pause_writing(self) -> None:
        self._visit.outbox.pause()

    def resume_writing(self) -> None:
        self._visit.outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.safely(self._retire)
        self._visit.over()

    # ---- deciding

    def _decide(self, ended: bool) -> None:
        if self._refusal is not None and not self._may_ask_for_health():
            return
        self._looks_soon = False
        size = len(self._first_bytes)
        self._look_at = min(size + size // 8, LINE_BYTES) if size > FEW_BYTES else 0
        verdict = sniff(bytes(self._first_bytes[:LINE_BYTES]), ended, self._engine.limits)
        if verdict.door == "wait":
            self._wait(verdict)
            return
        had_heard = self._listener is not None and self._visit.outbox.has_spoken
        after = self._retire()
        if verdict.door in SILENT or (had_heard and verdict.door in NOT_AFTER_LISTENING):
            self._part(Foreign.code)
        elif verdict.door == "http":
            self._enter_http(ended)
        elif verdict.door in CODECS:
            self._enter(verdict.door, after, ended, paused=False)
        else:
            self._say_and_part(verdict.message, Foreign.code)

    def _wait(self, verdict: Verdict) -> None:
        since = self._latest if verdict.silence else self._since
        past = self._loop.time() - since
        self._arm(verdict.wait_ms / 1_000 - past, self._pause if verdict.silence else self._too_late)

    def _look(self) -> None:
        self._decide(ended=False)

    def _pause(self) -> None:
        """The pause that ends a message of the old text program."""
        self._enter("raw", self._retire(), ended=False, paused=True)

    def _too_late(self) -> None:
        self._retire()
        self._say_and_part(UNKNOWN if self._first_bytes else b"", "timed-out")

    def _enter(self, door: str, after: int | None, ended: bool, paused: bool) -> None:
        visit = self._visit
        connection = Connection(visit, self._engine, CODECS[door](self._engine.limits, after))
        visit.enter(door)
        visit.transport.set_protocol(connection)
        connection.data_received(bytes(self._first_bytes))
        if paused:
            connection.has_paused()
        if ended:
            connection.eof_received()

    def _enter_http(self, ended: bool) -> None:
        self._visit.outbox.pace(None)
        self._web.enter(self._visit).data_received(bytes(self._first_bytes))
        if ended:  # a WebSocket may have taken over meanwhile
            cast(asyncio.Protocol, self._visit.transport.get_protocol()).eof_received()

    # ---- a full house

    def _may_ask_for_health(self) -> bool:
        """The house is full: whoever asks whether it is well is let through (`GuardedHttp` refuses the rest)."""
        beginning = bytes(self._first_bytes[: len(HEALTH)])
        if not HEALTH.startswith(beginning):
            self._say_no()
        return beginning == HEALTH

    def _say_no(self) -> None:
        assert self._refusal is not None
        self._say_and_part(f"* {self._refusal.message}\r\n".encode(), self._refusal.code, linger=False)

    # ---- listening

    def _listen(self) -> None:
        """Nothing was said: whoever it is hears the default room, shown so that each kind of client can read it."""
        self._timer = None
        engine = self._engine
        if DEFAULT_ROOM not in engine.state.rooms_by_name:
            return
        self._listener = engine.dispatch.arrive(
            ListenerCodec(engine.limits), self._visit.outbox, self._hang_up, self._visit.neighbours
        )
        self._visit.enter("listener")
        engine.dispatch.listen(self._listener)

    # ---- the end

    def _leave(self, why: Overload) -> None:
        """The server stops. Nothing is said to somebody of whom nobody knows what they would read."""
        self._hang_up(why)

    def _hang_up(self, why: object) -> None:
        self._retire()
        self._part(str(getattr(why, "code", "")))

    def _say_and_part(self, line: bytes, code: str, linger: bool = True) -> None:
        self._visit.outbox.pace(None)
        if line:
            self._visit.outbox.push(line)
        self._retire()
        self._visit.part(code, linger)

    def _part(self, code: str) -> None:
        self._retire()
        self._visit.part(code)

    def _retire(self) -> int | None:
        """End the timer and the listener; return the number up to which it has heard the default room."""
        self._disarm()
        listener, self._listener = self._listener, None
        return None if listener is None else self._engine.dispatch.unlisten(listener)

    def _arm(self, seconds: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self._loop.call_later(max(seconds, 0), self._visit.safely, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
