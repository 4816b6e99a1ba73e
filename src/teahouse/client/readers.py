"""Who reads the rooms' events, and how fast the line may be because of it.

    line ──may_hear──▶ arrived ──▶ Seat.arrivals ──▶ next_event ──▶ async for

The line waits while a room that is being read is full. It does not wait when that could be for ever or for nothing:
an answer, or another room's event, is awaited (it may be on the line already); the reader has taken nothing for a
moment; nobody has ever read. Then the room falls behind (seat.py), and `come_back` fetches it when there is space.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from teahouse.client.errors import Closed
from teahouse.client.room import Room
from teahouse.core.errors import TeahouseError
from teahouse.core.events import Event, Gap


class Readers:
    """All rooms of a client, and those who iterate over them.

    rooms      by the fold of their names
    come_back  asks for the place in a room that was behind
    error      why nothing will come any more
    """

    def __init__(self, backlog: float, come_back: Callable[[Room], None]) -> None:
        self._backlog = backlog
        self._come_back = come_back
        self._moved = asyncio.Event()  # somebody read, waits or asked
        self._came = asyncio.Event()  # an event, or the end
        self._waiting = 0
        self._arrived = 0
        self.rooms: dict[str, Room] = {}
        self.error: TeahouseError | None = None

    async def next_event(self, room: Room | None) -> Event | Gap:
        """The next unread event of this room, or of all.

        raises  StopAsyncIteration   the room was left, or the client closed
                TeahouseError        the place in the room, or the connection, is lost for good
        """
        self._waiting += 1
        try:
            while True:
                among = self._among(room)
                unread = [each for each in among if each.seat.arrivals]
                if unread:
                    return self._take(min(unread, key=lambda each: each.seat.arrivals[0][0]))
                self._check_end(room)
                for each in among:
                    each.seat.read = True
                    self._return(each)
                self._came.clear()
                self._moved.set()
                await self._came.wait()
        finally:
            self._waiting -= 1

    def _among(self, room: Room | None) -> Sequence[Room]:
        return list(self.rooms.values()) if room is None else [room]

    def _take(self, room: Room) -> Event | Gap:
        room.seat.read = True
        _, event = room.seat.arrivals.popleft()
        self._moved.set()
        self._return(room)
        return event

    def _return(self, room: Room) -> None:
        if room.here and room.seat.may_return:
            self._come_back(room)

    def _check_end(self, room: Room | None) -> None:
        if room is not None and room.lost is not None:
            raise room.lost
        if self.error is not None:
            if isinstance(self.error, Closed) and self.error.__cause__ is None:
                raise StopAsyncIteration
            raise self.error
        if room is not None and not room.here:
            raise StopAsyncIteration

    def arrived(self, room: Room, event: Event | Gap) -> None:
        """It waits to be read."""
        self._arrived += 1
        room.seat.arrivals.append((self._arrived, event))
        self._came.set()

    def stir(self) -> None:
        """Something changed: look again, whoever waits."""
        self._moved.set()
        self._came.set()

    async def may_hear(self, is_asking: Callable[[], bool]) -> None:
        """Wait until there is room for more, or until waiting is of no use."""
        until = asyncio.get_running_loop().time() + self._backlog
        while self._is_full() and not self._waiting and not is_asking():
            self._moved.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._moved.wait()
            except TimeoutError:
                return

    def _is_full(self) -> bool:
        return any(room.seat.full and room.seat.read and not room.seat.behind for room in self.rooms.values())
