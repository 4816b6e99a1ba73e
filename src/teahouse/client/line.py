"""One connection to a house, from dialling to hanging up. It does not come back when it is lost: `link.py` does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from teahouse.client.address import Address
from teahouse.client.errors import NotAHouse, Unreachable
from teahouse.client.wires import Torn, Wire, make_wire
from teahouse.client.within import within
from teahouse.client.words import NotAWord, Word, decode

CHUNK = 1 << 16
GOODBYE_S = 1.0
KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire) -> None:
        self._reader = reader
        self._writer = writer
        self._wire = wire

    def write(self, body: bytes) -> None:
        """Send one object. On a connection that is lost it goes nowhere; `hear` then tells."""
        if not self._writer.is_closing():
            self._writer.write(self._wire.write(body))

    async def hear(self) -> list[Word]:
        """Wait for the next bytes; the words that they complete, which may be none.

        raises  Torn        the connection is no more; says why
                NotAHouse   somebody else answers
        """
        try:
            data = await self._reader.read(CHUNK)
        except OSError as error:
            raise Torn(_reason(error)) from error
        if not data:
            raise Torn("the server closed the connection")
        bodies = self._wire.receive(data)
        if self._wire.pending and not self._writer.is_closing():
            self._writer.write(self._wire.pending)
            self._wire.pending = b""
        try:
            return [decode(body) for body in bodies]
        except NotAWord as error:
            raise Torn(f"what came was {error}") from error

    async def is_open(self) -> None:
        """Wait until objects may be written: a WebSocket must be upgraded first.

        raises  Torn, NotAHouse
        """
        self._writer.write(self._wire.opening())
        while not self._wire.ready:
            await self.hear()

    def abort(self) -> None:
        """Be gone at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Write what waits, say goodbye, and give the server a moment to have read it."""
        try:
            with contextlib.suppress(OSError, Torn, NotAHouse):
                if not self._writer.is_closing():
                    await within(GOODBYE_S, self._part())
        finally:
            self.abort()

    async def _part(self) -> None:
        """Say goodbye, and read until the server has closed too."""
        self._writer.write(self._wire.closing())
        await self._writer.drain()
        if self._writer.can_write_eof():
            self._writer.write_eof()
        while True:
            await self.hear()


async def dial(address: Address, within_s: float) -> Line:
    """Connect, and open the wire.

    raises  Unreachable, NotAHouse: say what to do
    """
    tls = ssl.create_default_context() if address.tls else None
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
    except TimeoutError as error:
        raise Unreachable(f"{address} did not answer within {within_s:g} s. Is the address right?") from error
    except ssl.SSLError as error:
        raise NotAHouse(f"{address} cannot be trusted or speaks no TLS: {error.reason or error}.") from error
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{address} cannot be reached: {_reason(error)}. Is a Teahouse running there?") from error
    _keep_alive(writer)
    line = Line(reader, writer, make_wire(address))
    try:
        async with asyncio.timeout(within_s):
            await line.is_open()
    except TimeoutError as error:
        line.abort()
        raise NotAHouse(f"{address} takes connections and says nothing. Is that a Teahouse?") from error
    except Torn as error:
        line.abort()
        raise Unreachable(f"{address} closed the connection: {error}") from error
    except BaseException:
        line.abort()
        raise
    return line


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Let the kernel notice a peer that vanished."""
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _reason(error: Exception) -> str:
    """Why, in a few words: several addresses of one host fail alike, and asyncio tells them all."""
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "nobody listens there"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
