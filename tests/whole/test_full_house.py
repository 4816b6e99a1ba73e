"""A house that has as many connections as its process has descriptors for."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from teahouse.core.limits import INTERNET, LAN
from teahouse.server import descriptors
from tests.support.canary import Canary
from tests.support.inbox import PATIENCE_S, Ended
from tests.support.json_client import JsonClient
from tests.support.server_process import ServerProcess

DESCRIPTORS = 230
FEW = (
    "-c",
    f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS})); "
    "from teahouse.cli import main; main()",
)
MOST = descriptors.connections(DESCRIPTORS, LAN)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data", program=FEW)
    await server.start()
    yield server
    await server.end()


class Caller:
    """Somebody who connects and says nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def at(cls, server: ServerProcess) -> Caller:
        return cls(*await asyncio.open_connection(server.host, server.port))

    async def all_that_is_said(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionResetError):
                return await self.reader.read(-1)
            return b""

    async def close(self) -> None:
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def get(server: ServerProcess, path: str) -> bytes:
    """The answer to a GET on a connection of its own."""
    caller = await Caller.at(server)
    try:
        caller.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            return await caller.reader.readuntil(b"\r\n\r\n")
    finally:
        await caller.close()


async def fill(server: ServerProcess) -> list[Caller]:
    """Callers, until one is turned away."""
    callers = [await Caller.at(server) for _ in range(MOST + 10)]
    assert b"* The house is full" in await callers[-1].all_that_is_said()
    return callers


async def test_a_full_house_turns_away_answers_its_health_and_opens_again(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        callers = await fill(server)
        assert server.sockets() <= MOST + descriptors.SPARE + 10
        for _ in range(10):
            assert (await get(server, "/healthz")).startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in (await get(server, "/healthz")).lower()
        for path in ("/healthzz", "/healthz?x"):
            assert (await get(server, path)).startswith(b"HTTP/1.1 503 ")
        late = await Caller.at(server)
        late.writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"* The house is full" in await late.all_that_is_said()
        await late.close()
        await canary.sings()
        for caller in callers:
            await caller.close()
        programs: list[JsonClient] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(programs) < MOST // 2:
                program = await JsonClient.by_frames(server.host, server.port)
                programs.append(program)
                try:
                    await program.hello()
                except (OSError, Ended):  # the others are still on their way out
                    await programs.pop().close()
                    await asyncio.sleep(0.05)
        for program in programs:
            await program.close()
        await canary.sings()
    said = server.said()
    assert "Traceback" not in said
    assert "out of system resource" not in said
    assert f"connections={MOST}" in said
    assert f"{MOST} connections at the most" in said


async def test_a_flood_of_silent_callers_does_not_keep_the_health_from_being_asked_for(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        callers = await fill(server)

        async def flood() -> None:
            while True:
                with contextlib.suppress(OSError):
                    callers.append(await Caller.at(server))
                if len(callers) > 3 * MOST:
                    await callers.pop(0).close()
                await asyncio.sleep(0)

        flooding = asyncio.create_task(flood())
        try:
            for _ in range(20):
                assert (await get(server, "/healthz")).startswith(b"HTTP/1.1 200 ")
        finally:
            flooding.cancel()
            await asyncio.gather(flooding, return_exceptions=True)
        await canary.sings()
        for caller in callers:
            await caller.close()
    assert "Traceback" not in server.said()


def test_a_house_has_fewer_connections_than_descriptors() -> None:
    for count in (1_024, 65_536):
        assert descriptors.connections(count, LAN) == count - descriptors.RESERVED - descriptors.SPARE
    assert descriptors.connections(1 << 20, INTERNET) == INTERNET.connections
    assert descriptors.connections(64, LAN) == descriptors.LEAST


@pytest.mark.parametrize(
    ("before", "asked", "has"),
    [
        ((1_024, 4_096), (4_096, 4_096), 4_096),
        ((1_024, resource.RLIM_INFINITY), (1 << 20, resource.RLIM_INFINITY), 1 << 20),
        ((4_096, 4_096), None, 4_096),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, 1 << 20),
    ],
)
def test_the_start_takes_as_many_descriptors_as_it_is_given(
    before: tuple[int, int], asked: tuple[int, int] | None, has: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: before)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: said.append(limits))
    assert descriptors.raise_limit() == has
    assert said == ([asked] if asked else [])


def test_a_system_that_gives_no_more_than_before_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: int, limits: tuple[int, int]) -> None:
        raise OSError(errno.EINVAL, "no")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuses)
    assert descriptors.raise_limit() == 256
