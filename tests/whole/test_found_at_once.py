"""What is stored is found, by every door, while others talk without a pause; and large texts of some hold up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.support.json_client import JsonClient, granted
from tests.support.rest_client import RestClient
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

TIMES = 20
SENDERS, WINDOW = 4, 64


@contextlib.asynccontextmanager
async def talkers(server: ServerProcess, count: int, text: str, window: int) -> AsyncIterator[None]:
    """So many people who talk in another room, each with so many messages on their way, until the end."""
    clients: list[JsonClient] = []
    over = False

    async def talk(client: JsonClient) -> None:
        while not over:
            await asyncio.gather(*(client.question("post", room="noise", text=text) for _ in range(window)))

    try:
        for _ in range(count):
            client = await JsonClient.by_frames(server.host, server.port)
            clients.append(client)
            await client.hello()
            await client.join("noise")
            await client.ask("leave", room="noise")
            await client.join("quiet")
        async with asyncio.TaskGroup() as group:
            for client in clients:
                await client.ask("join", room="noise")
                group.create_task(talk(client))
            yield
            over = True
    finally:
        for client in clients:
            await client.vanish()


async def a_client(server: ServerProcess, door: str) -> JsonClient | RestClient:
    client: JsonClient | RestClient
    if door == "rest":
        client = RestClient(server.port)
    else:
        by = JsonClient.by_frames if door == "frames" else JsonClient.by_websocket
        client = await by(server.host, server.port)
    await client.hello()
    if isinstance(client, JsonClient):
        await client.join("tea")
    return client


@pytest.mark.parametrize("door", ["frames", "websocket", "rest"])
async def test_twenty_messages_are_each_found_at_once_under_load(server: ServerProcess, door: str) -> None:
    client = await a_client(server, door)
    async with talkers(server, 3, "noise is everywhere", 20):
        for number in range(TIMES):
            word = f"word{number}x"
            seq = granted(await client.ask("post", room="tea", text=f"a {word} 上海{number}"))["seq"]
            for query in (word, f"上海 {word}"):
                for where in ({"room": "tea"}, {}):
                    found = granted(await client.ask("search", query=query, **where))
                    assert [hit["seq"] for hit in found["messages"]] == [seq], (number, query, where)
            granted(await client.ask("edit", room="tea", target=seq, text=f"changed{number}x"))
            assert granted(await client.ask("search", query=word))["messages"] == []
            found = granted(await client.ask("search", query=f"changed{number}x", room="tea"))
            assert [hit["seq"] for hit in found["messages"]] == [seq]
    await client.close()


async def test_with_nc_too(server: ServerProcess) -> None:
    client = await a_client(server, "frames")
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"/join tea\n")
    async with talkers(server, 3, "noise is everywhere", 20):
        for number in range(TIMES):
            granted(await client.ask("post", room="tea", text=f"leaf{number}x"))
            await asyncio.sleep(0)
            writer.write(f"/search leaf{number}x\n".encode())
            async with asyncio.timeout(20):
                seen = 0
                while seen < 2:  # as it was said, and as it was found
                    seen += f"leaf{number}x".encode() in await reader.readline()
    writer.close()
    await writer.wait_closed()
    await client.close()


async def middle_of(client: JsonClient, count: int) -> float:
    """How long a post takes; s, the middle of so many, one after the other."""
    took: list[float] = []
    for number in range(count):
        start = time.perf_counter()
        granted(await client.ask("post", room="tea", text=f"hello {number}"))
        took.append(time.perf_counter() - start)
    return sorted(took)[count // 2]


@pytest.mark.parametrize("text", ["x" * 60_000, "茶" * 20_000, "\n".join("line" for _ in range(10_000))])
async def test_large_texts_of_some_do_not_keep_the_words_of_others_waiting(server: ServerProcess, text: str) -> None:
    client = await a_client(server, "frames")
    assert isinstance(client, JsonClient)
    async with talkers(server, SENDERS, text, WINDOW):
        await asyncio.sleep(1)
        before, start = granted(await client.ask("history", room="noise", limit=1))["as_of"], time.perf_counter()
        middle = await middle_of(client, 60)
        after, end = granted(await client.ask("history", room="noise", limit=1))["as_of"], time.perf_counter()
    assert after > before  # they were not stopped
    # All that they have on its way takes so long; a batch that had all of it would be what a word waits for.
    all_of_it = SENDERS * WINDOW * (end - start) / (after - before)
    assert middle <= all_of_it / 25, (middle, all_of_it)
    await client.close()
