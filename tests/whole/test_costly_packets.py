"""Packets that cost their reader as much as packets can: whoever talks in the house meanwhile notices nothing."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.support.canary import FLOOR_MS, Canary
from tests.support.costly import PACKETS
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

LASTS_S = 0.5
PATIENCE_S = 5.0


async def send(server: ServerProcess, data: bytes) -> None:
    """Connect, say it all, read what is answered until nothing more comes for a moment."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            reading = asyncio.create_task(reader.read())
            await writer.drain()
            await asyncio.wait([reading], timeout=0.1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    writer.transport.abort()


async def test_no_packet_keeps_others_waiting(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(2.0)
        for name, make in PACKETS.items():
            data = make()
            async with canary.during(name) as gaps:
                until = asyncio.get_running_loop().time() + LASTS_S
                while asyncio.get_running_loop().time() < until:
                    await send(server, data)
            assert gaps.worst_ms <= 5 * max(calm.worst_ms, FLOOR_MS), name
