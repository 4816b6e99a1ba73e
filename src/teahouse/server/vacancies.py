"""Rooms that go: a day after they were made, where nothing was ever said and nobody is. The lobby never does.

    look ─▶ old enough? nobody there, nothing on its way, not named lately ─▶ out of the state ─▶ off the disk

All of the first arrow is one step of the loop. From then on the room is not there: who names it makes a new one, and the
writer, which does one thing after the other, takes the old one away before it makes the new one. A question that was asked
while the room was there, and is answered when it is not, finds that out (`answer_join`); but `wanted` keeps a room for some
minutes after it was named, so that hardly happens.

A disk that takes nothing keeps the room: it is put back, and tried again.
"""

from __future__ import annotations

import asyncio

import structlog

from teahouse.core.errors import StorageUnknown, StoreError
from teahouse.core.room import Room
from teahouse.core.state import State
from teahouse.server.clock import Clock
from teahouse.server.fanout import Fanout
from teahouse.server.feed import Feed
from teahouse.store.base import Store

log = structlog.get_logger("teahouse.vacancies")

EVERY_S = 60.0
SLICE = 256  # rooms that are looked at in one step of the loop


class Vacancies:
    """Lets empty rooms go."""

    def __init__(self, state: State, store: Store, feed: Feed, fanout: Fanout, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._feed = feed
        self._fanout = fanout
        self._clock = clock

    async def run(self) -> None:
        """Look each minute, until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look()
            except Exception as error:  # the next minute is a new one
                log.error("rooms-not-looked-at", exc_info=error)

    async def look(self) -> None:
        """Once through the rooms in which nothing was ever said."""
        rooms = list(self._state.unsaid.values())
        for start in range(0, len(rooms), SLICE):
            now = self._clock.now_ms()
            for room in [room for room in rooms[start : start + SLICE] if self._may_go(room, now)]:
                # The one before was waited for: somebody may have come meanwhile.
                if self._may_go(room, now) and not await self._let_go(room):
                    return
            await asyncio.sleep(0)

    def _may_go(self, room: Room, now: int) -> bool:
        if room.id not in self._state.unsaid or room.made is None:
            return False
        if room.wanted:
            room.wanted -= 1
            return False
        if now - room.made < self._state.limits.empty_room_ms:
            return False
        return not room.present and not self._fanout.is_heard(room) and self._feed.is_quiet(room)

    async def _let_go(self, room: Room) -> bool:
        """False where the disk takes nothing."""
        self._state.remove(room)
        self._feed.forget(room)
        self._fanout.forget(room)
        try:
            is_gone = await self._store.forget_room(room.id)
        except StoreError as error:
            log.warning("room-kept", room=room.name, code=error.code, error=error.message)
            if not isinstance(error, StorageUnknown):  # else who names it asks the disk whether it is there
                self._put_back(room)
            return False
        if not is_gone:
            room.made = None
            self._put_back(room)
        return True

    def _put_back(self, room: Room) -> None:
        """It is still on the disk; unless somebody has asked the disk for it meanwhile, and has put it back."""
        if room.id not in self._state.rooms_by_id:
            self._state.add(room, room.fold)
