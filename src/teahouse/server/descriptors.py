"""How many connections this process may have: each takes a descriptor, and the store needs some too.

A process that has none left can't open its files, nor answer whether it is well. So there are fewer connections than
descriptors: RESERVED are left for files, the log and the listening sockets, SPARE for those who come when the house is full
and are told so, or ask for its health.
"""

from __future__ import annotations

import resource

from teahouse.core.limits import Limits

RESERVED = 96  # the store opens some twenty
SPARE = 32
LEAST = 16
MOST = 1 << 20  # what is asked of the system, where it would give any number


def raise_limit() -> int:
    """Have as many descriptors as the system gives without being asked by its administrator; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # a system whose limit is another one than it says
        return soft
    return wanted


def connections(descriptors: int, limits: Limits) -> int:
    """How many connections there may be with so many descriptors."""
    return max(min(descriptors - RESERVED - SPARE, limits.connections), LEAST)
