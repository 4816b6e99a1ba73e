"""Pages: 256 consecutive events of a room, encoded once per format, for all who are behind.

A page is named by (room, format, number); page 0 holds events 1 … 256. It is filled from the store, up to the
published head, and grows while events are published, so that the newest page serves a crowd that comes back at
once. The whole cache is bounded by bytes; the page that was used longest ago goes first.

Deletion rewrites: every page that holds the target or one of its edits is dropped, and a page that was being read
meanwhile is read again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from teahouse.wire.base import WireFormat

PAGE = 256
OVERHEAD = 64  # bytes a unit costs beside its contents
PAGE_OVERHEAD = 640  # … and a page beside its units


class Page:
    """units[i] is event `number` * PAGE + 1 + i."""

    __slots__ = ("bytes", "first", "units")

    def __init__(self, number: int, units: list[bytes]) -> None:
        self.first = number * PAGE + 1
        self.units = units
        self.bytes = sum(map(len, units)) + OVERHEAD * len(units) + PAGE_OVERHEAD

    @property
    def last(self) -> int:
        """The number of its last event."""
        return self.first + len(self.units) - 1


def page_of(seq: int) -> int:
    """The number of the page that holds this event."""
    return (seq - 1) // PAGE


class Pages:
    """The cache."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._pages: OrderedDict[tuple[int, WireFormat, int], Page] = OrderedDict()
        self._drops: dict[int, int] = {}
        self.bytes = 0

    def get(self, room: int, format: WireFormat, seq: int) -> Page | None:
        """The page that holds event `seq` already; None: read it from the store."""
        key = (room, format, page_of(seq))
        page = self._pages.get(key)
        if page is None or page.last < seq:
            return None
        self._pages.move_to_end(key)
        return page

    def put(self, room: int, format: WireFormat, number: int, units: list[bytes]) -> None:
        """Keep a page that was read; it takes the place of a shorter one."""
        self._remove((room, format, number))
        page = Page(number, units)
        self._pages[room, format, number] = page
        self.bytes += page.bytes
        if self.bytes > self._limit:
            self._shrink()

    def _shrink(self) -> None:
        while self.bytes > self._limit and len(self._pages) > 1:
            self._remove(next(iter(self._pages)))

    def extend(self, room: int, format: WireFormat, seq: int, units: Sequence[bytes]) -> None:
        """The events from `seq` on were published: the newest page grows, if it is here and whole up to them."""
        if not self._pages:
            return
        page = self._pages.get((room, format, page_of(seq)))
        if page is None or page.last != seq - 1:
            return
        fresh = units[: PAGE - len(page.units)]
        size = sum(map(len, fresh)) + OVERHEAD * len(fresh)
        page.units += fresh
        page.bytes += size
        self.bytes += size
        if self.bytes > self._limit:
            self._shrink()

    def drop(self, room: int, seq: int) -> None:
        """Event `seq` reads otherwise from now on, and so may later events that changed it: forget them all."""
        self._drops[room] = self.drops(room) + 1
        for key in [key for key in self._pages if key[0] == room and key[2] >= page_of(seq)]:
            self._remove(key)

    def forget(self, room: int) -> None:
        """The room is no more."""
        self.drop(room, 1)
        del self._drops[room]

    def drops(self, room: int) -> int:
        """How often something was dropped: a page read before that is not to be kept."""
        return self._drops.get(room, 0)

    def _remove(self, key: tuple[int, WireFormat, int]) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self.bytes -= page.bytes
