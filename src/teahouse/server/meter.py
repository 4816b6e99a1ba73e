"""How often somebody did something within the last hour.

Exact: of any hour that one looks at, no more than the bound. So each moment is kept until it is an hour old; the bound is
small. Whoever did something longest ago is forgotten where there are too many to remember: to be forgotten so one needs as
many people who are at it at the same time.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Sequence

HOUR_MS = 3_600_000
REMEMBERED = 16_384  # people and addresses; some 400 bytes each, and 40 a moment


class Meter:
    """Counts by key: a person, an address. Times are ticks: they never jump."""

    def __init__(self, per_hour: int | None) -> None:
        self._per_hour = per_hour
        self._moments: OrderedDict[Hashable, deque[int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._moments)

    def wait_ms(self, keys: Sequence[Hashable], now: int) -> int:
        """How long until all of these may do it once more; 0: now."""
        if self._per_hour is None:
            return 0
        return max((self._wait_of(key, now, self._per_hour) for key in keys), default=0)

    def _wait_of(self, key: Hashable, now: int, per_hour: int) -> int:
        moments = self._moments.get(key)
        if moments is None:
            return 0
        while moments and moments[0] <= now - HOUR_MS:
            moments.popleft()
        return 0 if len(moments) < per_hour else moments[0] + HOUR_MS - now

    def take(self, keys: Sequence[Hashable], now: int) -> None:
        """They do it now."""
        if self._per_hour is None:
            return
        for key in keys:
            self._moments.setdefault(key, deque()).append(now)
            self._moments.move_to_end(key)
        while len(self._moments) > REMEMBERED:
            self._moments.popitem(last=False)

    def give_back(self, keys: Sequence[Hashable], moment: int) -> None:
        """What they took at this moment came to nothing."""
        for key in keys:
            moments = self._moments.get(key)
            if moments is not None and moment in moments:
                moments.remove(moment)
