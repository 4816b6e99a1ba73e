"""Messages with which very much has happened: whoever reads them costs nobody else anything."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from teahouse.core.limits import NONE
from teahouse.core.message import Person
from teahouse.store.sqlite import SqliteStore
from tests.store.kit import edit, opened, post, react, unreact
from tests.support.canary import Canary, bearable_ms
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TOGGLES, REACTORS, EDITS = 20_000, 10_000, 100
LONG = "an edit of sixty thousand bytes " * 1_900
LASTS_S = 2.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def a_busy_lobby(data: Path) -> None:
    """Its first message is by person 1, and has been edited, toggled at and reacted to; then a few more are said."""
    async with opened(SqliteStore(data, NONE, now_ms), rooms=0) as house:
        room = (await house.store.open_room("lobby", "lobby", None)).id
        await house.store.lease_people(20_000)
        await house.append(post("look at this", room=room))
        for number in range(EDITS):
            await house.append(edit(1, f"{number} {LONG}", room=room))
        await house.append(edit(1, "look at that", room=room))
        for start in range(0, TOGGLES, 500):
            toggles = ((react if number % 2 else unreact)(1, "👍", room=room) for number in range(1, 501))
            await house.append(*toggles)
            people = (Person(start // 2 + number + 10, f"p{start // 2 + number}") for number in range(250))
            await house.append(*(react(1, "🍵", person, room=room) for person in people))
        await house.append(*(post(f"message {number}", room=room) for number in range(40)))


async def test_whoever_reads_them_is_noticed_by_nobody(tmp_path: Path) -> None:
    await a_busy_lobby(tmp_path / "data")
    server = ServerProcess(tmp_path / "data")
    await server.start()
    readers: list[JsonClient] = []
    try:
        async with Canary(server.host, server.port) as canary:
            calm = await canary.watch(2.0)
            for _ in range(10):
                readers.append(await JsonClient.by_frames(server.host, server.port))
                granted(await readers[-1].hello())
            until = time.monotonic() + LASTS_S

            async def read(client: JsonClient) -> None:
                while time.monotonic() < until:
                    page = granted(await client.ask("history", room="lobby", around=1, limit=50))
                    assert page["messages"][0]["reactions"][0] == {"emoji": "🍵", "count": REACTORS, "mine": False}

            async with canary.during("ten who read it all the time") as gaps:
                await asyncio.gather(*map(read, readers))
            assert gaps.worst_ms <= bearable_ms(calm)
    finally:
        for client in readers:
            await client.vanish()
        await server.end()
