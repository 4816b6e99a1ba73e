"""The disk is full, or does not confirm: senders are told, nobody is told a lie."""

from __future__ import annotations

import itertools
import resource
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support import faulty_server
from tests.support.canary import Canary
from tests.support.inbox import Ended
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
PAGE = "leaves " * 500
ENOUGH = 5_000
"""More posts than any of these disks takes."""
IN_A_ROW = 8


async def a_client(server: ServerProcess) -> JsonClient:
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    await client.join(ROOM)
    return client


async def post_until_full(clients: tuple[JsonClient, ...]) -> list[str]:
    """Post by turns until it was refused some times in a row; return the keys that were acknowledged, in order.

    Once is not enough: the log may find room again when it has tidied up.
    """
    stored: list[str] = []
    refused = 0
    for number, client in zip(range(ENOUGH), itertools.cycle(clients), strict=False):
        key = f"key-{number}"
        answer = await client.ask("post", room=ROOM, text=f"{key} {PAGE}", key=key)
        if answer["type"] == "stored":
            stored.append(key)
            refused = 0
        else:
            assert answer["code"] == "storage-full", answer
            refused += 1
            if refused == IN_A_ROW:
                return stored
    raise AssertionError("the disk never became full")


async def next_key(client: JsonClient) -> str:
    """The key of the next message that this client hears."""
    while (word := await client.heard.next())["type"] != "posted":
        pass
    key: str = word["key"]
    return key


async def read_keys(server: ServerProcess) -> list[str]:
    """The keys of the room, in order."""
    reader = await JsonClient.by_frames(server.host, server.port)
    await reader.hello()
    head = (await reader.join(ROOM, after=0))["head"]
    keys = [await next_key(reader) for _ in range(head)]
    await reader.close()
    assert not reader.wrong, reader.wrong
    return keys


async def fill_and_heal(server: ServerProcess, heal: Callable[[], object]) -> None:
    """The whole story of a disk that is full for a while."""
    client, other = await a_client(server), await a_client(server)
    async with Canary(server.host, server.port, comes_back=True) as canary, canary.during("a full disk"):
        stored = await post_until_full((client, other))
        assert stored, "the disk was full before the first post"

        # Reading goes on, and nobody has heard what was refused.
        assert (await client.ask("history", room=ROOM, limit=1))["as_of"] == len(stored)
        granted(await other.ask("ping"))
        assert [await next_key(other) for _ in stored] == stored

        heal()
        again = granted(await client.ask("post", room=ROOM, text="there is room again", key="healed"))
    assert again["seq"] == len(stored) + 1
    assert await next_key(other) == "healed"
    expected = [*stored, "healed"]
    assert await read_keys(server) == expected
    for each in (client, other):
        await each.close()
        assert not each.wrong, each.wrong
    assert await server.stop() == 0
    await server.start()
    assert await read_keys(server) == expected


async def test_a_full_disk_refuses_posts_and_takes_them_again_when_there_is_space(
    small_disk: Path, tmp_path: Path
) -> None:
    server = ServerProcess(small_disk / "data")
    server.log = tmp_path / "server.log"
    await server.start()
    try:
        await fill_and_heal(
            server, lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        )
    finally:
        await server.end()


async def test_a_file_that_may_not_grow_is_a_full_disk(server: ServerProcess) -> None:
    limit = max(path.stat().st_size for path in server.data.iterdir()) + 200_000
    unlimited = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    await fill_and_heal(server, lambda: resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited))


@pytest.fixture
async def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[ServerProcess, Path]]:
    """A server whose next fsync fails as soon as the marker is there."""
    marker = tmp_path / "marker"
    monkeypatch.setenv(faulty_server.MARKER, str(marker))
    server = ServerProcess(tmp_path / "data", program=("-m", faulty_server.__name__))
    await server.start()
    yield server, marker
    await server.end()


@pytest.mark.parametrize("before", [0, 1, 57])
async def test_a_failed_fsync_ends_the_server_and_nothing_acknowledged_is_lost(
    faulty: tuple[ServerProcess, Path], before: int
) -> None:
    server, marker = faulty
    client = await a_client(server)
    acknowledged = [
        granted(await client.ask("post", room=ROOM, text=f"{n}", key=f"key-{n}"))["key"] for n in range(before)
    ]
    marker.touch()
    asked = [client.question("post", room=ROOM, text=f"{n}", key=f"key-{n}") for n in range(before, before + 40)]
    for question in asked:
        try:
            answer = await question
        except Ended:
            break
        if answer["type"] == "stored":
            acknowledged.append(answer["key"])
    assert await server.ended() == 70
    assert server.said().split("\n")[-2].startswith("teahouse: The disk did not confirm a write (fsync failed)")
    await client.vanish()

    await server.start()
    kept = await read_keys(server)
    assert kept[: len(acknowledged)] == acknowledged
    assert kept == [f"key-{n}" for n in range(len(kept))]
    assert not client.wrong, client.wrong
