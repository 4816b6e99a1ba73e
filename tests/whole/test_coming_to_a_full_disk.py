"""On a disk that takes nothing people come, come back and read as ever; what can't be kept says so, and is kept later."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import http_client, refusing_server
from tests.support.json_client import JsonClient, granted
from tests.support.rest_client import RestClient
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

ROOM = "tea"
SAID = 5


async def fill(disk: Path) -> Callable[[], object]:
    """Until not one byte is left, also when the server has tidied up; return what makes space again."""
    junk = disk / "junk"
    with junk.open("ab", buffering=0) as file:
        for _ in range(5):
            for piece in (4_096, 1):
                try:
                    while True:
                        file.write(b"x" * piece)
                except OSError:
                    continue
            await asyncio.sleep(0.2)
    return junk.unlink


async def a_first_guest(server: ServerProcess) -> str:
    """Somebody who comes before, says something, and goes; return the token."""
    client = await JsonClient.by_frames(server.host, server.port)
    token: str = (await client.hello("ana"))["token"]
    await client.join(ROOM)
    for number in range(SAID):
        granted(await client.ask("post", room=ROOM, text=f"leaf {number}"))
    await client.close()
    return token


async def reads_everything(client: JsonClient | RestClient) -> None:
    """All that can be read, by one door."""
    assert granted(await client.ask("join", room=ROOM, after=0))["head"] == SAID
    for number in range(SAID):
        assert (await client.heard.next())["text"] == f"leaf {number}"
    assert len(granted(await client.ask("history", room=ROOM, limit=50))["messages"]) == SAID
    found = granted(await client.ask("search", query="leaf", room=ROOM))
    assert len(found["messages"]) == SAID or not found["complete"]
    granted(await client.ask("rooms"))
    granted(await client.ask("members", room=ROOM))


async def everybody_comes_and_reads(server: ServerProcess, token: str, *, codes: set[str]) -> str:
    """The story; return the token of a new guest, which could not be kept.

    codes  of what is refused; none: the write-ahead log may begin again at its start, and then a little is taken
    """
    back = await JsonClient.by_frames(server.host, server.port)
    welcome = await back.hello(token=token)
    assert (welcome["you"]["name"], welcome.get("kept")) == ("ana", None)
    await reads_everything(back)

    new = await JsonClient.by_websocket(server.host, server.port)
    welcome = await new.hello("ben")
    assert welcome["you"]["name"] == "ben"
    await reads_everything(new)
    if codes:
        assert welcome["kept"] is False
        for question in ({"type": "post", "text": "hello"}, {"type": "mark", "seq": 1}):
            refused = await new.ask(room=ROOM, **question)
            assert (refused["type"], refused["code"] in codes) == ("refused", True), refused
    await new.close()

    again = RestClient(server.port)  # the token that is not on disk, by another door, and renamed on the way
    assert (await again.hello(token=welcome["token"]))["you"]["id"] == welcome["you"]["id"]
    await reads_everything(again)
    for target in (f"/api/rooms/{ROOM}/messages", "/api/search?query=leaf", "/api/rooms"):
        for headers in ({"Authorization": f"Bearer {token}"}, {}):
            assert (await http_client.ask(server.port, "GET", target, **headers)).status == 200
    ids = set()
    for _ in range(3):
        nameless = await JsonClient.by_frames(server.host, server.port)
        ids.add((await nameless.hello())["you"]["id"])
        await nameless.close()
    assert len(ids | {welcome["you"]["id"]}) == 4
    await back.close()
    await again.close()
    kept: str = welcome["token"]
    return kept


async def all_is_well_again(server: ServerProcess, late: str) -> None:
    """There is space: everything is written without a restart, also the token that was late."""
    client = await JsonClient.by_frames(server.host, server.port)
    assert "kept" not in await client.hello("cai")
    assert granted(await client.ask("join", room="another-room"))
    await client.join(ROOM)
    assert granted(await client.ask("post", room=ROOM, text="again"))["seq"] == SAID + 1
    await client.close()

    async def is_known() -> bool:
        await server.kill()
        await server.start()
        client = await JsonClient.by_frames(server.host, server.port)
        answer = await client.question("hello", token=late)
        await client.close()
        return bool(answer["type"] == "welcome" and answer["you"]["name"] == "ben")

    await asyncio.sleep(2.5)  # RETRY_S of tokens.py
    assert await is_known()


async def test_a_disk_that_becomes_full(small_disk: Path, tmp_path: Path) -> None:
    server = ServerProcess(small_disk / "data")
    server.log = tmp_path / "server.log"
    await server.start()
    try:
        token = await a_first_guest(server)
        make_space = await fill(small_disk)
        late = await everybody_comes_and_reads(server, token, codes=set())
        make_space()
        await all_is_well_again(server, late)
    finally:
        await server.end()


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_disk_that_was_full_at_the_start(small_disk: Path, tmp_path: Path, how: str) -> None:
    server = ServerProcess(small_disk / "data")
    server.log = tmp_path / "server.log"
    await server.start()
    try:
        token = await a_first_guest(server)
        await (server.stop() if how == "stopped" else server.kill())
        make_space = await fill(small_disk)
        await server.start()
        await fill(small_disk)
        late = await everybody_comes_and_reads(server, token, codes=set())
        make_space()
        await all_is_well_again(server, late)
    finally:
        await server.end()


async def test_files_that_may_not_grow(server: ServerProcess) -> None:
    token = await a_first_guest(server)
    a_page = 4_000  # less than that: enough for the log of the process
    unlimited = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (a_page, resource.RLIM_INFINITY))
    late = await everybody_comes_and_reads(server, token, codes={"storage-full"})
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)
    await all_is_well_again(server, late)


async def test_a_disk_that_refuses_every_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "marker"
    monkeypatch.setenv(refusing_server.MARKER, str(marker))
    server = ServerProcess(tmp_path / "data", program=("-m", refusing_server.__name__))
    await server.start()
    try:
        token = await a_first_guest(server)
        marker.touch()
        late = await everybody_comes_and_reads(server, token, codes={"storage-error", "storage-unknown"})
        marker.unlink()
        await all_is_well_again(server, late)
    finally:
        await server.end()


async def test_reading_with_a_token_writes_nothing(server: ServerProcess) -> None:
    token = await a_first_guest(server)
    headers = {"Authorization": f"Bearer {token}"}
    await asyncio.sleep(0.3)  # the search index has followed
    wal = server.data / "teahouse.sqlite-wal"
    before = wal.stat()
    for number in range(300):
        target = ("rooms/tea/messages", "rooms/tea/messages?limit=3", "rooms", "search?query=leaf", "rooms/tea/members")
        answer = await http_client.ask(server.port, "GET", f"/api/{target[number % 5]}", **headers)
        assert answer.status == 200, (target, answer.text)
    for _ in range(5):
        client = await JsonClient.by_frames(server.host, server.port)
        await client.hello("ana", token=token)
        await client.join(ROOM, after=0)
        await client.close()
    await asyncio.sleep(1.5)  # what is due would be written now
    after = wal.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
