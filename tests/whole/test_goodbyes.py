"""A server that is told to stop says so at every door, keeps what was said, and ends with 0."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.support.inbox import until
from tests.support.json_client import JsonClient, granted
from tests.support.load import Company, Sender
from tests.support.server_process import ServerProcess, Unstarted
from tests.support.text_client import TextClient
from tests.support.wires import FrameWire

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"


async def test_a_stopping_server_tells_every_door_and_ends_with_0(server: ServerProcess) -> None:
    where = (server.host, server.port)
    texts = [await TextClient.by_lines(*where), await TextClient.by_raw(*where), await TextClient.by_frames(*where)]
    for text in texts:
        await text.settle()
    frames, websocket = await JsonClient.by_frames(*where), await JsonClient.by_websocket(*where)
    for client in (frames, websocket):
        await client.hello()

    assert await server.stop() == 0

    for text in texts:
        await text.ended()
        assert "* the house closes" in [text.lines.take() for _ in range(len(text.lines))], text.kind
    word = await frames.heard.next()
    assert (word["type"], word["code"]) == ("refused", "going-away")
    await until(lambda: websocket.heard.ended)
    assert websocket.closed == 1001
    for text in texts:
        await text.vanish()
    for client in (frames, websocket):
        await client.vanish()


async def test_what_was_acknowledged_before_a_stop_is_there_after_it(server: ServerProcess) -> None:
    senders = [
        Sender(server.host, server.port, ROOM, "ana", JsonClient.by_frames),
        Sender(server.host, server.port, ROOM, "bob", JsonClient.by_websocket),
    ]

    def acknowledged() -> int:
        return sum(len(sender.acked) for sender in senders)

    async with Company(*senders) as company:
        for _ in range(3):
            await company.reach(acknowledged() + 200, acknowledged)
            assert await server.stop() == 0
            await server.start()
        await company.finish(*senders)
    for sender in senders:
        assert not sender.wrong
        client = await JsonClient.by_frames(server.host, server.port)
        await client.hello()
        await client.join(ROOM, after=0)
        by_number: dict[int, str] = {}
        while len(by_number) < max(sender.acked):
            word = await client.heard.next()
            if "author" in word:
                by_number[word["seq"]] = word["key"]
        for number, seq in enumerate(sender.acked, start=1):
            assert by_number[seq] == sender.key(number)
        await client.close()


async def test_a_stop_waits_for_a_slow_reader_and_a_second_signal_ends_it_at_once(server: ServerProcess) -> None:
    stuck = await JsonClient.by_frames(server.host, server.port)
    writer = await JsonClient.by_frames(server.host, server.port)
    for client in (stuck, writer):
        await client.hello()
        await client.join(ROOM)
    assert isinstance(stuck.wire, FrameWire)
    stuck.wire.pause()
    for answer in [writer.question("post", room=ROOM, text="tea " * 10_000) for _ in range(400)]:
        granted(await answer)
    stopping = asyncio.create_task(server.stop())
    await until(lambda: "stopping" in server.said())
    os.kill(server.pid, signal.SIGTERM)
    assert await stopping == 128 + signal.SIGTERM
    for client in (stuck, writer):
        await client.vanish()


async def test_a_port_that_is_taken_is_said_in_one_line(server: ServerProcess) -> None:
    other = ServerProcess(server.data.parent / "other")
    other.port = server.port
    with pytest.raises(Unstarted) as unstarted:
        await other.start()
    assert unstarted.value.code == 2
    assert str(server.port) in unstarted.value.said
    assert unstarted.value.said.count("\n") == 1


async def test_a_folder_that_is_in_use_is_said_in_one_line(server: ServerProcess) -> None:
    other = ServerProcess(server.data)
    with pytest.raises(Unstarted) as unstarted:
        await other.start()
    assert unstarted.value.code == 2
    assert str(server.data) in unstarted.value.said
    assert unstarted.value.said.count("\n") == 1
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    granted(await client.ask("ping"))
    await client.close()
