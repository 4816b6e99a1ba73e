"""A deadline that also holds in a task that is being cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any


async def within(seconds: float, work: Coroutine[Any, Any, object]) -> bool:
    """Do this for so long at the most; whether it came to its end. It has a task of its own.

    Not `asyncio.timeout`: closing is often done on the way out, after Ctrl-C, and in a task that was cancelled before
    the timeout began Python 3.11.0 to 3.11.2 (Debian 12) raise CancelledError where TimeoutError is meant. Whatever
    was to be done after that, such as telling what was not sent, was not done.

    raises  what the work raises; CancelledError, if this is cancelled while it waits: then so is the work
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
        if task.done():
            task.result()
            return True
        return False
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
