"""A real server whose clock is set by days and years: nobody's token ends, it restarts as ever, and forgets as promised."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from teahouse.torture.clock import OFFSET, VARIABLE
from tests.support.json_client import JsonClient, granted
from tests.support.remains import Secrets, gone, remains
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

HOUR_MS = 3_600_000
YEARS_MS = 10 * 365 * 24 * HOUR_MS
JUMPS = [25 * HOUR_MS, -26 * HOUR_MS, YEARS_MS, -YEARS_MS]
NEAR_MS = 60_000  # a slow machine, and no jump

SetClock = Callable[[int], None]


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the server's wall time so many ms from the true one."""
    path = tmp_path / "clock"
    path.write_bytes(OFFSET.pack(0))
    monkeypatch.setenv(VARIABLE, str(path))

    def set_to(offset_ms: int) -> None:
        with path.open("r+b") as file:
            file.write(OFFSET.pack(offset_ms))

    return set_to


@pytest.fixture
async def server(tmp_path: Path, set_clock: SetClock) -> AsyncIterator[ServerProcess]:
    """A server whose clock can be set, and that runs."""
    process = ServerProcess(tmp_path / "data", program=("-m", "teahouse.torture.program"))
    await process.start()
    yield process
    await process.end()


async def guest(server: ServerProcess, name: str) -> tuple[int, str]:
    """Somebody who comes, and goes: the id and the token."""
    client = await JsonClient.by_frames(server.host, server.port)
    welcome = await client.hello(name)
    await client.close()
    return welcome["you"]["id"], welcome["token"]


async def come_back(server: ServerProcess, somebody: tuple[int, str]) -> JsonClient:
    """By the token, and as the same person."""
    id, token = somebody
    client = await JsonClient.by_frames(server.host, server.port)
    assert (await client.hello(token=token))["you"]["id"] == id
    return client


async def says_at(client: JsonClient, room: str, offset_ms: int) -> int:
    """Post; it must have the time of the clock as it is set. Its number."""
    await client.join(room)
    answer = granted(await client.ask("post", room=room, text="what time is it?"))
    assert abs(answer["time"] - (time.time() * 1_000 + offset_ms)) < NEAR_MS
    return int(answer["seq"])


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_token_from_before_a_jump_works_after_it_and_after_restarts(
    jump: int, server: ServerProcess, set_clock: SetClock
) -> None:
    guests = [await guest(server, name) for name in ("ana", "ben", "cai", "dai")]
    set_clock(jump)
    assert await says_at(await come_back(server, guests[0]), "tea", jump) == 1
    await server.kill()
    await server.start()
    assert await says_at(await come_back(server, guests[1]), "tea", jump) == 2
    assert await server.stop() == 0
    await server.start()
    assert await says_at(await come_back(server, guests[2]), "tea", jump) == 3
    newcomer = await guest(server, "eve")
    assert newcomer[0] not in [id for id, _ in guests]
    await server.kill()
    set_clock(0)
    await server.start()
    for somebody in (guests[3], newcomer):
        await come_back(server, somebody)
    assert await says_at(await come_back(server, guests[0]), "tea", 0) == 4


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_deletion_is_gone_in_time_though_the_clock_is_set_and_the_server_killed(
    jump: int, server: ServerProcess, set_clock: SetClock
) -> None:
    secrets = Secrets(3)
    ana = await JsonClient.by_frames(server.host, server.port)
    token = (await ana.hello("ana"))["token"]
    await ana.join("tea")
    said = [granted(await ana.ask("post", room="tea", text=secrets.words(5)))["seq"] for _ in range(3)]
    assert remains(server.data, secrets.pieces), "it was never there"
    for number, seq in enumerate(said):
        set_clock(jump * (number % 2))
        granted(await ana.ask("delete", room="tea", target=seq))
        set_clock(jump)
    await server.kill()
    set_clock(-jump)
    await server.start()
    await gone(server.data, secrets.pieces)
    back = await JsonClient.by_frames(server.host, server.port)
    await back.hello(token=token)
    assert await says_at(back, "tea", -jump) == 7
    assert await says_at(back, "garden", -jump) == 1
