"""How a message is known again that has a key, while its sender has no token.

Everybody sees names and keys, so together they prove nothing: they never say who somebody is. They only find, within a
day, the message that the same contents made in the same room under the same name and key; who else sends them gets
nothing that was not shown to everybody (docs/decisions/0021-a-key-is-no-secret.md).
"""

from __future__ import annotations

import hashlib

from teahouse.core.names import fold


def retry_mark(room: int, name: str, key: str) -> bytes:
    """128 bits of (room's id, name without case, key); the digest of the contents stands beside it."""
    # Neither a number nor a name has a NUL, so no two of them read alike, whatever the key has.
    return hashlib.blake2b(f"{room}\0{fold(name)}\0{key}".encode(), digest_size=16).digest()
