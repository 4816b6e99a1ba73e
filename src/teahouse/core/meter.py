"""How often somebody did something lately: exactly, so that no stretch of the window has more than the bound.

Each moment is kept until the window has passed it; bounds are small. In memory: a restart begins anew. Where there are too
many to remember, whoever was quiet longest is forgotten: to be forgotten so, one needs as many who are at it at once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable


class Meter:
    """Counts by key: a person, an address, a person and a message. Moments are ticks in ms: they never jump.

    most        in the window; None: no bound, and nothing is remembered
    remembered  keys
    """

    def __init__(self, most: int | None, window_ms: int, remembered: int) -> None:
        self._most = most
        self._window_ms = window_ms
        self._remembered = remembered
        self._moments: OrderedDict[Hashable, deque[int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._moments)

    def wait_ms(self, key: Hashable, now: int, more: int = 0) -> int:
        """How long until another one may follow on `more` that are not counted yet; 0: it may."""
        if self._most is None:
            return 0
        within = [moment for moment in self._moments.get(key, ()) if moment > now - self._window_ms]
        over = len(within) + more + 1 - self._most
        if over <= 0:
            return 0
        return self._window_ms if over > len(within) else within[over - 1] + self._window_ms - now

    def count(self, key: Hashable, now: int, times: int = 1) -> None:
        """So many are done now."""
        if self._most is None:
            return
        moments = self._moments.pop(key, None)
        if moments is None:
            moments = deque(maxlen=self._most)
        moments.extend([now] * times)
        self._moments[key] = moments
        while self._moments:
            quiet, moments = next(iter(self._moments.items()))
            if len(self._moments) <= self._remembered and moments[-1] > now - self._window_ms:
                break
            del self._moments[quiet]

    def give_back(self, key: Hashable, moment: int) -> None:
        """What was counted at this moment came to nothing."""
        moments = self._moments.get(key)
        if moments is not None and moment in moments:
            moments.remove(moment)
            if not moments:
                del self._moments[key]
