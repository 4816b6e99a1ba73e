"""What one connection is given of a batch, where the property tests of the order of things have small messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from teahouse.core.errors import Overload, StoreError, WireError
from teahouse.core.events import Event, Posted
from teahouse.core.message import Person
from teahouse.core.room import Room, RoomRecord
from teahouse.core.session import Session
from teahouse.server.counters import Counters
from teahouse.server.fanout import Fanout
from teahouse.server.pages import Pages
from teahouse.server.peer import Peer
from teahouse.wire import raw
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
