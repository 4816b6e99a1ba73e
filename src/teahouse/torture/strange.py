"""Attacks of those who speak something else, or speak it wrong: first bytes, telnet, WebSocket, JSON, REST."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct

from teahouse.torture.link import Link
from teahouse.torture.target import YARD, Attack, Target
from teahouse.torture.wires import CLOSE, HEADER, PING, PONG, TEXT, WebSocket, ws_frame

LONG = 16_000
"""Nearly as much as is looked at before a connection is anything."""
BIG = 250_000  # nearly a frame
TEXT_BYTES = 60_000  # nearly a message

FIRST = (
    b"JOIN" + b" " * LONG + b"\r\n",
    b"NICK" + b"\t " * (LONG // 2) + b"\r\n",
    b"@" + b"a;" * (LONG // 2) + b" :x PRIVMSG\r\n",
    b":" + b"p" * LONG + b" JOIN #x\r\n",
    b"USER a" + b" b" * (LONG // 2) + b"\r\n",
    b"GET " + b" " * LONG + b"HTTP/1.1\r\n",
    b"x" * LONG + b" HTTP/1.1\r\n\r\n",
    b"PROXY TCP4 " + b"1" * LONG,
    b"PROXY UNKNOWN " + b" " * LONG + b"\r\n",
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + b"\xff" * LONG,
    b"CONNECT\n" + b"accept-version:1.2\n" * 800 + b"\n\x00",
    b"STOMP\naccept-version:1.1\nhost:x\n\n\x00",
    b"*" + b"9" * LONG + b"\r\n$",
    b"SSH-2.0-" + b"x" * LONG,
    b"\x16\x03\x01" + os.urandom(LONG),
    b"\x00\x00\x00\x02" + b"\x00" * LONG,
    b"<?xml " + b" " * LONG,
    b"\xe8" * LONG,
    b"\xef\xbb\xbf" * (LONG // 3) + b"\n",
    b" " * LONG + b"\n",
    b"\n" * LONG,
    b"/" * LONG + b"\n",
    b"/nick " + b" " * LONG + b"\n",
)
TELNET = (
    b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0",
    b"\xff\xf4\xff\xfd\x06",
    b"\xff\xfd\x01\xff\xfb\x03" * 2_000,
    b"\xff\xfa" + b"\x00" * LONG,
    b"\x1b[A\x1b[B\x1b[C\x1b[D\n",
    b"\x1b[200~pasted\ntext\x1b[201~\n",
    b"\x1b]0;title\x07\x1bPq" + b"#" * LONG + b"\x1b\\\n",
    b"\x1b[" + b"1;" * (LONG // 2) + b"m\n",
    b"\x1b" * LONG + b"\n",
    b"abc\x08\x08\x08\x7f\x7f\n",
)
BOMBS = (
    b"[" * 17 + b'"' + b'\\"' * (BIG // 2),
    b"[" * BIG,
    b'{"a":' * (BIG // 5),
    b'{"type":"post","text":"' + b"\\u0301" * (BIG // 6) + b'"}',
    b'{"type":"' + b"\\\\" * (BIG // 2) + b'"}',
    b'{"type":"ping","ref":' + b"9" * BIG + b"}",
    b'{"type":"ping","ref":1e' + b"9" * BIG + b"}",
    b'{"type":"ping"' + b',"x":1' * (BIG // 6) + b"}",
    b" " * BIG + b"{}",
    b'{"type":"join","room":"' + "ﷺ".encode() * (BIG // 3) + b'"}',
    b'{"type":"search","query":"' + b"a " * (BIG // 2) + b'"}',
    b'"' * BIG,
    b"[{}," * (BIG // 4),
    b'{"type":"ping"}' * (BIG // 15),
    b"\xff\xfe" * (BIG // 2),
)
MARKS = ("a\u0301\u0323", "\u0344", "\u0f71\u0f72\u0f74", "\u0f73", "\u0958", "\ufb1d\u05b4", "\u1e9b\u0323", "ﷺ", "\u1100\u1161", "ᾷ", "ana： ", "@guest ", "\U0001d160")  # fmt: skip
ODD = ("", "/", "%", "%ff", "%00", "..", "@1+2", "@", "#lobby", "lobby", "a" * 200, "%E2%80%AE", "茶", "%f0%9f%8d%b5", "1e9", "-1", "NaN", "9" * 4_000)  # fmt: skip


async def first_bytes(target: Target) -> None:
    """Beginnings that are nearly something, whole or in pieces."""
    words = target.chance.choice(FIRST)
    cut = target.chance.randrange(len(words))
    await target.say(words[:cut], words[cut:], eof=target.chance.random() < 0.5)


async def telnet(target: Target) -> None:
    """What terminals send: negotiations, keys, sequences; before words and amid them."""
    words = target.chance.choice(TELNET)
    before, after = target.chance.choice(((b"", b""), (b"/join yard\n", b"hello\n")))
    await target.say(before, words, after)


async def json_bombs(target: Target) -> None:
    """JSON that costs more than its length, at each door that reads it."""
    bomb = target.chance.choice(BOMBS)
    match target.chance.randrange(3):
        case 0:
            await target.say(*(HEADER.pack(1, len(bomb), 200) + bomb for _ in range(3)))
        case 1:
            await target.say(WebSocket().opening(target.host, target.port), *[ws_frame(TEXT, bomb)] * 3)
        case _:
            head = (
                f"POST /api/guests HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: {len(bomb)}\n\n"
            )
            await target.http(head, bomb)


async def marks(target: Target) -> None:
    """Text whose normal form is work: as messages, names, rooms, topics, searches."""
    mark = target.chance.choice(MARKS)
    text = mark * (TEXT_BYTES // len(mark.encode()))
    link = await target.link()
    try:
        for kind, fields in (
            ("rename", {"name": text}),
            ("post", {"room": YARD, "text": text}),
            ("topic", {"room": YARD, "topic": text}),
            ("join", {"room": text}),
            ("search", {"query": text}),
            ("react", {"room": YARD, "target": 1, "emoji": text}),
            ("post", {"room": YARD, "text": "x", "key": text}),
        ):
            link.say(kind, **fields)
        for _ in range(7):
            await link.next()
    finally:
        link.close()


async def bad_rest(target: Target) -> None:
    """REST with everything wrong: methods, paths, queries, heads, lengths, bodies, origins."""
    chance = target.chance
    method = chance.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", "get"))
    path = chance.choice(("/r/{}", "/api/rooms/{}", "/api/rooms/{}/messages/{}", "/api/rooms/{}/events", "/api/search", "/api/rooms/lobby/messages/{}/reactions/{}", "/{}", "/assets/{}"))  # fmt: skip
    path = path.format(chance.choice(ODD), chance.choice(ODD))
    query = "&".join(f"{chance.choice(('after', 'before', 'limit', 'wait', 'name', 'query', 'follow'))}={chance.choice(ODD)}" for _ in range(3))  # fmt: skip
    heads = chance.sample(
        (
            f"Authorization: Bearer tea_{chance.choice(ODD)}",
            "Authorization: Basic eA==",
            f"Idempotency-Key: {chance.choice(ODD)}",
            f"Last-Event-ID: {chance.choice(ODD)}",
            "Origin: http://elsewhere.example",
            "Content-Length: 99999999999999999999",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Upgrade: h2c",
            "Expect: 100-continue",
            "Cookie: " + "a=b;" * 3_000,
            "X: " + "y" * 20_000,
        ),
        3,
    )
    head = f"{method} {path}?{query} HTTP/1.1\nHost: {target.host}:{target.port}\n" + "\n".join(heads)
    await target.http(f"{head}\n\n", chance.choice((b"", b"hello", b"{", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n" * 500)))


async def handshakes(target: Target) -> None:
    """WebSocket handshakes that are not right, and words in the same segment as one that is."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {target.host}:{target.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    ]
    hello = ws_frame(TEXT, json.dumps({"type": "hello"}).encode())
    if target.chance.random() < 0.5:
        del lines[target.chance.randrange(1, len(lines))]
    else:
        lines.append(target.chance.choice(("Origin: http://elsewhere.example", "Sec-WebSocket-Extensions: permessage-deflate", "X: y")))  # fmt: skip
    await target.http("\n".join(lines) + "\n\n", hello)


async def half_messages(target: Target) -> None:
    """Half a WebSocket message, half a frame, half a head; pongs come, the rest does not."""
    opening = WebSocket().opening(target.host, target.port)
    half = target.chance.choice(
        (
            [opening, ws_frame(TEXT, b'{"type":', last=False), *[ws_frame(PONG, b"")] * 20],
            [opening, struct.pack("!BBQ", 0x81, 0xFF, 200_000) + b"mask" + b"x" * 100],
            [opening, ws_frame(TEXT, b"")[:1]],
            [opening[: len(opening) // 2]],
            [HEADER.pack(1, 200_000, 200) + b"{"],
            [HEADER.pack(1, 5, 100)[:7]],
            ["茶".encode()[:2]],
        )
    )
    await target.say(*half, listen_s=1.0)


async def fragments(target: Target) -> None:
    """One message in thousands of fragments, pings between them, frames that may not be."""
    pieces = [WebSocket().opening(target.host, target.port), ws_frame(TEXT, b"{", last=False)]
    for _ in range(2_000):
        pieces.append(ws_frame(0, target.chance.choice((b"", b" ", b" " * 50)), last=False))
        if target.chance.random() < 0.2:
            pieces.append(ws_frame(PING, b"?"))
    pieces.append(target.chance.choice((ws_frame(0, b"}"), ws_frame(TEXT, b"{}"), ws_frame(0x3, b""), ws_frame(CLOSE, b"\x00"))))  # fmt: skip
    await target.say(b"".join(pieces[:1]), b"".join(pieces[1:]))


async def wrong_words(target: Target) -> None:
    """Commands with fields of every wrong kind."""
    link: Link = await target.link(room=None)
    kinds = ("join", "leave", "post", "edit", "delete", "react", "topic", "history", "search", "mark", "typing", "members", "rooms", "direct", "rename", "hello", "no")  # fmt: skip
    wrong: tuple[object, ...] = (
        None,
        True,
        -1,
        0,
        2**53,
        1.5,
        "",
        "x" * 5_000,
        [],
        {},
        [[]],
        "lobby",
        "\u202e",
        "\ud7ff",
        "@1+2",
    )
    fields = ("room", "text", "target", "emoji", "topic", "after", "before", "around", "limit", "query", "seq", "to", "name", "key", "at", "last")  # fmt: skip
    try:
        for _ in range(60):
            link.say(target.chance.choice(kinds), **{name: target.chance.choice(wrong) for name in target.chance.sample(fields, 4)})  # fmt: skip
        for _ in range(60):
            await link.next(2.0)
    finally:
        link.close()
        await asyncio.sleep(0)


ATTACKS = (
    Attack("first bytes", first_bytes, 3),
    Attack("telnet", telnet),
    Attack("JSON bombs", json_bombs),
    Attack("marks", marks, 1),
    Attack("bad REST", bad_rest, 3),
    Attack("handshakes", handshakes),
    Attack("half messages", half_messages, 10),
    Attack("fragments", fragments, 1),
    Attack("wrong words", wrong_words, 1),
)
