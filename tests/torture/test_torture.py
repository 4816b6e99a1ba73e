"""A torture finds nothing wrong with the server, and finds what is wrong with servers that break a promise on purpose."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from teahouse.torture.hostile import ATTACKS
from teahouse.torture.ledger import Finding
from teahouse.torture.report import Report
from teahouse.torture.run import torture
from tests.support import lying_server

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

MINUTES = 0.35
WORST_MS = 400.0
"""Of a canary on a machine that runs other tests beside it: less than a freeze of half a second."""


@pytest.fixture(autouse=True)
async def _torturers_in_a_hurry() -> None:
    """The loop here carries only those who torture: to debug it would slow them down."""
    asyncio.get_running_loop().set_debug(False)


async def tortured(tmp_path: Path, *, lie: str | None = None, minutes: float = MINUTES, **options: object) -> Report:
    words = ("-m", lying_server.__name__, lie) if lie else None
    program = {} if words is None else {"program": words}
    report = await torture(minutes=minutes, seed=7, worst_ms=WORST_MS, folder=tmp_path, **program, **options)  # type: ignore[arg-type]
    print(report.table())
    return report


async def test_a_short_torture_with_everything_once_finds_nothing(tmp_path: Path) -> None:
    report = await tortured(tmp_path)
    assert report.findings == [], report.table()
    assert report.kills >= 2
    assert report.stops >= 1
    assert report.spells >= 1
    assert report.jumps >= 1
    assert report.cuts >= 20
    assert 0 < report.acknowledged <= report.stored <= report.sent
    assert report.delivered >= report.stored
    assert {gaps.what for gaps in report.attacks} <= set(ATTACKS)
    assert report.fresh.descriptors > 0
    assert os.listdir(tmp_path) == [], "something of it was left behind"


async def test_a_small_disk_that_is_full_and_one_whose_files_may_not_grow_lose_nothing(tmp_path: Path) -> None:
    report = await tortured(tmp_path, minutes=2.0, only=["none"], events=["full", "full", "kill"])
    assert report.findings == [], report.table()
    assert report.spells == 2
    assert report.refused > 0
    assert os.listdir(tmp_path) == [], "something of it was left behind"


@pytest.mark.parametrize(
    ("lie", "kinds"),
    [
        ("early", {"lost", "broken"}),  # where its own feed sees first what it has done, it ends with 70
        ("forgetful", {"doubled"}),
        ("crooked", {"reordered"}),
        ("frozen", {"slow"}),
    ],
)
async def test_a_server_that_breaks_a_promise_is_found_within_a_minute(
    tmp_path: Path, lie: str, kinds: set[str]
) -> None:
    minutes = MINUTES if lie == "frozen" else 1.0  # the others end with the first finding
    report = await tortured(tmp_path, lie=lie, minutes=minutes, only=["none"])
    assert report.seconds < 60
    assert kinds & {finding.kind for finding in report.findings}, report.table()
    assert_it_tells_a_story(report.findings[0])


def assert_it_tells_a_story(finding: Finding) -> None:
    assert finding.what
    assert 1 <= len(finding.story) <= 24
