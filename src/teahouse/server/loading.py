"""Pages that are read from the store: each once, however many wait for it, and encoded some at a time.

    ask(room, format, number) ─▶ the store ─▶ a slice of events a turn of the loop ─▶ Pages ─▶ then(None) for each who waits

A page has 256 events. Where those are large, to write them all takes as long as a second, for which nobody would be heard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from teahouse.core.errors import StoreError
from teahouse.core.events import Event
from teahouse.core.room import Room
from teahouse.server.pages import PAGE, Pages
from teahouse.wire.base import WireFormat

log = structlog.get_logger("teahouse.loading")

ENCODED_BYTES = 65_536  # in one turn of the loop

Key = tuple[int, WireFormat, int]  # room, format, number of the page
Then = Callable[[Exception | None], None]


class Loading:
    """Reads for the fan-out.

    read_page  asks the store for the page of events after a number; it calls back
    later      call_later of the loop
    """

    def __init__(
        self,
        pages: Pages,
        read_page: Callable[[Room, int, Callable[[list[Event] | Exception], None]], None],
        later: Callable[..., object],
    ) -> None:
        self._pages = pages
        self._read_page = read_page
        self._later = later
        self._waiting: dict[Key, list[Then]] = {}

    def ask(self, room: Room, format: WireFormat, number: int, then: Then) -> None:
        """Have this page among the pages, then say so, or why it is not. `then` must not raise."""
        key = (room.id, format, number)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(then)
            return
        self._waiting[key] = [then]
        drops = self._pages.drops(room.id)

        def read(events: list[Event] | Exception) -> None:
            if isinstance(events, StoreError):
                log.warning("page-unread", room=room.name, page=number, code=events.code, error=events.message)
            if isinstance(events, Exception):
                self._over(key, events)
            else:
                self._encode(key, drops, events, [])

        try:
            self._read_page(room, number * PAGE, read)
        except Exception:
            del self._waiting[key]  # nobody would ever be called back
            raise

    def _encode(self, key: Key, drops: int, events: list[Event], units: list[bytes]) -> None:
        """Some more of them, and the rest in the next turns."""
        room, format, number = key
        size = 0
        try:
            while len(units) < len(events):
                if size > ENCODED_BYTES:
                    self._later(0, partial(self._encode, key, drops, events, units))
                    return
                units.append(format.event(events[len(units)]))
                size += len(units[-1])
            if drops == self._pages.drops(room):
                self._pages.put(room, format, number, units)
        except Exception as fault:
            self._over(key, fault)
        else:
            self._over(key, None)

    def _over(self, key: Key, fault: Exception | None) -> None:
        for then in self._waiting.pop(key):
            then(fault)
