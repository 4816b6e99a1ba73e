"""A real server in a process of its own, and a real browser. One event loop is enough: it carries only clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.server_process import ServerProcess
from tests.web.visitor import CHROMIUM, Browsing, open_browser


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
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; on Debian: apt install chromium fonts-noto-cjk")
    async with open_browser(f"http://{server.host}:{server.port}") as browsing:
        yield browsing
