"""Rooms that are followed over HTTP: plain lines, server-sent events, the long poll.

Each is a session that joins a room as a visitor: it sits at a cursor like every connection, so that history, what
happens now and a slow reader are one and the same thing here too.

    lines    the last 50 or all since a number, then the end, or on and on with `follow`
    events   on and on, with a comment now and then, so that nobody on the way takes the stream for dead
    poll     what there is, as soon as there is something, one pipe full at the most; nothing when the time is over
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from teahouse.core.commands import Join, Visit
from teahouse.core.errors import Overload
from teahouse.core.events import AnyEvent, CaughtUp, EventList, Refused, Reply, RoomJoined
from teahouse.server.engine import Engine
from teahouse.server.visits import Visit as Connection
from teahouse.server.web.asker import Asker
from teahouse.server.web.guard import VISIT
from teahouse.wire import lines, sse, text
from teahouse.wire.base import WireFormat
from teahouse.wire.rest import LAST
from teahouse.wire.text_door import shown

LINES = "text/plain; charset=utf-8"
EVENTS = "text/event-stream"


def _as_lines(reply: Reply) -> bytes:
    return shown(text.answer(reply))


def _as_line_end(reply: Reply) -> bytes:
    """The past ends with an empty line, so that there is something to read even where nothing happened."""
    return b"\n" if isinstance(reply, CaughtUp) else b""


class Streams:
    """All streams of one node."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: set[Asker] = set()

    def close_all(self, why: Overload) -> None:
        """The server stops: each stream says so and ends; a long poll is answered at once."""
        for asker in list(self._open):
            asker.close(why)

    async def lines(self, visit: Visit, command: Join, request: Request, *, follow: bool) -> Stream | Reply | None:
        """Plain lines; the answer instead, where it is no."""
        if command.after is None and command.last is None:
            command.last = LAST
        asker = self._asker(request, lines.FORMAT, _as_lines)
        reply = await self._join(asker, visit, command)
        if not isinstance(reply, RoomJoined):
            return reply
        if not follow:
            asker.finish()
        return Stream(self, asker, LINES)

    async def events(self, visit: Visit, command: Join, request: Request) -> Stream | Reply | None:
        """Server-sent events; the answer instead, where it is no."""
        asker = self._asker(request, sse.EVENT_STREAM, sse.EVENT_STREAM.answer)
        reply = await self._join(asker, visit, command)
        return Stream(self, asker, EVENTS, sse.COMMENT) if isinstance(reply, RoomJoined) else reply

    async def poll(self, visit: Visit, command: Join, wait_ms: int, request: Request) -> Reply | None:
        """The next events, or none when the time is over."""
        asker = self._asker(request, sse.JSON_LINES, _as_line_end)
        try:
            reply = await self._join(asker, visit, command)
            if not isinstance(reply, RoomJoined):
                return reply
            async with self.attended(asker, request.scope, request.receive):
                events = await _next_events(asker, command, wait_ms / 1_000)
            head = max(reply.head, *(event.seq for event in events[-1:]), 0)
            return EventList(ref=command.ref, room=reply.room, events=events, head=head)
        finally:
            self.leave(asker)

    def leave(self, asker: Asker) -> None:
        """The stream is over. Idempotent."""
        self._open.discard(asker)
        asker.leave()

    @asynccontextmanager
    async def attended(self, asker: Asker, scope: Scope, receive: Receive) -> AsyncIterator[None]:
        """As long as somebody is at the other end; then whoever reads the pipe gets its end.

        Who ends their side is as good as gone: a program that has is hardly ever still reading, and nothing tells the
        one from the other but writing. So it gets what there is, and the end.
        """

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass  # a body, which nobody wanted
            self.leave(asker)

        connection: Connection = scope["extensions"][VISIT]
        connection.on_ended = asker.finish
        if connection.ended:
            asker.finish()
        watching = self._engine.tasks.start(watch(), "watch a stream")
        try:
            yield
        finally:
            connection.on_ended = lambda: None
            watching.cancel()

    @property
    def comment_s(self) -> float:
        """After so long a silence a comment is due."""
        return self._engine.limits.comment_ms / 1_000

    def _asker(self, request: Request, format: WireFormat, show: Callable[[Reply], bytes]) -> Asker:
        connection: Connection = request.scope["extensions"][VISIT]
        asker = Asker(self._engine, connection.neighbours, format, show)
        self._open.add(asker)
        return asker

    async def _join(self, asker: Asker, visit: Visit, command: Join) -> Reply | None:
        """Come in; who is not let in leaves at once."""
        joined = False
        try:
            reply = await asker.ask(visit)
            if reply is not None and not isinstance(reply, Refused):
                reply = await asker.ask(command)
                joined = isinstance(reply, RoomJoined)
                if joined and visit.token is None:
                    asker.keep_name(self._engine.limits.visit_name_ms)
            return reply
        finally:
            if not joined:
                self.leave(asker)


async def _next_events(asker: Asker, command: Join, wait_s: float) -> list[AnyEvent]:
    if command.after is not None or command.last is not None:
        events = sse.read_lines(await asker.pipe.read())  # ends with an empty line at the least
        if events:
            return events
    try:
        async with asyncio.timeout(wait_s):
            return sse.read_lines(await asker.pipe.read())
    except TimeoutError:
        return []


class Stream:
    """An answer whose body is what a room shows.

    comment   what is written when nothing has happened for a while; b"" for nothing
    """

    def __init__(self, streams: Streams, asker: Asker, media_type: str, comment: bytes = b"") -> None:
        self._streams = streams
        self._asker = asker
        self._media_type = media_type
        self._comment = comment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", self._media_type.encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # nginx would wait until 4 KiB are together
        ]
        try:
            async with self._streams.attended(self._asker, scope, receive):
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                while scope["method"] != "HEAD" and (data := await self._next()):
                    await send(_body(data, more=True))
                await send(_body(b"", more=False))
        finally:
            self._streams.leave(self._asker)

    async def _next(self) -> bytes:
        if not self._comment:
            return await self._asker.pipe.read()
        try:
            async with asyncio.timeout(self._streams.comment_s):
                return await self._asker.pipe.read()
        except TimeoutError:
            return self._comment


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
