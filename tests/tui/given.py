"""Lines that are typed, for what reads them one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable


def given(lines: Iterable[str]) -> Callable[[], Awaitable[str]]:
    """These, then the end."""
    rest = iter(lines)

    async def next_line() -> str:
        return next(rest, "")

    return next_line
