"""One program that speaks JSON frames and waits: it asks, reads, and says how long that took.

What is read for a figure is kept as bytes and looked at after the clock has stopped, so that the figure is the
server's time and not this program's.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import msgspec

from bench.subjects import HOST, Failed

_header = struct.Struct("!3I")
CMD_JSON = 200
PATIENCE_S = 60.0
CHUNK = 1 << 18

Word = dict[str, Any]


def framed(word: Word) -> bytes:
    """A JSON frame."""
    body = msgspec.json.encode(word)
    return _header.pack(1, len(body), CMD_JSON) + body


def words_of(data: bytes) -> Iterator[Word]:
    """The words of whole frames; what is unfinished at the end is left out."""
    at = 0
    while at + _header.size <= len(data):
        _, length, _ = _header.unpack_from(data, at)
        end = at + _header.size + length
        if end > len(data):
            return
        yield msgspec.json.decode(data[at + _header.size : end])
        at = end


def run_of(words: Iterator[Word], after: int, upto: int) -> None:
    """Check that these are the events after one number up to another, each once and in order, and nothing is missing.

    raises  Failed
    """
    expected = after
    for word in words:
        if "seq" in word and word["type"] not in ("caught_up", "stored"):
            expected += 1
            if word["seq"] != expected:
                raise Failed(f"event {word['seq']} came where {expected} was due")
    if expected != upto:
        raise Failed(f"the events came up to {expected}, not {upto}")


class Caller:
    """One connection, from hello on."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""
        self.welcome, _ = self.ask("hello")

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def ask(self, type: str, **fields: Any) -> tuple[Word, float]:
        """Ask, and wait for the answer; return it and how many seconds that took."""
        start = time.perf_counter()
        self._socket.sendall(framed({"type": type, "ref": 1, **fields}))
        while True:
            data, seconds = self._frame(), time.perf_counter() - start
            word: Word = msgspec.json.decode(data)
            if word.get("ref") == 1:
                if word["type"] == "refused":
                    raise Failed(f"{type}: {word['message']}")
                return word, seconds

    def _frame(self) -> bytes:
        while True:
            if len(self._held) >= _header.size:
                end = _header.size + _header.unpack_from(self._held)[1]
                if len(self._held) >= end:
                    body, self._held = self._held[_header.size : end], self._held[end:]
                    return body
            self._held += self._read()

    def _read(self) -> bytes:
        data = self._socket.recv(CHUNK)
        if not data:
            raise Failed("the server ended the connection")
        return data

    def resume(self, room: str, after: int, head: int) -> float:
        """Join a room from behind a number and read until all is caught up; return the seconds.

        raises  Failed where what came is not every event after it, once and in order
        """
        last = msgspec.json.encode({"type": "caught_up", "room": room, "seq": head})
        start = time.perf_counter()
        self._socket.sendall(framed({"type": "join", "room": room, "after": after}))
        chunks = [self._held]
        tail = b""
        while last not in tail:
            data = self._read()
            chunks.append(data)
            tail = tail[-len(last) :] + data[-4 * len(last) :]
        seconds = time.perf_counter() - start
        self._held = b""
        run_of(words_of(b"".join(chunks)), after, head)
        return seconds
