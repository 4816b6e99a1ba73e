"""`kill -9` under load: what was acknowledged is there, no number is missing, nothing twice, nothing out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from teahouse.torture.run import torture

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])


async def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    report = await torture(
        minutes=2.0, events=["kill"] * 20, seed=0, only=["none"], worst_ms=float("inf"), folder=tmp_path
    )
    assert report.findings == [], report.table()
    assert report.kills == 20
    assert report.acknowledged > 0
    assert report.stored >= report.acknowledged
