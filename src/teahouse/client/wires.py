"""Two ways to carry JSON objects over a stream of bytes: frames of cmd 200, and a WebSocket. No input, no output.

    opening() ──▶ the first bytes to write          write(body) ──▶ bytes that carry one object
    receive(data) ──▶ the objects that are complete, and in `pending` what is to be written because of them

Both must tell a Teahouse from whoever else may answer on that port: people mistype ports, and then an SSH server or
a web server says hello.
"""

from __future__ import annotations

import logging
import struct
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import CLOSED, CLOSING
from websockets.uri import parse_uri

from teahouse.client.address import Address
from teahouse.client.errors import NotAHouse

MOST_BYTES = 64 << 20
"""Of one object: a page of 500 of the longest messages is half of it."""

VERSION, CMD_TEXT, CMD_JSON = 1, 100, 200
_header = struct.Struct("!3I")

STRANGERS = (
    (b"SSH-", "An SSH server"),
    (b"HTTP/", "A web server"),
    (b"<!DOCTYPE", "A web server"),
    (b"<html", "A web server"),
    (b"\x15\x03", "A server that wants TLS"),
    (b"220 ", "A mail or file server"),
    (b"220-", "A mail or file server"),
    (b"* OK", "A mail server"),
    (b"+OK", "A mail server"),
    (b":", "An IRC server"),
    (b"-ERR", "A Redis server"),
    (b"RFB ", "A VNC server"),
)

_quiet = logging.getLogger("teahouse.client.websocket")
_quiet.setLevel(logging.CRITICAL)  # what goes wrong is raised here, once, in our own words


class Torn(Exception):
    """The stream cannot be followed any more; the message says why."""


class Wire(Protocol):
    """One connection's two directions."""

    pending: bytes
    """What must be written because of what came; whoever writes it takes it."""
    ready: bool
    """Whether objects may be written."""

    def opening(self) -> bytes:
        """What to write first."""

    def write(self, body: bytes) -> bytes:
        """The bytes that carry one object."""

    def receive(self, data: bytes) -> list[bytes]:
        """The objects that these bytes complete.

        raises  NotAHouse   somebody else answers
                Torn        it was one, but its bytes make no sense any more, or it said goodbye
        """

    def closing(self) -> bytes:
        """What to write last."""


class FramesWire:
    """Frames of cmd 200 (docs/protocol.md, «Frames»)."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._held = bytearray()
        self._known = False  # the peer has said something that only a Teahouse says
        self.pending = b""
        self.ready = True

    def opening(self) -> bytes:
        """Nothing: the first frame says what this is."""
        return b""

    def write(self, body: bytes) -> bytes:
        """One frame. Until it is known that a house is there, it ends as a line does, which JSON allows: a web server
        waits for the end of a line before it says what it is."""
        if not self._known:
            body += b"\r\n\r\n"
        return _header.pack(VERSION, len(body), CMD_JSON) + body

    def receive(self, data: bytes) -> list[bytes]:
        """The bodies of the frames that are complete."""
        self._held += data
        bodies: list[bytes] = []
        at = 0
        while len(self._held) - at >= _header.size:
            version, length, cmd = _header.unpack_from(self._held, at)
            if version != VERSION or cmd not in (CMD_TEXT, CMD_JSON) or length > MOST_BYTES:
                self._refuse(bytes(self._held[at:]))
            end = at + _header.size + length
            if end > len(self._held):
                break
            self._known = True
            if cmd == CMD_JSON and length:
                bodies.append(bytes(memoryview(self._held)[at + _header.size : end]))
            at = end
        del self._held[:at]
        if not self._known and self._held and not b"\0\0\0\1".startswith(bytes(self._held[:4])):
            self._refuse(bytes(self._held))
        return bodies

    def _refuse(self, data: bytes) -> None:
        if self._known:
            raise Torn("what came was no frame")
        if data.startswith(b"* "):  # a house says so before it knows what we speak
            raise Torn(data[2:].decode(errors="replace").strip())
        raise NotAHouse(f"{who_answers(data)} answers at {self._address}, no Teahouse. Is the port right?")

    def closing(self) -> bytes:
        """Nothing: the end of the stream says it."""
        return b""


class WebSocketWire:
    """Text messages of a WebSocket; the protocol is websockets' own sans-I/O half."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._ws = ClientProtocol(parse_uri(str(address)), max_size=MOST_BYTES, logger=_quiet)
        self._message = bytearray()
        self.pending = b""
        self.ready = False

    def opening(self) -> bytes:
        """The request for an upgrade."""
        self._ws.send_request(self._ws.connect())
        return b"".join(self._ws.data_to_send())

    def write(self, body: bytes) -> bytes:
        """One text message."""
        self._ws.send_text(body)
        return b"".join(self._ws.data_to_send())

    def receive(self, data: bytes) -> list[bytes]:
        """The text messages that are complete."""
        if not self.ready and not b"HTTP/".startswith(data[:5]):
            raise NotAHouse(f"{who_answers(data)} answers at {self._address}, no Teahouse. Is the port right?")
        self._ws.receive_data(data)
        bodies = [body for event in self._ws.events_received() if (body := self._take(event)) is not None]
        self.pending += b"".join(self._ws.data_to_send())
        if not self.ready and self._ws.handshake_exc is not None:
            raise self._no_upgrade(self._ws.handshake_exc)
        goodbye = self._ws.close_rcvd
        if goodbye is not None and not bodies:
            raise Torn(f"the server closed the WebSocket: {goodbye.code} {goodbye.reason}".strip())
        return bodies

    def _take(self, event: object) -> bytes | None:
        """One piece of what came: a whole message, or None."""
        if not isinstance(event, Frame):
            self.ready = self._ws.handshake_exc is None
            return None
        if event.opcode in (Opcode.TEXT, Opcode.CONT, Opcode.BINARY):
            self._message += event.data
            if event.fin:
                body = bytes(self._message)
                self._message.clear()
                return body
        return None

    def _no_upgrade(self, error: Exception) -> NotAHouse:
        where = f"A web server answers at {self._address}"
        if isinstance(error, InvalidStatus):
            return NotAHouse(f"{where}, with status {error.response.status_code} and no WebSocket. Is the path right?")
        if isinstance(error, InvalidHandshake):
            return NotAHouse(f"{where}, but speaks no WebSocket there: {error}")
        return NotAHouse(f"What answers at {self._address} is no Teahouse: {error}")

    def closing(self) -> bytes:
        """A close frame."""
        if self.ready and self._ws.state not in (CLOSING, CLOSED):
            self._ws.send_close(1000)
        return b"".join(self._ws.data_to_send())


def make_wire(address: Address) -> Wire:
    """The wire that an address asks for."""
    return WebSocketWire(address) if address.path else FramesWire(address)


def who_answers(data: bytes) -> str:
    """Who begins like that."""
    for beginning, who in STRANGERS:
        if data.startswith(beginning):
            return who
    return "Something that is not known here"
