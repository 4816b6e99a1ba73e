"""Bytes of the JSON doors as programs write and read them: frames with cmd 200, and a WebSocket. No I/O in here.

wire = Frames()
socket.sendall(wire.opening(host, port))
socket.sendall(wire.pack(b'{"type":"ping"}'))
for message in wire.feed(socket.recv(65_536)): …
socket.sendall(wire.owed())                              pongs
"""

from __future__ import annotations

import base64
import os
import struct
from typing import Protocol

HEADER = struct.Struct("!3I")
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA  # RFC 6455 §5.2


class Gone(Exception):
    """The other side has closed, or said what no server says; the words are for people."""


class Wire(Protocol):
    """One connection's bytes."""

    def opening(self, host: str, port: int) -> bytes: ...
    def pack(self, message: bytes) -> bytes: ...
    def feed(self, data: bytes) -> list[bytes]: ...
    def owed(self) -> bytes: ...


class Frames:
    """Version, length and cmd, then the body (docs/protocol.md, «Frames»)."""

    def __init__(self, cmd: int = 200) -> None:
        self._cmd = cmd
        self._held = b""

    def opening(self, host: str, port: int) -> bytes:
        """Frames begin without a word."""
        return b""

    def pack(self, message: bytes) -> bytes:
        """One message as a frame."""
        return HEADER.pack(1, len(message), self._cmd) + message

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete.

        raises  Gone: a frame of another version or cmd, which is a refusal of the connection
        """
        self._held += data
        found = []
        while len(self._held) >= HEADER.size:
            version, length, cmd = HEADER.unpack_from(self._held)
            if (version, cmd) != (1, self._cmd):
                raise Gone(f"a frame of version {version} and cmd {cmd}: {self._held[:200]!r}")
            if len(self._held) < HEADER.size + length:
                break
            found.append(self._held[HEADER.size : HEADER.size + length])
            self._held = self._held[HEADER.size + length :]
        return found

    def owed(self) -> bytes:
        """Nothing is asked of a reader of frames."""
        return b""


class WebSocket:
    """The client's side of RFC 6455: text messages, whole; pings are answered by what `owed` returns."""

    def __init__(self) -> None:
        self._held = b""
        self._is_open = False
        self._owed = b""

    def opening(self, host: str, port: int) -> bytes:
        """The handshake."""
        return (
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        ).encode()

    def pack(self, message: bytes) -> bytes:
        """One message, masked."""
        return ws_frame(TEXT, message)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete.

        raises  Gone: the handshake was refused, or the server closed and said why
        """
        self._held += data
        if not self._is_open and not self._opened():
            return []
        found = []
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == TEXT:
                found.append(payload)
            elif opcode == PING:
                self._owed += ws_frame(PONG, payload)
            elif opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big")
                raise Gone(f"closed with {code}: {payload[2:].decode(errors='replace')}")
        return found

    def owed(self) -> bytes:
        """What is to be written now, once."""
        owed, self._owed = self._owed, b""
        return owed

    def _opened(self) -> bool:
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101 "):
            raise Gone(f"no WebSocket: {head[:200]!r}")
        self._held, self._is_open = rest, True
        return True

    def _frame(self) -> tuple[int, bytes] | None:
        held = self._held
        if len(held) < 2:
            return None
        length, at = held[1] & 0x7F, 2
        if length > 125:
            at = 4 if length == 126 else 10
            if len(held) < at:
                return None
            length = int.from_bytes(held[2:at], "big")
        if len(held) < at + length:
            return None
        self._held = held[at + length :]
        return held[0] & 0xF, held[at : at + length]


def ws_frame(opcode: int, payload: bytes, *, last: bool = True) -> bytes:
    """One frame of a WebSocket as a client writes it.

    last   whether its message ends with it
    """
    first, length = opcode | (0x80 if last else 0), len(payload)
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, 0xFE, length)
    else:
        head = struct.pack("!BBQ", first, 0xFF, length)
    mask = os.urandom(4)
    pad = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ pad).to_bytes(length, "big")


DOORS: dict[str, type[Frames] | type[WebSocket]] = {"frames": Frames, "websocket": WebSocket}
