"""uvicorn's HTTP protocol with bounds: a request head and a body are limited in bytes, number and time.

uvicorn answers a head of 20 MB and waits for a slow one for ever. The guard counts while the parser works and stops
it by an exception in a callback; uvicorn then calls `send_400_response`, where the guard says what was too much.

    408  head or body not complete in time        414  request line too long
    413  body too long                            431  headers too long or too many
    400  not HTTP

An upgrade that we have not (`h2c`, TLS, a WebSocket that is no GET or has a body) is served as if it had not been asked
for; the parser would take its body for the other protocol, so it is given the same request once more without it.

Bytes of an unfinished head are counted too, because the parser keeps what it has not yet passed on: at most the
limit and two pieces.

Small requests, chunks and headers cost the parser much for their bytes, so it too is fed in pieces (`Reading`). The
socket has two who pause it: the slices, and uvicorn's own flow control, which waits for a body to be taken and for
answers to be given. It is read while neither does.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from teahouse.core.errors import Overload
from teahouse.core.limits import Limits
from teahouse.server.reading import Reading, Shared
from teahouse.server.visits import Visit

VISIT = "teahouse.visit"  # the extension by which an answer that goes on and on knows whether somebody is there
VERSIONS = ("1.0", "1.1")  # the parser knows 0.9 and 2.0 too
HEALTH = b"/healthz"  # is answered though the house is full
PIPELINED = 16  # requests that wait for the answer to an earlier one of their connection


class Stop(Exception):
    """Raised in a callback of the parser: parse no further."""


class GuardedHttp(HttpToolsProtocol):
    """One HTTP connection. `upgrade` makes the protocol object that takes over for a WebSocket."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        visit: Visit,
        limits: Limits,
        now_s: Callable[[], float],
        upgrade: Callable[[Visit], asyncio.Protocol],
    ) -> None:
        super().__init__(config, state, {})
        self.ws_protocol_class = lambda config, server_state, app_state: upgrade(visit)  # type: ignore[assignment]
        self._visit = visit
        self._limits = limits
        self._now_s = now_s
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._refusal: tuple[int, str] | None = None
        self._over = False
        self._once_more = False  # what is parsed now is a request without the upgrade that it asked for
        self._in_head = True
        self._in_body = False
        self._begun = 0  # heads begun in this piece
        self._raw = 0  # bytes of an unfinished head
        self._head = 0  # bytes of its header fields so far
        self._body = 0

    # ---- the transport's word

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._socket = Shared(transport)
        self.flow = FlowControl(cast(asyncio.Transport, self._socket))  # it pauses and resumes, no more
        self._reading = Reading(self.loop, self._socket, self._take, lambda: False, self._end, self._visit.safely)
        self._visit.leave = self._leave
        self._arm(self._limits.http_head_ms)

    def data_received(self, data: bytes) -> None:
        if not self._over:
            self._stamp()
            self._reading.feed(data)

    def _take(self, data: bytes) -> None:
        if self._over or self.transport.is_closing():
            return
        alone = not self._in_body
        self._begun = 0
        self._unset_keepalive_if_required()
        self._parse(data)
        self._judge_the_rest(len(data), alone)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.send_400_response(str(error))
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._should_upgrade():
                rest += self._reading.hand_over()
                self.handle_websocket_upgrade()
                cast(asyncio.Protocol, self.transport.get_protocol()).data_received(rest)
            elif self.parser.get_method() == b"CONNECT":
                self.cycle.keep_alive = False  # what follows is for a tunnel that there is not
            else:
                self._parse_without_upgrade(rest)

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """Read the request whose head was just read once more; `rest` is what came behind it."""
        version = self.parser.get_http_version().encode()
        head = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        head += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self._once_more = True
        self._parse(b"\r\n".join((*head, b"", rest)))

    def _judge_the_rest(self, size: int, alone: bool) -> None:
        """After `size` bytes were parsed; `alone`: they began with a head, not with the rest of a body."""
        if self._over:
            return
        if self._in_head and (self._begun == 0 or (alone and self._begun == 1)):
            self._raw += size
            if self._raw > self._limits.http_line_bytes + self._limits.http_head_bytes:
                self._refuse(431, "The head of the request is too long.")
        if self._deadline is None and not self._in_body and not self._answering:
            # Bytes between two requests (blank lines) have stopped uvicorn's own timer.
            self._arm(self._limits.http_head_ms)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The peer may end its side and still wait for the answer; uvicorn would close at once."""
        self._visit.ended = True
        self._reading.end()
        return True

    def _end(self) -> None:
        """All that the peer will ever say was taken."""
        if self._over or not self._answering or self._in_body:
            self.transport.close()
            return
        self.cycle.keep_alive = False
        self._visit.on_ended()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(self._limits.stall_ms / 1_000, self._visit.outbox.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._visit.safely(self._retire)
        self._visit.safely(super().connection_lost, exc)
        self._visit.over()

    # ---- the parser's word

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {VISIT: self._visit}
        self.scope["extensions"] = extensions
        self._begun += 1
        self._in_head = True
        self._raw = self._head = self._body = 0
        self._arm(self._limits.http_head_ms)
        if len(self.pipeline) >= PIPELINED:
            self._stop(429, f"More than {PIPELINED} requests wait on this connection. Read their answers first.")

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.http_line_bytes:
            self._stop(414, f"The request line is longer than {self._limits.http_line_bytes:,} bytes.")
        if self._visit.is_spare and not HEALTH.startswith(self.url):
            self._stop(503, "The house is full. Come back in a moment.")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head += len(name) + len(value) + 4
        if self._head > self._limits.http_head_bytes:
            self._stop(431, f"The headers are longer than {self._limits.http_head_bytes:,} bytes.")
        if len(self.headers) > self._limits.http_headers:
            self._stop(431, f"There are more than {self._limits.http_headers} headers.")

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in VERSIONS:
            self._stop(400, "This server speaks HTTP/1.1.")
        length = next((value for name, value in self.headers if name == b"content-length"), b"0")
        # The parser has checked that it is a number (RFC 9112 §6.3).
        if len(length) > 18 or int(length) > self._limits.frame_bytes:
            self._stop(413, f"The body is longer than {self._limits.frame_bytes:,} bytes.")
        if self._is_upgrade and self._answering:
            self._stop(400, "An upgrade may not wait behind another request.")
        if self.parser.should_upgrade() and not self._should_upgrade() and self.parser.get_method() != b"CONNECT":
            return  # to be read once more
        if self._visit.is_spare and (self.url != HEALTH or self._answering):
            self._stop(503, "The house is full. Come back in a moment.")
        super().on_headers_complete()
        if self._visit.is_spare:
            self.cycle.keep_alive = False
        if self._once_more:
            self._once_more = False
            self.cycle.keep_alive = False  # another upgrade behind it would have to be guessed at
        self._in_head = False
        self._in_body = True
        self._arm(self._limits.half_frame_ms)

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        if self._body > self._limits.frame_bytes:
            self._stop(413, f"The body is longer than {self._limits.frame_bytes:,} bytes.")
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._in_head:
            return  # of a request that is to be read once more
        self._in_body = False
        self._disarm()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._retire()
        super().handle_websocket_upgrade()

    def _should_upgrade(self) -> bool:
        """Whether this is the upgrade that we have: RFC 6455 §4.1, a GET without a body."""
        if self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            return False
        wanted = [value for name, value in self.headers if name == b"upgrade"]
        has_body = any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in self.headers
        )
        return not has_body and len(wanted) == 1 and wanted[0].strip().lower() == b"websocket"

    # ---- saying no

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this when the parser stopped, by itself or by us."""
        status, text = self._refusal or (400, "This is not a request that HTTP/1.1 knows.")
        self._refuse(status, text)

    def _stop(self, status: int, text: str) -> None:
        self._refusal = (status, text)
        raise Stop

    def _refuse(self, status: int, text: str) -> None:
        if self.pipeline or (self._answering and not self._in_body):
            # What was asked properly before is answered first; the closing connection says the rest.
            self._over = True
            self._disarm()
            self.cycle.keep_alive = False
            if self._in_body:
                self._visit.outbox.abort()
            return
        started = self._in_body and self.cycle.response_started
        self._retire()
        if not started:
            self._visit.outbox.push(self._answer(status, text))
        self._visit.part(f"http-{status}")

    def _answer(self, status: int, text: str) -> bytes:
        body = (text + "\n").encode()
        lines = [b"HTTP/1.1 %d %s" % (status, http.HTTPStatus(status).phrase.encode())]
        lines += [name + b": " + value for name, value in self.server_state.default_headers]
        lines += [b"content-type: text/plain; charset=utf-8", b"content-length: %d" % len(body)]
        lines += [b"connection: close", b"x-content-type-options: nosniff", b"", body]
        return b"\r\n".join(lines)

    def _too_late(self) -> None:
        self._deadline = None
        if self._socket.held:  # it is we who do not listen
            self._arm(self._limits.half_frame_ms)
        elif self._in_head or self._in_body:
            self._refuse(408, "The request did not come in time.")
        else:
            self._visit.part("timed-out")

    # ---- the rest

    @property
    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    @property
    def _is_upgrade(self) -> bool:
        return bool(self.parser.should_upgrade() and self._should_upgrade())

    def _arm(self, ms: int) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(ms / 1_000, self._visit.safely, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stamp(self) -> None:
        """The `date` of the answers to what was just read."""
        date = email.utils.formatdate(self._now_s(), usegmt=True).encode()
        self.server_state.default_headers = [(b"date", date)]

    def _retire(self) -> None:
        """This object hears no more of the connection; somebody who waits for its request is told."""
        self._over = True
        self._reading.stop()
        self._disarm()
        self._unset_keepalive_if_required()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        self.connections.discard(self)
        if self._answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _leave(self, why: Overload) -> None:
        """The server stops: what was asked is answered, then the connection ends."""
        self._over = True
        self._disarm()
        self.shutdown()
