"""New rooms: whoever names one makes it, so they are counted, by person and by address."""

from __future__ import annotations

from teahouse.core.errors import Refusal, TooFast
from teahouse.core.handlers.rooms import STAYS
from teahouse.core.meter import Meter
from teahouse.core.room import Room
from teahouse.core.state import State
from teahouse.server.clock import Clock
from teahouse.server.peer import Peer
from teahouse.store.base import Store

HOUR_MS = 3_600_000
REMEMBERED = 16_384  # people and addresses; some 400 bytes each, and 40 a room


class Making:
    """Makes rooms, if the person and the address have not made as many as they may."""

    def __init__(self, state: State, store: Store, clock: Clock) -> None:
        self._state = state
        self._store = store
        self._clock = clock
        self._lately = Meter(state.limits.new_rooms_per_hour, HOUR_MS, REMEMBERED)

    async def make(self, peer: Peer, name: str, fold: str, pair: tuple[int, int] | None) -> Room:
        """The room, which there is from now on.

        It counts before the disk is asked, else several asked for at once would be one too many.

        raises  TooFast, and what the store raises
        """
        now = self._clock.ticks_ms()
        makers = (("person", peer.session.person.id), ("address", peer.neighbours))
        wait_ms = max(self._lately.wait_ms(maker, now) for maker in makers)
        if wait_ms:
            limit = self._state.limits.new_rooms_per_hour
            raise TooFast(
                f"{limit} new rooms an hour are the limit, of one person and of one address. Try again later, or join "
                "a room that there is.", limit=limit, retry_after_ms=wait_ms,
            )  # fmt: skip
        for maker in makers:
            self._lately.count(maker, now)
        try:
            return await self._open(name, fold, pair)
        except Refusal:
            for maker in makers:
                self._lately.give_back(maker, now)
            raise

    async def _open(self, name: str, fold: str, pair: tuple[int, int] | None) -> Room:
        """Two may ask for the same new room at once: the first answer is the room."""
        made = await self._store.open_room(name, fold, pair)
        room = self._state.rooms_by_id.get(made.id)
        if room is None:
            made.wanted = STAYS
            self._state.add(made, fold)
            room = made
        return room
