"""Somebody who talks and somebody who listens all the while: nobody else's misfortune may reach them.

    async with Canary(server.host, server.port) as canary:
        calm = await canary.watch(2.0)
        async with canary.during("a storm") as gaps:
            …
        assert gaps.worst_ms <= bearable_ms(calm)

The canary itself is part of the product, because `teahouse torture` keeps one too. What each attack came to is printed
in the end of the run of the tests, whether they passed or not (tests/conftest.py).
"""

from __future__ import annotations

from pathlib import Path

from teahouse.torture import canary
from teahouse.torture.canary import Gaps, Silent

__all__ = ["FLOOR_MS", "HEARD", "Canary", "Gaps", "Silent", "bearable_ms"]

FLOOR_MS = 80.0
"""What a busy machine of two processors is allowed, whatever it does in a calm moment: five times this is less than
the half of a second that a freeze must not last."""
RATIO = 5
"""With an attack, a canary may wait so much longer than without."""
HEARD: list[str] = []
"""What the canaries of the running test came to."""


def bearable_ms(calm: Gaps) -> float:
    """How long it may wait while somebody attacks, when it waited like this while nobody did."""
    return RATIO * max(calm.worst_ms, FLOOR_MS)


def _hear(gaps: Gaps) -> None:
    print(f"canary, {gaps}")
    HEARD.append(str(gaps))


class Canary(canary.Canary):
    """One whose figures are shown at the end of the tests."""

    def __init__(self, host: str, port: int, *, comes_back: bool = False, beside: Path | None = None) -> None:
        super().__init__(host, port, comes_back=comes_back, beside=beside, heard=_hear)
