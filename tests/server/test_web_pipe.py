"""What an outbox writes into a pipe, its reader reads; when the reader is slow, the outbox is full."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from teahouse.core.limits import LAN
from teahouse.server.outbox import Flusher
from teahouse.server.web.pipe import Pipe

SMALL = msgspec.structs.replace(LAN, write_high_bytes=100, reply_queue_bytes=1_000)


@pytest.fixture
async def pipe() -> Pipe:
    return Pipe(Flusher(asyncio.get_running_loop(), SMALL), SMALL)


async def test_what_is_pushed_in_one_tick_is_read_at_once_and_in_order(pipe: Pipe) -> None:
    for unit in (b"one ", b"two ", b"three"):
        pipe.outbox.push(unit)
    assert await pipe.read() == b"one two three"


async def test_a_reader_waits_for_what_comes(pipe: Pipe) -> None:
    reading = asyncio.ensure_future(pipe.read())
    await asyncio.sleep(0)
    assert not reading.done()
    pipe.outbox.push(b"now")
    assert await reading == b"now"


async def test_a_slow_reader_makes_the_outbox_full_until_it_reads(pipe: Pipe) -> None:
    drained = 0

    def count() -> None:
        nonlocal drained
        drained += 1

    pipe.outbox.on_drain = count
    pipe.outbox.push(b"x" * 101)
    pipe.outbox.flush()
    assert pipe.outbox.full
    assert pipe.get_write_buffer_size() == 101
    pipe.outbox.push(b"y")
    pipe.outbox.flush()
    assert pipe.get_write_buffer_size() == 101
    assert await pipe.read() == b"x" * 101
    assert (pipe.outbox.full, drained) == (False, 1)
    assert await pipe.read() == b"y"


async def test_what_waits_is_read_before_the_end(pipe: Pipe) -> None:
    pipe.outbox.push(b"last words")
    pipe.outbox.close()
    assert pipe.is_closing()
    pipe.outbox.push(b"too late")
    pipe.outbox.flush()
    assert await pipe.read() == b"last words"
    assert await pipe.read() == b""


async def test_a_pipe_that_is_cut_gives_nothing_more(pipe: Pipe) -> None:
    reading = asyncio.ensure_future(pipe.read())
    await asyncio.sleep(0)
    pipe.abort()
    assert await reading == b""
    pipe.outbox.push(b"x")
    pipe.outbox.flush()
    assert await pipe.read() == b""
