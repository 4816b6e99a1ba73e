"""Somebody who kills the server in the very moment in which it says `stored`, and then wants to see what it said.

    hello, join ──▶ a burst of long messages ──▶ the first bytes of `stored` come ──▶ kill -9 ──▶ read on to the end

Directly, by a blocking socket in a thread of its own: a server that acknowledges and then commits has the time of an
fsync to be wrong in, and a kill that comes by way of a proxy and a busy loop would often come too late to show it.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable

from teahouse.torture.ledger import said
from teahouse.torture.people import ROOM
from teahouse.torture.wires import Frames, Gone

NAME = "hunter"
BURST = 32
LONG = " and waits" * 200
"""Two kilobytes: a batch that takes its time on the way to the disk."""
PATIENCE_S = 5.0


def hunt(host: str, port: int, first: int, kill: Callable[[], None]) -> dict[int, int]:
    """Say the messages from `first` on, BURST of them, and kill when one is acknowledged. Blocks.

    kill     what is done at the first `stored`
    returns  what was acknowledged: message → number in the room
    """
    acked: dict[int, int] = {}
    wire = Frames()

    def pack(kind: str, ref: int, **fields: object) -> bytes:
        return wire.pack(json.dumps({"type": kind, "ref": ref, **fields}).encode())

    with contextlib.suppress(OSError, Gone), socket.create_connection((host, port), timeout=PATIENCE_S) as line:
        line.sendall(pack("hello", -2) + pack("join", -1, room=ROOM))
        heard = b""
        while b'"ref":-1' not in heard:
            data = line.recv(1 << 16)
            if not data:
                return acked
            heard = heard[-20:] + data
            wire.feed(data)
        numbers = range(first, first + BURST)
        line.sendall(b"".join(pack("post", number, room=ROOM, text=said(NAME, number) + LONG, key=f"{NAME}-{number}") for number in numbers))  # fmt: skip
        alive = True
        left = BURST  # answers; or the end of the connection
        while left and (data := line.recv(1 << 16)):
            if alive and b'"stored"' in data:
                kill()
                alive = False
            for message in wire.feed(data):
                word = json.loads(message)
                left -= word.get("ref", 0) in numbers
                if word["type"] == "stored":
                    acked[word["ref"]] = word["seq"]
    return acked
