"""How the time of a function grows with its input, and how long its longest input takes beside a known computation.

A function that takes bytes or text from outside is an `Entry`: what it does, how long its input may be, and the inputs
that are worst for it. `tests/test_growth.py` goes through `tests/support/growing.py`, where they all stand.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SAMPLES = 4
SAMPLE_S = 0.000_5
TIMES = 4
GROWTH = 6.0
"""Time at TIMES · n may be so many times the time at n: a square would be TIMES · TIMES."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>


def keep_memory() -> None:
    """Have the C library keep what it has: it takes memory for large objects from the system and gives it back each
    time, which costs more than most functions here, and from some size on only. Elsewhere than in glibc: nothing."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        library.mallopt(_M_TRIM_THRESHOLD, 1 << 30)


class Entry(NamedTuple):
    """One function.

    of      what it is called in the sources, without `teahouse.`
    do      calls it
    limit   bytes or characters: no longer input reaches it
    worst   by name: makes an input of about so many bytes or characters
    """

    of: str
    do: Callable[[Any], object]
    limit: int
    worst: Mapping[str, Callable[[int], Any]]


def filled(unit: Any, before: Any = "", after: Any = "") -> Callable[[int], Any]:
    """Makes inputs: one thing over and over, between a beginning and an end; of text or of bytes."""
    empty = unit[:0]
    before, after = before or empty, after or empty
    room = len(before) + len(after)
    return lambda size: before + unit * max((size - room) // len(unit), 1) + after


def seconds(do: Callable[[Any], object], given: Any, samples: int = SAMPLES) -> float:
    """The best of several samples, each long enough to be measured. Of this thread alone: the machine has other work."""
    started = time.thread_time()
    do(given)
    once = time.thread_time() - started
    rounds = max(1, int(SAMPLE_S / max(once, 1e-7)))
    best = once
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(samples):
            started = time.thread_time()
            for _ in range(rounds):
                do(given)
            best = min(best, (time.thread_time() - started) / rounds)
    finally:
        if enabled:
            gc.enable()
    return best


def growth(entry: Entry, worst: Callable[[int], Any]) -> float:
    """Time at the limit ÷ time at a quarter of it: the best of a few tries, the later ones with more patience."""
    keep_memory()
    few, many = worst(entry.limit // TIMES), worst(entry.limit)
    found = float("inf")
    for samples in (1, SAMPLES, 2 * SAMPLES, 4 * SAMPLES, 4 * SAMPLES, 8 * SAMPLES):
        found = min(found, seconds(entry.do, many, samples) / seconds(entry.do, few, 2 * samples))
        if found <= GROWTH:
            break
    return found


def calibration() -> float:
    """Seconds that a millisecond's work takes here: hashing, and a loop of the interpreter."""
    block = bytes(1 << 16)

    def work(_: object) -> None:
        hashlib.blake2b(block).digest()
        for number in range(12_000):
            number * number

    return seconds(work, None)
