"""Bytes of each door as its programs write and read them, written from docs/protocol.md alone: no server code.

FrameWire      frames of one cmd; send(text), receive() → text
WebSocketWire  text messages at /ws
LineWire       text up to a line end, as `nc` sends it
RawWire        text with no line end, as the old text program sends it
"""

from __future__ import annotations

import asyncio
import base64
import codecs
import hashlib
import os
import struct
from typing import Protocol, cast

HEADER = struct.Struct("!3I")
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


class Hung(Exception):
    """The other side has closed, or the connection broke; `code` is a WebSocket's close code."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


class Wire(Protocol):
    """One connection of a client."""

    def send(self, text: str) -> None: ...
    async def receive(self) -> str: ...
    async def drained(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class _Stream:
    """What all wires share: a connection, and the two ways to be rid of it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def drained(self) -> None:
        """Wait until the connection takes more."""
        try:
            await self._writer.drain()
        except OSError as error:
            raise Hung from error

    def _put(self, data: bytes) -> None:
        """Write; into a connection that is no more, in vain. uvloop raises there, asyncio is silent."""
        if not self._writer.transport.is_closing():
            self._writer.write(data)

    def pause(self) -> None:
        """Read nothing from now on, as a program that was stopped."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self._writer.transport)  # uvloop's is none by inheritance

    def close(self) -> None:
        """Say no more; what was written is still sent."""
        self._writer.close()

    def abort(self) -> None:
        """Vanish at once."""
        self._writer.transport.abort()

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Hung from error


class FrameWire(_Stream):
    """Frames; only those of `cmd` are expected to come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cmd: int) -> None:
        super().__init__(reader, writer)
        self.cmd = cmd

    def send(self, text: str) -> None:
        body = text.encode()
        self._put(HEADER.pack(1, len(body), self.cmd) + body)

    async def receive(self) -> str:
        version, length, cmd = HEADER.unpack(await self._exactly(HEADER.size))
        body = await self._exactly(length)
        assert (version, cmd) == (1, self.cmd), f"a frame of version {version} and cmd {cmd}: {body!r}"
        return body.decode()


class WebSocketWire(_Stream):
    """RFC 6455, the client's side: text messages, never fragmented by us; pings are answered."""

    def send(self, text: str) -> None:
        self._write(0x1, text.encode())

    async def receive(self) -> str:
        while True:
            first, second = await self._exactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self._exactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self._exactly(8))
            assert not second & 0x80, "a server never masks"
            payload = await self._exactly(length)
            match first:
                case 0x81:
                    return payload.decode()
                case 0x89:
                    self._write(0xA, payload)
                case 0x8A:
                    continue
                case 0x88:
                    raise Hung(struct.unpack("!H", payload[:2])[0] if payload else None)
                case _:
                    raise AssertionError(f"an unexpected frame: {first:#x}")

    def _write(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = bytes((0x80 | opcode, 0x80 | length))
        elif length < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, length)
        mask = os.urandom(4)
        pad = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        masked = (int.from_bytes(payload, "big") ^ pad).to_bytes(length, "big")
        self._put(head + mask + masked)


class _TextWire(_Stream):
    """UTF-8 as it comes, cut anywhere."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    async def receive(self) -> str:
        try:
            data = await self._reader.read(1 << 16)
        except OSError as error:
            raise Hung from error
        if not data:
            raise Hung
        return self._decoder.decode(data)


class LineWire(_TextWire):
    """What is sent is one line."""

    def send(self, text: str) -> None:
        self._put(text.encode() + b"\n")


class RawWire(_TextWire):
    """What is sent ends with the pause after it."""

    def send(self, text: str) -> None:
        self._put(text.encode())


async def open_frames(host: str, port: int, cmd: int) -> FrameWire:
    """A connection of a program that speaks frames."""
    return FrameWire(*await asyncio.open_connection(host, port), cmd)


async def open_lines(host: str, port: int) -> LineWire:
    """A connection as `nc` makes it."""
    return LineWire(*await asyncio.open_connection(host, port))


async def open_raw(host: str, port: int) -> RawWire:
    """A connection as the old text program makes it."""
    return RawWire(*await asyncio.open_connection(host, port))


async def open_websocket(host: str, port: int) -> WebSocketWire:
    """A WebSocket at /ws; the handshake is done when this returns."""
    reader, writer = await asyncio.open_connection(host, port)
    key = base64.b64encode(os.urandom(16))
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: %b:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" % (host.encode(), port)
        + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n" % key
    )
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError) as error:
        writer.transport.abort()
        raise Hung from error
    proof = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest())
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert proof in head, head
    return WebSocketWire(reader, writer)
