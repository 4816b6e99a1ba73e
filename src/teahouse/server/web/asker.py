"""Who asks over HTTP: a session for the time of one request, so that every rule is the same as at the other doors.

    ask(command)   one question, one answer, by the dispatcher like everybody's
    pipe           what the room shows it, if it has joined one: a stream

It sits in no room unless it joins one, and then it is not present there (`core.session.Session.visitor`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from teahouse.core.commands import Command
from teahouse.core.errors import Overload, WireError
from teahouse.core.events import CaughtUp, Event, Gap, Reply, Signal
from teahouse.core.handlers import identity
from teahouse.server.engine import Engine
from teahouse.server.web.pipe import Pipe
from teahouse.wire.base import Codec, Heard, WireFormat, refused


class Silent:
    """The format of a request that joins no room: it is shown nothing."""

    name = "request"
    own: Literal["same", "nothing"] = "nothing"
    paced = False

    def event(self, event: Event) -> bytes:
        """Nothing."""
        return b""

    def signal(self, signal: Signal) -> bytes:
        """Nothing."""
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        """Nothing."""
        return b""


SILENT = Silent()


class Catcher:
    """A codec without bytes: it hears words, and keeps the answer for whoever asked.

    show          how `caught_up`, `gap` and a farewell look in a stream
    on_caught_up  called when all of the past is in the stream
    """

    one_room = False
    lingers = False
    acknowledges = True

    def __init__(self, format: WireFormat, show: Callable[[Reply], bytes]) -> None:
        self.format = format
        self.answered: asyncio.Future[Reply | None] | None = None
        self.on_caught_up: Callable[[], object] = lambda: None
        self._show = show

    def receive(self, data: bytes) -> list[Heard]:
        """There are no bytes."""
        return []

    def waits(self) -> tuple[int, bool] | None:
        """Nothing is ever unfinished."""
        return None

    def silence(self) -> list[Heard]:
        """Completes nothing."""
        return []

    def end(self) -> list[Heard]:
        """Completes nothing."""
        return []

    def owed(self) -> bytes:
        """Nothing."""
        return b""

    def answer(self, reply: Reply) -> bytes:
        """Keep it; what comes after the answer belongs to the stream."""
        if isinstance(reply, CaughtUp):
            self.on_caught_up()
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(reply)
            return b""
        return self._show(reply) if isinstance(reply, CaughtUp | Gap) else b""

    def farewell(self, why: WireError | Overload) -> bytes:
        """Why the stream ends."""
        return self._show(refused(why))


def nothing(reply: Reply) -> bytes:
    """How a reply looks where there is no stream."""
    return b""


class Asker:
    """The session of one request, from an address that counts with `neighbours`; `leave` it when that is answered."""

    def __init__(
        self, engine: Engine, neighbours: str, format: WireFormat = SILENT, show: Callable[[Reply], bytes] = nothing
    ) -> None:
        self._dispatch = engine.dispatch
        self._loop = asyncio.get_running_loop()
        self._state = engine.state
        self._end: Reply | None = None
        self._name: asyncio.TimerHandle | None = None
        self.pipe = Pipe(engine.flusher, engine.limits)
        self.codec = Catcher(format, show)
        codec: Codec = self.codec
        self._peer = engine.dispatch.arrive(codec, self.pipe.outbox, self.close, neighbours)

    async def ask(self, command: Command) -> Reply | None:
        """The answer, or why the session is over; None where that was a bug of ours."""
        if self._peer.lost:
            return self._end
        self.codec.answered = self._loop.create_future()
        self._dispatch.handle(self._peer, [command])
        return await self.codec.answered

    def keep_name(self, ms: int) -> None:
        """Without a token: the name is this session's for so long, then anybody's, though the session goes on."""
        if self._peer.session.person.chosen:
            self._name = self._loop.call_later(ms / 1_000, identity.give_back_name, self._state, self._peer.session)

    def close(self, why: WireError | Overload | None) -> None:
        """The session is over: whoever waits for an answer gets this one, the stream says why and ends."""
        if self._peer.lost:
            return
        self._end = None if why is None else refused(why)
        answered = self.codec.answered
        if answered is not None and not answered.done():
            answered.set_result(self._end)
        elif why is not None and (unit := self.codec.farewell(why)):
            self.pipe.outbox.push(unit)
        self._dispatch.gone(self._peer)
        self.pipe.outbox.close()

    def finish(self) -> None:
        """End the stream as soon as all of the past is in it."""
        if all(cursor.live for cursor in self._peer.cursors.values()):
            self.close(None)
        else:
            # Not at once: whoever says that the past is over is still writing it.
            self.codec.on_caught_up = lambda: self._loop.call_soon(self.close, None)

    def leave(self) -> None:
        """The request is answered, or whoever asked has gone. Idempotent."""
        if self._name is not None:
            self._name.cancel()
        self._dispatch.gone(self._peer)
        self.pipe.abort()
        self.pipe.outbox.lost()
