"""The WebSocket door: the JSON of cmd 200, one object a text message.

websockets' sans-I/O half speaks the protocol (RFC 6455); this class carries its bytes. No task per connection, no
queue, no compression: a room's message is one frame, made once, pushed into the outbox of every member.

    data ─▶ Reading ─▶ ServerProtocol ─▶ text message ─▶ JsonCodec ─▶ dispatch
                              └▶ pong, close ─▶ Outbox ◀─ answers and events of the room

Close codes: 1000 said goodbye, 1001 the server stops, 1003 binary, 1007 not UTF-8, 1008 too slow, removed or silent
for too long, 1009 too big, 1011 no answer to a ping. The reason is the error's code.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import msgspec
from websockets.datastructures import Headers
from websockets.frames import TEXT, CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from teahouse.core.errors import BadText, ForeignOrigin, FrameTooLong, GoingAway, Overload, TimedOut, WireError
from teahouse.core.session import NOBODY
from teahouse.server.engine import Engine
from teahouse.server.peer import Peer
from teahouse.server.reading import Reading
from teahouse.server.visits import Visit
from teahouse.server.web.origin import is_our_host, is_our_origin
from teahouse.wire.base import Heard, refused
from teahouse.wire.websocket import JsonCodec

PATH = "/ws"
CLOSE_CODES: dict[type[WireError | Overload], CloseCode] = {
    GoingAway: CloseCode.GOING_AWAY,
    BadText: CloseCode.INVALID_DATA,
    FrameTooLong: CloseCode.MESSAGE_TOO_BIG,
}

_quiet = logging.getLogger("teahouse.websockets")
_quiet.setLevel(logging.ERROR)  # a handshake that fails is the client's affair


class WebSocket(asyncio.Protocol):
    """One WebSocket connection; `names` are the host names that are ours."""

    __slots__ = (
        "_alive", "_completed", "_done", "_engine", "_half", "_heard", "_hello", "_is_text", "_limits", "_loop", "_message",
        "_names", "_peer", "_pulse", "_reading", "_visit", "_ws",
    )  # fmt: skip

    def __init__(self, visit: Visit, engine: Engine, names: Collection[str]) -> None:
        self._visit = visit
        self._engine = engine
        self._names = names
        self._limits = engine.limits
        self._loop = asyncio.get_running_loop()
        self._ws = ServerProtocol(max_size=engine.limits.frame_bytes, logger=_quiet)
        self._message = bytearray()
        self._is_text = False
        self._peer: Peer | None = None
        self._heard: list[Heard] = []  # of this read, not handed over yet
        self._completed = False  # something that was begun was finished in this read
        self._half: asyncio.TimerHandle | None = None  # while something that was begun is not finished
        self._hello: asyncio.TimerHandle | None = None
        self._pulse: asyncio.TimerHandle | None = None
        self._alive = True
        self._done = False

    # ---- the transport's word

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._visit.leave = self.close
        visit = self._visit
        self._reading = Reading(self._loop, visit.transport, self._take, self._is_full, self._end, visit.or_leave)

    def data_received(self, data: bytes) -> None:
        self._alive = True
        self._reading.feed(data)

    def eof_received(self) -> bool:
        self._visit.ended = True
        self._reading.end()
        return True

    def pause_writing(self) -> None:
        self._visit.outbox.pause()

    def resume_writing(self) -> None:
        self._visit.outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.safely(self._retire)
        self._visit.over()

    # ---- reading

    def _is_full(self) -> bool:
        return self._peer is not None and self._peer.congested

    def _take(self, data: bytes) -> None:
        self._completed = False
        try:
            self._ws.receive_data(data)
            for event in self._ws.events_received():
                if self._done:
                    return
                if isinstance(event, Frame):
                    self._frame(event)
                elif isinstance(event, Request):
                    self._shake_hands(event)
            if self._heard:
                self._hand_over()
            self._after_parsing()
            self._watch_what_is_half()
        except Exception as error:
            self._heard = []
            self._visit.let_go(error, self.close)

    def _after_parsing(self) -> None:
        """Send what the protocol itself wants said: pongs, its own close frame."""
        if self._done:
            return
        self._push_protocol()
        if self._ws.eof_sent:
            sent = self._ws.close_sent
            self._part("" if sent is None or self._ws.parser_exc is None else f"ws-{int(sent.code)}")

    def _push_protocol(self) -> None:
        for unit in self._ws.data_to_send():
            if unit:
                self._visit.outbox.push(unit)

    def _end(self) -> None:
        """The peer has ended its side without a close frame: RFC 6455 §7.1.5 calls that abnormal."""
        if not self._done:
            self._part("")

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if not self._is_text or (frame.fin and opcode is Opcode.CONT):
            self._completed = True
        if opcode is TEXT:
            if frame.fin:
                self._hear(bytes(frame.data))
            else:
                self._is_text = True
                self._message = bytearray(frame.data)
        elif opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "text messages only", "ws-1003")
        elif opcode is Opcode.CONT and self._is_text:
            self._message += frame.data
            if frame.fin:
                message, self._message, self._is_text = bytes(self._message), bytearray(), False
                self._hear(message)

    def _hear(self, message: bytes) -> None:
        """One whole text message."""
        peer = self._peer
        if peer is None:
            return
        if not message.isascii():
            try:
                message.decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, BadText.code, BadText.code)
                return
        self._heard += peer.codec.receive(message)

    def _hand_over(self) -> None:
        """All that one read has brought, at once."""
        peer, heard = self._peer, self._heard
        self._heard = []
        if not heard or peer is None or self._done:
            return
        self._engine.dispatch.handle(peer, heard)
        if self._hello is not None and peer.session.person is not NOBODY:
            self._hello.cancel()  # nothing waits for it, so that who is idle costs no timer
            self._hello = None

    # ---- the handshake

    def _shake_hands(self, request: Request) -> None:
        response = self._judge(request)
        self._ws.send_response(response)
        if response.status_code != 101:
            self._engine.counters.refused[f"http-{response.status_code}"] += 1
            return
        self._visit.enter("websocket")
        self._push_protocol()
        codec = JsonCodec(self._limits)
        self._peer = self._engine.dispatch.arrive(codec, self._visit.outbox, self.close, self._visit.neighbours)
        self._peer.on_relief = self._reading.go_on
        self._expect_hello()
        self._pulse = self._loop.call_later(self._limits.ping_ms / 1_000, self._visit.safely, self._ping)

    def _judge(self, request: Request) -> Response:
        hosts = request.headers.get_all("Host")
        origins = request.headers.get_all("Origin")
        host = hosts[0] if len(hosts) == 1 else None
        if not is_our_host(host, self._names):
            return _answer(421, "text/plain; charset=utf-8", b"This server does not go by that name.\n")
        if request.path.partition("?")[0] != PATH:
            return _answer(404, "text/plain; charset=utf-8", f"The WebSocket is at {PATH}.\n".encode())
        if len(origins) > 1 or not is_our_origin(origins[0] if origins else None, host):
            no = refused(ForeignOrigin("A page of another origin may not speak here. Open the page from this server."))
            return _answer(403, "application/json", msgspec.json.encode(no))
        return self._ws.accept(request)

    # ---- time

    def _expect_hello(self) -> None:
        self._hello = self._loop.call_later(self._limits.hello_ms / 1_000, self._visit.safely, self._nothing_said)

    def _nothing_said(self) -> None:
        if self._peer is None:
            return
        if self._peer.barred:  # it is being answered
            self._expect_hello()
        elif self._peer.session.person is NOBODY:
            self.close(TimedOut(f"No hello within {self._limits.hello_ms // 1_000} s."))

    def _watch_what_is_half(self) -> None:
        """Half a message, half a frame: its time counts from its beginning, whatever else comes meanwhile.

        A peer that answers pings, or sends a byte now and then, could keep it for ever. The frames of a message do not
        begin its time anew, nor do the pings between them.
        """
        if not self._done and (self._is_text or not is_between_frames(self._ws)):
            if self._half is not None and not self._completed:
                return
            self._forget_half()
            self._expect_the_rest()
        else:
            self._forget_half()

    def _expect_the_rest(self) -> None:
        self._half = self._loop.call_later(self._limits.half_frame_ms / 1_000, self._visit.safely, self._too_long)

    def _forget_half(self) -> None:
        if self._half is not None:
            self._half.cancel()
            self._half = None

    def _too_long(self) -> None:
        self._half = None
        if self._reading.paused:  # it is we who do not listen
            self._expect_the_rest()
        else:
            self.close(TimedOut(f"What you began was not finished within {self._limits.half_frame_ms // 1_000} s."))

    def _ping(self) -> None:
        """Ask whether the peer lives. Whatever it sends is an answer: a pong may wait behind a long message."""
        self._alive = self._reading.paused
        self._ws.send_ping(b"")
        self._push_protocol()
        self._pulse = self._loop.call_later(self._limits.pong_ms / 1_000, self._visit.safely, self._expect_pong)

    def _expect_pong(self) -> None:
        if not self._alive and not self._reading.paused:
            self._fail(CloseCode.INTERNAL_ERROR, "no pong", "no-pong")
            return
        rest = max(self._limits.ping_ms - self._limits.pong_ms, 0)
        self._pulse = self._loop.call_later(rest / 1_000, self._visit.safely, self._ping)

    # ---- the end

    def close(self, why: WireError | Overload | None) -> None:
        """Say why in a close frame, write what waits, close."""
        if why is None:
            self._fail(CloseCode.NORMAL_CLOSURE, "", "")
        else:
            self._fail(CLOSE_CODES.get(type(why), CloseCode.POLICY_VIOLATION), why.code, why.code)

    def _fail(self, code: CloseCode, reason: str, counted: str) -> None:
        self._hand_over()  # what was said before
        if self._done:
            return
        if self._ws.state is OPEN:
            self._ws.fail(code, reason)
        self._push_protocol()
        self._part(counted)

    def _part(self, counted: str) -> None:
        self._retire()
        self._visit.part(counted)

    def _retire(self) -> None:
        self._done = True
        self._reading.stop()
        for timer in (self._half, self._hello, self._pulse):
            if timer is not None:
                timer.cancel()
        if self._peer is not None:
            self._engine.dispatch.gone(self._peer)


def is_between_frames(ws: ServerProtocol) -> bool:
    """Whether the parser waits for the first byte of a frame: where it waits for the end of the stream too.

    websockets does not say it otherwise; a test holds that its parser is still made like this.
    """
    waiting: Any = ws.parser
    while waiting is not None and waiting.gi_yieldfrom is not None:
        waiting = waiting.gi_yieldfrom
    return waiting is not None and waiting.__name__ == "at_eof"


def _answer(status: int, media: str, body: bytes) -> Response:
    phrases = {403: "Forbidden", 404: "Not Found", 421: "Misdirected Request"}
    headers = Headers({"Content-Type": media, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, phrases[status], headers, body)
