"""Plain integers that are counted on the way and read when somebody asks for metrics.

The path of a message calls no metrics library: it adds to an integer, once a batch where it can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

COMMIT_BOUNDS_MS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


class Counters:
    """What one node has counted since its start.

    stored         events on disk
    batches        statements that stored them
    commits_ms     how many batches came back within each of COMMIT_BOUNDS_MS; the last place is «longer»
    commit_ms_sum  their times added up
    refused        by code
    closed         connections that we closed, by code; "" for those that ended in peace
    dropped        typing signals that were not shown: to a slow reader, or of those who type very much
    lines_dropped  asks how many lines of the log were written nowhere; whoever writes the log puts it here
    """

    def __init__(self) -> None:
        self.stored = 0
        self.batches = 0
        self.commits_ms = [0] * (len(COMMIT_BOUNDS_MS) + 1)
        self.commit_ms_sum = 0.0
        self.refused: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.dropped = 0
        self.lines_dropped: Callable[[], int] = lambda: 0

    def committed(self, events: int, ms: float) -> None:
        """A batch came back after `ms`."""
        self.stored += events
        self.batches += 1
        self.commit_ms_sum += ms
        for place, bound in enumerate(COMMIT_BOUNDS_MS):
            if ms <= bound:
                self.commits_ms[place] += 1
                return
        self.commits_ms[-1] += 1
