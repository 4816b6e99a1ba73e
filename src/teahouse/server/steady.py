"""Wall time for what must not end before its time: a clock that is set a day forward ends nothing.

    now_ms()    wall time, less what it has jumped forward in the last `life_ms` or so

Whatever was to end has ended or was prolonged when that time is over, so from then on the clock is believed. A clock that
is set back is believed at once: what is to end lives longer, which harms nobody. Ticks tell a jump from time that passed.
"""

from __future__ import annotations

from teahouse.server.clock import Clock

JUMP_MS = 60_000  # what a clock is set right by in the usual way is less


class Steady:
    """See the module's docstring. Ask it from time to time: it sees a jump between two looks.

    life_ms  of what it is asked about
    """

    def __init__(self, clock: Clock, life_ms: int) -> None:
        self._clock = clock
        self._life_ms = life_ms
        self._wall = clock.now_ms()
        self._ticks = clock.ticks_ms()
        self._ahead = 0
        self._believed_at = 0  # by ticks

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC; wall time or less."""
        self.jumped()
        return self._wall - self._ahead

    def jumped(self) -> bool:
        """Whether the clock was set forward since the last look."""
        wall, ticks = self._clock.now_ms(), self._clock.ticks_ms()
        jump = (wall - self._wall) - (ticks - self._ticks)
        self._wall, self._ticks = wall, ticks
        if jump > JUMP_MS:
            self._ahead += jump
            self._believed_at = ticks + self._life_ms
        elif jump < -JUMP_MS:
            self._ahead = max(0, self._ahead + jump)
        if self._ahead and ticks >= self._believed_at:
            self._ahead = 0
        return jump > JUMP_MS
