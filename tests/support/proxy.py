"""A bad network in sixty lines: a proxy that cuts a connection at byte k, or swallows what comes.

    to_server    bytes that still get through to the server; then the connection breaks
    to_client    bytes that still get through to the client; then the connection breaks

Each connection takes the budget that is set at the moment when it is made; None lets everything through. `chance`
gives each connection budgets of its own instead.
A cut closes both sides after the bytes before it, so that exactly those are the last that either side sees. `swallow`
lets nothing through any more, neither bytes nor the end; `let_go` breaks what was swallowed, and all is well again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from tests.support.server_process import HOST


class Proxy:
    """Listens on a port of its own; every connection goes to `port`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.to_server: int | None = None
        self.to_client: int | None = None
        self.chance: Callable[[], tuple[int | None, int | None]] | None = None
        self.connections = 0
        self._open = asyncio.Event()
        self._open.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break every connection, listen no more."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def swallow(self) -> None:
        """Whatever is said from now on goes nowhere."""
        self._open.clear()

    def let_go(self) -> None:
        """Break the connections that were swallowed; new ones get through."""
        self._open.set()
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # by `stop` or `let_go`
        finally:
            self._tasks.discard(task)
            await _close(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        out, back = (self.to_server, self.to_client) if self.chance is None else self.chance()
        self.connections += 1
        with contextlib.suppress(OSError):
            server_reader, server_writer = await asyncio.open_connection(HOST, self._port)
            ways: list[Awaitable[None]] = [
                self._carry(reader, server_writer, out),
                self._carry(server_reader, writer, back),
            ]
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                server_writer.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await _close(server_writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
        """Carry bytes one way until the end of the stream or of the budget."""
        with contextlib.suppress(OSError):
            while budget is None or budget > 0:
                data = await reader.read(1 << 16 if budget is None else budget)
                await self._open.wait()
                if not data:
                    return
                writer.write(data)
                await writer.drain()
                budget = None if budget is None else budget - len(data)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close it, and wait until that is done: nothing is left to the end of the loop."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
