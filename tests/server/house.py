"""A whole node on a port of its own, in this process, and somebody who calls at it with bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from teahouse.core.limits import LAN, Limits
from teahouse.core.state import DEFAULT_ROOM
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server
from teahouse.store.sqlite import SqliteStore
from tests.support.inbox import PATIENCE_S
from tests.support.json_client import JsonClient

HOST = "127.0.0.1"


class Caller:
    """One TCP connection of a client that knows no protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def dribble(self, data: bytes) -> None:
        """Send byte by byte, each in a segment of its own."""
        for byte in data:
            self.writer.write(bytes([byte]))
            await asyncio.sleep(0)

    def end(self) -> None:
        """Say no more, and go on reading."""
        self.writer.write_eof()

    async def until(self, marker: bytes) -> bytes:
        """What comes, up to the marker and with it."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readuntil(marker)

    async def rest(self) -> bytes:
        """All that comes until the other side has ended its side. A reset is an error."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read(-1)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        self.writer.transport.abort()


class House:
    """A node that serves; `callers` are closed with it."""

    def __init__(self, engine: Engine, server: Server) -> None:
        self.engine = engine
        self.server = server
        self.callers: list[Caller] = []
        self.programs: list[JsonClient] = []

    @property
    def port(self) -> int:
        return self.server.addresses[0][1]

    @property
    def head(self) -> int:
        """How many events the default room has had."""
        return self.engine.state.rooms_by_name[DEFAULT_ROOM].head

    async def call(self) -> Caller:
        """Connect, and say nothing."""
        caller = Caller(*await asyncio.open_connection(HOST, self.port))
        self.callers.append(caller)
        return caller

    async def ask(self, data: bytes) -> bytes:
        """Connect, say this, and return all that is answered until the connection ends."""
        caller = await self.call()
        caller.send(data)
        return await caller.rest()

    async def program(self, *, name: str | None = None, room: str = DEFAULT_ROOM) -> JsonClient:
        """A JSON program that sits in a room and hears it."""
        client = await JsonClient.by_frames(HOST, self.port)
        self.programs.append(client)
        await client.hello(name)
        await client.join(room)
        return client

    async def has(self, count: int, door: str | None = None) -> None:
        """Wait until so many are in, or at this door."""
        visits = self.server.visits
        async with asyncio.timeout(PATIENCE_S):
            while (len(visits.present) if door is None else visits.by_door()[door]) != count:
                await asyncio.sleep(0.005)

    async def empty(self) -> None:
        """Wait until nobody is in."""
        await self.has(0)


async def hears(client: JsonClient) -> str:
    """The text of the next message that the program hears; who came and went is passed over."""
    while (word := await client.heard.next())["type"] != "posted":
        assert word["type"] == "present", word
    text: str = word["text"]
    return text


@contextlib.asynccontextmanager
async def open_house(folder: Path, limits: Limits = LAN, clock: Clock | None = None) -> AsyncIterator[House]:
    """A node with this data folder, from its start to its stop.

    clock   what it takes for the time
    """
    clock = clock or Clock()
    engine = Engine(SqliteStore(folder, limits, clock.now_ms), limits, name="Teahouse", version="0", clock=clock)
    server = Server(engine, host=HOST, port=0, names=["tea.example"])
    await server.start()
    house = House(engine, server)
    try:
        yield house
    finally:
        for program in house.programs:
            await program.close()
        for caller in house.callers:
            await caller.close()
        await server.stop()
