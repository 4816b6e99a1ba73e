"""Fifty that have stopped reading and fifty that read a byte now and then, beside a busy room: nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from teahouse.core.limits import KIB, LAN
from teahouse.server.pages import PAGE
from tests.support.canary import Canary, bearable_ms
from tests.support.inbox import until
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import ServerProcess
from tests.support.wires import HEADER, FrameWire

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "busy"
SLOW = 50
MESSAGES = 3_000
TEXT = "tea " * 5_000
"""60 MB in all; a server that queued for those who do not read would need gigabytes."""
FORMATS = 4
SLACK_KIB = 64 * KIB  # what the allocator and the messages under way take beside the limits


def narrow_socket(server: ServerProcess) -> socket.socket:
    """A connection that takes little on its own."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
    peer.connect((server.host, server.port))
    return peer


def enter(peer: socket.socket, door: int) -> None:
    """Be in the room, by one door or another; no answer is read."""
    if door % 3 == 0:
        peer.sendall(f"/join {ROOM}\n".encode())
    elif door % 3 == 1:
        body = f"/join {ROOM}".encode()
        peer.sendall(HEADER.pack(1, len(body), 100) + body)
    else:
        for command in (b'{"type":"hello"}', b'{"type":"join","room":"%b"}' % ROOM.encode()):
            peer.sendall(HEADER.pack(1, len(command), 200) + command)


@contextlib.asynccontextmanager
async def slow_readers(server: ServerProcess) -> AsyncIterator[None]:
    """All hundred of them are in the room."""
    peers = [narrow_socket(server) for _ in range(2 * SLOW)]
    for door, peer in enumerate(peers):
        enter(peer, door)
    counter = await JsonClient.by_frames(server.host, server.port)
    await counter.hello()
    while granted(await counter.ask("join", room=ROOM))["count"] < 2 * SLOW:
        await asyncio.sleep(0.01)
    await counter.close()
    dribble = asyncio.create_task(_dribble(peers[SLOW:]))
    try:
        yield
    finally:
        dribble.cancel()
        await asyncio.gather(dribble, return_exceptions=True)
        for peer in peers:
            peer.close()


async def _dribble(peers: list[socket.socket]) -> None:
    """A byte of each, and again after a while."""
    for peer in peers:
        peer.setblocking(False)
    while True:
        for peer in peers:
            with contextlib.suppress(BlockingIOError):
                peer.recv(1)
        await asyncio.sleep(0.1)


async def test_slow_readers_cost_the_others_nothing_and_the_server_bounded_memory(server: ServerProcess) -> None:
    doors = (JsonClient.by_frames, JsonClient.by_websocket)
    readers = [await doors[i % 2](server.host, server.port) for i in range(2)]
    for reader in readers:
        await reader.hello()
    sleeper = await asleep(server)
    async with slow_readers(server):
        for reader in readers:
            await reader.join(ROOM)
        before_kib = server.resident_kib()
        most_kib = before_kib
        async with Canary(server.host, server.port) as canary:
            calm = await canary.watch(1.0)
            async with canary.during("a hundred slow readers beside 60 MB") as gaps:
                for batch in range(0, MESSAGES, 50):
                    asked = [readers[0].question("post", room=ROOM, text=f"{batch + i} {TEXT}") for i in range(50)]
                    for question in asked:
                        granted(await question)
                    most_kib = max(most_kib, server.resident_kib())
                for reader in readers:
                    texts: list[int] = []
                    while len(texts) < MESSAGES:
                        word = await reader.heard.next()
                        if word["type"] == "posted":
                            texts.append(int(word["text"].split()[0]))
                    assert texts == list(range(MESSAGES))
                await wake(sleeper)
                await until(lambda: sleeper.heads.get(ROOM) == MESSAGES)
    assert gaps.worst_ms <= bearable_ms(calm)
    outboxes = 2 * SLOW * (LAN.write_high_bytes + len(TEXT))
    pages = LAN.page_cache_bytes + 2 * FORMATS * PAGE * len(TEXT)  # a page of each format is being read and encoded
    bound_kib = (outboxes + pages) // KIB + SLACK_KIB
    assert most_kib - before_kib <= bound_kib
    for client in (*readers, sleeper):
        await client.close()
        assert not client.wrong, client.wrong


async def asleep(server: ServerProcess) -> JsonClient:
    """Somebody who has stopped reading, and will go on in time."""
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    await client.join(ROOM)
    assert isinstance(client.wire, FrameWire)
    client.wire.pause()
    return client


async def wake(client: JsonClient) -> None:
    assert isinstance(client.wire, FrameWire)
    client.wire.resume()
