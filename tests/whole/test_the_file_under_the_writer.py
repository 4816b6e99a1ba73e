"""The data folder is taken away while the server runs: nothing is acknowledged that nobody will find again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.inbox import Ended
from tests.support.json_client import JsonClient, granted
from tests.support.server_process import ServerProcess
from tests.support.small_disk import a_disk

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
FILE = "teahouse.sqlite"
WINDOW_S = 1.0
"""So long after it the taking away may still be unknown; issue and docs name it."""


def removes_the_folder(data: Path) -> None:
    shutil.rmtree(data)


def renames_the_folder(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))


def puts_a_copy_of_the_folder_in_its_place(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))
    shutil.copytree(data.with_name("elsewhere"), data)


def puts_a_link_to_the_folder_in_its_place(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))
    data.symlink_to(data.with_name("elsewhere"))


def removes_the_file(data: Path) -> None:
    (data / FILE).unlink()


def copies_the_file_back(data: Path) -> None:
    shutil.copy(data / FILE, data / "copy")
    (data / "copy").replace(data / FILE)


def links_the_file_from_elsewhere(data: Path) -> None:
    (data / FILE).rename(data.with_name(FILE))
    (data / FILE).symlink_to(data.with_name(FILE))


def empties_the_file(data: Path) -> None:
    os.truncate(data / FILE, 0)


def removes_the_log(data: Path) -> None:
    (data / f"{FILE}-wal").unlink()


def copies_the_log_back(data: Path) -> None:
    shutil.copy(data / f"{FILE}-wal", data / "copy")
    (data / "copy").replace(data / f"{FILE}-wal")


def removes_the_shared_memory(data: Path) -> None:
    (data / f"{FILE}-shm").unlink()


def removes_the_lock(data: Path) -> None:
    (data / "teahouse.lock").unlink()


TAKINGS: list[Callable[[Path], None]] = [
    removes_the_folder,
    renames_the_folder,
    puts_a_copy_of_the_folder_in_its_place,
    puts_a_link_to_the_folder_in_its_place,
    removes_the_file,
    copies_the_file_back,
    links_the_file_from_elsewhere,
    empties_the_file,
    removes_the_log,
    copies_the_log_back,
    removes_the_shared_memory,
    removes_the_lock,
]


async def a_client(server: ServerProcess) -> JsonClient:
    client = await JsonClient.by_frames(server.host, server.port)
    await client.hello()
    await client.join(ROOM)
    return client


async def ended_because_of_it(server: ServerProcess) -> None:
    """Ended with 70, and said in one line what to do."""
    assert await server.ended() == 70
    [line] = [line for line in server.said().split("\n") if "was removed or replaced while the server ran" in line]
    assert line.startswith("teahouse: ")
    assert "start again" in line


@pytest.mark.parametrize("take", TAKINGS, ids=lambda take: take.__name__)
async def test_nothing_is_acknowledged_after_a_pause_in_which_the_file_was_taken_away(
    server: ServerProcess, take: Callable[[Path], None]
) -> None:
    client = await a_client(server)
    granted(await client.ask("post", room=ROOM, text="before", key="before"))
    await asyncio.sleep(0.1)  # the pause
    take(server.data)
    try:
        answer = await client.ask("post", room=ROOM, text="after", key="after")
    except Ended:  # the server saw it by itself
        pass
    else:
        assert answer["code"] in ("storage-unknown", "storage-error"), answer
    await ended_because_of_it(server)
    await client.vanish()


@pytest.mark.parametrize("take", [removes_the_folder, copies_the_file_back, removes_the_log])
async def test_in_the_middle_of_a_flood_nothing_is_acknowledged_later_than_a_second_after(
    server: ServerProcess, take: Callable[[Path], None]
) -> None:
    client = await a_client(server)
    acknowledged: list[float] = []

    async def flood() -> None:
        for number in range(1_000_000):
            try:
                answer = await client.ask("post", room=ROOM, text=f"{number}")
            except Ended:
                return
            if answer["type"] != "stored":
                assert answer["code"] in ("storage-unknown", "storage-error"), answer
                return
            acknowledged.append(time.monotonic())

    flooding = asyncio.ensure_future(flood())
    await asyncio.sleep(0.3)
    take(server.data)
    taken = time.monotonic()
    assert await server.ended() == 70
    await flooding
    assert acknowledged
    assert acknowledged[-1] <= taken + WINDOW_S + 0.5, "and half a second for a busy machine"
    await client.vanish()


@pytest.mark.parametrize("take", [removes_the_folder, empties_the_file, removes_the_lock])
async def test_a_house_in_which_nobody_speaks_sees_it_too(server: ServerProcess, take: Callable[[Path], None]) -> None:
    take(server.data)
    await ended_because_of_it(server)


@pytest.mark.parametrize("take", [removes_the_log, removes_the_shared_memory, removes_the_lock])
async def test_where_the_database_is_left_all_that_was_acknowledged_is_there_after_the_next_start(
    server: ServerProcess, take: Callable[[Path], None]
) -> None:
    client = await a_client(server)
    for number in range(20):
        granted(await client.ask("post", room=ROOM, text=f"{number}", key=f"key-{number}"))
    take(server.data)
    await ended_because_of_it(server)
    await client.vanish()
    await server.start()
    reader = await a_client(server)
    page = await reader.ask("history", room=ROOM)
    assert [message["key"] for message in page["messages"]] == [f"key-{number}" for number in range(20)]
    await reader.close()


async def test_what_may_happen_to_a_folder_does_not_end_it(server: ServerProcess) -> None:
    client = await a_client(server)
    granted(await client.ask("post", room=ROOM, text="one"))
    (server.data / "note.txt").write_text("of somebody who looks after the machine")
    os.link(server.data / FILE, server.data / "a-second-name.sqlite")
    (server.data / "a-second-name.sqlite").unlink()
    server.data.chmod(0o755)
    os.utime(server.data / FILE)
    await asyncio.sleep(2 * WINDOW_S)
    granted(await client.ask("post", room=ROOM, text="two"))
    await client.close()
    assert await server.stop() == 0


async def test_a_folder_reached_by_a_link_is_as_good_as_any(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to("disk")
    server = ServerProcess(tmp_path / "data")
    await server.start()
    try:
        client = await a_client(server)
        granted(await client.ask("post", room=ROOM, text="one"))
        await asyncio.sleep(2 * WINDOW_S)
        granted(await client.ask("post", room=ROOM, text="two"))
        (tmp_path / "other").mkdir()
        (tmp_path / "data").unlink()
        (tmp_path / "data").symlink_to("other")
        await ended_because_of_it(server)
        await client.vanish()
    finally:
        await server.end()


@pytest.fixture
async def mounted(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose folder is a file system of its own."""
    with a_disk(tmp_path / "disk", "16m") as disk:
        server = ServerProcess(disk / "data")
        server.log = tmp_path / "server.log"
        await server.start()
        yield server
        await server.end()


@pytest.mark.parametrize("again", [False, True])
async def test_a_disk_that_is_unmounted_is_gone_also_where_another_is_mounted(
    mounted: ServerProcess, again: bool
) -> None:
    client = await a_client(mounted)
    granted(await client.ask("post", room=ROOM, text="before"))
    disk = str(mounted.data.parent)
    subprocess.run(["umount", "--lazy", disk], check=True)
    if again:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=True)
        (Path(disk) / "data").mkdir()
    await ended_because_of_it(mounted)
    await client.vanish()
