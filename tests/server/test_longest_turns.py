"""No packet keeps the loop: the longest turn is measured while each of them is taken."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.server.house import HOST, open_house
from tests.support.costly import PACKETS
from tests.support.growth import calibration

MOST = 80
"""Of the known computation, which takes a quarter of a millisecond on a common machine: twenty milliseconds."""
TRIES = 3

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])


class Longest:
    """The longest turn of the loop, in seconds of its own thread: what else the machine does is not in it."""

    seconds = 0.0


@asynccontextmanager
async def turns() -> AsyncIterator[Longest]:
    longest = Longest()

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            longest.seconds = max(longest.seconds, now - last)
            last = now

    watching = asyncio.create_task(watch())
    try:
        yield longest
    finally:
        watching.cancel()


def send(port: int, data: bytes) -> None:
    """Say it, and read what comes until it is still; in a thread, with plain sockets."""
    with socket.create_connection((HOST, port)) as line, suppress(OSError):
        line.settimeout(0.1)
        view = memoryview(data)
        while view:
            with suppress(TimeoutError):
                view = view[line.send(view[: 1 << 16]) :]
            with suppress(BlockingIOError):
                line.recv(1 << 16, socket.MSG_DONTWAIT)
        while line.recv(1 << 16):
            pass


@pytest.mark.parametrize("name", PACKETS)
async def test_no_packet_keeps_the_loop(name: str, tmp_path: Path) -> None:
    data = PACKETS[name]()
    async with open_house(tmp_path / "data") as house:
        took = []
        for _ in range(TRIES):
            async with turns() as longest:
                await asyncio.to_thread(send, house.port, data)
            took.append(longest.seconds)
        assert min(took) <= MOST * calibration()
