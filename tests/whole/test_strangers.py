"""What strangers bring: other protocols, connections that come and go, peers that vanish. Nobody else notices."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket

import pytest

from tests.support.canary import Canary, bearable_ms
from tests.support.inbox import PATIENCE_S, until
from tests.support.json_client import JsonClient, granted
from tests.support.lacks import NEEDS_ROOT
from tests.support.preambles import FOREIGN, Preamble
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "lobby"
CALM_S = 1.0
TCP_REPAIR = 19  # <linux/tcp.h>: a socket in repair is closed without a word to the other side


async def a_witness(server: ServerProcess) -> JsonClient:
    """Somebody in the lobby."""
    witness = await JsonClient.by_frames(server.host, server.port)
    await witness.hello()
    await witness.join(ROOM)
    return witness


async def heard_until(witness: JsonClient, text: str) -> list[str]:
    """Say this; return what was said before it."""
    granted(await witness.ask("post", room=ROOM, text=text))
    heard: list[str] = []
    while (word := await witness.heard.next()).get("text") != text:
        if word["type"] == "posted":
            heard.append(word["text"])
    return heard


async def test_other_protocols_create_no_message(server: ServerProcess) -> None:
    assert len(FOREIGN) >= 40
    witness = await a_witness(server)
    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(CALM_S)
        async with canary.during("other protocols") as gaps:
            await asyncio.gather(*(_introduce(server, preamble) for preamble in FOREIGN))
        assert gaps.worst_ms <= bearable_ms(calm)
        assert await heard_until(witness, "nothing was said") == []
    await witness.close()


async def _introduce(server: ServerProcess, preamble: Preamble) -> None:
    """Say it, then that nothing more will come, and read until the server closes."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(preamble.data)
        writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            while await reader.read(1 << 16):
                pass
    except ConnectionError:
        pass  # closed with bytes unread: said clearly enough
    finally:
        writer.close()


async def test_a_thousand_that_come_and_leave_leave_nothing_behind(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(CALM_S)
        at_rest = server.sockets()
        async with canary.during("a thousand that come and leave") as gaps:
            for words in (
                b"",
                b"hello",
                b"hello\n",
                b"\x00\x00\x00\x01",
                b"GET /ws HTTP/1.1\r\nHost:",
                b"GET / HTTP/1.1\r\n\r\n",
            ):
                for _ in range(4):
                    await asyncio.gather(*(_look_in(server, words) for _ in range(50)))
            await until(lambda: server.sockets() <= at_rest)
    assert gaps.worst_ms <= bearable_ms(calm)
    assert "Traceback" not in server.said()


async def _look_in(server: ServerProcess, words: bytes) -> None:
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(words)
    if hash(id(writer)) % 2:
        writer.transport.abort()
    else:
        writer.close()


@pytest.mark.skipif(os.geteuid() != 0, reason=f"to vanish without a word to the other side: {NEEDS_ROOT}")
async def test_peers_that_vanish_without_a_word_disturb_nobody_and_are_let_go(server: ServerProcess) -> None:
    witness = await a_witness(server)
    at_rest = server.sockets()
    async with Canary(server.host, server.port) as canary, canary.during("peers that vanish"):
        for words in (b"hello\n", b"hello", b"\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00\x64hello"):
            for _ in range(10):
                await _vanish_after(server, words)
        # What is written to them is answered by a reset. Some may come into the lobby only after it was said.
        said, heard = itertools.count(1), 0
        async with asyncio.timeout(PATIENCE_S):
            while heard < 30 or server.sockets() > at_rest + 2:  # the canary's two
                heard += len(await heard_until(witness, f"anybody there? {next(said)}"))
                await asyncio.sleep(0.05)
        assert heard == 30
    await witness.close()
    assert "Traceback" not in server.said()


async def _vanish_after(server: ServerProcess, words: bytes) -> None:
    """Say it, be in the lobby, be gone: no FIN, no RST."""
    loop = asyncio.get_running_loop()
    peer = socket.socket()
    peer.setblocking(False)
    await loop.sock_connect(peer, (server.host, server.port))
    await loop.sock_sendall(peer, words)
    peer.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    peer.close()
