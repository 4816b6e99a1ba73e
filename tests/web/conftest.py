"""A real server in a process of its own, and a real browser. One event loop is enough: it carries only clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.lacks import browser_lacks
from tests.support.server_process import ServerProcess
from tests.web.visitor import Browsing, open_browser


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that runs."""
    asyncio.get_running_loop().set_debug(False)
    process = ServerProcess(tmp_path / "data")
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def browsing(server: ServerProcess) -> AsyncIterator[Browsing]:
    """A browser for that server."""
    if (lacks := browser_lacks()) is not None:
        pytest.skip(lacks)
    async with open_browser(f"http://{server.host}:{server.port}") as browsing:
        yield browsing
