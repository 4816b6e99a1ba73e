"""The disk is full, or does not confirm: senders are told, nobody is told a lie."""

from __future__ import annotations

import itertools
import resource
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.support import faulty_server
from tests.support.inbox import Ended
from tests.support.json_client import JsonClient, Word, granted
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
PAGE = "leaves " * 500
ENOUGH = 5_000
"""More posts than any of these disks takes."""


async def a_client(server: ServerProcess) -> JsonClient:
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    await client.join(ROOM)
    return client


async def post_until_refused(client: JsonClient, keys: Iterator[str]) -> tuple[list[Word], Word]:
    """What was acknowledged, and the refusal."""
    stored: list[Word] = []
    for key in itertools.islice(keys, ENOUGH):
        answer = await client.ask("post", room=ROOM, text=f"{key} {PAGE}", key=key)
        if answer["type"] == "refused":
            return stored, answer
        stored.append(answer)
    raise AssertionError("the disk never became full")


async def read_keys(server: ServerProcess) -> list[str]:
    """The keys of the room, in order."""
    reader = await JsonClient.by_frames(server.host, server.port)
    await reader.hello()
    head = (await reader.join(ROOM, after=0))["head"]
    keys: list[str] = []
    while len(keys) < head:
        word = await reader.heard.next()
        if word["type"] == "posted":
            keys.append(word["key"])
    await reader.close()
    assert not reader.wrong, reader.wrong
    return keys


async def fill_and_heal(server: ServerProcess, heal: Callable[[], object]) -> None:
    """The whole story of a disk that is full for a while."""
    keys = (f"key-{number}" for number in itertools.count(1))
    client, other = await a_client(server), await a_client(server)
    stored, refused = await post_until_refused(client, keys)
    assert refused["code"] == "storage-full", refused
    assert stored, "the disk was full before the first post"

    # Reading goes on, and the other clients are told the same; nobody heard what was refused.
    assert (await client.ask("history", room=ROOM, limit=1))["as_of"] == len(stored)
    assert (await other.ask("post", room=ROOM, text=PAGE))["code"] == "storage-full"
    granted(await other.ask("ping"))
    heard = [await other.heard.next() for _ in stored]
    assert [word["key"] for word in heard] == [answer["key"] for answer in stored]

    heal()
    again = granted(await client.ask("post", room=ROOM, text="there is room again", key="healed"))
    assert again["seq"] == len(stored) + 1
    assert (await other.heard.next())["key"] == "healed"
    expected = [*(answer["key"] for answer in stored), "healed"]
    assert await read_keys(server) == expected
    for each in (client, other):
        await each.close()
        assert not each.wrong, each.wrong
    assert await server.stop() == 0
    await server.start()
    assert await read_keys(server) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system can be mounted only by root, and not in every container")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


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
    server = ServerProcess(tmp_path / "data", program=[faulty_server.__file__])
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
    assert "fsync" in server.said()
    assert "Traceback" not in server.said()
    await client.vanish()

    await server.start()
    kept = await read_keys(server)
    assert kept[: len(acknowledged)] == acknowledged
    assert kept == [f"key-{n}" for n in range(len(kept))]
    assert not client.wrong, client.wrong
