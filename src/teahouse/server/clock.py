"""The one place that asks what time it is. Order comes from `seq`, timers from the loop.

Two clocks: wall time is for people to read and for what must hold over a restart; ticks are for how long something
takes or must wait, because wall time is set right now and then, by years where a battery was empty.
"""

from __future__ import annotations

import time


class Clock:
    """Tests put their own in its place."""

    def now_ms(self) -> int:
        """Wall time: milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def ticks_ms(self) -> int:
        """Milliseconds since some moment before the start; they never jump."""
        return time.monotonic_ns() // 1_000_000
