"""The commands and the screen, against a real house in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from teahouse.testing import House, house


@pytest.fixture
async def server() -> AsyncIterator[House]:
    """A house of its own for each test."""
    async with house() as opened:
        yield opened
