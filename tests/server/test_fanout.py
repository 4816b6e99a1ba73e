"""What one connection is given of a batch, where the property tests of the order of things have small messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

import pytest

from teahouse.core.errors import Overload, StoreError, WireError
from teahouse.core.events import Event, Posted
from teahouse.core.message import Person
from teahouse.core.room import Room, RoomRecord
from teahouse.core.session import Session
from teahouse.server.counters import Counters
from teahouse.server.fanout import Fanout
from teahouse.server.loading import ENCODED_BYTES
from teahouse.server.pages import Pages
from teahouse.server.peer import Peer
from teahouse.wire import lines, raw, websocket
from teahouse.wire.base import WireFormat
from tests.server.test_outbox import SMALL, a_tick, an_outbox

ANA = Person(1, "ana")


def no_page(room: Room, after: int, back: Callable[[list[Event] | StoreError], None]) -> None:
    """A store that takes its time."""


async def test_a_batch_that_outgrows_the_outbox_of_an_old_door_is_cut_and_the_reader_stays() -> None:
    outbox, _, _ = an_outbox()
    reasons: list[Overload | WireError] = []
    outbox.on_stuck = reasons.append
    outbox.pace(raw.FORMAT)
    fanout = Fanout(Pages(1_000), no_page, asyncio.get_running_loop().call_later, Counters())
    room = Room(1, "tea", None, RoomRecord())
    peer = Peer(Session(1, one_room=True), raw.RawCodec(SMALL), outbox, lambda why: None, "")
    cursor = fanout.seat(peer, room, 0, False)
    fanout.pump(cursor)
    assert fanout.behind() == 0

    events = [Posted(room="tea", seq=seq, time=0, author=ANA, text="x" * 40, form="say") for seq in range(1, 31)]
    assert sum(len(raw.FORMAT.event(event)) for event in events) > 4 * SMALL.reply_queue_bytes
    fanout.publish(room, events, [None] * len(events))
    given = outbox.size
    await a_tick()

    assert reasons == []
    assert fanout.behind() == 1
    assert given == sum(len(raw.FORMAT.event(event)) for event in events[: cursor.seq])
    assert SMALL.write_high_bytes < given <= SMALL.reply_queue_bytes


@pytest.mark.parametrize(
    "text", ["\n" * 60_000, '"' * 60_000, "茶" * 20_000, "x"], ids=["lines", "quotes", "tea", "small"]
)
@pytest.mark.parametrize("format", [raw.FORMAT, lines.FORMAT, websocket.FORMAT], ids=lambda format: format.name)
async def test_a_page_of_large_messages_is_encoded_some_at_a_time(format: WireFormat, text: str) -> None:
    outbox, _, _ = an_outbox()
    turns: list[Callable[[], object]] = []
    given: list[Callable[[list[Event] | Exception], None]] = []
    fanout = Fanout(
        Pages(1_000), lambda room, after, back: given.append(back),
        lambda delay, then, *words: turns.append(partial(then, *words)), Counters(),
    )  # fmt: skip
    room = Room(1, "tea", None, RoomRecord(), head=30)
    peer = Peer(Session(1, one_room=True), raw.RawCodec(SMALL), outbox, lambda why: None, "")
    cursor = fanout.seat(peer, room, 0, False)
    encoded: list[int] = []

    class Counted:
        name, own, paced = format.name, format.own, format.paced

        def event(self, event: Event) -> bytes:
            unit = format.event(event)
            encoded.append(len(unit))
            return unit

    cursor.format = cast(WireFormat, Counted())
    fanout.pump(cursor)
    [back] = given
    back([Posted(room="tea", seq=seq, time=0, author=ANA, text=text, form="say") for seq in range(1, 31)])
    most = 0
    while turns:
        assert cursor.loading
        before = len(encoded)
        turns.pop()()
        most = max(most, sum(encoded[before:]))
    assert not cursor.loading
    assert len(encoded) == 30
    assert most <= ENCODED_BYTES + max(encoded)
    assert cursor.seq > 0, "it is served when all of the page is there"
    assert (most == 0) == (text == "x"), "a page of small ones takes one turn"
