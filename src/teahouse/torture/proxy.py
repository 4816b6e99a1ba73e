"""A bad network between people and the server: each connection meets with a misfortune of its own.

    cut         after so many bytes in one direction, or so many seconds: both sides see an end (FIN) or a break (RST)
    stall       nothing gets through for a while, then it is cut
    half        the server sees the end of what it reads, while what it says still gets through
    dribble     the first bytes come one at a time

What was carried before a cut is carried whole: exactly those bytes are the last that the other side sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct

from teahouse.server.tasks import Tasks
from teahouse.torture.house import HOST
from teahouse.torture.ledger import Ledger

LIFE_S = (0.3, 12.0)
MOST_BYTES = 200_000
STALL_S = (0.3, 3.0)
DRIBBLED = 400
CHUNK = 1 << 16
CLOSE_S = 0.5  # for what was carried to be taken by a side that still reads
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a RST


class Fate:
    """What one connection meets with."""

    def __init__(self, chance: random.Random) -> None:
        kinds = ["cut to server", "cut to client", "cut in time", "stall", "half", "dribble"]
        self.kind = chance.choices(kinds, [3, 3, 3, 1, 1, 1])[0]
        self.life_s = chance.uniform(*LIFE_S)
        self.bytes = int(
            MOST_BYTES ** (chance.random() ** 0.7)
        )  # at any byte, and not nearly always within the first words
        self.stall_s = chance.uniform(*STALL_S)
        self.resets = chance.random() < 0.5

    def budget(self, to_server: bool) -> int | None:
        """How many bytes get through in this direction; None: all."""
        if self.kind == "cut to server" and to_server:
            return self.bytes
        if self.kind == "cut to client" and not to_server:
            return self.bytes
        return self.bytes if self.kind == "half" and to_server else None


class Proxy:
    """Listens on a port of its own; every connection goes to `port`. `cuts`: connections that it broke."""

    def __init__(self, port: int, ledger: Ledger, seed: int) -> None:
        self._to = port
        self._ledger = ledger
        self._chance = random.Random(f"{seed} network")
        self._server: asyncio.Server | None = None
        self._tasks = Tasks()
        self.port = 0
        self.cuts = 0
        self.is_kind = False  # nothing bad happens any more

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break every connection, listen no more."""
        if self._server is not None:
            self._server.close()
        await self._tasks.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        work = self._tasks.start(self._between(reader, writer), "connection")
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await work

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = Fate(self._chance)
        try:
            server_reader, server_writer = await asyncio.open_connection(HOST, self._to)
        except BaseException as error:
            writer.transport.abort()
            if isinstance(error, OSError):
                return
            raise
        ways = [
            self._tasks.start(self._carry(reader, server_writer, fate, to_server=True), "to the server"),
            self._tasks.start(self._carry(server_reader, writer, fate, to_server=False), "to the client"),
        ]
        try:
            done, _ = await asyncio.wait(
                ways, timeout=None if self.is_kind else fate.life_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not self.is_kind and (not done or any(way.result() for way in done)):
                self.cuts += 1
                if fate.kind == "half" and ways[0] in done:
                    await asyncio.wait(ways[1:], timeout=fate.stall_s)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await asyncio.gather(*(close(side, reset=fate.resets) for side in (writer, server_writer)))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fate: Fate, *, to_server: bool
    ) -> bool:
        """Carry bytes one way; returns whether misfortune, not an end, was what ended it."""
        left = None if self.is_kind else fate.budget(to_server)
        dribbled = DRIBBLED if fate.kind == "dribble" and to_server else 0
        try:
            while left is None or left > 0:
                data = await reader.read(1 if dribbled else CHUNK if left is None else min(left, CHUNK))
                if not data:
                    return False
                dribbled = max(0, dribbled - 1)
                if fate.kind == "stall" and not self.is_kind and self._chance.random() < 0.02:
                    await asyncio.sleep(fate.stall_s)
                    return True
                if writer.transport.is_closing():
                    return False
                writer.write(data)
                await writer.drain()
                left = None if left is None else left - len(data)
            if fate.kind == "half" and not writer.transport.is_closing():
                writer.write_eof()
        except OSError:
            return False
        return True


async def close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Close it, kindly or with a RST; nothing of it is left."""
    try:
        if reset:
            if (peer := writer.get_extra_info("socket")) is not None:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            writer.close()
            async with asyncio.timeout(CLOSE_S):
                await writer.wait_closed()
    except OSError:
        pass  # it is gone, or nobody reads what is left
    finally:
        writer.transport.abort()
