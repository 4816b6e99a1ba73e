"""Packets that cost their reader as much as packets can: each one thing that a stranger may send at any time."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Mapping

from teahouse.core.limits import LAN

FRAME = LAN.frame_bytes
HELLO = b'{"type":"hello"}'
JOIN = b'{"type":"join","room":"lobby"}'


def frame(body: bytes) -> bytes:
    """A frame of JSON."""
    return struct.pack("!3I", 1, len(body), 200) + body


def asked(**command: object) -> bytes:
    """A session that says hello, joins the lobby and asks this."""
    return frame(HELLO) + frame(JOIN) + frame(json.dumps(command, ensure_ascii=False).encode())


def posted(path: str, body: bytes, *fields: str) -> bytes:
    """A request with a body."""
    head = "\r\n".join((f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *fields, "", ""))
    return head.encode() + body


def chunked(path: str, chunk: bytes, count: int) -> bytes:
    """A request whose body comes in very many pieces."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + chunk * count + b"0\r\n\r\n"


def upgraded(frames: bytes) -> bytes:
    """A WebSocket, and what it says in the same breath."""
    head = (
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return head.encode() + frames


def ws(opcode: int, body: bytes = b"", fin: bool = True) -> bytes:
    """A masked frame of a client; the mask is zero."""
    first, size = opcode | (0x80 if fin else 0), len(body)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([first]) + length + bytes(4) + body


PACKETS: Mapping[str, Callable[[], bytes]] = {
    # those that were seen
    "a verb and spaces": lambda: b"JOIN" + b" " * 16_370 + b"\r\n",
    "brackets and quotes": lambda: posted("/api/guests", b"[" * 17 + b'"' + b'\\"' * 16_000),
    "a text of letters made of marks": lambda: asked(type="post", room="lobby", text="\u0f73" * 20_000),
    # others of their kind
    "a topic of letters made of marks": lambda: asked(type="topic", room="lobby", topic="\u0f73\u0f81" * 40_000),
    "a name of marks": lambda: asked(type="direct", to="a" + "\u0301\u0320" * 60_000),
    "a query of marks": lambda: asked(type="search", query="\u0f75\u0301" * 50_000),
    "a text of half-width marks": lambda: asked(type="post", room="lobby", text="か" + "\uff9e\u0301\uff9f\u0323" * 5_900),
    "tags and spaces": lambda: b"@a" + b" " * 16_000 + b"PRIVMSG" + b"\t " * 150 + b"\r\n",
    "many objects": lambda: frame(HELLO) + frame(b'{"type":"ping","x":[' + b"{}," * ((FRAME - 30) // 3) + b"0]}"),
    "brackets alone": lambda: posted("/api/guests", b"[" * FRAME),
    "one key again and again": lambda: frame(b'{"type":"ping",' + b'"a":{},' * 30_000 + b'"b":0}'),
    "frames of nothing that is known": lambda: frame(HELLO) + frame(b"{}") * (FRAME // 14),
    "frames of pings": lambda: frame(HELLO) + frame(b'{"type":"ping"}') * (FRAME // 27),
    "frames of typing": lambda: frame(HELLO) + frame(JOIN) + frame(b'{"type":"typing","room":"lobby"}') * (FRAME // 44),
    "telnet that asks": lambda: b"\xff\xfd\x06" * (FRAME // 3),
    "telnet that goes back and forth": lambda: b"\xff\xfb\x1f" + b"\r\0\xff\xfe\x03\r" * (FRAME // 6),
    "a subnegotiation without an end": lambda: b"\xff\xfa\x1f" + b"\xff\xff" * (FRAME // 2),
    "half a telnet command behind a word": lambda: b"a\xff\xfb" * 5_000,
    "keys": lambda: b"hello\n" + (b"\x1b[" * 25_000 + b"\n") * 5,
    "titles that nobody ends": lambda: asked(type="post", room="lobby", text="\x1b]" * 15_000),
    "a topic of keys": lambda: asked(type="topic", room="lobby", topic="\x1b[1;" * 15_000),
    "a nameless line from the right": lambda: b"hello\n" + "ש".encode() * 29_000 + b":\n",
    "a nameless line that nobody sees": lambda: b"a" + "\u200b".encode() * 19_000 + b"na: hello\n",
    "a deed that nobody sees": lambda: b"hello\n/me " + "\u200b".encode() * 19_000 + b"came\n",
    "upgrades one behind the other": lambda: b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" * (FRAME // 76),
    "empty lines": lambda: b"hello\n" + b"\n" * FRAME,
    "lines of one letter": lambda: b"hello\n" + b"a\n" * (FRAME // 8),
    "lines of wrong commands": lambda: b"hello\n" + b"/x\n" * (FRAME // 3),
    "chunks of one byte": lambda: chunked("/r/lobby", b"1\r\na\r\n", FRAME // 6),
    "long lengths of chunks": lambda: chunked("/r/lobby", b"1;" + b"x" * 60 + b"\r\na\r\n", FRAME // 70),
    "pipelined requests": lambda: b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * (FRAME // 34),
    "half a message in pieces of nothing": lambda: upgraded(ws(1, b"{", fin=False) + ws(0, fin=False) * (FRAME // 6)),
    "half a message in pieces of one byte": lambda: upgraded(ws(1, b"{", fin=False) + ws(0, b" ", fin=False) * (FRAME // 7)),
    "pings of a WebSocket": lambda: upgraded(ws(9) * (FRAME // 6)),
    "messages of a WebSocket that are nothing": lambda: upgraded(ws(1, b"{}") * (FRAME // 8)),
    "a query of fields": lambda: b"GET /api/search?" + b"a%62=%63&" * 850 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "noise": lambda: os.urandom(FRAME),
}  # fmt: skip
