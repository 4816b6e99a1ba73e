"""The one place that asks what time it is. Order comes from `seq`, timers from the loop; this is for people to read."""

from __future__ import annotations

import time


class Clock:
    """Wall time; tests put their own in its place."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000
