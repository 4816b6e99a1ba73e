"""Who types is shown once a second, and a crowd that types is shown in part.

A `typing` costs its sender forty bytes and the house one push to each who hears the room: some hundred connections that
say nothing else would keep everybody waiting for half a minute. It is shown for three seconds, so of one person in one
room one a second is as good as all of them, and nobody can read more than a few names at once.
"""

from __future__ import annotations

from teahouse.core.limits import Limits


class Typists:
    """Who was shown in this period, by room. Forgotten as a whole when it is over."""

    __slots__ = ("_most", "_period_s", "_shown", "_until")

    def __init__(self, limits: Limits) -> None:
        self._period_s = limits.typing_ms / 1_000
        self._most = limits.typists
        self._shown: dict[int, set[int]] = {}
        self._until = 0.0

    def may_be_shown(self, room: int, person: int, now_s: float) -> bool:
        """Whether the room is to hear of it; then it counts as shown.

        now_s  by the monotonic clock
        """
        if now_s >= self._until:
            self._shown.clear()
            self._until = now_s + self._period_s
        people = self._shown.setdefault(room, set())
        if person in people or len(people) >= self._most:
            return False
        people.add(person)
        return True
