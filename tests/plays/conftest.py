"""Plays: thousands of connections, the same server code that tests/server runs in asyncio's debug mode."""

from __future__ import annotations

import asyncio

import pytest


@pytest.fixture(autouse=True)
async def _no_debug_mode() -> None:
    """Debug mode keeps the stack of every callback: the plays would take several times as long."""
    asyncio.get_running_loop().set_debug(False)
