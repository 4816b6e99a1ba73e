"""One TCP connection that speaks a door of its own: frames, lines or raw. Bytes here, words behind.

    data_received ─▶ Reading (fair slices) ─▶ codec.receive ─▶ dispatch.handle
                                                   │
                          codec.waits ─▶ timer ─▶ codec.silence, or TimedOut

Nobody below knows about sockets and nobody above knows the protocol. What is said goes out by the outbox, not here.

The edge: a peer may end its side and still read (`printf 'hi\\n' | nc -N host 7256`). Then what it asked is answered
and what it came to hear is shown before we end ours.
"""

from __future__ import annotations

import asyncio

from teahouse.core.commands import Quit
from teahouse.core.errors import Overload, TimedOut, WireError
from teahouse.core.session import NOBODY
from teahouse.server.engine import Engine
from teahouse.server.reading import Reading
from teahouse.server.visits import Visit
from teahouse.wire.base import Codec, Heard

LOOK_S = 0.02


class Connection(asyncio.Protocol):
    """One connection, from the moment its protocol is known.

    peer    what the shell serves of it
    """

    __slots__ = ("_codec", "_done", "_engine", "_hello", "_loop", "_reading", "_visit", "_wait", "peer")

    def __init__(self, visit: Visit, engine: Engine, codec: Codec) -> None:
        self._visit = visit
        self._engine = engine
        self._codec = codec
        self._loop = asyncio.get_running_loop()
        self._reading = Reading(self._loop, visit.transport, self._take, self._is_full, self._end, visit.or_leave)
        self._wait: asyncio.TimerHandle | None = None
        self._hello: asyncio.TimerHandle | None = None
        self._done = False
        visit.leave = self.close
        self.peer = engine.dispatch.arrive(codec, visit.outbox, self.close, visit.neighbours)
        self.peer.on_relief = self._reading.go_on

    # ---- the transport's word

    def data_received(self, data: bytes) -> None:
        self._reading.feed(data)

    def eof_received(self) -> bool:
        self._visit.ended = True
        self._reading.end()
        return True  # our side stays open

    def pause_writing(self) -> None:
        self._visit.outbox.pause()

    def resume_writing(self) -> None:
        self._visit.outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.safely(self._retire)
        self._visit.over()

    # ---- words

    def _is_full(self) -> bool:
        return self.peer.congested

    def _take(self, data: bytes) -> None:
        try:
            heard = self._codec.receive(data)
            if owed := self._codec.owed():
                self._visit.outbox.push(owed)
            if heard:
                self._hear(heard)
            self._watch(progress=bool(heard))
        except Exception as error:
            self._broke(error)

    def _hear(self, heard: list[Heard]) -> None:
        self._engine.dispatch.handle(self.peer, heard)
        if self._codec.lingers and not self._done:
            unknown = self.peer.session.person is NOBODY
            if unknown and self._hello is None:
                self._expect_hello()
            elif not unknown and self._hello is not None:
                self._hello.cancel()  # nothing waits for it, so that who is idle costs no timer
                self._hello = None

    def _expect_hello(self) -> None:
        self._hello = self._loop.call_later(
            self._engine.limits.hello_ms / 1_000, self._visit.safely, self._nothing_said
        )

    def _nothing_said(self) -> None:
        if self.peer.barred:  # it is being answered
            self._expect_hello()
        elif self.peer.session.person is NOBODY:
            self.close(TimedOut(f"No hello within {self._engine.limits.hello_ms // 1_000} s."))

    # ---- pauses

    def _watch(self, progress: bool) -> None:
        """Set the timer that the codec wants.

        A pause counts from the last byte. The time for something unfinished counts from its beginning, else a peer
        could send a byte of it now and then, for ever.
        """
        waits = None if self._done else self._codec.waits()
        if waits is not None and not waits[1] and not progress and self._wait is not None:
            return
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None
        if waits is not None:
            ms, is_pause = waits
            then = self._pause if is_pause else self._too_long
            self._wait = self._loop.call_later(ms / 1_000, self._visit.safely, then, ms)

    def has_paused(self) -> None:
        """The pause that the codec waits for has already passed, at the gate."""
        if self._wait is not None:
            self._wait.cancel()
            self._pause(0)

    def _pause(self, ms: int) -> None:
        self._wait = None
        try:
            if heard := self._codec.silence():
                self._hear(heard)
            self._watch(progress=True)
        except Exception as error:
            self._broke(error)

    def _too_long(self, ms: int) -> None:
        self._wait = None
        if self._reading.paused:  # it is we who do not listen
            self._wait = self._loop.call_later(ms / 1_000, self._visit.safely, self._too_long, ms)
            return
        self.close(TimedOut(f"What you began was not finished within {ms // 1_000} s."))

    # ---- the end

    def _end(self) -> None:
        """All that the peer will ever say was taken: answer it, then say goodbye for the peer."""
        try:
            heard = self._codec.end()
            self._watch(progress=True)
            peer = self.peer
            if heard or peer.waiting or peer.barred or peer.session.person is not NOBODY:
                self._hear([*heard, Quit()])
            else:
                self.close(None)
        except Exception as error:
            self._broke(error)

    def close(self, why: WireError | Overload | None) -> None:
        """Say why in the peer's own terms, write what waits, close."""
        if self._done:
            return
        if why is None and self._visit.ended and not self._has_heard_all():
            self._wait = self._loop.call_later(LOOK_S, self._visit.safely, self.close, None)
            return
        if why is not None and (unit := self._codec.farewell(why)):
            self._visit.outbox.push(unit)
        self._retire()
        self._visit.part("" if why is None else why.code)

    def _has_heard_all(self) -> bool:
        """Whether everything that this peer came to hear is in its outbox."""
        return all(cursor.live for cursor in self.peer.cursors.values())

    def _broke(self, error: Exception) -> None:
        self._visit.let_go(error, self.close)

    def _retire(self) -> None:
        self._done = True
        self._reading.stop()
        for timer in (self._wait, self._hello):
            if timer is not None:
                timer.cancel()
        self._engine.dispatch.gone(self.peer)
