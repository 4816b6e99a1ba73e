"""The canary sees what it is for: a server that stands still, a message that is lost, doubled or out of its place."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import pytest

from teahouse.torture.bird import BEAT_S, Bird, Wrong
from teahouse.torture.canary import Record, Silent
from tests.support.canary import FLOOR_MS, Canary
from tests.support.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop"])

FREEZE_S = 0.5


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that runs."""
    process = ServerProcess(tmp_path / "data")
    await process.start()
    yield process
    await process.end()


async def test_a_server_that_stands_still_for_half_a_second_is_found(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(1.0)
        async with canary.during("a planted freeze") as gaps:
            await asyncio.sleep(0.3)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(FREEZE_S)
            finally:
                os.kill(server.pid, signal.SIGCONT)
    assert gaps.raw_ms >= FREEZE_S * 1_000 - 60  # it begins between two peeps
    assert gaps.raw_ms > 5 * FLOOR_MS
    assert calm.count >= 15


async def test_a_freeze_is_charged_for_each_peep_that_was_due_in_it() -> None:
    record = Record()
    record.note([(due / 20, max(due / 20 + 0.001, 5.0)) for due in range(200)], [], [])
    gaps = record.gaps("five seconds", 0.0, 10.0)
    assert gaps.count == 200
    assert gaps.raw_ms == pytest.approx(5_000)
    assert gaps.median_ms == pytest.approx(1, abs=51)


@pytest.mark.parametrize(
    ("fsync", "worst_ms"),
    [
        ((4.9, 0.8), 200),  # beside it
        ((3.0, 0.8), 1_000),  # over by then
        ((8.0, 0.8), 1_000),  # not yet
        ((0.0, 9.0), 0),  # longer than all of it
    ],
)
async def test_what_the_disk_itself_took_is_not_charged(fsync: tuple[float, float], worst_ms: float) -> None:
    record = Record()
    record.note([(5.0, 6.0)], [fsync], [])
    assert record.gaps("", 0.0, 10.0).worst_ms == pytest.approx(worst_ms)


@pytest.mark.parametrize(
    ("excused", "count"), [((5.5, 5.6), 1), ((6.0, 7.0), 2), ((4.0, 5.0), 2), ((5.2, 9.0), 1), ((4.0, 5.1), 1)]
)
async def test_what_was_under_way_in_an_excused_time_does_not_count(excused: tuple[float, float], count: int) -> None:
    record = Record()
    record.note([(2.0, 2.1), (5.0, 6.0)], [], [])
    assert record.gaps("", 0.0, 10.0, [excused]).count == count


async def test_a_canary_that_may_comes_back_after_a_kill_with_nothing_lost(server: ServerProcess) -> None:
    async with Canary(server.host, server.port, comes_back=True) as canary:
        for _ in range(3):
            await server.kill()
            await server.start()
            await canary.sings()
    assert len(canary.record.away) >= 3


async def test_a_canary_that_may_not_come_back_dies_with_the_server(server: ServerProcess) -> None:
    with pytest.raises(Silent, match="the connection was lost"):
        await _live_through(server.kill(), server)


async def _live_through(misfortune: Coroutine[None, None, None], server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        await misfortune
        await canary.sings()


async def test_the_canary_costs_little(server: ServerProcess) -> None:
    async with Canary(server.host, server.port) as canary:
        begin, before = time.monotonic(), _cpu_s(canary.pid)
        await canary.watch(2.0)
        assert _cpu_s(canary.pid) - before <= 0.1 * (time.monotonic() - begin)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


HEAD = {"room": "cage", "time": 1}


def a_bird(sung: int) -> Bird:
    """One that has sung so many peeps, and joined at the beginning of the room."""
    bird = Bird("nowhere", 0, comes_back=False)
    bird.begin(head=0, due=0.0)
    bird.plan(sung * BEAT_S - 0.01)
    return bird


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ([(1, 0), (3, 1)], "number 3 came after 1"),
        ([(1, 0), (1, 0)], "number 1 came after 1"),
        ([(1, 0), (2, 0)], "peep 0 came twice"),
        ([(1, 1), (2, 0)], "peep 0 came after a later one"),
        ([(1, 0), (2, 7)], "peep 7 was never sung"),
    ],
)
async def test_what_is_lost_or_doubled_or_out_of_order_is_said(events: list[tuple[int, int]], wrong: str) -> None:
    bird = a_bird(3)
    with pytest.raises(Wrong, match=wrong):
        bird.listen([{"type": "posted", "seq": seq, "text": bird.text(number), **HEAD} for seq, number in events])


async def test_what_comes_in_order_is_right() -> None:
    bird = a_bird(3)
    bird.listen([{"type": "posted", "seq": number + 1, "text": bird.text(number), **HEAD} for number in range(3)])
    assert len(bird.note["peeps"]) == 3
