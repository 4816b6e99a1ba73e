"""Whole tests: the server is a process of its own, started by its command line; the clients are here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.server_process import ServerProcess
from tests.support.small_disk import a_disk


@pytest.fixture(autouse=True)
async def _clients_in_a_hurry() -> None:
    """The loop here carries only clients: to debug it would slow down what the server must bear."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that runs."""
    process = ServerProcess(tmp_path / "data")
    await process.start()
    yield process
    await process.end()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 MiB."""
    with a_disk(tmp_path / "disk", "4m") as disk:
        yield disk
