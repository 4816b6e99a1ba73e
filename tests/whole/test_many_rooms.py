"""Somebody makes as many rooms as they can, and a house that has ten thousand of them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from teahouse.core.limits import LAN
from teahouse.store.check import check_folder
from tests.support.big_log import fill
from tests.support.canary import FLOOR_MS, Canary
from tests.support.json_client import JsonClient, Word
from tests.support.server_process import ServerProcess

ATTACK_S = 3.0


async def shortest_hello(server: ServerProcess) -> tuple[float, int, bool]:
    """The shortest of several hellos, in seconds; how many rooms it tells of, and whether there are more."""
    times: list[float] = []
    welcome: Word = {}
    for _ in range(15):
        client = await JsonClient.by_frames(server.host, server.port)
        start = time.perf_counter()
        welcome = await client.hello()
        times.append(time.perf_counter() - start)
        await client.close()
    return min(times), len(welcome["rooms"]), welcome.get("more", False)


async def test_a_hello_in_a_house_of_ten_thousand_rooms_costs_as_much_as_in_one_of_a_hundred(tmp_path: Path) -> None:
    took: list[float] = []
    for rooms in (100, 10_000):
        folder = tmp_path / str(rooms)
        fill(folder, 20_000, rooms=rooms)
        server = ServerProcess(folder)
        await server.start()
        try:
            seconds, told, more = await shortest_hello(server)
            took.append(seconds)
            assert (told, more) == (100, rooms > 100)
        finally:
            await server.end()
    assert took[1] <= 4 * took[0]


async def test_who_makes_rooms_lists_them_and_searches_them_is_not_noticed(tmp_path: Path) -> None:
    fill(tmp_path / "data", 20_000, rooms=10_000)
    server = ServerProcess(tmp_path / "data")
    await server.start()
    made: list[str] = []

    async def goes_on(client: JsonClient, number: int) -> None:
        last: str | None = None
        for turn in range(1_000_000):
            answer = await client.ask("join", room=f"new{number}x{turn}")
            if answer["type"] == "room":
                made.append(answer["room"])
                await client.ask("leave", room=answer["room"])
            else:
                assert answer["code"] == "too-fast"
                assert answer["retry_after"] > 0
            page = await client.ask("rooms", after=last)
            last = page["rooms"][-1]["room"] if page["more"] else None
            await client.ask("rooms", query="nothing like it")

    try:
        async with Canary(server.host, server.port) as canary:
            calm = await canary.watch(2.0)
            clients = [await JsonClient.by_frames(server.host, server.port) for _ in range(4)]
            for client in clients:
                await client.hello()
            async with canary.during("four who make and list rooms among ten thousand") as gaps:
                work = [asyncio.create_task(goes_on(client, number)) for number, client in enumerate(clients)]
                done, _ = await asyncio.wait(work, timeout=ATTACK_S, return_when=asyncio.FIRST_EXCEPTION)
                for task in work:
                    task.cancel()
                assert not done, [task.exception() for task in done]
            await asyncio.gather(*work, return_exceptions=True)
            assert gaps.worst_ms <= 5 * max(calm.worst_ms, FLOOR_MS)
            for client in clients:
                await client.close()
        assert 0 < len(made) <= (LAN.new_rooms_per_hour or 0)
        assert await server.stop() == 0
        assert check_folder(tmp_path / "data") == []
    finally:
        await server.end()
