"""A command whose words nobody can hear: its exit code is still the truth, and there is no traceback."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from tests.support.json_client import JsonClient
from tests.support.server_process import HOST, ServerProcess, environment, free_port

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

DEAF = ['"$@" >/dev/full 2>/dev/full', '"$@" >&- 2>&-']


async def ran(server: ServerProcess, shell: str, *words: str) -> int:
    """The exit code of a command of a terminal, started by this line of the shell."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", shell, "sh", sys.executable, "-m", "teahouse", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=server.data.parent,
        env={**environment(), "XDG_CONFIG_HOME": str(server.data.parent / "config")},
    )
    async with asyncio.timeout(60):
        return await process.wait()


@pytest.mark.parametrize("shell", DEAF)
async def test_say_ends_with_0_only_where_it_is_stored(server: ServerProcess, shell: str) -> None:
    where = f"{HOST}:{server.port}"
    assert await ran(server, shell, "say", "tea", "hello", "--server", where) == 0
    assert await ran(server, shell, "say", "tea", "x" * 70_000, "--server", where) == 1
    assert await ran(server, shell, "say", "tea", "hello", "--server", f"{HOST}:{free_port()}") == 3
    assert await ran(server, shell, "say", "a bad room", "hello", "--server", where) == 2
    reader = await JsonClient.by_frames(server.host, server.port)
    await reader.hello()
    page = await reader.ask("history", room="tea")
    assert [message["text"] for message in page["messages"]] == ["hello"]
    await reader.close()


@pytest.mark.parametrize("shell", DEAF)
async def test_check_tells_no_damage_that_is_none(server: ServerProcess, shell: str) -> None:
    assert await ran(server, shell, "check", str(server.data)) == 0
    assert await ran(server, shell, "check", str(server.data.parent / "nothing")) == 1
    assert await ran(server, shell, "config", "check") == 0


@pytest.mark.parametrize("shell", DEAF)
async def test_what_was_to_be_taken_away_is_and_what_there_is_not_is_no_broken_promise(
    server: ServerProcess, shell: str
) -> None:
    copy = server.data / "teahouse-before-0002.sqlite"
    copy.touch()
    assert await ran(server, shell, "forget-snapshots", str(server.data)) == 0
    assert not copy.exists()
    assert await ran(server, shell, "forget-snapshots", str(server.data)) == 0
    assert await ran(server, shell, "torture", "--only", "kindness") == 2


async def test_what_cannot_be_shown_is_said_so(server: ServerProcess) -> None:
    where = f"{HOST}:{server.port}"
    assert await ran(server, '"$@"', "say", "tea", "hello", "--server", where) == 0
    assert await ran(server, '"$@" >/dev/full', "tail", "tea", "--server", where) == 2
    assert await ran(server, '"$@" | true', "tail", "tea", "--server", where) == 0
