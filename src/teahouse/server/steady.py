"""A time that nobody sets: for what must not end before its time, whatever becomes of the clock.

    begin(left_at)   goes on from there; None: this house has no such time yet, so it begins with wall time
    now_ms()         by ticks alone: while the process runs it goes, while it does not it stands

How long a house was down is told by wall time alone, which may have been set meanwhile: nobody knows whether it was a
month or a moment. So it counts as a moment: what is to end lives longer by that, which harms nobody.
"""

from __future__ import annotations

from teahouse.server.clock import Clock


class Steady:
    """See the module's docstring."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begin(None)

    def begin(self, left_at: int | None) -> None:
        """It is now `left_at`, milliseconds as `now_ms` gave them to a process before this one."""
        self._start = self._clock.now_ms() if left_at is None else left_at
        self._ticks = self._clock.ticks_ms()

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC by the clock of the house's first start, less the time for which it was down."""
        return self._start + self._clock.ticks_ms() - self._ticks
