"""A house for your own tests: the real server with the real log, in this process, in a folder that is gone afterwards.

    async with house() as server:                       in the loop that runs
        async with connect(server.address, name="ana") as me: …

    with house_in_thread() as server:                   for tests without asyncio
        with connect_sync(server.address, name="ana") as me: …

Each has a free port of the loopback and knows nothing of any other. It takes some 50 ms to start and to stop.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from teahouse import __version__
from teahouse.core.limits import LAN, Limits
from teahouse.server.clock import Clock
from teahouse.server.engine import Engine
from teahouse.server.server import Server
from teahouse.store.sqlite import SqliteStore

HOST = "127.0.0.1"


class House:
    """A server that runs.

    address   what `connect` wants
    data      its folder
    """

    def __init__(self, port: int, data: Path) -> None:
        self.host = HOST
        self.port = port
        self.data = data

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The same house by its WebSocket."""
        return f"ws://{self.address}/ws"


@asynccontextmanager
async def house(
    *, data: Path | None = None, port: int = 0, limits: Limits = LAN, clock: Clock | None = None
) -> AsyncIterator[House]:
    """A house in the loop that runs.

    data     a folder that stays, to close and open again; otherwise one that is gone afterwards
    port     0 takes a free one
    clock    what the house takes for the time
    """
    with tempfile.TemporaryDirectory(prefix="teahouse-") as folder:
        where = data or Path(folder)
        clock = clock or Clock()
        engine = Engine(
            SqliteStore(where, limits, clock.now_ms), limits, name="Teahouse", version=__version__, clock=clock
        )
        server = Server(engine, host=HOST, port=port)
        await server.start()
        try:
            yield House(server.addresses[0][1], where)
        finally:
            await server.stop()


@contextmanager
def house_in_thread(*, data: Path | None = None, port: int = 0, limits: Limits = LAN) -> Iterator[House]:
    """A house in a thread of its own, for tests without asyncio."""
    started: list[House] = []
    failed: list[BaseException] = []
    is_up = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        may_end = asyncio.Event()
        async with house(data=data, port=port, limits=limits) as opened:
            stop.append((asyncio.get_running_loop(), may_end))
            started.append(opened)
            is_up.set()
            await may_end.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
        finally:
            is_up.set()

    thread = threading.Thread(target=run, name="teahouse")
    thread.start()
    is_up.wait()
    if not started:
        thread.join()
        raise failed[0]
    try:
        yield started[0]
    finally:
        loop, may_end = stop[0]
        loop.call_soon_threadsafe(may_end.set)
        thread.join()
    if failed:
        raise failed[0]
