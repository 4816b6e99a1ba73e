"""The server as the torture runs it: `python -m teahouse.torture.program serve …`, whose clock can be set.

What the file named by TORTURE_CLOCK holds, eight bytes, little end first, signed, is added to the wall time in ms. It
is a program of its own so that the product has no such thing. Ticks never jump, as they do not where a clock is set.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path

from teahouse import cli
from teahouse.server.clock import Clock
from teahouse.torture.clock import OFFSET, VARIABLE


def jumping(now_ms: Callable[[Clock], int], path: Path) -> Callable[[Clock], int]:
    """The wall time of a clock that somebody sets."""
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), OFFSET.size, access=mmap.ACCESS_READ)

    def jumped(clock: Clock) -> int:
        return now_ms(clock) + int(OFFSET.unpack_from(memory)[0])

    return jumped


def main() -> None:
    """The command line of the server."""
    if (path := os.environ.get(VARIABLE)) is not None:
        Clock.now_ms = jumping(Clock.now_ms, Path(path))  # type: ignore[method-assign, assignment]
    cli.main()


if __name__ == "__main__":
    main()
