"""The writer waits in a system call: the house says so, and its end waits for nothing for ever."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import stuck_server
from tests.support.http_client import Answer, ask
from tests.support.inbox import PATIENCE_S
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
END_S = 10.0


@pytest.fixture
async def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[ServerProcess, Path]]:
    """A server whose disk does not answer as long as the marker is there."""
    marker = tmp_path / "marker"
    monkeypatch.setenv(stuck_server.MARKER, str(marker))
    server = ServerProcess(tmp_path / "data", program=("-m", stuck_server.__name__))
    await server.start()
    yield server, marker
    await server.end()


async def health(server: ServerProcess) -> Answer:
    return await ask(server.port, "GET", "/healthz")


async def test_it_says_so_and_is_well_again_when_the_disk_answers(stuck: tuple[ServerProcess, Path]) -> None:
    server, marker = stuck
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    await client.join(ROOM)
    assert (await health(server)).status == 200
    marker.touch()
    waiting = client.question("post", room=ROOM, text="tea")
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await health(server)).status == 200:
            await asyncio.sleep(0.1)
    assert (answer.status, answer.json["status"], answer.json["reason"]) == (503, "failing", "writer-stuck")
    marker.unlink()
    granted(await waiting)
    async with asyncio.timeout(PATIENCE_S):
        while (await health(server)).status != 200:
            await asyncio.sleep(0.1)
    await client.close()
    assert await server.stop() == 0


async def test_its_end_takes_ten_seconds_at_the_most_and_nobody_is_told_a_lie(
    stuck: tuple[ServerProcess, Path],
) -> None:
    server, marker = stuck
    client = await JsonClient.by_frames(server.host, server.port)
    other = await JsonClient.by_websocket(server.host, server.port)
    for each in (client, other):
        await each.hello()
        await each.join(ROOM)
    stored = granted(await client.ask("post", room=ROOM, text="before", key="before"))
    marker.touch()
    waiting = [client.question("post", room=ROOM, text=f"{n}", key=f"{n}") for n in range(3)]
    posting = asyncio.ensure_future(ask(server.port, "POST", f"/r/{ROOM}", "from a request"))
    hello = await JsonClient.by_frames(server.host, server.port)
    greeting = hello.question("hello", name="late")
    await asyncio.sleep(0.5)
    began = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    assert [(await answer)["code"] for answer in waiting] == ["storage-unknown"] * 3
    assert (await posting).json["code"] == "storage-unknown"
    while (word := await client.heard.next())["type"] != "refused":
        pass
    assert word["code"] == "going-away"
    assert await server.ended() == 70
    assert time.monotonic() - began < END_S
    assert "teahouse: The disk did not answer" in server.said()
    greeting.cancel()
    for each in (client, other, hello):
        await each.vanish()
    marker.unlink()
    await server.start()
    reader = await JsonClient.by_frames(server.host, server.port)
    await reader.hello()
    page = await reader.ask("history", room=ROOM)
    assert page["messages"][0]["seq"] == stored["seq"]
    await reader.close()
