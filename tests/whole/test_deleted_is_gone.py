"""Ten seconds after a deletion is stored no file of the data folder has a byte of the text, whatever else happened."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.json_client import JsonClient, granted
from tests.support.remains import Secrets, gone, remains
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

LONG = 4_000  # words: 60 kB


@contextlib.asynccontextmanager
async def noise(server: ServerProcess) -> AsyncIterator[None]:
    """Somebody who talks all the time, in the same room and in others, and does not care when the server goes."""

    async def talk() -> None:
        client = await JsonClient.by_frames(server.host, server.port)
        with contextlib.suppress(Exception):
            await client.hello()
            rooms = ["lobby", "garden", "kitchen"]
            for room in rooms:
                await client.join(room)
            number = 0
            while True:
                number += 1
                said = f"{number} tea and talk at the table " * (number % 7 + 1)
                await client.ask("post", room=rooms[number % 3], text=said)
        await client.vanish()

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def stuck_reader(server: ServerProcess) -> AsyncIterator[None]:
    """Somebody who is in the room and reads nothing of it."""
    _, writer = await asyncio.open_connection(server.host, server.port, limit=1)
    try:
        writer.write(b"hello there\n")
        await writer.drain()
        yield
    finally:
        writer.close()


async def everything(ana: JsonClient, ben: JsonClient, secrets: Secrets) -> list[int]:
    """Say it in every way there is; the numbers of what is to be deleted."""
    said: list[int] = []

    async def post(text: str) -> int:
        answer = granted(await ana.ask("post", room="lobby", text=text, key=f"key {len(said)}"))
        said.append(answer["seq"])
        return int(answer["seq"])

    await post(secrets.words(3))
    edited = await post(secrets.words(2))
    for _ in range(3):
        granted(await ana.ask("edit", room="lobby", target=edited, text=secrets.words(40)))
    reacted = await post("look at this")
    emoji = ""
    for _ in range(5):
        emoji = secrets.word()
        granted(await ben.ask("react", room="lobby", target=reacted, emoji=emoji))
    granted(await ben.ask("unreact", room="lobby", target=reacted, emoji=emoji))
    await post(secrets.chinese(400))
    await post(secrets.words(LONG))
    await post(f"@ben {secrets.word()}")
    topics = [await ana.ask("topic", room="lobby", topic=topic) for topic in (secrets.words(2), secrets.chinese(30))]
    return [*said, *(granted(topic)["seq"] for topic in topics)]


async def two(server: ServerProcess) -> tuple[JsonClient, JsonClient]:
    """Ana and Ben, in the lobby."""
    people: list[JsonClient] = []
    for name in ("ana", "ben"):
        client = await JsonClient.by_frames(server.host, server.port)
        await client.hello(name)
        await client.join("lobby")
        people.append(client)
    return people[0], people[1]


async def delete(ana: JsonClient, said: list[int]) -> None:
    answers = [ana.question("delete", room="lobby", target=seq) for seq in said]
    for answer in await asyncio.gather(*answers):
        granted(answer)


@pytest.mark.parametrize("indexed", [True, False], ids=["long-ago", "just-now"])
async def test_a_running_server_forgets_it(indexed: bool, tmp_path: Path) -> None:
    server, secrets = ServerProcess(tmp_path / "data"), Secrets(1)
    await server.start()
    try:
        ana, ben = await two(server)
        async with noise(server), stuck_reader(server):
            said = await everything(ana, ben, secrets)
            assert remains(server.data, secrets.pieces), "it was never there"
            if indexed:
                while not granted(await ana.ask("search", query="tea"))["complete"]:
                    await asyncio.sleep(0.05)
            await delete(ana, said)
            await gone(server.data, secrets.pieces)
            granted(await ana.ask("post", room="lobby", text="and on it goes"))
            await gone(server.data, secrets.pieces)
        joined = granted(await ben.ask("join", room="lobby"))
        assert joined["topic"] == ""
    finally:
        await server.stop()
    assert not remains(server.data, secrets.pieces)


@pytest.mark.parametrize("seed", [2, 3, 4])
async def test_a_kill_right_after_the_answer_makes_no_difference(seed: int, tmp_path: Path) -> None:
    server, secrets = ServerProcess(tmp_path / "data"), Secrets(seed)
    await server.start()
    try:
        ana, ben = await two(server)
        async with noise(server):
            await delete(ana, await everything(ana, ben, secrets))
            await server.kill()
        await ana.vanish()
        await ben.vanish()
        await server.start()
        await gone(server.data, secrets.pieces)
    finally:
        await server.end()
