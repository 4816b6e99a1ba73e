"""How often a person changed a message within the last minute. In memory: a restart begins anew.

The log asks here, because it alone knows which change is none: what is answered `again` costs nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque

WINDOW_MS = 60_000
KEPT = 65_536  # (person, message)s; above it the one that was quiet longest is forgotten

Pair = tuple[int, int]  # person, message (ids)


class Meter:
    """Belongs to the writer's thread. Times are ticks of a clock that never jumps, in ms."""

    def __init__(self) -> None:
        self._changes: OrderedDict[Pair, deque[int]] = OrderedDict()

    def wait_ms(self, pair: Pair, more: int, most: int, ticks: int) -> int:
        """How long until another change may follow on `more` that are not counted yet; 0: it may."""
        within = [when for when in self._changes.get(pair, ()) if when > ticks - WINDOW_MS]
        over = len(within) + more + 1 - most
        if over <= 0:
            return 0
        return WINDOW_MS if over > len(within) else within[over - 1] + WINDOW_MS - ticks

    def count(self, pair: Pair, changes: int, most: int, ticks: int) -> None:
        """So many changes are on disk."""
        times = self._changes.pop(pair, None)
        if times is None or times.maxlen != most:
            times = deque(times or (), most)
        times.extend([ticks] * changes)
        self._changes[pair] = times
        while self._changes:
            pair, times = next(iter(self._changes.items()))
            if len(self._changes) <= KEPT and times[-1] > ticks - WINDOW_MS:
                break
            del self._changes[pair]

    def __len__(self) -> int:
        return len(self._changes)
