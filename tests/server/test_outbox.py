"""One write per connection and tick; slow readers; the pace of old doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, cast

import msgspec
import pytest

from teahouse.core.errors import Overload, TooSlow, WireError
from teahouse.core.events import Event, Signal
from teahouse.core.limits import LAN
from teahouse.server.outbox import SWEEP_S, SWEPT, Flusher, Outbox
from teahouse.wire.base import PACE_BYTES, PACE_MS
from tests.support.machine import FakeTransport

SMALL = msgspec.structs.replace(LAN, write_high_bytes=100, write_low_bytes=10, reply_queue_bytes=300, stall_ms=5_000)


class Parity:
    """A paced format whose writes show their borders."""

    name = "parity"
    own: Literal["same", "nothing"] = "nothing"
    paced = True

    def event(self, event: Event) -> bytes:
        return b"e"

    def signal(self, signal: Signal) -> bytes:
        return b""

    def batch(self, units: Sequence[bytes]) -> bytes:
        return b"<" + b"|".join(units) + b">"


def an_outbox(flusher: Flusher | None = None) -> tuple[Outbox, FakeTransport, Flusher]:
    flusher = flusher or Flusher(asyncio.get_running_loop(), SMALL)
    transport = FakeTransport(high=SMALL.write_high_bytes, low=SMALL.write_low_bytes)
    outbox = Outbox(transport, flusher, SMALL)
    transport.on_pause, transport.on_resume = outbox.pause, outbox.resume
    return outbox, transport, flusher


async def a_tick() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_twenty_units_in_one_tick_are_one_write_per_connection() -> None:
    flusher = Flusher(asyncio.get_running_loop(), SMALL)
    pairs = [an_outbox(flusher)[:2] for _ in range(5)]
    for number in range(20):
        for outbox, _ in pairs:
            outbox.push(b"%d," % number)
    await a_tick()
    assert [transport.writes for _, transport in pairs] == [[b"".join(b"%d," % n for n in range(20))]] * 5


async def test_a_lone_unit_is_written_as_the_very_same_object() -> None:
    outbox, transport, _ = an_outbox()
    outbox.push(b"once")
    await a_tick()
    assert transport.writes == [b"once"]
    assert outbox.size == 0


async def test_a_reader_that_stops_makes_its_outbox_full_and_draining_calls_back() -> None:
    outbox, transport, _ = an_outbox()
    drained: list[bool] = []
    outbox.on_drain = lambda: drained.append(outbox.full)
    transport.stopped = True
    outbox.push(b"x" * 101)
    await a_tick()
    assert outbox.full
    outbox.push(b"later")
    await a_tick()
    assert transport.writes == [b"x" * 101]
    transport.stopped = False
    transport.drain()
    await a_tick()
    assert transport.writes[1:] == [b"later"]
    assert drained == [False]


async def test_more_than_the_mark_in_one_tick_is_full_until_the_flush() -> None:
    outbox, transport, _ = an_outbox()
    drained: list[int] = []
    outbox.on_drain = lambda: drained.append(outbox.size)
    outbox.push(b"x" * 101)
    assert outbox.full
    await a_tick()
    assert (outbox.full, drained, transport.writes) == (False, [0], [b"x" * 101])


async def test_replies_that_outgrow_their_bound_end_a_stopped_reader() -> None:
    outbox, transport, _ = an_outbox()
    reasons: list[Overload | WireError] = []
    outbox.on_stuck = reasons.append
    transport.stopped = True
    outbox.push(b"x" * 101)
    await a_tick()
    for _ in range(10):
        outbox.push(b"r" * 100)
    assert reasons == []  # who pushes may be walking through those who hear: nobody is let go meanwhile
    await a_tick()
    assert [type(reason) for reason in reasons] == [TooSlow]


async def test_a_lost_connection_takes_nothing_more_and_never_fails_the_flush() -> None:
    flusher = Flusher(asyncio.get_running_loop(), SMALL)
    lost, transport, _ = an_outbox(flusher)
    other, others_transport, _ = an_outbox(flusher)
    lost.push(b"a")
    other.push(b"b")
    transport.closed = True
    lost.lost()
    lost.push(b"c")
    await a_tick()
    assert (transport.writes, others_transport.writes) == ([], [b"b"])
    assert (lost.size, lost in flusher.outboxes) == (0, False)


async def test_closing_writes_what_waits_first() -> None:
    outbox, transport, _ = an_outbox()
    outbox.push(b"farewell")
    outbox.close()
    assert (transport.writes, transport.closed) == ([b"farewell"], True)


async def test_a_reader_of_whom_no_byte_was_accepted_is_let_go_and_one_who_dribbles_is_not() -> None:
    stuck, stuck_transport, _ = an_outbox()
    slow, slow_transport, _ = an_outbox()
    reasons: list[str] = []
    stuck.on_stuck = lambda why: reasons.append("stuck")
    slow.on_stuck = lambda why: reasons.append("slow")
    for outbox, transport in ((stuck, stuck_transport), (slow, slow_transport)):
        transport.stopped = True
        outbox.push(b"x" * 50)
        outbox.flush()
    start = asyncio.get_running_loop().time()
    for second in range(1, 8):
        slow_transport.drain(1)
        stuck.sweep(start + second, 5.0)
        slow.sweep(start + second, 5.0)
    assert reasons == ["stuck"]
    stuck.sweep(start + 20, 5.0)
    assert stuck_transport.aborted


class HandLoop:
    """A loop whose time goes on when the test says so; it keeps what is to be called later."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, work: Callable[..., None], *_: object) -> None:
        """Nothing is written in this test."""

    def call_later(self, delay: float, work: Callable[[], None]) -> None:
        self.later.append((delay, work))


def test_thousands_of_outboxes_are_looked_at_some_at_a_time_and_each_in_time() -> None:
    loop = HandLoop()
    flusher = Flusher(cast(asyncio.AbstractEventLoop, loop), SMALL)
    looked_at: list[Outbox] = []
    for _ in range(2 * SWEPT + 88):
        outbox, transport, _ = an_outbox(flusher)
        transport.stopped = True
        outbox.push(b"x" * 50)
        outbox.flush()
        outbox.on_stuck = lambda why, outbox=outbox: looked_at.append(outbox)  # type: ignore[misc]
    gone = next(iter(flusher.outboxes))
    flusher.watch()
    gone.lost()
    while loop.now < 3 * SWEEP_S:
        before = len(looked_at)
        [(delay, work)] = loop.later
        loop.later.clear()
        loop.now += delay
        work()
        assert len(looked_at) - before <= SWEPT
    assert set(looked_at) == flusher.outboxes
    assert len(looked_at) == len(flusher.outboxes) == 2 * SWEPT + 87


@pytest.mark.parametrize("sizes", [[700, 700, 700, 700], [2_000, 10, 10], [10] * 400])
async def test_a_paced_outbox_writes_whole_units_and_little_at_once(sizes: list[int]) -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    units = [bytes([65 + number % 26]) * size for number, size in enumerate(sizes)]
    for unit in units:
        outbox.push(unit)
    while len(b"".join(transport.writes).replace(b"|", b"")) < sum(sizes) + 2 * len(transport.writes):
        await asyncio.sleep(0.01)
    got = [unit for write in transport.writes for unit in write[1:-1].split(b"|")]
    assert got == units
    assert all(len(write) <= PACE_BYTES or b"|" not in write for write in transport.writes)
    assert len(transport.writes) > 1


async def test_what_comes_between_two_paced_writes_joins_the_next() -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    for unit in (b"a", b"b", b"c"):
        outbox.push(unit)
        await a_tick()
    while len(transport.writes) < 2:
        await asyncio.sleep(0.01)
    assert transport.writes == [b"<a>", b"<b|c>"]


async def test_the_pause_after_a_large_paced_write_grows_with_it() -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    loop = asyncio.get_running_loop()
    outbox.push(b"x" * 5 * PACE_BYTES)
    await a_tick()
    written = loop.time()
    outbox.push(b"y")
    while len(transport.writes) < 2:
        await asyncio.sleep(0.01)
    assert loop.time() - written >= 5 * PACE_MS / 1_000


async def test_a_paced_outbox_waits_for_an_empty_send_queue() -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    transport.stopped = True
    outbox.push(b"a")
    await a_tick()
    outbox.push(b"b")
    await asyncio.sleep(0.15)  # three times the pace: only the queue holds it back
    assert transport.writes == [b"<a>"]
    transport.drain()
    while len(transport.writes) < 2:
        await asyncio.sleep(0.01)
    assert transport.writes == [b"<a>", b"<b>"]


async def test_leaving_the_pace_keeps_order_and_format_of_what_waited() -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    outbox.push(b"a")
    await a_tick()
    outbox.push(b"b")
    outbox.pace(None)
    outbox.push(b"{json}")
    await a_tick()
    assert b"".join(transport.writes) == b"<a><b>{json}"


async def test_a_paced_outbox_that_is_closed_says_all_and_then_closes() -> None:
    outbox, transport, _ = an_outbox()
    outbox.pace(Parity())
    outbox.push(b"a")
    await a_tick()
    outbox.push(b"b")
    outbox.close()
    while not transport.closed:
        await asyncio.sleep(0.01)
    assert transport.writes == [b"<a>", b"<b>"]
