"""Ten thousand messages through a network that cuts connections at any byte, and a server that is killed three times:
each is stored once and received once, in the order in which it was said."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teahouse.client import Patience, Posted, Room, connect
from tests.support.inbox import until
from tests.support.proxy import Proxy
from tests.support.server_process import HOST, ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TOTAL = 10_000
KILLS = 3
HURRY = Patience(pause=0.01, longest=0.05)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    asyncio.get_running_loop().set_debug(False)  # it carries only clients here
    server = ServerProcess(tmp_path / "data")
    await server.start()
    yield server
    await server.end()


@pytest.fixture
async def proxy(server: ServerProcess) -> AsyncIterator[Proxy]:
    chance = random.Random("bad network")
    proxy = Proxy(server.port)
    proxy.chance = lambda: (chance.randint(200, 60_000), chance.randint(800, 300_000))
    await proxy.start()
    yield proxy
    await proxy.stop()


async def read(room: Room, texts: list[str]) -> None:
    async for event in room:
        assert isinstance(event, Posted)
        texts.append(event.text or "")
        if len(texts) == TOTAL:
            return


@pytest.mark.parametrize("address", ["{}:{}", "ws://{}:{}/ws"], ids=["frames", "websocket"])
async def test_each_of_ten_thousand_messages_is_stored_once_and_received_once_and_in_order(
    server: ServerProcess, proxy: Proxy, address: str
) -> None:
    where = address.format(HOST, proxy.port)
    texts: list[str] = []
    async with connect(where, name="ana", patience=HURRY) as ana, connect(where, name="bob", patience=HURRY) as bob:
        said, heard = await ana.join("log"), await bob.join("log")
        reader = asyncio.get_running_loop().create_task(read(heard, texts))
        sendings = [said.send(f"number {number}") for number in range(TOTAL)]
        for kill in range(1, KILLS + 1):
            await until(lambda kill=kill: len(ana.waiting) < TOTAL - TOTAL * kill // (KILLS + 1))  # type: ignore[misc]
            await server.kill()
            await server.start()
        stored = [await sending for sending in sendings]
        async with asyncio.timeout(20):
            await reader

    expected = [f"number {number}" for number in range(TOTAL)]
    assert [answer.seq for answer in stored] == list(range(1, TOTAL + 1))
    assert texts == expected
    assert proxy.connections > 20, "the network was too good to tell anything"
    async with connect(f"{server.host}:{server.port}") as carol:
        log = await carol.join("log")
        assert [message.text async for message in log.history(after=0)] == expected
