"""Names for messages: what makes sending twice the same as sending once (docs/protocol.md, «Keys»).

UUIDs of version 7 (RFC 9562 §5.7): they begin with the time, so that the server's index of keys grows at its end.
"""

from __future__ import annotations

import secrets
import time
import uuid


def new_key() -> str:
    """A key that was never given before."""
    ms = time.time_ns() // 1_000_000
    number = (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))
